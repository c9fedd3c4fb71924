"""Policies: a pack counts from the day somebody adopted it, and as long as nobody withdrew it."""

from datetime import date

from scenario import given

from commands.policies import AdoptPolicy, WithdrawPolicy
from ledger.events import PolicyAdopted, PolicyWithdrawn
from ledger.policy import digest, shipped_pack

PACK = shipped_pack("diffusion-2025")
STRICTER = """
id = "diffusion-2025"
title = "half of LPP"
[sources]
US = "a scenario"
[dates]
codified_from = 2025-01-13
source = "US"
read_on = 2026-01-01
"""


def adopted(content=PACK, on=date(2025, 5, 15), citation=""):
    return PolicyAdopted(
        policy="diffusion-2025",
        effective_on=on,
        digest=digest(content),
        content=content,
        citation=citation,
    )


def withdrawn(on=date(2025, 5, 13)):
    return PolicyWithdrawn(policy="diffusion-2025", withdrawn_on=on, reason="not enforced")


def adopting(**changes):
    return AdoptPolicy(
        **({"policy": "diffusion-2025", "effective_on": date(2025, 5, 15)} | changes)
    )


def withdrawing(on=date(2025, 5, 13)):
    return WithdrawPolicy(policy="diffusion-2025", withdrawn_on=on, reason="not enforced")


def test_the_pack_that_ships_is_adopted_with_its_whole_text():
    given().when(adopting()).then(adopted())


def test_a_text_of_ones_own_is_adopted_as_it_stands():
    given().when(adopting(content=STRICTER)).then(adopted(STRICTER))


def test_a_pack_may_come_into_force_in_the_future():
    given().when(adopting(effective_on=date(2030, 1, 1))).then(adopted(on=date(2030, 1, 1)))


def test_a_pack_is_adopted_under_the_id_it_calls_itself():
    given().when(adopting(policy="mine", content=STRICTER)).then_refused(
        "this pack calls itself 'diffusion-2025', not 'mine'", code="POLICY_ID"
    )


def test_a_pack_nobody_wrote_is_not_adopted():
    given().when(adopting(policy="mine")).then_refused("mine")


def test_a_text_that_does_not_read_is_not_adopted():
    given().when(adopting(content="id = 3.5")).then_refused("3.5", code="PACK_FLOAT")


def test_the_same_adoption_twice_says_nothing_new():
    given(adopted()).when(adopting()).then_nothing().then_warns()


def test_a_new_text_or_date_is_a_new_adoption():
    given(adopted()).when(adopting(content=STRICTER)).then(adopted(STRICTER))
    given(adopted()).when(adopting(effective_on=date(2025, 6, 1))).then(
        adopted(on=date(2025, 6, 1))
    )


def test_a_pack_is_withdrawn_even_before_it_came_into_force():
    given(adopted()).when(withdrawing()).then(withdrawn())


def test_the_same_withdrawal_twice_says_nothing_new():
    given(adopted(), withdrawn()).when(withdrawing()).then_nothing().then_warns()


def test_what_is_not_adopted_is_not_withdrawn():
    given().when(withdrawing()).then_refused("is not adopted", code="POLICY_UNKNOWN")
    given(adopted(), withdrawn()).when(withdrawing(date(2025, 6, 1))).then_refused(
        "policy diffusion-2025 is not adopted in this ledger", code="POLICY_UNKNOWN"
    )


def test_what_was_undone_since_is_not_passed_over_in_silence():
    given(adopted(), withdrawn()).when(adopting()).then_nothing().then_warns(
        "policy diffusion-2025 was withdrawn since"
    )
    given(adopted(), withdrawn()).when(adopting(citation="again")).then(adopted(citation="again"))
    given(adopted(), withdrawn(), adopted(citation="again")).when(
        withdrawing()
    ).then_nothing().then_warns("policy diffusion-2025 was adopted since")


def test_a_pack_that_lies_over_one_that_is_not_in_force_is_adopted_with_a_warning():
    over = shipped_pack("cn-2026")
    adopting = AdoptPolicy(policy="cn-2026", effective_on=date(2026, 1, 15))
    follows = PolicyAdopted(
        policy="cn-2026", effective_on=date(2026, 1, 15), digest=digest(over), content=over
    )
    below = PolicyAdopted(
        policy="adv-comp-2023",
        effective_on=date(2023, 11, 17),
        digest=digest(shipped_pack("adv-comp-2023")),
        content=shipped_pack("adv-comp-2023"),
    )

    given().when(adopting).then(follows).then_warns(
        "cn-2026 is written to lie over adv-comp-2023, which is not in force on 2026-01-15"
    )
    given(below).when(adopting).then(follows).then_warns()


def test_a_scenario_is_never_adopted():
    scenario = AdoptPolicy(policy="anthropic-2025", effective_on=date(2025, 5, 15))

    given().when(scenario).then_refused("nobody ever issued these rules", code="POLICY_SCENARIO")
