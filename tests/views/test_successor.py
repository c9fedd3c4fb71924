"""Somebody new takes the place of a party that was listed or refused."""

import itertools
from datetime import date, timedelta

import pytest
from world import adopted, applied, declared, flags, party, voided

from ledger.events import (
    GoodsLine,
    LicenseDenied,
    PartyAddressDeclared,
    PartyDelisted,
    PartyListed,
    PartyMerged,
    PartyRelocated,
    PartyTenantDeclared,
)

RULES = adopted()
LISTED = date(2024, 6, 1)
ROOM = "Room 5, 610 Nathan Road"


def found(*history):
    return flags("successor", RULES, *history)


def listed(name="old"):
    return PartyListed(party=name, list="entity_list", listed_on=LISTED)


def firm(name="new", days=100, **changes):
    fields = {"address": ROOM, "formed_on": LISTED + timedelta(days=days)}
    return party(name, "HK", **(fields | changes))


OLD = firm("old", -2_000)


def sent(shipment, to, days, units=100, **changes):
    fields = {
        "shipment": shipment, "ultimate_consignee": to, "destinations": ("HK",),
        "declared_on": LISTED + timedelta(days=days),
        "lines": (GoodsLine(description="H100", quantity=units),),
    }  # fmt: skip
    return declared(**(fields | changes))


def test_a_firm_formed_at_the_address_of_a_listed_one():
    (flag,) = found(OLD, listed(), firm())

    assert (
        "new was formed on 2024-09-09, 100 days after old was put on entity_list on 2024-06-01,"
        " and stands in one cluster with old"
    ) == flag.because
    assert ("strong", "party:new", (2, 3, 4)) == (flag.severity, flag.subject, flag.evidence)
    assert ("new", "old") == flag.parties


def test_a_firm_at_the_same_address_with_its_words_in_another_order():
    assert 1 == len(found(OLD, listed(), firm(address="Nathan Rd. 610, Rm. 5")))
    assert [] == found(OLD, listed(), firm(address="Nathan Rd. 5, Rm. 610"))


def test_mergers_one_after_the_other_leave_one_party_whenever_they_are_told():
    def merged(one, into):
        return PartyMerged(party=one, into=into, merged_on=LISTED)

    flow = (sent("S-1", "old", -9), listed(), sent("S-2", "new", 20))
    chain = (merged("old", "middle"), merged("middle", "new"))

    assert 1 == len(found(*flow, chain[0]))
    assert [] == found(*flow, *chain)
    assert [] == found(*chain, *flow)
    assert [] == found(OLD, listed(), firm(), *chain)


@pytest.mark.parametrize(("days", "count"), [(-1, 0), (0, 1), (365, 1), (366, 0)])
def test_only_a_year_after_the_listing_counts(days, count):
    assert count == len(found(OLD, listed(), firm(days=days)))


def test_the_order_of_telling_decides_nothing():
    apart = firm(address="")
    moved = PartyAddressDeclared(party="new", address=ROOM, country="HK", declared_on=LISTED)
    cluster = [found(*order) for order in itertools.permutations((OLD, listed(), apart, moved))]
    flow = (sent("S-1", "old", -9), listed(), sent("S-2", "new", 20), sent("S-3", "new", 30, 20))
    taken = [found(*order) for order in itertools.permutations(flow)]

    for told in (cluster, taken):
        assert {1} == {len(each) for each in told}
        assert 1 == len({(each[0].because, each[0].on) for each in told})


def test_a_denied_license_is_as_good():
    denied = LicenseDenied(license="D1", destination="HK", decided_on=LISTED, reason="no")
    asked = applied(ultimate_consignee="old", end_users=("old",), destination="HK")
    (flag,) = found(OLD, asked, denied, firm())

    assert "after license D1 for old was denied on 2024-06-01" in flag.because
    assert (2, 3, 4, 5) == flag.evidence


def test_one_party_under_another_id_is_quiet():
    merged = PartyMerged(party="old", into="new", merged_on=LISTED)

    assert [] == found(OLD, listed(), firm(), merged)
    same = {"registration_number": "77"}
    assert [] == found(firm("old", -2_000, **same), listed(), firm(**same))


def test_strangers_agents_and_a_listing_that_ended_are_quiet():
    ended = PartyDelisted(party="old", list="entity_list", delisted_on=LISTED + timedelta(days=50))
    agent = PartyAddressDeclared(
        party="third", address=ROOM, country="HK", registered_agent=True, declared_on=LISTED
    )

    assert [] == found(OLD, listed(), firm(address="Room 6, 12 Other Road"))
    assert [] == found(OLD, listed(), firm(), agent)
    assert [] == found(OLD, listed(), firm(), ended)


def test_somebody_new_takes_what_a_listed_party_got():
    (flag,) = found(sent("S-1", "old", -9), listed(), sent("S-2", "new", 20))

    assert flag.because.endswith(
        "went from maker to new on 2024-06-21, 20 days after old was put on entity_list on"
        " 2024-06-01; maker had never sent to new before, which now gets 100.00 % of what old got"
        " from it in 365 days before"
    )
    assert ((2, 3, 4), ("new", "maker", "old")) == (flag.evidence, flag.parties)


@pytest.mark.parametrize(("units", "count"), [(49, 0), (50, 1)])
def test_less_than_half_takes_no_place_but_shipments_add_up(units, count):
    history = (sent("S-1", "old", -9), listed(), sent("S-2", "new", 20, units))

    assert count == len(found(*history))
    assert 1 == len(found(*history, sent("S-3", "new", 30, 10)))


def test_growth_of_a_market_is_quiet():
    flow = (sent("S-1", "old", -9), listed())

    assert [] == found(*flow, sent("S-0", "new", -5, 1), sent("S-2", "new", 20, 900))
    assert [] == found(*flow, sent("S-3", "old", 10, 90), sent("S-2", "new", 20, 900))


def test_other_goods_countries_exporters_and_licenses_are_quiet():
    flow = (sent("S-1", "old", -9), listed())

    for changes in (
        {"lines": (GoodsLine(description="A800", quantity=100),)},
        {"destinations": ("MY",)},
        {"exporter": "another"},
        {"authority": "license", "license": "D1"},
    ):
        assert [] == found(*flow, sent("S-2", "new", 20, **changes))


def test_what_was_voided_was_no_flow_and_took_none():
    history = (sent("S-1", "old", -9), listed(), sent("S-2", "new", 20))

    assert [] == found(*history, voided(2, "S-1"))
    assert [] == found(*history, voided(4, "S-2"))
    late = (*history, sent("S-0", "new", -5, 1))
    assert [] == found(*late)
    assert 1 == len(found(*late, voided(5, "S-0")))


# ── tenants ─────────────────────────────────────────────────────────────────────────────────────

LET = date(2024, 7, 1)
CENTER = party("center", "MY")
ABROAD = party("abroad", "SG", headquarters="CN")


def local(days=120, country="MY", **changes):
    fields = {"headquarters": "CN", "formed_on": LET + timedelta(days=days)}
    return party("local", country, **(fields | changes))


def let(tenant, days):
    return PartyTenantDeclared(
        party="center", tenant=tenant, declared_on=LET + timedelta(days=days)
    )


TENANTS = (CENTER, ABROAD, let("abroad", 0), local(), let("local", 240))


def test_a_tenant_formed_on_the_spot_since_one_from_abroad_stands_in_for_it():
    (flag,) = found(*TENANTS)

    assert (
        "center let to abroad from 2024-07-01 and to local from 2025-02-26, which was formed in MY"
        " on 2024-10-29, in between; both belong to CN, and nobody says that they are one group"
    ) == flag.because
    assert ("strong", (2, 3, 4, 5, 6)) == (flag.severity, flag.evidence)
    assert ("local", "abroad", "center") == flag.parties


def test_in_whatever_order_tenants_and_seats_are_told():
    for told in itertools.permutations(TENANTS):
        assert [found(*TENANTS)[0].because] == [flag.because for flag in found(*told)]


@pytest.mark.parametrize(("formed", "on", "count"), [
    (-1, 240, 0), (0, 240, 1), (240, 240, 1), (241, 240, 0), (120, 365, 1), (120, 366, 0),
])  # fmt: skip
def test_a_stand_in_is_formed_between_and_comes_within_a_year(formed, on, count):
    history = (CENTER, ABROAD, let("abroad", 0), local(formed), let("local", on))

    assert count == len(found(*history))


@pytest.mark.parametrize("new", [
    local(headquarters="MY"),
    local(headquarters="RU"),
    local(ultimate_parent="group"),
    local(country="SG"),
    local(formed_on=None),
])  # fmt: skip
def test_tenants_that_stand_in_for_nobody(new):
    same = party("abroad", "SG", headquarters="CN", ultimate_parent="group")

    assert [] == found(CENTER, same, let("abroad", 0), new, let("local", 240))


def test_two_tenants_of_one_name_in_the_register_are_one():
    number = {"registration_number": "201901000001"}
    same = party("abroad", "SG", headquarters="CN", **number)
    history = (CENTER, same, let("abroad", 0), local(**number), let("local", 240))
    merged = PartyMerged(party="abroad", into="local", merged_on=LET)

    assert [] == found(*history)
    assert [] == found(*TENANTS, merged)


def test_a_tenant_that_had_left_tier_3_stands_in_for_nobody():
    moved = PartyRelocated(party="abroad", headquarters="SG", relocated_on=LET)

    assert [] == found(*TENANTS, moved)
