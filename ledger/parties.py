"""Who a party is on a date: where it sits, where it is headquartered, who ultimately owns it.

Location, headquarters and ultimate parent's headquarters each decide what a party may receive
(15 CFR 742.6, Supplement 5 to part 740). A party nobody registered has no known headquarters,
and then nothing is assumed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

import msgspec

from ledger.events import (
    Event,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
)
from ledger.terms import Country, PartyId

T = TypeVar("T")

CONTROLLING_BP: Final = 5_000
"""A share above this many basis points makes its owner the parent."""

PARTY_EVENTS: Final = frozenset(
    event.wire
    for event in (
        PartyRegistered, PartyRenamed, PartyRelocated, PartyOwnershipChanged, PartyListed,
        PartyDelisted,
    )
)  # fmt: skip
"""Wire names of the events `evolve` reads."""


class PartyFacts(msgspec.Struct, frozen=True):
    """What was recorded of one party, each change under its date (ISO).

    names, headquarters  by the date they applied from; a headquarters that was registered was
                         there from the first, until a move is recorded
    shares               hundredths of a percent by owner and date
    listed               true from the date it was put on a list, false from the date it left
    """

    names: dict[str, str] = {}
    country: Country | None = None
    headquarters: dict[str, Country] = {}
    parent: PartyId | None = None
    parent_headquarters: Country | None = None
    roles: tuple[str, ...] = ()
    shares: dict[PartyId, dict[str, int]] = {}
    listed: dict[str, dict[str, bool]] = {}

    def headquarters_on(self, on: date) -> Country | None:
        """Country of the headquarters on a date; not known before the first move of a party that
        nobody registered.
        """
        return _on(self.headquarters, on)

    def name_on(self, on: date) -> str | None:
        """The name on a date; the first known one before that."""
        return _on(self.names, on) or next(iter(self.names.values()), None)

    def lists_on(self, on: date) -> list[str]:
        """The restricted-party lists it is on."""
        return sorted(name for name, days in self.listed.items() if _on(days, on))


Lookup = Callable[[PartyId], PartyFacts | None]
"""How a party's facts are found; None when it was never registered."""


@dataclass(frozen=True, slots=True)
class Seat:
    """The three countries that decide; None where nobody recorded one."""

    location: Country | None
    headquarters: Country | None
    parent: PartyId
    parent_headquarters: Country | None


def evolve(facts: PartyFacts | None, event: Event) -> PartyFacts | None:
    """A party's facts after an event about it."""
    facts = facts or PartyFacts()
    change = msgspec.structs.replace
    match event:
        case PartyRegistered():
            since = (event.formed_on or date.min).isoformat()
            return change(
                facts,
                names={since: event.name, **facts.names},
                country=event.country,
                headquarters={**facts.headquarters, f"{date.min}": event.headquarters},
                parent=event.ultimate_parent,
                parent_headquarters=event.parent_headquarters,
                roles=event.roles,
            )
        case PartyRenamed(name=name, renamed_on=on):
            return change(facts, names={**facts.names, f"{on}": name})
        case PartyRelocated(headquarters=country, relocated_on=on):
            return change(facts, headquarters={**facts.headquarters, f"{on}": country})
        case PartyOwnershipChanged(owner=owner, share=share, changed_on=on):
            days = {**facts.shares.get(owner, {}), f"{on}": share}
            return change(facts, shares={**facts.shares, owner: days})
        case PartyListed(list=name, listed_on=on):
            days_listed = {**facts.listed.get(name, {}), f"{on}": True}
            return change(facts, listed={**facts.listed, name: days_listed})
        case PartyDelisted(list=name, delisted_on=on):
            days_listed = {**facts.listed.get(name, {}), f"{on}": False}
            return change(facts, listed={**facts.listed, name: days_listed})
        case _:
            return facts


def ultimate_parent(party: PartyId, on: date, lookup: Lookup) -> PartyId:
    """Who ultimately owns a party on a date; itself when nobody does.

    A recorded share above one half goes before what the registration declared, and a declared
    parent recorded to have left owns nothing. Owners are followed until one has none. In a
    circle nobody is the first: its members share the name that sorts first.
    """
    return _chain(party, on, lookup)[-1]


def seat(party: PartyId, on: date, lookup: Lookup) -> Seat:
    """The three countries of a party on a date.

    The parent's headquarters is what is recorded of the parent itself: of a parent above it that
    nobody named, else its own; else what the party below declared. In a circle it is not known.
    """
    facts = lookup(party) or PartyFacts()
    own = facts.headquarters_on(on)
    chain = _chain(party, on, lookup)
    parent = chain[-1]
    if parent in chain[:-1]:
        return Seat(facts.country, own, parent, None)
    above = lookup(parent) or PartyFacts()
    unnamed = above.parent_headquarters if owner(above, on) is None else None
    below = lookup(chain[-2]) if len(chain) > 1 else None
    declared = below.parent_headquarters if below and below.parent == parent else None
    known = unnamed or above.headquarters_on(on) or declared
    return Seat(facts.country, own, parent, known)


def _chain(party: PartyId, on: date, lookup: Lookup) -> list[PartyId]:
    """The party, its owner, its owner's owner; ended by a repetition when they go in a circle."""
    seen = [party]
    while (facts := lookup(seen[-1])) is not None:
        above = owner(facts, on)
        if above is None:
            break
        if above in seen:
            return [*seen, min(seen[seen.index(above) :])]
        seen.append(above)
    return seen


def owner(facts: PartyFacts, on: date) -> PartyId | None:
    """Who owns more than half on a date, or was declared the parent and has not left."""
    for name, days in sorted(facts.shares.items()):
        if (_on(days, on) or 0) > CONTROLLING_BP:
            return name
    left = facts.parent is not None and _on(facts.shares.get(facts.parent, {}), on) == 0
    return None if left else facts.parent


def _on(days: dict[str, T], on: date) -> T | None:
    """What applied on a date: the value under the latest date not after it."""
    past = [day for day in days if day <= f"{on}"]
    return days[max(past)] if past else None
