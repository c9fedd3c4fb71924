"""What the read verbs share: rows with what they were made from, and columns of entries."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from projections.cli._look import Question
from projections.render import Column, Row, builtins, of, show

SIMULATED: Final = Column("", lambda row: "SIMULATED")

TRAIL_COLUMNS: Final = (
    Column("entry", lambda row: f"{row['entry']:,}", number=True), of("on"),
    Column("signed at", lambda row: row["at"][:16].replace("T", " ")),
    of("by"), of("role", folds=True), of("said", folds=True),
)  # fmt: skip


def entries_of(row: Row) -> str:
    """The entries a row is made from."""
    return numbers(row["entries"])


def evidence_of(row: Row) -> str:
    """The entries a row cites."""
    return numbers(row["evidence"])


def names_in(row: Any) -> list[str]:
    """Names of the values in a row of some kind."""
    return [field.name for field in fields(row)]


def show_rows(
    found: Iterable[object],
    names: Sequence[str],
    stamp: dict[str, Any],
    question: Question,
    heading: list[str],
    columns: Sequence[Column],
) -> None:
    """Rows of a view, each with what it was made from."""
    rows = [{**builtins(row), **stamp} for row in found]
    marked = [*columns, SIMULATED] if question.simulated else columns
    show(rows, question.format, heading=heading, columns=marked, fields=[*names, *stamp])


def numbers(found: list[int]) -> str:
    """Entry numbers, the middle of a long list left out."""
    if len(found) <= 6:
        return ", ".join(f"{number:,}" for number in found)
    return f"{found[0]:,}, {found[1]:,}, … {found[-1]:,} ({len(found):,} entries)"
