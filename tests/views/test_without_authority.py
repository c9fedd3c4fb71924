"""A shipment that nothing allowed."""

from datetime import date

import pytest
from world import (
    adopted,
    applied,
    approved,
    declared,
    diffusion,
    exported,
    flags,
    licensed,
    line,
    pack,
    party,
    voided,
)

from ledger.events import (
    GoodsLine,
    LicenseApplicationReported,
    LicenseDecisionReported,
    LicenseDenied,
    LicenseReturned,
    PartyInformed,
    PartyListed,
    PartyRelocated,
    PartySoldDomestically,
    PolicyWithdrawn,
    ShipmentTransferred,
)

SHELL = party("shell", "MY", ultimate_parent="beijing-ai", parent_headquarters="CN")
DENIED = LicenseDenied(
    license="D1", decided_on=date(2025, 2, 1), destination="AE", reason="diversion risk"
)


def judged(*events, **options):
    return flags("without-authority", adopted(), party(), *events, **options)


def test_a_shipment_within_its_license_is_quiet():
    assert [] == judged(approved(), exported())


def test_a_shipment_on_the_last_day_of_its_license_is_quiet_and_on_the_next_is_not():
    last = approved(expires_on=date(2025, 3, 3))

    assert [] == judged(last, exported())
    (flag,) = judged(last, exported(exported_on=date(2025, 3, 4)))
    assert (
        "shipment S-1 of 126,656 TPP to acme in AE on 2025-03-04 relied on license D1, but it"
        " expired on 2025-03-03"
    ) == flag.because
    assert "hard" == flag.severity
    assert (3, 4) == flag.evidence
    assert "15 CFR 750.7, 758.1" == flag.source


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"exported_on": date(2025, 1, 31)}, "it was decided on 2025-02-01, after the shipment"),
        ({"route": ("US", "SA")}, "it is for AE"),
        ({"ultimate_consignee": "other"}, "its consignee is acme, not other"),
        ({"end_user": "other"}, "its end users are acme, not other"),
        ({"lines": (line(model="h200-sxm"),)}, "it is for h100-sxm, not h200-sxm"),
        (
            {"lines": (line(eccn="4A090.a"),)},
            "h100-sxm is 3A090.a on it, and was declared 4A090.a",
        ),
        ({"license": "D9"}, "no entry speaks of license D9"),
    ],
)
def test_what_a_license_does_not_cover_is_said(changes, because):
    (flag,) = judged(approved(), party("other", "AE"), exported(**changes))

    assert because in flag.because
    assert "hard" == flag.severity


def test_everything_wrong_with_one_shipment_is_one_flag():
    (flag,) = judged(approved(), exported(route=("US", "SA"), end_user="other"))

    assert "it is for AE; its end users are acme, not other" in flag.because


def test_chips_may_move_among_the_parties_a_license_names():
    named = approved(end_users=("campus", "lab"))

    assert [] == judged(
        named, party("campus", "AE"), exported(ultimate_consignee="campus", end_user="acme")
    )


@pytest.mark.parametrize(
    ("decision", "because"),
    [
        (DENIED, "it was denied on 2025-02-01"),
        (
            LicenseReturned(license="D1", returned_on=date(2025, 2, 1), reason="documents_missing"),
            "it was returned without action on 2025-02-01",
        ),
        (applied(), "it is not decided"),
    ],
)
def test_a_license_that_was_not_granted_covers_nothing(decision, because):
    (flag,) = judged(applied(), decision, exported())

    assert because in flag.because


def test_a_shipment_reported_before_its_license_is_judged_again_when_the_license_is():
    early = exported()

    assert 1 == len(judged(early))
    assert [] == judged(early, approved())
    (flag,) = judged(early, approved(expires_on=date(2025, 3, 2)))
    assert (3, 4) == flag.evidence


def test_a_headquarters_told_after_the_shipment_is_judged_and_cited():
    japan = party("japan", "JP")
    sent = exported(
        authority="NLR", ultimate_consignee="japan", end_user="japan", route=("US", "JP")
    )
    moved = PartyRelocated(party="japan", headquarters="CN", relocated_on=date(2025, 3, 1))
    back = PartyRelocated(party="japan", headquarters="JP", relocated_on=date(2025, 3, 1))

    assert [] == judged(japan, sent)
    (flag,) = judged(japan, sent, moved)
    assert "hard" == flag.severity
    assert (3, 4, 5) == flag.evidence
    assert [] == judged(japan, sent, moved, back)


def test_what_is_told_of_a_party_changes_nothing_where_the_destination_decides():
    (before,) = judged(exported(authority="none"))
    (after,) = judged(
        exported(authority="none"),
        PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 3, 1)),
    )

    assert before == after


def test_a_voided_shipment_is_not_judged_again():
    assert [] == judged(exported(), voided(3), DENIED)


@pytest.mark.parametrize(
    ("authority", "said"),
    [
        ("none", "relied on nothing"),
        ("unknown", "does not say what it relied on"),
        ("NLR", "claimed that no license is required (NLR)"),
    ],
)
def test_without_a_license_where_one_is_required(authority, said):
    (flag,) = judged(exported(authority=authority))

    assert (f"{said}, and 3A090.a needs a license to AE (§742.6(a)(6))") in flag.because
    assert "hard" == flag.severity


def test_where_no_license_is_required_none_is_missed():
    quiet = [
        exported(f"S-{authority}", authority=authority, route=("US", "JP"), **to_japan)
        for authority in ("NLR", "none", "unknown", "AIA")
        for to_japan in [{"ultimate_consignee": "japan", "end_user": "japan"}]
    ]

    assert [] == judged(party("japan", "JP"), *quiet)


def test_a_parent_in_tier_3_needs_a_license_wherever_the_chips_go():
    (flag,) = judged(
        SHELL,
        exported(authority="NLR", route=("US", "MY"), ultimate_consignee="shell", end_user="shell"),
    )

    assert "headquartered in CN, in D:5 or Macau" in flag.because
    assert "hard" == flag.severity
    assert (3, 4) == flag.evidence


def test_a_purchaser_in_tier_3_needs_a_license_too():
    history = (
        party("japan", "JP"),
        SHELL,
        exported(
            authority="NLR", route=("US", "JP"), ultimate_consignee="japan", end_user="japan",
            purchaser="shell",
        ),
    )  # fmt: skip

    assert ["hard"] == [flag.severity for flag in judged(*history)]


def test_where_only_an_unknown_headquarters_would_decide_it_is_for_information():
    (flag,) = judged(
        exported(authority="NLR", route=("US", "JP"), ultimate_consignee="stranger", end_user=None)
    )

    assert "information" == flag.severity
    assert "where stranger belongs is not recorded" in flag.because


def test_a_license_that_does_not_fit_but_was_not_needed_weighs_little():
    (flag,) = judged(
        approved(),
        party("japan", "JP"),
        exported(route=("US", "JP"), ultimate_consignee="japan", end_user="japan"),
    )

    assert "weak" == flag.severity
    assert "no license was needed after all" in flag.because


def test_an_exception_the_rules_of_the_day_do_not_have_covers_nothing():
    (flag,) = judged(exported(authority="LPP"))

    assert "relied on LPP: no rules in force on 2025-03-03 provide LPP" in flag.because
    assert "hard" == flag.severity


def test_an_exception_covers_what_it_is_there_for():
    assert [] == judged(diffusion(), exported(authority="LPP"))
    assert [] == judged(
        diffusion(),
        party("japan", "JP"),
        exported(authority="AIA", route=("US", "JP"), ultimate_consignee="japan", end_user="japan"),
    )


def test_an_exception_is_not_there_for_everybody():
    (flag,) = judged(diffusion(), exported(authority="AIA"))

    assert "AIA (§740.27) is not available: AE is not in tier 1" in flag.because
    assert "hard" == flag.severity


def test_lpp_gives_no_transfers_in_country():
    moved = ShipmentTransferred(
        shipment="T-1", authority="LPP", lines=(line(),), ultimate_consignee="acme",
        country="AE", transferred_on=date(2025, 3, 3),
    )  # fmt: skip
    (flag,) = judged(diffusion(), moved)

    assert "LPP (§740.29) does not cover transfers (in-country)" in flag.because


def test_an_exception_that_an_unknown_headquarters_might_open_is_for_information():
    (flag,) = judged(diffusion(), exported(authority="LPP", ultimate_consignee="stranger"))

    assert "information" == flag.severity


def test_an_exception_for_chips_outside_data_centers_is_for_information():
    (flag,) = judged(exported(authority="ACA"))

    assert "information" == flag.severity


def test_chips_that_are_not_controlled_need_nothing():
    assert [] == judged(exported(authority="none", lines=(line(eccn=None),)))


def test_under_no_rules_at_all_nothing_is_without_authority():
    assert [] == flags("without-authority", party(), exported(authority="none"))


def test_a_shipment_is_judged_by_the_rules_of_its_own_date():
    withdrawn = PolicyWithdrawn(
        policy="diffusion-2025", withdrawn_on=date(2025, 5, 13), reason="not enforced"
    )
    to_japan = {
        "route": ("US", "SG"), "ultimate_consignee": "sg", "end_user": "sg", "authority": "NLR",
    }  # fmt: skip
    before = exported("S-1", **to_japan, exported_on=date(2025, 5, 12))
    after = exported("S-2", **to_japan, exported_on=date(2025, 5, 13))
    history = (diffusion(), withdrawn, party("sg", "SG"), after, before)

    assert ["shipment:S-1"] == [flag.subject for flag in judged(*history)]


def test_under_supposed_rules_all_history_is_judged_by_them():
    history = (adopted(), party("sg", "SG"), exported(
        authority="NLR", route=("US", "SG"), ultimate_consignee="sg", end_user="sg"
    ))  # fmt: skip

    assert [] == flags("without-authority", *history)
    assert 1 == len(flags("without-authority", *history, rules=pack("diffusion-2025")))


def test_a_rule_only_learned_later_does_not_judge_what_was_recorded_before():
    history = (party(), exported(authority="none"), adopted())

    assert [] == flags("without-authority", *history)


def test_a_license_of_several_chips_covers_each():
    both = approved(lines=(licensed(), licensed(model="h200-sxm")))

    assert [] == judged(both, exported(lines=(line(), line(model="h200-sxm"))))


def told(*events):
    return flags("without-authority", adopted(), *events)


def test_controlled_goods_told_in_words_need_what_chips_need():
    (flag,) = told(party(), declared("HGX servers B200/H200", authority="NLR"))

    assert (
        '"HGX servers B200/H200" went to acme in AE on 2024-10-01 and claimed that no license is'
        " required (NLR): 3A090.a needs a license to AE (§742.6(a)(6))"
    ) == flag.because
    assert "hard" == flag.severity
    assert ("acme", "maker") == flag.parties


def test_words_that_name_no_controlled_chip_need_nothing():
    assert [] == told(party(), declared("RTX 4060 boards", "aircraft parts"))
    assert [] == told(party(), declared("H100", destinations=("US",)))


def test_controlled_goods_that_claim_nothing_at_all_are_a_weak_sign():
    malaysian = {"ultimate_consignee": "dealer", "destinations": ("MY",)}
    (flag,) = told(party("dealer", "MY"), declared("H100", **malaysian))

    assert "weak" == flag.severity
    assert 2 == flag.weight
    assert [] == told(party("dealer", "MY"), declared("H100", authority="NLR", **malaysian))


@pytest.mark.parametrize("late", [True, False])
def test_a_headquarters_in_tier_3_needs_a_license_whenever_it_is_told(late):
    seat = party("dealer", "MY", headquarters="CN")
    shipment = declared("H100", authority="NLR", ultimate_consignee="dealer", destinations=("MY",))
    (flag,) = told(*((shipment, seat) if late else (seat, shipment)))

    assert "headquartered in CN" in flag.because
    assert (2, 3) == flag.evidence


def test_goods_nobody_says_the_way_of_are_for_information():
    (flag,) = told(declared("H100", authority="unknown", ultimate_consignee=None, destinations=()))

    assert "information" == flag.severity
    assert flag.because.endswith("nobody says where to, which would decide")


@pytest.mark.parametrize("late", [True, False])
def test_a_listed_party_gets_nothing_without_a_license(late):
    listed = PartyListed(party="acme", list="entity_list", listed_on=date(2024, 1, 1))
    disks = declared("hard disk drives", authority="unknown")
    (flag,) = told(*((disks, listed) if late else (listed, disks)))

    assert "hard" == flag.severity
    assert "acme is on entity_list" in flag.because
    assert [] == told(declared("hard disk drives", declared_on=date(2023, 12, 31)), listed)


@pytest.mark.parametrize("late", [True, False])
def test_a_letter_binds_the_group_that_got_it(late):
    letter = PartyInformed(party="maker", concerning="acme", informed_on=date(2024, 1, 1))
    plant = party("plant", "KR", ultimate_parent="maker", parent_headquarters="US")
    through = declared("ion implanter", act="reexport", exporter="plant")
    (flag,) = told(plant, *((through, letter) if late else (letter, through)))

    assert "maker had been informed on 2024-01-01 that it needs a license for acme" in flag.because
    assert [] == told(letter, declared("ion implanter", exporter="somebody"))


def test_goods_without_a_name_may_be_what_their_exporter_had_bought():
    bought = PartySoldDomestically(
        party="dealer", purchaser="maker", country="US", sold_on=date(2024, 6, 1),
        lines=(GoodsLine(description="H100/H200"),),
    )  # fmt: skip
    vague = declared("generic computer parts")
    (flag,) = told(party(), bought, vague)

    assert "strong" == flag.severity
    assert (
        "nobody says what they are, and maker had bought h100, h200 on 2024-06-01" in flag.because
    )
    assert flag.because == told(party(), vague, bought)[0].because
    assert [] == told(party(), vague)
    assert [] == told(party(), bought, declared("aircraft parts"))


def test_a_declaration_in_words_is_held_against_the_license_it_names():
    def under(*decisions, **changes):
        fields = {"authority": "license", "license": "D1", "declared_on": date(2025, 3, 3)}
        return [flag.because for flag in told(*decisions, declared(**(fields | changes)))]

    assert [] == under(approved())
    assert "no entry speaks of license D1" in under()[0]
    assert "license D1 was denied on 2025-02-01" in under(applied(), DENIED)[0]
    assert (
        "it is for 2025-02-01 to 2026-02-02" in under(approved(), declared_on=date(2026, 2, 3))[0]
    )
    assert (
        "it is for AE; it does not name other, the consignee"
        in under(approved(), destinations=("SA",), ultimate_consignee="other")[0]
    )


def test_a_license_decided_later_covers_what_was_told_in_words_before():
    shipment = declared(authority="license", license="D1", declared_on=date(2025, 3, 3))

    assert [] == told(shipment, approved())


def test_what_was_told_in_words_and_voided_needed_nothing():
    assert [] == told(party(), declared("H100"), voided(3, "S-9"), party("acme", "CN"))


@pytest.mark.parametrize("late", [False, True])
def test_a_license_decided_elsewhere_covers_what_its_report_says(late):
    def under(outcome="approved", on=date(2025, 2, 1), **changes):
        fields = {"authority": "license", "license": "D1", "declared_on": date(2025, 3, 3)}
        asked = LicenseApplicationReported(
            license="D1", applicant="maker", ultimate_consignee="acme", destination="AE",
            lines=(GoodsLine(description="H100"),), authority="BIS", applied_on=date(2025, 1, 2),
        )  # fmt: skip
        decided = LicenseDecisionReported(
            license="D1", outcome=outcome, authority="BIS", decided_on=on
        )
        shipment = declared(**(fields | changes))
        history = (shipment, asked, decided) if late else (asked, decided, shipment)
        return [(flag.because.partition("cover it: ")[2], flag.evidence) for flag in told(*history)]

    assert [] == under()
    assert [("it was denied on 2025-02-01, as reported", (2, 3, 4))] == under("denied")
    assert [("it was approved on 2025-04-01, as reported", (2, 3, 4))] == under(on=date(2025, 4, 1))
    assert [("it is for AE; it does not name other, the consignee", (2, 3, 4))] == under(
        destinations=("SA",), ultimate_consignee="other"
    )


@pytest.mark.parametrize("late", [True, False])
def test_an_exception_claimed_in_words_is_held_against_whom_it_is_for(late):
    def found(*seats, **changes):
        claimed = declared(
            "H100", authority="LPP", declared_on=date(2025, 3, 3), **({"act": "export"} | changes)
        )
        history = (claimed, *seats) if late else (*seats, claimed)
        return told(diffusion(), *history)

    (flag,) = found(party("acme", "AE", headquarters="CN"))

    assert flag.because == (
        '"H100" went to acme in AE on 2025-03-03 and relied on LPP: LPP (§740.29) is not available:'
        " CN is in D:5 or Macau"
    )
    assert ("hard", "15 CFR part 740, 742.6(a)(6)") == (flag.severity, flag.source)
    assert [] == found(party("acme", "AE"))
    assert [] == found(), "where acme belongs is not recorded, and might open it"


def test_an_exception_that_no_rule_of_the_day_provides_covers_nothing():
    (flag,) = told(declared("H100", authority="AIA"))

    assert flag.because.endswith("relied on AIA: no rules in force on 2024-10-01 provide AIA")


def test_no_exception_opens_the_way_to_a_listed_party():
    listed = PartyListed(party="acme", list="entity_list", listed_on=date(2024, 1, 1))
    (flag,) = told(declared("hard disk drives", authority="RPL"), listed)

    assert flag.because.endswith("needs a license, and no exception replaces it")


def test_what_was_bought_is_told_late_by_whomever_it_was_for():
    vague = declared("generic computer parts", destinations=("MY",))
    bought = PartySoldDomestically(
        party="maker", purchaser="agent", end_user="maker", country="US", sold_on=date(2024, 9, 1),
        lines=(GoodsLine(description="H100", model="h100-sxm"),),
    )  # fmt: skip

    first, late = told(bought, vague), told(vague, bought)
    assert [flag.because for flag in first] == [flag.because for flag in late]
    assert 1 == len(late)


def test_a_chip_named_in_a_letter_needs_a_license_where_the_letter_says_so():
    h20 = (line(model="h20", eccn=None, tpp_per_unit=2_368),)
    letter = adopted("cn-h20-letter-2025", date(2025, 4, 9))

    def sent(on=date(2025, 6, 2), route=("US", "CN"), **changes):
        goods = {"authority": "NLR", "lines": h20, "route": route, "exported_on": on} | changes
        return judged(letter, SHELL, exported(**goods))

    (flag,) = sent()
    assert flag.because.endswith(
        "claimed that no license is required (NLR), and h20 needs a license to D:5, Macau and"
        " whoever is headquartered there, since 2025-04-09 (§744.23)"
    )
    assert "hard" == flag.severity
    assert 1 == len(sent(route=("US", "MY"), ultimate_consignee="shell"))
    assert [] == sent(on=date(2025, 4, 8))
    assert [] == sent(route=("US", "AE"))
    assert [] == flags(
        "without-authority", adopted(), party(),
        exported(authority="NLR", lines=h20, route=("US", "CN"), exported_on=date(2025, 6, 2)),
    )  # fmt: skip
