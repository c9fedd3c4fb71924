"""Chips for a party whose business has no use for them, or that could not pay for them."""

from datetime import date
from typing import Final, TypeVar

import msgspec

from ledger.entry import Entry
from ledger.events import (
    PartyAssetsDeclared,
    PartyBusinessDeclared,
    PartyFinancingDeclared,
)
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags._goods import Dealing
from projections.red_flags._judging import Judging, of_interest, quantity
from projections.red_flags._red_flag import RedFlag
from projections.reference import Reference

FITTING: Final = frozenset(
    {"cloud", "data_center", "high_performance_computing", "research", "ict_distribution",
     "ict_manufacturing", "semiconductors", "telecommunications", "software"}
)  # fmt: skip
"""Lines of business in which chips are used, made into something, or sold."""

IN_BETWEEN: Final = frozenset({"finance", "logistics", "trading"})
"""Those that pay for, carry or trade in anything: other rules look at them."""


class Business(msgspec.Struct, frozen=True, array_like=True):
    """What a party said its business is."""

    on: date
    entry: int
    activities: tuple[str, ...]


class Means(msgspec.Struct, frozen=True, array_like=True):
    """What a party has, US cents: all its assets, or its cash where only that is known."""

    on: date
    entry: int
    cents: int


S = TypeVar("S", Business, Means)


class LineOfBusiness(Judging):
    """An order of chips that does not fit who ordered, gets or sends it.

    1. Its declared activities are all outside computing and its trade. What it said last before
       the order counts, or first after it. An activity that is only "other" decides nothing.
    2. Or all it has, with its ultimate parent the richer of the two, is a small share of the
       order, and nobody declared to finance it.

    Weak. Both for orders from some value on, or of so many units where no value is declared.

    Source: BIS "Know Your Customer" Guidance and Red Flags, Supplement No. 3 to 15 CFR part 732,
    flags 2 and 6.
    """

    name = "line-of-business"
    source = "Supplement No. 3 to 15 CFR part 732, red flags 2 and 6"
    asks = frozenset(
        {PartyBusinessDeclared.wire, PartyAssetsDeclared.wire, PartyFinancingDeclared.wire}
    )

    def note(self, states: States, entry: Entry) -> None:
        """Keep what a party declared."""
        match entry.event:
            case PartyBusinessDeclared(party=party, declared_on=on, activities=activities):
                key, said = f"{self.name}/A/{party}", Business(on, entry.number, activities)
                states.put(key, sorted([*(states.get(key, list[Business]) or []), said], key=_when))
            case PartyAssetsDeclared(party=party, declared_on=on) as declared:
                has = max(declared.assets_cents or 0, declared.cash_cents or 0)
                key, means = f"{self.name}/M/{party}", Means(on, entry.number, has)
                states.put(key, sorted([*(states.get(key, list[Means]) or []), means], key=_when))
            case PartyFinancingDeclared(party=party):
                states.put(f"{self.name}/F/{party}", entry.number)
            case _:
                return

    def judge(self, states: States, deal: Dealing, reference: Reference) -> tuple[RedFlag, ...]:
        """Look at who a dealing is for, who bought, and who sent it."""
        day = reference.day(states, deal.on)
        set_ = day.pattern(self.name).parameters
        if deal.value_cents is None:
            large = quantity(deal) >= set_["units_min"]
        else:
            large = deal.value_cents >= set_["value_min_cents"]
        if not large or not of_interest(deal, day):
            return ()
        found: dict[str, str] = {}
        cited: list[int] = []
        receiving = [deal.consignee, deal.end_user, deal.purchaser]
        for party in dict.fromkeys([*receiving, *deal.senders]):
            if party is None:
                continue
            said = _newest(states.get(f"{self.name}/A/{party}", list[Business]) or [], deal.on)
            if said is not None and _apart(said.activities):
                fields = ", ".join(each.replace("_", " ") for each in said.activities)
                found[party] = f"the business of {party} is {fields}"
                cited.append(said.entry)
            if party in receiving and party not in found:
                means = self._means(states, party, deal.on, reference)
                most = set_["assets_share_bp"] * (deal.value_cents or 0) // WHOLE_BP
                if means is not None and means.cents < most:
                    found[party] = f"{party} and its parent have ${means.cents // 100:,}"
                    cited.append(means.entry)
        return self.flagged(deal, day, "weak", found, cited)

    def _means(self, states: States, party: str, on: date, reference: Reference) -> Means | None:
        """What a party or its ultimate parent has, whichever has more; None where nobody said, or
        where somebody declared to finance it.
        """
        if states.get(f"{self.name}/F/{party}", int) is not None:
            return None
        known = [
            means
            for each in (party, reference.seat(states, party, on).parent)
            if (means := _newest(states.get(f"{self.name}/M/{each}", list[Means]) or [], on))
        ]
        return max(known, key=lambda means: means.cents, default=None)


def _apart(activities: tuple[str, ...]) -> bool:
    """Whether activities are all of another kind."""
    said = set(activities) - {"other"}
    return bool(said) and not said & (FITTING | IN_BETWEEN)


def _newest(said: list[S], on: date) -> S | None:
    """What was said last up to a day; what was said first after it, where nothing was before."""
    before = [each for each in said if each.on <= on]
    return before[-1] if before else next(iter(said), None)


def _when(said: Business | Means) -> tuple[date, int]:
    return said.on, said.entry
