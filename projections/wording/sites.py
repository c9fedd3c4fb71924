"""Words for where chips stand, and how many."""

from ledger.events import (
    Event,
    PartyCapacityPlanned,
    PartyInventoryDeclared,
    PartyInventoryTaken,
    PartySiteDeclared,
    PartyUnitsLost,
    PartyUnitsMoved,
)
from projections.wording._words import plain, stock, where


def say(event: Event) -> str:
    """An event about sites and stock."""
    match event:
        case PartySiteDeclared():
            deed = "closed" if event.closed else "declared"
            return (
                f"{event.party} {deed} site {event.site}: {event.name}, {plain(event.use)} in"
                f" {event.country}"
            )
        case PartyCapacityPlanned():
            return (
                f"{event.party} plans {event.it_kilowatts:,} kW for computing at {event.site} from"
                f" {event.ready_on}"
            )
        case PartyInventoryDeclared():
            site = where("at", event.site)
            basis = "received so far" if event.basis == "received_so_far" else "on hand"
            return f"{event.party} declared {stock(event.lines)} {basis}{site}"
        case PartyInventoryTaken():
            return (
                f"{event.taken_by} counted {stock(event.lines)} of {event.party} at {event.site}"
                f" ({plain(event.evidence)})"
            )
        case PartyUnitsMoved():
            announced = where("as announced on", event.announced_on)
            return (
                f"{event.party} moved {stock(event.lines)} from {event.from_site} to"
                f" {event.to_site}{announced}"
            )
        case PartyUnitsLost():
            site = where("at", event.site)
            return f"{event.party} lost {stock(event.lines)}{site}: {event.cause}"
        case _:
            return ""
