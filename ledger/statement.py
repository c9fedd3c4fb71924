"""Something signed about a ledger that is no entry of it: one DSSE envelope on one line.

The same envelope as an entry has, with a payload type of its own, so that one can never be taken
for the other; and as long as what it says. It has one spelling only: what was read is written
again, and compared.
"""

from typing import NamedTuple

import msgspec

from ledger.envelope import pae
from ledger.errors import NotAuthentic
from ledger.keyring import Keyring
from ledger.signatures import Signer, Verifier
from ledger.terms import ActorId, KeyId


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: str
    sig: bytes


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    payload: bytes
    payloadType: str  # noqa: N815  (DSSE's own name)
    signatures: tuple[_Signature]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


class Statement(NamedTuple):
    """What a statement says, and whose it is."""

    payload: bytes
    by: ActorId
    key: KeyId
    standing: str


def sealed(payload: bytes, kind: str, signer: Signer) -> bytes:
    """The line that says a payload of some type with a signature; ends with a line feed."""
    signature = signer.sign(pae(payload, kind))
    return _encode(_Line(payload, kind, (_Signature(signer.kid, signature),))) + b"\n"


def opened(line: bytes, kind: str, ring: Keyring) -> Statement:
    """What a line says, once its signature is that of a key of the registry.

    Raises `NotAuthentic` (STATEMENT_FORM, SIGNATURE) or `Unknown` (KEY_UNKNOWN).
    """
    try:
        found = _decode(line)
    except msgspec.MsgspecError as error:
        raise _no_statement(kind, str(error)) from error
    if found.payloadType != kind:
        raise _no_statement(kind, f"its type is {found.payloadType}")
    if _encode(found) + b"\n" != line:
        raise _no_statement(kind, "it is not in the one form statements are written")
    (signature,) = found.signatures
    held = ring.held(KeyId(signature.keyid))
    Verifier(held.enrolled.algorithm, held.spki).verify(pae(found.payload, kind), signature.sig)
    return Statement(found.payload, held.enrolled.actor, held.enrolled.key, held.standing)


def _no_statement(kind: str, why: str) -> NotAuthentic:
    return NotAuthentic(
        f"this is no signed statement of type {kind}: {why}",
        remedy="name the file as it was written",
        code="STATEMENT_FORM",
    )
