"""License applications: who may be granted what, and what is refused to them."""

from datetime import date

import pytest
from scenario import given

from commands.licenses import (
    ApplyForLicense,
    ApproveLicense,
    DenyLicense,
    LineWanted,
    ReturnLicense,
)
from ledger.events import (
    AgreementConcluded,
    AgreementInForce,
    CommodityLine,
    Condition,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseLine,
    LicenseReturned,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    PolicyAdopted,
    PolicyWithdrawn,
    ShipmentExported,
)
from ledger.policy import digest, shipped_pack

DIFFUSION = PolicyAdopted(
    policy="diffusion-2025",
    effective_on=date(2025, 5, 15),
    digest=digest(shipped_pack("diffusion-2025")),
    content=shipped_pack("diffusion-2025"),
)
G42 = PartyRegistered(
    party="g42", name="G42", country="AE", headquarters="AE", registered_on=date(2025, 6, 1)
)
GB300 = 60_000
CAP = 790_000_000


def line(units, model="gb300", tpp=GB300, eccn="3A090.a"):
    return LicenseLine(model=model, eccn=eccn, units=units, tpp_per_unit=tpp)


def applying(license="D1", units=1_000, model="gb300", destination="AE", **changes):
    fields = {
        "license": license,
        "applied_on": date(2025, 6, 1),
        "applicant": "nvidia",
        "ultimate_consignee": "g42",
        "end_users": ("g42",),
        "destination": destination,
        "lines": (LineWanted(model=model, units=units),),
    }
    return ApplyForLicense(**(fields | changes))


def applied(license="D1", units=1_000, destination="AE", **changes):
    fields = {
        "license": license,
        "applied_on": date(2025, 6, 1),
        "applicant": "nvidia",
        "ultimate_consignee": "g42",
        "end_users": ("g42",),
        "destination": destination,
        "lines": (line(units),),
    }
    return LicenseApplied(**(fields | changes))


def approved(license="D1", units=1_000, destination="AE", **changes):
    fields = {
        "license": license,
        "decided_on": date(2025, 11, 19),
        "expires_on": date(2026, 11, 19),
        "destination": destination,
        "ultimate_consignee": "g42",
        "end_users": ("g42",),
        "lines": (line(units),),
    }
    return LicenseApproved(**(fields | changes))


def approving(license="D1", **changes):
    return ApproveLicense(**({"license": license, "decided_on": date(2025, 11, 19)} | changes))


# ── applying ─────────────────────────────────────────────────────────────────────────────────────


def test_an_application_carries_what_the_catalogue_says_of_its_chips():
    given(G42).when(applying()).then(applied()).then_warns()


def test_an_application_for_a_party_nobody_registered_is_taken_with_a_warning():
    given().when(applying()).then(applied()).then_warns("party g42 is not registered")


def test_the_same_application_twice_says_nothing_new():
    given(G42, applied()).when(applying()).then_nothing()


def test_one_id_stands_for_one_application():
    given(G42, applied()).when(applying(units=2_000)).then_refused(
        "license D1 was already applied for with other details", code="ALREADY_SAID"
    )


def test_a_chip_outside_3a090_needs_no_license_and_none_is_applied_for():
    given(G42).when(applying(model="h20")).then_refused(
        "is not under 3A090", code="CHIP_NOT_CONTROLLED"
    )


def test_a_chip_nobody_knows_cannot_be_applied_for():
    given(G42).when(applying(model="gb3000")).then_refused("no chip 'gb3000'", code="CHIP_UNKNOWN")


def test_each_chip_stands_on_one_line_of_an_application():
    twice = (LineWanted(model="gb300", units=1), LineWanted(model="gb300", units=2))

    given(G42).when(applying(lines=twice)).then_refused("gb300", code="LINES_TWICE")


def test_nobody_applies_tomorrow():
    given(G42, today=date(2025, 5, 31)).when(applying()).then_refused(
        "on 2025-06-01, and today is 2025-05-31", code="DATE_FUTURE"
    )


# ── approving ────────────────────────────────────────────────────────────────────────────────────


def test_a_license_grants_what_was_applied_for_until_the_day_the_rules_give():
    given(DIFFUSION, G42, applied()).when(approving()).then(approved()).then_warns()


def test_less_may_be_granted_than_was_asked_for():
    less = (LineWanted(model="gb300", units=400),)

    given(DIFFUSION, G42, applied()).when(approving(lines=less)).then(approved(units=400))


@pytest.mark.parametrize(
    ("granted", "problem"),
    [
        (LineWanted(model="gb300", units=1_001), "with 1,000 gb300 and this grants 1,001"),
        (LineWanted(model="h100-sxm", units=1), "with 0 h100-sxm and this grants 1"),
    ],
)
def test_never_more_is_granted_than_was_asked_for(granted, problem):
    given(DIFFUSION, G42, applied()).when(approving(lines=(granted,))).then_refused(
        problem, code="BEYOND_APPLICATION"
    )


def test_a_chip_granted_on_two_lines_is_counted_on_neither():
    twice = (LineWanted(model="gb300", units=600), LineWanted(model="gb300", units=600))

    given(DIFFUSION, G42, applied()).when(approving(lines=twice)).then_refused(
        "gb300", code="LINES_TWICE"
    )


def test_a_license_states_its_own_end_conditions_and_grounds():
    condition = Condition(condition="quarterly_report", text="report where the chips are")

    given(DIFFUSION, G42, applied()).when(
        approving(
            expires_on=date(2027, 1, 31),
            conditions=(condition,),
            license_number="D1234567",
            agreement="uae-2025",
            justification="agreed between the governments",
        )
    ).then(
        approved(
            expires_on=date(2027, 1, 31),
            conditions=(condition,),
            license_number="D1234567",
            agreement="uae-2025",
            justification="agreed between the governments",
        )
    )


def test_the_same_approval_twice_says_nothing_new():
    given(DIFFUSION, G42, applied(), approved()).when(approving()).then_nothing()


def test_the_same_approval_says_nothing_new_under_rules_that_give_another_end_or_none():
    ended = approved(expires_on=date(2027, 11, 19))

    given(DIFFUSION, G42, applied(), ended).when(approving()).then_nothing()
    given(G42, applied(), approved()).when(approving()).then_nothing()


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (LineWanted(model="gb300", units=1_001),)},
        {"expires_on": date(2025, 11, 18)},
        {"decided_on": date(2025, 11, 20)},
    ],
)
def test_that_a_case_was_decided_is_said_before_what_is_wrong_with_the_second_decision(changes):
    given(DIFFUSION, G42, applied(), approved()).when(approving(**changes)).then_refused(
        "license D1 was already approved on 2025-11-19", code="ALREADY_DECIDED"
    )


@pytest.mark.parametrize(
    ("before", "deed"),
    [
        (approved(), "approved"),
        (
            LicenseDenied(
                license="D1", decided_on=date(2025, 11, 19), destination="AE", reason="diversion"
            ),
            "denied",
        ),
        (
            LicenseReturned(
                license="D1", returned_on=date(2025, 11, 19), reason="documents_missing"
            ),
            "returned without action",
        ),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        approving(expires_on=date(2027, 1, 1)),
        DenyLicense(license="D1", decided_on=date(2025, 12, 1), reason="not in the interest"),
        ReturnLicense(license="D1", returned_on=date(2025, 12, 1), reason="applicant_request"),
    ],
)
def test_a_case_is_decided_once(before, deed, command):
    given(DIFFUSION, G42, applied(), before).when(command).then_refused(
        f"license D1 was already {deed} on 2025-11-19", code="ALREADY_DECIDED"
    )


@pytest.mark.parametrize(
    "command",
    [
        approving(),
        DenyLicense(license="D1", decided_on=date(2025, 11, 19), reason="none"),
        ReturnLicense(license="D1", returned_on=date(2025, 11, 19), reason="applicant_request"),
    ],
)
def test_nothing_is_decided_that_nobody_applied_for(command):
    given(DIFFUSION, G42).when(command).then_refused(
        "no application for license D1", code="LICENSE_UNKNOWN"
    )


@pytest.mark.parametrize(
    "command",
    [
        approving(decided_on=date(2025, 5, 31)),
        DenyLicense(license="D1", decided_on=date(2025, 5, 31), reason="none"),
        ReturnLicense(license="D1", returned_on=date(2025, 5, 31), reason="applicant_request"),
    ],
)
def test_nothing_is_decided_before_it_was_applied_for(command):
    given(DIFFUSION, G42, applied()).when(command).then_refused(
        "was applied for on 2025-06-01 and cannot be decided on 2025-05-31", code="DATES_ORDER"
    )


def test_nothing_is_decided_tomorrow():
    given(DIFFUSION, G42, applied(), today=date(2025, 11, 18)).when(approving()).then_refused(
        "license D1 is decided on 2025-11-19, and today is 2025-11-18", code="DATE_FUTURE"
    )


def test_a_license_does_not_end_before_it_begins():
    given(DIFFUSION, G42, applied()).when(approving(expires_on=date(2025, 11, 18))).then_refused(
        "cannot expire on 2025-11-18", code="DATES_ORDER"
    )


def test_without_rules_a_license_states_when_it_ends():
    given(G42, applied()).when(approving()).then_refused(
        "no rules in force on 2025-11-19 say how long license D1 lives", code="EXPIRY_UNKNOWN"
    )
    given(G42, applied()).when(approving(expires_on=date(2026, 11, 19))).then(approved())


def test_a_license_of_several_chips_ends_with_the_first_of_them():
    lines = (line(10), line(10, "mi100", 2_954, "3A090.b"))

    given(DIFFUSION, G42, applied(lines=lines)).when(approving()).then(approved(lines=lines))


# ── review policy: location, headquarters and parent each decide ─────────────────────────────────

MOVED = PartyRelocated(party="g42", headquarters="CN", relocated_on=date(2025, 9, 1))


def test_a_consignee_headquartered_in_d5_is_presumed_against_wherever_it_sits():
    given(DIFFUSION, G42, MOVED, applied()).when(approving()).then_refused(
        "tier 3 by destination AE, headquarters CN, parent's headquarters CN: presumption of"
        " denial for 3A090.a",
        code="REVIEW_POLICY",
    )


def test_a_justification_overcomes_a_presumption():
    given(DIFFUSION, G42, MOVED, applied()).when(approving(justification="a treaty")).then(
        approved(justification="a treaty")
    )


def test_where_the_headquarters_was_on_the_day_decides():
    given(DIFFUSION, G42, MOVED, applied()).when(approving(decided_on=date(2025, 8, 29))).then(
        approved(decided_on=date(2025, 8, 29), expires_on=date(2026, 8, 31))
    )


def test_whoever_owns_more_than_half_brings_its_headquarters_along():
    owner = PartyRegistered(
        party="holding", name="Holding", country="CN", headquarters="CN",
        registered_on=date(2025, 1, 1),
    )  # fmt: skip
    half = PartyOwnershipChanged(
        party="g42", owner="holding", share=5_000, changed_on=date(2025, 7, 1)
    )
    more = PartyOwnershipChanged(
        party="g42", owner="holding", share=5_001, changed_on=date(2025, 8, 1)
    )

    given(DIFFUSION, G42, owner, half, applied()).when(approving()).then(approved())
    given(DIFFUSION, G42, owner, half, more, applied()).when(approving()).then_refused(
        "parent's headquarters CN", code="REVIEW_POLICY"
    )


def test_every_end_user_is_looked_at():
    other = PartyRegistered(
        party="lab", name="Lab", country="AE", headquarters="RU", registered_on=date(2025, 1, 1)
    )

    given(DIFFUSION, G42, other, applied(end_users=("g42", "lab"))).when(approving()).then_refused(
        "license D1 is for lab, tier 3", code="REVIEW_POLICY"
    )


def adopted(policy, on):
    text = shipped_pack(policy)
    return PolicyAdopted(policy=policy, effective_on=on, digest=digest(text), content=text)


IN_2026 = (
    adopted("adv-comp-2023", date(2023, 11, 17)),
    adopted("cn-2026", date(2026, 1, 15)),
    adopted("tariff-232-2026", date(2026, 1, 15)),
    PartyRegistered(
        party="g42", name="Cloud", country="CN", headquarters="CN", registered_on=date(2025, 1, 1)
    ),
)
H200 = (line(10, "h200-sxm", 15_832),)
TO_CHINA = {"destination": "CN", "lines": H200}


def test_an_h200_to_china_is_presumed_against_before_15_january_2026_and_weighed_after():
    given(*IN_2026, applied(**TO_CHINA)).when(approving(decided_on=date(2026, 1, 14))).then_refused(
        "license D1 is for g42, in D:5 or Macau by destination CN, headquarters CN, parent's"
        " headquarters CN: presumption of denial for 3A090.a",
        code="REVIEW_POLICY",
    )
    given(*IN_2026, applied(**TO_CHINA)).when(approving(decided_on=date(2026, 2, 2))).then(
        approved(**TO_CHINA, decided_on=date(2026, 2, 2), expires_on=date(2030, 2, 4))
    ).then_warns(
        "h200-sxm for g42 (destination CN, headquarters CN, parent's headquarters CN) is reviewed"
        " case by case (15 CFR 742.6(b)(10)); still to be seen: commercially available",
        "of h200-sxm, at most 50 % of the TPP shipped to customers in the United States may go to"
        " CN and MO",
        "h200-sxm bears a duty of 25 % where it enters the United States first, unless imported",
    )


def test_a_reexport_to_china_and_a_faster_chip_stay_presumed_against():
    onward = applied(**TO_CHINA, act="reexport")
    faster = applied(destination="CN", lines=(line(10, "b200", 36_000),))

    for asked in (onward, faster):
        given(*IN_2026, asked).when(approving(decided_on=date(2026, 2, 2))).then_refused(
            "presumption of denial for 3A090.a", code="REVIEW_POLICY"
        )


def test_a_party_nobody_registered_is_not_taken_for_harmless():
    given(DIFFUSION, applied()).when(approving()).then(approved()).then_warns(
        "the headquarters of g42 or of its parent is not on record"
    )


# ── the cap ──────────────────────────────────────────────────────────────────────────────────────

ALL_BUT_4_000 = (applied("D0", units=9_166), approved("D0", units=9_166))
"""Leaves 790,000,000 - 9,166 x 60,000 = 240,040,000 TPP: room for 4,000 chips and not for 4,001."""


def test_what_fits_to_the_last_chip_is_granted():
    given(DIFFUSION, G42, *ALL_BUT_4_000, applied(units=4_000)).when(approving()).then(
        approved(units=4_000)
    )


def test_one_chip_more_than_fits_is_refused():
    given(DIFFUSION, G42, *ALL_BUT_4_000, applied(units=4_001)).when(approving()).then_refused(
        "AE has 240,040,000 TPP of headroom and this license takes 240,060,000: cap 790,000,000,"
        " reserved 549,960,000, drawn 0",
        code="CAP_EXCEEDED",
    )


def test_no_justification_raises_a_cap():
    given(DIFFUSION, G42, *ALL_BUT_4_000, applied(units=4_001)).when(
        approving(justification="a treaty")
    ).then_refused("AE has 240,040,000 TPP of headroom", code="CAP_EXCEEDED")


def test_another_country_has_a_cap_of_its_own():
    given(DIFFUSION, G42, *ALL_BUT_4_000, applied(units=4_001, destination="SA")).when(
        approving()
    ).then(approved(units=4_001, destination="SA"))


def test_a_territory_shares_its_sovereigns_cap():
    first = (applied("D0", 9_166, "CH"), approved("D0", 9_166, "CH"))

    given(DIFFUSION, G42, *first, applied(units=4_001, destination="LI")).when(
        approving()
    ).then_refused("CH has 240,040,000 TPP of headroom", code="CAP_EXCEEDED")


def test_what_a_license_did_not_ship_is_given_back_after_its_last_day():
    short = (
        applied("D0", units=9_166),
        approved("D0", units=9_166, decided_on=date(2025, 6, 2), expires_on=date(2025, 11, 18)),
    )

    given(DIFFUSION, G42, *short, applied(units=13_166)).when(approving()).then(
        approved(units=13_166)
    )
    given(DIFFUSION, G42, *short, applied(units=13_166)).when(
        approving(decided_on=date(2025, 11, 18))
    ).then_refused("AE has 240,040,000 TPP of headroom", code="CAP_EXCEEDED")


def test_an_agreement_in_force_raises_a_cap_up_to_what_the_rules_allow():
    concluded = AgreementConcluded(
        agreement="uae-2025", country="AE", title="US-UAE", signatories=("US", "AE"),
        concluded_on=date(2025, 5, 15), uplift_tpp=2 * CAP,
    )  # fmt: skip
    in_force = AgreementInForce(agreement="uae-2025", country="AE", in_force_on=date(2025, 11, 1))

    given(DIFFUSION, G42, concluded, applied(units=26_333)).when(approving()).then_refused(
        "cap 790,000,000", code="CAP_EXCEEDED"
    )
    given(DIFFUSION, G42, concluded, in_force, applied(units=26_333)).when(approving()).then(
        approved(units=26_333)
    )
    given(DIFFUSION, G42, concluded, in_force, applied(units=26_334)).when(
        approving()
    ).then_refused("cap 1,580,000,000", code="CAP_EXCEEDED")


def test_a_country_without_a_cap_is_promised_anything():
    given(DIFFUSION, G42, applied(units=100_000, destination="JP")).when(approving()).then(
        approved(units=100_000, destination="JP")
    )


def test_a_pack_that_was_withdrawn_caps_nothing():
    gone = PolicyWithdrawn(
        policy="diffusion-2025", withdrawn_on=date(2025, 5, 13), reason="not enforced"
    )

    given(DIFFUSION, gone, G42, applied(units=100_000)).when(
        approving(expires_on=date(2026, 11, 19))
    ).then(approved(units=100_000))


def test_chips_that_do_not_count_are_granted_even_where_a_cap_is_overdrawn():
    overdrawn = ShipmentExported(
        shipment="S1", authority="none", ultimate_consignee="g42", route=("US", "AE"),
        lines=(CommodityLine(model="gb300", eccn="3A090.a", units=14_000, tpp_per_unit=GB300),),
        exported_on=date(2025, 7, 1),
    )  # fmt: skip
    uncounted = (line(10, "mi100", 2_954, "3A090.b"),)

    given(DIFFUSION, G42, overdrawn, applied(lines=uncounted)).when(
        approving(expires_on=date(2026, 11, 19))
    ).then(approved(lines=uncounted))


# ── denying, returning ───────────────────────────────────────────────────────────────────────────


def test_an_application_is_denied_with_a_reason():
    given(applied()).when(
        DenyLicense(license="D1", decided_on=date(2025, 7, 1), reason="risk of diversion")
    ).then(
        LicenseDenied(
            license="D1",
            decided_on=date(2025, 7, 1),
            destination="AE",
            reason="risk of diversion",
        )
    )


def test_the_same_denial_twice_says_nothing_new():
    denied = LicenseDenied(
        license="D1", decided_on=date(2025, 7, 1), destination="AE", reason="risk of diversion"
    )

    given(applied(), denied).when(
        DenyLicense(license="D1", decided_on=date(2025, 7, 1), reason="risk of diversion")
    ).then_nothing()


def test_an_application_is_returned_without_action():
    given(applied()).when(
        ReturnLicense(
            license="D1",
            returned_on=date(2025, 7, 1),
            reason="documents_missing",
            note="no BIS-711",
        )
    ).then(
        LicenseReturned(
            license="D1",
            returned_on=date(2025, 7, 1),
            reason="documents_missing",
            note="no BIS-711",
        )
    )
