"""The log keeps its promises on both databases: order, chains, keys by position, proofs."""

import json
from base64 import b64decode, b64encode
from datetime import date, timedelta
from random import Random

import msgspec
import officers
import pytest
from forge import Key, leaf, merkle
from officers import CHEN, G42, LIND, LOG, RIVERA, TODAY, at, desk, enroll, open_ledger, verify
from sqlalchemy import create_engine, text
from world import applied, approved, exported, voided

from commands.decider import Command
from commands.policies import AdoptPolicy
from commands.shipments import LineDeclared, RecordExport, VoidShipment
from ledger.errors import (
    Conflict,
    LedgerError,
    Malformed,
    NotAuthentic,
    NotPermitted,
    Refused,
)
from ledger.events import (
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    PartyRegistered,
    PartyRenamed,
)
from ledger.log import Ledger, Slice, check_possession
from ledger.merkle import TILE_WIDTH, verify_consistency, verify_inclusion
from ledger.quota import Amounts, QuotaFold
from ledger.views import at_head, kept_rows, replayed


@pytest.fixture
def ledger(database_url):
    opened = open_ledger(database_url)
    yield opened
    opened.close()


@pytest.fixture
def on_file(tmp_path):
    """A ledger on SQLite alone, where the question does not reach the database."""
    opened = open_ledger(str(tmp_path / "ledger.db"))
    yield opened
    opened.close()


def party(number):
    return PartyRegistered(
        party=f"p{number}", name=f"Party {number}", country="AE", headquarters="AE",
        registered_on=TODAY,
    )  # fmt: skip


def renamed(name):
    return PartyRenamed(party="g42", name=name, renamed_on=TODAY)


def lines(ledger):
    with ledger.store.reading() as connection:
        return [row[4] for row in ledger.store.pages(connection)]


def payload(line):
    return json.loads(b64decode(json.loads(line)["payload"]))


def code_of(error, deed, *arguments, **named):
    with pytest.raises(error) as caught:
        deed(*arguments, **named)
    return caught.value.code


def revoked(key, **changes):
    return KeyRevoked(key=key.kid, reason="lost", revoked_on=TODAY, **changes)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_opens_with_one_entry_and_a_checkpoint_over_it(ledger, database_url):
    again = Ledger.open(database_url)

    assert 1 == again.size()
    assert officers.ORIGIN == again.origin
    assert [ledger.newest_checkpoint()] == again.checkpoints()
    assert "VALID" == verify(again).verdict
    again.close()


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (officers.opening(RIVERA.enrolled("a.rivera", "key_administrator")), "TWO_PERSON"),
        (
            officers.opening(
                RIVERA.enrolled("a.rivera", "key_administrator"),
                CHEN.enrolled("a.rivera", "key_administrator"),
            ),
            "TWO_PERSON",
        ),
        (
            officers.opening(
                RIVERA.enrolled("a.rivera", "key_administrator"),
                CHEN.enrolled("b.chen", "key_administrator"),
                sole=True,
            ),
            "TWO_PERSON",
        ),
        (officers.opening(*[RIVERA.enrolled("a.rivera", "key_administrator")] * 2), "KEY_ENROLLED"),
        (officers.opening(RIVERA.enrolled("a.rivera", "policy_officer")), "ROLE"),
        (officers.opening(RIVERA.enrolled("a.rivera", "emperor")), "ROLE_UNKNOWN"),
        (
            officers.opening(
                RIVERA.enrolled("a.rivera", "key_administrator", valid_from=date(2026, 1, 6)),
                sole=True,
            ),
            "KEY_PERIOD",
        ),
        (officers.opening(CHEN.enrolled("b.chen", "key_administrator"), sole=True), "KEY_UNKNOWN"),
        (
            officers.opening(
                RIVERA.enrolled("a.rivera", "key_administrator", origin="another.example.gov"),
                sole=True,
            ),
            "KEY_POP",
        ),
    ],
)
def test_an_opening_that_would_not_verify_makes_no_ledger(tmp_path, opening, code):
    place = str(tmp_path / "ledger.db")

    assert code == code_of(LedgerError, Ledger.create, place, opening, RIVERA, LOG, at=at(0))
    assert [] == list(tmp_path.iterdir())


def test_a_ledger_is_not_made_with_a_log_key_other_than_it_names(tmp_path):
    place = str(tmp_path / "ledger.db")

    assert "CHECKPOINT_SIGNATURE" == code_of(
        NotPermitted, Ledger.create, place, officers.opening(), RIVERA, LIND, at=at(0)
    )
    assert [] == list(tmp_path.iterdir())


def test_one_administrator_alone_may_open_a_ledger_that_says_so(tmp_path):
    alone = officers.opening(RIVERA.enrolled("a.rivera", "key_administrator"), sole=True)
    ledger = Ledger.create(str(tmp_path / "ledger.db"), alone, RIVERA, LOG, at=at(0))
    enrolled = LIND.enrolled("c.lind", "policy_officer")
    ledger.append([KeyEnrolled(enrolled=enrolled, enrolled_on=TODAY)], RIVERA, at=at(1))
    ledger.append([officers.DIFFUSION], LIND, at=at(2))
    ledger.checkpoint(LOG)

    assert "VALID" == verify(ledger).verdict


# ── appending ────────────────────────────────────────────────────────────────────────────────────


def test_entries_are_numbered_from_one_without_a_gap_and_read_back_as_they_were_said(ledger):
    assert range(2, 5) == ledger.append([G42, renamed("A"), renamed("B")], RIVERA, at=at(1))
    assert range(5, 6) == ledger.append([renamed("C")], CHEN, at=at(2))

    found = ledger.entries(Slice(tags=("party:g42",)))
    assert [2, 3, 4, 5] == [entry.number for entry in found]
    assert [G42, renamed("A"), renamed("B"), renamed("C")] == [entry.event for entry in found]
    assert ["a.rivera"] * 3 + ["b.chen"] == [entry.by for entry in found]


def test_nothing_said_is_nothing_recorded(on_file):
    assert range(2, 2) == on_file.append([], RIVERA, at=at(1))
    assert 1 == on_file.size()


def test_versions_count_within_a_subject_and_each_follows_the_one_before(ledger):
    ledger.append([G42, party(1), renamed("A")], RIVERA, at=at(1))
    ledger.append([renamed("B")], RIVERA, at=at(2))

    with ledger.store.reading() as connection:
        rows = ledger.store.select_subject(connection, "party:g42")
    assert [1, 2, 3] == [row[2] for row in rows]
    said = [payload(row[4]) for row in rows]
    hashes = [b64encode(leaf(row[4])).decode() for row in rows]
    assert [None, hashes[0], hashes[1]] == [one["prev"] for one in said]


def test_a_slice_is_by_tag_by_type_or_by_both(ledger):
    ledger.append(
        [applied("D1"), approved("D1"), exported("S-1"), applied("D2", destination="SA")],
        RIVERA,
        at=at(1),
    )
    numbers = lambda **by: [one.number for one in ledger.entries(Slice(**by))]  # noqa: E731

    assert [2, 3, 4] == numbers(tags=("license:D1",))
    assert [2, 5] == numbers(types=("license.applied.v1",))
    assert [2] == numbers(tags=("license:D1",), types=("license.applied.v1",))
    assert [2, 3, 4, 5] == numbers(tags=("country:AE", "country:SA"))
    assert [2] == [one.number for one in ledger.entries(Slice(tags=("country:AE",)), up_to=2)]


def test_what_a_signer_has_seen_is_the_newest_checkpoint(on_file):
    on_file.append([G42], RIVERA, at=at(1))
    on_file.checkpoint(LOG)
    on_file.append([renamed("A")], RIVERA, at=at(2))

    kept = lines(on_file)
    assert [1, b64encode(merkle([leaf(kept[0])])).decode()] == payload(kept[1])["seen"]
    assert [2, b64encode(merkle([leaf(one) for one in kept[:2]])).decode()] == payload(kept[2])[
        "seen"
    ]


def test_an_error_outside_an_append_leaves_nothing_behind(ledger):
    enrolled = KeyEnrolled(enrolled=LIND.enrolled("c.lind", "check_officer"), enrolled_on=TODAY)

    def interrupted():
        with ledger.writing() as writing:
            writing.append([G42, enrolled], RIVERA, at=at(1))
            assert LIND.kid in ledger.keyring(writing.connection).keys
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()

    assert 1 == ledger.size()
    assert LIND.kid not in ledger.keys().keys
    assert range(2, 3) == ledger.append([G42], RIVERA, at=at(2))


def test_an_id_that_is_none_is_not_signed(on_file):
    strange = PartyRegistered(
        party="a b", name="A", country="AE", headquarters="AE", registered_on=TODAY
    )

    assert "ID_FORM" == code_of(Malformed, on_file.append, [strange], RIVERA, at=at(1))
    assert 1 == on_file.size()


def test_what_could_not_be_read_back_is_not_signed(on_file):
    nowhere = PartyRegistered(
        party="x", name="X", country="XX", headquarters="AE", registered_on=TODAY
    )

    assert "EVENT_SCHEMA" == code_of(NotAuthentic, on_file.append, [nowhere], RIVERA, at=at(1))
    assert 1 == on_file.size()


def test_a_clock_behind_by_more_than_five_minutes_is_refused(on_file):
    on_file.append([G42], RIVERA, at=at(60))

    assert "TIME_BACKWARDS" == code_of(
        Conflict, on_file.append, [renamed("A")], RIVERA, at=at(60) - timedelta(seconds=301)
    )
    on_file.append([renamed("A")], CHEN, at=at(60) - timedelta(seconds=300))
    assert ["2026-01-05T10:00:00.000000Z"] * 2 == [
        entry.at for entry in on_file.entries(Slice(tags=("party:g42",)))
    ]


def test_an_entry_dated_far_ahead_stops_nobody_once_its_key_is_revoked(on_file):
    on_file.append([G42], RIVERA, at=at(60))
    on_file.append([renamed("A")], CHEN, at=at(60) + timedelta(days=3_000))
    revoked = KeyRevoked(
        key=CHEN.kid, reason="its clock was wrong", suspect_from=on_file.size(), revoked_on=TODAY
    )
    without = msgspec.structs.replace(revoked, suspect_from=None)

    assert "TIME_BACKWARDS" == code_of(Conflict, on_file.append, [renamed("B")], RIVERA, at=at(61))
    assert "TIME_BACKWARDS" == code_of(Conflict, on_file.append, [without], RIVERA, at=at(61))
    on_file.append([revoked], RIVERA, at=at(61))
    on_file.append([renamed("B")], RIVERA, at=at(62))
    on_file.checkpoint(LOG)

    assert {"SUSPECT"} == {one.code for one in verify(on_file).findings}
    with pytest.raises(Conflict):
        on_file.append([renamed("C")], RIVERA, at=at(50))


# ── keys, by position ────────────────────────────────────────────────────────────────────────────


def test_a_key_signs_once_it_is_countersigned_and_not_before(on_file):
    leaf_hash = officers.propose(on_file, LIND.enrolled("c.lind", "policy_officer"))
    pending = code_of(NotPermitted, on_file.append, [officers.DIFFUSION], LIND, at=at(1))
    on_file.append(
        [KeyCountersigned(key=LIND.kid, enrollment=leaf_hash, countersigned_on=TODAY)],
        CHEN,
        at=at(2),
    )
    on_file.append([officers.DIFFUSION], LIND, at=at(3))
    on_file.checkpoint(LOG)

    assert "KEY_PENDING" == pending
    assert "VALID" == verify(on_file).verdict


def test_a_key_nobody_enrolled_signs_nothing(on_file):
    assert "KEY_UNKNOWN" == code_of(NotPermitted, on_file.append, [G42], LIND, at=at(1))


def test_a_key_signs_what_its_roles_may_say_and_nothing_else(on_file):
    enroll(on_file, LIND, "c.lind", "check_officer")

    assert "ROLE" == code_of(NotPermitted, on_file.append, [officers.DIFFUSION], LIND, at=at(1))


def test_a_key_signs_within_its_period(on_file):
    enroll(
        on_file, LIND, "c.lind", "licensing_officer",
        valid_from=date(2026, 1, 6), valid_until=date(2026, 1, 7),
    )  # fmt: skip
    day = 24 * 60

    assert "KEY_PERIOD" == code_of(NotPermitted, on_file.append, [G42], LIND, at=at(1))
    on_file.append([G42], LIND, at=at(day))
    on_file.append([renamed("A")], LIND, at=at(2 * day))
    assert "KEY_PERIOD" == code_of(
        NotPermitted, on_file.append, [renamed("B")], LIND, at=at(3 * day)
    )
    on_file.checkpoint(LOG)
    assert "VALID" == verify(on_file).verdict


def test_a_revoked_key_signs_nothing_whatever_date_it_claims(on_file):
    enroll(on_file, LIND, "c.lind", "licensing_officer", now=at(1))
    on_file.append([G42], LIND, at=at(2))
    on_file.append([revoked(LIND)], CHEN, at=at(3))

    assert "KEY_REVOKED" == code_of(NotPermitted, on_file.append, [renamed("A")], LIND, at=at(3))
    assert "KEY_REVOKED" == code_of(NotPermitted, on_file.append, [renamed("A")], LIND, at=at(1))
    on_file.checkpoint(LOG)
    assert "VALID" == verify(on_file).verdict


def test_a_key_revoked_among_other_events_signs_none_of_those_after_it(on_file):
    assert "KEY_REVOKED" == code_of(
        NotPermitted, on_file.append, [G42, revoked(RIVERA), renamed("A")], RIVERA, at=at(1)
    )
    assert 1 == on_file.size()


def test_another_process_that_revokes_a_key_is_heeded(ledger, database_url):
    enroll(ledger, LIND, "c.lind", "licensing_officer")
    other = Ledger.open(database_url)
    other.append([G42], LIND, at=at(1))
    ledger.append([revoked(LIND)], RIVERA, at=at(2))

    assert "KEY_REVOKED" == code_of(NotPermitted, other.append, [renamed("A")], LIND, at=at(3))
    other.close()


def test_a_successor_signs_from_the_rotation_on_and_the_old_key_no_more(on_file):
    enroll(on_file, LIND, "c.lind", "licensing_officer")
    new = Key("c.lind the second")
    successor = new.enrolled("c.lind", "licensing_officer")
    on_file.append(
        [KeyRotated(key=LIND.kid, successor=successor, rotated_on=TODAY)], LIND, at=at(1)
    )
    on_file.append([G42], new, at=at(2))

    assert "KEY_REVOKED" == code_of(NotPermitted, on_file.append, [renamed("A")], LIND, at=at(3))
    on_file.checkpoint(LOG)
    assert "VALID" == verify(on_file).verdict


def test_a_stolen_key_found_out_after_its_rotation_makes_what_it_signed_suspect(on_file):
    enroll(on_file, LIND, "c.lind", "licensing_officer")
    on_file.append([G42], LIND, at=at(1))
    successor = Key("c.lind the second").enrolled("c.lind", "licensing_officer")
    on_file.append(
        [KeyRotated(key=LIND.kid, successor=successor, rotated_on=TODAY)], LIND, at=at(2)
    )
    on_file.append([revoked(LIND, suspect_from=4)], RIVERA, at=at(3))
    on_file.checkpoint(LOG)
    before = verify(on_file).verdict
    on_file.append(
        [KeyReaffirmed(key=LIND.kid, entries=(4, 5), reaffirmed_on=TODAY, note="seen")],
        RIVERA,
        at=at(4),
    )
    on_file.checkpoint(LOG)

    assert "SUSPECT" == before
    assert "VALID" == verify(on_file).verdict


NEW = Key("somebody new")


@pytest.mark.parametrize(
    ("event", "signer", "code"),
    [
        (officers.opening(), RIVERA, "LEDGER_EXISTS"),
        (KeyEnrolled(enrolled=CHEN.enrolled("b.chen", "check_officer"), enrolled_on=TODAY),
         RIVERA, "KEY_ENROLLED"),
        (KeyEnrolled(enrolled=NEW.enrolled("n.new", "emperor"), enrolled_on=TODAY),
         RIVERA, "ROLE_UNKNOWN"),
        (KeyEnrolled(enrolled=NEW.enrolled("n.new", "check_officer", key="0" * 32),
                     enrolled_on=TODAY), RIVERA, "KEY_ID"),
        (KeyEnrolled(enrolled=NEW.enrolled("n.new", "check_officer", spki="AAAA"),
                     enrolled_on=TODAY), RIVERA, "KEY_WEAK"),
        (KeyEnrolled(enrolled=NEW.enrolled("n.new", "check_officer", spki="AAA"),
                     enrolled_on=TODAY), RIVERA, "KEY_WEAK"),
        (KeyEnrolled(enrolled=NEW.enrolled("n.new", "check_officer", possession="AAA"),
                     enrolled_on=TODAY), RIVERA, "KEY_POP"),
        (KeyCountersigned(key=CHEN.kid, enrollment=b64encode(bytes(32)).decode(),
                          countersigned_on=TODAY), CHEN, "TWO_PERSON"),
        (KeyCountersigned(key=NEW.kid, enrollment=b64encode(bytes(32)).decode(),
                          countersigned_on=TODAY), CHEN, "KEY_UNKNOWN"),
        (KeyRotated(key=CHEN.kid, successor=NEW.enrolled("b.chen", *officers.ROLES),
                    rotated_on=TODAY), RIVERA, "KEY_ACTOR"),
        (KeyRotated(key=CHEN.kid, successor=NEW.enrolled("n.new", *officers.ROLES),
                    rotated_on=TODAY), CHEN, "ROTATION"),
        (KeyRotated(key=CHEN.kid, successor=NEW.enrolled("b.chen", "check_officer"),
                    rotated_on=TODAY), CHEN, "ROTATION"),
        (KeyRotated(key=CHEN.kid, successor=RIVERA.enrolled("b.chen", *officers.ROLES),
                    rotated_on=TODAY), CHEN, "KEY_ENROLLED"),
        (revoked(NEW), CHEN, "KEY_UNKNOWN"),
        (KeyReaffirmed(key=NEW.kid, entries=(1,), reaffirmed_on=TODAY, note="seen"),
         CHEN, "KEY_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_key_event_the_verifier_would_not_believe_is_not_signed(tmp_path, event, signer, code):
    ledger = open_ledger(str(tmp_path / "ledger.db"))

    assert code == code_of(LedgerError, ledger.append, [event], signer, at=at(1))
    assert 1 == ledger.size()


def test_nobody_confirms_what_they_proposed(on_file):
    leaf_hash = officers.propose(on_file, LIND.enrolled("c.lind", "policy_officer"))
    confirmed = KeyCountersigned(key=LIND.kid, enrollment=leaf_hash, countersigned_on=TODAY)

    assert "TWO_PERSON" == code_of(NotPermitted, on_file.append, [confirmed], RIVERA, at=at(1))


def test_a_good_offer_is_accepted():
    check_possession(officers.ORIGIN, NEW.enrolled("n.new", "check_officer"))


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


def altered(database_url, *statements):
    """What somebody with the database in hand can do."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for (trigger,) in connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).all():
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_checkpoint_of_the_same_size_is_the_one_already_signed(ledger):
    ledger.append([G42], RIVERA, at=at(1))
    first = ledger.checkpoint(LOG)

    assert first == ledger.checkpoint(LOG)
    assert 2 == len(ledger.checkpoints())


def test_a_checkpoint_is_signed_with_the_log_key_and_no_other(on_file):
    assert "CHECKPOINT_SIGNATURE" == code_of(NotPermitted, on_file.checkpoint, RIVERA)


@pytest.mark.parametrize(
    "deed",
    [
        ["UPDATE entries SET line = (SELECT line FROM entries WHERE position = 3)"
         " WHERE position = 2"],
        ["DELETE FROM entries WHERE position = 2"],
    ],
)  # fmt: skip
def test_nothing_is_signed_that_does_not_extend_the_newest_checkpoint(ledger, database_url, deed):
    ledger.append([G42, party(1), party(2)], RIVERA, at=at(1))
    ledger.checkpoint(LOG)
    ledger.append([party(3)], RIVERA, at=at(2))
    altered(database_url, *deed)

    assert "ROLLBACK" == code_of(NotAuthentic, ledger.checkpoint, LOG)
    assert 2 == len(ledger.checkpoints())


def test_a_row_that_stands_for_another_is_not_read(ledger, database_url):
    ledger.append([G42, party(1)], RIVERA, at=at(1))
    altered(
        database_url,
        "UPDATE entries SET line = (SELECT line FROM entries WHERE position = 3)"
        " WHERE position = 2",
    )

    assert "ROW_MISMATCH" == code_of(
        NotAuthentic, ledger.entries, Slice(types=("party.registered.v1",))
    )


# ── proofs ───────────────────────────────────────────────────────────────────────────────────────

SIZES = 600


@pytest.fixture
def long_ledger(ledger):
    for start in range(2, SIZES + 1, 199):
        stop = min(start + 199, SIZES + 1)
        ledger.append([party(number) for number in range(start, stop)], RIVERA, at=at(1))
    return ledger


def test_every_size_is_proven_to_begin_with_a_smaller_one_and_to_hold_its_entries(long_ledger):
    leaves = [leaf(line) for line in lines(long_ledger)]
    roots = {size: merkle(leaves[:size]) for size in range(1, SIZES + 1)}
    chance = Random(20_260_302)
    edges = {tile * TILE_WIDTH + beside for tile in (1, 2) for beside in (-1, 0, 1)}
    # Every size on SQLite; a server takes three times as long to hand out the same rows.
    every = 1 if long_ledger.store.place.endswith(".db") else 12

    assert SIZES == long_ledger.size()
    for size in sorted({*range(1, SIZES + 1, every), *edges, SIZES}):
        near = {one for one in edges if one <= size} if size in edges or size == SIZES else set()
        for number in {chance.randint(1, size), *near}:
            line, proof = long_ledger.prove_inclusion(number, size)
            assert leaves[number - 1] == leaf(line)
            verify_inclusion(leaves[number - 1], number - 1, size, proof, roots[size])
        for old in {chance.randint(1, size), *near}:
            proof = long_ledger.prove_consistency(old, size)
            verify_consistency(old, roots[old], size, roots[size], proof)


@pytest.mark.parametrize(("number", "size"), [(0, 1), (2, 1), (1, 3), (1, 0), (-1, 2)])
def test_an_entry_outside_is_not_proven(on_file, number, size):
    on_file.append([G42], RIVERA, at=at(1))

    assert "PROOF_RANGE" == code_of(Refused, on_file.prove_inclusion, number, size)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (1, 3), (-1, 1)])
def test_sizes_that_never_were_are_not_proven(on_file, old, new):
    on_file.append([G42], RIVERA, at=at(1))

    assert "PROOF_RANGE" == code_of(Refused, on_file.prove_consistency, old, new)


# ── batches ──────────────────────────────────────────────────────────────────────────────────────


def exporting(number: int, units: int = 8) -> Command:
    return RecordExport(
        shipment=f"S-{number}", authority="none", ultimate_consignee="g42", route=("US", "AE"),
        lines=(LineDeclared(model="h100-sxm", units=units),), exported_on=date(2025, 12, 1),
    )  # fmt: skip


def test_a_refused_command_of_a_batch_leaves_the_others_standing(ledger):
    with desk(ledger, now=at(1)).batch() as batch:
        batch.execute(exporting(1))
        with pytest.raises(Refused):
            batch.execute(exporting(1, units=9))
        batch.execute(exporting(2))

    assert ["S-1", "S-2"] == [
        entry.event.shipment for entry in ledger.entries(Slice(types=("shipment.exported.v1",)))
    ]


def test_an_error_outside_a_command_leaves_none_of_a_batch(ledger):
    def interrupted():
        with desk(ledger, now=at(1)).batch() as batch:
            batch.execute(exporting(1))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()

    assert 1 == ledger.size()


def test_each_command_of_a_batch_is_decided_on_what_those_before_it_left(on_file):
    with desk(on_file, now=at(1)).batch() as batch:
        first = batch.execute(exporting(1))
        again = batch.execute(exporting(1))
        undone = batch.execute(
            VoidShipment(shipment="S-1", voided_on=TODAY, reason="never left"), caps=True
        )

    assert (range(2, 3), range(3, 3)) == (first.numbers, again.numbers)
    assert [voided(2, "S-1").entry] == [event.entry for event in undone.events]


def test_a_batch_that_asks_for_caps_counts_each_shipment_once(ledger):
    ledger.append([officers.DIFFUSION], RIVERA, at=at(1))
    with desk(ledger, now=at(2)).batch() as batch:
        (first,) = batch.execute(exporting(1), caps=True).caps
        (second,) = batch.execute(exporting(2), caps=True).caps

    assert (0, 8 * 15_832) == (first.before.drawn, first.after.drawn)
    assert (8 * 15_832, 16 * 15_832) == (second.before.drawn, second.after.drawn)
    with ledger.store.reading() as connection:
        pure = replayed(ledger.store, connection, QuotaFold()).rows()
    assert pure == kept_rows(ledger.store, QuotaFold.name)


def test_a_rehearsal_shows_what_would_be_and_leaves_everything_as_it_was(on_file):
    on_file.append([officers.DIFFUSION], RIVERA, at=at(1))
    rehearsed = desk(on_file, now=at(2)).rehearse(exporting(1))

    assert range(0) == rehearsed.numbers
    assert [8 * 15_832] == [change.after.drawn for change in rehearsed.caps]
    assert 2 == on_file.size()
    with on_file.store.reading() as connection:
        assert [] == list(at_head(on_file.store, connection, QuotaFold()).scan("D/", Amounts))


def test_a_key_revoked_inside_a_batch_signs_nothing_later_in_it(ledger):
    with ledger.writing() as writing:
        writing.append([G42], CHEN, at=at(1))
        writing.append([revoked(CHEN)], RIVERA, at=at(1))
        assert "KEY_REVOKED" == code_of(
            NotPermitted, writing.append, [renamed("A")], CHEN, at=at(1)
        )
    ledger.checkpoint(LOG)

    assert 3 == ledger.size()
    assert "VALID" == verify(ledger).verdict


def test_a_policy_adopted_inside_a_batch_rules_the_commands_after_it(on_file):
    with desk(on_file, now=at(1)).batch() as batch:
        batch.execute(AdoptPolicy(policy="diffusion-2025", effective_on=date(2025, 5, 15)))
        (change,) = batch.execute(exporting(1), caps=True).caps

    assert ("diffusion-2025", 790_000_000) == (change.policy, change.after.cap)


def test_a_key_that_is_not_enrolled_has_no_desk(on_file):
    assert "KEY_UNKNOWN" == code_of(NotPermitted, desk(on_file, LIND).execute, exporting(1))
