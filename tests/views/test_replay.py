"""History under other rules: what is said to differ, by which line, and what follows from it."""

from datetime import date

import msgspec
import pytest
from world import (
    H100,
    adopted,
    applied,
    approved,
    diffusion,
    exported,
    history_under,
    licensed,
    line,
    party,
    seen_onward,
    voided,
)

from ledger.events import (
    AgreementConcluded,
    AgreementInForce,
    LicenseDenied,
    PartyRelocated,
    PolicyAdopted,
    ShipmentReexported,
    ShipmentTransferred,
)
from ledger.policy import Rules, digest, parse_pack, shipped_pack, supposed_packs
from projections.differences import Lines
from projections.replay import Replay

DIFFUSION = "diffusion-2025"
FULL = 790_000_000 // H100
"""H100s that fit the allocation; one more does not."""

ON = date(2025, 11, 19)
IN_FORCE = (
    adopted(),
    party(),
    party("shell", "MY", ultimate_parent="beijing"),
    party("nile", "EG"),
)
"""Entries 1 to 4; under adv-comp-2023."""


def unreviewed():
    """The same, by rules that do not say how applications are reviewed; as in IN_FORCE."""
    before, _, rest = shipped_pack("adv-comp-2023").partition("[[review]]")
    examples = [each for each in rest.split("[[examples]]") if 'about = "review"' not in each]
    text = f"{before}[validity]{'[[examples]]'.join(examples).partition('[validity]')[2]}"
    first = msgspec.structs.replace(adopted(), content=text, digest=digest(text))
    return (first, *IN_FORCE[1:])


def run(*history, policy=DIFFUSION, **options) -> Replay:
    packs = supposed_packs(policy, {})
    texts = [*(each.text for each in packs), shipped_pack("adv-comp-2023"), shipped_pack(DIFFUSION)]
    lines = Lines([(parse_pack(text), text) for text in texts])
    rules = Rules(tuple(each.pack for each in packs))
    return history_under(history, [rules], lines, **options)


def differences(*history, **options):
    return run(*IN_FORCE, *history, **options).differences()


def changes(*history, **options):
    return [(each.change, each.entry) for each in differences(*history, **options)]


def reexported(shipment="S-2", of="S-1", **changes):
    fields = {
        "shipment": shipment, "of": of, "authority": "NLR", "lines": (line(),),
        "ultimate_consignee": "acme", "reexporter": "acme", "route": ("AE", "JP"),
        "reexported_on": date(2025, 5, 1),
    }  # fmt: skip
    return ShipmentReexported(**(fields | changes))


def denied(license="D1", on=date(2025, 2, 1)):
    return LicenseDenied(license=license, decided_on=on, destination="AE", reason="")


def test_an_approval_that_does_not_fit_the_cap_is_refused_with_its_numbers_and_the_line():
    (found,) = differences(approved(lines=(licensed(FULL + 1),)))

    takes = (FULL + 1) * H100
    assert ("decision", "refused", True) == (found.kind, found.change, found.stopped)
    assert ("license:D1", "AE", 5, 5) == (
        found.subject, found.country, found.entry, found.diverges_at
    )  # fmt: skip
    assert (790_000_000, 790_000_000, takes) == (found.cap_tpp, found.headroom_tpp, found.tpp)
    assert None is found.then_cap_tpp
    assert f"refused: takes {takes:,} TPP and AE has 790,000,000 TPP of headroom" in found.supposed
    assert f"approved: {FULL + 1:,} units, {takes:,} TPP for acme in AE" == found.as_it_was
    assert (DIFFUSION, "country_allocation.tpp", "tpp = 790_000_000") == (
        found.rule_policy, found.rule, found.rule_text,
    )  # fmt: skip
    assert shipped_pack(DIFFUSION).splitlines()[found.rule_line - 1] == found.rule_text
    assert "REG: §742.6(b)(10)(iii)(B) and (C)" in found.rule_source


def test_what_fits_to_the_last_chip_would_have_been_approved_too():
    assert [] == changes(approved(lines=(licensed(FULL),)))


def test_what_would_have_been_refused_leaves_room_for_what_came_later():
    first, second = approved(lines=(licensed(FULL + 1),)), approved("D2", lines=(licensed(FULL),))

    assert [("refused", 5)] == changes(first, second)
    assert [("refused", 6)] == changes(second, first)


def test_shipments_under_a_refused_license_are_followed_with_what_went_on_from_them():
    history = (
        approved(lines=(licensed(FULL + 1),)),
        exported(),
        reexported(),
        ShipmentTransferred(
            shipment="S-3", of="S-2", authority="none", lines=(line(),), country="JP",
            ultimate_consignee="acme", transferred_on=date(2025, 6, 1),
        ),
        seen_onward(shipment="S-4", of="S-3"),
    )  # fmt: skip
    found = differences(*history)

    assert [
        ("refused", 5),
        ("relied_on", 6),
        ("moved_on", 7),
        ("moved_on", 8),
        ("moved_on", 9),
    ] == [(each.change, each.entry) for each in found]
    assert {5} == {each.diverges_at for each in found}
    assert {"country_allocation.tpp"} == {each.rule for each in found}
    assert "license D1 would have been refused (entry 5)" in found[1].supposed
    assert "shipment S-1 would not have left" in found[2].supposed
    assert "shipment S-3 would not have left" in found[4].supposed


def test_a_shipment_told_before_its_license_was_approved_relied_on_it_all_the_same():
    history = (exported(), approved(lines=(licensed(FULL + 1),)))
    made = run(*IN_FORCE, *history)

    assert [("relied_on", 5), ("refused", 6)] == [
        (each.change, each.entry) for each in made.differences()
    ]
    (account,) = made.account_differences(ON)
    assert (0, 0) == (account.reserved_tpp, account.drawn_tpp)


def test_a_presumption_of_denial_is_said_and_refuses_nothing():
    for_china = {"destination": "CN", "ultimate_consignee": "beijing", "end_users": ("beijing",)}
    in_beijing = (party("beijing", "CN"), approved(**for_china, justification="for a clinic"))
    (tier_3,) = run(*unreviewed(), *in_beijing, exported()).differences()

    assert [] == differences(*in_beijing, exported())
    assert [] == run(diffusion(), *in_beijing).differences()
    assert ("presumed_denied", False) == (tier_3.change, tier_3.stopped)
    assert tier_3.supposed.startswith("would meet a presumption of denial for 3A090.a: beijing")
    assert tier_3.supposed.endswith("; a justification is on record")
    assert ("review.1.policy", 'policy = "presumption_of_denial"') == (
        tier_3.rule, tier_3.rule_text,
    )  # fmt: skip


def test_a_policy_of_denial_refuses():
    text = shipped_pack(DIFFUSION).replace(
        'allocation = "within"\npolicy = "presumption_of_approval"',
        'allocation = "within"\npolicy = "policy_of_denial"',
    )
    rules = parse_pack(text)
    made = history_under(
        (*IN_FORCE, approved(), exported()), [Rules.of([rules])], Lines([(rules, text)])
    )

    assert [("policy_of_denial", True), ("relied_on", True)] == [
        (each.change, each.stopped) for each in made.differences()
    ]
    assert "refused: would meet a policy of denial" in made.differences()[0].supposed


def test_no_license_is_needed_where_the_supposed_rules_do_not_control_the_goods():
    (found,) = run(
        diffusion(), party(), approved(destination="JP"), policy="adv-comp-2023"
    ).differences()

    assert ("license_not_required", False) == (found.change, found.stopped)
    assert "no license needed: no license is required for 3A090.a to JP" == found.supposed
    assert (DIFFUSION, "scope.1.reach", 'reach = "worldwide"') == (
        found.rule_policy, found.rule, found.rule_text,
    )  # fmt: skip


def test_a_denial_that_the_supposed_rules_do_not_call_for():
    asked = applied(lines=(licensed(FULL + 1),))
    raised = f"{DIFFUSION}:country_allocation.tpp=1580000000"

    (found,) = run(diffusion(), party(), asked, denied(), policy=raised).differences()

    assert ("denial_not_needed", "license:D1", 4) == (found.change, found.subject, found.entry)
    assert "denied: 49,899 units" in found.as_it_was
    assert "by the rules in force takes" in found.as_it_was
    assert "denial not called for: nothing in the rules stands against it" == found.supposed
    assert "country_allocation.tpp" == found.rule


def test_a_denial_for_reasons_of_the_officers_own_is_no_difference():
    assert [] == changes(applied(), denied())


def test_a_denial_reserves_nothing_however_needless():
    asked = applied(lines=(licensed(FULL + 1),))
    raised = f"{DIFFUSION}:country_allocation.tpp=1580000000"
    made = run(diffusion(), party(), asked, denied(), policy=raised)

    assert [] == made.account_differences(ON)


@pytest.mark.parametrize(
    ("authority", "to", "change", "rule"),
    [
        ("NLR", "JP", "license_required", "scope.1.reach"),
        ("AIA", "AE", "exception_unavailable", "exceptions.2"),
        ("UVEU", "AE", "exception_unavailable", "exceptions.UVEU"),
    ],
)
def test_a_shipment_that_would_have_lacked_an_authority(authority, to, change, rule):
    shipment = exported(authority=authority, route=("US", to))
    (found,) = run(free(), party(), shipment).differences()

    assert (change, rule, True) == (found.change, found.rule, found.stopped)


def test_a_reason_names_the_day_of_the_very_shipment():
    days = (date(2025, 8, 3), date(2025, 8, 24))
    history = (
        exported(f"S-{day.day}", authority="UVEU", route=("US", "AE"), exported_on=day)
        for day in days
    )
    found = run(free(), party(), *history, policy="adv-comp-2023").differences()

    assert [
        f"no rules in force on {day} provide UVEU" in each.supposed
        for day, each in zip(days, found, strict=True)
    ] == [True, True]


def free() -> PolicyAdopted:
    """Rules under which everything may go."""
    return PolicyAdopted(
        policy="none", effective_on=date(2020, 1, 1), digest=digest(FREE), content=FREE
    )


FREE = """
id = "none"
title = "No rules at all"
[sources]
OURS = "a test"
[dates]
codified_from = 2020-01-01
source = "OURS: none"
read_on = 2026-11-22
"""


def test_lpp_is_within_its_limit_or_over_it_and_what_is_over_leaves_room():
    def lpp(shipment, units):
        return exported(shipment, authority="LPP", lines=(line(units),))

    history = (diffusion(), party(), lpp("S-1", 1_000), lpp("S-2", 500), lpp("S-3", 100))
    lowered = run(*history, policy=f"{DIFFUSION}:lpp.limit_tpp={1_100 * H100}").differences()
    raised = run(
        *history, lpp("S-4", 200), policy=f"{DIFFUSION}:lpp.limit_tpp={2_000 * H100}"
    ).differences()

    assert [("over_limit", "shipment:S-2", 1_100 * H100, 100 * H100)] == [
        (each.change, each.subject, each.cap_tpp, each.headroom_tpp) for each in lowered
    ]
    assert "over the limit: takes 7,916,000 TPP under LPP and acme has" in lowered[0].supposed
    assert "lpp.limit_tpp" == lowered[0].rule
    assert [("allowed", "shipment:S-4", False)] == [
        (each.change, each.subject, each.stopped) for each in raised
    ]
    assert "by the rules in force takes" in raised[0].as_it_was


def test_the_limit_of_lpp_is_one_for_a_parent_and_a_year():
    limit = f"{DIFFUSION}:lpp.limit_tpp={10 * H100}"
    sister = party("sister", "AE", ultimate_parent="acme", parent_headquarters="AE")

    def lpp(shipment, consignee, on):
        return exported(
            shipment, authority="LPP", ultimate_consignee=consignee, end_user=None, exported_on=on
        )

    history = (
        diffusion(), party(), sister, lpp("S-1", "acme", date(2025, 12, 30)),
        lpp("S-2", "sister", date(2025, 12, 31)), lpp("S-3", "sister", date(2026, 1, 1)),
    )  # fmt: skip

    assert [("over_limit", 5)] == [
        (each.change, each.entry) for each in run(*history, policy=limit).differences()
    ]


def test_outside_the_span_nothing_is_supposed():
    big = approved(lines=(licensed(FULL + 1),))
    before = (date.min, date(2025, 1, 31))

    assert [] == changes(big, span=before)
    assert [("refused", 5)] == changes(big, span=(date(2025, 2, 1), date(2025, 2, 1)))


def test_a_decision_is_judged_by_what_had_been_told_by_then():
    moved = PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 1, 1))

    def presumed(*history):
        made = run(*unreviewed(), *history)
        return [(each.change, each.entry) for each in made.differences()]

    assert [] == presumed(approved(), moved)
    assert [("presumed_denied", 6)] == presumed(moved, approved())


def test_an_agreement_in_force_raises_the_cap_that_is_supposed():
    concluded = AgreementConcluded(
        agreement="uae", country="AE", title="US-UAE", signatories=("US", "AE"),
        concluded_on=date(2025, 1, 15), uplift_tpp=790_000_000,
    )  # fmt: skip
    in_force = AgreementInForce(agreement="uae", country="AE", in_force_on=date(2025, 1, 20))
    big = approved(lines=(licensed(FULL + 1),))

    assert [] == changes(concluded, in_force, big)
    assert [("refused", 6)] == changes(concluded, big)


def test_a_voided_shipment_has_never_been():
    history = (approved(lines=(licensed(FULL + 1),)), exported(), voided(6))

    assert [("refused", 5)] == changes(*history)


def test_accounts_are_shown_under_both_with_the_entry_they_part_at():
    made = run(
        *IN_FORCE,
        approved(lines=(licensed(100),)),
        approved("D2", lines=(licensed(FULL),)),
        exported(lines=(line(40),)),
    )
    (found,) = made.account_differences(ON)

    assert ("country:AE", 5, 6) == (found.subject, found.entry, found.diverges_at)
    assert (None, (60 + FULL) * H100, 40 * H100) == (
        found.then_cap_tpp, found.then_reserved_tpp, found.then_drawn_tpp,
    )  # fmt: skip
    assert (790_000_000, 60 * H100, 40 * H100, 790_000_000 - 100 * H100) == (
        found.cap_tpp, found.reserved_tpp, found.drawn_tpp, found.headroom_tpp,
    )  # fmt: skip
    assert ON == found.on
    assert "country_allocation.tpp" == found.rule


def test_an_account_without_a_cap_says_by_which_line_less_was_drawn():
    made = run(*IN_FORCE, exported(authority="NLR", route=("US", "JP")))
    (found,) = made.account_differences(ON)

    assert ("country:JP", None, 0, 8 * H100) == (
        found.subject, found.cap_tpp, found.drawn_tpp, found.then_drawn_tpp
    )  # fmt: skip
    assert "scope.1.reach" == found.rule


def test_a_chip_named_in_a_letter_is_refused_by_the_line_that_names_it():
    h20 = line(model="h20", eccn=None, tpp_per_unit=2_368)
    sent = exported(authority="NLR", lines=(h20,), route=("US", "CN"), exported_on=date(2025, 6, 2))
    policy = "cn-h20-letter-2025"
    packs = supposed_packs(policy, {})
    made = history_under(
        (*IN_FORCE, sent),
        [Rules(tuple(each.pack for each in packs))],
        Lines([(each.pack, each.text) for each in packs]),
    )
    found = [each for each in made.differences() if each.change == "license_required"]

    assert [(policy, "chip_control.1")] == [(each.rule_policy, each.rule) for each in found]
    assert found[0].stopped
