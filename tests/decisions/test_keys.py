"""Keys: two people for each new one, its holder for its successor, and no way back for an old."""

from datetime import date

import msgspec
import pytest
from scenario import By, given, leaf_of

from commands.keys import CountersignKey, EnrollKey, ReaffirmEntries, RevokeKey, RotateKey
from ledger.events import (
    EnrolledKey,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
)

TODAY = date(2026, 3, 2)
RIVERA, CHEN, LIND, OTHER = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def key(kid, actor, *roles):
    return EnrolledKey(
        key=kid,
        actor=actor,
        roles=roles or ("key_administrator",),
        algorithm="ed25519",
        spki="AAAA",
        possession="AAAA",
        valid_from=date(2026, 1, 1),
    )


OPENED = By(
    "a.rivera",
    LedgerOpened(
        origin="ledger.example.gov/chips",
        log_key="AAAA",
        administrators=(key(RIVERA, "a.rivera"), key(CHEN, "b.chen")),
        opened_on=date(2026, 1, 5),
    ),
)
OFFICER = key(LIND, "c.lind", "licensing_officer")
ENROLLED = KeyEnrolled(enrolled=OFFICER, enrolled_on=TODAY)
PROPOSED = By("a.rivera", ENROLLED)
COUNTERSIGNED = KeyCountersigned(key=LIND, enrollment=leaf_of(2), countersigned_on=TODAY)
CONFIRMED = By("b.chen", COUNTERSIGNED)
HELD = (OPENED, PROPOSED, CONFIRMED)
"""Entry 1 opens, 2 proposes c.lind's key, 3 confirms it."""


def enrolling(enrolled=OFFICER):
    return EnrollKey(enrolled=enrolled, enrolled_on=TODAY)


def countersigning(kid=LIND):
    return CountersignKey(key=kid, countersigned_on=TODAY)


def rotating(successor, kid=LIND):
    return RotateKey(key=kid, successor=successor, rotated_on=TODAY)


def revoking(kid=LIND, suspect_from=None):
    return RevokeKey(key=kid, reason="lost", suspect_from=suspect_from, revoked_on=TODAY)


def revoked(kid=LIND, suspect_from=None):
    return KeyRevoked(key=kid, reason="lost", suspect_from=suspect_from, revoked_on=TODAY)


# ── enrolling ────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_proposed_by_one_administrator():
    given(OPENED, by="a.rivera").when(enrolling()).then(ENROLLED)


def test_the_same_proposal_twice_says_nothing_new():
    given(OPENED, PROPOSED, by="a.rivera").when(enrolling()).then_nothing()


@pytest.mark.parametrize(
    ("history", "standing"),
    [
        ((OPENED, PROPOSED), "pending"),
        (HELD, "valid"),
        ((*HELD, By("a.rivera", revoked())), "revoked"),
    ],
)
def test_a_key_is_enrolled_once(history, standing):
    given(*history, by="a.rivera").when(
        enrolling(key(LIND, "c.lind", "key_administrator"))
    ).then_refused(f"is already enrolled for c.lind ({standing})", code="KEY_ENROLLED")


def test_a_role_that_is_none_is_not_given():
    given(OPENED, by="a.rivera").when(enrolling(key(LIND, "c.lind", "emperor"))).then_refused(
        "'emperor' is not a role", code="ROLE_UNKNOWN"
    )


def test_another_administrator_confirms_by_the_proposals_leaf_hash():
    given(OPENED, PROPOSED, by="b.chen").when(countersigning()).then(COUNTERSIGNED)


def test_whoever_proposed_a_key_does_not_confirm_it():
    given(OPENED, PROPOSED, by="a.rivera").when(countersigning()).then_refused(
        "a.rivera proposed key " + LIND, code="TWO_PERSON"
    )


def test_what_is_confirmed_is_confirmed():
    given(*HELD, by="b.chen").when(countersigning()).then_nothing()


@pytest.mark.parametrize(
    "command",
    [
        countersigning(OTHER),
        rotating(OFFICER, OTHER),
        revoking(OTHER),
        ReaffirmEntries(key=OTHER, entries=(4,), reaffirmed_on=TODAY, note="seen"),
    ],
)
def test_a_key_nobody_enrolled_is_unknown(command):
    given(*HELD, by="a.rivera").when(command).then_refused(
        f"key {OTHER} is not enrolled", code="KEY_UNKNOWN"
    )


# ── rotating ─────────────────────────────────────────────────────────────────────────────────────

SUCCESSOR = key(OTHER, "c.lind", "licensing_officer")
ROTATED = By("c.lind", KeyRotated(key=LIND, successor=SUCCESSOR, rotated_on=TODAY))


def test_a_holder_replaces_their_own_key():
    given(*HELD, by="c.lind").when(rotating(SUCCESSOR)).then(ROTATED.event)


def test_the_same_rotation_twice_says_nothing_new():
    given(*HELD, ROTATED, by="c.lind").when(rotating(SUCCESSOR)).then_nothing()


@pytest.mark.parametrize(
    "successor",
    [key(OTHER, "d.other", "licensing_officer"), key(OTHER, "c.lind", "key_administrator")],
)
def test_a_rotation_changes_neither_the_holder_nor_the_roles(successor):
    given(*HELD, by="c.lind").when(rotating(successor)).then_refused(
        f"key {LIND} belongs to c.lind as licensing_officer; its successor is offered for",
        code="ROTATION",
    )


def test_nobody_rotates_another_persons_key():
    given(*HELD, by="a.rivera").when(rotating(SUCCESSOR)).then_refused(
        "belongs to c.lind, and a.rivera signs", code="KEY_ACTOR"
    )


def test_a_rotation_does_not_bring_a_revoked_key_back():
    second = (
        By("a.rivera", KeyEnrolled(enrolled=SUCCESSOR, enrolled_on=TODAY)),
        By("a.rivera", revoked(OTHER)),
    )

    given(*HELD, *second, by="c.lind").when(rotating(SUCCESSOR)).then_refused(
        f"key {OTHER} is already enrolled for c.lind (revoked)", code="KEY_ENROLLED"
    )
    given(*HELD, by="c.lind").when(rotating(OFFICER)).then_refused(
        f"key {LIND} is already enrolled for c.lind (valid)", code="KEY_ENROLLED"
    )


# ── revoking and reaffirming ─────────────────────────────────────────────────────────────────────


def test_a_key_is_revoked_and_may_be_called_suspect_from_an_entry_on():
    given(*HELD, by="a.rivera").when(revoking()).then(revoked())
    given(*HELD, by="a.rivera").when(revoking(suspect_from=4)).then(revoked(suspect_from=4))


def test_a_revoked_key_is_revoked():
    given(*HELD, By("a.rivera", revoked(suspect_from=4)), by="b.chen").when(
        revoking(suspect_from=4)
    ).then_nothing()
    given(*HELD, By("a.rivera", revoked(suspect_from=4)), by="b.chen").when(
        revoking(suspect_from=9)
    ).then_nothing()


def test_a_key_that_ended_long_ago_can_turn_out_to_have_been_stolen():
    given(*HELD, ROTATED, by="a.rivera").when(revoking(suspect_from=4)).then(
        revoked(suspect_from=4)
    )
    given(*HELD, By("a.rivera", revoked()), by="a.rivera").when(revoking(suspect_from=4)).then(
        revoked(suspect_from=4)
    )


def test_revoked_again_a_key_ended_where_it_first_did():
    ring = (
        given(*HELD, ROTATED, By("a.rivera", revoked(suspect_from=4)), By("a.rivera", revoked()))
        .situation()
        .keys
    )

    assert 4 == ring.keys[LIND].revoked_at
    assert 4 == ring.keys[LIND].suspect_from


def test_a_stolen_key_ends_even_where_one_administrator_is_left_and_that_is_said():
    given(*HELD, by="a.rivera").when(revoking(CHEN)).then(revoked(CHEN)).then_warns(
        "a.rivera is then the only key administrator: nobody could countersign a new key"
    )
    given(*HELD, by="a.rivera").when(revoking(LIND)).then(revoked()).then_warns()


def test_where_one_administrator_opened_the_ledger_alone_nobody_countersigns_anyway():
    alone = msgspec.structs.replace(
        OPENED.event, administrators=(key(RIVERA, "a.rivera"),), sole=True
    )
    other = KeyEnrolled(enrolled=key(CHEN, "b.chen"), enrolled_on=TODAY)
    history = (By("a.rivera", alone), By("a.rivera", other))

    given(*history, by="a.rivera").when(revoking(CHEN)).then(revoked(CHEN)).then_warns()


def test_somebody_is_left_who_can_enroll():
    given(*HELD, By("a.rivera", revoked(CHEN)), by="a.rivera").when(revoking(RIVERA)).then_refused(
        f"key {RIVERA} is the last valid key of a key administrator", code="LAST_ADMINISTRATOR"
    )
    given(*HELD, By("a.rivera", revoked(CHEN)), by="a.rivera").when(revoking(LIND)).then(revoked())


def test_entries_that_were_looked_at_again_stand():
    suspect = By("a.rivera", revoked(suspect_from=4))
    command = ReaffirmEntries(key=LIND, entries=(4, 5), reaffirmed_on=TODAY, note="seen")
    event = KeyReaffirmed(key=LIND, entries=(4, 5), reaffirmed_on=TODAY, note="seen")

    given(*HELD, suspect, by="b.chen").when(command).then(event)
    given(*HELD, suspect, By("b.chen", event), by="b.chen").when(command).then_nothing()


def test_what_nobody_doubts_is_not_reaffirmed():
    given(*HELD, By("a.rivera", revoked()), by="b.chen").when(
        ReaffirmEntries(key=LIND, entries=(4,), reaffirmed_on=TODAY, note="seen")
    ).then_refused("no entry signed with key " + LIND + " is suspect", code="NOT_SUSPECT")


@pytest.mark.parametrize(
    "command",
    [
        enrolling(),
        countersigning(),
        rotating(SUCCESSOR),
        revoking(),
        ReaffirmEntries(key=LIND, entries=(4,), reaffirmed_on=TODAY, note="seen"),
    ],
)
def test_nothing_is_done_to_a_key_tomorrow(command):
    given(*HELD, today=date(2026, 3, 1), by="a.rivera").when(command).then_refused(
        "and today is 2026-03-01", code="DATE_FUTURE"
    )
