"""Rows as a table, JSON, JSON lines or CSV: the only place that knows what a screen is.

The same rows give the same bytes. What came from outside is shown as text: no control character
and no markup in a name reaches the terminal, and no cell of a CSV starts a formula.
"""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Format = Literal["table", "json", "jsonl", "csv"]
FORMATS: Final[tuple[Format, ...]] = ("table", "json", "jsonl", "csv")

WIDTH_UNKNOWN: Final = 120
"""Columns of a table that is not on a terminal: in a pipe, a file, a test."""

FOLD_WIDTH_MIN: Final = 20
"""What breaks over lines is given at least so many columns."""

GAP: Final = 2
"""Columns between two of a table."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    show     the cell of a row
    number   aligned to the right
    folds    may break over lines; the others never do
    """

    title: str
    show: Callable[[Row], str]
    number: bool = False
    folds: bool = False


def of(name: str, title: str = "", *, folds: bool = False) -> Column:
    """A column of text under its own name."""
    return Column(title or name.replace("_", " "), lambda row: cell(row[name]), folds=folds)


def count(name: str, title: str) -> Column:
    """A column of whole numbers with thousands separators."""
    return Column(title, lambda row: cell(row[name]), number=True)


def millions(name: str, title: str, *, whole: bool = False) -> Column:
    """A column of TPP in millions, to one decimal or none; JSON and CSV have them all."""
    return Column(title, lambda row: in_millions(row[name], whole=whole), number=True)


def in_millions(tpp: int | None, *, whole: bool = False) -> str:
    """TPP in millions, to the nearest tenth, or to the nearest million.

    >>> in_millions(2_100_000_000), in_millions(-50_000), in_millions(None)
    ('2,100.0', '-0.1', '–')
    >>> in_millions(11_602_500_000, whole=True), in_millions(-400_000, whole=True)
    ('11,603', '0')
    """
    if tpp is None:
        return "–"
    if whole:
        rounded = (abs(tpp) + 500_000) // 1_000_000
        return f"{-rounded if tpp < 0 else rounded:,}"
    tenths = (abs(tpp) + 50_000) // 100_000
    sign = "-" if tpp < 0 and tenths else ""
    return f"{sign}{tenths // 10:,}.{tenths % 10}"


def cell(value: object) -> str:
    """A value as people read it; nothing is a dash."""
    match value:
        case None | "" | () | []:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list() | tuple():
            return ", ".join(cell(each) for each in value)
        case _:
            return str(value)


def plain(text: str) -> str:
    r"""Text with every character that would command a terminal made visible.

    >>> print(plain("a" + chr(27) + "[2J"))
    a\x1b[2J
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def builtins(row: object) -> dict[str, Any]:
    """A row of a view as names and values; dates become their ISO form."""
    made: dict[str, Any] = msgspec.to_builtins(row)
    return made


def show(
    rows: Sequence[Row],
    format_: Format,
    *,
    heading: Iterable[str],
    columns: Sequence[Column],
    fields: Sequence[str],
) -> None:
    """Put rows on standard output.

    heading  lines above a table; the other formats carry the same in every row
    fields   names of a row's values, in order: the header of a CSV, with rows or without
    """
    match format_:
        case "table":
            _table(rows, heading, columns)
        case "json":
            text = msgspec.json.format(msgspec.json.encode(list(rows)), indent=2)
            sys.stdout.write(text.decode() + "\n")
        case "jsonl":
            for row in rows:
                sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
        case "csv":
            sys.stdout.write(as_csv(rows, fields))


class _Screen(Console):
    """A console that leaves it to the front door what happens when its reader went away."""

    def on_broken_pipe(self) -> None:
        """Raise what was raised; by itself rich would end the program with exit code 1."""
        raise


def _table(rows: Sequence[Row], heading: Iterable[str], columns: Sequence[Column]) -> None:
    console = _Screen(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not sys.stdout.isatty():
        console.width = WIDTH_UNKNOWN
    for line in heading:
        console.print(Text(plain(line)), soft_wrap=True)
    if not rows:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    shown = [[plain(column.show(row)) for column in columns] for row in rows]
    needed = -GAP
    for at, column in enumerate(columns):
        widest = max(cell_len(text) for text in (column.title, *(cells[at] for cells in shown)))
        least = min(widest, FOLD_WIDTH_MIN) if column.folds else widest
        needed += least + GAP
        table.add_column(
            Text(column.title),
            justify="right" if column.number else "left",
            no_wrap=not column.folds,
            overflow="fold",
            min_width=least,
        )
    for cells in shown:
        table.add_row(*map(Text, cells))
    # A figure is never cut: where the screen is too narrow, its lines run over instead.
    console.width = max(console.width, needed)
    console.print(table)


def as_csv(rows: Sequence[Row], fields: Sequence[str]) -> str:
    """Rows as CSV; a text that a spreadsheet would run gets an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(fields)
    for row in rows:
        writer.writerow(_csv_cell(row[name]) for name in fields)
    return text.getvalue()


def _csv_cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return _csv_cell(" ".join(str(each) for each in value))
        case str() if value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            # A spreadsheet would run it.
            return f"'{value}"
        case _:
            return value
