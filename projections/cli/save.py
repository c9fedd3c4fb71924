"""The verb that writes a view into a file.

It is called `save`, because `shipment export` records that chips left the country and `import`
records facts: whoever types «export flags» should not wonder whether something was recorded.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from ledger import quota
from ledger.fold import Fold
from projections import files
from projections import licenses as register
from projections import quotas as board
from projections import shipments as journeys
from projections import statistics as tables
from projections import trail as trails
from projections.cli._look import Look, Place, Question, looking, options, question_of
from projections.cli._save import saving
from projections.cli.flags import AlertRow, FlagRow, alert_row, flag_row, found_on
from projections.licenses import LicensesFold
from projections.red_flags import FlagsFold
from projections.shipments import ShipmentsFold
from projections.statistics import StatisticsFold


class _View(NamedTuple):
    """One view that can be saved: its row, how a row is told apart, and where rows come from."""

    row: Any
    one: str
    key: str
    folds: tuple[Fold, ...]
    found: Callable[[Look, Question], Sequence[object]]


def _flags(look: Look, question: Question) -> list[object]:
    return [flag_row(each) for each in found_on(look, question).raised]


def _alerts(look: Look, question: Question) -> list[object]:
    return [alert_row(look, each) for each in found_on(look, question).alerts]


def _shipments(look: Look, question: Question) -> list[object]:
    return list(journeys.rows(look.lived(ShipmentsFold(), question.valid_on)))


def _licenses(look: Look, question: Question) -> list[object]:
    on = question.valid_on
    return list(register.rows(look.lived(LicensesFold(), on), on))


def _quotas(look: Look, question: Question) -> list[object]:
    on = question.valid_on
    return list(board.rows(look.lived(quota.QuotaFold(), on), look.rules(question), on))


def _statistics(look: Look, question: Question) -> list[object]:
    states = look.lived(StatisticsFold(), question.valid_on)
    return list(tables.rows(states, by_country=True))


_SHIPMENT: Final = journeys.ShipmentRow
_LINE: Final = register.LicenseRow

VIEWS: Final[dict[str, _View]] = {
    "flags": _View(FlagRow, "flag", "id", (FlagsFold(),), _flags),
    "alerts": _View(AlertRow, "alert", "id", (FlagsFold(),), _alerts),
    "shipments": _View(_SHIPMENT, "shipment", "shipment", (ShipmentsFold(),), _shipments),
    "licenses": _View(_LINE, "license_line", "", (LicensesFold(),), _licenses),
    "quotas": _View(board.QuotaRow, "quota", "country", (quota.QuotaFold(),), _quotas),
    "statistics": _View(tables.QuarterRow, "quarter", "", (StatisticsFold(),), _statistics),
}


@click.command("save")
@click.argument("view", type=click.Choice([*VIEWS]))
@click.argument("to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@options("valid_on", "known_at", "policy", format_=False)
@click.pass_obj
def save(
    place: Place,
    view: str,
    to: Path,
    force: bool,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
) -> None:
    """Save a view as a file: .csv, .jsonl, .parquet, or .db for SQLite and Datasette.

    All rows are saved, those cleared or snoozed too, each with what it was made from. The file is
    written whole or not at all.
    """
    question = question_of(valid_on, known_at, policy, "table")
    chosen = VIEWS[view]
    with saving(to, force=force) as made:
        with looking(place, question, [] if question.simulated else chosen.folds) as look:
            kinds = files.kinds(chosen.row)
            rows = files.plain_rows(chosen.found(look, question))
            entries = trails.rows(look.numbered(files.cited(rows, kinds)))
            table = files.Table(
                view, chosen.one, chosen.key, kinds, rows, look.stamp(question),
                files.plain_rows(entries),
            )  # fmt: skip
        files.write(table, made, to.suffix)
    click.echo(f"{to}: {len(rows):,} {view} as of entry {look.entry:,}", err=True)
