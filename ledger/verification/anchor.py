"""The trust anchor: what an auditor knows of a ledger before looking at it.

On paper or in a small file, three lines and for each witness one more:

    origin   ledger.example.gov/chips
    log      ledger.example.gov/chips+<hash>+<key>     C2SP verifier key of the log
    opening  <base64>                                  leaf hash of the opening entry
    witness  <organization> <C2SP verifier key>        as many as there are
    quorum   <organizations that have to sign>         when there are witnesses

Lines that start with # and empty lines are passed over. `opening` may be left out: then any
history by the holder of the log key is taken for this ledger's.
"""

from dataclasses import dataclass
from typing import Final

from ledger.errors import Malformed, NotAuthentic
from ledger.events import LedgerOpened
from ledger.terms import KeyId
from ledger.verification.keys import ED25519_PREFIX, UnfitKey, holds, load
from ledger.verification.line import base64, read, unbase64
from ledger.verification.note import LOG, WITNESS, NoteKey
from ledger.verification.tree import leaf_hash

_REMEDY: Final = "give the file as the ledger's office handed it out: origin, log and opening"


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody outside who signs checkpoints; organizations count, not keys."""

    organization: str
    key: NoteKey


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is taken as true without being checked.

    origin       name of the log
    log_spki     public key of the log, SubjectPublicKeyInfo DER, Ed25519
    opening      leaf hash of the opening entry, when known
    checkpoints  notes kept from earlier
    witnesses    who may sign checkpoints besides the log
    quorum       how many organizations among them have to have signed the newest one
    """

    origin: str
    log_spki: bytes
    opening: bytes | None = None
    checkpoints: tuple[str, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    quorum: int = 0

    @property
    def log_key(self) -> NoteKey:
        """The log's key, as notes name it."""
        return NoteKey(self.origin, LOG, self.log_spki[len(ED25519_PREFIX) :])

    @staticmethod
    def of_opening(line: bytes) -> "Anchor":
        """What a ledger says about itself in its first entry; `NotAuthentic` when it is none.

        The entry has to be signed with a key it enrolls itself. That proves that the ledger is
        whole and its own, and not that it is the one meant.
        """
        payload, message, keyid, signature, event, _ = read(line)
        if not isinstance(event, LedgerOpened):
            raise NotAuthentic(f"entry 1 is {event.wire} and opens no ledger", code="OPENING")
        own = {one.key: one for one in event.administrators}.get(KeyId(payload.kid))
        log_spki = unbase64(event.log_key) or b""
        try:
            load("ed25519", log_spki)
            check = None if own is None else load(own.algorithm, unbase64(own.spki) or b"")
        except UnfitKey as flaw:
            raise NotAuthentic(f"a key of the opening entry {flaw}", code="KEY_WEAK") from None
        if check is None or keyid.decode(errors="replace") != payload.kid:
            raise NotAuthentic(
                f"entry 1 is signed with {payload.kid}, which it does not enroll",
                code="KEY_UNKNOWN",
            )
        if not holds(check, signature, message):
            raise NotAuthentic("entry 1 is not what its administrator signed", code="SIGNATURE")
        return Anchor(event.origin, log_spki, leaf_hash(line))


def render_anchor(anchor: Anchor) -> str:
    """The anchor as the text of a file; checkpoints are files of their own.

    >>> print(render_anchor(parse_anchor('''
    ... origin   ledger.example.gov/chips
    ... log      ledger.example.gov/chips+40e45cd6+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx
    ... ''')), end="")
    origin   ledger.example.gov/chips
    log      ledger.example.gov/chips+40e45cd6+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx
    """
    lines = [f"origin   {anchor.origin}", f"log      {anchor.log_key}"]
    if anchor.opening is not None:
        lines.append(f"opening  {base64(anchor.opening)}")
    lines += [f"witness  {witness.organization} {witness.key}" for witness in anchor.witnesses]
    if anchor.quorum:
        lines.append(f"quorum   {anchor.quorum}")
    return "\n".join(lines) + "\n"


def parse_anchor(text: str) -> Anchor:
    """The anchor in the text of a file; `Malformed` (ANCHOR_FORM) when it is none."""
    origin: str | None = None
    log: NoteKey | None = None
    opening: bytes | None = None
    witnesses: list[Witness] = []
    quorum = 0
    given: set[str] = set()
    for line in text.splitlines():
        label, _, value = line.strip().partition(" ")
        value = value.strip()
        if not label or label.startswith("#"):
            continue
        if label in given and label != "witness":
            raise _malformed(f"the trust anchor has two lines {label!r}")
        given.add(label)
        match label:
            case "origin":
                origin = value
            case "log":
                log = _log_key(value)
            case "opening":
                opening = unbase64(value)
                if opening is None or len(opening) != 32:
                    raise _malformed(f"{value!r} is not a leaf hash in base64")
            case "witness":
                organization, _, key = value.partition(" ")
                witnesses.append(Witness(organization, _witness_key(key.strip())))
            case "quorum":
                if not (value.isascii() and value.isdigit()):
                    raise _malformed(f"the quorum {value!r} is not a number")
                quorum = int(value)
            case _:
                raise _malformed(f"{line!r} is not a line of a trust anchor")
    if origin is None or log is None:
        raise _malformed("the trust anchor lacks its line 'origin' or 'log'")
    if log.name != origin:
        raise _malformed(f"the log key is of {log.name} and the origin is {origin}")
    organizations = len({witness.organization for witness in witnesses})
    if not 0 <= quorum <= organizations or bool(witnesses) != bool(quorum):
        raise _malformed(f"a quorum of {quorum} among {organizations} organizations")
    return Anchor(origin, ED25519_PREFIX + log.raw, opening, (), tuple(witnesses), quorum)


def _log_key(text: str) -> NoteKey:
    key = NoteKey.read(text)
    if key is None or key.kind != LOG:
        raise _malformed(f"{text!r} is not a log's verifier key, name+hash+base64, Ed25519")
    return _fit(key)


def _witness_key(text: str) -> NoteKey:
    key = NoteKey.read(text)
    if key is None or key.kind != WITNESS:
        raise _malformed(f"{text!r} is not a witness's verifier key, name+hash+base64, Ed25519")
    return _fit(key)


def _fit(key: NoteKey) -> NoteKey:
    try:
        load("ed25519", ED25519_PREFIX + key.raw)
    except UnfitKey as flaw:
        raise _malformed(f"the key of {key.name} {flaw}") from None
    return key


def _malformed(problem: str) -> Malformed:
    return Malformed(problem, remedy=_REMEDY, code="ANCHOR_FORM")
