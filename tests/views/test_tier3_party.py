"""A shipment to, or for, a party headquartered in tier 3."""

from datetime import date

from world import adopted, approved, exported, flags, line, party, raised, voided

from ledger.events import FlagReviewed, PartyOwnershipChanged, PartyRelocated

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
    assert (3, 4, 5) == flag.evidence


def test_a_license_that_names_the_party_may_be_told_after_the_shipment():
    granted = approved(destination="MY", ultimate_consignee="shell", end_users=("shell",))
    (flag,) = tier3(SHELL, to_shell(authority="license", license="D1"), granted)

    assert "information" == flag.severity
    assert (3, 4, 5) == flag.evidence


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


# ── what is told after the shipment ─────────────────────────────────────────────────────────────


def moved(to="CN", on=date(2025, 3, 3), name="acme"):
    return PartyRelocated(party=name, headquarters=to, relocated_on=on)


def owned(name, owner, share=10_000, on=date(2025, 2, 1)):
    return PartyOwnershipChanged(party=name, owner=owner, share=share, changed_on=on)


def test_a_move_told_after_the_shipment_is_judged_and_the_flag_stands_since_that_entry():
    (flag,) = tier3(exported(authority="NLR"), moved())

    assert "ultimate consignee acme is headquartered in CN" in flag.because
    assert (2, 3, 4) == flag.evidence
    assert 4 == flag.raised_at


def test_a_move_after_the_shipment_says_nothing_of_it_whenever_it_is_told():
    assert [] == tier3(exported(authority="NLR"), moved(on=date(2025, 3, 4)))


def test_a_move_that_is_corrected_takes_its_flag_along():
    assert [] == tier3(exported(authority="NLR"), moved(), moved("SG"))


def test_who_is_registered_after_the_shipment_to_it_is_judged():
    sent = exported(authority="NLR", ultimate_consignee="late", end_user="late")
    (flag,) = tier3(sent, party("late", "MY", headquarters="CN"))

    assert (3, 4) == flag.evidence


def test_a_party_known_by_its_move_alone_was_somewhere_unknown_before():
    sent = exported(authority="NLR", ultimate_consignee="stranger")

    assert [] == tier3(moved(on=date(2025, 3, 4), name="stranger"), sent)
    assert 1 == len(tier3(moved(name="stranger"), sent))


def test_what_is_told_of_an_owner_of_an_owner_reaches_the_shipment():
    chain = (party("middle", "SG"), owned("acme", "middle"), owned("middle", "top"))
    (flag,) = tier3(exported(authority="NLR"), *chain, party("top", "CN"))

    assert "acme belongs to top, headquartered in CN" in flag.because
    assert (2, 3, 4, 5, 6, 7) == flag.evidence
    assert [] == tier3(
        exported(authority="NLR"), *chain, party("top", "CN"), owned("middle", "top", 0)
    )


def test_a_voided_shipment_is_not_judged_again():
    assert [] == tier3(exported(authority="NLR"), voided(3), moved())


def test_a_share_that_makes_nobody_the_owner_leaves_a_reviewed_flag_as_it_was():
    history = [adopted(), SHELL, to_shell()]
    (flag,) = flags("tier3-party", *history)
    history.append(
        FlagReviewed(
            flag=flag.id,
            rule=flag.rule,
            outcome="cleared",
            reason="explained",
            evidence=flag.evidence,
            reviewed_on=date(2025, 4, 1),
        )
    )
    lesser, greater = owned("shell", "bank", 1_000), owned("shell", "beijing-ai", 9_000)

    def standing(*more):
        found = raised([*history, *more])
        return [each.standing for each in found if each.flag.rule == "tier3-party"]

    assert ["cleared"] == standing(lesser)
    assert ["open"] == standing(greater)
