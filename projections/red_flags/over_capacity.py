"""More chips than a party has power for, or hundreds of them and no word of where they run."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    Event,
    PartyBusinessDeclared,
    PartyInventoryDeclared,
    PartyRegistered,
    ShipmentReturned,
)
from ledger.fold import States
from projections.red_flags import _capacity, _flows, _later
from projections.red_flags._goods import MOVED, Dealing, dealing, family
from projections.red_flags._judging import of_party
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule, standing
from projections.reference import Day, Reference

CITED_MAX: Final = 20
"""Shipments one flag cites at most: the latest."""

OPERATES: Final = frozenset({"cloud", "data_center", "high_performance_computing"})
"""Lines of business of those who run computers: many chips are what they are there for."""

HANDS_ON: Final = frozenset({"distributor", "reseller", "freight_forwarder", "carrier", "broker"})
"""Roles of those who run no chips themselves."""

_RUNS = ("data cent", "datacent", "cloud", "supercomput", "high-performance comput")
"""How a register says the same in words."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What one entry adds to what a party has.

    units     chips by family, where they were counted; less than 0 for what it sent back
    cents     value of what was not counted in chips
    declared  chips it says it holds or received
    """

    on: date
    units: dict[str, int] = {}
    cents: int = 0
    declared: int = 0


class Received(msgspec.Struct, frozen=True):
    """All controlled chips a party received: the sum of its rows.

    declared  the most chips it ever said it had, and the entry that says so
    since     date and entry with which it had more than may go without a word of capacity
    latest    the latest shipments, by day
    until     day of the latest row
    """

    units: dict[str, int] = {}
    cents: int = 0
    declared: tuple[int, int] = (0, 0)
    since: tuple[date, int] | None = None
    latest: tuple[tuple[date, int], ...] = ()
    until: date = date.min

    @property
    def chips(self) -> int:
        """How many chips it has, by shipments or by its own word."""
        return max(sum(self.units.values()), self.declared[0])


class OverCapacity(Rule):
    """The chips a party received need more power than it declared, or it declared none.

    1. Weak: the chips that were counted, by the watts of their family, with what cooling takes,
       need more than the tolerance over the capacity declared; what is to run within a year
       counts. Families for which the rules in force give no watts are left out.
    2. Strong: so many days after a party had more than so many chips, or goods of so much value
       where chips were not counted, nobody has declared any capacity. Weak where its business is
       to run computers. The days are not given for chips that came before it said how many it
       received so far, and that no shipment shows.
    3. A party is the end user, else the ultimate consignee; who only hands on runs nothing. Chips
       it sent back no longer count. The capacity of its ultimate parent is its own.

    Units: chips, watts, US cents. Source: BIS guidance of 2025-05-13, red flags for advanced
    computing chips (a data center that does not affirm it can run what is above 10 MW).
    """

    name = "over-capacity"
    source = "BIS guidance of 2025-05-13: a data center that cannot run what it buys"
    reads = (
        MOVED
        | _capacity.CAPACITY
        | _later.SEATING_READS
        | frozenset(
            event.wire
            for event in (PartyBusinessDeclared, PartyInventoryDeclared, ShipmentReturned)
        )
    )

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Add up what a party received, and hold it against what it declared."""
        match entry.event:
            case PartyInventoryDeclared() as said:
                row = Row(said.on, declared=sum(line.units for line in said.lines))
                self._add(states, said.party, entry.number, row, reference)
            case PartyBusinessDeclared(party=party, activities=activities):
                states.put(f"{self.name}/B/{party}", int(bool(OPERATES.intersection(activities))))
            case ShipmentReturned(sender=sender) as returned if sender is not None:
                units = {family(line.model or ""): -line.units for line in returned.lines}
                self._add(states, sender, entry.number, Row(returned.on, units), reference)
                yield self._judge(states, sender, reference)
            case PartyRegistered() as registered:
                yield from self._register(states, registered, reference)
                yield from self._seated(states, entry, reference)
            case event if event.wire in MOVED:
                seen = dealing(entry.number, event)
                party_ = None if seen is None else self._runs(states, seen)
                row_ = None if seen is None else _row(seen, reference.day(states, seen.on))
                if party_ is not None and row_ is not None:
                    self._add(states, party_, entry.number, row_, reference)
                    if not standing(states, self.name, f"capacity/{party_}"):
                        yield self._judge(states, party_, reference)
            case event if event.wire in _capacity.CAPACITY:
                whose = _capacity.tell(states, self.name, entry.number, event)
                for each in reference.below(states, whose or ""):
                    yield self._judge(states, each, reference)
            case _:
                yield from self._seated(states, entry, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment brought nothing."""
        seen = dealing(number, event)
        for party in () if seen is None else seen.receivers:
            key = f"{self.name}/C/{party}/{number:012d}"
            if states.get(key, Row) is None:
                continue
            states.put(key, None)
            self._keep(states, party, self._again(states, party, reference))
            yield self._judge(states, party, reference)

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Parties with many chips that declared no capacity in the days they had for it."""
        for key in [key for key, _ in states.scan(f"{self.name}/O/", int)]:
            party = key.rpartition("/")[2]
            known = self._received(states, party)
            if known.since is None:
                continue
            since, at = known.since
            day = reference.day(states, since)
            days = day.pattern(self.name).parameters["declare_days"]
            due = since + timedelta(days=days)
            much = f"{party} has {_much(known)}, and since {since} more than {_limit(known, day)}"
            because = f"{much}; in {days} days no capacity was declared for them"
            said_on, unseen = self._before(states, party, known)
            if said_on < due and unseen > day.pattern(self.name).parameters["units_without_max"]:
                due = said_on
                because = (
                    f"{party} said on {said_on} that it received {known.declared[0]:,} chips so"
                    f" far, {unseen:,} more than shipments show, and no capacity was declared for"
                    " them"
                )
            if on <= due or _capacity.declared(states, self.name, party, on, reference):
                continue
            runs = bool(states.number(f"{self.name}/B/{party}"))
            yield RedFlag(
                rule=self.name,
                severity="weak" if runs else "strong",
                subject=f"party:{party}",
                key=f"{party}/none",
                because=f"{because}{', and running computers is its business' if runs else ''}",
                source=self.source,
                policy=day.policy,
                on=due + timedelta(days=1),
                evidence=entries(at, known.declared[1] if known.chips == known.declared[0] else 0),
                parties=(party,),
            )

    def _before(self, states: States, party: str, known: Received) -> tuple[date, int]:
        """When a party last said how many chips it received so far, and how many of them no
        shipment shows; the end of time and 0 where it said none.
        """
        total, number = known.declared
        said = states.recall(number).event if number else None
        if not isinstance(said, PartyInventoryDeclared) or said.basis != "received_so_far":
            return date.max, 0
        rows = states.scan(f"{self.name}/C/{party}/", Row)
        shown = sum(sum(row.units.values()) for _, row in rows if row.on <= said.on)
        return said.on, total - shown

    def _received(self, states: States, party: str) -> Received:
        return states.get(f"{self.name}/T/{party}", Received) or Received()

    def _register(
        self, states: States, registered: PartyRegistered, reference: Reference
    ) -> Iterator[Finding]:
        party, roles = registered.party, frozenset(registered.roles)
        words = registered.business.lower()
        if "data_center_operator" in roles or any(each in words for each in _RUNS):
            states.put(f"{self.name}/B/{party}", 1)
        hands_on = bool(roles & HANDS_ON) and not roles & {"end_user", "data_center_operator"}
        if hands_on == bool(states.number(f"{self.name}/H/{party}")):
            return
        states.put(f"{self.name}/H/{party}", 1 if hands_on else None)
        # What came before anybody said so is its own no longer, or is now.
        for number in sorted(of_party(states, party)):
            seen = _flows.recalled(states, number)
            row = _row(seen, reference.day(states, seen.on))
            mine = seen.consignee == party and seen.end_user is None
            if mine and row is not None and states.recall(number).event.wire in MOVED:
                key = f"{self.name}/C/{party}/{number:012d}"
                states.put(key, None if hands_on else row)
        self._keep(states, party, self._again(states, party, reference))
        yield self._judge(states, party, reference)

    def _runs(self, states: States, seen: Dealing) -> str | None:
        """Who is to run the chips; None for one who only hands them on."""
        if seen.end_user is not None:
            return seen.end_user
        hands_on = states.number(f"{self.name}/H/{seen.consignee}")
        return None if hands_on else seen.consignee

    def _add(self, states: States, party: str, number: int, row: Row, reference: Reference) -> None:
        states.put(f"{self.name}/C/{party}/{number:012d}", row)
        known = self._received(states, party)
        adds = not row.declared and all(more >= 0 for more in row.units.values())
        much_before = known.since is not None and known.since[0] < row.on and adds
        if row.on < known.until and not much_before:
            known = self._again(states, party, reference)
        else:
            known = self._with(states, known, number, row, reference)
        self._keep(states, party, known)

    def _again(self, states: States, party: str, reference: Reference) -> Received:
        """What a party has, added up anew by day: what is told late was there before."""
        rows = [
            (row.on, int(at.rpartition("/")[2]), row)
            for at, row in states.scan(f"{self.name}/C/{party}/", Row)
        ]
        known = Received()
        for _, number, row in sorted(rows, key=lambda each: each[:2]):
            known = self._with(states, known, number, row, reference)
        return known

    def _with(
        self, states: States, known: Received, number: int, row: Row, reference: Reference
    ) -> Received:
        """What a party has with one row more, and since when that is much."""
        units = dict(known.units)
        for name, more in row.units.items():
            units[name] = max(0, units.get(name, 0) + more)
        declared = max(known.declared, (row.declared, number), key=lambda each: each[0])
        latest = known.latest
        if not row.declared and all(more > 0 for more in row.units.values()):
            latest = tuple(sorted((*latest, (row.on, number)))[-CITED_MAX:])
        cents, until = known.cents + row.cents, max(known.until, row.on)
        after = Received(units, cents, declared, known.since, latest, until)
        limits = reference.day(states, row.on).pattern(self.name).parameters
        much = (
            after.chips > limits["units_without_max"]
            or after.cents > limits["value_without_max_cents"]
        )
        since = (known.since or (row.on, number)) if much else None
        return msgspec.structs.replace(after, since=since)

    def _keep(self, states: States, party: str, known: Received) -> None:
        states.put(f"{self.name}/T/{party}", None if known == Received() else known)
        states.put(f"{self.name}/O/{party}", 1 if known.since else None)

    def _seated(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """A party that another bought may count on its capacity."""
        for tag in _later.seated(states, entry, reference):
            party = tag.removeprefix("party:")
            if states.get(f"{self.name}/T/{party}", Received):
                yield self._judge(states, party, reference)

    def _judge(self, states: States, party: str, reference: Reference) -> Finding:
        """Hold what a party has against the capacity that is declared by now."""
        matter = f"capacity/{party}"
        known = self._received(states, party)
        if not known.latest:
            return Finding(matter)
        last = known.latest[-1][0]
        day = reference.day(states, last)
        limits = day.pattern(self.name).parameters
        by = last + timedelta(days=limits["declare_days"])
        found = _capacity.declared(states, self.name, party, by, reference)
        if found is None:
            return Finding(matter)
        kilowatts, shown_by = found
        watts = sum(units * limits.get(f"watts_{name}", 0) for name, units in known.units.items())
        if watts * limits["overhead_bp"] <= kilowatts * 1_000 * limits["tolerance_bp"]:
            return Finding(matter)
        needed = watts * limits["overhead_bp"] // 10_000_000
        chips = sum(units for name, units in known.units.items() if f"watts_{name}" in limits)
        flag = RedFlag(
            rule=self.name,
            severity="weak",
            subject=f"party:{party}",
            key=f"{party}/over",
            because=(
                f"{chips:,} chips that {party} received by {last} need {needed:,} kW with cooling,"
                f" and {kilowatts:,} kW were declared"
            ),
            source=self.source,
            policy=day.policy,
            on=last,
            evidence=entries(*(number for _, number in known.latest), *shown_by),
            parties=(party,),
        )
        return Finding(matter, (flag,))


def _row(seen: Dealing, day: Day) -> Row | None:
    """What a dealing brings; None where it brings no controlled chips, or never left."""
    lines = seen.controlled(day)
    if not lines or seen.stopped:
        return None
    units: dict[str, int] = {}
    for line in lines:
        if line.units is not None:
            name = family(line.model or "") or "+".join(line.families)
            units[name] = units.get(name, 0) + line.units
    counted = all(line.units is not None for line in lines)
    return Row(seen.on, units, 0 if counted else seen.value_cents or 0)


def _much(known: Received) -> str:
    if known.chips and not known.cents:
        return f"{known.chips:,} chips"
    if known.chips:
        return f"{known.chips:,} chips and goods of US${known.cents // 100:,}"
    return f"goods of US${known.cents // 100:,}"


def _limit(known: Received, day: Day) -> str:
    """What a party may have without a word of capacity."""
    limits = day.pattern(OverCapacity.name).parameters
    if known.chips > limits["units_without_max"]:
        return f"{limits['units_without_max']:,}"
    return f"US${limits['value_without_max_cents'] // 100:,}"
