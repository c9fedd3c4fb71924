"""The power a party declared for computing: what runs, and what is to run within a year.

<rule>/K/<party>   what was declared, by site
"""

from datetime import date, timedelta
from typing import Final

import msgspec

from ledger.events import Event, PartyCapacityDeclared, PartyCapacityPlanned
from ledger.fold import States
from projections.reference import Reference

CAPACITY: Final = frozenset({PartyCapacityDeclared.wire, PartyCapacityPlanned.wire})
"""Wire names of what declares capacity."""

HORIZON_DAYS: Final = 365
"""Chips come before the hall is finished: what is to run within a year counts."""


class Declared(msgspec.Struct, frozen=True, array_like=True):
    """One declaration about a site.

    ready_on  date from which it is to run; None for what runs already
    """

    entry: int
    on: date
    kilowatts: int
    ready_on: date | None = None


Sites = dict[str, list[Declared]]


def tell(states: States, rule: str, entry: int, event: Event) -> str | None:
    """Remember a declaration; whose it is."""
    match event:
        case PartyCapacityDeclared(party=party, site=site):
            declared = Declared(entry, event.on, event.it_kilowatts)
        case PartyCapacityPlanned(party=party, site=site):
            declared = Declared(entry, event.on, event.it_kilowatts, event.ready_on)
        case _:
            return None
    sites = states.get(f"{rule}/K/{party}", Sites) or {}
    states.put(f"{rule}/K/{party}", {**sites, site: [*sites.get(site, []), declared]})
    return party


def declared(
    states: States, rule: str, party: str, on: date, reference: Reference
) -> tuple[int, tuple[int, ...]] | None:
    """Kilowatts a party had declared by a date, and the entries; None when it declared nothing.

    Those of its ultimate parent count where it declared none itself: a company for each hall.
    """
    own = _of(states, rule, party, on)
    if own is not None:
        return own
    parent = reference.seat(states, party, on).parent
    return None if parent == party else _of(states, rule, parent, on)


def _of(states: States, rule: str, party: str, on: date) -> tuple[int, tuple[int, ...]] | None:
    total, cited = 0, []
    for said in (states.get(f"{rule}/K/{party}", Sites) or {}).values():
        known = [each for each in said if each.on <= on]
        runs = [each for each in known if each.ready_on is None]
        soon = on + timedelta(days=HORIZON_DAYS)
        counting = runs and [max(runs, key=lambda each: (each.on, each.entry))]
        counting += [each for each in known if each.ready_on is not None and each.ready_on <= soon]
        if counting:
            most = max(counting, key=lambda each: each.kilowatts)
            total += most.kilowatts
            cited.append(most.entry)
    return (total, tuple(cited)) if cited else None
