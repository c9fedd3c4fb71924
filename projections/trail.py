"""Everything said about one thing: who signed it, when, as which entry, in one line each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.entry import Entry
from ledger.errors import Malformed, Unknown
from ledger.terms import COUNTRIES
from projections.wording import say

NOUNS: Final = (
    "license", "shipment", "party", "agreement", "check", "policy", "flag", "key", "actor",
    "country", "control", "address", "site", "serial", "invoice", "rma", "account",
)  # fmt: skip
"""What a subject can be, in the order a bare id is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRow:
    """One entry about a subject.

    at  instant it was signed, UTC; `on` is the date it is about
    """

    entry: int
    at: str
    by: str
    role: str
    key: str
    on: date
    type: str
    subject: str
    said: str


def rows(entries: Iterable[Entry]) -> list[TrailRow]:
    """The entries of one subject, in order."""
    return [
        TrailRow(
            entry=entry.number,
            at=entry.at,
            by=entry.by,
            role=entry.role,
            key=entry.kid,
            on=entry.event.on,
            type=entry.event.wire,
            subject=entry.event.subject,
            said=say(entry.event),
        )
        for entry in entries
    ]


def subject_of(text: str, entries_of: Callable[[str], list[Entry]]) -> tuple[str, list[Entry]]:
    """The subject somebody typed, and its entries; for a bare id, whichever subject exists.

    entries_of  the entries that carry a tag

    Raises `Unknown` (SUBJECT_UNKNOWN) when there is none, `Malformed` (SUBJECT_AMBIGUOUS) when
    an id names several things.
    """
    noun, colon, name = text.partition(":")
    if text == "ledger" or (colon and noun in NOUNS):
        tag = f"{noun}:{name.upper()}" if noun == "country" else text
        found = {tag: entries_of(tag)}
    else:
        tags = [f"{each}:{text}" for each in NOUNS if each != "country"]
        if text.upper() in COUNTRIES:
            tags.append(f"country:{text.upper()}")
        found = {tag: entries_of(tag) for tag in tags}
    known = {tag: entries for tag, entries in found.items() if entries}
    if not known:
        raise Unknown(
            f"no entry speaks of {text}",
            remedy="name it with its kind: "
            + ", ".join(f"{each}:ID" for each in NOUNS[:5])
            + ", …",
            code="SUBJECT_UNKNOWN",
        )
    if len(known) > 1:
        raise Malformed(
            f"{text} names {len(known)} things: {', '.join(known)}",
            remedy=f"chip-ledger trail {next(iter(known))}",
            code="SUBJECT_AMBIGUOUS",
        )
    return next(iter(known.items()))
