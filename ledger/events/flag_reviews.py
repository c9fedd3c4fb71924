"""What people made of red flags. A flag is computed; that somebody reviewed it is an event."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import EntryNumber, Event, Flag, Text, Word

Outcome = Literal["cleared", "snoozed", "referred", "confirmed"]

Severity = Literal["hard", "strong", "weak", "information"]
"""hard: arithmetic or law. strong: alerts alone. weak: only beside others. information: to know."""

RuleName = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,63}\Z")]


class FlagReviewed(Event, frozen=True, kw_only=True):
    """Somebody looked at a flag.

    flag         id of the flag: a digest of its rule, key and evidence
    rule         the rule that raised it
    outcome      cleared, snoozed, referred or confirmed
    reason       short code, such as data_error or lawful
    note         in the reviewer's words
    evidence     numbers of the entries looked at
    until_on     for a snoozed flag, the day it returns
    severity     how severe the flag was when it was looked at: snoozed or cleared, it returns as
                 soon as it is worse. Entries that do not say hold for the flag whatever it is
    reviewed_on  date
    """

    wire: ClassVar[str] = "flag.reviewed.v1"

    flag: Flag
    rule: RuleName
    outcome: Outcome
    reason: Word
    note: Text = ""
    evidence: Annotated[tuple[EntryNumber, ...], Meta(min_length=1, max_length=1_000)]
    until_on: date | None = None
    severity: Severity | None = None
    reviewed_on: date

    def __post_init__(self) -> None:
        if (self.outcome == "snoozed") != (self.until_on is not None):
            raise ValueError("a snoozed flag, and no other, has a day on which it returns")

    @property
    def subject(self) -> str:
        return f"flag:{self.flag}"

    @property
    def on(self) -> date:
        return self.reviewed_on
