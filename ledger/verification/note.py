"""Checkpoints as signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature), read strictly.

A checkpoint's body is exactly origin, size and root. Signatures by keys nobody asked about are
passed over, as signed-note says; a signature under the log's own name and key id has to hold.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import NotAuthentic
from ledger.verification.keys import holds
from ledger.verification.line import base64, unbase64

LOG: Final = 0x01
"""Signature type of a log: Ed25519 over the body."""

WITNESS: Final = 0x04
"""Signature type of a witness: Ed25519 over a time and the body (cosignature/v1)."""

_SIZE: Final = re.compile("0|[1-9][0-9]{0,15}")
_SIGNED: Final = re.compile("— ([^ +\n]+) ([A-Za-z0-9+/=]+)")
_VERIFIER_KEY: Final = re.compile("([^ +\n]+)[+]([0-9a-f]{8})[+]([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that signs notes: its name, what kind of signature it makes, and its 32 bytes."""

    name: str
    kind: int
    raw: bytes

    @property
    def hint(self) -> bytes:
        """The four bytes by which a note says which key signed."""
        return sha256(b"%b\n%c%b" % (self.name.encode(), self.kind, self.raw)).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hint.hex()}+{base64(bytes((self.kind,)) + self.raw)}"

    @staticmethod
    def read(text: str) -> "NoteKey | None":
        """A C2SP verifier key, `name+hash+base64`; None when it is none we know."""
        found = _VERIFIER_KEY.fullmatch(text)
        raw = unbase64(found[3]) if found else None
        if found is None or raw is None or len(raw) != 33:
            return None
        key = NoteKey(found[1], raw[0], raw[1:])
        return key if str(key) == text and key.kind in (LOG, WITNESS) else None


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as read; its signatures are not yet looked at.

    body        what is signed, its last line feed included
    signatures  name, key hint and signature of each signature line
    """

    origin: str
    size: int
    root: bytes
    body: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signed_by(self, key: NoteKey) -> bool:
        """Whether the key signed it: at least once, and never wrongly."""
        mine = [
            signature
            for name, hint, signature in self.signatures
            if name == key.name and hint == key.hint
        ]
        verify = Ed25519PublicKey.from_public_bytes(key.raw).verify
        return bool(mine) and all(holds(verify, *self._split(key, one)) for one in mine)

    def _split(self, key: NoteKey, signature: bytes) -> tuple[bytes, bytes]:
        """A signature, and the bytes it is over."""
        if key.kind == LOG:
            return signature, self.body.encode()
        time = int.from_bytes(signature[:8], "big")
        return signature[8:], f"cosignature/v1\ntime {time}\n{self.body}".encode()


def read_note(text: str, origin: str | None) -> Note:
    """The checkpoint in a note of this log; `NotAuthentic` when it is none.

    Codes: CHECKPOINT_SYNTAX, CHECKPOINT_ORIGIN. Without an origin, whose it is is not asked.
    """
    body, blank, below = text.partition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) < 3 or not below.endswith("\n"):
        raise _syntax(f"{text[:60]!r} is not a signed checkpoint")
    if origin is not None and lines[0] != origin:
        raise NotAuthentic(
            f"the checkpoint is of {lines[0][:200]!r} and this ledger is {origin}",
            code="CHECKPOINT_ORIGIN",
        )
    if len(lines) > 3:
        raise NotAuthentic(
            f"the checkpoint says more than origin, size and root: {lines[3][:60]!r}",
            code="CHECKPOINT_ORIGIN",
        )
    root = unbase64(lines[2])
    if not _SIZE.fullmatch(lines[1]) or root is None or len(root) != 32:
        raise _syntax(f"{lines[1][:20]!r} and {lines[2][:60]!r} are not a size and a root")
    signatures = []
    for line in below[:-1].split("\n"):
        found = _SIGNED.fullmatch(line)
        raw = unbase64(found[2]) if found else None
        if found is None or raw is None or len(raw) < 5:
            raise _syntax(f"{line[:60]!r} is not a signature line of a note")
        signatures.append((found[1], raw[:4], raw[4:]))
    return Note(lines[0], int(lines[1]), root, body + "\n", tuple(signatures))


def _syntax(problem: str) -> NotAuthentic:
    return NotAuthentic(problem, code="CHECKPOINT_SYNTAX")
