"""What is done to the tables behind the program's back, and the answer an auditor gets."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from commands.__main__ import run
from ledger.events import PartyRegistered
from ledger.explain import explain
from ledger.log import Ledger

REGISTER = (
    "party",
    "register",
    "acme",
    "--name",
    "Acme",
    "--country",
    "MY",
    "--headquarters",
    "MY",
)


def tamper(place: str, *statements: str) -> None:
    """What the owner of the file can do."""
    database = sqlite3.connect(place.removeprefix("sqlite:///"))
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        database.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE entries SET line = CAST(line AS TEXT) WHERE position = 4", "ENTRY_SYNTAX"),
        ("UPDATE entries SET line = 5 WHERE position = 4", "ENTRY_SYNTAX"),
        ("UPDATE checkpoints SET note = x'00ff'", "CHECKPOINT_SYNTAX"),
    ],
)
def test_columns_of_another_type_get_a_verdict_and_no_crash(small_office, statement, code):
    tamper(small_office.place, statement)

    answer = small_office.types("verify")

    assert 4 == answer.code
    assert code in answer.out


def test_altered_lines_alone_are_no_evidence_against_the_log(small_office, tmp_path):
    small_office.types(*REGISTER, by="licensing_officer")
    note = small_office.types("checkpoint", "--log-key", str(small_office.folder / "log")).out
    kept = tmp_path / "kept"
    kept.write_text(note)
    tamper(small_office.place, "UPDATE entries SET line = x'00' WHERE position = 4")

    answer = small_office.types("verify", "--known", str(kept))

    assert "SPLIT_VIEW" in answer.out
    assert "evidence" not in answer.out
    assert "stand under no checkpoint that holds" in answer.out


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE ledger_head SET size = size + 1", "FRONTIER"),
        ("UPDATE ledger_head SET size = size - 1", "FRONTIER"),
        ("UPDATE ledger_head SET frontier = zeroblob(length(frontier))", "FRONTIER"),
        ("DELETE FROM entries WHERE position = (SELECT size FROM ledger_head)", "LEAF_MISSING"),
    ],
)
def test_the_doctor_compares_the_head_with_the_tables(small_office, statement, code):
    assert 0 == small_office.types("doctor").code
    tamper(small_office.place, statement)

    answer = small_office.types("doctor")

    assert 4 == answer.code
    assert code in answer.err


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TRIGGER tiles_no_delete", "the trigger tiles_no_delete is not there"),
        (
            "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX entries_by_subject ON entries"
            " (type, position)' WHERE name = 'entries_by_subject'",
            "SQLite says row 1 missing from index entries_by_subject",
        ),
    ],
)
def test_the_doctor_sees_missing_triggers_and_a_damaged_index(small_office, statement, said):
    with sqlite3.connect(small_office.place.removeprefix("sqlite:///")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(statement)
    connection.close()

    answer = small_office.types("doctor")

    assert 4 == answer.code
    assert said in answer.err


def test_the_doctor_warns_of_an_entry_dated_ahead(small_office):
    assert "ahead of this clock" not in small_office.types("doctor").err
    ledger = Ledger.open(small_office.place)
    known = PartyRegistered(
        party="late", name="Late", country="MY", headquarters="MY", registered_on=date(2026, 1, 5)
    )
    ahead = datetime.now(UTC) + timedelta(days=365)
    ledger.append([known], small_office.signers["licensing_officer"], at=ahead)
    ledger.close()

    answer = small_office.types("doctor")

    assert 0 == answer.code
    assert "the newest entry is dated ahead of this clock" in answer.err


def test_a_view_that_was_altered_is_put_right_and_said_so(small_office):
    small_office.types(*REGISTER, by="licensing_officer")
    small_office.types("flags")
    assert "warning" not in small_office.types("views", "rebuild").err
    tamper(small_office.place, "DELETE FROM view_rows WHERE view = 'flags'")

    assert "warning: flags was kept otherwise" in small_office.types("views", "rebuild").err
    assert "warning" not in small_office.types("views", "rebuild").err


@pytest.fixture
def begins(tmp_path, capsys, monkeypatch):
    """Types init at a fresh place; the exit code, and the two streams."""
    monkeypatch.setenv("CHIP_LEDGER", str(tmp_path / "new.db"))
    monkeypatch.setenv("CHIP_LEDGER_PASSPHRASE", "correct horse")

    def begins(*words: str) -> tuple[int, str]:
        return run(["init", *words]), capsys.readouterr().err

    return begins


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_ledger_that_could_not_be_opened_leaves_nothing(begins, tmp_path, monkeypatch):
    for origin in ("a b", "Example.gov/chips"):
        code, said = begins("--origin", origin, "--admin", "p", "--admin", "q")
        assert (2, True) == (code, "[ORIGIN_FORM]" in said)
    code, said = begins("--origin", "a.example/b", "--admin", "log", "--admin", "q")
    assert (2, True) == (code, "[ID_FORM]" in said)
    monkeypatch.setenv("CHIP_LEDGER_PASSPHRASE", "")
    code, said = begins("--origin", "a.example/b", "--admin", "p", "--admin", "q")
    assert (2, True) == (code, "[PASSPHRASE_EMPTY]" in said)
    assert [] == left(tmp_path)


def test_where_a_ledger_stands_no_new_keys_are_left(small_office, monkeypatch):
    keys = Path(small_office.place.removeprefix("sqlite:///") + "-keys")
    monkeypatch.setattr("ledger.keyfile.ROUNDS", 1)

    answer = small_office.types("init", "--origin", "a.example/b", "--admin", "p", "--admin", "q")

    assert 5 == answer.code
    assert "LEDGER_EXISTS" in answer.err
    assert not keys.exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://officer@127.0.0.1:1/ledger?password=secret",
        "postgresql://officer@127.0.0.1:1/ledger?sslpassword=secret",
        "postgresql://officer:secret@127.0.0.1:1/ledger",
        "postgresql://officer:other@secret@127.0.0.1:1/ledger",
        "postgresql://officer:secret@127.0.0.1:port/ledger",
        "postgresql://officer:secret@[::1/ledger",
        "://officer:secret@127.0.0.1/ledger?password=secret",
    ],
)
def test_a_password_is_never_repeated(url, monkeypatch, capsys):
    monkeypatch.setenv("CHIP_LEDGER", url)

    code = run(["verify"])
    said = capsys.readouterr()

    assert code in (3, 8)
    assert "secret" not in said.out + said.err


def test_what_the_system_refuses_is_explained():
    assert "operating system" in explain("SYSTEM")
