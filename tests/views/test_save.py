"""A view written into a file, in each kind, and read back by what others use."""

import csv
import json
import sqlite3
import sys

import pytest
from casebook import book
from msgspec.structs import replace
from pyarrow import parquet
from world import party

from commands.__main__ import run
from ledger.log import Ledger
from projections.cli.save import VIEWS
from projections.files import Table, kinds, write


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    made = book(tmp_path_factory.mktemp("book"))
    ledger = Ledger.open(made.place)
    ledger.append([replace(party("formula"), name="=HYPERLINK(1)")], made.recorder)
    ledger.close()
    return made


def size(made):
    ledger = Ledger.open(made.place)
    try:
        return str(ledger.size())
    finally:
        ledger.close()


def saved(made, view, to, *more):
    assert 0 == run(["save", view, str(to), "--valid-on", "2026-11-22", *more,
                     "--ledger", made.place])  # fmt: skip
    return to


def shown(made, view, capsys, *more):
    capsys.readouterr()
    assert 0 == run([view, "--valid-on", "2026-11-22", *more, "--format", "json",
                     "--ledger", made.place])  # fmt: skip
    return json.loads(capsys.readouterr().out)


def test_json_lines_are_the_rows_that_are_shown(made, tmp_path, capsys):
    rows = shown(made, "flags", capsys, "--all")

    held = saved(made, "flags", tmp_path / "flags.jsonl").read_text().splitlines()

    assert rows
    assert rows == [json.loads(line) for line in held]


def test_a_csv_has_the_same_rows_and_starts_no_formula(made, tmp_path, capsys):

    rows = shown(made, "flags", capsys, "--all")
    with saved(made, "flags", tmp_path / "flags.csv").open(newline="") as file:
        held = list(csv.DictReader(file))
    row = VIEWS["flags"].row
    given = dict.fromkeys(kinds(row), "x") | {"evidence": [], "because": "=1+1"}
    for start in ("=", "+", "-", "@", "\t", "\r"):
        told = given | {"because": f"{start}1"}
        table = Table("flags", "flag", "id", kinds(row), [told], {}, [])
        write(table, tmp_path / "one.csv", ".csv")
        assert f"'{start}1" in (tmp_path / "one.csv").read_bytes().decode()

    assert [row["id"] for row in rows] == [row["id"] for row in held]
    assert [" ".join(map(str, row["evidence"])) for row in rows] == [
        row["evidence"] for row in held
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_parquet_has_types_and_says_what_it_was_made_from(made, tmp_path, view):
    held = parquet.read_table(saved(made, view, tmp_path / f"{view}.parquet"))
    lines = saved(made, view, tmp_path / f"{view}.jsonl").read_text().splitlines()

    told = [json.loads(line) for line in lines]
    stamp = {name.decode(): value.decode() for name, value in held.schema.metadata.items()}

    assert len(told) == held.num_rows
    assert (size(made), "2026-11-22") == (stamp["as_of_entry"], stamp["valid_on"])
    for row, line in zip(held.to_pylist(), told, strict=True):
        assert {name: line[name] for name in row} == json.loads(json.dumps(row, default=str))
    if view == "flags":
        types = {field.name: str(field.type) for field in held.schema}
        assert ("date32[day]", "int64") == (types["on"], types["raised_at_entry"])
        assert types["evidence"].startswith("list<")


@pytest.mark.parametrize("view", VIEWS)
def test_a_database_holds_together(made, tmp_path, view):
    lines = saved(made, view, tmp_path / f"{view}.jsonl").read_text().splitlines()
    database = sqlite3.connect(saved(made, view, tmp_path / f"{view}.db"))

    (count,) = database.execute(f"SELECT count(*) FROM {view}").fetchone()
    keys = [row for row in database.execute(f"PRAGMA table_info({view})") if row[5]]
    named = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}

    assert len(lines) == count
    assert 1 == len(keys)
    assert [("ok",)] == database.execute("PRAGMA integrity_check").fetchall()
    assert [] == database.execute("PRAGMA foreign_key_check").fetchall()
    assert {"entries", "made_from"} <= named
    assert [(size(made),)] == database.execute("SELECT as_of_entry FROM made_from").fetchall()
    database.close()


def test_in_a_database_a_flag_leads_to_the_entries_that_show_it(made, tmp_path):
    database = sqlite3.connect(saved(made, "flags", tmp_path / "flags.db"))

    leads = database.execute("PRAGMA foreign_key_list(flag_evidence)").fetchall()
    said = database.execute(
        "SELECT said FROM flag_timeline JOIN flags ON flags.id = flag_id"
        " WHERE rule = 'without-authority'"
    ).fetchall()

    assert {("entries", "entry"), ("flags", "flag_id")} == {(row[2], row[3]) for row in leads}
    assert any("shipment S-1 exported" in words for (words,) in said)
    database.close()


def test_nothing_is_written_over_and_nothing_half(made, tmp_path, capsys, monkeypatch):
    mine = tmp_path / "flags.csv"
    mine.write_text("mine")

    refused = run(["save", "flags", str(mine), "--ledger", made.place])
    said = capsys.readouterr().err
    saved(made, "flags", mine, "--force")

    assert 5 == refused
    assert f"error: {mine} is there already [FILE_EXISTS]" in said
    assert mine.read_text().startswith("id,rule,")
    assert [mine] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "code", "problem", "remedy"),
    [
        (
            "flags.xls", 2, "error: .xls is no kind of file that is saved [SAVE_FORM]",
            "hint: end its name in .csv, .jsonl, .parquet or .db",
        ),
        (
            "flags", 2, "error: a file without an ending is no kind of file that is saved"
            " [SAVE_FORM]",
            "hint: end its name in .csv, .jsonl, .parquet or .db",
        ),
        (
            "flags.parquet", 8, "error: Parquet needs pyarrow, which is not installed"
            " [DRIVER_MISSING]",
            "hint: pip install 'chip-ledger[parquet]', or save .jsonl",
        ),
    ],
    ids=["another ending", "no ending", "no pyarrow"],
)  # fmt: skip
def test_what_cannot_be_saved(made, tmp_path, capsys, monkeypatch, name, code, problem, remedy):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    ended = run(["save", "flags", str(tmp_path / name), "--ledger", made.place])

    assert (code, [problem, remedy]) == (ended, capsys.readouterr().err.splitlines())
    assert [] == list(tmp_path.iterdir())
