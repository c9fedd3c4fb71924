"""One view of everything in which goods change place or hands, or are to.

Exports, reexports and transfers name chips of the catalogue, with their TPP; declarations,
sightings, sales and orders tell of goods in words. A rule that cares for who sends what to whom
reads a `Dealing` and need not know which of the two it was.

Chips are found in words by the names of the catalogue: "HGX servers B200/H200" names two families.
What words leave open stays open: nothing is controlled because it might be.
"""

import re
from datetime import date
from functools import cache
from itertools import islice
from typing import Final, Literal

import msgspec

from ledger.catalogue import Chip, catalogue
from ledger.events import (
    CommodityLine,
    Event,
    GoodsLine,
    Movement,
    PartyOrderPlaced,
    PartySoldDomestically,
    ShipmentDeclared,
    ShipmentExported,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentTransferred,
)
from ledger.events.goods import CountedIn
from ledger.events.shipments import Authority
from projections.reference import Day

Kind = Literal["export", "reexport", "transfer", "onward", "sale", "order"]
"""What was done: moved as declared, seen to go on, sold within a country, only ordered."""

DEALINGS: Final = frozenset(
    event.wire
    for event in (
        ShipmentExported, ShipmentReexported, ShipmentTransferred, ShipmentDeclared,
        ShipmentOnwardObserved, PartySoldDomestically, PartyOrderPlaced,
    )
)  # fmt: skip
"""Wire names of the events that are dealings."""

MOVED: Final = DEALINGS - {PartySoldDomestically.wire, PartyOrderPlaced.wire}
"""Wire names of those in which goods crossed a border or changed hands abroad."""

UNCOVERED: Final = frozenset(("none", "unknown", "NLR"))
"""Authorities that are no license and no exception."""

COMMON: Final = frozenset(
    ("with", "from", "parts", "goods", "items", "units", "equipment", "generic", "other", "server",
     "servers", "system", "systems", "computer", "computers", "hardware", "modules", "boards")
)  # fmt: skip
"""Words that two descriptions may share without speaking of the same goods."""


class Line(msgspec.Struct, frozen=True):
    """One line of a dealing.

    words        what a document calls the goods; empty where only the catalogue's id is given
    model        id of the chip in the catalogue, where said
    families     chips of the catalogue it names by id or in words, such as h100
    eccn         classification, where declared
    quantity     how many, and of what, where said
    units        chips, where that is what was counted
    tpp          TPP of the whole line, where the model and the chips are known
    value_cents  US cents
    serials      serial numbers, where listed
    in_words     true when it is no line of the catalogue
    """

    words: str
    model: str | None
    families: tuple[str, ...]
    eccn: str | None
    quantity: int | None
    counted_in: CountedIn
    units: int | None
    tpp: int | None
    value_cents: int | None
    serials: tuple[str, ...]
    in_words: bool

    def controlled(self, day: Day) -> bool:
        """Whether the rules of a day control it: as declared; of goods told in words without a
        classification, as the tests of that day classify the chips they name.
        """
        if self.eccn is not None or not self.in_words:
            return self.eccn is not None and day.controls(self.eccn)
        chips = [chip for name in self.families for chip in families().get(name, ())]
        return any(day.chip_eccn(chip) for chip in chips if self.model in (None, chip.id))


class Dealing(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that moved, were seen to move, were sold or ordered.

    entry         the entry that recorded it
    subject       tag of what it is about, such as shipment:S-1
    shipment      id of the shipment; None for sales and orders
    of            the shipment the goods first came in, where said
    seller        who sold, where that is said apart from who sent
    exporter      who exported, sent on, transferred; of a sale or an order the seller
    purchaser     who bought
    intermediate  intermediate consignees
    consignee     ultimate consignee
    origins       where it left from; several where the source does not say which
    route         every country touched, where said
    destinations  where it was to end up; none where the source does not say
    in_words      true when no line of the catalogue was declared
    stopped       true when it never left
    aggregate     true when several shipments are told as one

    Worked out once, as every rule asks for it; each name once:

    consignees  everybody it was consigned to, the ultimate consignee last
    senders     who sent it and who sold it
    receivers   who it was to or for, the ultimate consignee first
    parties     everybody it names, those who receive first
    families    chips of the catalogue it names, sorted
    """

    entry: int
    subject: str
    shipment: str | None
    of: str | None
    kind: Kind
    on: date
    seller: str | None
    exporter: str | None
    purchaser: str | None
    intermediate: tuple[str, ...]
    consignee: str | None
    end_user: str | None
    forwarder: str | None
    bill_to: str | None
    origins: tuple[str, ...]
    route: tuple[str, ...]
    destinations: tuple[str, ...]
    lines: tuple[Line, ...]
    value_cents: int | None
    license: str | None
    authority: Authority
    in_words: bool
    stopped: bool
    aggregate: bool

    consignees: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        senders = each_once(self.exporter, self.seller)
        receivers = each_once(self.consignee, self.end_user, self.purchaser, *self.intermediate)
        last = () if self.consignee is None else (self.consignee,)
        self._set("consignees", (*self.intermediate, *last))
        self._set("senders", senders)
        self._set("receivers", receivers)
        self._set("parties", each_once(*receivers, *senders, self.forwarder))
        named = {name for line in self.lines for name in line.families}
        self._set("families", tuple(sorted(named)))

    def _set(self, name: str, value: tuple[str, ...]) -> None:
        msgspec.structs.force_setattr(self, name, value)

    @property
    def serials(self) -> tuple[str, ...]:
        """Every serial number listed."""
        return tuple(serial for line in self.lines for serial in line.serials)

    @property
    def units(self) -> int | None:
        """Chips in all, where every line counts them."""
        return _sum([line.units for line in self.lines])

    @property
    def tpp(self) -> int | None:
        """TPP in all, where every line shows it."""
        return _sum([line.tpp for line in self.lines])

    def controlled(self, day: Day) -> tuple[Line, ...]:
        """The lines that the rules of a day control."""
        return tuple(line for line in self.lines if line.controlled(day))


_known: Final[dict[int, tuple[Event, Dealing | None]]] = {}
"""Dealings worked out lately, by entry: every rule asks about the same ones."""

_KNOWN_MAX: Final = 4_096


def dealing(entry: int, event: Event) -> Dealing | None:
    """An event as a dealing; None when goods play no part in it."""
    known = _known.get(entry)
    # Another ledger has another event there.
    if known is not None and known[0] is event:
        return known[1]
    if event.wire not in DEALINGS:
        return None
    found = _dealing(entry, event)
    if len(_known) >= _KNOWN_MAX:
        for older in list(islice(_known, _KNOWN_MAX // 2)):
            del _known[older]
    _known[entry] = (event, found)
    return found


def _dealing(entry: int, event: Event) -> Dealing | None:
    match event:
        case Movement():
            return _moved(entry, event)
        case ShipmentDeclared():
            return _declared(entry, event)
        case ShipmentOnwardObserved():
            return _onward(entry, event)
        case PartySoldDomestically() | PartyOrderPlaced():
            return _traded(entry, event)
        case _:
            return None


def eccns(dealing: Dealing, day: Day) -> list[str]:
    """Under which numbers the rules of a day control its goods, sorted: those declared, else those
    the tests of that day give the chips it names.
    """
    found: set[str] = set()
    for line in dealing.controlled(day):
        if line.eccn is not None:
            found.add(line.eccn)
            continue
        chips = [chip for name in line.families for chip in families()[name]]
        for chip in chips:
            if line.model in (None, chip.id) and (eccn := day.chip_eccn(chip)) is not None:
                found.add(eccn)
    return sorted(found)


def in_words(dealing: Dealing) -> str:
    """Its goods in a few words, with how many where that is said.

    Chips of the catalogue by their id, other goods as the document calls them.
    """
    shown = []
    for line in dealing.lines:
        name = line.model or f'"{line.words[:60]}"'
        shown.append(name if line.quantity is None else f"{line.quantity:,} {_what(line)}{name}")
    return ", ".join(shown[:3]) + (" and more" if len(shown) > 3 else "") if shown else "goods"


def _what(line: Line) -> str:
    return "" if line.units is not None else f"{line.counted_in} of "


def alike(one: Dealing, other: Dealing) -> bool:
    """Whether two dealings may be in the same goods: of the same family where both name chips,
    else called by the same word; goods that nobody described may be any.
    """
    if not one.lines or not other.lines:
        return True
    if one.families and other.families:
        return not set(one.families).isdisjoint(other.families)
    return not words_of(one).isdisjoint(words_of(other))


def words_of(goods: Dealing | str) -> set[str]:
    """What goods are called: words of four characters or more that say something.

    >>> sorted(words_of("PowerEdge servers with XE9680"))
    ['poweredge', 'xe9680']
    """
    if isinstance(goods, str):
        return {word for word in re.findall(r"[a-z0-9]{4,}", goods.lower()) if word not in COMMON}
    return {word for line in goods.lines for word in words_of(line.words)}


@cache
def families() -> dict[str, tuple[Chip, ...]]:
    """The chips of each family: what the ids of the catalogue begin with.

    >>> [chip.id for chip in families()["h200"]]
    ['h200-sxm', 'h200-nvl']
    """
    found: dict[str, tuple[Chip, ...]] = {}
    for chip in catalogue().values():
        name = family(chip.id)
        found[name] = (*found.get(name, ()), chip)
    return found


def family(model: str) -> str:
    """The family of a chip: its id up to the first dash.

    >>> family("h100-sxm")
    'h100'
    """
    return model.partition("-")[0]


@cache
def named_in(words: str) -> tuple[str, ...]:
    """Families of chips that a text names, sorted.

    Names of two characters are no names of chips in a text that may speak of anything.

    >>> named_in("PowerEdge XE9680 (998 with H100)")
    ('h100',)
    >>> named_in("H100 and RTX 4090")
    ('h100', 'rtx4090')
    """
    return tuple(sorted(name for name, form in _forms().items() if form.search(words.lower())))


@cache
def _forms() -> dict[str, re.Pattern[str]]:
    """How each family is written: letters and digits together, or with a space or dash between."""
    return {
        name: re.compile(rf"\b{re.sub(r'(?<=[a-z])(?=[0-9])', '[ -]?', name)}\b")
        for name in families()
        if len(name) > 2 and any(character.isdigit() for character in name)
    }


def _moved(entry: int, event: Movement) -> Dealing:
    kind: Kind = "export"
    exporter: str | None = None
    of: str | None = None
    route: tuple[str, ...] = (event.destination,)
    match event:
        case ShipmentExported():
            exporter, route = event.exporter, event.route
        case ShipmentReexported():
            kind, exporter, of, route = "reexport", event.reexporter, event.of, event.route
        case ShipmentTransferred():
            kind, exporter, of = "transfer", event.transferor, event.of
        case _:
            pass
    lines = tuple(_commodity(line) for line in event.lines)
    return Dealing(
        entry=entry, subject=event.subject, shipment=event.shipment, of=of, kind=kind, on=event.on,
        seller=None, exporter=exporter, purchaser=event.purchaser,
        intermediate=event.intermediate_consignees, consignee=event.ultimate_consignee,
        end_user=event.end_user, forwarder=event.forwarder, bill_to=None, origins=route[:1],
        route=route, destinations=(event.destination,), lines=lines,
        value_cents=_sum([line.value_cents for line in lines]), license=event.license,
        authority=event.authority, in_words=False, stopped=False, aggregate=event.aggregate,
    )  # fmt: skip


def _declared(entry: int, event: ShipmentDeclared) -> Dealing:
    lines = tuple(_goods(line) for line in event.lines)
    return Dealing(
        entry=entry, subject=event.subject, shipment=event.shipment, of=None, kind=event.act,
        on=event.on, seller=event.seller, exporter=event.exporter, purchaser=event.purchaser,
        intermediate=event.intermediate_consignees, consignee=event.ultimate_consignee,
        end_user=event.end_user, forwarder=event.forwarder, bill_to=event.bill_to,
        origins=event.route[:1], route=event.route,
        destinations=event.destinations or event.route[1:][-1:], lines=lines,
        value_cents=_whole(event.value_cents, lines), license=event.license,
        authority=event.authority, in_words=True, stopped=event.stopped,
        aggregate=event.aggregate,
    )  # fmt: skip


def _onward(entry: int, event: ShipmentOnwardObserved) -> Dealing:
    lines = tuple(_goods(line) for line in event.lines)
    return Dealing(
        entry=entry, subject=event.subject, shipment=event.shipment, of=event.of, kind="onward",
        on=event.on, seller=None, exporter=event.sender, purchaser=None, intermediate=(),
        consignee=event.receiver, end_user=None, forwarder=None, bill_to=None,
        origins=event.origins, route=(*event.origins[:1], *event.via, event.destination),
        destinations=(event.destination,), lines=lines,
        value_cents=_whole(event.value_cents, lines), license=None, authority=event.authority,
        in_words=True, stopped=False, aggregate=event.aggregate,
    )  # fmt: skip


def _traded(entry: int, event: PartySoldDomestically | PartyOrderPlaced) -> Dealing:
    lines = tuple(_goods(line) for line in event.lines)
    kind: Kind = "order"
    seller: str | None
    purchaser: str
    origins: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    aggregate = False
    match event:
        case PartySoldDomestically():
            kind, seller, purchaser, aggregate = (
                "sale", event.party, event.purchaser, event.aggregate
            )  # fmt: skip
            origins = destinations = each_once(event.country)
        case PartyOrderPlaced():
            seller, purchaser = event.seller, event.party
            destinations = each_once(event.destination)
    return Dealing(
        entry=entry, subject=event.subject, shipment=None, of=None, kind=kind, on=event.on,
        seller=seller, exporter=seller, purchaser=purchaser, intermediate=(), consignee=None,
        end_user=event.end_user, forwarder=None, bill_to=None, origins=origins, route=(),
        destinations=destinations, lines=lines, value_cents=_whole(event.value_cents, lines),
        license=None, authority="unknown", in_words=True, stopped=False, aggregate=aggregate,
    )  # fmt: skip


def _commodity(line: CommodityLine) -> Line:
    return Line(
        words=line.description, model=line.model, families=(family(line.model),),
        eccn=line.eccn, quantity=line.units, counted_in="chips", units=line.units, tpp=line.tpp,
        value_cents=line.value_cents, serials=line.serials, in_words=False,
    )  # fmt: skip


def _goods(line: GoodsLine) -> Line:
    chip = None if line.model is None else catalogue().get(line.model)
    # Pieces of a named chip are chips; computers and racks never are.
    counts = line.counted_in == "chips" or (line.counted_in == "pieces" and chip is not None)
    units = line.quantity if counts else None
    return Line(
        words=line.description, model=line.model,
        families=(family(line.model),) if line.model else named_in(line.description),
        eccn=line.eccn, quantity=line.quantity, counted_in=line.counted_in, units=units,
        tpp=units * chip.tpp if units is not None and chip is not None else None,
        value_cents=line.value_cents, serials=line.serials, in_words=True,
    )  # fmt: skip


def _whole(stated: int | None, lines: tuple[Line, ...]) -> int | None:
    return _sum([line.value_cents for line in lines]) if stated is None else stated


def _sum(amounts: list[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known and len(known) == len(amounts) else None


def each_once(*names: str | None) -> tuple[str, ...]:
    """Those names that are there, in order, once each."""
    return tuple([name for name in dict.fromkeys(names) if name is not None])
