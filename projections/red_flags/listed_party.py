"""A party to a dealing is on a restricted-party list: by its id, by a name, or by its address."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    AddressDelisted,
    AddressListed,
    PartyAddressDeclared,
    PartyAliasRecorded,
    PartyDelisted,
    PartyListed,
    PartyMerged,
    PartyRegistered,
    PartyRenamed,
)
from ledger.fold import States
from projections.clusters import addresses, merged_with, place, tied_to
from projections.red_flags._goods import Dealing
from projections.red_flags._judging import Judging, of_interest, of_party
from projections.red_flags._red_flag import SEVERITIES, RedFlag, Severity
from projections.reference import Day, Reference


class Listing(msgspec.Struct, frozen=True, array_like=True):
    """An entry that put a party or an address on a list, or took it off."""

    on: date
    entry: int
    list: str
    listed: bool


class ListedParty(Judging):
    """Somebody in any role of a dealing is on a list on its day.

    1. Hard by its id, and where it goes by a name that a listed party has or had; for information
       where a license names it.
    2. Hard for who went up into a listed party by a merger; strong for the one that a listed party
       went up into, whose listing may not have been carried over.
    3. Weak where only its address is: it is listed itself, or a listed party is there. Lists err in
       addresses, and goods that are not controlled raise nothing then.

    Names are compared without case, accents, punctuation and legal form.

    Source: 15 CFR 744.11 and 744.16, Supplement No. 4 to part 744; addresses without
    a name since 2024-06-12.
    """

    name = "listed-party"
    source = "15 CFR 744.11, 744.16 and Supplement No. 4 to part 744"
    asks = frozenset(
        event.wire
        for event in (
            PartyRegistered, PartyRenamed, PartyAliasRecorded, PartyAddressDeclared, PartyListed,
            PartyDelisted, PartyMerged, AddressListed, AddressDelisted,
        )
    )  # fmt: skip

    def note(self, states: States, entry: Entry) -> None:
        """Keep names and listings."""
        number, event = entry.number, entry.event
        match event:
            case PartyRegistered(party=party, name=name) | PartyRenamed(party=party, name=name):
                self._name(states, party, name, number)
            case PartyAliasRecorded(party=party, alias=name):
                self._name(states, party, name, number)
            case PartyListed(party=party, list=list_, listed_on=on):
                self._list(states, f"party:{party}", Listing(on, number, list_, True))
            case PartyDelisted(party=party, list=list_, delisted_on=on):
                self._list(states, f"party:{party}", Listing(on, number, list_, False))
            case AddressListed(list=list_, listed_on=on):
                node = place(states, event.text, event.country)
                states.put(f"{self.name}/A/{event.address}", node)
                if node:
                    self._list(states, node, Listing(on, number, list_, True))
            case AddressDelisted(list=list_, delisted_on=on):
                node = states.get(f"{self.name}/A/{event.address}", str) or ""
                if node:
                    self._list(states, node, Listing(on, number, list_, False))
            case _:
                return

    def touched(self, states: States, entry: Entry, reference: Reference) -> list[int]:
        """A listing bears on those of the same name, and on those at the same address."""
        event = entry.event
        parties: set[str] = set()
        match event:
            case AddressListed() | AddressDelisted():
                node = states.get(f"{self.name}/A/{event.address}", str) or ""
                parties.update(states.get(f"K/with/{node}", list[str]) or [])
            case (
                PartyRegistered(party=party)
                | PartyRenamed(party=party)
                | PartyAliasRecorded(party=party)
                | PartyAddressDeclared(party=party)
                | PartyListed(party=party)
                | PartyDelisted(party=party)
                | PartyMerged(party=party)
            ):
                parties |= {party, *merged_with(states, party, date.max)}
                for name in states.get(f"{self.name}/P/{party}", dict[str, int]) or {}:
                    parties.update(states.get(f"{self.name}/N/{name}", list[str]) or [])
                for node, _ in addresses(states, party, date.max):
                    parties.update(states.get(f"K/with/{node}", list[str]) or [])
            case _:
                pass
        return sorted({number for party in parties for number in of_party(states, party)})

    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """Look at everybody a dealing names."""
        day = reference.day(states, deal.on)
        matches: list[tuple[Severity, str, str]] = []
        cited: list[int] = []
        for party in deal.parties:
            severity, said, shown_by = self._match(states, party, deal, day)
            if not said:
                continue
            approved_at = _licensed_at(states, deal, party, reference)
            if approved_at:
                severity = "information"
                shown_by = (*shown_by, approved_at)
            matches.append((severity, party, said))
            cited += shown_by
        matches.sort(key=lambda each: SEVERITIES.index(each[0]))
        found = {party: said for _, party, said in matches}
        worst = matches[0][0] if matches else "information"
        weight = day.pattern(self.name).parameters["address_weight"]
        return self.flagged(deal, day, worst, found, cited, weight=weight)

    def _match(
        self, states: States, party: str, deal: Dealing, day: Day
    ) -> tuple[Severity, str, tuple[int, ...]]:
        """How a party is on a list on the day of a dealing, in words; the entries that say so."""
        on = deal.on
        listing = self._listed(states, f"party:{party}", on)
        if listing is not None:
            said = f"{party} is on {_words(listing.list)} since {listing.on}"
            return "hard", said, (listing.entry,)
        for name, named_at in (states.get(f"{self.name}/P/{party}", dict[str, int]) or {}).items():
            for other in states.get(f"{self.name}/N/{name}", list[str]) or []:
                if other == party:
                    continue
                listing = self._listed(states, f"party:{other}", on)
                if listing is not None:
                    known = states.get(f"{self.name}/P/{other}", dict[str, int]) or {}
                    said = (
                        f"{party} goes by a name of {other}, on {_words(listing.list)} since"
                        f" {listing.on}"
                    )
                    return "hard", said, (named_at, known[name], listing.entry)
        one = merged_with(states, party, on)
        for other in sorted(one, key=lambda each: not one[each][0]):
            listing = self._listed(states, f"party:{other}", on)
            if listing is not None:
                went_up, shown_by = one[other]
                said = (
                    f"{party} is one with {other} by a merger, on {_words(listing.list)} since"
                    f" {listing.on}"
                )
                return "hard" if went_up else "strong", said, (*shown_by, listing.entry)
        if of_interest(deal, day):
            for node, at in addresses(states, party, on):
                for tag, other_at in ((node, 0), *self._there(states, node, party, on)):
                    listing = self._listed(states, tag, on)
                    if listing is not None:
                        whose = "the address" if tag == node else f"{tag.partition(':')[2]} there"
                        said = (
                            f"{party} is at {node.partition(' ')[2]}, and {whose} is on"
                            f" {_words(listing.list)} since {listing.on}"
                        )
                        return "weak", said, (at, other_at, listing.entry)
        return "information", "", ()

    def _there(self, states: States, node: str, party: str, on: date) -> Iterator[tuple[str, int]]:
        for other, at in tied_to(states, node, on):
            if other != party:
                yield f"party:{other}", at

    def _listed(self, states: States, tag: str, on: date) -> Listing | None:
        """The listing of a party or an address that holds on a date."""
        told = states.get(f"{self.name}/L/{tag}", list[Listing])
        if told is None:
            return None
        newest: dict[str, Listing] = {}
        for each in told:
            if each.on <= on and (each.list not in newest or newest[each.list].on <= each.on):
                newest[each.list] = each
        held = [each for each in newest.values() if each.listed]
        return min(held, key=lambda each: (each.on, each.entry), default=None)

    def _list(self, states: States, tag: str, listing: Listing) -> None:
        key = f"{self.name}/L/{tag}"
        states.put(key, [*(states.get(key, list[Listing]) or []), listing])

    def _name(self, states: States, party: str, name: str, number: int) -> None:
        bare = bare_name(name)
        if not bare:
            return
        known = states.get(f"{self.name}/P/{party}", dict[str, int]) or {}
        if bare not in known:
            states.put(f"{self.name}/P/{party}", {**known, bare: number})
            others = states.get(f"{self.name}/N/{bare}", list[str]) or []
            states.put(f"{self.name}/N/{bare}", [*others, party])


LEGAL_FORMS: Final = frozenset(
    {"co", "company", "corp", "corporation", "inc", "incorporated", "limited", "llc", "llp", "ltd",
     "plc", "gmbh", "ag", "sa", "bv", "nv", "pte", "pty", "sdn", "bhd", "kk", "oy", "ab", "srl"}
)  # fmt: skip
"""Words of a name that only say what kind of company it is."""


def bare_name(name: str) -> str:
    """A name without case, accents, punctuation and legal form.

    >>> bare_name("Müller & Söhne Co., Ltd.")
    'muller sohne'
    """
    plain = "".join(
        each
        for each in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(each)
    )
    return " ".join(word for word in re.findall(r"\w+", plain) if word not in LEGAL_FORMS)


def _words(list_: str) -> str:
    return f"the {list_.replace('_', ' ')}"


def _licensed_at(states: States, deal: Dealing, party: str, reference: Reference) -> int:
    """The entry of the license that covers a dealing and is made out to a party; 0 without one."""
    facts = None if deal.license is None else reference.license(states, deal.license)
    approved = None if facts is None else facts.in_hand
    if facts is None or approved is None:
        return 0
    if not approved.decided_on <= deal.on <= approved.expires_on:
        return 0
    named = (approved.ultimate_consignee, *approved.end_users, approved.purchaser)
    return facts.approved_at if party in named else 0
