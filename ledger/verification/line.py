"""One entry line, read strictly: the envelope rebuilt and compared, the payload encoded again.

Reading goes fast for what honest writers write. Only when bytes differ does a slow and careful
reader look for the reason, so that the code says which: another spelling of the same entry,
a member that stands twice, or no entry at all.
"""

import json
import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final, Generic, Literal, NamedTuple, TypeVar

import msgspec

from ledger.errors import Malformed, NotAuthentic
from ledger.events import EVENTS, Event, decode, encode, tags
from ledger.terms import INTEGER_MAX, KEY_ID_PATTERN

T = TypeVar("T")

PAYLOAD_TYPE: Final = "application/vnd.chip-ledger.event.v1+json"
LINE_BYTES_MAX: Final = 60_000
"""An entry in a tile of tlog-tiles has a length of 16 bits."""

# Payload and signature stand between these with the quotes of their JSON strings.
_HEAD: Final = b'{"payload":'
_TYPE: Final = b',"payloadType":"%b","signatures":[{"keyid":"' % PAYLOAD_TYPE.encode()
_SIG: Final = b'","sig":'
_TAIL: Final = b"}]}"
_PAYLOAD_AT: Final = len(_HEAD)
_KEYID_LENGTH: Final = 32
_PREAUTH: Final = b"DSSEv1 %d %b %%d %%b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode())

_INSTANT: Final = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{6}Z"
)
_KEY_ID: Final = re.compile(KEY_ID_PATTERN)


class Payload(
    msgspec.Struct, Generic[T], frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False
):
    """The signed members, as docs/formats.md lists them; `data` is an event or its bytes."""

    at: str
    by: str
    data: T
    id: str
    kid: str
    log: str
    prev: bytes | None
    role: str
    seen: tuple[Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)], str]
    tags: list[str]
    type: str
    v: Literal[1]
    ver: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]


AnyPayload = Payload[Event] | Payload[msgspec.Raw]


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    keyid: str
    sig: bytes


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The members of a line, in the order in which they are written."""

    payload: bytes
    payloadType: str  # noqa: N815
    signatures: tuple[_Signature]


class Said(NamedTuple):
    """An entry taken apart: what was signed, by whom as the line says, the event and its tags."""

    payload: AnyPayload
    message: bytes
    keyid: bytes
    signature: bytes
    event: Event
    tags: list[str]


_line_decoder = msgspec.json.Decoder(_Line)
_line_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Payload[msgspec.Raw])
_encoder = msgspec.json.Encoder(order="sorted")
# Payload and body in one go, where it is known beforehand what the event should be.
_decoders: dict[str, msgspec.json.Decoder[Payload[Event]]] = {
    wire: msgspec.json.Decoder(Payload[event])  # type: ignore[valid-type]
    for wire, event in EVENTS.items()
}
# A JSON string in base64, with its quotes: three times as fast as `binascii`.
_to_base64: Final = msgspec.json.Encoder().encode
_from_base64: Final = msgspec.json.Decoder(bytes).decode


def base64(raw: bytes) -> str:
    """Standard base64 with padding, the only spelling we take.

    >>> base64(b"chips")
    'Y2hpcHM='
    """
    return b64encode(raw).decode()


def unbase64(text: str) -> bytes | None:
    """The bytes behind standard base64; None for any other spelling, spare bits included.

    >>> unbase64("Y2hpcHM="), unbase64("Y2hpcHN="), unbase64("Y2hpcHM")
    (b'chips', None, None)
    """
    try:
        raw = a2b_base64(text.encode("ascii"))
    except (Base64Error, UnicodeEncodeError):
        return None
    return raw if base64(raw) == text else None


def preauth(payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE v1.0.2.

    >>> preauth(b"{}")
    b'DSSEv1 41 application/vnd.chip-ledger.event.v1+json 2 {}'
    """
    return _PREAUTH % (len(payload), payload)


def read(line: bytes, wire: str = "") -> Said:
    """An entry line taken apart, or `NotAuthentic` with the code that says what is wrong.

    `wire` is the name of the event the line is expected to hold, where a row says one: then it is
    read faster, and to the same result, whether or not it is another.

    ENTRY_SYNTAX, ENTRY_NOT_CANONICAL, SIGNER_SET, PAYLOAD_SYNTAX, PAYLOAD_DUP_KEY,
    PAYLOAD_NOT_CANONICAL, EVENT_UNKNOWN, EVENT_SCHEMA. Whether the payload is true of the event,
    and the signature the signer's, is not looked at here.
    """
    decoder = _decoders.get(wire)
    if decoder is None:
        return _read_in_steps(line)
    try:
        opened = _line_decoder.decode(line)
        raw, (signed,) = opened.payload, opened.signatures
        payload = decoder.decode(raw)
        event = payload.data
        named = tags(event)
        as_expected = (
            # Whatever was passed over as base64 or JSON shows here: both have one form.
            _encoder.encode(payload) == raw
            and _line_encoder.encode(opened) == line
            and len(line) <= LINE_BYTES_MAX
            and opened.payloadType == PAYLOAD_TYPE
            and signed.keyid == payload.kid
            and payload.type == wire
            and _is_instant(payload.at)
            and _is_key_id(payload.kid)
        )
    except (Malformed, msgspec.MsgspecError, UnicodeError):
        as_expected = False
    if not as_expected:
        return _read_in_steps(line)
    return Said(payload, preauth(raw), signed.keyid.encode(), signed.sig, event, named)


def _read_in_steps(line: bytes) -> Said:
    """The same, one thing after another, so that it says what is wrong."""
    keyid, signature, raw = _open(line)
    try:
        payload = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _unlike_a_payload(raw, "PAYLOAD_SYNTAX", str(error)) from None
    if _encoder.encode(payload) != raw:
        raise _unlike_a_payload(raw, "PAYLOAD_NOT_CANONICAL", "the payload has another form")
    if not _is_instant(payload.at):
        raise NotAuthentic(f"{payload.at!r} is not an instant in UTC", code="PAYLOAD_SYNTAX")
    try:
        event = decode(payload.type, payload.data)
        again = encode(event)
        named = tags(event)
    except (NotAuthentic, Malformed) as error:
        code = error.code if error.code == "EVENT_UNKNOWN" else "EVENT_SCHEMA"
        raise _unlike_a_payload(raw, code, error.problem) from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _unlike_a_payload(raw, "EVENT_SCHEMA", str(error)) from None
    if again != bytes(payload.data):
        raise _unlike_a_payload(
            raw, "PAYLOAD_NOT_CANONICAL", f"the body is {payload.type} in another form than its own"
        )
    return Said(payload, preauth(raw), keyid, signature, event, named)


def _open(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Key id, signature and payload of a line with one signature, in the one form it has."""
    stop = line.find(b",", _PAYLOAD_AT)
    keyid_at = stop + len(_TYPE)
    sig_at = keyid_at + _KEYID_LENGTH + len(_SIG)
    keyid = line[keyid_at : keyid_at + _KEYID_LENGTH]
    try:
        raw = _from_base64(line[_PAYLOAD_AT:stop])
        signature = _from_base64(line[sig_at : -len(_TAIL)])
    except (msgspec.MsgspecError, UnicodeError):
        raise _unlike_an_entry(line) from None
    # Whatever was passed over as base64 or JSON, and whatever stands between these parts, shows
    # here: the line has one form.
    rebuilt = b"".join((
        _HEAD, _to_base64(raw), _TYPE, keyid, _SIG, _to_base64(signature), _TAIL,
    ))  # fmt: skip
    if rebuilt != line or len(line) > LINE_BYTES_MAX:
        raise _unlike_an_entry(line)
    return keyid, signature, raw


@lru_cache(maxsize=1)
def _is_instant(text: str) -> bool:
    # Entries written together share it.
    if not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4_096)
def _is_key_id(text: str) -> bool:
    # Keys are few.
    return _KEY_ID.fullmatch(text) is not None


# From here on: why bytes that are not right are not right. Speed does not matter any more.


def _unlike_an_entry(line: bytes) -> NotAuthentic:
    shown = repr(line if len(line) <= 60 else line[:40] + b"..." + line[-17:])[1:]
    if len(line) > LINE_BYTES_MAX:
        return NotAuthentic(
            f"the line has {len(line):,} bytes and an entry at most {LINE_BYTES_MAX:,}",
            code="ENTRY_SYNTAX",
        )
    try:
        loosely = json.loads(line.decode())
    except (ValueError, RecursionError):
        loosely = None
    match loosely:
        case {"payload": str(), "payloadType": str(kind), "signatures": [*signatures]} if (
            kind == PAYLOAD_TYPE and all(_is_signature(signature) for signature in signatures)
        ):
            pass
        case _:
            return NotAuthentic(f"{shown} is not an entry", code="ENTRY_SYNTAX")
    if len(signatures) != 1:
        return NotAuthentic(
            f"it has {len(signatures)} signatures and names one signer", code="SIGNER_SET"
        )
    return NotAuthentic(
        f"{shown} is an entry in other bytes than entries are written in",
        code="ENTRY_NOT_CANONICAL",
    )


def _is_signature(value: object) -> bool:
    match value:
        case {"keyid": str(), "sig": str()}:
            return True
        case _:
            return False


def _unlike_a_payload(raw: bytes, code: str, problem: str) -> NotAuthentic:
    """What a careful reader finds in a payload; `code` and `problem` when it is good JSON."""
    try:
        read_canonical(raw)
    except NotAuthentic as found:
        return found
    return NotAuthentic(problem, code=code)


def read_canonical(raw: bytes) -> object:
    """The value in JSON that is canonical by RFC 8785, without floats or names outside ASCII.

    Raises `NotAuthentic`: PAYLOAD_SYNTAX, PAYLOAD_DUP_KEY or PAYLOAD_NOT_CANONICAL.
    """
    try:
        text = raw.decode()
        value: object = json.loads(
            text, object_pairs_hook=_members, parse_int=_whole, parse_float=_float,
            parse_constant=_float,
        )  # fmt: skip
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        raise NotAuthentic(f"the payload is not JSON: {error}", code="PAYLOAD_SYNTAX") from None
    if again != text:
        at = next((i for i, (a, b) in enumerate(zip(again, text, strict=False)) if a != b), 0)
        raise NotAuthentic(
            f"the payload is not canonical: {text[at : at + 20]!r} for {again[at : at + 20]!r}",
            code="PAYLOAD_NOT_CANONICAL",
        )
    return value


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise NotAuthentic(f"the member {name!r} stands twice", code="PAYLOAD_DUP_KEY")
        if not name.isascii():
            raise NotAuthentic(f"the member {name!r} is not ASCII", code="PAYLOAD_NOT_CANONICAL")
        members[name] = value
    return members


def _whole(digits: str) -> int:
    # Length first: Python refuses to convert thousands of digits.
    if len(digits) > 17 or abs(int(digits)) > INTEGER_MAX:
        raise NotAuthentic(f"{digits[:24]} is beyond 2^53", code="PAYLOAD_NOT_CANONICAL")
    return int(digits)


def _float(digits: str) -> float:
    raise NotAuthentic(f"{digits[:24]} is not a whole number", code="PAYLOAD_NOT_CANONICAL")
