"""Goods that others have than those they were declared for, or for somebody who is not there."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.entry import Entry
from ledger.events import (
    CheckPartyNotFound,
    CheckPerformed,
    CheckRequested,
    Event,
    PartyTeardownObserved,
    ShipmentDelivered,
    ShipmentDeliveryConfirmed,
)
from ledger.fold import States
from projections import clusters
from projections.clusters import Clusters, once_tied
from projections.red_flags import _flows
from projections.red_flags._goods import DEALINGS, Dealing, dealing, each_once
from projections.red_flags._judging import Judging, matter_of, of_interest, words
from projections.red_flags._later import resting_on, rests_on
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding
from projections.reference import Reference

WITHOUT_LICENSE: Final = ("NLR", "none", "unknown")
"""What goods go on under that nobody licensed to go on."""


class EndUserMismatch(Judging):
    """Somebody else turns out to have goods than whoever they were declared for.

    1. Who received a shipment, or was checked about it, is none of its consignees, its purchaser,
       its end user or their clusters.
    2. It went on without a license to somebody else than these, or to another country; not where
       the end user it was declared for gets it at home from whoever it was first consigned to,
       such as an assembler.
    3. At a check nobody of that name was where the party said it is, and none since found it.
    4. A maker's part was found in the product of a party it never sold to.

    Source: 15 CFR 758.3 and 748.5 (parties to a transaction are to be truly named); Supplement
    No. 3 to 15 CFR part 732, red flag 21 (the ultimate user is uncertain).
    """

    name = "end-user-mismatch"
    source = "15 CFR 748.5, parties to a transaction"
    asks = frozenset(
        event.wire
        for event in (
            ShipmentDelivered, ShipmentDeliveryConfirmed, CheckRequested, CheckPerformed,
            CheckPartyNotFound, PartyTeardownObserved,
        )
    ) | clusters.READS  # fmt: skip

    def note(self, states: States, entry: Entry) -> None:
        """Keep who was seen to have a shipment, and who was checked about it."""
        match entry.event:
            case (
                ShipmentDelivered(shipment=shipment)
                | ShipmentDeliveryConfirmed(shipment=shipment)
                | CheckRequested(shipment=shipment)
            ) if shipment is not None:
                known = states.get(f"{self.name}/S/{shipment}", list[int]) or []
                states.put(f"{self.name}/S/{shipment}", [*known, entry.number])
            case _:
                return

    def touched(self, states: States, entry: Entry, reference: Reference) -> list[int]:
        """What was seen of a shipment bears on what was declared of it; so does who belongs with
        whom, where somebody else was seen to have it.
        """
        if entry.event.wire in clusters.READS:
            about = once_tied(states, getattr(entry.event, "party", ""), reference)
            tags = [f"party:{party}" for party in about]
            return [int(matter) for matter in resting_on(states, self.name, tags)]
        match entry.event:
            case (
                ShipmentDelivered(shipment=shipment)
                | ShipmentDeliveryConfirmed(shipment=shipment)
                | CheckRequested(shipment=shipment)
            ) if shipment is not None:
                return _flows.telling(states, shipment)
            case _:
                return []

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Judge dealings; where goods went on, also the one in which they came."""
        yield from super().evolve(states, entry, reference)
        match entry.event:
            case CheckPartyNotFound() | CheckPerformed() as event:
                yield from self._checked(states, entry, event, reference)
            case PartyTeardownObserved(maker=maker) if maker is not None:
                key = f"{self.name}/T/{maker}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                key = f"{self.name}/O/{entry.event.party}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                yield self._taken_apart(states, entry.number, reference)
            case event if event.wire in DEALINGS:
                yield from self._beside(states, entry.number, event, reference)
            case event if event.wire in clusters.READS:
                for party in once_tied(states, getattr(event, "party", ""), reference):
                    for teardown in states.get(f"{self.name}/O/{party}", list[int]) or []:
                        yield self._taken_apart(states, teardown, reference)
            case _:
                return

    def again(self, states: States, number: int, reference: Reference) -> Finding:
        """What is found on a dealing by what is known now; nothing on one that was voided."""
        deal = dealing(number, states.recall(number).event)
        if deal is None or number not in _flows.telling(states, deal.shipment or ""):
            return Finding(str(number))
        return Finding(str(number), self.judge(states, deal, reference))

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What never went on, and was never sold, is no longer held against the others."""
        yield from super().retract(states, number, event, reference)
        yield from self._beside(states, number, event, reference)

    def _beside(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What a dealing says of others: of the one its goods came in, of its maker's parts."""
        leg = dealing(number, event)
        if leg is None:
            return
        if leg.of is not None:
            for came in _flows.telling(states, leg.of):
                yield self.again(states, came, reference)
        for maker in leg.senders:
            for teardown in states.get(f"{self.name}/T/{maker}", list[int]) or []:
                yield self._taken_apart(states, teardown, reference)

    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """Compare who was declared with who was seen."""
        day = reference.day(states, deal.on)
        named = (*deal.receivers, *((deal.forwarder,) if deal.forwarder else ()))
        if deal.shipment is None or not deal.receivers or not of_interest(deal, day):
            return ()
        found: dict[str, str] = {}
        cited: list[int] = []
        others: list[str] = []
        for number in _by_day(states, states.get(f"{self.name}/S/{deal.shipment}", list[int])):
            event = states.recall(number).event
            match event:
                case (
                    ShipmentDelivered(received_by=who) | ShipmentDeliveryConfirmed(received_by=who)
                ):
                    said = f"{who} received it"
                case CheckRequested(party=who):
                    said = f"{who} was checked about it"
                case _:
                    continue
            self._ask(states, deal, who, named)
            if not self._one_of(states, who, (*named, *deal.senders), event.on, reference):
                found.setdefault(who, said)
                cited.append(number)
                others.append(who)
        for number in _by_day(states, _flows.onward(states, deal.shipment)):
            leg = dealing(number, states.recall(number).event)
            if leg is None or leg.authority not in WITHOUT_LICENSE:
                continue
            to, where = leg.consignee, ", ".join(leg.destinations)
            for each in each_once(to, leg.end_user):
                self._ask(states, deal, each, named)
            if to is not None and not self._one_of(states, to, named, leg.on, reference):
                found.setdefault(to, f"it went on to {to} in {where} on {leg.on}")
                others.append(to)
            elif not set(leg.destinations) & set(deal.destinations) and not self._home(
                states, deal, leg, reference
            ):
                found.setdefault(where, f"it went on to {where} on {leg.on}")
            else:
                continue
            cited.append(number)
        if not found:
            return ()
        declared = f"declared for {', '.join(deal.receivers)}"
        if deal.destinations:
            declared += f" in {', '.join(deal.destinations)}"
        flag = RedFlag(
            rule=self.name,
            severity="strong",
            subject=deal.subject,
            key=matter_of(deal),
            because=f"{words(deal)} was {declared}: " + "; ".join(found.values()),
            source=self.source,
            policy=day.policy,
            on=max(states.recall(number).event.on for number in (deal.entry, *cited)),
            evidence=entries(deal.entry, *cited),
            parties=tuple(dict.fromkeys((*deal.receivers, *others, *deal.senders))),
        )
        return (flag,)

    def _home(self, states: States, deal: Dealing, leg: Dealing, reference: Reference) -> bool:
        """Whether goods that others held on their way come to the declared end user, where it is.

        Where nobody recorded where it is, any country may be home.
        """
        whose = deal.end_user
        if whose is None or whose in (deal.consignee, leg.exporter) or leg.consignee is None:
            return False
        if any(
            who is not None and not self._one_of(states, who, (whose,), leg.on, reference)
            for who in (leg.consignee, leg.end_user)
        ):
            return False
        location = reference.seat(states, leg.consignee, leg.on).location
        return location is None or location in leg.destinations

    def _checked(
        self,
        states: States,
        entry: Entry,
        event: CheckPartyNotFound | CheckPerformed,
        reference: Reference,
    ) -> Iterator[Finding]:
        """A party that was not there, until a check on a later day finds it."""
        key = f"{self.name}/N/{event.party}"
        numbers = [*(states.get(key, list[int]) or []), entry.number]
        states.put(key, numbers)
        told = [(number, states.recall(number).event) for number in numbers]
        seen = [each.on for _, each in told if isinstance(each, CheckPerformed)]
        flags = tuple(
            self._absent(states, number, absent, reference)
            for number, absent in told
            if isinstance(absent, CheckPartyNotFound) and not any(on > absent.on for on in seen)
        )
        yield Finding(f"party/{event.party}", flags)

    def _absent(
        self, states: States, number: int, absent: CheckPartyNotFound, reference: Reference
    ) -> RedFlag:
        where = f" at {absent.address}" if absent.address else ""
        instead = f"; there was {absent.found}" if absent.found else ""
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=absent.subject,
            key=f"{absent.check}/{absent.party}",
            because=(
                f"{absent.party} was not found{where} on {absent.on} (check {absent.check})"
                f"{instead}"
            ),
            source=self.source,
            policy=reference.day(states, absent.on).policy,
            on=absent.on,
            evidence=entries(number),
            parties=(absent.party,),
        )

    def _taken_apart(self, states: States, number: int, reference: Reference) -> Finding:
        """A part in the product of a party to whom its maker never sold."""
        matter = f"teardown/{number}"
        found = states.recall(number).event
        if (
            not isinstance(found, PartyTeardownObserved)
            or found.maker is None
            or found.maker == found.party
        ):
            return Finding(matter)
        members = Clusters(reference).of(states, found.party, found.on).members
        if any(_flows.first(states, found.maker, each) is not None for each in members):
            return Finding(matter)
        flag = RedFlag(
            rule=self.name,
            severity="strong",
            subject=found.subject,
            key=matter,
            because=(
                f"{found.component} of {found.maker} was in {found.product} of {found.party} on"
                f" {found.on}, as {found.finder} reported, and no entry tells of a sale to it"
            ),
            source=self.source,
            policy=reference.day(states, found.on).policy,
            on=found.on,
            evidence=entries(number),
            parties=(found.party, found.maker),
        )
        return Finding(matter, (flag,))

    def _ask(self, states: States, deal: Dealing, who: str, named: tuple[str, ...]) -> None:
        """Judge a dealing again when it is told who else belongs with whoever had it."""
        if who not in named or who == deal.end_user:
            rests_on(states, self.name, str(deal.entry), (f"party:{who}",))

    def _one_of(
        self, states: States, who: str, named: tuple[str, ...], on: date, reference: Reference
    ) -> bool:
        """Whether a party is one of those named, or in the cluster of one."""
        if who in named:
            return True
        return bool(set(Clusters(reference).of(states, who, on).members) & set(named))


def _by_day(states: States, numbers: list[int] | None) -> list[int]:
    """Entries by the days they tell of."""
    return sorted(numbers or (), key=lambda number: (states.recall(number).event.on, number))
