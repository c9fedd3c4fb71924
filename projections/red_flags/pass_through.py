"""Goods pass through a party that adds nothing, or a trader changes its hubs again and again."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec
from msgspec.structs import replace

from ledger.entry import Entry
from ledger.events import Event, PartyDistributorAppointed
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags import _flows
from projections.red_flags._following import Following
from projections.red_flags._goods import (
    MOVED,
    UNCOVERED,
    Dealing,
    alike,
    dealing,
    each_once,
    in_words,
)
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding
from projections.reference import Reference

MONTHS: Final = 12
CROSSING: Final = frozenset(("export", "reexport", "onward"))


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """What went to a consignee in a country who was not said to use it."""

    on: date
    entry: int
    country: str
    consignee: str


class PassThrough(Following):
    """Layers between maker and user.

    1. A party sends on to another country nearly all it got, within days, under no license or
       exception: from whoever sent it, through that party, to whoever got it. Where nobody says
       how much went on, what was told as a total of several shipments, or names the shipment the
       goods came in, is all of it.
    2. An exporter sent one family of chips, in so many months, to consignees in several countries
       who were not said to use them.

    Quiet: an authorized distributor that names the end user; a manufacturer, who adds value. Share
    in basis points.

    Source: BIS guidance of 2025-05-13 on diversion of advanced computing items; FinCEN and BIS
    joint alert FIN-2023-Alert004 on evasion of export controls.
    """

    name = "pass-through"
    source = "BIS guidance of 2025-05-13; FinCEN and BIS alert FIN-2023-Alert004"
    reads = MOVED | {PartyDistributorAppointed.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Judge what went on, whatever is told first."""
        match entry.event:
            case PartyDistributorAppointed(party=party, appointed_on=on, until_on=until):
                key = f"{self.name}/A/{party}"
                last = (until or date.max).isoformat()
                known = states.get(key, list[tuple[str, str]]) or []
                states.put(key, [*known, (on.isoformat(), last)])
                within = reference.day(states, on).pattern(self.name).parameters["hub_months"]
                for seen in _flows.sent(states, party, on, _months_on(on, within)):
                    yield from self.judge(states, _flows.recalled(states, seen.entry), reference)
            case event:
                yield from self.follow(states, entry.number, event, reference)
                told = dealing(entry.number, event)
                if told is not None:
                    yield from self._rotation(states, told, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment went by no hub either."""
        yield from super().retract(states, number, event, reference)
        told = dealing(number, event)
        if told is not None:
            yield from self._rotation(states, told, reference, voided=True)

    def around(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        within = reference.day(states, told.on).pattern(self.name).parameters["within_days"]
        for leg in _flows.went_on(states, told, within):
            yield from self.judge(states, leg, reference)

    def judge(self, states: States, leg: Dealing, reference: Reference) -> Iterator[Finding]:
        day = reference.day(states, leg.on)
        parameters = day.pattern(self.name).parameters
        if leg.authority not in UNCOVERED or leg.kind not in CROSSING:
            return
        if self._appointed(states, leg) or "manufacturer" in reference.roles(
            states, leg.exporter or ""
        ):
            yield Finding(str(leg.entry))
            return
        within = parameters["within_days"]
        came = [
            each
            for each in _came(states, leg, within)
            if each.kind in CROSSING
            and (leg.on - each.on).days <= within
            and leg.destinations
            and not set(leg.destinations) & {*each.destinations, *each.origins}
            and _nearly_all(leg, each, parameters["share_min_bp"])
        ]
        flags: tuple[RedFlag, ...] = ()
        if came:
            first = came[-1]
            # Who had it, or else where it was.
            chain = each_once(
                *(first.senders or first.origins)[:1],
                *(_node(leg, first) or first.destinations)[:1],
                *(leg.receivers or leg.destinations)[:1],
            )
            if len(chain) >= parameters["chain_min"]:
                flags = (self._through(leg, first, chain, day.policy),)
        yield Finding(str(leg.entry), flags)

    def _appointed(self, states: States, leg: Dealing) -> bool:
        """Whether an authorized distributor sent it, for an end user it names."""
        periods = states.get(f"{self.name}/A/{leg.exporter}", list[tuple[str, str]]) or []
        on = leg.on.isoformat()
        return leg.end_user is not None and any(first <= on <= last for first, last in periods)

    def _through(
        self, leg: Dealing, first: Dealing, chain: tuple[str, ...], policy: str
    ) -> RedFlag:
        return RedFlag(
            rule=self.name,
            severity="weak",
            subject=leg.subject,
            key=leg.shipment or str(leg.entry),
            because=(
                f"{in_words(leg)} passed through {' > '.join(chain)}: they went on to"
                f" {' or '.join(leg.destinations)} on {leg.on}, {(leg.on - first.on).days} days"
                f" after they came with {first.subject.replace(':', ' ')}"
            ),
            source=self.source,
            policy=policy,
            on=leg.on,
            evidence=entries(leg.entry, first.entry),
            parties=each_once(*_node(leg, first), *leg.receivers, *first.senders),
        )

    def _rotation(
        self, states: States, told: Dealing, reference: Reference, *, voided: bool = False
    ) -> Iterator[Finding]:
        """An exporter's hubs for one family: the first months in which they were too many."""
        day = reference.day(states, told.on)
        if told.exporter is None or not _for_another(told) or not told.controlled(day):
            return
        parameters = day.pattern(self.name).parameters
        for family in told.families:
            key = f"{self.name}/H/{told.exporter}/{family}"
            row = Sent(told.on, told.entry, told.destinations[0], told.consignee or "")
            rows = [each for each in states.get(key, list[Sent]) or [] if each != row]
            rows = sorted([*rows, *(() if voided else (row,))], key=lambda each: each.on)
            states.put(key, rows or None)
            flags: tuple[RedFlag, ...] = ()
            for last in rows:
                since = _months_on(last.on, -parameters["hub_months"])
                hubs: dict[str, Sent] = {}
                for each in rows:
                    if since <= each.on <= last.on:
                        hubs.setdefault(each.country, each)
                if len(hubs) >= parameters["hubs_min"]:
                    months = parameters["hub_months"]
                    flags = (self._hubs(told.exporter, family, hubs, months, day.policy),)
                    break
            yield Finding(f"{told.exporter}/{family}", flags)

    def _hubs(
        self, exporter: str, family: str, hubs: dict[str, Sent], months: int, policy: str
    ) -> RedFlag:
        shipments = list(hubs.values())
        return RedFlag(
            rule=self.name,
            severity="weak",
            subject=f"party:{exporter}",
            key=f"{exporter}/{family}",
            because=(
                f"{exporter} sent {family} in {months} months to {len(hubs)} countries,"
                f" {', '.join(hubs)}, and to nobody who was said to use them"
            ),
            source=self.source,
            policy=policy,
            on=max(each.on for each in shipments),
            evidence=entries(*(each.entry for each in shipments)),
            parties=each_once(exporter, *(each.consignee for each in shipments)),
        )


def _node(leg: Dealing, first: Dealing) -> tuple[str, ...]:
    """Through whom goods passed: who sent them on, else who had got them."""
    return each_once(leg.exporter) or first.receivers[:1]


def _came(states: States, leg: Dealing, within: int) -> list[Dealing]:
    """The dealings in which goods may have come to whoever sent them on.

    A leg may name the shipment that began its chain: to its sender the goods came by a later one.
    """
    named = _flows.came_in(states, leg, within)
    if leg.of is None or any(leg.exporter in each.receivers for each in named):
        return named
    return [*named, *_flows.came_in(states, replace(leg, of=None), within)]


def _nearly_all(leg: Dealing, came: Dealing, least_bp: int) -> bool:
    """Whether so much went on of what came; untold amounts count as a total only."""
    went, had = _counted(leg), _counted(came)
    if went is not None and had is not None and alike(leg, came):
        enough = went[1] * WHOLE_BP >= had[1] * least_bp
        # A computer or a board holds one chip or more.
        if went[0] == had[0] or (enough and had[0] == "chips"):
            return enough
    return leg.aggregate or (leg.of is not None and leg.of == came.shipment)


def _counted(told: Dealing) -> tuple[str, int] | None:
    """What is counted, and how many; None where not every line says that in the same way."""
    if told.units is not None:
        return "chips", told.units
    measures = {line.counted_in for line in told.lines}
    counts = [line.quantity for line in told.lines if line.quantity is not None]
    if len(measures) != 1 or len(counts) != len(told.lines):
        return None
    return measures.pop(), sum(counts)


def _for_another(told: Dealing) -> bool:
    """Whether goods went abroad, under no license, to a consignee not said to use them."""
    return (
        told.kind == "export"
        and told.authority in UNCOVERED
        and told.consignee is not None
        and told.consignee != told.end_user
        and bool(told.destinations)
        and told.destinations[0] != "US"
    )


def _months_on(day: date, months: int) -> date:
    """The first day of the month so many months on, or back."""
    index = day.year * MONTHS + day.month - 1 + months
    return date(index // MONTHS, index % MONTHS + 1, 1)
