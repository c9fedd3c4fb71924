"""Decisions in four words: given what was said, when this is asked, then that follows.

    given(applied, adopted).when(ApproveLicense(...)).then(approved)

Everything stands in memory: no store, no keys, no clock. What a decision may look at is folded
here from the history with the project's own folds. Entry n of a history is its n-th event.
"""

from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

import pytest

from commands.authorizations import Arrival, arrivals
from commands.decider import Command, Past, Said, Situation, StandingFlag
from commands.handler import DECIDERS
from ledger import keyring, parties, policy
from ledger.entry import Entry
from ledger.errors import LedgerError
from ledger.events import (
    Event,
    Movement,
    PartyOwnershipChanged,
    PartyRegistered,
    ShipmentVoided,
    decode,
    encode,
    tags,
)
from ledger.fold import replay
from ledger.keyring import Keyring
from ledger.policy import PolicyTimeline
from ledger.quota import QuotaFold
from ledger.terms import ActorId, FlagId, KeyId
from projections.red_flags import RULES, FlagsFold

TODAY = date(2026, 6, 1)
LIND = "c.lind"


@dataclass(frozen=True)
class By:
    """An event, and who signed it."""

    actor: str
    event: Event


def leaf_of(number: int) -> str:
    """Stands for the leaf hash of entry `number`, base64."""
    return b64encode(sha256(b"entry %d" % number).digest()).decode()


def given(*history: Event | By, today: date = TODAY, by: str = LIND) -> "Given":
    """What the ledger holds, entry 1 first; an event nobody is named for was signed by c.lind."""
    said = [one if isinstance(one, By) else By(LIND, one) for one in history]
    return Given(
        [
            Entry(number, f"{today}T00:00:00.000000Z", ActorId(one.actor), "", KeyId(""), one.event)
            for number, one in enumerate(said, start=1)
        ],
        today,
        by,
    )


@dataclass(frozen=True)
class Given:
    """A history, the day, and who asks."""

    entries: list[Entry]
    today: date
    by: str

    def when(self, command: Command) -> "Then":
        """Decide, and see that what was decided could be signed and read back."""
        decider = DECIDERS[type(command)]
        subject = decider.subject(command)
        history = [
            Past(entry.number, entry.event)
            for entry in self.entries
            if entry.event.subject == subject
        ]
        try:
            said = decider.answer(command, history, self.situation())
        except LedgerError as error:
            return Then(error=error)
        for event in said.events:
            assert event == decode(event.wire, encode(event))
            assert event.subject in tags(event)
        return Then(said)

    def situation(self) -> Situation:
        """What a decision may look at, folded from the history."""
        timeline, ring = PolicyTimeline(), Keyring()
        known: dict[str, parties.PartyFacts | None] = {}
        for entry in self.entries:
            event = entry.event
            timeline = policy.after(timeline, event)
            ring = keyring.evolve(
                ring, event, entry=entry.number, leaf=leaf_of(entry.number), by=entry.by
            )
            if event.wire in parties.PARTY_EVENTS:
                known[event.subject] = parties.evolve(known.get(event.subject), event)
        return Situation(
            today=self.today,
            by=ActorId(self.by),
            policies=timeline,
            quotas=lambda: replay(QuotaFold(), self.entries),
            party=lambda party: known.get(f"party:{party}"),
            keys=ring,
            received=self.received,
            tied_to=self.tied_to,
            rules_of_suspicion=[rule.name for rule in RULES],
            flags=self.standing,
        )

    def received(self, party: str) -> dict[Arrival, int]:
        """What a party received, voided shipments left out."""
        gone = {one.event.entry for one in self.entries if isinstance(one.event, ShipmentVoided)}
        found: Counter[Arrival] = Counter()
        for entry in self.entries:
            movement = entry.event
            if not isinstance(movement, Movement) or entry.number in gone:
                continue
            if movement.ultimate_consignee == party:
                found.update(arrivals(movement))
        return found

    def tied_to(self, owner: str) -> list[str]:
        """The parties whose registration or shares name an owner."""
        ties = (PartyRegistered, PartyOwnershipChanged)
        return sorted(
            {
                entry.event.party
                for entry in self.entries
                if isinstance(entry.event, ties) and f"party:{owner}" in tags(entry.event)
            }
            - {owner}
        )

    def standing(self, on: date) -> dict[FlagId, StandingFlag]:
        """The red flags of the history, by the project's own rules."""
        fold = FlagsFold()
        found = (each.flag for each in fold.raised(replay(fold, self.entries), on))
        return {
            FlagId(flag.id): StandingFlag(flag.rule, flag.severity, flag.evidence) for flag in found
        }


@dataclass(frozen=True)
class Then:
    """What came of it."""

    said: Said = field(default_factory=Said)
    error: LedgerError | None = None

    def then(self, *events: Event) -> "Then":
        """Exactly these events follow."""
        if self.error is not None:
            raise self.error
        assert list(events) == list(self.said.events)
        return self

    def then_nothing(self) -> "Then":
        """It was said before: nothing is recorded."""
        return self.then()

    def then_warns(self, *because: str) -> "Then":
        """Warnings come with it: as many as named here, each with these words in it."""
        if self.error is not None:
            raise self.error
        assert len(because) == len(self.said.warnings), self.said.warnings
        for words, warning in zip(because, self.said.warnings, strict=True):
            assert words in warning
        return self

    def then_refused(self, because: str, *, code: str = "") -> "Then":
        """It is refused, with these words in the problem."""
        if self.error is None:
            pytest.fail(f"it was not refused: {[*self.said.events]}")
        assert because in self.error.problem
        assert code in ("", self.error.code)
        return self
