"""The case file: one ZIP that shows some entries, and lets anybody check them with nothing of ours.

    entries.jsonl                the lines, in the order of the log, as they were signed
    checkpoint                   the newest note of the log
    proofs/<index>.tlog-proof    for each line, that it is that leaf of this one checkpoint
    keys/<key id>.pem            every public key the registry ever held
    policy/<pack>.toml           the rules as adopted; an adoption replaced since carries its entry
    flags.json  report.html      what is suspected and why: computed, and signed by nobody
    anchor                       the trust anchor, for comparison with the one on paper
    verify.html                  checks all this in a browser, from its own copy of the files
    verify_openssl.sh            checks it with a POSIX shell and openssl
    README  MANIFEST             what is what; SHA-256 and SHA-512 of every other file
    MANIFEST.sig                 where the log's office sealed the case: SSHSIG by the log's key
    checkpoint.tsr               where there is one: an RFC 3161 reply over the checkpoint

The k-th line of entries.jsonl has the k-th smallest index among the proofs. The same ledger and
the same question give the same bytes: names are sorted, times fixed, and nothing is compressed,
because compressors differ.

Here bytes are put together; which entries a case needs, and what its report says, is decided
where flags are known. `ledger.verification` reads it back and shares no code with this.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256, sha512
from importlib import resources
from io import BytesIO
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec

from ledger import proof
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry
from ledger.errors import Refused
from ledger.events import Event, KeyEnrolled, KeyRotated, LedgerOpened, PolicyAdopted
from ledger.roles import ROLES

NEVER: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the ZIP: the earliest it can say."""

RUNS: Final = frozenset({"verify_openssl.sh"})
"""Files that may be run."""


NAMESPACE: Final = b"chip-ledger/case/v1"
"""What SSHSIG signatures of case files are for, and good for nothing else."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The log's key: its 32 public bytes, and how it signs."""

    raw: bytes
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of the case, with its line and the hashes of its inclusion proof."""

    entry: Entry
    line: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Papers:
    """What is computed, and signed by nobody.

    flags   flags.json
    report  report.html
    """

    flags: bytes
    report: str


def covered(numbers: Sequence[int], checkpoint: Checkpoint) -> None:
    """Refuse entries that stand after the checkpoint: nothing could be proved of them."""
    last = max(numbers)
    if last > checkpoint.size:
        raise Refused(
            f"entry {last:,} belongs to the case, and the newest checkpoint covers"
            f" {checkpoint.size:,} entries",
            remedy="chip-ledger checkpoint, then the same command again",
            code="CASE_UNCOVERED",
        )


def case_file(
    shown: Sequence[Shown],
    note: str,
    anchor: str,
    papers: Papers,
    *,
    timestamp: bytes | None = None,
    seal: Seal | None = None,
) -> bytes:
    """The ZIP, from entries in the order of the log."""
    evidence = dict(_evidence(shown, note, anchor, papers))
    if timestamp is not None:
        evidence["checkpoint.tsr"] = timestamp
    files = sealed(evidence)
    if seal is not None:
        files["MANIFEST.sig"] = sshsig(files["MANIFEST"], seal)
    return pack(files)


def sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files with the page that checks them, and MANIFEST.

    The page holds a MANIFEST of all files but itself, which it could not name a digest of.
    """
    page = _page({**files, "MANIFEST": manifest(files)})
    return {**files, "verify.html": page, "MANIFEST": manifest({**files, "verify.html": page})}


def pack(files: Mapping[str, bytes]) -> bytes:
    """Files as a ZIP whose bytes depend on them alone."""
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_STORED) as archive:
        for name in sorted(files):
            told = ZipInfo(name, NEVER)
            told.create_system = 3  # Unix, wherever it is made
            told.external_attr = (0o100755 if name in RUNS else 0o100644) << 16
            archive.writestr(told, files[name])
    return whole.getvalue()


def sshsig(message: bytes, seal: Seal) -> bytes:
    """An Ed25519 signature as `ssh-keygen -Y sign` makes it (OpenSSH, PROTOCOL.sshsig)."""
    signed = _ssh(NAMESPACE, b"", b"sha512", sha512(message).digest())
    signature = _ssh(b"ssh-ed25519", seal.sign(b"SSHSIG" + signed))
    key = _ssh(b"ssh-ed25519", seal.raw)
    blob = b"SSHSIG\0\0\0\1" + _ssh(key, NAMESPACE, b"", b"sha512", signature)
    text = b64encode(blob).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    armored = ["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]
    return "\n".join(armored).encode()


def _ssh(*strings: bytes) -> bytes:
    """Strings as SSH writes them, each after its length (RFC 4251 §5)."""
    return b"".join(len(each).to_bytes(4, "big") + each for each in strings)


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Two lines for each file, as `cksum --check` reads them; its own are left out.

    >>> print(manifest({"README": b""}).decode().splitlines()[0][:40])
    SHA256 (README) = e3b0c44298fc1c149afbf4
    """
    lines = [
        f"{title} ({name}) = {digest(content).hexdigest()}\n"
        for name, content in sorted(files.items())
        if name != "MANIFEST"
        for title, digest in (("SHA256", sha256), ("SHA512", sha512))
    ]
    return "".join(lines).encode()


def _evidence(
    shown: Sequence[Shown], note: str, anchor: str, papers: Papers
) -> Iterator[tuple[str, bytes]]:
    yield "entries.jsonl", b"".join(one.line + b"\n" for one in shown)
    yield "checkpoint", note.encode()
    yield "anchor", anchor.encode()
    yield "flags.json", papers.flags
    yield "report.html", papers.report.encode()
    yield "README", _template("README.txt")
    yield "verify_openssl.sh", _template("verify_openssl.sh")
    for one in shown:
        number = one.entry.number
        made = proof.render_inclusion(number, list(one.hashes), note)
        yield f"proofs/{number - 1}.tlog-proof", made.encode()
        for kid, spki in _keys(one.entry.event):
            yield f"keys/{kid}.pem", _pem(spki)
    yield from _policies(shown)


def _keys(event: Event) -> Iterator[tuple[str, str]]:
    match event:
        case LedgerOpened(administrators=administrators):
            yield from ((one.key, one.spki) for one in administrators)
        case KeyEnrolled(enrolled=one) | KeyRotated(successor=one):
            yield one.key, one.spki


def _policies(shown: Sequence[Shown]) -> Iterator[tuple[str, bytes]]:
    newest: dict[str, tuple[int, bytes]] = {}
    for one in shown:
        event = one.entry.event
        if isinstance(event, PolicyAdopted):
            if event.policy in newest:
                number, text = newest[event.policy]
                yield f"policy/{event.policy}.entry-{number}.toml", text
            newest[event.policy] = (one.entry.number, event.content.encode())
    for policy, (_, text) in newest.items():
        yield f"policy/{policy}.toml", text


def _pem(spki: str) -> bytes:
    body = "\n".join(spki[at : at + 64] for at in range(0, len(spki), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n".encode()


def _page(files: Mapping[str, bytes]) -> bytes:
    """verify.html: the page, its copy of the files, and who may sign what.

    Everything is base64, so nothing in a file can end the element that holds it.
    """
    data = {
        "files": {name: b64encode(content).decode() for name, content in sorted(files.items())},
        "roles": {role: sorted(wires) for role, wires in ROLES.items()},
    }
    return _template("verify.html").replace(b"{{DATA}}", msgspec.json.encode(data))


def _template(name: str) -> bytes:
    return (resources.files("ledger.casefile") / name).read_bytes()
