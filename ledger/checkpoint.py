"""The log's signed head: how many entries there are, and the root over all of them.

A checkpoint is a note a person can read:

    ledger.example.gov/chips
    1204
    nzxDyx...root in base64...=

    — ledger.example.gov/chips 8Kk2...key hash and signature in base64...=

Nothing else stands in the text: extension lines are refused, and a size is taken only when
writing the number again gives the same digits. Other signature lines, such as a witness's, are
let through unread: whose signature is wanted besides the log's is the verifier's matter.

Formats: C2SP signed-note and tlog-checkpoint. The signature is checked before the text is parsed.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.errors import Malformed, NotAuthentic
from ledger.merkle import HASH_BYTES
from ledger.signatures import ED25519_SPKI_PREFIX, Signer, Verifier, check_enrollable
from ledger.terms import INTEGER_MAX

NOTE_CHARS_MAX: Final = 64_000
"""Characters in a note, signatures and all: room for the log and more than 100 witnesses."""

ORIGIN_CHARS_MAX: Final = 255

_ED25519: Final = b"\x01"
"""The signature type of Ed25519 in a signed note."""

_KEY_HASH_BYTES: Final = 4
_DASH: Final = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A size of the log and the root over that many entries.

    origin  the log's name: a URL without its scheme, such as ledger.example.gov/chips
    size    number of entries
    root    32 bytes
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_origin(self.origin)
        if not 0 <= self.size <= INTEGER_MAX:
            raise Malformed(f"{self.size:,} is not a number of entries", code="CHECKPOINT_SYNTAX")
        if len(self.root) != HASH_BYTES:
            raise Malformed(
                f"a root has {HASH_BYTES} bytes, not {len(self.root):,}", code="CHECKPOINT_SYNTAX"
            )

    def body(self) -> str:
        r"""The text that is signed, its last line feed included.

        >>> Checkpoint("ledger.example.gov/chips", 7, bytes(32)).body()
        'ledger.example.gov/chips\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'
        """
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def check_origin(origin: str) -> None:
    """Refuse a name no log can have: `Malformed`, ORIGIN_FORM."""
    plain = origin.isascii() and origin.isprintable() and not set(" +") & set(origin)
    if not plain or not 0 < len(origin) <= ORIGIN_CHARS_MAX:
        shown = origin if len(origin) <= 80 else origin[:77] + "..."
        raise Malformed(
            f"{shown!r} cannot name a log",
            remedy="write a URL without its scheme, without spaces or plus signs, "
            "such as ledger.example.gov/chips",
            code="ORIGIN_FORM",
        )


def sign_note(checkpoint: Checkpoint, log: Signer) -> str:
    """The checkpoint as a note with the log's signature.

    Whoever calls this has already stored what it is about to sign: two notes that do not agree
    are evidence against the log.
    """
    body = checkpoint.body()
    key_hash = _key_hash(checkpoint.origin, _raw_key(log.spki))
    return f"{body}\n{_DASH}{checkpoint.origin} {_base64(key_hash + log.sign(body.encode()))}\n"


def parse_note(text: str, *, origin: str, log_spki: bytes) -> Checkpoint:
    """The checkpoint in a note that the log of this name and key has signed.

    `NotAuthentic`: CHECKPOINT_ORIGIN when it speaks of another log, CHECKPOINT_SIGNATURE when
    the log's signature is not there exactly once or does not verify, CHECKPOINT_SYNTAX else.
    """
    body, signatures = _parts(text)
    named = body.partition("\n")[0]
    if named != origin:
        raise NotAuthentic(
            f"the checkpoint is of {_shown(named)}, not of {origin!r}", code="CHECKPOINT_ORIGIN"
        )
    key_hash = _key_hash(origin, _raw_key(log_spki))
    found = [
        signature[_KEY_HASH_BYTES:]
        for name, signature in signatures
        if name == origin and signature[:_KEY_HASH_BYTES] == key_hash
    ]
    if len(found) != 1:
        raise NotAuthentic(
            f"the checkpoint has {len(found)} signatures by the key {key_hash.hex()} of {origin}, "
            "and is believed with exactly 1",
            code="CHECKPOINT_SIGNATURE",
        )
    try:
        Verifier("ed25519", log_spki).verify(body.encode(), found[0])
    except NotAuthentic:
        raise NotAuthentic(
            f"the signature by the key {key_hash.hex()} of {origin} is not over this checkpoint",
            code="CHECKPOINT_SIGNATURE",
        ) from None
    return _checkpoint(body)


def verifier_key(origin: str, spki: bytes) -> str:
    """The log's public key as an auditor carries it on paper: name, key hash, key.

    >>> verifier_key("ledger.example.gov/chips", ED25519_SPKI_PREFIX + bytes(32))
    'ledger.example.gov/chips+7c11259a+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    check_origin(origin)
    raw = _raw_key(spki)
    return f"{origin}+{_key_hash(origin, raw).hex()}+{_base64(_ED25519 + raw)}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """The origin and the public key (SPKI, DER) in a verifier key, typed or read.

    `Malformed`, VERIFIER_KEY, when it is not one or its parts do not agree; `NotAuthentic`,
    KEY_WEAK, when nobody should believe such a key.
    """
    origin, _, rest = text.partition("+")
    _, _, encoded = rest.partition("+")
    key = _from_base64(encoded)
    spki = ED25519_SPKI_PREFIX + (key or b"")[1:]
    # Writing it again finds a wrong key hash, another key type, and every loose spelling.
    if key is None or len(key) != 33 or verifier_key(origin, spki) != text:
        raise Malformed(
            f"{_shown(text)} is not a log's verifier key",
            remedy="copy it whole from the trust anchor: NAME+8 hex digits+base64",
            code="VERIFIER_KEY",
        )
    check_enrollable("ed25519", spki)
    return origin, spki


def _parts(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The signed text of a note, and its signature lines as (name, key hash and signature)."""
    if len(text) > NOTE_CHARS_MAX:
        raise _syntax(f"it has {len(text):,} characters, and {NOTE_CHARS_MAX:,} is the limit")
    if any(char < " " and char != "\n" for char in text) or not _is_unicode(text):
        raise _syntax("it has characters that are not text")
    # The signatures follow the last empty line (C2SP signed-note).
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise _syntax("it is not a text, an empty line, and signature lines")
    return body + "\n", [_signature_line(line) for line in tail[:-1].split("\n")]


def _signature_line(line: str) -> tuple[str, bytes]:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _from_base64(encoded)
    if (
        not line.startswith(_DASH)
        or not gap
        or not name
        or "+" in name
        or signature is None
        or len(signature) <= _KEY_HASH_BYTES
    ):
        raise _syntax(f"{_shown(line)} is not a signature line")
    return name, signature


def _checkpoint(body: str) -> Checkpoint:
    origin, *lines = body[:-1].split("\n")
    if len(lines) != 2:
        raise _syntax(f"it has {1 + len(lines)} lines of text, and a checkpoint has 3")
    size, root = lines
    try:
        checkpoint = Checkpoint(origin, int(size[:20]), _from_base64(root) or b"")
    except (Malformed, ValueError) as error:
        raise _syntax(str(error)) from None
    # Signs, leading zeros and digits of other scripts are numbers to Python, and not to us.
    if checkpoint.body() != body:
        raise _syntax(f"its size {_shown(size)} is not written as a plain number")
    return checkpoint


def _raw_key(spki: bytes) -> bytes:
    raw = spki.removeprefix(ED25519_SPKI_PREFIX)
    if len(raw) != 32 or len(raw) == len(spki):
        raise Malformed(
            "a log signs its checkpoints with an Ed25519 key, and this is another kind",
            remedy="make one with `chip-ledger key new --algorithm ed25519`",
            code="LOG_KEY",
        )
    return raw


def _key_hash(origin: str, raw: bytes) -> bytes:
    return sha256(origin.encode() + b"\n" + _ED25519 + raw).digest()[:_KEY_HASH_BYTES]


def _base64(value: bytes) -> str:
    return b2a_base64(value, newline=False).decode()


def _from_base64(text: str) -> bytes | None:
    """What standard base64 says; None when it is not spelled the one way."""
    try:
        value = a2b_base64(text)
    except (Base64Error, ValueError):
        return None
    return value if _base64(value) == text else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:97] + "...")


def _syntax(why: str) -> NotAuthentic:
    return NotAuthentic(f"the checkpoint cannot be read: {why}", code="CHECKPOINT_SYNTAX")
