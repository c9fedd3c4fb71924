"""Far more goods than a party ever had, or many at once to one nobody has seen before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import Event
from ledger.fold import States
from ledger.terms import month_of
from projections.red_flags import _capacity, _later
from projections.red_flags._goods import MOVED, Dealing, Line, dealing
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Day, Reference

KEPT_MONTHS: Final = 24
"""Months of a party's history that are kept, counted back from its newest."""

CITED_MAX: Final = 20
"""Entries one flag cites at most: the latest of its window."""

UNITS, CENTS = 0, 1
"""What is added up: pieces where they are told, else value."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One dealing of a party: pieces and US cents, 0 where it does not say."""

    on: date
    entry: int
    amounts: tuple[int, int]
    corridor: str = ""


@dataclass(frozen=True, slots=True)
class _Spike:
    """What stands out in a history, up to one dealing.

    total   amount in the window that ends with it
    usual   mean of the windows before; None where there is no history
    limit   what the total went over
    rows    of the window
    """

    of: int
    total: int
    usual: int | None
    limit: int
    rows: tuple[Row, ...]


class VolumeSpike(Rule):
    """In 90 days a party got several times what it usually gets, or its first order is large.

    1. A window ends with each shipment. It is held against the four windows before it: over
       several times their mean, and over their median by several times their median absolute
       deviation. Raised once, with the shipment that goes over.
    2. What others get in that country may grow too: only growth that is several times as fast
       stands out.
    3. Without any history, a first window with so many pieces stands out.
    4. Capacity declared for as much takes the flag away, until what a party gets goes over that.
    5. Pieces count where they are told, as chips, boards or computers; else value. Only pieces of
       goods that the rules of the day control count; value also where nobody describes the goods.

    Units: pieces, US cents. Source: proposed for this program, after BIS guidance of 2025-05-13
    (a customer without such business before) and 15 CFR part 732, supplement 3.
    """

    name = "volume-spike"
    source = "15 CFR part 732, supplement 3: orders out of line with a customer's needs"
    reads = MOVED | _capacity.CAPACITY | _later.SEATING_READS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Add a dealing to its party's history, and look at what it changes."""
        event = entry.event
        if event.wire in _capacity.CAPACITY:
            whose = _capacity.tell(states, self.name, entry.number, event)
            tags = [f"party:{each}" for each in reference.below(states, whose or "")]
            yield from self._all(states, tags, reference)
        elif event.wire in MOVED:
            seen = dealing(entry.number, event)
            found = None if seen is None else self._row(states, seen, reference)
            if found is not None:
                party, row = found
                self._keep(states, party, row)
                yield from self._follow(states, party, row, reference)
        else:
            yield from self._all(states, _later.seated(states, entry, reference), reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """Look at what is left without a voided shipment."""
        seen = dealing(number, event)
        found = None if seen is None else self._row(states, seen, reference)
        if found is None:
            return
        party, row = found
        self._drop(states, party, row)
        yield Finding(f"{party}/{number}")
        yield from self._follow(states, party, row, reference)

    def _row(self, states: States, seen: Dealing, reference: Reference) -> tuple[str, Row] | None:
        """Whose history a dealing belongs to, and as what; None where it says no amount."""
        day = reference.day(states, seen.on)
        lines = [line for line in seen.lines if _counts(line, day)]
        pieces = [line.quantity for line in lines if line.quantity is not None]
        if not lines:
            return None
        counted = len(pieces) == len(lines)
        cents = 0 if counted else seen.value_cents or 0
        amounts = (sum(pieces) if counted else 0, cents)
        if amounts == (0, 0):
            return None
        way = f"{'+'.join(seen.origins)}>{'+'.join(seen.destinations)}"
        party = seen.end_user or seen.consignee or seen.purchaser or way
        return party, Row(seen.on, seen.entry, amounts, "+".join(seen.destinations))

    def _keep(self, states: States, party: str, row: Row) -> None:
        month = month_of(row.on)
        key = f"{self.name}/H/{party}/{month}"
        states.put(key, [*(states.get(key, list[Row]) or []), row])
        months = sorted({*(states.get(f"{self.name}/M/{party}", list[str]) or []), month})
        for old in months[:-KEPT_MONTHS]:
            states.put(f"{self.name}/H/{party}/{old}", None)
        states.put(f"{self.name}/M/{party}", months[-KEPT_MONTHS:])
        self._move(states, row, 1)

    def _drop(self, states: States, party: str, row: Row) -> None:
        month = month_of(row.on)
        key = f"{self.name}/H/{party}/{month}"
        left = [each for each in states.get(key, list[Row]) or [] if each.entry != row.entry]
        states.put(key, left or None)
        if not left:
            months = states.get(f"{self.name}/M/{party}", list[str]) or []
            states.put(f"{self.name}/M/{party}", [each for each in months if each != month] or None)
        self._move(states, row, -1)

    def _move(self, states: States, row: Row, sign: int) -> None:
        """What everybody gets in a country, by month."""
        for of in (UNITS, CENTS):
            key = f"{self.name}/D/{row.corridor}/{month_of(row.on)}/{of}"
            states.add(key, sign * row.amounts[of])

    def _follow(
        self, states: States, party: str, row: Row, reference: Reference
    ) -> Iterator[Finding]:
        """Look again at all whose windows a dealing is in, its own party's and others'."""
        last = row.on + timedelta(days=self._reach(states, row.on, reference))
        for each in self._history(states, party, row.on, last):
            if (each.on, each.entry) >= (row.on, row.entry):
                yield self._judge(states, party, each, reference)
        newest = states.get(f"{self.name}/V/{row.corridor}", str)
        if newest is not None and row.on.isoformat() <= newest:
            tags = [f"corridor:{row.corridor}/{month}" for month in _months(row.on, last)]
            yield from self._again(states, tags, reference)

    def _reach(self, states: States, on: date, reference: Reference) -> int:
        limits = reference.day(states, on).pattern(self.name).parameters
        return limits["window_days"] * (1 + limits["windows_before"])

    def _all(self, states: States, tags: list[str], reference: Reference) -> Iterator[Finding]:
        """Look again at all that parties got: what they have room for is another amount now."""
        for tag in tags:
            party = tag.removeprefix("party:")
            for row in self._history(states, party, date.min, date.max):
                yield self._judge(states, party, row, reference)

    def _again(self, states: States, tags: list[str], reference: Reference) -> Iterator[Finding]:
        for matter in _later.resting_on(states, self.name, tags):
            party, _, number = matter.rpartition("/")
            event = states.recall(int(number)).event
            for row in self._history(states, party, event.on, event.on):
                if row.entry == int(number):
                    yield self._judge(states, party, row, reference)

    def _history(self, states: States, party: str, since: date, until: date) -> list[Row]:
        """A party's dealings between two days, by date and entry."""
        known = states.get(f"{self.name}/M/{party}", list[str]) or []
        first, last = month_of(since), month_of(until)
        rows = [
            row
            for month in known
            if first <= month <= last
            for row in states.get(f"{self.name}/H/{party}/{month}", list[Row]) or []
            if since <= row.on <= until
        ]
        return sorted(rows, key=lambda row: (row.on, row.entry))

    def _judge(self, states: States, party: str, row: Row, reference: Reference) -> Finding:
        matter = f"{party}/{row.entry}"
        day = reference.day(states, row.on)
        spike = self._spike(states, party, row, day, reference)
        if spike is None:
            return Finding(matter)
        corridor = f"corridor:{row.corridor}/{month_of(row.on)}"
        _later.rests_on(states, self.name, matter, (corridor,))
        newest = states.get(f"{self.name}/V/{row.corridor}", str) or ""
        states.put(f"{self.name}/V/{row.corridor}", max(newest, row.on.isoformat()))
        if self._everybody_grew(states, party, row, spike, day):
            return Finding(matter)
        days = day.pattern(self.name).parameters["window_days"]
        before = (
            "and nothing before"
            if spike.usual is None
            else f"usually {_amount(spike.usual, spike.of)}, and over"
            f" {_amount(spike.limit, spike.of)} stands out"
        )
        event = states.recall(row.entry).event
        flag = RedFlag(
            rule=self.name,
            severity="weak",
            subject=event.subject,
            key=f"{party}/{event.subject.partition(':')[2]}",
            because=(
                f"{_amount(spike.total, spike.of)} for {party} in the {days} days up to {row.on},"
                f" {before}"
            ),
            source=self.source,
            policy=day.policy,
            on=row.on,
            evidence=entries(*(each.entry for each in spike.rows[-CITED_MAX:])),
            parties=() if ">" in party else (party,),
        )
        return Finding(matter, (flag,))

    def _spike(
        self, states: States, party: str, row: Row, day: Day, reference: Reference
    ) -> _Spike | None:
        """What stands out with a dealing that did not without it."""
        limits = day.pattern(self.name).parameters
        of = UNITS if row.amounts[UNITS] else CENTS
        days, count = limits["window_days"], limits["windows_before"]
        least = limits["first_order_units" if of == UNITS else "first_order_value_cents"]
        since = row.on - timedelta(days=days * (count + 1) - 1)
        sums = [0] * (count + 1)
        window: list[Row] = []
        for each in self._history(states, party, since, row.on):
            if (each.on, each.entry) > (row.on, row.entry):
                break
            place = (row.on - each.on).days // days
            sums[place] += each.amounts[of]
            if place == 0 and each.amounts[of]:
                window.append(each)
        total, before = sums[0], sums[1:]
        usual, limit = None, least - 1
        if any(before):
            usual = sum(before) // count
            middle = int(median(before))
            deviation = int(median([abs(each - middle) for each in before]))
            limit = max(
                limits["multiple"] * usual, middle + limits["mad_multiple"] * deviation, least - 1
            )
        if total > limit:
            limit = max(limit, self._room(states, party, row, of, day, reference))
        if not total > limit >= total - row.amounts[of]:
            return None
        return _Spike(of, total, usual, limit, tuple(window))

    def _everybody_grew(
        self, states: States, party: str, row: Row, spike: _Spike, day: Day
    ) -> bool:
        """Whether a party's growth is no more than so many times that of the others there.

        Counted in whole months, a window as three of them.
        """
        if spike.usual is None:
            return False
        now, before = 0, 0
        months = _months(row.on - timedelta(days=450), row.on)[-15:]
        for place, month in enumerate(months):
            all_ = states.number(f"{self.name}/D/{row.corridor}/{month}/{spike.of}")
            rows = states.get(f"{self.name}/H/{party}/{month}", list[Row]) or []
            own = sum(each.amounts[spike.of] for each in rows if each.corridor == row.corridor)
            if place >= len(months) - 3:
                now += all_ - own
            else:
                before += all_ - own
        times = day.pattern(self.name).parameters["corridor_multiple"]
        # Without others before, nobody shows what is usual there. Else, without dividing:
        # total / usual <= times * now / (before / 4).
        return bool(before) and spike.total * before <= times * now * 4 * spike.usual

    def _room(
        self, states: States, party: str, row: Row, of: int, day: Day, reference: Reference
    ) -> int:
        """What the capacity that is declared holds; 0 where nobody declares any."""
        limits = day.pattern(self.name).parameters
        by = row.on + timedelta(days=limits["declare_days"])
        found = _capacity.declared(states, self.name, party, by, reference)
        kilowatts = 0 if found is None else found[0]
        if of == UNITS:
            return kilowatts * 1_000 // limits["watts_per_unit"]
        return kilowatts * limits["value_per_kilowatt_cents"]


def _counts(line: Line, day: Day) -> bool:
    """Whether a line is of concern: controlled, or nobody says what it is or how many.

    Somebody who counts pieces knows what they are: switches by the hundred are no concern.
    """
    told = not line.in_words or line.eccn or line.model or line.families
    return line.controlled(day) or not (told or line.quantity is not None)


def _amount(amount: int, of: int) -> str:
    if of == UNITS:
        return "1 piece" if amount == 1 else f"{amount:,} pieces"
    return f"US${amount // 100:,}"


def _months(since: date, until: date) -> list[str]:
    """Every month from one day to another.

    >>> _months(date(2024, 12, 31), date(2025, 2, 1))
    ['2024-12', '2025-01', '2025-02']
    """
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(first, last + 1)]
