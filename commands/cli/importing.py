"""`chip-ledger import FILE`: JSONL of commands, CSV of exports."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from commands.cli._typed import desk_at
from commands.feeds import jsonl, shipments_csv
from commands.feeds.rows import line_count
from commands.importing import RowResult, record, rehearse
from ledger.cli import progress
from ledger.errors import Exit, Malformed
from ledger.session import Session

FEEDS = {".jsonl": jsonl.rows, ".csv": shipments_csv.rows}
COLUMNS = ("row", "status", "entry", "code", "reason")


@click.command("import")
@click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Say what each row would do; record nothing.")
@click.option("--all", "every", is_flag=True, help="Print accepted and duplicate rows too.")
@click.option("--format", "form", type=click.Choice(["table", "json", "jsonl", "csv"]),
              default="table", help="How to print the rows.")  # fmt: skip
@click.pass_obj
def import_(session: Session, path: Path, dry_run: bool, every: bool, form: str) -> None:
    """Record every row of FILE: .jsonl holds any command, .csv holds exports.

    A .csv has the columns shipment, model, units, consignee, route (such as US>SG>AE) and
    exported_on; and, where known, license, authority, value_usd, end_user, purchaser, exporter,
    forwarder, itn and note.

    Each row is accepted, a duplicate, accepted with a warning, or rejected with its reason; a
    rejected row never loses the others. Interrupted, type the same line again. Exit code 3 when
    a row was rejected.
    """
    feed = FEEDS.get(path.suffix.lower())
    if feed is None:
        raise Malformed(
            f"{path.name} is neither .jsonl nor .csv",
            remedy="name the file for what it holds: commands.jsonl, exports.csv",
            code="FILE_FORM",
        )
    ledger = session.open()
    desk = desk_at(ledger, session)
    counted: Counter[str] = Counter()
    shown: list[RowResult] = []

    def keep(results: Iterable[RowResult]) -> None:
        for result in results:
            counted[result.status] += 1
            if every or result.status in {"warning", "rejected"}:
                shown.append(result)

    with progress(line_count(path), "importing") as advance:
        rows = feed(path)
        batches = [rehearse(desk, rows)] if dry_run else record(desk, rows)
        for results in batches:
            keep(results)
            advance(results[-1].row if results else 0)
    ledger.close()
    _print(shown, form)
    summary = ", ".join(
        f"{counted[status]:,} {status}"
        for status in ("accepted", "duplicate", "warning", "rejected")
    )
    rehearsed = ", rehearsed and not recorded" if dry_run else ""
    click.echo(f"{sum(counted.values()):,} rows of {path.name}{rehearsed}: {summary}", err=True)
    if counted["rejected"]:
        sys.exit(Exit.INCOMPLETE)


def _print(results: list[RowResult], form: str) -> None:
    rows = [{name: asdict(result)[name] for name in COLUMNS} for result in results]
    match form:
        case "json":
            click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        case "jsonl":
            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))
        case "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([row[name] for name in COLUMNS] for row in rows)
        case _:
            for row in rows:
                code = f" [{row['code']}]" if row["code"] else ""
                entry = f" as entry {row['entry']:,}" if row["entry"] else ""
                reason = f": {row['reason']}" if row["reason"] else ""
                click.echo(f"line {row['row']:,}: {row['status']}{entry}{reason}{code}")
