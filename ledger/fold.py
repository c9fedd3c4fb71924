"""What a fold is: which events it reads, and what each does to keyed states.

A fold is pure in meaning: the states after an entry depend on the entries so far and on nothing
else: no clock, no network, no chance. The states themselves are mutable, because the engine that
keeps them (`ledger.views`, or `MemoryStates` here) saves only what changed.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, Final, Protocol, TypeVar

import msgspec

from ledger.entry import Entry
from ledger.events import (
    Event,
    FlagReviewed,
    Movement,
    PolicyAdopted,
    PolicyWithdrawn,
    ShipmentVoided,
)

T = TypeVar("T")

LATEST: Final = "latest"
"""Key of the newest day in the world that a fold was told of."""

LOOKED_UP: Final = frozenset(
    event.wire for event in (FlagReviewed, PolicyAdopted, PolicyWithdrawn, ShipmentVoided)
)
"""Wire names of what every question looks up by its own date, and of corrections: none of them
makes what is kept reach past a day."""

_encoder = msgspec.json.Encoder(order="sorted")


class States(Protocol):
    """States by key. A number nobody set is 0, and a number that is 0 is not kept."""

    def get(self, key: str, kind: type[T]) -> T | None:
        """The value at a key, or None."""
        ...

    def put(self, key: str, value: Any) -> None:
        """Set the value at a key; None removes it."""
        ...

    def number(self, key: str) -> int:
        """The number at a key, 0 when there is none."""
        ...

    def add(self, key: str, amount: int) -> None:
        """Add to the number at a key."""
        ...

    def scan(self, prefix: str, kind: type[T]) -> Iterator[tuple[str, T]]:
        """Every key that starts so, in order, with its value."""
        ...

    def recall(self, number: int) -> Entry:
        """An earlier entry, for the few events that point at one."""
        ...

    def remember(self, entry: Entry) -> None:
        """Hold an entry that is likely to be recalled soon."""
        ...


class Fold(Protocol):
    """One definition, for one pass here, for catching up, and for replays."""

    @property
    def name(self) -> str:
        """Short name under which its states are kept."""
        ...

    @property
    def version(self) -> int:
        """Raised when its meaning changes: what was kept is then dropped and rebuilt."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """Wire names of the events it reads."""
        ...

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the states."""
        ...


class MemoryStates:
    """States in memory, for replays and tests."""

    def __init__(self, recall: Callable[[int], Entry]) -> None:
        self._kept: dict[str, Any] = {}
        self._recall = recall
        # Keys by what they stand under, which is what scans ask for.
        self._under: dict[str, dict[str, None]] = {}

    def get(self, key: str, kind: type[T]) -> T | None:
        value: T | None = self._kept.get(key)
        return value

    def put(self, key: str, value: Any) -> None:
        if value is None:
            if self._kept.pop(key, None) is not None:
                for place in above(key):
                    del self._under[place][key]
            return
        if key not in self._kept:
            under = self._under
            for place in above(key):
                if place in under:
                    under[place][key] = None
                else:
                    under[place] = {key: None}
        self._kept[key] = value

    def number(self, key: str) -> int:
        found: int = self._kept.get(key, 0)
        return found

    def add(self, key: str, amount: int) -> None:
        self.put(key, self.number(key) + amount or None)

    def scan(self, prefix: str, kind: type[T]) -> Iterator[tuple[str, T]]:
        keys = self._under.get(prefix, ()) if prefix.endswith("/") else self._kept
        for key in sorted(key for key in keys if key.startswith(prefix)):
            yield key, self._kept[key]

    def recall(self, number: int) -> Entry:
        return self._recall(number)

    def remember(self, entry: Entry) -> None:
        """Nothing: whoever made these states says what is recalled."""

    def rows(self) -> list[tuple[str, bytes]]:
        """Every key with its value's bytes, in order: equal states have equal rows."""
        return [(key, _encoder.encode(value)) for key, value in sorted(self._kept.items())]


class Until:
    """A fold as it was in the world at the end of a day: what came later is left out, whenever it
    was told. Such states are never kept.
    """

    def __init__(self, fold: Fold, day: date) -> None:
        self.name, self.version, self.reads = fold.name, fold.version, fold.reads
        self._fold = fold
        self._day = day

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the states, if it is about no later day."""
        if day_of(entry, states.recall) <= self._day:
            self._fold.evolve(states, entry)


def day_of(entry: Entry, recall: Callable[[int], Entry]) -> date:
    """The day in the world an entry is about.

    A correction is about the day of what it corrects: a voided shipment was never made, on no day.
    """
    event = entry.event
    if isinstance(event, ShipmentVoided) and event.entry < entry.number:
        return recall(event.entry).event.on
    return event.on


def taken_back(at: int, void: ShipmentVoided, recall: Callable[[int], Entry]) -> Movement | None:
    """The movement that a void, entry `at`, says was never made: told before it, and of that very
    shipment. None where it names another entry, or goods that were told in words.
    """
    if void.entry >= at:
        return None
    event = recall(void.entry).event
    return event if isinstance(event, Movement) and event.shipment == void.shipment else None


def dated(states: States, event: Event) -> None:
    """Remember the newest day in the world that the states were told of."""
    if event.wire not in LOOKED_UP:
        reached(states, event.on)


def reached(states: States, day: date) -> None:
    """Remember a day in the world where it is the newest."""
    latest = states.get(LATEST, date)
    if latest is None or latest < day:
        states.put(LATEST, day)


def reaches_past(states: States, on: date) -> bool:
    """Whether states hold something of a later day, which `Until` would leave out."""
    return (states.get(LATEST, date) or on) > on


def above(key: str) -> Iterator[str]:
    """What a key stands under: a/ and a/b/ for a/b/c."""
    end = key.find("/")
    while end >= 0:
        yield key[: end + 1]
        end = key.find("/", end + 1)


def replay(fold: Fold, entries: Iterable[Entry]) -> MemoryStates:
    """The states after some entries, numbered as in the log, from the first on."""
    seen: dict[int, Entry] = {}
    states = MemoryStates(seen.__getitem__)
    for entry in entries:
        seen[entry.number] = entry
        if entry.event.wire in fold.reads:
            fold.evolve(states, entry)
    return states
