"""Reviews of red flags. The flag itself is computed; here somebody says what they made of it.

Checked here:
1. The form: a snoozed flag, and no other, returns, and on a later day.
2. The rule, where one is named, is one of those that raise flags.
3. The flag stands on the day of the review, as the entries recorded so far show it: an id nobody
   raised, or one whose flag is gone (its shipment voided, its check done), is refused.
4. Why a flag is cleared is one of a closed list of reasons, so that they can be counted.
5. The rule named is the one that raised it, and the entries named are among those it cites. Left
   out, both are taken from the flag.

Not checked: whether the reviewer is right. A review said before is not checked again: the flag may
be gone since, and the same file twice records nothing twice.
"""

from datetime import date
from typing import Annotated, Final

from msgspec import Meta

from commands.decider import Command, Decider, Past, Said, Situation, StandingFlag
from ledger.errors import Malformed, Unknown
from ledger.events import Event, FlagReviewed
from ledger.events._event import EntryNumber, Flag, Text, Word
from ledger.events.flag_reviews import Outcome, RuleName

CLEARS_FOR: Final = (
    "authorized", "data_error", "financing", "in_transit", "lawful", "need", "other_party",
    "repair", "same_hand", "verified",
)  # fmt: skip
"""Reasons for which a flag is cleared; the glossary says what each means. Entries of earlier
versions may give others."""


class ReviewFlag(Command, frozen=True, kw_only=True, tag="flag.review"):
    """Say what was made of a flag.

    rule      the rule that raised it; the flag's own by default
    reason    short code; of a cleared flag one of CLEARS_FOR
    evidence  numbers of the entries looked at; all that the flag cites by default
    until_on  for a snoozed flag, the day it returns
    """

    flag: Flag
    rule: RuleName | None = None
    outcome: Outcome
    reason: Word
    note: Text = ""
    evidence: Annotated[tuple[EntryNumber, ...], Meta(max_length=1_000)] = ()
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
    if any(_says(command, review) for review in told if isinstance(review, FlagReviewed)):
        return Said()
    if command.outcome == "cleared" and command.reason not in CLEARS_FOR:
        raise Malformed(
            f"flag {command.flag} is cleared for {command.reason!r}, which is no reason on the"
            " list",
            remedy=f"reasons are {', '.join(CLEARS_FOR)}; --note is for your own words",
            code="REVIEW_REASON",
        )
    flag = _standing(command, situation)
    review = FlagReviewed(
        flag=command.flag,
        rule=flag.rule,
        outcome=command.outcome,
        reason=command.reason,
        note=command.note,
        evidence=command.evidence or flag.evidence[-1_000:],
        until_on=command.until_on,
        severity=flag.severity,
        reviewed_on=command.reviewed_on,
    )
    return Said([review])


def _says(command: ReviewFlag, review: FlagReviewed) -> bool:
    """Whether a review on record says what is said now; what is left open agrees with it."""
    return (
        command.rule in (None, review.rule)
        and command.evidence in ((), review.evidence)
        and (command.outcome, command.reason, command.note, command.until_on, command.reviewed_on)
        == (review.outcome, review.reason, review.note, review.until_on, review.reviewed_on)
    )


def _standing(command: ReviewFlag, situation: Situation) -> StandingFlag:
    """The flag under review, once it is there and is what the review says it is."""
    known = situation.rules_of_suspicion
    if command.rule is not None and command.rule not in known:
        raise Unknown(
            f"no rule is called {command.rule!r}",
            remedy=f"rules are {', '.join(known)}; --rule may be left out",
            code="RULE_UNKNOWN",
        )
    flag = situation.flags(command.reviewed_on).get(command.flag)
    if flag is None:
        raise Unknown(
            f"no flag {command.flag} stands on {command.reviewed_on}",
            remedy="`chip-ledger flags --all` lists them; an alert is reviewed flag by flag",
            code="FLAG_UNKNOWN",
        )
    if command.rule not in (None, flag.rule):
        raise Malformed(
            f"flag {command.flag} was raised by {flag.rule}, not {command.rule}",
            remedy=f"leave --rule out, or give --rule {flag.rule}",
            code="REVIEW_OTHER",
        )
    beyond = sorted(set(command.evidence) - set(flag.evidence))
    if beyond:
        raise Malformed(
            f"flag {command.flag} does not cite {_entries(beyond)}",
            remedy=f"leave --evidence out, or name entries among those it cites:"
            f" chip-ledger flags --all show {command.flag}",
            code="REVIEW_OTHER",
        )
    return flag


def _entries(numbers: list[int]) -> str:
    noun = "entry" if len(numbers) == 1 else "entries"
    return f"{noun} {', '.join(f'{number:,}' for number in numbers)}"


def _subject(command: ReviewFlag) -> str:
    return f"flag:{command.flag}"


flags = Decider(tuple[Event, ...](), evolve, decide, _subject)
