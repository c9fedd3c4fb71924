"""What was so in the world, and what the ledger had been told: each view, on either clock.

One story for all. A shipment of March is reported in time, and another only after those of April; a
license of mid-April comes to the ledger last but one; what left on 10 April never left, and the
correction is of May.
"""

from datetime import date

import pytest
from reader import Desk
from world import H100, adopted, approved, exported, licensed, line, party, voided

from ledger.events import ShipmentDelivered

MARCH, APRIL = "2025-03-31", "2025-04-30"
THEN, NOW = 6, 11
"""Newest entries known: with the first reports, and with the late ones and the corrections."""

STORY = (
    adopted(),
    party(),
    approved("D1", lines=(licensed(8),)),
    exported("S-1", lines=(line(3),), exported_on=date(2025, 4, 10)),
    exported("S-2", license="D2", lines=(line(8),), exported_on=date(2025, 3, 10)),
    exported("S-3", lines=(line(2),), exported_on=date(2025, 3, 3)),
    ShipmentDelivered(
        shipment="S-2", delivered_on=date(2025, 4, 2), country="AE", received_by="acme"
    ),
    approved("D2", decided_on=date(2025, 4, 15), lines=(licensed(8),)),
    exported("S-4", lines=(line(2),), exported_on=date(2025, 4, 20)),
    voided(5, "S-1"),
)
"""Entries 2 to 11; the first is the opening."""

COMBINATIONS = [(MARCH, THEN), (APRIL, THEN), (MARCH, NOW), (APRIL, NOW)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = Desk(f"sqlite:///{tmp_path_factory.mktemp('clocks') / 'ledger.db'}", STORY)
    yield desk
    desk.ledger.close()


def on_both(desk, verb):
    """What a verb shows for each combination: the world of March or April, then or now."""
    return [desk.rows(f"{verb} --valid-on {day} --known-at {entry}") for day, entry in COMBINATIONS]


def test_quotas_count_what_had_left_by_the_day_of_what_was_told_by_the_entry(desk):
    found = [
        [(row["country"], row["drawn_tpp"] // H100, row["reserved_tpp"] // H100) for row in rows]
        for rows in on_both(desk, "quotas")
    ]

    assert [[("AE", 8, 8)], [("AE", 11, 5)], [("AE", 10, 6)], [("AE", 12, 4)]] == found


def test_a_license_is_decided_and_used_by_the_day_as_it_was_told_by_the_entry(desk):
    found = [
        [(row["license"], row["status"], row["shipped_units"], row["left_units"]) for row in rows]
        for rows in on_both(desk, "licenses")
    ]

    assert [
        [("D1", "approved", 0, 8), ("D2", "unknown", 8, 0)],
        [("D1", "approved", 3, 5), ("D2", "unknown", 8, 0)],
        [("D1", "approved", 2, 6), ("D2", "unknown", 8, 0)],
        [("D1", "approved", 4, 4), ("D2", "exhausted", 8, 0)],
    ] == found


def test_a_shipment_stands_where_it_was_that_day_as_it_was_told_by_the_entry(desk):
    found = [
        [(row["shipment"], row["status"], row["entries"]) for row in rows]
        for rows in on_both(desk, "shipments")
    ]

    assert [
        [("S-2", "declared", [6])],
        [("S-1", "declared", [5]), ("S-2", "declared", [6])],
        [("S-2", "declared", [6]), ("S-3", "declared", [7])],
        [
            ("S-1", "voided", [5, 11]), ("S-2", "delivered", [6, 8]), ("S-3", "declared", [7]),
            ("S-4", "declared", [10]),
        ],
    ] == found  # fmt: skip


def test_a_flag_says_what_was_so_by_the_day_as_it_was_told_by_the_entry(desk):
    def said(rows):
        return [(row["evidence"], row["because"].rpartition(", but ")[2]) for row in rows]

    nobody = [([6], "no entry speaks of license D2")]
    after = [([6, 9], "it was decided on 2025-04-15, after the shipment")]
    assert [nobody, nobody, nobody, after] == [said(rows) for rows in on_both(desk, "flags")]


def test_why_finds_the_flag_of_that_day(desk):
    for (flag,), shown in zip(on_both(desk, "flags"), ([6], [6], [6], [9, 6]), strict=True):
        asked = f"--valid-on {flag['valid_on']} --known-at {flag['as_of_entry']}"
        assert shown == [row["entry"] for row in desk.rows(f"why {flag['id']} {asked}")]


def test_a_trail_leaves_out_what_is_about_a_later_day_and_keeps_corrections_with_their_cause(desk):
    def entries(subject):
        return [[row["entry"] for row in rows] for rows in on_both(desk, f"trail {subject}")]

    assert [[4], [4, 5], [4, 7], [4, 5, 7, 10]] == entries("license:D1")
    assert [[6], [6], [6], [6, 8]] == entries("shipment:S-2")
    assert [5, 11] == [row["entry"] for row in desk.rows("trail S-1 --valid-on 2025-04-10")]
    assert [None, APRIL] == [
        desk.rows(f"trail S-2 {day}")[0].get("valid_on") for day in ("", f"--valid-on {APRIL}")
    ]
