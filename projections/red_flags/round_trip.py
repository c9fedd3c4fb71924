"""A chip comes back to whoever sent it out, or is repaired for one and goes to another."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from ledger.entry import Entry
from ledger.events import ShipmentReferenced, ShipmentReturned
from ledger.fold import States
from projections import custody
from projections.custody import Step
from projections.red_flags import _flows
from projections.red_flags._chips import OfChips
from projections.red_flags._goods import dealing, each_once
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, standing
from projections.reference import Reference

LEFT: Final = frozenset({"made", "sold", "sent"})
"""Kinds of step with which a chip leaves whoever had it."""

CAME: Final = LEFT | {"returned"}
"""Kinds of step with which somebody gets a chip."""

EXCUSED: Final = frozenset({"RPL", "TMP"})
"""License exceptions under which goods go and come back: replacements, temporary exports
(15 CFR 740.9 and 740.10)."""


class RoundTrip(OfChips):
    """A serial number goes out and comes back, or is repaired and sent to somebody else.

    1. A chip that left a party is with it again within so many days, and nothing that moved it in
       between is a return, a lease or a test under a reference, or goes under RPL or TMP. Goods
       that were refused never were with whom they were sent to.
    2. A chip that came back for repair goes on to somebody who neither sent it in nor had it
       before, under no reference of its own.

    Weak, and for each of the two once a chip: for its first such trip. One party is one id: what
    comes back to another of the group is no trip. Units: days.

    Source: pattern P16; 15 CFR 740.10 and 740.9, repair and return as what is made use of.
    """

    name = "round-trip"
    source = "15 CFR 740.9 and 740.10: goods that go and come back, P16"
    reads = custody.READS | {ShipmentReferenced.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at each chip an entry names, and at those of a shipment that gets a reference."""
        match entry.event:
            case ShipmentReferenced(shipment=shipment):
                states.put(f"{self.name}/R/{shipment}", entry.number)
                told = (_flows.recalled(states, each) for each in _flows.telling(states, shipment))
                serials = [serial for each in told for serial in each.serials]
            case _:
                serials = custody.record(states, entry)
        yield from self.judge(states, dict.fromkeys(serials), reference)

    def judge(
        self, states: States, serials: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        """The chips that were named, each by its whole history."""
        for serial in serials:
            steps = [step for step in custody.placed(states, serial) if step.kind in CAME]
            found = (
                self._back(states, serial, steps, reference),
                self._elsewhere(states, serial, steps, reference),
            )
            flags = tuple(flag for flag in found if flag is not None)
            if flags or standing(states, self.name, serial):
                yield Finding(serial, flags)

    def _back(
        self, states: States, serial: str, steps: Sequence[Step], reference: Reference
    ) -> RedFlag | None:
        """The first trip of a chip that ends where it began."""
        for at, back in enumerate(steps):
            parameters = reference.day(states, back.on).pattern(self.name).parameters
            since = back.on - timedelta(days=parameters["within_days"])
            for start in range(at - 1, -1, -1):
                out = steps[start]
                if out.on < since:
                    break
                if out.kind not in LEFT or out.giver != back.holder or out.giver == out.holder:
                    continue
                trip = steps[start : at + 1]
                if any(self._excused(states, step) for step in trip):
                    break
                between = each_once(*(step.holder or None for step in trip[:-1]))
                through = f" through {', '.join(between)}" if between else ""
                days = (back.on - out.on).days
                return self._flag(
                    states, f"{serial}/back", serial, trip, reference,
                    f"left {out.giver} on {out.on} and came back to it on {back.on},"
                    f" {days} day{'' if days == 1 else 's'} later{through}, under no return, lease"
                    " or test",
                    each_once(*between, out.giver),
                )  # fmt: skip
        return None

    def _elsewhere(
        self, states: States, serial: str, steps: Sequence[Step], reference: Reference
    ) -> RedFlag | None:
        """The first time a chip goes to somebody new once it was repaired."""
        for at, came in enumerate(steps):
            if came.kind != "returned" or came.method != "repair":
                continue
            after = next((step for step in steps[at + 1 :] if step.kind in LEFT), None)
            if after is None or not after.holder or self._excused(states, after):
                continue
            had = {name for step in steps[: at + 1] for name in (step.giver, step.holder)}
            got = self._receivers(states, after)
            if not had.isdisjoint(got):
                continue
            by = came.giver or "somebody nobody names"
            return self._flag(
                states, f"{serial}/repaired", serial, (came, after), reference,
                f"was sent in for repair by {by} on {came.on} and went to {got[0]} on {after.on},"
                " which never had it before",
                each_once(*got, came.giver or None, came.holder),
            )  # fmt: skip
        return None

    def _excused(self, states: States, step: Step) -> bool:
        """Whether a step says itself why a chip goes and comes back."""
        if step.kind == "returned":
            told = states.recall(step.entry).event
            if step.method == "refused":
                return True
            if isinstance(told, ShipmentReturned) and told.rma is not None:
                return True
        of = bool(step.of) and states.number(f"{self.name}/R/{step.of}") > 0
        return of or step.method in EXCUSED

    def _receivers(self, states: States, step: Step) -> tuple[str, ...]:
        """Everybody whom a step took a chip to or was for."""
        told = dealing(step.entry, states.recall(step.entry).event)
        return each_once(step.holder, *(() if told is None else told.receivers))

    def _flag(
        self,
        states: States,
        key: str,
        serial: str,
        trip: Sequence[Step],
        reference: Reference,
        because: str,
        parties: tuple[str, ...],
    ) -> RedFlag:
        last = trip[-1]
        return RedFlag(
            rule=self.name,
            severity="weak",
            subject=f"serial:{serial}",
            key=key,
            because=f"serial number {serial} {because}",
            source=self.source,
            policy=reference.day(states, last.on).policy,
            on=last.on,
            evidence=entries(*(step.entry for step in trip)),
            parties=parties,
        )
