"""Writes docs/events.md: every event that can be recorded, from its own docstring.

A class's docstring says what happened, then one line for each field: its name, and what it is.
Types are read from the source, because `Tpp` says more than the integer it is.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec

from ledger.events import EVENTS, Event, Wire

PAGE: Final = Path(__file__).with_name("events.md")

SUBJECTS: Final = {
    "ledger": "Ledger",
    "key": "Keys",
    "policy": "Policies",
    "control": "Controls",
    "party": "Parties",
    "address": "Addresses",
    "agreement": "Agreements",
    "license": "Licenses",
    "shipment": "Shipments",
    "check": "End-use checks",
    "flag": "Flags",
}
"""Headings, by the first word of the wire name, in the order a ledger needs them."""

WORDS: Final = {
    "str": "text",
    "int": "whole number",
    "bool": "true or false",
    "date": "date",
    "datetime": "instant, UTC",
    "Tpp": "TPP",
    "Units": "whole chips",
    "Cents": "US cents",
    "BasisPoints": "basis points",
    "Country": "country",
    "Eccn": "ECCN",
    "Itn": "ITN",
    "Classification": "ECCN",
    "TransactionNumber": "ITN",
    "ControlNumber": "application control number",
    "Sha256": "SHA-256, 64 hex digits",
    "LeafHash": "leaf hash, base64",
    "Base64": "base64",
    "EntryNumber": "entry number",
    "Name": "text, up to 200",
    "Text": "text, up to 2,000",
    "Word": "word",
    "Statement": "text, 1 to 2,000",
    "Serial": "serial number",
    "SerialId": "serial number, in the form of an id",
    "Rma": "reference, in the form of an id",
    "Grams": "grams",
    "Kilowatts": "kW",
    "Counted": "whole number",
    "Quantity": "whole number, at least 1",
    "Serials": "list of serial numbers, in the form of ids",
    "HsCode": "HS code, 4 to 10 digits",
}
"""What a type is called on the page, where its own name does not say it."""

ID_NOUNS: Final = (
    "License", "Shipment", "Party", "Agreement", "Check", "Policy", "Flag", "Model", "Actor", "Key",
    "Site", "Address", "Control", "Invoice", "Account",
)  # fmt: skip


def page() -> str:
    """The whole of docs/events.md."""
    parts = [
        "# Events\n",
        "Everything that can be recorded, by subject. Written by `make docs` from the docstrings\n"
        "in [`ledger/events/`](../ledger/events/__init__.py); change it there.\n",
        "A wire name, once released, is read for ever and never changes its meaning. An optional\n"
        "field at its default stays out of the signed bytes. A country is an ISO 3166-1 alpha-2\n"
        "code, a word is lower case with underscores, and text is counted in characters. How an\n"
        "event is signed and stored stands in [formats.md](formats.md).\n",
    ]
    subjects = {wire: wire.split(".", 1)[0] for wire in EVENTS}
    unplaced = set(subjects.values()) - set(SUBJECTS)
    if unplaced:
        sys.exit(
            f"error: no heading for {sorted(unplaced)}\nhint: add it to SUBJECTS in {__file__}"
        )
    records: dict[str, type[Wire]] = {}
    for subject, heading in SUBJECTS.items():
        events = [event for wire, event in EVENTS.items() if subjects[wire] == subject]
        if events:
            parts.append(f"## {heading}\n")
        for event in events:
            parts += _section(event, f"`{event.wire}`", records)
    parts.append("## Records\n\nWhat events are made of, where one field holds several things.\n")
    shown: set[str] = set()
    while left := [record for name, record in records.items() if name not in shown]:
        for record in sorted(left, key=lambda each: each.__name__):
            shown.add(record.__name__)
            parts += _section(record, record.__name__, records)
    return "\n".join(parts)


def _section(struct: type[Wire], heading: str, records: dict[str, type[Wire]]) -> Iterator[str]:
    yield f"### {heading}\n"
    yield _prose(struct) + "\n"
    sources = _sources(struct)
    rows = ["| field | type | | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(struct):
        declared, owner = sources[field.name]
        kind = _words(declared, vars(sys.modules[owner.__module__]), records)
        must = "required" if field.required else f"optional{_default(field.default)}"
        meaning = _meaning(struct, field.name)
        rows.append(f"| `{field.name}` | {kind} | {must} | {_cell(meaning)} |")
    yield "\n".join(rows) + "\n"


def _lineage(struct: type[Wire]) -> list[type[Wire]]:
    """The class and what it inherits fields from, nearest first."""
    return [each for each in struct.__mro__ if issubclass(each, Wire) and each not in (Wire, Event)]


def _sources(struct: type[Wire]) -> dict[str, tuple[ast.expr, type[Wire]]]:
    """Each field's type as it is written, and the class that wrote it."""
    found: dict[str, tuple[ast.expr, type[Wire]]] = {}
    for owner in _lineage(struct):
        tree = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        for line in tree.body if isinstance(tree, ast.ClassDef) else ():
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                found.setdefault(line.target.id, (line.annotation, owner))
    return found


def _prose(struct: type[Wire]) -> str:
    """The docstring without the lines about fields."""
    names = {field.name for field in msgspec.structs.fields(struct)}
    lines = (inspect.getdoc(struct) or "").splitlines()
    kept: list[str] = []
    in_field = False
    for line in lines:
        in_field = line.split(" ", 1)[0] in names or (in_field and line.startswith(" "))
        if not in_field:
            kept.append(line)
    return "\n".join(kept).strip()


def _meaning(struct: type[Wire], name: str) -> str:
    """What a docstring in the lineage says about a field."""
    for owner in _lineage(struct):
        # `__doc__` itself: a class that says nothing must not speak with its parent's words.
        lines = iter(inspect.cleandoc(owner.__dict__.get("__doc__") or "").splitlines())
        for line in lines:
            if line.split(" ", 1)[0] == name and " " in line:
                words = [line.split(" ", 1)[1].strip()]
                for more in lines:
                    if not more.startswith(" "):
                        break
                    words.append(more.strip())
                return " ".join(words)
    sys.exit(
        f"error: the docstring of {struct.__name__} does not say what {name} is\n"
        f"hint: add a line `{name}  ...` to it"
    )


def _words(kind: ast.expr, names: dict[str, Any], records: dict[str, type[Wire]]) -> str:
    """A type as a reader from the field would say it."""
    match kind:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            sides = [side for side in (left, right) if ast.unparse(side) != "None"]
            return " or ".join(_words(side, names, records) for side in sides)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[plain, *_])):
            return _words(plain, names, records)
        case ast.Subscript(value=ast.Name(id="Literal")):
            chosen = ast.literal_eval(kind.slice)
            return _choice(chosen if isinstance(chosen, tuple) else (chosen,))
        case ast.Subscript(
            value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[each, ast.Constant()])
        ):
            return f"list of {_words(each, names, records)}"
        case ast.Name(id=name):
            return _named(name, names.get(name), records)
    sys.exit(f"error: no words for the type {ast.unparse(kind)}\nhint: teach {__file__} to say it")


def _named(name: str, value: object, records: dict[str, type[Wire]]) -> str:
    if name in WORDS:
        return WORDS[name]
    if name.removesuffix("Id") in ID_NOUNS:
        return f"{name.removesuffix('Id').lower()} id"
    if isinstance(value, type) and issubclass(value, Wire):
        records.setdefault(name, value)
        return f"[{name}](#{name.lower()})"
    if get_origin(value) is Literal:
        return _choice(get_args(value))
    if get_origin(value) is Annotated and get_origin(get_args(value)[0]) is tuple:
        each = get_args(get_args(value)[0])[0]
        return f"list of {_named(each.__name__, each, records)}"
    if get_origin(value) is Annotated:
        return WORDS[get_args(value)[0].__name__]
    sys.exit(f"error: no words for the type {name}\nhint: add it to WORDS in {__file__}")


def _choice(values: tuple[object, ...]) -> str:
    return "one of " + ", ".join(f"`{value}`" for value in values)


def _default(value: object) -> str:
    """What an optional field says when it is left out; nothing where that is nothing."""
    return "" if value in (None, "", ()) else f": `{str(value).lower()}`"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
