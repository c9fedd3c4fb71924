"""Chips bought in a hurry before a control takes effect."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import ControlPublished, Event
from ledger.fold import States
from ledger.terms import month_of
from projections.red_flags._goods import MOVED, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Reference

KEPT_MONTHS: Final = 24
"""Months of a party's history that are kept, counted back from its newest."""

CITED_MAX: Final = 20
"""Entries one flag cites at most: the latest of those before the control."""


class Control(msgspec.Struct, frozen=True, array_like=True):
    """A control that was published: for where, where it says so."""

    entry: int
    effective_on: date
    countries: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True, array_like=True):
    """Pieces of one dealing, and where they went."""

    on: date
    entry: int
    pieces: int
    destination: str


Controls = dict[str, Control]


class Stockpiling(Rule):
    """In the 60 days before a control took effect a party got over twice what it got in the 60
    before those, and more so than others.

    1. Known once the control is in effect, when both windows are complete. Where the control names
       countries, only what went there counts.
    2. If others got more too, a party must go over twice its own window grown as theirs did: that
       everybody buys ahead of a control is lawful and no sign.
    3. A party without anything in the earlier window is new, which is for other rules.
    4. Pieces count, where they are told: of chips whatever the rules of the day say of them, for a
       control is bought ahead of before it applies.

    Weak, and never an alert alone. Units: pieces. Source: proposed for this program; 15 CFR part
    732, supplement 3, for orders out of line with needs.
    """

    name = "stockpiling"
    source = "15 CFR part 732, supplement 3: orders out of line with needs, before a control"
    reads = MOVED | {ControlPublished.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Keep what a party got, and note who may have bought ahead of which control."""
        match entry.event:
            case ControlPublished() as published:
                name = published.control
                for key in [key for key, _ in states.scan(f"{self.name}/O/{name}/", int)]:
                    states.put(key, None)
                known = states.get(f"{self.name}/C", Controls) or {}
                control = Control(entry.number, published.effective_on, published.countries)
                states.put(f"{self.name}/C", {**known, name: control})
                days = self._days(states, control, reference)
                for month in _months(control.effective_on - timedelta(days), control.effective_on):
                    prefix = f"{self.name}/P/{month}/"
                    for key in [key for key, _ in states.scan(prefix, int)]:
                        self._note(states, name, control, key.removeprefix(prefix), reference)
            case event:
                self._count(states, dealing(entry.number, event), 1, reference)
        yield from ()

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment was not bought."""
        self._count(states, dealing(number, event), -1, reference)
        yield from ()

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Who bought more than others did ahead of a control that is in effect on a date."""
        for name, control in sorted((states.get(f"{self.name}/C", Controls) or {}).items()):
            if on < control.effective_on:
                continue
            prefix = f"{self.name}/O/{name}/"
            parties = [key.removeprefix(prefix) for key, _ in states.scan(prefix, int)]
            if not parties:
                continue
            days = self._days(states, control, reference)
            all_now, all_before = self._everybody(states, control, days, reference)
            for party in parties:
                now, before, rows = self._own(states, control, party, days, reference)
                others_now, others_before = all_now - now, all_before - before
                day = reference.day(states, control.effective_on)
                times = day.pattern(self.name).parameters["multiple"]
                grown = max(others_now, others_before)
                if others_before and now * others_before <= times * before * grown:
                    continue
                yield RedFlag(
                    rule=self.name,
                    severity="weak",
                    subject=f"party:{party}",
                    key=f"{party}/{name}",
                    because=(
                        f"{party} got {now:,} pieces in the {days} days before control {name} took"
                        f" effect on {control.effective_on}, and {before:,} in the {days} before"
                        f" those; others went from {others_before:,} to {others_now:,}"
                    ),
                    source=self.source,
                    policy=day.policy,
                    on=control.effective_on,
                    evidence=entries(control.entry, *(row.entry for row in rows[-CITED_MAX:])),
                    parties=(party,),
                )

    def _days(self, states: States, control: Control, reference: Reference) -> int:
        day = reference.day(states, control.effective_on)
        return day.pattern(self.name).parameters["before_days"]

    def _count(self, states: States, seen: Dealing | None, sign: int, reference: Reference) -> None:
        """Add a dealing to what its party got, or take it away."""
        row = None if seen is None else _row(seen)
        if seen is None or row is None:
            return
        party = seen.end_user or seen.consignee or seen.purchaser
        states.add(f"{self.name}/D/{row.on}/{row.destination}", sign * row.pieces)
        if party is None:
            return
        month = month_of(row.on)
        key = f"{self.name}/H/{party}/{month}"
        rows = [each for each in states.get(key, list[Row]) or [] if each.entry != row.entry]
        rows = [*rows, row] if sign > 0 else rows
        states.put(key, rows or None)
        before = states.get(f"{self.name}/M/{party}", list[str]) or []
        if (month in before) != bool(rows):
            states.put(f"{self.name}/P/{month}/{party}", 1 if rows else None)
            months = sorted({*before, month} if rows else {*before} - {month})
            for old in months[:-KEPT_MONTHS]:
                states.put(f"{self.name}/H/{party}/{old}", None)
                states.put(f"{self.name}/P/{old}/{party}", None)
            states.put(f"{self.name}/M/{party}", months[-KEPT_MONTHS:] or None)
        for name, control in (states.get(f"{self.name}/C", Controls) or {}).items():
            days = self._days(states, control, reference)
            if timedelta(0) < control.effective_on - row.on <= timedelta(2 * days):
                self._note(states, name, control, party, reference)

    def _note(
        self, states: States, name: str, control: Control, party: str, reference: Reference
    ) -> None:
        """Note whether a party's own growth ahead of a control stands out."""
        days = self._days(states, control, reference)
        now, before, _ = self._own(states, control, party, days, reference)
        day = reference.day(states, control.effective_on)
        times = day.pattern(self.name).parameters["multiple"]
        stands_out = before > 0 and now > times * before
        states.put(f"{self.name}/O/{name}/{party}", 1 if stands_out else None)

    def _own(
        self, states: States, control: Control, party: str, days: int, reference: Reference
    ) -> tuple[int, int, list[Row]]:
        """What a party got in the window before a control and in the one before that, and the
        dealings of the first.
        """
        start = control.effective_on - timedelta(2 * days)
        known = states.get(f"{self.name}/M/{party}", list[str]) or []
        now: list[Row] = []
        before = 0
        for month in _months(start, control.effective_on):
            rows = states.get(f"{self.name}/H/{party}/{month}", list[Row]) if month in known else ()
            for row in rows or ():
                left = (control.effective_on - row.on).days
                if not self._concerns(states, control, row.destination, reference):
                    continue
                if 0 < left <= days:
                    now.append(row)
                elif days < left <= 2 * days:
                    before += row.pieces
        now.sort(key=lambda row: (row.on, row.entry))
        return sum(row.pieces for row in now), before, now

    def _everybody(
        self, states: States, control: Control, days: int, reference: Reference
    ) -> tuple[int, int]:
        """What everybody got in both windows."""
        sums = [0, 0]
        for back in range(1, 2 * days + 1):
            prefix = f"{self.name}/D/{control.effective_on - timedelta(back)}/"
            for key, pieces in states.scan(prefix, int):
                if self._concerns(states, control, key.removeprefix(prefix), reference):
                    sums[0 if back <= days else 1] += pieces
        return sums[0], sums[1]

    def _concerns(
        self, states: States, control: Control, destination: str, reference: Reference
    ) -> bool:
        if not control.countries:
            return True
        day = reference.day(states, control.effective_on)
        return bool(destination) and (
            destination in control.countries or day.sovereign(destination) in control.countries
        )


def _row(seen: Dealing) -> Row | None:
    pieces = [line.quantity for line in seen.lines if line.quantity is not None]
    if len(pieces) != len(seen.lines):
        return None
    return Row(seen.on, seen.entry, sum(pieces), "".join(seen.destinations[:1]))


def _months(since: date, until: date) -> list[str]:
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(first, last + 1)]
