"""Several firms at one address, or under one controller, that get chips for different users."""

from collections.abc import Iterator
from datetime import date

from ledger.entry import Entry
from ledger.events import (
    Event,
    PartyAddressDeclared,
    PartyControllerDeclared,
    PartyRegistered,
)
from ledger.fold import States
from projections.clusters import nodes, tied_to
from projections.red_flags._goods import DEALINGS, Dealing, dealing
from projections.red_flags._judging import of_interest, of_party
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule, standing
from projections.red_flags.new_customer import months_after
from projections.reference import Reference


class SharedAddress(Rule):
    """Three firms or more are at one address, or under one controller, and within two years two of
    them or more got controlled goods for end users that differ.

    Weak, and once for each address or controller: on the day on which that was so first. Nothing
    at the address of a registered agent, where many are that have nothing to do with each other.

    Source: BIS best practices of 2024-07-10 and FinCEN and BIS joint alert FIN-2023-Alert004,
    several entities at one address.
    """

    name = "shared-address"
    source = "FinCEN and BIS joint alert FIN-2023-Alert004, entities at one address"
    reads = DEALINGS | {
        PartyRegistered.wire, PartyAddressDeclared.wire, PartyControllerDeclared.wire,
    }  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at every address and controller of who gets goods, or of whom more is told."""
        deal = dealing(entry.number, entry.event)
        if deal is None:
            party = getattr(entry.event, "party", None)
            if party is not None:
                yield from self._all(states, (party,), reference)
        elif of_interest(deal, reference.day(states, deal.on)):
            yield from self._all(states, deal.receivers, reference, deal)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What never moved was got by nobody."""
        deal = dealing(number, event)
        if deal is not None:
            yield from self._all(states, deal.receivers, reference)

    def _all(
        self,
        states: States,
        parties: tuple[str, ...],
        reference: Reference,
        deal: Dealing | None = None,
    ) -> Iterator[Finding]:
        for node in dict.fromkeys(node for party in parties for node in nodes(states, party)):
            firms = states.get(f"K/with/{node}", list[str]) or []
            raised = standing(states, self.name, node)
            if len(firms) < 2 and not raised:
                continue
            known = states.get(raised[0], RedFlag) if raised and deal is not None else None
            # What comes after the day on which it was so first changes nothing.
            if known is None or deal is None or deal.on < known.on:
                yield Finding(node, self._flags(states, node, firms, reference))

    def _flags(
        self, states: States, node: str, firms: list[str], reference: Reference
    ) -> tuple[RedFlag, ...]:
        got = [
            (deal.on, number, firm, deal)
            for firm in firms
            for number in of_party(states, firm)
            if (deal := dealing(number, states.recall(number).event)) is not None
            and firm in deal.receivers
        ]
        earlier: list[tuple[date, Dealing, str]] = []
        for on, _, firm, deal in sorted(got, key=lambda each: each[:3]):
            day = reference.day(states, on)
            set_ = day.pattern(self.name).parameters
            if not of_interest(deal, day):
                continue
            earlier.append((on, deal, firm))
            there = dict(tied_to(states, node, on))
            if len(there) < set_["entities_min"] or firm not in there:
                continue
            within = [
                (other, whose)
                for then, other, whose in earlier
                if whose in there and on < months_after(then, set_["within_months"])
            ]
            users = {whose: other.end_user or whose for other, whose in within}
            if len(users) < set_["receiving_min"] or len(set(users.values())) < 2:
                continue
            what = "address" if node.startswith("address:") else "controller"
            name = node.partition(" " if what == "address" else ":")[2]
            flag = RedFlag(
                rule=self.name,
                severity="weak",
                subject=f"party:{firm}",
                key=node,
                because=(
                    f"{len(there)} firms have one {what}, {name}: {', '.join(sorted(there))};"
                    f" {len(users)} of them got controlled goods within {set_['within_months']}"
                    f" months up to {on}, for {', '.join(sorted(set(users.values())))}"
                ),
                source=self.source,
                policy=day.policy,
                on=on,
                evidence=entries(*there.values(), *(other.entry for other, _ in within)),
                parties=(firm, *sorted(set(there) - {firm})),
            )
            return (flag,)
        return ()
