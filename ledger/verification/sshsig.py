"""MANIFEST.sig: an Ed25519 signature as OpenSSH writes it (PROTOCOL.sshsig), by one given key.

Everything but the 64 bytes of the signature follows from the key and the namespace, so it is
written again and compared.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64
from hashlib import sha512
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.verification.keys import holds

NAMESPACE: Final = b"chip-ledger/case/v1"
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"


def is_by(raw: bytes, armored: bytes, message: bytes) -> bool:
    """Whether an armored SSHSIG is this Ed25519 key's over a message."""
    if not armored.startswith(_BEGIN) or not armored.endswith(_END):
        return False
    try:
        blob = a2b_base64(armored[len(_BEGIN) : -len(_END)])
    except Base64Error:
        return False
    head = b"SSHSIG\0\0\0\1" + _strings(_strings(b"ssh-ed25519", raw), NAMESPACE, b"", b"sha512")
    signature = blob[-64:]
    if blob != head + _strings(_strings(b"ssh-ed25519", signature)):
        return False
    signed = b"SSHSIG" + _strings(NAMESPACE, b"", b"sha512", sha512(message).digest())
    return holds(Ed25519PublicKey.from_public_bytes(raw).verify, signature, signed)


def _strings(*strings: bytes) -> bytes:
    return b"".join(len(each).to_bytes(4, "big") + each for each in strings)
