"""The tables of the log and of the views, and the triggers that make the log's refuse change."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

SCHEMA_VERSION: Final = 3
"""Raised when a table changes: what stands in tables of another version is not read as a ledger."""

_number = BigInteger().with_variant(Integer(), "sqlite")
# Keys are compared by their bytes on both databases, or a range of them would differ.
_binary_text = Text().with_variant(Text(collation="C"), "postgresql")
metadata = MetaData()

head_table = Table(
    "ledger_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("size", _number, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
entries_table = Table(
    "entries",
    metadata,
    Column("position", _number, primary_key=True, autoincrement=False),
    Column("subject", Text),
    Column("version", _number),
    Column("type", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("line", LargeBinary, nullable=False),
    Index("entries_by_subject", "subject", "version", unique=True),
)
# The index of tags and types, in runs (`ledger.tag_index`): rows come in by so many entries at once
# and in the order of their key. One by one, they would be most of what an append writes.
tags_table = Table(
    "entry_tags",
    metadata,
    Column("run", _number, primary_key=True, autoincrement=False),
    Column("tag", Text, primary_key=True),
    Column("positions", Text, nullable=False),
    sqlite_with_rowid=False,
)
tiles_table = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", _number, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
checkpoints_table = Table(
    "checkpoints",
    metadata,
    Column("size", _number, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
# What views keep (`ledger.views`): derived, droppable, and therefore without triggers.
view_positions_table = Table(
    "view_positions",
    metadata,
    Column("view", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", _number, nullable=False),
)
view_rows_table = Table(
    "view_rows",
    metadata,
    Column("view", Text, primary_key=True),
    Column("key", _binary_text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
# How rows of a view stood at some entries before its position (`ledger.undo`).
view_undo_table = Table(
    "view_undo",
    metadata,
    Column("view", Text, primary_key=True),
    Column("position", _number, primary_key=True, autoincrement=False),
    Column("key", _binary_text, primary_key=True),
    Column("value", LargeBinary),
    sqlite_with_rowid=False,
)
APPEND_ONLY: Final = (entries_table, tags_table, tiles_table, checkpoints_table)
"""Tables whose rows are never changed and never deleted."""


def triggers(dialect: str) -> Iterator[str]:
    """Statements that make the log's tables refuse change."""
    says = "the ledger is append-only"
    if dialect == "sqlite":
        for table in APPEND_ONLY:
            for deed in ("UPDATE", "DELETE"):
                yield (
                    f"CREATE TRIGGER {table.name}_no_{deed.lower()} BEFORE {deed} ON {table.name}"
                    f" BEGIN SELECT RAISE(ABORT, '{says}'); END"
                )
        return
    yield (
        "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{says}'; END $$"
    )
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table.name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            f" ON {table.name} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
        )
