"""`python -m benchmarks.detection CASES.json`: what the red flags find, amid synthetic background.

docs/detection.md says what each figure means.
"""

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.detection.cases import load
from benchmarks.detection.court import Court
from benchmarks.detection.score import LOADS, Sheet


def measured(path: Path, shipments: int, seed: int) -> dict[str, Any]:
    """The whole report on a file of cases."""
    cases = load(path)
    latest = max((each.on for case in cases for each in case.visible.events), default=date.min)
    folder = Path(tempfile.mkdtemp(prefix="detection-"))
    try:
        click.echo(f"recording {shipments:,} shipments of synthetic background", err=True)
        court = Court(folder, shipments, seed, latest=latest)
        sheet = Sheet(cases, court, lambda text: click.echo(text, err=True))
        return {"file": path.name, "seed": seed, **sheet.report()}
    finally:
        shutil.rmtree(folder)


def show(report: dict[str, Any]) -> None:
    """The report as a person reads it."""
    console = Console()
    background = report["background"]
    table = Table(title=f"{report['file']} amid {background['shipments']:,} shipments of synthetic"
                  " background")  # fmt: skip
    for heading in ("case", "label", "found", "at event", "patterns found", "missed", "others"):
        table.add_column(heading)
    for case in report["cases"]:
        missed = [each for each in case["patterns_expected"]
                  if each not in case["patterns_found"] and each != "NONE"]  # fmt: skip
        found = (
            ("quiet" if case["quiet"] else "LOUD")
            if case["lawful"]
            else ("yes" if case["found"] else "no")
        )
        table.add_row(
            case["case_id"], case["label"], found, case["event"] or "",
            " ".join(case["patterns_found"]), " ".join(missed), " ".join(case["patterns_other"]),
        )  # fmt: skip
    console.print(table)
    console.print(_recalls("all cases", {"all": {
        "of": sum(not case["lawful"] for case in report["cases"]),
        "uncut": report["recall_uncut"], **report["recall"],
        "interval": report["recall_intervals"]["5"]}}))  # fmt: skip
    console.print(_recalls("by label", report["by_label"]))
    console.print(_recalls("by what is known, each added to those above", report["by_channel"]))
    console.print(_recalls("by last event", report["temporal"]))
    console.print(_recalls("by pattern", report["by_pattern"]))
    console.print(_recalls(
        "mutants", {name: each["recall"] for name, each in report["mutants"].items()}
    ))  # fmt: skip
    console.print(
        f"lawful cases quiet: {report['negatives_quiet']:.0%};"
        f" synthetic background: {report['alerts_per_1000']} alerts per 1,000 shipments,"
        f" {background['cleared_by_later_entries']} of {background['alerts']} cleared by what came"
        f" later\nlawful twins: {report['twins']['ranked_before_its_twin']:.0%} of cases rank"
        f" before their twin, {report['twins']['twins_quiet']:.0%} of twins are quiet"
    )
    times = report["time_to_detection"]
    if times["found"]:
        console.print(
            f"found after {times['events_median']} events and {times['days_median']} days (median);"
            f" {times['found_before_it']} of {times['cases_with_a_known_diversion']} before the"
            " first diversion known"
        )


def _recalls(title: str, groups: dict[str, Any]) -> Table:
    """Recall by group, at each load."""
    table = Table(title=f"recall {title}")
    for heading in ("", "of", "any", *(f"at {most}" for most in LOADS), "95 % at 5"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, each in groups.items():
        table.add_row(
            name, str(each["of"]), f"{each['uncut']:.0%}",
            *(f"{each[str(most)]:.0%}" for most in LOADS),
            "-".join(f"{end:.0%}" for end in each["interval"]),
        )  # fmt: skip
    return table


@click.command()
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--shipments", type=click.IntRange(min=100), default=20_000, show_default=True,
    help="Shipments of synthetic background.",
)  # fmt: skip
@click.option("--seed", type=int, default=20261122, show_default=True, help="Of the background.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="How to print the report.",
)  # fmt: skip
def main(cases: Path, shipments: int, seed: int, form: str) -> None:
    """Report what the red flags find in a file of cases."""
    report = measured(cases, shipments, seed)
    if form == "json":
        click.echo(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
