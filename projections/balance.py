"""The material balance of a party's stock, as nuclear accountancy does it.

Opening stock, plus what came, minus what went and what was lost, is what must be there; what was
counted is there. The difference is material unaccounted for (MUF). A count is only as good as its
evidence, so a difference has an interval, which widens as the evidence weakens.

    balance/flow/<party>/<model>/<month>  what came, went and was lost, by day
    balance/models/<party>                models that came, went, were lost or counted
    balance/counts/<party>                every count, at a site or of the party as a whole
    balance/stated/<party>                what the party says it received altogether
    balance/site/<site>                   whose it is
    balance/sites/<party>                 its sites, and from when to when
    balance/shipment/<shipment>           a receipt that waits for its delivery, or had it
    balance/partial/<check>               a check that is about one shipment or license only

The area of a balance is a party with all its sites together: receipts name the party and not the
site, and a second store is no loss. It is closed when every site it declared and did not close was
counted within a few days, or all its chips were counted together.

Differences of successive counts are not independent: the error of a count ends one period and
begins the next. So each count is compared with what all earlier ones together say, which leaves
independent residuals (SITMUF: Picard, Sequential analysis of material balances, 1987), and their
sum is tested one after the other (CUSUM: Page, Continuous inspection schemes, Biometrika 41, 1954).
Everything is in whole thousandths of a chip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isqrt
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    CheckPerformed,
    CheckRequested,
    Movement,
    PartyInventoryDeclared,
    PartyInventoryTaken,
    PartySiteDeclared,
    PartySoldDomestically,
    PartyUnitsLost,
    ShipmentDeclared,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentReexported,
    ShipmentReturned,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.goods import GoodsLine, StockLine
from ledger.events.shipments import CommodityLine
from ledger.fold import States, dated, taken_back
from ledger.terms import month_of

GRADES: Final = ("paper", "label_read", "photo", "powered_on", "attested")
"""How chips were counted, the weakest evidence first."""

MILLI: Final = 1_000
ROUNDING: Final = 500
"""No count is taken to be better than half a chip, in thousandths."""

ALL: Final = "all"
"""Stands for the models of a party together."""

READS: Final = frozenset(
    event.wire
    for event in (
        ShipmentExported, ShipmentReexported, ShipmentTransferred, ShipmentDeclared,
        ShipmentDelivered, ShipmentReturned, PartySoldDomestically, PartyUnitsLost,
        PartySiteDeclared, PartyInventoryTaken, PartyInventoryDeclared, CheckRequested,
        CheckPerformed,
    )
)  # fmt: skip

Units = dict[str, int]
"""Chips by model."""


class Flow(msgspec.Struct, array_like=True):
    """What one day did to a stock; `waiting` was sent to it and is not known to have come."""

    came: int = 0
    went: int = 0
    lost: int = 0
    waiting: int = 0
    entries: list[int] = []


class Count(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Chips counted by somebody; at no site where all of a party's were counted together.

    units   by model; under no name where several were counted together
    boxed   chips in boxes among them
    """

    on: date
    entry: int
    site: str
    units: tuple[tuple[str, int], ...]
    grade: str
    boxed: int = 0
    check: str = ""


class Receipt(msgspec.Struct):
    """A shipment that comes to a party: as sent, and as delivered."""

    entry: int = 0
    on: date | None = None
    party: str = ""
    units: Units = {}
    delivered_on: date | None = None


class Stated(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What a party says it received up to a day."""

    on: date
    entry: int
    model: str
    units: int


SiteDays = dict[str, tuple[date, date | None]]
"""From when a site is used, and until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a balance is tested, from the policy pack.

    error_bp         standard error of a count by its evidence, hundredths of a percent
    sigmas           standard errors to either side that make the interval
    slack, limit     of the sequential test, hundredths of a standard error
    closing_days     days within which every site is counted for one inventory
    transit_days     days a shipment may take that nobody says was delivered
    second_store_days  days within which more may be counted at another store
    """

    error_bp: dict[str, int]
    sigmas: int
    slack: int
    limit: int
    closing_days: int
    transit_days: int
    second_store_days: int

    @classmethod
    def of(cls, parameters: dict[str, int]) -> "Terms":
        """The terms a policy pack gives."""
        return cls(
            error_bp={grade: parameters[f"{grade}_error_bp"] for grade in GRADES},
            sigmas=parameters["sigmas"],
            slack=parameters["cusum_slack_hundredths"],
            limit=parameters["cusum_limit_hundredths"],
            closing_days=parameters["closing_days"],
            transit_days=parameters["transit_days"],
            second_store_days=parameters["second_store_days"],
        )

    def variance(self, units: int, grade: str) -> int:
        """Of a count, in squared thousandths.

        >>> bp = dict.fromkeys(GRADES, 10)
        >>> terms = Terms(error_bp=bp, sigmas=3, slack=50, limit=550, closing_days=7,
        ...               transit_days=30, second_store_days=180)
        >>> terms.variance(10_000, "powered_on") == (10 * MILLI) ** 2
        True
        """
        return max(units * self.error_bp[grade] // 10, ROUNDING) ** 2


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that was found of one model at one closing.

    whole     whether everything was counted together, at no site in particular
    variance  squared thousandths
    """

    on: date
    units: int
    variance: int
    grade: str
    whole: bool
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """What the papers say of one period: from one closing to the next."""

    came: int = 0
    went: int = 0
    lost: int = 0
    waiting: int = 0
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One material balance period of one model.

    opening           chips counted at the last closing; None before the first one
    expected          opening + came - went - lost
    unaccounted       expected - counted; below zero, more is there than was recorded
    low, high         its interval, chips rounded outward
    drift             the sequential test's sum, hundredths of a standard error
    found             what the tests say: a difference, a drift, or nothing
    missing           chips missing against all earlier counts together, where something was found
    """

    model: str
    opened_on: date | None
    closed_on: date
    opening: int | None
    came: int
    went: int
    lost: int
    expected: int
    counted: int
    evidence: str
    unaccounted: int
    low: int
    high: int
    drift: int
    found: str
    missing: int
    entries: tuple[int, ...]


def periods(
    model: str, inventories: Sequence[Inventory], books: Sequence[Book], terms: Terms
) -> list[Period]:
    """The balance of one model, closing by closing; `books` are the periods before each.

    Before the first closing only the papers say what must be there, and less than they say is
    missing; more is the stock from before the records. A difference that a later closing makes
    good is no longer found.
    """
    made: list[Period] = []
    mean = weight = total = drift = 0
    before: Inventory | None = None
    scale = 10**18
    baseline = 0
    for inventory, book in zip(inventories, books, strict=True):
        change = book.came - book.went - book.lost
        total += change
        gap = (total - inventory.units) * MILLI
        variance = inventory.variance + (book.waiting * MILLI) ** 2
        if before is None:
            # Papers are exact, or silent: on what was there before them, where clearly more is.
            silent = gap < 0 and gap**2 > terms.sigmas**2 * variance
            mean, weight = (gap, scale // variance) if silent else (0, scale // ROUNDING**2)
        spread = variance + scale // weight
        residual = gap - mean
        z = residual * 100 // isqrt(spread)
        if z > terms.sigmas * 100:
            # What goes at once is no drift, and must not look like one when it is there again.
            found = "difference"
        else:
            drift = max(0, drift + z - terms.slack)
            found = "drift" if drift > terms.limit else ""
        if not made or not any(each.found for each in made):
            baseline = mean
        opening = None if before is None else before.units
        expected = change + (opening or 0)
        unaccounted = expected - inventory.units
        if before is None and mean < 0:
            unaccounted = 0
        width = terms.sigmas * isqrt(variance + (before.variance if before else 0))
        made.append(
            Period(
                model=model,
                opened_on=before.on if before else None,
                closed_on=inventory.on,
                opening=opening,
                came=book.came,
                went=book.went,
                lost=book.lost,
                expected=expected,
                counted=inventory.units,
                evidence=inventory.grade,
                unaccounted=unaccounted,
                low=(unaccounted * MILLI - width) // MILLI,
                high=-((-unaccounted * MILLI - width) // MILLI),
                drift=drift,
                found=found,
                missing=(gap - baseline) // MILLI if found else 0,
                entries=tuple(
                    sorted({*inventory.entries, *book.entries, *(before.entries if before else ())})
                ),
            )
        )
        if not found:
            fresh = scale // variance
            mean = (mean * weight + gap * fresh) // (weight + fresh)
            weight += fresh
            if any(each.found for each in made) and abs(gap - baseline) ** 2 <= (
                terms.sigmas**2 * spread
            ):
                # What was missing is there again.
                made = [_cleared(each) for each in made]
                drift = 0
        before = inventory
    return made


def _cleared(period: Period) -> Period:
    return replace(period, found="", missing=0) if period.found else period


def inventories(
    counts: Iterable[Count], model: str, sites: SiteDays, terms: Terms
) -> Iterator[Inventory]:
    """The closings of one model: whole counts, and sites counted within a few days.

    What is counted at a site soon after a whole count, and was not part of it, is a second store:
    `merged` adds it where the papers leave room for it.
    """
    pending: dict[str, Count] = {}
    known: set[str] = set()
    whole: Inventory | None = None
    for count in sorted(counts):
        units = dict(count.units)
        if not count.site:
            if model in units or model == ALL:
                whole = _inventory([count], model, terms, whole=True)
                yield whole
            continue
        known.add(count.site)
        since = count.on - timedelta(days=terms.closing_days)
        pending = {site: each for site, each in pending.items() if each.on >= since}
        pending[count.site] = count
        open_ = {
            site
            for site, (opened, closed) in sites.items()
            if opened <= count.on and (closed is None or closed > count.on)
        }
        second = whole and (count.on - whole.on).days <= terms.second_store_days
        if (open_ or known) <= set(pending) or second:
            yield _inventory(list(pending.values()), model, terms, whole=False)
            pending = {}


def _inventory(counts: Sequence[Count], model: str, terms: Terms, *, whole: bool) -> Inventory:
    units = variance = 0
    for count in counts:
        found = dict(count.units)
        part = sum(found.values()) if model == ALL else found.get(model, 0)
        units += part
        variance += terms.variance(part, count.grade)
    worst = min((count.grade for count in counts), key=GRADES.index)
    return Inventory(
        max(count.on for count in counts), units, variance, worst, whole,
        tuple(sorted(count.entry for count in counts)),
    )  # fmt: skip


def merged(
    closings: Iterable[Inventory], booked: Callable[[date], int], terms: Terms
) -> list[Inventory]:
    """Closings, with a second store added to the whole count before it.

    Only as far as both together are no more than the papers say is there: a recount is not added.
    """
    made: list[Inventory] = []
    for each in closings:
        last = made[-1] if made else None
        if (
            last is not None
            and last.whole
            and (each.on - last.on).days <= terms.second_store_days
            and last.units + each.units <= booked(each.on)
        ):
            made[-1] = Inventory(
                each.on, last.units + each.units, last.variance + each.variance,
                min(last.grade, each.grade, key=GRADES.index), True,
                tuple(sorted({*last.entries, *each.entries})),
            )  # fmt: skip
        else:
            made.append(each)
    return made


@dataclass(frozen=True, slots=True)
class Stock:
    """All that is recorded of one party's stock, read once."""

    party: str
    counts: tuple[Count, ...]
    flows: dict[str, dict[date, Flow]]
    stated: tuple[Stated, ...]
    sites: SiteDays

    @property
    def models(self) -> list[str]:
        """Models with a balance: those counted; all together, where they were counted so."""
        counted = {model for count in self.counts for model, _ in count.units if model}
        together = any(not count.site or "" in dict(count.units) for count in self.counts)
        return [*sorted(counted), *([ALL] if together else [])]

    def balance(self, model: str, terms: Terms) -> list[Period]:
        """The balance of one model."""
        days = self._days(model)
        closings = list(inventories(self.counts, model, self.sites, terms))
        kept = merged(closings, lambda on: self._booked(days, model, on, terms), terms)
        books, since = [], date.min
        for closing in kept:
            books.append(self._book(days, model, since, closing.on, terms))
            since = closing.on
        return periods(model, kept, books, terms)

    def _days(self, model: str) -> dict[date, Flow]:
        if model != ALL:
            return self.flows.get(model, {})
        together: dict[date, Flow] = {}
        for days in self.flows.values():
            for on, flow in days.items():
                sum_ = together.setdefault(on, Flow())
                sum_.came += flow.came
                sum_.went += flow.went
                sum_.lost += flow.lost
                sum_.waiting += flow.waiting
                sum_.entries += flow.entries
        return together

    def _booked(self, days: dict[date, Flow], model: str, on: date, terms: Terms) -> int:
        book = self._book(days, model, date.min, on, terms)
        return book.came - book.went - book.lost

    def _book(
        self, days: dict[date, Flow], model: str, after: date, up_to: date, terms: Terms
    ) -> Book:
        """What the papers say came and went after one day and up to another."""
        since, until = (self._received(days, model, on, terms) for on in (after, up_to))
        went = lost = waiting = 0
        entries = {entry for on, entry in until[1] if after < on <= up_to}
        for on, flow in days.items():
            if after < on <= up_to:
                went += flow.went
                lost += flow.lost
                entries.update(flow.entries)
            if flow.waiting and on <= up_to < on + timedelta(days=terms.transit_days):
                waiting += flow.waiting
        return Book(until[0] - since[0], went, lost, waiting, tuple(sorted(entries)))

    def _received(
        self, days: dict[date, Flow], model: str, on: date, terms: Terms
    ) -> tuple[int, list[tuple[date, int]]]:
        """All that came up to a day: as recorded, or as the party says, whichever is more."""

        def recorded(day: date) -> int:
            transit = timedelta(days=terms.transit_days)
            return sum(
                (flow.came if at <= day else 0)
                + (flow.waiting if flow.waiting and at + transit <= day else 0)
                for at, flow in days.items()
            )

        most, cited = recorded(on), []
        for stated in self.stated:
            if stated.model == model and stated.on <= on:
                said = stated.units + recorded(on) - recorded(stated.on)
                if said > most:
                    most, cited = said, [(stated.on, stated.entry)]
        return most, cited


def stock(states: States, party: str) -> Stock:
    """What is recorded of a party's stock."""
    flows: dict[str, dict[date, Flow]] = {}
    for model in states.get(f"balance/models/{party}", list[str]) or []:
        days = flows.setdefault(model, {})
        for _, month in states.scan(f"balance/flow/{party}/{model}/", dict[str, Flow]):
            days.update({date.fromisoformat(on): flow for on, flow in month.items()})
    counts = states.get(f"balance/counts/{party}", list[Count]) or []
    whole = (
        count
        for count in counts
        if not count.check or not states.number(f"balance/partial/{count.check}")
    )
    return Stock(
        party,
        tuple(whole),
        flows,
        tuple(states.get(f"balance/stated/{party}", list[Stated]) or []),
        states.get(f"balance/sites/{party}", SiteDays) or {},
    )


def record(states: States, entry: Entry) -> list[str]:
    """Keep what an entry does to a stock; the parties whose closed balances it changes."""
    event, number = entry.event, entry.number
    match event:
        case Movement() | ShipmentDeclared() | PartySoldDomestically() | ShipmentReturned():
            return _trade(states, number, event, 1)
        case ShipmentDelivered():
            return _deliver(states, event)
        case PartyUnitsLost():
            for model, units in _units(event.lines).items():
                _flow(states, event.party, model, event.on, number, lost=units)
            return _counted_after(states, event.party, event.on)
        case PartySiteDeclared():
            return _declare(states, event)
        case PartyInventoryTaken(site=site, evidence=grade):
            check = event.check or ""
            return _count(states, event.party, _at(number, event, site, grade, check))
        case PartyInventoryDeclared(basis="on_hand"):
            return _count(states, event.party, _at(number, event, event.site or "", "paper", ""))
        case PartyInventoryDeclared():
            return _state(states, number, event)
        case CheckPerformed(units_counted=int(units), units_expected=None):
            count = Count(event.on, number, "", (("", units),), event.evidence, check=event.check)
            return _count(states, event.party, count)
        case CheckRequested() if event.shipment is not None or event.license is not None:
            states.put(f"balance/partial/{event.check}", 1)
            return _counted_after(states, event.party, date.min)
        case _:
            return []


def withdraw(states: States, number: int, movement: Movement) -> list[str]:
    """Take away a movement that has never been; the parties whose closed balances it changes."""
    return _trade(states, number, movement, -1)


def _at(
    number: int,
    event: PartyInventoryTaken | PartyInventoryDeclared,
    site: str,
    grade: str,
    check: str,
) -> Count:
    boxed = sum(line.boxed for line in event.lines)
    units = tuple(sorted(_units(event.lines).items()))
    return Count(event.on, number, site, units, grade, boxed, check)


Lines = Iterable[CommodityLine] | Iterable[GoodsLine] | Iterable[StockLine]


def _units(lines: Lines) -> Units:
    """Chips by model; goods in words count where they name a model and count chips."""
    found: Units = {}
    for line in lines:
        if isinstance(line, GoodsLine):
            if line.model is None or line.quantity is None or line.counted_in != "chips":
                continue
            units = line.quantity
        else:
            units = line.units
        model = line.model or ""
        found[model] = found.get(model, 0) + units
    return found


Trade = Movement | ShipmentDeclared | PartySoldDomestically | ShipmentReturned


def _ends(event: Trade) -> tuple[str | None, str | None]:
    """Who gave, and who got."""
    match event:
        case ShipmentExported():
            return event.exporter, event.ultimate_consignee
        case ShipmentReexported():
            return event.reexporter, event.ultimate_consignee
        case ShipmentTransferred():
            return event.transferor, event.ultimate_consignee
        case ShipmentDeclared(stopped=True):
            return None, None
        case ShipmentDeclared():
            return event.exporter or event.seller, event.ultimate_consignee
        case ShipmentReturned():
            return event.sender, event.receiver
        case PartySoldDomestically():
            # What its maker sells first was never received by it.
            return (None if event.first else event.party), event.purchaser
        case _:
            return None, None


def _trade(states: States, number: int, event: Trade, sign: int) -> list[str]:
    giver, getter = _ends(event)
    units = _units(event.lines)
    if giver == getter or not units:
        return []
    touched: list[str] = []
    if giver is not None:
        for model, count in units.items():
            _flow(states, giver, model, event.on, number, went=sign * count)
        touched += _counted_after(states, giver, event.on)
    if getter is None:
        return touched
    if isinstance(event, ShipmentReturned | PartySoldDomestically):
        for model, count in units.items():
            _flow(states, getter, model, event.on, number, came=sign * count)
        return touched + _counted_after(states, getter, event.on)
    key = f"balance/shipment/{event.shipment}"
    receipt = states.get(key, Receipt) or Receipt()
    if sign < 0:
        if receipt.entry != number:
            return touched
        touched += _book_receipt(states, receipt, -1)
        left = Receipt(delivered_on=receipt.delivered_on)
        states.put(key, left if left.delivered_on else None)
        return touched
    if receipt.entry:
        touched += _book_receipt(states, receipt, -1)
    receipt = Receipt(number, event.on, getter, units, receipt.delivered_on)
    states.put(key, receipt)
    return touched + _book_receipt(states, receipt, 1)


def _deliver(states: States, delivered: ShipmentDelivered) -> list[str]:
    key = f"balance/shipment/{delivered.shipment}"
    receipt = states.get(key, Receipt) or Receipt()
    touched = _book_receipt(states, receipt, -1) if receipt.entry else []
    receipt.delivered_on = delivered.delivered_on
    states.put(key, receipt)
    return touched + (_book_receipt(states, receipt, 1) if receipt.entry else [])


def _book_receipt(states: States, receipt: Receipt, sign: int) -> list[str]:
    """Book what a shipment brings: on the day it was delivered, else as sent and waited for."""
    on = receipt.delivered_on or receipt.on
    if on is None:
        return []
    for model, count in receipt.units.items():
        if receipt.delivered_on is not None:
            _flow(states, receipt.party, model, on, receipt.entry, came=sign * count)
        else:
            _flow(states, receipt.party, model, on, receipt.entry, waiting=sign * count)
    return _counted_after(states, receipt.party, on)


def _flow(
    states: States,
    party: str,
    model: str,
    on: date,
    number: int,
    *,
    came: int = 0,
    went: int = 0,
    lost: int = 0,
    waiting: int = 0,
) -> None:
    key = f"balance/flow/{party}/{model}/{month_of(on)}"
    days = states.get(key, dict[str, Flow])
    if days is None:
        days = {}
        known = states.get(f"balance/models/{party}", list[str]) or []
        if model not in known:
            states.put(f"balance/models/{party}", [*known, model])
    flow = days.setdefault(on.isoformat(), Flow(entries=[]))
    flow.came += came
    flow.went += went
    flow.lost += lost
    flow.waiting += waiting
    if came + went + lost + waiting > 0:
        flow.entries.append(number)
    elif number in flow.entries:
        flow.entries.remove(number)
    if not flow.entries:
        del days[on.isoformat()]
    states.put(key, days or None)


def _counted_after(states: States, party: str, on: date) -> list[str]:
    """The party, where a count closed its balance on that day or later."""
    counts = states.get(f"balance/counts/{party}", list[Count]) or []
    return [party] if counts and counts[-1].on >= on else []


def _count(states: States, party: str, count: Count) -> list[str]:
    key = f"balance/counts/{party}"
    states.put(key, sorted([*(states.get(key, list[Count]) or []), count]))
    if count.site:
        states.put(f"balance/site/{count.site}", party)
    return [party]


def _declare(states: States, declared: PartySiteDeclared) -> list[str]:
    states.put(f"balance/site/{declared.site}", declared.party)
    key = f"balance/sites/{declared.party}"
    sites = states.get(key, SiteDays) or {}
    opened, closed = sites.get(declared.site, (declared.on, None))
    days = (opened, declared.on) if declared.closed else (min(opened, declared.on), closed)
    states.put(key, {**sites, declared.site: days})
    return _counted_after(states, declared.party, declared.on)


def _state(states: States, number: int, declared: PartyInventoryDeclared) -> list[str]:
    key = f"balance/stated/{declared.party}"
    units = _units(declared.lines)
    made = [Stated(declared.on, number, model, count) for model, count in units.items() if model]
    made.append(Stated(declared.on, number, ALL, sum(units.values())))
    states.put(key, sorted([*(states.get(key, list[Stated]) or []), *made]))
    return _counted_after(states, declared.party, declared.on)


class BalanceFold:
    """The stock of every party, by the books and as counted."""

    name = "balance"
    version = 2
    reads = READS | {ShipmentVoided.wire}

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to somebody's stock."""
        event = entry.event
        dated(states, event)
        if not isinstance(event, ShipmentVoided):
            record(states, entry)
            return
        movement = taken_back(entry.number, event, states.recall)
        if movement is not None:
            withdraw(states, event.entry, movement)
