"""What differs between two states of one ledger: two entries, two days, two policies."""

import csv
import io
from datetime import date

import pytest
from reader import Desk
from world import (
    H100,
    adopted,
    applied,
    approved,
    diffusion,
    entries,
    exported,
    licensed,
    line,
    pack,
    party,
    raised,
    voided,
)

from ledger.events import FlagReviewed, LicenseDenied
from ledger.fold import replay
from ledger.quota import QuotaFold
from projections import diff, licenses, quotas
from projections.licenses import LicensesFold

ON = date(2025, 6, 30)
RULES = pack("adv-comp-2023")
STORY = (
    adopted(),
    party(),
    approved("D1", lines=(licensed(8),)),
    exported("S-1", lines=(line(3),), exported_on=date(2025, 4, 10)),
    exported("S-2", license="D2", lines=(line(8),), exported_on=date(2025, 3, 10)),
    approved("D2", decided_on=date(2025, 3, 1), lines=(licensed(8),)),
    exported("S-3", lines=(line(2),), exported_on=date(2025, 3, 3)),
    voided(5, "S-1"),
)
"""Entries 2 to 9; the first is the opening."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = Desk(f"sqlite:///{tmp_path_factory.mktemp('diff') / 'ledger.db'}", STORY)
    yield desk
    desk.ledger.close()


def told(rows):
    return [(row["subject"], row["field"], row["before"], row["after"]) for row in rows]


def register(*events, on=ON):
    return list(licenses.rows(replay(LicensesFold(), entries(*events)), on))


def test_two_entries_differ_by_what_was_told_between_them_and_name_it(desk):
    rows = desk.rows(f"diff --known-at 6..head --valid-on {ON}")
    by_view = {
        view: [row for row in rows if row["view"] == view] for view in ("quotas", "licenses")
    }

    assert [
        ("AE", "reserved_tpp", 5 * H100, 6 * H100),
        ("AE", "drawn_tpp", 11 * H100, 10 * H100),
        ("AE", "licensed_tpp", 8 * H100, 16 * H100),
    ] == [each for each in told(by_view["quotas"]) if "headroom" not in each[1]]
    assert [[7, 8, 9]] * len(by_view["quotas"]) == [row["entries"] for row in by_view["quotas"]]
    assert [
        ("D1 h100-sxm", "shipped_units", 3, 2), ("D1 h100-sxm", "left_units", 5, 6),
    ] == told(by_view["licenses"])[:2]  # fmt: skip
    assert ("D2 h100-sxm", "status", "unknown", "exhausted") in told(by_view["licenses"])
    assert {"D1 h100-sxm": [8, 9], "D2 h100-sxm": [7]} == {
        row["subject"]: row["entries"] for row in by_view["licenses"]
    }


def test_a_flag_that_is_gone_names_what_was_told_about_its_evidence(desk):
    (gone,) = desk.rows(f"diff flags --known-at 6..head --valid-on {ON}")

    assert ("removed", "without-authority", [7]) == (
        gone["change"], gone["subject"].split()[0], gone["entries"],
    )  # fmt: skip
    assert gone["before"].endswith("no entry speaks of license D2")
    assert (6, 9, False) == (
        gone["before_as_of_entry"], gone["after_as_of_entry"], gone["simulated"],
    )  # fmt: skip


def test_two_days_differ_by_what_happened_between_them(desk):
    rows = desk.rows("diff licenses --valid-on 2025-03-03..2025-03-10")

    assert [
        ("D2 h100-sxm", "status", "approved", "exhausted"),
        ("D2 h100-sxm", "shipped_units", 0, 8),
        ("D2 h100-sxm", "left_units", 8, 0),
    ] == told(rows)
    assert [[6]] * 3 == [row["entries"] for row in rows]
    assert {("2025-03-03", "2025-03-10")} == {
        (row["before_valid_on"], row["after_valid_on"]) for row in rows
    }


def test_two_policies_differ_and_every_row_is_marked(desk):
    asked = f"diff quotas --policy diffusion-2025..in-force --valid-on {ON}"
    rows = desk.rows(asked)
    screen = desk.type(asked)

    assert ("AE", "cap_tpp", 790_000_000, None) in told(rows)
    assert {("diffusion-2025", None, True)} == {
        (row["before_policy"], row["after_policy"], row["simulated"]) for row in rows
    }
    assert [[]] * len(rows) == [row["entries"] for row in rows]
    assert f"- {ON}, as of entry 9" in screen
    assert "SIMULATED under diffusion-2025\n" in screen
    assert "rules in force\n" in screen
    (cap,) = (text for text in screen.splitlines() if " cap_tpp" in text)
    assert cap.endswith("SIMULATED")


def test_that_the_policies_are_two_is_no_difference(desk):
    rows = desk.rows(f"diff --policy adv-comp-2023..diffusion-2025 --valid-on {ON}")

    assert ("AE", "cap_tpp", None, 790_000_000) in told(rows)
    assert "policy" not in {row["field"] for row in rows}


def test_that_another_policy_came_into_force_is_one(sqlite_url):
    history = (adopted(), party(), approved("D1", lines=(licensed(8),)), diffusion())
    desk = Desk(sqlite_url, history)
    rows = desk.rows(f"diff quotas --known-at 4..5 --valid-on {ON}")
    desk.ledger.close()

    assert ("AE", "policy", None, "diffusion-2025") in told(rows)


def test_several_at_once_and_a_side_left_empty_is_the_newest(desk):
    several = desk.rows("diff quotas --known-at 5.. --valid-on 2025-04-30..2025-03-05")

    assert told(several) == told(
        desk.rows("diff quotas --known-at 5..head --valid-on 2025-04-30..2025-03-05")
    )
    assert ("AE", "drawn_tpp", 3 * H100, 2 * H100) in told(several)


def test_states_that_say_the_same_are_said_to(desk):
    asked = "diff --known-at 1..2"

    assert [] == desk.rows(asked)
    assert "no difference in quotas, licenses, flags\n" in desk.type(asked)
    header = next(csv.reader(io.StringIO(desk.type(f"{asked} --format csv"))))
    assert ["view", "subject", "change", "field", "before", "after", "entries"] == header[:7]


def test_a_line_that_came_to_a_license_is_added_and_the_others_are_compared():
    before = register(approved(lines=(licensed(8),)))
    after = register(approved(lines=(licensed(6), licensed(1, model="h200-sxm"))))

    assert [
        ("D1 h100-sxm", "licensed_units", 8, 6),
        ("D1 h100-sxm", "left_units", 8, 6),
        ("D1 h200-sxm", None, None, "approved: 1 licensed, 0 shipped, 1 left"),
    ] == [
        (each.subject, each.field, each.before, each.after) for each in diff.licenses(before, after)
    ]


def test_a_country_that_is_new_is_said_in_words_and_one_that_is_gone_too():
    def rows(*events):
        return quotas.rows(replay(QuotaFold(), entries(*events)), RULES, ON)

    shipped = rows(exported(authority="none", lines=(line(2),)))
    (new,) = diff.quotas([], shipped)
    (gone,) = diff.quotas(shipped, [])

    assert ("added", None, None, f"reserved 0, drawn {2 * H100:,} TPP") == (
        new.change, new.field, new.before, new.after,
    )  # fmt: skip
    assert ("removed", new.after, None) == (gone.change, gone.before, gone.after)


def test_a_flag_under_new_evidence_is_the_same_flag_changed():
    history = (diffusion(), party(), exported("S-1", license="D9"))
    denied = (applied("D9"), LicenseDenied(
        license="D9", decided_on=date(2025, 2, 1), destination="AE", reason="risk"
    ))  # fmt: skip
    before, after = raised(history), raised((*history, *denied))
    changed = {
        each.field: (each.before, each.after)
        for each in diff.flags(before, after)
        if each.subject.startswith("without-authority")
    }

    assert {"id", "because", "evidence"} <= changed.keys()
    assert {"changed"} == {
        each.change
        for each in diff.flags(before, after)
        if each.subject.startswith("without-authority")
    }
    assert ((3,), (3, 5)) == changed["evidence"]


def test_a_review_changes_where_a_flag_stands_and_is_cited():
    history = (diffusion(), party(), exported("S-1", license="D9"))
    before = raised(history)
    flag = before[0].flag
    review = FlagReviewed(
        flag=flag.id, rule=flag.rule, outcome="cleared", reason="lawful", evidence=flag.evidence,
        reviewed_on=date(2026, 1, 1),
    )  # fmt: skip
    (changed,) = diff.flags(before, raised((*history, review)))

    assert ("standing", "open", "cleared", (4,)) == (
        changed.field, changed.before, changed.after, changed.cited,
    )  # fmt: skip
