"""Where each chip is, by its serial number, and where each shipment's chips went.

    custody/unit/<serial>              everything said of one chip, by date
    custody/site/<site>                country of a site
    custody/unplaced/<site>            serial numbers said to be at a site nobody declared yet
    custody/shipment/<shipment>        entry that recorded a shipment whose serials are listed
    custody/held/<shipment>            where and when an authority held a shipment back
    custody/made/<model>               day of the first sale that lists serials: the registry begins
    custody/unlisted/<model>/<serial>  a serial number no first sale lists
    custody/lot/<shipment>             chips of a shipment by model, and what went on or came back

A chip is one thing: it is in one place at a time, not before it was sold first and not after it was
destroyed. `conflicts` says where its history breaks that. The order of telling decides nothing: a
history is kept by date.

Pings and IP addresses place no chip here: how far they can be believed is weighed by the rule
`located-elsewhere`.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Any, Final, Literal

import msgspec

from ledger.entry import Entry
from ledger.events import (
    CheckSerialsRead,
    Event,
    Movement,
    PartyChipsLocated,
    PartyInventoryDeclared,
    PartyInventoryTaken,
    PartySerialsSighted,
    PartySiteDeclared,
    PartySoldDomestically,
    PartyTeardownObserved,
    PartyUnitsLost,
    PartyUnitsMoved,
    ShipmentDeclared,
    ShipmentDetained,
    ShipmentExported,
    ShipmentInspected,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentReturned,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.fold import States, dated

Kind = Literal["made", "sold", "sent", "held", "returned", "moved", "seen", "labeled", "gone"]
"""made: its maker's first sale. labeled: its number stood on a chip that answered with another."""

IN_A_DAY: Final[tuple[Kind, ...]] = (
    "made", "sold", "held", "returned", "moved", "sent", "seen", "labeled", "gone",
)  # fmt: skip
"""In which order what is told of one day is read: it may have been told in any."""

RUNNING: Final = frozenset({"powered_on", "attested"})
"""Methods by which a chip was installed where it was seen."""

PINGS: Final = frozenset({"landmark_ping", "attested_ping", "ip_geolocation"})

DESTROYED: Final = frozenset({"destroyed", "scrapped"})

OBSERVED: Final = frozenset({"customs_record", "document", "serials", "inspection", "report"})
"""How an onward movement was seen that nobody declared."""

CARRIED: Final = frozenset({"sold", "sent", "returned", "moved"})
"""Kinds of step that take a chip somewhere."""

SHIPPED: Final = (Movement, ShipmentDeclared, ShipmentOnwardObserved)
"""What may be voided as a shipment that has never been."""


class Step(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One thing said of one chip.

    place   country where it is from then on; empty where nobody says
    site    id of the site, where named
    start   country it left
    via     countries on the way
    giver   who had it
    holder  who has it from then on
    method  how it was seen, or how it went
    model   the chip in the catalogue, where named
    of      shipment or check it is part of
    other   for a chip read by its label: the number it answered with; for one that was located:
            who located it
    times   how often the entry lists the number
    """

    on: date
    entry: int
    kind: Kind
    place: str = ""
    site: str = ""
    start: str = ""
    via: tuple[str, ...] = ()
    giver: str = ""
    holder: str = ""
    method: str = ""
    model: str = ""
    of: str = ""
    other: str = ""
    times: int = 1


Told = list[tuple[str, Step]]

TravelDays = Callable[[date], int]


class Lot(msgspec.Struct):
    """The chips of one shipment, by model.

    came      chips it brought, each as recorded
    went_on   chips that later shipments took from it, by shipment
    returned  chips that came back, by entry
    """

    came: dict[str, int] = {}
    went_on: dict[str, dict[str, int]] = {}
    returned: dict[str, dict[str, int]] = {}

    def left(self) -> dict[str, int]:
        """Chips still with whoever received it; below zero, more went on than came."""
        left = Counter(self.came)
        for part in (*self.went_on.values(), *self.returned.values()):
            left.subtract(part)
        return dict(left)


def _of_lines(entry: Entry, lines: Iterable[Any], step: Callable[[str], Step]) -> Told:
    """A step for each serial number on some lines, once each."""
    told: Told = []
    for line in lines:
        if line.serials:
            made = step(line.model or "")
            for serial, times in Counter(line.serials).items():
                told.append((serial, msgspec.structs.replace(made, times=times)))
    return told


def _moved_by(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, Movement):
        return []
    match event:
        case ShipmentExported(exporter=giver, route=route):
            pass
        case ShipmentReexported(reexporter=giver, route=route):
            pass
        case ShipmentTransferred(transferor=giver, country=country):
            route = (country, country)
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "sent", event.destination, start=route[0],
            via=tuple(route[1:-1]), giver=giver or "", holder=event.ultimate_consignee,
            method=event.authority, model=model, of=event.shipment,
        ),
    )  # fmt: skip


def _declared(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, ShipmentDeclared) or event.stopped:
        return []
    route = event.route
    place = event.destinations[0] if len(event.destinations) == 1 else (route or ("",))[-1]
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "sent", place, start=route[0] if route else "",
            via=tuple(route[1:-1]), giver=event.exporter or event.seller or "",
            holder=event.ultimate_consignee or event.purchaser or "", method=event.authority,
            model=model, of=event.shipment,
        ),
    )  # fmt: skip


def _onward(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, ShipmentOnwardObserved):
        return []
    start = event.origins[0] if len(event.origins) == 1 else ""
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "sent", event.destination, start=start, via=event.via,
            giver=event.sender or "", holder=event.receiver or "", method=event.method,
            model=model, of=event.shipment,
        ),
    )  # fmt: skip


def _sold(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, PartySoldDomestically):
        return []
    kind: Kind = "made" if event.first else "sold"
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, kind, event.country, giver=event.party,
            holder=event.purchaser, model=model,
        ),
    )  # fmt: skip


def _returned(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, ShipmentReturned):
        return []
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "returned", event.country, giver=event.sender or "",
            holder=event.receiver, method=event.reason, model=model, of=event.shipment,
        ),
    )  # fmt: skip


def _stocked(entry: Entry) -> Told:
    event = entry.event
    match event:
        case PartyInventoryTaken(site=site, evidence=method):
            pass
        case PartyInventoryDeclared(site=str(site), basis="on_hand"):
            method = "paper"
        case _:
            return []
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "seen", site=site, holder=event.party, method=method,
            model=model,
        ),
    )  # fmt: skip


def _moved(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, PartyUnitsMoved):
        return []
    announced = event.announced_on is not None and event.announced_on <= event.moved_on
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "moved", site=event.to_site, start=event.from_site,
            giver=event.party, holder=event.party, method="announced" if announced else "",
            model=model,
        ),
    )  # fmt: skip


def _lost(entry: Entry) -> Told:
    event = entry.event
    if not isinstance(event, PartyUnitsLost):
        return []
    return _of_lines(
        entry,
        event.lines,
        lambda model: Step(
            event.on, entry.number, "gone", site=event.site or "", giver=event.party,
            method=event.cause, model=model,
        ),
    )  # fmt: skip


def _sighted(entry: Entry) -> Told:
    """Serial numbers somebody read, whatever else the entry says."""
    event, number = entry.event, entry.number
    match event:
        case PartySerialsSighted(country=country, party=party, method=method, serials=serials):
            step = Step(event.on, number, "seen", country, holder=party, method=method)
        case PartyChipsLocated(country=country, party=party, method=method, serials=serials):
            step = Step(
                event.on, number, "seen", country, holder=party, method=method, other=event.source
            )
        case PartyTeardownObserved(country=country, party=party, serials=serials):
            step = Step(event.on, number, "seen", country or "", holder=party, method="teardown")
        case ShipmentInspected(country=country, serials=serials, shipment=shipment):
            step = Step(event.on, number, "seen", country, method="customs", of=shipment)
        case _:
            return []
    return [(serial, step) for serial in dict.fromkeys(serials)]


def _read(entry: Entry) -> Told:
    """What a check read: a chip that answers is the one it says it is, whatever its label."""
    event = entry.event
    if not isinstance(event, CheckSerialsRead):
        return []
    told: dict[str, Step] = {}
    seen = Step(
        event.on, entry.number, "seen", event.country, event.site or "", holder=event.party,
        method=event.method, of=event.check,
    )  # fmt: skip
    for reading in event.readings:
        if reading.attested is None:
            told.setdefault(reading.label, seen)
            continue
        told[reading.attested] = msgspec.structs.replace(seen, method="attested")
        if reading.attested != reading.label:
            told[reading.label] = msgspec.structs.replace(
                seen, kind="labeled", other=reading.attested
            )
    return list(told.items())


_TELLERS: Final[dict[type[Event], Callable[[Entry], Told]]] = {
    ShipmentExported: _moved_by,
    ShipmentReexported: _moved_by,
    ShipmentTransferred: _moved_by,
    ShipmentDeclared: _declared,
    ShipmentOnwardObserved: _onward,
    PartySoldDomestically: _sold,
    ShipmentReturned: _returned,
    PartyInventoryTaken: _stocked,
    PartyInventoryDeclared: _stocked,
    PartyUnitsMoved: _moved,
    PartyUnitsLost: _lost,
    PartySerialsSighted: _sighted,
    PartyChipsLocated: _sighted,
    PartyTeardownObserved: _sighted,
    ShipmentInspected: _sighted,
    CheckSerialsRead: _read,
}

READS: Final = frozenset(
    {*(event.wire for event in _TELLERS), PartySiteDeclared.wire, ShipmentDetained.wire}
)
"""Wire names of what says something about single chips."""


def steps_of(entry: Entry) -> Told:
    """What an entry says of single chips: each serial number with one step."""
    teller = _TELLERS.get(type(entry.event))
    return [] if teller is None else teller(entry)


def touched(states: States, entry: Entry) -> list[str]:
    """The serial numbers an entry says something new about, once recorded."""
    match entry.event:
        case PartySiteDeclared(site=site):
            return states.get(f"custody/unplaced/{site}", list[str]) or []
        case ShipmentDetained(shipment=shipment):
            number = states.number(f"custody/shipment/{shipment}")
            return [serial for serial, _ in steps_of(states.recall(number))] if number else []
        case _:
            return [serial for serial, _ in steps_of(entry)]


def record(states: States, entry: Entry) -> list[str]:
    """Keep what an entry says of single chips; the serial numbers it is about.

    Several rules rest on these states: whichever comes first records an entry, the others find it
    recorded.
    """
    match entry.event:
        case PartySiteDeclared() as declared:
            states.put(f"custody/site/{declared.site}", declared.country)
            return touched(states, entry)
        case ShipmentDetained() as detained:
            states.put(
                f"custody/held/{detained.shipment}", (entry.number, detained.on, detained.country)
            )
            return touched(states, entry)
        case _:
            pass
    told = steps_of(entry)
    if told and states.number("custody/newest") < entry.number:
        states.put("custody/newest", entry.number)
        _keep(states, entry, told)
    return [serial for serial, _ in told]


def _keep(states: States, entry: Entry, told: Told) -> None:
    event = entry.event
    if isinstance(event, SHIPPED):
        states.put(f"custody/shipment/{event.shipment}", entry.number)
    if isinstance(event, PartySoldDomestically) and event.first:
        for model in {step.model for _, step in told}:
            began = states.get(f"custody/made/{model}", date)
            if began is None or event.on < began:
                states.put(f"custody/made/{model}", event.on)
    for serial, step in told:
        steps = list(history(states, serial))
        insort(steps, step)
        states.put(f"custody/unit/{serial}", steps)
        for site in (step.site, step.start if step.kind == "moved" else ""):
            if site and states.get(f"custody/site/{site}", str) is None:
                key = f"custody/unplaced/{site}"
                waiting = states.get(key, list[str]) or []
                if serial not in waiting:
                    states.put(key, [*waiting, serial])
        _list(states, serial, steps)


def _list(states: States, serial: str, steps: Sequence[Step]) -> None:
    """Remember a number that no first sale lists, by its model, until one does."""
    made = any(step.kind == "made" for step in steps)
    for model in {step.model for step in steps}:
        if model:
            states.put(f"custody/unlisted/{model}/{serial}", None if made or not steps else True)


def withdraw(states: States, number: int, event: Event) -> list[str]:
    """Forget a shipment that has never been; the serial numbers it listed."""
    if not isinstance(event, SHIPPED):
        return []
    serials = {serial for line in event.lines for serial in line.serials}
    for serial in sorted(serials):
        steps = history(states, serial)
        left = [step for step in steps if step.entry != number]
        states.put(f"custody/unit/{serial}", left or None)
        for model in {step.model for step in steps if step.model}:
            known = any(step.model == model for step in left)
            made = any(step.kind == "made" for step in left)
            states.put(f"custody/unlisted/{model}/{serial}", True if known and not made else None)
    if serials and states.number(f"custody/shipment/{event.shipment}") == number:
        states.put(f"custody/shipment/{event.shipment}", None)
    return sorted(serials)


def history(states: States, serial: str) -> list[Step]:
    """What was said of a chip, by date."""
    return states.get(f"custody/unit/{serial}", list[Step]) or []


def placed(states: States, serial: str) -> list[Step]:
    """What was said of a chip, with the countries of sites, and where an authority held it."""
    steps = []
    for step in history(states, serial):
        if step.site and not step.place:
            country = states.get(f"custody/site/{step.site}", str) or ""
            step = msgspec.structs.replace(step, place=country)
        if step.kind == "moved":
            country = states.get(f"custody/site/{step.start}", str) or ""
            step = msgspec.structs.replace(step, start=country)
        steps.append(step)
        held = states.get(f"custody/held/{step.of}", tuple[int, date, str]) if step.of else None
        if held is not None and step.kind == "sent" and held[1] >= step.on:
            entry, on, country = held
            steps.append(Step(on, entry, "held", country, holder=step.giver, of=step.of))
    return sorted(steps, key=_order)


def _order(step: Step) -> tuple[Any, ...]:
    """By date; of one day by what was done, and never by which entry said so first."""
    on, entry, kind, *rest = msgspec.structs.astuple(step)
    return on, IN_A_DAY.index(kind), rest, entry


@dataclass(frozen=True, slots=True)
class Conflict:
    """A break in the history of one chip: no single chip can have been through it.

    kind     short name, such as two-places
    because  what contradicts what
    on       day on which it is impossible
    entries  entries that contradict each other
    parties  who had the chip, the latest first
    """

    kind: str
    because: str
    on: date
    entries: tuple[int, ...]
    parties: tuple[str, ...]


def conflicts(steps: Sequence[Step], travel_days: TravelDays) -> list[Conflict]:
    """Where the history of one chip breaks.

    steps        by date, with their places
    travel_days  days it takes at least between being seen in two countries, by the rules of a day

    What happens on one day may have happened in any order, and a truck crosses a border within
    it: a chip that was carried and seen on one day breaks nothing, unless it was already running.
    """
    found = [*_numbers(steps), *_lifetime(steps), *_places(steps, travel_days)]
    found += [*_carried(steps), *_twice(steps)]
    return sorted(found, key=lambda each: (each.on, each.kind, each.entries))


def _conflict(kind: str, because: str, *steps: Step) -> Conflict:
    named = [name for step in reversed(steps) for name in (step.holder, step.giver) if name]
    numbers = tuple(sorted({step.entry for step in steps}))
    on = max(step.on for step in steps)
    return Conflict(kind, because, on, numbers, tuple(dict.fromkeys(named)))


def _numbers(steps: Sequence[Step]) -> Iterator[Conflict]:
    """One number on two chips: what labels, lists and first sales say of it."""
    for step in steps:
        if step.kind == "labeled":
            yield _conflict(
                "label-mismatch",
                f"its label was read on {step.on} on a chip that answered as {step.other}",
                step,
            )
        if step.times > 1:
            yield _conflict(
                "listed-twice", f"one entry of {step.on} lists it {step.times} times", step
            )
    made = [step for step in steps if step.kind == "made"]
    for before, after in pairwise(made):
        yield _conflict(
            "made-twice",
            f"its maker sold it first on {before.on} and again on {after.on}",
            before,
            after,
        )


def _lifetime(steps: Sequence[Step]) -> Iterator[Conflict]:
    """Before it was first sold, and after it was destroyed."""
    made = next((step for step in steps if step.kind == "made"), None)
    gone = next((s for s in steps if s.kind == "gone" and s.method in DESTROYED), None)
    early = made and next(
        (s for s in steps if s.on < made.on and made.giver not in (s.giver, s.holder)), None
    )
    if made and early:
        yield _conflict(
            "before-made",
            f"it was {said(early)} on {early.on}, and its maker first sold it on {made.on}",
            early,
            made,
        )
    late = gone and next((s for s in steps if s.on > gone.on and s.kind != "labeled"), None)
    if gone and late:
        yield _conflict(
            "after-destruction",
            f"it was {said(late)} on {late.on}, and {gone.method} on {gone.on}",
            gone,
            late,
        )


def _places(steps: Sequence[Step], travel_days: TravelDays) -> Iterator[Conflict]:
    """Seen in two places too soon after one another."""
    seen = [s for s in steps if s.kind == "seen" and s.place and s.method not in PINGS]
    for one, other in pairwise(seen):
        days = (other.on - one.on).days
        abroad = one.place != other.place
        apart = abroad or (one.site and other.site and one.site != other.site)
        if not apart or days >= (travel_days(other.on) if abroad else 1):
            continue
        both_running = {one.method, other.method} <= RUNNING
        if _carried_between(steps, one, other) and not (abroad and days == 0 and both_running):
            continue
        yield _conflict(
            "two-places" if days == 0 else "too-fast",
            f"it was {said(one)} on {one.on} and {said(other)} on {other.on}",
            one,
            other,
        )


def _carried_between(steps: Sequence[Step], one: Step, other: Step) -> bool:
    return any(
        step.kind in CARRIED
        and one.on <= step.on <= other.on
        and {step.place, step.start} >= {one.place, other.place}
        for step in steps
    )


def _carried(steps: Sequence[Step]) -> Iterator[Conflict]:
    """Sent from one country on the day it was seen in another."""
    sent = [s for s in steps if s.kind == "sent" and s.start and s.start != s.place]
    seen = [s for s in steps if s.kind == "seen" and s.place and s.method not in PINGS]
    for left in sent:
        for there in seen:
            if there.on != left.on or there.place == left.start or there.place in left.via:
                continue
            if there.place == left.place and there.method not in RUNNING:
                continue
            kind = "too-fast" if there.place == left.place else "two-places"
            yield _conflict(
                kind, f"it left {left.start} on {left.on}, and was {said(there)} that day",
                left, there,
            )  # fmt: skip


def _twice(steps: Sequence[Step]) -> Iterator[Conflict]:
    """Sent abroad again from a country it had left and not come back to."""
    left: dict[str, Step] = {}
    for _, group in groupby(steps, key=lambda step: step.on):
        day = list(group)
        # Of what came and went on one day, what came is looked at first.
        back = {step.place for step in day if _is_there(step)}
        for country in back:
            left.pop(country, None)
        for step in day:
            if step.kind != "sent" or not step.start or step.start == step.place:
                continue
            last = left.get(step.start)
            if last is not None and step.of != last.of and not _same_journey(last, step):
                yield _conflict(
                    "shipped-twice",
                    f"shipment {last.of} took it from {last.start} on {last.on} and shipment"
                    f" {step.of} on {step.on}, and nothing says that it came back between",
                    last,
                    step,
                )
            if step.start not in back:
                left[step.start] = step


def _is_there(step: Step) -> bool:
    """Whether a step shows that the chip is, or is back, in its place."""
    return step.kind in ("sent", "returned", "held", "moved", "sold") or (
        step.kind == "seen" and step.method not in {*PINGS, "paper"}
    )


def _same_journey(one: Step, other: Step) -> bool:
    """Whether two reports tell of one shipment under two ids."""
    return (one.on, one.place, one.holder) == (other.on, other.place, other.holder)


def whereabouts(steps: Sequence[Step]) -> str:
    """Where a chip is, by the last that was said of it."""
    known = [step for step in steps if step.kind != "labeled"]
    if not known:
        return "nobody said where it is"
    last = known[-1]
    holder = f", with {last.holder}" if last.holder else ""
    return f"last {said(last)}{holder} on {last.on}, entry {last.entry:,}"


def said(step: Step) -> str:
    """A step in words, after «it was»."""
    where = f" in {step.place}" if step.place else ""
    where += f" at site {step.site}" if step.site else ""
    match step.kind:
        case "seen":
            return f"seen{where} ({step.method.replace('_', ' ')})"
        case "sent":
            return f"sent to {step.place or 'nobody says where'} with shipment {step.of}"
        case "gone":
            return f"{step.method}{where}"
        case kind:
            return f"{kind}{where}"


class CustodyFold:
    """Every chip that is named by its serial number, and every shipment's chips by number."""

    name = "custody"
    version = 2
    reads = READS | {ShipmentVoided.wire}

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the chips it names."""
        event = entry.event
        dated(states, event)
        if isinstance(event, ShipmentVoided):
            self._void(states, entry.number, event)
            return
        record(states, entry)
        match event:
            case Movement():
                _receive(states, event)
            case ShipmentReturned():
                lot = _lot(states, event.shipment)
                lot.returned[str(entry.number)] = _counted(event.lines)
                states.put(f"custody/lot/{event.shipment}", lot)
            case _:
                return

    def _void(self, states: States, at: int, voided: ShipmentVoided) -> None:
        movement = states.recall(voided.entry).event if voided.entry < at else None
        if not isinstance(movement, SHIPPED) or movement.shipment != voided.shipment:
            return
        withdraw(states, voided.entry, movement)
        if not isinstance(movement, Movement):
            return
        lot = _lot(states, movement.shipment)
        lot.came = {}
        states.put(f"custody/lot/{movement.shipment}", lot)
        first = getattr(movement, "of", None)
        if first is not None:
            whole = _lot(states, first)
            whole.went_on.pop(movement.shipment, None)
            states.put(f"custody/lot/{first}", whole)


def lot(states: States, shipment: str) -> Lot | None:
    """The chips of a shipment; None where nothing was said of them."""
    return states.get(f"custody/lot/{shipment}", Lot)


def _lot(states: States, shipment: str) -> Lot:
    return lot(states, shipment) or Lot()


def _receive(states: States, movement: Movement) -> None:
    counted = _counted(movement.lines)
    brought = _lot(states, movement.shipment)
    brought.came = counted
    states.put(f"custody/lot/{movement.shipment}", brought)
    first = getattr(movement, "of", None)
    if first is not None:
        whole = _lot(states, first)
        whole.went_on[movement.shipment] = counted
        states.put(f"custody/lot/{first}", whole)


def _counted(lines: Iterable[Any]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.model or ""] += line.units
    return dict(counted)
