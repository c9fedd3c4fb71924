"""The store keeps the promises of the library's recorder and its own, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.persistence import IntegrityError
from sqlalchemy import create_engine, exc, text

from ledger.database import MANY_ROWS, WAL_PAGES, WAL_PAGES_MANY
from ledger.errors import Conflict, Refused, Unknown
from ledger.merkle import Frontier, leaf_hash
from ledger.store import Store
from ledger.tag_index import INDEXED_AT_ONCE


@pytest.fixture
def store(database_url):
    opened = Store.create(database_url)
    yield opened
    opened.close()


def test_the_librarys_own_recorder_tests_pass(store):
    DCBRecorderTestCase()._test_append_read(store)


def test_the_librarys_own_subscription_test_passes(store):
    DCBRecorderTestCase()._test_append_subscribe(store)


def test_a_refused_append_leaves_no_gap(store):
    store.append([DCBEvent("first", b"1", ["a"])])
    with pytest.raises(IntegrityError):
        store.append(
            [DCBEvent("second", b"2", ["a"])],
            DCBAppendCondition(DCBQuery([DCBQueryItem(tags=["a"])]), after=0),
        )

    assert 2 == store.append([DCBEvent("third", b"3", ["a"])])


def test_many_writers_at_once_leave_no_gap_and_lose_nothing(store):
    def write(writer: int) -> None:
        for number in range(20):
            store.append([DCBEvent("said", f"{writer}/{number}".encode(), [f"w:{writer}"])])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    found = list(store.read())
    assert list(range(1, 81)) == [one.position for one in found]
    assert {f"{w}/{n}".encode() for w in range(4) for n in range(20)} == {
        one.event.data for one in found
    }


def test_sqlites_write_ahead_log_stays_short_until_many_rows_come_at_once(tmp_path):
    """Its file is then written from the beginning again, and an fsync takes half as long."""
    store = Store.create(str(tmp_path / "ledger.db"))
    ahead = tmp_path / "ledger.db-wal"
    long = DCBEvent("said", bytes(40_000))
    for _ in range(200):
        store.append([long])
    short = ahead.stat().st_size
    for _ in range(2):
        store.append([long] * (MANY_ROWS + 100))
    grown = ahead.stat().st_size
    store.close()

    frame = 4_096 + 24
    assert WAL_PAGES * frame <= short < 1.1 * WAL_PAGES * frame
    assert 3 * WAL_PAGES * frame < grown < WAL_PAGES_MANY * frame


def test_the_head_commits_to_every_entry(store):
    lines = [f"line {number}".encode() for number in range(600)]
    store.append([DCBEvent("said", line) for line in lines[:300]])
    store.append([DCBEvent("said", line) for line in lines[300:]])

    with store.reading() as connection:
        size, frontier = store.head(connection)
        assert 600 == size
        assert Frontier().extended(map(leaf_hash, lines)).root() == frontier.root()
        assert b"".join(map(leaf_hash, lines[256:512])) == store.tile(connection, 0, 1)


@pytest.mark.parametrize("table", ["entries", "entry_tags", "tiles", "checkpoints"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_the_database_itself_refuses_change(store, database_url, table, deed):
    store.append([DCBEvent("said", b"x", ["a"]) for _ in range(INDEXED_AT_ONCE)])
    with store.writing() as transaction:
        transaction.keep_note(256, "a note")
    column = {"entries": "type = 'other'", "entry_tags": "tag = 'b'", "tiles": "level = 9",
              "checkpoints": "note = 'another'"}[table]  # fmt: skip

    engine = create_engine(store._engine.url)
    with engine.begin() as connection, pytest.raises(exc.DBAPIError, match="append-only"):
        connection.execute(text(deed.format(table, column)))
    engine.dispose()


def test_a_ledger_that_stands_is_not_made_again(store, database_url):
    with pytest.raises(Refused, match="already stands"):
        Store.create(database_url)


def test_a_ledger_that_is_not_there_is_not_made_by_opening_it(tmp_path):
    with pytest.raises(Unknown, match="no ledger at"):
        Store.open(str(tmp_path / "nowhere.db"))

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"hello, this is not a database " * 40])
def test_a_file_that_is_no_ledger_says_so(tmp_path, content):
    (tmp_path / "letter.db").write_bytes(content)

    with pytest.raises(Unknown, match="not a ledger"):
        Store.open(str(tmp_path / "letter.db"))


def test_a_writer_who_waits_too_long_is_told_to_try_again(database_url):
    store = Store.create(database_url)
    hasty = Store.open(database_url, patience_seconds=0.2)
    with store.writing(), pytest.raises(Conflict, match="another process is writing"):
        hasty.append([DCBEvent("said", b"x")])
    store.close()
    hasty.close()
