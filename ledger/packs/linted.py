"""A pack looked over before anybody relies on it: all that is wrong with it, with its line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, get_args, get_type_hints

import msgspec

from ledger.errors import LedgerError
from ledger.policy import PACK_BYTES_MAX, Pack, Section, parse_pack, shipped_packs
from ledger.policy.pack import unsourced
from ledger.policy.places import near, parameters, short_names

_AT = re.compile(r" - at `\$\.?([^`]*)`")
_INDEX = re.compile(r"\[([0-9]+)\]")
_SECTION = re.compile(r"\[(\w+)\] needs")
_SYNTAX = re.compile(r"\(at line ([0-9]+)")

_ORDERED: Final = (
    ("codified_from", "compliance_from"),
    ("codified_from", "enforced_from"),
    ("compliance_from", "enforced_from"),
    ("compliance_from", "compliance_later_from"),
    ("codified_from", "codified_to"),
    ("codified_from", "codified_checked_on"),
    ("codified_from", "non_enforcement_announced"),
    ("enforced_from", "enforced_to"),
    ("proposed_on", "codified_from"),
    ("proposed_on", "withdrawn_on"),
    ("period_from", "period_to"),
    ("effective_from", "suspended_from"),
)
"""Of two dates in one table, which cannot come after the other."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and the line it stands on; 0 where it is the whole text.

    untried  the pack reads, and a section has no example: incomplete rather than wrong
    """

    line: int
    said: str
    untried: bool = False


def lint(text: str) -> tuple[Problem, ...]:
    """Everything that is wrong with a pack, from its first line to its last."""
    if len(text.encode()) > PACK_BYTES_MAX:
        return (Problem(0, f"{len(text.encode()):,} bytes; {PACK_BYTES_MAX:,} fit in one entry"),)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.search(str(error))
        return (Problem(int(found[1]) if found else text.count("\n") + 1, f"not TOML: {error}"),)
    wrong = [*_form(text, tables)]
    if not wrong:
        wrong = [*_names(text, tables)]
    wrong += [*_sources(text, tables), *_dates(text, tables)]
    if not wrong:
        wrong = [*_whole(text)] or [*_untried(text, tables)]
    return tuple(sorted(set(wrong)))


def _form(text: str, tables: Mapping[str, Any]) -> Iterator[Problem]:
    """Each table held against what it may say, so that one fault does not hide the next."""
    kinds = get_type_hints(Pack, include_extras=True)
    for field in msgspec.structs.fields(Pack):
        if field.required and field.encode_name not in tables:
            yield Problem(0, f"{field.encode_name} is missing")
    for key, value in tables.items():
        if key not in kinds:
            yield Problem(_line(text, key), f"[{key}] is no section of a policy pack")
            continue
        rows = value if isinstance(value, list) and key != "over" else None
        for number, each in enumerate(rows or [value], 1):
            try:
                msgspec.convert([each] if rows else each, kinds[key])
            except (msgspec.ValidationError, LedgerError) as error:
                said = str(error)
                at = _AT.search(said)
                path = at[1] if at else ""
                if rows:
                    path = path.replace("[0]", f"[{number - 1}]", 1)
                name = _INDEX.sub(lambda match: f".{int(match[1]) + 1}", f"{key}{_dot(path)}")
                yield Problem(_line(text, name), f"{name}: {_AT.sub('', said)}")


def _dot(path: str) -> str:
    return path if not path or path.startswith("[") else f".{path}"


def _sources(text: str, tables: dict[str, Any]) -> Iterator[Problem]:
    sources = tables.get("sources")
    named = sources if isinstance(sources, dict) else {}
    keys = frozenset(named)
    for key, said in named.items():
        if isinstance(said, str) and not said.strip():
            yield Problem(_line(text, f"sources.{key}"), f"sources.{key} says nothing")
    for name, wrong in unsourced(tables, keys):
        yield Problem(_line(text, name), wrong)


def _dates(text: str, tables: dict[str, Any]) -> Iterator[Problem]:
    for name, table in _tables(tables):
        for first, second in _ORDERED:
            one, two = table.get(first), table.get(second)
            if isinstance(one, date) and isinstance(two, date) and one > two:
                yield Problem(
                    _line(text, f"{name}.{second}"),
                    f"{name}: {second} {two} comes before {first} {one}",
                )


def _names(text: str, tables: dict[str, Any]) -> Iterator[Problem]:
    """Short names that stand for nothing, and packs to lie over that nobody ships."""
    known = parameters(text)
    for short, full in short_names(text).items():
        if full not in known:
            yield Problem(_line(text, f"parameters.{short}"), f"{short} = {full!r} names no value")
    over = tables.get("over", [])
    for other in over if isinstance(over, list) else []:
        if other not in shipped_packs():
            yield Problem(_line(text, "over"), f"it lies over {other}, which does not ship")


def _whole(text: str) -> Iterator[Problem]:
    """What only shows when the sections are read together."""
    try:
        parse_pack(text)
    except LedgerError as error:
        said = error.problem.removeprefix("the policy pack does not read: ")
        section = _SECTION.match(said)
        yield Problem(_line(text, section[1]) if section else 0, said)


def _untried(text: str, tables: dict[str, Any]) -> Iterator[Problem]:
    tried = {example["about"] for example in tables.get("examples", [])}
    for section in get_args(Section):
        if section in tables and section not in tried:
            yield Problem(_line(text, section), f"[{section}] has no example", untried=True)


def _tables(tables: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    todo: list[tuple[str, Any]] = list(tables.items())
    while todo:
        name, value = todo.pop(0)
        if isinstance(value, dict):
            yield name, value
            todo += [(f"{name}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list):
            todo += [(f"{name}.{number}", each) for number, each in enumerate(value, 1)]


def _line(text: str, name: str) -> int:
    """The line of a name, or of the nearest table around it that has one."""
    place = near(text, name)
    return place.line if place else 0
