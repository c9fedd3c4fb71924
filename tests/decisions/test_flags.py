"""Reviews of red flags: what somebody made of one, and for how long."""

from datetime import date

import pytest
from scenario import given

from commands.flags import ReviewFlag
from ledger.events import FlagReviewed

FIELDS = {
    "flag": "f3a1",
    "rule": "over-shipped",
    "reason": "data_error",
    "evidence": (4, 9),
    "reviewed_on": date(2026, 3, 2),
}


def reviewing(outcome="cleared", **changes):
    return ReviewFlag(**(FIELDS | {"outcome": outcome} | changes))


def reviewed(outcome="cleared", **changes):
    return FlagReviewed(**(FIELDS | {"outcome": outcome} | changes))


@pytest.mark.parametrize("outcome", ["cleared", "referred", "confirmed"])
def test_a_flag_is_reviewed(outcome):
    given().when(reviewing(outcome, note="seen")).then(reviewed(outcome, note="seen"))


def test_a_flag_is_snoozed_until_a_later_day():
    given().when(reviewing("snoozed", until_on=date(2026, 4, 1))).then(
        reviewed("snoozed", until_on=date(2026, 4, 1))
    )


def test_the_same_review_twice_says_nothing_new():
    given(reviewed()).when(reviewing()).then_nothing()


def test_reviewed_again_a_flag_keeps_both():
    given(reviewed()).when(reviewing("confirmed")).then(reviewed("confirmed"))


@pytest.mark.parametrize(
    ("outcome", "until_on", "problem"),
    [
        ("snoozed", None, "flag f3a1 is snoozed, and returns on no day"),
        ("cleared", date(2026, 4, 1), "flag f3a1 is cleared, and returns on 2026-04-01"),
    ],
)
def test_a_snoozed_flag_and_no_other_returns(outcome, until_on, problem):
    given().when(reviewing(outcome, until_on=until_on)).then_refused(problem, code="REVIEW_FORM")


def test_a_flag_is_not_snoozed_until_the_day_it_is_reviewed_on():
    given().when(reviewing("snoozed", until_on=date(2026, 3, 2))).then_refused(
        "snoozed on 2026-03-02 until 2026-03-02", code="DATES_ORDER"
    )


def test_nothing_is_reviewed_tomorrow():
    given(today=date(2026, 3, 1)).when(reviewing()).then_refused(
        "flag f3a1 is reviewed on 2026-03-02, and today is 2026-03-01", code="DATE_FUTURE"
    )
