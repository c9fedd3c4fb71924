"""Rows as table, JSON, JSON lines and CSV."""

import csv
import io
import json

import pytest

from projections.render import Column, cell, count, millions, of, show

ROWS = [
    {"name": "acme", "tpp": 2_100_000_000, "parts": ["a", "b"], "none": None, "yes": True},
    {"name": "=HYPERLINK(1)", "tpp": -50_000, "parts": [], "none": None, "yes": False},
]
COLUMNS = (of("name", folds=True), millions("tpp", "M TPP"), of("parts"), of("none"), of("yes"))


def shown(capsys, format_, rows=ROWS, columns=COLUMNS):
    fields = [*rows[0]] if rows else ["name", "tpp"]
    show(rows, format_, heading=["as of entry 3"], columns=columns, fields=fields)
    return capsys.readouterr().out


def test_a_table_has_its_heading_and_numbers_to_the_right(capsys):
    assert [
        "as of entry 3",
        "name             M TPP  parts  none  yes",
        "────────────────────────────────────────",
        "acme           2,100.0  a, b   –     yes",
        "=HYPERLINK(1)     -0.1  –      –     no",
    ] == [text.rstrip() for text in shown(capsys, "table").splitlines()]


def test_json_is_an_array_of_rows_and_json_lines_a_row_each(capsys):
    assert ROWS == json.loads(shown(capsys, "json"))
    assert ROWS == [json.loads(line) for line in shown(capsys, "jsonl").splitlines()]
    assert [] == json.loads(shown(capsys, "json", []))


def test_csv_has_a_header_and_starts_no_formula(capsys):
    header, first, second = csv.reader(io.StringIO(shown(capsys, "csv")))

    assert ["name", "tpp", "parts", "none", "yes"] == header
    assert ["acme", "2100000000", "a b", "", "true"] == first
    assert ["'=HYPERLINK(1)", "-50000", "", "", "false"] == second


def test_csv_has_its_header_without_a_row_too(capsys):
    assert "name,tpp\n" == shown(capsys, "csv", [])


def test_nothing_from_outside_commands_the_terminal(capsys):
    text = shown(capsys, "table", [{"name": "\x1b[2J[bold]x\u202e"}], [of("name")])

    assert "\\x1b[2J[bold]x\\u202e" in text
    assert "\x1b" not in text


def test_a_figure_is_never_cut_however_many_there_are(capsys):
    wide = [{f"figure{number}": 123_456_789 for number in range(20)}]
    text = shown(capsys, "table", wide, [count(name, name) for name in wide[0]])

    assert 20 == text.count("123,456,789")
    assert "…" not in text


def test_words_break_where_figures_do_not(capsys):
    rows = [{"why": "more was shipped than was licensed " * 9 + "x" * 200, "units": 123_456}]
    text = shown(capsys, "table", rows, [of("why", folds=True), count("units", "units")])

    assert "123,456" in text
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("", "–"), ((), "–"), (0, "0"), (1_234, "1,234"), (False, "no"), ("x", "x")],
)
def test_a_value_as_people_read_it(value, text):
    assert text == cell(value)


def test_a_column_may_compute_its_cell(capsys):
    column = Column("twice", lambda row: str(2 * row["tpp"]), number=True)

    assert "4200000000" in shown(capsys, "table", ROWS[:1], [column])
