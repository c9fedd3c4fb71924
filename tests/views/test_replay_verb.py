"""What somebody types to replay history, on a real ledger."""

import csv
import io
import json
import stat
from datetime import date

import pytest
from click.testing import CliRunner
from reader import VERBS, Desk, answer
from world import (
    H100,
    Office,
    adopted,
    approved,
    diffusion,
    exported,
    licensed,
    line,
    party,
)

from ledger.errors import NotAuthentic
from ledger.events import ControlPublished
from ledger.log import Ledger
from ledger.policy import digest, shipped_pack

FULL = 790_000_000 // H100
HISTORY = (
    adopted(),
    party(),
    party("japan", "JP"),
    approved(lines=(licensed(FULL + 1),)),
    exported(),
    approved("D2", lines=(licensed(FULL),)),
    exported("S-2", authority="LPP", lines=(line(2_000),)),
    exported("S-3", authority="LPP", lines=(line(100),)),
    exported("S-4", authority="NLR", route=("US", "JP"), ultimate_consignee="japan"),
)
"""Entries 2 to 10."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("ledger") / "ledger.db"
    office = Office(f"sqlite:///{place}")
    office.say(*HISTORY)
    office.ledger.close()
    return place


def typed(place, text, *more):
    return answer(f"sqlite:///{place}", [*text.split(), *more]).stdout


def rows(place, text):
    return json.loads(typed(place, f"{text} --format json"))


def test_every_row_is_simulated_and_says_of_what_and_under_what(place):
    found = rows(place, "replay --policy diffusion-2025")

    assert {"decision", "shipment", "account", "flag"} == {row["kind"] for row in found}
    assert [True] * len(found) == [row["simulated"] for row in found]
    assert {("diffusion-2025", digest(shipped_pack("diffusion-2025")), 10)} == {
        (row["policy"], row["policy_digest"], row["as_of_entry"]) for row in found
    }
    assert {rows(place, "quotas")[0]["root"]} == {row["root"] for row in found}
    assert [] == [row for row in found if row["rule_line"] is None]


def test_a_screen_counts_what_differs_and_marks_it(place):
    screen = typed(place, "replay --policy adv-comp-2023,diffusion-2025")

    assert screen.startswith("SIMULATED under adv-comp-2023,diffusion-2025: replay on 2025-03-03")
    assert f"1 decision: 1 refused; {(FULL + 1) * H100:,} TPP stopped" in screen
    assert "4 shipments: 1 relied on, 1 over limit, 1 allowed, 1 license required" in screen
    assert screen.count("SIMULATED") > 4


def test_what_the_supposed_rules_do_not_say_is_said(place):
    screen = typed(place, "replay --policy diffusion-2025 --only decisions")

    assert "diffusion-2025 says nothing of eccn, which the rules in force do" in screen


def test_rules_that_are_in_force_change_nothing(place):
    assert "nothing would differ" in typed(place, "replay --policy adv-comp-2023")
    assert [] == rows(place, "replay --policy adv-comp-2023")


def test_a_flag_before_the_rules_of_today_names_the_line_its_day_lacked(sqlite_url):
    """In force on the last day are the very rules that are supposed; on the day of S-1, none."""
    office = Office(sqlite_url)
    office.say(
        adopted(), party(formed_on=date(2023, 3, 1)),
        ControlPublished(control="c", title="a control", effective_on=date(2023, 2, 1)),
        exported("S-1", authority="NLR", lines=(line(8),), exported_on=date(2023, 6, 1)),
        exported("S-2", authority="NLR", exported_on=date(2025, 6, 1)),
    )  # fmt: skip
    office.ledger.close()
    place = sqlite_url.removeprefix("sqlite:///")
    found = rows(place, "replay --policy adv-comp-2023 --only flags")

    assert [("flag_added", "adv-comp-2023", "eccn")] == [
        (row["change"], row["rule_policy"], row["rule"])
        for row in found
        if row["supposed"].startswith("new-customer")
    ]


def test_only_what_is_asked_for_in_the_span_asked_for(place):
    found = rows(place, "replay --policy diffusion-2025 --only decisions --to 2025-02-15")

    assert ["refused", "relied_on"] == [row["change"] for row in found]
    assert {"2025-02-15"} == {row["valid_on"] for row in found}
    assert [] == rows(place, "replay --policy diffusion-2025 --only decisions --from 2026-01-01")


def test_the_same_question_has_the_same_bytes_and_csv_has_every_field(place):
    text = "replay --policy diffusion-2025 --format csv"
    once, again = typed(place, text), typed(place, text)
    cells = list(csv.DictReader(io.StringIO(once)))

    assert once == again
    assert {"true"} == {row["simulated"] for row in cells}
    assert "rule_source" in cells[0]


def test_a_ledger_that_cannot_be_written_is_replayed_all_the_same(place, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_bytes(place.read_bytes())
    copy.chmod(stat.S_IREAD)
    tmp_path.chmod(stat.S_IREAD | stat.S_IEXEC)
    before = copy.read_bytes()
    try:
        found = rows(copy, "replay --policy diffusion-2025")
    finally:
        tmp_path.chmod(stat.S_IRWXU)

    assert found == rows(place, "replay --policy diffusion-2025")
    assert before == copy.read_bytes()
    assert [copy] == list(tmp_path.iterdir())


def test_the_ledger_is_the_same_before_and_after(place):
    def whole():
        ledger = Ledger.open(f"sqlite:///{place}")
        with ledger.store.reading() as connection:
            size, frontier = ledger.store.head(connection)
            kept = ledger.store.fetch(connection, "SELECT * FROM view_rows ORDER BY view, key")
        ledger.close()
        return size, frontier.root(), kept

    before = whole()
    typed(place, "replay --policy diffusion-2025")

    assert before == whole()


def test_a_ledger_that_was_altered_meanwhile_is_said_to_be(place, tmp_path):
    other = Office(f"sqlite:///{tmp_path / 'other.db'}")
    other.say(*HISTORY)
    other.ledger.close()

    class Swapped:
        def __init__(self):
            self.places = [place, tmp_path / "other.db"]

        def open(self):
            return Ledger.open(f"sqlite:///{self.places.pop(0)}")

    words = ["--policy", "diffusion-2025", "--only", "decisions"]
    with pytest.raises(NotAuthentic) as said:
        CliRunner().invoke(VERBS["replay"], words, obj=Swapped(), catch_exceptions=False)

    assert "ROOT" == said.value.code
    assert "the first 10 entries had root" in said.value.problem
    assert "the database was altered meanwhile: chip-ledger verify" == said.value.remedy


def test_under_caps_in_force_a_raised_cap_lets_more_through(tmp_path):
    office = Office(f"sqlite:///{tmp_path / 'ledger.db'}")
    office.say(adopted(), diffusion(), party(), approved(lines=(licensed(FULL + 1),)))
    office.ledger.close()

    (row,) = rows(
        tmp_path / "ledger.db",
        "replay --policy diffusion-2025:allocation=1580000000 --only decisions",
    )

    assert ("allowed", False, "diffusion-2025:allocation=1580000000") == (
        row["change"], row["stopped"], row["policy"]
    )  # fmt: skip


def test_a_flag_that_rests_on_a_letter_cites_the_row_that_names_the_chip(tmp_path):
    h20 = line(model="h20", eccn=None, tpp_per_unit=2_368)
    sent = exported(authority="NLR", lines=(h20,), route=("US", "CN"), exported_on=date(2025, 6, 2))
    desk = Desk(f"sqlite:///{tmp_path / 'ledger.db'}", (adopted(), party(), sent))
    policy = "adv-comp-2023,cn-h20-letter-2025"
    found = desk.rows(f"replay --policy {policy} --only flags")
    desk.ledger.close()

    assert [("flag_added", "cn-h20-letter-2025", "chip_control.1")] == [
        (row["change"], row["rule_policy"], row["rule"])
        for row in found
        if row["supposed"].startswith("without-authority")
    ]
