"""The quarterly tables, and what their figures are made from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import click

from ledger import terms
from ledger.errors import Malformed
from projections import statistics as tables
from projections import trail as trails
from projections.cli._look import Look, Place, Question, handed_on, looking, options, question_of
from projections.cli._shown import names_in, show_rows
from projections.render import Column, Row, count, millions, of
from projections.statistics import FIGURES, PostingRow, QuarterRow, StatisticsFold

_QUARTER: Final = re.compile(r"(20[0-9]{2})-?[Qq]([1-4])")


_LEGEND: Final = (
    "by quarter of the day in the world; days: half were decided within so many; >90: took longer"
    " than that (15 CFR 750.4(a), clock stops not taken off)",
    "licensed and shipped: millions of TPP; visits: end-use checks performed; rated:"
    " favorable/unfavorable/unable to complete",
)
_NOTHING: Final = "nothing was applied for, decided, shipped or checked"


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of which quarter and country figures are shown; None for all."""

    quarter: str | None
    country: terms.Country | None

    @staticmethod
    def of(quarter: str | None, country: str | None) -> "Chosen":
        """The same, as typed."""
        return Chosen(
            None if quarter is None else _quarter(quarter),
            None if country is None else terms.country(country),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRow:
    """A posting (`PostingRow`) with the entry it comes from: who signed it, when, what it says."""

    quarter: str
    country: str
    figure: str
    amount: int
    was: int | None
    now: int | None
    corrects: bool
    entry: int
    on: date
    at: str
    by: str
    said: str


def _chosen(verb: F) -> F:
    """The options that choose among the figures."""
    country = click.option("--country", metavar="CODE", help="Only this country.")
    quarter = click.option("--quarter", metavar="YEARQN", help="Only this quarter, such as 2025Q3.")
    return quarter(country(verb))


@click.group(invoke_without_command=True)
@_chosen
@click.option("--by-country", is_flag=True, help="A row for each country.")
@options("valid_on", "known_at")
@click.pass_context
def statistics(
    ctx: click.Context,
    quarter: str | None,
    country: str | None,
    by_country: bool,
    valid_on: date | None,
    known_at: str | None,
    format_: str,
) -> None:
    """Quarterly tables: applications, outcomes, days taken, TPP, end-use checks."""
    if ctx.invoked_subcommand is not None:
        handed_on(ctx, statistics)
        return
    question = question_of(valid_on, known_at, None, format_)
    chosen = Chosen.of(quarter, country)
    with looking(ctx.obj, question, [StatisticsFold()]) as look:
        states = look.lived(StatisticsFold(), question.valid_on)
        found = tables.rows(
            states, quarter=chosen.quarter, country=chosen.country, by_country=by_country
        )
        heading = [look.heading("statistics", question), *(_LEGEND if found else [_NOTHING])]
        show_rows(
            found, names_in(QuarterRow), look.stamp(question), question, heading,
            _columns(found, split=by_country or country is not None),
        )  # fmt: skip


@statistics.command("open")
@click.argument("figure", type=click.Choice(FIGURES))
@_chosen
@options("valid_on", "known_at")
@click.pass_obj
def open_figure(
    place: Place,
    figure: str,
    quarter: str | None,
    country: str | None,
    valid_on: date | None,
    known_at: str | None,
    format_: str,
) -> None:
    """The entries a FIGURE is made from."""
    question = question_of(valid_on, known_at, None, format_)
    chosen = Chosen.of(quarter, country)
    with looking(place, question, [StatisticsFold()]) as look:
        found = [row for row in _postings(look, question, chosen) if row.figure == figure]
        heading = [look.heading(f"statistics, {figure}", question)]
        _show(look, question, heading + ([] if found else ["no entry adds to it"]), found)


@statistics.command("revisions")
@click.option(
    "--since",
    metavar="ENTRY|INSTANT",
    help="Everything told after that changed a figure, not only what corrects an earlier entry.",
)
@_chosen
@options("valid_on", "known_at")
@click.pass_obj
def revisions(
    place: Place,
    since: str | None,
    quarter: str | None,
    country: str | None,
    valid_on: date | None,
    known_at: str | None,
    format_: str,
) -> None:
    """Figures that were changed by a later entry, from what to what, and why.

    A void, another rating or another decision corrects; with --since, for tables that were
    published then, a late report counts too.
    """
    question = question_of(valid_on, known_at, None, format_)
    chosen = Chosen.of(quarter, country)
    with looking(place, question, [StatisticsFold()]) as look:
        number = None if since is None else look.known_by(since)
        found = tables.revisions(_postings(look, question, chosen), number)
        of_what = "corrections" if number is None else f"told after entry {number:,}"
        heading = [look.heading(f"statistics, {of_what}", question)]
        _show(look, question, heading + ([] if found else ["no figure was changed"]), found)


def _postings(look: Look, question: Question, chosen: Chosen) -> list[PostingRow]:
    states = look.lived(StatisticsFold(), question.valid_on)
    return tables.postings(states, quarter=chosen.quarter, country=chosen.country)


def _show(look: Look, question: Question, heading: list[str], found: Sequence[PostingRow]) -> None:
    numbers = sorted({row.entry for row in found})
    entries = {row.entry: row for row in trails.rows(look.numbered(numbers))}
    opened = [
        OpenedRow(
            quarter=row.quarter, country=row.country, figure=row.figure, amount=row.amount,
            was=row.was, now=row.now, corrects=row.corrects, entry=row.entry,
            on=entries[row.entry].on, at=entries[row.entry].at, by=entries[row.entry].by,
            said=entries[row.entry].said,
        )
        for row in found
    ]  # fmt: skip
    show_rows(opened, names_in(OpenedRow), look.stamp(question), question, heading, _OPENED)


_OPENED: Final = (
    of("quarter"), of("country", "to"), of("figure"), count("amount", "amount"),
    count("was", "was"), count("now", "now"), count("entry", "entry"), of("on"), of("by"),
    of("said", folds=True),
)  # fmt: skip


def _columns(found: Sequence[QuarterRow], *, split: bool) -> list[Column]:
    """What fits 80 characters; JSON and CSV have the requests and the longest too."""
    columns = [of("quarter")] + ([of("country", "to")] if split else [])
    columns += [
        count("applications", "asked"), count("approved", "given"), count("denied", "denied"),
        count("returned", "RWA"), count("median_days", "days"),
        count("decided_after_90_days", ">90"), millions("licensed_tpp", "licensed"),
        millions("shipped_tpp", "shipped"), count("checks_performed", "visits"),
        Column("rated", _rated, number=True),
    ]  # fmt: skip
    if any(row.corrections for row in found):
        columns.append(count("corrections", "corrected"))
    return columns


def _rated(row: Row) -> str:
    ratings = ("checks_favorable", "checks_unfavorable", "checks_unable_to_complete")
    return "/".join(f"{row[each]:,}" for each in ratings)


def _quarter(text: str) -> str:
    match = _QUARTER.fullmatch(text.strip())
    if match is None:
        raise Malformed(f"{text!r} is not a quarter", remedy="write 2025Q3", code="QUARTER_FORM")
    return f"{match[1]}Q{match[2]}"
