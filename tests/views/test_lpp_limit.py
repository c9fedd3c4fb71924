"""More was shipped under LPP than one ultimate parent may receive in a year."""

from datetime import date

from world import H100, adopted, diffusion, exported, flags, line, pack, party, voided

from ledger.events import PartyOwnershipChanged

FULL = 26_900_000 // H100
"""H100s within the limit; one more is beyond it."""


def lpp(shipment="S-1", units=8, **changes):
    return exported(shipment, authority="LPP", lines=(line(units),), **changes)


def limits(*events, **options):
    return flags("lpp-limit", diffusion(), party(), *events, **options)


def test_one_chip_past_the_limit_is_flagged_with_parent_year_and_numbers():
    (flag,) = limits(lpp(units=FULL), lpp("S-2", 1))

    assert (
        "acme and what it owns received 26,914,400 TPP under LPP in 2025, in 2 shipments, and"
        " 26,900,000 TPP are allowed: 14,400 TPP over since shipment S-2 of 2025-03-03"
    ) == flag.because
    assert "party:acme" == flag.subject
    assert (1, 2, 3, 4) == flag.evidence
    assert "hard" == flag.severity


def test_one_shipment_may_be_enough():
    (flag,) = limits(lpp(units=FULL + 1))

    assert "26,914,400 TPP under LPP in 2025, in 1 shipment, and" in flag.because


def test_a_parent_at_its_limit_is_within_it():
    assert [] == limits(lpp(units=FULL))


def test_the_limit_is_flagged_once_a_year_and_again_in_the_next():
    this_year = [lpp(f"S-{number}", FULL) for number in range(4)]
    next_year = [lpp(f"T-{number}", FULL, exported_on=date(2026, 2, 1)) for number in range(2)]

    assert 1 == len(limits(*this_year))
    assert 2 == len(limits(*this_year, *next_year))


def test_december_and_january_are_two_years():
    assert [] == limits(
        lpp(units=FULL, exported_on=date(2025, 12, 31)),
        lpp("S-2", FULL, exported_on=date(2026, 1, 1)),
    )


def test_subsidiaries_add_up_at_their_ultimate_parent_across_exporters():
    (flag,) = limits(
        party("one", ultimate_parent="acme"),
        party("two", "SA", ultimate_parent="acme"),
        lpp(units=FULL, ultimate_consignee="one", exporter="maker"),
        lpp("S-2", 1, ultimate_consignee="two", route=("US", "SA"), exporter="other"),
    )

    assert "party:acme" == flag.subject
    assert (1, 2, 3, 4, 5, 6) == flag.evidence


def test_a_subsidiary_counts_with_its_buyer_from_the_day_it_was_bought():
    bought = PartyOwnershipChanged(
        party="one", owner="acme", share=5_001, changed_on=date(2025, 6, 1)
    )
    before, after = date(2025, 5, 31), date(2025, 6, 1)

    def history(day):
        return (
            party("one"), bought, lpp(units=FULL, exported_on=day),
            lpp("S-2", 1, ultimate_consignee="one", exported_on=day),
        )  # fmt: skip

    assert [] == limits(*history(before))
    assert 1 == len(limits(*history(after)))


def test_a_subsidiary_counts_with_its_owner_when_the_purchase_is_told_after_the_shipments():
    bought = PartyOwnershipChanged(
        party="one", owner="acme", share=5_001, changed_on=date(2025, 2, 1)
    )
    sold = PartyOwnershipChanged(party="one", owner="acme", share=0, changed_on=date(2025, 2, 1))
    shipped = (party("one"), lpp(units=FULL), lpp("S-2", 1, ultimate_consignee="one"))

    assert [] == limits(*shipped)
    (flag,) = limits(*shipped, bought)
    assert "party:acme" == flag.subject
    assert (1, 2, 3, 4, 5, 6) == flag.evidence
    assert [] == limits(*shipped, bought, sold)


def test_what_one_parent_received_is_taken_from_it_when_it_belongs_to_another():
    bought = PartyOwnershipChanged(
        party="acme", owner="top", share=10_000, changed_on=date(2025, 2, 1)
    )
    (flag,) = limits(lpp(units=FULL + 1), bought)

    assert "top/2025" == flag.key
    assert (1, 2, 3, 4) == flag.evidence


def test_licensed_chips_are_not_counted():
    assert [] == limits(exported(lines=(line(FULL + 1),)))


def test_a_voided_shipment_is_not_counted():
    assert [] == limits(lpp(units=FULL), lpp("S-2", 1), voided(3))


def test_without_rules_that_know_lpp_there_is_no_limit():
    history = (adopted(), party(), lpp(units=FULL + 1))

    assert [] == flags("lpp-limit", *history)
    assert 1 == len(flags("lpp-limit", *history, rules=pack("diffusion-2025")))
