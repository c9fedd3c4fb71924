"""The entry line: one signed payload in a DSSE envelope, in the one form that is ever stored.

The line is the Merkle leaf, the stored column and the exported line, so it has one spelling
only. `unseal` takes nothing on trust: it rebuilds the line from what it read and compares
bytes, which leaves no room for white space, other members, another order, or spare bits in
base64. `payload_of` is for lines our own store wrote and checks no more than the template.

Format: DSSE v1.0.2 (in-toto). Which key may sign which payload is not decided here.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec

from ledger.errors import Malformed, NotAuthentic
from ledger.signatures import Signer
from ledger.terms import KeyId

PAYLOAD_TYPE: Final = "application/vnd.chip-ledger.event.v1+json"

LINE_BYTES_MAX: Final = 60_000
"""Bytes in one entry line; an entry bundle of tlog-tiles counts them in 16 bits."""

_START: Final = b'{"payload":'
_MIDDLE: Final = b',"payloadType":"%b","signatures":[' % PAYLOAD_TYPE.encode()
_SIGNATURE: Final = b'{"keyid":"%b","sig":%b}'
_END: Final = b"]}"

_OURS: Final = b"DSSEv1 %d %b %%d %%b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode())

_START_LENGTH: Final = len(_START)
_ONE_SIGNATURE: Final = re.compile(rb'\{"keyid":"([0-9a-f]{32})","sig":("[A-Za-z0-9+/]+={0,2}")\}')

# A JSON string in standard base64, with its quotes: three times as fast as `binascii`, and this
# is what reading a ledger spends its time on. Like `binascii`, it lets spare bits pass.
_to_base64: Final = msgspec.json.Encoder().encode
_from_base64: Final = msgspec.json.Decoder(bytes).decode


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a line says: the payload, and its signatures in the order of their key ids."""

    payload: bytes
    signatures: tuple[tuple[KeyId, bytes], ...]


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding of type and payload.

    >>> pae(b"hello world", "http://example.com/HelloWorld")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    if payload_type is PAYLOAD_TYPE:
        return _OURS % (len(payload), payload)
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, signers: Sequence[Signer]) -> bytes:
    """The entry line, without a line feed, that says `payload` with every signer's signature."""
    message = pae(payload)
    return line_of(payload, [(signer.kid, signer.sign(message)) for signer in signers])


def line_of(payload: bytes, signatures: Sequence[tuple[KeyId, bytes]]) -> bytes:
    """The one line that holds this payload and these signatures, whatever their order.

    `Malformed` without a signature, with two by one key, or over `LINE_BYTES_MAX`.
    """
    signed = [
        _SIGNATURE % (kid.encode(), _to_base64(signature)) for kid, signature in sorted(signatures)
    ]
    if len(signed) != 1 and (not signed or len({kid for kid, _ in signatures}) != len(signed)):
        raise Malformed(
            f"{len(signed)} signatures by {len({kid for kid, _ in signatures})} keys on one entry",
            remedy="sign once with each key, and with at least one",
            code="SIGNER_SET",
        )
    line = b"".join((_START, _to_base64(payload), _MIDDLE, b",".join(signed), _END))
    if len(line) > LINE_BYTES_MAX:
        raise Malformed(
            f"the entry takes {len(line):,} bytes for a payload of {len(payload):,} and "
            f"{len(signed)} signature{'s'[: len(signed) > 1]}, and {LINE_BYTES_MAX:,} is the limit",
            remedy="keep documents outside the ledger and name them by their SHA-256",
            code="ENTRY_TOO_LONG",
        )
    return line


def payload_of(line: bytes) -> bytes:
    """The payload of a line our own store wrote; its signatures are not looked at."""
    stop = line.find(b",", _START_LENGTH)
    if not line.startswith(_START) or not line.startswith(_MIDDLE, stop):
        raise _no_entry(line)
    try:
        return _from_base64(line[_START_LENGTH:stop])
    except msgspec.DecodeError:
        raise _no_entry(line) from None


def unseal(line: bytes) -> Envelope:
    """What an entry line says, from whoever it came; signatures are read but not verified.

    `NotAuthentic` with code ENTRY_SYNTAX when it is no entry line at all, SIGNER_SET when its
    key ids do not rise one by one, ENTRY_NOT_CANONICAL when it says an entry in other bytes.
    """
    if len(line) > LINE_BYTES_MAX:
        raise NotAuthentic(
            f"the line has {len(line):,} bytes and an entry at most {LINE_BYTES_MAX:,}",
            code="ENTRY_SYNTAX",
        )
    stop = line.find(b",", _START_LENGTH)
    if not (line.startswith(_START) and line.startswith(_MIDDLE, stop) and line.endswith(_END)):
        raise _unlike_the_template(line)
    tail = line[stop + len(_MIDDLE) : -len(_END)]
    found = _ONE_SIGNATURE.findall(tail)
    try:
        payload = _from_base64(line[_START_LENGTH:stop])
        signatures = tuple((KeyId(kid.decode()), _from_base64(text)) for kid, text in found)
    except msgspec.DecodeError:
        raise _no_entry(line) from None
    if not found:
        raise _unlike_the_template(line)
    kids = [kid for kid, _ in signatures]
    if any(kid >= following for kid, following in pairwise(kids)):
        raise NotAuthentic(
            f"the key ids {', '.join(kids)} do not stand in rising order, each once",
            code="SIGNER_SET",
        )
    # Spare bits in base64 and anything between signatures came this far, and no farther.
    if line_of(payload, signatures) != line:
        raise _unlike_the_template(line)
    return Envelope(payload, signatures)


def _unlike_the_template(line: bytes) -> NotAuthentic:
    """Tell bytes that are no entry from an entry in other bytes than ours."""
    match _read_loosely(line):
        case {"payload": str(), "payloadType": kind, "signatures": [*signatures]} if (
            kind == PAYLOAD_TYPE and all(_is_signature(signature) for signature in signatures)
        ):
            pass
        case _:
            return _no_entry(line)
    if not signatures:
        return NotAuthentic("the entry has no signature", code="SIGNER_SET")
    return NotAuthentic(
        f"the line {_excerpt(line)} is an entry, but not in the one form entries are written",
        code="ENTRY_NOT_CANONICAL",
    )


def _no_entry(line: bytes) -> NotAuthentic:
    return NotAuthentic(
        f"the line {_excerpt(line)} is not an entry of a chip ledger", code="ENTRY_SYNTAX"
    )


def _read_loosely(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_signature(value: object) -> bool:
    match value:
        case {"keyid": str(), "sig": str()}:
            return True
        case _:
            return False


def _excerpt(line: bytes) -> str:
    return repr(line if len(line) <= 60 else line[:40] + b"..." + line[-17:])[1:]
