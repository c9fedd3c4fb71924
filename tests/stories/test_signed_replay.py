"""A replay is signed, handed on, and checked by somebody else against the same ledger."""

import json
from base64 import b64decode
from hashlib import sha256

import pytest
from click.testing import CliRunner
from officers import CHEN, RIVERA, open_ledger
from reader import VERBS
from world import H100, adopted, approved, licensed, party

from ledger.envelope import PAYLOAD_TYPE, pae, seal
from ledger.errors import Malformed, NotAuthentic, NotPermitted, Refused, Unknown
from ledger.explain import ERRORS, FINDINGS
from ledger.log import Ledger
from ledger.signatures import Verifier, generate
from ledger.statement import opened, sealed
from projections.cli.replay import STATEMENT

BIG = approved(lines=(licensed(790_000_000 // H100 + 1),))
POLICY = ("--policy", "diffusion-2025", "--only", "decisions")


class Office:
    """Somebody with a key at a ledger."""

    def __init__(self, place, key=RIVERA):
        self.ledger_place, self._key = str(place), key

    def open(self):
        return Ledger.open(self.ledger_place)

    def signer(self):
        return self._key

    def type(self, *words):
        return CliRunner().invoke(
            VERBS["replay"], [*map(str, words)], obj=self, catch_exceptions=False
        )


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "ledger.db"
    ledger = open_ledger(str(place))
    ledger.append([adopted(), party(), BIG], RIVERA)
    ledger.close()
    return place


@pytest.fixture
def signed(place, tmp_path):
    said = Office(place).type(*POLICY, "--sign", "--out", tmp_path / "replay.json")
    assert 0 == said.exit_code, said.output
    return tmp_path / "replay.json", said


def test_a_signed_replay_says_all_that_it_rests_on_and_is_valid(place, signed):
    path, said = signed
    line = json.loads(path.read_bytes())
    payload = b64decode(line["payload"])
    report = json.loads(payload)

    assert STATEMENT == line["payloadType"]
    assert ("ledger.example.gov/chips", 4, True) == (
        report["origin"], report["size"], report["simulated"]
    )  # fmt: skip
    assert ["diffusion-2025"] == [pack["label"] for pack in report["asked"]["packs"]]
    assert ["refused"] == [row["change"] for row in report["rows"]]
    assert sha256(payload).hexdigest() in said.stderr
    Verifier("ed25519", RIVERA.spki).verify(
        pae(payload, STATEMENT), b64decode(line["signatures"][0]["sig"])
    )

    answer = Office(place, CHEN).type("verify", path)

    assert 0 == answer.exit_code
    assert "signed by a.rivera with key" in answer.stdout
    assert "VALID: run again, the same 1 row; SIMULATED under diffusion-2025" in answer.stdout

    as_data = Office(place, CHEN).type("verify", path, "--format", "json")

    assert 0 == as_data.exit_code
    assert {
        "verdict": "VALID", "origin": "ledger.example.gov/chips", "entries": 4,
        "root": report["root"], "policy": "diffusion-2025", "rows": 1, "signed_by": "a.rivera",
        "key": RIVERA.kid, "standing": "valid", "sha256": sha256(payload).hexdigest(),
        "simulated": True,
    } == json.loads(as_data.stdout)  # fmt: skip


def test_the_same_question_is_signed_in_the_same_bytes_by_whoever_asks(place, signed, tmp_path):
    path, _ = signed
    Office(place, CHEN).type(*POLICY, "--sign", "--out", tmp_path / "other.json")
    one, other = (json.loads(each.read_bytes()) for each in (path, tmp_path / "other.json"))

    assert one["payload"] == other["payload"]
    assert one["signatures"] != other["signatures"]


def test_it_is_valid_too_once_the_ledger_grew(place, signed):
    ledger = Ledger.open(str(place))
    ledger.append([party("later", "EG")], RIVERA)
    ledger.close()

    assert 0 == Office(place).type("verify", signed[0]).exit_code


def test_a_sweep_can_be_signed_and_checked(place, tmp_path):
    Office(place).type(
        "--policy", "diffusion-2025", "--sweep", "allocation=0..790000000:2", "--sign", "--out",
        tmp_path / "sweep.json",
    )  # fmt: skip

    answer = Office(place).type("verify", tmp_path / "sweep.json")

    assert "run again, the same 3 rows" in answer.stdout


def forged(path, change):
    """The same report with something changed, signed again by its signer."""
    report = json.loads(b64decode(json.loads(path.read_bytes())["payload"]))
    change(report)
    payload = json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    path.write_bytes(sealed(payload.encode(), STATEMENT, RIVERA))
    return path


def refused(place, path):
    with pytest.raises((NotAuthentic, Unknown)) as said:
        Office(place).type("verify", path)
    error = said.value
    assert error.code in {**ERRORS, **FINDINGS}
    return error.code, error.problem, error.remedy


def test_a_row_that_was_changed_is_found_though_it_is_signed(place, signed):
    def smaller(report):
        report["rows"][0]["tpp"] = 1

    assert (
        "REPLAY_DIFFERS",
        "run again under diffusion-2025, it comes out otherwise: 1 rows as signed, 1 here, 1 of"
        " them different",
        "run it with the version of chip-ledger it was signed with",
    ) == refused(place, forged(signed[0], smaller))


def test_what_is_about_another_ledger_is_refused(place, signed):
    def elsewhere(report):
        report["origin"] = "ledger.example.org/other"

    def other_root(report):
        report["root"] = "0" * 64

    ledger = Ledger.open(str(place))
    with ledger.store.reading() as connection:
        root = ledger.store.head(connection)[1].root().hex()
    ledger.close()
    path, _ = signed
    kept = path.read_bytes()

    assert (
        "ORIGIN",
        "it is about ledger.example.org/other, and this ledger is ledger.example.gov/chips",
        "name the ledger it is about with --ledger",
    ) == refused(place, forged(path, elsewhere))
    path.write_bytes(kept)
    assert (
        "ROOT",
        f"the first 4 entries have root {root[:16]}… here, and it says {'0' * 16}…",
        "one of the two ledgers was altered: chip-ledger verify",
    ) == refused(place, forged(path, other_root))


def test_what_is_no_signed_replay_is_refused(place, signed):
    path, _ = signed
    line = path.read_bytes()

    def said(content):
        path.write_bytes(content)
        code, problem, _ = refused(place, path)
        return code, problem

    kind = f"this is no signed statement of type {STATEMENT}"
    code, problem = said(b"{}")
    assert ("STATEMENT_FORM", True) == (code, problem.startswith(kind))
    assert ("STATEMENT_FORM", f"{kind}: its type is {PAYLOAD_TYPE}") == said(
        seal(b"{}", [RIVERA]) + b"\n"
    )
    assert (
        "STATEMENT_FORM", f"{kind}: it is not in the one form statements are written"
    ) == said(line.replace(b",", b", ", 1))  # fmt: skip
    code, problem = said(sealed(b"[]", STATEMENT, RIVERA))
    assert ("STATEMENT_FORM", True) == (code, problem.startswith("what was signed is no replay:"))
    assert "SIGNATURE" == said(line.replace(b'"sig":"', b'"sig":"AAAA'))[0]
    assert "KEY_UNKNOWN" == said(sealed(b"{}", STATEMENT, generate("ed25519")))[0]


def test_only_a_key_of_the_registry_signs(place, tmp_path):
    with pytest.raises(NotPermitted) as said:
        Office(place, generate("ed25519")).type(*POLICY, "--sign", "--out", tmp_path / "x.json")

    assert "KEY_UNKNOWN" == said.value.code
    assert not (tmp_path / "x.json").exists()


def test_nothing_is_written_over(place, signed):
    with pytest.raises(Refused) as said:
        Office(place).type(*POLICY, "--sign", "--out", signed[0])

    assert "FILE_EXISTS" == said.value.code


@pytest.mark.parametrize(
    ("words", "code", "problem", "remedy"),
    [
        (
            ("--sign",), "SIGN_FORM", "what is signed is written into a file, and nothing else is",
            "give both --sign and --out FILE; without them, redirect what is printed",
        ),
        (
            ("--plot", "curve.svg"), "PLOT_FORM",
            "curve.svg cannot be drawn: a picture is of a sweep, and its name ends in .svg",
            "--sweep lpp_limit=0..26900000:10 --plot curve.svg",
        ),
        (
            ("--sweep", "lpp_limit=0..9:1", "--plot", "curve.gif"), "PLOT_FORM",
            "curve.gif cannot be drawn: a picture is of a sweep, and its name ends in .svg",
            "--sweep lpp_limit=0..26900000:10 --plot curve.svg",
        ),
        (
            ("--sweep", "lpp_limit=9..0:1"), "SWEEP_FORM",
            "'lpp_limit=9..0:1' is not a sweep of 1 to 100 steps from one value to a higher one,"
            " each step 1 or more",
            "write NAME=LOW..HIGH:STEPS, such as lpp_limit=0..26900000:10",
        ),
        (
            ("--sweep", "lpp_limit=0..3:4"), "SWEEP_FORM",
            "'lpp_limit=0..3:4' is not a sweep of 1 to 100 steps from one value to a higher one,"
            " each step 1 or more",
            "write NAME=LOW..HIGH:STEPS, such as lpp_limit=0..26900000:10",
        ),
        (
            ("--sweep", "lpp_limit=0..9:1", "--only", "flags"), "SWEEP_ONLY",
            "a sweep counts decisions and shipments, and --only chooses nothing of it",
            "leave out --only, or ask of one value: --policy PACK:NAME=VALUE",
        ),
        (
            ("--from", "2025-12-01", "--to", "2025-01-01"), "DATES_ORDER",
            "--from 2025-12-01 is after --to 2025-01-01: no day is between them",
            "--from 2025-01-01 --to 2025-12-01",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(place, words, code, problem, remedy):
    with pytest.raises(Malformed) as said:
        Office(place).type(*POLICY, *words)

    assert (code, problem, remedy) == (said.value.code, said.value.problem, said.value.remedy)
    assert code in ERRORS


def test_a_statement_of_a_key_says_whose_it_is(place):
    ledger = Ledger.open(str(place))
    said = opened(sealed(b"{}", "text/plain", RIVERA), "text/plain", ledger.keys())
    ledger.close()

    assert (b"{}", "a.rivera", "valid") == (said.payload, said.by, said.standing)
