"""What a rule is, and what every rule may ask.

A rule names the events it reads and says, matter by matter, which flags stand: what it finds on a
matter replaces what it found before, so that nothing is raised twice and a voided shipment takes
its flags along. Its states stand under its own name. Thresholds come from the rules in force.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import msgspec

from ledger.entry import Entry
from ledger.events import Movement, ShipmentExported, ShipmentReexported, ShipmentTransferred
from ledger.fold import States
from ledger.policy import Act
from projections.red_flags._red_flag import RedFlag
from projections.reference import Reference

MOVEMENTS: Final = frozenset(
    event.wire for event in (ShipmentExported, ShipmentReexported, ShipmentTransferred)
)
"""Wire names of what moves chips."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The flags that stand on a matter now: none, one or several."""

    matter: str
    flags: tuple[RedFlag, ...] = ()


class Rule(ABC):
    """One suspicion.

    name    as on the flag, such as cap-breach
    reads   wire names of the events it reads; voided shipments are given to `withdraw`
    """

    name: str
    reads: frozenset[str]

    @abstractmethod
    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """What an entry does to the rule's states, and what it finds."""

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """What is found once the movement that entry `number` recorded has never been."""
        yield from ()

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """What time alone raises: flags that stand on a date because nothing happened."""
        yield from ()


class Review(msgspec.Struct, frozen=True, array_like=True):
    """What somebody made of a flag."""

    entry: int
    outcome: Literal["cleared", "snoozed", "referred", "confirmed"]
    on: date
    until: date | None
    by: str
    reason: str


def reviews(states: States, flag: str) -> list[Review]:
    """Every review of a flag, in order."""
    return states.get(f"R/{flag}", list[Review]) or []


def cleared_before(states: States, flag: str, entry: int) -> bool:
    """Whether the newest review before an entry cleared a flag."""
    earlier = [review for review in reviews(states, flag) if review.entry < entry]
    return bool(earlier) and earlier[-1].outcome == "cleared"


def standing(states: States, rule: str, matter: str) -> list[str]:
    """Keys of the flags that stand on a matter, oldest first; a flag's id ends its key."""
    return states.get(f"M/{rule}/{matter}", list[str]) or []


def act(movement: Movement) -> Act:
    """What kind of movement it is, in the words of the EAR."""
    match movement:
        case ShipmentReexported():
            return "reexport"
        case ShipmentTransferred():
            return "transfer"
        case _:
            return "export"
