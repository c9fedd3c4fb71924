"""The ledger handed to the verifier: every stored row with its copies, read page by page.

Besides the entries, a database keeps what nobody signed: the head, the tiles, the index of tags,
the views. All of it can be had from the entries, and here is compared with what they give.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ledger.errors import LedgerError, NotAuthentic
from ledger.fold import Fold
from ledger.store import Snapshot, Store
from ledger.tag_index import INDEXED_AT_ONCE, LEVELS, ending, merged, posted, split
from ledger.verification import Anchor, Report, Row, Tree, verify
from ledger.views import differences

DIFFERENCES_MAX = 20
"""Rows of one view that are named; the others are counted."""


def audit(
    store: Store,
    *,
    anchor: Anchor | None = None,
    known: Sequence[str] = (),
    places: Mapping[str, str] | None = None,
    views: Sequence[Fold] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Verify everything a store holds.

    known   checkpoints kept outside it
    places  where they are kept, by their text
    views   folds whose kept states are compared with the entries; None leaves them out
    """

    def verified(connection: Snapshot) -> Report:
        notes = [
            note if isinstance(note, str) else repr(note) for _, note in store.notes(connection)
        ]
        copies = _Copies(store, connection, views)
        return verify(
            copies.rows(),
            anchor=anchor,
            checkpoint=notes[-1] if notes else None,
            known=[*notes[:-1], *known],
            places=places or {},
            copies=copies,
            on_progress=on_progress,
        )

    try:
        with store.reading() as connection:
            return verified(connection)
    except NotAuthentic:
        # A column of text that holds none: slower, it can be read and named. Whatever else is
        # wrong with the database is so again.
        with store.reading_damaged() as connection:
            return verified(connection)


class _Copies:
    """What a store keeps beside its entries."""

    def __init__(self, store: Store, connection: Snapshot, views: Sequence[Fold] | None) -> None:
        self._store = store
        self._connection = connection
        self._views = views or ()
        self._index = Index(store, connection)
        self.passed_over: Sequence[str] = (
            ("whether what is kept of the views is what the entries say (give --views)",)
            if views is None
            else ()
        )

    def rows(self) -> Iterator[Row]:
        """Every row, its tags with it; the index of tags is looked at meanwhile."""
        for page in self._store.audited(self._connection):
            for position, subject, version, wire, line, tags in page:
                # SQLite keeps a number or a text in a column of bytes, for whoever writes it there:
                # such a line is no entry, and the verifier says so.
                whole = (
                    line
                    if isinstance(line, bytes)
                    else repr(line).encode(errors="backslashreplace")
                )
                yield Row(position, whole, subject, version, wire, split(tags))
            self._index.take(page)

    def compared(self, tree: Tree) -> Iterator[tuple[str, str]]:
        """Code and problem wherever a copy is not what the entries give."""
        yield from self._head(tree)
        yield from self._tiles(tree)
        yield from self._checkpoints()
        for problem in self._index.problems():
            yield "TAG_INDEX", problem
        for fold in self._views:
            yield from self._view(fold)

    def _head(self, tree: Tree) -> Iterator[tuple[str, str]]:
        heads = self._store.head_rows(self._connection)
        if len(heads) != 1:
            yield "FRONTIER", f"the head of the log has {len(heads):,} rows, and one is right"
        for size, frontier in heads:
            if size != len(tree):
                yield "FRONTIER", f"the head says {size!r} entries, and there are {len(tree):,}"
            if frontier != tree.frontier():
                yield "FRONTIER", "the Merkle state of the head is not that of the entries"

    def _tiles(self, tree: Tree) -> Iterator[tuple[str, str]]:
        kept = self._store.tiles(self._connection)
        one = next(kept, None)
        for level, number, hashes in tree.tiles():
            while one is not None and _before(one, level, number):
                yield "TILE", f"tile ({one[0]!r}, {one[1]!r}) is kept, and the log has no such tile"
                one = next(kept, None)
            if one is None or one[:2] != (level, number):
                yield "TILE", f"tile ({level}, {number:,}) is missing: chip-ledger doctor --tiles"
                continue
            if one[2] != hashes:
                yield "TILE", f"tile ({level}, {number:,}) is not that of the entries"
            one = next(kept, None)
        while one is not None:
            yield "TILE", f"tile ({one[0]!r}, {one[1]!r}) is kept, and the log has no such tile"
            one = next(kept, None)

    def _checkpoints(self) -> Iterator[tuple[str, str]]:
        for size, note in self._store.notes(self._connection):
            # What is no note at all is found as one.
            said = note.split("\n")[1:2] if isinstance(note, str) else []
            if said not in ([], [str(size)]):
                yield (
                    "CHECKPOINT_ROW",
                    f"the checkpoint kept over {size:,} entries says {said[0]!r}",
                )

    def _view(self, fold: Fold) -> Iterator[tuple[str, str]]:
        try:
            found = list(differences(self._store, self._connection, fold))
        except LedgerError as error:
            yield "VIEW", f"the view {fold.name} cannot be made from the entries: {error.problem}"
            return
        for problem in found[:DIFFERENCES_MAX]:
            yield "VIEW", f"view {fold.name}: {problem}"
        if len(found) > DIFFERENCES_MAX:
            yield "VIEW", f"view {fold.name}: {len(found) - DIFFERENCES_MAX:,} more rows differ"


class Index:
    """The index of tags, compared with the rows as they pass, while signatures are verified.

    Runs are counted by rows: where those are not numbered 1, 2, 3, nobody asks for `problems`.
    """

    def __init__(self, store: Store, connection: Snapshot) -> None:
        self._store = store
        self._connection = connection
        self._size = 0
        self._made: set[int] = set()
        self._content: dict[int, dict[str, str]] = {}
        self._found: list[str] = []
        self._unread: Exception | None = None

    def take(self, page: Sequence[tuple[Any, ...]]) -> None:
        """The next rows, as `Store.audited` gives them."""
        self._size += len(page)
        if self._unread is None and len(page) == INDEXED_AT_ONCE:
            try:
                self._found += self._misplaced(page)
            except self._store.driver_error as error:
                # The entries are read on: what is wrong with them is said first.
                self._unread = error

    def problems(self) -> Iterator[str]:
        """Where the index is not what the rows give, run by run."""
        if self._unread is not None:
            raise self._unread
        yield from self._found
        counts = self._store.run_counts(self._connection)
        stray = sum(count for run, count in counts if run not in self._made)
        if stray:
            rows = f"{stray:,} row{'s'[: stray > 1]}"
            yield f"the index of tags has {rows} for entries that there are not"

    def _misplaced(self, page: Sequence[tuple[Any, ...]]) -> Iterator[str]:
        runs = [*ending(self._size)]
        for run, first, below in runs:
            self._made.add(run)
            # Taken from the rows, and never from the runs that are kept.
            if below:
                content = merged(row for one in below for row in self._content.pop(one).items())
            else:
                content = posted(
                    (position, subject, wire, tags) for position, subject, _, wire, _, tags in page
                )
            self._content[run] = content
            kept = dict(self._store.run_rows(self._connection, [run]))
            if content == kept:
                continue
            differ = [
                tag for tag in content.keys() | kept.keys() if content.get(tag) != kept.get(tag)
            ]
            yield (
                f"the index of tags says other things of entries {first:,} to {self._size:,} than"
                f" they do, under {len(differ):,} of their tags and types, as under"
                f" {min(differ, key=repr)!r}"
            )
        if len(runs) == LEVELS:
            self._content.clear()


def _before(kept: tuple[Any, Any, Any], level: int, number: int) -> bool:
    """Whether a kept tile stands before another; what is no number stands after every number."""
    numbers = isinstance(kept[0], int) and isinstance(kept[1], int)
    return numbers and kept[:2] < (level, number)
