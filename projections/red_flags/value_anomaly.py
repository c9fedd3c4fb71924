"""Prices that are far from what others pay for the same chip."""

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median_low
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import Event, ShipmentInspected, ShipmentInvoiced, ShipmentReferenced
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags import _flows
from projections.red_flags._goods import MOVED, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Day, Reference

WEEK_MAX: Final = 16
"""Prices of one week that are kept: the first told. A median needs no more."""

KEPT_WEEKS: Final = 53
"""Weeks of prices that are kept, counted back from the newest."""


class Price(msgspec.Struct, frozen=True, array_like=True):
    """Value of one chip in US cents, and the entry that says so."""

    on: date
    entry: int
    cents: int


class ValueAnomaly(Rule):
    """A chip is declared or invoiced at less than half, or more than twice, what others pay.

    1. A price is held against the median of the same chip, under the same delivery term and in
       the same condition, over the days before it, where there are enough prices. No list price of
       any chip is in a source of the catalog, so none is used.
    2. A price stays judged by what was told before it: one price more never reopens others.
    3. Left out: what goes under a return, a lease or a test; replacement parts (License Exception
       RPL); and flows within one group, whose prices are its own. An invoice for goods that are
       not new takes the flag of the declared value away.
    4. Declared values are held against an officer's appraisal too, by the same bounds, and an
       officer who says that the value is not as declared is believed.

    Units: US cents for one chip. Source: FATF and Egmont Group, 2021, indicators of trade-based
    money laundering (over- and under-invoicing); FinCEN and BIS alert FIN-2023-Alert004.
    """

    name = "value-anomaly"
    source = "FATF and Egmont Group 2021: over- and under-invoicing; 15 CFR 30.6(a)(17) value"
    reads = MOVED | {ShipmentInvoiced.wire, ShipmentInspected.wire, ShipmentReferenced.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at a price, and keep it for those to come."""
        match entry.event:
            case ShipmentReferenced(shipment=shipment):
                states.put(f"{self.name}/R/{shipment}", entry.number)
                yield from self._excuse(states, shipment)
            case ShipmentInvoiced() as bill:
                yield from self._invoiced(states, entry.number, bill, reference)
            case ShipmentInspected() as found:
                key = f"{self.name}/I/{found.shipment}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                yield self._appraised(states, found.shipment, reference)
            case event:
                seen = dealing(entry.number, event)
                if seen is None or seen.shipment is None:
                    return
                if states.get(f"{self.name}/I/{seen.shipment}", list[int]):
                    yield self._appraised(states, seen.shipment, reference)
                used = states.number(f"{self.name}/X/{seen.shipment}")
                if not used and self._is_sold(states, seen, reference):
                    yield from self._declared(states, seen, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment had no price; what it was a measure for stays judged."""
        seen = dealing(number, event)
        if seen is None:
            return
        self._forget(states, seen)
        yield Finding(f"declared/{seen.shipment}")
        if states.get(f"{self.name}/I/{seen.shipment}", list[int]):
            yield self._appraised(states, seen.shipment or "", reference)

    def _is_sold(self, states: States, seen: Dealing, reference: Reference) -> bool:
        """Whether goods were sold, and to somebody of another group."""
        if seen.authority == "RPL" or states.number(f"{self.name}/R/{seen.shipment}"):
            return False
        groups = [
            {reference.seat(states, each, seen.on).parent for each in side}
            for side in (seen.senders, seen.receivers)
        ]
        return not groups[0] & groups[1]

    def _declared(self, states: States, seen: Dealing, reference: Reference) -> Iterator[Finding]:
        flags = [
            flag
            for model, price in _prices(seen)
            if (flag := self._held(states, f"{model}//new", price, seen, reference))
        ]
        yield Finding(f"declared/{seen.shipment}", tuple(flags[:1]))

    def _invoiced(
        self, states: States, number: int, bill: ShipmentInvoiced, reference: Reference
    ) -> Iterator[Finding]:
        if bill.condition != "new":
            states.put(f"{self.name}/X/{bill.shipment}", number)
            yield Finding(f"declared/{bill.shipment}")
        seen = _latest(states, bill.shipment)
        if seen is None or len(seen.lines) != 1 or not self._is_sold(states, seen, reference):
            return
        (line,) = seen.lines
        if not line.model or not line.units:
            return
        price = Price(bill.on, number, bill.amount_cents // line.units)
        group = f"{line.model}/{bill.incoterm or ''}/{bill.condition}/invoice"
        flag = self._held(states, group, price, seen, reference)
        yield Finding(f"invoice/{bill.invoice}", () if flag is None else (flag,))

    def _held(
        self, states: States, group: str, price: Price, seen: Dealing, reference: Reference
    ) -> RedFlag | None:
        """The flag of a price, by the prices before it; it is one of them from now on."""
        day = reference.day(states, price.on)
        limits = day.pattern(self.name).parameters
        since = price.on - timedelta(days=limits["median_days"])
        weeks = states.get(f"{self.name}/W/{group}", dict[str, list[Price]]) or {}
        before = [
            each
            for week, known in weeks.items()
            if week >= _week(since)
            for each in known
            if since <= each.on <= price.on
        ]
        self._remember(states, group, price, weeks)
        if len(before) < limits["count_min"]:
            return None
        usual = median_low([each.cents for each in before])
        if limits["low_bp"] * usual <= price.cents * WHOLE_BP <= limits["high_bp"] * usual:
            return None
        model = group.partition("/")[0]
        return self._flag(
            price.entry, seen.shipment or "", seen, day, price.on,
            f"shipment {seen.shipment} has {model} at {_dollars(price.cents)} a chip on {price.on},"
            f" and the median of {len(before):,} prices in the {limits['median_days']} days before"
            f" is {_dollars(usual)}: {_percent(price.cents, usual)}",
            *(each.entry for each in sorted(before, key=lambda each: (each.on, each.entry))[-5:]),
        )  # fmt: skip

    def _remember(
        self, states: States, group: str, price: Price, weeks: dict[str, list[Price]]
    ) -> None:
        week = _week(price.on)
        known = weeks.get(week, [])
        if len(known) < WEEK_MAX:
            weeks = {**weeks, week: [*known, price]}
            kept = sorted(weeks)[-KEPT_WEEKS:]
            states.put(f"{self.name}/W/{group}", {each: weeks[each] for each in kept})

    def _forget(self, states: States, seen: Dealing) -> None:
        """Prices of a shipment are no measure any more."""
        for model, _ in _prices(seen):
            key = f"{self.name}/W/{model}//new"
            weeks = states.get(key, dict[str, list[Price]]) or {}
            left = {
                week: prices
                for week, known in weeks.items()
                if (prices := [each for each in known if each.entry != seen.entry])
            }
            states.put(key, left or None)

    def _excuse(self, states: States, shipment: str) -> Iterator[Finding]:
        """What goes under a return, a lease or a test is not sold at that price."""
        yield Finding(f"declared/{shipment}")
        for number in _flows.telling(states, shipment):
            seen = dealing(number, states.recall(number).event)
            if seen is not None:
                self._forget(states, seen)

    def _appraised(self, states: States, shipment: str, reference: Reference) -> Finding:
        """Hold what was declared against what an officer found it to be worth."""
        seen = _latest(states, shipment)
        flags = []
        for number in states.get(f"{self.name}/I/{shipment}", list[int]) or []:
            found = states.recall(number).event
            if not isinstance(found, ShipmentInspected):
                continue
            day = reference.day(states, found.on)
            limits = day.pattern(self.name).parameters
            value = None if seen is None else seen.value_cents
            worth = found.appraised_cents
            far = (
                value is not None
                and worth is not None
                and not limits["low_bp"] * worth <= value * WHOLE_BP <= limits["high_bp"] * worth
            )
            if not far and "value" not in found.differences:
                continue
            said = "the value is not as declared"
            if far and value is not None and worth is not None:
                said = (
                    f"{_dollars(value)} declared and {_dollars(worth)} appraised:"
                    f" {_percent(value, worth)}"
                )
            flags.append(
                self._flag(
                    number, shipment, seen, day, found.on,
                    f"{found.inspected_by} inspected shipment {shipment} in {found.country} on"
                    f" {found.on}: {said}",
                    seen.entry if seen else 0,
                )
            )  # fmt: skip
        return Finding(f"appraised/{shipment}", tuple(flags))

    def _flag(
        self, number: int, shipment: str, seen: Dealing | None, day: Day, on: date, because: str,
        *cited: int,
    ) -> RedFlag:  # fmt: skip
        return RedFlag(
            rule=self.name,
            severity="weak",
            subject=f"shipment:{shipment}",
            key=shipment,
            because=because,
            source=self.source,
            policy=day.policy,
            on=on,
            evidence=entries(number, *cited),
            parties=() if seen is None else tuple(dict.fromkeys((*seen.senders, *seen.receivers))),
        )


def _latest(states: States, shipment: str) -> Dealing | None:
    """The latest declaration of a shipment."""
    for number in reversed(_flows.telling(states, shipment)):
        seen = dealing(number, states.recall(number).event)
        if seen is not None and seen.kind != "onward":
            return seen
    return None


def _prices(seen: Dealing) -> Iterator[tuple[str, Price]]:
    """What one chip of each line costs, where chips and value are told."""
    for line in seen.lines:
        cents = line.value_cents
        if cents is None and len(seen.lines) == 1:
            cents = seen.value_cents
        if line.model and line.units and cents is not None:
            yield line.model, Price(seen.on, seen.entry, cents // line.units)


def _week(on: date) -> str:
    year, week, _ = on.isocalendar()
    return f"{year:04}-W{week:02}"


def _dollars(cents: int) -> str:
    return f"US${cents // 100:,}"


def _percent(cents: int, usual: int) -> str:
    return f"{cents * 100 // usual:,} %" if usual else "usually nothing"
