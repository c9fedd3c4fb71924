"""An affiliate abroad ships to a listed party what its group once shipped there itself."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

import msgspec

from ledger.entry import Entry
from ledger.events import (
    PartyDelisted,
    PartyInformed,
    PartyListed,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
)
from ledger.events.goods import CountedIn
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags import _flows
from projections.red_flags._following import Following, seated
from projections.red_flags._goods import (
    MOVED,
    UNCOVERED,
    Dealing,
    alike,
    each_once,
    in_words,
)
from projections.red_flags._later import SEATING_READS
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding
from projections.reference import Reference


class Barring(msgspec.Struct, frozen=True, array_like=True):
    """A listing of a party, or a letter to an exporter about it.

    exporter  who got the letter; None for a listing, which is for everybody
    list      name of the list; empty for a letter
    """

    entry: int
    on: date
    what: str
    exporter: str | None
    list: str


class AffiliateChannel(Following):
    """After a party was listed, or an exporter warned of it, an affiliate of the exporter in
    another country gets goods from it, ships like goods to that party and so replaces the direct
    flow: dual build.

    Affiliates have one ultimate parent on the day. Only goods for the listed party count, for a
    plant that serves many customers is none of this; what a license or exception covers does not.
    The share is of what the group itself shipped to that party in as many days before, where both
    are counted in the same; where no direct flow is known, anything replaces it. Window in days,
    share in basis points.

    Source: 15 CFR 744.11, 744.16 and 736.2(b)(5), (10); BIS settlement with Applied
    Materials, 2026: implanters part-built in the United States went on through an affiliate.
    """

    name = "affiliate-channel"
    source = "15 CFR 744.11 and 736.2(b)(5), (10)"
    reads = (
        MOVED
        | SEATING_READS
        | {event.wire for event in (PartyListed, PartyDelisted, PartyInformed)}
    )

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Remember who is barred; judge what goes to them, whatever is told first."""
        match entry.event:
            case PartyListed(party=party, list=name, listed_on=on):
                what = f"{party} was put on {name} on {on}"
                yield from self._bar(
                    states, party, Barring(entry.number, on, what, None, name), reference
                )
            case PartyInformed(party=exporter, concerning=party, informed_on=on) if party:
                what = f"{exporter} was warned of {party} on {on}"
                letter = Barring(entry.number, on, what, exporter, "")
                key = f"{self.name}/W/{exporter}"
                states.put(key, [*(states.get(key, list[str]) or []), party])
                yield from self._bar(states, party, letter, reference)
            case PartyDelisted(party=party, delisted_on=on):
                yield from self._since(states, party, on, reference)
            case PartyRegistered() | PartyRelocated() | PartyOwnershipChanged() as event:
                yield from self._seated(states, event.party, reference)
            case event:
                yield from self.follow(states, entry.number, event, reference)

    def _seated(self, states: States, whose: str, reference: Reference) -> Iterator[Finding]:
        """Judge again what rests on who belongs with whom."""
        for exporter, dealings in seated(states, whose, reference):
            for party in states.get(f"{self.name}/W/{exporter}", list[str]) or []:
                for barring in states.get(f"{self.name}/L/{party}", list[Barring]) or []:
                    if barring.exporter == exporter:
                        yield from self._since(states, party, barring.on, reference)
            for told in dealings:
                if told.exporter == exporter:
                    yield from self.judge(states, told, reference)
                    yield from self.around(states, told, reference)

    def _bar(
        self, states: States, party: str, barring: Barring, reference: Reference
    ) -> Iterator[Finding]:
        key = f"{self.name}/L/{party}"
        states.put(key, [*(states.get(key, list[Barring]) or []), barring])
        yield from self._since(states, party, barring.on, reference)

    def _since(
        self, states: States, party: str, on: date, reference: Reference
    ) -> Iterator[Finding]:
        until = on + timedelta(days=self._within(states, on, reference))
        for seen in _flows.received(states, party, on, until):
            yield from self.judge(states, _flows.recalled(states, seen.entry), reference)

    def around(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        """Judge again what may rest on a shipment: what its receivers sent on, what it compares."""
        within = self._within(states, told.on, reference)
        for leg in _flows.went_on(states, told, within):
            yield from self.judge(states, leg, reference)
        for party in told.receivers:
            if states.get(f"{self.name}/L/{party}", list[Barring]):
                until = told.on + timedelta(days=2 * within)
                for seen in _flows.received(states, party, told.on, until):
                    if seen.entry != told.entry:
                        again = _flows.recalled(states, seen.entry)
                        yield from self.judge(states, again, reference)

    def _within(self, states: States, on: date, reference: Reference) -> int:
        return reference.day(states, on).pattern(self.name).parameters["within_days"]

    def judge(self, states: States, leg: Dealing, reference: Reference) -> Iterator[Finding]:
        sender = leg.exporter
        listed = [
            (party, barring)
            for party in (leg.consignee, leg.end_user)
            if party is not None
            for barring in states.get(f"{self.name}/L/{party}", list[Barring]) or []
        ]
        if not listed or sender is None or leg.authority not in UNCOVERED:
            return
        day = reference.day(states, leg.on)
        parameters = day.pattern(self.name).parameters
        within = timedelta(days=parameters["within_days"])
        group = reference.seat(states, sender, leg.on).parent
        came = [
            each
            for each in _flows.came_in(states, leg, parameters["within_days"])
            if each.exporter not in (None, sender)
            and reference.seat(states, each.exporter or "", leg.on).parent == group
            and set(each.destinations).isdisjoint(leg.destinations)
        ]
        flags: tuple[RedFlag, ...] = ()
        for party, barring in listed:
            if not came or not barring.on <= leg.on <= barring.on + within:
                continue
            if not self._binds(states, barring, party, leg, group, reference):
                continue
            direct = self._shipped(states, leg, party, barring.on - within, barring.on, reference)
            own = self._shipped(states, leg, party, barring.on, leg.on, reference)
            before = [each for each in direct if each.on < barring.on and each.exporter != sender]
            now = [each for each in own if each.exporter == sender and each.entry != leg.entry]
            if _replaces(_sum([*now, leg]), _sum(before), parameters["share_min_bp"]):
                flags = (self._flag(leg, came, party, barring, before, day.policy),)
                break
        yield Finding(str(leg.entry), flags)

    def _binds(
        self, states: States, barring: Barring, party: str, leg: Dealing, group: str,
        reference: Reference,
    ) -> bool:  # fmt: skip
        """Whether a listing still stands on the day, or a letter went to the group."""
        if barring.exporter is None:
            return barring.list in reference.listed(states, party, leg.on)
        return reference.seat(states, barring.exporter, leg.on).parent == group

    def _shipped(
        self, states: States, leg: Dealing, party: str, since: date, until: date,
        reference: Reference,
    ) -> list[Dealing]:  # fmt: skip
        """What the sender's group shipped to a party in like goods, the sender itself included."""
        group = reference.seat(states, leg.exporter or "", leg.on).parent
        got = [
            _flows.recalled(states, seen.entry)
            for seen in _flows.received(states, party, since, until)
        ]
        return [
            each
            for each in got
            if each.exporter is not None
            and reference.seat(states, each.exporter, leg.on).parent == group
            and alike(each, leg)
        ]

    def _flag(
        self, leg: Dealing, came: list[Dealing], party: str, barring: Barring,
        before: list[Dealing], policy: str,
    ) -> RedFlag:  # fmt: skip
        source = came[-1]
        direct = ""
        if amounts := _sum(before):
            direct = f"; the group had sent {_said(amounts)} there itself in as many days before"
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=leg.subject,
            key=leg.shipment or str(leg.entry),
            because=(
                f"{in_words(leg)} went from {leg.exporter} to {party} on {leg.on},"
                f" {(leg.on - barring.on).days} days after {barring.what}; like goods had come from"
                f" {source.exporter}, of the same group, with"
                f" {source.subject.replace(':', ' ')} of {source.on}{direct}"
            ),
            source=self.source,
            policy=policy,
            on=leg.on,
            evidence=entries(leg.entry, barring.entry, *(each.entry for each in (*came, *before))),
            parties=each_once(leg.exporter, source.exporter, party),
        )


def _sum(shipped: list[Dealing]) -> dict[str, int]:
    """What may be compared, added up: how many of what, and cents."""
    amounts: dict[str, int] = {}
    for told in shipped:
        for line in told.lines:
            if line.quantity is not None:
                amounts[line.counted_in] = amounts.get(line.counted_in, 0) + line.quantity
    cents = [told.value_cents for told in shipped if told.value_cents is not None]
    return {**amounts, "cents": sum(cents)} if cents else amounts


def _replaces(now: dict[str, int], before: dict[str, int], least_bp: int) -> bool:
    """Whether a flow replaces another, by the first measure in which both are told."""
    for measure in (*get_args(CountedIn), "cents"):
        if measure in now and measure in before:
            return now[measure] * WHOLE_BP >= before[measure] * least_bp
    return True


def _said(amounts: dict[str, int]) -> str:
    for measure, amount in amounts.items():
        if measure != "cents":
            return f"{amount:,} {measure}"
    return f"${amounts['cents'] // 100:,}"
