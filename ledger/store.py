"""The only file that knows the log's tables: append-only rows, tags, tiles and the head.

It holds the library's interface for dynamic consistency boundaries (`DCBRecorder`) over SQLite
and PostgreSQL. It stores bytes and their number, and knows nothing of what they say.

1. Writers are serialized: SQLite by BEGIN IMMEDIATE, PostgreSQL by locking the one-row head. So
   positions have no gaps and stand in commit order.
2. An entry, its tags and the Merkle state change in one transaction.
3. Triggers abort UPDATE and DELETE. No delete path exists here either.
4. `create` alone creates; everything else refuses a ledger that is not there.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBQueryItem,
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
    DCBSubscription,
)
from eventsourcing.persistence import IntegrityError, ProgrammingError
from sqlalchemy import Engine, insert, inspect
from sqlalchemy.pool import PoolProxiedConnection

from ledger import tag_index
from ledger.database import (
    MANY_ROWS,
    PATIENCE_SECONDS,
    WAL_PAGES,
    WAL_PAGES_MANY,
    database_url,
    open_engine,
    shown,
    told,
)
from ledger.errors import Malformed, NotAuthentic, Refused, Unknown
from ledger.merkle import TILE_WIDTH, Frontier, completed_tiles, leaf_hash
from ledger.tables import (
    SCHEMA_VERSION,
    head_table,
    metadata,
    triggers,
)
from ledger.terms import INTEGER_MAX

PAGE_ROWS: Final = 2_000

_NUMBERS: Final = "json_each('[' || positions || ']')"
_THERE: Final = (
    (_NUMBERS, "unnest(string_to_array(positions, ',')::bigint[]) AS value"),
    ("?", "%s"),
    ("instr(", "strpos("),
    ("+type", "type"),
)
"""What is written in another way for PostgreSQL than for SQLite."""

POLL_SECONDS: Final = 0.05
"""How often a subscription looks for new entries."""


class Snapshot:
    """One consistent view of the database, within a transaction: a connection of the driver.

    The driver itself runs every statement: what SQLAlchemy does around each would be most of the
    time that an append takes.
    """

    __slots__ = ("driver", "pooled", "rows_before", "wal_pages")

    def __init__(self, pooled: PoolProxiedConnection) -> None:
        self.pooled = pooled
        self.driver: Any = pooled.driver_connection
        # Not known: the pool may have handed out the connection before.
        self.wal_pages = 0
        self.rows_before = 0

    def size_wal(self) -> None:
        """Let SQLite's write-ahead log grow as suits the transaction that is to be committed."""
        rows = self.driver.total_changes
        pages = WAL_PAGES_MANY if rows - self.rows_before > MANY_ROWS else WAL_PAGES
        if pages != self.wal_pages:
            self.driver.execute(f"PRAGMA wal_autocheckpoint = {pages}")
            self.wal_pages = pages
        self.rows_before = rows

    def abandon(self) -> None:
        """Undo what was done, and let go of the connection."""
        try:
            self.driver.rollback()
        finally:
            self.pooled.close()


@dataclass
class StoredEvent(DCBEvent):
    """An event on its way into the store, with the subject and version its row repeats.

    Its leaf hash comes along where it was computed already.
    """

    subject: str | None = None
    version: int | None = None
    leaf: bytes | None = None


StoredRow = tuple[int, str | None, int | None, str, bytes]
"""Position, subject, version, type and line; all but the position and the line are copies."""


class Store(DCBRecorder):
    """A log in one database, opened by `create` or `open`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.driver_error = engine.dialect.loaded_dbapi.Error
        self.on_sqlite = engine.dialect.name == "sqlite"
        self._idle: list[Snapshot] = []
        self._frontier = (b"", Frontier())

    @classmethod
    def create(cls, ledger: str) -> "Store":
        """Make an empty log; refuses where one already stands (LEDGER_EXISTS)."""
        url = database_url(ledger)
        if url.get_backend_name() == "sqlite" and url.database:
            if Path(url.database).is_dir():
                raise Malformed(
                    f"{shown(url)} is a folder, and a ledger is a file",
                    remedy=f"name a file in it, such as {Path(url.database, 'ledger.db')}",
                    code="LEDGER_PLACE",
                )
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        store = cls(open_engine(url))
        with told(url, store.driver_error), store._engine.begin() as connection:
            # Two processes that create tables at once would otherwise both fail.
            connection.exec_driver_sql(
                "BEGIN IMMEDIATE" if store.on_sqlite else "SELECT pg_advisory_xact_lock(20250113)"
            )
            if inspect(connection).has_table(head_table.name):
                raise Refused(
                    f"a ledger already stands at {shown(url)}",
                    remedy="name another place, or use the one that is there",
                    code="LEDGER_EXISTS",
                )
            metadata.create_all(connection)
            for statement in triggers(connection.dialect.name):
                connection.exec_driver_sql(statement)
            empty = Frontier()
            connection.execute(
                insert(head_table).values(
                    one=1, schema_version=SCHEMA_VERSION, size=0, frontier=empty.to_bytes()
                )
            )
        if store.on_sqlite:
            store._read_while_writing()
        return store

    @classmethod
    def open(cls, ledger: str, *, patience_seconds: float = PATIENCE_SECONDS) -> "Store":
        """The log at a path or URL; `Unknown` where none is (LEDGER_MISSING, NOT_A_LEDGER)."""
        url = database_url(ledger)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise Unknown(
                f"no ledger at {shown(url)}",
                remedy="name one with --ledger or CHIP_LEDGER, or make one: chip-ledger init",
                code="LEDGER_MISSING",
            )
        store = cls(open_engine(url, patience_seconds))
        with told(url, store.driver_error):
            missing = metadata.tables.keys() - inspect(store._engine).get_table_names()
        with store.reading() as connection:
            # A head with no row, or two, is no other program's ledger, and `verify` names it.
            statement = "SELECT schema_version FROM ledger_head WHERE one = 1"
            found = [] if head_table.name in missing else store.fetch(connection, statement)
        if (head_table.name in missing and len(missing) > 1) or any(
            version != SCHEMA_VERSION for (version,) in found
        ):
            raise Unknown(
                f"{shown(url)} is not a ledger this program can read"
                + "".join(f": its tables are of version {version}" for (version,) in found),
                remedy="check the path or URL; chip-ledger init makes a new ledger",
                code="NOT_A_LEDGER",
            )
        if missing:
            raise NotAuthentic(
                f"{shown(url)} is a ledger without its tables {', '.join(sorted(missing))}",
                remedy="it was damaged or altered: restore it from a copy and verify it",
                code="LEDGER_DAMAGED",
            )
        return store

    def _read_while_writing(self) -> None:
        """SQLite's write-ahead log, a property of the file: set here, and never on opening.

        Outside a transaction, where alone it can be set; and while nobody else has the file open
        for a moment, such as who came second, for SQLite does not wait for that by itself.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        with told(self._engine.url, self.driver_error):
            raw = self._engine.raw_connection()
            try:
                while True:
                    try:
                        raw.cursor().execute("PRAGMA journal_mode = WAL")
                        return
                    except self.driver_error as error:
                        if "locked" not in str(error) or time.monotonic() > until:
                            raise
                    time.sleep(POLL_SECONDS)
            finally:
                raw.close()

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return shown(self._engine.url)

    def close(self) -> None:
        """Let go of the database."""
        while self._idle:
            self._idle.pop().pooled.close()
        self._engine.dispose()

    # ── transactions ────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _begin(self, *, write: bool) -> Iterator[Any]:
        """One transaction, to write or to read in; its connection is kept for the next."""
        connection: Snapshot | None = None
        try:
            connection = self._idle.pop() if self._idle else Snapshot(self._engine.raw_connection())
            if self.on_sqlite:
                connection.driver.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            elif not write:
                # One state of the database for all that is read, or a view caught up meanwhile
                # by somebody else would be counted with its entries a second time.
                connection.driver.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
            if write:
                transaction = Transaction(self, connection)
                yield transaction
                transaction.finish()
                if self.on_sqlite:
                    connection.size_wal()
            else:
                yield connection
            connection.driver.commit()
        except BaseException:
            with told(self._engine.url, self.driver_error):
                if connection is not None:
                    connection.abandon()
                raise
        self._idle.append(connection)

    def reading(self) -> AbstractContextManager[Snapshot]:
        """A consistent view of the database; nothing is locked."""
        return self._begin(write=False)

    @contextmanager
    def reading_damaged(self) -> Iterator[Snapshot]:
        """The same, and what stands in SQLite's columns of text without being text is read too.

        Each byte of it becomes a character that no text has, so it equals nothing anybody wrote.
        """
        with self._begin(write=False) as connection:
            if not self.on_sqlite:
                yield connection
                return
            driver = connection.driver
            driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
            try:
                yield connection
            finally:
                driver.text_factory = str

    def writing(self) -> AbstractContextManager["Transaction"]:
        """The write lock, until the block ends; what it appended is then there, all or nothing."""
        return self._begin(write=True)

    def sql(self, statement: str) -> str:
        """A statement written for SQLite, as the driver and its database have it."""
        if self.on_sqlite:
            return statement
        for here, there in _THERE:
            statement = statement.replace(here, there)
        return statement

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def head(self, connection: Snapshot) -> tuple[int, Frontier]:
        """Number of entries, and the Merkle state over them."""
        return self.head_in(self.head_rows(connection))

    def head_in(self, rows: Sequence[tuple[Any, ...]]) -> tuple[int, Frontier]:
        """The same, in the rows of the head, which may say other things after these two."""
        if len(rows) != 1 or not isinstance(rows[0][1], bytes):
            raise NotAuthentic(
                "the head of the log is damaged: it has no Merkle state"
                if len(rows) == 1
                else f"the head of the log is damaged: it has {len(rows):,} rows, and one is right",
                remedy="chip-ledger verify says what still holds",
                code="FRONTIER",
            )
        size, stored = rows[0][:2]
        if stored != self._frontier[0]:
            self._frontier = (stored, Frontier.from_bytes(stored))
        frontier = self._frontier[1]
        if size != frontier.size:
            raise NotAuthentic(
                f"the head of the log says {size!r} entries, and its Merkle state is over"
                f" {frontier.size:,}",
                remedy="it was altered: chip-ledger verify says what still holds",
                code="FRONTIER",
            )
        return frontier.size, frontier

    def keep_head(self, connection: Snapshot, frontier: Frontier) -> None:
        """Write the number of entries and the Merkle state over them, and remember it read."""
        stored = frontier.to_bytes()
        self.run(
            connection,
            "UPDATE ledger_head SET size = ?, frontier = ?",
            (frontier.size, stored),
        )
        self._frontier = (stored, frontier)

    def head_rows(self, connection: Snapshot) -> list[tuple[Any, Any]]:
        """Size and Merkle state of every row of the head, as they are; there should be one."""
        return self.fetch(connection, "SELECT size, frontier FROM ledger_head")

    def last(self, connection: Snapshot) -> int:
        """Number of the last entry by the rows themselves, whatever the head says."""
        ((last,),) = self.fetch(connection, "SELECT coalesce(max(position), 0) FROM entries")
        return int(last)

    def pages(
        self,
        connection: Snapshot,
        *,
        after: int = 0,
        up_to: int = INTEGER_MAX,
        types: Collection[str] = (),
    ) -> Iterator[StoredRow]:
        """Every row in order, or those of some types; page by page, so that memory stays flat."""
        # With the sign SQLite does not take it for the column, and so reads straight through in
        # order instead of collecting each type from its index and sorting.
        chosen = f" AND +type IN ({','.join('?' * len(types))})" if types else ""
        statement = (
            "SELECT position, subject, version, type, line FROM entries"
            f" WHERE position > ? AND position <= ?{chosen} ORDER BY position LIMIT ?"
        )
        while True:
            page = self.fetch(connection, statement, (after, up_to, *types, PAGE_ROWS))
            yield from page
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]

    def select(
        self,
        connection: Snapshot,
        query: DCBQuery | None,
        *,
        after: int = 0,
        up_to: int = INTEGER_MAX,
        limit: int = INTEGER_MAX,
    ) -> list[StoredRow]:
        """The rows that match a query, in order: a slice, all at once."""
        where, values = self.matching(connection, query, after)
        return self.fetch(
            connection,
            "SELECT position, subject, version, type, line FROM entries"
            f" WHERE {where} AND position > ? AND position <= ? ORDER BY position LIMIT ?",
            (*values, after, up_to, limit),
        )

    def select_subject(self, connection: Snapshot, subject: str) -> list[StoredRow]:
        """Every row of one subject, in order."""
        return self.fetch(
            connection,
            "SELECT position, subject, version, type, line FROM entries"
            " WHERE subject = ? ORDER BY version",
            (subject,),
        )

    def fetch(
        self, connection: Snapshot, statement: str, parameters: tuple[object, ...] = ()
    ) -> list[Any]:
        """All rows of a statement as the driver gives them: the hot path."""
        found: list[Any] = connection.driver.execute(self.sql(statement), parameters).fetchall()
        return found

    def run(
        self, connection: Snapshot, statement: str, parameters: tuple[object, ...] = ()
    ) -> None:
        """Run a statement in the driver, without rows: the hot path."""
        connection.driver.execute(self.sql(statement), parameters)

    def run_many(
        self, connection: Snapshot, statement: str, rows: Sequence[tuple[object, ...]]
    ) -> None:
        """Run a statement in the driver once for each row: the hot path."""
        connection.driver.cursor().executemany(self.sql(statement), rows)

    def tags_of(self, connection: Snapshot, first: int, last: int) -> dict[int, list[str]]:
        """Tags of entries `first` to `last`, by position, as their rows have them."""
        rows = self.fetch(
            connection,
            "SELECT position, tags FROM entries WHERE position BETWEEN ? AND ?",
            (first, last),
        )
        return {position: tag_index.split(tags) for position, tags in rows}

    def audited(self, connection: Snapshot) -> Iterator[list[tuple[Any, ...]]]:
        """Every row in order, with its tags last, as they are; so many at once as are indexed."""
        after = 0
        while page := self.fetch(
            connection,
            "SELECT position, subject, version, type, line, tags FROM entries"
            " WHERE position > ? ORDER BY position LIMIT ?",
            (after, tag_index.INDEXED_AT_ONCE),
        ):
            after = page[-1][0]
            yield page

    def _posted(self, connection: Snapshot, first: int, last: int) -> dict[str, str]:
        """What entries `first` to `last` put into the index of tags, from their rows."""
        return tag_index.posted(
            self.fetch(
                connection,
                "SELECT position, subject, type, tags FROM entries"
                " WHERE position BETWEEN ? AND ? ORDER BY position",
                (first, last),
            )
        )

    def run_counts(self, connection: Snapshot) -> list[tuple[int, int]]:
        """Every run of the index of tags, and how many rows it has."""
        return self.fetch(connection, "SELECT run, count(*) FROM entry_tags GROUP BY run")

    def run_rows(self, connection: Snapshot, runs: Sequence[int]) -> list[tuple[str, str]]:
        """Tags and numbers of entries in some runs, in their order."""
        return self.fetch(
            connection,
            f"SELECT tag, positions FROM entry_tags WHERE run IN ({','.join('?' * len(runs))})"
            " ORDER BY run",
            tuple(runs),
        )

    def keep_tags(self, connection: Snapshot, before: int, size: int) -> None:
        """Put tags into the index, in the runs that were completed since so many entries."""
        step = tag_index.INDEXED_AT_ONCE
        for end in range(before // step * step + step, size + 1, step):
            for run, first, below in tag_index.ending(end):
                content = (
                    tag_index.merged(self.run_rows(connection, below))
                    if below
                    else self._posted(connection, first, end)
                )
                # What somebody put there by hand stays, and is seen by who verifies.
                self.run_many(
                    connection,
                    "INSERT INTO entry_tags (run, tag, positions) VALUES (?,?,?)"
                    " ON CONFLICT DO NOTHING",
                    [(run, tag, numbers) for tag, numbers in sorted(content.items())],
                )

    def matching(
        self, connection: Snapshot, query: DCBQuery | None, after: int
    ) -> tuple[str, tuple[object, ...]]:
        """A WHERE clause for a query, written with `?`, that looks up nothing long before `after`.

        What a transaction itself appended is found too: it comes into the index at its end.
        """
        if query is None or not query.items:
            return "1 = 1", ()
        size, _ = self.head(connection)
        clauses, values = [], []
        for item in query.items:
            clause, more = _matching_item(item, after, size)
            clauses.append(clause)
            values.extend(more)
        return "(" + " OR ".join(clauses) + ")", tuple(values)

    def ailments(self, connection: Snapshot) -> Iterator[str]:
        """Triggers that are gone or are others, and what SQLite finds wrong with its own file."""
        wanted = [one for one in triggers(self._engine.dialect.name) if "CREATE TRIGGER" in one]
        if self.on_sqlite:
            found = self.fetch(connection, "SELECT sql FROM sqlite_master WHERE type = 'trigger'")
            missing = set(wanted) - {sql for (sql,) in found}
            checked = self.fetch(connection, "PRAGMA integrity_check(10)")
        else:
            found = self.fetch(connection, "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")
            missing = {one for one in wanted if (one.split()[2],) not in found}
            checked = []
        for one in sorted(missing):
            yield f"the trigger {one.split()[2]} is not there as it was made"
        yield from (f"SQLite says {said}" for (said,) in checked if said != "ok")

    def tiles(self, connection: Snapshot) -> Iterator[tuple[Any, Any, Any]]:
        """Every kept tile as it is: level, number and hashes, the lowest level first."""
        after: tuple[Any, Any] = (-1, -1)
        statement = (
            "SELECT level, number, hashes FROM tiles WHERE (level, number) > (?, ?)"
            " ORDER BY level, number LIMIT 100"
        )
        while page := self.fetch(connection, statement, after):
            yield from page
            after = page[-1][:2]

    def tile(self, connection: Snapshot, level: int, number: int) -> bytes | None:
        """The 256 hashes of a complete tile, or None while it is not complete."""
        found = self.fetch(
            connection, "SELECT hashes FROM tiles WHERE level = ? AND number = ?", (level, number)
        )
        hashes = found[0][0] if found else None
        if not isinstance(hashes, bytes | None):
            raise NotAuthentic(
                f"tile ({level}, {number:,}) is stored as {type(hashes).__name__} and not as bytes",
                remedy="the database was altered: chip-ledger verify",
                code="TILE",
            )
        return hashes

    def leaves(self, connection: Snapshot, start: int, stop: int) -> list[bytes]:
        """Leaf hashes of leaves `start` to `stop` - 1 (entries `start` + 1 to `stop`)."""
        rows = self.fetch(
            connection,
            "SELECT line FROM entries WHERE position > ? AND position <= ? ORDER BY position",
            (start, stop),
        )
        try:
            return [leaf_hash(line) for (line,) in rows]
        except TypeError:
            raise NotAuthentic(
                f"a line among entries {start + 1:,} to {stop:,} is not stored as bytes",
                remedy="the database was altered: chip-ledger verify",
                code="ENTRY_SYNTAX",
            ) from None

    def newest_note(self, connection: Snapshot) -> str | None:
        """The newest checkpoint, as signed."""
        rows = self.fetch(
            connection, "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
        )
        for size, note in rows:
            if not isinstance(note, str):
                raise NotAuthentic(
                    f"the checkpoint kept over {size:,} entries is stored as"
                    f" {type(note).__name__} and not as text",
                    remedy="the database was altered: chip-ledger verify",
                    code="CHECKPOINT_SYNTAX",
                )
            return note
        return None

    def notes(self, connection: Snapshot) -> list[tuple[int, Any]]:
        """Every checkpoint with the size its row says, oldest first, as they are."""
        return self.fetch(connection, "SELECT size, note FROM checkpoints ORDER BY size")

    # ── the library's interface ─────────────────────────────────────────────────────────────────

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> DCBReadResponse:
        """Events that match, in order, up to the head at the time of the call."""
        with self.reading() as connection:
            size, _ = self.head(connection)
        if limit is None:
            return _Response(self, query, after or 0, size)
        with self.reading() as connection:
            found = self.sequenced(connection, query, after=after or 0, up_to=size, limit=limit)
        return _Response(self, query, after or 0, found[-1].position if found else None, found)

    def sequenced(
        self,
        connection: Snapshot,
        query: DCBQuery | None,
        *,
        after: int,
        up_to: int,
        limit: int,
    ) -> list[DCBSequencedEvent]:
        """Events in the library's form, their tags sorted."""
        rows = self.select(connection, query, after=after, up_to=up_to, limit=limit)
        if not rows:
            return []
        named = self.tags_of(connection, rows[0][0], rows[-1][0])
        return [
            DCBSequencedEvent(DCBEvent(wire, bytes(line), sorted(named[position])), position)
            for position, _, _, wire, line in rows
        ]

    def append(
        self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None
    ) -> int:
        """Append all or none; `IntegrityError` when an event that matches came first."""
        if not events:
            raise ProgrammingError("nothing to append")
        with self.writing() as transaction:
            if condition is not None and transaction.matches(condition):
                raise IntegrityError(condition)
            return transaction.append(events)

    def subscribe(
        self, query: DCBQuery | None = None, *, after: int | None = None
    ) -> "Subscription":
        """Events that match, and then new ones as they are committed."""
        return Subscription(self, query, after)


class Transaction:
    """The log under its write lock."""

    def __init__(self, store: Store, connection: Snapshot) -> None:
        self.store = store
        self.connection = connection
        if not store.on_sqlite:
            store.run(connection, "SELECT one FROM ledger_head FOR UPDATE")
        # In one go, for every append asks for both.
        rows = store.fetch(
            connection,
            "SELECT size, frontier, (SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1)"
            " FROM ledger_head",
        )
        self.size, self.frontier = store.head_in(rows)
        self._note = rows[0][2]
        self._size_before = self.size
        self._leaves: list[bytes] = []

    def newest_note(self) -> str | None:
        """The newest checkpoint, as signed."""
        note = self._note
        return note if isinstance(note, str) else self.store.newest_note(self.connection)

    def matches(self, condition: DCBAppendCondition) -> bool:
        """Whether an event that matches the condition's query came after its position."""
        after = condition.after or 0
        query = condition.fail_if_events_match
        where, values = self.store.matching(self.connection, query, after)
        return bool(
            self.store.fetch(
                self.connection,
                f"SELECT 1 FROM entries WHERE {where} AND position > ? LIMIT 1",
                (*values, after),
            )
        )

    def heads(self, subjects: Collection[str]) -> dict[str, tuple[int, bytes]]:
        """Version and leaf hash of the newest entry of each subject that has one."""
        found: dict[str, tuple[int, bytes]] = {}
        wanted = list(dict.fromkeys(subjects))
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            for subject, version, line in self.store.fetch(
                self.connection, _heads_of(len(some)), tuple(some)
            ):
                if not isinstance(line, bytes):
                    raise NotAuthentic(
                        f"the newest entry of {subject} is stored as {type(line).__name__} and not"
                        " as bytes",
                        remedy="the database was altered: chip-ledger verify",
                        code="ENTRY_SYNTAX",
                    )
                found[subject] = (version, leaf_hash(line))
        return found

    def append(self, events: Sequence[DCBEvent]) -> int:
        """Number the events and write them; returns the last position."""
        rows = []
        leaves = []
        position = self.size
        for one in events:
            position += 1
            if isinstance(one, StoredEvent):
                subject, version, leaf = one.subject, one.version, one.leaf or leaf_hash(one.data)
            else:
                subject, version, leaf = None, None, leaf_hash(one.data)
            rows.append(
                (position, subject, version, one.type, tag_index.joined(one.tags), one.data)
            )
            leaves.append(leaf)
        self.store.run_many(
            self.connection,
            "INSERT INTO entries (position, subject, version, type, tags, line)"
            " VALUES (?,?,?,?,?,?)",
            rows,
        )
        self.frontier = self.frontier.extended(leaves)
        self._leaves += leaves
        self.size = position
        return position

    def keep_note(self, size: int, note: str) -> None:
        """Keep a signed checkpoint before anybody is shown it."""
        statement = "INSERT INTO checkpoints (size, note) VALUES (?,?)"
        self.store.run(self.connection, statement, (size, note))
        self._note = note

    def keep_tiles(self, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        """Keep full tiles, as level, number and hashes."""
        self.store.run_many(
            self.connection, "INSERT INTO tiles (level, number, hashes) VALUES (?,?,?)", [*tiles]
        )

    def finish(self) -> None:
        """Write the tiles that became complete, the tags that are due, and the head."""
        if self.size == self._size_before:
            return
        self.store.keep_tags(self.connection, self._size_before, self.size)
        first, last = self._size_before // TILE_WIDTH, self.size // TILE_WIDTH
        if last > first:
            earlier = self.store.leaves(self.connection, first * TILE_WIDTH, self._size_before)
            leaves = (earlier + self._leaves)[: (last - first) * TILE_WIDTH]
            tiles = completed_tiles(
                first * TILE_WIDTH,
                leaves,
                lambda level, number: self.store.tile(self.connection, level, number),
            )
            self.keep_tiles(tiles)
        self.store.keep_head(self.connection, self.frontier)


def _heads_of(many: int) -> str:
    """The statement that reads the newest entries of so many subjects."""
    if many == 1:
        return (
            "SELECT subject, version, line FROM entries WHERE subject = ?"
            " ORDER BY version DESC LIMIT 1"
        )
    return (
        "SELECT subject, version, line FROM entries AS e"
        f" WHERE subject IN ({','.join('?' * many)}) AND version ="
        " (SELECT max(version) FROM entries WHERE subject = e.subject)"
    )


class _Response(DCBReadResponse):
    """Events read lazily, a page in a transaction, up to a head fixed at the start."""

    def __init__(
        self,
        store: Store,
        query: DCBQuery | None,
        after: int,
        head: int | None,
        found: list[DCBSequencedEvent] | None = None,
    ) -> None:
        self._head = head or None
        self._events = iter(found) if found is not None else self._pages(store, query, after)

    def _pages(
        self, store: Store, query: DCBQuery | None, after: int
    ) -> Iterator[DCBSequencedEvent]:
        while self._head:
            with store.reading() as connection:
                page = store.sequenced(
                    connection, query, after=after, up_to=self._head, limit=PAGE_ROWS
                )
            yield from page
            if len(page) < PAGE_ROWS:
                return
            after = page[-1].position

    @property
    def head(self) -> int | None:
        return self._head

    def __next__(self) -> DCBSequencedEvent:
        return next(self._events)


class Subscription(DCBSubscription["Store"]):
    """Events as they are committed, by looking again: the same on both databases."""

    def __init__(self, recorder: Store, query: DCBQuery | None, after: int | None) -> None:
        super().__init__(recorder, query, after)
        self._waiting: list[DCBSequencedEvent] = []

    def __next__(self) -> DCBSequencedEvent:
        while not self._has_been_stopped:
            if self._waiting:
                self._last_position = self._waiting[0].position
                return self._waiting.pop(0)
            found = self._recorder.read(self._query, after=self._last_position, limit=PAGE_ROWS)
            self._waiting = list(found)
            if not self._waiting:
                time.sleep(POLL_SECONDS)
        raise StopIteration


def _matching_item(item: DCBQueryItem, after: int, size: int) -> tuple[str, list[object]]:
    """What one item of a query demands, in a ledger whose index is of so many entries."""
    runs = tag_index.covering(after, size)
    waiting = max(after, size // tag_index.INDEXED_AT_ONCE * tag_index.INDEXED_AT_ONCE)
    clauses, values = [], list[object]()
    for tag in sorted(set(item.tags)):
        clauses.append(
            f"position IN ({_in_runs(runs, 1)}"
            "SELECT position FROM entries WHERE subject = ? AND position > ?"
            " UNION ALL SELECT position FROM entries WHERE position > ? AND instr(tags, ?) > 0)"
        )
        values += [*[tag][: len(runs)], tag, after, waiting, tag_index.joined([tag])]
    if item.types:
        many = ",".join("?" * len(item.types))
        if item.tags:
            clauses.append(f"type IN ({many})")
        else:
            clauses.append(
                f"position IN ({_in_runs(runs, len(item.types))}"
                f"SELECT position FROM entries WHERE position > ? AND type IN ({many}))"
            )
            values += [*map(tag_index.kind, item.types)] if runs else []
            values.append(waiting)
        values += item.types
    return "(" + (" AND ".join(clauses) or "1 = 1") + ")", values


def _in_runs(runs: Sequence[int], many: int) -> str:
    """The beginning of a union: entries in some runs of the index that have one of so many tags."""
    if not runs:
        return ""
    return (
        f"SELECT value FROM entry_tags, {_NUMBERS} WHERE run IN ({','.join(map(str, runs))})"
        f" AND tag IN ({','.join('?' * many)}) UNION ALL "
    )
