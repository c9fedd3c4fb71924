"""A file of cases: what a rule may come to see of each, and apart from that what is known of it.

A case tells events in four layers. What was declared and what was observed is visible. What turned
out to be true, and what was enforced later, is only ever an expectation to score by: `visible`
returns a type that has no room for either, and nothing else of a case is written into a ledger.

Read is any file of that schema. A member nobody knows, a date that is no date, a party that is
nobody: each is passed over and said so in the notes of its case; no case brings the run down.
"""

import calendar
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal

from benchmarks.detection.words import said, slug

Json = dict[str, Any]

YEARS: Final = range(1950, 2100)
"""A date outside of these is a slip of the pen."""

LIKELY_DAY: Final = date(2024, 1, 1)
"""Where not one event of a case has a date: a day on which all that is in force is known."""

NONE: Final = "NONE"

ASTRAY: Final = r"reexport|onward|transit|recover|located|unreach|teardown"
"""Types of observed events in which goods are somewhere else."""


class Layer(Enum):
    """The layers a rule may see; there is no member for the others."""

    DECLARED = "declared"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Span:
    """When something happened, as exactly as the source says; first and last day it may be."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that was declared or observed.

    span  when; None where the source does not say
    on    the day it is told with
    said  everything else the file says of it
    """

    id: str
    type: str
    layer: Layer
    span: Span | None
    on: date
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visible:
    """All of a case that is ever written into a ledger."""

    id: str
    parties: tuple[Mapping[str, Any], ...]
    events: tuple[Seen, ...]

    def moved(self, events: tuple[Seen, ...]) -> "Visible":
        """The same parties with other events."""
        return replace(self, events=events)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case is scored by, and no detector sees.

    patterns  ids that should fire, or NONE
    lawful    whether it must stay quiet but for these
    assumed   those of its patterns that rest on something the source does not say
    diverted  number of visible events before the first in which goods go astray, seen or only found
              out later; None: no such
    astray_on the day of that event; None where the source does not say
    """

    case: str
    title: str
    label: str
    patterns: tuple[str, ...]
    lawful: bool
    assumed: frozenset[str]
    diverted: int | None
    astray_on: date | None = None

    @property
    def to_find(self) -> tuple[str, ...]:
        """The patterns that should fire; none of a case that must stay quiet altogether."""
        return tuple(each for each in self.patterns if each != NONE)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what may be seen, what is expected, and what could not be read."""

    visible: Visible
    expected: Expected
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id in the file."""
        return self.visible.id


@dataclass(slots=True)
class _Notes:
    said: list[str] = field(default_factory=list)

    def add(self, note: str) -> None:
        if note not in self.said:
            self.said.append(note)


def load(path: Path) -> list[Case]:
    """The cases of a file, in its order."""
    return cases(json.loads(path.read_text("utf-8")))


def cases(file: object) -> list[Case]:
    """The cases in a file that was read already; ids that stand twice are told apart."""
    found = file.get("cases") if isinstance(file, dict) else file
    made: list[Case] = []
    names: set[str] = set()
    for number, each in enumerate(found if isinstance(found, list) else [], start=1):
        if not isinstance(each, dict):
            continue
        name = said(each.get("case_id"), 20) or f"case-{number}"
        if slug(name).lower() in names:
            name = f"{name}-{number}"
        names.add(slug(name).lower())
        notes = _Notes()
        seen = visible(name, each, notes.add)
        made.append(Case(seen, expected(name, each), tuple(notes.said)))
    return made


def visible(
    name: str,
    case: Json,
    note: Any = lambda _note: None,
    *,
    edge: Literal["first", "last"] = "first",
) -> Visible:
    """What was declared and observed in a case; truth and enforcement end here.

    edge  which end of a range of dates an event is told with
    """
    told: list[Seen] = []
    ids: set[str] = set()
    known = {layer.value: layer for layer in Layer}
    for number, event in enumerate(_objects(case.get("events")), start=1):
        layer = known.get(_text(event.get("layer")))
        if layer is None:
            continue
        when = span(event.get("date"), event.get("date_precision"))
        if event.get("date") is not None and when is None:
            note(f"date {event['date']!r} of event {number} is not read")
        rest = {
            key: value
            for key, value in event.items()
            if key not in ("layer", "date", "date_precision", "event_id", "type")
        }
        id_ = said(event.get("event_id"), 60) or f"e{number}"
        if id_.lower() in ids:
            note(f"event {id_} stands in the list twice: the second is {id_}-{number}")
            id_ = f"{id_}-{number}"
        ids.add(id_.lower())
        told.append(
            Seen(
                id_,
                _text(event.get("type")) or "untyped",
                layer,
                when,
                LIKELY_DAY,
                rest,
            )
        )
    parties = tuple(
        {key: value for key, value in party.items() if key not in ("note", "label", "truth")}
        for party in _objects(case.get("parties"))
    )
    return Visible(name, parties, dated(tuple(told), edge))


def dated(events: tuple[Seen, ...], edge: Literal["first", "last"]) -> tuple[Seen, ...]:
    """Events with the day each is told with.

    One without a date happened when the one before it in the list did, for that is the order in
    which they are told; the first ones, when the first that has a date did.
    """
    days = [getattr(each.span, edge) for each in events if each.span is not None]
    last = days[0] if days else LIKELY_DAY
    made = []
    for each in events:
        last = last if each.span is None else getattr(each.span, edge)
        made.append(replace(each, on=last))
    return tuple(made)


def expected(name: str, case: Json) -> Expected:
    """What a case should lead to; read for the score and for nothing else."""
    patterns = tuple(
        _text(each)
        for each in _list(case.get("expected_patterns"))
        if re.match(r"P\d\d$|NONE$", _text(each))
    )
    truth, title = _text(case.get("truth")), _text(case.get("title"))
    assumed = frozenset(
        _text(each.get("pattern"))
        for each in _objects(case.get("expected_detail"))
        if each.get("depends_on_assumed") is True
    )
    diverted, astray_on, before = None, None, 0
    for event in _objects(case.get("events")):
        layer, type_ = event.get("layer"), _text(event.get("type"))
        seen = layer == "observed" and re.search(ASTRAY, type_) is not None
        if diverted is None and (seen or layer == "truth"):
            diverted, when = before, span(event.get("date"), event.get("date_precision"))
            astray_on = when.first if when else None
        before += layer in ("declared", "observed")
    return Expected(
        case=name,
        title=title,
        label=_text(case.get("label")) or "unlabeled",
        patterns=patterns,
        lawful=NONE in patterns or truth == "legitimate" or title.startswith("NEGATIVE"),
        assumed=assumed,
        diverted=diverted,
        astray_on=astray_on,
    )


def span(text: object, precision: object) -> Span | None:
    """When something happened: a day, a month, a year, or a range such as range:2024-10/2025-05.

    >>> span("2024-10-01", "range:2024-10/2025-05")
    Span(first=datetime.date(2024, 10, 1), last=datetime.date(2025, 5, 31))
    >>> span("2025-07-01", "month").last
    datetime.date(2025, 7, 31)
    """
    how = precision if isinstance(precision, str) else "day"
    if how.startswith("range:"):
        start, _, end = how.removeprefix("range:").partition("/")
        ends = [_days(start), _days(end or start)]
        if ends[0] and ends[1] and ends[0].first <= ends[1].last:
            return Span(ends[0].first, ends[1].last)
    day = _days(text) if isinstance(text, str) else None
    if day is None:
        return None
    if how == "year":
        return _days(str(day.first.year).zfill(4))
    if how == "month":
        return _days(f"{day.first:%Y-%m}")
    return day


def _days(text: str) -> Span | None:
    """The days a date of that many digits covers: 2024, 2024-Q3, 2024-10, 2024-10-01."""
    quarter = re.fullmatch(r"(\d{4})-?Q([1-4])", text.strip())
    if quarter is not None:
        last = 3 * int(quarter[2])
        ends = _days(f"{quarter[1]}-{last - 2:02}"), _days(f"{quarter[1]}-{last:02}")
        return Span(ends[0].first, ends[1].last) if ends[0] and ends[1] else None
    found = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:[T ].*)?", text.strip())
    if found is None or int(found[1]) not in YEARS:
        return None
    year = int(found[1])
    month, day = (None if part is None else int(part) for part in found.groups()[1:])
    try:
        if month is None:
            return Span(date(year, 1, 1), date(year, 12, 31))
        if day is None:
            return Span(
                date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
            )
        return Span(date(year, month, day), date(year, month, day))
    except (ValueError, calendar.IllegalMonthError):
        return None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[Json]:
    return [each for each in _list(value) if isinstance(each, dict)]
