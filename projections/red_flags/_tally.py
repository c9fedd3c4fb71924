"""Amounts that add up toward a limit, shipment by shipment: over it once, one flag.

Each contribution keeps its own row, so that taking one away gives what would have been without
it. What came after a flag adds nothing to it; what came after somebody cleared it raises a new
one, with the new evidence.

    <rule>/T/<matter>           what was added up
    <rule>/C/<matter>/<entry>   what one entry added
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from ledger.fold import States
from projections.red_flags._red_flag import RedFlag
from projections.red_flags._rule import cleared_before, standing

CITED_MAX: Final = 50
"""Entries one flag cites at most: the latest, of those that added up."""

Limit = Callable[["Counted"], int | None]


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What one entry added.

    amount  in the rule's unit
    term    what the rules of its date say to it: a limit in the same unit, or a tolerance in bp
    policy  the packs it was judged under
    also    entries that show why it counts here: the adoption of the rules, who owns whom
    """

    amount: int
    term: int
    policy: str
    also: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """The moment a sum went past its limit.

    entry     with which it did
    cited     the latest contributions, that entry the last of them
    also      entries that show why those count here
    earlier   how many contributions went before it
    """

    entry: int
    total: int
    limit: int
    counted: Counted
    cited: tuple[int, ...]
    also: tuple[int, ...]
    earlier: int

    @property
    def excess(self) -> int:
        """How far past the limit."""
        return self.total - self.limit


def add(states: States, rule: str, matter: str, entry: int, counted: Counted) -> int:
    """Add what an entry counts for; returns the sum."""
    states.put(f"{rule}/C/{matter}/{entry:012d}", counted)
    states.add(f"{rule}/T/{matter}", counted.amount)
    return total(states, rule, matter)


def take(states: States, rule: str, matter: str, entry: int) -> None:
    """Take away what an entry counted for, if it counted."""
    key = f"{rule}/C/{matter}/{entry:012d}"
    counted = states.get(key, Counted)
    if counted is not None:
        states.put(key, None)
        states.add(f"{rule}/T/{matter}", -counted.amount)


def total(states: States, rule: str, matter: str) -> int:
    """What was added up."""
    return states.number(f"{rule}/T/{matter}")


def is_open(states: States, rule: str, matter: str, entry: int) -> bool:
    """Whether a flag stands on a matter that nobody had cleared when an entry came."""
    keys = standing(states, rule, matter)
    return bool(keys) and not cleared_before(states, _id(keys[-1]), entry)


def flags(
    states: States,
    rule: str,
    matter: str,
    limit: Limit,
    flag: Callable[[Crossing], RedFlag],
) -> tuple[RedFlag, ...]:
    """The flags of a matter, from its contributions in the order they were recorded."""
    raised: list[RedFlag] = []
    entries: list[int] = []
    known: list[Counted] = []
    sum_ = 0
    for key, counted in states.scan(f"{rule}/C/{matter}/", Counted):
        entry = int(key.rpartition("/")[2])
        entries.append(entry)
        known.append(counted)
        sum_ += counted.amount
        most = limit(counted)
        if most is None or sum_ <= most:
            continue
        if raised and not cleared_before(states, raised[-1].id, entry):
            continue
        cited = tuple(entries[-CITED_MAX:])
        also = tuple(shown for each in known[-CITED_MAX:] for shown in each.also)
        raised.append(flag(Crossing(entry, sum_, most, counted, cited, also, len(entries) - 1)))
    return tuple(raised)


def _id(key: str) -> str:
    return key.rpartition("/")[2]
