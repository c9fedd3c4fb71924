"""Writes the tables in docs/demonstration.md again, from the data of the demonstration."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from commands.demo.record import cases, record

PAGE: Final = Path(__file__).with_name("demonstration.md")


def page(written: str) -> str:
    """The page with every table as the data has it now; what stands between them is kept."""
    for name, rows in (("cases", _cases()), ("reasons", _reasons()), ("unsaid", _unsaid())):
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, opened, rest = written.partition(start)
        _, closed, after = rest.partition(end)
        if not opened or not closed:
            sys.exit(f"error: {PAGE} has no place for the table of {name}\nhint: add {start}{end}")
        written = "".join((before, start, *(f"{row}\n" for row in rows), end, after))
    return written


def _cases() -> Iterator[str]:
    yield "| case | | label | said | unsaid | sources |"
    yield "|---|---|---|---|---|---|"
    found = cases().case
    for case in found:
        label = case.label.replace("_", " ")
        shown = f"alleged: {label}" if case.alleged else label
        links = " ".join(f"[{n}]({source})" for n, source in enumerate(case.sources, start=1))
        unsaid = len(case.event) - case.said
        yield f"| {case.id} | {case.title} | {shown} | {case.said} | {unsaid} | {links} |"
    said, all_ = sum(case.said for case in found), sum(len(case.event) for case in found)
    yield f"| {len(found)} | | | {said} | {all_ - said} | |"


def _reasons() -> Iterator[str]:
    yield "| why an event of a case is unsaid | events |"
    yield "|---|---|"
    counts = cases().unsaid()
    for reason, count in counts.items():
        yield f"| {reason} | {count} |"
    yield f"| | {sum(counts.values())} |"


def _unsaid() -> Iterator[str]:
    yield "| what | why it is not recorded | sources |"
    yield "|---|---|---|"
    for row in record().unsaid:
        links = " ".join(f"[{n}]({source})" for n, source in enumerate(row.sources, start=1))
        yield f"| {row.what} | {row.why} | {links} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
