"""What goes wrong at a keyboard: an error with its values, a hint, a code, and no change."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.log import Ledger
from ledger.store import Store

EXPORT = ("shipment", "export", "S1", "--authority", "none", "--consignee", "acme")

REVIEWED = ("--outcome", "cleared", "--rule", "lpp-limit", "--evidence", "1", "--reason", "lawful")


def export(line: str = "h100-sxm:8", route: str = "us,my", *more: str) -> tuple[str, ...]:
    return (*EXPORT, "--line", line, "--route", route, *more)


TYPED = {
    "unknown chip": (export("h9000:8"), 2, "CHIP_UNKNOWN", "did you mean"),
    "unknown country": (export(route="us,zz"), 2, "COUNTRY_UNKNOWN", "two-letter code"),
    "a place that ISO gives no code": (export(route="us,xk"), 2, "COUNTRY_UNKNOWN", "write RS"),
    "negative quantity": (export("h100-sxm:-8"), 2, "QUANTITY", "whole chips"),
    "no quantity": (export("h100-sxm:0"), 2, "QUANTITY", "whole chips"),
    "huge quantity": (export("h100-sxm:100000000000"), 2, "QUANTITY", "whole chips"),
    "half a chip": (export("h100-sxm:1.5"), 2, "LINE_FORM", "MODEL:UNITS"),
    "not a date": (
        export("h100-sxm:8", "us,my", "--exported-on", "2025-02-30"),
        2,
        "DATE_FORM",
        "2025-11-19",
    ),
    "a day to come": (
        export("h100-sxm:8", "us,my", "--exported-on", "2999-01-01"),
        2,
        "DATE_FUTURE",
        "happened",
    ),
    "not an ITN": (export("h100-sxm:8", "us,my", "--itn", "X1"), 2, "ITN_FORM", "14 digits"),
    "an id with a space": (("shipment", "void", "S 1", "--reason", "x"), 2, "ID_FORM", "letters"),
    "a huge id": (("shipment", "void", "S" * 5_000, "--reason", "x"), 2, "ID_FORM", "64"),
    "one place only": (export(route="us"), 2, "FIELDS", "such as US,SG,AE"),
    "too little of a flag's id": (
        ("flag", "review", "433", *REVIEWED),
        2,
        "ID_FORM",
        "4 to 16 lower-case hex digits",
    ),
    "the beginning of no flag's id": (
        ("flag", "review", "433d", *REVIEWED),
        3,
        "FLAG_UNKNOWN",
        "chip-ledger flags --all",
    ),
    "a license and an exception": (
        export("h100-sxm:8", "us,my", "--license", "D1"),
        2,
        "AUTHORITY_FORM",
        "name the license alone",
    ),
    "nothing to void": (
        ("shipment", "void", "S1", "--reason", "x"),
        5,
        "SHIPMENT_UNKNOWN",
        "shipments",
    ),
    "another office's work": (
        ("license", "deny", "D1", "--reason", "x"),
        3,
        "LICENSE_UNKNOWN",
        "apply",
    ),
    "what this role may not say": (
        ("check", "request", "K1", "--party", "acme", "--kind", "PSV", "--country", "MY"),
        7,
        "ROLE",
        "roles",
    ),
}


@pytest.mark.parametrize("wrong", TYPED)
def test_what_is_wrong_is_said_and_nothing_is_changed(small_office, wrong):
    words, code, name, hint = TYPED[wrong]
    before = small_office.size()

    screen = small_office.types(*words, by="trade_recorder")

    assert (code, f"[{name}]") == (screen.code, screen.err[screen.err.index("[") :].split("\n")[0])
    assert hint in screen.err.split("hint: ")[1]
    assert "" == screen.out
    assert before == small_office.size()


def test_dates_out_of_order_are_refused(small_office):
    recorder, officer = "trade_recorder", "licensing_officer"
    small_office.types(*export("h100-sxm:8", "us,my", "--exported-on", "2025-03-03"), by=recorder)
    small_office.types(
        "license",
        "apply",
        "D1",
        "--applicant",
        "a",
        "--consignee",
        "b",
        "--to",
        "MY",
        "--line",
        "h100-sxm:8",
        "--on",
        "2025-03-03",
        by=officer,
    )

    early = small_office.types(
        "shipment",
        "deliver",
        "S1",
        "--in",
        "MY",
        "--received-by",
        "acme",
        "--delivered-on",
        "2025-03-02",
        by=recorder,
    )
    before = small_office.types(
        "license", "deny", "D1", "--reason", "x", "--on", "2025-03-02", by=officer
    )
    ended = small_office.types(
        "license", "approve", "D1", "--on", "2025-03-04", "--expires-on", "2025-03-03", by=officer
    )

    for screen in (early, before, ended):
        assert (2, True) == (screen.code, "[DATES_ORDER]" in screen.err)


def test_a_wrong_passphrase_a_missing_key_and_a_strangers_key_sign_nothing(
    small_office, monkeypatch, tmp_path
):
    before = small_office.size()
    words = export()
    missing = small_office.types(*words, by="nobody")
    unnamed = small_office.types(*words)
    made = small_office.types(
        "key", "new", str(tmp_path / "own"), "--actor", "x", "--role", "trade_recorder"
    )
    stranger = small_office.types(*words, "--key", str(tmp_path / "own"))
    monkeypatch.setenv("CHIP_LEDGER_PASSPHRASE", "wrong")
    wrong = small_office.types(*words, by="trade_recorder")
    monkeypatch.delenv("CHIP_LEDGER_PASSPHRASE")
    alone = small_office.types(*words, by="trade_recorder")

    assert 0 == made.code
    assert (3, True) == (missing.code, "[KEY_FILE_MISSING]" in missing.err)
    assert (3, True) == (unnamed.code, "[KEY_NOT_NAMED]" in unnamed.err)
    assert (7, True) == (stranger.code, "[KEY_UNKNOWN]" in stranger.err)
    assert (7, True) == (wrong.code, "[PASSPHRASE_WRONG]" in wrong.err)
    assert (7, True) == (alone.code, "[PASSPHRASE_MISSING]" in alone.err)
    assert before == small_office.size()


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0" + b"\0" * 4_000, b"a letter, and no ledger " * 90]
)
def test_what_is_not_a_ledger_is_not_read_as_one(small_office, tmp_path, content):
    (tmp_path / "letter.db").write_bytes(content)

    for verb in ("quotas", "verify", "flags"):
        screen = small_office.types(verb, "--ledger", str(tmp_path / "letter.db"))
        assert (3, True) == (screen.code, "[NOT_A_LEDGER]" in screen.err), screen
        screen = small_office.types(verb, "--ledger", str(tmp_path / "nowhere.db"))
        assert (3, True) == (screen.code, "[LEDGER_MISSING]" in screen.err)
    assert not (tmp_path / "nowhere.db").exists()


@contextmanager
def nobody():
    """Whoever may only read: root could write whatever the mode says."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_copy_answers_every_question_and_takes_no_entry(small_office, tmp_path):
    small_office.types(*export(), by="trade_recorder")
    small_office.types("checkpoint", "--log-key", str(small_office.folder / "log"))
    questions = ("shipments", "quotas", "flags", "licenses", "verify")
    expected = {verb: small_office.types(verb).out for verb in questions}
    copy = tmp_path / "copy"
    copy.mkdir()
    file = Path(small_office.place.removeprefix("sqlite:///"))
    (copy / "ledger.db").write_bytes(file.read_bytes())
    (copy / "ledger.db").chmod(0o444)
    copy.chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o077 == 0:
            folder.chmod(0o755)
    (small_office.folder / "trade_recorder").chmod(0o644)

    with nobody():
        answers = {
            verb: small_office.types(verb, "--ledger", str(copy / "ledger.db")).out
            for verb in questions
        }
        refused = small_office.types(
            "shipment",
            "void",
            "S1",
            "--reason",
            "x",
            "--ledger",
            str(copy / "ledger.db"),
            by="trade_recorder",
        )

    assert expected == answers
    assert (7, True) == (refused.code, "[READ_ONLY]" in refused.err)


def test_a_locked_ledger_says_to_try_again(small_office, monkeypatch):
    monkeypatch.setattr("ledger.store.PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(Store.open.__func__, "__kwdefaults__", {"patience_seconds": 0.2})
    before = small_office.size()
    other = Store.open(small_office.place)
    with other.writing():
        screen = small_office.types(*export(), by="trade_recorder")
    other.close()

    assert (6, True) == (screen.code, "[LEDGER_LOCKED]" in screen.err)
    assert before == small_office.size()


def test_ctrl_c_leaves_what_was_reported_and_nothing_else(small_office, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(
            f'{{"command":"shipment.export","shipment":"S{n}","authority":"none","lines":'
            '[{"model":"h100-sxm","units":1}],"ultimate_consignee":"acme","route":["US","MY"],'
            '"exported_on":"2025-01-01"}\n'
            for n in range(20_000)
        )
    )
    before = small_office.size()
    # Whoever runs the tests in the background may have Ctrl-C ignored, and children inherit that.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    typing = subprocess.Popen(
        [
            Path(sys.executable).with_name("chip-ledger"),
            "import",
            rows,
            "--key",
            small_office.folder / "trade_recorder",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, ours)
    # Kept open, so that it looks before the import is over.
    watching = Ledger.open(small_office.place)
    while watching.size() == before:
        assert typing.poll() is None, typing.communicate()
        time.sleep(0.005)
    typing.send_signal(signal.SIGINT)
    watching.close()
    _, said = typing.communicate(timeout=60)
    recorded = small_office.size() - before

    assert 1 == typing.returncode
    assert "error: interrupted\nhint: what was reported as recorded is recorded" in said
    assert 0 == recorded % 1_000
    assert 0 < recorded < 20_000

    again = small_office.types("import", str(rows), by="trade_recorder")
    assert 0 == again.code
    assert f"{20_000 - recorded:,} accepted, {recorded:,} duplicate" in again.err
    assert before + 20_000 == small_office.size()
