"""The log's signed head: what it says, and what is not taken for one."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    NOTE_CHARS_MAX,
    Checkpoint,
    parse_note,
    parse_verifier_key,
    sign_note,
    verifier_key,
)
from ledger.errors import LedgerError, Malformed, NotAuthentic
from ledger.signatures import ED25519_SPKI_PREFIX, Verifier, generate

ORIGIN = "ledger.example.gov/chips"
LOG = generate("ed25519")
HEAD = Checkpoint(ORIGIN, 1204, bytes(range(32)))
NOTE = sign_note(HEAD, LOG)

# The example of Go's golang.org/x/mod/sumdb/note, whose format C2SP signed-note describes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def read(text, origin=ORIGIN, log=LOG):
    return parse_note(text, origin=origin, log_spki=log.spki)


def refusal_of(text, **wanted):
    with pytest.raises(NotAuthentic) as refusal:
        read(text, **wanted)
    return refusal.value.code


def signed(body):
    """A note over any text at all, by the log's own key."""
    key_hash = b64decode(NOTE.rsplit(" ", 1)[1])[:4]
    signature = b64encode(key_hash + LOG.sign(body.encode())).decode()
    return f"{body}\n— {ORIGIN} {signature}\n"


@given(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_as_it_was_signed(size, root):
    checkpoint = Checkpoint(ORIGIN, size, root)

    assert checkpoint == read(sign_note(checkpoint, LOG))


def test_a_note_is_the_text_an_empty_line_and_the_signature():
    lines = NOTE.split("\n")

    assert [ORIGIN, "1204", b64encode(HEAD.root).decode(), ""] == lines[:4]
    assert [f"— {ORIGIN} ", ""] == [lines[4][: len(ORIGIN) + 3], lines[5]]
    assert 4 + 64 == len(b64decode(lines[4].rsplit(" ", 1)[1]))


def test_go_s_verifier_key_is_read_and_verifies_go_s_note():
    name, spki = parse_verifier_key(GO_KEY)

    assert ("PeterNeumann", GO_KEY) == (name, verifier_key(name, spki))
    signature = b64decode(GO_SIGNATURE)
    assert "c74f20a3" == signature[:4].hex()
    Verifier("ed25519", spki).verify(GO_TEXT.encode(), signature[4:])


def test_the_note_carries_the_key_hash_of_the_verifier_key():
    key_hash = verifier_key(ORIGIN, LOG.spki).split("+", 2)[1]

    assert key_hash == b64decode(NOTE.rsplit(" ", 1)[1])[:4].hex()


def test_signatures_of_witnesses_are_let_through_unread():
    witness = f"— witness.example.org/w {b64encode(bytes(80)).decode()}\n"
    other_key = f"— {ORIGIN} {b64encode(bytes(4 + 2420)).decode()}\n"

    assert HEAD == read(NOTE + witness + other_key)
    above = NOTE.replace("\n\n", f"\n\n{witness}")
    assert HEAD == read(above)


def test_a_checkpoint_of_another_log_is_refused():
    assert "CHECKPOINT_ORIGIN" == refusal_of(NOTE, origin="ledger.example.gov/other")


def test_a_checkpoint_by_another_key_is_refused():
    assert "CHECKPOINT_SIGNATURE" == refusal_of(NOTE, log=generate("ed25519"))
    assert "CHECKPOINT_SIGNATURE" == refusal_of(sign_note(HEAD, generate("ed25519")))


def test_a_checkpoint_changed_after_signing_is_refused():
    assert "CHECKPOINT_SIGNATURE" == refusal_of(NOTE.replace("1204", "1203"))
    extended = NOTE.replace("\n\n", "\nan extension line\n\n")
    assert "CHECKPOINT_SIGNATURE" == refusal_of(extended)


def test_the_log_s_signature_stands_there_once():
    signature = NOTE.split("\n\n")[1]

    assert "CHECKPOINT_SIGNATURE" == refusal_of(NOTE + signature)


@pytest.mark.parametrize(
    "body",
    [
        HEAD.body() + "an extension line\n",
        f"{ORIGIN}\n1204\n",
        HEAD.body().replace("1204", "01204"),
        HEAD.body().replace("1204", "+1204"),
        HEAD.body().replace("1204", "-1"),
        HEAD.body().replace("1204", "1_204"),
        HEAD.body().replace("1204", " 1204"),
        HEAD.body().replace("1204", "\N{ARABIC-INDIC DIGIT ONE}204"),
        HEAD.body().replace("1204", "9" * 30),
        HEAD.body().replace("1204", "9" * 6_000),
        HEAD.body().replace("1204", str(2**53)),
        HEAD.body().replace("1204", ""),
        HEAD.body().replace("Hh8=", "Hh9="),
        HEAD.body().replace("Hh8=", "Hh8"),
        f"{ORIGIN}\n1204\n{b64encode(bytes(31)).decode()}\n",
    ],
)
def test_even_the_log_s_own_key_signs_no_other_text(body):
    assert "CHECKPOINT_SYNTAX" == refusal_of(signed(body))


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD.body(),
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE.replace("\n", "\r\n"),
        NOTE + "not a signature\n",
        NOTE + "— nobody\n",
        NOTE + "— nobody AAAA\n",
        NOTE + "— no+body AAAAAAAA\n",
        NOTE + "— nobody AAAAAAAB=\n",
        NOTE + "— nobody \ud800AAAAAAA\n",
        NOTE + "— nobody é\n",
        NOTE + f"— nobody {'A' * NOTE_CHARS_MAX}\n",
    ],
)
def test_what_is_no_note_is_refused(text):
    assert "CHECKPOINT_SYNTAX" == refusal_of(text)


@given(st.data())
def test_no_other_text_is_read_as_the_same_checkpoint(data):
    at = data.draw(st.integers(0, len(NOTE) - 1))
    char = data.draw(st.characters(max_codepoint=127).filter(lambda char: char != NOTE[at]))
    with pytest.raises(NotAuthentic):
        read(NOTE[:at] + char + NOTE[at + 1 :])


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "é", "x" * 256, "a\x00"])
def test_a_name_no_log_can_have_is_refused(origin):
    with pytest.raises(Malformed) as refusal:
        Checkpoint(origin, 0, bytes(32))
    assert "ORIGIN_FORM" == refusal.value.code


@pytest.mark.parametrize(("size", "root"), [(-1, bytes(32)), (2**53, bytes(32)), (0, bytes(31))])
def test_a_checkpoint_that_could_not_be_written_is_not_made(size, root):
    with pytest.raises(Malformed):
        Checkpoint(ORIGIN, size, root)


def test_a_log_signs_with_ed25519_alone():
    with pytest.raises(Malformed) as refusal:
        sign_note(HEAD, generate("ecdsa-p256-sha256"))
    assert "LOG_KEY" == refusal.value.code


def test_a_verifier_key_is_read_as_it_was_written():
    assert (ORIGIN, LOG.spki) == parse_verifier_key(verifier_key(ORIGIN, LOG.spki))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        GO_KEY + " ",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("Peter", "Petra"),
        GO_KEY.replace("+AR", "+AS"),
        GO_KEY.replace("+AR", "+BR"),
        GO_KEY[:-4],
        GO_KEY.replace("Peter", "Peter "),
    ],
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(Malformed):
        parse_verifier_key(text)


def test_a_verifier_key_nobody_should_believe_is_refused():
    low_order = ED25519_SPKI_PREFIX + bytes(32)
    with pytest.raises(NotAuthentic) as refusal:
        parse_verifier_key(verifier_key(ORIGIN, low_order))
    assert "KEY_WEAK" == refusal.value.code


@given(st.text(max_size=200))
def test_no_text_at_all_breaks_the_readers(text):
    for reader in (read, parse_verifier_key):
        with pytest.raises(LedgerError):
            reader(text)
