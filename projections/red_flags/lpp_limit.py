"""More was shipped under License Exception LPP than one ultimate parent may receive in a year."""

from collections.abc import Iterator, Sequence

from ledger.entry import Entry
from ledger.events import Movement
from ledger.fold import States
from ledger.policy import Rules
from projections.red_flags import _tally
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import MOVEMENTS, Finding, Recorded, Rule, standing
from projections.red_flags._tally import Counted, Crossing
from projections.reference import Reference


class LppLimit(Rule):
    """Shipments under LPP in one calendar year pass the limit of an ultimate parent.

    The ultimate consignee of LPP is the ultimate parent that owns the items, and the limit is one
    for all exporters together, so the shipments of every subsidiary add up. A consignee nobody
    registered is added up by itself. Units: TPP.

    Source: 15 CFR 740.29(a) and (d) (90 FR 4544).
    """

    name = "lpp-limit"
    source = "15 CFR 740.29, limit per ultimate parent and calendar year"
    reads = MOVEMENTS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Add a shipment to what its consignee's ultimate parent received that year."""
        if not isinstance(entry.event, Movement):
            return
        matter = self._add(states, entry.number, entry.event, reference)
        if matter is not None and not _tally.is_open(states, self.name, matter, entry.number):
            yield Finding(matter, self._flags(states, matter))

    def judge_again(
        self, states: States, movements: Sequence[Recorded], reference: Reference
    ) -> Iterator[Finding]:
        """Add shipments up where they belong by what is known now of who owns whom."""
        matters: dict[str, None] = {}
        for number, movement in movements:
            before = self._take(states, number)
            after = self._add(states, number, movement, reference)
            matters |= {each: None for each in (before, after) if each is not None}
        # Once for each parent and year, however many shipments moved.
        for matter in matters:
            yield Finding(matter, self._flags(states, matter))

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """Take a voided shipment away from what the parent received."""
        matter = self._take(states, number)
        if matter is not None:
            yield Finding(matter, self._flags(states, matter))

    def _add(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> str | None:
        """Add a shipment up; the parent and year, when that is over the limit."""
        if movement.authority != "LPP":
            return None
        day = reference.day(states, movement.on)
        rules = day.rules
        amount = covered_tpp(movement, rules)
        if rules.lpp is None or not amount:
            return None
        seat = reference.seat(states, movement.ultimate_consignee, movement.on)
        matter = f"{seat.parent}/{movement.on.year}"
        also = (*reference.adopted_at(states, rules.governing("lpp")), *seat.entries)
        counted = Counted(amount, rules.lpp.limit_tpp, day.policy, also)
        states.put(f"{self.name}/E/{number}", matter)
        total = _tally.add(states, self.name, matter, number, counted)
        return matter if total > counted.term else None

    def _take(self, states: States, number: int) -> str | None:
        """Take a shipment away; the parent and year it counted for, when a flag stands on that."""
        matter = states.get(f"{self.name}/E/{number}", str)
        if matter is None:
            return None
        states.put(f"{self.name}/E/{number}", None)
        _tally.take(states, self.name, matter, number)
        return matter if standing(states, self.name, matter) else None

    def _flags(self, states: States, matter: str) -> tuple[RedFlag, ...]:
        parent, _, year = matter.partition("/")

        def flag(crossing: Crossing) -> RedFlag:
            event = states.recall(crossing.entry).event
            count = crossing.earlier + 1
            shipments = "1 shipment" if count == 1 else f"{count:,} shipments"
            return RedFlag(
                rule=self.name,
                severity="hard",
                subject=f"party:{parent}",
                key=matter,
                because=(
                    f"{parent} and what it owns received {crossing.total:,} TPP under LPP in"
                    f" {year}, in {shipments}, and {crossing.limit:,} TPP"
                    f" are allowed: {crossing.excess:,} TPP over since"
                    f" {event.subject.replace(':', ' ')} of {event.on}"
                ),
                source=self.source,
                policy=crossing.counted.policy,
                on=event.on,
                evidence=entries(*crossing.cited, *crossing.also),
                parties=(parent,),
            )

        return _tally.flags(states, self.name, matter, lambda counted: counted.term, flag)


def covered_tpp(movement: Movement, rules: Rules) -> int:
    """TPP of the items in a movement that LPP is for."""
    groups = {group for rule in rules.exceptions if rule.code == "LPP" for group in rule.items}
    return sum(
        line.tpp
        for line in movement.lines
        if line.eccn is not None and rules.item_group(line.eccn) in groups
    )
