"""Folds kept in SQL: they catch up from where they stopped, and can be dropped at any time.

1. A page of entries, what they do to the states, and the new position are one transaction.
2. The position is read and moved under the write lock, so that two who catch up at once count
   nothing twice.
3. Where nothing may be written, the missing entries are folded in memory over what is kept:
   every question has the same answer on a read-only copy.
4. A fold of another version than the one kept is dropped and rebuilt.
5. How it stood at some of the last entries is kept beside it (`ledger.undo`), so that what was
   known a little while ago is not replayed from the first entry.
6. Nobody signed what is kept. Where it cannot be read, or says it is of more entries than there
   are, it is as if it were not there: the entries answer, and whoever asked is told. Whether what
   can be read is right, `differences` says, from the entries.
"""

import logging
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec

from ledger import undo
from ledger.database import undecodable
from ledger.entry import Entry, read
from ledger.envelope import payload_of
from ledger.errors import Conflict, NotAuthentic, NotPermitted, Unknown
from ledger.fold import Fold, MemoryStates, above
from ledger.log import entry_of, payload_in
from ledger.store import Snapshot, Store
from ledger.terms import INTEGER_MAX

T = TypeVar("T")

CACHE_KEYS_MAX: Final = 40_000
"""States touched before they are written and a page ends early; as many from before stay in
memory beside them, and no more, so that memory does not grow with the ledger."""

RECALLED_MAX: Final = 4_096
"""Entries held because a fold points at them, or is likely to."""

PAGE_ENTRIES: Final = 50_000
"""Entries folded in one transaction; a rebuild writes each state once a page."""

_encoder = msgspec.json.Encoder(order="sorted")
# Said on stderr wherever nobody sets logging up otherwise.
_log = logging.getLogger(__name__)


class SqlStates:
    """States of one fold over what is kept in SQL; changes wait in memory until `flush`."""

    def __init__(
        self,
        store: Store,
        connection: Snapshot,
        fold: Fold,
        position: int,
        undone: dict[str, bytes | None] | None = None,
    ) -> None:
        """States as of a position; `undone`, where that is an earlier one than is kept."""
        self._store = store
        self._connection = connection
        self._fold = fold
        self._view = fold.name
        self._position = position
        self._known: dict[str, Any] = {}
        self._older: dict[str, Any] = {}
        self._dirty: set[str] = set()
        # Changed keys by what they stand under, which is what scans ask for; None before the first.
        self._under: dict[str, list[str]] | None = None
        self._all_known = position == 0
        self._recalled: dict[int, Entry] = {}
        # Rows that stood otherwise at the position than they are kept, and their keys in order.
        self._undone = undone or {}
        self._undone_keys = sorted(self._undone)
        # What the entries up to the position give, where that which is kept is not to be read.
        self._instead: dict[str, bytes] | None = {} if position == 0 else None

    def continue_in(self, connection: Snapshot) -> None:
        """Go on in another transaction, with what is known from the one before."""
        self._connection = connection

    def _load(self, key: str, kind: type[T]) -> T | None:
        """The value at a key that is not known yet."""
        if self._all_known:
            return None
        value: T | None
        if key in self._older:
            value = self._older[key]
        else:
            found = self._read(key, None, kind)
            value = found[0][1] if found else None
        self._known[key] = value
        return value

    def get(self, key: str, kind: type[T]) -> T | None:
        # Called several times for each entry: what is known is answered here.
        known = self._known
        return known[key] if key in known else self._load(key, kind)

    def put(self, key: str, value: Any) -> None:
        self._known[key] = value
        if key not in self._dirty:
            self._touch(key)

    def number(self, key: str) -> int:
        return self.get(key, int) or 0

    def add(self, key: str, amount: int) -> None:
        # The one most often called, so it calls nothing itself for a key that is known.
        known = self._known
        before = known[key] if key in known else self._load(key, int)
        known[key] = (before or 0) + amount or None
        if key not in self._dirty:
            self._touch(key)

    def _touch(self, key: str) -> None:
        """Remember a key that was changed."""
        self._dirty.add(key)
        if self._under is not None:
            for place in above(key):
                self._under.setdefault(place, []).append(key)

    def _changed(self, prefix: str) -> Collection[str]:
        """The changed keys that start so, and others where it does not end with a stroke."""
        if not prefix.endswith("/"):
            return self._dirty
        if self._under is None:
            self._under = {}
            for key in self._dirty:
                for place in above(key):
                    self._under.setdefault(place, []).append(key)
        return self._under.get(prefix, ())

    def scan(self, prefix: str, kind: type[T]) -> Iterator[tuple[str, T]]:
        rows = self._read(prefix, _after(prefix), kind)
        if not self._dirty:
            yield from rows
            return
        kept = {key: value for key, value in rows if key not in self._dirty}
        for key in self._changed(prefix):
            if key.startswith(prefix) and self._known[key] is not None:
                kept[key] = self._known[key]
        yield from sorted(kept.items())

    def _read(self, first: str, end: str | None, kind: type[T]) -> list[tuple[str, T]]:
        """What is kept at a key, or from it up to `end`; decoded, in order."""
        # One value is decoded faster without a decoder made for it, and many with.
        decode: Callable[[bytes], T] = (
            partial(msgspec.json.decode, type=kind)
            if end is None
            else msgspec.json.Decoder(kind).decode
        )
        if self._instead is None:
            try:
                return [(key, decode(value)) for key, value in self._rows(first, end)]
            except (msgspec.MsgspecError, TypeError, UnicodeError) as error:
                self._answer_from_entries(first, str(error))
            except self._store.driver_error as error:
                if not undecodable(error):
                    raise
                self._answer_from_entries(first, str(error))
        instead = self._instead or {}
        if end is None:
            return [(first, decode(instead[first]))] if first in instead else []
        return [(key, decode(instead[key])) for key in sorted(instead) if first <= key < end]

    def _rows(self, first: str, end: str | None) -> list[tuple[str, bytes]]:
        """Rows as of the position, at a key or from it up to `end`."""
        if not self._undone:
            return self._kept_rows(first, end)
        if end is None:
            if first not in self._undone:
                return self._kept_rows(first, end)
            value = self._undone[first]
            return [] if value is None else [(first, value)]
        rows = {key: value for key, value in self._kept_rows(first, end) if key not in self._undone}
        keys = self._undone_keys
        for key in keys[bisect_left(keys, first) : bisect_left(keys, end)]:
            value = self._undone[key]
            if value is not None:
                rows[key] = value
        return sorted(rows.items())

    def _kept_rows(self, first: str, end: str | None) -> list[tuple[str, bytes]]:
        if end is None:
            return self._store.fetch(
                self._connection,
                "SELECT key, value FROM view_rows WHERE view = ? AND key = ?",
                (self._view, first),
            )
        return self._store.fetch(
            self._connection,
            "SELECT key, value FROM view_rows WHERE view = ? AND key >= ? AND key < ? ORDER BY key",
            (self._view, first, end),
        )

    def _answer_from_entries(self, key: str, why: str) -> None:
        """Take nothing from what is kept any more, but for what was changed since."""
        _log.warning(
            "warning: what is kept of the view %s cannot be read at %r (%s), so the entries answer"
            " instead: chip-ledger views rebuild %s",
            self._view, key, why, self._view,
        )  # fmt: skip
        states = replayed(self._store, self._connection, self._fold, up_to=self._position)
        self._instead = dict(states.rows())
        self._older = {}
        for known in [key for key in self._known if key not in self._dirty]:
            del self._known[known]

    def recall(self, number: int) -> Entry:
        found = self._recalled.get(number)
        if found is None:
            found = entry_at(self._store, self._connection, number)
            self.remember(found)
        return found

    def remember(self, entry: Entry) -> None:
        recalled = self._recalled
        if len(recalled) >= RECALLED_MAX:
            # The older half: what was told lately is pointed at most often.
            for number in list(islice(recalled, RECALLED_MAX // 2)):
                del recalled[number]
        recalled[entry.number] = entry

    @property
    def position(self) -> int:
        """The entry up to which rows were read, and not folded since."""
        return self._position

    @property
    def full(self) -> bool:
        """Whether so much is held in memory that it should be written."""
        return len(self._known) >= CACHE_KEYS_MAX

    def flush(self, position: int) -> None:
        """Write what changed up to a position; all of it, where what is kept is not to be read."""
        if self._instead is None:
            span = (self._position, position)
            undo.set_aside(self._store, self._connection, self._view, span, self._dirty)
        else:
            undo.forget(self._store, self._connection, self._view)
            self._store.run(self._connection, "DELETE FROM view_rows WHERE view = ?", (self._view,))
            self._write([
                (self._view, key, value)
                for key, value in self._instead.items()
                if key not in self._dirty
            ])  # fmt: skip
            self._instead = None
        changed = [(key, self._known[key]) for key in sorted(self._dirty)]
        gone = [(self._view, key) for key, value in changed if value is None]
        if gone:
            self._store.run_many(
                self._connection, "DELETE FROM view_rows WHERE view = ? AND key = ?", gone
            )
        self._write([
            (self._view, key, _encoder.encode(value)) for key, value in changed if value is not None
        ])  # fmt: skip
        self._position = position
        self._dirty.clear()
        self._under = None
        if self.full:
            self._known, self._older = {}, self._known
            self._all_known = False

    def _write(self, rows: list[tuple[object, ...]]) -> None:
        if rows:
            self._store.run_many(
                self._connection,
                "INSERT INTO view_rows (view, key, value) VALUES (?,?,?)"
                " ON CONFLICT (view, key) DO UPDATE SET value = excluded.value",
                rows,
            )


def _after(prefix: str) -> str:
    """The first key, in order of bytes, that no longer starts with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else "\U0010ffff"


def entry_at(store: Store, connection: Snapshot, number: int) -> Entry:
    """One entry by its number; `Unknown` (ENTRY_MISSING) when there is none."""
    for row in store.pages(connection, after=number - 1, up_to=number):
        return entry_of(row)
    raise Unknown(f"there is no entry {number:,}", code="ENTRY_MISSING")


def entries(
    store: Store,
    connection: Snapshot,
    wires: Collection[str],
    *,
    after: int = 0,
    up_to: int = INTEGER_MAX,
) -> Iterator[Entry]:
    """Entries of some types, in order, each row compared with what was signed."""
    for number, subject, version, wire, line in store.pages(
        connection, after=after, up_to=up_to, types=wires
    ):
        try:
            payload = payload_of(line)
        except (NotAuthentic, AttributeError, TypeError):
            payload = payload_in(number, line)
        yield read(number, subject, version, wire, payload)


def catch_up(store: Store, fold: Fold, *, on_progress: Callable[[int], None] | None = None) -> int:
    """Bring what is kept of a fold up to the head; returns the head's number."""
    states, left_at = None, -1
    while True:
        with store.writing() as transaction:
            connection, head = transaction.connection, transaction.size
            position = _position(store, connection, fold, write=True)
            if position == head:
                return position
            if states is None or position != left_at:
                # The first page, or somebody else went on from where we stopped.
                states = SqlStates(store, connection, fold, position)
            states.continue_in(connection)
            last = min(undo.page_end(position, head), position + PAGE_ENTRIES)
            position = left_at = _fold(store, connection, fold, states, after=position, up_to=last)
            keep(store, connection, fold, states, position)
        if on_progress is not None:
            on_progress(position)


def _fold(
    store: Store,
    connection: Snapshot,
    fold: Fold,
    states: SqlStates,
    *,
    after: int,
    up_to: int,
) -> int:
    """Fold entries in order; stops early when the states fill memory. Returns the last number."""
    evolve = fold.evolve
    for entry in entries(store, connection, fold.reads, after=after, up_to=up_to):
        evolve(states, entry)
        if states.full:
            return entry.number
    return up_to


def keep(store: Store, connection: Snapshot, fold: Fold, states: SqlStates, position: int) -> None:
    """Write states that were brought up to a position within this write transaction."""
    _position(store, connection, fold, write=True)
    states.flush(position)
    store.run(
        connection, "UPDATE view_positions SET position = ? WHERE view = ?", (position, fold.name)
    )


def at_head(store: Store, connection: Snapshot, fold: Fold) -> SqlStates:
    """States of a fold at the head: what is kept, and what is missing folded over it in memory.

    Within a write transaction, the head includes what the transaction itself appended.
    """
    position, last = _standing(store, connection, fold)
    states = SqlStates(store, connection, fold, position)
    return states if position == last else _forward(store, connection, fold, states)


def as_of(store: Store, connection: Snapshot, fold: Fold, number: int) -> SqlStates | None:
    """States of a fold as of an entry, from what is kept: carried on to it, or undone to before it.

    None where what is kept is of later entries, and was not set aside so long.
    """
    position = _position(store, connection, fold)
    if position <= number:
        states = SqlStates(store, connection, fold, position)
    else:
        found = undo.undone(store, connection, fold.name, number)
        if found is None:
            return None
        states = SqlStates(store, connection, fold, *found)
    return _forward(store, connection, fold, states, up_to=number)


def _forward(
    store: Store,
    connection: Snapshot,
    fold: Fold,
    states: SqlStates,
    *,
    up_to: int = INTEGER_MAX,
) -> SqlStates:
    """Fold the entries after the position of some states, in memory."""
    for entry in entries(store, connection, fold.reads, after=states.position, up_to=up_to):
        fold.evolve(states, entry)
    return states


def line_at(store: Store, connection: Snapshot, number: int) -> bytes:
    """An entry's line, as it was signed."""
    return bytes(store.select(connection, None, after=number - 1, up_to=number)[0][4])


def refresh(
    store: Store,
    folds: Sequence[Fold],
    *,
    on_progress: Callable[[Fold, int], None] = lambda fold, position: None,
) -> None:
    """Catch up where that can be written; where it cannot, questions fold in memory instead."""
    try:
        for fold in folds:
            with store.reading() as connection:
                behind = store.head(connection)[0] - _position(store, connection, fold)
            if behind:
                catch_up(store, fold, on_progress=partial(on_progress, fold))
    except (NotPermitted, Conflict):
        return


def replayed(
    store: Store, connection: Snapshot, fold: Fold, *, up_to: int = INTEGER_MAX
) -> MemoryStates:
    """States of a fold from the first entry on, in memory: nothing kept is read or written."""
    states = MemoryStates(lambda number: entry_at(store, connection, number))
    for entry in entries(store, connection, fold.reads, up_to=up_to):
        fold.evolve(states, entry)
    return states


def differences(store: Store, connection: Snapshot, fold: Fold) -> Iterator[str]:
    """Where what is kept of a fold is not what the entries say, row by row.

    What no question is answered from is passed over: a fold that is not kept, or another version.
    """
    found = store.fetch(
        connection, "SELECT version, position FROM view_positions WHERE view = ?", (fold.name,)
    )
    if not found or found[0][0] != fold.version:
        return
    last, position = store.last(connection), found[0][1]
    if position not in range(last + 1):
        yield f"it is kept up to entry {position!r}, and there are {last:,}"
        return
    marks = undo.marks(store, connection, fold.name)
    for mark in marks:
        if mark not in range(1, position):
            yield f"rows are set aside as of entry {mark!r}, and it is kept up to {position:,}"
            return
    rows = store.fetch(connection, "SELECT key, value FROM view_rows WHERE view = ?", (fold.name,))
    *earlier, said = _said(store, connection, fold, [*marks, position])
    yield from _differ("", dict(rows), said)
    for mark, then in zip(marks, earlier, strict=True):
        reached = undo.undone(store, connection, fold.name, mark)
        aside = {} if reached is None else reached[1]
        undone = {key: value for key, value in {**said, **aside}.items() if value is not None}
        yield from _differ(f" as of entry {mark:,}", undone, then)


def _said(
    store: Store, connection: Snapshot, fold: Fold, stops: Sequence[int]
) -> list[dict[str, bytes]]:
    """The rows that the entries give up to some of them, in order; equal values are held once."""
    states = MemoryStates(lambda number: entry_at(store, connection, number))
    made: list[dict[str, bytes]] = []
    before: dict[str, bytes] = {}
    after = 0
    for stop in stops:
        for entry in entries(store, connection, fold.reads, after=after, up_to=stop):
            fold.evolve(states, entry)
        rows = {
            key: before[key] if before.get(key) == value else value for key, value in states.rows()
        }
        made.append(rows)
        before, after = rows, stop
    return made


def _differ(when: str, kept: dict[str, bytes], said: dict[str, bytes]) -> Iterator[str]:
    for key in sorted(kept.keys() | said.keys(), key=repr):
        if kept.get(key) != said.get(key):
            yield (
                f"row {key!r} is kept{when} as {_told(kept.get(key))}, and the entries say"
                f" {_told(said.get(key))}"
            )


def _told(value: object) -> str:
    if value is None:
        return "nothing"
    shown = value.decode(errors="backslashreplace") if isinstance(value, bytes) else repr(value)
    return shown if len(shown) <= 120 else shown[:117] + "..."


def drop(store: Store, views: Sequence[str] = ()) -> None:
    """Forget what is kept of some folds, or of all; the next question rebuilds it."""
    with store.writing() as transaction:
        if views:
            for view in views:
                _drop(store, transaction.connection, view)
            return
        store.run(transaction.connection, "DELETE FROM view_rows")
        store.run(transaction.connection, "DELETE FROM view_undo")
        store.run(transaction.connection, "DELETE FROM view_positions")


def _drop(store: Store, connection: Snapshot, view: str) -> None:
    undo.forget(store, connection, view)
    store.run(connection, "DELETE FROM view_rows WHERE view = ?", (view,))
    store.run(connection, "DELETE FROM view_positions WHERE view = ?", (view,))


def kept_rows(store: Store, view: str) -> list[tuple[str, bytes]]:
    """What is kept of a fold, in order: a rebuild gives the same bytes."""
    with store.reading() as connection:
        return [
            (key, bytes(value))
            for key, value in store.fetch(
                connection, "SELECT key, value FROM view_rows WHERE view = ? ORDER BY key", (view,)
            )
        ]


def positions(store: Store) -> dict[str, str]:
    """How far each fold is kept, as its row says: a number, unless somebody wrote another thing."""
    with store.reading() as connection:
        rows = store.fetch(connection, "SELECT view, position FROM view_positions ORDER BY view")
    return {
        view: f"{position:,}" if isinstance(position, int) else repr(position)
        for view, position in rows
    }


def reach(store: Store, fold: Fold) -> int:
    """The earliest entry as of which what is kept of a fold answers without a replay."""
    with store.reading() as connection:
        marks = undo.marks(store, connection, fold.name)
        return marks[0] if marks else _position(store, connection, fold)


def extent(store: Store, fold: Fold) -> tuple[int, int]:
    """Up to which entry a fold is kept, and in how many rows."""
    with store.reading() as connection:
        rows = store.fetch(
            connection, "SELECT count(*) FROM view_rows WHERE view = ?", (fold.name,)
        )
        return _position(store, connection, fold), int(rows[0][0])


def _position(store: Store, connection: Snapshot, fold: Fold, *, write: bool = False) -> int:
    """Where a fold stopped; what is kept of no use is dropped first, when it may be."""
    position, last = _standing(store, connection, fold)
    if last is None and write:
        _drop(store, connection, fold.name)
        store.run(
            connection,
            "INSERT INTO view_positions (view, version, position) VALUES (?,?,0)",
            (fold.name, fold.version),
        )
    return position


def _standing(store: Store, connection: Snapshot, fold: Fold) -> tuple[int, int | None]:
    """Where a fold stopped, and the last entry; 0 and None where nothing of use is kept.

    Of no use is a fold of another version, and one that says it is of entries there are not.
    """
    found = store.fetch(
        connection,
        "SELECT version, position, (SELECT coalesce(max(position), 0) FROM entries)"
        " FROM view_positions WHERE view = ?",
        (fold.name,),
    )
    for version, position, last in found:
        if version == fold.version and position in range(last + 1):
            return int(position), int(last)
    return 0, None
