"""What the machine could do at most: the same bytes through the bare driver, and nothing else.

A floor signs with the same key, writes on the same disk under the same durability, and reads the
same rows. It has no tags, no order of its own, no tree, no checks. SQLite's floor is `sqlite3`,
PostgreSQL's is `psycopg`.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.events import EVENTS, Event

ROWS_AT_ONCE = 2_000
SIGNATURES_AT_ONCE = 1_000

Sign = Callable[[bytes], bytes]


class Floor(Protocol):
    """A bare table of signed payloads, and a bare reader of a ledger's own rows."""

    def append(self, message: bytes, sign: Sign) -> None:
        """Sign one message and insert it; it is on disk when this returns."""

    def insert(self, messages: Sequence[bytes], sign: Sign) -> None:
        """Sign messages and insert them with `executemany`, in one transaction."""

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Type and line of every entry of the ledger, in order."""

    def close(self) -> None:
        """Let go of the databases."""


class SqliteFloor:
    """`sqlite3`, with the PRAGMAs the ledger sets."""

    def __init__(self, place: str, ledger: str) -> None:
        self._own = sqlite3.connect(place, isolation_level=None)
        self._own.execute("PRAGMA journal_mode = WAL")
        self._own.execute("PRAGMA synchronous = FULL")
        self._own.execute(
            "CREATE TABLE said (number INTEGER PRIMARY KEY, message BLOB, signature BLOB)"
        )
        self._ledger = sqlite3.connect(ledger, isolation_level=None)

    def append(self, message: bytes, sign: Sign) -> None:
        self._own.execute("BEGIN IMMEDIATE")
        self._own.execute(
            "INSERT INTO said (message, signature) VALUES (?,?)", (message, sign(message))
        )
        self._own.execute("COMMIT")

    def insert(self, messages: Sequence[bytes], sign: Sign) -> None:
        self._own.execute("BEGIN IMMEDIATE")
        self._own.executemany(
            "INSERT INTO said (message, signature) VALUES (?,?)",
            [(message, sign(message)) for message in messages],
        )
        self._own.execute("COMMIT")

    def rows(self) -> Iterator[tuple[str, bytes]]:
        yield from self._ledger.execute("SELECT type, line FROM entries ORDER BY position")

    def close(self) -> None:
        self._own.close()
        self._ledger.close()


class PostgresFloor:
    """`psycopg`, with the server's own durability, which the ledger does not change either."""

    def __init__(self, place: str, ledger: str) -> None:
        self._own = psycopg.connect(place, autocommit=True)
        self._own.execute(
            "CREATE TABLE said (number BIGSERIAL PRIMARY KEY, message BYTEA, signature BYTEA)"
        )
        self._ledger = psycopg.connect(ledger)

    def append(self, message: bytes, sign: Sign) -> None:
        with self._own.transaction():
            self._own.execute(
                "INSERT INTO said (message, signature) VALUES (%s,%s)", (message, sign(message))
            )

    def insert(self, messages: Sequence[bytes], sign: Sign) -> None:
        with self._own.transaction(), self._own.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO said (message, signature) VALUES (%s,%s)",
                [(message, sign(message)) for message in messages],
            )

    def rows(self) -> Iterator[tuple[str, bytes]]:
        with self._ledger.transaction(), self._ledger.cursor("floor") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute("SELECT type, line FROM entries ORDER BY position")

    def close(self) -> None:
        self._own.close()
        self._ledger.close()


def decode_all(
    rows: Iterator[tuple[str, bytes]], wires: Collection[str] = frozenset(EVENTS)
) -> int:
    """Decode the events of some types with msgspec, each in one go; returns how many."""
    decoders = {wire: msgspec.json.Decoder(_holding(EVENTS[wire])).decode for wire in wires}
    from_base64 = msgspec.json.Decoder(bytes).decode
    start = len(b'{"payload":')
    done = 0
    for wire, line in rows:
        decode = decoders.get(wire)
        if decode is not None:
            decode(from_base64(line[start : line.find(b",", start)]))
            done += 1
    return done


def _holding(event: type[Event]) -> Any:
    """A payload of which nothing is read but the body."""
    return msgspec.defstruct("Body", [("data", event)], gc=False)


def verify_all(signed: Sequence[tuple[bytes, bytes]], key: Ed25519PublicKey, threads: int) -> None:
    """Verify (signature, message) pairs on so many threads, in large pieces."""

    def verify(start: int) -> None:
        check = key.verify
        for signature, message in signed[start : start + SIGNATURES_AT_ONCE]:
            check(signature, message)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(verify, range(0, len(signed), SIGNATURES_AT_ONCE)))
