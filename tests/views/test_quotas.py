"""Each country's account, under the rules of a day or under others."""

from datetime import date

from world import adopted, approved, entries, exported, licensed, line, pack

from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
)
from ledger.fold import replay
from ledger.policy import PolicyTimeline, Rules, after
from ledger.quota import QuotaFold
from projections.quotas import bar, rows, which_cap

UAE_DAY = date(2025, 11, 19)
GB300 = 60_000
UAE = approved(
    "UAE-1",
    decided_on=UAE_DAY,
    expires_on=date(2027, 11, 19),
    lines=(licensed(35_000, model="gb300", tpp_per_unit=GB300),),
)
DIFFUSION = pack("diffusion-2025")


def board(*events, rules=DIFFUSION, on=UAE_DAY, country=None):
    return rows(replay(QuotaFold(), entries(*events)), rules, on, country=country)


def agreed(uplift=790_000_000):
    return (
        AgreementConcluded(
            agreement="us-ae", country="AE", title="Framework", signatories=("US", "AE"),
            concluded_on=date(2025, 5, 15), uplift_tpp=uplift,
        ),
        AgreementInForce(agreement="us-ae", country="AE", in_force_on=date(2025, 6, 1)),
    )  # fmt: skip


def test_the_approval_for_the_uae_is_2_66_times_the_allocation_and_1_33_with_a_full_uplift():
    (row,) = board(UAE)

    assert "AE" == row.country
    assert 2 == row.tier
    assert 790_000_000 == row.cap_tpp
    assert 1_580_000_000 == row.full_uplift_cap_tpp
    assert 2_100_000_000 == row.reserved_tpp
    assert 0 == row.drawn_tpp
    assert -1_310_000_000 == row.headroom_tpp
    assert 0 == row.overdrawn_tpp
    assert 132_643 == row.h100_equivalents
    assert "2.66" == row.used_of_cap
    assert "1.33" == row.used_of_full_uplift_cap
    assert "diffusion-2025" == row.policy


def test_under_the_rules_enforced_that_day_no_cap_existed_and_it_says_so():
    rules = after(PolicyTimeline(), adopted()).rules_on(UAE_DAY)
    (row,) = board(UAE, rules=rules)

    assert "no country cap is in force on 2025-11-19 (adv-comp-2023 sets none)" == which_cap(
        rules, UAE_DAY
    )
    assert row.cap_tpp is None
    assert row.headroom_tpp is None
    assert row.used_of_cap is None
    assert row.policy is None
    assert 2_100_000_000 == row.reserved_tpp


def test_which_cap_says_what_is_counted_and_until_when():
    assert which_cap(DIFFUSION, UAE_DAY).startswith(
        "diffusion-2025 caps each tier-2 country at 790,000,000 TPP for 2025-01-01 to 2027-12-31"
    )
    assert "not counted: ACM, AIA, LPP, NVEU, UVEU" in which_cap(DIFFUSION, UAE_DAY)
    assert (
        "no country cap is in force on 2028-01-01 (diffusion-2025 sets one for 2025-01-01 to"
        " 2027-12-31)"
    ) == which_cap(DIFFUSION, date(2028, 1, 1))
    assert (
        "no country cap is in force on 2025-11-19 (no rules are in force in this ledger that day)"
    ) == which_cap(Rules(), UAE_DAY)


def test_an_agreement_in_force_raises_the_cap_and_never_beyond_what_the_rules_allow():
    (row,) = board(UAE, *agreed(2_000_000_000))

    assert 2_000_000_000 == row.g2g_agreed_tpp
    assert 790_000_000 == row.g2g_uplift_tpp
    assert 1_580_000_000 == row.cap_tpp
    assert "1.33" == row.used_of_cap


def test_a_country_with_an_agreement_alone_is_shown():
    assert ["AE"] == [row.country for row in board(*agreed())]


def test_a_country_is_not_shown_for_an_agreement_that_is_still_to_come():
    assert [] == board(*agreed(), on=date(2025, 5, 14))


IN_FORCE = {"agreement": "us-ae", "country": "AE"}
ENDED = AgreementTerminated(**IN_FORCE, terminated_on=date(2025, 7, 1), reason="diversion")
AGAIN = AgreementInForce(**IN_FORCE, in_force_on=date(2025, 8, 1))
PAUSED = AgreementSuspended(**IN_FORCE, suspended_on=date(2025, 7, 1), reason="review")


def uplifts(*events, on=UAE_DAY, country="AE"):
    (row,) = board(*events, country=country, on=on)
    return row.g2g_agreed_tpp


def test_a_suspended_agreement_raises_the_cap_again_once_it_is_in_force_again():
    assert 0 == uplifts(*agreed(7), PAUSED)
    assert 7 == uplifts(*agreed(7), PAUSED, on=date(2025, 6, 30))
    assert 7 == uplifts(*agreed(7), PAUSED, AGAIN)


def test_a_terminated_agreement_stays_so_whatever_is_said_to_be_in_force_later():
    assert 7 == uplifts(*agreed(7), ENDED, on=date(2025, 6, 30))
    assert 0 == uplifts(*agreed(7), ENDED)
    assert 0 == uplifts(*agreed(7), ENDED, AGAIN)
    assert 0 == uplifts(*agreed(7), AGAIN, ENDED)


def test_an_agreement_concluded_anew_raises_the_cap_from_when_that_is_in_force():
    anew = AgreementConcluded(
        **IN_FORCE, title="Framework II", signatories=("US", "AE"),
        concluded_on=date(2025, 7, 15), uplift_tpp=9,
    )  # fmt: skip

    assert 0 == uplifts(*agreed(7), ENDED, anew)
    assert 9 == uplifts(*agreed(7), ENDED, anew, AGAIN)
    assert 0 == uplifts(*agreed(7), ENDED, anew, AGAIN, on=date(2025, 7, 31))


def test_what_is_said_of_an_agreement_with_another_country_raises_no_cap():
    concluded, in_force = agreed(7)
    elsewhere = AgreementInForce(agreement="us-ae", country="SA", in_force_on=date(2025, 6, 1))
    ended = AgreementTerminated(
        agreement="us-ae", country="SA", terminated_on=date(2025, 7, 1), reason="diversion"
    )

    assert 0 == uplifts(concluded, elsewhere)
    assert 0 == uplifts(concluded, elsewhere, country="SA")
    assert 7 == uplifts(concluded, in_force, ended)


def test_an_amendment_counts_from_its_day_and_may_be_told_before_the_agreement():
    amended = AgreementAmended(**IN_FORCE, uplift_tpp=9, effective_on=date(2025, 7, 1))
    concluded, in_force = agreed(7)

    for order in ((concluded, in_force, amended), (amended, in_force, concluded)):
        assert 7 == uplifts(*order, on=date(2025, 6, 30))
        assert 9 == uplifts(*order, on=date(2025, 7, 1))


def test_a_country_that_was_asked_for_is_shown_with_nothing():
    (row,) = board(UAE, country="SA")

    assert ("SA", 0, 790_000_000) == (row.country, row.reserved_tpp, row.headroom_tpp)


def test_a_territory_is_shown_with_its_sovereign():
    (row,) = board(approved(destination="LI"), country="LI")

    assert "CH" == row.country
    assert 8 * 15_832 == row.reserved_tpp


def test_shipping_draws_what_was_reserved_and_an_exempt_flow_stays_apart():
    (row,) = board(
        approved(expires_on=date(2026, 2, 2)),
        exported(lines=(line(3),)),
        exported("S-2", authority="LPP", lines=(line(2),)),
    )

    assert (5 * 15_832, 3 * 15_832, 2 * 15_832) == (
        row.reserved_tpp, row.drawn_tpp, row.exempt_tpp,
    )  # fmt: skip
    assert 8 * 15_832 == row.licensed_tpp


def test_what_was_received_beyond_the_cap_is_overdrawn():
    (row,) = board(exported(lines=(line(50_000),)))

    assert 50_000 * 15_832 - 790_000_000 == row.overdrawn_tpp


def test_a_bar_shows_drawn_then_reserved_then_free_and_an_arrow_past_the_cap():
    (within,) = board(
        approved(lines=(licensed(25_000),), expires_on=date(2027, 1, 1)),
        exported(lines=(line(12_500),)),
    )
    (beyond,) = board(UAE)
    (none,) = board(UAE, rules=Rules())

    assert "██▒▒▒▒····" == bar(within)
    assert "▒▒▒▒▒▒▒▒▒▒▶" == bar(beyond)
    assert "" == bar(none)


def test_a_bar_shows_nothing_reserved_where_nothing_is():
    (little,) = board(exported(lines=(line(8),)))

    assert "█·········" == bar(little)
