"""Reaching a database: where it is, how its connections behave, and what it says in our words."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url

from ledger.errors import (
    Conflict,
    LedgerError,
    Malformed,
    NotAuthentic,
    NotPermitted,
    Unknown,
    Unreached,
)

PATIENCE_SECONDS: Final = 10.0
"""How long a writer waits for another before it says that the ledger is busy."""

WAL_PAGES: Final = 1_000
"""Pages in SQLite's write-ahead log, of 4 KiB each, before they are written to the database.

The file is then written from its beginning again: an fsync of a file that does not grow takes half
as long. Measured: docs/performance.md."""

WAL_PAGES_MANY: Final = 16_000
"""The same, after a transaction that changed many rows: pages that each of them writes reach the
database once in a while and not every time."""

MANY_ROWS: Final = 100
"""Rows that are many for one transaction."""

CACHE_KIB: Final = 32_768
"""Memory that SQLite may use for pages, for each connection."""


_URL_OF_FEWER_SLASHES: Final = re.compile("(?i)(postgres(?:ql)?|sqlite)([+][a-z0-9]+)?:")
_DAMAGED: Final = (
    "malformed", "not a database", "could not decode to utf-8", "no such table", "no such column",
    "unsupported file format", "unique constraint",
)  # fmt: skip
"""What the drivers say of a database that holds what no ledger ever wrote."""

_HEADER_BYTES: Final = 65_536
"""Where SQLite's header stands, and after it the names of the tables."""


def is_database(ledger: str) -> bool:
    """Whether the name of a ledger is meant as a URL, well written or not, and not as a path."""
    return "://" in ledger or _URL_OF_FEWER_SLASHES.match(ledger) is not None


def database_url(ledger: str) -> URL:
    """The database a path or a URL names."""
    if is_database(ledger) and "://" not in ledger:
        # Taken for a path it would be repeated, and a password with it.
        raise Malformed(
            f"the place of the ledger begins like a database URL, {ledger.partition(':')[0]}:,"
            " and lacks the two slashes after it",
            remedy="write a path, or postgresql://user@host/database",
            code="LEDGER_PLACE",
        )
    if "://" not in ledger:
        return URL.create("sqlite", database=str(Path(ledger).expanduser()))
    url: URL | None
    try:
        url = make_url(ledger)
    except (exc.ArgumentError, ValueError):
        url = None
    if url is None or "@" in (url.host or ""):
        # A password with an @ in it was cut at the wrong place: what is before the last one is
        # not repeated, and neither is what an option calls a password.
        blank = re.sub("(?i)(pass[a-z]*=)[^&]*", r"\1***", re.sub("//.*@", "//***@", ledger))
        raise Unknown(
            f"{blank!r} is not a path or a database URL",
            remedy="write a path, or postgresql://user@host/database",
            code="LEDGER_MISSING",
        )
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url


def shown(url: URL) -> str:
    """A database's place as a person may read it: no password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    told_elsewhere = [name for name in url.query if "pass" in name.lower()]
    return url.difference_update_query(told_elsewhere).render_as_string(hide_password=True)


def open_engine(url: URL, patience_seconds: float = PATIENCE_SECONDS) -> Engine:
    """Connections to a database; a writer waits that long for another."""
    with told(url):
        if url.get_backend_name() != "sqlite":
            milliseconds = int(patience_seconds * 1_000)
            engine = create_engine(url, connect_args={"options": f"-c lock_timeout={milliseconds}"})
        else:
            frozen = _frozen(url.database or "")
            if frozen is not None:
                query = {"mode": "ro", "immutable": "1", "uri": "true"}
                url = url.set(database=frozen, query=query)
            # Every transaction is ended here, so the pool need not end it once more.
            engine = create_engine(
                url, connect_args={"timeout": patience_seconds}, pool_reset_on_return=None
            )
            event.listen(engine, "connect", _on_sqlite_connect)
        return engine


def _frozen(path: str) -> str | None:
    """The URI of a file that may only be read and that nobody is writing; None for others.

    SQLite would make its shared memory beside a file in write-ahead mode, which a reader who may
    not write there cannot: told that the file does not change, it reads it as it is.
    """
    file = Path(path)
    beside = [file.with_name(file.name + end).exists() for end in ("-wal", "-shm")]
    if any(beside) or not file.exists() or os.access(file.parent, os.W_OK, effective_ids=True):
        return None
    return f"file:{quote(str(file.absolute()))}"


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # The driver's own transaction handling would begin too late and too weakly: we begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    # Pages of the indexes stay in memory. Measured: docs/performance.md.
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.close()


def undecodable(error: Exception) -> bool:
    """Whether a driver says that a column of text does not hold text."""
    return "could not decode to utf-8" in str(error).lower()


@contextmanager
def told(url: URL, driver_error: type[Exception] = exc.DBAPIError) -> Iterator[None]:
    """What the database says, in words an officer can act on."""
    try:
        yield
    except ImportError as error:
        raise Unreached(
            f"the driver for {url.get_backend_name()} is not installed: {error}",
            remedy="pip install 'chip-ledger[postgres]'"
            if url.get_backend_name() == "postgresql"
            else "use a path for SQLite, or postgresql://user@host/database: no other is served",
            code="DRIVER_MISSING",
        ) from error
    except exc.NoSuchModuleError as error:
        raise Unknown(
            f"{url.drivername!r} is not a database this program knows",
            remedy="use a path for SQLite, or postgresql://user@host/database",
            code="LEDGER_MISSING",
        ) from error
    except (exc.DBAPIError, driver_error) as error:
        raise _in_words(getattr(error, "orig", error), url) from error


def _in_words(error: object, url: URL) -> LedgerError:
    said = str(error).strip().partition("\n")[0]
    lower = said.lower()
    # First, because the bytes a damaged row is repeated with may say anything.
    if any(words in lower for words in _DAMAGED) and (
        "not a database" not in lower or _was_a_ledger(url.database or "")
    ):
        return NotAuthentic(
            f"{shown(url)} holds what no ledger wrote: {said}",
            remedy="it was damaged or altered: chip-ledger verify says what still holds; restore"
            " the file from a copy and verify it",
            code="LEDGER_DAMAGED",
        )
    if "locked" in lower or "lock timeout" in lower or "deadlock" in lower:
        return Conflict(
            f"another process is writing to {shown(url)} and did not finish in time",
            remedy="type the command again; nothing was recorded",
            code="LEDGER_LOCKED",
        )
    if "disk is full" in lower or "no space" in lower:
        return Unreached(
            f"the disk that holds {shown(url)} is full; nothing was recorded",
            remedy="make room, then type the command again",
            code="DISK_FULL",
        )
    if "readonly" in lower or "read-only" in lower:
        return NotPermitted(
            f"{shown(url)} may only be read by this account",
            remedy="ask for write access, or use a read command",
            code="READ_ONLY",
        )
    if "not a database" in lower:
        return Unknown(
            f"{shown(url)} is not a ledger: {said}",
            remedy="check the path",
            code="NOT_A_LEDGER",
        )
    return Unreached(
        f"the database at {shown(url)} did not answer: {said}",
        remedy="check that it runs and that the URL is right",
        code="DATABASE",
    )


def _was_a_ledger(path: str) -> bool:
    """Whether a file that is no database names, where tables are named, one only a ledger has."""
    try:
        with Path(path).open("rb") as file:
            return b"ledger_head" in file.read(_HEADER_BYTES)
    except OSError:
        return False
