"""Rules that follow goods: they judge a dealing, and again those that its telling bears on.

Those that ask who belongs with whom judge again when that changes: `seated` says what.
"""

from abc import abstractmethod
from collections.abc import Iterator

from ledger.events import Event
from ledger.fold import States
from projections.red_flags._flows import recalled
from projections.red_flags._goods import Dealing, dealing
from projections.red_flags._judging import of_party
from projections.red_flags._rule import Finding, Rule
from projections.reference import Reference


class Following(Rule):
    """A rule whose matters are dealings, each judged by itself and by others around it."""

    @abstractmethod
    def judge(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        """What is found on a dealing by what is known now."""

    @abstractmethod
    def around(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        """What is found again on other dealings, once one is told or has never been."""

    def follow(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What the telling of a dealing does; nothing where goods play no part in an event."""
        told = dealing(number, event)
        if told is not None:
            yield from self.judge(states, told, reference)
            yield from self.around(states, told, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What was voided neither went anywhere nor brought what others could rest on."""
        told = dealing(number, event)
        if told is not None:
            yield Finding(str(number))
            yield from self.around(states, told, reference)


def seated(states: States, party: str, reference: Reference) -> Iterator[tuple[str, list[Dealing]]]:
    """A party of whom a seat was told, and all below it, each with the dealings it was in."""
    for each in reference.below(states, party):
        yield each, [recalled(states, number) for number in sorted(of_party(states, each))]
