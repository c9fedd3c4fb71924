"""What stands, what was reviewed, and in which order flags are listed."""

from datetime import date

import pytest
from world import adopted, exported, flags, party, raised, requested, voided

from ledger.events import FlagReviewed
from projections.red_flags import RULES, FlagsFold, RedFlag

HISTORY = (adopted(), party(), exported(authority="none"))


def reviewed(outcome, *, flag=None, on=date(2025, 5, 1), **changes):
    (standing,) = flags("without-authority", *HISTORY)
    fields = {
        "flag": flag or standing.id, "rule": "without-authority", "outcome": outcome,
        "reason": "lawful", "evidence": (3,), "reviewed_on": on,
    }  # fmt: skip
    return FlagReviewed(**(fields | changes))


def the_flag(*events, on=date(2026, 11, 22)):
    (found,) = raised((*HISTORY, *events), on)
    return found


def test_a_flag_is_open_until_somebody_reviews_it():
    found = the_flag()

    assert "open" == found.standing
    assert found.review is None
    assert not found.hidden


@pytest.mark.parametrize(
    ("outcome", "hidden"), [("cleared", True), ("referred", False), ("confirmed", False)]
)
def test_a_cleared_flag_leaves_the_list_and_a_referred_or_confirmed_one_stays(outcome, hidden):
    found = the_flag(reviewed(outcome))

    assert outcome == found.standing
    assert hidden == found.hidden
    assert "a.rivera" == found.review.by
    assert 4 == found.review.entry


def test_a_snoozed_flag_returns_on_its_day():
    snoozed = reviewed("snoozed", until_on=date(2025, 6, 1))

    assert "snoozed" == the_flag(snoozed, on=date(2025, 5, 31)).standing
    assert "open" == the_flag(snoozed, on=date(2025, 6, 1)).standing


@pytest.mark.parametrize(
    ("seen", "standing"),
    [("information", "open"), ("weak", "open"), ("strong", "open"), ("hard", "snoozed"),
     (None, "snoozed")],
)  # fmt: skip
def test_a_snooze_never_hides_a_flag_worse_than_the_reviewer_saw(seen, standing):
    found = the_flag(
        reviewed("snoozed", until_on=date(2030, 1, 1), severity=seen), on=date(2025, 6, 1)
    )

    assert "hard" == found.flag.severity
    assert (standing, standing == "snoozed") == (found.standing, found.hidden)
    assert "snoozed" == found.review.outcome


def test_a_flag_that_is_milder_than_the_reviewer_saw_stays_snoozed():
    asked = (adopted(), requested())
    (overdue,) = flags("check-overdue", *asked, on=date(2025, 9, 1))
    snooze = reviewed(
        "snoozed", flag=overdue.id, rule="check-overdue", severity="hard",
        on=date(2025, 9, 1), until_on=date(2025, 10, 1),
    )  # fmt: skip
    (found,) = raised((*asked, snooze), date(2025, 9, 2))

    assert ("strong", "snoozed") == (found.flag.severity, found.standing)


def test_what_was_explained_is_open_again_once_it_is_worse_than_what_was_explained():
    assert "open" == the_flag(reviewed("cleared", severity="weak")).standing
    assert "cleared" == the_flag(reviewed("cleared", severity="hard")).standing
    assert "cleared" == the_flag(reviewed("cleared")).standing


def test_the_newest_review_counts_and_none_before_its_day():
    both = (reviewed("cleared"), reviewed("confirmed", on=date(2025, 6, 1)))

    assert "confirmed" == the_flag(*both).standing
    assert "cleared" == the_flag(*both, on=date(2025, 5, 31)).standing
    assert "open" == the_flag(*both, on=date(2025, 4, 30)).standing


def test_a_review_of_a_flag_nobody_raised_does_no_harm():
    assert "open" == the_flag(reviewed("cleared", flag="0" * 16)).standing


def test_flags_stand_in_the_order_their_evidence_was_complete():
    history = (
        adopted(), party(), exported("S-1", authority="none"),
        exported("S-2", authority="none", exported_on=date(2024, 1, 1)),
    )  # fmt: skip

    assert [3, 4] == [each.flag.raised_at for each in raised(history)]


def test_a_flags_id_is_a_digest_of_rule_key_and_evidence_alone():
    def flag(**changes):
        fields = {
            "rule": "cap-breach", "severity": "hard", "subject": "country:AE", "key": "AE",
            "because": "", "source": "", "policy": "", "on": date(2025, 1, 1), "evidence": (1, 2),
        }  # fmt: skip
        return RedFlag(**(fields | changes))

    assert "271522040cd44746" == flag().id
    assert flag().id == flag(because="in other words", on=date(2026, 1, 1)).id
    assert 3 == len({flag().id, flag(key="SA").id, flag(evidence=(1, 3)).id})


@pytest.mark.parametrize("evidence", [(), (2, 1), (1, 1)])
def test_a_flag_without_evidence_in_order_cannot_be_made(evidence):
    with pytest.raises(ValueError, match="evidence is entries in order"):
        RedFlag("a", "hard", "s", "k", "", "", "", date(2025, 1, 1), evidence)


def test_a_void_that_points_forward_or_at_another_thing_withdraws_nothing():
    assert 1 == len(raised((*HISTORY, voided(5))))
    assert 1 == len(raised((*HISTORY, voided(2))))


def test_every_rule_says_where_it_is_written_and_has_a_name_reviews_can_carry():
    assert [] == [rule.name for rule in RULES if "Source:" not in (type(rule).__doc__ or "")]
    assert sorted(rule.name for rule in RULES) == [rule.name for rule in RULES]
    for rule in RULES:
        reviewed("cleared", rule=rule.name)


def test_the_fold_reads_all_that_its_rules_read():
    assert frozenset().union(*(rule.reads for rule in RULES)) <= FlagsFold().reads
