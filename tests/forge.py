"""A forge of ledgers, honest and not: bytes made here from the formats alone.

It shares no code with what writes a ledger nor with what verifies one: JSON by the standard
library, signatures by `cryptography`, a Merkle tree by its definition. So a test can say what an
attacker with this or that key could bring about, and a mistake on one side shows.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger import events
from ledger.events import EnrolledKey, Event, KeyCountersigned, KeyEnrolled, LedgerOpened
from ledger.verification import Anchor, Report, Row, verify

ORIGIN = "ledger.example.gov/chips"
PAYLOAD_TYPE = "application/vnd.chip-ledger.event.v1+json"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Payload = dict[str, Any]
Tamper = Callable[[Any], Any]


def untouched(value: Any) -> Any:
    return value


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


def canonical(value: object) -> bytes:
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()  # fmt: skip


def pae(payload: bytes) -> bytes:
    return b"DSSEv1 %d %b %d %b" % (
        len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload,
    )  # fmt: skip


def envelope(payload: bytes, *signatures: tuple[str, bytes]) -> bytes:
    listed = ",".join(f'{{"keyid":"{kid}","sig":"{b64(sig)}"}}' for kid, sig in signatures)
    return (
        f'{{"payload":"{b64(payload)}","payloadType":"{PAYLOAD_TYPE}","signatures":[{listed}]}}'
    ).encode()


def said(line: bytes) -> tuple[bytes, str, bytes]:
    """Payload, key id and signature of a line."""
    read = json.loads(line)
    (signature,) = read["signatures"]
    return b64decode(read["payload"]), signature["keyid"], b64decode(signature["sig"])


def leaf(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def merkle(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + merkle(leaves[:k]) + merkle(leaves[k:])).digest()


class Key:
    """A private key from a seed where its kind allows that, so that runs repeat."""

    def __init__(self, seed: str, algorithm: str = "ed25519") -> None:
        secret = hashlib.sha256(seed.encode()).digest()
        self.algorithm = algorithm
        self.private: Any
        match algorithm:
            case "ed25519":
                self.private = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
            case "ecdsa-p256-sha256":
                self.private = ec.derive_private_key(int.from_bytes(secret) >> 1, ec.SECP256R1())
            case "ecdsa-p384-sha384":
                self.private = ec.derive_private_key(int.from_bytes(secret), ec.SECP384R1())
            case "ml-dsa-44":
                self.private = mldsa.MLDSA44PrivateKey.from_seed_bytes(secret)
            case "ml-dsa-65":
                self.private = mldsa.MLDSA65PrivateKey.from_seed_bytes(secret)
            case "ml-dsa-87":
                self.private = mldsa.MLDSA87PrivateKey.from_seed_bytes(secret)
            case _:
                raise ValueError(algorithm)
        self.spki = self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        self.kid = hashlib.sha256(self.spki).hexdigest()[:32]

    def sign(self, message: bytes) -> bytes:
        if not self.algorithm.startswith("ecdsa"):
            signature: bytes = self.private.sign(message)
            return signature
        scheme = ec.ECDSA(SHA384() if "384" in self.algorithm else SHA256())
        r, s = decode_dss_signature(self.private.sign(message, scheme))
        order = self.private.curve.group_order
        return encode_dss_signature(r, min(s, order - s))

    def enrolled(self, actor: str, *roles: str, **changes: Any) -> EnrolledKey:
        """Itself as a key of somebody, with its proof of possession."""
        origin = changes.pop("origin", ORIGIN)
        statement = f"chip-ledger/pop/v1\n{origin}\n{actor}\n".encode() + self.spki
        fields = {
            "key": self.kid,
            "actor": actor,
            "roles": roles,
            "algorithm": self.algorithm,
            "spki": b64(self.spki),
            "possession": b64(self.sign(statement)),
            "valid_from": date(2026, 1, 1),
        }
        return EnrolledKey(**(fields | changes))

    def note(self, size: int, root: bytes, *, origin: str = ORIGIN, extra: str = "") -> str:
        """A checkpoint signed with this key as the log's."""
        body = f"{origin}\n{size}\n{b64(root)}\n{extra}"
        public = self.spki[12:]
        hint = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
        return f"{body}\n— {origin} {b64(hint + self.sign(body.encode()))}\n"

    def cosignature(self, name: str, note: str, time: int) -> str:
        """A witness's line under a checkpoint (tlog-cosignature v1)."""
        body = note.partition("\n\n")[0] + "\n"
        hint = hashlib.sha256(name.encode() + b"\n\x04" + self.spki[12:]).digest()[:4]
        signature = self.sign(f"cosignature/v1\ntime {time}\n{body}".encode())
        return f"— {name} {b64(hint + time.to_bytes(8, 'big') + signature)}\n"


LOG = Key("log")
RIVERA, OKAFOR = Key("a.rivera"), Key("b.okafor")
OFFICER, RECORDER = Key("c.lind"), Key("d.recorder")


@dataclass
class Forge:
    """A ledger in the making. Whatever is said gets the right place, unless told otherwise."""

    log: Key = LOG
    origin: str = ORIGIN
    lines: list[bytes] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    actors: dict[str, str] = field(default_factory=dict)
    streams: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    at: datetime = START
    seen: tuple[int, str] = (0, b64(hashlib.sha256(b"").digest()))

    def open(self, *administrators: EnrolledKey, by: Key = RIVERA, **changes: Any) -> "Forge":
        """The opening entry; two administrators unless told otherwise."""
        two = (
            RIVERA.enrolled("a.rivera", "key_administrator"),
            OKAFOR.enrolled("b.okafor", "key_administrator"),
        )
        fields: dict[str, Any] = {
            "origin": self.origin,
            "log_key": b64(self.log.spki),
            "administrators": administrators or two,
            "opened_on": START.date(),
        }
        opened = LedgerOpened(**(fields | changes))
        self.actors |= {one.key: one.actor for one in opened.administrators}
        return self.say(opened, by, "key_administrator")

    def enroll(self, key: Key, actor: str, *roles: str, **changes: Any) -> "Forge":
        """Enrolled by one administrator and countersigned by the other."""
        enrolled = key.enrolled(actor, *roles, **changes)
        self.say(
            KeyEnrolled(enrolled=enrolled, enrolled_on=self.at.date()), RIVERA, "key_administrator"
        )
        self.actors[enrolled.key] = actor
        return self.countersign(enrolled.key)

    def countersign(self, kid: str, by: Key = OKAFOR, enrollment: bytes | None = None) -> "Forge":
        return self.say(
            KeyCountersigned(
                key=kid,
                enrollment=b64(enrollment or leaf(self.lines[-1])),
                countersigned_on=self.at.date(),
            ),
            by,
            "key_administrator",
        )

    def say(
        self,
        event: Event,
        by: Key,
        role: str,
        /,
        *,
        claim: Tamper = untouched,
        spell: Tamper = untouched,
        seal: Tamper = untouched,
        **members: Any,
    ) -> "Forge":
        """Append an entry.

        members  payload members to sign in place of the right ones
        claim    changes the payload as a dictionary before it is signed
        spell    changes the payload's bytes before they are signed
        seal     changes the finished line
        """
        self.at += timedelta(seconds=1)
        ver, prev = self.streams.get(event.subject, (0, None))
        payload: Payload = {
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "by": self.actors.get(by.kid, "somebody"),
            "data": json.loads(events.encode(event)),
            "id": event.subject,
            "kid": by.kid,
            "log": self.origin,
            "prev": None if prev is None else b64(prev),
            "role": role,
            "seen": list(self.seen),
            "tags": events.tags(event),
            "type": event.wire,
            "v": 1,
            "ver": ver + 1,
        }
        payload = claim(payload | members)
        raw = spell(canonical(payload))
        line = seal(envelope(raw, (payload["kid"], by.sign(pae(raw)))))
        self.streams[event.subject] = (payload["ver"], leaf(line))
        return self.append(line, event.subject, payload)

    def append(self, line: bytes, subject: str | None, payload: Payload | None) -> "Forge":
        number = len(self.lines) + 1
        self.lines.append(line)
        if payload is None:
            self.rows.append(Row(number, line, None, None, "", None))
        else:
            tags = list(payload["tags"])
            self.rows.append(Row(number, line, subject, payload["ver"], payload["type"], tags))
        return self

    def look(self) -> "Forge":
        """Every signer from here on has verified a checkpoint over what there is."""
        self.seen = (len(self.lines), b64(self.root()))
        return self

    def root(self, size: int | None = None) -> bytes:
        return merkle([leaf(line) for line in self.lines[:size]])

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.lines) if size is None else size
        return self.log.note(size, self.root(size), origin=self.origin)

    def anchor(self) -> Anchor:
        return Anchor(self.origin, self.log.spki, leaf(self.lines[0]))

    def verify(self, **changes: Any) -> Report:
        """The verdict on it, with its anchor and a checkpoint over everything."""
        given: dict[str, Any] = {
            "rows": self.rows,
            "anchor": self.anchor() if self.lines else None,
            "checkpoint": self.checkpoint(),
            "workers": 2,
        }
        given |= changes
        return verify(given.pop("rows"), **given)


def bare(lines: Sequence[bytes]) -> list[Row]:
    """Rows as a bundle has them: lines, without a database's columns."""
    return [Row(number, line, None, None, "", None) for number, line in enumerate(lines, start=1)]
