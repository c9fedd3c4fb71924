"""What belongs into a case: which flags, which entries, and what flags.json says of them.

A case is made from flags, alerts and subjects. A flag brings its evidence and its reviews;
a subject brings everything said of it and the flags about it. Every subject that one of these
entries is about, or that the evidence names as a party, then comes whole, from version 1 on: so a
reader sees that nothing between two entries was left out. The key registry and the adoptions of
the rules come with it, because signatures and flags rest on them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from ledger.entry import Entry
from ledger.errors import Malformed, Unknown
from ledger.events import tags
from ledger.fold import States
from projections import trail
from projections.alerts import Alert
from projections.red_flags import Raised, Review, reviews

Tagged = Callable[[str], list[Entry]]
"""The entries that carry a tag, in order."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a case is about.

    flags     in the order in which they stand
    subjects  tags that were asked for
    cited     the entries flags and subjects rest on, in order
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
    """

    origin: str
    entry: int
    root: str
    valid_on: date
    rules: tuple[str, ...]
    supposed: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        return bool(self.supposed)


def choose(
    words: Sequence[str],
    raised: Sequence[Raised],
    alerts: Sequence[Alert],
    tagged: Tagged,
    numbered: Callable[[Sequence[int]], list[Entry]],
) -> Chosen:
    """What somebody typed, as flags and subjects; an alert stands for its flags.

    Flags and alerts are named by the beginning of their ids.

    Raises `Malformed` (FLAG_AMBIGUOUS, SUBJECT_AMBIGUOUS) and `Unknown` (CASE_EMPTY).
    """
    flags: dict[str, Raised] = {}
    subjects: list[str] = []
    cited: dict[int, Entry] = {}
    for word in words:
        named: dict[str, tuple[Raised, ...]]
        named = {each.flag.id: (each,) for each in raised if each.flag.id.startswith(word)}
        named |= {each.id: each.flags for each in alerts if each.id.startswith(word)}
        if len(named) > 1:
            raise Malformed(
                f"{word!r} begins the ids of {len(named)} flags and alerts",
                remedy="give more of it: " + ", ".join([*named][:5]),
                code="FLAG_AMBIGUOUS",
            )
        found = [each for flags in named.values() for each in flags]
        if not named:
            tag, entries = _subject(word, tagged)
            subjects.append(tag)
            cited |= {entry.number: entry for entry in entries}
            found = [each for each in raised if _about(each, tag, cited)]
        flags |= {each.flag.id: each for each in found}
    evidence = {number for each in flags.values() for number in each.flag.evidence}
    cited |= {entry.number: entry for entry in numbered(sorted(evidence - cited.keys()))}
    return Chosen(
        tuple(each for each in raised if each.flag.id in flags),
        tuple(subjects),
        tuple(cited[number] for number in sorted(cited)),
    )


def involved(chosen: Chosen, rules: Iterable[str]) -> list[str]:
    """The subjects that come whole: what entries are about, parties, reviews and packs."""
    found = {entry.event.subject for entry in chosen.cited}
    evidence = {number for each in chosen.flags for number in each.flag.evidence}
    for entry in chosen.cited:
        if entry.number in evidence:
            found.update(tag for tag in tags(entry.event) if tag.startswith("party:"))
    for each in chosen.flags:
        flag = each.flag
        found |= {flag.subject, f"flag:{flag.id}"}
        found.update(f"party:{party.removeprefix('party:')}" for party in flag.parties)
        found.update(f"policy:{policy}" for policy in flag.policy.split("+") if policy)
    found.update(f"policy:{policy}" for policy in rules)
    return sorted(found)


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


def _about(raised: Raised, tag: str, cited: dict[int, Entry]) -> bool:
    flag = raised.flag
    name = tag.removeprefix("party:")
    return (
        flag.subject == tag
        or name in flag.parties
        or any(number in cited for number in flag.evidence)
    )


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
