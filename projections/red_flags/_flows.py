"""Who sent what to whom, when: the index in which rules find the dealings that go together.

Kept once for all rules, whatever the order in which things are told; a voided shipment leaves it.

    G/M/<party>           months in which it sent, got or forwarded goods (`Months`)
    G/S/<party>/<month>   what it sent or sold
    G/R/<party>/<month>   what it got, or what was for it
    G/K/<sender>/<other>  months in which it sent to the other, with the first day in each
    G/D/<shipment>        entries that tell of a shipment
    G/O/<shipment>        entries that tell of goods which first came in it
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from operator import attrgetter

import msgspec
from msgspec.structs import replace

from ledger.fold import States
from ledger.terms import WHOLE_BP, month_of
from projections.red_flags._goods import Dealing, alike, dealing


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A dealing as one of its parties is asked about it.

    others    who sent it, when asked what a party got; who got it, when asked what it sent
    families  chips it names
    """

    entry: int
    on: date
    others: tuple[str, ...]
    families: tuple[str, ...]


class Months(msgspec.Struct, frozen=True, array_like=True):
    """The months in which a party sent, got and forwarded goods, in the order they were told; of
    some of them it may have been told by mistake.
    """

    sent: tuple[str, ...] = ()
    got: tuple[str, ...] = ()
    forwarded: tuple[str, ...] = ()


def keep(states: States, dealing: Dealing) -> None:
    """Add a dealing."""
    for key, seen in _rows(dealing):
        states.put(key, [*(states.get(key, list[Seen]) or []), seen])
    for key in _named(dealing):
        states.put(key, [*(states.get(key, list[int]) or []), dealing.entry])
    day = dealing.on.isoformat()
    month = day[:7]
    forwarders = () if dealing.forwarder is None else (dealing.forwarder,)
    for side, parties in (
        ("sent", dealing.senders), ("got", dealing.receivers), ("forwarded", forwarders)
    ):  # fmt: skip
        for party in parties:
            known = months_of(states, party)
            told: tuple[str, ...] = getattr(known, side)
            if month not in told:
                states.put(f"G/M/{party}", replace(known, **{side: (*told, month)}))
    for key in _pairs(dealing):
        months = states.get(key, dict[str, str]) or {}
        if month not in months or day < months[month]:
            states.put(key, {**months, month: day})


def drop(states: States, dealing: Dealing) -> None:
    """Take a dealing away that has never been."""
    for key, seen in _rows(dealing):
        rows = [each for each in states.get(key, list[Seen]) or [] if each != seen]
        states.put(key, rows or None)
    for key in _named(dealing):
        numbers = [each for each in states.get(key, list[int]) or [] if each != dealing.entry]
        states.put(key, numbers or None)
    month = month_of(dealing.on)
    for key in _pairs(dealing):
        months = dict(states.get(key, dict[str, str]) or {})
        _, _, sender, other = key.split("/")
        left = states.get(f"G/S/{sender}/{month}", list[Seen]) or []
        days = [each.on.isoformat() for each in left if other in each.others]
        if days:
            months[month] = min(days)
        else:
            months.pop(month, None)
        states.put(key, months or None)


def sent(states: States, party: str, since: date, until: date) -> list[Seen]:
    """What a party sent or sold from one day to another, both included, by date and entry."""
    return _within(states, f"G/S/{party}/", months_of(states, party).sent, since, until)


def received(states: States, party: str, since: date, until: date) -> list[Seen]:
    """What a party got, or what was for it, in the same way."""
    return _within(states, f"G/R/{party}/", months_of(states, party).got, since, until)


def between(states: States, sender: str, other: str, since: date, until: date) -> list[Seen]:
    """What one party sent to another, as the other got it, in the same way."""
    months = states.get(f"G/K/{sender}/{other}", dict[str, str]) or {}
    return [
        seen
        for seen in _within(states, f"G/R/{other}/", months, since, until)
        if sender in seen.others
    ]


def months_of(states: States, party: str) -> Months:
    """The months in which a party was in a dealing."""
    return states.get(f"G/M/{party}", Months) or _NO_MONTHS


def first(states: States, sender: str, other: str) -> date | None:
    """The first day on which one party sent to another; None when it never did."""
    months = states.get(f"G/K/{sender}/{other}", dict[str, str])
    return date.fromisoformat(min(months.values())) if months else None


def telling(states: States, shipment: str) -> list[int]:
    """Entries that tell of a shipment, in order; none of them voided."""
    return states.get(f"G/D/{shipment}", list[int]) or []


def onward(states: States, shipment: str) -> list[int]:
    """Entries that tell of goods which first came in a shipment, in order."""
    return states.get(f"G/O/{shipment}", list[int]) or []


def came_in(
    states: States, leg: Dealing, within_days: int, tolerance_bp: int | None = None
) -> list[Dealing]:
    """The dealings in which goods that went on may first have come, the oldest first.

    That which the leg itself names; else what its sender got in the days before it, in goods that
    may be the same, no fewer than went on but for the tolerance.
    """
    if leg.of is not None:
        named = [recalled(states, number) for number in telling(states, leg.of)]
        return [each for each in named if each.on <= leg.on]
    if leg.exporter is None:
        return []
    since = leg.on - timedelta(days=within_days)
    got = received(states, leg.exporter, since, leg.on)
    before = [recalled(states, seen.entry) for seen in got if seen.entry != leg.entry]
    return [
        each
        for each in before
        # What was only ordered has not come.
        if each.kind != "order" and alike(each, leg) and _enough(each, leg, tolerance_bp)
    ]


def went_on(states: States, came: Dealing, within_days: int) -> list[Dealing]:
    """Where goods may have gone on that came in a dealing: the legs `came_in` is asked about."""
    numbers = set() if came.shipment is None else set(onward(states, came.shipment))
    until = came.on + timedelta(days=within_days)
    for party in came.receivers:
        numbers |= {seen.entry for seen in sent(states, party, came.on, until)}
    return [recalled(states, number) for number in sorted(numbers - {came.entry})]


def months(since: date, until: date) -> Iterator[str]:
    """The months from one day to another, such as 2025-03."""
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month):
        yield f"{year:04}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def recalled(states: States, number: int) -> Dealing:
    """The dealing an entry tells of."""
    found = dealing(number, states.recall(number).event)
    if found is None:
        raise LookupError(f"entry {number} tells of no goods")
    return found


def _enough(came: Dealing, went: Dealing, tolerance_bp: int | None) -> bool:
    """Whether no more went on than came, where both are counted in the same."""
    before, after = _quantity(came), _quantity(went)
    if tolerance_bp is None or before is None or after is None or before[0] != after[0]:
        return True
    return after[1] * WHOLE_BP <= before[1] * (WHOLE_BP + tolerance_bp)


def _quantity(dealing: Dealing) -> tuple[str, int] | None:
    counted = {line.counted_in for line in dealing.lines}
    amounts = [line.quantity for line in dealing.lines if line.quantity is not None]
    if len(counted) != 1 or len(amounts) != len(dealing.lines):
        return None
    return counted.pop(), sum(amounts)


def _rows(dealing: Dealing) -> Iterator[tuple[str, Seen]]:
    month, entry, on = month_of(dealing.on), dealing.entry, dealing.on
    families, senders, receivers = dealing.families, dealing.senders, dealing.receivers
    for sender in senders:
        yield f"G/S/{sender}/{month}", Seen(entry, on, receivers, families)
    for receiver in receivers:
        yield f"G/R/{receiver}/{month}", Seen(entry, on, senders, families)


def _named(dealing: Dealing) -> Iterator[str]:
    if dealing.shipment is not None:
        yield f"G/D/{dealing.shipment}"
    if dealing.of is not None:
        yield f"G/O/{dealing.of}"


def _pairs(dealing: Dealing) -> Iterator[str]:
    for sender in dealing.senders:
        for receiver in dealing.receivers:
            yield f"G/K/{sender}/{receiver}"


def _within(
    states: States, place: str, months: Collection[str], since: date, until: date
) -> list[Seen]:
    found: list[Seen] = []
    if not months:
        return found
    first, last = month_of(since), month_of(until)
    for month in months:
        if first <= month <= last:
            rows = states.get(place + month, list[Seen]) or []
            found += [each for each in rows if since <= each.on <= until]
    # Of one day by what was dealt in, and never by which entry said so first.
    found.sort(key=_in_order)
    return found


_in_order = attrgetter("on", "others", "families", "entry")

_NO_MONTHS = Months()
