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

    names, headquarters  by the date they applied from
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
        """Country of the headquarters on a date; the first known one before that."""
        return _on(self.headquarters, on) or next(iter(self.headquarters.values()), None)

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
                headquarters={since: event.headquarters, **facts.headquarters},
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

    A recorded share above one half goes before what the registration declared. Owners are
    followed until one has none; in a circle, the first met again ends the search.
    """
    seen = [party]
    while (facts := lookup(seen[-1])) is not None:
        owner = next(
            (
                owner
                for owner, days in sorted(facts.shares.items())
                if (_on(days, on) or 0) > CONTROLLING_BP
            ),
            facts.parent,
        )
        if owner is None or owner in seen:
            break
        seen.append(owner)
    return seen[-1]


def seat(party: PartyId, on: date, lookup: Lookup) -> Seat:
    """The three countries of a party on a date."""
    facts = lookup(party) or PartyFacts()
    parent = ultimate_parent(party, on, lookup)
    if parent == party:
        own = facts.headquarters_on(on)
        return Seat(facts.country, own, party, own)
    above = lookup(parent)
    declared = facts.parent_headquarters if parent == facts.parent else None
    parent_headquarters = declared if above is None else above.headquarters_on(on)
    return Seat(facts.country, facts.headquarters_on(on), parent, parent_headquarters)


def _on(days: dict[str, T], on: date) -> T | None:
    """What applied on a date: the value under the latest date not after it."""
    past = [day for day in days if day <= f"{on}"]
    return days[max(past)] if past else None
