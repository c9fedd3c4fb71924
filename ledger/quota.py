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
from ledger.fold import LATEST, States
from ledger.policy import Rules
from ledger.terms import COUNTRIES, Country

T = TypeVar("T")

Amounts = dict[str, int]
"""TPP by name."""

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


class HeldLine(msgspec.Struct, gc=False):
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
        return max(0, self.units - self.shipped) * self.tpp_per_unit


class Holding(msgspec.Struct, gc=False):
    """A license as the quota sees it; shipments may be reported before its approval is."""

    lines: dict[str, HeldLine]
    country: str = ""
    month: str = ""
    expires: str = ""


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
    R/<country>/<year of expiry>    reserved, by month decided, eccn and month of expiry
    E/<country>/<month of expiry>   the same by the day, for the month that is not over
    P/<country>/<year decided>      licensed, ever, by month and eccn
    D/<country>/<quarter shipped>   drawn, by month, eccn and authority
    A/<agreement>/<country>         uplift
    V/<entry>                       a voided shipment's entry
    latest                          newest date of a license decided or a shipment (`ledger.fold`)

    Years and quarters are few however many licenses and shipments there are, and so is what one
    of them holds: questions and new entries cost the same in a large ledger.
    """

    name = "quotas"
    version = 3
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
        match entry.event:
            case Movement() as movement:
                _ship(states, movement, movement.on, 1)
            case LicenseApproved() as approved:
                _approve(states, approved)
            case ShipmentVoided(entry=number, shipment=shipment):
                if number >= entry.number or states.number(f"V/{number}"):
                    return
                voided = states.recall(number).event
                if isinstance(voided, Movement) and voided.shipment == shipment:
                    states.put(f"V/{number}", 1)
                    _ship(states, voided, voided.on, -1)
            case event:
                _agree(states, event)


def _approve(states: States, approved: LicenseApproved) -> None:
    holding = states.get(f"H/{approved.license}", Holding) or Holding({})
    _reserve(states, holding, -1)
    month = _dated(states, approved.decided_on)
    holding = Holding(dict(holding.lines), approved.destination, month, f"{approved.expires_on}")
    for line in approved.lines:
        shipped = holding.lines.get(line.model, HeldLine()).shipped
        holding.lines[line.model] = HeldLine(line.eccn, line.units, line.tpp_per_unit, shipped)
        _add(states, f"P/{approved.destination}/{month[:4]}", f"{month}/{line.eccn}", line.tpp)
    _reserve(states, holding, 1)
    states.put(f"H/{approved.license}", holding)


def _reserve(states: States, holding: Holding, sign: int) -> None:
    for line in holding.lines.values():
        if line.reserves:
            _promise(states, holding, line.eccn, sign * line.reserves)


def _promise(states: States, holding: Holding, eccn: str, tpp: int) -> None:
    expires = holding.expires
    name = f"{holding.month}/{eccn}/{expires}"
    _add(states, f"R/{holding.country}/{expires[:4]}", name[:-3], tpp)
    _add(states, f"E/{holding.country}/{expires[:7]}", name, tpp)


def _dated(states: States, on: date) -> str:
    """The month of a date; the date is remembered where it is the newest."""
    day = on.isoformat()
    latest = states.get(LATEST, str)
    if latest is None or latest < day:
        states.put(LATEST, day)
    return day[:7]


@cache
def _quarter(month: str) -> str:
    """The quarter of a month.

    >>> _quarter("2025-03"), _quarter("2025-04")
    ('2025q1', '2025q2')
    """
    return f"{month[:4]}q{(int(month[5:]) + 2) // 3}"


def _add(states: States, key: str, name: str, tpp: int) -> None:
    """Add to one amount of several at a key; what is 0 is not kept."""
    amounts = states.get(key, Amounts) or {}
    total = amounts.get(name, 0) + tpp
    if total:
        amounts[name] = total
    else:
        amounts.pop(name, None)
    states.put(key, amounts or None)


def _ship(states: States, movement: Movement, on: date, sign: int) -> None:
    if isinstance(movement, ShipmentTransferred) and movement.license is None:
        return
    month = _dated(states, on)
    for line in movement.lines:
        name = f"{month}/{line.eccn or UNCLASSIFIED}/{movement.authority}"
        _add(states, f"D/{movement.destination}/{_quarter(month)}", name, sign * line.tpp)
    if movement.license is None:
        return
    # Promised to one country and shipped to another, the promise is used up where it was made
    # and the chips count where they went.
    holding = states.get(f"H/{movement.license}", Holding) or Holding({})
    for line in movement.lines:
        held = holding.lines.get(line.model)
        if held is None:
            held = holding.lines[line.model] = HeldLine()
        before = held.reserves
        held.shipped += sign * line.units
        change = held.reserves - before
        if change:
            _promise(states, holding, held.eccn, change)
    states.put(f"H/{movement.license}", holding)


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
    members = sorted(one for one in COUNTRIES if rules.sovereign(one) == sovereign)
    cells = chain.from_iterable(_cells(states, f"{member}/", on) for member in members)
    return _sum(states, rules, on, cells).get(sovereign) or _empty(states, rules, sovereign, on)


def accounts(states: States, rules: Rules, on: date) -> dict[Country, QuotaAccount]:
    """Every country's account that has one, by sovereign."""
    return _sum(states, rules, on, _cells(states, "", on))


def _empty(states: States, rules: Rules, country: Country, on: date) -> QuotaAccount:
    return QuotaAccount(rules.cap(country, on, uplift(states, rules, country, on)))


_Cells = tuple[str, Country, Amounts]
"""A kind of amount (R, E, P or D), a country, and the amounts of one year or quarter."""


def _cells(states: States, place: str, on: date) -> Iterator[_Cells]:
    """What is kept of a country, such as `AE/`, or of all; years of expiry that are not over."""
    for kind in "RPD":
        for key, amounts in states.scan(f"{kind}/{place}", Amounts):
            _, name, time = key.split("/")
            country = cast("Country", name)
            if kind != "R" or int(time) >= on.year:
                yield kind, country, amounts
            if kind == "R" and int(time) == on.year:
                yield "E", country, states.get(f"E/{name}/{on:%Y-%m}", Amounts) or {}


def _sum(
    states: States, rules: Rules, on: date, cells: Iterable[_Cells]
) -> dict[Country, QuotaAccount]:
    first, last = _months(rules)
    today = on.isoformat()
    # There are few kinds of amounts and many amounts: the rules are asked once of each kind.
    column_of = cache(partial(_column, rules))
    sums: dict[Country, dict[str, int]] = {}
    for kind, country, amounts in cells:
        mine = sums.setdefault(rules.sovereign(country), {})
        for name, tpp in amounts.items():
            if not first <= name[:7] <= last:
                continue
            what = name[8:]
            if kind in "RE":
                what, _, expires = what.partition("/")
                if expires < today if kind == "E" else expires <= today[:7]:
                    continue
            column = column_of(kind, what)
            if column is not None:
                mine[column] = mine.get(column, 0) + tpp
    return {
        country: replace(_empty(states, rules, country, on), **amounts)
        for country, amounts in sorted(sums.items())
        if amounts
    }


def _column(rules: Rules, kind: str, what: str) -> str | None:
    """Where in an account an amount stands, by eccn and authority; None when nowhere."""
    eccn, _, authority = what.partition("/")
    if not _counts(rules, eccn):
        return None
    if kind == "D" and rules.exempt(authority):
        return "exempt"
    return {"R": "reserved", "E": "reserved", "P": "licensed", "D": "drawn"}[kind]


def _counts(rules: Rules, eccn: str) -> bool:
    """Whether a classification counts; without an allocation, whether it is controlled at all."""
    if rules.country_allocation is not None:
        return rules.counts(eccn)
    return rules.item_group(eccn) is not None if rules.items else eccn != UNCLASSIFIED


def _months(rules: Rules) -> tuple[str, str]:
    """First and last month the allocation counts; all of time where there is none."""
    allocation = rules.country_allocation
    if allocation is None:
        return "0001-01", "9999-12"
    return f"{allocation.period_from:%Y-%m}", f"{allocation.period_to:%Y-%m}"
