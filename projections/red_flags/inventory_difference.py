"""Chips that should be there were not counted."""

from collections.abc import Iterator
from datetime import date, timedelta

from ledger.entry import Entry
from ledger.events import CheckPerformed, CheckRequested, Movement
from ledger.fold import States
from projections import balance
from projections.balance import ALL, Period, Stock, Terms
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, Rule, standing
from projections.reference import Reference

Checks = dict[str, int]
"""Checks by id, each with the entry that says what it counted."""


class InventoryDifference(Rule):
    """More of a model is missing than the errors of counting explain, at once or little by little.

    The balance of a party with all its sites: `projections.balance` has the arithmetic. Strong,
    where a count is further below what all earlier ones say than so many standard errors, or where
    the sequential test says that they drift; what a later count finds again is no longer missing.
    Weak, where a significant quantity is missing and the evidence is too weak to tell, or where
    chips stood in boxes for longer than the rules allow for. A check that counts fewer than it
    expected is such a difference by itself, until a later one of the same scope, by evidence as
    good, misses none and counts as many. Units: chips.

        inventory-difference/K/<party>  the checks of a party that counted, by id
        inventory-difference/S/<check>  the shipment or license that a check is only about

    Source: pattern P26; IAEA Safeguards Glossary, material unaccounted for.
    """

    name = "inventory-difference"
    source = "material balance as in nuclear safeguards (IAEA Safeguards Glossary, MUF), P26"
    reads = balance.READS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Book an entry; close again the balances it changes."""
        for party in dict.fromkeys(balance.record(states, entry)):
            yield from self._close(states, party, reference)
        match entry.event:
            case CheckPerformed(units_counted=int(), units_expected=int()) as check:
                key = f"{self.name}/K/{check.party}"
                states.put(key, {**(states.get(key, Checks) or {}), check.check: entry.number})
                yield from self._checks(states, check.party, reference)
            case CheckRequested(check=id_, party=party) as asked if asked.shipment or asked.license:
                states.put(f"{self.name}/S/{id_}", f"{asked.shipment} {asked.license}")
                yield from self._checks(states, party, reference)
            case _:
                return

    def _checks(self, states: States, party: str, reference: Reference) -> Iterator[Finding]:
        """Hold each check of a party against what it expected, and against those after it."""
        known = states.get(f"{self.name}/K/{party}", Checks) or {}
        told = [(number, states.recall(number).event) for number in known.values()]
        checks = [(number, each) for number, each in told if isinstance(each, CheckPerformed)]
        for number, check in checks:
            later = (
                each for at, each in checks if (check.on, number) < (each.on, at) and each != check
            )
            flags = self._checked(states, number, check, reference)
            if flags and any(self._found_again(states, check, each, reference) for each in later):
                flags = ()
            yield from self._find(states, f"check/{check.check}", flags)

    def _found_again(
        self, states: States, check: CheckPerformed, later: CheckPerformed, reference: Reference
    ) -> bool:
        """Whether a later check shows that what an earlier one missed is there."""
        scopes = {states.get(f"{self.name}/S/{each.check}", str) for each in (check, later)}
        counted = later.units_counted or 0
        return (
            # Who counts everything counts what is part of it.
            (len(scopes) == 1 or states.get(f"{self.name}/S/{later.check}", str) is None)
            and balance.GRADES.index(later.evidence) >= balance.GRADES.index(check.evidence)
            and counted >= (check.units_expected or 0)
            and not self._misses(states, later, reference)
        )

    def _misses(self, states: States, check: CheckPerformed, reference: Reference) -> bool:
        """Whether a check counted fewer than it expected, by more than counting errs."""
        expected = check.units_expected or 0
        missing = expected - (check.units_counted or 0)
        terms = Terms.of(reference.day(states, check.on).pattern(self.name).parameters)
        variance = terms.variance(expected, check.evidence)
        return missing > 0 and (missing * balance.MILLI) ** 2 > terms.sigmas**2 * variance

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment brought nothing."""
        for party in dict.fromkeys(balance.withdraw(states, number, movement)):
            yield from self._close(states, party, reference)

    def _close(self, states: States, party: str, reference: Reference) -> Iterator[Finding]:
        stock = balance.stock(states, party)
        on = stock.counts[-1].on if stock.counts else date.max
        parameters = reference.day(states, on).pattern(self.name).parameters
        terms = Terms.of(parameters)
        # All together too, where a check turns out to be about one shipment only.
        for model in sorted({*stock.models, ALL}):
            closed = stock.balance(model, terms) if model in stock.models else []
            flags = tuple(
                self._flag(states, party, period, severity, reference)
                for period, severity in _suspect(closed, parameters["significant_units"])
            )
            yield from self._find(states, f"{party}/{model}", flags)
        if stock.counts:
            boxed = self._boxed(states, stock, parameters["boxed_days"], reference)
            yield from self._find(states, f"{party}/boxed", boxed)

    def _find(self, states: States, matter: str, flags: tuple[RedFlag, ...]) -> Iterator[Finding]:
        if flags or standing(states, self.name, matter):
            yield Finding(matter, flags)

    def _flag(
        self,
        states: States,
        party: str,
        period: Period,
        severity: Severity,
        reference: Reference,
    ) -> RedFlag:
        model = "chips of all models" if period.model == ALL else period.model
        since = f" since {period.opened_on}" if period.opened_on else ""
        said = (
            f"{party} should hold {period.expected:,} {model} on {period.closed_on} and"
            f" {period.counted:,} were counted ({period.evidence.replace('_', ' ')}):"
            f" {period.unaccounted:,} unaccounted for{since}, {period.low:,} to {period.high:,}"
            " with the errors of counting"
        )
        if period.found == "drift":
            said += (
                f"; count after count adds up to {period.missing:,} missing: the sequential test"
                f" stands at {period.drift / 100:.1f} standard errors"
            )
        elif not period.found:
            said += ": too weak evidence to tell, to be counted again with better"
        return self._raise(
            states, f"{party}/{period.model}/{period.closed_on}", party, severity, said,
            period.closed_on, period.entries, reference,
        )  # fmt: skip

    def _checked(
        self, states: States, number: int, check: CheckPerformed, reference: Reference
    ) -> tuple[RedFlag, ...]:
        expected, counted = check.units_expected or 0, check.units_counted or 0
        missing = expected - counted
        if not self._misses(states, check, reference):
            return ()
        said = (
            f"check {check.check} of {check.party} on {check.on} expected {expected:,} chips and"
            f" counted {counted:,} ({check.evidence.replace('_', ' ')}): {missing:,} unaccounted"
            " for"
        )
        return (
            self._raise(
                states, f"{check.party}/check/{check.check}", check.party, "strong", said,
                check.on, (number,), reference,
            ),
        )  # fmt: skip

    def _boxed(
        self, states: States, stock: Stock, days: int, reference: Reference
    ) -> tuple[RedFlag, ...]:
        """Chips in boxes that came before the days they may stay in them."""
        last = stock.counts[-1]
        together = [count for count in stock.counts if count.on == last.on]
        boxed = sum(count.boxed for count in together)
        since = last.on - timedelta(days=days)
        fresh = sum(
            flow.came + flow.waiting
            for model in stock.flows.values()
            for on, flow in model.items()
            if since < on <= last.on
        )
        earlier = [count for count in stock.counts if count.on <= since and count.boxed]
        recorded = any(on <= since for model in stock.flows.values() for on in model)
        if boxed <= fresh or not (earlier or recorded):
            return ()
        said = (
            f"{stock.party} has {boxed:,} chips in boxes on {last.on}, and {fresh:,} came in the"
            f" {days} days before: {boxed - fresh:,} have stood unused for longer"
        )
        cited = (*(count.entry for count in together), *(count.entry for count in earlier[-1:]))
        return (
            self._raise(
                states, f"{stock.party}/boxed/{last.on}", stock.party, "weak", said, last.on,
                cited, reference,
            ),
        )  # fmt: skip

    def _raise(
        self,
        states: States,
        key: str,
        party: str,
        severity: Severity,
        because: str,
        on: date,
        cited: tuple[int, ...],
        reference: Reference,
    ) -> RedFlag:
        return RedFlag(
            rule=self.name,
            severity=severity,
            subject=f"party:{party}",
            key=key,
            because=because,
            source=self.source,
            policy=reference.day(states, on).policy,
            on=on,
            evidence=entries(*cited),
            parties=(party,),
        )


def _suspect(closed: list[Period], significant: int) -> Iterator[tuple[Period, Severity]]:
    """The first closing that found something; else the last, if it cannot tell enough."""
    found = next((period for period in closed if period.found), None)
    if found is not None:
        yield found, "strong"
    elif closed and closed[-1].unaccounted >= significant:
        yield closed[-1], "weak"
