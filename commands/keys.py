"""Keys: enroll, countersign, rotate, revoke, reaffirm.

Rules kept here:
1. A key is enrolled once, with roles of the table, for one actor.
2. An enrollment is countersigned by another person than the one who proposed it.
3. A holder rotates only their own key: the successor has the same actor and the same roles.
4. The last valid key of a key administrator is not revoked: nobody could enroll another. That
   one person alone is left to administer keys is said and not refused: a stolen key must end.
5. A key that ended may be revoked once more, to say from where on it is suspect: a key replaced
   long ago can turn out to have been stolen. That only ever widens what is suspect.

Possession and strength of a key are checked where bytes are (`commands.handler`).
"""

from datetime import date
from typing import Annotated

from msgspec import Meta

from commands.decider import Command, Decider, Past, Said, Situation
from ledger.errors import NotPermitted, Refused
from ledger.events import (
    EnrolledKey,
    Event,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
)
from ledger.events._event import EntryNumber, Key, Name
from ledger.keyring import HeldKey, known_roles, not_enrolled, other_person, same_holder


class EnrollKey(Command, frozen=True, kw_only=True, tag="key.enroll"):
    """Propose a key, with its holder's proof of possession."""

    enrolled: EnrolledKey
    enrolled_on: date


class CountersignKey(Command, frozen=True, kw_only=True, tag="key.countersign"):
    """Confirm an enrollment another administrator proposed."""

    key: Key
    countersigned_on: date


class RotateKey(Command, frozen=True, kw_only=True, tag="key.rotate"):
    """Replace a key by a new one of the same holder, signed by the old."""

    key: Key
    successor: EnrolledKey
    rotated_on: date


class RevokeKey(Command, frozen=True, kw_only=True, tag="key.revoke"):
    """End a key; `suspect_from` is the entry from which it may have been in wrong hands."""

    key: Key
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    suspect_from: EntryNumber | None = None
    revoked_on: date


class ReaffirmEntries(Command, frozen=True, kw_only=True, tag="key.reaffirm"):
    """Say that entries a revoked key signed were checked and stand."""

    key: Key
    entries: Annotated[tuple[EntryNumber, ...], Meta(min_length=1, max_length=1_000)]
    reaffirmed_on: date
    note: Name


KeyCommand = EnrollKey | CountersignKey | RotateKey | RevokeKey | ReaffirmEntries


def evolve(told: tuple[Event, ...], past: Past) -> tuple[Event, ...]:
    """Everything said of one key, in order."""
    return (*told, past.event)


def decide(command: KeyCommand, told: tuple[Event, ...], situation: Situation) -> Said:
    """What follows from a command."""
    ring = situation.keys
    match command:
        case EnrollKey(enrolled=enrolled, enrolled_on=on):
            situation.happened(f"key {enrolled.key} is enrolled", on)
            known_roles(enrolled)
            event: Event = KeyEnrolled(enrolled=enrolled, enrolled_on=on)
            if event in told:
                return Said()
            not_enrolled(enrolled, ring)
            return Said([event])
        case CountersignKey(key=key, countersigned_on=on):
            situation.happened(f"key {key} is countersigned", on)
            held = ring.held(key)
            other_person(held, situation.by)
            if held.valid_after is not None:
                return Said()
            return Said(
                [KeyCountersigned(key=key, enrollment=held.enrollment, countersigned_on=on)]
            )
        case RotateKey(key=key, successor=successor, rotated_on=on):
            situation.happened(f"key {key} is rotated", on)
            held = ring.held(key)
            mine = held.enrolled
            event = KeyRotated(key=key, successor=successor, rotated_on=on)
            if event in told:
                return Said()
            same_holder(mine, successor)
            if mine.actor != situation.by:
                raise NotPermitted(
                    f"key {key} belongs to {mine.actor}, and {situation.by} signs",
                    remedy="its holder rotates it; an administrator can revoke it",
                    code="KEY_ACTOR",
                )
            not_enrolled(successor, ring)
            return Said([event])
        case RevokeKey(key=key, revoked_on=on, suspect_from=suspect_from):
            situation.happened(f"key {key} is revoked", on)
            held = ring.held(key)
            if held.revoked_at is not None and not held.widened(suspect_from):
                return Said()
            _not_the_last(held, situation)
            revoked = KeyRevoked(
                key=key, reason=command.reason, suspect_from=suspect_from, revoked_on=on
            )
            return Said([revoked], _alone(held, situation))
        case ReaffirmEntries(key=key, entries=entries, reaffirmed_on=on, note=note):
            situation.happened(f"entries of key {key} are reaffirmed", on)
            held = ring.held(key)
            if held.suspect_from is None:
                raise Refused(
                    f"no entry signed with key {key} is suspect",
                    remedy="nothing needs to be done",
                    code="NOT_SUSPECT",
                )
            event = KeyReaffirmed(key=key, entries=entries, reaffirmed_on=on, note=note)
            return Said() if event in told else Said([event])


def _administrators(situation: Situation) -> list[EnrolledKey]:
    """The valid keys of key administrators."""
    return [
        held.enrolled
        for held in situation.keys.keys.values()
        if held.standing == "valid" and "key_administrator" in held.enrolled.roles
    ]


def _alone(held: HeldKey, situation: Situation) -> list[str]:
    """Say that nobody is left to countersign what the last administrator would enroll."""
    administrators = _administrators(situation)
    left = {key.actor for key in administrators if key.key != held.enrolled.key}
    if situation.keys.sole or held.enrolled not in administrators or len(left) != 1:
        return []
    return [
        f"{left.pop()} is then the only key administrator: nobody could countersign a new key, so"
        " none could be enrolled in this ledger any more. Unless the key is in wrong hands, enroll"
        " and countersign another administrator's key before revoking it"
    ]


def _not_the_last(held: HeldKey, situation: Situation) -> None:
    if _administrators(situation) == [held.enrolled]:
        raise Refused(
            f"key {held.enrolled.key} is the last valid key of a key administrator",
            remedy="enroll another administrator first, or rotate this key",
            code="LAST_ADMINISTRATOR",
        )


def _subject(command: KeyCommand) -> str:
    key = command.enrolled.key if isinstance(command, EnrollKey) else command.key
    return f"key:{key}"


keys = Decider(tuple[Event, ...](), evolve, decide, _subject)
