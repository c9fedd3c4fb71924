"""The search for ways around a cap, bounded by examples and by time.

Hypothesis makes sequences of orders, drawn to the edges of the rules (a limit and one chip more,
the last day of a year and the first of the next), is led toward those that move most, and shrinks
what it found to the shortest. Nothing found means that nothing was found within these bounds, and
is no proof. The same seed gives the same sequences, unless time ran out first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Final

from ledger.errors import Unreached
from projections.loopholes import Gambit, Order, Orders, World, green, reaches

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

SEED: Final = 20_250_113

SHRINK_SHARE: Final = 3
"""One part of the time in so many is left for finding the shortest."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a search goes for one gambit.

    orders    in one sequence, at most
    examples  tried, at most
    left      seconds that are left, as somebody outside measures them
    """

    orders: int
    examples: int
    left: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    shortest  the shortest sequence found that counts; empty where none was
    most      of those that count, the one that moves most TPP
    tried     sequences that were judged
    in_time   whether the search ended by itself, and not because time ran out
    """

    gambit: Gambit
    shortest: Orders
    most: Orders
    tried: int
    in_time: bool


class _TimeIsUp(BaseException):
    """Ends a search from inside: Hypothesis lets pass what is no Exception."""


def search(world: World, gambit: Gambit, bounds: Bounds) -> Found:
    """Look for green sequences that count.

    Raises `Unreached` (PROBE_LIBRARY) where Hypothesis is not installed.
    """
    try:
        import hypothesis
    except ImportError as error:
        raise Unreached(
            "the search needs the package hypothesis, and it is not installed",
            remedy="pip install 'chip-ledger[probe]'",
            code="PROBE_LIBRARY",
        ) from error
    if gambit.licensed is False and world.rules.lpp is None:
        return Found(gambit, (), (), tried=0, in_time=True)
    ends = bounds.left() / SHRINK_SHARE
    judged: dict[Orders, bool] = {}

    def counts(orders: Orders) -> bool:
        if bounds.left() <= ends:
            raise _TimeIsUp
        if not reaches(world, gambit, orders):
            return False
        if orders not in judged:
            judged[orders] = green(world, orders)
        return judged[orders]

    def climb(orders: Orders) -> None:
        if counts(orders):
            hypothesis.target(float(world.tpp(orders)))

    settings = hypothesis.settings(
        max_examples=bounds.examples,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    orders = _sequences(world, gambit, bounds.orders)
    climbing: Callable[[], None] = hypothesis.seed(SEED)(settings(hypothesis.given(orders)(climb)))
    in_time = True
    try:
        climbing()
    except _TimeIsUp:
        in_time = False
    ends = 0
    if any(judged.values()):
        try:
            hypothesis.find(orders, counts, settings=settings, random=Random(SEED))  # noqa: S311
        except _TimeIsUp:
            in_time = False
    for found in [orders for orders, is_green in judged.items() if is_green]:
        judged |= dict.fromkeys(_trimmed(world, gambit, found), True)
    passed = [orders for orders, is_green in judged.items() if is_green]
    return Found(
        gambit,
        # Of equally many orders, the one that says least.
        shortest=min(passed, key=lambda each: (len(each), _size(each), each), default=()),
        most=max(passed, key=lambda each: (world.tpp(each), -len(each)), default=()),
        tried=len(judged),
        in_time=in_time,
    )


def _trimmed(world: World, gambit: Gambit, orders: Orders) -> Iterator[Orders]:
    """Sequences with one order less that still count, down to one that can spare none."""
    for at in range(len(orders)):
        fewer = orders[:at] + orders[at + 1 :]
        if reaches(world, gambit, fewer) and green(world, fewer):
            yield fewer
            yield from _trimmed(world, gambit, fewer)
            return


def _size(orders: Orders) -> tuple[int, int]:
    """How much there is to say of a sequence: whose orders, and how far into the period."""
    return sum(order.buyer for order in orders), sum(order.day for order in orders)


def _sequences(world: World, gambit: Gambit, longest: int) -> "SearchStrategy[Orders]":
    from hypothesis import strategies as st

    last = date(world.opens.year, 12, 31) if gambit.one_year else world.closes
    span = (last - world.opens).days
    days = [day for day in _edges_of_years(world) if day <= span]

    def orders(*, licensed: bool) -> "SearchStrategy[Order]":
        edges = _edges_of_amounts(world, licensed=licensed)
        return st.builds(
            Order,
            day=st.one_of(st.sampled_from(days), st.integers(0, span)),
            buyer=st.integers(0, gambit.buyers - 1),
            # Three times in four an edge: that is where rules break.
            units=st.one_of(*[st.sampled_from(edges)] * 3, st.integers(1, edges[-1])),
            licensed=st.just(licensed),
        )

    kinds = [
        orders(licensed=licensed)
        for licensed in (True, False)
        if gambit.licensed in (None, licensed) and (licensed or world.rules.lpp is not None)
    ]
    return st.lists(st.one_of(kinds), min_size=1, max_size=longest).map(tuple)


def _edges_of_years(world: World) -> list[int]:
    """The first and last days of the years of the period, in days after it began."""
    years = range(world.opens.year, world.closes.year + 1)
    edges = (date(year, month, day) for year in years for month, day in ((1, 1), (12, 31)))
    return sorted((each - world.opens).days for each in edges if world.opens <= each)


def _edges_of_amounts(world: World, *, licensed: bool) -> list[int]:
    """Chips that just fit, and one more: of the cap and its half, or of what LPP limits."""
    limits = [world.cap, world.cap // 2]
    if not licensed and world.rules.lpp is not None:
        limits = [world.lpp_limit, world.rules.lpp.notice_tpp]
    fitting = {limit // world.chip.tpp for limit in limits}
    return sorted({each for most in fitting for each in (most, most + 1) if each > 0})
