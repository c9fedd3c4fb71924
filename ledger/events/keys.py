"""Who may sign: the key registry, kept in the log it protects.

A key is valid for an entry when it was enrolled and countersigned at an earlier entry and not
revoked at an earlier entry. Positions decide, not clocks.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Actor,
    Base64,
    EntryNumber,
    Event,
    Key,
    LeafHash,
    Name,
    Text,
    Wire,
    Word,
)

Algorithm = Literal[
    "ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"
]


Origin = Annotated[str, Meta(pattern=r"\A[a-z0-9.-]+(?:/[A-Za-z0-9._~-]+)*\Z", max_length=200)]
"""Name of a ledger: a URL without its scheme."""


class EnrolledKey(Wire, frozen=True, kw_only=True):
    """A public key, whose it is and what it may sign.

    key          key id: first 32 hex digits of SHA-256 of the SPKI
    actor        who holds it
    roles        roles it may sign in
    algorithm    signature algorithm, a property of the key and never of a message
    spki         public key, SubjectPublicKeyInfo DER, base64
    possession   the key's own signature over origin, actor and SPKI, base64
    valid_from   first day on which it may sign
    valid_until  last day on which it may sign, when there is one
    """

    key: Key
    actor: Actor
    roles: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=20)]
    algorithm: Algorithm
    spki: Base64
    possession: Base64
    valid_from: date
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError(f"a key valid from {self.valid_from} cannot end on {self.valid_until}")


class LedgerOpened(Event, frozen=True, kw_only=True):
    """The first entry: what this ledger is, and who may enroll others.

    origin          name of the log, a URL without its scheme
    log_key         public key of the log, SubjectPublicKeyInfo DER, base64; Ed25519
    administrators  the first keys, at least one of them a key administrator's
    sole            true when opened by one administrator alone, who then needs no second
    opened_on       date
    """

    wire: ClassVar[str] = "ledger.opened.v1"

    origin: Origin
    log_key: Base64
    administrators: Annotated[tuple[EnrolledKey, ...], Meta(min_length=1, max_length=10)]
    sole: bool = False
    opened_on: date

    @property
    def subject(self) -> str:
        return "ledger"

    @property
    def on(self) -> date:
        return self.opened_on


class _AboutKey(Event, frozen=True, kw_only=True):
    key: Key

    @property
    def subject(self) -> str:
        return f"key:{self.key}"


class KeyEnrolled(Event, frozen=True, kw_only=True):
    """A key administrator proposed a key; it is valid once a second one has countersigned.

    enrolled     the key
    enrolled_on  date
    """

    wire: ClassVar[str] = "key.enrolled.v1"

    enrolled: EnrolledKey
    enrolled_on: date

    @property
    def subject(self) -> str:
        return f"key:{self.enrolled.key}"

    @property
    def about(self) -> tuple[str, ...]:
        return (f"actor:{self.enrolled.actor}",)

    @property
    def on(self) -> date:
        return self.enrolled_on


class KeyCountersigned(_AboutKey, frozen=True, kw_only=True):
    """A second administrator, another person, confirmed an enrollment.

    key               key id
    enrollment        leaf hash of the entry that enrolled it, base64
    countersigned_on  date
    """

    wire: ClassVar[str] = "key.countersigned.v1"

    enrollment: LeafHash
    countersigned_on: date

    @property
    def on(self) -> date:
        return self.countersigned_on


class KeyRotated(_AboutKey, frozen=True, kw_only=True):
    """A holder replaced a key with a new one, signed by the old: same actor, same roles.

    key         key id of the old key, which ends here
    successor   the new key
    rotated_on  date
    """

    wire: ClassVar[str] = "key.rotated.v1"

    successor: EnrolledKey
    rotated_on: date

    @property
    def about(self) -> tuple[str, ...]:
        return (f"key:{self.successor.key}", f"actor:{self.successor.actor}")

    @property
    def on(self) -> date:
        return self.rotated_on


class KeyRevoked(_AboutKey, frozen=True, kw_only=True):
    """A key may sign nothing after this entry.

    key           key id
    reason        why
    suspect_from  number of the entry from which what it signed is suspect until reaffirmed
    revoked_on    date
    """

    wire: ClassVar[str] = "key.revoked.v1"

    reason: Text
    suspect_from: EntryNumber | None = None
    revoked_on: date

    @property
    def on(self) -> date:
        return self.revoked_on


class KeyReaffirmed(_AboutKey, frozen=True, kw_only=True):
    """Entries signed with a revoked key were looked at again and stand.

    key            key id of the revoked key
    entries        numbers of the entries that stand
    reaffirmed_on  date
    note           what was checked
    """

    wire: ClassVar[str] = "key.reaffirmed.v1"

    entries: Annotated[tuple[EntryNumber, ...], Meta(min_length=1, max_length=1_000)]
    reaffirmed_on: date
    note: Name

    @property
    def on(self) -> date:
        return self.reaffirmed_on
