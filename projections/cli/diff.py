"""The verb that says what differs between two states of the ledger."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import click

from ledger import quota, terms
from ledger.errors import Malformed
from ledger.events import ShipmentVoided, tags
from ledger.fold import Fold
from ledger.typed import DAY
from projections import diff as differences
from projections import licenses as register
from projections import quotas as board
from projections.cli._look import Look, Place, Question, looking, options, question_of
from projections.cli._shown import names_in, numbers, show_rows
from projections.cli.flags import flags_on
from projections.diff import Difference
from projections.licenses import LicensesFold
from projections.red_flags import FlagsFold
from projections.render import Column, cell, of

_SPLIT: Final = re.compile(r"\.\.(?!/)")
"""Two dots, but for those of a path such as ../pack.toml."""


class _Between(click.ParamType[tuple[Any, Any]]):
    """`A..B`: one side of a comparison and the other; one alone stands for both.

    now  what an empty side stands for, by the word that says it too
    """

    name = "between"

    def __init__(self, now: str, each: click.ParamType[Any] = click.STRING) -> None:
        self._now = now
        self._each = each

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, Any]:
        """Both sides; None for what stands by default."""
        first, *more = _SPLIT.split(value, maxsplit=1)
        one, other = (
            None if side in ("", self._now) else self._each.convert(side, param, ctx)
            for side in (first, *(more or [first]))
        )
        return one, other


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One difference.

    subject  country, license and model, or rule and key
    field    None where the whole was added or removed; then it is said in words
    entries  entries between the two states from which the difference may come
    """

    view: str
    subject: str
    change: str
    field: str | None
    before: Any
    after: Any
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two states, and a look at it."""

    look: Look
    question: Question


def _quotas(sides: Sequence[_Side]) -> Iterable[Difference]:
    before, after = (
        board.rows(
            side.look.lived(quota.QuotaFold(), side.question.valid_on),
            side.look.rules(side.question),
            side.question.valid_on,
        )
        for side in sides
    )
    return differences.quotas(before, after)


def _licenses(sides: Sequence[_Side]) -> Iterable[Difference]:
    before, after = (
        list(
            register.rows(
                side.look.lived(LicensesFold(), side.question.valid_on), side.question.valid_on
            )
        )
        for side in sides
    )
    return differences.licenses(before, after)


def _flags(sides: Sequence[_Side]) -> Iterable[Difference]:
    found = []
    for side in sides:
        fold, states = flags_on(side.look, side.question)
        found.append(fold.raised(states, side.question.valid_on))
    return differences.flags(*found)


_VIEWS: Final[dict[str, tuple[Fold, Callable[[Sequence[_Side]], Iterable[Difference]]]]] = {
    "quotas": (quota.QuotaFold(), _quotas),
    "licenses": (LicensesFold(), _licenses),
    "flags": (FlagsFold(), _flags),
}


@click.command("diff")
@click.argument("view", type=click.Choice([*_VIEWS, "all"]), default="all")
@click.option("--valid-on", type=_Between("today", DAY), default="", metavar="DATE..DATE",
              help="Two days in the world, or one for both.")  # fmt: skip
@click.option("--known-at", type=_Between("head"), default="", metavar="ENTRY..ENTRY",
              help="Two entries or instants up to which entries count.")  # fmt: skip
@click.option("--policy", type=_Between("in-force"), default="", metavar="PACKS..PACKS",
              help="Two sets of packs to suppose, or in-force.")  # fmt: skip
@options()
@click.pass_obj
def diff(
    place: Place,
    view: str,
    valid_on: tuple[Any, Any],
    known_at: tuple[Any, Any],
    policy: tuple[Any, Any],
    format_: str,
) -> None:
    """What differs between two states: two days, two entries, two policies, or several at once.

    `chip-ledger diff flags --known-at 120..head`: which flags what was told since entry 120 raised,
    changed and removed. An empty side is today, head or in-force.
    """
    before, after = (question_of(valid_on[at], known_at[at], policy[at], format_) for at in (0, 1))
    if before == after:
        raise Malformed(
            "both sides are the same state",
            remedy="--known-at 120..head, --valid-on 2025-05-01..2025-06-01 or"
            " --policy diffusion-2025..in-force",
            code="DIFF_SAME",
        )
    chosen = [*_VIEWS] if view == "all" else [view]
    folds = [_VIEWS[name][0] for name in chosen]
    newest = before if before.known_at is None else after
    with looking(place, newest, folds) as look:
        sides = [_Side(look.at(side.known_at), side) for side in (before, after)]
        causes = _Causes(sides)
        rows = [
            DiffRow(
                each.view, each.subject, each.change, each.field, each.before, each.after,
                causes.of(each),
            )
            for name in chosen
            for each in _VIEWS[name][1](sides)
            # That other rules were asked about is the question, and no answer.
            if each.field != "policy" or before.policy == after.policy
        ]  # fmt: skip
        heading = [
            "diff",
            *(f"{sign} {_state(side)}" for sign, side in zip("-+", sides, strict=True)),
        ]
        if not rows:
            heading.append(f"no difference in {', '.join(chosen)}")
        marked = after if after.simulated else before
        show_rows(rows, names_in(DiffRow), _stamp(sides), marked, heading, _COLUMNS)


class _Causes:
    """The entries between two states: told to one only, or about a day between theirs."""

    def __init__(self, sides: Sequence[_Side]) -> None:
        before, after = sides
        self._all = max((before.look, after.look), key=lambda look: look.entry)
        self._entries = sorted((before.look.entry, after.look.entry))
        self._days = sorted((before.question.valid_on, after.question.valid_on))
        self._rules = after.look.rules(after.question)
        self._tagged: dict[str, tuple[int, ...]] = {}

    def of(self, difference: Difference) -> tuple[int, ...]:
        """Those a difference may come from: what its rows name, else what touches the same."""
        cited = self._between(difference.cited)
        if cited:
            return cited
        if difference.view == "quotas":
            members = self._rules.members(terms.country(difference.subject))
            return self._touching(f"country:{one}" for one in members)
        named = self._all.numbered([*difference.cited, *difference.shared])
        wanted = {tag for entry in named for tag in tags(entry.event)}
        # Much is told of a party: that counts where nothing was told of the matter itself.
        parties = {tag for tag in wanted if tag.startswith("party:")}
        matters = {tag for tag in wanted - parties if not tag.startswith("country:")}
        return self._touching(matters) or self._touching(parties)

    def _touching(self, wanted: Iterable[str]) -> tuple[int, ...]:
        found: set[int] = set()
        for tag in wanted:
            if tag not in self._tagged:
                about = {entry.number for entry in self._all.tagged(tag)}
                about |= {number for number, voided in self._voids.items() if voided in about}
                self._tagged[tag] = self._between(about)
            found.update(self._tagged[tag])
        return tuple(sorted(found))

    @cached_property
    def _voids(self) -> dict[int, int]:
        """The entries of voids, each with the one it points at."""
        entries = self._all.of_types((ShipmentVoided.wire,))
        return {
            entry.number: entry.event.entry
            for entry in entries
            if isinstance(entry.event, ShipmentVoided)
        }

    def _between(self, some: Iterable[int]) -> tuple[int, ...]:
        """Those of some entries that one state rests on and the other does not."""
        entries = self._all.numbered(sorted(set(some)))
        told = {entry.number for entry in entries if entry.number > self._entries[0]}
        early, late = ({entry.number for entry in self._all.by(day, entries)} for day in self._days)
        return tuple(sorted((told & late) | (late - early)))


def _state(side: _Side) -> str:
    """A state, in a line."""
    question, look = side.question, side.look
    rules = f"SIMULATED under {question.policy}" if question.simulated else "rules in force"
    return f"{question.valid_on}, as of entry {look.entry:,}, root {look.root[:16]}…, {rules}"


def _stamp(sides: Sequence[_Side]) -> dict[str, Any]:
    """What every row says of its making: both states."""
    before, after = (
        {
            "valid_on": side.question.valid_on.isoformat(),
            "as_of_entry": side.look.entry,
            "root": side.look.root,
            "policy": side.question.policy,
        }
        for side in sides
    )
    return {
        **{f"before_{name}": value for name, value in before.items()},
        **{f"after_{name}": value for name, value in after.items()},
        "simulated": any(side.question.simulated for side in sides),
    }


_COLUMNS: Final = (
    of("view"), of("subject", folds=True), of("change"), of("field"),
    Column("before", lambda row: cell(row["before"]), folds=True),
    Column("after", lambda row: cell(row["after"]), folds=True),
    Column("entries", lambda row: numbers(row["entries"]), folds=True),
)  # fmt: skip
