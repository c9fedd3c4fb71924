"""An affiliate abroad ships to a listed party what its group once shipped there itself."""

import itertools
from datetime import date, timedelta

import pytest
from world import adopted, declared, flags, party, voided

from ledger.events import GoodsLine, PartyDelisted, PartyInformed, PartyListed

RULES = adopted()
LISTED = date(2024, 6, 1)
GROUP = (
    party("maker", "US"),
    party("plant", "KR", ultimate_parent="maker", parent_headquarters="US"),
)


def channels(*events):
    return flags("affiliate-channel", RULES, *GROUP, *events)


def shipped(shipment, exporter, to, country, days, units=100, **changes):
    fields = {
        "shipment": shipment, "exporter": exporter, "ultimate_consignee": to,
        "destinations": (country,), "declared_on": LISTED + timedelta(days=days),
        "lines": (GoodsLine(description="ion implanter", quantity=units),),
    }  # fmt: skip
    return declared(**(fields | changes))


def listed(on=LISTED):
    return PartyListed(party="fab", list="entity_list", listed_on=on)


def half(days=10, **changes):
    return shipped("S-1", "maker", "plant", "KR", days, **changes)


def leg(days=40, units=100, **changes):
    return shipped("S-2", "plant", "fab", "CN", days, units, **changes)


def test_an_affiliate_ships_to_a_listed_party_what_came_from_its_parent():
    (flag,) = channels(listed(), half(), leg())

    assert (
        '100 pieces of "ion implanter" went from plant to fab on 2024-07-11, 40 days after fab was'
        " put on entity_list on 2024-06-01; like goods had come from maker, of the same group, with"
        " shipment S-1 of 2024-06-11"
    ) == flag.because
    assert "strong" == flag.severity
    assert (4, 5, 6) == flag.evidence
    assert ("plant", "maker", "fab") == flag.parties


def test_the_order_of_telling_decides_nothing():
    told = [channels(*order) for order in itertools.permutations((listed(), half(), leg()))]

    assert {1} == {len(each) for each in told}
    assert 1 == len({each[0].because for each in told})


@pytest.mark.parametrize(("days", "count"), [(0, 1), (365, 1), (366, 0)])
def test_only_the_days_after_the_listing_count(days, count):
    assert count == len(channels(listed(), half(0), leg(days)))


def test_a_letter_about_a_party_counts_for_the_group_that_got_it():
    def told(exporter):
        letter = PartyInformed(party=exporter, concerning="fab", informed_on=LISTED)
        return len(channels(letter, half(), leg()))

    assert 1 == told("maker")
    assert 0 == told("somebody")


@pytest.mark.parametrize(("units", "count"), [(49, 0), (50, 1)])
def test_less_than_half_of_the_direct_flow_replaces_nothing(units, count):
    direct = shipped("S-0", "maker", "fab", "CN", -30)
    found = channels(direct, listed(), half(), leg(units=units))

    assert count == len(found)
    assert [] == channels(listed(), half(), leg(units=units), direct)[count:]


def test_many_small_shipments_add_up():
    direct = shipped("S-0", "maker", "fab", "CN", -30)
    second = shipped("S-3", "plant", "fab", "CN", 50, 30)
    (flag,) = channels(direct, listed(), half(), leg(units=30), second)

    assert "shipment:S-3" == flag.subject
    assert flag.because.endswith(
        "; the group had sent 100 pieces there itself in as many days before"
    )


def test_quiet_without_a_parent_in_common_without_goods_from_it_or_under_a_license():
    stranger = shipped("S-1", "dealer", "plant", "KR", 10)

    assert [] == channels(listed(), stranger, leg())
    assert [] == channels(listed(), leg())
    assert [] == channels(listed(), half(), leg(authority="license", license="D1"))
    other = leg(lines=(GoodsLine(description="spare gaskets"),))
    assert [] == channels(listed(), half(), other)


@pytest.mark.parametrize("late", [True, False])
def test_a_party_that_left_the_list_before_is_quiet(late):
    gone = PartyDelisted(party="fab", list="entity_list", delisted_on=LISTED + timedelta(days=20))
    rest = (half(), leg())

    assert [] == channels(listed(), *((*rest, gone) if late else (gone, *rest)))


def test_a_plant_that_serves_customers_who_are_not_listed_is_quiet():
    assert [] == channels(listed(), half(), shipped("S-2", "plant", "chipmaker", "TW", 40))


def test_a_voided_shipment_brought_nothing():
    assert [] == channels(listed(), half(), leg(), voided(5, "S-1"))
    assert [] == channels(listed(), half(), leg(), voided(6, "S-2"))


def test_who_belongs_with_whom_may_be_told_last():
    letter = PartyInformed(party="maker", concerning="fab", informed_on=LISTED)
    for barring in (listed(), letter):
        first = flags("affiliate-channel", RULES, *GROUP, barring, half(), leg())
        last = flags("affiliate-channel", RULES, barring, half(), leg(), *GROUP)

        assert 1 == len(first)
        assert [flag.because for flag in first] == [flag.because for flag in last]
