"""What a verification answers: numbered steps, findings with stable codes, one verdict.

Nothing here prints. `Report.lines` are plain sentences; how they look is the command line's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ledger.errors import Exit

Verdict = Literal["VALID", "PARTIAL", "SUSPECT", "INVALID"]
"""VALID: everything holds that could be asked. PARTIAL: the same, as far as a checkpoint
reaches. SUSPECT: somebody doubts entries that are authentic. INVALID: something is not what was
signed, or was signed by somebody who might not."""

FINDINGS_MAX: Final = 1_000
"""Findings listed in a report; the others are counted."""

PROBLEM_CHARACTERS_MAX: Final = 600

CODES: Final[Mapping[str, str]] = {
    "ANCHOR": "the ledger opens otherwise than the trust anchor says",
    "OPENING": "the first entry, and no other, opens the ledger",
    "POSITION": "rows are numbered 1, 2, 3 and so on without a gap",
    "ROW_MISMATCH": "a column of the database differs from what was signed",
    "FRONTIER": "the head of the log is not one row with the size and Merkle state of the entries",
    "TILE": "a kept tile of the Merkle tree is missing, or not that of the entries",
    "TAG_INDEX": "the index of tags is not that of the entries",
    "VIEW": "what is kept of a view is not what the entries say: chip-ledger views rebuild",
    "CHECKPOINT_ROW": "a checkpoint is kept under another size than it says",
    "CHECKPOINT_SYNTAX": "a checkpoint is not a signed note of origin, size and root",
    "CHECKPOINT_ORIGIN": "a checkpoint is another log's, or says more than origin, size and root",
    "CHECKPOINT_SIGNATURE": "a checkpoint is not signed by the log's key",
    "CHECKPOINT_TIMESTAMP": "a timestamp beside a checkpoint is none of that checkpoint",
    "WITNESS_QUORUM": "fewer witnesses signed a checkpoint than the trust anchor asks for",
    "SIZE": "entries the checkpoint covers are missing at the end",
    "ROOT": "the entries are not those the checkpoint was signed over",
    "MANIFEST": "a file of a case file is not the one its manifest says",
    "INCLUSION": "an entry's proof does not lead to the root of the checkpoint",
    "CASE_PAPERS": "a key, a pack or a flag in a case file is not in its entries",
    "ROLLBACK": "the ledger is shorter than a checkpoint somebody kept",
    "SPLIT_VIEW": "a checkpoint somebody kept is of another history than the one shown here",
    "ENTRY_SYNTAX": "a line is not an entry",
    "ENTRY_NOT_CANONICAL": "a line is an entry, written otherwise than entries are",
    "SIGNER_SET": "the signatures on a line are not those of the signers it names",
    "PAYLOAD_SYNTAX": "what was signed is not a payload: its members are missing or of other types",
    "PAYLOAD_DUP_KEY": "a member stands twice, so that two readers may read two things",
    "PAYLOAD_NOT_CANONICAL": "what was signed is not in the one form of RFC 8785",
    "EVENT_UNKNOWN": "no event of this version has that name",
    "EVENT_SCHEMA": "the body is not one of its event",
    "SUBJECT": "the payload names another subject than its event is about",
    "TAGS": "the payload's tags are not those of its event",
    "WRONG_LOG": "an entry was signed for another ledger",
    "STREAM_VERSION": "a subject's entries are not 1, 2, 3: one is missing, doubled or moved",
    "STREAM_PREV": "an entry does not follow the one it was signed to follow",
    "SEEN": "a signer saw a checkpoint of another history than this one",
    "TIME_BACKWARDS": "an entry claims to be older than entries before it, by over 300 seconds",
    "KEY_UNKNOWN": "a key was never enrolled",
    "KEY_PENDING": "a key signed before a second administrator countersigned it",
    "KEY_REVOKED": "a key signed after it was revoked or replaced",
    "KEY_PERIOD": "a key signed outside its period",
    "KEY_ACTOR": "an entry names another actor than the key's holder",
    "KEY_ID": "a key was enrolled under an id that is not its own",
    "KEY_POP": "whoever enrolled a key does not show that its holder has it",
    "KEY_WEAK": "a key was enrolled for which others can sign, or no key at all",
    "KEY_REENROLLED": "a key was enrolled a second time",
    "ROLE": "a role may not sign such an event, or is not the key's",
    "TWO_PERSON": "two different administrators are needed, and there was one",
    "SIGNATURE": "the signature is not one by the key over the payload",
    "SUSPECT": "a revoked key signed this when it may already have been in other hands",
}
"""Every code a finding may have, and what it says."""

ALTERED: Final = frozenset({
    "ENTRY_SYNTAX", "ENTRY_NOT_CANONICAL", "SIGNER_SET", "PAYLOAD_SYNTAX", "PAYLOAD_DUP_KEY",
    "PAYLOAD_NOT_CANONICAL", "EVENT_UNKNOWN", "EVENT_SCHEMA", "SIGNATURE",
    "KEY_UNKNOWN",
})  # fmt: skip
"""Codes after which nobody vouches for an entry's bytes: they may not be those that were logged."""


def shown(problem: str) -> str:
    r"""A problem as it may be printed: what somebody signed may hold anything, cursor keys too.

    >>> shown("signed by \x1b[2Jeve")
    'signed by \\x1b[2Jeve'
    """
    if len(problem) > PROBLEM_CHARACTERS_MAX:
        problem = problem[:PROBLEM_CHARACTERS_MAX] + "..."
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in problem)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    code     one of `CODES`
    entry    number of the entry, None when it is about the log as a whole
    problem  what is wrong, with the values that make it so
    """

    code: str
    entry: int | None
    problem: str

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"{self.code} is not a code of verification")

    def __str__(self) -> str:
        where = "" if self.entry is None else f"entry {self.entry:,}: "
        return f"{self.code}: {where}{self.problem}"


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step, and how it went."""

    number: int
    title: str
    outcome: str


def steps(titles: Sequence[str], outcomes: Sequence[str]) -> tuple[Step, ...]:
    """Steps in order, numbered from 1; every title has its outcome."""
    return tuple(
        Step(number, title, outcome)
        for number, (title, outcome) in enumerate(zip(titles, outcomes, strict=True), start=1)
    )


class Findings:
    """Findings as they come: all of them counted, the first `FINDINGS_MAX` kept."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def add(self, code: str, entry: int | None, problem: str) -> None:
        self.counts[code] += 1
        if len(self.kept) < FINDINGS_MAX:
            self.kept.append(Finding(code, entry, shown(problem)))

    def outcome(self, *codes: str) -> str:
        """How often each of these codes was found, as words: `2 SIGNATURE`; empty when none."""
        return ", ".join(f"{self.counts[code]:,} {code}" for code in codes if self.counts[code])


@dataclass(frozen=True, slots=True)
class Report:
    """The answer.

    verdict         VALID, PARTIAL, SUSPECT or INVALID
    entries         how many entries were read
    root            Merkle root over them
    findings        what is wrong: the log first, then entry by entry
    findings_total  how many findings there were; more than are listed when over `FINDINGS_MAX`
    steps           the eight steps and how each went
    not_checked     what this verdict does not speak of
    scope           what it does speak of: entries, root, checkpoint
    """

    verdict: Verdict
    entries: int
    root: bytes
    findings: tuple[Finding, ...]
    findings_total: int
    steps: tuple[Step, ...]
    not_checked: tuple[str, ...]
    scope: str

    @property
    def exit(self) -> Exit:
        """VALID 0, PARTIAL 3, SUSPECT and INVALID 4.

        SUSPECT is an integrity failure too: until somebody reaffirms the entries, nobody vouches
        for who signed them, and a script that only looks at the exit code must not go on.
        """
        match self.verdict:
            case "VALID":
                return Exit.DONE
            case "PARTIAL":
                return Exit.INCOMPLETE
            case "SUSPECT" | "INVALID":
                return Exit.INTEGRITY

    def verdict_line(self) -> str:
        """Verdict, counts, scope, and what was not checked, in one line."""
        said = [f"{self.verdict}: {self.scope}"]
        if self.findings:
            many = f"{self.findings_total:,} finding{'s'[: self.findings_total > 1]}"
            said.append(f"{many}, the first {self._first()}")
        said.append(f"not checked: {', '.join(self.not_checked) or 'nothing'}")
        return "; ".join(said)

    def lines(self) -> list[str]:
        """The whole report: numbered steps, findings, verdict."""
        return [*self._lines()]

    def _lines(self) -> Iterator[str]:
        for step in self.steps:
            yield f"{step.number}. {step.title}: {step.outcome}"
        for finding in self.findings:
            yield str(finding)
        if self.findings_total > len(self.findings):
            yield f"and {self.findings_total - len(self.findings):,} findings more"
        yield self.verdict_line()

    def _first(self) -> str:
        """Where to look first: the first bad entry, or what is wrong with the log as a whole."""
        first = next((one for one in self.findings if one.entry is not None), self.findings[0])
        return first.code if first.entry is None else f"{first.code} at entry {first.entry:,}"
