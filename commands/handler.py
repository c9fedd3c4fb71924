"""The one road: read what a command names, decide, sign, append.

All of it happens under the ledger's write lock. Where a cap is contended, deciding under the lock
serves twice the decisions of deciding first and trying again, and wastes none: the second officer
waits, and then decides on what the first one left.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from commands.authorizations import Arrival, Arrivals, arrivals
from commands.decider import AnyDecider, Command, Past, Said, Situation, StandingFlag
from commands.facts import Tell, facts
from commands.flags import ReviewFlag, flags
from commands.keys import (
    CountersignKey,
    EnrollKey,
    ReaffirmEntries,
    RevokeKey,
    RotateKey,
    keys,
)
from commands.licenses import (
    ApplyForLicense,
    ApproveLicense,
    DenyLicense,
    ReturnLicense,
    licenses,
)
from commands.policies import AdoptPolicy, WithdrawPolicy, policies
from commands.shipments import (
    RecordDelivery,
    RecordExport,
    RecordLeg,
    RecordReexport,
    RecordTransfer,
    VoidShipment,
    shipments,
)
from ledger import terms, views
from ledger.entry import Entry, instant
from ledger.events import (
    Event,
    FlagReviewed,
    LicenseApproved,
    Movement,
    PartyOwnershipChanged,
    PartyRegistered,
    PolicyAdopted,
    PolicyWithdrawn,
    ShipmentExported,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.agreements import AboutAgreement
from ledger.fold import States
from ledger.log import Ledger, Slice, Writing, check_possession, select, select_subject
from ledger.parties import PARTY_EVENTS, PartyFacts
from ledger.parties import evolve as evolve_party
from ledger.policy import PolicyTimeline, after
from ledger.quota import Holding, QuotaAccount, QuotaFold, account
from ledger.signatures import Signer
from ledger.store import Snapshot
from ledger.terms import Country, FlagId, PartyId

DECIDERS: dict[type[Command], AnyDecider] = {
    **dict.fromkeys((ApplyForLicense, ApproveLicense, DenyLicense, ReturnLicense), licenses),
    **dict.fromkeys(
        (RecordExport, RecordReexport, RecordTransfer, RecordLeg, RecordDelivery, VoidShipment),
        shipments,
    ),
    **dict.fromkeys((AdoptPolicy, WithdrawPolicy), policies),
    **dict.fromkeys((EnrollKey, CountersignKey, RotateKey, RevokeKey, ReaffirmEntries), keys),
    Tell: facts,
    ReviewFlag: flags,
}
"""Who decides which command."""

POLICY_EVENTS = (PolicyAdopted.wire, PolicyWithdrawn.wire)
MOVEMENTS = (ShipmentExported.wire, ShipmentReexported.wire, ShipmentTransferred.wire)
TIES = (PartyRegistered.wire, PartyOwnershipChanged.wire)


@dataclass(frozen=True, slots=True)
class CapChange:
    """A country's account before and after a command, on the date the command is about."""

    country: Country
    policy: str | None
    before: QuotaAccount
    after: QuotaAccount


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command.

    events    what was recorded, or would be; empty when it was said before
    numbers   the entries it was recorded as; empty on a rehearsal
    warnings  what the officer should know
    caps      accounts it changes
    """

    events: Sequence[Event]
    numbers: range
    warnings: Sequence[str]
    caps: Sequence[CapChange] = ()


Standing = Mapping[FlagId, StandingFlag]


def _none_stand(_ledger: Ledger, _connection: Snapshot) -> Callable[[date], Standing]:
    return lambda _on: {}


@dataclass(frozen=True, slots=True)
class Watch:
    """The red flags a review may be about, handed in by the front door, which sees both rooms.

    Where nobody hands one in there are no rules and no flags, and every review is refused.

    rules     names of the rules that raise flags
    standing  the flags that stand on a date, as one reading of a ledger shows them
    """

    rules: Sequence[str] = ()
    standing: Callable[[Ledger, Snapshot], Callable[[date], Standing]] = _none_stand


class Desk:
    """Where one signer's commands to one ledger are decided."""

    def __init__(
        self,
        ledger: Ledger,
        signer: Signer,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        watch: Watch | None = None,
    ) -> None:
        self.ledger = ledger
        self._signer = signer
        self._clock = clock
        self._watch = watch or Watch()

    def execute(self, command: Command) -> Outcome:
        """Decide a command and append what follows, or raise and append nothing."""
        with self.batch() as batch:
            return batch.execute(command, caps=isinstance(command, ApproveLicense))

    def rehearse(self, command: Command) -> Outcome:
        """Decide a command on what the ledger holds now, and append nothing."""
        with self.ledger.store.reading() as connection:
            table = _Table(self.ledger, connection, self._signer, self._clock(), self._watch)
            said = table.decide(command)
            return table.outcome(said, table.next_numbers(said), caps=True, recorded=False)

    @contextmanager
    def batch(self) -> Iterator["Batch"]:
        """Several commands under one lock: each is decided on what those before it left.

        A command that is refused leaves the others standing; an error outside a command
        leaves none.
        """
        with self.ledger.writing() as writing:
            batch = Batch(self.ledger, writing, self._signer, self._clock(), self._watch)
            yield batch
            batch.keep()


class Batch:
    """Commands decided under one lock."""

    def __init__(
        self, ledger: Ledger, writing: Writing, signer: Signer, now: datetime, watch: Watch
    ) -> None:
        self._writing = writing
        self._signer = signer
        self._now = now
        self._table = _Table(ledger, writing.connection, signer, now, watch)

    def execute(self, command: Command, *, caps: bool = False) -> Outcome:
        """Decide a command and append what follows."""
        said = self._table.decide(command)
        if caps:
            # Read now, or the board would hold what is appended next, and then take it again.
            self._table.read_board()
        numbers = self._writing.append(said.events, self._signer, at=self._now)
        return self._table.outcome(said, numbers, caps=caps, recorded=True)

    def keep(self) -> None:
        """Keep the quota board where a decision has brought it up to date."""
        self._table.keep(self._writing.size)


class _Table:
    """What one transaction has read: the situation, for as long as nothing else can change it."""

    def __init__(
        self, ledger: Ledger, connection: Snapshot, signer: Signer, now: datetime, watch: Watch
    ) -> None:
        self._ledger = ledger
        self._connection = connection
        self._now = now
        self._kid = signer.kid
        self._by = ledger.keyring(connection).usable(signer.kid, on=now.date()).actor
        self._fold = QuotaFold()
        self._board: views.SqlStates | None = None
        self._timeline: PolicyTimeline | None = None
        self._parties: dict[PartyId, PartyFacts | None] = {}
        self._received: dict[PartyId, Counter[Arrival]] = {}
        self._watch = watch
        self._standing: Callable[[date], Standing] | None = None

    def decide(self, command: Command) -> Said:
        """The decider's answer, once it is clear that this signer may say it."""
        if isinstance(command, EnrollKey):
            check_possession(self._ledger.origin, command.enrolled)
        if isinstance(command, RotateKey):
            check_possession(self._ledger.origin, command.successor)
        decider = DECIDERS[type(command)]
        subject = decider.subject(command)
        history = [
            Past(entry.number, entry.event)
            for entry in select_subject(self._ledger.store, self._connection, subject)
        ]
        ring = self._ledger.keyring(self._connection)
        situation = Situation(
            today=self._now.date(),
            by=self._by,
            policies=self._policies(),
            quotas=self._quotas,
            party=self._party,
            keys=ring,
            received=self._arrivals,
            tied_to=self._tied_to,
            rules_of_suspicion=self._watch.rules,
            flags=self._flags,
        )
        said = decider.answer(command, history, situation)
        for event in said.events:
            ring.signing_role(self._kid, event.wire, on=self._now.date())
        return said

    def outcome(self, said: Said, numbers: range, *, caps: bool, recorded: bool) -> Outcome:
        """The outcome of what was said; the states here take part in it."""
        touched = self._touched(said.events) if caps else {}
        before = {country: self._account(country, on) for country, on in touched.items()}
        self._take(said.events, numbers)
        changes = [
            CapChange(country, policy, account_before, self._account(country, on)[1])
            for country, on in touched.items()
            for policy, account_before in [before[country]]
        ]
        shown = numbers if recorded else range(0)
        return Outcome(said.events, shown, said.warnings, changes)

    def read_board(self) -> None:
        """Read the quota board as it is now."""
        self._quotas()

    def next_numbers(self, said: Said) -> range:
        """The numbers events would get."""
        size, _ = self._ledger.store.head(self._connection)
        return range(size + 1, size + 1 + len(said.events))

    def keep(self, position: int) -> None:
        """Write the quota board, when it was read here."""
        if self._board is not None:
            views.keep(self._ledger.store, self._connection, self._fold, self._board, position)

    def _entries(self, chosen: Slice) -> list[Entry]:
        return select(self._ledger.store, self._connection, chosen)

    def _quotas(self) -> States:
        if self._board is None:
            self._board = views.at_head(self._ledger.store, self._connection, self._fold)
        return self._board

    def _policies(self) -> PolicyTimeline:
        if self._timeline is None:
            timeline = PolicyTimeline()
            for entry in self._entries(Slice(types=POLICY_EVENTS)):
                timeline = after(timeline, entry.event)
            self._timeline = timeline
        return self._timeline

    def _party(self, party: PartyId) -> PartyFacts | None:
        if party not in self._parties:
            known: PartyFacts | None = None
            chosen = Slice(tags=(f"party:{party}",), types=tuple(sorted(PARTY_EVENTS)))
            for entry in self._entries(chosen):
                if entry.event.subject == f"party:{party}":
                    known = evolve_party(known, entry.event)
            self._parties[party] = known
        return self._parties[party]

    def _arrivals(self, party: PartyId) -> Arrivals:
        if party not in self._received:
            voids = self._entries(Slice(types=(ShipmentVoided.wire,)))
            gone = {one.event.entry for one in voids if isinstance(one.event, ShipmentVoided)}
            found = self._received[party] = Counter()
            for entry in self._entries(Slice(tags=(f"party:{party}",), types=MOVEMENTS)):
                if entry.number not in gone:
                    self._arrive(found, party, entry.event)
        return self._received[party]

    def _arrive(self, found: Counter[Arrival], party: PartyId, event: Event) -> None:
        if isinstance(event, Movement) and event.ultimate_consignee == party:
            found.update(arrivals(event))

    def _tied_to(self, owner: PartyId) -> list[PartyId]:
        tied = self._entries(Slice(tags=(f"party:{owner}",), types=TIES))
        subjects = {entry.event.subject.removeprefix("party:") for entry in tied}
        return [PartyId(party) for party in sorted(subjects - {owner})]

    def _flags(self, on: date) -> Standing:
        if self._standing is None:
            self._standing = self._watch.standing(self._ledger, self._connection)
        return self._standing(on)

    def _take(self, events: Sequence[Event], numbers: range) -> None:
        """Bring what was read up to date with what was just said."""
        for number, event in zip(numbers, events, strict=True):
            if not isinstance(event, FlagReviewed):
                self._standing = None
            if event.wire in POLICY_EVENTS:
                self._timeline = None
            if event.wire in PARTY_EVENTS:
                self._parties.clear()
            if isinstance(event, ShipmentVoided):
                self._received.clear()
            for party, found in self._received.items():
                self._arrive(found, party, event)
            if self._board is not None and event.wire in self._fold.reads:
                self._fold.evolve(
                    self._board,
                    Entry(number, instant(self._now), self._by, "", self._kid, event),
                )

    def _account(self, country: Country, on: date) -> tuple[str | None, QuotaAccount]:
        """A country's account on a date, and the pack that sets its cap."""
        rules = self._policies().rules_on(on)
        policy = rules.governing("country_allocation")
        return policy, account(self._quotas(), rules, country, on)

    def _touched(self, events: Sequence[Event]) -> dict[Country, date]:
        """The countries whose accounts the events change, each with the date to ask for."""
        found: dict[Country, date] = {}
        for event in events:
            match event:
                case LicenseApproved():
                    found[event.destination] = event.on
                case AboutAgreement():
                    found[event.country] = event.on
                case Movement():
                    found[event.destination] = event.on
                    holding = self._quotas().get(f"H/{event.license}", Holding)
                    if holding is not None and holding.country:
                        found[terms.country(holding.country)] = event.on
                case ShipmentVoided():
                    voided = self._quotas().recall(event.entry).event
                    found.update(dict.fromkeys(self._touched([voided]), event.on))
                case _:
                    continue
        return found
