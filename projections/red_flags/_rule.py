"""What a rule is, and what every rule may ask.

A rule names the events it reads and says, matter by matter, which flags stand: what it finds on a
matter replaces what it found before, so that nothing is raised twice and a voided shipment takes
its flags along. Its states stand under its own name. Thresholds come from the rules in force.

The order in which things are told decides nothing: a movement is judged when it is recorded, and
judged again when more becomes known of a party to it, of who owns that party, or of a license it
waits for. The evidence then includes what came later, so that the flag stands since that entry.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import msgspec

from ledger.entry import Entry
from ledger.events import Event, Movement, ShipmentExported, ShipmentReexported, ShipmentTransferred
from ledger.fold import States
from ledger.policy import Act
from ledger.terms import PartyId
from projections.red_flags._red_flag import SEVERITIES, RedFlag, Severity
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


Recorded = tuple[int, Movement]
"""A movement and the entry that recorded it."""


class Rule(ABC):
    """One suspicion.

    name    as on the flag, such as cap-breach
    reads   wire names of the events it reads; voided shipments are given to `withdraw`, and
            movements of whose parties or license more is known now to `judge_again`
    """

    name: str
    reads: frozenset[str]

    @abstractmethod
    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """What an entry does to the rule's states, and what it finds."""

    def judge_again(
        self, states: States, movements: Sequence[Recorded], reference: Reference
    ) -> Iterator[Finding]:
        """What is found on movements by what is known of their parties and license now."""
        yield from ()

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """What is found once the movement that entry `number` recorded has never been."""
        yield from ()

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What is found once what entry `number` told of goods, in words or not, has never been.

        Movements go to `withdraw`; a rule that reads of goods in words says more here.
        """
        if isinstance(event, Movement):
            yield from self.withdraw(states, number, event, reference)

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """What time alone raises: flags that stand on a date because nothing happened."""
        yield from ()


class Review(msgspec.Struct, frozen=True, array_like=True):
    """What somebody made of a flag; the severity they saw, where the entry says it."""

    entry: int
    outcome: Literal["cleared", "snoozed", "referred", "confirmed"]
    on: date
    until: date | None
    by: str
    reason: str
    severity: Severity | None = None

    def hides(self, flag: RedFlag, on: date) -> bool:
        """Whether a flag is cleared, or snoozed on a date, by it: a worse one than the reviewer
        saw never is.
        """
        holds = self.outcome == "cleared" or (
            self.outcome == "snoozed" and (self.until is None or on < self.until)
        )
        return holds and (
            self.severity is None
            or SEVERITIES.index(flag.severity) >= SEVERITIES.index(self.severity)
        )


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


def parties_to(movement: Movement) -> dict[PartyId, str]:
    """Who a shipment is to or for, each once, in the role that weighs most."""
    roles: dict[PartyId, str] = {}
    for party, role in (
        (movement.ultimate_consignee, "ultimate consignee"),
        (movement.end_user, "end user"),
        (movement.purchaser, "purchaser"),
        *((each, "intermediate consignee") for each in movement.intermediate_consignees),
    ):
        if party is not None:
            roles.setdefault(party, role)
    return roles


def act(movement: Movement) -> Act:
    """What kind of movement it is, in the words of the EAR."""
    match movement:
        case ShipmentReexported():
            return "reexport"
        case ShipmentTransferred():
            return "transfer"
        case _:
            return "export"
