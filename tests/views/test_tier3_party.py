"""A shipment to, or for, a party headquartered in tier 3."""

from datetime import date

from world import adopted, approved, exported, flags, line, party, voided

from ledger.events import PartyOwnershipChanged, PartyRelocated

SHELL = party("shell", "MY", ultimate_parent="beijing-ai", parent_headquarters="CN")


def tier3(*events):
    return flags("tier3-party", adopted(), party(), *events)


def to_shell(shipment="S-1", **changes):
    fields = {"ultimate_consignee": "shell", "end_user": "shell", "authority": "NLR"}
    return exported(shipment, **(fields | {"route": ("US", "MY")} | changes))


def test_a_consignee_owned_from_tier_3_is_flagged_wherever_it_is():
    (flag,) = tier3(SHELL, to_shell())

    assert (
        "shipment S-1 of 126,656 TPP to MY on 2025-03-03: ultimate consignee shell belongs to"
        " beijing-ai, headquartered in CN"
    ) == flag.because
    assert "hard" == flag.severity
    assert (3, 4) == flag.evidence
    assert "15 CFR 744.23(a)(3), headquarters in D:5 or Macau" == flag.source


def test_parties_of_other_tiers_raise_nothing():
    assert [] == tier3(party("japan", "JP"), exported(authority="NLR", purchaser="japan"))


def test_a_shipment_is_flagged_once_for_all_its_parties():
    (flag,) = tier3(SHELL, to_shell(purchaser="shell", intermediate_consignees=("shell",)))

    assert 1 == flag.because.count("shell belongs to")


def test_macau_is_tier_3():
    assert 1 == len(tier3(party("casino", "MO"), exported(authority="NLR", end_user="casino")))


def test_an_intermediate_consignee_alone_weighs_little():
    through = exported(authority="NLR", intermediate_consignees=("forwarder",))
    (flag,) = tier3(party("forwarder", "HK"), through)

    assert "weak" == flag.severity


def test_under_a_license_that_names_the_party_it_is_for_information():
    granted = approved(destination="MY", ultimate_consignee="shell", end_users=("shell",))
    (flag,) = tier3(SHELL, granted, to_shell(authority="license", license="D1"))

    assert "information" == flag.severity
    assert "license D1 names it" in flag.because


def test_a_license_for_somebody_else_excuses_nobody():
    (flag,) = tier3(SHELL, approved(), to_shell(authority="license", license="D1"))

    assert "hard" == flag.severity


def test_a_party_nobody_registered_raises_nothing_here():
    assert [] == tier3(exported(authority="NLR", ultimate_consignee="stranger"))


def test_chips_that_are_not_controlled_raise_nothing():
    assert [] == tier3(SHELL, to_shell(lines=(line(eccn=None),)))


def test_a_firm_counts_from_the_day_it_moved_and_history_before_does_not_change():
    moved = PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 3, 3))
    before = exported("S-1", authority="NLR", exported_on=date(2025, 3, 2))
    after = exported("S-2", authority="NLR", exported_on=date(2025, 3, 3))

    assert ["shipment:S-2"] == [flag.subject for flag in tier3(moved, before, after)]


def test_a_firm_counts_with_whoever_bought_more_than_half_of_it():
    def bought(share):
        return PartyOwnershipChanged(
            party="acme", owner="beijing", share=share, changed_on=date(2025, 2, 1)
        )

    buyer = party("beijing", "CN")

    assert [] == tier3(buyer, bought(5_000), exported(authority="NLR"))
    assert 1 == len(tier3(buyer, bought(5_001), exported(authority="NLR")))


def test_cambodia_left_the_group_on_7_november_2025():
    khmer = party("khmer", "KH")
    last, first = date(2025, 11, 6), date(2025, 11, 7)

    assert 1 == len(tier3(khmer, exported(authority="NLR", end_user="khmer", exported_on=last)))
    assert [] == tier3(khmer, exported(authority="NLR", end_user="khmer", exported_on=first))


def test_a_voided_shipment_was_to_nobody():
    assert [] == tier3(SHELL, to_shell(), voided(4))
