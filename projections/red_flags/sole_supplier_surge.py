"""One supplier sells more to a listed party after the others stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ledger.entry import Entry
from ledger.events import Event, PartyDelisted, PartyListed, PartySupplyEnded
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags import _flows
from projections.red_flags._goods import MOVED, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Reference

CITED_MAX: Final = 20
"""Shipments one flag cites at most: the latest of its window."""

WATCHED_DAYS: Final = 365
"""How long after a change a supplier is watched."""


@dataclass(frozen=True, slots=True)
class _Change:
    """The day from which others sold no more: a listing, or what was seen of suppliers.

    ended  suppliers that were seen to stop; None where only the listing is known
    """

    entry: int
    on: date
    ended: PartySupplyEnded | None


@dataclass(frozen=True, slots=True)
class _Sold:
    """Goods one supplier sent."""

    entry: int
    on: date
    supplier: str
    pieces: int
    cents: int


class SoleSupplierSurge(Rule):
    """After a party was listed, one supplier's window grew by half, and the others' fell by 80 %.

    1. The window before the change is held against each window within a year after it, each
       ending with a shipment of the supplier. Raised once for each supplier and change.
    2. Where suppliers were seen to stop, the others need no record here, and a supplier without a
       record before the change that goes on is enough.
    3. Totals of several shipments that began in the window before count as sold after the change:
       where they end is not told.
    4. Pieces where every shipment tells them, else value.

    Only goods that this ledger carries are seen: a contract won from a supplier that never appears
    here looks the same. Units: pieces, US cents. Source: BIS order against Seagate, 2023-04-19
    (footnote 1 to Entity List, 15 CFR 734.9(e)); weak, because a gain alone is lawful.
    """

    name = "sole-supplier-surge"
    source = "BIS order of 2023-04-19 on Seagate: sole supplier once its competitors had stopped"
    reads = MOVED | {PartyListed.wire, PartyDelisted.wire, PartySupplyEnded.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at who sells to a listed party."""
        match entry.event:
            case PartyListed(party=party) | PartySupplyEnded(party=party):
                key = f"{self.name}/L/{party}"
                states.put(key, [*(states.get(key, list[int]) or []), entry.number])
                yield self._judge(states, party, reference)
            case PartyDelisted(party=party):
                yield self._judge(states, party, reference)
            case event:
                yield from self._again(states, dealing(entry.number, event), reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment was no surge."""
        yield from self._again(states, dealing(number, event), reference)

    def _again(
        self, states: States, seen: Dealing | None, reference: Reference
    ) -> Iterator[Finding]:
        for party in () if seen is None else seen.receivers:
            if states.get(f"{self.name}/L/{party}", list[int]):
                yield self._judge(states, party, reference)

    def _judge(self, states: States, party: str, reference: Reference) -> Finding:
        flags: dict[str, RedFlag] = {}
        for number in states.get(f"{self.name}/L/{party}", list[int]) or []:
            event = states.recall(number).event
            ended = event if isinstance(event, PartySupplyEnded) else None
            for flag in self._since(states, party, _Change(number, event.on, ended), reference):
                # The listing and what was seen of suppliers are one surge of one supplier.
                flags.setdefault(flag.key, flag)
        return Finding(party, tuple(flags.values()))

    def _since(
        self, states: States, party: str, change: _Change, reference: Reference
    ) -> Iterator[RedFlag]:
        limits = reference.day(states, change.on).pattern(self.name).parameters
        span = timedelta(days=limits["window_days"])
        first, last = change.on - span, change.on + timedelta(days=WATCHED_DAYS)
        sold = [
            row
            for seen in _flows.received(states, party, first, last)
            for row in _sold(states, seen.entry, change)
        ]
        of = "pieces" if all(row.pieces for row in sold) else "cents"
        before = [row for row in sold if row.on < change.on]
        after = [row for row in sold if row.on >= change.on]
        raised: set[str] = set()
        for row in after:
            supplier = row.supplier
            if supplier in raised or not reference.listed(states, party, row.on):
                continue
            window = [each for each in after if row.on - span < each.on <= row.on]
            own = [each for each in window if each.supplier == supplier]
            mine = sum(getattr(each, of) for each in own)
            theirs = sum(getattr(each, of) for each in window) - mine
            mine_before = sum(getattr(each, of) for each in before if each.supplier == supplier)
            theirs_before = sum(getattr(each, of) for each in before) - mine_before
            if not mine or mine * WHOLE_BP < mine_before * limits["multiple_bp"]:
                continue
            ended = _others_ended(change, supplier)
            if not ended and (
                not mine_before
                or not theirs_before
                or theirs * WHOLE_BP > theirs_before * (WHOLE_BP - limits["drop_bp"])
            ):
                continue
            raised.add(supplier)
            rivals = ended or (
                f"the others went from {_amount(theirs_before, of)} to {_amount(theirs, of)}"
            )
            day = reference.day(states, row.on)
            yield RedFlag(
                rule=self.name,
                severity="weak",
                subject=f"party:{party}",
                key=f"{party}/{supplier}",
                because=(
                    f"{supplier} sent listed {party} {_amount(mine, of)} in the"
                    f" {limits['window_days']} days up to {row.on}, and {_amount(mine_before, of)}"
                    f" in those before {change.on}; {rivals}"
                ),
                source=self.source,
                policy=day.policy,
                on=row.on,
                evidence=entries(
                    change.entry,
                    *(each.entry for each in (before + window)[-CITED_MAX:]),
                    row.entry,
                ),
                parties=(supplier, party),
            )


def _sold(states: States, number: int, change: _Change) -> Iterator[_Sold]:
    seen = dealing(number, states.recall(number).event)
    if seen is None or seen.kind in ("sale", "order"):
        return
    on = max(seen.on, change.on) if seen.aggregate and change.ended else seen.on
    pieces = [line.quantity or 0 for line in seen.lines]
    counted = sum(pieces) if all(pieces) else 0
    for supplier in seen.senders[:1]:
        yield _Sold(number, on, supplier, counted, seen.value_cents or 0)


def _others_ended(change: _Change, supplier: str) -> str:
    """That other suppliers were seen to stop, in words; empty when none was."""
    if change.ended is None:
        return ""
    named = [each for each in change.ended.suppliers if each != supplier]
    if supplier in change.ended.suppliers or not (named or change.ended.count):
        return ""
    who = ", ".join(named) or (
        "1 other supplier" if change.ended.count == 1 else f"{change.ended.count} other suppliers"
    )
    return f"{who} had stopped by {change.on}"


def _amount(amount: int, of: str) -> str:
    return f"{amount:,} pieces" if of == "pieces" else f"US${amount // 100:,}"
