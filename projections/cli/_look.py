"""How a read verb looks at a ledger: up to which entry, on which day, under which rules.

Everything a view shows comes from one consistent reading of the database, and says so: the entry
and root it was made from.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import Progress

from ledger import views
from ledger.casefile import Shown
from ledger.entry import Entry
from ledger.errors import Malformed
from ledger.events import PolicyAdopted, PolicyWithdrawn
from ledger.fold import Fold, States, Until, day_of, reaches_past
from ledger.known import known_by
from ledger.log import Ledger, Slice, nodes, select, select_subject
from ledger.merkle import inclusion_proof, root_of
from ledger.policy import PolicyTimeline, Rules, after, suppose
from ledger.session import pack_files
from ledger.terms import INTEGER_MAX
from ledger.typed import DAY

POLICY_EVENTS: Final = (PolicyAdopted.wire, PolicyWithdrawn.wire)
QUIET_SECONDS: Final = 1.0
"""A rebuild that takes longer shows how far it is."""


class Place(Protocol):
    """What the front door hands to every verb."""

    ledger_place: str

    def open(self) -> Ledger:
        """The ledger that was named."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked besides the view itself.

    valid_on  the day in the world: what came later is left out, and its rules and expiries apply
    known_at  entry number or instant up to which entries count; None for all
    policy    packs to suppose instead of those in force; None for those
    format    table, json, jsonl or csv
    """

    valid_on: date
    known_at: str | None
    policy: str | None
    format: Any

    @property
    def simulated(self) -> bool:
        """Whether other rules than those in force are supposed."""
        return self.policy is not None


class Look:
    """A ledger as of one entry, within one reading of the database."""

    def __init__(self, ledger: Ledger, connection: Any, known_at: str | None) -> None:
        self.ledger = ledger
        self._store = ledger.store
        self._connection = connection
        size, frontier = self._store.head(connection)
        self._at_head = known_at is None
        self.entry = size if known_at is None else known_by(self._store, connection, known_at, size)
        self.root = (
            frontier.root()
            if self.entry == size
            else root_of(self.entry, nodes(self._store, connection))
        ).hex()

    def at(self, known_at: str | None) -> "Look":
        """The same ledger as of another entry, within the same reading."""
        return Look(self.ledger, self._connection, known_at)

    def known_by(self, text: str) -> int:
        """The newest entry up to a number or an instant, as `--known-at` reads it."""
        return known_by(self._store, self._connection, text, self.entry)

    def states(self, fold: Fold) -> States:
        """States of a fold by all that was told: what is kept, or replayed up to an entry."""
        return self._kept(fold) or self._replayed(fold)

    def lived(self, fold: Fold, day: date, *, replay: bool = False) -> States:
        """States of a fold as it was in the world on a day.

        replay  even where states are kept: a fold under other rules than they were kept under
        """
        kept = None if replay else self._kept(fold)
        if kept is None or reaches_past(kept, day):
            return self._replayed(Until(fold, day))
        return kept

    def _kept(self, fold: Fold) -> States | None:
        """States from what is kept; None where that does not reach back to the entry looked at."""
        if self._at_head:
            return views.at_head(self._store, self._connection, fold)
        return views.as_of(self._store, self._connection, fold, self.entry)

    def _replayed(self, fold: Fold) -> States:
        with told(f"replaying {self.entry:,} entries"):
            return views.replayed(self._store, self._connection, fold, up_to=self.entry)

    def by(self, day: date, entries: Sequence[Entry]) -> list[Entry]:
        """Those of some entries that are about no later day."""
        return [entry for entry in entries if day_of(entry, self._entry) <= day]

    def _entry(self, number: int) -> Entry:
        return views.entry_at(self._store, self._connection, number)

    def entries(self, wires: Collection[str]) -> Iterator[Entry]:
        """The entries of some types, page by page."""
        return views.entries(self._store, self._connection, wires, up_to=self.entry)

    def tagged(self, tag: str) -> list[Entry]:
        """The entries that name a subject."""
        return select(self._store, self._connection, Slice(tags=(tag,)), up_to=self.entry)

    def of_types(self, types: tuple[str, ...], *, ever: bool = False) -> list[Entry]:
        """The entries of some types; `ever`, those after the entry looked at too."""
        up_to = INTEGER_MAX if ever else self.entry
        return select(self._store, self._connection, Slice(types=types), up_to=up_to)

    def stream(self, subject: str) -> list[Entry]:
        """Everything said of one subject, as its own entries."""
        found = select_subject(self._store, self._connection, subject)
        return [entry for entry in found if entry.number <= self.entry]

    def newest_checkpoint(self) -> str | None:
        """The newest signed checkpoint, as text."""
        return self._store.newest_note(self._connection)

    def proved(self, entries: Sequence[Entry], size: int) -> list[Shown]:
        """Entries with their lines, and the proofs that they are among the first `size`."""
        reader = nodes(self._store, self._connection)
        return [
            Shown(
                entry,
                views.line_at(self._store, self._connection, entry.number),
                tuple(inclusion_proof(entry.number - 1, size, reader)),
            )
            for entry in entries
        ]

    def numbered(self, numbers: Sequence[int]) -> list[Entry]:
        """Some entries."""
        return [self._entry(number) for number in numbers]

    def timeline(self) -> PolicyTimeline:
        """Every adoption and withdrawal so far."""
        timeline = PolicyTimeline()
        chosen = Slice(types=POLICY_EVENTS)
        for entry in select(self._store, self._connection, chosen, up_to=self.entry):
            timeline = after(timeline, entry.event)
        return timeline

    def rules(self, question: Question) -> Rules:
        """The rules in force that day, or those to suppose."""
        supposed = self.supposed(question)
        return self.timeline().rules_on(question.valid_on) if supposed is None else supposed

    def supposed(self, question: Question) -> Rules | None:
        """The packs of `--policy`, as adopted here, else as they ship; None without it.

        What ends in .toml is a file: a scenario can be tried before it ships.
        """
        if question.policy is None:
            return None
        texts = {str(each.policy): each.text for each in self.timeline().adoptions}
        return suppose(question.policy, texts | pack_files(question.policy))

    def stamp(self, question: Question) -> dict[str, Any]:
        """What every row says of its making."""
        return {
            "valid_on": question.valid_on.isoformat(),
            "simulated": question.simulated,
            "as_of_entry": self.entry,
            "root": self.root,
        }

    def heading(self, view: str, question: Question) -> str:
        """What a view was made from, in a line."""
        mark = f"SIMULATED under {question.policy}: " if question.simulated else ""
        return (
            f"{mark}{view} on {question.valid_on}, as of entry {self.entry:,},"
            f" root {self.root[:16]}…"
        )


@contextmanager
def looking(place: Place, question: Question, folds: Sequence[Fold]) -> Iterator[Look]:
    """Open the ledger, bring the kept folds up to date, and look."""
    ledger = place.open()
    try:
        if question.known_at is None and folds:
            refresh(ledger, folds)
        with ledger.store.reading() as connection:
            yield Look(ledger, connection, question.known_at)
    finally:
        ledger.close()


def refresh(ledger: Ledger, folds: Sequence[Fold]) -> None:
    """Catch up, with a bar on the terminal when that takes long."""
    size = ledger.size()
    with _bar() as advance:
        views.refresh(
            ledger.store, folds, on_progress=lambda fold, at: advance(fold.name, at, size)
        )


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    began, tasks = time.monotonic(), {}

    def advance(name: str, position: int, size: int) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=size)
        bar.update(tasks[name], completed=position, total=max(size, position))
        if time.monotonic() - began > QUIET_SECONDS:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()


@contextmanager
def told(what: str) -> Iterator[None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def question_of(
    valid_on: date | None, known_at: str | None, policy: str | None, format_: str
) -> Question:
    """What was typed, with today where no day was named."""
    today = datetime.now(UTC).date()
    return Question(today if valid_on is None else valid_on, known_at, policy, format_)


def handed_on(ctx: click.Context, group: click.Group) -> None:
    """Give the verb behind a group what stands before it, as its defaults.

    Raises `Malformed` (OPTION_UNUSED) for an option that chooses nothing of that verb.
    """
    name = str(ctx.invoked_subcommand)
    takes = {param.name for param in group.commands[name].params}
    typed = [
        param
        for param in group.params
        if param.expose_value
        and ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
    ]
    for param in typed:
        if param.name not in takes:
            raise Malformed(
                f"{param.opts[0]} chooses nothing of `{group.name} {name}`",
                remedy=f"leave it out; chip-ledger {group.name} {name} --help lists its options",
                code="OPTION_UNUSED",
            )
    ctx.default_map = {name: {str(param.name): ctx.params[str(param.name)] for param in typed}}


def options(
    *names: str, format_: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a read verb: those named, and the format unless it has none."""
    known = {
        "valid_on": click.option(
            "--valid-on",
            type=DAY,
            metavar="DATE",
            help="As it was on that day, by its rules; today in UTC unless given.",
        ),
        "all_days": click.option(
            "--valid-on",
            type=DAY,
            metavar="DATE",
            help="Only what was so by that day; of all days unless given.",
        ),
        "known_at": click.option(
            "--known-at",
            metavar="ENTRY|INSTANT",
            help="As it was known then: entries up to that one, or signed by that instant.",
        ),
        "policy": click.option(
            "--policy",
            metavar="PACK[:NAME=VALUE][,PACK]",
            help="Suppose these packs, values changed, instead of the rules in force; SIMULATED.",
        ),
        "format": click.option(
            "--format",
            "format_",
            type=click.Choice(["table", "json", "jsonl", "csv"]),
            default="table",
            show_default=True,
            help="How rows are shown.",
        ),
    }

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed((*names, "format") if format_ else names):
            verb = known[name](verb)
        return verb

    return decorate
