"""A chip was found outside the country it was declared to be in."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import combinations
from typing import Final

from ledger.entry import Entry
from ledger.events import (
    PartyDelisted,
    PartyListed,
    PartyRegistered,
    PartyRelocated,
    PartyTeardownObserved,
)
from ledger.fold import States
from projections import custody
from projections.custody import OBSERVED, RUNNING, Step
from projections.red_flags._chips import OfChips
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, standing
from projections.reference import Party, Reference

IN_HAND: Final = frozenset({"field_recovery", "customs", "visit", "teardown"}) | RUNNING
"""Methods by which somebody had the chip before him, and not only its label."""

BY_DELAY: Final = frozenset({"landmark_ping", "attested_ping"})
"""Pings that no VPN answers: by the delay to known servers, or signed by the chip."""

HOURS: Final = 24


class LocatedElsewhere(OfChips):
    """A chip was found in a country to which no movement on record took it.

    Hard, where somebody had it in hand there, or where a listed party's product was taken apart
    and another maker's part was in it. Strong, where independent sources located it there so many
    hours apart. An IP address may be that of a VPN and counts for nothing here; nor does a label, a
    photograph or a list. On its way a chip may be in any country of its route, and one that passed
    through another within the hours of a transit is not flagged. Dates are whole days: a day apart
    is 24 hours. Units: hours.

    Source: pattern P28; 15 CFR 734.14, reexport without authorization, as what it may show.
    """

    name = "located-elsewhere"
    source = "location outside the declared country (15 CFR 734.14), P28"
    reads = custody.READS | {
        event.wire
        for event in (
            PartyTeardownObserved,
            PartyListed,
            PartyDelisted,
            PartyRegistered,
            PartyRelocated,
        )
    }

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at each chip an entry names, and at products taken apart."""
        match entry.event:
            case PartyListed(party=party) | PartyDelisted(party=party):
                for number in states.get(f"{self.name}/apart/{party}", list[int]) or []:
                    yield from self._apart(states, states.recall(number), reference)
                return
            case PartyRegistered(party=party) | PartyRelocated(party=party):
                waiting = states.get(f"{self.name}/of/{party}", list[str]) or []
                yield from self.judge(states, waiting, reference)
                return
            case PartyTeardownObserved(party=party):
                key = f"{self.name}/apart/{party}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                yield from self._apart(states, entry, reference)
            case _:
                pass
        yield from self.judge(states, dict.fromkeys(custody.record(states, entry)), reference)

    def judge(
        self, states: States, serials: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        """The chips that were named, each by its whole history."""
        for serial in serials:
            steps = custody.placed(states, serial)
            if not any(step.method in IN_HAND | BY_DELAY for step in steps):
                continue
            flags = tuple(self._flags(states, serial, steps, reference))
            if flags or standing(states, self.name, serial):
                yield Finding(serial, flags)

    def _flags(
        self, states: States, serial: str, steps: Sequence[Step], reference: Reference
    ) -> Iterator[RedFlag]:
        abroad: dict[str, list[tuple[Step, str]]] = {}
        for step in steps:
            if step.kind == "seen" and step.place and step.method in IN_HAND | BY_DELAY:
                where = self._expected(states, serial, steps, step, reference)
                if where and step.place not in where:
                    abroad.setdefault(step.place, []).append((step, where[0]))
        for country, found in abroad.items():
            in_hand = next(((step, home) for step, home in found if step.method in IN_HAND), None)
            if in_hand is not None:
                step, home = in_hand
                because = f"was in {country} on {step.on} ({_how(step)})"
                yield self._flag(states, serial, "hard", because, home, (step,), steps, reference)
                continue
            pair = self._independent(states, [step for step, _ in found], steps, reference)
            if pair is not None:
                one, other = pair
                because = (
                    f"was located in {country} by {one.other} on {one.on} ({_how(one)}) and by"
                    f" {other.other} on {other.on} ({_how(other)})"
                )
                home = found[0][1]
                yield self._flag(states, serial, "strong", because, home, pair, steps, reference)

    def _expected(
        self,
        states: States,
        serial: str,
        steps: Sequence[Step],
        seen: Step,
        reference: Reference,
    ) -> list[str]:
        """Countries a chip may be in on a day, the one it was declared to be in first.

        Where no movement is on record, that is where whoever should have it is registered.
        """
        transit = timedelta(hours=self._parameter(states, seen, "transit_hours", reference))
        declared = [
            step
            for step in steps
            if step.kind in (*custody.CARRIED, "made")
            and step.place
            and step.method not in OBSERVED
        ]
        before = [step for step in declared if step.on <= seen.on]
        soon = [step.place for step in declared if seen.on < step.on <= seen.on + transit]
        if not before:
            if not seen.holder:
                return []
            key = f"{self.name}/of/{seen.holder}"
            waiting = states.get(key, list[str]) or []
            if serial not in waiting:
                states.put(key, [*waiting, serial])
            home = reference.seat(states, seen.holder, seen.on).location
            return [] if home is None else [home, *soon]
        last = before[-1]
        same_day = [step.place for step in before if step.on == last.on]
        arrived = any(
            step.kind == "seen" and step.place == last.place and last.on <= step.on < seen.on
            for step in steps
        )
        # Customs may open a box anywhere on its route; what runs there is not under way.
        under_way = not arrived and (
            seen.method not in RUNNING | BY_DELAY or seen.on <= last.on + transit
        )
        route = [last.start, *last.via] if under_way else []
        return [last.place, *same_day, *soon, *route]

    def _independent(
        self,
        states: States,
        found: Sequence[Step],
        steps: Sequence[Step],
        reference: Reference,
    ) -> tuple[Step, Step] | None:
        """Two readings by different sources, far enough apart, and no mere transit."""
        last = found[-1]
        hours = self._parameter(states, last, "transit_hours", reference)
        gone_on = any(
            step.kind == "seen"
            and step.method in IN_HAND | BY_DELAY
            and step.place != last.place
            and step.on > last.on
            for step in steps
        )
        if gone_on and (last.on - found[0].on).days * HOURS < hours:
            return None
        least = self._parameter(states, last, "readings_min", reference)
        if len(found) < least:
            return None
        for one, other in combinations(found, 2):
            apart = self._parameter(states, other, "apart_hours", reference)
            if one.other != other.other and (other.on - one.on).days * HOURS >= apart:
                return one, other
        return None

    def _apart(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        event = entry.event
        if not isinstance(event, PartyTeardownObserved):
            return
        matter = f"teardown/{entry.number}"
        known = states.get(f"P/{event.party}", Party)
        lists = known.facts.lists_on(event.on) if known is not None else []
        flags: tuple[RedFlag, ...] = ()
        if lists and event.maker not in (None, event.party):
            because = (
                f"{event.product} of {event.party}, on the {', '.join(lists).replace('_', ' ')},"
                f" was taken apart by {event.finder}: {event.component} made by {event.maker} was"
                f" in it, reported on {event.on}"
            )
            flags = (
                RedFlag(
                    rule=self.name,
                    severity="hard",
                    subject=f"party:{event.party}",
                    key=matter,
                    because=because,
                    source=self.source,
                    policy=reference.day(states, event.on).policy,
                    on=event.on,
                    evidence=entries(entry.number),
                    parties=(event.party, event.maker),
                ),
            )
        if flags or standing(states, self.name, matter):
            yield Finding(matter, flags)

    def _flag(
        self,
        states: States,
        serial: str,
        severity: Severity,
        because: str,
        home: str,
        found: Sequence[Step],
        steps: Sequence[Step],
        reference: Reference,
    ) -> RedFlag:
        last = found[-1]
        cited = [s for s in steps if s.kind in (*custody.CARRIED, "made") and s.on <= last.on][-1:]
        holders = (*(s.holder for s in reversed(found)), *(s.holder for s in cited))
        return RedFlag(
            rule=self.name,
            severity=severity,
            subject=f"serial:{serial}",
            key=f"{serial}/{last.place}",
            because=f"serial number {serial} {because}, and was declared to be in {home}",
            source=self.source,
            policy=reference.day(states, last.on).policy,
            on=last.on,
            evidence=entries(*(s.entry for s in found), *(s.entry for s in cited)),
            parties=tuple(dict.fromkeys(name for name in holders if name)),
        )

    def _parameter(self, states: States, step: Step, name: str, reference: Reference) -> int:
        return reference.day(states, step.on).pattern(self.name).parameters[name]


def _how(step: Step) -> str:
    return step.method.replace("_", " ")
