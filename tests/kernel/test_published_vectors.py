"""Other people's test vectors: Wycheproof and CCTV, each one of them.

They lie beside the project, in ../shared/vectors, and are not part of it. Ours is the stricter
reading: of the two signatures (r, s) and (r, n - s) that ECDSA allows, one is refused; and Ed25519
keys that verifiers disagree on never come into the registry.
"""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ledger.errors import NotAuthentic
from ledger.signatures import ED25519_SPKI_PREFIX, Verifier, check_enrollable

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
P256_ORDER = ec.SECP256R1().group_order

pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the published vectors are not at ../shared/vectors"
)


def vectors(name):
    return json.loads((VECTORS / name).read_text())


def verifies(verifier, message, signature):
    return "SIGNATURE" != refusal_code(verifier.verify, message, signature)


def enrolls(spki, algorithm="ed25519"):
    return "KEY_WEAK" != refusal_code(check_enrollable, algorithm, spki)


def refusal_code(check, *arguments):
    try:
        check(*arguments)
    except NotAuthentic as refusal:
        return refusal.code
    return None


def wycheproof(name, algorithm):
    """Each vector as (its name, whether it is valid, our answer, its signature)."""
    published = vectors(name)
    cases = []
    for group in published["testGroups"]:
        spki = bytes.fromhex(group["publicKeyDer"])
        assert enrolls(spki, algorithm)
        verifier = Verifier(algorithm, spki)
        for case in group["tests"]:
            signature = bytes.fromhex(case["sig"])
            answer = verifies(verifier, bytes.fromhex(case["msg"]), signature)
            title = f"{case['tcId']} {case['comment']}"
            cases.append((title, case["result"] == "valid", answer, signature))
    assert published["numberOfTests"] == len(cases)
    return cases


def test_every_wycheproof_vector_for_ed25519_has_the_published_answer():
    wrong = [
        title
        for title, valid, answer, _ in wycheproof("wycheproof_ed25519.json", "ed25519")
        if valid != answer
    ]

    assert [] == wrong


def has_the_upper_s(signature):
    return decode_dss_signature(signature)[1] > P256_ORDER // 2


def test_every_wycheproof_vector_for_p_256_has_the_published_answer_unless_s_is_high():
    cases = wycheproof("wycheproof_ecdsa_secp256r1_sha256.json", "ecdsa-p256-sha256")
    wrong = [
        title
        for title, valid, answer, signature in cases
        if answer != (valid and not has_the_upper_s(signature))
    ]

    assert [] == wrong


def test_a_valid_wycheproof_signature_with_the_upper_s_is_refused_by_us():
    cases = wycheproof("wycheproof_ecdsa_secp256r1_sha256.json", "ecdsa-p256-sha256")
    answers = [answer for _, valid, answer, sig in cases if valid and has_the_upper_s(sig)]

    assert len(answers) > 50
    assert not any(answers)


def cctv():
    for case in vectors("cctv_ed25519.json"):
        flags = frozenset(case["flags"] or ())
        yield ED25519_SPKI_PREFIX + bytes.fromhex(case["key"]), flags, case


def test_every_key_on_which_ed25519_verifiers_disagree_is_kept_out():
    flaws = {"low_order_A", "non_canonical_A", "low_order_component_A"}
    keys = {}
    for spki, flags, _ in cctv():
        # Some flags speak of the signature, so that a key's flaws are spread over its vectors.
        keys[spki] = keys.get(spki, frozenset()) | (flags & flaws)

    assert {spki for spki, found in keys.items() if not found} == set(filter(enrolls, keys))
    assert 22 == len(keys)
    assert 1 == len(list(filter(enrolls, keys)))


def test_for_every_key_that_may_be_enrolled_the_answer_is_that_of_rfc_8032():
    # RFC 8032 §5.1.7 without the cofactor: R is compared as bytes, so that one which is not
    # canonical is refused, and what is left over of low order makes the equation fail.
    failing = {"low_order_residue", "non_canonical_R", "reencoded_k"}
    seen, wrong = 0, []
    for spki, flags, case in cctv():
        if enrolls(spki):
            seen += 1
            message, signature = case["msg"].encode(), bytes.fromhex(case["sig"])
            if verifies(Verifier("ed25519", spki), message, signature) == bool(flags & failing):
                wrong.append(case["number"])

    assert seen > 10
    assert [] == wrong


def test_low_order_keys_verify_forgeries_where_nobody_keeps_them_out():
    forged = [
        case["number"]
        for spki, flags, case in cctv()
        if "low_order_A" in flags
        and verifies(Verifier("ed25519", spki), case["msg"].encode(), bytes.fromhex(case["sig"]))
    ]

    assert forged, "the check at enrollment would have nothing to do"
