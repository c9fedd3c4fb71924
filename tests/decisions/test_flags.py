"""Reviews of red flags: what somebody made of one, and for how long."""

from datetime import date

import pytest
from scenario import given
from world import adopted, approved, exported, flags, requested, voided

from commands.flags import CLEARS_FOR, ReviewFlag
from ledger.events import CheckPerformed, FlagReviewed
from projections.red_flags import RULES

HISTORY = (adopted(), approved(), exported(), exported("S-2"))
(FLAG,) = flags("over-shipped", *HISTORY)
"""License D1 is for 8 chips, and 16 were shipped: entries 2, 3 and 4 show it."""

FIELDS = {"flag": FLAG.id, "reason": "data_error", "reviewed_on": date(2026, 3, 2)}
FULL = {"rule": "over-shipped", "severity": "hard", "evidence": FLAG.evidence}


def reviewing(outcome="cleared", **changes):
    return ReviewFlag(**(FIELDS | {"outcome": outcome} | changes))


def reviewed(outcome="cleared", **changes):
    return FlagReviewed(**(FIELDS | FULL | {"outcome": outcome} | changes))


@pytest.mark.parametrize("outcome", ["cleared", "referred", "confirmed"])
def test_a_flag_is_reviewed(outcome):
    given(*HISTORY).when(reviewing(outcome, note="seen")).then(reviewed(outcome, note="seen"))


def test_a_flag_is_snoozed_until_a_later_day():
    given(*HISTORY).when(reviewing("snoozed", until_on=date(2026, 4, 1))).then(
        reviewed("snoozed", until_on=date(2026, 4, 1))
    )


def test_a_review_says_how_severe_the_flag_was_when_it_was_looked_at():
    (overdue,) = flags("check-overdue", adopted(), requested(), on=date(2025, 9, 1))
    snooze = {
        "flag": overdue.id, "reviewed_on": date(2025, 9, 1), "until_on": date(2025, 10, 1)
    }  # fmt: skip

    given(*HISTORY).when(reviewing("referred")).then(reviewed("referred", severity="hard"))
    given(adopted(), requested()).when(reviewing("snoozed", **snooze)).then(
        reviewed(
            "snoozed", rule="check-overdue", severity="strong", evidence=overdue.evidence, **snooze
        )
    )


def test_the_same_review_twice_says_nothing_new():
    given(*HISTORY, reviewed()).when(reviewing()).then_nothing()


def test_reviewed_again_a_flag_keeps_both():
    given(*HISTORY, reviewed()).when(reviewing("confirmed")).then(reviewed("confirmed"))


@pytest.mark.parametrize(
    ("outcome", "until_on", "problem"),
    [
        ("snoozed", None, "is snoozed, and returns on no day"),
        ("cleared", date(2026, 4, 1), "is cleared, and returns on 2026-04-01"),
    ],
)
def test_a_snoozed_flag_and_no_other_returns(outcome, until_on, problem):
    given(*HISTORY).when(reviewing(outcome, until_on=until_on)).then_refused(
        problem, code="REVIEW_FORM"
    )


def test_a_flag_is_not_snoozed_until_the_day_it_is_reviewed_on():
    given(*HISTORY).when(reviewing("snoozed", until_on=date(2026, 3, 2))).then_refused(
        "snoozed on 2026-03-02 until 2026-03-02", code="DATES_ORDER"
    )


def test_nothing_is_reviewed_tomorrow():
    given(*HISTORY, today=date(2026, 3, 1)).when(reviewing()).then_refused(
        "is reviewed on 2026-03-02, and today is 2026-03-01", code="DATE_FUTURE"
    )


@pytest.mark.parametrize("reason", CLEARS_FOR)
def test_a_flag_is_cleared_for_a_reason_on_the_list(reason):
    given(*HISTORY).when(reviewing(reason=reason)).then(reviewed(reason=reason))


def test_a_flag_is_not_cleared_for_any_other_reason():
    given(*HISTORY).when(reviewing(reason="no_time")).then_refused(
        "is cleared for 'no_time', which is no reason on the list", code="REVIEW_REASON"
    )
    given(*HISTORY).when(reviewing("referred", reason="no_time")).then(
        reviewed("referred", reason="no_time")
    )


def test_a_reason_that_is_on_record_may_be_any_word():
    given(*HISTORY, reviewed(reason="no_time")).when(reviewing(reason="no_time")).then_nothing()


# ── what is checked against the flag ─────────────────────────────────────────────────────────────


def test_the_rule_and_the_evidence_are_the_flags_own_unless_named():
    some = FLAG.evidence[1:]

    given(*HISTORY).when(reviewing()).then(reviewed())
    given(*HISTORY).when(reviewing(rule="over-shipped", evidence=some)).then(
        reviewed(evidence=some)
    )


def test_a_rule_that_raises_nothing_is_refused_with_those_that_do():
    then = given(*HISTORY).when(reviewing(rule="no-such-rule"))

    then.then_refused("no rule is called 'no-such-rule'", code="RULE_UNKNOWN")
    assert all(rule.name in then.error.remedy for rule in RULES)


def test_a_flag_nobody_raised_is_not_reviewed():
    given(*HISTORY).when(reviewing(flag="0" * 16)).then_refused(
        f"no flag {'0' * 16} stands on 2026-03-02", code="FLAG_UNKNOWN"
    )


def test_a_flag_whose_shipment_was_voided_is_not_reviewed_any_more():
    given(*HISTORY, voided(4, "S-2")).when(reviewing()).then_refused(
        "stands on", code="FLAG_UNKNOWN"
    )


def test_a_review_said_before_stays_said_when_the_flag_is_gone():
    given(*HISTORY, reviewed(), voided(4, "S-2")).when(reviewing()).then_nothing()


def test_a_flag_is_not_reviewed_before_its_day():
    given(*HISTORY).when(reviewing(reviewed_on=date(2025, 3, 2))).then_refused(
        "stands on 2025-03-02", code="FLAG_UNKNOWN"
    )


def test_a_flag_that_time_raised_is_reviewed_on_a_day_on_which_it_stood():
    asked = (adopted(), requested())
    (overdue,) = flags("check-overdue", *asked, on=date(2025, 9, 1))
    done = CheckPerformed(
        check="C-1", party="acme", performed_on=date(2025, 9, 10), evidence="photo"
    )

    given(*asked, done).when(
        reviewing(flag=overdue.id, reviewed_on=date(2025, 9, 1))
    ).then(
        reviewed(
            flag=overdue.id, rule="check-overdue", severity="strong",
            evidence=overdue.evidence, reviewed_on=date(2025, 9, 1),
        )
    )  # fmt: skip
    given(*asked, done).when(
        reviewing(flag=overdue.id, reviewed_on=date(2025, 9, 11))
    ).then_refused("stands on 2025-09-11", code="FLAG_UNKNOWN")


def test_another_rule_or_other_evidence_than_the_flags_is_refused():
    given(*HISTORY).when(reviewing(rule="cap-breach")).then_refused(
        f"flag {FLAG.id} was raised by over-shipped, not cap-breach", code="REVIEW_OTHER"
    )
    given(*HISTORY).when(reviewing(evidence=(*FLAG.evidence, 7, 9))).then_refused(
        f"flag {FLAG.id} does not cite entries 7, 9", code="REVIEW_OTHER"
    )
