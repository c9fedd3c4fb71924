"""Goods went on, changed hands or arrived where nothing allowed them to be."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    PartyListed,
    PartySiteDeclared,
    ShipmentDelivered,
    ShipmentDeliveryConfirmed,
    ShipmentLegCompleted,
    ShipmentReferenced,
)
from ledger.fold import States
from projections.red_flags import _flows
from projections.red_flags._following import Following
from projections.red_flags._goods import DEALINGS, Dealing, each_once, in_words
from projections.red_flags._later import resting_on, rests_on
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding
from projections.reference import Day, Reference

ONWARD: Final = frozenset(("onward", "reexport", "transfer"))


class Arrived(msgspec.Struct, frozen=True, array_like=True):
    """Where a shipment was, and with whom, on a day.

    leg  number of the leg that ended there, 0 for a delivery
    """

    entry: int
    on: date
    country: str
    holder: str | None
    leg: int


class UnauthorizedReexport(Following):
    """Goods went on with nothing that covers it, or are in a country where they should not be.

    1. Goods were seen to go on from one foreign country to another, and relied on nothing. Hard
       when they are controlled, went to tier 3 or to a listed party, or had come under a license;
       strong when nobody said what they are. What others saw go on, and nobody declared, counts too
       where nobody knows what it relied on, in one of the hard cases but that of controlled goods:
       strong.
    2. A reexport or a transfer (in-country) that relied on nothing, in one of the hard cases.
       What names a license or an exception is compared with it by `without-authority`.
    3. Controlled goods arrived in a country that is not on their declared route, were not gone
       again after the days a transit takes, and no reexport of them is recorded.

    Quiet: what carries the reference of a return, a lease or a test; what goes on to where it was
    declared for from the first; what a party moves to a site it declared.

    Source: 15 CFR 734.14, 734.16, 736.2(b)(1) and 750.7(c).
    """

    name = "unauthorized-reexport"
    source = "15 CFR 734.14, 734.16 and 736.2(b)(1)"
    reads = DEALINGS | {
        event.wire
        for event in (
            ShipmentReferenced, ShipmentLegCompleted, ShipmentDelivered, ShipmentDeliveryConfirmed,
            PartySiteDeclared, PartyListed,
        )
    }  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Judge what moved, and again when something is told that explains it."""
        number = entry.number
        match entry.event:
            case ShipmentReferenced(shipment=shipment):
                states.put(f"{self.name}/R/{shipment}", number)
                legs = (*_flows.telling(states, shipment), *_flows.onward(states, shipment))
                for each in legs:
                    yield from self.judge(states, _flows.recalled(states, each), reference)
            case PartySiteDeclared(party=party, country=country, closed=False):
                states.put(f"{self.name}/V/{party}/{country}", number)
                yield from self._again(states, f"site:{party}/{country}", reference)
            case PartyListed(party=party):
                yield from self._again(states, f"party:{party}", reference)
            case ShipmentLegCompleted() as ended:
                where = Arrived(number, ended.on, ended.arrived_in, ended.holder, ended.leg)
                self._arrive(states, ended.shipment, where)
            case ShipmentDelivered() | ShipmentDeliveryConfirmed() as ended:
                where = Arrived(number, ended.on, ended.country, ended.received_by, 0)
                self._arrive(states, ended.shipment, where)
            case event:
                yield from self.follow(states, number, event, reference)

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Shipments that arrived off their route and did not go on in time."""
        for key, arrivals in states.scan(f"{self.name}/A/", list[Arrived]):
            shipment = key.rpartition("/")[2]
            told = [_flows.recalled(states, each) for each in _flows.telling(states, shipment)]
            came = next((each for each in told if each.kind != "onward"), None)
            if came is None or came.on > on:
                continue
            day = reference.day(states, came.on)
            hours = day.pattern(self.name).parameters["transit_hours"]
            transit = timedelta(days=-(-hours // 24))
            known = sorted((each for each in arrivals if each.on <= on), key=_in_order)
            astray = self._astray(states, came, known, transit, on)
            if astray is not None and came.controlled(day):
                yield self._elsewhere(came, astray, day, transit)

    def _arrive(self, states: States, shipment: str, where: Arrived) -> None:
        """Note where a shipment is, unless that is on its declared route."""
        told = [_flows.recalled(states, each) for each in _flows.telling(states, shipment)]
        key = f"{self.name}/A/{shipment}"
        known = states.get(key, list[Arrived]) or []
        if known or not told or any(_astray(each, where) for each in told):
            states.put(key, [*known, where])

    def _astray(
        self, states: States, came: Dealing, known: list[Arrived], transit: timedelta, on: date
    ) -> Arrived | None:
        """The first arrival off the route from which a shipment did not go on in time."""
        went = [
            _flows.recalled(states, each) for each in _flows.onward(states, came.shipment or "")
        ]
        covered = {to for leg in went if leg.authority != "none" for to in leg.destinations}
        # Nothing comes after the last; of no arrival there is nothing.
        for place, after in zip(known, [*known[1:], None], strict=False):
            left_on = on if after is None else after.on
            # Who received it at the end of a journey keeps it; a leg may be followed by another.
            stays = left_on - place.on > transit or (place.leg == 0 and after is None)
            if _astray(came, place) and place.country not in covered and stays:
                return place
        return None

    def _elsewhere(self, came: Dealing, place: Arrived, day: Day, transit: timedelta) -> RedFlag:
        holder = f" with {place.holder}" if place.holder else ""
        stayed = "" if place.leg == 0 else f" and was not gone again after {transit.days} days"
        return RedFlag(
            rule=self.name,
            severity="hard",
            subject=came.subject,
            key=came.shipment or str(came.entry),
            because=(
                f"{in_words(came)} declared for {' or '.join(came.destinations)} arrived in"
                f" {place.country}{holder} on {place.on}{stayed}; no reexport is recorded"
            ),
            source=self.source,
            policy=day.policy,
            on=place.on if place.leg == 0 else place.on + transit + timedelta(days=1),
            evidence=entries(came.entry, place.entry),
            parties=each_once(place.holder, *came.parties),
        )

    def _again(self, states: States, what: str, reference: Reference) -> Iterator[Finding]:
        for matter in resting_on(states, self.name, [what]):
            leg = _flows.recalled(states, int(matter))
            if leg.shipment and leg.entry in _flows.telling(states, leg.shipment):
                yield from self.judge(states, leg, reference)

    def around(self, states: States, came: Dealing, reference: Reference) -> Iterator[Finding]:
        """Legs that may have gone on from a shipment, judged by what is known now."""
        days = reference.day(states, came.on).pattern(self.name).parameters["within_days"]
        for leg in _flows.went_on(states, came, days):
            yield from self.judge(states, leg, reference)

    def judge(self, states: States, leg: Dealing, reference: Reference) -> Iterator[Finding]:
        unknown = leg.kind == "onward" and leg.authority == "unknown"
        if leg.kind not in ONWARD or leg.stopped or not (unknown or leg.authority == "none"):
            return
        day = reference.day(states, leg.on)
        days = day.pattern(self.name).parameters["within_days"]
        came = _flows.came_in(states, leg, days)
        receiver = (leg.consignee or leg.end_user) or leg.exporter
        rests_on(
            states, self.name, str(leg.entry),
            [
                *(f"party:{party}" for party in leg.receivers),
                *(f"site:{receiver}/{to}" for to in leg.destinations),
            ],
        )  # fmt: skip
        if self._explained(states, leg, came, receiver):
            yield Finding(str(leg.entry))
            return
        why, cited = self._why(states, leg, came, day, reference)
        if why or (leg.kind == "onward" and not unknown):
            yield Finding(str(leg.entry), (self._flag(leg, came, day, why, cited),))
        else:
            yield Finding(str(leg.entry))

    def _explained(
        self, states: States, leg: Dealing, came: list[Dealing], receiver: str | None
    ) -> bool:
        """Whether a reference, an own site or the first declaration explains a leg."""
        for shipment in (leg.shipment, leg.of):
            if shipment and states.get(f"{self.name}/R/{shipment}", int):
                return True
        if leg.of is not None and leg.destinations:
            declared = {to for each in came for to in each.destinations}
            if declared.issuperset(leg.destinations) and leg.kind == "onward":
                return True
        if leg.exporter is None or receiver != leg.exporter or not leg.destinations:
            return False
        keys = [f"{self.name}/V/{receiver}/{to}" for to in leg.destinations]
        return all(states.get(key, int) for key in keys)

    def _why(
        self, states: States, leg: Dealing, came: list[Dealing], day: Day, reference: Reference
    ) -> tuple[list[str], list[int]]:
        """What makes a leg that relied on nothing unlawful, and the entries that show it."""
        why, cited = [], []
        controlled = leg.controlled(day) or (
            not leg.lines and any(each.controlled(day) for each in came)
        )
        # Who knows nothing of an authority cannot say that controlled goods went without one.
        if controlled and leg.authority == "none":
            why.append("the goods are controlled")
        from_there = {day.sovereign(each) for each in leg.origins}
        for place in leg.destinations:
            if day.in_tier3(place) and from_there != {day.sovereign(place)}:
                why.append(f"{place} is in D:5 or Macau")
        for party in leg.receivers:
            for name in reference.listed(states, party, leg.on):
                why.append(f"{party} is on {name}")
        for each in came:
            if each.license is not None:
                why.append(f"they had come under license {each.license}")
                cited.append(each.entry)
                break
        return why, cited

    def _flag(
        self, leg: Dealing, came: list[Dealing], day: Day, why: list[str], cited: list[int]
    ) -> RedFlag:
        unknown = leg.authority == "unknown"
        severity: Severity = "hard" if why and not unknown else "strong"
        verb = "changed hands" if leg.kind == "transfer" else "went on"
        places = " or ".join(leg.origins) or "abroad"
        to = " or ".join(leg.destinations) or "a place not said"
        way = f"in {to}" if leg.kind == "transfer" else f"from {places} to {to}"
        receiver = f" to {leg.receivers[0]}" if leg.receivers else ""
        sender = f" by {leg.exporter}" if leg.exporter else ""
        unsaid = "no rule in force controls them" if leg.lines else "nobody says what they are"
        reasons = "; ".join(why) or unsaid
        on_what = "nobody says what that relied on" if unknown else "relied on nothing"
        first = [each for each in came if each.shipment is not None and each.shipment == leg.of]
        known = first or came[-1:]
        return RedFlag(
            rule=self.name,
            severity=severity,
            subject=leg.subject,
            key=leg.shipment or str(leg.entry),
            because=(
                f"{in_words(leg)} {verb} {way}{sender}{receiver} on {leg.on} and {on_what}:"
                f" {reasons}"
            ),
            source=self.source,
            policy=day.policy,
            on=leg.on,
            evidence=entries(leg.entry, *cited, *(each.entry for each in known)),
            parties=each_once(
                *leg.senders, *leg.receivers, *(party for each in known for party in each.parties)
            ),
        )


def _astray(came: Dealing, place: Arrived) -> bool:
    """Whether an arrival is in a country a declaration does not speak of."""
    spoken_of = {*came.origins, *came.route, *came.destinations}
    return bool(came.destinations) and place.country not in spoken_of


def _in_order(place: Arrived) -> tuple[date, bool, int]:
    return place.on, place.leg == 0, place.entry
