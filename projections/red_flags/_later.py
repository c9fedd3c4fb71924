"""What a rule must look at again when more becomes known: an index it keeps for itself.

Movements are looked at again by `FlagsFold`. A payment, a tenant or an order is not: a rule that
judges those remembers here what each judgment rests on.

    <rule>/B/<tag>                   matters that rest on a shipment, an invoice, a corridor
    <rule>/B/party:<party>/<matter>  one that rests on a party, of which there may be very many
"""

from collections.abc import Iterable

from ledger.entry import Entry
from ledger.fold import States
from projections.reference import SEATING, Reference


def rests_on(states: States, rule: str, matter: str, what: Iterable[str]) -> None:
    """Remember what a matter rests on: tags, such as party:g42 or invoice:INV-1."""
    for each in what:
        key = f"{rule}/B/{each}"
        if each.startswith("party:"):
            states.put(f"{key}/{matter}", 1)
            continue
        known = states.get(key, list[str]) or []
        if matter not in known:
            states.put(key, [*known, matter])


def resting_on(states: States, rule: str, what: Iterable[str]) -> list[str]:
    """The matters that rest on any of some tags, sorted, once each."""
    found: set[str] = set()
    for each in what:
        key = f"{rule}/B/{each}"
        if each.startswith("party:"):
            found.update(at.removeprefix(f"{key}/") for at, _ in states.scan(f"{key}/", int))
        else:
            found.update(states.get(key, list[str]) or ())
    return sorted(found)


def seated(states: States, entry: Entry, reference: Reference) -> list[str]:
    """Tags of the parties whose seat an entry may have changed: that party and all below it."""
    if not isinstance(entry.event, SEATING):
        return []
    return [f"party:{each}" for each in reference.below(states, entry.event.party)]


SEATING_READS = frozenset(event.wire for event in SEATING)
"""Wire names of the events that `seated` looks at."""
