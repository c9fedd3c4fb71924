"""What the read verbs share: rows with what they were made from, and columns of entries."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

from ledger import quota
from ledger.fold import Fold, States
from projections import licenses as register
from projections.cli._look import Look, Question
from projections.licenses import LicensesFold
from projections.render import Column, Row, builtins, of, show

SIMULATED: Final = Column("", lambda row: "SIMULATED")

TRAIL_COLUMNS: Final = (
    Column("entry", lambda row: f"{row['entry']:,}", number=True), of("on"),
    Column("signed at", lambda row: row["at"][:16].replace("T", " ")),
    of("by"), of("role", folds=True), of("said", folds=True),
)  # fmt: skip


def entries_of(row: Row) -> str:
    """The entries a row is made from."""
    return _numbers(row["entries"])


def evidence_of(row: Row) -> str:
    """The entries a row cites."""
    return _numbers(row["evidence"])


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


def register_on(look: Look, question: Question) -> States:
    """The register of licenses as it was in the world on the day asked about."""
    return lived(look, question.valid_on, LicensesFold, register.reaches_past)


def accounts_on(look: Look, question: Question) -> States:
    """The countries' accounts as they were in the world on the day asked about."""
    return lived(look, question.valid_on, quota.QuotaFold, quota.reaches_past)


def lived(
    look: Look,
    on: date,
    fold: Callable[[date], Fold],
    reaches_past: Callable[[States, date], bool],
) -> States:
    """States of a fold on a day: all that is kept, or without what came later, replayed."""
    states = look.states(fold(date.max))
    return look.states(fold(on), replay=True) if reaches_past(states, on) else states


def _numbers(numbers: list[int]) -> str:
    """Entry numbers, the middle of a long list left out."""
    if len(numbers) <= 6:
        return ", ".join(f"{number:,}" for number in numbers)
    return f"{numbers[0]:,}, {numbers[1]:,}, … {numbers[-1]:,} ({len(numbers):,} entries)"
