"""What the command line itself answers to what was typed: each message, word for word.

Messages of deciders, log and store stand in test_messages; reading verbs have a module of theirs.
"""

import pytest
from officers import LOG, open_ledger

from commands.__main__ import run
from commands.feeds import shipments_csv
from ledger import proof, terms
from ledger.checkpoint import parse_verifier_key
from ledger.errors import Exit, LedgerError, Malformed
from ledger.session import Session
from ledger.signatures import ALGORITHMS, generate


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A folder with nothing in it, and nobody's settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("CHIP_LEDGER", "CHIP_LEDGER_KEY", "CHIP_LEDGER_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


TYPED = [
    (
        ["explain", "NO_SUCH_THING"], "CODE_UNKNOWN", 3, "no error has the code 'NO_SUCH_THING'",
        "errors print theirs in brackets",
    ),
    (
        ["init", "--origin", "x.example"], "ADMIN_MISSING", 2,
        "a ledger needs a key administrator who signs its first entry here",
        "give --admin a.rivera --admin b.chen",
    ),
    (
        ["license", "deny", "D1", "--reason", "none"], "KEY_NOT_NAMED", 3,
        "no key was named to sign with", "name one with --key or CHIP_LEDGER_KEY",
    ),
    (
        ["license", "approve", "D1", "--condition", "report"], "CONDITION_FORM", 2,
        "'report' is not a condition",
        "write NAME=TEXT, such as quarterly_report='report every quarter'",
    ),
    (
        ["party", "count", "p1", "--site", "s1", "--taken-by", "an officer", "--evidence", "photo",
         "--line", "8 chips"],
        "LINE_FORM", 2, "'8 chips' does not say what it is, part by part",
        "write model=MODEL,units=UNITS,boxed=BOXED,serials=SERIALS, as far as known",
    ),
    (
        ["policy", "adopt", "./mine.toml"], "ID_FORM", 2,
        "./mine.toml is a file, and a pack is adopted by its id",
        "chip-ledger policy adopt ID --file FILE",
    ),
    (
        ["import", "rows.xls"], "FILE_FORM", 2, "rows.xls is neither .jsonl nor .csv",
        "name the file for what it holds: commands.jsonl, exports.csv",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "code", "exit_", "problem", "remedy"), TYPED, ids=[row[1] for row in TYPED]
)
def test_the_command_line_says_it_in_these_words(
    office, capsys, typed, code, exit_, problem, remedy
):
    open_ledger("ledger.db").close()
    (office / "rows.xls").write_text("1")
    answered = run(typed)

    assert f"error: {problem} [{code}]\nhint: {remedy}\n" == capsys.readouterr().err
    assert exit_ == answered


def test_without_a_checkpoint_nothing_is_proved(office, capsys):
    ledger = open_ledger("ledger.db")
    with ledger.store.writing() as transaction:
        transaction.connection.driver.execute("DROP TRIGGER checkpoints_no_delete")
        transaction.connection.driver.execute("DELETE FROM checkpoints")
    ledger.close()
    answered = run(["prove", "entry", "1"])

    assert (
        "error: the ledger has no checkpoint, so nothing can be proved yet [CHECKPOINT_MISSING]\n"
        "hint: chip-ledger checkpoint\n"
    ) == capsys.readouterr().err
    assert 3 == answered


def refused(deed, *arguments, **named):
    with pytest.raises(LedgerError) as caught:
        deed(*arguments, **named)
    said = caught.value
    return said.code, int(said.exit), said.problem, said.remedy


NOTE_KEY = {"origin": "x.example", "log_spki": LOG.spki}
MADE = [
    (
        terms.application_control_number, ("123",), "ACN_FORM", 2,
        "'123' is not an application control number",
        "write one letter and six digits, such as Z123456",
    ),
    (
        terms.eccn, ("3A09",), "ECCN_FORM", 2, "'3A09' is not an ECCN",
        "write it like 3A090.a, or EAR99",
    ),
    (
        generate, ("rsa",), "ALGORITHM_UNKNOWN", 2, "'rsa' is not a signature algorithm we know",
        f"choose one of {', '.join(ALGORITHMS)}",
    ),
    (
        parse_verifier_key, ("x.example+00000000+AA==",), "VERIFIER_KEY", 2,
        "'x.example+00000000+AA==' is not a log's verifier key",
        "copy it whole from the trust anchor: NAME+8 hex digits+base64",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("deed", "arguments", "code", "exit_", "problem", "remedy"), MADE, ids=[row[2] for row in MADE]
)
def test_what_was_typed_is_said_to_be_wrong_in_these_words(
    deed, arguments, code, exit_, problem, remedy
):
    assert (code, exit_, problem, remedy) == refused(deed, *arguments)


def test_a_proof_is_read_strictly():
    assert (
        "PROOF_ENTRY", 2, "an inclusion proof speaks of an entry, and no entry was given",
        "give the entry's line in a file with --entry",
    ) == refused(proof.check, f"{proof.INCLUSION}\n\n", line=None, **NOTE_KEY)  # fmt: skip
    code, exit_, problem, _ = refused(proof.check, "hello", line=b"", **NOTE_KEY)
    assert ("PROOF_FORM", 2) == (code, exit_)
    assert problem.endswith("its first line is 'hello'")


def test_a_passphrase_comes_from_somewhere(office):
    assert (
        "PASSPHRASE_MISSING", 7,
        "a passphrase is needed, and nobody is at the keyboard to be asked",
        "set CHIP_LEDGER_PASSPHRASE, or name a file with --passphrase-file",
    ) == refused(Session(environment={}).passphrase, "passphrase: ")  # fmt: skip
    assert (
        "PASSPHRASE_FILE", 3,
        "the passphrase file gone cannot be read: No such file or directory",
        "name a file that holds the passphrase on its first line",
    ) == refused(Session(passphrase_file="gone", environment={}).passphrase, "")  # fmt: skip


def test_a_passphrase_is_typed_twice_in_the_same_way(office, monkeypatch):
    typed = iter(["correct horse", "correct house"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("ledger.session.getpass", lambda _prompt: next(typed))

    assert (
        "PASSPHRASES_DIFFER", 2, "the two passphrases differ", "type the command again",
    ) == refused(Session(environment={}).passphrase, "", again=True)  # fmt: skip


def test_a_sheet_names_its_columns():
    with pytest.raises(Malformed) as caught:
        shipments_csv._header(shipments_csv._cells(1, b"shipment,color\n"))
    needed, more = ", ".join(shipments_csv.REQUIRED), ", ".join(shipments_csv.OPTIONAL)
    lacks = needed.removeprefix("shipment, ")

    assert "CSV_HEADER" == caught.value.code
    assert f"the header lacks {lacks} and has the unknown 'color'" == caught.value.problem
    assert f"columns are {needed}; and {more}" == caught.value.remedy


def test_an_option_a_verb_does_not_have_is_sent_to_its_help(capsys):
    """Between the two stands how the program was called."""
    assert Exit.USAGE == run(["statistics", "open", "shipped_tpp", "--zzz"])

    problem, hint = capsys.readouterr().err.splitlines()
    assert "error: No such option '--zzz'." == problem
    assert hint.startswith("hint: ")
    assert hint.endswith(" statistics open --help")
