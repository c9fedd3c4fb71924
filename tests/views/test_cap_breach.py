"""More was shipped to a country than its cap allows."""

from datetime import date

from world import (
    H100,
    adopted,
    approved,
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
    AgreementConcluded,
    AgreementInForce,
    FlagReviewed,
    ShipmentTransferred,
)

FULL = 790_000_000 // H100
"""H100s that fit the allocation; one more does not."""


def breaches(*events, **options):
    return flags("cap-breach", diffusion(), party(), *events, **options)


def test_a_shipment_past_the_cap_is_flagged_with_its_numbers_and_the_rules_that_set_it():
    (flag,) = breaches(exported(lines=(line(FULL),)), exported("S-2", lines=(line(1),)))

    over = (FULL + 1) * H100 - 790_000_000
    assert f"{over:,} TPP over it since shipment S-2 of 2025-03-03" in flag.because
    assert "cap is 790,000,000 TPP" in flag.because
    assert "hard" == flag.severity
    assert "country:AE" == flag.subject
    assert (1, 3, 4) == flag.evidence
    assert "diffusion-2025" == flag.policy
    assert "15 CFR 742.6(b)(10)(iii)(B), country allocation" == flag.source


def test_a_country_that_is_full_to_the_last_chip_breaches_nothing():
    assert [] == breaches(exported(lines=(line(FULL),)))


def test_a_promise_alone_breaches_no_cap():
    assert [] == breaches(approved(lines=(licensed(FULL + 1),)))


def test_a_breach_is_flagged_once_however_much_follows():
    after = [exported(f"S-{number}", lines=(line(10),)) for number in range(2, 9)]

    assert 1 == len(breaches(exported(lines=(line(FULL + 1),)), *after))


def test_a_cleared_breach_is_raised_again_by_new_evidence():
    first = exported(lines=(line(FULL + 1),))
    (flag,) = breaches(first)
    cleared = FlagReviewed(
        flag=flag.id, rule="cap-breach", outcome="cleared", reason="data_error", evidence=(3,),
        reviewed_on=date(2025, 5, 1),
    )  # fmt: skip

    assert [flag] == breaches(first, cleared)
    assert [(1, 3), (1, 3, 5)] == [
        each.evidence for each in breaches(first, cleared, exported("S-2"), exported("S-3"))
    ]


def test_what_was_already_there_when_a_breach_was_cleared_is_no_new_evidence():
    history = (exported(lines=(line(FULL + 1),)), exported("S-2"))
    (flag,) = breaches(*history)
    cleared = FlagReviewed(
        flag=flag.id, rule="cap-breach", outcome="cleared", reason="data_error", evidence=(3,),
        reviewed_on=date(2025, 5, 1),
    )  # fmt: skip

    assert [(1, 3)] == [each.evidence for each in breaches(*history, cleared)]
    assert [(1, 3), (1, 3, 4, 6)] == [
        each.evidence for each in breaches(*history, cleared, exported("S-3"))
    ]


def test_what_moves_under_an_exempt_exception_is_not_counted():
    assert [] == breaches(exported(authority="LPP", lines=(line(FULL + 1),)))


def test_items_outside_the_allocation_are_not_counted():
    assert [] == breaches(exported(lines=(line(FULL + 1, eccn="3A090.b"),)))
    assert [] == breaches(exported(lines=(line(FULL + 1, eccn=None),)))


def test_a_tier_1_country_has_no_cap_to_breach():
    assert [] == breaches(exported(lines=(line(FULL + 1),), route=("US", "JP")))


def test_a_transfer_without_a_license_moves_nothing_into_a_country():
    moved = ShipmentTransferred(
        shipment="T-1", authority="none", lines=(line(FULL + 1),), ultimate_consignee="acme",
        country="AE", transferred_on=date(2025, 3, 3),
    )  # fmt: skip

    assert [] == breaches(moved)


def test_a_territory_counts_with_its_sovereign():
    (flag,) = breaches(
        exported(lines=(line(FULL),), route=("US", "CH")),
        exported("S-2", lines=(line(1),), route=("US", "LI")),
    )

    assert "country:CH" == flag.subject


def test_an_agreement_in_force_raises_the_cap_from_its_day():
    agreed = AgreementConcluded(
        agreement="us-ae", country="AE", title="Framework", signatories=("US", "AE"),
        concluded_on=date(2025, 1, 20), uplift_tpp=790_000_000,
    )  # fmt: skip
    in_force = AgreementInForce(agreement="us-ae", country="AE", in_force_on=date(2025, 3, 1))
    large = exported(lines=(line(FULL + 1),))

    assert [] == breaches(agreed, in_force, large)
    assert 1 == len(breaches(agreed, large))


def test_a_shipment_before_the_period_of_the_allocation_is_not_counted():
    early = exported(lines=(line(FULL + 1),), exported_on=date(2024, 12, 31))

    assert [] == flags("cap-breach", early, rules=pack("diffusion-2025"))


def test_under_the_rules_enforced_there_is_no_cap_and_under_the_others_there_would_be():
    history = (adopted(), party(), exported(lines=(line(FULL + 1),)))

    assert [] == flags("cap-breach", *history)
    assert [(3,)] == [
        flag.evidence for flag in flags("cap-breach", *history, rules=pack("diffusion-2025"))
    ]


def test_voiding_what_filled_the_cap_withdraws_the_breach():
    history = (exported(lines=(line(FULL),)), exported("S-2", lines=(line(1),)))

    assert [] == breaches(*history, voided(3))
    assert [] == breaches(*history, voided(4, "S-2"))


def test_voiding_moves_the_breach_to_the_shipment_that_then_made_it():
    history = (
        exported(lines=(line(FULL),)),
        exported("S-2", lines=(line(1),)),
        exported("S-3", lines=(line(1),)),
    )
    (flag,) = breaches(*history, voided(4, "S-2"))

    assert (1, 3, 5) == flag.evidence
    assert "since shipment S-3" in flag.because
