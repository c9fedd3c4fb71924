"""What deciding is: an initial state, `evolve`, and `decide`.

A command says what somebody wants said. A decider answers with the events that follow: none when
it was said before, several at most, or a refusal with the values that make it one. It is handed
what it may look at and looks at nothing else: no clock, no file, no database.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, ValidationError

from ledger.entry import Entry
from ledger.errors import Malformed
from ledger.events import Event
from ledger.events.flag_reviews import Severity
from ledger.fold import MemoryStates, States
from ledger.keyring import Keyring
from ledger.parties import PartyFacts, Seat, seat
from ledger.policy import PolicyTimeline, Rules
from ledger.quota import QuotaAccount, account
from ledger.terms import INSTEAD, ActorId, Country, FlagId, PartyId

C = TypeVar("C", bound="Command")
S = TypeVar("S")


class Command(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True,
    tag_field="command",
):  # fmt: skip
    """Something that may be said: typed, or a line of an import file."""


def misfit(name: str, error: ValidationError, *, remedy: str) -> Malformed:
    """What is wrong with the fields of a command, and what to do: FIELDS."""
    code = re.search("'(..)'", str(error))
    instead = INSTEAD.get(code[1].upper()) if code else None
    return Malformed(f"{name}: {error}", remedy=instead or remedy, code="FIELDS")


NOBODY: Final = ActorId("nobody")


def _nobody(_party: PartyId) -> PartyFacts | None:
    return None


def _no_flags(_on: date) -> Mapping[FlagId, "StandingFlag"]:
    return {}


def _nothing(_party: PartyId) -> Mapping[Any, int]:
    return {}


def _no_parties(_party: PartyId) -> Sequence[PartyId]:
    return ()


def _no_states() -> States:
    none: dict[int, Entry] = {}
    return MemoryStates(none.__getitem__)


@dataclass(frozen=True, slots=True)
class StandingFlag:
    """What a review has to agree with: the rule that raised a flag and the entries it cites.
    How severe it is stands in the review, so that a snooze hides nothing worse.

    Flags are computed in `projections`, which nothing here may import: whoever sees both rooms
    hands them in (`commands.handler.Watch`).
    """

    rule: str
    severity: Severity
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision may look at, besides the history of its own subject.

    today     the date in UTC
    by        who asks
    policies  what was adopted and withdrawn
    quotas    states of the quota fold at the head, read when first asked for
    party     facts of a party, by id
    keys      the key registry
    received  TPP a party received as ultimate consignee, by `commands.authorizations.Arrival`;
              voided shipments left out
    tied_to   parties that somebody said this one owns, or owned once
    rules_of_suspicion  names of the rules that raise red flags
    flags     the red flags that stand on a date, cleared ones too
    """

    today: date
    by: ActorId = NOBODY
    policies: PolicyTimeline = field(default_factory=PolicyTimeline)
    quotas: Callable[[], States] = _no_states
    party: Callable[[PartyId], PartyFacts | None] = _nobody
    keys: Keyring = field(default_factory=Keyring)
    received: Callable[[PartyId], Mapping[Any, int]] = _nothing
    tied_to: Callable[[PartyId], Sequence[PartyId]] = _no_parties
    rules_of_suspicion: Sequence[str] = ()
    flags: Callable[[date], Mapping[FlagId, StandingFlag]] = _no_flags

    def rules(self, on: date) -> Rules:
        """The rules in force on a date."""
        return self.policies.rules_on(on)

    def account(self, country: Country, on: date) -> QuotaAccount:
        """A country's quota account on a date, under the rules of that date."""
        return account(self.quotas(), self.rules(on), country, on)

    def seat(self, party: PartyId, on: date) -> Seat:
        """Where a party sits on a date."""
        return seat(party, on, self.party)

    def happened(self, what: str, on: date) -> None:
        """Refuse a date that has not come."""
        if on > self.today:
            raise Malformed(
                f"{what} on {on}, and today is {self.today}",
                remedy="give the date it happened on",
                code="DATE_FUTURE",
            )


@dataclass(frozen=True, slots=True)
class Said:
    """A decider's answer: events to record, and what the officer should know besides."""

    events: Sequence[Event] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """An event of the subject's history, with its entry's number."""

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, S]):
    """How one kind of command is decided.

    subject  the tag of the history a command is decided on
    """

    initial: S
    evolve: Callable[[S, Past], S]
    decide: Callable[[C, S, Situation], Said]
    subject: Callable[[C], str]

    def answer(self, command: C, history: Sequence[Past], situation: Situation) -> Said:
        """What follows from a command after a history."""
        state = self.initial
        for past in history:
            state = self.evolve(state, past)
        return self.decide(command, state, situation)


AnyDecider = Decider[Any, Any]
