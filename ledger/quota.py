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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from itertools import chain
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
from ledger.terms import Country

T = TypeVar("T")

Amounts = dict[str, list[int]]
"""TPP by name: one number for each month of a year, or for each day of a month. A name of which
nothing is left is not kept."""

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
    R/<country>/<year of expiry>    reserved, by month decided and eccn: for each month of expiry
    E/<country>/<month of expiry>   the same for each day, for the month that is not over
    P/<country>/<year decided>      licensed, ever, by eccn: for each month
    D/<country>/<year shipped>      drawn, by eccn and authority: for each month
    A/<agreement>/<country>         uplift
    V/<entry>                       a voided shipment's entry
    latest                          newest date of a license decided or a shipment (`ledger.fold`)

    Names and years are few however many licenses and shipments there are, and the months of a
    year are twelve: questions and new entries cost the same in a large ledger.
    """

    name = "quotas"
    version = 4
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
    holding.month = f"{on.year}-{on.month:02}"
    holding.country, holding.expires = approved.destination, approved.expires_on
    licensed = f"P/{approved.destination}/{on.year}"
    for line in approved.lines:
        held = holding.lines.get(line.model)
        if held is None:
            held = holding.lines[line.model] = HeldLine()
        held.eccn, held.units, held.tpp_per_unit = line.eccn, line.units, line.tpp_per_unit
        _add(states, licensed, line.eccn, on.month, line.tpp)
    _reserve(states, holding, 1)
    states.put(key, holding)


def _reserve(states: States, holding: Holding, sign: int) -> None:
    for line in holding.lines.values():
        if line.reserves:
            _promise(states, holding, line.eccn, sign * line.reserves)


def _promise(states: States, holding: Holding, eccn: str, tpp: int) -> None:
    country, expires, name = holding.country, holding.expires, f"{holding.month}/{eccn}"
    year, month = expires.year, expires.month
    _add(states, f"R/{country}/{year}", name, month, tpp)
    _add(states, f"E/{country}/{year}-{month}", name, expires.day, tpp, DAYS)


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
    key = f"D/{movement.destination}/{on.year}"
    for line in movement.lines:
        _add(states, key, f"{line.eccn or UNCLASSIFIED}/{authority}", on.month, sign * line.tpp)
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
    members = rules.members(sovereign)
    cells = chain.from_iterable(_cells(states, f"{member}/", on) for member in members)
    return _sum(states, rules, on, cells).get(sovereign) or _empty(states, rules, sovereign, on)


def accounts(states: States, rules: Rules, on: date) -> dict[Country, QuotaAccount]:
    """Every country's account that has one, by sovereign."""
    return _sum(states, rules, on, _cells(states, "", on))


def _empty(states: States, rules: Rules, country: Country, on: date) -> QuotaAccount:
    return QuotaAccount(rules.cap(country, on, uplift(states, rules, country, on)))


_Cells = tuple[str, Country, int, Amounts]
"""A kind of amount (R, E, P or D), a country, and the amounts of a year; of E, of a month."""


def _cells(states: States, place: str, on: date) -> Iterator[_Cells]:
    """What is kept of a country, such as `AE/`, or of all; years of expiry that are not over."""
    for kind in "RPD":
        for key, amounts in states.scan(f"{kind}/{place}", Amounts):
            _, name, time = key.split("/")
            country, year = cast("Country", name), int(time)
            if kind != "R" or year >= on.year:
                yield kind, country, year, amounts
            if kind == "R" and year == on.year:
                days = states.get(f"E/{name}/{year}-{on.month}", Amounts)
                yield "E", country, year, days or {}


def _sum(
    states: States, rules: Rules, on: date, cells: Iterable[_Cells]
) -> dict[Country, QuotaAccount]:
    first, last = period(rules)
    # There are few kinds of amounts and many amounts: the rules are asked once of each kind.
    column_of = cache(partial(_column, rules))
    sums: dict[Country, dict[str, int]] = {}
    for kind, country, year, amounts in cells:
        mine = sums.setdefault(rules.sovereign(country), {})
        if kind in "PD":
            some = _months_within(first, last, year)
        elif kind == "R":
            some = slice(on.month if year == on.year else 0, MONTHS)
        else:
            some = slice(on.day - 1, DAYS)
        for name, row in amounts.items():
            what = name
            if kind in "RE":
                decided, _, what = name.partition("/")
                if not first <= decided <= last:
                    continue
            column, tpp = column_of(kind, what), sum(row[some])
            if column is not None and tpp:
                mine[column] = mine.get(column, 0) + tpp
    return {
        country: replace(_empty(states, rules, country, on), **amounts)
        for country, amounts in sorted(sums.items())
        if amounts
    }


def _column(rules: Rules, kind: str, what: str) -> str | None:
    """Where in an account an amount stands, by eccn and authority; None when nowhere."""
    eccn, _, authority = what.partition("/")
    if not counts(rules, eccn):
        return None
    if kind == "D" and rules.exempt(authority):
        return "exempt"
    return {"R": "reserved", "E": "reserved", "P": "licensed", "D": "drawn"}[kind]


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
    return f"{allocation.period_from:%Y-%m}", f"{allocation.period_to:%Y-%m}"


def _months_within(first: str, last: str, year: int) -> slice:
    """Where in a year's months those of a period stand.

    >>> _months_within("2025-03", "2026-06", 2025), _months_within("2025-03", "2026-06", 2026)
    (slice(2, 18, None), slice(0, 6, None))
    """
    start, end = (MONTHS * (int(month[:4]) - year) + int(month[5:]) for month in (first, last))
    return slice(max(0, start - 1), max(0, end))
