"""Who tells a case: the commands said so far, and what later events of the case may be about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any, Final, Literal

from benchmarks.detection.cases import Json, Seen, Visible
from benchmarks.detection.words import (
    amount,
    authority,
    chips_in_each,
    countries,
    goods,
    least,
    members,
    said,
    slug,
    someone,
    texts,
    thousandths,
)
from commands.decider import Command
from commands.feeds.jsonl import command_of
from ledger.errors import LedgerError

Channel = Literal["declared", "payments", "checks", "location", "attestation"]

CHANNELS: Final[tuple[Channel, ...]] = (
    "declared",
    "payments",
    "checks",
    "location",
    "attestation",
)
"""Where what is known comes from, each added to those before it."""

_CHANNEL: Final[dict[str, Channel]] = {
    "party.payment": "payments",
    "party.financing": "payments",
    "party.account": "payments",
    "shipment.invoice": "payments",
    "check.request": "checks",
    "check.schedule": "checks",
    "check.perform": "checks",
    "check.rate": "checks",
    "check.rerate": "checks",
    "check.refuse": "checks",
    "check.postpone": "checks",
    "check.not-found": "checks",
    "check.close": "checks",
    "check.read": "attestation",
    "party.count": "checks",
    "shipment.inspect": "checks",
    "shipment.detain": "checks",
    "shipment.confirm": "checks",
    "shipment.onward": "location",
    "party.locate": "location",
    "party.unreachable": "location",
    "party.sighting": "location",
    "party.teardown": "location",
}

CENTS: Final = 100

SERIALS_MAX: Final = 500

NAMES: Final = ("shipment", "shipment_id", "shipment_no", "awb", "itn", "invoice", "invoice_no")
"""Members by which a case calls a shipment."""


@dataclass(frozen=True, slots=True)
class Line:
    """One command, the event of the case it tells, and the channel that brings it.

    step  number of that event among the visible ones; who the parties are is said with the first
    last  the day of the last of several shipments that one event tells of
    """

    step: int
    event: str
    channel: Channel
    command: Command
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A case as commands.

    days    the day each of its events is told with
    notes   what was inferred or left out
    failed  why it could not be told; empty where it could
    """

    case: str
    lines: tuple[Line, ...]
    days: tuple[date, ...]
    notes: tuple[str, ...]
    failed: str = ""

    @property
    def steps(self) -> Iterator[tuple[date, list[Line]]]:
        """Event by event: its day, and the lines that tell it."""
        lines: dict[int, list[Line]] = {}
        for line in self.lines:
            lines.setdefault(line.step, []).append(line)
        return ((day, lines.get(step, [])) for step, day in enumerate(self.days))


@dataclass(slots=True)
class Shipped:
    """What later events of a case may be about."""

    id: str
    on: date
    origin: str | None
    destinations: tuple[str, ...]
    receiver: str | None
    quantity: int | None


@dataclass(slots=True)
class Teller:
    """A case being told.

    lines         the commands so far
    notes         what was inferred or left out
    shipped       its shipments so far
    licenses      its applications: id here, day, and whether it is a license of this ledger
    granted       those of them that were
    checks        the open check of each party, and the day it was requested
    named_checks  the same by the name the case gives them
    numbers       chips expected at each check, and counted so far
    rated         the checks that were rated
    shut_out      the checks that were refused
    called        the id of each shipment here, by what the case calls it
    ids           the id of each party here, by its id and its name in the case
    homes         the country each is in
    step, last    see `Line`
    """

    case: Visible
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shipped: list[Shipped] = field(default_factory=list)
    licenses: dict[str, tuple[str, date, bool]] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    checks: dict[str, tuple[str, date]] = field(default_factory=dict)
    named_checks: dict[str, tuple[str, date]] = field(default_factory=dict)
    numbers: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    rated: set[str] = field(default_factory=set)
    shut_out: set[str] = field(default_factory=set)
    called: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)
    step: int = 0
    last: date | None = None
    seen_from_outside: bool = False

    # ── parties ───────────────────────────────────────────────────────────────────────────────────

    def meet(self) -> None:
        """Give every party of the case an id of its own in the ledger."""
        for key, _ in self.listed():
            self.ids[key.lower()] = self.unused(slug(key).lower())
        for key, party in self.listed():
            made = self.ids[key.lower()]
            for name in (party.get("name"), *texts(members(party, "aliases", "alias"))):
                if said(name):
                    self.ids.setdefault(said(name).lower(), made)
            home = next(iter(countries(party.get("country"))), None)
            seat = next(iter(countries(party.get("hq_country"))), None)
            if home or seat:
                self.homes[made] = home or seat or ""

    def listed(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The parties of the case's list with what it calls them; an id that stands there twice
        is the first one's.
        """
        keys: set[str] = set()
        for number, party in enumerate(self.case.parties, start=1):
            key = said(party.get("party_id"), 200) or f"party-{number}"
            if key.lower() in keys:
                self.note(f"party {key} stands in the list twice: the second is another party")
                key = f"{key}-{number}"
            keys.add(key.lower())
            yield key, party

    def unused(self, name: str) -> str:
        """An id in the ledger that no other party of the case has."""
        begun = f"{slug(self.case.id).lower()}-{name}"
        taken = set(self.ids.values())
        tries = (begun if number == 1 else f"{begun}-{number}" for number in count(1))
        return next(each for each in tries if each not in taken)

    def party(self, value: object) -> str | None:
        """The id of a party by its id or its name in the case; one of its own for anybody else."""
        text = someone(value)
        if not text:
            return None
        known = self.ids.get(text.lower())
        if known is None:
            known = self.unused(f"x-{slug(text).lower()}")
            self.ids[text.lower()] = known
            self.note(f"{text!r} is no party of the case's list: it goes by an id made for it")
        return known

    def known(self, value: object) -> str | None:
        """The id of a party of the case, or None for what is rather a text."""
        return self.ids.get(someone(value).lower())

    def seat_of(self, value: object, otherwise: str | None) -> str | None:
        """Headquarters of a parent; of one that is not in the list, what its child says of it."""
        for party in self.case.parties:
            if said(value) and said(value) in (party.get("party_id"), said(party.get("name"))):
                return next(iter(countries(party.get("hq_country"))), None)
        return otherwise

    def somebody(self) -> str | None:
        """The party a case is about, where an event names nobody: the first of its list."""
        return next(iter(self.ids.values()), None)

    def anybody(self, event: Seen) -> str:
        """Whoever an event names, or the case is about; one made for it where that is nobody."""
        named = (self.known(value) for value in event.said.values())
        made = self.unused("somebody")
        return next((each for each in named if each), None) or self.somebody() or made

    def at_home_in(self, places: tuple[str, ...]) -> str | None:
        """The one party of the case's list that is in one of some countries; None if several."""
        there = [party for party, home in self.homes.items() if home in places]
        return there[0] if len(there) == 1 else None

    # ── saying ────────────────────────────────────────────────────────────────────────────────────

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def tell(self, event: str, line: Json) -> bool:
        """Add a line; what no command holds is noted and left out."""
        written = {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in line.items()
            if value is not None and value != "" and value != []
        }
        name = written["command"]
        try:
            command, without = _fitting(written)
        except LedgerError as error:
            self.note(f"{event or 'a party'} is not told as {name}: {error.problem}")
            return False
        for each in without:
            self.note(f"{event or 'a party'} is told as {name} without its {each}")
        channel = _CHANNEL.get(name, "location" if self.seen_from_outside else "declared")
        self.lines.append(Line(self.step, event, channel, command, self.last))
        return True

    # ── goods ─────────────────────────────────────────────────────────────────────────────────────

    def name(self, event: Seen) -> str:
        """An id for what an event begins."""
        return f"{slug(self.case.id).lower()}-{slug(event.id).lower()}"

    def ship(self, event: Seen, shipped: Shipped) -> None:
        """Remember a shipment by what the case calls it, and by the event that tells of it.

        Of several under one name, later events are about the last.
        """
        self.shipped.append(shipped)
        self.called[event.id.lower()] = shipped.id
        for name in NAMES:
            if said(event.said.get(name)):
                self.called[said(event.said[name]).lower()] = shipped.id

    def named_shipment(self, event: Seen) -> str | None:
        """The shipment an event names; None where it names none that was told."""
        names = (said(event.said.get(name)).lower() for name in (*NAMES, "of", "event"))
        return next((self.called[name] for name in names if name in self.called), None)

    def last_shipment(self, event: Seen) -> str | None:
        """The shipment an event is about: the one it names, else the last one told."""
        return self.named_shipment(event) or (self.shipped[-1].id if self.shipped else None)

    def serials(self, event: Seen) -> list[str]:
        """The serial numbers an event lists, as many as an entry holds."""
        named = members(event.said, "serials", "serial_numbers", "serial")
        listed = named if isinstance(named, list) else [named]
        return [slug(said(each)) for each in listed if said(each)][:SERIALS_MAX]

    def goods_lines(self, event: Seen, *, one_at_least: bool = True) -> list[Json]:
        """The lines of a document, by what it calls the goods; nobody's later knowledge of them."""
        get = event.said
        item = said(members(get, "item", "goods", "product"))
        text = said(get.get("description")) or item
        if get.get("actual_item") is not None:
            self.note(f"{event.id}: what was really in the boxes is left out")
        if not text and not item and not one_at_least:
            return []
        named = goods(item or text)
        chips, pieces = amount(get.get("chips")), amount(members(get, "quantity", "units"))
        counted_in = "chips" if chips else named.counted_in
        for other in ("servers", "racks", "boards"):
            if not chips and not pieces and amount(get.get(other)):
                pieces = amount(get.get(other))
                counted_in = {"servers": "computers"}.get(other, other)
        each = chips_in_each(item or text)
        if pieces and each and named.models and counted_in in ("racks", "computers"):
            self.note(f"{event.id}: {pieces} {counted_in} of {each} chips are as many chips")
            pieces, counted_in = pieces * each, "chips"
        weight = members(get, "net_weight_kg", "net_kg")
        line: Json = {
            "description": text or item or "goods",
            "model": least(named.models),
            "quantity": chips or pieces or None,
            "counted_in": counted_in if chips or pieces else "pieces",
            "value_cents": None,
            "eccn": said(get.get("eccn")) or named.eccn,
            "hs_code": said(members(get, "hs_code", "hs")) or None,
            "net_weight_grams": thousandths(weight),
            "serials": self.serials(event),
        }
        made = {key: value for key, value in line.items() if value is not None and value != []}
        if named.apart and "quantity" not in made:
            return [{**made, "model": model} for model in named.models]
        return [made]

    def value(self, event: Seen) -> int | None:
        """The declared value, in cents."""
        dollars = amount(members(event.said, "value_usd", "declared_value_usd", "invoice_usd"))
        return None if dollars is None else dollars * CENTS

    def relied_on(self, event: Seen) -> tuple[str, str | None]:
        """The authority of a shipment, and the license where that is one the case tells of."""
        relied = authority(event.said.get("authority"))
        named = said(members(event.said, "licence", "license", "licence_id", "license_id"))
        if relied != "license" and not named:
            return relied, None
        last = named if named else next(reversed(self.licenses), "")
        known = self.licenses.get(last)
        if known is not None and (known[0] in self.granted or named):
            return "license", known[0]
        if not named:
            return "unknown", None
        return "license", f"{slug(self.case.id).lower()}-{slug(named).lower()}"


def _fitting(line: Json) -> tuple[Command, list[str]]:
    """The command a line says, and members it had to go without: those the ledger cannot hold.

    Raises the first `LedgerError` where that does not help.
    """
    whole, without = line, list[str]()
    while True:
        try:
            return command_of(whole), without
        except LedgerError as error:
            fewer = _without_one(whole, error)
            if fewer is None:
                raise
            whole = fewer[0]
            without.append(fewer[1])


def _without_one(line: Json, error: LedgerError) -> tuple[Json, str] | None:
    """The line without the member that an error is about; None where none can be left out."""
    for fewer, name in _shortened(line):
        try:
            command_of(fewer)
        except LedgerError as other:
            # Something else is wrong now: this member was, and it may be left out.
            if other.problem == error.problem or "missing required" in other.problem:
                continue
        return fewer, name
    return None


def _shortened(line: Json) -> Iterator[tuple[Json, str]]:
    """A line without one of its members, or without one member of its own lines."""
    for key, value in line.items():
        rows = value if isinstance(value, list) else []
        for name in dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row):
            kept = [{key: row[key] for key in row if key != name} for row in rows]
            yield {**line, key: kept}, name
    for key in line:
        if key != "command":
            yield {each: line[each] for each in line if each != key}, key
