"""A case file, read with suspicion and checked entry by entry: some entries, and not the log.

1. The trust anchor: the one the auditor holds, or else the file's own.
2. The files: those a case file has and no other, each with the digests of MANIFEST; the log's
   signature on MANIFEST, where there is one or flags.json says that the case was sealed.
3. The checkpoint: its form, the log's signature, the witnesses' quorum; what a timestamp is over.
4. Each line has a proof, in order, and it leads to the root of that one checkpoint.
5. Entry by entry, in order, as `walk` and `registry` have it: strict line and payload, origin,
   subject, tags, `ver` and `prev` within each subject, key by position, actor, role. Of `seen`
   only the size, and of time only the order among these entries: the others are not here. Where
   flags.json says that only what is cited is shown, a version that is not here is counted and said;
   of the registry, the rules and the reviews none may be missing all the same.
6. Signatures.
7. Keys, rules and flags beside the entries say what the entries say.
8. The verdict.

Said each time: that the last entries of a subject may have been left out, a revocation too, shows
only in the whole ledger; and flags are computed from the whole ledger, so they are not computed
again here.
"""

import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256, sha512
from io import BytesIO
from stat import S_ISLNK
from typing import Final, Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from ledger.errors import Malformed, NotAuthentic
from ledger.events import Event, KeyRevoked, LedgerOpened, PolicyAdopted
from ledger.verification.anchor import Anchor, parse_anchor
from ledger.verification.keys import key_id
from ledger.verification.line import AnyPayload, Said, base64, read, unbase64
from ledger.verification.note import Note, read_note
from ledger.verification.pool import Job, failed
from ledger.verification.registry import KEY_EVENTS, Held, Registry
from ledger.verification.report import (
    CODES,
    FINDINGS_MAX,
    Findings,
    Report,
    Verdict,
    steps,
)
from ledger.verification.sshsig import is_by
from ledger.verification.timestamp import stamped
from ledger.verification.tree import leaf_hash
from ledger.verification.walk import BACKWARDS_SECONDS_MAX

CASE_BYTES_MAX: Final = 256 << 20
"""Bytes of a case file, and of what it unpacks to."""

FILES_MAX: Final = 50_000

NEEDED: Final = (
    "MANIFEST", "README", "anchor", "checkpoint", "entries.jsonl", "flags.json", "report.html",
    "verify.html", "verify_openssl.sh",
)  # fmt: skip
"""What every case file holds."""

_OTHERS: Final = re.compile(
    r"proofs/(?:0|[1-9][0-9]{0,15})\.tlog-proof|keys/[0-9a-f]{32}\.pem"
    r"|policy/[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.toml|MANIFEST\.sig|checkpoint\.tsr"
)
_LISTED: Final = re.compile(r"(SHA256|SHA512) \(([A-Za-z0-9._/-]{1,150})\) = ([0-9a-f]+)")
_DIGESTS: Final = {"SHA256": sha256, "SHA512": sha512}
_PROOF: Final = re.compile(r"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,15})\n")

_TITLES: Final = (
    "trust anchor",
    "files",
    "checkpoint",
    "lines and proofs",
    "entries",
    "signatures",
    "keys, rules and flags",
    "verdict",
)

_BACKWARDS: Final = timedelta(seconds=BACKWARDS_SECONDS_MAX)


class _Flag(msgspec.Struct, frozen=True):
    id: str
    evidence: list[int]


class _Flags(msgspec.Struct, frozen=True):
    flags: list[_Flag] = []
    streams: Literal["cited", "whole"] = "whole"
    sealed: bool = False


_WHOLE: Final = ("ledger", "key", "policy", "flag")
"""Kinds of subjects that no case shows in part: what signatures, flags and reviews rest on."""


def read_case(raw: bytes) -> dict[str, bytes]:
    """The files of a case file by name; nothing is written anywhere.

    Raises `Malformed` (CASE_FORM) for what is no case file: not a ZIP, a file twice, a name that
    no case file has (a path that climbs out is one), more than fits; `NotAuthentic`
    (CASE_DAMAGED) when a file does not have the checksum the ZIP says.
    """
    if len(raw) > CASE_BYTES_MAX:
        raise _malformed(f"it has {len(raw):,} bytes, and {CASE_BYTES_MAX:,} is the limit")
    try:
        with ZipFile(BytesIO(raw)) as archive:
            members = archive.infolist()
            _fit(members)
            return dict(_unpacked(archive, members))
    except (BadZipFile, NotImplementedError, ValueError, EOFError, zlib.error) as error:
        if "CRC" in str(error):
            raise NotAuthentic(
                f"a file in the ZIP is damaged: {error}",
                remedy="get the case file again from whoever made it",
                code="CASE_DAMAGED",
            ) from error
        raise _malformed(f"it is not a ZIP: {error}") from error


def _fit(members: Sequence[ZipInfo]) -> None:
    if len(members) > FILES_MAX:
        raise _malformed(f"it holds {len(members):,} files, and {FILES_MAX:,} is the limit")
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        if name not in NEEDED and not _OTHERS.fullmatch(name):
            raise _malformed(f"a case file holds no {name[:150]!r}")
        if name in seen:
            raise _malformed(f"it holds {name} twice")
        seen.add(name)
        if S_ISLNK(member.external_attr >> 16):
            raise _malformed(f"its {name} is a link")
        if member.flag_bits & 1 or member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise _malformed(f"its {name} is encrypted, or packed in another way than ZIPs are")
    total = sum(member.file_size for member in members)
    if total > CASE_BYTES_MAX:
        raise _malformed(f"it unpacks to {total:,} bytes, and {CASE_BYTES_MAX:,} is the limit")
    missing = [name for name in NEEDED if name not in seen]
    if missing:
        raise _malformed(f"it lacks {', '.join(missing)}")


def _unpacked(archive: ZipFile, members: Sequence[ZipInfo]) -> Iterator[tuple[str, bytes]]:
    for member in members:
        with archive.open(member) as file:
            # No more than it says of itself, whatever is packed: what it says was added up above.
            yield member.orig_filename, file.read(member.file_size + 1)


def verify_case(
    files: Mapping[str, bytes], anchor: Anchor | None = None, *, sealed: bool = False
) -> Report:
    """Check the files of a case file, as `read_case` gives them; the report has eight steps.

    `sealed` asks for the log's signature on MANIFEST, whatever the files say of it.
    """
    return _Case(files, anchor, sealed=sealed).report()


class _Partial(Registry):
    """The key registry where not every entry is there: signers are kept by number."""

    def __init__(self) -> None:
        super().__init__()
        self._by: dict[int, int] = {}

    def sign(self, number: int, held: Held) -> None:
        """Remember who signed an entry."""
        self._by[number] = held.index

    def signed_by(self, kid: str, first: int) -> Iterator[int]:
        held = self.keys.get(kid)
        if held is not None:
            for number, index in self._by.items():
                if number >= first and index == held.index:
                    yield number

    def _signer(self, number: int) -> int:
        return self._by.get(number, 0)


class _Case:
    """The steps, each of which says how it went."""

    def __init__(self, files: Mapping[str, bytes], anchor: Anchor | None, *, sealed: bool) -> None:
        self._files = files
        self._seal_asked_for = sealed
        self._found = Findings()
        self._outcomes: list[str] = []
        self._not_checked: list[str] = []
        self._anchor = anchor
        self._given = anchor is not None
        self._lines = files["entries.jsonl"].removesuffix(b"\n").split(b"\n")
        self._numbers: list[int | None] = []
        self._events: dict[int, Event] = {}
        self._registry = _Partial()
        self._streams: dict[str, tuple[int, bytes]] = {}
        self._papers = self._read_papers()
        self._absent: Counter[str] = Counter()
        self._orphans: Counter[str] = Counter()
        self._jobs: list[Job] = []
        self._ats: dict[int, str] = {}
        self._latest = ("", 0)
        self._verified = 0

    def report(self) -> Report:
        """All steps in order."""
        self._anchor_step()
        self._files_step()
        note = self._checkpoint_step()
        self._proofs_step(note)
        self._entries_step()
        self._signatures_step()
        self._papers_step()
        return self._verdict(note)

    def _say(self, *parts: str) -> None:
        self._outcomes.append("; ".join(part for part in parts if part))

    def _anchor_step(self) -> None:
        try:
            own = parse_anchor(self._text("anchor"))
        except Malformed as error:
            own = None
            self._found.add("ANCHOR", None, f"the file anchor: {error.problem}")
        if self._anchor is None:
            self._anchor = own
            self._not_checked.append(
                "whether this is the ledger meant: the trust anchor came from the case file itself"
                " (give --anchor FILE)"
            )
            self._say("none" if own is None else f"{own.origin}, on the case file's own word")
            return
        mine = self._anchor
        differs = own is not None and (own.origin, own.log_spki) != (mine.origin, mine.log_spki)
        if differs or (own is not None and mine.opening not in (None, own.opening)):
            self._found.add("ANCHOR", None, "the file anchor is not the trust anchor given")
        if mine.opening is None:
            self._not_checked.append("the opening entry: the trust anchor does not name it")
        self._say(mine.origin, self._found.outcome("ANCHOR"))

    def _files_step(self) -> None:
        listed: dict[tuple[str, str], str] = {}
        for line in self._text("MANIFEST").splitlines():
            found = _LISTED.fullmatch(line)
            if found is None or (found[2], found[1]) in listed:
                self._found.add("MANIFEST", None, f"{line[:80]!r} is not a line of MANIFEST")
            else:
                listed[found[2], found[1]] = found[3]
        for name, content in sorted(self._files.items()):
            for title, digest in _DIGESTS.items():
                said = listed.pop((name, title), None)
                if name in ("MANIFEST", "MANIFEST.sig"):
                    continue
                if said is None:
                    self._found.add("MANIFEST", None, f"{name} has no {title} in MANIFEST")
                elif said != digest(content).hexdigest():
                    self._found.add("MANIFEST", None, f"{name} is not the file MANIFEST says")
                    listed.pop((name, "SHA512"), None)
                    break
        for name in sorted({name for name, _ in listed}):
            self._found.add("MANIFEST", None, f"{name} is in MANIFEST and is not here")
        self._say(f"{len(self._files):,} files", self._sealed(), self._found.outcome("MANIFEST"))

    def _sealed(self) -> str:
        """Whether the log's office put the files together, as far as MANIFEST.sig says."""
        armored = self._files.get("MANIFEST.sig")
        if armored is None and (self._papers.sealed or self._seal_asked_for):
            who = "flags.json says that the log sealed it" if self._papers.sealed else "no seal"
            self._found.add("MANIFEST", None, f"{who}: MANIFEST.sig is not here")
            return ""
        if armored is None:
            self._not_checked.append("who put the files together: no MANIFEST.sig")
            return ""
        if self._anchor is None:
            self._not_checked.append("MANIFEST.sig: the log's key is not known")
            return ""
        if not is_by(self._anchor.log_key.raw, armored, self._files["MANIFEST"]):
            self._found.add("MANIFEST", None, "MANIFEST.sig is not the log's signature on MANIFEST")
            return ""
        return "sealed by the log"

    def _checkpoint_step(self) -> Note | None:
        anchor = self._anchor
        try:
            note = read_note(self._text("checkpoint"), None if anchor is None else anchor.origin)
        except NotAuthentic as error:
            self._found.add(error.code, None, error.problem)
            self._say(error.code)
            return None
        if anchor is None:
            self._not_checked.append("the checkpoint's signature: the log's key is not known")
            self._say(f"over {note.size:,} entries, not checked")
            return note
        if not note.signed_by(anchor.log_key):
            self._found.add(
                "CHECKPOINT_SIGNATURE",
                None,
                f"the checkpoint over {note.size:,} entries is not signed by {anchor.log_key}",
            )
            self._say("CHECKPOINT_SIGNATURE")
            return note
        stamp = self._timestamp()
        signed = {one.organization for one in anchor.witnesses if note.signed_by(one.key)}
        if len(signed) < anchor.quorum:
            self._found.add(
                "WITNESS_QUORUM",
                None,
                f"{len(signed)} organizations signed the checkpoint over {note.size:,} entries and"
                f" {anchor.quorum} have to",
            )
        if not anchor.witnesses:
            self._not_checked.append("witnesses: none are named")
        self._say(
            f"over {note.size:,} entries, signed by the log",
            f"witnessed by {', '.join(sorted(signed))}" if signed else "not witnessed",
            stamp,
        )
        return note

    def _timestamp(self) -> str:
        """What checkpoint.tsr says of the checkpoint."""
        reply = self._files.get("checkpoint.tsr")
        if reply is None:
            self._not_checked.append("when the checkpoint was made: no timestamp")
            return ""
        found = stamped(reply, self._files["checkpoint"])
        if found is None:
            self._found.add(
                "CHECKPOINT_TIMESTAMP", None, "checkpoint.tsr is no timestamp of this checkpoint"
            )
            return self._found.outcome("CHECKPOINT_TIMESTAMP")
        self._not_checked.append(
            "the timestamp's signature: sh verify_openssl.sh ANCHOR AUTHORITY.pem"
        )
        return f"a timestamp says {found.at}"

    def _proofs_step(self, note: Note | None) -> None:
        indexes = sorted(
            int(name.removeprefix("proofs/").removesuffix(".tlog-proof"))
            for name in self._files
            if name.startswith("proofs/")
        )
        if len(indexes) != len(self._lines):
            self._found.add(
                "INCLUSION",
                None,
                f"there are {len(self._lines):,} lines and {len(indexes):,} proofs",
            )
        self._numbers = [index + 1 for index in indexes[: len(self._lines)]]
        self._numbers += [None] * (len(self._lines) - len(self._numbers))
        proved = 0
        for number, line in zip(self._numbers, self._lines, strict=True):
            problem = "it has no proof"
            if number is not None:
                problem = self._unproved(number, line, note)
            if problem:
                self._found.add("INCLUSION", number, problem)
            else:
                proved += 1
        self._say(
            f"{proved:,} of {len(self._lines):,} lines proved", self._found.outcome("INCLUSION")
        )

    def _unproved(self, number: int, line: bytes, note: Note | None) -> str:
        """Why a line's proof does not hold; empty when it does."""
        text = self._text(f"proofs/{number - 1}.tlog-proof")
        head, _, below = text.partition("\n\n")
        start = _PROOF.match(head + "\n")
        if start is None or int(start[1]) != number - 1:
            return f"its proof is not one of index {number - 1}"
        if below != self._text("checkpoint"):
            return "its proof is on another checkpoint"
        hashes = [unbase64(each) for each in head[start.end() :].splitlines()]
        if note is None:
            return "there is no checkpoint it could lead to"
        if not 0 < number <= note.size:
            return f"the checkpoint covers {note.size:,} entries"
        root = _root_of(leaf_hash(line), number - 1, note.size, hashes)
        return "" if root == note.root else "its proof does not lead to the checkpoint's root"

    def _entries_step(self) -> None:
        for number, line in zip(self._numbers, self._lines, strict=True):
            if number is not None:
                self._entry(number, line)
        if 1 not in self._events:
            self._found.add("OPENING", None, "the entry that opens the ledger is not here")
        for number, problem in sorted(self._registry.suspects.items()):
            self._found.add("SUSPECT", number, problem)
        if self._orphans:
            self._not_checked.append(
                f"{self._orphans.total():,} entries signed with {', '.join([*self._orphans][:3])}:"
                " what may have enrolled the key is altered"
            )
        absent = ""
        if self._papers.streams == "cited":
            absent = f"{self._absent.total():,} between them are not here: only what is cited is"
            self._not_checked.append("what else was said of these subjects: only what is cited is")
        self._not_checked += [
            "whether later entries of a subject or a key were left out: the whole ledger shows it",
            "what signers had seen, and times, against entries that are not here",
        ]
        self._say(
            f"{len(self._lines):,} about {len(self._streams):,} subjects, by"
            f" {len(self._registry.keys):,} keys",
            absent,
            self._found.outcome(*(code for code in CODES if code in _OF_ENTRIES)),
        )

    def _entry(self, number: int, line: bytes) -> None:
        try:
            said = read(line)
        except NotAuthentic as error:
            self._found.add(error.code, number, error.problem)
            self._registry.torn = True
            return
        payload, leaf = said.payload, leaf_hash(line)
        self._events[number] = said.event
        anchor = self._anchor
        if anchor is not None and payload.log != anchor.origin:
            self._found.add("WRONG_LOG", number, f"it was signed for {payload.log}")
        if said.event.subject != payload.id:
            about = said.event.subject
            self._found.add("SUBJECT", number, f"it is signed as {payload.id} and is about {about}")
        if said.tags != payload.tags:
            tags = f"{', '.join(payload.tags)} and should be {', '.join(said.tags)}"
            self._found.add("TAGS", number, f"its tags are {tags}")
        self._stream(number, payload, leaf)
        if payload.seen[0] >= number:
            self._found.add(
                "SEEN",
                number,
                f"its signer saw {payload.seen[0]:,} entries when there were {number - 1:,}",
            )
        self._signer(number, said, leaf)
        self._time(number, payload.at)

    def _stream(self, number: int, payload: AnyPayload, leaf: bytes) -> None:
        last, before = self._streams.get(payload.id, (0, b""))
        self._streams[payload.id] = (payload.ver, leaf)
        in_part = self._papers.streams == "cited" and payload.id.split(":")[0] not in _WHOLE
        if in_part and payload.ver > last + 1:
            self._absent[payload.id] += payload.ver - last - 1
        elif payload.ver != last + 1:
            self._found.add(
                "STREAM_VERSION",
                number,
                f"it is version {payload.ver:,} of {payload.id}, and {last + 1:,} follows",
            )
        elif payload.prev != (before or None):
            self._found.add(
                "STREAM_PREV",
                number,
                f"it was signed to follow another entry of {payload.id} than the one before it",
            )

    def _time(self, number: int, at: str) -> None:
        self._ats[number] = at
        if at >= self._latest[0]:
            self._latest = (at, number)
            return
        latest, before = self._latest
        if datetime.fromisoformat(latest) - datetime.fromisoformat(at) > _BACKWARDS:
            self._found.add(
                "TIME_BACKWARDS",
                number,
                f"it is dated {at} and entry {before:,} before it {latest}",
            )

    def _leave_out(self) -> None:
        """Let the dates of entries that are suspect by now count for nothing."""
        suspects = self._registry.suspects
        times = ((at, number) for number, at in self._ats.items() if number not in suspects)
        self._latest = max(times, default=("", 0))

    def _signer(self, number: int, said: Said, leaf: bytes) -> None:
        payload, message, keyid, signature, event, _ = said
        registry = self._registry
        if number == 1:
            self._opening(event, payload, leaf)
        held = registry.keys.get(payload.kid)
        key_event = type(event) in KEY_EVENTS
        if held is None:
            if registry.torn:
                self._orphans[payload.kid] += 1
            else:
                self._found.add("KEY_UNKNOWN", number, f"key {payload.kid} was never enrolled")
            registry.torn |= key_event
            return
        faults = registry.faults(held, payload.by, payload.role, payload.type, payload.at[:10])
        for code, problem in faults:
            self._found.add(code, number, problem)
        registry.sign(number, held)
        if keyid != payload.kid.encode():
            self._found.add(
                "SIGNER_SET",
                number,
                f"the line has a signature by {keyid!r} and the payload names {payload.kid}",
            )
            return
        job = (number, held.algorithm, held.spki, signature, message)
        self._jobs.append(job)
        # What follows stands on the key events, so theirs are verified before they are folded.
        if not key_event or number == 1 or faults:
            return
        if failed([job]):
            registry.torn = True
            return
        for code, problem in registry.apply(
            event, entry=number, leaf=base64(leaf), by=payload.by, kid=payload.kid
        ):
            self._found.add(code, number, problem)
        if isinstance(event, KeyRevoked):
            self._leave_out()

    def _opening(self, event: Event, payload: AnyPayload, leaf: bytes) -> None:
        if not isinstance(event, LedgerOpened):
            self._found.add("OPENING", 1, f"the first entry is {event.wire} and opens no ledger")
            return
        anchor = self._anchor
        if anchor is not None and anchor.opening not in (None, leaf):
            self._found.add("ANCHOR", 1, "the opening entry is not the one the trust anchor names")
        if anchor is not None and unbase64(event.log_key) != anchor.log_spki:
            self._found.add(
                "ANCHOR", 1, "the opening entry names another log key than the trust anchor"
            )
        for code, problem in self._registry.apply(
            event, entry=1, leaf=base64(leaf), by=payload.by, kid=payload.kid
        ):
            self._found.add(code, 1, problem)

    def _signatures_step(self) -> None:
        bad = failed(self._jobs)
        for number in bad:
            self._found.add(
                "SIGNATURE", number, "the signature is not one by its key over this payload"
            )
        self._verified = len(self._jobs) - len(bad)
        self._say(f"{self._verified:,} verified", self._found.outcome("SIGNATURE"))

    def _papers_step(self) -> None:
        enrolled = {held.kid for held in self._registry.keys.values()}
        adopted = {
            event.content.encode()
            for event in self._events.values()
            if isinstance(event, PolicyAdopted) and _says_its_digest(event)
        }
        for name, content in sorted(self._files.items()):
            if name.startswith("keys/"):
                kid = name.removeprefix("keys/").removesuffix(".pem")
                if kid not in enrolled or key_id(_der(content)) != kid:
                    self._found.add("CASE_PAPERS", None, f"{name} is not a key of the registry")
            elif name.startswith("policy/") and content not in adopted:
                self._found.add("CASE_PAPERS", None, f"{name} is not a pack adopted in these lines")
        flags = self._papers.flags
        for flag in flags:
            absent = [number for number in flag.evidence if number not in self._events]
            if absent:
                self._found.add(
                    "CASE_PAPERS",
                    None,
                    f"flag {flag.id} rests on entry {absent[0]:,}, which is not here",
                )
        self._not_checked.append("flags and report: computed from the whole ledger, and not signed")
        self._say(f"{len(flags):,} flags", self._found.outcome("CASE_PAPERS"))

    def _read_papers(self) -> _Flags:
        try:
            return msgspec.json.decode(self._files["flags.json"], type=_Flags)
        except (msgspec.MsgspecError, UnicodeError) as error:
            self._found.add("CASE_PAPERS", None, f"flags.json cannot be read: {error}")
            return _Flags()

    def _verdict(self, note: Note | None) -> Report:
        counts = self._found.counts
        verdict: Verdict = "PARTIAL" if self._orphans or self._anchor is None else "VALID"
        if counts["SUSPECT"]:
            verdict = "SUSPECT"
        if counts.total() > counts["SUSPECT"]:
            verdict = "INVALID"
        self._say(verdict)
        size, root = (0, b"") if note is None else (note.size, note.root)
        return Report(
            verdict=verdict,
            entries=len(self._lines),
            root=root,
            findings=tuple(sorted(self._found.kept, key=lambda one: one.entry or 0))[:FINDINGS_MAX],
            findings_total=counts.total(),
            steps=steps(_TITLES, self._outcomes),
            not_checked=tuple(self._not_checked),
            scope=f"{len(self._lines):,} of {size:,} entries, root {root.hex() or 'unknown'}",
        )

    def _text(self, name: str) -> str:
        """A file as text; what is not UTF-8 shows as such where it is compared."""
        return self._files[name].decode(errors="replace")


_OF_ENTRIES: Final = frozenset(CODES) - {
    "ANCHOR", "MANIFEST", "INCLUSION", "SIGNATURE", "CASE_PAPERS", "WITNESS_QUORUM",
    "CHECKPOINT_SYNTAX", "CHECKPOINT_ORIGIN", "CHECKPOINT_SIGNATURE", "CHECKPOINT_TIMESTAMP",
}  # fmt: skip


def _root_of(leaf: bytes, index: int, size: int, hashes: Sequence[bytes | None]) -> bytes | None:
    """The root a proof leads to (RFC 9162 §2.1.3.2); None when it has the wrong length."""
    fn, sn, root = index, size - 1, leaf
    for each in hashes:
        if sn == 0 or each is None or len(each) != 32:
            return None
        if fn & 1 or fn == sn:
            root = sha256(b"\x01" + each + root).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = sha256(b"\x01" + root + each).digest()
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else None


def _says_its_digest(event: PolicyAdopted) -> bool:
    return sha256(event.content.encode()).hexdigest() == event.digest


def _der(pem: bytes) -> bytes:
    try:
        return b64decode(b"".join(pem.split(b"\n")[1:-2]), validate=True)
    except Base64Error:
        return b""


def _malformed(why: str) -> Malformed:
    return Malformed(
        f"this is not a case file: {why}",
        remedy="give the ZIP that chip-ledger case made, as it was made",
        code="CASE_FORM",
    )
