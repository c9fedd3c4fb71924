"""Who held which key when, and whether it may sign: a pure fold of the key events.

1. A key enrolled in the opening entry is valid from the next entry on.
2. A key enrolled later is valid after the entry in which a second key administrator, another
   person, countersigned its enrollment by leaf hash. In a ledger opened by one administrator
   alone it is valid after the entry that enrolled it.
3. A rotated key's successor is valid after the entry that rotated it; the old one is not.
4. A revoked key is valid for no entry after the one that revoked it.
5. Then, and only then, the claimed date must lie inside the key's period.

Signatures and proofs of possession are checked by whoever holds bytes; here positions decide.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.errors import NotPermitted
from ledger.events import (
    EnrolledKey,
    Event,
    KeyCountersigned,
    KeyEnrolled,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
)
from ledger.roles import role_for, roles_that_sign
from ledger.terms import ActorId, KeyId


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key in the registry.

    enrolled      the key as enrolled
    proposed_by   actor who enrolled it
    enrollment    leaf hash of the entry that enrolled it, base64
    valid_after   number of the entry after which it may sign; None until countersigned
    revoked_at    number of the entry that revoked or rotated it
    suspect_from  number of the entry from which what it signed is suspect
    """

    enrolled: EnrolledKey
    proposed_by: ActorId
    enrollment: str
    valid_after: int | None
    revoked_at: int | None = None
    suspect_from: int | None = None

    @property
    def spki(self) -> bytes:
        """The public key, SubjectPublicKeyInfo DER."""
        return b64decode(self.enrolled.spki)

    @property
    def standing(self) -> str:
        """In a word: pending, valid or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "pending" if self.valid_after is None else "valid"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Every key ever enrolled, by key id, as of some entry."""

    keys: Mapping[KeyId, HeldKey] = field(default_factory=dict)
    sole: bool = False

    def having(self, held: HeldKey) -> "Keyring":
        """The same registry with one key added or changed."""
        return replace(self, keys={**self.keys, held.enrolled.key: held})

    def signing_role(self, kid: KeyId, wire: str, *, on: date) -> tuple[ActorId, str]:
        """Who a key speaks for and in which role, when it may sign an event now.

        Raises `NotPermitted`: KEY_UNKNOWN, KEY_PENDING, KEY_REVOKED, KEY_PERIOD or ROLE.
        """
        held = self.keys.get(kid)
        if held is None:
            raise NotPermitted(
                f"key {kid} is not enrolled in this ledger",
                remedy="a key administrator enrolls it: chip-ledger key enroll",
                code="KEY_UNKNOWN",
            )
        mine = held.enrolled
        if held.revoked_at is not None:
            raise NotPermitted(
                f"key {kid} of {mine.actor} was revoked at entry {held.revoked_at:,}",
                remedy="sign with another key; `chip-ledger key list` shows which are valid",
                code="KEY_REVOKED",
            )
        if held.valid_after is None:
            raise NotPermitted(
                f"key {kid} of {mine.actor} waits for a second administrator;"
                f" {held.proposed_by} proposed it",
                remedy=f"another administrator types: chip-ledger key countersign {kid}",
                code="KEY_PENDING",
            )
        if on < mine.valid_from or (mine.valid_until is not None and on > mine.valid_until):
            until = mine.valid_until or "further notice"
            raise NotPermitted(
                f"key {kid} of {mine.actor} signs from {mine.valid_from} to {until}, not on {on}",
                remedy="enroll a new key for the period, or rotate this one before it ends",
                code="KEY_PERIOD",
            )
        role = role_for(mine.roles, wire)
        if role is None:
            raise NotPermitted(
                f"{mine.actor} signs as {', '.join(mine.roles)}, and {wire} is signed by"
                f" {' or '.join(roles_that_sign(wire))}",
                remedy="`chip-ledger roles` prints who may sign what",
                code="ROLE",
            )
        return mine.actor, role


def evolve(ring: Keyring, event: Event, *, entry: int, leaf: str, by: ActorId) -> Keyring:
    """The registry after an entry; `leaf` is its leaf hash in base64, `by` its actor."""
    match event:
        case LedgerOpened(administrators=administrators, sole=sole):
            keys = {one.key: HeldKey(one, by, leaf, entry) for one in administrators}
            return Keyring(keys, sole)
        case KeyEnrolled(enrolled=enrolled):
            return ring.having(HeldKey(enrolled, by, leaf, entry if ring.sole else None))
        case KeyCountersigned(key=key, enrollment=enrollment):
            held = ring.keys.get(key)
            if held is None or held.enrollment != enrollment or held.proposed_by == by:
                return ring
            return ring.having(replace(held, valid_after=entry))
        case KeyRotated(key=key, successor=successor):
            ring = ring.having(HeldKey(successor, by, leaf, entry))
            return ring.having(replace(ring.keys[key], revoked_at=entry))
        case KeyRevoked(key=key, suspect_from=suspect_from):
            held = ring.keys.get(key)
            if held is None:
                return ring
            return ring.having(replace(held, revoked_at=entry, suspect_from=suspect_from))
        case _:
            return ring


KEY_EVENTS = (
    LedgerOpened.wire,
    KeyEnrolled.wire,
    KeyCountersigned.wire,
    KeyRotated.wire,
    KeyRevoked.wire,
)
"""Wire names of the events this fold reads."""
