"""One signature over one message: signing, verifying, and which keys may be enrolled at all.

The algorithm is a property of the enrolled key and never of the message. A signature has one
form only: Ed25519 is 64 bytes; ECDSA is minimal DER with s in the lower half of its range,
because whoever sees (r, s) could otherwise make (r, n - s) without the key; ML-DSA is FIPS 204
pure with an empty context. Who holds a key, and what it may say, is `ledger.keyring`'s matter.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from ledger.errors import Malformed, NotAuthentic
from ledger.terms import KeyId

ALGORITHMS: Final = (
    "ed25519",
    "ecdsa-p256-sha256",
    "ecdsa-p384-sha384",
    "ml-dsa-44",
    "ml-dsa-65",
    "ml-dsa-87",
)
"""Every algorithm an entry may be signed with; the names stand in signed history."""

ED25519_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
"""What comes before the 32 key bytes in the SPKI of every Ed25519 key (RFC 8410)."""

PrivateKey = (
    ed25519.Ed25519PrivateKey
    | ec.EllipticCurvePrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)

PublicKey = (
    ed25519.Ed25519PublicKey
    | ec.EllipticCurvePublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
)

_ECDSA: Final = {
    "ecdsa-p256-sha256": (ec.SECP256R1(), ec.ECDSA(SHA256())),
    "ecdsa-p384-sha384": (ec.SECP384R1(), ec.ECDSA(SHA384())),
}
_ECDSA_BY_CURVE: Final = {curve.name: name for name, (curve, _) in _ECDSA.items()}
_GENERATE: Final[dict[str, Callable[[], PrivateKey]]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa-p256-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384-sha384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate,
}


def key_id(spki: bytes) -> KeyId:
    """The first 32 hex digits of the SHA-256 of a public key's SPKI, in DER.

    >>> key_id(ED25519_SPKI_PREFIX + bytes(32))
    '722abd12e99a5367f375aeb9672a8e07'
    """
    return KeyId(hashlib.sha256(spki).hexdigest()[:32])


def possession_statement(origin: str, actor: str, spki: bytes) -> bytes:
    r"""What a new key signs, so that nobody can enroll a key that is somebody else's.

    >>> possession_statement("ledger.example.gov/chips", "a.rivera", b"0*...")
    b'chip-ledger/pop/v1\nledger.example.gov/chips\na.rivera\n0*...'
    """
    return b"chip-ledger/pop/v1\n%b\n%b\n%b" % (origin.encode(), actor.encode(), spki)


class Signer:
    """A private key that signs, and what others need to know of it.

    kid          key id of its public key
    algorithm    one of `ALGORITHMS`
    spki         its public key, DER
    private_key  the key itself; only `ledger.keyfile` has business with it
    """

    __slots__ = ("_sign", "algorithm", "kid", "private_key", "spki")

    def __init__(self, private_key: PrivateKey, algorithm: str) -> None:
        self.algorithm = algorithm
        self.private_key = private_key
        self.spki = private_key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        self.kid = key_id(self.spki)
        self._sign: Callable[[bytes], bytes]
        if isinstance(private_key, ec.EllipticCurvePrivateKey):
            self._sign = _ecdsa_signing(private_key, algorithm)
        else:
            self._sign = private_key.sign

    @staticmethod
    def of(private_key: object) -> "Signer":
        """A signer for a private key of the cryptography library; `Malformed` for other kinds."""
        algorithm = _algorithm_of(private_key)
        if algorithm is None or not isinstance(private_key, PrivateKey):
            raise Malformed(
                f"{_kind(private_key)} cannot sign entries",
                remedy=f"use a private key of one of these: {', '.join(ALGORITHMS)}",
                code="KEY_KIND",
            )
        return Signer(private_key, algorithm)

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, in the one form `Verifier` accepts."""
        return self._sign(message)

    def __repr__(self) -> str:
        return f"<Signer {self.algorithm} {self.kid}>"


def generate(algorithm: str) -> Signer:
    """A signer with a new key from the operating system's randomness."""
    if algorithm not in _GENERATE:
        raise Malformed(
            f"{algorithm!r} is not a signature algorithm we know",
            remedy=f"choose one of {', '.join(ALGORITHMS)}",
            code="ALGORITHM_UNKNOWN",
        )
    return Signer(_GENERATE[algorithm](), algorithm)


class Verifier:
    """A public key that checks signatures; it may be used by many threads at once.

    The key is read once, here. Whether it is a *good* key is `check_enrollable`'s question:
    a verifier for a low-order key can be made, and would accept forgeries.
    """

    __slots__ = ("_check", "algorithm", "kid")

    def __init__(self, algorithm: str, spki: bytes) -> None:
        self.algorithm = algorithm
        self.kid = key_id(spki)
        self._check = _checking(algorithm, spki)

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when `signature` is this key's over `message`; else `NotAuthentic`, SIGNATURE."""
        try:
            self._check(signature, message)
        except (InvalidSignature, ValueError) as error:
            why = f": {error}" if isinstance(error, ValueError) else ""
            raise NotAuthentic(
                f"the signature is not one by key {self.kid} over these bytes{why}",
                code="SIGNATURE",
            ) from None

    def __repr__(self) -> str:
        return f"<Verifier {self.algorithm} {self.kid}>"


def check_enrollable(algorithm: str, spki: bytes) -> None:
    """Refuse a key that must not come into the registry: `NotAuthentic`, KEY_WEAK.

    Refused are bytes that are no SPKI, or not the one DER form of it; a key whose kind is not
    the one `algorithm` names; and Ed25519 keys that are not canonical, not on the curve, of low
    order, or outside the prime-order subgroup (full validation, NIST SP 800-186 appendix D.1.3).
    No honest key is any of these. A low-order one verifies chosen signatures for any message;
    on one with a low-order part, verifiers give different answers.
    """
    key = _public_key(algorithm, spki)
    again = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if again != spki:
        raise _weak(f"the {algorithm} key is not written in the one DER form of its SPKI")
    if isinstance(key, ed25519.Ed25519PublicKey):
        flaw = _ed25519_flaw(key.public_bytes_raw())
        if flaw:
            raise _weak(f"the Ed25519 key {key.public_bytes_raw().hex()} {flaw}")


def _public_key(algorithm: str, spki: bytes) -> PublicKey:
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _weak(f"these {len(spki):,} bytes are no public key we can read: {error}") from None
    kind = _algorithm_of(key)
    if kind != algorithm or not isinstance(key, PublicKey):
        raise _weak(f"{_kind(key)} is not a key for {algorithm}")
    return key


def _weak(problem: str) -> NotAuthentic:
    return NotAuthentic(
        problem,
        remedy="make a new key with `chip-ledger key new` and enroll that one",
        code="KEY_WEAK",
    )


def _kind(key: object) -> str:
    curve = f" on {key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else ""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curve = f" on {key.curve.name}"
    return f"{type(key).__name__.removeprefix('_')}{curve}"


def _algorithm_of(key: object) -> str | None:
    match key:
        case ed25519.Ed25519PrivateKey() | ed25519.Ed25519PublicKey():
            return "ed25519"
        case ec.EllipticCurvePrivateKey() | ec.EllipticCurvePublicKey():
            return _ECDSA_BY_CURVE.get(key.curve.name)
        case mldsa.MLDSA44PrivateKey() | mldsa.MLDSA44PublicKey():
            return "ml-dsa-44"
        case mldsa.MLDSA65PrivateKey() | mldsa.MLDSA65PublicKey():
            return "ml-dsa-65"
        case mldsa.MLDSA87PrivateKey() | mldsa.MLDSA87PublicKey():
            return "ml-dsa-87"
        case _:
            return None


def _ecdsa_signing(key: ec.EllipticCurvePrivateKey, algorithm: str) -> Callable[[bytes], bytes]:
    curve, scheme = _ECDSA[algorithm]
    order = curve.group_order

    def sign(message: bytes) -> bytes:
        signature = key.sign(message, scheme)
        r, s = decode_dss_signature(signature)
        return signature if s <= order // 2 else encode_dss_signature(r, order - s)

    return sign


def _checking(algorithm: str, spki: bytes) -> Callable[[bytes, bytes], None]:
    key = _public_key(algorithm, spki)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _ecdsa_checking(key, algorithm)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _ed25519_checking(key)
    return key.verify


def _ed25519_checking(key: ed25519.Ed25519PublicKey) -> Callable[[bytes, bytes], None]:
    verify = key.verify

    def check(signature: bytes, message: bytes) -> None:
        if len(signature) != 64:
            raise ValueError(f"an Ed25519 signature is 64 bytes, not {len(signature):,}")
        verify(signature, message)

    return check


def _ecdsa_checking(
    key: ec.EllipticCurvePublicKey, algorithm: str
) -> Callable[[bytes, bytes], None]:
    curve, scheme = _ECDSA[algorithm]
    order = curve.group_order
    half = order // 2
    verify = key.verify

    def check(signature: bytes, message: bytes) -> None:
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            raise ValueError("it is not a DER sequence of two integers") from None
        if encode_dss_signature(r, s) != signature:
            raise ValueError("it is not written in minimal DER")
        if not (0 < r < order and 0 < s < order):
            raise ValueError("r and s have to be between 1 and n - 1")
        if s > half:
            raise ValueError("s is in the upper half of its range, where anybody could put it")
        verify(signature, message, scheme)

    return check


# Edwards25519, for looking at public keys only (nothing here is secret, so nothing has to run in
# constant time). Formulas and numbers: RFC 8032 §5.1. A point is (X, Y, Z, T) with x = X/Z,
# y = Y/Z, xy = T/Z.

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SQRT_OF_MINUS_1: Final = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]


def _ed25519_flaw(raw: bytes) -> str | None:
    """What is wrong with 32 bytes as an Ed25519 public key, as the end of a sentence."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    sign = raw[31] >> 7
    if y >= _P:
        return "is not canonical: y is not below 2^255 - 19"
    x = _x_of(y)
    if x is None:
        return "is not a point on the curve"
    if x == 0 and sign:
        return "is not canonical: x is 0 and has no sign"
    if x & 1 != sign:
        x = _P - x
    point = (x, y, 1, x * y % _P)
    if _is_neutral(_times(8, point)):
        return "is of low order"
    if not _is_neutral(_times(_L, point)):
        return "is outside the prime-order subgroup"
    return None


def _x_of(y: int) -> int | None:
    """One of the two x with this y; None where there is none (RFC 8032 §5.1.3)."""
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == u:
        return x
    if v * x * x % _P == -u % _P:
        return x * _SQRT_OF_MINUS_1 % _P
    return None


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        scalar >>= 1
    return total


def _sum(one: _Point, other: _Point) -> _Point:
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_neutral(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z
