"""Quarterly tables: each figure is a sum of postings, and each posting has its entry."""

import json
from datetime import date

import pytest
from reader import Desk
from world import applied, approved, entries, exported, line, requested, voided

from ledger.events import (
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRerated,
    LicenseDenied,
    LicenseReturned,
    ShipmentTransferred,
)
from ledger.fold import Until, reaches_past, replay
from projections.statistics import StatisticsFold, postings, revisions, rows

LAST = date(2025, 3, 31)
NEXT = date(2025, 4, 1)


def states(*events, until=date.max):
    return replay(Until(StatisticsFold(), until), entries(*events))


def table(*events, by_country=False, until=date.max, **chosen):
    return rows(states(*events, until=until), by_country=by_country, **chosen)


def denied(on, license="D1"):
    return LicenseDenied(license=license, decided_on=on, destination="AE", reason="risk")


def asked():
    return requested(requested_on=date(2025, 3, 1))


def rated(rating="favorable", on=date(2025, 3, 20)):
    return CheckRated(check="C-1", party="acme", rated_on=on, rating=rating)


def rerated(rating="unfavorable", on=date(2025, 8, 1)):
    return CheckRerated(
        check="C-1", party="acme", rerated_on=on, rating=rating, reason="the photo was old"
    )


def test_a_decision_counts_in_the_quarter_of_its_day():
    first, second = table(applied(), denied(NEXT), applied("D2"), approved("D2", decided_on=LAST))

    assert ("2025Q1", 2, 1, 0) == (first.quarter, first.applications, first.approved, first.denied)
    assert ("2025Q2", 0, 0, 1) == (
        second.quarter, second.applications, second.approved, second.denied,
    )  # fmt: skip
    assert (8 * 15_832, 0) == (first.licensed_tpp, second.licensed_tpp)


def test_days_run_from_the_application_to_the_decision_and_more_than_90_are_counted():
    (row,) = table(
        applied("D1", applied_on=date(2025, 4, 1)), approved("D1", decided_on=date(2025, 6, 30)),
        applied("D2", applied_on=date(2025, 3, 31)), approved("D2", decided_on=date(2025, 6, 30)),
        applied("D3", applied_on=date(2025, 6, 1)), denied(date(2025, 6, 11), "D3"),
        quarter="2025Q2",
    )  # fmt: skip

    assert (90, 91, 1) == (row.median_days, row.longest_days, row.decided_after_90_days)


def test_an_application_told_after_its_decision_gives_the_same_figures():
    returned = LicenseReturned(license="D1", returned_on=LAST, reason="applicant_request")

    assert [
        (row.quarter, row.country, row.applications, row.returned, row.median_days)
        for row in table(applied(), returned, by_country=True)
    ] == [
        (row.quarter, row.country, row.applications, row.returned, row.median_days)
        for row in table(returned, applied(), by_country=True)
        if row.country
    ]


def test_a_voided_shipment_is_taken_back_in_its_own_quarter_and_both_postings_stand():
    history = (exported(), exported("S-2", lines=(line(3),)), voided(1))
    (row,) = table(*history)
    first, back, second = postings(states(*history), "shipped_tpp")

    assert (3 * 15_832, 1) == (row.shipped_tpp, row.corrections)
    assert [1, 2, 3] == sorted(each.entry for each in (first, back, second))
    assert [-8 * 15_832] == [each.amount for each in revisions((first, back, second))]
    assert row.shipped_tpp == sum(each.amount for each in (first, back, second))


def test_what_is_voided_twice_or_names_another_shipment_is_taken_back_once():
    (twice,) = table(exported(), voided(1), voided(1))
    (other,) = table(exported(), voided(1, "S-9"))

    assert 0 == twice.shipped_tpp
    assert 8 * 15_832 == other.shipped_tpp


def test_a_transfer_within_a_country_ships_nothing_into_it():
    moved = ShipmentTransferred(
        shipment="S-3", transferred_on=LAST, country="AE", transferor="acme",
        ultimate_consignee="shell", authority="none", lines=(line(),),
    )  # fmt: skip

    assert [] == table(moved)


def test_a_check_that_is_rated_again_stays_in_the_quarter_of_its_first_rating():
    history = (
        asked(),
        CheckPerformed(check="C-1", party="acme", performed_on=LAST, evidence="photo"),
        rated(),
        rerated(),
    )
    (row,) = table(*history, quarter="2025Q1")
    back, put = revisions(postings(states(*history)))

    assert (1, 1, 0, 1) == (
        row.checks_requested, row.checks_performed, row.checks_favorable, row.checks_unfavorable,
    )  # fmt: skip
    assert ("checks_favorable", -1, 1, 0, 4) == (
        back.figure, back.amount, back.was, back.now, back.entry,
    )  # fmt: skip
    assert ("checks_unfavorable", 1, 0, 1, 4) == (
        put.figure, put.amount, put.was, put.now, put.entry,
    )  # fmt: skip


def test_the_same_rating_again_changes_no_figure():
    assert [] == revisions(postings(states(asked(), rated(), rerated("favorable"))))


def test_a_refused_check_is_counted_and_has_no_rating():
    refused = CheckRefused(check="C-1", party="acme", refused_on=LAST, refused_by="its government")
    (row,) = table(asked(), refused)

    assert (1, 0, 0, 0) == (
        row.checks_refused, row.checks_favorable, row.checks_unfavorable,
        row.checks_unable_to_complete,
    )  # fmt: skip


def test_a_later_day_is_left_out_on_an_earlier_one():
    history = (asked(), rated(), rerated())

    assert reaches_past(states(*history), LAST)
    assert not reaches_past(states(*history), date(2025, 8, 1))
    (then,) = table(*history, until=LAST)
    assert (1, 0, 0) == (then.checks_favorable, then.checks_unfavorable, then.corrections)


def test_countries_add_up_to_the_whole():
    history = (
        exported(), exported("S-2", route=("US", "JP")), applied(), approved(),
        applied("D2", destination="SA"), denied(date(2025, 2, 10), "D2"),
    )  # fmt: skip
    (whole,) = table(*history)
    parts = table(*history, by_country=True)

    assert {"AE", "JP", "SA"} == {row.country for row in parts}
    for name in ("applications", "approved", "denied", "licensed_tpp", "shipped_tpp"):
        assert getattr(whole, name) == sum(getattr(row, name) for row in parts)


@pytest.fixture
def desk(sqlite_url):
    desk = Desk(sqlite_url, (applied(), approved(), exported(), asked(), rated(), rerated()))
    yield desk
    desk.ledger.close()


def opened_rows(desk, typed):
    return json.loads(desk.type(f"statistics {typed}"))


def test_every_figure_of_the_table_is_opened_to_its_entries(desk):
    (row, *_) = desk.rows("statistics")
    for figure in ("applications", "approved", "licensed_tpp", "shipped_tpp", "checks_requested"):
        opened = opened_rows(desk, f"--quarter 2025Q1 --format json open {figure}")
        assert row[figure] == sum(each["amount"] for each in opened)
        assert all(each["entry"] > 1 and each["said"] for each in opened)


def test_what_concerns_an_opened_figure_stands_before_the_verb_or_after_it(desk):
    before = desk.type("statistics --quarter 2025Q1 --format csv open shipped_tpp")

    assert "2025Q1" in before
    assert before == desk.type("statistics open shipped_tpp --quarter 2025q1 --format csv")
    assert "shipped_tpp" not in desk.type("statistics open shipped_tpp --country SA --format jsonl")


def test_revisions_say_from_what_to_what_and_why(desk):
    screen = desk.type("statistics revisions")
    back, put = opened_rows(desk, "--format json revisions")

    assert "the photo was old" in " ".join(screen.split())
    assert (1, 0, 0, 1) == (back["was"], back["now"], put["was"], put["now"])
    assert [5, 6, 7] == sorted({
        each["entry"] for each in opened_rows(desk, "--format json revisions --since 4")
    })  # fmt: skip


def test_what_was_known_then_and_what_was_so_then_are_two_things(desk):
    (known, *_) = desk.rows("statistics --known-at 6")
    (so, *_) = desk.rows("statistics --valid-on 2025-03-31")
    (now, *_) = desk.rows("statistics")

    assert (1, 1, 0) == tuple(row["checks_favorable"] for row in (known, so, now))
    assert "2025Q3" not in json.dumps(desk.rows("statistics --quarter 2025q1"))
