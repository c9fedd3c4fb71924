"""A case from its first event to its last."""

from dataclasses import replace
from datetime import date, timedelta

from benchmarks.detection.cases import Layer, Visible
from benchmarks.detection.telling.kinds import TYPES, by_what_it_holds
from benchmarks.detection.telling.parties import register
from benchmarks.detection.telling.teller import CHANNELS, Channel, Teller, Told
from benchmarks.detection.words import said, texts


def tell(case: Visible) -> Told:
    """A case as commands, in the order of its list."""
    teller = Teller(case)
    run(teller)
    # That nothing was heard by a day is known once that day is over.
    days = tuple(each.on + timedelta(days=each.type == "check_overdue") for each in case.events)
    return Told(case.id, tuple(teller.lines), days, tuple(teller.notes))


def through(told: Told, channel: Channel) -> Told:
    """Only what this channel and those before it bring."""
    open_ = CHANNELS[: CHANNELS.index(channel) + 1]
    lines = tuple(line for line in told.lines if line.channel in open_)
    return replace(told, lines=lines)


def run(teller: Teller) -> None:
    """Tell the whole case."""
    teller.meet()
    by_themselves = {
        said(event.said.get("party")).lower()
        for event in teller.case.events
        if event.type == "party_registered"
    }
    for number, party in enumerate(teller.case.parties, start=1):
        key = str(party.get("party_id") or f"party-{number}")
        if key.lower() not in by_themselves and teller.case.events:
            register(teller, key, met(teller.case, key))
    for step, event in enumerate(teller.case.events):
        teller.step = step
        handler = TYPES.get(event.type) or by_what_it_holds(event)
        if event.type not in TYPES:
            teller.note(f"{event.id}: {event.type} is told by what it holds")
        before = len(teller.lines)
        teller.seen_from_outside = event.layer is Layer.OBSERVED
        handler(teller, event)
        if len(teller.lines) == before and event.type not in ("check_overdue",):
            teller.note(f"{event.id}: {event.type} says nothing the ledger holds")


def met(case: Visible, key: str) -> date:
    """The day of the first event that names a party; of the first of all where none does."""
    for event in case.events:
        if any(key in texts(value) for value in event.said.values()):
            return event.on
    return case.events[0].on
