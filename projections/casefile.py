"""What belongs into a case: which flags, which entries, and what flags.json says of them.

A case is made from flags, alerts and subjects; a subject brings the flags about it. It shows what
it rests on and no more, because a ledger tells of others too (50 U.S.C. 4820(h)):

1. the evidence of its flags, and the entries that make one hand of an alert's parties;
2. every review of its flags: what speaks for the accused is not left out;
3. who the parties are that these entries name: registrations and names;
4. the key registry and the adoptions of the rules, on which signatures and flags rest.

Whole streams, where somebody asks for them, add every entry of each subject these are about, of
each party the evidence names and of the subjects asked for, from version 1 on: then a reader sees
that nothing between two entries of a subject was left out. What is chosen is said in flags.json,
and by it verifiers know whether a gap is one.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import msgspec

from ledger.entry import Entry
from ledger.errors import Unknown
from ledger.events import PartyRegistered, PartyRenamed, tags
from ledger.fold import States
from projections import trail
from projections.alerts import Alert, Ties, called, tied
from projections.red_flags import Raised, Review, reviews

_ID: Final = re.compile("[0-9a-f]{4,16}")
"""What may begin the id of a flag or alert; any other word names a subject."""

Tagged = Callable[[str], list[Entry]]
"""The entries that carry a tag, in order."""

Streams = Literal["cited", "whole"]
"""Whether a case shows the entries it cites, or its subjects from first entry to last."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a case is about.

    flags     in the order in which they stand
    subjects  tags that were asked for
    cited     the entries that flags and the ties of alerts rest on, in order
    """

    flags: tuple[Raised, ...]
    subjects: tuple[str, ...]
    cited: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What a case was made from.

    entry     the newest entry that was known
    root      root over the entries up to it, hexadecimal
    rules     packs in force on `valid_on`, or supposed
    supposed  packs that were supposed instead of those in force
    streams   what it shows of each subject
    left_out  how many entries whole streams would have added
    sealed    whether the log's key signs MANIFEST, so that a seal taken off is missed
    """

    origin: str
    entry: int
    root: str
    valid_on: date
    rules: tuple[str, ...]
    supposed: tuple[str, ...]
    streams: Streams
    left_out: int
    sealed: bool

    @property
    def simulated(self) -> bool:
        return bool(self.supposed)


def choose(
    words: Sequence[str],
    raised: Sequence[Raised],
    alerts: Sequence[Alert],
    tagged: Tagged,
    numbered: Callable[[Sequence[int]], list[Entry]],
    ties: Ties,
    *,
    streams: Streams,
) -> Chosen:
    """What somebody typed, as flags and subjects; an alert stands for its flags.

    Flags and alerts are named by the beginning of their ids.

    Raises `Malformed` (FLAG_AMBIGUOUS, SUBJECT_AMBIGUOUS) and `Unknown` (CASE_EMPTY).
    """
    flags: dict[str, Raised] = {}
    subjects: list[str] = []
    cited: set[int] = set()
    for word in words:
        found = called(word, raised, alerts) if _ID.fullmatch(word) else None
        if isinstance(found, Alert):
            flags |= {each.flag.id: each for each in found.flags}
            cited.update(number for _, entries in tied(found, ties) for number in entries)
        elif found is not None:
            flags[found.flag.id] = found
        else:
            tag, entries = _subject(word, tagged)
            about = [each for each in raised if _about(each, tag, entries)]
            if not about and streams == "cited":
                raise Unknown(
                    f"no flag stands on {tag}, so a case of it would cite nothing",
                    remedy="--whole-streams brings everything that was said of it",
                    code="CASE_EMPTY",
                )
            subjects.append(tag)
            flags |= {each.flag.id: each for each in about}
    cited.update(number for each in flags.values() for number in each.flag.evidence)
    return Chosen(
        tuple(each for each in raised if each.flag.id in flags),
        tuple(subjects),
        tuple(numbered(sorted(cited))),
    )


def shown(chosen: Chosen, rules: Iterable[str], stream: Tagged) -> dict[int, Entry]:
    """The entries of a case that shows what it cites, by number; the key registry is not among
    them.

    stream  the entries of a subject, in order
    """
    found = {entry.number: entry for entry in chosen.cited}
    for subject in _always_whole(chosen, rules):
        found |= {entry.number: entry for entry in stream(subject)}
    for party in _parties(chosen):
        found |= {
            entry.number: entry
            for entry in stream(party)
            if isinstance(entry.event, PartyRegistered | PartyRenamed)
        }
    return found


def whole(chosen: Chosen, rules: Iterable[str], tagged: Tagged, stream: Tagged) -> dict[int, Entry]:
    """The same with whole streams, and with all that names the subjects asked for."""
    asked = [entry for tag in chosen.subjects for entry in tagged(tag)]
    found = {entry.number: entry for entry in (*chosen.cited, *asked)}
    subjects = {entry.event.subject for entry in found.values()}
    subjects |= {each.flag.subject for each in chosen.flags}
    for subject in sorted({*subjects, *_parties(chosen), *_always_whole(chosen, rules)}):
        found |= {entry.number: entry for entry in stream(subject)}
    return found


def _always_whole(chosen: Chosen, rules: Iterable[str]) -> set[str]:
    """What no case shows in part: reviews, and the packs that flags were judged under."""
    packs = {policy for each in chosen.flags for policy in each.flag.policy.split("+") if policy}
    return {
        *(f"flag:{each.flag.id}" for each in chosen.flags),
        *(f"policy:{policy}" for policy in {*packs, *rules}),
    }


def _parties(chosen: Chosen) -> set[str]:
    """Tags of the parties that flags are about and that what is cited names."""
    about = {
        f"party:{party.removeprefix('party:')}"
        for each in chosen.flags
        for party in each.flag.parties
    }
    named = {tag for entry in chosen.cited for tag in tags(entry.event) if tag.startswith("party:")}
    return about | named


def flags_json(chosen: Chosen, made: Made, states: States, numbers: Sequence[int]) -> bytes:
    """flags.json: each flag with reason, evidence and every review, and what it was made from."""
    said = {
        "origin": made.origin,
        "as_of_entry": made.entry,
        "root": made.root,
        "valid_on": made.valid_on,
        "simulated": made.simulated,
        "rules": made.rules,
        "supposed": made.supposed,
        "subjects": chosen.subjects,
        "streams": made.streams,
        "left_out": made.left_out,
        "sealed": made.sealed,
        "entries": numbers,
        "flags": [_flag(each, reviews(states, each.flag.id), made) for each in chosen.flags],
    }
    encoded = msgspec.json.encode(said, order="sorted")
    return msgspec.json.format(encoded, indent=2) + b"\n"


def _flag(raised: Raised, made_of_it: list[Review], made: Made) -> dict[str, object]:
    flag = raised.flag
    return {
        "id": flag.id,
        "rule": flag.rule,
        "severity": flag.severity,
        "standing": raised.standing,
        "subject": flag.subject,
        "key": flag.key,
        "parties": flag.parties,
        "on": flag.on,
        "because": flag.because,
        "source": flag.source,
        "policy": flag.policy,
        "evidence": flag.evidence,
        "raised_at_entry": flag.raised_at,
        "reviews": [
            {
                "entry": review.entry,
                "outcome": review.outcome,
                "on": review.on,
                "until": review.until,
                "by": review.by,
                "reason": review.reason,
            }
            for review in made_of_it
            if review.on <= made.valid_on
        ],
    }


def _about(raised: Raised, tag: str, entries: Sequence[Entry]) -> bool:
    """Whether a flag is about a subject; a party is often named in what shows another's flag."""
    flag = raised.flag
    noun, _, name = tag.partition(":")
    if noun == "party":
        return flag.subject == tag or name in flag.parties
    return flag.subject == tag or not {entry.number for entry in entries}.isdisjoint(flag.evidence)


def _subject(word: str, tagged: Tagged) -> tuple[str, list[Entry]]:
    try:
        return trail.subject_of(word, tagged)
    except Unknown as error:
        raise Unknown(
            f"{word!r} is no flag or alert that stands, and no entry speaks of it",
            remedy="`chip-ledger flags --all` and `alerts --all` list them; a subject is named like"
            " party:ID",
            code="CASE_EMPTY",
        ) from error
