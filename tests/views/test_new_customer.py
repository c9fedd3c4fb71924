"""A large order of chips for a firm that was formed around a control."""

from datetime import date

from world import adopted, exported, flags, line, party, voided

from ledger.events import CheckPerformed, ControlPublished, PartyCapacityDeclared

FORMED = date(2024, 10, 1)


def found(*history, formed=FORMED, **changes):
    return flags("new-customer", adopted(), party(formed_on=formed, **changes), *history)


def ordered(units=8, shipment="S-1", value=None, **changes):
    return exported(shipment, authority="NLR", lines=(line(units, value_cents=value),), **changes)


CAPACITY = PartyCapacityDeclared(
    party="acme", site="north", it_kilowatts=1_000, declared_on=date(2025, 4, 1)
)


def visited(evidence="powered_on"):
    return CheckPerformed(
        check="C-1", party="acme", performed_on=date(2025, 5, 1), evidence=evidence
    )


def test_a_firm_formed_after_a_control_that_orders_within_a_year_is_flagged():
    (flag,) = found(ordered())

    assert (
        "shipment S-1 of 8 units on 2025-03-03: acme was formed on 2024-10-01, 153 days before,"
        " and a control took effect on 2023-11-17"
    ) == flag.because
    assert ("weak", 1, (2, 3)) == (flag.severity, flag.weight, flag.evidence)


def test_it_weighs_more_above_ten_million():
    assert [2] == [flag.weight for flag in found(ordered(value=1_000_000_000))]
    assert [1] == [flag.weight for flag in found(ordered(value=999_999_999))]


def test_fewer_than_8_chips_for_less_than_a_million_are_quiet():
    assert [] == found(ordered(7, value=99_999_999))
    assert 1 == len(found(ordered(7, value=100_000_000)))


def test_a_firm_a_year_old_is_no_longer_new():
    assert [] == found(ordered(), formed=date(2024, 3, 3))
    assert 1 == len(found(ordered(), formed=date(2024, 3, 4)))


def test_only_a_firm_formed_around_a_control_counts():
    assert [] == found(ordered(exported_on=date(2026, 3, 3)), formed=date(2025, 11, 17))
    assert 1 == len(found(ordered(exported_on=date(2026, 3, 3)), formed=date(2025, 10, 24)))


def test_a_control_published_later_is_a_control_all_the_same():
    late = ControlPublished(control="c", title="a control", effective_on=date(2026, 1, 17))
    order = ordered(exported_on=date(2026, 3, 3))

    for history in ((late, order), (order, late)):
        (flag,) = found(*history, formed=date(2025, 11, 18))
        assert "a control took effect on 2026-01-17" in flag.because
        assert (2, 3, 4) == flag.evidence
    assert [] == found(late, order, formed=date(2025, 11, 17))


def test_a_data_center_whose_chips_answered_is_a_genuine_one():
    assert [] == found(ordered(), CAPACITY, visited())
    assert [] == found(CAPACITY, visited("attested"), ordered())
    assert 1 == len(found(ordered(), CAPACITY))
    assert 1 == len(found(ordered(), visited()))
    assert 1 == len(found(ordered(), CAPACITY, visited("paper")))


def test_proof_does_not_help_a_firm_of_tier_3():
    assert 1 == len(found(ordered(), CAPACITY, visited(), headquarters="CN"))


def test_a_firm_registered_after_its_order_is_judged_too():
    (flag,) = flags("new-customer", adopted(), ordered(), party(formed_on=FORMED))

    assert (2, 3) == flag.evidence


def test_what_is_not_controlled_or_never_left_raises_nothing():
    assert [] == found(exported(authority="NLR", lines=(line(100, eccn=None),)))
    assert [] == found(ordered(), voided(3))
