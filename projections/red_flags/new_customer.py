"""A large order of chips for a firm that was formed around a control."""

from datetime import date, timedelta
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    CheckPerformed,
    ControlPublished,
    PartyCapacityDeclared,
    PartyCapacityPlanned,
    PartyRegistered,
)
from ledger.fold import States
from projections.red_flags._goods import Dealing
from projections.red_flags._judging import Judging, quantity
from projections.red_flags._later import SEATING_READS
from projections.red_flags._red_flag import RedFlag
from projections.red_flags._seats import belongs_to_tier3
from projections.reference import Day, Reference

ANSWERED: Final = ("powered_on", "attested")
"""Grades of evidence at which the chips themselves answered."""


class Known(msgspec.Struct, frozen=True, array_like=True):
    """When a party was formed, and the entry that says so."""

    on: date
    entry: int


class NewCustomer(Judging):
    """A party gets or buys controlled chips within months of its formation, and was formed shortly
    before a control took effect or within two years after it.

    Controls are those that were published, and those of the packs in force on the day. Weak, and
    heavier for an order of great value. Nothing for a party outside tier 3 that declared what its
    data center can run and where chips answered at a check.

    Source: Supplement No. 3 to 15 CFR part 732, red flag 4 (little or no business background); BIS
    guidance of 2025-05-13, customers that never ordered before the controls of October 2022.
    """

    name = "new-customer"
    source = "Supplement No. 3 to 15 CFR part 732, red flag 4; BIS guidance of 2025-05-13"
    asks = SEATING_READS | {
        event.wire
        for event in (
            PartyCapacityDeclared, PartyCapacityPlanned, CheckPerformed, ControlPublished,
        )
    }  # fmt: skip

    def note(self, states: States, entry: Entry) -> None:
        """Keep when a party was formed, what it can run, and when a control took effect."""
        match entry.event:
            case PartyRegistered(party=party, formed_on=formed) if formed is not None:
                states.put(f"{self.name}/P/{party}", Known(formed, entry.number))
            case PartyCapacityDeclared(party=party) | PartyCapacityPlanned(party=party):
                states.put(f"{self.name}/C/{party}", entry.number)
            case CheckPerformed(party=party, evidence=grade) if grade in ANSWERED:
                states.put(f"{self.name}/V/{party}", entry.number)
            case ControlPublished(effective_on=on):
                known = states.get(f"{self.name}/controls", list[Known]) or []
                known = sorted([*known, Known(on, entry.number)], key=lambda each: each.on)
                states.put(f"{self.name}/controls", known)
            case _:
                return

    def touched(self, states: States, entry: Entry, reference: Reference) -> list[int]:
        """A control bears on every order of a young firm; a check on those of whom it was of."""
        match entry.event:
            case ControlPublished():
                return states.get(f"{self.name}/young", list[int]) or []
            case CheckPerformed(party=party):
                numbers = states.get(f"{self.name}/young", list[int]) or []
                return numbers if states.get(f"{self.name}/P/{party}", Known) else []
            case _:
                return list(super().touched(states, entry, reference))

    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """Look at who gets the chips, uses them and buys them."""
        day = reference.day(states, deal.on)
        pattern = day.pattern(self.name)
        set_ = pattern.parameters
        value = deal.value_cents or 0
        if quantity(deal) < set_["units_min"] and value < set_["value_min_cents"]:
            return ()
        if not deal.controlled(day):
            return ()
        large = value >= set_["large_value_cents"]
        found: dict[str, str] = {}
        cited: list[int] = []
        for party in dict.fromkeys((deal.consignee, deal.end_user, deal.purchaser)):
            formed = None if party is None else states.get(f"{self.name}/P/{party}", Known)
            if party is None or formed is None:
                continue
            if not formed.on <= deal.on < months_after(formed.on, set_["age_months_max"]):
                continue
            self._is_young(states, deal.entry)
            control = self._control(states, day, formed.on)
            if control is None or self._proven(states, party, deal.on, day, reference):
                continue
            age = (deal.on - formed.on).days
            found[party] = (
                f"{party} was formed on {formed.on}, {age:,} days before, and a control took"
                f" effect on {control.on}"
            )
            cited += [formed.entry, control.entry]
        weight = set_["large_weight"] if large else pattern.weight
        return self.flagged(deal, day, "weak", found, cited, weight=weight)

    def _control(self, states: States, day: Day, formed: date) -> Known | None:
        """The control around which a party was formed, the first there is."""
        set_ = day.pattern(self.name).parameters
        published = states.get(f"{self.name}/controls", list[Known]) or []
        in_force = [
            Known(pack.dates.codified_from, 0)
            for pack in day.rules.packs
            if pack.items is not None and pack.dates.codified_from is not None
        ]
        for each in sorted([*published, *in_force], key=lambda known: (known.on, known.entry)):
            since = each.on - timedelta(days=set_["before_days"])
            if since <= formed < months_after(each.on, set_["after_months"]):
                return each
        return None

    def _proven(self, states: States, party: str, on: date, day: Day, reference: Reference) -> bool:
        """Whether a party showed what it needs chips for, and belongs outside tier 3."""
        seat = reference.seat(states, party, on)
        return (
            states.get(f"{self.name}/C/{party}", int) is not None
            and states.get(f"{self.name}/V/{party}", int) is not None
            and not belongs_to_tier3(seat, day)
        )

    def _is_young(self, states: States, number: int) -> None:
        known = states.get(f"{self.name}/young", list[int]) or []
        if number not in known:
            states.put(f"{self.name}/young", [*known, number])


def months_after(on: date, months: int) -> date:
    """The same day some months later; the last of a month that is too short.

    >>> months_after(date(2024, 8, 31), 6)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(on.month - 1 + months, 12)
    first = date(on.year + year, month + 1, 1)
    following = date(first.year + month // 11, (month + 1) % 12 + 1, 1)
    return first + timedelta(days=min(on.day, (following - first).days) - 1)
