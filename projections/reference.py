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
from functools import lru_cache
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
from ledger.fold import States
from ledger.parties import PARTY_EVENTS, PartyFacts
from ledger.policy import PolicyTimeline, Rules, after
from ledger.terms import PartyId

SEATING: Final = (PartyRegistered, PartyRelocated, PartyOwnershipChanged)
"""Events that say where a party or its ultimate parent sits."""


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

    applied_at  entry of the application
    approved    the approval, unless a later decision took its place
    decided_at  entry of the newest decision, whatever it was
    refusal     how the newest decision reads when it is no approval: denied, returned
    refused_on  its date
    """

    applied_at: int = 0
    approved: LicenseApproved | None = None
    decided_at: int = 0
    refusal: str = ""
    refused_on: date | None = None


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


class Reference:
    """What is known at some entry; with `rules`, as if those had always been in force."""

    reads = PARTY_EVENTS | {
        event.wire
        for event in (
            PolicyAdopted, PolicyWithdrawn, LicenseApplied, LicenseApproved, LicenseDenied,
            LicenseReturned,
        )
    }  # fmt: skip

    def __init__(self, rules: Rules | None = None) -> None:
        self._supposed = rules

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry adds to the facts."""
        match entry.event:
            case PolicyAdopted() | PolicyWithdrawn() as event:
                kept = states.get("policies", PolicyTimeline) or PolicyTimeline()
                states.put("policies", after(kept, event))
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
                states.put(f"P/{party}", _told(states.get(f"P/{party}", Party), entry))
            case _:
                return

    def rules(self, states: States, on: date) -> Rules:
        """The rules of a day, by the adoptions known so far."""
        if self._supposed is not None:
            return self._supposed
        kept = states.get("policies", PolicyTimeline)
        return Rules() if kept is None else _rules_on(kept, on)

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
        asked: dict[str, Party | None] = {}

        def lookup(name: PartyId) -> PartyFacts | None:
            asked[name] = states.get(f"P/{name}", Party)
            found = asked[name]
            return None if found is None else found.facts

        seat = parties.seat(PartyId(party), on, lookup)
        said = [each for one in asked.values() if one is not None for each in one.said]
        cited = sorted(each.entry for each in said if each.since <= on)
        return Seat(
            party,
            seat.location,
            seat.headquarters,
            seat.parent,
            seat.parent_headquarters,
            tuple(cited),
        )


@lru_cache(maxsize=4_096)
def _rules_on(timeline: PolicyTimeline, on: date) -> Rules:
    return timeline.rules_on(on)


def _decided(facts: LicenseFacts, entry: Entry) -> LicenseFacts:
    number = entry.number
    match entry.event:
        case LicenseApplied():
            return msgspec.structs.replace(facts, applied_at=number)
        case LicenseApproved() as approved:
            return LicenseFacts(facts.applied_at, approved, number)
        case LicenseDenied(decided_on=on):
            return LicenseFacts(facts.applied_at, None, number, "denied", on)
        case LicenseReturned(returned_on=on):
            return LicenseFacts(facts.applied_at, None, number, "returned without action", on)
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
