"""A party to a dealing that listed parties own, alone or together, directly or through others."""

from datetime import date

from world import adopted, declared, exported, flags, line, party, voided

from ledger.events import GoodsLine, PartyDelisted, PartyListed, PartyOwnershipChanged
from ledger.policy import suppose

BEFORE = date(2024, 1, 1)


def owns(owner, owned, share, on=BEFORE):
    return PartyOwnershipChanged(party=owned, owner=owner, share=share, changed_on=on)


def listed(name="bad", on=BEFORE):
    return PartyListed(party=name, list="entity_list", listed_on=on)


def shipped(on=date(2025, 3, 3), **changes):
    return exported(authority="NLR", exported_on=on, **changes)


def found(*history):
    return flags("ownership", adopted(), party(), *history)


def test_a_significant_minority_of_a_listed_owner_is_weak():
    (flag,) = found(owns("bad", "acme", 3_300), listed(), shipped())

    assert (
        "shipment S-1 of 8 units on 2025-03-03: 33.00 % of acme belongs to bad, listed"
    ) == flag.because
    assert ("weak", (3, 4, 5), "acme") == (flag.severity, flag.evidence, flag.parties[0])
    assert [] == found(owns("bad", "acme", 2_499), listed(), shipped())
    assert 1 == len(found(owns("bad", "acme", 2_500), listed(), shipped()))


def test_from_one_half_on_it_is_hard_while_the_rule_was_in_force_and_weak_else():
    def severity(on, share=5_000):
        history = (owns("bad", "acme", share), listed(), shipped(on))
        return [flag.severity for flag in found(*history)]

    assert ["weak"] == severity(date(2025, 9, 28))
    assert ["hard"] == severity(date(2025, 9, 29))
    assert ["hard"] == severity(date(2025, 11, 9))
    assert ["weak"] == severity(date(2025, 11, 10))
    assert ["weak"] == severity(date(2026, 11, 9))
    assert ["hard"] == severity(date(2026, 11, 10))
    assert ["weak"] == severity(date(2025, 10, 1), share=4_999)


def test_goods_that_are_not_controlled_are_hard_while_the_rule_is_in_force_and_else_quiet():
    def found_on(on, share=5_000):
        valves = declared(
            lines=(GoodsLine(description="valves", eccn="EAR99"),), declared_on=on
        )  # fmt: skip
        return [each.severity for each in found(owns("bad", "acme", share), listed(), valves)]

    assert ["hard"] == found_on(date(2025, 10, 1))
    assert [] == found_on(date(2025, 10, 1), share=4_999)
    assert [] == found_on(date(2025, 9, 28))


def test_shares_along_a_chain_are_multiplied_and_chains_added():
    history = (
        owns("bad", "middle", 5_000), owns("middle", "acme", 4_000), owns("worse", "acme", 1_000),
        listed(), listed("worse"),
    )  # fmt: skip
    (flag,) = found(*history, shipped())

    assert "30.00 % of acme belongs to worse and bad, listed" in flag.because
    assert (3, 4, 5, 6, 7, 8) == flag.evidence


def test_owners_in_a_circle_are_counted_to_the_end():
    """x = 0.3 + 0.5 y and y = 0.5 x give x = 0.4."""
    history = (owns("bad", "acme", 3_000), owns("ring", "acme", 5_000), owns("acme", "ring", 5_000))
    (flag,) = found(*history, listed(), shipped())

    assert "39.99 % of acme" in flag.because or "40.00 % of acme" in flag.because


def test_whoever_left_or_was_taken_off_the_list_by_then_does_not_count():
    gone = PartyDelisted(party="bad", list="entity_list", delisted_on=date(2025, 3, 3))
    sold = owns("bad", "acme", 0, on=date(2025, 3, 3))

    assert [] == found(owns("bad", "acme", 5_000), listed(), gone, shipped())
    assert [] == found(owns("bad", "acme", 5_000), sold, listed(), shipped())
    assert [] == found(owns("bad", "acme", 5_000), listed(on=date(2025, 3, 4)), shipped())


def test_what_is_told_after_the_dealing_is_judged_whatever_the_chain():
    told = (owns("bad", "middle", 9_000), owns("middle", "acme", 4_000), listed())

    assert [(3, 4, 5, 6)] == [flag.evidence for flag in found(shipped(), *told)]
    assert [(3, 4, 5, 6)] == [flag.evidence for flag in found(*told[::-1], shipped())]


def test_a_party_that_is_listed_itself_is_another_rules():
    assert [] == found(owns("bad", "acme", 5_000), listed(), listed("acme"), shipped())


def test_other_goods_and_a_voided_shipment_raise_nothing():
    owned = (owns("bad", "acme", 5_000), listed())

    assert [] == found(*owned, shipped(lines=(line(eccn=None),)))
    assert [] == found(*owned, shipped(), voided(5))


def test_share_and_days_are_those_of_the_policy():
    over = suppose("affiliates-2025:returns_after=2027-11-09:threshold=4000", {})
    bought = (owns("bad", "acme", 4_500), listed())

    def severity(on, rules=None):
        history = (adopted(), party(), *bought, shipped(on))
        return [flag.severity for flag in flags("ownership", *history, rules=rules)]

    assert ["weak"] == severity(date(2025, 10, 1))
    assert ["hard"] == severity(date(2025, 10, 1), over)
    assert ["weak"] == severity(date(2026, 11, 10), over)
