"""What is answered to a case that cannot be made, and to a ZIP that is no case file."""

import sqlite3
import stat
import struct
import zipfile
from io import BytesIO

import pytest
from casebook import book
from world import ORIGIN, party

from commands.__main__ import run
from ledger import keyfile
from ledger.casefile import pack, sealed
from ledger.errors import Malformed, NotAuthentic
from ledger.log import Ledger
from ledger.verification.casefile import CASE_BYTES_MAX, FILES_MAX, read_case, verify_case


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return book(tmp_path_factory.mktemp("book"))


def answered(capsys, *words):
    capsys.readouterr()
    code = run([*words])
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("words", "code", "problem", "remedy"),
    [
        (
            ("case", "party:nobody", "--out", "OUT"), 3,
            "error: 'party:nobody' is no flag or alert that stands, and no entry speaks of it"
            " [CASE_EMPTY]",
            "hint: `chip-ledger flags --all` and `alerts --all` list them; a subject is named like"
            " party:ID",
        ),
        (
            ("case", "party:other", "--out", "OUT"), 3,
            "error: no flag stands on party:other, so a case of it would cite nothing [CASE_EMPTY]",
            "hint: --whole-streams brings everything that was said of it",
        ),
        (
            ("case", "party:acme", "--out", "HERE"), 5,
            "error: HERE is there already [FILE_EXISTS]", "hint: give another name, or --force",
        ),
        (
            ("case", "party:acme", "--out", "NOWHERE/case.zip"), 3,
            "error: there is no folder NOWHERE [FOLDER_MISSING]", "hint: make it, or name another",
        ),
    ],
    ids=["nothing", "nothing cited", "there already", "no folder"],
)  # fmt: skip
def test_a_case_that_cannot_be_made(made, capsys, tmp_path, words, code, problem, remedy):
    here = tmp_path / "here.zip"
    here.write_text("mine")
    places = {"OUT": tmp_path / "case.zip", "NOWHERE": tmp_path / "nowhere", "HERE": here}

    def spelled(text):
        for name in ("NOWHERE", "HERE", "OUT"):
            text = text.replace(name, str(places[name]))
        return text

    ended, said = answered(capsys, *map(spelled, words), "--ledger", made.place)

    assert (code, [spelled(problem), remedy]) == (ended, said)
    assert "mine" == here.read_text()
    assert [here] == list(tmp_path.iterdir())


def test_entries_after_the_checkpoint_are_not_proved(tmp_path, capsys):
    made = book(tmp_path)
    ledger = Ledger.open(made.place)
    ledger.append([party("late")], made.recorder)
    ledger.close()

    ended, said = answered(
        capsys,
        "case",
        "party:late",
        "--whole-streams",
        "--ledger",
        made.place,
        "--out",
        str(tmp_path / "x.zip"),
    )

    assert 5 == ended
    assert [
        "error: entry 13 belongs to the case, and the newest checkpoint covers 12 entries"
        " [CASE_UNCOVERED]",
        "hint: chip-ledger checkpoint, then the same command again",
    ] == said  # fmt: skip


def test_a_case_is_sealed_with_the_logs_key_and_no_other(made, tmp_path, capsys, monkeypatch):
    keyfile.save(tmp_path / "mine", made.recorder, b"correct horse", rounds=1)
    monkeypatch.setenv("CHIP_LEDGER_PASSPHRASE", "correct horse")

    ended, said = answered(
        capsys, "case", "party:acme", "--seal", str(tmp_path / "mine"), "--ledger", made.place,
        "--out", str(tmp_path / "x.zip"),
    )  # fmt: skip

    assert 7 == ended
    assert [
        f"error: key {made.recorder.kid} is not the log key of {ORIGIN} [LOG_KEY]",
        "hint: a case is sealed with the log's key, like a checkpoint: --seal log",
    ] == said


def test_a_timestamp_of_another_checkpoint_is_refused(made, tmp_path, capsys):
    reply = tmp_path / "reply.tsr"
    reply.write_bytes(b"stamped")

    ended, said = answered(
        capsys, "case", "party:acme", "--timestamp", str(reply), "--ledger", made.place,
        "--out", str(tmp_path / "x.zip"),
    )  # fmt: skip

    assert 2 == ended
    assert [
        f"error: {reply} is no granted reply of a timestamp authority over the newest checkpoint"
        " [TIMESTAMP_FORM]",
        "hint: chip-ledger checkpoint > checkpoint, then openssl ts -query -data checkpoint"
        " -sha256 -cert -out checkpoint.tsq, and let the authority answer that",
    ] == said


def test_without_any_checkpoint_nothing_is_proved(tmp_path, capsys):
    made = book(tmp_path)
    _altered(made, "DELETE FROM checkpoints")

    ended, said = answered(
        capsys, "case", "party:acme", "--ledger", made.place, "--out", str(tmp_path / "x.zip")
    )

    assert 3 == ended
    assert [
        "error: the ledger has no checkpoint, so nothing in a case could be proved"
        " [CHECKPOINT_MISSING]",
        "hint: chip-ledger checkpoint",
    ] == said  # fmt: skip


def test_of_an_altered_ledger_no_case_is_made(tmp_path, capsys):
    made = book(tmp_path)
    _altered(
        made,
        'UPDATE entries SET line = replace(CAST(line AS TEXT), \'"sig":"\', \'"sig":"AAAA\')'
        " WHERE type = 'party.renamed.v1'",
        "UPDATE entries SET line = CAST(line AS BLOB)",
    )

    ended, said = answered(
        capsys, "case", "party:acme", "--ledger", made.place, "--out", str(tmp_path / "x.zip")
    )

    assert 4 == ended
    assert said[0].startswith("error: what the ledger holds does not verify: INCLUSION: entry ")
    assert said[0].endswith("[CASE_INVALID]")
    assert "hint: it was altered: chip-ledger verify" == said[1]
    assert not (tmp_path / "x.zip").exists()


def _altered(made, *statements: str) -> None:
    database = sqlite3.connect(made.place.removeprefix("sqlite:///"))
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        database.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


# ── ZIPs that are no case file ──────────────────────────────────────────────────────────────────


def zipped(made, *more: tuple[str, bytes], without: str = "", method: int = zipfile.ZIP_STORED):
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, content in (*sealed(made.files).items(), *more):
            if name != without:
                archive.writestr(zipfile.ZipInfo(name), content, method)
    return whole.getvalue()


def linked(made):
    whole = BytesIO(zipped(made, without="README"))
    with zipfile.ZipFile(whole, "a") as archive:
        link = zipfile.ZipInfo("README")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return whole.getvalue()


def boastful(made):
    """A file that says it unpacks to more than may be held."""
    whole = bytearray(zipped(made))
    at = whole.index(b"PK\x01\x02")
    whole[at + 24 : at + 28] = struct.pack("<I", CASE_BYTES_MAX + 1)
    return bytes(whole)


def crowded(_made):
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number in range(FILES_MAX + 1):
            archive.writestr(zipfile.ZipInfo(f"proofs/{number}.tlog-proof"), b"")
    return whole.getvalue()


def encrypted(made):
    whole = bytearray(zipped(made))
    at = whole.index(b"PK\x01\x02")
    whole[at + 8] |= 1
    return bytes(whole)


HOSTILE = {
    "no ZIP": (lambda made: b"hello", "it is not a ZIP: File is not a zip file"),
    "half a ZIP": (lambda made: zipped(made)[:-40], "it is not a ZIP: ..."),
    "climbs out": (
        lambda made: zipped(made, ("../../etc/cron.d/x", b"")),
        "a case file holds no '../../etc/cron.d/x'",
    ),
    "from the root": (lambda made: zipped(made, ("/etc/x", b"")), "a case file holds no '/etc/x'"),
    "by another name": (
        lambda made: zipped(made, ("readme.exe", b"")), "a case file holds no 'readme.exe'"
    ),
    "hidden name": (
        lambda made: zipped(made, ("keys/..\\x.pem", b"")),
        "a case file holds no 'keys/..\\\\x.pem'",
    ),
    "a file twice": (lambda made: zipped(made, ("README", b"")), "it holds README twice"),
    "without lines": (lambda made: zipped(made, without="entries.jsonl"), "it lacks entries.jsonl"),
    "a link": (linked, "its README is a link"),
    "a bomb": (boastful, "it unpacks to ... bytes, and 268,435,456 is the limit"),
    "too many files": (crowded, "it holds 50,001 files, and 50,000 is the limit"),
    "encrypted": (
        encrypted, "its ... is encrypted, or packed in another way than ZIPs are"
    ),
    "packed otherwise": (
        lambda made: zipped(made, method=zipfile.ZIP_LZMA),
        "its ... is encrypted, or packed in another way than ZIPs are",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_case_file_is_refused_before_it_is_read(made, name):
    make, problem = HOSTILE[name]

    with pytest.raises(Malformed) as caught:
        read_case(make(made))

    first, dots, last = f"this is not a case file: {problem}".partition("...")
    assert caught.value.problem.startswith(first)
    assert caught.value.problem.endswith(last) if dots else first == caught.value.problem
    assert "give the ZIP that chip-ledger case made, as it was made" == caught.value.remedy
    assert ("CASE_FORM", 2) == (caught.value.code, caught.value.exit)


def test_a_file_larger_than_any_case_is_not_read():
    with pytest.raises(Malformed) as caught:
        read_case(bytes(CASE_BYTES_MAX + 1))

    assert (
        "this is not a case file: it has 268,435,457 bytes, and 268,435,456 is the limit"
        == caught.value.problem
    )


def test_a_bomb_that_lies_about_its_size_unpacks_to_no_more_than_it_says(made):
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sealed(made.files).items():
            archive.writestr(name, bytes(50_000_000) if name == "README" else content)
    raw = bytearray(whole.getvalue())
    at = raw.index(b"README", raw.index(b"PK\x01\x02")) - 46
    raw[at + 24 : at + 28] = struct.pack("<I", 1_000)

    with pytest.raises(NotAuthentic) as caught:
        read_case(bytes(raw))

    assert "CASE_DAMAGED" == caught.value.code


def test_a_damaged_file_is_not_what_was_signed(made, tmp_path, capsys):
    raw = made.zip.replace(b"A case file of a chip ledger", b"A case life of a chip ledger", 1)
    path = tmp_path / "case.zip"
    path.write_bytes(raw)

    ended, said = answered(capsys, "case", "verify", str(path))

    assert 4 == ended
    assert [
        "error: a file in the ZIP is damaged: Bad CRC-32 for file 'README' [CASE_DAMAGED]",
        "hint: get the case file again from whoever made it",
    ] == said  # fmt: skip


def test_an_anchor_that_is_no_text_is_said_to_be_none(made, tmp_path, capsys):
    (tmp_path / "case.zip").write_bytes(made.zip)
    anchor = tmp_path / "anchor"
    anchor.write_bytes(b"\xff\xfe")

    ended, said = answered(
        capsys, "case", "verify", str(tmp_path / "case.zip"), "--anchor", str(anchor)
    )

    assert 2 == ended
    assert f"error: {anchor} is not a text file in UTF-8 [NOT_UTF8]" == said[0]


def test_a_file_that_manifest_lists_and_that_is_gone_is_missed(made):
    files = sealed(made.files)
    gone = next(name for name in files if name.startswith("keys/"))
    held = read_case(pack({name: content for name, content in files.items() if name != gone}))

    report = verify_case(held)

    assert ("INVALID", 4) == (report.verdict, report.exit)
    assert [f"MANIFEST: {gone} is in MANIFEST and is not here"] == [str(f) for f in report.findings]
