"""Ways around a country's cap: sequences of orders, and whether anybody would be alerted.

A world for the search in `projections.probe`: a few buyers in one capped country, who say nothing
of belonging together, order one model of chip under a license or under License Exception LPP.
Here stands what a sequence of orders means: its events, what it moves, and whether it stays green,
which is that no approval in it is refused and no flag of any rule alerts. Nothing is searched here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from ledger import quota
from ledger.catalogue import Chip
from ledger.entry import Entry
from ledger.events import (
    CommodityLine,
    Event,
    LicenseApplied,
    LicenseApproved,
    LicenseLine,
    PartyCapacityDeclared,
    PartyRegistered,
    ShipmentExported,
)
from ledger.fold import MemoryStates
from ledger.policy import Rules
from ledger.terms import (
    COUNTRIES,
    ActorId,
    Country,
    Eccn,
    KeyId,
    LicenseId,
    PartyId,
    ShipmentId,
)
from projections.alerts import alerts
from projections.red_flags import FlagsFold

SELLER: Final = PartyId("seller")
KILOWATTS: Final = 1_000_000
"""What every buyer claims to run: a claim costs nothing, and without it chips have no home."""

LOOKED_BACK_DAYS: Final = 365
"""Flags are looked at so long after the last order: some come only when nothing was heard."""

BUYERS_MAX: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """So many chips for one buyer, shipped on one day.

    day       days after the cap's period began
    buyer     0 to 7; nobody ever says that one hand owns them
    licensed  under a license of its own, decided that day; else under LPP
    """

    day: int
    buyer: int
    units: int
    licensed: bool


Orders = tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Gambit:
    """One way of going about it: which orders it consists of, and what it has to beat.

    name      of the file it is written to
    says      what it does, for people
    licensed  only licenses, only LPP, or both where it is None
    buyers    how many there may be
    one_year  whether all orders fall into the first calendar year
    goal      TPP that a sequence must move to count
    """

    name: str
    says: str
    licensed: bool | None
    buyers: int
    one_year: bool
    goal: Callable[["World", Orders], int]


@dataclass(frozen=True, slots=True)
class World:
    """The rules that are probed, the capped country, and the chip."""

    rules: Rules
    country: Country
    chip: Chip
    eccn: Eccn
    opens: date
    closes: date

    @property
    def cap(self) -> int:
        """TPP the country may receive, without any agreement."""
        return self.rules.cap(self.country, self.opens) or 0

    @property
    def lpp_limit(self) -> int:
        """TPP that one ultimate parent may receive under LPP in a year; 0 without LPP."""
        return 0 if self.rules.lpp is None else self.rules.lpp.limit_tpp

    def tpp(self, orders: Orders) -> int:
        """What the orders move."""
        return sum(order.units for order in orders) * self.chip.tpp

    def on(self, order: Order) -> date:
        """The day of an order."""
        return self.opens + timedelta(days=order.day)


def capped(rules: Rules, on: date) -> list[Country]:
    """The countries that the rules cap on a day; territories count with their sovereign."""
    return [
        each
        for each in sorted(COUNTRIES)
        if rules.sovereign(each) == each and rules.allocation(each, on) is not None
    ]


def _twice_lpp(world: World, _orders: Orders) -> int:
    # Whole chips fit under the limit, not its last TPP.
    return 2 * (world.lpp_limit // world.chip.tpp) * world.chip.tpp


def _twice_a_license(world: World, orders: Orders) -> int:
    return 2 * max(order.units for order in orders) * world.chip.tpp


def _more_than_the_cap(world: World, _orders: Orders) -> int:
    return world.cap + 1


GAMBITS: Final = (
    Gambit(
        "affiliates", "several buyers under one hand that nobody declared, under LPP in one year",
        False, BUYERS_MAX, True, _twice_lpp,
    ),
    Gambit(
        "year-end", "one buyer under LPP, split over the year's end", False, 1, False, _twice_lpp
    ),
    Gambit(
        "reissued", "one buyer, and a license issued again for as many", True, 1, True,
        _twice_a_license,
    ),
    Gambit(
        "past-the-cap", "any of these together, beyond the cap",
        None, BUYERS_MAX, False, _more_than_the_cap,
    ),
)  # fmt: skip
"""The first three move at least twice what one permission lets through, the last more than the
cap; all of it with nobody alerted."""


def reaches(world: World, gambit: Gambit, orders: Orders) -> bool:
    """Whether the orders move what the gambit has to move to count."""
    return bool(orders) and world.tpp(orders) >= max(1, gambit.goal(world, orders))


def events(world: World, orders: Orders) -> list[Event]:
    """What would be told of the orders, in the order of their days."""
    said: list[Event] = []
    for buyer in sorted({order.buyer for order in orders}):
        said += _introduced(world, _named(buyer))
    for number, order in enumerate(sorted(orders), 1):
        said += _ordered(world, order, number)
    return said


def green(world: World, orders: Orders) -> bool:
    """Whether every approval would be granted and no flag of any rule would alert."""
    seen: dict[int, Entry] = {}
    board, suspicion = MemoryStates(seen.__getitem__), MemoryStates(seen.__getitem__)
    quotas, flags = quota.QuotaFold(), FlagsFold(world.rules)
    for number, event in enumerate(events(world, orders), 1):
        if isinstance(event, LicenseApproved) and not _fits(world, board, event):
            return False
        seen[number] = entry = _entry(number, event)
        for fold, states in ((quotas, board), (flags, suspicion)):
            if event.wire in fold.reads:
                fold.evolve(states, entry)
    last = max((world.on(order) for order in orders), default=world.opens)
    on = last + timedelta(days=LOOKED_BACK_DAYS)
    raised = flags.raised(suspicion, on)
    return not alerts(raised, flags.cluster_of(suspicion), flags.detection(suspicion, on))


def rows(world: World, orders: Orders) -> Iterator[dict[str, Any]]:
    """The orders as commands, a row each, as `chip-ledger import` reads them."""
    for event in events(world, orders):
        yield _row(event)


def _named(buyer: int) -> PartyId:
    return PartyId(f"buyer-{buyer + 1}")


def _introduced(world: World, buyer: PartyId) -> list[Event]:
    return [
        PartyRegistered(
            party=buyer, name=f"Buyer {buyer.partition('-')[2]} Data Centers",
            country=world.country, headquarters=world.country,
            roles=("purchaser", "consignee", "end_user"), registered_on=world.opens,
        ),
        PartyCapacityDeclared(
            party=buyer, site=f"{buyer} hall", it_kilowatts=KILOWATTS, declared_on=world.opens
        ),
    ]  # fmt: skip


def _ordered(world: World, order: Order, number: int) -> list[Event]:
    on, buyer, chip = world.on(order), _named(order.buyer), world.chip
    said: list[Event] = []
    license_ = LicenseId(f"license-{number}") if order.licensed else None
    if license_ is not None:
        line = LicenseLine(model=chip.id, eccn=world.eccn, units=order.units, tpp_per_unit=chip.tpp)
        expires = world.rules.expiry(world.eccn, on) or on.replace(year=on.year + 1, day=1)
        said += [
            LicenseApplied(
                license=license_, applied_on=on, applicant=SELLER, ultimate_consignee=buyer,
                end_users=(buyer,), destination=world.country, lines=(line,),
            ),
            LicenseApproved(
                license=license_, decided_on=on, expires_on=expires, ultimate_consignee=buyer,
                end_users=(buyer,), destination=world.country, lines=(line,),
            ),
        ]  # fmt: skip
    said.append(
        ShipmentExported(
            shipment=ShipmentId(f"order-{number}"), exporter=SELLER, ultimate_consignee=buyer,
            end_user=buyer, authority="LPP" if license_ is None else "license", license=license_,
            route=("US", world.country), exported_on=on,
            lines=(
                CommodityLine(
                    model=chip.id, eccn=world.eccn, units=order.units, tpp_per_unit=chip.tpp
                ),
            ),
        )
    )  # fmt: skip
    return said


def _fits(world: World, board: MemoryStates, approved: LicenseApproved) -> bool:
    """Whether a license fits the headroom of its country, as it is decided on."""
    account = quota.account(board, world.rules, world.country, approved.decided_on)
    asked = sum(line.tpp for line in approved.lines)
    return account.headroom is None or asked <= account.headroom


def _entry(number: int, event: Event) -> Entry:
    """The event as an entry of nobody's ledger."""
    at = f"{event.on}T00:00:00Z"
    return Entry(number, at, ActorId("probe"), "probe", KeyId("0" * 32), event)


def _row(event: Event) -> dict[str, Any]:
    """An event as the command that records it: what the command works out is left out."""
    said = {
        name: value
        for name, value in msgspec.to_builtins(event).items()
        if value not in (None, "", [], ())
    }
    match event:
        case PartyRegistered():
            return {"command": "party.register", **said}
        case PartyCapacityDeclared():
            return {"command": "party.capacity", **said}
        case LicenseApplied():
            return {"command": "license.apply", **said, "lines": _plain(said["lines"])}
        case LicenseApproved(license=license_):
            decided = {"decided_on": said["decided_on"], "expires_on": said["expires_on"]}
            return {"command": "license.approve", "license": license_, **decided}
        case _:
            return {"command": "shipment.export", **said, "lines": _plain(said["lines"])}


def _plain(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"model": line["model"], "units": line["units"]} for line in lines]
