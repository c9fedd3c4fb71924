"""Decisions looked at again: right by what was known then, and by what is known now?

Each decision is judged twice by the same rules: those in force on its day, as adopted when it was
recorded. First with what the ledger had been told by then, and then with all it was told since of
that day and the days before: a headquarters that had moved, an owner, a listing, a shipment told
late or voided, a license or agreement told late. A rule adopted later is no reason, and neither is
what happened later in the world.

An officer decides; here it is said what the rules call for. Units: TPP.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ledger import quota
from ledger.entry import Entry
from ledger.events import (
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    Movement,
    PartyDelisted,
    PartyListed,
    ShipmentVoided,
)
from ledger.events.agreements import AboutAgreement
from ledger.fold import MemoryStates, taken_back
from ledger.policy import Rules
from ledger.quota import QuotaAccount, QuotaFold
from ledger.terms import PartyId
from projections.books import Accounts
from projections.reference import Day, Reference, Ruling, Seat
from projections.replay import READS as REPLAYED
from projections.verdicts import Asked, Kind, Verdict, on_application

READS: Final = REPLAYED | {ShipmentVoided.wire}

Finding = Kind | Literal["listed"]
"""What the rules said: as in `projections.verdicts`, or that a party was on a restricted list."""

GRANTS: Final = ("clear", "license_not_required")
"""Findings with which nothing stands against granting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HindsightRow:
    """One decision, then and now.

    then, now    what the rules of its day say: with what was known then, and with what is known now
    otherwise    whether they call for another decision now
    right_then   whether the decision was what they called for then. A denial is an officer's own to
                 make where nothing stood against granting: None
    by_entries   what was told later, and makes it so
    policy       the packs in force on its day, as known then
    """

    license: str
    decision: Literal["approved", "denied"]
    country: str
    on: date
    entry: int
    then: Finding
    then_because: str
    now: Finding
    now_because: str
    otherwise: bool
    right_then: bool | None
    by_entries: tuple[int, ...]
    policy: str


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision as it was found, and what had been known."""

    number: int
    event: LicenseApproved | LicenseDenied
    asked: Asked
    day: Day
    then: tuple[Finding, str]


@dataclass(frozen=True, slots=True)
class _Told:
    """A fact about a country's account, and the day in the world it is about."""

    number: int
    on: date
    country: str
    event: LicenseApproved | Movement | None = None


class Hindsight:
    """One pass over the entries; then every chosen decision is asked again.

    chosen       licenses, or all where there are none
    since, until days of the decisions to look at
    """

    def __init__(
        self,
        recall: Callable[[int], Entry],
        chosen: Collection[str] = (),
        since: date = date.min,
        until: date = date.max,
    ) -> None:
        self._chosen = frozenset(chosen)
        self._since, self._until = since, until
        self._recall = recall
        self._states = MemoryStates(recall)
        self._agreed = MemoryStates(recall)
        self._reference = Reference()
        self._rulings: dict[int, Ruling] = {}
        self._accounts = Accounts()
        self._applied: dict[str, LicenseApplied] = {}
        self._decided: list[_Decided] = []
        self._told: list[_Told] = []
        self._gone: set[int] = set()
        self._listings: dict[str, list[tuple[int, date]]] = {}

    def take(self, entry: Entry) -> None:
        """What an entry adds to what is known."""
        number = entry.number
        match entry.event:
            case Movement() as movement:
                self._accounts.ship(movement)
                self._told.append(_Told(number, movement.on, movement.destination, movement))
            case ShipmentVoided() as voided:
                self._void(number, voided)
            case LicenseApplied() as applied:
                self._applied[applied.license] = applied
            case LicenseApproved() as approved:
                asked_for = self._applied.get(approved.license)
                act = "export" if asked_for is None else asked_for.act
                self._decide(number, approved, Asked.of(approved, act))
                self._accounts.approve(approved)
                on, country = approved.decided_on, approved.destination
                self._told.append(_Told(number, on, country, approved))
            case LicenseDenied() as denied:
                applied_for = self._applied.get(denied.license)
                if applied_for is not None:
                    self._decide(number, denied, Asked.of(applied_for, applied_for.act))
            case AboutAgreement() as agreement:
                QuotaFold().evolve(self._agreed, entry)
                self._told.append(_Told(number, agreement.on, agreement.country))
            case event:
                if isinstance(event, PartyListed | PartyDelisted):
                    self._listings.setdefault(event.party, []).append((number, event.on))
                self._reference.evolve(self._states, entry)

    def rows(self) -> list[HindsightRow]:
        """Every chosen decision, in the order they were recorded."""
        found = {row.entry: row for row in self._rows()}
        return [found[number] for number in sorted(found)]

    def _rows(self) -> Iterator[HindsightRow]:
        """By the day of the decision: accounts are filled with what was so in the world by then."""
        lived = Accounts()
        facts = [one for one in self._told if one.event and one.number not in self._gone]
        facts.sort(key=lambda one: (one.on, one.number), reverse=True)
        for one in sorted(self._decided, key=lambda each: (each.event.on, each.number)):
            while facts and _before(facts[-1], one):
                fact = facts.pop().event
                if isinstance(fact, LicenseApproved):
                    lived.approve(fact)
                elif fact is not None:
                    lived.ship(fact)
            now = self._find(one.event.on, one.day, one.asked, lived)
            yield self._row(one, now)

    def _row(self, one: _Decided, now: tuple[Finding, str]) -> HindsightRow:
        event, then = one.event, one.then
        approved = isinstance(event, LicenseApproved)
        stood_against = then[0] not in GRANTS
        justified = isinstance(event, LicenseApproved) and bool(event.justification)
        otherwise = stood_against != (now[0] not in GRANTS)
        right: bool | None = stood_against or None
        if approved:
            right = not stood_against or (then[0] == "presumed_denied" and justified)
        return HindsightRow(
            license=event.license, decision="approved" if approved else "denied",
            country=one.asked.destination, on=event.on, entry=one.number, then=then[0],
            then_because=then[1], now=now[0], now_because=now[1], otherwise=otherwise,
            right_then=right, by_entries=self._reasons(one, now) if then[0] != now[0] else (),
            policy=one.day.policy,
        )  # fmt: skip

    def _decide(self, number: int, event: LicenseApproved | LicenseDenied, asked: Asked) -> None:
        """Judge a decision by what is known up to here."""
        if self._chosen and event.license not in self._chosen:
            return
        if not self._since <= event.on <= self._until:
            return
        rules = self._reference.day(self._states, event.on).rules
        day = Day(self._ruling(rules), event.on)
        then = self._find(event.on, day, asked, self._accounts)
        self._decided.append(_Decided(number, event, asked, day, then))

    def _ruling(self, rules: Rules) -> Ruling:
        return self._rulings.setdefault(id(rules), Ruling(rules))

    def _find(self, on: date, day: Day, asked: Asked, accounts: Accounts) -> tuple[Finding, str]:
        """What rules say of a day by what is known now, and why."""
        for party in asked.parties:
            lists = self._reference.listed(self._states, party, on)
            if lists:
                return "listed", f"{party} was on {', '.join(lists)}"

        def seat(party: PartyId) -> Seat:
            return self._reference.seat(self._states, party, on)

        def account() -> QuotaAccount:
            rules, country = day.rules, day.sovereign(asked.destination)
            agreed = quota.uplift(self._agreed, rules, country, on)
            return accounts.book(rules).account(country, on, day.cap(country, uplift_tpp=agreed))

        found: Verdict = on_application(asked, day, seat, account)
        return found.kind, found.because

    def _reasons(self, one: _Decided, now: tuple[Finding, str]) -> tuple[int, ...]:
        """The entries told after a decision, about its day or an earlier one, that bear on it."""
        kinds, on = {one.then[0], now[0]}, one.event.on
        numbers: set[int] = set()
        if "refused" in kinds:
            country = one.day.sovereign(one.asked.destination)
            numbers.update(
                told.number
                for told in self._told
                if told.on <= on and one.day.sovereign(told.country) == country
            )
        if "listed" in kinds:
            for party in one.asked.parties:
                listings = self._listings.get(party, ())
                numbers.update(number for number, since in listings if since <= on)
        else:
            for party in one.asked.parties:
                numbers.update(self._reference.seat(self._states, party, on).entries)
        return tuple(sorted(number for number in numbers if number > one.number))

    def _void(self, number: int, voided: ShipmentVoided) -> None:
        """A shipment has never been; told of at the entry of the void."""
        if voided.entry in self._gone:
            return
        movement = taken_back(number, voided, self._recall)
        if movement is not None:
            self._gone.add(voided.entry)
            self._accounts.ship(movement, sign=-1)
            self._told.append(_Told(number, movement.on, movement.destination))


def _before(fact: _Told, decided: _Decided) -> bool:
    """Whether something was so when a decision was made: of its day, what was recorded before it;
    a shipment of its day, whenever it was recorded.
    """
    if isinstance(fact.event, LicenseApproved):
        return (fact.on, fact.number) < (decided.event.on, decided.number)
    return fact.on <= decided.event.on
