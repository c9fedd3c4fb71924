"""Facts every rule looks up: the rules in force, licenses as decided, parties and who owns them.

Each is kept under a key of its own, with the entries that said it, and answered for a date: a
firm that moved its headquarters, or was bought, was something else before. A party that nobody
registered is unknown, never a firm of tier 2 by accident.

    policies      every adoption and withdrawal
    adopted       entry of the newest adoption of each pack
    P/<party>     a party
    L/<license>   a license
"""

from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Final

import msgspec

from ledger import parties
from ledger.entry import Entry
from ledger.events import (
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseReturned,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PolicyAdopted,
    PolicyWithdrawn,
)
from ledger.events.shipments import CommodityLine
from ledger.fold import States
from ledger.parties import PARTY_EVENTS, PartyFacts
from ledger.policy import PolicyTimeline, Rules, after
from ledger.terms import PartyId

SEATING: Final = (PartyRegistered, PartyRelocated, PartyOwnershipChanged)
"""Events that say where a party or its ultimate parent sits."""

SEATS_MAX: Final = 20_000
"""Seats remembered at once."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """An entry that says where a party sits or who owns it, from a date on."""

    entry: int
    since: date


class Party(msgspec.Struct, frozen=True):
    """What is recorded of one party, and the entries its seat rests on."""

    facts: PartyFacts
    said: tuple[Said, ...] = ()


class LicenseFacts(msgspec.Struct, frozen=True):
    """What was decided on one license; 0 is the entry of what nobody said.

    applied_at   entry of the application
    approved     the newest approval, even where a later decision took its place
    approved_at  its entry
    decided_at   entry of the newest decision, whatever it was
    refusal      how the newest decision reads when it is no approval: denied, returned
    refused_on   its date
    """

    applied_at: int = 0
    approved: LicenseApproved | None = None
    approved_at: int = 0
    decided_at: int = 0
    refusal: str = ""
    refused_on: date | None = None

    @property
    def in_hand(self) -> LicenseApproved | None:
        """The approval that counts: none before it, and none after another decision."""
        return None if self.refusal else self.approved


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a party stands on a date; None is what nobody recorded.

    parent   its ultimate parent: itself when nobody else is known to be
    entries  the entries this rests on
    """

    party: str
    location: str | None
    headquarters: str | None
    parent: str
    parent_headquarters: str | None
    entries: tuple[int, ...]

    @property
    def seats(self) -> tuple[str | None, str | None]:
        """Headquarters of the party and of its ultimate parent."""
        return self.headquarters, self.parent_headquarters


class Day:
    """The rules of one date, and their answers, each worked out once."""

    def __init__(self, rules: Rules, on: date) -> None:
        self.rules = rules
        self.on = on
        self.policy = "+".join(pack.id for pack in rules.packs)
        self.controls = cache(lambda eccn: rules.item_group(eccn) is not None)
        self.in_d5 = cache(partial(rules.in_d5, on=on))
        self.sovereign = cache(rules.sovereign)
        self.allocation = cache(partial(rules.allocation, on=on))
        self.cap = cache(partial(rules.cap, on=on))
        self.license_required = cache(partial(rules.license_required, on=on))
        self.exception_available = cache(partial(rules.exception_available, on=on))

    def controlled(self, lines: tuple[CommodityLine, ...]) -> tuple[CommodityLine, ...]:
        """The lines of a declaration that these rules control."""
        return tuple(line for line in lines if line.eccn is not None and self.controls(line.eccn))


class Reference:
    """What is known at some entry; with `rules`, as if those had always been in force.

    What it looked up is remembered for the states it was asked about, until an entry changes it.
    """

    reads = PARTY_EVENTS | {
        event.wire
        for event in (
            PolicyAdopted, PolicyWithdrawn, LicenseApplied, LicenseApproved, LicenseDenied,
            LicenseReturned,
        )
    }  # fmt: skip

    def __init__(self, rules: Rules | None = None) -> None:
        self._supposed = rules
        self._states: States | None = None
        self._days: dict[date, Day] = {}
        self._seats: dict[tuple[str, date], Seat] = {}

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry adds to the facts."""
        match entry.event:
            case PolicyAdopted() | PolicyWithdrawn() as event:
                kept = states.get("policies", PolicyTimeline) or PolicyTimeline()
                states.put("policies", after(kept, event))
                self._days.clear()
                if isinstance(event, PolicyAdopted):
                    known = states.get("adopted", dict[str, int]) or {}
                    states.put("adopted", {**known, event.policy: entry.number})
            case (
                LicenseApplied(license=license_)
                | LicenseApproved(license=license_)
                | LicenseDenied(license=license_)
                | LicenseReturned(license=license_)
            ):
                facts = states.get(f"L/{license_}", LicenseFacts) or LicenseFacts()
                states.put(f"L/{license_}", _decided(facts, entry))
            case (
                PartyRegistered(party=party)
                | PartyRenamed(party=party)
                | PartyRelocated(party=party)
                | PartyOwnershipChanged(party=party)
                | PartyListed(party=party)
                | PartyDelisted(party=party)
            ):
                self._seats.clear()
                states.put(f"P/{party}", _told(states.get(f"P/{party}", Party), entry))
            case _:
                return

    def day(self, states: States, on: date) -> Day:
        """The rules of a day, by the adoptions known so far."""
        self._about(states)
        found = self._days.get(on)
        if found is None:
            rules = self._supposed
            if rules is None:
                kept = states.get("policies", PolicyTimeline)
                rules = Rules() if kept is None else kept.rules_on(on)
            found = self._days[on] = Day(rules, on)
        return found

    def adopted_at(self, states: States, policy: str | None) -> tuple[int, ...]:
        """The entry that adopted a pack, to cite; none under rules that are only supposed."""
        if self._supposed is not None or policy is None:
            return ()
        number = (states.get("adopted", dict[str, int]) or {}).get(policy)
        return () if number is None else (number,)

    def license(self, states: States, license_: str) -> LicenseFacts | None:
        """What was decided on a license; None when no entry speaks of it."""
        return states.get(f"L/{license_}", LicenseFacts)

    def seat(self, states: States, party: str, on: date) -> Seat:
        """Location, headquarters and ultimate parent of a party on a date (`ledger.parties`)."""
        self._about(states)
        found = self._seats.get((party, on))
        if found is None:
            if len(self._seats) >= SEATS_MAX:
                self._seats.clear()
            found = self._seats[party, on] = _seat(states, party, on)
        return found

    def _about(self, states: States) -> None:
        """Forget what was looked up in other states."""
        if states is not self._states:
            self._states = states
            self._days.clear()
            self._seats.clear()


def _seat(states: States, party: str, on: date) -> Seat:
    asked: dict[str, Party | None] = {}

    def lookup(name: PartyId) -> PartyFacts | None:
        asked[name] = states.get(f"P/{name}", Party)
        found = asked[name]
        return None if found is None else found.facts

    seat = parties.seat(PartyId(party), on, lookup)
    said = [each for one in asked.values() if one is not None for each in one.said]
    cited = tuple(sorted(each.entry for each in said if each.since <= on))
    return Seat(
        party, seat.location, seat.headquarters, seat.parent, seat.parent_headquarters, cited
    )


def _decided(facts: LicenseFacts, entry: Entry) -> LicenseFacts:
    replace, number = msgspec.structs.replace, entry.number
    match entry.event:
        case LicenseApplied():
            return replace(facts, applied_at=number)
        case LicenseApproved() as approved:
            return LicenseFacts(facts.applied_at, approved, number, number)
        case LicenseDenied(decided_on=on):
            return replace(facts, decided_at=number, refusal="denied", refused_on=on)
        case LicenseReturned(returned_on=on):
            refusal = "returned without action"
            return replace(facts, decided_at=number, refusal=refusal, refused_on=on)
        case _:
            return facts


def _told(known: Party | None, entry: Entry) -> Party:
    event = entry.event
    facts = parties.evolve(None if known is None else known.facts, event) or PartyFacts()
    said = () if known is None else known.said
    if isinstance(event, SEATING):
        # A registration says what was so already, whenever it was made.
        since = date.min if isinstance(event, PartyRegistered) else event.on
        said = (*said, Said(entry.number, since))
    return Party(facts, said)
