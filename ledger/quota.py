"""The arithmetic of quotas: what licenses reserve, what shipments draw, what is left.

1. A license reserves its TPP for its destination from its decision to its expiry.
2. A shipment draws at the country it went to, lawful or not, and uses up what its license
   reserved for that chip; what it takes beyond the license draws all the same.
3. What a license did not ship is given back after its expiry.
4. A voided shipment is as if it had never been.
5. A transfer (in-country) moves no chip into a country: it draws only on a license it relies on.

What is kept knows no policy: amounts by country, classification, month and authority. Caps,
exempt flows, territories and periods are read from the rules when somebody asks, so one board
answers under any pack. What is kept is all that the entries hold, for a promise is guarded
against every other; what was so on an earlier day is folded up to that day. Units: TPP.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from typing import Final, TypeVar, cast

import msgspec

from ledger.entry import Entry
from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    LicenseApproved,
    Movement,
    ShipmentExported,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.agreements import AboutAgreement
from ledger.fold import States, reached, taken_back
from ledger.policy import Rules
from ledger.terms import Country, month_of

T = TypeVar("T")

Amounts = dict[str, list[int]]
"""TPP by name: one number for each month of a year, or for each day of a month. A name of which
nothing is left is not kept."""

Totals = dict[str, dict[str, dict[str, int]]]
"""TPP of whole years: by classification, by what it is, and by year. Nothing is not kept."""

MONTHS: Final = 12
DAYS: Final = 31

UNCLASSIFIED: Final = "-"
"""Stands for the classification of a line that declares none."""


@dataclass(frozen=True, slots=True)
class QuotaAccount:
    """What one country may still receive in one quota period, in TPP.

    A license reserves. A shipment draws, and uses up what its license reserved.

    cap       the most it may receive; None where the rules set no cap
    reserved  promised by licenses and not shipped
    drawn     shipped, and counted
    exempt    shipped under an exception that the rules do not count
    licensed  promised by every license ever decided in the period, shipped or lapsed

    >>> account = QuotaAccount(cap=100, reserved=40, drawn=20)
    >>> account.headroom, account.overdrawn
    (40, 0)
    """

    cap: int | None = None
    reserved: int = 0
    drawn: int = 0
    exempt: int = 0
    licensed: int = 0

    @property
    def used(self) -> int:
        """What counts against the cap."""
        return self.reserved + self.drawn

    @property
    def headroom(self) -> int | None:
        """What may still be promised; below zero, too much was. None where there is no cap."""
        return None if self.cap is None else self.cap - self.used

    @property
    def overdrawn(self) -> int:
        """What was received beyond the cap; 0 when within it, or without one."""
        return 0 if self.cap is None else max(0, self.drawn - self.cap)

    def post(self, *, reserved: int = 0, drawn: int = 0) -> "QuotaAccount":
        """Add to what is reserved and drawn; a negative amount gives back.

        >>> QuotaAccount(cap=100, reserved=60).post(reserved=-20, drawn=20).headroom
        40
        """
        return replace(self, reserved=self.reserved + reserved, drawn=self.drawn + drawn)


class HeldLine(msgspec.Struct, array_like=True, gc=False):
    """One chip on a license: how many are licensed and how many were shipped.

    eccn, units and tpp_per_unit are empty until the license is approved.
    """

    eccn: str = ""
    units: int = 0
    tpp_per_unit: int = 0
    shipped: int = 0

    @property
    def reserves(self) -> int:
        """TPP still promised."""
        left = self.units - self.shipped
        return left * self.tpp_per_unit if left > 0 else 0


class Holding(msgspec.Struct, array_like=True, gc=False):
    """A license as the quota sees it; shipments may be reported before its approval is.

    month  in which it was decided
    """

    lines: dict[str, HeldLine]
    country: str = ""
    month: str = ""
    expires: date = date.max


class Raised(msgspec.Struct):
    """What a G2G agreement adds to a country's cap over time, each change under its date (ISO).

    concluded   TPP it adds once in force
    amended     TPP it adds from then on
    standing    true from the date it is in force, false from the date it is suspended
    terminated  dates on which it ended for good
    """

    country: str
    concluded: dict[str, int] = {}
    amended: dict[str, int] = {}
    standing: dict[str, bool] = {}
    terminated: list[str] = []

    def uplift(self, on: date) -> int:
        """TPP it adds on a date.

        Only what followed its newest conclusion counts: one that was terminated stays so, whatever
        is said to be in force later, until it is concluded anew.

        >>> ended = Raised("AE", {"2025-01-01": 7}, standing={"2025-02-01": True})
        >>> ended.terminated.append("2025-03-01")
        >>> ended.standing["2025-04-01"] = True
        >>> [ended.uplift(date(2025, month, 15)) for month in (1, 2, 3, 4)]
        [0, 7, 0, 0]
        """
        today = on.isoformat()
        begun = max((day for day in self.concluded if day <= today), default=None)
        if begun is None or any(begun <= day <= today for day in self.terminated):
            return 0
        if not _latest(self.standing, begun, today):
            return 0
        amended = _latest(self.amended, begun, today)
        return self.concluded[begun] if amended is None else amended


class QuotaFold:
    """Holdings by license, cells by country, agreements; kept under short keys.

    H/<license>                     holding
    T/<country>                     totals by eccn
        R/<year decided>                reserved, by year of expiry
        P                               licensed, ever, by year decided
        D/<authority>                   drawn, by year shipped
    R/<country>/<year>              reserved, by year decided and eccn: for each month of expiry
    E/<country>/<year>/<month>      the same for each day of expiry
    P/<country>/<year decided>      licensed, ever, by eccn: for each month
    D/<country>/<year>/<authority>  drawn, by eccn: for each month of the year shipped
    A/<agreement>/<country>         uplift
    V/<entry>                       a voided shipment's entry
    latest                          newest date of a license decided or a shipment (`ledger.fold`)

    Names and years are few however many licenses and shipments there are, so questions and new
    entries cost the same in a large ledger. A question reads the totals, and months and days only
    of a year that its date or the period of the rules divides; in which month of such a year what
    is reserved was decided, the holdings say, one by one.
    """

    name = "quotas"
    version = 6
    reads = frozenset(
        event.wire
        for event in (
            LicenseApproved, ShipmentExported, ShipmentReexported, ShipmentTransferred,
            ShipmentVoided, AgreementConcluded, AgreementInForce, AgreementAmended,
            AgreementSuspended, AgreementTerminated,
        )
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the quotas."""
        event = entry.event
        # By exact types: `match` on the class of a struct takes several times as long.
        if type(event) in _MOVING:
            movement = cast("Movement", event)
            _ship(states, movement, movement.on, 1)
        elif type(event) is LicenseApproved:
            _approve(states, event)
        elif type(event) is ShipmentVoided:
            self._void(states, entry.number, event)
        else:
            _agree(states, event)

    def _void(self, states: States, at: int, void: ShipmentVoided) -> None:
        if states.number(f"V/{void.entry}"):
            return
        voided = taken_back(at, void, states.recall)
        if voided is not None:
            states.put(f"V/{void.entry}", 1)
            _ship(states, voided, voided.on, -1)


_MOVING: Final = frozenset((ShipmentExported, ShipmentReexported, ShipmentTransferred))


def _approve(states: States, approved: LicenseApproved) -> None:
    key, on = f"H/{approved.license}", approved.decided_on
    holding = states.get(key, Holding) or Holding({})
    _reserve(states, holding, -1)
    reached(states, on)
    holding.month = month_of(on)
    holding.country, holding.expires = approved.destination, approved.expires_on
    country, year = approved.destination, holding.month[:4]
    for line in approved.lines:
        held = holding.lines.get(line.model)
        if held is None:
            held = holding.lines[line.model] = HeldLine()
        held.eccn, held.units, held.tpp_per_unit = line.eccn, line.units, line.tpp_per_unit
        _total(states, country, line.eccn, "P", year, line.tpp)
        _add(states, f"P/{country}/{year}", line.eccn, on.month, line.tpp)
    _reserve(states, holding, 1)
    states.put(key, holding)


def _reserve(states: States, holding: Holding, sign: int) -> None:
    for line in holding.lines.values():
        if line.reserves:
            _promise(states, holding, line.eccn, sign * line.reserves)


def _promise(states: States, holding: Holding, eccn: str, tpp: int) -> None:
    country, decided, expires = holding.country, holding.month[:4], holding.expires
    name, year = f"{decided}/{eccn}", expires.isoformat()[:4]
    _total(states, country, eccn, f"R/{decided}", year, tpp)
    _add(states, f"R/{country}/{year}", name, expires.month, tpp)
    _add(states, f"E/{country}/{year}/{expires.month}", name, expires.day, tpp, DAYS)


def _total(states: States, country: str, eccn: str, what: str, year: str, tpp: int) -> None:
    """Add to the total of a year."""
    key = f"T/{country}"
    totals = states.get(key, Totals) or {}
    kinds = totals.get(eccn)
    if kinds is None:
        kinds = totals[eccn] = {}
    years = kinds.get(what)
    if years is None:
        years = kinds[what] = {}
    years[year] = total = years.get(year, 0) + tpp
    if not total:
        del years[year]
        if not years:
            del kinds[what]
        if not kinds:
            del totals[eccn]
    states.put(key, totals or None)


def _add(states: States, key: str, name: str, number: int, tpp: int, numbers: int = MONTHS) -> None:
    """Add to the amount of one month or day, which are numbered from 1."""
    amounts = states.get(key, Amounts)
    if amounts is None:
        amounts = {}
    row = amounts.get(name)
    if row is None:
        row = amounts[name] = [0] * numbers
    row[number - 1] = total = row[number - 1] + tpp
    if not total and not any(row):
        del amounts[name]
    states.put(key, amounts or None)


def _ship(states: States, movement: Movement, on: date, sign: int) -> None:
    license_, authority = movement.license, movement.authority
    if license_ is None and type(movement) is ShipmentTransferred:
        return
    reached(states, on)
    country, year = movement.destination, on.isoformat()[:4]
    for line in movement.lines:
        eccn, tpp = line.eccn or UNCLASSIFIED, sign * line.tpp
        _total(states, country, eccn, f"D/{authority}", year, tpp)
        _add(states, f"D/{country}/{year}/{authority}", eccn, on.month, tpp)
    if license_ is None:
        return
    # Promised to one country and shipped to another, the promise is used up where it was made
    # and the chips count where they went.
    holding = states.get(f"H/{license_}", Holding) or Holding({})
    for line in movement.lines:
        held = holding.lines.get(line.model)
        if held is None:
            held = holding.lines[line.model] = HeldLine()
        before = held.reserves
        held.shipped += sign * line.units
        change = held.reserves - before
        if change:
            _promise(states, holding, held.eccn, change)
    states.put(f"H/{license_}", holding)


def _agree(states: States, event: object) -> None:
    if not isinstance(event, AboutAgreement):
        return
    # An id stands for one agreement with one country: what names another raises nothing there.
    key, day = f"A/{event.agreement}/{event.country}", event.on.isoformat()
    raised = states.get(key, Raised) or Raised(event.country)
    match event:
        case AgreementConcluded(uplift_tpp=uplift):
            raised.concluded[day] = uplift
        case AgreementAmended(uplift_tpp=uplift):
            raised.amended[day] = uplift
        case AgreementInForce():
            raised.standing[day] = True
        case AgreementSuspended():
            raised.standing[day] = False
        case _:
            raised.terminated.append(day)
    states.put(key, raised)


def uplift(states: States, rules: Rules, country: Country, on: date) -> int:
    """TPP that agreements in force on a date add to a country's allocation, before any limit."""
    return sum(
        raised.uplift(on)
        for _, raised in states.scan("A/", Raised)
        if rules.sovereign(raised.country) == country
    )


def _latest(dated: dict[str, T], since: str, until: str) -> T | None:
    days = [day for day in dated if since <= day <= until]
    return dated[max(days)] if days else None


def account(states: States, rules: Rules, country: Country, on: date) -> QuotaAccount:
    """A country's account under some rules on a date; territories count with their sovereign."""
    sovereign = rules.sovereign(country)
    sums = _Sums(states, rules, on)
    for member in rules.members(sovereign):
        sums.add(member, states.get(f"T/{member}", Totals) or {})
    return sums.accounts().get(sovereign) or _empty(states, rules, sovereign, on)


def accounts(states: States, rules: Rules, on: date) -> dict[Country, QuotaAccount]:
    """Every country's account that has one, by sovereign."""
    sums = _Sums(states, rules, on)
    for key, totals in states.scan("T/", Totals):
        sums.add(key[2:], totals)
    return sums.accounts()


def _empty(states: States, rules: Rules, country: Country, on: date) -> QuotaAccount:
    return QuotaAccount(rules.cap(country, on, uplift(states, rules, country, on)))


class _Sums:
    """What the rules count on a date, added up by sovereign."""

    def __init__(self, states: States, rules: Rules, on: date) -> None:
        self._states, self._rules, self._on = states, rules, on
        self._counted = cache(partial(counts, rules))
        self._exempt = cache(rules.exempt)
        self._first, self._last = first, last = period(rules)
        # Years of which the period has some months, and which.
        self._divided = {
            year: slice(*some)
            for year in (first[:4], last[:4])
            if (some := _months_within(first, last, int(year))) != (0, MONTHS)
        }
        self._sums: dict[Country, dict[str, int]] = {}

    def accounts(self) -> dict[Country, QuotaAccount]:
        """The accounts of those that have one, in order."""
        if self._divided:
            self._add_held()
        return {
            country: replace(_empty(self._states, self._rules, country, self._on), **amounts)
            for country, amounts in sorted(self._sums.items())
            if any(amounts.values())
        }

    def add(self, country: str, totals: Totals) -> None:
        """Add what is kept of a country."""
        sums = self._of(country)
        for eccn, kinds in totals.items():
            if self._counted(eccn):
                for what, years in kinds.items():
                    self._add_years(sums, what, years)
        for year, some in self._divided.items():
            self._add_months(sums, f"{country}/{year}", some)
        if not self._divided:
            year, month = f"{self._on.year:04}", self._on.month
            self._add_expiring(sums, f"R/{country}/{year}", slice(month, MONTHS))
            self._add_expiring(sums, f"E/{country}/{year}/{month}", slice(self._on.day - 1, DAYS))

    def _of(self, country: str) -> dict[str, int]:
        return self._sums.setdefault(
            self._rules.sovereign(country), {"reserved": 0, "drawn": 0, "exempt": 0, "licensed": 0}
        )

    def _add_years(self, sums: dict[str, int], what: str, years: dict[str, int]) -> None:
        kind, _, detail = what.partition("/")
        first, last, divided = self._first[:4], self._last[:4], self._divided
        if kind == "R":
            if not divided and first <= detail <= last:
                this = f"{self._on.year:04}"
                sums["reserved"] += sum([tpp for year, tpp in years.items() if year > this])
            return
        some = [tpp for year, tpp in years.items() if first <= year <= last and year not in divided]
        sums[self._column(kind, detail)] += sum(some)

    def _add_months(self, sums: dict[str, int], place: str, some: slice) -> None:
        """Add what was licensed and drawn in months of a divided year."""
        licensed = self._states.get(f"P/{place}", Amounts) or {}
        sums["licensed"] += self._counted_of(licensed, some)
        for key, drawn in self._states.scan(f"D/{place}/", Amounts):
            authority = key.rpartition("/")[2]
            sums[self._column("D", authority)] += self._counted_of(drawn, some)

    def _counted_of(self, amounts: Amounts, some: slice) -> int:
        return sum([sum(row[some]) for eccn, row in amounts.items() if self._counted(eccn)])

    def _add_expiring(self, sums: dict[str, int], key: str, some: slice) -> None:
        """Add what is reserved and expires in some months of this year, or days of this month."""
        for name, row in (self._states.get(key, Amounts) or {}).items():
            decided, _, eccn = name.partition("/")
            if self._first[:4] <= decided <= self._last[:4] and self._counted(eccn):
                sums["reserved"] += sum(row[some])

    def _add_held(self) -> None:
        """Add what each license reserves, where the period tells months of a year apart."""
        for _, holding in self._states.scan("H/", Holding):
            if self._first <= holding.month <= self._last and holding.expires >= self._on:
                self._of(holding.country)["reserved"] += sum([
                    line.reserves for line in holding.lines.values() if self._counted(line.eccn)
                ])  # fmt: skip

    def _column(self, kind: str, authority: str) -> str:
        if kind == "P":
            return "licensed"
        return "exempt" if self._exempt(authority) else "drawn"


def counts(rules: Rules, eccn: str) -> bool:
    """Whether a classification counts toward an account; without an allocation, whether it is
    controlled at all.
    """
    if rules.country_allocation is not None:
        return rules.counts(eccn)
    return rules.item_group(eccn) is not None if rules.items else eccn != UNCLASSIFIED


def period(rules: Rules) -> tuple[str, str]:
    """First and last month the allocation counts; all of time where there is none."""
    allocation = rules.country_allocation
    if allocation is None:
        return "0001-01", "9999-12"
    return month_of(allocation.period_from), month_of(allocation.period_to)


def _months_within(first: str, last: str, year: int) -> tuple[int, int]:
    """Where in a year's months those of a period start and stop.

    >>> [_months_within("2025-03", "2026-06", year) for year in (2024, 2025, 2026)]
    [(12, 12), (2, 12), (0, 6)]
    """
    start = MONTHS * (int(first[:4]) - year) + int(first[5:]) - 1
    stop = MONTHS * (int(last[:4]) - year) + int(last[5:])
    return min(max(0, start), MONTHS), min(max(0, stop), MONTHS)
