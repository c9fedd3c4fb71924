"""A row of a feed, and lines read from a file nobody vouches for.

A row that cannot be understood is a row with an error, and never the end of the file: whoever
made row 3 must not decide whether row 4 is recorded.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from commands.decider import Command
from ledger.errors import LedgerError, Malformed

LINE_BYTES_MAX: Final = 1_000_000
"""Bytes in one line of a feed; a signed entry has at most 60,000."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One row: its line number in the file, and the command in it or what is wrong with it."""

    number: int
    command: Command | None
    error: LedgerError | None = None


def lines(path: Path) -> Iterator[tuple[int, bytes | Malformed]]:
    """Numbered lines without their ends; one that is too long is passed over, not held."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 2):
            number += 1
            if len(line.rstrip(b"\r\n")) <= LINE_BYTES_MAX:
                yield number, line.rstrip(b"\r\n")
                continue
            length = len(line) + _skip(file, line)
            yield (
                number,
                Malformed(
                    f"line {number:,} has {length:,} bytes; at most {LINE_BYTES_MAX:,} are read",
                    remedy="one command a line; documents are attached by digest",
                    code="LINE_TOO_LONG",
                ),
            )


def line_count(path: Path) -> int:
    """How many lines a file has, counted a piece at a time."""
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(LINE_BYTES_MAX), b"")
        return sum(piece.count(b"\n") for piece in pieces) + 1


def _skip(file: BinaryIO, line: bytes) -> int:
    """Read past the rest of a line, a piece at a time; returns its bytes."""
    passed = 0
    while line and not line.endswith(b"\n"):
        line = file.readline(LINE_BYTES_MAX)
        passed += len(line)
    return passed


def text(number: int, line: bytes) -> str:
    """A line as text; `Malformed` (NOT_UTF8) with the first byte that is none."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"line {number:,} is not UTF-8: byte {line[error.start]:#04x} at {error.start:,}",
            remedy="save the file as UTF-8",
            code="NOT_UTF8",
        ) from error


def members(number: int, line: bytes) -> dict[str, Any]:
    """The JSON object on a line; a member that stands twice is refused, for it says two things."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise Malformed(
                f"line {number:,} has the member {twice!r} twice",
                remedy="keep the one that is meant",
                code="DUPLICATE_MEMBER",
            )
        return found

    def no_constant(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        found = json.loads(text(number, line), object_pairs_hook=once, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(
            f"line {number:,} is not JSON: {error}",
            remedy='write one object a line, such as {"command": "license.deny", …}',
            code="LINE_FORM",
        ) from error
    if not isinstance(found, dict):
        raise Malformed(
            f"line {number:,} is not a JSON object",
            remedy='write one object a line, such as {"command": "license.deny", …}',
            code="LINE_FORM",
        )
    return found


def feed(path: Path, parse: Callable[[int, bytes], Command | None]) -> Iterator[FeedRow]:
    """Rows of a file, each parsed on its own; a line `parse` answers with None is no row."""
    for number, line in lines(path):
        try:
            if isinstance(line, Malformed):
                raise line
            command = parse(number, line)
        except LedgerError as error:
            yield FeedRow(number, None, error)
        else:
            if command is not None:
                yield FeedRow(number, command)
