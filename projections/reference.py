"""Facts every rule looks up: the rules in force, licenses as decided, parties and who owns them.

Each fact is kept under a key of its own, with the entry that said it, and answered for a date:
a firm that moved its headquarters, or was bought, was something else before. A party that nobody
registered is unknown, never a firm of tier 2 by accident.

    policies      every adoption and withdrawal
    adopted       entry of the newest adoption of each pack
    P/<party>     a party
    L/<license>   a license
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

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
from ledger.policy import PolicyTimeline, Rules
from ledger.terms import BasisPoints

T = TypeVar("T")

MAJORITY_BP: Final[BasisPoints] = 5_000
"""An owner of more than half decides who the ultimate parent is."""

ALWAYS: Final = "0001-01-01"
"""Date of what was so from the beginning, as far as anybody said."""


class Moved(msgspec.Struct, frozen=True, array_like=True):
    """A headquarters, and the entry that says so."""

    country: str
    entry: int


class Share(msgspec.Struct, frozen=True, array_like=True):
    """A share in a party, and the entry that says so."""

    basis_points: int
    entry: int


class PartyFacts(msgspec.Struct, frozen=True):
    """What is recorded of one party.

    registered_at        entry of its registration; 0 when it never was registered
    country              where it is
    parent               declared ultimate parent, when it is not itself
    parent_headquarters  declared country of that parent's headquarters
    names                name from each date on
    headquarters         headquarters from each date on
    shares               by owner, the share from each date on
    lists                by restricted-party list, from each date on whether it stands there
    """

    registered_at: int = 0
    country: str | None = None
    parent: str | None = None
    parent_headquarters: str | None = None
    names: dict[str, str] = {}
    headquarters: dict[str, Moved] = {}
    shares: dict[str, dict[str, Share]] = {}
    lists: dict[str, dict[str, bool]] = {}

    def name(self, on: date) -> str:
        """Its name on a date; empty when nobody said."""
        return latest(self.names, on) or ""

    def listed(self, on: date) -> tuple[str, ...]:
        """The restricted-party lists it stands on that day."""
        return tuple(sorted(each for each, days in self.lists.items() if latest(days, on)))


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

    reads = frozenset(
        event.wire
        for event in (
            PolicyAdopted, PolicyWithdrawn, PartyRegistered, PartyRenamed, PartyRelocated,
            PartyOwnershipChanged, PartyListed, PartyDelisted, LicenseApplied, LicenseApproved,
            LicenseDenied, LicenseReturned,
        )
    )  # fmt: skip

    def __init__(self, rules: Rules | None = None) -> None:
        self._supposed = rules

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry adds to the facts."""
        match entry.event:
            case PolicyAdopted() | PolicyWithdrawn() as event:
                kept = states.get("policies", PolicyTimeline) or PolicyTimeline()
                states.put("policies", timeline_after(kept, event))
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
                known_party = states.get(f"P/{party}", PartyFacts) or PartyFacts()
                states.put(f"P/{party}", _told(known_party, entry))
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

    def party(self, states: States, party: str) -> PartyFacts | None:
        """What is recorded of a party; None when no entry describes it."""
        return states.get(f"P/{party}", PartyFacts)

    def seat(self, states: States, party: str, on: date) -> Seat:
        """Location, headquarters and ultimate parent of a party on a date.

        The declared ultimate parent counts unless somebody is recorded to own more than half:
        then that owner's own majority owner is looked for, and so on. A declared parent who is
        recorded to have left is none, and where ownership goes in a circle nobody is known to
        stand at its head: both leave the parent's headquarters unknown.
        """
        facts = self.party(states, party)
        if facts is None:
            return Seat(party, None, None, party, None, ())
        own = latest(facts.headquarters, on)
        entries = [facts.registered_at] if facts.registered_at else []
        entries += [own.entry] if own else []
        location, headquarters = facts.country, own.country if own else None
        passed, top, declared = [party], facts, None
        while True:
            owner, share = _owner(top, on)
            entries += [share.entry] if share else []
            if owner is None:
                break
            if owner in passed:
                circle = min(passed[passed.index(owner) :])
                return Seat(party, location, headquarters, circle, None, _once(entries))
            declared = top.parent_headquarters if owner == top.parent else None
            passed.append(owner)
            top = self.party(states, owner) or PartyFacts()
        above = latest(top.headquarters, on)
        entries += [above.entry] if above else []
        above_all = above.country if above else declared
        if share is not None:
            # Whoever was declared to own the topmost is recorded to have left.
            above_all = None
        elif top.parent_headquarters is not None:
            # An ultimate parent without a name, declared by its country alone.
            above_all = top.parent_headquarters
        return Seat(party, location, headquarters, passed[-1], above_all, _once(entries))


def timeline_after(
    timeline: PolicyTimeline, event: PolicyAdopted | PolicyWithdrawn
) -> PolicyTimeline:
    """The timeline after a pack was adopted or withdrawn."""
    match event:
        case PolicyAdopted(policy=policy, content=text, effective_on=on):
            return timeline.adopt(policy, text, on)
        case PolicyWithdrawn(policy=policy, withdrawn_on=on):
            return timeline.withdraw(policy, on)


def latest(dated: dict[str, T], on: date) -> T | None:
    """What holds on a date, of values that each hold from a date on."""
    if not dated:
        return None
    day = on.isoformat()
    days = [each for each in dated if each <= day]
    return dated[max(days)] if days else None


@lru_cache(maxsize=4_096)
def _rules_on(timeline: PolicyTimeline, on: date) -> Rules:
    return timeline.rules_on(on)


def _owner(facts: PartyFacts, on: date) -> tuple[str | None, Share | None]:
    """Who decides over a party and the share that shows it; a share alone: the parent left."""
    for owner in sorted(facts.shares):
        share = latest(facts.shares[owner], on)
        if share is not None and share.basis_points > MAJORITY_BP:
            return owner, share
    if facts.parent is None:
        return None, None
    share = latest(facts.shares.get(facts.parent, {}), on)
    if share is not None and share.basis_points == 0:
        return None, share
    return facts.parent, share


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


def _told(facts: PartyFacts, entry: Entry) -> PartyFacts:
    replace, number = msgspec.structs.replace, entry.number
    match entry.event:
        case PartyRegistered() as told:
            return replace(
                facts,
                registered_at=number,
                country=told.country,
                parent=told.ultimate_parent if told.ultimate_parent != told.party else None,
                parent_headquarters=told.parent_headquarters,
                names={**facts.names, ALWAYS: told.name},
                headquarters={**facts.headquarters, ALWAYS: Moved(told.headquarters, number)},
            )
        case PartyRenamed(name=name, renamed_on=on):
            return replace(facts, names={**facts.names, on.isoformat(): name})
        case PartyRelocated(headquarters=country, relocated_on=on):
            moved = {**facts.headquarters, on.isoformat(): Moved(country, number)}
            return replace(facts, headquarters=moved)
        case PartyOwnershipChanged(owner=owner, share=share, changed_on=on):
            held = {**facts.shares.get(owner, {}), on.isoformat(): Share(share, number)}
            return replace(facts, shares={**facts.shares, owner: held})
        case PartyListed(list=name, listed_on=on):
            return replace(facts, lists=_listing(facts, name, on, stands=True))
        case PartyDelisted(list=name, delisted_on=on):
            return replace(facts, lists=_listing(facts, name, on, stands=False))
        case _:
            return facts


def _listing(facts: PartyFacts, name: str, on: date, *, stands: bool) -> dict[str, dict[str, bool]]:
    return {**facts.lists, name: {**facts.lists.get(name, {}), on.isoformat(): stands}}


def _once(entries: list[int]) -> tuple[int, ...]:
    return tuple(sorted(set(entries)))
