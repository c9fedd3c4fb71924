"""The ledger handed to the verifier: every stored row with its copies, read page by page."""

from collections.abc import Callable, Iterator, Sequence

from ledger.store import Snapshot, Store
from ledger.verification import Anchor, Report, Row, verify


def audit(
    store: Store,
    *,
    anchor: Anchor | None = None,
    known: Sequence[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Verify everything a store holds; `known` are checkpoints kept outside it."""
    with store.reading() as connection:
        notes = [note if isinstance(note, str) else repr(note) for note in store.notes(connection)]
        return verify(
            rows(store, connection),
            anchor=anchor,
            checkpoint=notes[-1] if notes else None,
            known=[*notes[:-1], *known],
            on_progress=on_progress,
        )


def rows(store: Store, connection: Snapshot) -> Iterator[Row]:
    """Every row, its tags with it."""
    for (position, subject, version, wire, line), tags in store.audited(connection):
        # SQLite keeps a number or a text in a column of bytes, for whoever writes it there: such a
        # line is no entry, and the verifier says so.
        whole = line if isinstance(line, bytes) else repr(line).encode()
        yield Row(position, whole, subject, version, wire, tags)
