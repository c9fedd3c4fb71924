"""Prices that are far from what others pay for the same chip."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import median_low
from typing import Final
from zlib import crc32

import msgspec

from ledger.entry import Entry
from ledger.events import (
    Event,
    PartySoldDomestically,
    ShipmentInspected,
    ShipmentInvoiced,
    ShipmentReferenced,
)
from ledger.fold import States
from ledger.terms import WHOLE_BP, month_of
from projections.red_flags import _flows
from projections.red_flags._goods import MOVED, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Day, Reference

SHOWN_MAX: Final = 5
"""Prices before it that a flag cites: the latest."""

DAY_MAX: Final = 4
"""Prices of one day that a median is of: drawn by lot, which no order of telling changes."""


class Price(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Value of one chip in US cents, and the entry that says so."""

    on: date
    entry: int
    cents: int


class ValueAnomaly(Rule):
    """A chip is declared or invoiced at less than half, or more than twice, what others pay.

    1. A price is held against the median of the same chip, under the same delivery term and in
       the same condition, over the days before its own, where there are enough prices. Where there
       are not, a declared value is held against the median of those at which the sender got the
       same chip in those days; not a manufacturer, who adds value. No list price of any chip is in
       a source of the catalog, so none is used.
    2. A price told late is one of those before, and those of later days are judged again; so they
       are when it was voided.
    3. Left out: what goes under a return, a lease or a test; replacement parts (License Exception
       RPL); and flows within one group, whose prices are its own. An invoice for goods that are
       not new takes the flag of the declared value away.
    4. Declared values are held against an officer's appraisal too, by the same bounds, and an
       officer who says that the value is not as declared is believed.

    Units: US cents for one chip. Source: FATF and Egmont Group, 2021, indicators of trade-based
    money laundering (over- and under-invoicing); FinCEN and BIS alert FIN-2023-Alert004.

        value-anomaly/J/<goods>/<day>    every price of a day, by what it may be compared with
        value-anomaly/W/<goods>/<month>  those a median is of; /L/<goods> the latest day of all
        value-anomaly/G/<entry>          under what the prices of an entry are kept
        value-anomaly/B/<shipment>       its invoices; /R a reference, /X not new, /I inspections
    """

    name = "value-anomaly"
    source = "FATF and Egmont Group 2021: over- and under-invoicing; 15 CFR 30.6(a)(17) value"
    reads = MOVED | {
        PartySoldDomestically.wire, ShipmentInvoiced.wire, ShipmentInspected.wire,
        ShipmentReferenced.wire,
    }  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at a price, and keep it for those to come."""
        match entry.event:
            case ShipmentReferenced(shipment=shipment):
                states.put(f"{self.name}/R/{shipment}", entry.number)
                yield from self._excuse(states, shipment, reference)
                for number, bill in self._bills(states, shipment):
                    yield from self._billed(states, number, bill, reference)
            case ShipmentInvoiced() as bill:
                yield from self._invoiced(states, entry.number, bill, reference)
            case ShipmentInspected() as found:
                key = f"{self.name}/I/{found.shipment}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                yield self._appraised(states, found.shipment, reference)
            case event:
                seen = dealing(entry.number, event)
                if seen is None:
                    return
                yield from self._sent_on(states, seen, reference)
                if seen.shipment is None:
                    return
                if states.get(f"{self.name}/I/{seen.shipment}", list[int]):
                    yield self._appraised(states, seen.shipment, reference)
                if self._is_priced(states, seen, reference):
                    yield from self._note(states, _prices(seen), reference)
                    yield self._declared(states, seen, reference)
                for number, bill in self._bills(states, seen.shipment):
                    yield from self._billed(states, number, bill, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment had no price, and was no measure for others."""
        seen = dealing(number, event)
        if seen is None:
            return
        yield Finding(f"declared/{seen.shipment}")
        yield from self._drop(states, number, seen.on, reference)
        yield from self._sent_on(states, seen, reference)
        if states.get(f"{self.name}/I/{seen.shipment}", list[int]):
            yield self._appraised(states, seen.shipment or "", reference)
        for at, bill in self._bills(states, seen.shipment or ""):
            yield from self._billed(states, at, bill, reference)

    def _sent_on(self, states: States, came: Dealing, reference: Reference) -> Iterator[Finding]:
        """Judge again what went on of goods that had a price when they came."""
        if next(_prices(came), None) is None:
            return
        days = reference.day(states, came.on).pattern(self.name).parameters["median_days"]
        for leg in _flows.went_on(states, came, days):
            if leg.shipment is not None and self._is_priced(states, leg, reference):
                yield self._declared(states, leg, reference)

    def _is_priced(self, states: States, seen: Dealing, reference: Reference) -> bool:
        """Whether goods were sold new."""
        used = states.number(f"{self.name}/X/{seen.shipment}")
        return not used and self._is_sold(states, seen, reference)

    def _is_sold(self, states: States, seen: Dealing, reference: Reference) -> bool:
        """Whether goods were sold, and to somebody of another group."""
        if seen.authority == "RPL" or states.number(f"{self.name}/R/{seen.shipment}"):
            return False
        groups = [
            {reference.seat(states, each, seen.on).parent for each in side}
            for side in (seen.senders, seen.receivers)
        ]
        return not groups[0] & groups[1]

    def _declared(self, states: States, seen: Dealing, reference: Reference) -> Finding:
        """Hold the declared values of a shipment against those before."""
        flags = [
            flag
            for goods, price in _prices(seen)
            if (flag := self._held(states, goods, price, seen, reference))
        ]
        return Finding(f"declared/{seen.shipment}", tuple(flags[:1]))

    def _bills(self, states: States, shipment: str) -> Iterator[tuple[int, ShipmentInvoiced]]:
        """The invoices of a shipment so far."""
        for number in states.get(f"{self.name}/B/{shipment}", list[int]) or []:
            event = states.recall(number).event
            if isinstance(event, ShipmentInvoiced):
                yield number, event

    def _invoiced(
        self, states: States, number: int, bill: ShipmentInvoiced, reference: Reference
    ) -> Iterator[Finding]:
        key = f"{self.name}/B/{bill.shipment}"
        states.put(key, [*(states.get(key, list[int]) or []), number])
        if bill.condition != "new":
            states.put(f"{self.name}/X/{bill.shipment}", number)
            yield from self._excuse(states, bill.shipment, reference)
        yield from self._billed(states, number, bill, reference)

    def _billed(
        self, states: States, number: int, bill: ShipmentInvoiced, reference: Reference
    ) -> Iterator[Finding]:
        """Hold an invoice against those before, once what it is for is known."""
        yield from self._drop(states, number, bill.on, reference)
        priced = self._price(states, number, bill, reference)
        if priced is not None:
            yield from self._note(states, [priced], reference)
        yield self._bill(states, number, bill, reference)

    def _bill(
        self, states: States, number: int, bill: ShipmentInvoiced, reference: Reference
    ) -> Finding:
        priced = self._price(states, number, bill, reference)
        seen = _latest(states, bill.shipment)
        flag = None
        if priced is not None and seen is not None:
            flag = self._held(states, *priced, seen, reference)
        return Finding(f"invoice/{bill.invoice}", () if flag is None else (flag,))

    def _price(
        self, states: States, number: int, bill: ShipmentInvoiced, reference: Reference
    ) -> tuple[str, Price] | None:
        """What one chip costs by an invoice, where it is for one kind and that was sold."""
        seen = _latest(states, bill.shipment)
        if seen is None or len(seen.lines) != 1 or not self._is_sold(states, seen, reference):
            return None
        (line,) = seen.lines
        if not line.model or not line.units:
            return None
        return line.model + _terms(bill), Price(bill.on, number, bill.amount_cents // line.units)

    def _held(
        self, states: States, goods: str, price: Price, seen: Dealing, reference: Reference
    ) -> RedFlag | None:
        """The flag of a price, by the prices of the days before it."""
        day = reference.day(states, price.on)
        limits = day.pattern(self.name).parameters
        since = price.on - timedelta(days=limits["median_days"])
        before = [
            each
            for month in _flows.months(since, price.on)
            for each in states.get(f"{self.name}/W/{goods}/{month}", list[Price]) or []
            if since <= each.on < price.on
        ]
        measure = f"the median of {len(before):,} prices in the {limits['median_days']} days before"
        if len(before) < limits["count_min"]:
            before = self._paid(states, goods, seen, limits["median_days"], reference)
            if not before:
                return None
            measure = f"the median of what {seen.exporter} got such chips at ({len(before):,})"
        usual = median_low([each.cents for each in before])
        if limits["low_bp"] * usual <= price.cents * WHOLE_BP <= limits["high_bp"] * usual:
            return None
        model = goods.partition("/")[0]
        return self._flag(
            price.entry, seen.shipment or "", seen, day, price.on,
            f"shipment {seen.shipment} has {model} at {_dollars(price.cents)} a chip on {price.on},"
            f" and {measure} is {_dollars(usual)}: {_percent(price.cents, usual)}",
            *(each.entry for each in sorted(before)[-SHOWN_MAX:]),
        )  # fmt: skip

    def _paid(
        self, states: States, goods: str, seen: Dealing, days: int, reference: Reference
    ) -> list[Price]:
        """The prices at which whoever sends goods on got the same; none where it makes them."""
        if goods != _new(goods.partition("/")[0]) or "manufacturer" in reference.roles(
            states, seen.exporter or ""
        ):
            return []
        return [
            price
            for came in _flows.came_in(states, seen, days)
            if self._is_priced(states, came, reference)
            for same, price in _prices(came)
            if same == goods
        ]

    def _note(
        self, states: States, prices: Iterable[tuple[str, Price]], reference: Reference
    ) -> Iterator[Finding]:
        """Keep prices, and judge again those of later days that they are a measure for."""
        for goods, price in prices:
            key = f"{self.name}/J/{goods}/{price.on}"
            states.put(key, [*(states.get(key, list[Price]) or []), price])
            key = f"{self.name}/G/{price.entry}"
            states.put(key, [*(states.get(key, list[str]) or []), goods])
            yield from self._drawn(states, goods, price.on, reference)

    def _drop(
        self, states: States, number: int, on: date, reference: Reference
    ) -> Iterator[Finding]:
        """Take back the prices an entry was kept with, and judge again in the same way."""
        kept = states.get(f"{self.name}/G/{number}", list[str]) or []
        states.put(f"{self.name}/G/{number}", None)
        for goods in dict.fromkeys(kept):
            key = f"{self.name}/J/{goods}/{on}"
            left = [each for each in states.get(key, list[Price]) or [] if each.entry != number]
            states.put(key, left or None)
            yield from self._drawn(states, goods, on, reference)

    def _drawn(
        self, states: States, goods: str, on: date, reference: Reference
    ) -> Iterator[Finding]:
        """Draw the prices of a day anew; judge later ones again where that changes any."""
        key = f"{self.name}/W/{goods}/{month_of(on)}"
        known = states.get(key, list[Price]) or []
        of_day = states.get(f"{self.name}/J/{goods}/{on}", list[Price]) or []
        drawn = sorted(of_day, key=_lot)[:DAY_MAX]
        now = sorted([*(each for each in known if each.on != on), *drawn])
        if now == known:
            return
        states.put(key, now or None)
        latest = states.get(f"{self.name}/L/{goods}", date)
        if latest is None or latest < on:
            states.put(f"{self.name}/L/{goods}", on)
            return
        days = reference.day(states, on).pattern(self.name).parameters["median_days"]
        for after in range(1, min(days, (latest - on).days) + 1):
            key = f"{self.name}/J/{goods}/{on + timedelta(days=after)}"
            for price in states.get(key, list[Price]) or []:
                event = states.recall(price.entry).event
                if isinstance(event, ShipmentInvoiced):
                    yield self._bill(states, price.entry, event, reference)
                else:
                    seen = _flows.recalled(states, price.entry)
                    yield self._declared(states, seen, reference)

    def _excuse(self, states: States, shipment: str, reference: Reference) -> Iterator[Finding]:
        """What is not sold new at that price is no price, and no measure for others."""
        yield Finding(f"declared/{shipment}")
        for number in _flows.telling(states, shipment):
            yield from self._sent_on(states, _flows.recalled(states, number), reference)
            yield from self._drop(states, number, states.recall(number).event.on, reference)

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
            yield _new(line.model), Price(seen.on, seen.entry, cents // line.units)


def _new(model: str) -> str:
    """What a declared value is compared as."""
    return f"{model}//new"


def _terms(bill: ShipmentInvoiced) -> str:
    """What an invoice says that sets its price apart from others."""
    return f"/{bill.incoterm or ''}/{bill.condition}/invoice"


def _lot(price: Price) -> tuple[int, int]:
    """A place in the draw that has nothing to do with when a price was told, or how high it is."""
    return crc32(f"{price.on} {price.cents}".encode()), price.entry


def _dollars(cents: int) -> str:
    return f"US${cents // 100:,}"


def _percent(cents: int, usual: int) -> str:
    return f"{cents * 100 // usual:,} %" if usual else "usually nothing"
