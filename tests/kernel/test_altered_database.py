"""Whoever owns the database alters what nobody signed: what says so, and what answers meanwhile.

Lines are altered in `test_threats`; here it is the head, the tiles, the index of tags, rows of
views, and columns that hold what SQLite lets anybody put there.
"""

import logging
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import officers
import pytest
from officers import RIVERA, at
from world import exported

from ledger import views
from ledger.audit import audit
from ledger.database import database_url
from ledger.errors import Exit, LedgerError, Malformed, NotAuthentic
from ledger.log import Ledger
from ledger.policy import PolicyTimeline
from ledger.quota import QuotaFold
from ledger.store import Store
from ledger.tables import SCHEMA_VERSION
from ledger.tag_index import INDEXED_AT_ONCE
from ledger.verification import Report

FOLD = QuotaFold()
SECOND_HEAD = f"INSERT INTO ledger_head SELECT 2, {SCHEMA_VERSION}, size, frontier FROM ledger_head"
TEXT = "CAST(x'ff' AS TEXT)"


@pytest.fixture
def place(tmp_path):
    """A ledger of one full tile, with a view kept up to its last entry and a checkpoint."""
    path = str(tmp_path / "ledger.db")
    ledger = officers.open_ledger(path)
    ledger.append([exported(f"S-{number}") for number in range(258)], RIVERA, at=at(1))
    ledger.checkpoint(officers.LOG)
    views.catch_up(ledger.store, FOLD)
    ledger.close()
    return path


def alter(place: str, *statements: str) -> None:
    """What the database's owner can do: no trigger stands in the way."""
    with sqlite3.connect(place) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def stored(place: str) -> list[tuple[object, ...]]:
    """Every entry as it stands there, line and columns."""
    with sqlite3.connect(place) as connection:
        rows = connection.execute(
            "SELECT position, subject, version, type, tags, line FROM entries ORDER BY position"
        ).fetchall()
    connection.close()
    return rows


def verdict(place: str) -> Report:
    ledger = Ledger.open(place)
    try:
        return audit(ledger.store, views=[FOLD])
    finally:
        ledger.close()


def found(place: str) -> list[tuple[str, int | None]]:
    return [(one.code, one.entry) for one in verdict(place).findings]


def test_copies_of_an_honest_ledger_are_what_its_entries_give(place):
    report = verdict(place)

    assert "VALID" == report.verdict
    assert not any("view" in one for one in report.not_checked)


def test_views_that_nobody_asked_about_are_said_not_to_be_checked(place):
    ledger = Ledger.open(place)
    report = audit(ledger.store)
    ledger.close()

    assert "VALID" == report.verdict
    assert any("views" in one and "--views" in one for one in report.not_checked)


@pytest.mark.parametrize(
    ("code", "deed"),
    [
        ("FRONTIER", "UPDATE ledger_head SET size = size - 1"),
        ("FRONTIER", "UPDATE ledger_head SET frontier = zeroblob(length(frontier))"),
        ("FRONTIER", SECOND_HEAD),
        ("FRONTIER", "DELETE FROM ledger_head"),
        ("TILE", "DELETE FROM tiles"),
        ("TILE", "UPDATE tiles SET hashes = zeroblob(8192)"),
        ("TILE", "INSERT INTO tiles VALUES (0, 1, zeroblob(8192))"),
        ("TILE", "INSERT INTO tiles VALUES (0, 'x', x'00')"),
        ("TAG_INDEX", "INSERT INTO entry_tags VALUES (16384, 'country:AE', '999')"),
        ("TAG_INDEX", "INSERT INTO entry_tags VALUES ('x', 'country:AE', '999')"),
        ("TAG_INDEX", "INSERT INTO entry_tags VALUES (16384, x'ff', '50')"),
        ("TAG_INDEX", f"INSERT INTO entry_tags VALUES (16384, {TEXT}, {TEXT})"),
        ("CHECKPOINT_ROW", "UPDATE checkpoints SET size = 7 WHERE size = 259"),
        ("CHECKPOINT_SYNTAX", "UPDATE checkpoints SET note = x'ff' WHERE size = 259"),
        ("CHECKPOINT_SYNTAX", f"UPDATE checkpoints SET note = {TEXT} WHERE size = 259"),
        ("VIEW", "UPDATE view_rows SET value = replace(CAST(value AS TEXT), '1', '2')"),
        ("VIEW", "UPDATE view_rows SET value = x'ff'"),
        ("VIEW", f"INSERT INTO view_rows VALUES ('quotas', {TEXT}, x'31')"),
        ("VIEW", "UPDATE view_positions SET position = position - 1"),
        ("VIEW", "UPDATE view_positions SET position = 999"),
        ("VIEW", "UPDATE view_positions SET position = 'x'"),
    ],
)
def test_an_altered_copy_is_found(place, code, deed):
    alter(place, deed)

    report = verdict(place)

    assert {code} == {one.code for one in report.findings}
    assert ("INVALID", Exit.INTEGRITY) == (report.verdict, report.exit)


@pytest.mark.parametrize(
    ("code", "deed"),
    [
        ("ROW_MISMATCH", f"UPDATE entries SET type = {TEXT} WHERE position = 50"),
        ("ROW_MISMATCH", f"UPDATE entries SET subject = {TEXT} WHERE position = 50"),
        ("ROW_MISMATCH", f"UPDATE entries SET tags = {TEXT} WHERE position = 50"),
        ("ENTRY_SYNTAX", "UPDATE entries SET line = 'gone' WHERE position = 50"),
    ],
)
def test_a_column_of_no_text_or_no_bytes_is_found_at_its_entry(place, code, deed):
    alter(place, deed)

    assert (code, 50) in found(place)


def test_text_that_is_none_is_an_integrity_failure_wherever_it_is_read(place):
    alter(place, f"UPDATE entries SET type = {TEXT} WHERE position = 50")
    ledger = Ledger.open(place)
    with pytest.raises(NotAuthentic) as caught, ledger.store.reading() as connection:
        views.entry_at(ledger.store, connection, 50)
    ledger.close()

    assert "LEDGER_DAMAGED" == caught.value.code
    assert "chip-ledger verify" in caught.value.remedy


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE view_rows SET value = x'ff00'",
        f"INSERT INTO view_rows VALUES ('quotas', 'D/' || {TEXT}, x'31')",
        "UPDATE view_positions SET position = 999",
        "UPDATE view_positions SET position = 'x'",
    ],
)
def test_a_view_that_cannot_be_read_is_answered_from_the_entries(place, deed, caplog):
    alter(place, deed)
    ledger = Ledger.open(place)
    with caplog.at_level(logging.WARNING), ledger.store.reading() as connection:
        answered = list(views.at_head(ledger.store, connection, FOLD).scan("D/", dict))
        said = list(views.replayed(ledger.store, connection, FOLD).scan("D/", dict))
    told = [one.getMessage() for one in caplog.records]
    ledger.close()

    assert said == answered != []
    assert ("view_rows" in deed) == any("chip-ledger views rebuild quotas" in one for one in told)


@pytest.mark.parametrize(
    "deed",
    ["UPDATE view_rows SET value = x'ff00'", "UPDATE view_positions SET position = 999"],
)
def test_what_cannot_be_read_of_a_view_is_written_anew_with_the_next_entry(place, deed):
    alter(place, deed)
    ledger = Ledger.open(place)
    ledger.append([exported("S-999")], RIVERA, at=at(2))
    views.catch_up(ledger.store, FOLD)
    ledger.close()

    assert [] == found(place)


def test_missing_tiles_are_put_back_from_the_lines(place):
    alter(place, "DELETE FROM tiles")
    ledger = Ledger.open(place)

    assert 1 == ledger.restore_tiles()
    assert 0 == ledger.restore_tiles()
    ledger.close()
    assert "VALID" == verdict(place).verdict


def test_tiles_are_not_made_from_lines_that_are_not_the_checkpoints(place):
    alter(place, "DELETE FROM tiles", "UPDATE entries SET line = x'00' WHERE position = 50")
    ledger = Ledger.open(place)
    with pytest.raises(NotAuthentic) as caught:
        ledger.restore_tiles()
    ledger.close()

    assert "ROLLBACK" == caught.value.code


def test_one_bit_of_the_file_is_never_overlooked(place):
    """Fixed places across the file, its header and every tenth of it among them."""
    file = Path(place)
    whole = file.read_bytes()
    signed = stored(place)
    codes = set()
    for place_in_file in [16, 30, 60, *range(100, len(whole), len(whole) // 10)]:
        altered = bytearray(whole)
        altered[place_in_file] ^= 4
        file.write_bytes(altered)
        try:
            report = verdict(place)
        except NotAuthentic as error:
            codes.add(error.exit)
        else:
            # VALID where it hit bytes of no row, such as page padding or counters: all that is
            # read, line and columns, is then what it was.
            assert report.verdict == "INVALID" or stored(place) == signed

    assert codes <= {Exit.INTEGRITY}


@pytest.mark.parametrize("place", ["postgresql:/u:secret@here/x", "postgres:u:secret@here/x"])
def test_a_url_without_its_slashes_is_refused_and_no_password_repeated(place):
    with pytest.raises(Malformed) as caught:
        database_url(place)

    assert "secret" not in caught.value.problem + caught.value.remedy


def create(place: str) -> str:
    try:
        Store.create(place).close()
    except LedgerError as error:
        return error.code
    return "created"


def test_of_several_who_create_a_ledger_at_once_one_does(tmp_path):
    with ProcessPoolExecutor(4, get_context("spawn")) as offices:
        for number in range(20):
            ended = list(offices.map(create, [str(tmp_path / f"{number}.db")] * 4))
            assert ["LEDGER_EXISTS"] * 3 + ["created"] == sorted(ended)


def test_an_adopted_pack_that_does_not_read_any_more_was_altered():
    with pytest.raises(NotAuthentic) as caught:
        PolicyTimeline().adopt("caps", "[caps", date(2025, 1, 1))

    assert ("PACK_FORM", Exit.INTEGRITY) == (caught.value.code, caught.value.exit)
    assert caught.value.remedy == "the database was altered: chip-ledger verify"


def test_the_index_of_tags_is_kept_in_steps_larger_than_this_ledger():
    """So a row of it for any entry here is one too many."""
    assert INDEXED_AT_ONCE > 259


def test_a_new_ledger_is_as_it_was_made(database_url):
    store = Store.create(database_url)
    with store.reading() as connection:
        assert [] == list(store.ailments(connection))
    store.close()
