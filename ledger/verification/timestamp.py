"""checkpoint.tsr: what an RFC 3161 reply says it is over, and when.

Read here is the part that can be compared with the file beside it. Whether the authority signed it
needs the authority's certificate: `openssl ts -verify` asks that, and verify_openssl.sh with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from typing import Final

_SEQUENCE, _INTEGER, _OCTETS, _TIME, _EXPLICIT = 0x30, 0x02, 0x04, 0x18, 0xA0
_HASHES: Final = {
    bytes.fromhex("608648016503040201"): sha256,
    bytes.fromhex("608648016503040202"): sha384,
    bytes.fromhex("608648016503040203"): sha512,
}
"""By object identifier, as DER has it."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """When the reply says the hash was there, as it says it: 20261122120000Z."""

    at: str


def stamped(reply: bytes, message: bytes) -> Timestamp | None:
    """What a reply says of a message; None where it is no reply, was refused, or is over another.

    RFC 3161 §2.4.2: TimeStampResp, its ContentInfo, SignedData, EncapsulatedContentInfo, TSTInfo.
    """
    try:
        status, token = _inside(_only(reply, _SEQUENCE))
        if int.from_bytes(_inside_of(status)[0][1], "big") not in (0, 1):
            return None
        _, content = _inside_of(token)
        signed = _inside(_only(content[1], _SEQUENCE))
        _, wrapped = _inside_of(signed[2])
        info = _inside(_only(_only(wrapped[1], _OCTETS), _SEQUENCE))
        algorithm, hashed = _inside_of(info[2])
        known = _HASHES[_inside_of(algorithm)[0][1]]
        if info[4][0] != _TIME or hashed != (_OCTETS, known(message).digest()):
            return None
        return Timestamp(info[4][1].decode("ascii"))
    except (ValueError, IndexError, KeyError):
        return None


_Value = tuple[int, bytes]
"""Tag and content."""


def _inside_of(value: _Value) -> list[_Value]:
    return _inside(value[1])


def _inside(content: bytes) -> list[_Value]:
    return [*_values(content)]


def _only(content: bytes, tag: int) -> bytes:
    ((found, inner),) = _values(content)
    if found != tag:
        raise ValueError(found)
    return inner


def _values(content: bytes) -> Iterator[_Value]:
    """The values that stand one after the other, in DER."""
    at = 0
    while at < len(content):
        tag, size = content[at], content[at + 1]
        at += 2
        if size & 0x80:
            many = size & 0x7F
            size = int.from_bytes(content[at : at + many], "big")
            at += many
        if at + size > len(content):
            raise ValueError(size)
        yield tag, content[at : at + size]
        at += size
