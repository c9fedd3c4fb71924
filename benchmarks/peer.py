"""The same work with the `eventsourcing` library's own application and projection, on SQLite.

Each subject is an aggregate; what is said about it is a domain event that carries the same
payload, signed by the same key. Its recorder on SQLite has no subscriptions, so `ProjectionRunner`
does not run there: the projection is fed from the notification log through the mapper, which is
what the runner does inside.

In its favor: the payloads are given, it keeps no tags and no tree, checks no key, and aggregates
and entries stay in memory, so that nothing is ever read back.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.projection import Projection
from eventsourcing.sqlite import SQLiteCursor, SQLiteTrackingRecorder
from eventsourcing.utils import Environment

from benchmarks.events import FIRST_NUMBER
from benchmarks.floors import Sign
from ledger.entry import Entry, read
from ledger.fold import MemoryStates
from ledger.quota import QuotaFold

NOTIFICATIONS_AT_ONCE = 1_000


class Said(NamedTuple):
    """One event as the ledger signed it."""

    subject: str
    version: int
    wire: str
    payload: bytes
    message: bytes


class Matter(Aggregate):
    """A subject, and what was said about it."""

    @event("Opened")
    def __init__(self, subject: str, wire: str, payload: str, signature: str) -> None:
        self.subject = subject

    @event("Said")
    def say(self, subject: str, wire: str, payload: str, signature: str) -> None:
        """Record another event."""

    @staticmethod
    def create_id(subject: str) -> UUID:
        """The same id for the same subject."""
        return uuid5(NAMESPACE_URL, subject)


class Matters(Application[UUID]):
    """The application: every subject in memory, and a way to add to one."""

    log_section_size = NOTIFICATIONS_AT_ONCE

    def __init__(self, place: Path) -> None:
        super().__init__(
            {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(place)}
        )
        self._held: dict[str, Matter] = {}

    def record(self, said: Iterable[Said], sign: Sign) -> None:
        """Sign events and save them in one transaction, in the order they were said."""
        pending: list[Any] = []
        for one in said:
            signature = b64encode(sign(one.message)).decode()
            held = self._held.get(one.subject)
            if held is None:
                held = Matter(one.subject, one.wire, one.payload.decode(), signature)
                self._held[one.subject] = held
            else:
                held.say(one.subject, one.wire, one.payload.decode(), signature)
            pending.extend(held.collect_events())
        self.save(*pending)

    def said(self, limit: int) -> Iterator[tuple[Any, Tracking]]:
        """The first so many domain events, as a projection receives them."""
        start = 1
        while limit > 0:
            found = self.notification_log.select(start, min(NOTIFICATIONS_AT_ONCE, limit))
            for one in found:
                yield self.mapper.to_domain_event(one), Tracking(self.name, int(one.id))
            if not found:
                return
            start, limit = int(found[-1].id) + 1, limit - len(found)


class QuotaRows(SQLiteTrackingRecorder):
    """The view: the fold's states by key, saved together with the position."""

    def construct_create_table_statements(self) -> list[str]:
        rows = "CREATE TABLE IF NOT EXISTS quota_rows (key TEXT PRIMARY KEY, value BLOB)"
        return [*super().construct_create_table_statements(), rows]

    def save(self, changed: dict[str, object], tracking: Tracking) -> None:
        """Write what changed and the position, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._save(cursor, changed, tracking)

    def _save(self, cursor: SQLiteCursor, changed: dict[str, object], tracking: Tracking) -> None:
        self._insert_tracking(cursor, tracking)
        cursor.executemany(
            "INSERT INTO quota_rows VALUES (?,?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [(key, msgspec.json.encode(value)) for key, value in changed.items()],
        )


class _Changes(MemoryStates):
    """States that remember what changed."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.changed: dict[str, object] = {}
        super().__init__(self.entries.__getitem__)

    def put(self, key: str, value: Any) -> None:
        super().put(key, value)
        self.changed[key] = value


class QuotaProjection(Projection[QuotaRows]):
    """The quotas, by the same fold; each event is a transaction, as the library has it."""

    def __init__(self, view: QuotaRows) -> None:
        super().__init__(view)
        self._fold = QuotaFold()
        self._states = _Changes()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.fold(domain_event, tracking)
        self.save(tracking)

    def fold(self, domain_event: Any, tracking: Tracking) -> None:
        """What a domain event does to the states."""
        if domain_event.wire in self._fold.reads:
            number = tracking.notification_id + FIRST_NUMBER - 1
            entry = _entry(number, domain_event)
            self._states.entries[number] = entry
            self._fold.evolve(self._states, entry)

    def save(self, tracking: Tracking) -> None:
        """Write what changed since it was last saved."""
        self.view.save(self._states.changed, tracking)
        self._states.changed = {}


def projection(place: Path) -> QuotaProjection:
    """An empty projection with a view of its own."""
    env = Environment(
        "QuotaProjection",
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(place)},
    )
    factory = InfrastructureFactory[QuotaRows].construct(env)
    return QuotaProjection(factory.tracking_recorder(QuotaRows))


def _entry(number: int, said: Any) -> Entry:
    subject, version = said.subject, said.originator_version
    return read(number, subject, version, said.wire, said.payload.encode())
