"""The entry line: one spelling of what was signed, and nothing else is taken for it."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.envelope import (
    LINE_BYTES_MAX,
    PAYLOAD_TYPE,
    Envelope,
    line_of,
    pae,
    payload_of,
    seal,
    unseal,
)
from ledger.errors import Malformed, NotAuthentic
from ledger.signatures import Verifier, generate
from ledger.terms import KeyId

PAYLOAD = b'{"id":"license:D1234567","v":1}'
ONE, TWO = sorted((generate("ed25519"), generate("ecdsa-p256-sha256")), key=lambda each: each.kid)
LINE = seal(PAYLOAD, [ONE])
BOTH = seal(PAYLOAD, [ONE, TWO])

key_ids = st.integers(0, 2**128 - 1).map(lambda number: KeyId(f"{number:032x}"))
signature_sets = st.dictionaries(
    key_ids, st.binary(min_size=1, max_size=100), min_size=1, max_size=4
)


def code_of(line, reader=unseal):
    with pytest.raises(NotAuthentic) as refusal:
        reader(line)
    return refusal.value.code


def with_signatures(*signatures):
    """A line in our template, with any signatures as they are given."""
    said = {"payload": b64encode(PAYLOAD).decode(), "payloadType": PAYLOAD_TYPE}
    return json.dumps({**said, "signatures": signatures}, separators=(",", ":")).encode()


def signature_by(kid, signature=b"\x01" * 64):
    return {"keyid": kid, "sig": b64encode(signature).decode()}


def test_an_entry_is_one_line_in_the_form_of_dsse():
    (signature,) = unseal(LINE).signatures
    expected = (
        b'{"payload":"eyJpZCI6ImxpY2Vuc2U6RDEyMzQ1NjciLCJ2IjoxfQ==",'
        b'"payloadType":"application/vnd.chip-ledger.event.v1+json",'
        b'"signatures":[{"keyid":"%b","sig":"%b"}]}'
    )

    assert expected % (ONE.kid.encode(), b64encode(signature[1])) == LINE
    assert PAYLOAD == payload_of(LINE)


def test_every_signature_is_over_type_and_payload():
    envelope = unseal(BOTH)

    assert PAYLOAD == envelope.payload
    assert [ONE.kid, TWO.kid] == [kid for kid, _ in envelope.signatures]
    for signer, (_, signature) in zip((ONE, TWO), envelope.signatures, strict=True):
        Verifier(signer.algorithm, signer.spki).verify(pae(PAYLOAD), signature)


def test_a_signature_made_for_another_payload_type_is_refused():
    signature = ONE.sign(pae(PAYLOAD, "application/vnd.in-toto+json"))
    with pytest.raises(NotAuthentic):
        Verifier(ONE.algorithm, ONE.spki).verify(pae(PAYLOAD), signature)


def test_the_signed_bytes_are_those_of_the_published_example():
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"

    assert expected == pae(b"hello world", "http://example.com/HelloWorld")


def test_a_type_is_measured_in_bytes():
    assert "DSSEv1 2 é 1 x".encode() == pae(b"x", "é")


@given(st.binary(max_size=2_000), signature_sets)
def test_what_was_written_is_read(payload, signatures):
    line = line_of(payload, list(signatures.items()))

    assert Envelope(payload, tuple(sorted(signatures.items()))) == unseal(line)
    assert payload == payload_of(line)
    assert b64encode(payload).decode() == json.loads(line)["payload"]


@given(st.permutations([signer.kid for signer in (ONE, TWO)]))
def test_the_order_of_signers_does_not_change_the_line(order):
    signatures = dict(unseal(BOTH).signatures)

    assert BOTH == line_of(PAYLOAD, [(kid, signatures[kid]) for kid in order])


@given(st.data())
def test_no_line_has_a_second_spelling(data):
    at = data.draw(st.integers(0, len(BOTH)))
    drop = data.draw(st.integers(0, 3))
    add = data.draw(
        st.one_of(st.binary(max_size=3), st.sampled_from([b" ", b"=", b"\\u0041", b","]))
    )
    changed = BOTH[:at] + add + BOTH[at + drop :]
    try:
        envelope = unseal(changed)
    except NotAuthentic:
        return
    assert changed == line_of(envelope.payload, envelope.signatures)
    assert changed == BOTH or envelope != unseal(BOTH)


def spare_bits(line):
    """The same payload, with the bits that base64 does not use set."""
    assert b'fQ==","payloadType"' in line
    return line.replace(b'fQ==","payloadType"', b'fR==","payloadType"')


@pytest.mark.parametrize(
    "line",
    [
        spare_bits(LINE),
        LINE + b"\n",
        b" " + LINE,
        LINE.replace(b",", b", ", 1),
        LINE.replace(b'"payload"', b'"payl\\u006fad"'),
        LINE.replace(b"event.v1+json", b"event.v1\\u002bjson"),
        LINE.replace(b'{"payload"', b'{"payload":"AAAA","payload"'),
        LINE.replace(b'"signatures"', b'"extra":0,"signatures"'),
        LINE.replace(b'"sig"', b'"cert":"","sig"'),
        LINE[:-2] + b",]}",
        LINE.replace(ONE.kid.encode(), ONE.kid.upper().encode() + b""),
        LINE.replace(ONE.kid.encode(), ONE.kid[:-1].encode()),
        json.dumps(json.loads(LINE), sort_keys=True, indent=1).encode(),
        BOTH.replace(b"},{", b"}, {"),
        BOTH.replace(b"},{", b"}{"),
    ],
)
def test_an_entry_in_other_bytes_is_refused(line):
    assert code_of(line) in {"ENTRY_NOT_CANONICAL", "ENTRY_SYNTAX"}


@pytest.mark.parametrize(
    "line",
    [spare_bits(LINE), LINE + b"\n", LINE.replace(b",", b", ", 1)],
    ids=["spare bits", "line feed", "space"],
)
def test_an_entry_in_another_spelling_is_told_from_what_is_none(line):
    assert "ENTRY_NOT_CANONICAL" == code_of(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 50_000,
        b"9" * 50_000,
        b"\xff\xfe",
        LINE[:-1],
        LINE[1:],
        LINE.replace(b"vnd.chip-ledger", b"vnd.other"),
        LINE.replace(b'"sig":"', b'"sig":"A'),
        LINE.replace(b'"sig"', b'"signature"'),
        LINE.replace(b'{"payload":"', b'{"payload":"A'),
        b'{"payload":"","payloadType":"%b","signatures":{}}' % PAYLOAD_TYPE.encode(),
        LINE + b" " * LINE_BYTES_MAX,
    ],
)
def test_what_is_no_entry_is_refused(line):
    assert "ENTRY_SYNTAX" == code_of(line)


@pytest.mark.parametrize(
    "line",
    [
        with_signatures(),
        with_signatures(signature_by("a" * 32), signature_by("a" * 32)),
        with_signatures(signature_by("a" * 32), signature_by("a" * 32, b"\x02" * 64)),
        with_signatures(signature_by("b" * 32), signature_by("a" * 32)),
    ],
    ids=["none", "twice", "twice, different", "falling"],
)
def test_key_ids_rise_one_by_one(line):
    assert "SIGNER_SET" == code_of(line)


def test_an_entry_is_signed_at_least_once_and_once_by_each_key():
    for signers in ([], [ONE, ONE]):
        with pytest.raises(Malformed) as refusal:
            seal(PAYLOAD, signers)
        assert "SIGNER_SET" == refusal.value.code


def test_the_longest_entry_is_taken_and_the_next_is_not():
    # base64 makes 4 bytes of 3; what is left is the template with one Ed25519 signature.
    template = len(seal(b"", [ONE]))
    longest = (LINE_BYTES_MAX - template) // 4 * 3

    assert longest == len(unseal(seal(bytes(longest), [ONE])).payload)
    with pytest.raises(Malformed, match="60,000 is the limit") as refusal:
        seal(bytes(longest + 1), [ONE])
    assert "ENTRY_TOO_LONG" == refusal.value.code
    assert f"a payload of {longest + 1:,} and 1 signature," in refusal.value.problem


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b'{"payload":"AAAA"}', LINE[1:], LINE.replace(b'":"eyJ', b'":"ey'), b"x" + LINE],
)
def test_a_stored_line_that_is_none_of_ours_is_noticed(line):
    assert "ENTRY_SYNTAX" == code_of(line, payload_of)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_readers(line):
    assert code_of(line) in {"ENTRY_SYNTAX", "ENTRY_NOT_CANONICAL", "SIGNER_SET"}
    assert "ENTRY_SYNTAX" == code_of(line, payload_of)
