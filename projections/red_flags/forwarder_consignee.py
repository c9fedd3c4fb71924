"""Chips consigned to somebody who only carries goods."""

from typing import Final

from ledger.entry import Entry
from ledger.events import (
    PartyAddressDeclared,
    PartyBusinessDeclared,
    PartyRegistered,
    ShipmentDeliveryConfirmed,
)
from ledger.fold import States
from ledger.parties import PartyFacts
from projections.red_flags import _flows
from projections.red_flags._goods import Dealing
from projections.red_flags._judging import Judging, of_interest
from projections.red_flags._later import SEATING_READS
from projections.red_flags._red_flag import RedFlag
from projections.red_flags._seats import belongs_to_tier3
from projections.reference import Day, Party, Reference

CARRYING: Final = frozenset({"freight_forwarder", "carrier"})
"""Roles of those who carry goods for others."""


class ForwarderConsignee(Judging):
    """The ultimate consignee or end user of a shipment is a freight forwarder or a carrier; or a
    forwarder with an office in tier 3 is its exporter.

    A forwarder on the way, as intermediate consignee, is no sign. Nothing once somebody besides the
    parties confirmed, within days of the shipment, that one who is no forwarder received it.

    Source: Supplement No. 3 to 15 CFR part 732, red flag 9 (a freight forwarding firm is listed as
    the product's final destination).
    """

    name = "forwarder-consignee"
    source = "Supplement No. 3 to 15 CFR part 732, red flag 9"
    asks = SEATING_READS | {
        PartyAddressDeclared.wire, PartyBusinessDeclared.wire, ShipmentDeliveryConfirmed.wire,
    }  # fmt: skip

    def note(self, states: States, entry: Entry) -> None:
        """Keep who carries, where it has offices, and who was seen to receive a shipment."""
        match entry.event:
            case PartyRegistered(party=party, roles=roles) if CARRYING & set(roles):
                states.put(f"{self.name}/R/{party}", entry.number)
            case PartyBusinessDeclared(party=party, activities=activities, declared_on=on):
                only = entry.number if activities == ("logistics",) else 0
                said = states.get(f"{self.name}/L/{party}", dict[str, int]) or {}
                states.put(f"{self.name}/L/{party}", {**said, on.isoformat(): only})
            case PartyAddressDeclared(party=party, country=country, registered_agent=False):
                known = states.get(f"{self.name}/A/{party}", dict[str, int]) or {}
                states.put(f"{self.name}/A/{party}", {country: entry.number, **known})
            case ShipmentDeliveryConfirmed(shipment=shipment):
                known_numbers = states.get(f"{self.name}/D/{shipment}", list[int]) or []
                states.put(f"{self.name}/D/{shipment}", [*known_numbers, entry.number])
            case _:
                return

    def touched(self, states: States, entry: Entry, reference: Reference) -> list[int]:
        """A confirmation bears on its shipment."""
        if isinstance(entry.event, ShipmentDeliveryConfirmed):
            return _flows.telling(states, entry.event.shipment)
        return list(super().touched(states, entry, reference))

    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """Look at the last consignee, the end user and the exporter."""
        day = reference.day(states, deal.on)
        if deal.kind in ("sale", "order") or not of_interest(deal, day):
            return ()
        found: dict[str, str] = {}
        cited: list[int] = []
        for party, role in ((deal.consignee, "ultimate consignee"), (deal.end_user, "end user")):
            carries = 0 if party is None else self._carries(states, party)
            if party is not None and carries and party not in found:
                found[party] = f"its {role} {party} is a freight forwarder"
                cited.append(carries)
        sender = deal.exporter
        if sender is not None and sender not in found:
            carries = self._carries(states, sender)
            office, shown_by = self._office(states, sender, deal, day, reference)
            if carries and office:
                found[sender] = f"its exporter {sender} is a freight forwarder, and {office}"
                cited += [carries, *shown_by]
        if found and self._confirmed(states, deal, day):
            return ()
        return self.flagged(deal, day, "strong", found, cited)

    def _carries(self, states: States, party: str) -> int:
        """The entry that says a party only carries goods for others; 0 where none does."""
        facts = states.get(f"P/{party}", Party)
        roles = set((facts.facts if facts else PartyFacts()).roles)
        if roles & CARRYING and not roles & {"distributor", "data_center_operator"}:
            return states.get(f"{self.name}/R/{party}", int) or 0
        said = states.get(f"{self.name}/L/{party}", dict[str, int]) or {}
        return said[max(said)] if said else 0

    def _office(
        self, states: States, party: str, deal: Dealing, day: Day, reference: Reference
    ) -> tuple[str, tuple[int, ...]]:
        """Where a party is in tier 3, in words, and the entries that say so."""
        seat = reference.seat(states, party, deal.on)
        where = belongs_to_tier3(seat, day)
        if where:
            return where, seat.entries
        for country, number in (states.get(f"{self.name}/A/{party}", dict[str, int]) or {}).items():
            if day.in_tier3(country):
                return f"it has an office in {country}", (number,)
        return "", ()

    def _confirmed(self, states: States, deal: Dealing, day: Day) -> bool:
        """Whether a third party saw in time that somebody else than a forwarder received it."""
        if deal.shipment is None:
            return False
        days = day.pattern(self.name).parameters["confirmation_days"]
        for number in states.get(f"{self.name}/D/{deal.shipment}", list[int]) or []:
            event = states.recall(number).event
            if (
                isinstance(event, ShipmentDeliveryConfirmed)
                and event.source != "carrier"
                and 0 <= (event.confirmed_on - deal.on).days <= days
                and not self._carries(states, event.received_by)
            ):
                return True
        return False
