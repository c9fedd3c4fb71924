"""A small ledger with keys of several kinds, and the case file made from it by the command line.

Two administrators (Ed25519, P-256), a recorder (P-384), a policy officer (Ed25519) and, where
asked for, an analyst whose key is ML-DSA: browsers and shells of these years may not know that.
"""

import json
import subprocess
import zipfile
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

from forge import Key, b64, canonical, envelope, pae, said
from msgspec.structs import replace
from world import OPENED, ORIGIN, adopted, exported, party

from commands.__main__ import run
from ledger.casefile import Seal, pack, sealed, sshsig
from ledger.events import (
    FlagReviewed,
    KeyCountersigned,
    KeyEnrolled,
    LedgerOpened,
    PartyCapacityDeclared,
    PartyRelocated,
    PartyRenamed,
)
from ledger.log import Ledger, enroll
from ledger.merkle import leaf_hash
from ledger.signatures import Signer, generate
from ledger.terms import ActorId
from ledger.verification import Anchor, render_anchor

Files = dict[str, bytes]


@dataclass
class Book:
    """A ledger, the case file of party:acme, and the trust anchor handed out beside it."""

    place: str
    recorder: Signer
    log: Signer
    zip: bytes
    anchor: str

    @property
    def files(self) -> Files:
        """The case file's own files, without the page and MANIFEST that follow from them."""
        with zipfile.ZipFile(BytesIO(self.zip)) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        return {name: held[name] for name in held if name not in ("verify.html", "MANIFEST")}


def book(folder: Path, *, post_quantum: bool = False) -> Book:
    """A new ledger in a folder, and a case file of it."""
    place = f"sqlite:///{folder / 'ledger.db'}"
    rivera, officer, log = (generate("ed25519") for _ in range(3))
    chen, recorder = generate("ecdsa-p256-sha256"), generate("ecdsa-p384-sha384")
    analyst = generate("ml-dsa-44")
    day = OPENED.date()
    administrators = tuple(
        enroll(ORIGIN, ActorId(actor), ("key_administrator",), signer, valid_from=day)
        for actor, signer in (("a.rivera", rivera), ("b.chen", chen))
    )
    opened = LedgerOpened(
        origin=ORIGIN, log_key=b64(log.spki), administrators=administrators, opened_on=day
    )
    ledger = Ledger.create(place, opened, rivera, log, at=OPENED)
    hired = [
        ("c.lind", ("trade_recorder", "licensing_officer"), recorder),
        ("p.ortiz", ("policy_officer",), officer),
    ]
    if post_quantum:
        hired.append(("q.mair", ("enforcement_analyst",), analyst))
    at = OPENED
    for actor, roles, signer in hired:
        offered = enroll(ORIGIN, ActorId(actor), roles, signer, valid_from=day)
        (number,) = ledger.append([KeyEnrolled(enrolled=offered, enrolled_on=day)], rivera, at=at)
        line, _ = ledger.prove_inclusion(number, number)
        confirmed = KeyCountersigned(
            key=offered.key, enrollment=b64(leaf_hash(line)), countersigned_on=day
        )
        ledger.append([confirmed], chen, at=at)
    at += timedelta(minutes=5)
    ledger.append([adopted()], officer, at=at)
    told = [
        replace(party("acme", "MY"), name="Acme <b>Compute</b> & Sons"),
        party("other"),
        PartyCapacityDeclared(
            party="acme", site="hall 1", it_kilowatts=500, declared_on=date(2025, 1, 20)
        ),
        PartyRenamed(party="acme", name="Acme Cloud", renamed_on=date(2025, 2, 1)),
        PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 2, 9)),
        exported("S-1", authority="none", route=("US", "MY")),
    ]
    numbers = ledger.append(told, recorder, at=at)
    if post_quantum:
        review = FlagReviewed(
            flag="0" * 16, rule="tier3-party", outcome="confirmed", reason="confirmed",
            evidence=(numbers[-1],), reviewed_on=date(2026, 11, 3),
        )  # fmt: skip
        ledger.append([review], analyst, at=at)
    ledger.checkpoint(log)
    anchor = render_anchor(Anchor(ledger.origin, ledger.log_spki, ledger.opening_leaf))
    ledger.close()
    out = folder / "case.zip"
    also = ["flag:" + "0" * 16] if post_quantum else []
    assert 0 == run(["case", "party:acme", *also, "--valid-on", "2026-11-22", "--whole-streams",
                     "--ledger", place, "--out", str(out)])  # fmt: skip
    return Book(place, recorder, log, out.read_bytes(), anchor)


def sealed_by(files: Files, log: Signer) -> Files:
    """Files with a MANIFEST that a log signed."""
    whole = sealed(files)
    seal = Seal(log.spki[-32:], log.sign)
    return {**whole, "MANIFEST.sig": sshsig(whole["MANIFEST"], seal)}


AUTHORITY = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def stamp(folder: Path, message: bytes) -> tuple[Path, Path]:
    """A reply of a timestamp authority that lives in a folder, and the authority's certificate."""
    folder.mkdir()
    (folder / "authority.cnf").write_text(AUTHORITY.format(folder=folder))
    (folder / "serial").write_text("01")
    (folder / "message").write_bytes(message)
    for words in (
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out authority.pem -subj /CN=Authority"
        " -days 2 -addext extendedKeyUsage=critical,timeStamping"
        " -addext keyUsage=critical,digitalSignature",
        "ts -query -data message -sha256 -cert -out query.tsq",
        "ts -reply -config authority.cnf -queryfile query.tsq -signer authority.pem"
        " -inkey key.pem -out reply.tsr",
    ):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return folder / "reply.tsr", folder / "authority.pem"


def unpacked(files: Files, folder: Path) -> Path:
    """Files as somebody unzips them."""
    folder.mkdir()
    with zipfile.ZipFile(BytesIO(pack(files))) as archive:
        archive.extractall(folder)
    return folder


def shell(folder: Path, *words: str) -> tuple[int, str]:
    """What `sh verify_openssl.sh` answers: exit code and words."""
    done = subprocess.run(
        ["sh", str(folder / "verify_openssl.sh"), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


# What an attacker does who then makes MANIFEST and the page anew.


def lines(files: Files) -> list[bytes]:
    return files["entries.jsonl"].splitlines()


def indexes(files: Files) -> list[int]:
    return sorted(int(name[7:-11]) for name in files if name.startswith("proofs/"))


def of_type(files: Files, wire: str) -> int:
    """Place of the first line of a type among the lines."""
    return next(
        at for at, line in enumerate(lines(files)) if json.loads(said(line)[0])["type"] == wire
    )


def with_lines(files: Files, changed: list[bytes]) -> Files:
    return {**files, "entries.jsonl": b"".join(line + b"\n" for line in changed)}


def a_byte_of_a_line(files: Files) -> Files:
    every = lines(files)
    at = of_type(files, "party.renamed.v1")
    payload, kid, signature = said(every[at])
    every[at] = envelope(payload.replace(b"Acme Cloud", b"Acme Claud"), (kid, signature))
    return with_lines(files, every)


def a_proof(files: Files) -> Files:
    name = f"proofs/{indexes(files)[3]}.tlog-proof"
    head, gap, note = files[name].decode().partition("\n\n")
    *first, last = head.split("\n")
    raw = bytearray(b64decode(last))
    raw[0] ^= 1
    return {**files, name: "\n".join([*first, b64(bytes(raw))]).encode() + gap.encode()
            + note.encode()}  # fmt: skip


def a_key_nobody_enrolled(files: Files) -> Files:
    """An entry signed anew by a stranger, whose key is put beside it."""
    every = lines(files)
    at = of_type(files, "party.renamed.v1")
    stranger = Key("stranger")
    payload = canonical({**json.loads(said(every[at])[0]), "kid": stranger.kid})
    every[at] = envelope(payload, (stranger.kid, stranger.sign(pae(payload))))
    return with_lines(files, every) | {f"keys/{stranger.kid}.pem": _pem(stranger.spki)}


def a_key_file(files: Files) -> Files:
    name = f"keys/{said(lines(files)[-1])[1]}.pem"
    return {**files, name: _pem(Key("stranger").spki)}


def the_checkpoint(files: Files) -> Files:
    """Another size, here and in every proof."""
    note = files["checkpoint"]
    origin, size, rest = note.split(b"\n", 2)
    changed = b"\n".join((origin, str(int(size) + 1).encode(), rest))
    return {name: content.replace(note, changed) for name, content in files.items()}


def a_checkpoint_by_another_log(files: Files) -> Files:
    note = files["checkpoint"].decode()
    _, size, root = note.split("\n")[:3]
    changed = Key("another log").note(int(size), b64decode(root)).encode()
    return {name: content.replace(note.encode(), changed) for name, content in files.items()}


def an_entry_left_out(files: Files, wire: str = "party.renamed.v1") -> Files:
    """One with another of its subject after it, with its proof."""
    every = lines(files)
    at = of_type(files, wire)
    gone = f"proofs/{indexes(files)[at]}.tlog-proof"
    del every[at]
    return {name: held for name, held in with_lines(files, every).items() if name != gone}


def two_entries_swapped(files: Files) -> Files:
    every = lines(files)
    at = of_type(files, "party.renamed.v1")
    every[at], every[at + 1] = every[at + 1], every[at]
    return with_lines(files, every)


def _pem(spki: bytes) -> bytes:
    return b"-----BEGIN PUBLIC KEY-----\n%b\n-----END PUBLIC KEY-----\n" % b64encode(spki)


TAMPERED = {
    a_byte_of_a_line: "SIGNATURE",
    a_proof: "INCLUSION",
    a_key_nobody_enrolled: "KEY_UNKNOWN",
    the_checkpoint: "CHECKPOINT_SIGNATURE",
    a_checkpoint_by_another_log: "CHECKPOINT_SIGNATURE",
    an_entry_left_out: "STREAM_VERSION",
    two_entries_swapped: "INCLUSION",
}
"""What is done, and a code that every verifier says."""


def another_readme(book: Book) -> Files:
    """A file changed after MANIFEST was made, in the page's copy too."""
    files = sealed(book.files)
    changed = files["README"].replace(b"case file", b"case life")
    page = files["verify.html"].replace(b64encode(files["README"]), b64encode(changed))
    return {**files, "README": changed, "verify.html": page}
