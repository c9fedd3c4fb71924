"""An end-use check was refused, or was not done in time."""

from datetime import date, timedelta

import pytest
from world import adopted, flags, party, requested

from ledger.events import (
    CheckClosed,
    CheckPartyNotFound,
    CheckPerformed,
    CheckPostponed,
    CheckRated,
    CheckRefused,
    CheckRerated,
    CheckScheduled,
)

DUE = date(2025, 7, 31)
"""Sixty days after the request."""


def checks(*events, on=date(2025, 8, 1)):
    return flags("check-overdue", adopted(), party(), *events, on=on)


def performed(on):
    return CheckPerformed(check="C-1", party="acme", performed_on=on, evidence="powered_on")


def refused(on=date(2025, 6, 20)):
    return CheckRefused(
        check="C-1", party="acme", refused_on=on, refused_by="the ministry", reason="not now"
    )


def test_a_check_without_a_result_is_flagged_on_the_sixty_first_day():
    assert [] == checks(requested(), on=DUE)
    (flag,) = checks(requested())

    assert (
        "PSV C-1 of acme in AE was requested on 2025-06-01 and has no result after 61 days;"
        " 60 are allowed, and no visit was set"
    ) == flag.because
    assert "strong" == flag.severity
    assert "check:C-1" == flag.subject
    assert (3,) == flag.evidence


def test_an_overdue_check_is_flagged_once_and_keeps_its_id_as_days_pass():
    (first,) = checks(requested())
    (later,) = checks(requested(), on=date(2025, 9, 29))

    assert first.id == later.id


def test_a_check_that_was_done_in_time_or_late_or_rated_or_closed_is_not_overdue():
    late, rated, closed = date(2025, 9, 1), date(2025, 7, 1), date(2025, 7, 2)

    assert [] == checks(requested(), performed(date(2025, 7, 1)))
    assert [] == checks(requested(), performed(late), on=late)
    assert [] == checks(
        requested(),
        CheckRated(check="C-1", party="acme", rated_on=rated, rating="unable_to_complete"),
    )
    assert [] == checks(requested(), CheckClosed(check="C-1", party="acme", closed_on=closed))


def test_on_a_day_before_it_was_done_a_late_check_was_overdue():
    assert 1 == len(checks(requested(), performed(date(2025, 9, 1)), on=date(2025, 8, 15)))


def test_a_visit_that_was_only_set_does_not_stop_the_clock_and_is_said():
    set_for = CheckScheduled(
        check="C-1", party="acme", scheduled_on=date(2025, 7, 1), scheduled_for=date(2025, 9, 9)
    )
    (flag,) = checks(requested(), set_for)

    assert "a visit was set for 2025-09-09" in flag.because
    assert (3, 4) == flag.evidence


def test_a_visit_that_was_set_later_is_not_said_on_the_day_before():
    first, second = (
        CheckScheduled(check="C-1", party="acme", scheduled_on=set_on, scheduled_for=day)
        for set_on, day in (
            (date(2025, 7, 1), date(2025, 9, 9)), (date(2025, 9, 10), date(2025, 10, 1))
        )
    )  # fmt: skip
    history = (requested(), first, second)
    (before,) = checks(*history, on=date(2025, 9, 9))
    (after,) = checks(*history, on=date(2025, 9, 10))

    assert "a visit was set for 2025-09-09" in before.because
    assert (3, 4) == before.evidence
    assert "a visit was set for 2025-10-01" in after.because
    assert (3, 5) == after.evidence


def test_a_refusal_is_flagged_at_once_and_then_not_as_overdue_too():
    (flag,) = checks(requested(), refused(), on=date(2026, 1, 1))

    assert (
        "PSV C-1 of acme requested on 2025-06-01 was refused by the ministry on 2025-06-20: not now"
    ) == flag.because
    assert (3, 4) == flag.evidence
    assert "strong" == flag.severity


def test_a_refused_check_that_is_done_after_all_takes_its_flag_with_it():
    assert [] == checks(requested(), refused(), performed(date(2025, 7, 1)))


@pytest.mark.parametrize(
    "ended",
    [
        performed(date(2025, 7, 1)),
        CheckClosed(check="C-1", party="acme", closed_on=date(2025, 7, 2)),
        CheckRated(check="C-1", party="acme", rated_on=date(2025, 7, 3), rating="favorable"),
    ],
)
def test_a_check_whose_request_is_recorded_late_is_not_overdue(ended):
    assert [] == checks(ended, requested())


def test_a_refusal_whose_request_is_recorded_late_is_flagged_once():
    (flag,) = checks(refused(), requested(), on=date(2026, 1, 1))

    assert checks(requested(), refused())[0].because == flag.because
    assert (3, 4) == flag.evidence
    assert [] == checks(refused(), performed(date(2025, 7, 1)))


def test_a_visit_set_before_the_request_was_recorded_is_said():
    set_for = CheckScheduled(
        check="C-1", party="acme", scheduled_on=date(2025, 7, 1), scheduled_for=date(2025, 9, 9)
    )
    (flag,) = checks(set_for, requested())

    assert "a visit was set for 2025-09-09" in flag.because


def test_a_check_done_in_time_and_rated_late_was_never_overdue():
    rated = CheckRated(check="C-1", party="acme", rated_on=date(2025, 9, 1), rating="unfavorable")

    assert [] == checks(requested(), performed(date(2025, 7, 1)), rated, on=date(2025, 8, 15))


def test_without_rules_that_say_how_long_sixty_days_are_the_measure():
    assert 1 == len(flags("check-overdue", requested(), on=date(2025, 8, 1)))
    assert [] == flags("check-overdue", requested(), on=DUE)


def postponed(on, until, by="authority"):
    return CheckPostponed(
        check="C-1", party="acme", postponed_on=on, postponed_until=until, postponed_by=by
    )


def test_the_clock_stands_still_while_the_authority_itself_puts_the_check_off():
    june, july = date(2025, 6, 11), date(2025, 7, 1)
    twice = (postponed(june, july), postponed(date(2025, 6, 20), july))

    assert [] == checks(requested(), *twice, on=DUE + timedelta(days=20))
    (flag,) = checks(requested(), *twice, on=DUE + timedelta(days=21))
    assert (
        "has no result after 81 days, 20 of them put off by the authority itself; 60 are allowed"
    ) in flag.because
    assert date(2025, 8, 21) == flag.on
    assert (3, 4, 5) == flag.evidence


def test_a_delay_somebody_else_asked_for_stops_no_clock():
    asked_for = postponed(date(2025, 6, 11), date(2025, 12, 1), by="party")

    assert 1 == len(checks(requested(), asked_for))


def test_a_delay_of_a_later_day_had_not_stopped_the_clock_before():
    late = postponed(date(2025, 8, 5), date(2025, 12, 1))

    assert 1 == len(checks(requested(), late, on=date(2025, 8, 4)))


def test_after_120_days_it_is_another_flag_which_the_review_of_the_first_does_not_hide():
    (first,) = checks(requested(), on=DUE + timedelta(days=60))
    (later,) = checks(requested(), on=DUE + timedelta(days=61))

    assert first.id != later.id
    assert "; from 120 on it weighs more" in later.because
    assert date(2025, 9, 30) == later.on
    assert ("acme",) == later.parties


@pytest.mark.parametrize(
    "verified",
    [
        CheckPerformed(
            check="C-1", party="acme", performed_on=date(2025, 7, 9), evidence="powered_on"
        ),
        CheckRated(check="C-1", party="acme", rated_on=date(2025, 7, 9), rating="favorable"),
        CheckRerated(
            check="C-1",
            party="acme",
            rerated_on=date(2025, 7, 9),
            rating="favorable",
            reason="seen",
        ),
    ],
)
def test_a_refusal_is_over_once_somebody_looked_in_whatever_order_that_is_told(verified):
    assert [] == checks(requested(), refused(), verified)
    assert [] == checks(requested(), verified, refused())
    assert 1 == len(checks(requested(), verified, refused(date(2025, 7, 10))))


def test_a_rating_that_is_not_favorable_leaves_the_refusal():
    rated = CheckRated(
        check="C-1", party="acme", rated_on=date(2025, 7, 9), rating="unable_to_complete"
    )

    assert 1 == len(checks(requested(), refused(), rated))


def test_a_party_that_was_not_found_ends_the_clock_and_is_for_another_rule():
    missing = CheckPartyNotFound(check="C-1", party="acme", not_found_on=date(2025, 7, 1))

    assert [] == checks(requested(), missing)
