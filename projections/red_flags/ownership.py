"""A party to a dealing that listed parties own, alone or together, directly or through others."""

from datetime import date
from typing import Final

from ledger.entry import Entry
from ledger.events import PartyDelisted, PartyListed, PartyOwnershipChanged
from ledger.fold import States
from ledger.parties import PartyFacts
from ledger.terms import WHOLE_BP
from projections.red_flags._goods import Dealing
from projections.red_flags._judging import Judging, of_interest, of_party
from projections.red_flags._red_flag import RedFlag, Severity
from projections.reference import Party, Reference

FINE: Final = 10_000
"""Parts of a basis point that shares along a chain are reckoned in."""


class Ownership(Judging):
    """Listed parties own much of a party: the shares of each chain multiplied, all chains added.

    1. From one half on, hard on the days on which the rule on affiliates of listed parties was in
       force, weak on others; weak too for a significant minority. Share and days are the policy's.
    2. Hard whatever the goods are: what a list demands a license for, it demands of those whom the
       listed own. Weak only for goods that are controlled, or of which nobody says what they are.
    3. Above a listed owner nobody is counted: what it owns, it owns. Owners in a circle are counted
       as often as they own one another: the least amounts that agree with each other.

    A party that is listed itself is another rule's. Units: basis points of the whole.

    Source: 15 CFR 744.11 as amended on 2025-09-29 (affiliates of listed parties), suspended from
    2025-11-10 to 2026-11-09.
    """

    name = "ownership"
    source = "15 CFR 744.11, affiliates of listed parties"
    asks = frozenset({PartyOwnershipChanged.wire, PartyListed.wire, PartyDelisted.wire})

    def note(self, states: States, entry: Entry) -> None:
        """Keep who owns anything of whom, and the newest entry of each share and listing."""
        match entry.event:
            case PartyOwnershipChanged(party=party, owner=owner):
                owned = states.get(f"{self.name}/O/{owner}", list[str]) or []
                if party not in owned:
                    states.put(f"{self.name}/O/{owner}", [*owned, party])
                self._told(states, f"S/{party}/{owner}", entry)
            case PartyListed(party=party) | PartyDelisted(party=party):
                self._told(states, f"L/{party}", entry)
            case _:
                return

    def touched(self, states: States, entry: Entry, reference: Reference) -> list[int]:
        """The dealings of a party and of all it owns anything of."""
        event = entry.event
        if not isinstance(event, PartyOwnershipChanged | PartyListed | PartyDelisted):
            return []
        seen: list[str] = [event.party]
        for one in seen:
            owned = states.get(f"{self.name}/O/{one}", list[str]) or []
            seen += [each for each in owned if each not in seen]
        return sorted({number for party in seen for number in of_party(states, party)})

    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """Look at who owns each party."""
        day = reference.day(states, deal.on)
        minority = day.pattern(self.name).parameters["minority_bp"]
        found: dict[str, str] = {}
        cited: list[int] = []
        most = 0
        for party in deal.parties:
            share, owners, shown_by = self._listed_share(states, party, deal.on)
            if share < minority:
                continue
            most = max(most, share)
            cited += shown_by
            found[party] = (
                f"{share // 100}.{share % 100:02} % of {party} belongs to"
                f" {' and '.join(owners)}, listed"
            )
        rule = day.affiliates
        owned = rule.applies(deal.on) and most >= rule.threshold_bp
        if not owned and not of_interest(deal, day):
            return ()
        severity: Severity = "hard" if owned else "weak"
        return self.flagged(deal, day, severity, found, cited)

    def _listed_share(
        self, states: States, party: str, on: date
    ) -> tuple[int, list[str], list[int]]:
        """How much of a party listed ones own, who, and the entries that say so."""
        shares: dict[str, dict[str, int]] = {}
        listed: list[str] = []
        waiting = [party]
        for one in waiting:
            facts = _facts(states, one)
            if one != party and facts.lists_on(on):
                listed.append(one)
                continue
            shares[one] = {
                owner: share
                for owner, days in facts.shares.items()
                if (share := _newest(days, on)) > 0
            }
            waiting += [owner for owner in shares[one] if owner not in waiting]
        if not listed or _facts(states, party).lists_on(on):
            return 0, [], []
        whole = WHOLE_BP * FINE
        held = dict.fromkeys(shares, 0) | dict.fromkeys(listed, whole)
        # Amounts only grow and never past the whole, so this ends.
        while True:
            now = {
                one: min(
                    whole, sum(share * held[owner] // WHOLE_BP for owner, share in owners.items())
                )
                for one, owners in shares.items()
            }
            if all(held[one] == amount for one, amount in now.items()):
                break
            held |= now
        cited = [
            number
            for one, owners in shares.items()
            for owner in owners
            if held[owner]
            for number in [states.get(f"{self.name}/S/{one}/{owner}", int) or 0]
        ]
        cited += [states.get(f"{self.name}/L/{one}", int) or 0 for one in listed]
        return held[party] // FINE, listed, cited

    def _told(self, states: States, key: str, entry: Entry) -> None:
        states.put(f"{self.name}/{key}", entry.number)


def _facts(states: States, party: str) -> PartyFacts:
    known = states.get(f"P/{party}", Party)
    return PartyFacts() if known is None else known.facts


def _newest(days: dict[str, int], on: date) -> int:
    past = [day for day in days if day <= on.isoformat()]
    return days[max(past)] if past else 0
