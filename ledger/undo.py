"""How the kept rows of a fold stood a little while ago, so that a question about then is no replay.

Before rows of `view_rows` are written, those they replace are set aside under the entry up to which
they were kept: a mark. The rows as of a mark are those kept now, with what was set aside at that
mark or after it in place of theirs, the oldest first.

1. Marks stand at least `MARK_ENTRIES` apart, so that they are few: what is written between two of
   them is set aside at the earlier one, each row once.
2. The chain has no gap. Rows that were replaced without being set aside, as in a rebuild, end it:
   every mark is forgotten.
3. Marks reach `UNDO_ENTRIES` back and little more. What is older is replayed from the first entry.
4. It is derived and may be dropped at any time, as the rows themselves (`ledger.views`).
"""

from collections.abc import Collection
from typing import Final

from ledger.store import Snapshot, Store

MARK_ENTRIES: Final = 500
"""Entries between two marks, and in one page that can be undone."""

UNDO_ENTRIES: Final = 2_000
"""Entries before the newest that can be undone."""


def page_end(position: int, head: int) -> int:
    """Up to which entry the next page of a fold may reach that is kept up to a position.

    Far from the head, to where entries begin that are to be undone; from there on, to the next
    mark.

    >>> page_end(0, 100_000), page_end(98_000, 100_000), page_end(99_900, 100_000)
    (98000, 98500, 100000)
    >>> page_end(0, 173)
    173
    """
    if position < head - UNDO_ENTRIES:
        return head - UNDO_ENTRIES
    return min(head, position + MARK_ENTRIES)


def set_aside(
    store: Store, connection: Snapshot, view: str, span: tuple[int, int], keys: Collection[str]
) -> None:
    """Set aside the rows at some keys, before they are written.

    span  entries up to which the rows are kept, and will be
    """
    before, after = span
    if not 0 < before <= after <= before + MARK_ENTRIES:
        forget(store, connection, view)
        return
    mark = _newest(store, connection, view, before)
    if mark is None or before >= mark + MARK_ENTRIES:
        mark = before
        store.run(
            connection,
            "DELETE FROM view_undo WHERE view = ? AND position < ?",
            (view, before - UNDO_ENTRIES),
        )
    if keys:
        store.run_many(
            connection,
            "INSERT INTO view_undo (view, position, key, value) VALUES"
            " (?,?,?,(SELECT value FROM view_rows WHERE view = ? AND key = ?))"
            " ON CONFLICT (view, position, key) DO NOTHING",
            [(view, mark, key, view, key) for key in sorted(keys)],
        )


def undone(
    store: Store, connection: Snapshot, view: str, number: int
) -> tuple[int, dict[str, bytes | None]] | None:
    """The newest mark at an entry or before it, and the rows that stood otherwise there.

    None stands for a row there was not. Without such a mark, None.
    """
    mark = _newest(store, connection, view, number)
    return None if mark is None else (mark, _since(store, connection, view, mark))


def marks(store: Store, connection: Snapshot, view: str) -> list[int]:
    """Every mark of a view, the oldest first, whatever stands there in place of a number."""
    found = store.fetch(
        connection,
        "SELECT DISTINCT position FROM view_undo WHERE view = ? ORDER BY position",
        (view,),
    )
    return [position for (position,) in found]


def forget(store: Store, connection: Snapshot, view: str) -> None:
    """Forget every mark of a view."""
    store.run(connection, "DELETE FROM view_undo WHERE view = ?", (view,))


def _newest(store: Store, connection: Snapshot, view: str, number: int) -> int | None:
    """The newest mark at an entry or before it."""
    ((mark,),) = store.fetch(
        connection,
        "SELECT max(position) FROM view_undo WHERE view = ? AND position <= ?",
        (view, number),
    )
    return None if mark is None else int(mark)


def _since(store: Store, connection: Snapshot, view: str, mark: int) -> dict[str, bytes | None]:
    rows = store.fetch(
        connection,
        "SELECT key, value FROM view_undo WHERE view = ? AND position >= ?"
        " ORDER BY position DESC, key",
        (view, mark),
    )
    # The oldest comes last and holds.
    return {key: None if value is None else bytes(value) for key, value in rows}
