"""Private keys on disk: always under a passphrase, never written over, readable by one user.

Ed25519 and ECDSA keys are kept in the OpenSSH private key format (bcrypt), which `ssh-keygen -p`
can give a new passphrase. That format has no place for ML-DSA: those keys are kept as an
encrypted PKCS#8 (PBES2 with scrypt, RFC 7914). docs/adr/0003-keys-at-rest.md says why. Beside
PATH stands PATH.pub, the public key in PEM, for enrolling it and for `openssl`.

Where the passphrase comes from is not decided here.
"""

import os
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
)

from ledger.errors import Malformed, NotPermitted, Refused, Unknown
from ledger.signatures import Signer

ROUNDS: Final = 100
"""bcrypt rounds for a new key file: about a second of work for each guess at the passphrase."""

ROUNDS_MAX: Final = 1_000
SCRYPT_COST_MAX: Final = 1 << 20
"""The most work a key file may ask for: beyond it, one damaged byte would hang the program."""

KEY_FILE_BYTES_MAX: Final = 64_000

_OPENSSH: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_PKCS8: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_UNREADABLE: Final = (ValueError, NotImplementedError, UnsupportedAlgorithm)
_SALT_BYTES: Final = 16
_SCRYPT_OID: Final = "2b06010401da47040b"  # 1.3.6.1.4.1.11591.4.11
_AES_256_CBC_OID: Final = "60864801650304012a"  # 2.16.840.1.101.3.4.1.42
_PBES2_OID: Final = "2a864886f70d01050d"  # 1.2.840.113549.1.5.13
_BCRYPT_OPTIONS: Final = re.compile(
    rb"\0\0\0\x06bcrypt\0\0\0\x18\0\0\0\x10.{16}(.{4})",  # 16 bytes of salt, and the rounds
    re.DOTALL,
)
_SCRYPT_OPTIONS: Final = re.compile(
    re.escape(bytes.fromhex(_SCRYPT_OID))
    + rb"\x30.\x04\x10.{16}"  # 16 bytes of salt
    + rb"\x02[\x02\x03](.{2,3})\x02\x01\x08\x02\x01\x01",  # N in 2 or 3 bytes, r = 8, p = 1
    re.DOTALL,
)


def save(path: Path, signer: Signer, passphrase: bytes, *, rounds: int = ROUNDS) -> None:
    """Create the key file at `path`, and its public key at PATH.pub; neither is written over.

    A file is there whole or not at all, and only its owner may read it (mode 0600). `rounds` is
    the work for each guess at the passphrase: bcrypt rounds, and for ML-DSA a scrypt cost of the
    smallest power of two not below 1,024 for each round, so that 100 takes 128 MiB.
    """
    if not passphrase:
        raise Malformed(
            f"the passphrase for {path} is empty, and keys are kept under one",
            remedy="choose a passphrase of several words",
            code="PASSPHRASE_EMPTY",
        )
    public = _public_path(path)
    for each in (path, public):
        if each.exists() or each.is_symlink():
            raise _already_there(each)
    if not path.parent.is_dir():
        raise Unknown(
            f"there is no folder {path.parent}",
            remedy=f"mkdir -p {path.parent}",
            code="KEY_FILE_MISSING",
        )
    if _is_ml_dsa(signer):
        private_pem = _pkcs8_under_scrypt(signer, passphrase, rounds)
    else:
        private_pem = signer.private_key.private_bytes(
            Encoding.PEM,
            PrivateFormat.OpenSSH,
            PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(rounds).build(passphrase),
        )
    public_pem = signer.private_key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    # The private key first: whatever stops us between the two, no key is lost that was announced.
    _create(path, private_pem, mode=0o600)
    _create(public, public_pem, mode=0o644)


def load(path: Path, passphrase: bytes) -> Signer:
    """The signer kept at `path`.

    `Unknown`, KEY_FILE_MISSING, where there is no file; `NotPermitted`, PASSPHRASE_WRONG, when
    the passphrase does not open it; `Malformed`, KEY_FILE, when it is no key file of ours, or
    does not hold the private key of the PATH.pub beside it.
    """
    content = _read(path)
    read: Callable[[bytes, bytes | None], object]
    if content.startswith(_OPENSSH):
        read, cost_of, cost_max = load_ssh_private_key, _bcrypt_rounds, ROUNDS_MAX
    elif content.startswith(_PKCS8):
        read, cost_of, cost_max = load_pem_private_key, _scrypt_cost, SCRYPT_COST_MAX
    else:
        raise _no_key_file(path, "it does not begin like an encrypted private key")
    try:
        read(content, None)
    except TypeError:
        pass  # well formed, and under a passphrase, as it should be
    except _UNREADABLE as error:
        raise _no_key_file(path, str(error)) from None
    else:
        raise Malformed(
            f"{path} holds a private key without a passphrase",
            remedy=f"give it one: ssh-keygen -p -a {ROUNDS} -f {path}",
            code="KEY_FILE",
        )
    cost = cost_of(content)
    if cost is None or cost > cost_max:
        stated = "unknown" if cost is None else f"{cost:,}"
        raise _no_key_file(
            path, f"the cost of its passphrase is {stated}, and {cost_max:,} is the limit"
        )
    if not passphrase:
        raise _wrong_passphrase(path)
    try:
        key = read(content, passphrase)
    except _UNREADABLE:
        # Neither format can tell a wrong passphrase from an encrypted part that was damaged.
        raise _wrong_passphrase(path) from None
    signer = Signer.of(key)
    _check_against_public(path, signer)
    return signer


def _check_against_public(path: Path, signer: Signer) -> None:
    """Find a damaged or exchanged file: neither format vouches for what it decrypts to."""
    public = _public_path(path)
    if not public.exists():
        return
    try:
        spki = load_pem_public_key(_read(public)).public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
    except _UNREADABLE:
        raise _no_key_file(public, "it is no public key in PEM") from None
    if spki != signer.spki:
        raise Malformed(
            f"{path} does not hold the private key of {public}",
            remedy="restore both files from a backup, or enroll a new key",
            code="KEY_FILE",
        )


def _is_ml_dsa(signer: Signer) -> bool:
    return isinstance(
        signer.private_key,
        mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey,
    )


def _pkcs8_under_scrypt(signer: Signer, passphrase: bytes, rounds: int) -> bytes:
    """An EncryptedPrivateKeyInfo (RFC 5958) in PEM: PBES2 with scrypt (RFC 7914 §7) and AES-256.

    Written here because the library writes this format with PBKDF2 at 2,048 rounds only; it reads
    what is written here, and so does `openssl` where it knows ML-DSA.
    """
    salt, iv = os.urandom(_SALT_BYTES), os.urandom(AES.block_size // 8)
    cost, block, lanes = 1 << (1024 * rounds - 1).bit_length(), 8, 1
    kdf = Scrypt(salt=salt, length=32, n=cost, r=block, p=lanes)
    padder = PKCS7(AES.block_size).padder()
    plain = signer.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    cipher = Cipher(AES(kdf.derive(passphrase)), CBC(iv)).encryptor()
    secret = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    scrypt = _sequence(
        _oid(_SCRYPT_OID),
        _sequence(_octets(salt), _integer(cost), _integer(block), _integer(lanes)),
    )
    aes_256_cbc = _sequence(_oid(_AES_256_CBC_OID), _octets(iv))
    pbes2 = _sequence(_oid(_PBES2_OID), _sequence(scrypt, aes_256_cbc))
    return _pem("ENCRYPTED PRIVATE KEY", _sequence(pbes2, _octets(secret)))


def _bcrypt_rounds(pem: bytes) -> int | None:
    """The rounds in an OpenSSH private key file (OpenSSH PROTOCOL.key)."""
    return _number(_BCRYPT_OPTIONS.search(_content_of(pem)))


def _scrypt_cost(pem: bytes) -> int | None:
    """The N of scrypt with r = 8 and p = 1; None for every weaker or dearer derivation."""
    return _number(_SCRYPT_OPTIONS.search(_content_of(pem)))


def _number(found: re.Match[bytes] | None) -> int | None:
    return int.from_bytes(found[1], "big") if found else None


def _content_of(pem: bytes) -> bytes:
    return a2b_base64(b"".join(pem.strip().split(b"\n")[1:-1]))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width, "big") + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return _der(0x04, content)


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _oid(encoded: str) -> bytes:
    return _der(0x06, bytes.fromhex(encoded))


def _pem(label: str, der: bytes) -> bytes:
    text = b2a_base64(der, newline=False).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()


def _public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def _create(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that was not there, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{token_hex(8)}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, and not a rename: a rename would take the place of a file made meanwhile.
        path.hardlink_to(fresh)
    except FileExistsError:
        raise _already_there(path) from None
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(KEY_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise Unknown(
            f"there is no key file {path}",
            remedy=f"name another with --key, or make it with `chip-ledger key new {path}`",
            code="KEY_FILE_MISSING",
        ) from None
    except OSError as error:
        raise _no_key_file(path, f"{error.strerror}") from None
    if len(content) > KEY_FILE_BYTES_MAX:
        raise _no_key_file(path, f"it has more than {KEY_FILE_BYTES_MAX:,} bytes")
    return content


def _already_there(path: Path) -> Refused:
    return Refused(
        f"{path} is already there, and a key is never written over",
        remedy="choose another name",
        code="KEY_FILE_EXISTS",
    )


def _no_key_file(path: Path, why: str) -> Malformed:
    return Malformed(
        f"{path} is not a key file: {why}",
        remedy="name the file that `chip-ledger key new` made, not its .pub",
        code="KEY_FILE",
    )


def _wrong_passphrase(path: Path) -> NotPermitted:
    return NotPermitted(
        f"the passphrase does not open {path}",
        remedy="type it again; if it is right, the file is damaged: restore it from a backup",
        code="PASSPHRASE_WRONG",
    )
