"""Goods went on to tier 3 from where they were declared to stay, or look as if they will."""

from datetime import date, timedelta

import pytest
from world import adopted, declared, entries, exported, flags, line, party, seen_onward, voided

from ledger.events import GoodsLine, ShipmentReexported
from ledger.fold import MemoryStates, replay
from projections.red_flags import FlagsFold, RedFlag

RULES = adopted()
LEFT = date(2024, 10, 1)


def onward(*events):
    return flags("onward-to-tier3", RULES, *events)


def test_a_leg_to_tier_3_with_nothing_behind_it_is_flagged_with_the_shipment_it_came_in():
    (flag,) = onward(declared(), seen_onward(of="S-9"))

    assert (
        '"H100" went on from AE to CN on 2024-11-01 by acme and relied on nothing; they had come'
        " with shipment S-9, declared for AE, 31 days before"
    ) == flag.because
    assert "strong" == flag.severity
    assert (2, 3) == flag.evidence
    assert "acme" == flag.parties[0]


def test_what_came_is_found_by_who_sent_it_on_where_nobody_names_the_shipment():
    (flag,) = onward(declared(), seen_onward())

    assert (2, 3) == flag.evidence


@pytest.mark.parametrize(("days", "evidence"), [(180, (2, 3)), (181, (3,))])
def test_what_came_longer_ago_than_the_window_is_not_cited(days, evidence):
    (flag,) = onward(declared(), seen_onward(observed_on=LEFT + timedelta(days=days)))

    assert evidence == flag.evidence


@pytest.mark.parametrize(("went", "evidence"), [(110, (2, 3)), (111, (3,)), (40, (2, 3))])
def test_no_more_goes_on_than_came_but_for_the_tolerance(went, evidence):
    def goods(units):
        return (GoodsLine(description="H100", quantity=units, counted_in="chips"),)

    (flag,) = onward(declared(lines=goods(100)), seen_onward(lines=goods(went)))

    assert evidence == flag.evidence


def test_other_goods_are_not_what_came():
    (flag,) = onward(declared("aircraft parts"), seen_onward())

    assert (3,) == flag.evidence


def test_the_order_of_telling_decides_nothing():
    (flag,) = onward(seen_onward(), declared())

    assert (2, 3) == flag.evidence
    assert "had come with shipment S-9" in flag.because


def test_a_leg_that_stays_out_of_tier_3_or_within_it_is_quiet():
    assert [] == onward(declared(), seen_onward(destination="MY"))
    assert [] == onward(seen_onward(origins=("HK",)))


def test_a_leg_from_one_country_of_tier_3_to_another_counts():
    assert 1 == len(onward(seen_onward("displays", origins=("HK",), destination="RU")))


def test_a_leg_nobody_knows_the_authority_of_counts_for_controlled_goods_only():
    assert 1 == len(onward(seen_onward("H100", authority="unknown")))
    assert [] == onward(seen_onward("computer hardware", authority="unknown"))
    assert [] == onward(seen_onward("H100", authority="GOV"))


def test_a_reexport_to_tier_3_is_a_leg_and_one_under_a_license_is_not_for_this_rule():
    def reexported(**authority):
        return ShipmentReexported(
            shipment="S-2", lines=(line(),), reexporter="acme", ultimate_consignee="shell",
            route=("AE", "CN"), reexported_on=date(2025, 4, 1), **authority,
        )  # fmt: skip

    assert 1 == len(onward(reexported(authority="NLR")))
    assert [] == onward(reexported(authority="license", license="D7"))


def test_an_export_to_tier_3_is_a_leg_only_of_what_its_exporter_got_before():
    def direct(by):
        return declared(
            shipment="S-2", exporter=by, ultimate_consignee="shell", destinations=("CN",),
            declared_on=date(2024, 11, 1),
        )  # fmt: skip

    assert [] == onward(declared(), direct("maker"))
    assert 1 == len(onward(declared(), direct("acme")))


def test_a_voided_leg_went_nowhere_and_a_voided_shipment_is_not_cited():
    assert [] == onward(seen_onward(), voided(2, "S-10"))
    (flag,) = onward(declared(), seen_onward(), voided(2, "S-9"))
    assert (3,) == flag.evidence


def likely(*events, signs):
    """Flags of the predictive kind, with these flags of other rules standing."""
    fold = FlagsFold()
    states = replay(fold, entries(RULES, *events))
    assert isinstance(states, MemoryStates)
    for rule, against in signs:
        sign = RedFlag(rule, "weak", "party:x", "x", "said", "", "", LEFT, (1,), (against,))
        states.put(f"F/{1:012d}/{rule}/{sign.id}", sign)
    raised = fold.raised(states, date(2026, 1, 1))
    return [each.flag for each in raised if each.flag.rule == "onward-to-tier3"]


def test_signs_against_a_party_make_an_onward_leg_likely_where_the_consignee_is_no_end_user():
    signs = [("third-party-payment", "maker"), ("line-of-business", "maker")]
    (flag,) = likely(party(), declared(), signs=signs)

    assert "weak" == flag.severity
    assert (
        '"H100" went to acme in AE on 2024-10-01, no end user is declared, and 2 signs speak'
        " against maker: line-of-business, third-party-payment"
    ) == flag.because
    assert (1, 3) == flag.evidence
    assert ("maker", "acme") == flag.parties


def test_one_sign_or_signs_against_two_parties_make_nothing_likely():
    assert [] == likely(declared(), signs=[("third-party-payment", "maker")])
    assert [] == likely(
        declared(), signs=[("third-party-payment", "maker"), ("line-of-business", "acme")]
    )


def test_a_consignee_who_is_the_end_user_a_license_or_goods_not_controlled_are_quiet():
    signs = [("third-party-payment", "maker"), ("line-of-business", "maker")]

    assert [] == likely(declared(end_user="acme"), signs=signs)
    assert [] == likely(exported(), signs=signs)
    assert [] == likely(declared("computer hardware"), signs=signs)
    assert [] == likely(declared(), voided(2, "S-9"), signs=signs)
