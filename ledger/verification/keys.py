"""Public keys: which are fit to be enrolled, and whether a signature is one of theirs.

Low-order Ed25519 keys accept chosen signatures for every message, and on keys with a low-order
part verifiers disagree, so both are refused. ECDSA signatures have one form: minimal DER, and s
in the lower half of its range, because whoever sees (r, s) could also write (r, n - s).
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

Check = Callable[[bytes, bytes], None]
"""Signature, then message; raises `InvalidSignature` (or `ValueError`) when it is not one."""

ED25519_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of Ed25519 before its 32 bytes (RFC 8410)."""

_CURVES: Final[dict[str, tuple[type[ec.EllipticCurve], ec.ECDSA]]] = {
    "ecdsa-p256-sha256": (ec.SECP256R1, ec.ECDSA(SHA256())),
    "ecdsa-p384-sha384": (ec.SECP384R1, ec.ECDSA(SHA384())),
}
_MlDsa = mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey
_ML_DSA: Final[dict[str, type[_MlDsa]]] = {
    "ml-dsa-44": mldsa.MLDSA44PublicKey,
    "ml-dsa-65": mldsa.MLDSA65PublicKey,
    "ml-dsa-87": mldsa.MLDSA87PublicKey,
}


class UnfitKey(Exception):
    """A key that must not be enrolled; the text ends the sentence «the key …»."""


def key_id(spki: bytes) -> str:
    """First 32 hex digits of SHA-256 of a SubjectPublicKeyInfo in DER."""
    return sha256(spki).hexdigest()[:32]


def load(algorithm: str, spki: bytes) -> Check:
    """What checks this key's signatures; `UnfitKey` for a key nobody should trust."""
    if algorithm == "ed25519":
        if len(spki) != len(ED25519_PREFIX) + 32 or not spki.startswith(ED25519_PREFIX):
            raise UnfitKey("is not an Ed25519 key in the one DER form of its SPKI")
        raw = spki[len(ED25519_PREFIX) :]
        _fit_point(raw)
        return ed25519.Ed25519PublicKey.from_public_bytes(raw).verify
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnfitKey(f"cannot be read: {error}") from None
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise UnfitKey("is not in the one DER form of its SPKI")
    if isinstance(key, ec.EllipticCurvePublicKey) and algorithm in _CURVES:
        curve, scheme = _CURVES[algorithm]
        if isinstance(key.curve, curve):
            return _ecdsa(key, scheme, key.curve.group_order)
    if isinstance(key, _MlDsa) and algorithm in _ML_DSA and isinstance(key, _ML_DSA[algorithm]):
        return key.verify
    raise UnfitKey(f"is not one for {algorithm}")


def holds(check: Check, signature: bytes, message: bytes) -> bool:
    """Whether a signature is the key's over a message."""
    try:
        check(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ecdsa(key: ec.EllipticCurvePublicKey, scheme: ec.ECDSA, order: int) -> Check:
    def check(signature: bytes, message: bytes) -> None:
        r, rest = _integer(signature[2:])
        s, rest = _integer(rest)
        one_byte_length = len(signature) - 2 < 0x80
        framed = signature[:2] == bytes((0x30, len(signature) - 2)) if one_byte_length else False
        if not framed or rest or not 0 < r < order or not 0 < s <= order // 2:
            raise InvalidSignature
        key.verify(signature, message, scheme)

    return check


def _integer(der: bytes) -> tuple[int, bytes]:
    """One positive INTEGER in minimal DER, and what follows it."""
    if len(der) < 3 or der[0] != 0x02 or not 0 < der[1] < 0x80 or len(der) < 2 + der[1]:
        raise InvalidSignature
    body = der[2 : 2 + der[1]]
    if body[0] & 0x80 or (body[0] == 0 and len(body) > 1 and not body[1] & 0x80):
        raise InvalidSignature
    return int.from_bytes(body, "big"), der[2 + der[1] :]


# Edwards25519: -x^2 + y^2 = 1 + d x^2 y^2 over the integers modulo p; RFC 8032 §5.1.
# Points are (X, Y, Z) with x = X/Z, y = Y/Z. Public keys only: time may depend on them.

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P

_Point = tuple[int, int, int]


def _fit_point(raw: bytes) -> None:
    """Return when 32 bytes are a point of prime order in its one encoding; else `UnfitKey`."""
    number = int.from_bytes(raw, "little")
    odd, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        raise UnfitKey("is not canonical: y is not below 2^255 - 19")
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    # p = 5 modulo 8: a root of a square is its power (p + 3) / 8, or that times a root of -1.
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if x * x % _P != square:
        raise UnfitKey("is not a point of the curve")
    if x == 0 and odd:
        raise UnfitKey("is not canonical: x is 0 and has no sign")
    if x % 2 != odd:
        x = _P - x
    if _is_zero(_multiple(8, (x, y, 1))):
        raise UnfitKey("is of low order")
    if not _is_zero(_multiple(_ORDER, (x, y, 1))):
        raise UnfitKey("has a part of low order")


def _multiple(scalar: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1)
    for bit in bin(scalar)[2:]:
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _add(one: _Point, other: _Point) -> _Point:
    """The sum, by the complete projective formula of Bernstein and others (2008)."""
    (x1, y1, z1), (x2, y2, z2) = one, other
    a, c, e = z1 * z2 % _P, x1 * x2 % _P, y1 * y2 % _P
    b, f = a * a % _P, _D * c * e % _P
    minus, plus = b - f, b + f
    cross = (x1 + y1) * (x2 + y2) - c - e
    return a * minus * cross % _P, a * plus * (e + c) % _P, minus * plus % _P


def _is_zero(point: _Point) -> bool:
    x, y, z = point
    return x == 0 and y == z
