"""Key files: under a passphrase, for one user, never written over."""

import re
import shutil
import stat
import subprocess
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger import keyfile
from ledger.errors import LedgerError, Malformed, NotPermitted, Refused, Unknown
from ledger.signatures import ALGORITHMS, Verifier, generate

PASSPHRASE = b"correct horse battery staple"
FEW = 1


def saved(tmp_path, algorithm="ed25519"):
    path, signer = tmp_path / "officer", generate(algorithm)
    keyfile.save(path, signer, PASSPHRASE, rounds=FEW)
    return path, signer


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_that_was_kept_signs_as_before(tmp_path, algorithm):
    path, signer = saved(tmp_path, algorithm)
    again = keyfile.load(path, PASSPHRASE)

    assert (signer.algorithm, signer.kid, signer.spki) == (again.algorithm, again.kid, again.spki)
    Verifier(algorithm, signer.spki).verify(b"an entry", again.sign(b"an entry"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_only_the_owner_may_read_a_key_file(tmp_path, algorithm):
    path, _ = saved(tmp_path, algorithm)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert {"officer", "officer.pub"} == {each.name for each in tmp_path.iterdir()}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_passphrase_opens_nothing(tmp_path, algorithm):
    path, _ = saved(tmp_path, algorithm)

    # With ML-DSA, enough guesses for one to come through the padding of the cipher by chance.
    guesses = 400 if algorithm == "ml-dsa-44" else 3
    for guess in (b"", *(b"%d" % number for number in range(guesses))):
        with pytest.raises(NotPermitted, match="does not open") as refusal:
            keyfile.load(path, guess)
        assert "PASSPHRASE_WRONG" == refusal.value.code


def test_a_new_key_file_takes_100_rounds_of_bcrypt(tmp_path):
    path = tmp_path / "officer"
    keyfile.save(path, generate("ed25519"), PASSPHRASE)
    body = b"".join(path.read_bytes().split(b"\n")[1:-2])

    options = re.search(
        rb"\x00\x00\x00\x06bcrypt.{4}\x00\x00\x00\x10.{16}(.{4})", b64decode(body), re.S
    )
    assert options is not None
    assert 100 == int.from_bytes(options[1], "big")


def test_a_new_ml_dsa_key_file_takes_128_mebibytes_of_scrypt(tmp_path):
    path, signer = tmp_path / "officer", generate("ml-dsa-87")
    keyfile.save(path, signer, PASSPHRASE)
    body = b"".join(path.read_bytes().split(b"\n")[1:-2])

    # N = 131,072 = 2^17, r = 8, p = 1: 128 * N * r bytes.
    assert bytes.fromhex("0203020000020108020101") in b64decode(body)
    assert signer.kid == keyfile.load(path, PASSPHRASE).kid


def test_a_key_is_not_kept_without_a_passphrase(tmp_path):
    with pytest.raises(Malformed) as refusal:
        keyfile.save(tmp_path / "officer", generate("ed25519"), b"")

    assert "PASSPHRASE_EMPTY" == refusal.value.code
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("standing", ["officer", "officer.pub"])
def test_a_file_that_stands_there_is_not_written_over(tmp_path, standing):
    (tmp_path / standing).write_text("something else")
    with pytest.raises(Refused, match="already there") as refusal:
        keyfile.save(tmp_path / "officer", generate("ed25519"), PASSPHRASE, rounds=FEW)

    assert "KEY_FILE_EXISTS" == refusal.value.code
    assert ["something else"] == [each.read_text() for each in tmp_path.iterdir()]


def test_a_link_to_nowhere_is_not_followed(tmp_path):
    (tmp_path / "officer").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        keyfile.save(tmp_path / "officer", generate("ed25519"), PASSPHRASE, rounds=FEW)

    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unknown, match="there is no folder"):
        keyfile.save(tmp_path / "no" / "officer", generate("ed25519"), PASSPHRASE, rounds=FEW)


def test_a_key_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unknown, match="there is no key file") as refusal:
        keyfile.load(tmp_path / "officer", PASSPHRASE)
    assert "KEY_FILE_MISSING" == refusal.value.code


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + bytes(70_000),
    ],
    ids=["empty", "text", "broken OpenSSH", "broken PKCS#8", "endless"],
)
def test_a_file_that_is_no_key_file_is_called_so(tmp_path, content):
    path = tmp_path / "officer"
    path.write_bytes(content)
    with pytest.raises(Malformed, match="is not a key file") as refusal:
        keyfile.load(path, PASSPHRASE)
    assert "KEY_FILE" == refusal.value.code


def test_a_folder_is_no_key_file(tmp_path):
    with pytest.raises(Malformed, match="is not a key file"):
        keyfile.load(tmp_path, PASSPHRASE)


def test_a_key_without_a_passphrase_is_refused(tmp_path):
    path = tmp_path / "officer"
    path.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        )
    )
    with pytest.raises(Malformed, match="without a passphrase") as refusal:
        keyfile.load(path, PASSPHRASE)
    assert "KEY_FILE" == refusal.value.code
    assert "ssh-keygen -p -a 100" in refusal.value.remedy


def test_a_key_of_a_kind_that_signs_no_entries_is_refused(tmp_path):
    path = tmp_path / "officer"
    encryption = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(FEW).build(PASSPHRASE)
    path.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, encryption
        )
    )
    with pytest.raises(Malformed) as refusal:
        keyfile.load(path, PASSPHRASE)
    assert "KEY_KIND" == refusal.value.code


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256", "ml-dsa-44"])
def test_a_key_file_changed_in_one_byte_never_gives_another_key(tmp_path, algorithm):
    path, signer = saved(tmp_path, algorithm)
    content = path.read_bytes()
    body = range(content.index(b"\n") + 1, content.rindex(b"\n-----END"))
    for at in body[::7]:
        changed = b"B" if content[at : at + 1] == b"A" else b"A"
        path.write_bytes(content[:at] + changed + content[at + 1 :])
        try:
            kid = keyfile.load(path, PASSPHRASE).kid
        except LedgerError:
            continue
        assert signer.kid == kid


@pytest.mark.parametrize("algorithm", ["ed25519", "ml-dsa-65"])
def test_a_key_file_that_asks_for_a_day_of_work_is_refused_at_once(tmp_path, algorithm):
    path, _ = saved(tmp_path, algorithm)
    first, *body, last = path.read_bytes().strip().split(b"\n")
    content = b64decode(b"".join(body))
    # One round of bcrypt after the salt; N = 1,024 of scrypt before r = 8 and p = 1.
    bcrypt, scrypt = b"\0\0\0\x01\0\0\0\x01\0", b"\x02\x02\x04\0\x02\x01\x08"
    dear = content.replace(bcrypt, b"\x7f" + bcrypt[1:]).replace(scrypt, scrypt[:-1] + b"\x7f")
    path.write_bytes(b"\n".join((first, b64encode(dear), last, b"")))

    assert dear != content
    with pytest.raises(Malformed, match="is the limit") as refusal:
        keyfile.load(path, PASSPHRASE)
    assert "KEY_FILE" == refusal.value.code


@pytest.mark.parametrize("algorithm", ["ed25519", "ml-dsa-65"])
def test_a_key_file_beside_somebody_elses_public_key_is_refused(tmp_path, algorithm):
    path, _ = saved(tmp_path, algorithm)
    keyfile.save(tmp_path / "other", generate(algorithm), PASSPHRASE, rounds=FEW)
    shutil.copy(tmp_path / "other.pub", tmp_path / "officer.pub")
    with pytest.raises(Malformed, match="does not hold the private key of") as refusal:
        keyfile.load(path, PASSPHRASE)
    assert "KEY_FILE" == refusal.value.code


def test_a_key_file_moved_without_its_public_key_still_opens(tmp_path):
    path, signer = saved(tmp_path)
    (tmp_path / "officer.pub").unlink()

    assert signer.kid == keyfile.load(path, PASSPHRASE).kid


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384"])
def test_ssh_keygen_gives_a_key_file_a_new_passphrase(tmp_path, algorithm):
    path, signer = saved(tmp_path, algorithm)
    change = ["ssh-keygen", "-p", "-a", "2", "-P", PASSPHRASE.decode(), "-N", "a new one"]
    subprocess.run([*change, "-f", str(path)], check=True, capture_output=True)

    assert signer.kid == keyfile.load(path, b"a new one").kid
    with pytest.raises(NotPermitted):
        keyfile.load(path, PASSPHRASE)
