"""Verifying a ledger: eight steps, in this order, and the report repeats them.

1. Trust anchor: origin, log key, opening entry; witnesses, quorum and kept checkpoints, if any.
2. The newest checkpoint: its form, the log's signature, the witnesses' quorum.
3. Every line is a leaf; there are at least as many as the checkpoint covers, with its root.
4. Every kept checkpoint is of this history: not longer than it, and of the same root there.
5. Entry by entry, in order: see `walk` and `registry` for the rules. Then what a database keeps
   beside them: nobody signed it, and it is compared with what follows from the entries.
6. Signatures, on all cores.
7. Confidential members against their digests: no event of this version has any.
8. The verdict.

Not checked, and said so: that nobody else was shown another history, unless witnesses or kept
checkpoints show it; when a checkpoint was made, for want of a timestamp; and copies, where the
entries they would be compared with are altered.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Final, Protocol

from ledger.errors import NotAuthentic
from ledger.verification.anchor import Anchor
from ledger.verification.line import base64, unbase64
from ledger.verification.note import Note, read_note
from ledger.verification.report import (
    ALTERED,
    CODES,
    FINDINGS_MAX,
    Finding,
    Findings,
    Report,
    Verdict,
    shown,
    steps,
)
from ledger.verification.tree import Tree
from ledger.verification.walk import Row, Walk

_TITLES: Final = (
    "trust anchor",
    "newest checkpoint",
    "lines and root",
    "checkpoints kept from earlier",
    "entries",
    "signatures",
    "confidential members",
    "verdict",
)

NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})

_OF_NOTES: Final = ("CHECKPOINT_SYNTAX", "CHECKPOINT_ORIGIN", "CHECKPOINT_SIGNATURE")


class Copies(Protocol):
    """What a database keeps beside the entries: unsigned, and all of it to be had from them."""

    passed_over: Sequence[str]
    """What is kept and was not asked to be compared."""

    def compared(self, tree: Tree) -> Iterable[tuple[str, str]]:
        """Code and problem wherever a copy is not what follows from the entries of a tree."""
        ...


def verify(
    rows: Iterable[Row],
    *,
    anchor: Anchor | None,
    checkpoint: str | None,
    known: Sequence[str] = (),
    places: Mapping[str, str] = NOWHERE,
    copies: Copies | None = None,
    workers: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Check everything that can be checked about a ledger, re-reading every byte.

    rows         every stored entry, in order; read once, and never held all together
    anchor       what the auditor brought; None takes the ledger's own word for it
    checkpoint   the newest note in the store
    known        notes kept from earlier, beside those of the anchor
    places       where a note came from, for those of which it should be said
    copies       what a database keeps beside the entries; None where there is only the entries
    workers      for signatures; one a core when None
    on_progress  told now and then how many entries are done
    """
    known = (*(() if anchor is None else anchor.checkpoints), *known)
    given = anchor is not None
    if anchor is None:
        anchor, rows = _own_word(rows)
    walk = Walk(None if anchor is None else anchor.origin)
    walk.run(rows, workers=workers or os.cpu_count() or 1, on_progress=on_progress)
    # Steps 2 to 4 compare with the tree that step 5 builds on its one pass; the report, and the
    # findings in it, stand in the order of the steps all the same.
    audit = _Audit(walk, anchor, places)
    audit.anchor_step(given)
    note = audit.checkpoint_step(checkpoint)
    audit.root_step(note)
    audit.known_step(known)
    audit.entries_step(copies)
    audit.signatures_step()
    audit.say("none: no event of this version has any")
    return audit.report()


def _own_word(rows: Iterable[Row]) -> tuple[Anchor | None, Iterable[Row]]:
    """What the first row says about its ledger, when it opens one; and all rows again."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return None, ()
    try:
        anchor = Anchor.of_opening(first.line)
    except NotAuthentic:
        anchor = None  # what is wrong with it, the pass over the entries says
    return anchor, chain((first,), rows)


class _Audit:
    """The steps around the pass, each of which says how it went."""

    def __init__(self, walk: Walk, anchor: Anchor | None, places: Mapping[str, str]) -> None:
        self._walk = walk
        self._anchor = anchor
        self._places = places
        self._findings = Findings()
        self._of_copies = Findings()
        self._entries = len(walk.tree)
        self._root = walk.tree.root(self._entries)
        self._outcomes: list[str] = []
        self._not_checked: list[str] = []
        self._covered = 0

    def say(self, *parts: str) -> None:
        """The outcome of the next step."""
        self._outcomes.append("; ".join(part for part in parts if part))

    def anchor_step(self, given: bool) -> None:
        anchor, opening = self._anchor, self._walk.opening
        if anchor is None:
            self._not_checked.append("signatures of checkpoints: the log's key is not known")
            self.say("none given, and the first entry does not give one")
            return
        if not given:
            self._not_checked.append(
                "whether this is the ledger meant: the trust anchor came from the ledger itself"
                " (give --anchor FILE)"
            )
            self.say(f"{anchor.origin}, on the ledger's own word")
            return
        problems = []
        if anchor.opening is None:
            self._not_checked.append("the opening entry: the trust anchor does not name it")
        elif self._entries and self._walk.tree.leaf(1) != anchor.opening:
            problems.append(
                f"the opening entry is {base64(self._walk.tree.leaf(1))}, and the trust anchor"
                f" says {base64(anchor.opening)}"
            )
        if opening is not None and unbase64(opening.log_key) != anchor.log_spki:
            problems.append(
                f"the opening entry names the log key {opening.log_key}, and the trust anchor"
                f" {base64(anchor.log_spki)}"
            )
        for problem in problems:
            self._findings.add("ANCHOR", 1, problem)
        self.say(anchor.origin, *problems)

    def checkpoint_step(self, checkpoint: str | None) -> Note | None:
        """The newest checkpoint, when it is one of the log's."""
        if checkpoint is None:
            self._not_checked.append(
                "whether the end was cut off: there is no checkpoint (chip-ledger checkpoint)"
            )
            self.say("none")
            return None
        note = self._signed(checkpoint)
        if note is None or self._anchor is None:
            self.say(self._findings.outcome(*_OF_NOTES) or "not checked")
            return None
        self._not_checked.append("when the checkpoint was made: no timestamp")
        anchor = self._anchor
        signed = sorted({
            witness.organization for witness in anchor.witnesses if note.signed_by(witness.key)
        })  # fmt: skip
        if not anchor.witnesses:
            self._not_checked.append("witnesses: none are named")
            witnessed = "not witnessed"
        else:
            witnessed = f"witnessed by {', '.join(signed) or 'nobody'}"
        if len(signed) < anchor.quorum:
            self._findings.add(
                "WITNESS_QUORUM",
                None,
                f"{len(signed)} organizations signed the checkpoint over {note.size:,} entries and"
                f" {anchor.quorum} have to",
            )
            self.say(f"over {note.size:,} entries", witnessed, "WITNESS_QUORUM")
            return None
        self.say(f"over {note.size:,} entries, signed by the log", witnessed)
        return note

    def root_step(self, note: Note | None) -> None:
        said = f"{self._entries:,} lines, root {self._root.hex()}"
        if note is None:
            self.say(said, "compared with no checkpoint")
        elif note.size > self._entries:
            self._findings.add(
                "SIZE",
                None,
                f"the checkpoint covers {note.size:,} entries and there are {self._entries:,}",
            )
            self.say(said, "SIZE")
        elif note.root != (here := self._walk.tree.root(note.size)):
            self._findings.add(
                "ROOT",
                None,
                f"the first {note.size:,} entries have root {here.hex()}, and the checkpoint says"
                f" {note.root.hex()}",
            )
            self.say(said, "ROOT")
        else:
            self._covered = note.size
            self.say(said, f"as the checkpoint says of the first {note.size:,}")

    def known_step(self, known: Sequence[str]) -> None:
        held = 0
        codes = set()
        for text in known:
            note = self._signed(text)
            if note is None:
                continue
            code = self._contradiction(note, text)
            if code is None:
                held += 1
                self._covered = max(self._covered, note.size)
            else:
                codes.add(code)
        if known:
            self.say(f"{held:,} of {len(known):,} are of this history", *sorted(codes))
        else:
            self.say("none")

    def entries_step(self, copies: Copies | None) -> None:
        walk, found = self._walk, self._walk.findings
        if not self._entries:
            found.add("OPENING", None, "the ledger has no entry")
        for number, problem in sorted(walk.registry.suspects.items()):
            found.add("SUSPECT", number, problem)
        if walk.orphans:
            kids = ", ".join([*walk.orphans][:3])
            more = f" and {len(walk.orphans) - 3:,} more" if len(walk.orphans) > 3 else ""
            many = walk.orphans.total()
            self._not_checked.append(
                f"{many:,} entr{'ies' if many > 1 else 'y'} signed with key {shown(kids)}{more}:"
                " what may have enrolled it is altered"
            )
        if copies is not None:
            self._not_checked += copies.passed_over
            self._compare(copies)
        follow_ons = f"{walk.follow_ons:,} more follow from altered entries"
        self.say(
            f"{self._entries:,} about {len(walk.subjects):,} subjects, by"
            f" {len(walk.registry.keys):,} keys",
            found.outcome(*(code for code in CODES if code != "SIGNATURE")),
            follow_ons if walk.follow_ons else "",
            self._of_copies.outcome(*self._of_copies.counts),
        )

    def _compare(self, copies: Copies) -> None:
        """Hold what stands beside the entries against them, unless they are not the log's."""
        altered = any(self._findings.counts[code] for code in ("ROOT", "SIZE")) or any(
            self._walk.findings.counts[code] for code in (*ALTERED, "POSITION", "ROW_MISMATCH")
        )
        if altered:
            self._not_checked.append(
                "head, tiles, index and views: what they were made from is altered"
            )
            return
        for code, problem in copies.compared(self._walk.tree):
            self._of_copies.add(code, None, problem)

    def signatures_step(self) -> None:
        self.say(f"{self._walk.signatures:,} verified", self._walk.findings.outcome("SIGNATURE"))

    def report(self) -> Report:
        """Step 8."""
        log, entries = self._findings, self._walk.findings
        counts = log.counts + self._of_copies.counts + entries.counts
        unprotected = self._covered < self._entries
        if unprotected and self._covered:
            first, last = self._covered + 1, self._entries
            which = (
                f"entries {first:,}–{last:,} stand" if first < last else f"entry {last:,} stands"
            )
            self._not_checked.append(
                f"{which} under no checkpoint that holds"
                if log.counts
                else f"{which} after the newest checkpoint, and nothing shows whether later ones"
                " were cut off (chip-ledger checkpoint)"
            )
        verdict: Verdict
        if counts.total() > counts["SUSPECT"]:
            verdict = "INVALID"
        elif counts["SUSPECT"]:
            verdict = "SUSPECT"
        else:
            verdict = "PARTIAL" if unprotected else "VALID"
        self.say(verdict)
        return Report(
            verdict=verdict,
            entries=self._entries,
            root=self._root,
            findings=tuple(log.kept + self._of_copies.kept + sorted(entries.kept, key=_place))[
                :FINDINGS_MAX
            ],
            findings_total=counts.total(),
            steps=steps(_TITLES, self._outcomes),
            not_checked=tuple(self._not_checked),
            scope=(
                f"{self._entries:,} entries, root {self._root.hex()},"
                f" under a checkpoint over {self._covered:,}"
            ),
        )

    def _signed(self, text: str) -> Note | None:
        """The checkpoint in a note the log signed; what is wrong with another is found."""
        anchor, place = self._anchor, self._from(text)
        try:
            note = read_note(text, None if anchor is None else anchor.origin)
        except NotAuthentic as error:
            self._findings.add(error.code, None, place + error.problem)
            return None
        if anchor is None:
            return None
        if not note.signed_by(anchor.log_key):
            self._findings.add(
                "CHECKPOINT_SIGNATURE",
                None,
                f"{place}the checkpoint over {note.size:,} entries is not signed by"
                f" {anchor.log_key}",
            )
            return None
        return note

    def _from(self, text: str) -> str:
        """Where a note came from, to stand before what is wrong with it."""
        return f"{self._places[text]}: " if text in self._places else ""

    def _contradiction(self, note: Note, text: str) -> str | None:
        """The code by which a kept checkpoint shows that this is not the history it was of."""
        if note.size > self._entries:
            self._findings.add(
                "ROLLBACK",
                None,
                f"{self._from(text)}a kept checkpoint covers {note.size:,} entries and there"
                f" are {self._entries:,}",
            )
            return "ROLLBACK"
        here = self._walk.tree.root(note.size)
        if note.root != here:
            # Against the log it is evidence only where another checkpoint covers what is here:
            # otherwise somebody else may have altered the lines.
            self._findings.add(
                "SPLIT_VIEW",
                None,
                f"{self._from(text)}a kept checkpoint says root {note.root.hex()} of the first"
                f" {note.size:,} entries, and here it is {here.hex()}"
                + (
                    ": keep both checkpoints, signed by one log they are evidence"
                    if self._covered >= note.size
                    else ""
                ),
            )
            return "SPLIT_VIEW"
        return None


def _place(finding: Finding) -> int:
    return finding.entry or 0
