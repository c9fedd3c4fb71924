"""One whole entry, byte for byte: payload, pre-image, line, leaf hash and key id, for ever.

The key is that of RFC 8032, section 7.1, test 1; whoever doubts the bytes can make them again
with any implementation of Ed25519 and SHA-256.
"""

from base64 import b64decode, b64encode
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.entry import Entry, Signing, compose, instant, read
from ledger.envelope import pae, payload_of, seal, unseal
from ledger.events import LicenseApproved, LicenseLine
from ledger.merkle import leaf_hash
from ledger.signatures import Signer
from ledger.verification.line import read as read_strictly

KEPT = Path(__file__).parent / "entry"
PAYLOAD = (KEPT / "payload.json").read_bytes()
PREIMAGE = (KEPT / "preimage").read_bytes()
LINE = (KEPT / "line.json").read_bytes()

SECRET = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
KID = "06e3fd8fda29bb60ab59557de61edb0a"
LEAF = "f72038640545d4edc842d10ee43d68a81347047dc55d2d9f8bc752633ca885c8"

EVENT = LicenseApproved(
    license="D1234567",
    decided_on=date(2026, 3, 2),
    expires_on=date(2027, 3, 2),
    destination="AE",
    ultimate_consignee="g42",
    end_users=("g42", "lab"),
    lines=(LicenseLine(model="h100-sxm", eccn="3A090.a", units=1_000, tpp_per_unit=15_832),),
    agreement="uae-2025",
    justification="§ 742.6: by treaty",
)
AT = datetime(2026, 11, 22, 0, 40, 0, 123_456, tzinfo=UTC)
PREV = "2jmj7l5rSw0yVb/vlWAYkK/YBwk2jmj7l5rSw0yVb/s="
SEEN = (41, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")


def signer():
    return Signer.of(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET)))


def composed():
    signing = Signing(
        instant(AT), "c.lind", signer().kid, "ledger.example.gov/chips", "licensing_officer", SEEN
    )
    return compose(EVENT, signing, ver=2, prev=PREV)


def test_the_key_id_is_half_of_the_digest_of_the_public_key():
    spki = bytes.fromhex("302a300506032b6570032100" + PUBLIC)

    assert spki == signer().spki
    assert KID == signer().kid == sha256(spki).hexdigest()[:32]


def test_the_payload_is_composed_in_the_same_bytes():
    assert PAYLOAD == composed()[0]


def test_the_tags_are_the_subject_and_all_it_names():
    assert [
        "agreement:uae-2025", "country:AE", "license:D1234567", "party:g42", "party:lab",
    ] == composed()[1]  # fmt: skip


def test_the_pre_image_is_the_one_of_dsse():
    assert PREIMAGE == pae(PAYLOAD)
    assert PREIMAGE == b"DSSEv1 41 application/vnd.chip-ledger.event.v1+json %d %b" % (
        len(PAYLOAD),
        PAYLOAD,
    )


def test_the_line_is_sealed_in_the_same_bytes():
    assert LINE == seal(PAYLOAD, [signer()])


def test_the_leaf_hash_is_over_the_line():
    assert LEAF == leaf_hash(LINE).hex() == sha256(b"\0" + LINE).hexdigest()


def test_the_line_says_the_event_to_writer_and_verifier_alike():
    at = "2026-11-22T00:40:00.123456Z"
    entry = read(9, "license:D1234567", 2, "license.approved.v1", payload_of(LINE))

    assert Entry(9, at, "c.lind", "licensing_officer", KID, EVENT) == entry
    assert EVENT == read_strictly(LINE).event


def test_the_signature_verifies_with_nothing_of_ours():
    ((kid, signature),) = unseal(LINE).signatures

    assert KID == kid
    signer().private_key.public_key().verify(signature, PREIMAGE)
    assert LINE == (
        b'{"payload":"%b","payloadType":"application/vnd.chip-ledger.event.v1+json",'
        b'"signatures":[{"keyid":"%b","sig":"%b"}]}'
        % (b64encode(PAYLOAD), KID.encode(), b64encode(signature))
    )
    assert PAYLOAD == b64decode(LINE.split(b'"')[3])
