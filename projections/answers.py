"""What rules say to applications and shipments, each question asked of them once.

A long history asks the same thing over and over, in other words each time, and rules tell few of
them apart: two days between which none of their dates lies, two countries that stand on the same
of their lists, two classifications of one group of items are alike to them. Here it is only said
which kind of verdict it is; `projections.verdicts` says why.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

import msgspec

from ledger.events import Movement
from ledger.policy import Rules
from ledger.quota import QuotaAccount
from projections.reference import Day, Ruling, Seat
from projections.verdicts import (
    Asked,
    Kind,
    SeatOf,
    Verdict,
    on_application,
    on_authority,
    on_limit,
    on_movement,
)

Places = tuple[str | None, str | None, str | None]
"""Where a party is, has its headquarters, and its ultimate parent has its own."""

Words = tuple[Any, ...]
"""What any rules look at in an application or a shipment, but for quantities."""


TOLD: Final = ("dates", "read_on")
"""Dates in a pack that people read, and that decide nothing."""


class Answers:
    """What some rules say from a day on, until one that they name.

    lists  names of countries that they tell apart
    """

    def __init__(self, ruling: Ruling, day: date, lists: list[frozenset[str]]) -> None:
        self.day = Day(ruling, day)
        self._ruling = ruling
        self._alike = _Alike(ruling.rules, lists)
        self._counts = cache(ruling.rules.counts)

    def takes(self, asked: Asked) -> int:
        """TPP of an application that count toward the cap of its country."""
        return sum([line.tpp for line in asked.lines if self._counts(line.eccn)])

    def on_application(self, asked: Asked, words: Words, seat: SeatOf) -> Kind:
        """What they say to an application, or to its approval, while the cap has room.

        words  `asked_in` of it
        """
        known = self._alike.applications
        key = self._alike.application(words, asked)
        found = known.get(key)
        if found is None:
            found = known[key] = on_application(asked, self.day, seat, QuotaAccount).kind
        return found

    def on_movement(
        self,
        number: int,
        movement: Movement,
        words: Words,
        seat: SeatOf,
        received: Callable[[str], int],
    ) -> Kind:
        """What they say to a shipment that relies on no license.

        words     `moved_in` of it
        received  TPP that an ultimate parent had received under LPP that year
        """
        known = self._alike.movements
        key = self._alike.movement(words)
        found = known.get(key)
        if found is None:
            said = on_authority(number, movement, self.day, seat)
            found = known[key] = "over_limit" if said is None else said.kind
        if found != "over_limit":
            return found
        parent = seat(movement.ultimate_consignee).parent
        return on_limit(movement, self.day, parent, received).kind

    def why(
        self, number: int, movement: Movement, seat: SeatOf, received: Callable[[str], int]
    ) -> Verdict:
        """The same, with the reason, which names the shipment's own day."""
        return on_movement(number, movement, Day(self._ruling, movement.on), seat, received)


class _Alike:
    """What some rules do not tell apart from one of their dates to the next, and their answers.

    movements  of shipments; over_limit where an exception is there and only a limit may stand
               against it
    """

    def __init__(self, rules: Rules, lists: list[frozenset[str]]) -> None:
        self.applications: dict[Words, Kind] = {}
        self.movements: dict[Words, Kind] = {}
        self._rules = rules
        self._lists = lists
        self._country = cache(self._country_of)
        self._places = cache(self._places_of)
        self._goods = cache(self._goods_of)
        self._chips = cache(self._chips_of)
        self._by_speed = any(
            (row.below_tpp, row.below_dram_gbps) != (None, None) for row in rules.reviews
        )
        # Every row of the review says the same of all totals between two of these.
        bounds = {
            bound
            for row in rules.reviews
            for bound in (row.from_total_tpp, row.up_to_total_tpp)
            if bound is not None
        }
        self._totals = sorted(bounds | {bound + 1 for bound in bounds})

    def application(self, words: Words, asked: Asked) -> Words:
        """What these rules look at in an application."""
        destination, act, agreed, bought, lines, parties = words
        total = bisect_right(self._totals, asked.tpp) if self._totals else 0
        places = self._places
        return (
            self._country(destination), act, agreed, places(bought), self._chips(lines), total,
            frozenset([places(one) for one in parties]),
        )  # fmt: skip

    def movement(self, words: Words) -> Words:
        """What these rules look at in a shipment."""
        kind, authority, destination, lines, consignee, end_user, bought = words
        places = self._places
        return (
            kind, authority, self._country(destination), self._goods(lines), places(consignee),
            places(end_user), places(bought),
        )  # fmt: skip

    def _country_of(self, country: str) -> Words:
        """On which of their lists its sovereign stands; nothing leaves the United States."""
        sovereign = self._rules.sovereign(country)
        named = (at for at, names in enumerate(self._lists) if sovereign in names)
        return sovereign == "US", *named

    def _places_of(self, places: Places | None) -> Words | None:
        return places and tuple(place and self._country(place) for place in places)

    def _goods_of(self, lines: tuple[tuple[str | None, str], ...]) -> frozenset[Words]:
        """Groups of items, and chips where some are controlled by name."""
        rules = self._rules
        return frozenset(
            (eccn is not None and rules.item_group(eccn), rules.chip_controls and model)
            for eccn, model in lines
        )

    def _chips_of(self, lines: tuple[tuple[str, str, int], ...]) -> frozenset[Words]:
        """Groups of items, and chips where the review asks how fast they are."""
        rules = self._rules
        return frozenset(
            (rules.item_group(eccn), self._by_speed and (model, tpp)) for eccn, model, tpp in lines
        )


class Eras:
    """Some rules, and what they say from one date they name to the next."""

    def __init__(self, rules: Rules) -> None:
        self._ruling = Ruling(rules)
        packs = [msgspec.to_builtins(pack, builtin_types=(date,)) for pack in rules.packs]
        self._lists = [each for pack in packs for each in _lists(pack)]
        self._turns = _turns(each for pack in packs for each in _dates(pack))
        self._eras: dict[int, Answers] = {}
        self._days: dict[date, Answers] = {}

    def on(self, day: date) -> Answers:
        """What they say on a day."""
        found = self._days.get(day)
        if found is None:
            era = bisect_right(self._turns, day)
            if era not in self._eras:
                self._eras[era] = Answers(self._ruling, day, self._lists)
            found = self._days[day] = self._eras[era]
        return found


def asked_in(asked: Asked, seat: SeatOf) -> Words:
    """What rules look at in an application, but for its total."""
    bought = None if asked.purchaser is None else _places(seat(asked.purchaser))
    lines = tuple([(line.eccn, line.model, line.tpp_per_unit) for line in asked.lines])
    parties = [_places(seat(party)) for party in asked.parties]
    return asked.destination, asked.act, asked.agreed, bought, lines, parties


def moved_in(movement: Movement, seat: SeatOf) -> Words:
    """What rules look at in a shipment that relies on no license."""
    consignee = end_user = _places(seat(movement.ultimate_consignee))
    if movement.end_user is not None:
        end_user = _places(seat(movement.end_user))
    bought = None if movement.purchaser is None else _places(seat(movement.purchaser))
    lines = tuple([(line.eccn, line.model) for line in movement.lines])
    kind = type(movement)
    return kind, movement.authority, movement.destination, lines, consignee, end_user, bought


def _places(seat: Seat) -> Places:
    return seat.location, seat.headquarters, seat.parent_headquarters


def _turns(named: Iterable[date]) -> list[date]:
    """Some dates and the days after them, in order: from each to the next nothing changes."""
    days = set(named)
    return sorted(days | {each + timedelta(days=1) for each in days if each < date.max})


def _dates(value: object) -> Iterator[date]:
    """Every date in a pack that decides something."""
    if isinstance(value, date):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in TOLD:
                yield from _dates(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _dates(each)


def _lists(value: object) -> Iterator[frozenset[str]]:
    """Every list of names in a pack."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        yield frozenset(value)
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _lists(each)
