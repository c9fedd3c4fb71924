r"""The index by which entries are found by their tags and types: its runs, and what is in each.

Entries come into it by so many at once, as a run: one row for every tag in them, with the numbers
of the entries that have it. Sixteen runs are put together into one of the next level, and the rows
of the sixteen stay. So rows are only ever added, and always at the end: what is written for an
entry does not grow with the ledger, and a tag is looked up in few runs. A subject is a tag too, and
has an index of its own.

    >>> posted([(1, "license:D1", "license.applied.v1", "\ncountry:AE\nlicense:D1\n")])
    {'\nlicense.applied.v1': '1', 'country:AE': '1'}
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

INDEXED_AT_ONCE: Final = 4_096
"""Entries in a run of the lowest level; those after the last such run are read one by one when a
tag is looked up."""

RUNS_AT_ONCE: Final = 16
"""Runs that are put together into one of the next level."""

LEVELS: Final = 3
_WIDTHS: Final = tuple(INDEXED_AT_ONCE * RUNS_AT_ONCE**level for level in range(LEVELS))


def kind(wire: str) -> str:
    """The type of an event as it stands among tags: none begins with a line feed."""
    return f"\n{wire}"


def joined(tags: Sequence[str]) -> str:
    r"""Tags as a row has them, so that each can be found between two line feeds.

    >>> joined(["country:AE", "shipment:S1"])
    '\ncountry:AE\nshipment:S1\n'
    """
    return "\n".join(("", *tags, "")) if tags else ""


def split(tags: str) -> list[str]:
    r"""What `joined` joined.

    >>> split("\ncountry:AE\nshipment:S1\n")
    ['country:AE', 'shipment:S1']
    """
    # SQLite keeps bytes in a column of text, for whoever writes them there: those are no tags.
    return tags.split("\n")[1:-1] if isinstance(tags, str) else [repr(tags)]


def posted(rows: Iterable[tuple[int, str | None, str, str]]) -> dict[str, str]:
    """Tags and types, each with the numbers of the entries that have it.

    rows  number, subject, type and tags of those entries, in order
    """
    found: dict[str, list[str]] = {}
    for position, subject, wire, tags in rows:
        number = str(position)
        # The library lets a tag stand twice on an event.
        for tag in dict.fromkeys((kind(wire), *split(tags))):
            if tag != subject:
                found.setdefault(tag, []).append(number)
    return {tag: ",".join(numbers) for tag, numbers in found.items()}


def merged(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The rows of some runs, the earliest first, put together."""
    found: dict[str, list[str]] = {}
    for tag, numbers in rows:
        found.setdefault(tag, []).append(numbers)
    return {tag: ",".join(parts) for tag, parts in found.items()}


def run(level: int, last: int) -> int:
    """The number of a run, by its level and its last entry; it rises as runs are written."""
    return last * 4 + level


def ending(last: int) -> Iterator[tuple[int, int, list[int]]]:
    """The runs that an entry completes: number, first entry, and the runs it is put together from.

    >>> list(ending(4_096)), list(ending(4_097))
    ([(16384, 1, [])], [])
    """
    for level, width in enumerate(_WIDTHS):
        if last % width == 0:
            below = _WIDTHS[level - 1] if level else width
            ends = range(last - width + below, last + 1, below) if level else ()
            yield run(level, last), last - width + 1, [run(level - 1, end) for end in ends]


def covering(after: int, size: int) -> list[int]:
    """The fewest runs with all entries after one, as far as a ledger of some size has them in runs.

    >>> covering(0, 70_000) == [run(1, 65_536), run(0, 69_632)]
    True
    >>> covering(69_631, 70_000) == [run(0, 69_632)], covering(69_632, 70_000)
    (True, [])
    """
    found, start = [], after
    for level, width in reversed([*enumerate(_WIDTHS)]):
        stop = size // width
        found += [run(level, (n + 1) * width) for n in range(start // width, stop)]
        start = max(start, stop * width)
    return found
