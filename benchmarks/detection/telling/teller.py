"""Who tells a case: the commands said so far, and what later events of the case may be about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from benchmarks.detection.cases import Json, Seen, Visible
from benchmarks.detection.words import (
    amount,
    authority,
    countries,
    goods,
    least,
    members,
    said,
    slug,
    texts,
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

    days   the day each of its events is told with
    notes  what was inferred or left out
    """

    case: str
    lines: tuple[Line, ...]
    days: tuple[date, ...]
    notes: tuple[str, ...]

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
    ids: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)
    step: int = 0
    last: date | None = None
    seen_from_outside: bool = False

    # ── parties ───────────────────────────────────────────────────────────────────────────────────

    def meet(self) -> None:
        """Give every party of the case an id of its own in the ledger."""
        for number, party in enumerate(self.case.parties, start=1):
            key = str(party.get("party_id") or f"party-{number}")
            made = f"{slug(self.case.id).lower()}-{slug(key).lower()}"
            self.ids[key.lower()] = made
            name = said(party.get("name"))
            if name:
                self.ids.setdefault(name.lower(), made)
            home = next(iter(countries(party.get("country"))), None)
            seat = next(iter(countries(party.get("hq_country"))), None)
            if home or seat:
                self.homes[made] = home or seat or ""

    def party(self, value: object) -> str | None:
        """The id of a party by its id or its name in the case; one of its own for anybody else."""
        text = said(value)
        if not text:
            return None
        known = self.ids.get(text.lower())
        if known is None:
            known = f"{slug(self.case.id).lower()}-x-{slug(text).lower()}"
            self.ids[text.lower()] = known
            self.note(f"{text!r} is no party of the case's list: it goes by an id made for it")
        return known

    def known(self, value: object) -> str | None:
        """The id of a party of the case, or None for what is rather a text."""
        return self.ids.get(said(value).lower()) if said(value) else None

    def seat_of(self, value: object, otherwise: str | None) -> str | None:
        """Headquarters of a parent; of one that is not in the list, what its child says of it."""
        for party in self.case.parties:
            if said(value) and said(value) in (party.get("party_id"), said(party.get("name"))):
                return next(iter(countries(party.get("hq_country"))), None)
        return otherwise

    def somebody(self) -> str | None:
        """The party a case is about, where an event names nobody: the first of its list."""
        return next(iter(self.ids.values()), None)

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
            command = command_of(written)
        except LedgerError as error:
            self.note(f"{event or 'a party'} is not told as {name}: {error.problem}")
            return False
        channel = _CHANNEL.get(name, "location" if self.seen_from_outside else "declared")
        self.lines.append(Line(self.step, event, channel, command, self.last))
        return True

    # ── goods ─────────────────────────────────────────────────────────────────────────────────────

    def name(self, event: Seen) -> str:
        """An id for what an event begins."""
        return f"{slug(self.case.id).lower()}-{slug(event.id).lower()}"

    def last_shipment(self, event: Seen) -> str | None:
        """The shipment an event is about: the one it names, else the last one told."""
        named = said(members(event.said, "shipment", "shipment_id", "of", "event"))
        known = f"{slug(self.case.id).lower()}-{slug(named).lower()}" if named else None
        if known and any(each.id == known for each in self.shipped):
            return known
        return self.shipped[-1].id if self.shipped else None

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
        weight = members(get, "net_weight_kg", "net_kg")
        line: Json = {
            "description": text or item or "goods",
            "model": least(named.models),
            "quantity": chips or pieces or None,
            "counted_in": counted_in if chips or pieces else "pieces",
            "value_cents": None,
            "eccn": said(get.get("eccn")) or named.eccn,
            "hs_code": said(members(get, "hs_code", "hs")) or None,
            "net_weight_grams": round(weight * 1_000) if amount(weight) else None,
            "serials": [slug(each) for each in texts(get.get("serials"))][:500],
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
