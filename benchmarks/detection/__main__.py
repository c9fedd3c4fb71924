"""`python -m benchmarks.detection CASES.json`: what the red flags find, amid synthetic background.

docs/detection.md says what each figure means.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.detection.cases import Case, load
from benchmarks.detection.court import Court
from benchmarks.detection.score import LOADS, Sheet, spread


def measured(path: Path, shipments: int, seed: int, seeds: int = 1) -> dict[str, Any]:
    """The whole report on a file of cases, and its headline over several backgrounds."""
    cases = load(path)
    with _sheet(cases, shipments, seed) as sheet:
        first = {"file": path.name, "seed": seed, **sheet.report()}
    if seeds == 1:
        return first
    runs = [
        {
            **{f"recall_{load}": first["recall"][str(load)] for load in LOADS},
            "alerts_per_1000": first["alerts_per_1000"],
            "negatives_quiet": first["negatives_quiet"],
        }
    ]
    for other in range(seed + 1, seed + seeds):
        with _sheet(cases, shipments, other) as sheet:
            runs.append(sheet.headline())
    numbers = list(range(seed, seed + seeds))
    return {**first, "seeds": {"seeds": numbers, "runs": runs, **spread(runs)}}


@contextmanager
def _sheet(cases: Sequence[Case], shipments: int, seed: int) -> Iterator[Sheet]:
    """The score sheet of some cases amid the background of a seed."""
    latest = max((each.on for case in cases for each in case.visible.events), default=date.min)
    folder = Path(tempfile.mkdtemp(prefix="detection-"))
    try:
        click.echo(f"recording {shipments:,} shipments of synthetic background, seed {seed}",
                   err=True)  # fmt: skip
        court = Court(folder, shipments, seed, latest=latest)
        yield Sheet(cases, court, lambda text: click.echo(text, err=True))
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
            case["case_id"], case["label"], found if case["failed"] is None else "not told",
            case["event"] or "",
            " ".join(case["patterns_found"]), " ".join(missed), " ".join(case["patterns_other"]),
        )  # fmt: skip
    console.print(table)
    for case in report["cases"]:
        if case["failed"]:
            console.print(f"{case['case_id']}: {case['failed']}", markup=False)
    console.print(_recalls("all cases", {"all": {
        "of": sum(not case["lawful"] for case in report["cases"]),
        "uncut": report["recall_uncut"], **report["recall"],
        "interval": report["recall_intervals"]["5"]}}))  # fmt: skip
    console.print(_recalls("by label", report["by_label"]))
    console.print(_recalls("by what is known, each added to those above", report["by_channel"]))
    console.print(_recalls("by last event", report["temporal"]))
    console.print(_recalls("by kind of pattern", report["by_typology"]))
    console.print(_recalls("by pattern", report["by_pattern"]))
    lost = {name: each["lost"] for name, each in report["one_typology_left_out"].items()
            if each["lost"]}  # fmt: skip
    console.print(
        "lost with the rule of one pattern left out: "
        + ("; ".join(f"{name}: {' '.join(some)}" for name, some in lost.items()) or "none")
    )
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
    if "seeds" in report:
        console.print(_over_seeds(report["seeds"]))


def _over_seeds(seeds: dict[str, Any]) -> Table:
    """The headline over several backgrounds."""
    table = Table(title=f"over {len(seeds['seeds'])} backgrounds")
    for heading in ("", "median", "least", "most"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name in seeds["runs"][0]:
        table.add_row(name, *(str(seeds[name][each]) for each in ("median", "least", "most")))
    return table


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
    "--seeds", type=click.IntRange(min=1), default=1, show_default=True,
    help="How many backgrounds: the headline of each, from --seed on, as median and range.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="How to print the report.",
)  # fmt: skip
def main(cases: Path, shipments: int, seed: int, seeds: int, form: str) -> None:
    """Report what the red flags find in a file of cases."""
    report = measured(cases, shipments, seed, seeds)
    if form == "json":
        click.echo(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
