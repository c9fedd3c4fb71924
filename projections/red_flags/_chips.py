"""Rules that look at single chips, by their serial numbers (`projections.custody`)."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from ledger.events import Event
from ledger.fold import States
from projections import custody
from projections.red_flags._rule import Finding, Rule
from projections.reference import Reference


class OfChips(Rule):
    """A rule that judges the history of a chip, and again whenever it has another."""

    @abstractmethod
    def judge(
        self, states: States, serials: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        """What is found on some chips by what is known of them now."""

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What was voided took no chip anywhere, carried none and explains nothing."""
        yield from self.judge(states, custody.withdraw(states, number, event), reference)
