"""Reviews of red flags. The flag itself is computed; here somebody says what they made of it."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from commands.decider import Command, Decider, Past, Said, Situation
from ledger.errors import Malformed
from ledger.events import Event, FlagReviewed
from ledger.events._event import EntryNumber, Flag, Text, Word
from ledger.events.flag_reviews import Outcome, RuleName


class ReviewFlag(Command, frozen=True, kw_only=True, tag="flag.review"):
    """Say what was made of a flag.

    evidence  numbers of the entries looked at: those the flag cites
    until_on  for a snoozed flag, the day it returns
    """

    flag: Flag
    rule: RuleName
    outcome: Outcome
    reason: Word
    note: Text = ""
    evidence: Annotated[tuple[EntryNumber, ...], Meta(min_length=1, max_length=1_000)]
    until_on: date | None = None
    reviewed_on: date


def evolve(told: tuple[Event, ...], past: Past) -> tuple[Event, ...]:
    """The reviews of a flag, in order."""
    return (*told, past.event)


def decide(command: ReviewFlag, told: tuple[Event, ...], situation: Situation) -> Said:
    """What follows from a review; reviewed again, a flag keeps both."""
    situation.happened(f"flag {command.flag} is reviewed", command.reviewed_on)
    if (command.outcome == "snoozed") != (command.until_on is not None):
        raise Malformed(
            f"flag {command.flag} is {command.outcome}, and returns on"
            f" {command.until_on or 'no day'}",
            remedy="give --until with snooze, and only then",
            code="REVIEW_FORM",
        )
    if command.until_on is not None and command.until_on <= command.reviewed_on:
        raise Malformed(
            f"flag {command.flag} is snoozed on {command.reviewed_on} until {command.until_on}",
            remedy="give a later day",
            code="DATES_ORDER",
        )
    review = FlagReviewed(
        flag=command.flag,
        rule=command.rule,
        outcome=command.outcome,
        reason=command.reason,
        note=command.note,
        evidence=command.evidence,
        until_on=command.until_on,
        reviewed_on=command.reviewed_on,
    )
    return Said() if review in told else Said([review])


def _subject(command: ReviewFlag) -> str:
    return f"flag:{command.flag}"


flags = Decider(tuple[Event, ...](), evolve, decide, _subject)
