"""What a sequence of orders means: whether anybody is alerted, and whether it gets past a rule."""

from datetime import date

import pytest
from world import pack

from ledger.catalogue import chip
from ledger.policy import suppose
from projections.loopholes import GAMBITS, Order, World, capped, events, green, reaches
from projections.probe import Bounds, search

DIFFUSION = pack("diffusion-2025")
AFFILIATES, YEAR_END, REISSUED, PAST = GAMBITS
LAST_DAY = 364


def world(rules=DIFFUSION):
    h100 = chip("h100-sxm")
    return World(rules, "MY", h100, h100.eccn, date(2025, 1, 1), date(2027, 12, 31))


def lpp(day, buyer, units=1_699):
    return Order(day, buyer, units, licensed=False)


def licensed(day, buyer, units):
    return Order(day, buyer, units, licensed=True)


@pytest.mark.parametrize(
    ("orders", "is_green"),
    [
        ((lpp(0, 0),), True),
        ((lpp(0, 0, 1_700),), False),
        ((lpp(0, 0), lpp(0, 0, 1)), False),
        ((lpp(0, 0), lpp(0, 1)), True),
        ((lpp(LAST_DAY, 0), lpp(LAST_DAY + 1, 0)), True),
        ((licensed(0, 0, 49_898),), True),
        ((licensed(0, 0, 49_899),), False),
        ((licensed(0, 0, 25_000), licensed(9, 0, 25_000)), False),
    ],
)
def test_orders_are_green_where_nobody_refuses_and_nothing_alerts(orders, is_green):
    assert is_green == green(world(), orders)


def test_buyers_who_are_told_to_be_one_hand_are_not_green_together():
    orders = (lpp(0, 0), lpp(0, 1))
    parties = [each.party for each in events(world(), orders) if hasattr(each, "party")]

    assert ["buyer-1", "buyer-1", "buyer-2", "buyer-2"] == parties
    assert not any(getattr(each, "ultimate_parent", None) for each in events(world(), orders))


@pytest.mark.parametrize(
    ("gambit", "orders", "counts"),
    [
        (AFFILIATES, (lpp(0, 0), lpp(0, 1)), True),
        (AFFILIATES, (lpp(0, 0), lpp(0, 1, 1_698)), False),
        (REISSUED, (licensed(0, 0, 5), licensed(1, 0, 5)), True),
        (REISSUED, (licensed(0, 0, 5), licensed(1, 0, 4)), False),
        (PAST, (licensed(0, 0, 49_898),), False),
        (PAST, (licensed(0, 0, 49_898), lpp(0, 0, 2)), True),
        (PAST, (), False),
    ],
)
def test_a_gambit_counts_from_twice_a_permission_on_or_beyond_the_cap(gambit, orders, counts):
    assert counts == reaches(world(), gambit, orders)


def test_capped_are_tier_2_countries_that_are_nobodys_territory():
    places = capped(DIFFUSION, date(2025, 6, 1))

    assert {"MY", "AE", "IN"} <= set(places)
    assert not {"JP", "CN", "HK", "LI", "US"} & set(places)


def bounds(seconds=600.0, examples=500):
    return Bounds(orders=3, examples=examples, left=lambda: seconds)


@pytest.mark.parametrize(
    ("gambit", "shortest"),
    [
        (AFFILIATES, lambda one, other: one.buyer != other.buyer and one.units == other.units),
        (YEAR_END, lambda one, other: world().on(one).year < world().on(other).year),
        (REISSUED, lambda one, other: one.licensed and other.licensed),
    ],
)
def test_the_search_finds_each_way_and_says_it_in_two_orders(gambit, shortest):
    found = search(world(), gambit, bounds())

    assert 2 == len(found.shortest)
    assert shortest(*sorted(found.shortest))
    assert found.in_time
    for orders in (found.shortest, found.most):
        assert reaches(world(), gambit, orders)
        assert green(world(), orders)
    assert world().tpp(found.most) >= world().tpp(found.shortest)


def test_a_rule_without_the_exception_leaves_no_such_way():
    closed = world(suppose("diffusion-2025:lpp.limit_tpp=0", {}))

    assert () == search(closed, AFFILIATES, bounds(examples=60)).shortest
    assert () == search(closed, YEAR_END, bounds(examples=60)).shortest


def test_the_search_ends_when_its_time_is_up():
    left = iter([3.0, *[2.0] * 5])

    found = search(world(), AFFILIATES, Bounds(3, 10_000, lambda: next(left, 0.5)))

    assert not found.in_time
    assert 5 >= found.tried
