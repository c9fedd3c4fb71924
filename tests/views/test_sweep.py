"""What each value of a rule would have stopped, and the curve of it."""

import json
from datetime import date
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from reader import VERBS, Desk, FrontDoor
from world import H100, adopted, approved, diffusion, exported, licensed, line, party

from ledger.policy import suppose
from projections.differences import Difference
from projections.sweep import RIGHT, Flagged, Steps, curves, svg, sweep_row


def lpp(shipment, units, **changes):
    return exported(shipment, authority="LPP", lines=(line(units),), **changes)


HISTORY = (
    adopted(), diffusion(), party(), party("shell", "MY", ultimate_parent="beijing"),
    lpp("S-1", 1_000), lpp("S-2", 500),
    lpp("S-3", 200, ultimate_consignee="shell", end_user="shell", route=("US", "MY")),
    exported("S-4", authority="none", lines=(line(8),), route=("US", "MY")),
    approved(lines=(licensed(10_000),)),
)  # fmt: skip
"""Entries 2 to 10. S-4 relied on nothing under any of these rules."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = Desk(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}", HISTORY)
    yield desk
    desk.ledger.close()


def rows(desk, text):
    return desk.rows(f"replay --policy diffusion-2025 {text}")


def test_each_threshold_says_what_it_would_have_stopped(desk):
    found = rows(desk, f"--sweep lpp_limit=0..{1_600 * H100}:4")

    assert [0, 400 * H100, 800 * H100, 1_200 * H100, 1_600 * H100] == [
        row["value"] for row in found
    ]
    assert [(3, 1_700), (2, 1_500), (1, 1_000), (1, 500), (0, 0)] == [
        (row["shipments"], row["shipment_units"]) for row in found
    ]
    assert [each * H100 for each in (1_700, 1_500, 1_000, 500, 0)] == [
        row["shipment_tpp"] for row in found
    ]
    assert {True} == {row["simulated"] for row in found}
    assert {0} == {row["decisions"] for row in found}


def test_what_a_weighty_flag_stands_on_is_not_counted_as_unflagged(desk):
    """S-3 went to a firm whose parent nobody registered: no hard or strong flag stands on it."""
    flags = desk.rows("flags --all --valid-on 2025-12-31")
    weighty = {
        row["subject"] for row in flags if row["severity"] in ("hard", "strong")
    } & {"shipment:S-1", "shipment:S-2", "shipment:S-3"}  # fmt: skip
    (nothing, _) = rows(desk, f"--sweep lpp_limit=0..{1_600 * H100}:1")

    assert nothing["shipments"] - len(weighty) == nothing["unflagged_shipments"]


def test_a_swept_cap_counts_licenses(desk):
    found = rows(desk, f"--sweep allocation=0..{10_000 * H100}:2")

    assert [(1, 10_000 * H100), (1, 10_000 * H100), (0, 0)] == [
        (row["decisions"], row["decision_tpp"]) for row in found
    ]


def test_one_pass_answers_as_many_replays_one_by_one(desk):
    swept = rows(desk, f"--sweep lpp_limit=0..{1_600 * H100}:2")
    alone = [
        sum(
            row["tpp"]
            for row in desk.rows(
                f"replay --policy diffusion-2025:lpp_limit={value} --only decisions"
            )
            if row["stopped"]
        )
        for value in (0, 800 * H100, 1_600 * H100)
    ]

    assert alone == [row["shipment_tpp"] for row in swept]


def test_the_value_is_varied_in_the_pack_that_has_it(desk):
    found = desk.rows(
        f"replay --policy diffusion-2025,detection-2026 --sweep lpp_limit=0..{1_600 * H100}:1"
    )

    assert [3, 0] == [row["shipments"] for row in found]


def test_a_scenario_that_lies_over_other_packs_is_swept(desk):
    found = desk.rows(f"replay --policy anthropic-2025 --sweep lpp_limit=0..{1_600 * H100}:1")

    assert [3, 0] == [row["shipments"] for row in found]
    assert ["diffusion-2025,anthropic-2025"] * 2 == [row["policy"] for row in found]


def test_the_curve_is_drawn_marked_and_the_same_each_time(desk, tmp_path):
    for name in ("one.svg", "two.svg"):
        desk.type(
            "replay --policy diffusion-2025 --sweep lpp_limit=0..26900000:10"
            f" --plot {tmp_path / name}"
        )
    drawn = (tmp_path / "one.svg").read_bytes()
    words = [each.text for each in ElementTree.fromstring(drawn).iter() if each.text]

    assert drawn == (tmp_path / "two.svg").read_bytes()
    assert "SIMULATED" in words
    assert "What diffusion-2025 would have stopped" in words
    assert "lpp_limit" in words
    assert b"<script" not in drawn


def test_the_part_lies_over_the_whole_and_both_are_seen_where_they_are_one():
    stopped = [row(True, tpp=3_000_000_000), row(True, kind="decision", tpp=3_000_000_000)]
    made = [sweep_row("x", value, stopped, Flagged(set(), set())) for value in (0, 1)]
    drawn = ElementTree.fromstring(svg(made, "title", "ledger"))
    lines = [each.attrib for each in drawn.iter() if each.tag.endswith("polyline")]

    assert [("5", None), ("2", "6 4")] * 2 == [
        (each["stroke-width"], each.get("stroke-dasharray")) for each in lines
    ]
    assert 4 == len({each["stroke"] for each in lines})


def test_each_value_is_written_once_under_the_curve_and_within_the_picture():
    """A digit or comma of 12 pixels is 8 wide at most; the last label is centered on the edge."""
    made = [sweep_row("x", each, [], Flagged(set(), set())) for each in (0, 3)]
    drawn = ElementTree.fromstring(svg(made, "title", "ledger"))
    under = [each.text for each in drawn.iter() if each.get("text-anchor") == "middle"]

    assert ["0", "1", "2", "3", "x"] == under
    assert len("99,000,000,000") * 8 / 2 <= RIGHT


def test_the_screen_says_what_its_columns_count(desk):
    screen = desk.type(f"replay --policy diffusion-2025 --sweep lpp_limit=0..{1_600 * H100}:1")
    (titles,) = (text for text in screen.splitlines() if text.lstrip().startswith("value"))

    assert "licenses that would have been refused and shipments that would not have left" in screen
    assert "value refused licensed unflagged stopped chips shipped unflagged" == " ".join(
        titles.split()
    )


def row(stopped, kind="shipment", subject="shipment:S-1", entry=1, tpp=5):
    return Difference(
        kind=kind, change="over_limit", subject=subject, country="AE", on=date(2025, 1, 1),
        entry=entry, diverges_at=entry, as_it_was="", supposed="", stopped=stopped, units=1,
        tpp=tpp,
    )  # fmt: skip


def test_a_curve_without_a_single_stop_is_a_line_at_nothing():
    flat = [sweep_row("x", value, [row(False)], Flagged(set(), set())) for value in (0, 1)]

    assert ["shipped", "shipped, unflagged"] == [curve.name for curve in curves(flat)]
    ElementTree.fromstring(svg(flat, "<b>&", "\x1b"))


def test_a_flag_counts_by_subject_and_by_evidence():
    found = [
        row(True, subject="shipment:S-1", entry=1),
        row(True, subject="shipment:S-2", entry=2),
        row(True, subject="shipment:S-3", entry=3),
        row(True, kind="decision", subject="license:D1", entry=4),
    ]

    made = sweep_row("x", 0, found, Flagged({"shipment:S-1", "license:D1"}, {2}))

    assert (3, 1, 5) == (made.shipments, made.unflagged_shipments, made.unflagged_shipment_tpp)
    assert (1, 0) == (made.decisions, made.unflagged_decisions)


def test_steps_reach_both_ends():
    assert [0, 3, 6, 10] == Steps("x", 0, 10, 3).values()


def test_a_sweep_of_a_name_the_pack_gives_is_of_the_place_it_stands_for():
    assert 5 == suppose("diffusion-2025:lpp_limit=5", {}).lpp.limit_tpp


def test_the_verb_prints_json_for_a_machine(desk):
    result = CliRunner().invoke(
        VERBS["replay"],
        ["--policy", "diffusion-2025", "--sweep", "lpp_limit=0..10:1", "--format", "jsonl"],
        obj=FrontDoor(desk.place), catch_exceptions=False,
    )  # fmt: skip

    assert [0, 10] == [json.loads(line)["value"] for line in result.stdout.splitlines()]
