"""What an honest ledger's verification says, step by step, and what it leaves unchecked."""

import ast
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from forge import (
    LOG,
    OFFICER,
    OKAFOR,
    ORIGIN,
    RECORDER,
    RIVERA,
    START,
    Forge,
    Key,
    bare,
    envelope,
    leaf,
    merkle,
    said,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger.verification
from ledger.errors import Exit, Malformed, NotAuthentic
from ledger.events import (
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    PartyRegistered,
    PartyRenamed,
    ShipmentDelivered,
)
from ledger.verification import (
    CODES,
    Anchor,
    Finding,
    Report,
    Witness,
    parse_anchor,
    render_anchor,
    verify,
)
from ledger.verification.keys import ED25519_PREFIX, UnfitKey, holds, load
from ledger.verification.note import LOG as LOG_KIND
from ledger.verification.note import WITNESS, NoteKey
from ledger.verification.report import FINDINGS_MAX
from ledger.verification.tree import EMPTY_ROOT, Tree

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"


def vectors(name: str) -> Any:
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"published vectors {name} are not beside this checkout")
    return json.loads(path.read_text())


def party(name: str) -> PartyRegistered:
    return PartyRegistered(
        party=name, name=name.title(), country="AE", headquarters="AE", registered_on=START.date()
    )


def small() -> Forge:
    forge = Forge().open().enroll(OFFICER, "c.lind", "licensing_officer")
    return forge.say(party("acme"), OFFICER, "licensing_officer")


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_an_honest_ledger_is_valid_and_the_report_repeats_the_steps() -> None:
    forge = small()
    report = forge.verify()
    root = forge.root().hex()

    assert ("VALID", Exit.DONE, 4, forge.root()) == (
        report.verdict, report.exit, report.entries, report.root
    )  # fmt: skip
    assert [
        f"1. trust anchor: {ORIGIN}",
        "2. newest checkpoint: over 4 entries, signed by the log; not witnessed",
        f"3. lines and root: 4 lines, root {root}; as the checkpoint says of the first 4",
        "4. checkpoints kept from earlier: none",
        "5. entries: 4 about 3 subjects, by 3 keys",
        "6. signatures: 4 verified",
        "7. confidential members: none: no event of this version has any",
        "8. verdict: VALID",
        f"VALID: 4 entries, root {root}, under a checkpoint over 4; not checked: when the"
        " checkpoint was made: no timestamp, witnesses: none are named",
    ] == report.lines()


@pytest.mark.parametrize(
    "algorithm",
    ["ecdsa-p256-sha256", "ecdsa-p384-sha384", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"],
)
def test_every_algorithm_is_verified(algorithm: str) -> None:
    token = Key("token", algorithm)
    forge = Forge().open().enroll(token, "c.lind", "licensing_officer")
    forge.say(party("acme"), token, "licensing_officer")

    assert "VALID" == forge.verify().verdict


def test_without_a_checkpoint_nothing_protects_the_end() -> None:
    report = small().verify(checkpoint=None)

    assert ("PARTIAL", Exit.INCOMPLETE) == (report.verdict, report.exit)
    assert "there is no checkpoint (chip-ledger checkpoint)" in report.verdict_line()


def test_entries_after_the_checkpoint_are_named_as_unprotected() -> None:
    forge = small()
    report = forge.verify(checkpoint=forge.checkpoint(2))

    assert "PARTIAL" == report.verdict
    assert "entries 3–4 stand after the newest checkpoint" in report.verdict_line()


def test_a_kept_checkpoint_protects_as_far_as_it_reaches() -> None:
    forge = small()
    report = forge.verify(checkpoint=forge.checkpoint(2), known=[forge.checkpoint(4)])

    assert "VALID" == report.verdict
    assert "1 of 1 are of this history" == report.steps[3].outcome


def test_checkpoints_of_the_anchor_are_known_too() -> None:
    forge = small()
    anchor = Anchor(ORIGIN, LOG.spki, leaf(forge.lines[0]), (LOG.note(9, leaf(b"more")),))

    assert ["ROLLBACK"] == codes(forge.verify(anchor=anchor))


def test_without_an_anchor_the_ledgers_own_word_is_taken_and_that_is_said() -> None:
    report = small().verify(anchor=None)

    assert "VALID" == report.verdict
    assert "the trust anchor came from the ledger itself (give --anchor FILE)" in (
        report.verdict_line()
    )


def test_an_anchor_without_the_opening_entry_says_so() -> None:
    report = small().verify(anchor=Anchor(ORIGIN, LOG.spki))

    assert "VALID" == report.verdict
    assert "the opening entry: the trust anchor does not name it" in report.not_checked


def test_a_bundle_has_lines_and_no_columns() -> None:
    forge = small()

    assert "VALID" == forge.verify(rows=bare(forge.lines)).verdict


def test_the_tags_of_a_row_stand_in_the_order_they_were_signed() -> None:
    forge = small()
    forge.rows[1] = forge.rows[1]._replace(tags=[*reversed(forge.rows[1].tags or ())])

    assert [("ROW_MISMATCH", 2)] == [(one.code, one.entry) for one in forge.verify().findings]


def test_rows_are_read_once_and_progress_is_told() -> None:
    forge = small()
    for n in range(600):
        forge.say(party(f"p{n}"), OFFICER, "licensing_officer")
    told: list[int] = []

    report = forge.verify(rows=iter(forge.rows), on_progress=told.append)

    assert "VALID" == report.verdict
    assert [512, 604] == told


def test_a_report_lists_so_many_findings_and_counts_the_others() -> None:
    forge = small()
    for n in range(FINDINGS_MAX + 5):
        forge.say(party(f"p{n}"), RECORDER, "licensing_officer")

    report = forge.verify()

    assert (FINDINGS_MAX, FINDINGS_MAX + 5) == (len(report.findings), report.findings_total)
    assert "and 5 findings more" in report.lines()
    assert "1,005 findings, the first KEY_UNKNOWN at entry 5" in report.verdict_line()


def test_a_faulty_reader_of_rows_is_not_swallowed() -> None:
    def rows() -> Any:
        yield from small().rows
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        small().verify(rows=rows())


def test_a_finding_has_a_code_that_is_explained() -> None:
    with pytest.raises(ValueError, match="NEWS is not a code"):
        Finding("NEWS", None, "something")


def test_in_a_ledger_of_one_administrator_an_enrollment_stands_alone() -> None:
    forge = Forge().open(RIVERA.enrolled("a.rivera", "key_administrator"), sole=True)
    enrolled = OFFICER.enrolled("c.lind", "licensing_officer")
    forge.actors[OFFICER.kid] = "c.lind"
    forge.say(KeyEnrolled(enrolled=enrolled, enrolled_on=START.date()), RIVERA, "key_administrator")

    assert "VALID" == forge.say(party("acme"), OFFICER, "licensing_officer").verify().verdict


# Any honest history


class Office:
    """Does what an honest office may do next, whatever number is drawn."""

    def __init__(self) -> None:
        self.forge = Forge().open()
        self.holders: list[Key] = []
        self.revoked: list[tuple[Key, list[int]]] = []
        self.signed: dict[str, list[int]] = {}
        self.made = 0
        self.enroll()

    def enroll(self) -> None:
        self.made += 1
        key = Key(f"officer {self.made}")
        self.forge.enroll(key, f"officer.{self.made}", "licensing_officer", "trade_recorder")
        self.holders.append(key)

    def speak(self, drawn: int) -> None:
        key = self.holders[drawn % len(self.holders)]
        name = f"p{drawn % 7}"
        if f"party:{name}" in self.forge.streams:
            event: Any = PartyRenamed(party=name, name=f"No. {drawn}", renamed_on=START.date())
        else:
            event = party(name)
        self.forge.say(event, key, "licensing_officer")
        self.signed.setdefault(key.kid, []).append(len(self.forge.lines))

    def deliver(self, drawn: int) -> None:
        key = self.holders[drawn % len(self.holders)]
        event = ShipmentDelivered(
            shipment=f"S-{drawn % 5}", delivered_on=date(2026, 1, 4), country="AE",
            received_by="p1", units=drawn + 1,
        )  # fmt: skip
        self.forge.say(event, key, "trade_recorder")
        self.signed.setdefault(key.kid, []).append(len(self.forge.lines))

    def rotate(self, drawn: int) -> None:
        old = self.holders.pop(drawn % len(self.holders))
        self.made += 1
        new = Key(f"officer {self.made}")
        actor = self.forge.actors[old.kid]
        successor = new.enrolled(actor, "trade_recorder", "licensing_officer")
        rotated = KeyRotated(key=old.kid, successor=successor, rotated_on=START.date())
        self.forge.say(rotated, old, "licensing_officer")
        self.forge.actors[new.kid] = actor
        self.holders.append(new)

    def revoke(self, drawn: int) -> None:
        key = self.holders.pop(drawn % len(self.holders))
        start = 1 + drawn % len(self.forge.lines)
        revoked = KeyRevoked(
            key=key.kid, reason="lost", suspect_from=start, revoked_on=START.date()
        )
        self.forge.say(revoked, RIVERA, "key_administrator")
        suspect = [number for number in self.signed.get(key.kid, []) if number >= start]
        if suspect:
            stands = KeyReaffirmed(
                key=key.kid, entries=tuple(suspect), reaffirmed_on=START.date(), note="checked"
            )
            self.forge.say(stands, OKAFOR, "key_administrator")
        self.enroll()


@settings(max_examples=40)
@given(
    days=st.lists(
        st.tuples(
            st.sampled_from(["speak", "deliver", "enroll", "rotate", "revoke", "look"]),
            st.integers(0, 40),
        ),
        max_size=25,
    ),
    workers=st.integers(1, 3),
)
def test_whatever_an_honest_office_did_is_valid(days: list[tuple[str, int]], workers: int) -> None:
    office = Office()
    for deed, drawn in days:
        match deed:
            case "enroll":
                office.enroll()
            case "look":
                office.forge.look()
            case _:
                getattr(office, deed)(drawn)

    report = office.forge.verify(workers=workers)

    assert [] == codes(report)
    assert "VALID" == report.verdict


# The tree


def test_every_prefix_has_the_root_rfc_6962_defines() -> None:
    leaves = [leaf(str(n).encode()) for n in range(1_100)]
    tree = Tree()
    for one in leaves:
        tree.append(one)

    for size in [*range(70), *range(250, 262), *range(508, 516), 767, 768, 1_023, 1_024, 1_100]:
        assert merkle(leaves[:size]) == tree.root(size)
    assert (1_100, leaves[41]) == (len(tree), tree.leaf(42))


def test_a_tree_has_no_root_for_leaves_it_does_not_have() -> None:
    assert EMPTY_ROOT == Tree().root(0)
    with pytest.raises(ValueError, match="there are 0 leaves, not 1"):
        Tree().root(1)


# Keys


def test_no_edge_case_key_of_ed25519_is_fit_to_be_enrolled() -> None:
    for case in vectors("cctv_ed25519.json"):
        spki = ED25519_PREFIX + bytes.fromhex(case["key"])
        edge = {"low_order_A", "low_order_component_A", "non_canonical_A"} & set(
            case["flags"] or ()
        )
        if edge:
            with pytest.raises(UnfitKey):
                load("ed25519", spki)
        else:
            load("ed25519", spki)


def test_ed25519_signatures_are_judged_as_wycheproof_says() -> None:
    for group in vectors("wycheproof_ed25519.json")["testGroups"]:
        check = load("ed25519", ED25519_PREFIX + bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            good = holds(check, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert (case["result"] == "valid") == good, case["comment"]


def test_ecdsa_signatures_are_judged_as_wycheproof_says_and_high_s_refused() -> None:
    half = 0x7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8
    for group in vectors("wycheproof_ecdsa_secp256r1_sha256.json")["testGroups"]:
        check = load("ecdsa-p256-sha256", bytes.fromhex(group["publicKeyDer"]))
        for case in group["tests"]:
            signature = bytes.fromhex(case["sig"])
            good = holds(check, signature, bytes.fromhex(case["msg"]))
            if case["result"] == "valid":
                s_at = 4 + signature[3] + 2
                low = int.from_bytes(signature[s_at:]) <= half
                assert low == good, case["comment"]
            else:
                assert not good, case["comment"]


# The trust anchor


def witnessed() -> Anchor:
    key = NoteKey("w.example.edu", WITNESS, Key("witness").spki[12:])
    return Anchor(
        ORIGIN, LOG.spki, leaf(b"opening"), witnesses=(Witness("university", key),), quorum=1
    )


@pytest.mark.parametrize("anchor", [Anchor(ORIGIN, LOG.spki), witnessed()])
def test_an_anchor_is_written_and_read_back(anchor: Anchor) -> None:
    assert anchor == parse_anchor(render_anchor(anchor))
    assert anchor == parse_anchor("# from the office\n\n" + render_anchor(anchor))


def test_an_anchor_of_the_opening_entry_is_what_the_entry_says() -> None:
    forge = small()

    assert forge.anchor() == Anchor.of_opening(forge.lines[0])


def test_an_anchor_is_not_taken_from_an_entry_nobody_authentic_signed() -> None:
    forge = small()
    stranger = Forge().open(by=Key("stranger"))
    payload, _, signature = said(forge.lines[0])
    changed = signature[:-1] + bytes([signature[-1] ^ 1])

    for line, code in [
        (b"", "ENTRY_SYNTAX"),
        (forge.lines[3], "OPENING"),
        (stranger.lines[0], "KEY_UNKNOWN"),
        (envelope(payload, (OKAFOR.kid, signature)), "KEY_UNKNOWN"),
        (envelope(payload, (RIVERA.kid, changed)), "SIGNATURE"),
    ]:
        with pytest.raises(NotAuthentic) as caught:
            Anchor.of_opening(line)
        assert code == caught.value.code


LOG_KEY = str(NoteKey(ORIGIN, LOG_KIND, LOG.spki[12:]))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "lacks its line 'origin' or 'log'"),
        (f"origin {ORIGIN}", "lacks its line 'origin' or 'log'"),
        (f"origin {ORIGIN}\norigin {ORIGIN}", "two lines 'origin'"),
        (f"origin {ORIGIN}x\nlog {LOG_KEY}", "the log key is of"),
        (f"origin {ORIGIN}\nlog {LOG_KEY[:-4]}AAAA", "is not a log's verifier key"),
        (f"origin {ORIGIN}\nlog {LOG_KEY}\nopening aaaa", "is not a leaf hash"),
        (f"origin {ORIGIN}\nlog {LOG_KEY}\nquorum 1", "a quorum of 1 among 0"),
        (f"origin {ORIGIN}\nlog {LOG_KEY}\nquorum x", "the quorum 'x' is not a number"),
        (f"origin {ORIGIN}\nlog {LOG_KEY}\nwitness a {LOG_KEY}", "not a witness's verifier key"),
        (f"origin {ORIGIN}\nlog {LOG_KEY}\nnews today", "is not a line of a trust anchor"),
        (f"origin {ORIGIN}\nlog {NoteKey(ORIGIN, LOG_KIND, bytes(32))}", "is of low order"),
    ],
)
def test_a_trust_anchor_in_another_form_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_anchor(text)

    assert problem in caught.value.problem
    assert "ANCHOR_FORM" == caught.value.code


# The house rule


def test_the_verifier_shares_no_code_with_the_prover() -> None:
    shared = {"ledger.errors", "ledger.events", "ledger.roles", "ledger.terms"}
    imported: set[str] = set()
    for path in Path(ledger.verification.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    imported |= {alias.name for alias in names}
                case ast.ImportFrom(module=str(module)):
                    imported.add(module)
    ours = {name for name in imported if not name.startswith("ledger.verification.")}

    assert shared == {name for name in ours if name.startswith("ledger")}
    others = {name.split(".")[0] for name in ours - shared}
    assert {"cryptography", "msgspec"} == others - sys.stdlib_module_names


def test_every_code_is_explained_in_a_line() -> None:
    assert all(text and len(text) <= 90 for text in CODES.values())
    assert verify([], anchor=None, checkpoint=None).findings[0].code in CODES
