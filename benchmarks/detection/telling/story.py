"""A case from its first event to its last."""

from dataclasses import replace
from datetime import date, timedelta

from benchmarks.detection.cases import Layer, Visible
from benchmarks.detection.telling.checks import overdue
from benchmarks.detection.telling.kinds import TYPES, by_what_it_holds
from benchmarks.detection.telling.parties import register, registered
from benchmarks.detection.telling.reports import concern
from benchmarks.detection.telling.teller import CHANNELS, Channel, Teller, Told
from benchmarks.detection.words import someone, texts


def tell(case: Visible) -> Told:
    """A case as commands, in the order of its list; or why it could not be told."""
    teller, failed = Teller(case), ""
    try:
        run(teller)
    except Exception as error:  # of whatever kind: the other cases are told all the same
        failed = f"not told: {error!r}"
    # That nothing was heard by a day is known once that day is over.
    days = tuple(each.on + timedelta(days=each.type == "check_overdue") for each in case.events)
    return Told(case.id, tuple(teller.lines), days, tuple(teller.notes), failed)


def through(told: Told, channel: Channel) -> Told:
    """Only what this channel and those before it bring."""
    open_ = CHANNELS[: CHANNELS.index(channel) + 1]
    lines = tuple(line for line in told.lines if line.channel in open_)
    return replace(told, lines=lines)


def run(teller: Teller) -> None:
    """Tell the whole case."""
    teller.meet()
    by_themselves = {
        someone(event.said.get("party")).lower()
        for event in teller.case.events
        if TYPES.get(event.type) is registered
    }
    for key, _ in teller.listed():
        if key.lower() not in by_themselves and teller.case.events:
            register(teller, key, met(teller.case, key))
    for step, event in enumerate(teller.case.events):
        teller.step = step
        handler = TYPES.get(event.type) or by_what_it_holds(event)
        if event.type not in TYPES:
            teller.note(f"{event.id}: {event.type} is told by what it holds")
        before = len(teller.lines)
        teller.seen_from_outside = event.layer is Layer.OBSERVED
        try:
            handler(teller, event)
        except Exception as error:  # of whatever kind: the other events are told all the same
            teller.note(f"{event.id}: {event.type} is not told as it should be: {error!r}")
        if len(teller.lines) == before and not (handler is overdue and teller.checks):
            # What fits no other command is still something that somebody said.
            teller.note(f"{event.id}: {event.type} is told as a concern")
            concern(teller, event)


def met(case: Visible, key: str) -> date:
    """The day of the first event that names a party; of the first of all where none does."""
    for event in case.events:
        if any(key in texts(value) for value in event.said.values()):
            return event.on
    return case.events[0].on
