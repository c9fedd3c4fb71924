"""Where in a pack's text each value stands, and which source is cited beside it.

A pack is adopted, and overridden, as text: so that what is quoted is what somebody wrote, a value
is known by its place there, and not only by its name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from ledger.errors import Malformed
from ledger.policy.pack import DECIMAL

_TOKEN = re.compile(
    r'(?P<quoted>"{3}(?:\\.|[^\\])*?"{3}|\'{3}.*?\'{3}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<header>^[ \t]*\[{1,2}(?P<name>[^\[\]\n]+)\]{1,2}[ \t]*(?:\#[^\n]*)?$)"
    r"|(?P<bare>[^\s\"'#=,\[\]{}]+)",
    re.DOTALL | re.MULTILINE,
)
_KEY_ENDS = re.compile(r"[ \t]*=")

_MARK: Final = 10**40
"""Stands for the first value while places are looked for; no pack holds so large a number."""

_NAMES: Final = ("quarter", "code", "name", "id")
"""What a row is called by, where that is its alone among its neighbors; else by its number."""

_NOT_RULES: Final = frozenset({"sources", "dates", "parameters", "examples"})
"""Tables that decide nothing."""

Value = int | date | str
"""What may be overridden: a whole number, a date, or an exact decimal in quotes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a pack's text.

    name    as asked for, short names told in full: country_allocation.tpp
    line    number of the line, from 1
    text    the line itself
    source  what its table cites; empty where it cites nothing
    """

    name: str
    line: int
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that another may take the place of.

    name   the tables and the key, with dots between; a row by its name or number
    value  what the pack says
    span   where in the text it is written
    """

    name: str
    value: Value
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Leaf:
    value: Any
    span: tuple[int, int]
    source: str


@dataclass(frozen=True, slots=True)
class _Map:
    """Every value of a text by its full name, and the header each table stands under.

    rows  rows that have a name, by the number they may be called by as well
    """

    leaves: dict[str, _Leaf]
    headers: tuple[tuple[int, str], ...]
    short: dict[str, str]
    rows: dict[str, str]


def where(text: str, name: str) -> Place:
    """Where a section, a row or a value of a pack stands.

    >>> from ledger.policy import shipped_pack
    >>> found = where(shipped_pack("diffusion-2025"), "country_allocation.tpp")
    >>> found.text, found.source.split(";")[0]
    ('tpp = 790_000_000', 'REG: §742.6(b)(10)(iii)(B) and (C)')
    """
    found = _map(text)
    full = full_name(text, name)
    leaf = found.leaves.get(full)
    if leaf is not None:
        offset, source = leaf.span[0], leaf.source
    else:
        inside = [(key, each) for key, each in found.leaves.items() if key.startswith(f"{full}.")]
        if not inside:
            raise Malformed(
                f"the pack has no {name}",
                remedy="name a section, or a value in one, such as country_allocation.tpp",
                code="PARAMETER_UNKNOWN",
            )
        offset = _opening(found, full, min(each.span[0] for _, each in inside))
        source = next((each.value for key, each in inside if key == f"{full}.source"), "")
        source = source or inside[0][1].source
    line = text.count("\n", 0, offset) + 1
    return Place(full, line, text.splitlines()[line - 1].strip(), source)


def near(text: str, name: str) -> Place | None:
    """Where something stands, or else the nearest table around it; None where there is none."""
    while name:
        try:
            return where(text, name)
        except Malformed:
            name = name.rpartition(".")[0]
    return None


def parameters(text: str) -> Mapping[str, Parameter]:
    """Everything in a pack that may be overridden, by its full name, in the order it stands."""
    return _parameters(text)


def short_names(text: str) -> Mapping[str, str]:
    """The pack's own short names, [parameters], with what each stands for."""
    return MappingProxyType(_map(text).short)


def full_name(text: str, name: str) -> str:
    """A name in full, for a short one of [parameters] or one with a row's number in it."""
    found = _map(text)
    full = found.short.get(name, name)
    for numbered, named in found.rows.items():
        if full == numbered or full.startswith(f"{numbered}."):
            return named + full.removeprefix(numbered)
    return full


@lru_cache(maxsize=32)
def _parameters(text: str) -> Mapping[str, Parameter]:
    return MappingProxyType(
        {
            name: Parameter(name, leaf.value, leaf.span)
            for name, leaf in _map(text).leaves.items()
            if _is_parameter(name, leaf.value)
        }
    )


def _is_parameter(name: str, value: Any) -> bool:
    section, dot, rest = name.partition(".")
    key = rest.rpartition(".")[2]
    if not dot or section in _NOT_RULES or key in ("read_on", "section") or key.isdecimal():
        return False
    match value:
        case bool():
            return False
        case int() | date():
            return True
        case str():
            return DECIMAL.fullmatch(value) is not None
        case _:
            return False


def _opening(found: _Map, full: str, first: int) -> int:
    """Where a table begins: at its header, or at its first value when it is written inline."""
    before, _, last = full.rpartition(".")
    own = before if last.isdecimal() or full in found.rows.values() else full
    offset, header = max((each for each in found.headers if each[0] <= first), default=(0, ""))
    return offset if header == own else first


@lru_cache(maxsize=32)
def _map(text: str) -> _Map:
    """Read the text twice: once as it is, once with a number in the place of every value."""
    spans: list[tuple[int, int]] = []
    headers: list[tuple[int, str]] = []
    pieces, at = [], 0
    for token in _TOKEN.finditer(text):
        if token["header"] is not None:
            headers.append((token.start("name"), token["name"].strip()))
            continue
        is_key = _KEY_ENDS.match(text, token.end()) is not None
        if token["comment"] is not None or is_key:
            continue
        pieces += [text[at : token.start()], str(_MARK + len(spans))]
        spans.append(token.span())
        at = token.end()
    tables = tomllib.loads(text)
    marked = tomllib.loads("".join((*pieces, text[at:])))
    rows: dict[str, str] = {}
    leaves = dict(_leaves(tables, marked, spans, rows))
    short = {key: str(value) for key, value in tables.get("parameters", {}).items()}
    return _Map(leaves, tuple(headers), short, rows)


def _leaves(
    tables: dict[str, Any],
    marked: dict[str, Any],
    spans: list[tuple[int, int]],
    rows: dict[str, str],
) -> Iterator[tuple[str, _Leaf]]:
    todo: list[tuple[str, Any, Any, str]] = [("", tables, marked, "")]
    while todo:
        name, value, mark, source = todo.pop(0)
        inner: list[tuple[str, Any, Any, str]] = []
        if isinstance(value, dict):
            source = value.get("source", source)
            inner = [
                (f"{name}.{key}" if name else key, each, mark[key], source)
                for key, each in value.items()
            ]
        elif isinstance(value, list):
            for index, (row, each) in enumerate(zip(row_names(value), value, strict=True)):
                inner.append((f"{name}.{row}", each, mark[index], source))
                if row != str(index + 1):
                    rows[f"{name}.{index + 1}"] = f"{name}.{row}"
        else:
            yield name, _Leaf(value, spans[mark - _MARK], source)
        todo = inner + todo


def row_names(rows: list[Any]) -> list[str]:
    """What each row is called: by the first of its names that no other has, or by its number."""
    names = []
    for number, row in enumerate(rows, 1):
        own = (
            row[key]
            for key in (_NAMES if isinstance(row, dict) else ())
            if key in row and sum(each.get(key) == row[key] for each in rows) == 1
        )
        names.append(str(next(own, number)))
    return names
