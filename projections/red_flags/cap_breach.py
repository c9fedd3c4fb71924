"""More was shipped to a country than its cap allows."""

from collections.abc import Iterator

from ledger import quota
from ledger.entry import Entry
from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    Movement,
    ShipmentTransferred,
)
from ledger.fold import MemoryStates, States
from ledger.policy import Rules
from ledger.quota import QuotaFold, Raised
from projections.red_flags import _tally
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import MOVEMENTS, Finding, Rule, standing
from projections.red_flags._tally import Counted, Crossing
from projections.reference import Reference

AGREEMENTS = "cap-breach/agreements"


class CapBreach(Rule):
    """What a country received in the period of its allocation is more than its cap.

    Counted is what the quota board calls drawn: shipments of counted items under an authority
    that is not exempt, judged by the cap of the shipment's own date, uplift of the agreements
    then known included. A promise alone breaches no cap. Units: TPP.

    Source: 15 CFR 742.6(b)(10)(iii)(B) and (C) (90 FR 4544).
    """

    name = "cap-breach"
    source = "15 CFR 742.6(b)(10)(iii)(B), country allocation"
    reads = MOVEMENTS | {
        event.wire
        for event in (
            AgreementConcluded, AgreementInForce, AgreementAmended, AgreementSuspended,
            AgreementTerminated,
        )
    }  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Add a shipment to what its country received."""
        movement = entry.event
        if not isinstance(movement, Movement):
            known = _agreed(states)
            QuotaFold().evolve(known, entry)
            states.put(AGREEMENTS, dict(known.scan("A/", Raised)))
            return
        day = reference.day(states, movement.on)
        rules, allocation = day.rules, day.rules.country_allocation
        if allocation is None:
            return
        country = day.sovereign(movement.destination)
        amount = drawn_tpp(movement, rules)
        if day.allocation(country) is None or not amount:
            return
        agreed = states.get(AGREEMENTS, dict[str, Raised])
        uplift = quota.uplift(_agreed(states), rules, country, day.on) if agreed else 0
        cap = day.cap(country, uplift_tpp=uplift)
        matter = f"{country}/{allocation.period_from}"
        adopted = reference.adopted_at(states, rules.governing("country_allocation"))
        counted = Counted(amount, cap or 0, day.policy, adopted)
        total = _tally.add(states, self.name, matter, entry.number, counted)
        states.put(f"{self.name}/E/{entry.number}", matter)
        if total > counted.term and not _tally.is_open(states, self.name, matter, entry.number):
            yield Finding(matter, self._flags(states, matter))

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """Take a voided shipment away from what its country received."""
        matter = states.get(f"{self.name}/E/{number}", str)
        if matter is None:
            return
        states.put(f"{self.name}/E/{number}", None)
        _tally.take(states, self.name, matter, number)
        if standing(states, self.name, matter):
            yield Finding(matter, self._flags(states, matter))

    def _flags(self, states: States, matter: str) -> tuple[RedFlag, ...]:
        country = matter.partition("/")[0]

        def flag(crossing: Crossing) -> RedFlag:
            event = states.recall(crossing.entry).event
            return RedFlag(
                rule=self.name,
                severity="hard",
                subject=f"country:{country}",
                key=matter,
                because=(
                    f"{country} received {crossing.total:,} TPP and its cap is"
                    f" {crossing.limit:,} TPP: {crossing.excess:,} TPP over it since"
                    f" {event.subject.replace(':', ' ')} of {event.on}"
                ),
                source=self.source,
                policy=crossing.counted.policy,
                on=event.on,
                evidence=entries(*crossing.cited, *crossing.also),
            )

        return _tally.flags(states, self.name, matter, lambda counted: counted.term, flag)


def drawn_tpp(movement: Movement, rules: Rules) -> int:
    """TPP of a movement that count toward the allocation of the country it went to.

    A transfer (in-country) without a license moves nothing into a country.
    """
    if rules.exempt(movement.authority):
        return 0
    if isinstance(movement, ShipmentTransferred) and movement.license is None:
        return 0
    return sum(
        line.tpp for line in movement.lines if line.eccn is not None and rules.counts(line.eccn)
    )


def _agreed(states: States) -> MemoryStates:
    """The agreements known so far, as the arithmetic of quotas keeps them."""
    agreed = MemoryStates(states.recall)
    for key, raised in (states.get(AGREEMENTS, dict[str, Raised]) or {}).items():
        agreed.put(key, raised)
    return agreed
