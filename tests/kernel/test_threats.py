"""What an attacker may try, and the code that names it: one test for each row of the threat table.

The attacker holds what the row says: the database (stored lines and columns), the log key, a
user's key, an administrator's. The builder is `forge`, which knows no rule of the ledger.
Rows the table marks as promises (everybody colludes; a key stolen and not yet missed; a writer
that forgets to log; quantum computers) are told in docs/trust.md; the second is tested here too.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from forge import (
    LOG,
    OFFICER,
    OKAFOR,
    ORIGIN,
    P256_ORDER,
    RECORDER,
    RIVERA,
    START,
    Forge,
    Key,
    b64,
    bare,
    canonical,
    envelope,
    leaf,
    pae,
    said,
)
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import (
    CommodityLine,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    PartyRegistered,
    PartyRenamed,
    PolicyWithdrawn,
    ShipmentDelivered,
    ShipmentExported,
)
from ledger.verification import Anchor, Report, Witness, verify
from ledger.verification.note import WITNESS, NoteKey

STRANGER = Key("stranger")


def registered(party: str = "acme", **changes: Any) -> PartyRegistered:
    fields: dict[str, Any] = {
        "party": party, "name": "Acme Compute", "country": "AE", "headquarters": "AE",
        "registered_on": START.date(),
    }  # fmt: skip
    return PartyRegistered(**(fields | changes))


def renamed(name: str, party: str = "acme") -> PartyRenamed:
    return PartyRenamed(party=party, name=name, renamed_on=START.date())


def exported(shipment: str = "S-1") -> ShipmentExported:
    return ShipmentExported(
        shipment=shipment,
        authority="NLR",
        lines=(CommodityLine(model="h100-sxm5-80", units=8, tpp_per_unit=15_824),),
        ultimate_consignee="acme",
        route=("US", "SG", "AE"),
        exported_on=START.date(),
    )


def office(**changes: Any) -> Forge:
    """A ledger as it is after its first morning: two administrators, an officer, a recorder."""
    return (
        Forge(**changes)
        .open()
        .enroll(OFFICER, "c.lind", "licensing_officer")
        .enroll(RECORDER, "d.recorder", "trade_recorder")
    )


def busy() -> Forge:
    """A ledger of ten entries, in which two subjects go on and signers have seen checkpoints."""
    forge = office()
    forge.say(registered(), OFFICER, "licensing_officer").look()
    forge.say(exported(), RECORDER, "trade_recorder")
    forge.say(renamed("Acme"), OFFICER, "licensing_officer").look()
    forge.say(exported("S-2"), RECORDER, "trade_recorder")
    return forge.say(renamed("Acme Gulf"), OFFICER, "licensing_officer")


def found(report: Report) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.entry) for finding in report.findings]


def replaced(forge: Forge, number: int, line: bytes) -> Forge:
    """What the database says after somebody wrote another line into it."""
    forge.lines[number - 1] = line
    forge.rows[number - 1] = forge.rows[number - 1]._replace(line=line)
    return forge


def without(forge: Forge, *numbers: int) -> Forge:
    """What the database says after somebody deleted entries and closed the gaps."""
    forge.lines = [line for n, line in enumerate(forge.lines, start=1) if n not in numbers]
    kept = [row for row in forge.rows if row.position not in numbers]
    forge.rows = [row._replace(position=n) for n, row in enumerate(kept, start=1)]
    return forge


def test_what_nobody_touched_is_valid() -> None:
    report = busy().verify()

    assert [] == found(report)
    assert "VALID" == report.verdict


# change payload byte — attacker holds the database


def test_a_changed_payload_byte_shows_in_the_root_of_the_checkpoint() -> None:
    forge = busy()
    checkpoint = forge.checkpoint()
    payload, kid, signature = said(forge.lines[6])
    replaced(forge, 7, envelope(payload.replace(b'"units":8', b'"units":9'), (kid, signature)))

    report = forge.verify(checkpoint=checkpoint)

    assert [("ROOT", None), ("SIGNATURE", 7)] == found(report)
    assert "INVALID" == report.verdict


@given(data=st.data())
def test_any_byte_of_any_stored_line_changed_names_that_entry(data: st.DataObject) -> None:
    forge = busy()
    checkpoint, anchor = forge.checkpoint(), forge.anchor()
    number = data.draw(st.integers(1, len(forge.lines)), label="entry")
    line = forge.lines[number - 1]
    at = data.draw(st.integers(0, len(line) - 1), label="byte")
    flip = data.draw(st.integers(1, 255), label="flip")
    changed = line[:at] + bytes([line[at] ^ flip]) + line[at + 1 :]

    report = replaced(forge, number, changed).verify(checkpoint=checkpoint, anchor=anchor)

    assert "INVALID" == report.verdict
    assert ("ROOT", None) in found(report)
    named = {entry for _, entry in found(report) if entry is not None}
    assert {number} == named


@given(data=st.data())
def test_any_byte_changed_under_a_new_checkpoint_still_names_that_entry(
    data: st.DataObject,
) -> None:
    forge = busy()
    number = data.draw(st.integers(1, len(forge.lines)), label="entry")
    line = forge.lines[number - 1]
    at = data.draw(st.integers(0, len(line) - 1), label="byte")
    flip = data.draw(st.integers(1, 255), label="flip")
    replaced(forge, number, line[:at] + bytes([line[at] ^ flip]) + line[at + 1 :])

    report = verify(bare(forge.lines), anchor=None, checkpoint=forge.checkpoint(), workers=1)

    assert "INVALID" == report.verdict
    assert {number} == {entry for _, entry in found(report) if entry is not None}


# change payload, re-sign checkpoint — database and log key


def test_a_changed_payload_under_a_new_checkpoint_shows_in_its_signature() -> None:
    forge = busy()
    payload, kid, signature = said(forge.lines[6])
    replaced(forge, 7, envelope(payload.replace(b'"units":8', b'"units":9'), (kid, signature)))

    assert [("SIGNATURE", 7)] == found(forge.verify())


# change signature bytes, (r, n - s), extra signature, white space, spare bits — database, log key


def test_a_changed_signature_is_none() -> None:
    forge = busy()
    payload, kid, signature = said(forge.lines[6])
    replaced(forge, 7, envelope(payload, (kid, signature[:-1] + bytes([signature[-1] ^ 1]))))

    assert [("SIGNATURE", 7)] == found(forge.verify())


def test_the_other_half_of_an_ecdsa_signature_is_none() -> None:
    token = Key("token", "ecdsa-p256-sha256")
    forge = office().enroll(token, "e.moss", "trade_recorder")
    forge.say(exported(), token, "trade_recorder")
    honest = forge.verify()
    payload, kid, signature = said(forge.lines[7])
    r, s = decode_dss_signature(signature)
    replaced(forge, 8, envelope(payload, (kid, encode_dss_signature(r, P256_ORDER - s))))

    assert [] == found(honest)
    assert [("SIGNATURE", 8)] == found(forge.verify())


@pytest.mark.parametrize(
    "stretch",
    [
        pytest.param(lambda sig: b"\x30\x81" + sig[1:], id="length in the long form"),
        pytest.param(lambda sig: sig + b"\x00", id="a byte behind it"),
        pytest.param(
            lambda sig: b"\x30" + bytes([sig[1] + 1, 2, sig[3] + 1, 0]) + sig[4:], id="padded r"
        ),
        pytest.param(lambda _: b"", id="nothing"),
        pytest.param(lambda _: b"\x30\x06\x02\x01\x00\x02\x01\x00", id="zeros"),
    ],
)
def test_an_ecdsa_signature_in_other_der_is_none(stretch: Callable[[bytes], bytes]) -> None:
    token = Key("token", "ecdsa-p256-sha256")
    forge = office().enroll(token, "e.moss", "trade_recorder")
    forge.say(exported(), token, "trade_recorder")
    payload, kid, signature = said(forge.lines[7])
    replaced(forge, 8, envelope(payload, (kid, stretch(signature))))

    assert [("SIGNATURE", 8)] == found(forge.verify())


def test_a_signature_more_on_a_line_is_refused() -> None:
    forge = busy()
    payload, kid, signature = said(forge.lines[6])
    more = (STRANGER.kid, STRANGER.sign(pae(payload)))
    replaced(forge, 7, envelope(payload, *sorted([(kid, signature), more])))

    assert [("SIGNER_SET", 7)] == found(forge.verify())


def test_a_line_without_a_signature_is_refused() -> None:
    forge = busy()
    replaced(forge, 7, envelope(said(forge.lines[6])[0]))

    assert [("SIGNER_SET", 7)] == found(forge.verify())


def test_a_signature_under_another_key_id_is_refused() -> None:
    forge = busy()
    payload, _, signature = said(forge.lines[6])
    replaced(forge, 7, envelope(payload, (OFFICER.kid, signature)))

    assert [("SIGNER_SET", 7)] == found(forge.verify())


@pytest.mark.parametrize(
    ("code", "respell"),
    [
        ("ENTRY_NOT_CANONICAL", lambda line: line.replace(b'":"', b'": "', 1)),
        ("ENTRY_NOT_CANONICAL", lambda line: line + b" "),
        ("ENTRY_NOT_CANONICAL", lambda line: line[:-1] + b',"more":1}'),
        ("ENTRY_SYNTAX", lambda line: line.replace(b"event.v1", b"event.v2")),
        ("ENTRY_SYNTAX", lambda line: line + b"\n{}"),
        ("ENTRY_SYNTAX", lambda line: line[:-3]),
        ("ENTRY_SYNTAX", lambda line: b"\xff" + line),
        ("ENTRY_SYNTAX", lambda _: b""),
        ("ENTRY_SYNTAX", lambda _: b"[" * 50_000),
        ("ENTRY_SYNTAX", lambda line: line + b" " * 60_000),
    ],
)
def test_a_line_in_other_bytes_is_refused(code: str, respell: Callable[[bytes], bytes]) -> None:
    forge = busy()
    replaced(forge, 7, respell(forge.lines[6]))

    assert [(code, 7)] == found(forge.verify())


def test_spare_bits_of_base64_are_refused() -> None:
    forge = busy()
    line = forge.lines[6]
    # 64 bytes of signature end in one character with four spare bits, and two of padding.
    last = len(line) - len('=="}]}') - 1
    changed = line[:last] + bytes([line[last] + 1]) + line[last + 1 :]

    assert said(line) == said(changed)
    assert [("ENTRY_NOT_CANONICAL", 7)] == found(replaced(forge, 7, changed).verify())


# truncate the tail — database


def test_a_tail_cut_off_is_missed_by_the_checkpoint() -> None:
    forge = busy()
    checkpoint = forge.checkpoint()

    report = without(forge, 10).verify(checkpoint=checkpoint)

    assert [("SIZE", None)] == found(report)
    assert "INVALID" == report.verdict


def test_a_tail_cut_off_together_with_its_checkpoint_is_called_unprotected() -> None:
    report = without(busy(), 10).verify(checkpoint=None)

    assert "PARTIAL" == report.verdict
    assert "whether the end was cut off" in report.verdict_line()


# roll back to an older, validly signed state — database and backup


def test_an_older_state_is_shorter_than_the_checkpoint_an_auditor_kept() -> None:
    forge = busy()
    kept = forge.checkpoint()
    without(forge, 9, 10)

    assert [("ROLLBACK", None)] == found(forge.verify(known=[kept]))


# drop, duplicate, reorder inside a stream — database and log key


def test_an_entry_dropped_from_a_subject_is_missed_by_the_next() -> None:
    forge = without(busy(), 8)

    assert ("STREAM_VERSION", 9) in found(forge.verify())


def test_an_entry_doubled_is_out_of_turn() -> None:
    forge = busy()
    line, row = forge.lines[9], forge.rows[9]
    forge.lines.append(line)
    forge.rows.append(row._replace(position=11))

    assert [("STREAM_VERSION", 11)] == found(forge.verify())


def test_entries_reordered_in_a_subject_are_out_of_turn() -> None:
    forge = office().say(registered(), OFFICER, "licensing_officer")
    forge.say(renamed("Acme"), OFFICER, "licensing_officer")
    forge.say(renamed("Acme Gulf"), OFFICER, "licensing_officer")
    forge.lines[6:8] = forge.lines[7:5:-1]

    report = forge.verify(rows=bare(forge.lines))

    assert [("STREAM_VERSION", 7), ("STREAM_VERSION", 8)] == found(report)


def test_an_entry_put_in_the_place_of_another_of_the_same_version_breaks_the_chain() -> None:
    forge, other = busy(), busy()
    other.lines, other.rows = other.lines[:7], other.rows[:7]
    other.streams["party:acme"] = (1, leaf(other.lines[5]))
    other.say(renamed("Another"), OFFICER, "licensing_officer")
    replaced(forge, 8, other.lines[7])

    assert ("STREAM_PREV", 10) in found(forge.verify())


# drop a whole stream, reorder across streams — database and log key


def test_a_whole_subject_dropped_shows_in_what_later_signers_saw() -> None:
    forge = without(busy(), 7)

    assert [("SEEN", 8), ("SEEN", 9)] == found(forge.verify())


def test_a_whole_subject_dropped_shows_against_a_kept_checkpoint() -> None:
    forge = busy()
    kept = forge.checkpoint(8)
    without(forge, 7)

    assert ("SPLIT_VIEW", None) in found(forge.verify(known=[kept]))


def test_subjects_reordered_show_in_what_later_signers_saw() -> None:
    forge = busy()
    forge.lines[5:7] = forge.lines[6:4:-1]

    assert ("SEEN", 8) in found(forge.verify(rows=bare(forge.lines)))


# split view — log key


def test_two_checkpoints_of_one_size_are_two_views() -> None:
    forge = busy()
    other = LOG.note(10, leaf(b"another history"))

    report = forge.verify(known=[other])

    assert [("SPLIT_VIEW", None)] == found(report)
    assert forge.root().hex() in report.findings[0].problem
    assert leaf(b"another history").hex() in report.findings[0].problem


# replay into another stream or ledger — database


def test_an_entry_under_another_subject_was_not_signed() -> None:
    forge = busy()
    payload, kid, signature = said(forge.lines[6])
    moved = payload.replace(b"S-1", b"S-9")
    replaced(forge, 7, envelope(moved, (kid, signature)))

    assert ("SIGNATURE", 7) in found(forge.verify(rows=bare(forge.lines)))


def test_a_payload_about_another_subject_than_its_event_is_refused() -> None:
    forge = office().say(exported(), RECORDER, "trade_recorder", id="shipment:S-9")

    assert ("SUBJECT", 6) in found(forge.verify())


def test_an_entry_of_another_ledger_is_refused() -> None:
    forge = office().say(exported(), RECORDER, "trade_recorder", log="ledger.example.gov/other")

    assert [("WRONG_LOG", 6)] == found(forge.verify())


def test_a_whole_ledger_of_another_origin_is_not_the_one_meant() -> None:
    forge = busy()
    anchor = Anchor("ledger.example.gov/other", LOG.spki, leaf(forge.lines[0]))

    report = forge.verify(anchor=anchor)

    assert ("CHECKPOINT_ORIGIN", None) in found(report)
    assert ("WRONG_LOG", 1) in found(report)


# row swap in the database — database


@pytest.mark.parametrize(
    "columns",
    [
        {"subject": "shipment:S-2"},
        {"version": 2},
        {"type": "shipment.delivered.v1"},
        {"tags": ("country:AE",)},
        {"subject": None},
    ],
)
def test_columns_that_differ_from_what_was_signed_are_refused(columns: dict[str, Any]) -> None:
    forge = busy()
    forge.rows[6] = forge.rows[6]._replace(**columns)

    assert [("ROW_MISMATCH", 7)] == found(forge.verify())


def test_rows_with_a_gap_in_their_numbers_are_named() -> None:
    forge = busy()
    forge.rows[9] = forge.rows[9]._replace(position=12)

    assert [("POSITION", 10)] == found(forge.verify())


def test_signed_tags_that_are_not_the_events_are_refused() -> None:
    forge = office().say(exported(), RECORDER, "trade_recorder", tags=["shipment:S-1"])

    assert [("TAGS", 6)] == found(forge.verify())


# unknown key, foreign checkpoint key, missing witness, extension line — nothing


def test_a_key_nobody_enrolled_is_unknown() -> None:
    forge = busy().say(exported("S-3"), STRANGER, "trade_recorder")

    assert [("KEY_UNKNOWN", 11)] == found(forge.verify())


def test_a_checkpoint_by_a_foreign_key_is_refused() -> None:
    forge = busy()
    foreign = STRANGER.note(10, forge.root())

    assert [("CHECKPOINT_SIGNATURE", None)] == found(forge.verify(checkpoint=foreign))
    assert [("CHECKPOINT_SIGNATURE", None)] == found(forge.verify(known=[foreign]))


def test_a_checkpoint_with_one_good_and_one_wrong_signature_of_the_log_is_refused() -> None:
    forge = busy()
    wrong = LOG.note(9, forge.root(9)).splitlines()[-1]

    report = forge.verify(checkpoint=forge.checkpoint() + wrong + "\n")

    assert [("CHECKPOINT_SIGNATURE", None)] == found(report)


def test_a_missing_witness_fails_the_quorum() -> None:
    forge = busy()
    one, two = Key("witness one"), Key("witness two")
    anchor = Anchor(
        ORIGIN,
        LOG.spki,
        leaf(forge.lines[0]),
        witnesses=(
            Witness("university", NoteKey("w.example.edu", WITNESS, one.spki[12:])),
            Witness("embassy", NoteKey("w.example.org", WITNESS, two.spki[12:])),
        ),
        quorum=2,
    )
    note = forge.checkpoint()
    half = note + one.cosignature("w.example.edu", note, 1_767_603_600)
    false = half + STRANGER.cosignature("w.example.org", note, 1_767_603_600)
    whole = half + two.cosignature("w.example.org", note, 1_767_603_601)

    assert [("WITNESS_QUORUM", None)] == found(forge.verify(anchor=anchor))
    assert [("WITNESS_QUORUM", None)] == found(forge.verify(anchor=anchor, checkpoint=half))
    assert [("WITNESS_QUORUM", None)] == found(forge.verify(anchor=anchor, checkpoint=false))
    assert "VALID" == forge.verify(anchor=anchor, checkpoint=whole).verdict


def test_a_checkpoint_of_another_log_is_refused() -> None:
    forge = busy()
    other = LOG.note(10, forge.root(), origin="ledger.example.gov/other")

    assert [("CHECKPOINT_ORIGIN", None)] == found(forge.verify(checkpoint=other))


def test_a_checkpoint_with_a_line_more_is_refused() -> None:
    forge = busy()
    more = LOG.note(10, forge.root(), extra="more\n")

    assert [("CHECKPOINT_ORIGIN", None)] == found(forge.verify(checkpoint=more))


@pytest.mark.parametrize(
    "respell",
    [
        lambda note: note.replace("\n10\n", "\n010\n"),
        lambda note: note.replace("\n10\n", "\n-1\n"),
        lambda note: note.replace("\n10\n", "\n10 \n"),
        lambda note: note.replace("\n10\n", "\n١٠\n"),
        lambda note: note.replace("=\n\n", "\n\n"),
        lambda note: note.replace("— ", "- "),
        lambda note: note[:-1],
        lambda note: note.replace("\n\n", "\n"),
        lambda _: "",
    ],
)
def test_a_checkpoint_in_another_form_is_refused(respell: Callable[[str], str]) -> None:
    forge = busy()

    report = forge.verify(checkpoint=respell(forge.checkpoint()))

    assert [("CHECKPOINT_SYNTAX", None)] == found(report)


def test_a_ledger_that_opens_otherwise_than_the_anchor_says_is_another() -> None:
    forge = busy()
    anchor = Anchor(ORIGIN, LOG.spki, leaf(b"another opening"))

    assert [("ANCHOR", 1)] == found(forge.verify(anchor=anchor))


def test_a_ledger_with_another_log_key_than_the_anchor_says_is_another() -> None:
    forge = busy()

    report = forge.verify(anchor=Anchor(ORIGIN, STRANGER.spki))

    assert [("ANCHOR", 1), ("CHECKPOINT_SIGNATURE", None)] == found(report)


# revoked key signs with an old date — a stolen user key


def revoked(key: Key, suspect_from: int | None = None) -> KeyRevoked:
    return KeyRevoked(
        key=key.kid, reason="laptop lost", suspect_from=suspect_from, revoked_on=START.date()
    )


def test_a_revoked_key_signs_nothing_whatever_date_it_claims() -> None:
    forge = busy().say(revoked(RECORDER), RIVERA, "key_administrator")
    before = (START + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    forge.say(exported("S-3"), RECORDER, "trade_recorder", at=before)

    assert [("KEY_REVOKED", 12)] == found(forge.verify())


def test_a_key_that_was_replaced_signs_nothing_more() -> None:
    new = Key("d.recorder, second")
    rotated = KeyRotated(
        key=RECORDER.kid,
        successor=new.enrolled("d.recorder", "trade_recorder"),
        rotated_on=START.date(),
    )
    forge = busy().say(rotated, RECORDER, "trade_recorder")
    forge.actors[new.kid] = "d.recorder"
    forge.say(exported("S-3"), new, "trade_recorder")
    forge.say(exported("S-4"), RECORDER, "trade_recorder")

    assert [("KEY_REVOKED", 13)] == found(forge.verify())


# user key stolen, events before discovery — SUSPECT list, re-affirmation


def test_what_a_stolen_key_signed_is_suspect_until_reaffirmed() -> None:
    forge = busy().say(revoked(RECORDER, suspect_from=8), RIVERA, "key_administrator")
    suspect = forge.verify()
    stands = KeyReaffirmed(
        key=RECORDER.kid, entries=(9,), reaffirmed_on=START.date(), note="checked with the exporter"
    )
    cleared = forge.say(stands, OKAFOR, "key_administrator").verify()

    assert [("SUSPECT", 9)] == found(suspect)
    assert ("SUSPECT", 4) == (suspect.verdict, suspect.exit)
    assert "VALID" == cleared.verdict


# dating ahead, so that nobody can write any more — user key, or a wrong clock


def test_what_a_suspect_entry_is_dated_counts_for_nothing() -> None:
    forge = busy()
    honest = forge.at
    forge.at += timedelta(days=3_000)
    forge.say(exported("S-3"), RECORDER, "trade_recorder")
    ahead = len(forge.lines)
    forge.at = honest
    forge.say(revoked(RECORDER, suspect_from=ahead), RIVERA, "key_administrator")
    forge.at += timedelta(seconds=1)
    forge.say(revoked(RECORDER, suspect_from=ahead), OKAFOR, "key_administrator")
    followed = forge.verify()
    forge.at = honest - timedelta(days=1)
    forge.say(revoked(RECORDER, suspect_from=ahead), OKAFOR, "key_administrator")

    assert [("SUSPECT", ahead)] == found(followed)
    assert ("TIME_BACKWARDS", ahead + 3) in found(forge.verify())


# back-dating by the signer — user key


def test_a_date_over_five_minutes_before_an_earlier_entry_is_refused() -> None:
    forge = busy()
    forge.at -= timedelta(seconds=301)
    forge.say(exported("S-3"), RECORDER, "trade_recorder")
    allowed = busy()
    allowed.at -= timedelta(seconds=300)
    allowed.say(exported("S-3"), RECORDER, "trade_recorder")
    later = busy()
    later.at -= timedelta(seconds=301, microseconds=1)
    later.say(exported("S-3"), RECORDER, "trade_recorder")

    assert [] == found(forge.verify())  # a second passed: 300 before the latest
    assert [] == found(allowed.verify())
    assert [("TIME_BACKWARDS", 11)] == found(later.verify())


def test_a_checkpoint_from_the_future_was_not_seen() -> None:
    forge = busy()
    forge.say(exported("S-3"), RECORDER, "trade_recorder", seen=[11, b64(forge.root())])

    assert [("SEEN", 11)] == found(forge.verify())


def test_a_checkpoint_of_another_history_was_not_seen_here() -> None:
    forge = busy()
    forge.say(exported("S-3"), RECORDER, "trade_recorder", seen=[9, b64(leaf(b"other"))])

    assert [("SEEN", 11)] == found(forge.verify())


# key used outside its period — user key


@pytest.mark.parametrize(
    ("allowed", "period"),
    [
        (True, {"valid_from": date(2026, 1, 5), "valid_until": date(2026, 1, 5)}),
        (False, {"valid_from": date(2026, 1, 6)}),
        (False, {"valid_until": date(2026, 1, 4)}),
    ],
)
def test_a_key_signs_on_the_days_of_its_period_alone(
    allowed: bool, period: dict[str, date]
) -> None:
    brief = Key("brief")
    forge = office().enroll(brief, "e.moss", "trade_recorder", **period)
    forge.say(exported(), brief, "trade_recorder")

    assert ([] if allowed else [("KEY_PERIOD", 8)]) == found(forge.verify())


# role escalation, signing as someone else, self-approval — user key


def test_a_role_signs_its_own_events_alone() -> None:
    withdrawn = PolicyWithdrawn(policy="ear-2025", withdrawn_on=START.date(), reason="none")
    forge = busy().say(withdrawn, RECORDER, "trade_recorder")

    assert [("ROLE", 11)] == found(forge.verify())


def test_a_role_its_key_was_not_enrolled_for_is_refused() -> None:
    withdrawn = PolicyWithdrawn(policy="ear-2025", withdrawn_on=START.date(), reason="none")
    forge = busy().say(withdrawn, RECORDER, "policy_officer")

    assert [("ROLE", 11)] == found(forge.verify())


def test_nobody_signs_as_somebody_else() -> None:
    forge = busy().say(exported("S-3"), RECORDER, "trade_recorder", by="c.lind")

    assert [("KEY_ACTOR", 11)] == found(forge.verify())


def test_a_report_does_not_let_a_signer_write_on_the_terminal() -> None:
    forge = busy().say(
        exported("S-3"), RECORDER, "trade_recorder", by="\x1b[2J\nVALID" + "x" * 5_000
    )

    report = forge.verify()

    assert [("KEY_ACTOR", 11)] == found(report)
    assert all(line.isprintable() and len(line) < 1_000 for line in report.lines())


def enrollment(holder: Key, actor: str, *roles: str, **changes: Any) -> KeyEnrolled:
    return KeyEnrolled(enrolled=holder.enrolled(actor, *roles, **changes), enrolled_on=START.date())


def test_nobody_countersigns_what_they_proposed_not_even_with_another_key() -> None:
    second = Key("a.rivera, second")
    forge = office().enroll(second, "a.rivera", "key_administrator")
    forge.say(enrollment(STRANGER, "x.new", "trade_recorder"), RIVERA, "key_administrator")
    forge.countersign(STRANGER.kid, by=second)

    assert [("TWO_PERSON", 9)] == found(forge.verify())


def test_a_countersignature_names_the_enrollment_it_confirms() -> None:
    forge = office()
    forge.say(enrollment(STRANGER, "x.new", "trade_recorder"), RIVERA, "key_administrator")
    forge.countersign(STRANGER.kid, enrollment=leaf(b"another"))

    assert [("TWO_PERSON", 7)] == found(forge.verify())


def test_a_key_waits_for_its_countersignature() -> None:
    forge = office()
    forge.say(enrollment(STRANGER, "x.new", "trade_recorder"), RIVERA, "key_administrator")
    forge.actors[STRANGER.kid] = "x.new"
    forge.say(exported(), STRANGER, "trade_recorder")

    assert [("KEY_PENDING", 7)] == found(forge.verify())


def test_only_key_administrators_enroll_and_countersign() -> None:
    forge = office()
    forge.say(enrollment(STRANGER, "x.new", "trade_recorder"), OFFICER, "licensing_officer")
    forge.say(enrollment(Key("y"), "y.new", "trade_recorder"), RIVERA, "key_administrator")
    forge.countersign(Key("y").kid, by=OFFICER)

    assert [("ROLE", 6), ("ROLE", 8)] == found(forge.verify())


def test_a_ledger_opened_by_one_administrator_says_so() -> None:
    alone = RIVERA.enrolled("a.rivera", "key_administrator")
    silent = Forge().open(alone)
    plain = Forge().open(alone, sole=True)

    assert [("TWO_PERSON", 1)] == found(silent.verify())
    assert "VALID" == plain.verify().verdict


def test_a_ledger_opened_by_two_does_not_call_itself_one_persons() -> None:
    assert [("TWO_PERSON", 1)] == found(Forge().open(sole=True).verify())


def test_a_holder_replaces_a_key_by_one_of_their_own_in_the_same_roles() -> None:
    def rotation(key: Key, actor: str, *roles: str) -> Forge:
        successor = Key("next").enrolled(actor, *roles)
        rotated = KeyRotated(key=key.kid, successor=successor, rotated_on=START.date())
        return busy().say(rotated, RECORDER, "trade_recorder")

    assert [] == found(rotation(RECORDER, "d.recorder", "trade_recorder").verify())
    assert [("KEY_ACTOR", 11)] == found(rotation(RECORDER, "x.new", "trade_recorder").verify())
    assert [("KEY_ACTOR", 11)] == found(rotation(OFFICER, "c.lind", "licensing_officer").verify())
    assert [("ROLE", 11)] == found(
        rotation(RECORDER, "d.recorder", "trade_recorder", "policy_officer").verify()
    )


# enroll a foreign key, a weak key — administrator's key


def test_a_key_whose_holder_did_not_sign_for_it_is_refused() -> None:
    foreign = STRANGER.enrolled("x.new", "trade_recorder", possession=b64(bytes(64)))
    elsewhere = STRANGER.enrolled("x.new", "trade_recorder", origin="ledger.example.gov/other")
    for enrolled in (foreign, elsewhere):
        event = KeyEnrolled(enrolled=enrolled, enrolled_on=START.date())
        forge = office().say(event, RIVERA, "key_administrator")

        assert [("KEY_POP", 6)] == found(forge.verify())


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(bytes(32), id="low order"),
        pytest.param(bytes([1]) + bytes(31), id="neutral element"),
        pytest.param(bytes([0xEE]) + b"\xff" * 30 + b"\x7f", id="not canonical"),
        pytest.param(bytes([2]) + bytes(31), id="not on the curve"),
        pytest.param(bytes(31), id="too short"),
    ],
)
def test_a_key_for_which_others_can_sign_is_refused(raw: bytes) -> None:
    spki = STRANGER.spki[:12] + raw
    weak = STRANGER.enrolled("x.new", "trade_recorder", spki=b64(spki))
    event = KeyEnrolled(enrolled=weak, enrolled_on=START.date())
    forge = office().say(event, RIVERA, "key_administrator")

    assert [("KEY_WEAK", 6)] == found(forge.verify())


def test_a_key_under_an_algorithm_that_is_not_its_own_is_refused() -> None:
    forge = office().say(
        enrollment(STRANGER, "x.new", "trade_recorder", algorithm="ecdsa-p256-sha256"),
        RIVERA,
        "key_administrator",
    )

    assert [("KEY_WEAK", 6)] == found(forge.verify())


def test_a_key_under_an_id_that_is_not_its_own_is_refused() -> None:
    forge = office().say(
        enrollment(STRANGER, "x.new", "trade_recorder", key=OFFICER.kid[::-1]),
        RIVERA,
        "key_administrator",
    )

    assert [("KEY_ID", 6)] == found(forge.verify())


def test_a_key_is_enrolled_once_so_that_none_comes_back_after_its_revocation() -> None:
    forge = busy().say(revoked(RECORDER), RIVERA, "key_administrator")
    forge.enroll(RECORDER, "d.recorder", "trade_recorder")
    forge.say(exported("S-3"), RECORDER, "trade_recorder")

    assert [("KEY_REENROLLED", 12), ("TWO_PERSON", 13), ("KEY_REVOKED", 14)] == found(
        forge.verify()
    )


def test_a_key_for_a_role_that_does_not_exist_is_refused() -> None:
    forge = office().say(enrollment(STRANGER, "x.new", "grand_vizier"), RIVERA, "key_administrator")

    assert [("ROLE", 6)] == found(forge.verify())


def test_a_key_nobody_enrolled_is_neither_revoked_nor_reaffirmed() -> None:
    stands = KeyReaffirmed(
        key=STRANGER.kid, entries=(6,), reaffirmed_on=START.date(), note="checked"
    )
    forge = office().say(revoked(STRANGER), RIVERA, "key_administrator")
    forge.say(stands, RIVERA, "key_administrator")

    assert [("KEY_UNKNOWN", 6), ("KEY_UNKNOWN", 7)] == found(forge.verify())


def test_a_ledger_is_opened_once_and_by_its_first_entry() -> None:
    unopened = Forge().say(exported(), RECORDER, "trade_recorder")
    again = busy().open()
    nothing = Forge().verify(anchor=None, checkpoint=None)

    assert ("OPENING", 1) in found(unopened.verify())
    assert [("OPENING", 11)] == found(again.verify())
    assert [("OPENING", None)] == found(nothing)


def test_a_ledger_is_opened_by_one_of_its_own_administrators() -> None:
    assert [("KEY_UNKNOWN", 1)] == found(Forge().open(by=STRANGER).verify())


# parser differential — user key


@pytest.mark.parametrize(
    ("code", "respell"),
    [
        ("PAYLOAD_DUP_KEY", lambda raw: raw.replace(b'{"at"', b'{"at":"2026","at"')),
        ("PAYLOAD_DUP_KEY", lambda raw: raw.replace(b'"units":8', b'"units":8,"units":9')),
        ("PAYLOAD_DUP_KEY", lambda raw: raw.replace(b'"units":8', b'"units":9,"units":8')),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b'"v":1', b'"v": 1')),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw + b"\n"),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b'"units":8', b'"units":8.0')),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b'"units":8', b'"units":8e0')),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b"15824", b"9007199254740992")),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b"15824", b"9" * 5_000)),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b"h100", rb"\u0068100")),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b"h100", rb"\ud800")),
        ("PAYLOAD_NOT_CANONICAL", lambda raw: raw.replace(b'"units"', '"ünits"'.encode())),
        (
            "PAYLOAD_NOT_CANONICAL",
            lambda raw: raw.replace(b'"data":{', b'"data":{"aggregate":false,'),
        ),
        ("PAYLOAD_SYNTAX", lambda raw: raw.replace(b'"v":1', b'"v":2')),
        ("PAYLOAD_SYNTAX", lambda raw: raw.replace(b',"ver":1}', b"}")),
        ("PAYLOAD_SYNTAX", lambda raw: raw.replace(b'"ver":1}', b'"ver":1,"zz":0}')),
        ("PAYLOAD_SYNTAX", lambda raw: raw.replace(b"2026-01-05T09", b"2026-13-05T09")),
        ("PAYLOAD_SYNTAX", lambda raw: raw.replace(b"2026-01-05T09", b"2026-01-05 09")),
        ("PAYLOAD_SYNTAX", lambda raw: raw[:-1]),
        ("PAYLOAD_SYNTAX", lambda raw: raw.replace(b"h100", b"\xff100")),
        ("PAYLOAD_SYNTAX", lambda _: b"[" * 20_000),
        ("PAYLOAD_SYNTAX", lambda _: b""),
        ("EVENT_UNKNOWN", lambda raw: raw.replace(b"exported.v1", b"exported.v7")),
        ("EVENT_SCHEMA", lambda raw: raw.replace(b'"units":8', b'"units":0')),
        ("EVENT_SCHEMA", lambda raw: raw.replace(b'"units":8', b'"unitz":8')),
        ("EVENT_SCHEMA", lambda raw: raw.replace(b"h100", "h１00".encode()).replace(b"S-1", b"!")),
    ],
)
def test_a_payload_two_readers_might_read_as_two_is_refused(
    code: str, respell: Callable[[bytes], bytes]
) -> None:
    forge = office()
    forge.say(exported(), RECORDER, "trade_recorder", spell=respell)

    assert (code, 6) in found(forge.verify())


def test_a_payload_that_is_not_canonical_is_refused_though_its_signer_meant_it() -> None:
    def shuffled(raw: bytes) -> bytes:
        return json.dumps(dict(reversed(json.loads(raw).items())), separators=(",", ":")).encode()

    forge = office().say(exported(), RECORDER, "trade_recorder", spell=shuffled)

    assert [("PAYLOAD_NOT_CANONICAL", 6)] == found(forge.verify())
    assert canonical(json.loads(said(forge.lines[5])[0])) != said(forge.lines[5])[0]


# one bad entry does not spoil what follows


def test_an_entry_nobody_can_read_is_named_and_the_rest_is_read() -> None:
    forge = busy()
    replaced(forge, 8, b"gone")

    report = forge.verify()

    assert [("ENTRY_SYNTAX", 8)] == found(report)
    assert "5. entries: 10 about" in "\n".join(report.lines())


def test_keys_an_unreadable_entry_may_have_enrolled_are_not_called_unknown() -> None:
    forge = busy()
    replaced(forge, 4, b"gone")

    report = forge.verify()

    assert [("ENTRY_SYNTAX", 4)] == found(report)
    assert any(f"2 entries signed with key {RECORDER.kid}:" in one for one in report.not_checked)


def test_a_delivery_signed_twice_over_is_read_as_what_it_is() -> None:
    delivered = ShipmentDelivered(
        shipment="S-1", delivered_on=START.date(), country="AE", received_by="acme"
    )
    forge = busy().say(delivered, RECORDER, "trade_recorder", prev=None)

    assert [("STREAM_PREV", 11)] == found(forge.verify())


def test_a_countersignature_for_a_key_that_is_not_there_is_refused() -> None:
    event = KeyCountersigned(
        key=STRANGER.kid, enrollment=b64(leaf(b"nothing")), countersigned_on=START.date()
    )

    assert [("TWO_PERSON", 11)] == found(busy().say(event, OKAFOR, "key_administrator").verify())
