"""Where two sets of rules differ: section by section, each value old and new, with its citation."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from ledger.policy import Section, Supposed
from ledger.policy.places import near, row_names

_BESIDE: Final = frozenset({"source", "read_on", "note", "confidence"})
"""What is said of a rule, and is none."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same, or stands in one of the two only: then the other is empty."""

    section: str
    parameter: str
    old: str
    new: str
    old_source: str
    new_source: str


def compare(old: Sequence[Supposed], new: Sequence[Supposed]) -> tuple[Difference, ...]:
    """What differs between what governs under packs laid over one another, earliest first.

    Rows that stand in both are the same rule wherever they stand; the others are paired in order.
    Of lists only what came and went is told. A section that one has and the other lacks is told
    whole: value by value, or row by row.
    """
    found: list[Difference] = []
    for section in get_args(Section):
        before, after = _governing(old, section), _governing(new, section)
        if before and after:
            found += _within(section, before, after)
        elif before:
            found += [
                Difference(section, name, _words(value), "", _source(before, name), "")
                for name, value in _values(section, tomllib.loads(before)[section])
            ]
        elif after:
            found += [
                Difference(section, name, "", _words(value), "", _source(after, name))
                for name, value in _values(section, tomllib.loads(after)[section])
            ]
    return tuple(found)


def _governing(packs: Sequence[Supposed], section: Section) -> str:
    """The text whose section governs; empty when no pack has it."""
    return next(
        (each.text for each in reversed(packs) if getattr(each.pack, section) is not None), ""
    )


def _within(section: str, old: str, new: str) -> Iterator[Difference]:
    before, after = tomllib.loads(old)[section], tomllib.loads(new)[section]
    for old_name, was, new_name, is_ in _pairs(section, before, section, after):
        one, other = _told(was, is_)
        yield Difference(
            section, new_name or old_name, one, other,
            _source(old, old_name) if was is not None else "",
            _source(new, new_name) if is_ is not None else "",
        )  # fmt: skip


def _pairs(old_name: str, old: Any, new_name: str, new: Any) -> Iterator[tuple[str, Any, str, Any]]:
    """Values that differ, each with its name in either."""
    if old == new:
        return
    if old is None or new is None:
        yield old_name, old, new_name, new
        return
    one, other = _children(old), _children(new)
    if one is None and other is None:
        yield old_name, old, new_name, new
        return
    one, other = one or {}, other or {}
    if isinstance(old, list) and isinstance(new, list) and not (_named(one) or _named(other)):
        gone = {row: each for row, each in one.items() if each not in other.values()}
        come = {row: each for row, each in other.items() if each not in one.values()}
        pairs = list(zip(gone, come, strict=False)) if len(gone) == len(come) else []
        for left, right in pairs:
            yield from _pairs(f"{old_name}.{left}", one[left], f"{new_name}.{right}", other[right])
        if not pairs:
            for row, each in gone.items():
                yield from _pairs(f"{old_name}.{row}", each, "", None)
            for row, each in come.items():
                yield from _pairs("", None, f"{new_name}.{row}", each)
        return
    for key in dict.fromkeys((*one, *other)):
        yield from _pairs(
            f"{old_name}.{key}" if key in one else "", one.get(key),
            f"{new_name}.{key}" if key in other else "", other.get(key),
        )  # fmt: skip


def _values(section: str, whole: Any) -> Iterator[tuple[str, Any]]:
    """What a section says, by name; a row of it in one piece."""
    for name, value in (_children(whole) or {}).items():
        yield f"{section}.{name}", value


def _children(value: Any) -> dict[str, Any] | None:
    """What is inside a table or a list of rows, by name; None for a value."""
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key not in _BESIDE}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        bare = [{key: row[key] for key in row if key not in _BESIDE} for row in value]
        return dict(zip(row_names(value), bare, strict=True))
    return None


def _named(rows: dict[str, Any]) -> bool:
    return any(not row.isdecimal() for row in rows)


def _told(old: Any, new: Any) -> tuple[str, str]:
    if not isinstance(old, list) or not isinstance(new, list):
        return _words(old), _words(new)
    gone, come = (
        [each for each in old if each not in new],
        [each for each in new if each not in old],
    )
    return f"with {_words(gone)}" * bool(gone), f"with {_words(come)}" * bool(come)


def _words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            return "; ".join(
                f"{key} {_words(each)}" for key, each in value.items() if key not in _BESIDE
            )
        case list():
            return " ".join(map(str, value)) or "none"
        case _:
            return str(value)


def _source(text: str, name: str) -> str:
    """What the nearest table around a value cites."""
    place = near(text, name)
    return place.source if place else ""
