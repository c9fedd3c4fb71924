"""Real ledgers, and officers with keys to write to them: the same keys in every run.

a.rivera and b.chen are key administrators who may sign everything; others are enrolled by the
one and countersigned by the other.
"""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta

from forge import Key

from commands.handler import Desk
from ledger.audit import audit
from ledger.events import (
    EnrolledKey,
    KeyCountersigned,
    KeyEnrolled,
    LedgerOpened,
    PartyRegistered,
    PolicyAdopted,
)
from ledger.log import Ledger
from ledger.policy import digest, shipped_pack
from ledger.roles import ROLES
from ledger.verification import Anchor, Report

ORIGIN = "ledger.example.gov/chips"
OPENED = datetime(2026, 1, 5, 9, tzinfo=UTC)
TODAY = OPENED.date()
LOG, RIVERA, CHEN, LIND = (Key(name) for name in ("log", "a.rivera", "b.chen", "c.lind"))

DIFFUSION = PolicyAdopted(
    policy="diffusion-2025",
    effective_on=date(2025, 5, 15),
    digest=digest(shipped_pack("diffusion-2025")),
    content=shipped_pack("diffusion-2025"),
)
G42 = PartyRegistered(
    party="g42", name="G42", country="AE", headquarters="AE", registered_on=date(2025, 6, 1)
)


def opening(*administrators: EnrolledKey, sole: bool = False) -> LedgerOpened:
    """The opening entry; by the two administrators unless told otherwise."""
    two = (RIVERA.enrolled("a.rivera", *ROLES), CHEN.enrolled("b.chen", *ROLES))
    return LedgerOpened(
        origin=ORIGIN,
        log_key=b64encode(LOG.spki).decode(),
        administrators=administrators or two,
        sole=sole,
        opened_on=TODAY,
    )


def open_ledger(place: str) -> Ledger:
    """A new ledger with its opening entry and a checkpoint over it."""
    return Ledger.create(place, opening(), RIVERA, LOG, at=OPENED)


def at(minutes: float) -> datetime:
    """So many minutes after the opening."""
    return OPENED + timedelta(minutes=minutes)


def desk(ledger: Ledger, key: Key = RIVERA, *, now: datetime = OPENED) -> Desk:
    return Desk(ledger, key, clock=lambda: now)


def propose(ledger: Ledger, enrolled: EnrolledKey, *, now: datetime = OPENED) -> str:
    """One administrator enrolls a key; returns the leaf hash to countersign, base64."""
    ledger.append([KeyEnrolled(enrolled=enrolled, enrolled_on=TODAY)], RIVERA, at=now)
    return ledger.keys().keys[enrolled.key].enrollment


def enroll(
    ledger: Ledger, key: Key, actor: str, *roles: str, now: datetime = OPENED, **changes: date
) -> None:
    """One administrator enrolls a key and the other countersigns it."""
    leaf = propose(ledger, key.enrolled(actor, *roles, **changes), now=now)
    confirmed = KeyCountersigned(key=key.kid, enrollment=leaf, countersigned_on=TODAY)
    ledger.append([confirmed], CHEN, at=now)


def verify(ledger: Ledger) -> Report:
    """What an auditor with the ledger's anchor says of it."""
    return audit(ledger.store, anchor=Anchor(ORIGIN, LOG.spki, ledger.opening_leaf))
