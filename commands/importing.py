"""Saying many things at once: rows become commands and take the one road.

Rows are decided and recorded in batches, a transaction each; a row that is refused leaves the
others standing. Killed at any moment, what was reported as recorded is recorded, and the same
file again records the rest: what a row says twice is a duplicate.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from commands.feeds.rows import FeedRow
from commands.handler import Batch, Desk
from ledger.errors import LedgerError, Unreached

BATCH_ROWS: Final = 1_000

Status = Literal["accepted", "duplicate", "warning", "rejected"]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: recorded, with a warning or without, said before, or rejected.

    entry   number of the first entry it was recorded as
    reason  warnings, or why it was rejected
    """

    row: int
    status: Status
    entry: int | None = None
    reason: str = ""
    code: str = ""


class _RolledBack(Exception):
    """Ends a rehearsal's transaction without anything recorded."""


def record(desk: Desk, rows: Iterable[FeedRow]) -> Iterator[list[RowResult]]:
    """Record rows batch by batch; a batch is yielded once it is on disk."""
    source = iter(rows)
    while some := list(islice(source, BATCH_ROWS)):
        with desk.batch() as batch:
            results = [_say(batch, row) for row in some]
        yield results


def rehearse(desk: Desk, rows: Iterable[FeedRow]) -> list[RowResult]:
    """What `record` would do, each row on those before it; nothing is recorded."""
    results: list[RowResult] = []
    with suppress(_RolledBack), desk.batch() as batch:
        results.extend(_say(batch, row) for row in rows)
        raise _RolledBack
    return results


def _say(batch: Batch, row: FeedRow) -> RowResult:
    try:
        if row.command is None:
            raise row.error or LedgerError("an empty row")
        outcome = batch.execute(row.command)
    except Unreached:
        raise
    except LedgerError as error:
        hint = f" ({error.remedy})" if error.remedy else ""
        return RowResult(row.number, "rejected", None, f"{error.problem}{hint}", error.code)
    reason = "; ".join(outcome.warnings)
    if not outcome.events:
        return RowResult(row.number, "duplicate", None, reason)
    status: Status = "warning" if outcome.warnings else "accepted"
    return RowResult(row.number, status, outcome.numbers[0], reason)
