"""Goods went on to tier 3 from where they were declared to stay, or look as if they will."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.entry import Entry
from ledger.events import Event
from ledger.fold import States
from projections.red_flags import _flows
from projections.red_flags._following import Following
from projections.red_flags._goods import DEALINGS, UNCOVERED, Dealing, dealing, each_once, in_words
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding
from projections.reference import Day, Reference

SIGNS: Final = frozenset(
    (
        "ownership", "new-customer", "shared-address", "line-of-business", "forwarder-consignee",
        "third-party-payment",
    )
)  # fmt: skip
"""Rules whose flags, several on one party, make an onward leg likely."""


class OnwardToTier3(Following):
    """A leg to Country Group D:5 or Macau that nothing allows, soon after the goods came in.

    1. Strong: goods were seen to go on, or were reexported, to tier 3 with no authority; where
       it is not said what they relied on, or no license was claimed to be needed, only when they
       are controlled. The shipment they came in is cited: the one that is named, else what the
       sender got in the days before, in like goods, of which no more went on.
    2. Weak, before any leg is seen: controlled goods that no license or exception covers go to a
       consignee abroad who is not their declared end user, and several other signs speak against
       one and the same party to it.

    Where goods pass through is never a sign of its own. Windows in days, tolerance of quantity in
    basis points.

    Source: BIS, guidance on diversion of advanced computing items, 2025-05-13 (transshipment);
    15 CFR part 732, supplement no. 3, red flags.
    """

    name = "onward-to-tier3"
    source = "BIS guidance of 2025-05-13 on diversion; 15 CFR part 732, supplement no. 3"
    reads = DEALINGS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Judge a leg; and legs told before the shipment they belong to."""
        told = dealing(entry.number, entry.event)
        if told is not None and not told.stopped:
            yield from self.follow(states, entry.number, entry.event, reference)
            if self._may_go_on(told, reference.day(states, told.on)):
                states.put(f"{self.name}/H/{told.entry:012d}", told.entry)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What was voided may not go on either."""
        states.put(f"{self.name}/H/{number:012d}", None)
        yield from super().retract(states, number, event, reference)

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Shipments to a party others speak against, who is not to use the goods."""
        signs: dict[str, dict[str, RedFlag]] = {}
        stand = [
            flag
            for key, flag in states.scan("F/", RedFlag)
            if key.split("/")[2] in SIGNS and flag.on <= on
        ]
        # The first by its day, not the one that was told first.
        for flag in sorted(stand, key=lambda flag: (flag.on, flag.subject, flag.key)):
            for party in flag.parties:
                signs.setdefault(party, {}).setdefault(flag.rule, flag)
        if not signs:
            return
        for _, number in states.scan(f"{self.name}/H/", int):
            told = _flows.recalled(states, number)
            day = reference.day(states, told.on)
            least = day.pattern(self.name).parameters["signs_min"]
            against = [party for party in told.parties if len(signs.get(party, ())) >= least]
            if told.on <= on and against:
                yield self._likely(told, day, against[0], list(signs[against[0]].values()))

    def around(self, states: States, came: Dealing, reference: Reference) -> Iterator[Finding]:
        """Legs that may have gone on from a shipment, judged by what is known now."""
        within = reference.day(states, came.on).pattern(self.name).parameters["within_days"]
        for leg in _flows.went_on(states, came, within):
            yield from self.judge(states, leg, reference)

    def judge(self, states: States, leg: Dealing, reference: Reference) -> Iterator[Finding]:
        if leg.kind in ("sale", "order"):
            # What was sold or ordered has crossed no border yet.
            return
        day = reference.day(states, leg.on)
        place = next((each for each in leg.destinations if day.in_tier3(each)), None)
        if place is None or leg.kind == "transfer" or leg.authority not in UNCOVERED:
            return
        if leg.origins and all(_same(day, origin, place) for origin in leg.origins):
            return
        parameters = day.pattern(self.name).parameters
        came = _flows.came_in(
            states, leg, parameters["within_days"], parameters["quantity_tolerance_bp"]
        )
        abroad = [each for each in came if any(not day.in_tier3(to) for to in each.destinations)]
        if leg.kind == "export" and not abroad:
            return
        controlled = leg.controlled(day) or any(each.controlled(day) for each in came)
        if leg.authority != "none" and not controlled:
            yield Finding(str(leg.entry))
            return
        yield Finding(str(leg.entry), (self._leg(leg, place, abroad or came, day),))

    def _leg(self, leg: Dealing, place: str, came: list[Dealing], day: Day) -> RedFlag:
        relied = {
            "none": "and relied on nothing",
            "unknown": "and nobody says what that relied on",
            "NLR": "and were said to need no license (NLR)",
        }[leg.authority]
        since = ""
        if came:
            last = came[-1]
            declared = " or ".join(last.destinations) or "a place not said"
            since = (
                f"; they had come with {last.subject.replace(':', ' ')}, declared for {declared},"
                f" {(leg.on - last.on).days} days before"
            )
        sender = f" by {leg.exporter}" if leg.exporter else ""
        first = tuple(party for each in reversed(came) for party in each.parties)
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=leg.subject,
            key=leg.shipment or str(leg.entry),
            because=(
                f"{in_words(leg)} went on from {' or '.join(leg.origins) or 'abroad'} to {place}"
                f" on {leg.on}{sender} {relied}{since}"
            ),
            source=self.source,
            policy=day.policy,
            on=leg.on,
            evidence=entries(leg.entry, *(each.entry for each in came)),
            parties=each_once(*leg.senders, *leg.receivers, *first),
        )

    def _may_go_on(self, told: Dealing, day: Day) -> bool:
        """Whether controlled goods go abroad to somebody who is not to use them."""
        return (
            told.authority in UNCOVERED
            and told.kind == "export"
            and (told.consignee is None or told.consignee != told.end_user)
            and any(to not in told.origins and to != "US" for to in told.destinations)
            and not any(day.in_tier3(to) for to in told.destinations)
            and bool(told.controlled(day))
        )

    def _likely(self, told: Dealing, day: Day, party: str, signs: list[RedFlag]) -> RedFlag:
        to = told.consignee or "somebody not named"
        user = f"{told.end_user} is its end user" if told.end_user else "no end user is declared"
        return RedFlag(
            rule=self.name,
            severity="weak",
            subject=told.subject,
            key=told.shipment or str(told.entry),
            because=(
                f"{in_words(told)} went to {to} in {' or '.join(told.destinations)} on {told.on},"
                f" {user}, and {len(signs)} signs speak against {party}:"
                f" {', '.join(sorted(flag.rule for flag in signs))}"
            ),
            source=self.source,
            policy=day.policy,
            on=max(told.on, *(flag.on for flag in signs)),
            evidence=entries(told.entry, *(n for flag in signs for n in flag.evidence)),
            parties=each_once(party, *told.parties),
        )


def _same(day: Day, one: str, other: str) -> bool:
    """Whether two countries are one for the rules: a territory and its sovereign."""
    return day.sovereign(one) == day.sovereign(other)
