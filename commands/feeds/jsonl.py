"""JSONL: one command a line, any command.

`{"command": "license.deny", "license": "D1", "decided_on": "2025-11-19", "reason": "…"}`; facts
go by their names in `commands.fact_names.FACTS`. Empty lines, and lines that start with #, are
passed over.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from commands import facts
from commands.decider import Command, misfit
from commands.fact_names import FACTS
from commands.feeds.rows import FeedRow, feed, members
from commands.flags import ReviewFlag
from commands.keys import KeyCommand
from commands.licenses import LicenseCommand
from commands.policies import PolicyCommand
from commands.shipments import ShipmentCommand
from ledger.errors import Malformed
from ledger.terms import meant

AnyCommand = LicenseCommand | ShipmentCommand | PolicyCommand | KeyCommand | ReviewFlag


def rows(path: Path) -> Iterator[FeedRow]:
    """The commands in a file, row by row."""
    return feed(path, _parse)


def command_of(found: dict[str, Any]) -> Command:
    """The command an object says; `Malformed` (COMMAND_UNKNOWN, FIELDS) when it says none."""
    name = found.get("command")
    if name in FACTS:
        return facts.parse(name, {key: found[key] for key in found if key != "command"})
    if name not in _names():
        raise Malformed(
            f"no command is called {name!r}",
            remedy=meant(str(name), [*_names(), *FACTS]) or "such as license.apply",
            code="COMMAND_UNKNOWN",
        )
    try:
        command: Command = msgspec.convert(found, AnyCommand)
    except msgspec.ValidationError as error:
        raise misfit(
            str(name), error, remedy="docs/events.md lists the fields and their bounds"
        ) from error
    return command


@cache
def _names() -> frozenset[str]:
    kinds = msgspec.inspect.type_info(AnyCommand)
    found = kinds.types if isinstance(kinds, msgspec.inspect.UnionType) else ()
    return frozenset(
        str(kind.tag) for kind in found if isinstance(kind, msgspec.inspect.StructType)
    )


def _parse(number: int, line: bytes) -> Command | None:
    if not line.strip() or line.startswith(b"#"):
        return None
    return command_of(members(number, line))
