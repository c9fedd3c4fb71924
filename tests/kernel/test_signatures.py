"""Signing and verifying: one form of each signature, and no weak key in the registry."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
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

from ledger.envelope import pae
from ledger.errors import Malformed, NotAuthentic
from ledger.signatures import (
    ALGORITHMS,
    ED25519_SPKI_PREFIX,
    Signer,
    Verifier,
    check_enrollable,
    generate,
    key_id,
    possession_statement,
)

MESSAGE = pae(b'{"id":"license:D1234567"}')
SIGNERS = {algorithm: generate(algorithm) for algorithm in ALGORITHMS}
ECDSA = {
    "ecdsa-p256-sha256": ec.SECP256R1().group_order,
    "ecdsa-p384-sha384": ec.SECP384R1().group_order,
}
HASHES = {"ecdsa-p256-sha256": SHA256(), "ecdsa-p384-sha384": SHA384()}
SIGNATURE_BYTES = {"ed25519": 64, "ml-dsa-44": 2420, "ml-dsa-65": 3309, "ml-dsa-87": 4627}


def spki_of(public_key):
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def refused(signer, signature, message=MESSAGE):
    with pytest.raises(NotAuthentic) as refusal:
        Verifier(signer.algorithm, signer.spki).verify(message, signature)
    assert "SIGNATURE" == refusal.value.code
    return refusal.value.problem


def weak(algorithm, spki):
    with pytest.raises(NotAuthentic) as refusal:
        check_enrollable(algorithm, spki)
    assert "KEY_WEAK" == refusal.value.code
    return refusal.value.problem


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_key_signs_its_public_key_verifies(algorithm):
    signer = SIGNERS[algorithm]
    signature = signer.sign(MESSAGE)

    Verifier(algorithm, signer.spki).verify(MESSAGE, signature)
    assert SIGNATURE_BYTES.get(algorithm, len(signature)) == len(signature)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_is_for_one_message_and_one_key(algorithm):
    signer = SIGNERS[algorithm]
    signature = signer.sign(MESSAGE)

    refused(signer, signature, MESSAGE + b" ")
    refused(generate(algorithm), signature)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_changed_in_any_place_is_refused(algorithm):
    signer = SIGNERS[algorithm]
    signature = signer.sign(MESSAGE)

    for at in range(0, len(signature), max(1, len(signature) // 64)):
        refused(signer, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :])
    for other in (b"", signature[:-1], signature + b"\0", b"\0" + signature, bytes(64), bytes(72)):
        refused(signer, other)


@pytest.mark.parametrize("algorithm", ECDSA)
def test_every_ecdsa_signature_has_the_lower_s(algorithm):
    for number in range(40):
        signature = SIGNERS[algorithm].sign(b"%d" % number)

        assert decode_dss_signature(signature)[1] <= ECDSA[algorithm] // 2
        Verifier(algorithm, SIGNERS[algorithm].spki).verify(b"%d" % number, signature)


@pytest.mark.parametrize("algorithm", ECDSA)
def test_the_other_s_of_an_ecdsa_signature_is_refused(algorithm):
    signer = SIGNERS[algorithm]
    r, s = decode_dss_signature(signer.sign(MESSAGE))
    twin = encode_dss_signature(r, ECDSA[algorithm] - s)

    # The library by itself takes the twin: it is the check here that refuses it.
    signer.private_key.public_key().verify(twin, MESSAGE, ec.ECDSA(HASHES[algorithm]))
    assert "upper half" in refused(signer, twin)


@pytest.mark.parametrize("algorithm", ECDSA)
def test_ecdsa_numbers_out_of_range_are_refused(algorithm):
    signer, order = SIGNERS[algorithm], ECDSA[algorithm]
    r, s = decode_dss_signature(signer.sign(MESSAGE))

    for bad in ((0, s), (r, 0), (order, s), (r + order, s), (0, 0)):
        refused(signer, encode_dss_signature(*bad))
    refused(signer, bytes.fromhex("30060201ff020101"))  # r = -1


@pytest.mark.parametrize("algorithm", ECDSA)
def test_an_ecdsa_signature_in_longer_der_is_refused(algorithm):
    signer = SIGNERS[algorithm]
    signature = signer.sign(MESSAGE)
    long_length = b"\x30\x81" + signature[1:]
    padded_r = bytes((0x30, signature[1] + 1, 2, signature[3] + 1, 0)) + signature[4:]

    for other in (long_length, padded_r, b"\x30\x80" + signature[2:] + b"\0\0"):
        refused(signer, other)


def test_a_verifier_is_used_by_many_threads_at_once():
    for algorithm, signer in SIGNERS.items():
        verifier = Verifier(algorithm, signer.spki)
        messages = [b"%d" % number for number in range(60)]
        signatures = [signer.sign(message) for message in messages]
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(verifier.verify, messages, signatures))

        assert [None] * 60 == answers


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_we_make_may_be_enrolled(algorithm):
    for _ in range(3):
        check_enrollable(algorithm, generate(algorithm).spki)


@pytest.mark.parametrize("named", ALGORITHMS)
def test_a_key_is_enrolled_under_its_own_algorithm_only(named):
    for algorithm, signer in SIGNERS.items():
        if algorithm != named:
            assert f"is not a key for {named}" in weak(named, signer.spki)
            with pytest.raises(NotAuthentic):
                Verifier(named, signer.spki)


def test_an_algorithm_we_do_not_know_has_no_keys():
    assert "is not a key for rsa" in weak("rsa", SIGNERS["ed25519"].spki)
    with pytest.raises(Malformed, match="not a signature algorithm we know"):
        generate("rsa")


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
    ],
    ids=["RSA", "P-521", "secp256k1", "Ed448"],
)
def test_keys_of_other_kinds_neither_sign_nor_enroll(key):
    with pytest.raises(Malformed) as refusal:
        Signer.of(key)
    assert "KEY_KIND" == refusal.value.code
    for algorithm in ALGORITHMS:
        weak(algorithm, spki_of(key.public_key()))


def test_what_is_no_private_key_cannot_sign():
    for other in (None, b"key", SIGNERS["ed25519"], load_der_public_key(SIGNERS["ed25519"].spki)):
        with pytest.raises(Malformed):
            Signer.of(other)


def test_a_signer_finds_the_algorithm_of_its_key():
    assert list(ALGORITHMS) == [Signer.of(each.private_key).algorithm for each in SIGNERS.values()]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_public_key_in_other_bytes_is_not_enrolled(algorithm):
    spki = SIGNERS[algorithm].spki

    for other in (b"", spki[:-1], spki + b"\0", b"\0" + spki, spki[1:], spki * 2):
        weak(algorithm, other)


def test_a_compressed_point_is_not_enrolled():
    point = (
        SIGNERS["ecdsa-p256-sha256"]
        .private_key.public_key()
        .public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    )
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    compressed = algorithm + b"\x03\x22\x00" + point

    assert "one DER form" in weak("ecdsa-p256-sha256", b"\x30\x39" + compressed)


def test_a_point_off_the_curve_is_not_enrolled():
    spki = SIGNERS["ecdsa-p256-sha256"].spki

    weak("ecdsa-p256-sha256", spki[:-1] + bytes([spki[-1] ^ 1]))


@pytest.mark.parametrize(
    ("raw", "because"),
    [
        ("01" + "00" * 31, "low order"),  # the neutral point
        ("00" * 32, "low order"),
        ("00" * 31 + "80", "low order"),
        ("ec" + "ff" * 30 + "7f", "low order"),
        ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "low order"),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "low order"),
        ("01" + "00" * 30 + "80", "not canonical"),
        ("ec" + "ff" * 31, "not canonical"),
        ("ed" + "ff" * 30 + "7f", "not canonical"),
        ("ff" * 32, "not canonical"),
        ("02" + "00" * 31, "not a point on the curve"),
        (
            "10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f",
            "outside the prime-order subgroup",
        ),
    ],
)
def test_an_ed25519_key_that_forgeries_verify_under_is_not_enrolled(raw, because):
    assert because in weak("ed25519", ED25519_SPKI_PREFIX + bytes.fromhex(raw))


def test_the_proof_of_possession_names_the_log_the_actor_and_the_key():
    spki = SIGNERS["ed25519"].spki
    expected = b"chip-ledger/pop/v1\nledger.example.gov/chips\na.rivera\n" + spki

    assert expected == possession_statement("ledger.example.gov/chips", "a.rivera", spki)


def test_what_a_person_sees_of_a_signer_is_no_secret():
    signer = SIGNERS["ed25519"]

    assert f"<Signer ed25519 {signer.kid}>" == repr(signer)


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl not installed")


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


def written(tmp_path, **files):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in files]


def pem_of(spki):
    return load_der_public_key(spki).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@needs_openssl
def test_openssl_verifies_an_ed25519_signature(tmp_path):
    signer = SIGNERS["ed25519"]
    key, message, signature = written(
        tmp_path, key=pem_of(signer.spki), message=MESSAGE, signature=signer.sign(MESSAGE)
    )
    said = openssl(
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        key,
        "-rawin",
        "-in",
        message,
        "-sigfile",
        signature,
    )

    assert b"Signature Verified Successfully\n" == said


@needs_openssl
@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("ecdsa-p256-sha256", "-sha256"), ("ecdsa-p384-sha384", "-sha384")],
)
def test_openssl_verifies_an_ecdsa_signature(tmp_path, algorithm, digest):
    signer = SIGNERS[algorithm]
    key, message, signature = written(
        tmp_path, key=pem_of(signer.spki), message=MESSAGE, signature=signer.sign(MESSAGE)
    )
    said = openssl("dgst", digest, "-verify", key, "-signature", signature, message)

    assert b"Verified OK\n" == said


@needs_openssl
@pytest.mark.parametrize("algorithm", ["ed25519", *ECDSA])
def test_openssl_and_sha256sum_give_the_key_id(tmp_path, algorithm):
    signer = SIGNERS[algorithm]
    (key,) = written(tmp_path, key=pem_of(signer.spki))
    der = openssl("pkey", "-pubin", "-in", key, "-outform", "DER")
    (public,) = written(tmp_path, public=der)

    assert signer.kid == key_id(der)
    assert signer.kid == openssl("dgst", "-sha256", "-r", public)[:32].decode()


@needs_openssl
def test_we_verify_what_openssl_signs_with_ed25519(tmp_path):
    key, message = tmp_path / "key", tmp_path / "message"
    message.write_bytes(MESSAGE)
    key.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    signature = openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", message)

    check_enrollable("ed25519", spki)
    Verifier("ed25519", spki).verify(MESSAGE, signature)
