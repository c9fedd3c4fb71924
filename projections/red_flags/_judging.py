"""Rules that judge dealings one by one, each again when more is told of a party to it.

G/F/<party>/<month>  dealings it forwarded
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from ledger.entry import Entry
from ledger.events import Event, Movement
from ledger.events.parties import AboutParty
from ledger.fold import States
from ledger.terms import month_of
from projections.red_flags._flows import Seen, months_of
from projections.red_flags._goods import DEALINGS, Dealing, dealing, each_once
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, Recorded, Rule
from projections.reference import SEATING, Day, Reference


class Judging(Rule):
    """A rule whose matters are dealings, by the entries that recorded them.

    asks    wire names of the facts that may change a judgment
    source  where the rule is written
    """

    asks: ClassVar[frozenset[str]]
    source: ClassVar[str]

    def __init__(self) -> None:
        self.reads = DEALINGS | self.asks

    @abstractmethod
    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """The flags that stand on a dealing, by what is known now."""

    def flagged(
        self,
        deal: Dealing,
        day: Day,
        severity: Severity,
        found: Mapping[str, str],
        cited: Iterable[int],
        *,
        weight: int | None = None,
    ) -> tuple[RedFlag, ...]:
        """The one flag on a dealing that says what was found, by party; none where nothing was."""
        if not found:
            return ()
        return (
            RedFlag(
                rule=self.name,
                severity=severity,
                subject=deal.subject,
                key=matter_of(deal),
                because=f"{words(deal)}: " + "; ".join(found.values()),
                source=self.source,
                policy=day.policy,
                on=deal.on,
                evidence=entries(deal.entry, *cited),
                parties=each_once(*found, *deal.parties),
                weight=weight,
            ),
        )

    def note(self, states: States, entry: Entry) -> None:
        """Keep what a fact says, before dealings are judged again by it."""

    def touched(self, states: States, entry: Entry, reference: Reference) -> Iterable[int]:
        """The dealings a fact bears on: those of its party, and of all below it, where it is about
        who owns whom.
        """
        event = entry.event
        if isinstance(event, SEATING):
            parties = tuple(reference.below(states, event.party))
        elif isinstance(event, AboutParty):
            parties = (event.party,)
        else:
            return ()
        return sorted({number for party in parties for number in of_party(states, party)})

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Judge a dealing; or judge again those that a fact bears on."""
        if entry.event.wire in DEALINGS:
            deal = dealing(entry.number, entry.event)
            flags = () if deal is None else self.judge(states, deal, reference)
            if flags:
                yield Finding(str(entry.number), flags)
        if entry.event.wire in self.asks:
            self.note(states, entry)
            for number in self.touched(states, entry, reference):
                yield self.again(states, number, reference)

    def again(self, states: States, number: int, reference: Reference) -> Finding:
        """What is found on a dealing by what is known now."""
        deal = dealing(number, states.recall(number).event)
        return Finding(str(number), () if deal is None else self.judge(states, deal, reference))

    def judge_again(
        self, states: States, movements: Sequence[Recorded], reference: Reference
    ) -> Iterator[Finding]:
        """Judge movements by what is known now of their parties and license."""
        for number, _ in movements:
            yield self.again(states, number, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What was told of goods that never moved raises nothing."""
        yield Finding(str(number))

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """The same, of chips of the catalogue."""
        yield Finding(str(number))


def keep(states: States, deal: Dealing) -> None:
    """Remember what a forwarder forwarded."""
    if deal.forwarder is not None:
        key = f"G/F/{deal.forwarder}/{month_of(deal.on)}"
        states.put(key, [*(states.get(key, list[int]) or []), deal.entry])


def drop(states: States, deal: Dealing) -> None:
    """Forget a dealing that has never been."""
    if deal.forwarder is not None:
        key = f"G/F/{deal.forwarder}/{month_of(deal.on)}"
        left = [each for each in states.get(key, list[int]) or [] if each != deal.entry]
        states.put(key, left or None)


def of_party(states: States, party: str) -> set[int]:
    """Entries of every dealing a party was in."""
    found: set[int] = set()
    months = months_of(states, party)
    for side, some in (("S", months.sent), ("R", months.got)):
        for month in some:
            rows = states.get(f"G/{side}/{party}/{month}", list[Seen]) or []
            found.update([seen.entry for seen in rows])
    for month in months.forwarded:
        found.update(states.get(f"G/F/{party}/{month}", list[int]) or [])
    return found


def left_open(deal: Dealing) -> bool:
    """Whether words alone tell of some goods, and name no chip and no classification: what they
    are is open.
    """
    return any(
        line.in_words and not line.families and line.model is None and line.eccn is None
        for line in deal.lines
    )


def of_interest(deal: Dealing, day: Day) -> bool:
    """Whether goods of a dealing are controlled, or nothing says that they are not."""
    return bool(deal.controlled(day)) or left_open(deal)


def quantity(deal: Dealing) -> int:
    """At least so many chips: a computer has one or more."""
    return sum(line.quantity or 0 for line in deal.lines)


def matter_of(deal: Dealing) -> str:
    """What flags on a dealing are grouped by: the shipment; of a sale or an order, who and when."""
    return deal.shipment or f"{deal.kind}/{deal.purchaser}/{deal.on}"


def words(deal: Dealing) -> str:
    """A dealing in a few words: what it is, how much, when."""
    subject = f"shipment {deal.shipment}" if deal.shipment else f"{deal.kind} to {deal.purchaser}"
    value = "" if deal.value_cents is None else f" worth ${deal.value_cents // 100:,}"
    units = f" of {quantity(deal):,} units" if quantity(deal) else ""
    return f"{subject}{units}{value} on {deal.on}"
