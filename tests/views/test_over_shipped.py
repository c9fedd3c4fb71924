"""More was shipped under a license than it is for."""

from datetime import date

import pytest
from world import adopted, approved, exported, flags, licensed, line, party, voided

from ledger.events import ShipmentReturned, StockLine

MILLION = 100_000_000
"""A million dollars, in cents."""


def over(*events):
    return flags("over-shipped", adopted(), party(), *events)


def test_one_chip_beyond_the_license_is_flagged_with_the_license_and_its_shipments():
    (flag,) = over(approved(), exported(lines=(line(8),)), exported("S-2", lines=(line(1),)))

    assert (
        "license D1 is for 8 units of h100-sxm, and 9 units were shipped under it with"
        " shipment S-2 of 2025-03-03: 1 unit over; nothing more is tolerated"
    ) == flag.because
    assert "license:D1" == flag.subject
    assert "hard" == flag.severity
    assert (3, 4, 5) == flag.evidence
    assert "15 CFR 750.11, shipping tolerances" == flag.source


def test_a_license_shipped_to_its_last_chip_is_not_over_shipped():
    assert [] == over(approved(), exported(lines=(line(8),)))


def test_an_over_shipment_is_flagged_once_however_much_follows():
    assert 1 == len(over(approved(), *(exported(f"S-{number}") for number in range(9))))


def test_each_chip_of_a_license_is_a_line_of_its_own():
    both = approved(lines=(licensed(8), licensed(8, model="h200-sxm")))

    assert [] == over(both, exported(lines=(line(8), line(8, model="h200-sxm"))))


def test_the_same_chip_on_two_lines_of_a_declaration_is_added_up():
    assert 1 == len(over(approved(), exported(lines=(line(5), line(4)))))


@pytest.mark.parametrize(
    ("cents", "flagged"), [(MILLION * 11 // 10, 0), (MILLION * 11 // 10 + 1, 1)]
)
def test_ten_percent_more_in_value_is_tolerated_and_a_cent_beyond_it_is_not(cents, flagged):
    worth = approved(lines=(licensed(8, value_cents=MILLION),))

    assert flagged == len(over(worth, exported(lines=(line(8, value_cents=cents),))))


def test_the_value_flag_shows_dollars_and_the_tolerance():
    worth = approved(lines=(licensed(8, value_cents=MILLION),))
    (flag,) = over(worth, exported(lines=(line(8, value_cents=2 * MILLION),)))

    assert "is for $1,000,000.00 of h100-sxm, and $2,000,000.00 were shipped" in flag.because
    assert "10 % more is tolerated" in flag.because


def test_a_license_without_a_value_is_compared_by_units_alone():
    assert [] == over(approved(), exported(lines=(line(8, value_cents=9 * MILLION),)))


def test_shipments_reported_before_their_license_is_approved_are_compared_with_it_then():
    before = (exported(lines=(line(5),)), exported("S-2", lines=(line(5),)))

    assert [] == over(*before)
    assert [(3, 4, 5)] == [flag.evidence for flag in over(*before, approved())]


def test_voiding_a_shipment_gives_back_what_it_used():
    history = (approved(), exported(), exported("S-2"))

    assert [] == over(*history, voided(4))
    assert [] == over(*history, voided(5, "S-2"))


def test_voiding_another_shipments_entry_changes_nothing():
    history = (approved(), exported(), exported("S-2"))

    assert over(*history) == over(*history, voided(4, "S-2"))


def test_a_shipment_voided_twice_is_given_back_once():
    history = (approved(), exported(), exported("S-2"), exported("S-3"))

    assert 1 == len(over(*history, voided(4), voided(4)))


def test_a_flag_cites_at_most_fifty_shipments_and_the_license():
    many = [exported(f"S-{number}", lines=(line(1),)) for number in range(100)]
    (flag,) = over(approved(lines=(licensed(99),)), *many)

    assert 51 == len(flag.evidence)
    assert 3 == flag.evidence[0]
    assert 103 == flag.raised_at


def test_a_date_before_which_it_was_not_over_shows_nothing():
    history = (adopted(), party(), approved(), exported(), exported("S-2"))

    assert [] == flags("over-shipped", *history, on=date(2025, 3, 2))


def came_back(units, shipment="S-1"):
    return ShipmentReturned(
        shipment=shipment, reason="repair", rma="RMA-1", receiver="maker", country="US",
        lines=(StockLine(model="h100-sxm", units=units),), returned_on=date(2025, 3, 20),
    )  # fmt: skip


@pytest.mark.parametrize(("back", "count"), [(8, 0), (7, 1)])
def test_chips_that_came_back_may_go_out_again(back, count):
    again = exported("S-2", exported_on=date(2025, 4, 1))

    for history in ((exported(), came_back(back)), (came_back(back), exported())):
        assert count == len(flags("over-shipped", adopted(), approved(), *history, again))


def test_no_more_comes_back_than_went_out_and_a_voided_shipment_takes_its_return_along():
    again = exported("S-2", exported_on=date(2025, 4, 1), lines=(line(16),))

    assert 1 == len(flags("over-shipped", adopted(), approved(), exported(), came_back(99), again))
    assert [] == flags(
        "over-shipped", adopted(), approved(), exported(), came_back(8), voided(3),
        exported("S-3", exported_on=date(2025, 4, 1)),
    )  # fmt: skip
    assert 1 == len(
        flags(
            "over-shipped", adopted(), approved(), exported(), came_back(8), voided(3),
            exported("S-3", exported_on=date(2025, 4, 1), lines=(line(9),)),
        )
    )  # fmt: skip


@pytest.mark.parametrize(("back", "count"), [(8, 0), (4, 1)])
def test_what_came_back_gives_back_its_share_of_the_value(back, count):
    worth = approved(lines=(licensed(80, value_cents=MILLION),))
    first = exported(lines=(line(8, value_cents=MILLION),))
    again = exported("S-2", exported_on=date(2025, 4, 1), lines=(line(8, value_cents=MILLION),))

    for history in ((first, came_back(back)), (came_back(back), first)):
        assert count == len(flags("over-shipped", adopted(), worth, *history, again))
    assert 1 == len(flags("over-shipped", adopted(), worth, first, came_back(4), again, again))
