"""Writes the generated part of docs/red-flags.md: which rule looks for which pattern, and how.

The numbers are those of the detection pack that ships with this program; what stands around them
on the page is written by hand and kept.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from projections.reference import default_detection

PAGE: Final = Path(__file__).with_name("red-flags.md")

START: Final = "<!-- patterns -->\n"
END: Final = "<!-- end of patterns -->"


def page(written: str) -> str:
    """The page with its table as the pack has it now."""
    before, opened, rest = written.partition(START)
    _, closed, after = rest.partition(END)
    if not opened or not closed:
        sys.exit(f"error: {PAGE} has no place for its table\nhint: add {START}{END}")
    return "".join((before, START, *(f"{row}\n" for row in _table()), END, after))


def _table() -> Iterator[str]:
    detection = default_detection()
    yield (
        f"Weak signs alert together from a weight of {detection.weak_weight} on and from"
        f" {detection.weak_groups} groups;"
    )
    yield f"signs of one cluster of parties within {detection.window_days} days are one alert."
    yield ""
    yield "| pattern | rule | group | weight | windows and thresholds |"
    yield "|---|---|---|---|---|"
    for each in detection.patterns:
        numbers = ", ".join(f"{name} {value:,}" for name, value in each.parameters.items())
        weight = each.weight or ""
        pattern = f"[{each.id}](#{each.id.lower()})"
        yield f"| {pattern} | `{each.name}` | {each.group} | {weight} | {numbers} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
