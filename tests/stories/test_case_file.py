"""A case file on its way to a court: made, opened in browser and shell, tampered with."""

import json
import re
import shutil
import subprocess
import zipfile
from io import BytesIO

import pytest
from browser import browsing
from casebook import (
    TAMPERED,
    a_key_file,
    an_entry_left_out,
    another_readme,
    book,
    sealed_by,
    shell,
    stamp,
    unpacked,
)
from forge import said

from commands.__main__ import run
from ledger import keyfile
from ledger.casefile import pack, sealed
from ledger.signatures import generate
from ledger.verification import parse_anchor
from ledger.verification.casefile import read_case, verify_case


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def quantum(tmp_path_factory):
    return book(tmp_path_factory.mktemp("quantum"), post_quantum=True)


@pytest.fixture(scope="module")
def browser():
    with browsing() as page:
        yield page


def answer(zipped, anchor=None):
    return verify_case(read_case(zipped), None if anchor is None else parse_anchor(anchor))


def codes(report):
    return {one.code for one in report.findings}


def test_all_three_verifiers_say_valid(made, browser, tmp_path):
    folder = unpacked(sealed(made.files), tmp_path / "case")
    (tmp_path / "held").write_text(made.anchor)

    report = answer(made.zip, made.anchor)
    code, words = shell(folder, str(tmp_path / "held"))
    browser.open(folder / "verify.html")
    page = browser.answer("result")

    assert ("VALID", 0) == (report.verdict, report.exit)
    assert 0 == code, words
    assert f"VALID: {report.entries} entries under a checkpoint over 12" in words
    assert {
        "verdict": "VALID", "findings": [], "verified": report.entries, "unchecked": 0
    } == page  # fmt: skip
    assert [(folder / "verify.html").as_uri()] == browser.asked_for()
    assert [] == browser.complaints()


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda each: each.__name__)
def test_all_three_find_what_was_done(made, browser, tmp_path, tamper):
    files = sealed(tamper(made.files))
    folder = unpacked(files, tmp_path / "case")

    report = answer(pack(files))
    code, words = shell(folder)
    browser.open(folder / "verify.html")
    page = browser.answer("result")

    assert ("INVALID", 4) == (report.verdict, report.exit)
    assert TAMPERED[tamper] in codes(report)
    assert 4 == code
    assert f"wrong: {TAMPERED[tamper]}" in words
    assert "INVALID" == page["verdict"]
    assert TAMPERED[tamper] in {one["code"] for one in page["findings"]}


def test_a_file_that_manifest_does_not_mean_is_found_by_all(made, browser, tmp_path):
    files = another_readme(made)
    folder = unpacked(files, tmp_path / "case")

    report = answer(pack(files))
    code, words = shell(folder)
    browser.open(folder / "verify.html")
    page = browser.answer("result")

    assert {"MANIFEST"} == codes(report)
    assert (4, True) == (code, "wrong: MANIFEST: README" in words)
    assert {"MANIFEST"} == {one["code"] for one in page["findings"]}


def test_a_key_file_under_anothers_name_is_found_by_all(made, browser, tmp_path):
    files = sealed(a_key_file(made.files))
    folder = unpacked(files, tmp_path / "case")

    report = answer(pack(files))
    code, words = shell(folder)
    browser.open(folder / "verify.html")
    page = browser.answer("result")

    assert {"CASE_PAPERS"} == codes(report)
    assert (4, True) == (code, "wrong: KEY_ID" in words)
    assert {"CASE_PAPERS"} == {one["code"] for one in page["findings"]}


LACKING = """
for (const name of ["generateKey", "importKey"]) {
  const known = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = function (...given) {
    return given.some((each) => each?.name?.startsWith("ML-DSA"))
      ? Promise.reject(new DOMException("Unrecognized name", "NotSupportedError"))
      : known.apply(this, given);
  };
}
"""


def test_where_a_browser_lacks_ml_dsa_nothing_is_called_valid(quantum, browser, tmp_path):
    folder = unpacked(sealed(quantum.files), tmp_path / "case")
    added = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=LACKING)

    browser.open(folder / "verify.html")
    page = browser.answer("result")
    said = browser.answer("document.getElementById('verdict').innerText")
    browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

    assert ("PARTIAL", [], 1) == (page["verdict"], page["findings"], page["unchecked"])
    assert said.startswith("PARTIAL")
    assert f"1 of {page['verified'] + 1} signatures were not checked." in said
    assert "VALID" == answer(quantum.zip).verdict


def test_a_shell_without_ml_dsa_says_so(quantum, tmp_path):
    folder = unpacked(sealed(quantum.files), tmp_path / "case")
    known = subprocess.run(
        ["openssl", "list", "-signature-algorithms"], capture_output=True, text=True, check=False
    )

    code, words = shell(folder)

    if "ML-DSA" in known.stdout:
        assert 0 == code, words
    else:
        assert 3 == code, words
        assert "PARTIAL" in words
        assert "1 signatures were not checked" in words


def test_the_page_compares_an_anchor_that_is_pasted(made, browser, tmp_path):
    folder = unpacked(sealed(made.files), tmp_path / "case")
    browser.open(folder / "verify.html")
    browser.answer("result")
    paste = (
        "document.getElementById('held').value = %s;"
        "document.getElementById('held').dispatchEvent(new Event('input'));"
        "document.getElementById('held-answer').textContent"
    )

    same = browser.answer(paste % json.dumps(made.anchor))
    other = browser.answer(paste % json.dumps(made.anchor.replace("opening  ", "opening  A")))

    assert same.startswith("the same")
    assert "NOT the ledger you mean: opening differ" == other


COMPARED = """
new Promise((tell) => {
  const asked = setInterval(() => compared && (clearInterval(asked), tell(compared)), 20);
})
"""
"""What the page made of the folder, once it has heard of it."""


def folder_compared(browser, folder):
    browser.open(folder / "verify.html")
    browser.answer("result")
    browser.choose("#folder", folder)
    return browser.answer(COMPARED)


def test_the_page_compares_the_files_beside_it(made, browser, tmp_path):
    folder = unpacked(sealed(made.files), tmp_path / "case")
    same = folder_compared(browser, folder)
    (folder / "entries.jsonl").write_bytes((folder / "entries.jsonl").read_bytes()[:-2])
    (folder / "note.txt").write_text("hello")
    other = folder_compared(browser, folder)

    assert {"same": len(sealed(made.files)), "wrong": [], "sealed": None} == same
    assert [
        "entries.jsonl is another than was checked here", "note.txt belongs to no case file"
    ] == other["wrong"]  # fmt: skip


def test_all_three_say_whether_the_log_sealed_the_case(made, browser, tmp_path):
    files = sealed_by(made.files, made.log)
    folder = unpacked(files, tmp_path / "case")
    code, words = shell(folder)
    compared = folder_compared(browser, folder)
    report = answer(pack(files))

    assert ("VALID", 0) == (report.verdict, code), words
    assert report.steps[1].outcome.endswith("files; sealed by the log")
    assert "MANIFEST.sig: sealed by the log" in words
    assert {"same": len(sealed(made.files)), "wrong": [], "sealed": True} == compared
    assert "no MANIFEST.sig" in answer(made.zip).verdict_line()


def test_openssh_says_the_same_of_a_seal(made, tmp_path):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed: on Debian, apt-get install openssh-client")
    folder = unpacked(sealed_by(made.files, made.log), tmp_path / "case")

    said = subprocess.run(
        ["ssh-keygen", "-Y", "check-novalidate", "-n", "chip-ledger/case/v1", "-s",
         str(folder / "MANIFEST.sig")],
        input=(folder / "MANIFEST").read_bytes(), capture_output=True, check=False,
    )  # fmt: skip

    assert 0 == said.returncode, said.stderr


def by_another(made):
    return sealed_by(made.files, generate("ed25519"))


def over_other_files(made):
    return {
        **sealed({**made.files, "README": b"another\n"}),
        "MANIFEST.sig": sealed_by(made.files, made.log)["MANIFEST.sig"],
    }


def no_signature(made):
    return {**sealed(made.files), "MANIFEST.sig": b"sealed by the log\n"}


@pytest.mark.parametrize("forged", [by_another, over_other_files, no_signature])
def test_all_three_find_a_seal_that_is_not_the_logs(made, browser, tmp_path, forged):
    files = forged(made)
    folder = unpacked(files, tmp_path / "case")
    code, words = shell(folder)
    compared = folder_compared(browser, folder)

    assert {"MANIFEST"} == codes(answer(pack(files)))
    assert (4, True) == (code, "wrong: MANIFEST: MANIFEST.sig is not the log's" in words)
    assert "MANIFEST.sig is not the log's signature on MANIFEST" in compared["wrong"]


def test_a_timestamp_is_held_against_the_checkpoint_and_its_authority(made, tmp_path):
    reply, authority = stamp(tmp_path / "authority", made.files["checkpoint"])
    _, other = stamp(tmp_path / "other", b"")
    files = sealed({**made.files, "checkpoint.tsr": reply.read_bytes()})
    folder = unpacked(files, tmp_path / "case")
    (tmp_path / "held").write_text(made.anchor)
    report = answer(pack(files))

    assert "VALID" == report.verdict
    assert re.search(r"a timestamp says \d{14}Z", report.steps[2].outcome)
    assert "the timestamp's signature" in report.verdict_line()
    code, words = shell(folder, str(tmp_path / "held"), str(authority))
    assert (0, True) == (code, "   checkpoint.tsr: " in words), words
    code, words = shell(folder, str(tmp_path / "held"), str(other))
    assert (4, True) == (code, "wrong: CHECKPOINT_TIMESTAMP" in words)
    assert "NOT CHECKED: checkpoint.tsr" in shell(folder)[1]


def test_a_timestamp_of_something_else_is_found(made, tmp_path):
    reply, authority = stamp(tmp_path / "authority", made.files["checkpoint"] + b"more")
    files = sealed({**made.files, "checkpoint.tsr": reply.read_bytes()})
    folder = unpacked(files, tmp_path / "case")

    assert {"CHECKPOINT_TIMESTAMP"} == codes(answer(pack(files)))
    for cut in (0, 1, 40, 200):
        short = sealed({**made.files, "checkpoint.tsr": reply.read_bytes()[:cut]})
        assert {"CHECKPOINT_TIMESTAMP"} == codes(answer(pack(short)))
    code, words = shell(folder, str(folder / "anchor"), str(authority))
    assert (4, True) == (code, "wrong: CHECKPOINT_TIMESTAMP" in words)


def verified(case, *options):
    """The exit code of `case verify`."""
    with pytest.raises(SystemExit) as ended:
        run(["case", "verify", str(case), *options])
    return ended.value.code


def test_the_command_seals_and_puts_a_timestamp_in(made, tmp_path, monkeypatch):
    keyfile.save(tmp_path / "log", made.log, b"correct horse", rounds=1)
    monkeypatch.setenv("CHIP_LEDGER_PASSPHRASE", "correct horse")
    reply, _ = stamp(tmp_path / "authority", made.files["checkpoint"])
    out = tmp_path / "case.zip"

    assert 0 == run(["case", "party:acme", "--seal", str(tmp_path / "log"), "--timestamp",
                     str(reply), "--ledger", made.place, "--out", str(out)])  # fmt: skip
    files = read_case(out.read_bytes())
    assert reply.read_bytes() == files["checkpoint.tsr"]
    assert "sealed by the log" in answer(out.read_bytes(), made.anchor).steps[1].outcome
    assert json.loads(files["flags.json"])["sealed"] is True
    assert "<dt>sealed</dt><dd>yes: MANIFEST.sig" in files["report.html"].decode()
    assert 0 == verified(out, "--sealed")


def test_all_three_miss_a_seal_that_was_taken_off(made, browser, tmp_path):
    marked = made.files["flags.json"].replace(b'"sealed": false', b'"sealed": true')
    files = sealed({**made.files, "flags.json": marked})
    folder = unpacked(files, tmp_path / "case")
    code, words = shell(folder)
    compared = folder_compared(browser, folder)

    missed = "flags.json says that the log sealed it: MANIFEST.sig is not here"
    assert [missed] == [one.problem for one in answer(pack(files)).findings]
    assert (4, True) == (code, f"wrong: MANIFEST: {missed}" in words)
    assert [missed] == compared["wrong"]


def test_who_was_told_of_a_seal_asks_for_it(made, capsys, tmp_path):
    zipped = tmp_path / "case.zip"
    zipped.write_bytes(made.zip)

    assert "<dt>sealed</dt><dd>no: nobody signed" in made.files["report.html"].decode()
    code, words = shell(unpacked(sealed(made.files), tmp_path / "case"))
    assert (0, True) == (code, "told of a seal: chip-ledger case verify FILE.zip --sealed" in words)
    assert 0 == verified(zipped)
    assert 4 == verified(zipped, "--sealed")
    assert "MANIFEST: no seal: MANIFEST.sig is not here" in capsys.readouterr().out


def test_the_verdict_on_a_case_is_had_as_data(made, capsys, tmp_path):
    zipped = tmp_path / "case.zip"
    zipped.write_bytes(made.zip)

    assert 4 == verified(zipped, "--sealed", "--format", "json")
    said = json.loads(capsys.readouterr().out)
    assert ("INVALID", ["MANIFEST"]) == (said["verdict"], [one["code"] for one in said["findings"]])
    assert [*range(1, 9)] == [step["number"] for step in said["steps"]]


def test_the_report_shows_names_as_text_and_runs_nothing(made, browser, tmp_path):
    folder = unpacked(sealed(made.files), tmp_path / "case")

    browser.open(folder / "report.html")
    words = browser.answer("document.body.innerText")

    assert 0 == browser.answer("document.querySelectorAll('script, b').length")
    assert "Acme <b>Compute</b> & Sons" in words
    assert "126,656 TPP" in words
    assert "c.lind" in words
    assert [(folder / "report.html").as_uri()] == browser.asked_for()
    assert [] == browser.complaints()


def test_the_same_question_gives_the_same_bytes(made, tmp_path, capsys):
    out = tmp_path / "again.zip"

    assert 0 == run(["case", "party:acme", "--valid-on", "2026-11-22", "--whole-streams",
                     "--ledger", made.place, "--out", str(out)])  # fmt: skip
    assert made.zip == out.read_bytes()
    with zipfile.ZipFile(BytesIO(made.zip)) as archive:
        names = archive.namelist()
        assert sorted(names) == names
        assert {(1980, 1, 1, 0, 0, 0)} == {each.date_time for each in archive.infolist()}


def test_a_case_of_what_was_known_then_brings_no_later_entry_but_those_of_keys(made, tmp_path):
    out = tmp_path / "then.zip"
    then = json.loads(made.files["flags.json"])["entries"][-1] - 1

    assert 0 == run(["case", "party:acme", "--whole-streams", "--known-at", str(then),
                     "--ledger", made.place, "--out", str(out)])  # fmt: skip
    files = read_case(out.read_bytes())
    said = json.loads(files["flags.json"])
    assert then == said["as_of_entry"]
    assert said["entries"][-1] <= then
    assert "VALID" == answer(out.read_bytes()).verdict


def test_flags_json_says_what_stands_and_why(made):
    said = json.loads(made.files["flags.json"])

    assert {"without-authority"} <= {flag["rule"] for flag in said["flags"]}
    assert all(set(flag["evidence"]) <= set(said["entries"]) for flag in said["flags"])
    assert not said["simulated"]


@pytest.fixture(scope="module")
def cited(made, tmp_path_factory):
    """The case of the same party, with what is cited and no more."""
    out = tmp_path_factory.mktemp("cited") / "case.zip"
    assert 0 == run(["case", "party:acme", "--valid-on", "2026-11-22", "--ledger", made.place,
                     "--out", str(out)])  # fmt: skip
    with zipfile.ZipFile(out) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    return {name: held[name] for name in held if name not in ("verify.html", "MANIFEST")}


def types(files):
    return [json.loads(said(line)[0])["type"] for line in files["entries.jsonl"].splitlines()]


def test_what_no_flag_rests_on_is_not_disclosed(made, cited):
    few, all_ = json.loads(cited["flags.json"]), json.loads(made.files["flags.json"])

    assert ("cited", "whole") == (few["streams"], all_["streams"])
    assert few["flags"] == all_["flags"]
    assert len(all_["entries"]) - len(few["entries"]) == few["left_out"] == 1
    assert {"party.capacity_declared.v1"} == {*types(made.files)} - {*types(cited)}
    assert 0 == all_["left_out"]


def test_a_case_of_what_is_cited_says_so_everywhere(cited, browser, tmp_path):
    """The second of the party's entries is left out, and the third is shown."""
    folder = unpacked(sealed(cited), tmp_path / "case")
    report = answer(pack(sealed(cited)))
    code, words = shell(folder)
    browser.open(folder / "verify.html")
    page = browser.answer("result")
    limits = browser.answer("document.getElementById('limits').innerText")

    assert ("VALID", 0, "VALID") == (report.verdict, code, page["verdict"]), words
    assert "what else was said of these subjects: only what is cited is" in report.not_checked
    assert "what is cited of each; 1 entries between them are not here" in words
    assert "this case shows only what it cites" in limits
    assert b"1 more entry of these subjects is in the ledger and not here" in cited["report.html"]
    assert b"What is cited, by the date it is about" in cited["report.html"]


def test_an_entry_that_is_not_cited_is_counted_and_not_missed(cited, browser, tmp_path):
    files = sealed(an_entry_left_out(cited))
    folder = unpacked(files, tmp_path / "case")

    report = answer(pack(files))
    code, words = shell(folder)
    browser.open(folder / "verify.html")
    page = browser.answer("result")

    assert ("VALID", 0, "VALID") == (report.verdict, code, page["verdict"]), words
    assert "2 between them are not here" in report.steps[4].outcome
    assert "2 entries between them are not here" in words


def test_of_keys_and_rules_nothing_may_be_left_out(cited, browser, tmp_path):
    files = sealed(an_entry_left_out(cited, "key.enrolled.v1"))
    folder = unpacked(files, tmp_path / "case")

    report = answer(pack(files))
    code, words = shell(folder)
    browser.open(folder / "verify.html")
    page = browser.answer("result")

    assert "STREAM_VERSION" in codes(report)
    assert (4, True) == (code, "wrong: STREAM_VERSION" in words)
    assert "STREAM_VERSION" in {one["code"] for one in page["findings"]}


def test_a_case_of_whole_streams_with_a_gap_is_no_case_of_what_is_cited(made):
    files = an_entry_left_out(made.files)
    files["flags.json"] = files["flags.json"].replace(b'"whole"', b'"else"')

    assert {"CASE_PAPERS", "STREAM_VERSION"} == codes(answer(pack(sealed(files))))


def test_under_supposed_rules_it_is_marked_everywhere(made, tmp_path):
    out = tmp_path / "supposed.zip"

    assert 0 == run(["case", "party:acme", "--policy", "diffusion-2025", "--ledger", made.place,
                     "--out", str(out)])  # fmt: skip
    files = read_case(out.read_bytes())

    assert json.loads(files["flags.json"])["simulated"]
    assert b"SIMULATED" in files["report.html"]


def test_the_command_verifies_with_the_anchor_that_is_held(made, tmp_path, capsys):
    (tmp_path / "case.zip").write_bytes(made.zip)
    (tmp_path / "held").write_text(made.anchor)
    other = tmp_path / "other"
    other.write_text(made.anchor.split("opening")[0] + "opening  " + "A" * 43 + "=\n")

    with pytest.raises(SystemExit) as held:
        run(["case", "verify", str(tmp_path / "case.zip"), "--anchor", str(tmp_path / "held")])
    right = capsys.readouterr().out
    with pytest.raises(SystemExit) as another:
        run(["case", "verify", str(tmp_path / "case.zip"), "--anchor", str(other)])
    wrong = capsys.readouterr().out

    assert (0, 4) == (held.value.code, another.value.code)
    assert "8. verdict: VALID" in right
    assert "on the case file's own word" not in right
    assert "ANCHOR" in wrong
