"""The register: what was asked, decided, shipped and left."""

from datetime import date, timedelta

import pytest
from world import applied, approved, entries, exported, licensed, line, voided

from ledger.events import Condition, LicenseDenied, LicenseReturned
from ledger.fold import Until, reaches_past, replay
from projections.licenses import LicensesFold, rows

DAY = date(2025, 3, 3)


def register(*events, on=DAY, license=None):
    return list(rows(replay(LicensesFold(), entries(*events)), on, license))


def test_a_license_shows_what_is_licensed_shipped_and_left():
    (row,) = register(applied(), approved(), exported(lines=(line(3),)))

    assert "approved" == row.status
    assert (8, 3, 5) == (row.licensed_units, row.shipped_units, row.left_units)
    assert 8 * 15_832 == row.licensed_tpp
    assert 5 * 15_832 == row.left_tpp
    assert (1, 2, 3) == row.entries
    assert (date(2025, 1, 20), date(2025, 2, 1)) == (row.applied_on, row.decided_on)


def test_an_application_that_is_not_decided_shows_what_was_asked_for():
    (row,) = register(applied(lines=(licensed(12),)))
    (partly,) = register(applied(lines=(licensed(12),)), approved())
    (unfiled,) = register(approved())

    assert (12, 0, 0) == (row.asked_units, row.licensed_units, row.left_units)
    assert (12, 8) == (partly.asked_units, partly.licensed_units)
    assert (0, 8) == (unfiled.asked_units, unfiled.licensed_units)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((applied(),), "applied"),
        ((applied(), approved()), "approved"),
        (
            (
                applied(),
                LicenseDenied(license="D1", decided_on=DAY, destination="AE", reason="risk"),
            ),
            "denied",
        ),
        (
            (
                applied(),
                LicenseReturned(license="D1", returned_on=DAY, reason="applicant_request"),
            ),
            "returned",
        ),
        ((approved(), exported()), "exhausted"),
        ((approved(expires_on=date(2025, 3, 2)),), "expired"),
        ((approved(expires_on=DAY),), "approved"),
        ((applied(), approved(decided_on=date(2025, 3, 4))), "applied"),
        ((exported(),), "unknown"),
    ],
)
def test_where_a_license_stands_on_a_day(events, status):
    assert [status] == [row.status for row in register(*events)]


def test_an_expired_license_has_nothing_left():
    (row,) = register(approved(), on=date(2026, 2, 3))

    assert ("expired", 0, 0) == (row.status, row.left_units, row.left_tpp)


def test_more_shipped_than_licensed_leaves_nothing_and_shows_it():
    (row,) = register(approved(), exported(), exported("S-2"))

    assert (8, 16, 0) == (row.licensed_units, row.shipped_units, row.left_units)


def test_shipments_reported_first_count_on_the_license_all_the_same():
    assert [5] == [row.left_units for row in register(exported(lines=(line(3),)), approved())]


def test_a_voided_shipment_is_given_back_once_and_its_entries_stay():
    (row,) = register(approved(), exported(), voided(2), voided(2))

    assert (0, 8, "approved") == (row.shipped_units, row.left_units, row.status)
    assert (1, 2, 3) == row.entries


def test_a_chip_shipped_that_the_license_does_not_name_is_shown_with_nothing_licensed():
    found = register(approved(), exported(lines=(line(2, model="h200-sxm"),)))

    assert [("h100-sxm", 8, 0), ("h200-sxm", 0, 2)] == [
        (row.model, row.licensed_units, row.shipped_units) for row in found
    ]


def test_a_license_that_only_a_voided_shipment_named_is_shown_without_a_line():
    (row,) = register(exported(), voided(1))

    assert ("unknown", None, 0) == (row.status, row.model, row.shipped_units)


def test_conditions_are_shown_with_who_owns_them():
    condition = Condition(condition="quarterly_report", text="report", owner="defense")
    (row,) = register(approved(conditions=(condition,)))

    assert ("quarterly_report (defense): report",) == row.conditions


def test_one_license_of_several_and_several_lines_of_one():
    two = approved("D2", lines=(licensed(), licensed(model="h200-sxm")))

    assert ["D1", "D2", "D2"] == [row.license for row in register(approved(), two)]
    assert ["D2", "D2"] == [row.license for row in register(approved(), two, license="D2")]
    assert [] == register(approved(), license="D9")


def test_on_a_day_in_the_past_what_left_later_is_not_shipped_yet():
    told = entries(applied(), approved(), exported(lines=(line(3),)))
    left_on = told[2].event.on
    before = left_on - timedelta(days=1)
    kept = replay(LicensesFold(), told)
    (then,) = rows(replay(Until(LicensesFold(), before), told), before)
    (since,) = rows(replay(Until(LicensesFold(), left_on), told), left_on)

    assert (True, False) == (reaches_past(kept, before), reaches_past(kept, left_on))
    assert (8, 0, 8) == (then.licensed_units, then.shipped_units, then.left_units)
    assert (8, 3, 5) == (since.licensed_units, since.shipped_units, since.left_units)


def test_a_shipment_that_left_later_is_not_voided_before_it_left():
    told = entries(approved(), exported(lines=(line(3),)), voided(2))
    before = told[1].event.on - timedelta(days=1)
    (then,) = rows(replay(Until(LicensesFold(), before), told), before)

    assert 0 == then.shipped_units
