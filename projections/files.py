"""Rows of a view as a file: CSV, JSON lines, Parquet, or a SQLite database.

CSV and JSON lines hold what `--format` prints. In a CSV, text that begins with = + - @, a tab or a
carriage return gets an apostrophe before it, so that no spreadsheet runs it: who reads a CSV by
program takes JSON lines or Parquet, where values are as they are.

Parquet has a type for each column (int64, date32, lists) and says what it was made from in its
metadata as well. It needs pyarrow, the extra `parquet`.

The SQLite file opens in Datasette and anywhere else: one table of the view with a primary key,
one table for each of its lists, the entries it cites, a view that puts a row and its entries side
by side, and what it was made from. Foreign keys lead from a citation to its entry.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from ledger.errors import Malformed, Unreached
from projections.render import Row, as_csv, builtins

Kind = Literal["text", "integer", "boolean", "date", "texts", "integers"]

_SQL: Final[Mapping[Kind, str]] = {
    "text": "TEXT", "integer": "INTEGER", "boolean": "INTEGER", "date": "TEXT",
    "texts": "TEXT", "integers": "INTEGER",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A view to be saved.

    name     of the view, such as flags
    one      what one row is, such as flag: it names the tables of its lists
    key      the column that tells rows apart; empty where none does, and rows are numbered
    kinds    what each column holds, in order
    rows     values by column
    stamp    what the rows were made from
    entries  every entry the rows cite: entry, at, by, role, key, on, type, subject, said
    """

    name: str
    one: str
    key: str
    kinds: Mapping[str, Kind]
    rows: Sequence[Row]
    stamp: Mapping[str, Any]
    entries: Sequence[Row]


def kinds(row: Any) -> dict[str, Kind]:
    """What each value of a kind of row is, from its type."""
    hints = get_type_hints(row)
    return {field.name: _kind(hints[field.name]) for field in fields(row)}


def write(table: Table, to: Path, suffix: str) -> None:
    """The rows as a file of that kind; `Malformed` (SAVE_FORM) where there is no such kind."""
    match suffix.lower():
        case ".csv":
            stamped = [{**row, **table.stamp} for row in table.rows]
            to.write_text(as_csv(stamped, [*table.kinds, *table.stamp]), "utf-8", newline="")
        case ".jsonl":
            with to.open("wb") as file:
                for row in table.rows:
                    file.write(msgspec.json.encode({**row, **table.stamp}) + b"\n")
        case ".parquet":
            _parquet(table, to)
        case ".db":
            _sqlite(table, to)
        case _:
            raise Malformed(
                f"{suffix or 'a file without an ending'} is no kind of file that is saved",
                remedy="end its name in .csv, .jsonl, .parquet or .db",
                code="SAVE_FORM",
            )


def _kind(hint: Any) -> Kind:
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        return "integers" if get_args(hint)[0] is int else "texts"
    # The order matters: a bool is an int to Python.
    for plain, kind in ((bool, "boolean"), (int, "integer"), (date, "date")):
        if hint is plain:
            return kind  # type: ignore[return-value]
    return "text"


def _parquet(table: Table, to: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise Unreached(
            "Parquet needs pyarrow, which is not installed",
            remedy="pip install 'chip-ledger[parquet]', or save .jsonl",
            code="DRIVER_MISSING",
        ) from error
    types = {
        "text": pyarrow.string(), "integer": pyarrow.int64(), "boolean": pyarrow.bool_(),
        "date": pyarrow.date32(), "texts": pyarrow.list_(pyarrow.string()),
        "integers": pyarrow.list_(pyarrow.int64()),
    }  # fmt: skip
    schema = pyarrow.schema(
        [(name, types[kind]) for name, kind in table.kinds.items()],
        metadata={name: str(value) for name, value in table.stamp.items()},
    )
    columns = [
        [_day(row[name]) if kind == "date" else row[name] for row in table.rows]
        for name, kind in table.kinds.items()
    ]
    arrays = [
        pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)
    ]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), to)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _sqlite(table: Table, to: Path) -> None:
    key = table.key or "row"
    plain = [name for name, kind in table.kinds.items() if kind not in ("texts", "integers")]
    lists = [name for name in table.kinds if name not in plain]
    with closing(sqlite3.connect(to)) as database, database:
        database.execute("PRAGMA foreign_keys = ON")
        _create(database, "made_from", dict.fromkeys(table.stamp, "TEXT"), "")
        _insert(database, "made_from", [[str(value) for value in table.stamp.values()]])
        cited = {name: "INTEGER" if name == "entry" else "TEXT" for name in _CITED}
        _create(database, "entries", cited, "entry")
        _insert(database, "entries", [[row[name] for name in _CITED] for row in table.entries])
        columns = {name: _SQL[table.kinds[name]] for name in plain}
        _create(database, table.name, columns if table.key else {"row": "INTEGER", **columns}, key)
        kept = [[row[name] for name in plain] for row in table.rows]
        numbered = kept if table.key else [[at, *row] for at, row in enumerate(kept, start=1)]
        _insert(database, table.name, numbered)
        keys = [row[table.key] if table.key else at for at, row in enumerate(table.rows, start=1)]
        for name in lists:
            _list(database, table, key, name, dict(zip(keys, table.rows, strict=True)))


def _list(
    database: sqlite3.Connection, table: Table, key: str, name: str, rows: Mapping[Any, Row]
) -> None:
    """A list of every row as a table; entries lead to the entries that are cited."""
    title, column = f"{table.one}_{name}", f"{table.one}_{key}"
    cites = table.kinds[name] == "integers"
    value = "entry" if cites else "value"
    leads = ", FOREIGN KEY (entry) REFERENCES entries (entry)" if cites else ""
    holds = _SQL[table.kinds[key]] if table.key else "INTEGER"
    database.execute(
        f'CREATE TABLE "{title}" ("{column}" {holds} NOT NULL, place INTEGER NOT NULL,'
        f' "{value}" {_SQL[table.kinds[name]]} NOT NULL, PRIMARY KEY ("{column}", place),'
        f' FOREIGN KEY ("{column}") REFERENCES "{table.name}" ("{key}"){leads})'
    )
    database.execute(f'CREATE INDEX "{title}_{value}" ON "{title}" ("{value}")')
    _insert(
        database,
        title,
        [[of, at, each] for of, row in rows.items() for at, each in enumerate(row[name], start=1)],
    )
    if cites:
        database.execute(
            f'CREATE VIEW "{table.one}_timeline" AS SELECT cited."{column}", entries.*'
            f' FROM "{title}" AS cited JOIN entries USING (entry)'
            f' ORDER BY cited."{column}", entries."on", entries.entry'
        )


_CITED: Final = ("entry", "at", "by", "role", "key", "on", "type", "subject", "said")


def _create(database: sqlite3.Connection, name: str, columns: Mapping[str, str], key: str) -> None:
    said = [
        f'"{column}" {kind}{" PRIMARY KEY NOT NULL" * (column == key)}'
        for column, kind in columns.items()
    ]
    database.execute(f'CREATE TABLE "{name}" ({", ".join(said)})')


def _insert(database: sqlite3.Connection, name: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        holes = ", ".join("?" * len(rows[0]))
        database.executemany(f'INSERT INTO "{name}" VALUES ({holes})', rows)


def cited(rows: Sequence[Row], kinds_: Mapping[str, Kind]) -> list[int]:
    """Every entry that rows cite, in order."""
    lists = [name for name, kind in kinds_.items() if kind == "integers"]
    return sorted({number for row in rows for name in lists for number in row[name]})


def plain_rows(found: Sequence[object]) -> list[Row]:
    """Rows as names and values."""
    return [builtins(each) for each in found]
