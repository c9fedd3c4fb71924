"""More was shipped under a license than it is for."""

from collections.abc import Iterator

from ledger.entry import Entry
from ledger.events import LicenseApproved, LicenseLine, Movement, ShipmentReturned
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags import _flows, _tally
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import MOVEMENTS, Finding, Rule, standing
from projections.red_flags._tally import Counted, Crossing
from projections.reference import LicenseFacts, Reference


class OverShipped(Rule):
    """A license line was shipped beyond its units, or beyond its value and the tolerance on it.

    Each chip of a license is a line of its own. Quantity has no tolerance unless the rules of the
    shipment's date give one; value is compared where the license and the declaration both state
    it, and the rules a tolerance. The newest approval counts, whatever was said after it; where
    it comes after shipments under it were reported, they are compared with it at once. Chips that
    came back may go out again: a return counts against the units, from the entry that tells of
    it, and against the value by its share of what the shipment declared. Units: chips, US cents.

    Source: 15 CFR 750.7(f) and 750.11.
    """

    name = "over-shipped"
    source = "15 CFR 750.11, shipping tolerances"
    reads = MOVEMENTS | {LicenseApproved.wire, ShipmentReturned.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Add a shipment to its license; compare everything when the license is approved."""
        match entry.event:
            case LicenseApproved() as approved:
                for line in approved.lines:
                    for matter in _matters(approved.license, line.model):
                        if _tally.total(states, self.name, matter):
                            flags = self._flags(states, matter, reference)
                            yield Finding(matter, flags)
            case ShipmentReturned(shipment=shipment) as returned:
                key = f"{self.name}/R/{shipment}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                for number in _flows.telling(states, shipment):
                    event = states.recall(number).event
                    if isinstance(event, Movement):
                        self._give_back(states, entry.number, returned, event, reference)
            case Movement(license=license_) as movement if license_ is not None:
                facts = reference.license(states, license_)
                for number, back in self._returns(states, movement):
                    self._give_back(states, number, back, movement, reference)
                for matter, total in self._add(states, entry.number, movement, reference):
                    line_of = _line(facts, matter)
                    # The bare amount is a quick first test; tolerances are looked at below.
                    if line_of is None or total <= _licensed(line_of, matter):
                        continue
                    if not _tally.is_open(states, self.name, matter, entry.number):
                        yield Finding(matter, self._flags(states, matter, reference))
            case _:
                return

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """Take a voided shipment away from its license."""
        for matter in _touched(movement):
            _tally.take(states, self.name, matter, number)
            for returned_at, _ in self._returns(states, movement):
                _tally.take(states, self.name, matter, returned_at)
            if standing(states, self.name, matter):
                yield Finding(matter, self._flags(states, matter, reference))

    def _returns(
        self, states: States, movement: Movement
    ) -> Iterator[tuple[int, ShipmentReturned]]:
        """What came back of a shipment, as told so far."""
        for number in states.get(f"{self.name}/R/{movement.shipment}", list[int]) or []:
            event = states.recall(number).event
            if isinstance(event, ShipmentReturned):
                yield number, event

    def _give_back(
        self, states: States, number: int, returned: ShipmentReturned, movement: Movement,
        reference: Reference,
    ) -> None:  # fmt: skip
        """Take what came back away from what was shipped, each model no more than went out."""
        if movement.license is None:
            return
        day = reference.day(states, movement.on)
        tolerance = day.rules.tolerance
        touched = _touched(movement)
        for model in sorted({line.model for line in returned.lines if line.model is not None}):
            units, value = _matters(movement.license, model)
            if units not in touched:
                continue
            shipped = touched[units]
            back = min(sum(line.units for line in returned.lines if line.model == model), shipped)
            counted = Counted(-back, tolerance.quantity_bp if tolerance else 0, day.policy)
            _tally.add(states, self.name, units, number, counted)
            if tolerance is not None and value in touched:
                share = touched[value] * back // shipped
                counted = Counted(-share, tolerance.value_bp, day.policy)
                _tally.add(states, self.name, value, number, counted)

    def _add(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[tuple[str, int]]:
        """Add a shipment to the lines of its license; each line with its new sum."""
        day = reference.day(states, movement.on)
        tolerance = day.rules.tolerance
        quantity_bp = tolerance.quantity_bp if tolerance else 0
        for matter, amount in _touched(movement).items():
            if matter.endswith("/units"):
                counted = Counted(amount, quantity_bp, day.policy)
            elif tolerance is not None:
                counted = Counted(amount, tolerance.value_bp, day.policy)
            else:
                continue
            yield matter, _tally.add(states, self.name, matter, number, counted)

    def _flags(self, states: States, matter: str, reference: Reference) -> tuple[RedFlag, ...]:
        license_, model, measure = matter.split("/")
        facts = reference.license(states, license_)
        line = _line(facts, matter)
        if facts is None or line is None:
            return ()
        approved = facts.approved
        licensed = _licensed(line, matter)
        named = (approved.ultimate_consignee, *approved.end_users) if approved else ()

        def limit(counted: Counted) -> int:
            return licensed + licensed * counted.term // WHOLE_BP

        def flag(crossing: Crossing) -> RedFlag:
            event = states.recall(crossing.entry).event
            most = crossing.counted.term
            tolerance = f"{_percent(most)} % more" if most else "nothing more"
            shown = _units if measure == "units" else _dollars
            return RedFlag(
                rule=self.name,
                severity="hard",
                subject=f"license:{license_}",
                key=matter,
                because=(
                    f"license {license_} is for {shown(licensed)} of {model}, and"
                    f" {shown(crossing.total)} were shipped under it with"
                    f" {event.subject.replace(':', ' ')} of {event.on}:"
                    f" {shown(crossing.total - licensed)} over; {tolerance} is tolerated"
                ),
                source=self.source,
                policy=crossing.counted.policy,
                on=event.on,
                evidence=entries(facts.approved_at, *crossing.cited),
                parties=tuple(dict.fromkeys(named)),
            )

        return _tally.flags(states, self.name, matter, limit, flag)


def _matters(license_: str, model: str) -> tuple[str, str]:
    return f"{license_}/{model}/units", f"{license_}/{model}/value"


def _touched(movement: Movement) -> dict[str, int]:
    """What a movement adds to the lines of its license: chips, and cents where declared."""
    sums: dict[str, int] = {}
    if movement.license is None:
        return sums
    for line in movement.lines:
        units, value = _matters(movement.license, line.model)
        sums[units] = sums.get(units, 0) + line.units
        if line.value_cents is not None:
            sums[value] = sums.get(value, 0) + line.value_cents
    return sums


def _line(facts: LicenseFacts | None, matter: str) -> LicenseLine | None:
    """The line of a license that a matter is about, when it can be compared."""
    if facts is None or facts.approved is None:
        return None
    _, model, measure = matter.split("/")
    found = next((line for line in facts.approved.lines if line.model == model), None)
    if found is not None and measure == "value" and found.value_cents is None:
        return None
    return found


def _licensed(line: LicenseLine, matter: str) -> int:
    return line.units if matter.endswith("/units") else line.value_cents or 0


def _units(count: int) -> str:
    return f"{count:,} unit{'' if count == 1 else 's'}"


def _dollars(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02}"


def _percent(basis_points: int) -> str:
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}" if rest else str(whole)
