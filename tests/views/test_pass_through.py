"""Goods pass through a party that adds nothing, or a trader changes its hubs again and again."""

import itertools
from datetime import date, timedelta

import pytest
from world import adopted, declared, flags, party, seen_onward, voided

from ledger.events import GoodsLine, PartyDistributorAppointed

RULES = adopted()
CAME = date(2024, 10, 1)


def passed(*events):
    return flags("pass-through", RULES, *events)


def goods(units):
    return (GoodsLine(description="H100", quantity=units, counted_in="chips"),)


def leg(days=20, units=100, **changes):
    fields = {
        "observed_on": CAME + timedelta(days=days),
        "lines": goods(units),
        "destination": "MY",
    }
    return seen_onward(**(fields | changes))


def came(units=100, **changes):
    return declared(lines=goods(units), **changes)


def test_what_goes_on_within_days_to_another_country_passed_through():
    (flag,) = passed(came(), leg(receiver="shell"))

    assert (
        '100 "H100" passed through maker > acme > shell: they went on to MY on 2024-10-21, 20 days'
        " after they came with shipment S-9"
    ) == flag.because
    assert "weak" == flag.severity
    assert (2, 3) == flag.evidence
    assert "acme" == flag.parties[0]


@pytest.mark.parametrize(("days", "count"), [(0, 1), (31, 1), (32, 0)])
def test_only_what_goes_on_soon_counts(days, count):
    assert count == len(passed(came(), leg(days, receiver="shell")))


@pytest.mark.parametrize(("units", "count"), [(89, 0), (90, 1)])
def test_only_nearly_all_counts(units, count):
    assert count == len(passed(came(), leg(units=units, receiver="shell")))


def test_an_untold_amount_is_all_where_totals_are_told_or_the_shipment_is_named():
    untold = {"lines": (), "receiver": "shell"}

    assert [] == passed(came(), leg(**untold))
    assert 1 == len(passed(came(), leg(**untold, aggregate=True)))
    assert 1 == len(passed(came(), leg(**untold, of="S-9", sender=None)))


def test_amounts_are_compared_as_they_are_counted_and_a_computer_holds_a_chip_or_more():
    def computers(count):
        return (GoodsLine(description="H100", quantity=count, counted_in="computers"),)

    def found(first, then):
        return len(passed(declared(lines=first), leg(lines=then, receiver="shell")))

    assert (0, 1) == (found(computers(20), computers(17)), found(computers(20), computers(18)))
    assert (0, 1) == (found(goods(20), computers(17)), found(goods(20), computers(18)))
    assert 0 == found(computers(20), goods(100))


def test_every_link_of_a_chain_is_found_though_all_name_its_first_shipment():
    chain = [
        ("S-2", "acme", "b", "MY", 20),
        ("S-3", "b", "c", "TH", 40),
        ("S-4", "c", "d", "VN", 60),
    ]
    legs = [
        leg(days, shipment=shipment, of="S-9", sender=sender, receiver=to, destination=country,
            origins=())
        for shipment, sender, to, country, days in chain
    ]  # fmt: skip
    told = {
        tuple(flag.because.partition(":")[0] for flag in passed(*order))
        for order in ((came(), *legs), (*reversed(legs), came()))
    }

    assert 3 == len(next(iter(told)))
    assert 1 == len({frozenset(each) for each in told})
    assert '100 "H100" passed through b > c > d' in next(iter(told))


def test_the_order_of_telling_decides_nothing():
    told = [passed(*order) for order in itertools.permutations((came(), leg(receiver="shell")))]

    assert 1 == len({each[0].because for each in told})


def test_countries_are_the_chain_where_nobody_names_the_parties_and_two_links_are_none():
    nameless = leg(of="S-9", sender=None)

    (flag,) = passed(came(route=("US", "AE"), exporter=None), nameless)
    assert "through US > acme > MY" in flag.because
    assert [] == passed(came(exporter=None, route=()), nameless)


@pytest.mark.parametrize("late", [True, False])
def test_an_authorized_distributor_that_names_the_end_user_is_quiet(late):
    appointed = PartyDistributorAppointed(
        party="acme", maker="maker", appointed_on=date(2024, 1, 1)
    )

    def sold(**changes):
        onward = declared(
            shipment="S-2", exporter="acme", ultimate_consignee="shell", destinations=("MY",),
            lines=goods(100), declared_on=CAME + timedelta(days=20), **changes,
        )  # fmt: skip
        return passed(came(), *((onward, appointed) if late else (appointed, onward)))

    assert [] == sold(end_user="shell")
    assert 1 == len(sold())


def test_a_manufacturer_adds_value():
    assert [] == passed(party(roles=("manufacturer",)), came(), leg(receiver="shell"))


def test_what_stays_in_the_country_or_is_covered_is_quiet():
    assert [] == passed(came(), leg(destination="AE", receiver="shell"))
    assert [] == passed(came(), leg(authority="ACA", receiver="shell"))


def hubs(*countries, months=5, **changes):
    return [
        declared(
            shipment=f"S-{n}", exporter="dealer", ultimate_consignee=f"hub-{country}",
            destinations=(country,),
            declared_on=date(2024 + n * months // 12, 1 + n * months % 12, 1),
            **changes,
        )
        for n, country in enumerate(countries)
    ]  # fmt: skip


def test_an_exporter_that_changes_its_hubs_is_flagged_once_they_are_four():
    four = hubs("SG", "MY", "TH", "JP")
    (flag,) = passed(*four)

    assert (
        "dealer sent h100 in 24 months to 4 countries, SG, MY, TH, JP, and to nobody who was said"
        " to use them"
    ) == flag.because
    assert (2, 3, 4, 5) == flag.evidence
    assert passed(*reversed(four))[0].because == flag.because
    assert [] == passed(*four, voided(3, "S-1"))
    assert [] == passed(*four[:3])


def test_hubs_of_longer_ago_customers_of_their_own_or_other_goods_are_no_rotation():
    assert [] == passed(*hubs("SG", "MY", "TH", "JP", months=9))
    assert [] == passed(*hubs("SG", "MY", "TH", "JP", authority="license", license="D1"))
    assert [] == passed(
        *(
            declared(
                shipment=f"S-{country}", ultimate_consignee=country, end_user=country,
                destinations=(country,),
            )
            for country in ("SG", "MY", "TH", "JP")
        )
    )  # fmt: skip
