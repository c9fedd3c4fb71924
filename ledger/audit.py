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
        notes = store.notes(connection)
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
        yield Row(position, line, subject, version, wire, tags)
