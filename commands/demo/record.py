"""The public record as data: the lines to say, who says them, and where each is from.

The lines stand in `*.jsonl`, in the form `chip-ledger import` reads, one file for each office that
may say them. `cases.toml` places every event of the 24 public cases: in a line, or unsaid with the
reason. `record.toml` has the sources of all other lines, and what else could not be said.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

import msgspec

from commands.decider import Command
from commands.feeds.jsonl import command_of
from commands.feeds.rows import members

SAID_BY: Final = {
    "policies": "policy_officer",
    "agreements": "agreement_officer",
    "licenses": "licensing_officer",
    "trade": "trade_recorder",
    "listings": "enforcement_analyst",
    "checks": "check_officer",
}
"""Each file of lines and the role that signs them, in the order they are recorded."""

Layer = Literal["declared", "observed"]
"""What parties declared; what a check, a payment or an inspector showed. What came out in the end
is no part of a record that red flags are tried on."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the TOML files."""


class CaseEvent(_Row, frozen=True):
    """One event of a case: the line that says it, or the reason why none does."""

    id: str
    layer: Layer
    type: str
    on: date | None = None
    precision: str = "day"
    about: str = ""
    said: str | None = None
    unsaid: str | None = None

    def __post_init__(self) -> None:
        if (self.said is None) == (self.unsaid is None):
            raise ValueError(f"event {self.id} is either said or unsaid")


class Case(_Row, frozen=True):
    """A public case; an alleged one was neither settled nor ended in a conviction."""

    id: str
    title: str
    label: str
    alleged: bool
    parties: int
    sources: tuple[str, ...]
    event: tuple[CaseEvent, ...]

    @property
    def said(self) -> int:
        """Number of its events that stand in the record."""
        return sum(event.said is not None for event in self.event)


class Cases(_Row, frozen=True):
    """All cases, and every reason for which an event of theirs is unsaid."""

    reasons: dict[str, str]
    case: tuple[Case, ...]

    def unsaid(self) -> dict[str, int]:
        """Number of unsaid events by reason, the most frequent first."""
        counts = Counter(event.unsaid for case in self.case for event in case.event)
        return {self.reasons[reason]: count for reason, count in counts.most_common() if reason}


class SourcedLine(_Row, frozen=True):
    """Where a line is from that no case tells."""

    line: str
    sources: tuple[str, ...]


class Unsaid(_Row, frozen=True):
    """Something else of the public record that is not recorded, and why."""

    what: str
    why: str
    sources: tuple[str, ...]


class Record(_Row, frozen=True):
    """All of the public record but the cases."""

    line: tuple[SourcedLine, ...]
    unsaid: tuple[Unsaid, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line to say: who says it, its name in the tables of sources, and the command.

    name  command, id of its subject, date: shipment.export c03-e3 2024-10-01
    """

    role: str
    name: str
    said: dict[str, Any]
    command: Command


def lines() -> Iterator[Line]:
    """Every line, in the order they are recorded."""
    for file, role in SAID_BY.items():
        for number, text in enumerate(_read(f"{file}.jsonl").splitlines(), start=1):
            said = members(number, text)
            yield Line(role, _name(said), said, command_of(said))


@cache
def cases() -> Cases:
    """The public cases."""
    return msgspec.convert(_table("cases.toml"), Cases)


@cache
def record() -> Record:
    """Sources of the policy timeline, the agreements and the approvals."""
    return msgspec.convert(_table("record.toml"), Record)


def _name(said: dict[str, Any]) -> str:
    # The first word of a command is the member that names its subject.
    subject = said[said["command"].partition(".")[0]]
    on = next(said[field] for field in said if field.endswith("_on") and field != "formed_on")
    return f"{said['command']} {subject} {on}"


def _table(file: str) -> dict[str, Any]:
    return tomllib.loads(_read(file).decode())


def _read(file: str) -> bytes:
    return resources.files(__package__).joinpath(file).read_bytes()
