"""Who held which key when, and whether it may sign: a pure fold of the key events.

1. A key enrolled in the opening entry is valid from the next entry on.
2. A key enrolled later is valid after the entry in which a second key administrator, another
   person, countersigned its enrollment by leaf hash. In a ledger opened by one administrator
   alone it is valid after the entry that enrolled it.
3. A rotated key's successor is valid after the entry that rotated it; the old one is not.
4. A revoked key is valid for no entry after the one that revoked it. Revoked again, it ended
   where it first did, and is suspect from the earliest entry anybody named.
5. Then, and only then, the claimed date must lie inside the key's period.

Signatures and proofs of possession are checked by whoever holds bytes; here positions decide.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.errors import Malformed, NotPermitted, Refused, Unknown
from ledger.events import (
    EnrolledKey,
    Event,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
)
from ledger.roles import ROLES, role_for, roles_that_sign
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

    def widened(self, suspect_from: int | None) -> bool:
        """Whether naming this entry makes more suspect than is already."""
        return suspect_from is not None and (
            self.suspect_from is None or suspect_from < self.suspect_from
        )


@dataclass(frozen=True, slots=True)
class Keyring:
    """Every key ever enrolled, by key id, as of some entry."""

    keys: Mapping[KeyId, HeldKey] = field(default_factory=dict)
    sole: bool = False

    def held(self, kid: KeyId) -> HeldKey:
        """A key of the registry; `Unknown` (KEY_UNKNOWN) when there is none."""
        held = self.keys.get(kid)
        if held is None:
            raise Unknown(
                f"key {kid} is not enrolled in this ledger",
                remedy="chip-ledger key list shows which are",
                code="KEY_UNKNOWN",
            )
        return held

    def having(self, held: HeldKey) -> "Keyring":
        """The same registry with one key added or changed."""
        return replace(self, keys={**self.keys, held.enrolled.key: held})

    def usable(self, kid: KeyId, *, on: date) -> EnrolledKey:
        """The key, when it may sign anything at all now.

        Raises `NotPermitted`: KEY_UNKNOWN, KEY_REVOKED, KEY_PENDING or KEY_PERIOD.
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
        return mine

    def signing_role(self, kid: KeyId, wire: str, *, on: date) -> tuple[ActorId, str]:
        """Who a key speaks for and in which role, when it may sign an event now.

        Raises `NotPermitted`: what `usable` raises, or ROLE.
        """
        mine = self.usable(kid, on=on)
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
        case LedgerOpened(administrators=administrators, sole=sole) if entry == 1:
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
            return ring.having(
                replace(
                    held,
                    revoked_at=held.revoked_at or entry,
                    suspect_from=suspect_from if held.widened(suspect_from) else held.suspect_from,
                )
            )
        case _:
            return ring


def admit(ring: Keyring, event: Event, *, kid: KeyId, by: ActorId) -> None:
    """Refuse a key event that `evolve` would take and `verify` would not, before it is signed.

    Raises `Malformed`, `Unknown`, `Refused` or `NotPermitted`: ROLE_UNKNOWN, KEY_UNKNOWN,
    LEDGER_EXISTS, KEY_ENROLLED, ROTATION, KEY_ACTOR or TWO_PERSON.
    """
    match event:
        case LedgerOpened() if ring.keys:
            raise Refused(
                "a ledger is opened once, by its first entry, and this one is open",
                remedy="chip-ledger init makes a new ledger",
                code="LEDGER_EXISTS",
            )
        case LedgerOpened():
            _opens(event)
        case KeyEnrolled(enrolled=enrolled):
            known_roles(enrolled)
            not_enrolled(enrolled, ring)
        case KeyCountersigned(key=key, enrollment=enrollment):
            held = ring.held(key)
            if held.enrollment != enrollment:
                raise Refused(
                    f"key {key} was enrolled by {held.enrollment}, and this confirms {enrollment}",
                    remedy=f"chip-ledger key countersign {key}",
                    code="TWO_PERSON",
                )
            other_person(held, by)
        case KeyRotated(key=key, successor=successor):
            mine = ring.held(kid).enrolled
            if key != kid:
                raise NotPermitted(
                    f"key {key} is replaced by an entry signed with key {kid}",
                    remedy=f"sign with key {key} itself; an administrator can revoke it",
                    code="KEY_ACTOR",
                )
            same_holder(mine, successor)
            not_enrolled(successor, ring)
        case KeyRevoked(key=key) | KeyReaffirmed(key=key):
            ring.held(key)
        case _:
            return


def _opens(opened: LedgerOpened) -> None:
    """Refuse an opening whose keys repeat, or that hides that one person opens it alone."""
    ring = Keyring()
    for one in opened.administrators:
        known_roles(one)
        not_enrolled(one, ring)
        ring = ring.having(HeldKey(one, one.actor, "", 1))
    people = {one.actor for one in opened.administrators if "key_administrator" in one.roles}
    if opened.sole != (len(people) == 1):
        alone = "one administrator alone" if opened.sole else "two administrators at least"
        raise Refused(
            f"this ledger is to be opened by {alone}, and names"
            f" {', '.join(sorted(people)) or 'nobody'}",
            remedy="name two people as key administrators, or say that there is one alone",
            code="TWO_PERSON",
        )


def known_roles(enrolled: EnrolledKey) -> None:
    """Refuse roles that are not in the table."""
    for role in enrolled.roles:
        if role not in ROLES:
            raise Malformed(
                f"{role!r} is not a role",
                remedy=f"roles are {', '.join(ROLES)}",
                code="ROLE_UNKNOWN",
            )


def not_enrolled(enrolled: EnrolledKey, ring: Keyring) -> None:
    """Refuse to enroll a key twice: whatever ended it would be undone."""
    held = ring.keys.get(enrolled.key)
    if held is not None:
        raise Refused(
            f"key {enrolled.key} is already enrolled for {held.enrolled.actor} ({held.standing})",
            remedy="make a new key: chip-ledger key new",
            code="KEY_ENROLLED",
        )


def other_person(held: HeldKey, by: ActorId) -> None:
    """Refuse that one person proposes a key and confirms it too."""
    if held.proposed_by == by:
        raise NotPermitted(
            f"{by} proposed key {held.enrolled.key} and cannot confirm it too",
            remedy="another key administrator countersigns it",
            code="TWO_PERSON",
        )


def same_holder(mine: EnrolledKey, successor: EnrolledKey) -> None:
    """Refuse a successor that is somebody else's or may sign something else."""
    if (successor.actor, successor.roles) != (mine.actor, mine.roles):
        raise Refused(
            f"key {mine.key} belongs to {mine.actor} as {', '.join(mine.roles)}; its successor is"
            f" offered for {successor.actor} as {', '.join(successor.roles)}",
            remedy="a key of another person or with other roles is enrolled, not rotated",
            code="ROTATION",
        )


KEY_EVENTS = (
    LedgerOpened.wire,
    KeyEnrolled.wire,
    KeyCountersigned.wire,
    KeyRotated.wire,
    KeyRevoked.wire,
)
"""Wire names of the events this fold reads."""
