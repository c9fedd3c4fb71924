"""CSV of exports: a header, then one shipment of one chip a row.

Columns: shipment, model, units, consignee, route, exported_on; and, where known, license or
authority, value_usd, end_user, purchaser, exporter, forwarder, itn, note. A route reads US>SG>AE.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from commands.decider import Command
from commands.feeds.jsonl import command_of
from commands.feeds.rows import FeedRow, feed, text
from ledger import terms
from ledger.errors import Malformed

REQUIRED: Final = ("shipment", "model", "units", "consignee", "route", "exported_on")
OPTIONAL: Final = (
    "license", "authority", "value_usd", "end_user", "purchaser", "exporter", "forwarder", "itn",
    "note",
)  # fmt: skip
RENAMED: Final = {"consignee": "ultimate_consignee"}


def rows(path: Path) -> Iterator[FeedRow]:
    """The exports in a file, row by row; a header that is not understood ends it at once."""
    header: list[str] = []

    def parse(number: int, line: bytes) -> Command | None:
        cells = _cells(number, line)
        if not header:
            header.extend(_header(cells))
            return None
        if not cells:
            return None
        if len(cells) != len(header):
            raise Malformed(
                f"line {number:,} has {len(cells)} cells and the header has {len(header)}",
                remedy="quote a cell that holds a comma",
                code="CSV_CELLS",
            )
        return _export(number, dict(zip(header, cells, strict=True)))

    for row in feed(path, parse):
        if not header and row.error is not None:
            raise row.error
        yield row


def _cells(number: int, line: bytes) -> list[str]:
    content = text(number, line)
    if number == 1:
        content = content.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    return [cell.strip() for cell in next(csv.reader([content]), [])]


def _header(cells: list[str]) -> list[str]:
    missing = [name for name in REQUIRED if name not in cells]
    unknown = [name for name in cells if name not in {*REQUIRED, *OPTIONAL}]
    if missing or unknown or len(set(cells)) < len(cells):
        said = [f"lacks {', '.join(missing)}"] if missing else []
        said += [f"has the unknown {', '.join(map(repr, unknown))}"] if unknown else []
        raise Malformed(
            f"the header {' and '.join(said) or 'names a column twice'}",
            remedy=f"columns are {', '.join(REQUIRED)}; and {', '.join(OPTIONAL)}",
            code="CSV_HEADER",
        )
    return cells


def _export(number: int, cells: dict[str, str]) -> Command:
    given = {name: cell for name, cell in cells.items() if cell}
    line: dict[str, Any] = {
        "model": given.pop("model", ""),
        "units": _whole(number, "units", given.pop("units", "")),
    }
    if "value_usd" in given:
        line["value_cents"] = _cents(number, given.pop("value_usd"))
    fields: dict[str, Any] = {RENAMED.get(name, name): cell for name, cell in given.items()}
    fields["route"] = _route(number, given.get("route", ""))
    fields["exported_on"] = terms.day(given.get("exported_on", "")).isoformat()
    fields.setdefault("authority", "license" if "license" in given else "unknown")
    return command_of({"command": "shipment.export", "lines": [line], **fields})


def _route(number: int, cell: str) -> list[terms.Country]:
    codes = cell.split(">")
    if len(codes) < 2:
        raise Malformed(
            f"line {number:,} has {cell!r} for route",
            remedy="name where it left and where it went, with > between: US>SG>AE",
            code="FIELDS",
        )
    return [terms.country(code) for code in codes]


def _cents(number: int, cell: str) -> int:
    """US cents in an amount of dollars; a part of a cent is refused, and not dropped."""
    dollars, _, part = cell.partition(".")
    if not dollars or len(part) > 2:
        raise _no_number(number, "value_usd", cell)
    return 100 * _whole(number, "value_usd", dollars, cell) + _whole(
        number, "value_usd", (part + "00")[:2], cell
    )


def _whole(number: int, name: str, digits: str, cell: str | None = None) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise _no_number(number, name, digits if cell is None else cell)
    return int(digits)


def _no_number(number: int, name: str, cell: str) -> Malformed:
    return Malformed(
        f"line {number:,} has {cell!r} for {name}",
        remedy="units are whole chips, value_usd an amount such as 240000.50",
        code="CSV_NUMBER",
    )
