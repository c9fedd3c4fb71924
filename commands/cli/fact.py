"""`chip-ledger party …`, `check …`, `shipment declare …`: facts recorded as they are told.

Their commands are made from the events themselves: an argument for the subject, an option for
each field with the words of its docstring. A new fact is typed the day it is declared.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import click
import msgspec

from commands.cli._typed import (
    CENTS,
    COUNTRY,
    dry_run,
    identified,
    run,
    today,
)
from commands.fact_names import FACTS
from commands.facts import parse
from ledger.errors import Malformed
from ledger.events import Event
from ledger.session import Session
from ledger.terms import COUNTRIES
from ledger.typed import DAY, Typed

_FIELD: Final = re.compile(r"^ {4}(\w+) {2,}(\S.*)$")

GROUPS: Final = {
    "party": "Parties: who they are, where they sit, who owns them.",
    "agreement": "Government-to-government agreements that may raise a country's cap.",
    "check": "End-use checks: pre-license (PLC) and post-shipment (PSV).",
    "control": "Controls that were published, by their dates; packs that apply are policies.",
    "address": "Addresses on restricted-party lists, with or without a name.",
}
"""Groups of commands that hold nothing but facts."""


def _words(event: type[Event]) -> dict[str, str]:
    """What the docstring says of each field."""
    found: dict[str, str] = {}
    last = None
    for line in (event.__doc__ or "").splitlines():
        match = _FIELD.match(line)
        if match:
            last = match[1]
            found[last] = match[2]
        elif last is not None and line.startswith(" " * 8) and line.strip():
            found[last] += f" {line.strip()}"
    return found


def _own_date(event: type[Event]) -> str:
    """The date an event is about: today, when nobody says otherwise.

    A party's registration also has the date it was formed on, which stands before.
    """
    dates = [name for name in event.__struct_fields__ if name.endswith("_on")]
    return "registered_on" if "registered_on" in dates else dates[0]


def _options(event: type[Event], subject: str) -> list[click.Parameter]:
    words = _words(event)
    parameters: list[click.Parameter] = [click.Argument([subject], type=identified(subject))]
    own = _own_date(event)
    for field in msgspec.structs.fields(event):
        if field.name == subject:
            continue
        required = field.required and field.name != own
        said = words.get(field.name, "")
        parameters.append(_option(field.name, field.type, required, said, own == field.name))
    return parameters


def _option(name: str, kind: Any, required: bool, said: str, own: bool) -> click.Option:
    info = msgspec.inspect.type_info(kind)
    if isinstance(info, msgspec.inspect.UnionType):
        info = next(one for one in info.types if not isinstance(one, msgspec.inspect.NoneType))
    multiple = isinstance(info, msgspec.inspect.VarTupleType)
    if isinstance(info, msgspec.inspect.VarTupleType):
        info = info.item_type
    flag = f"--{name.replace('_', '-')}"
    typed: Any = str
    metavar = None
    match info:
        case msgspec.inspect.BoolType():
            said = f"{said.removeprefix('true ')[:1].upper()}{said.removeprefix('true ')[1:]}."
            return click.Option([flag, name], is_flag=True, help=said)
        case msgspec.inspect.StructType(cls=cls):
            typed, metavar = (
                Typed("line", _record(cls)),
                ",".join(map(_pair, cls.__struct_fields__)),
            )
        case msgspec.inspect.DateType():
            typed = DAY
        case msgspec.inspect.IntType() if name.endswith("_cents"):
            typed, flag = CENTS, f"--{name.removesuffix('_cents')}"
            said = said.replace("US cents", "US dollars, such as 240000.50")
        case msgspec.inspect.IntType():
            typed = int
        case msgspec.inspect.LiteralType(values=values):
            codes = {str(value) for value in values}
            typed = COUNTRY if codes == COUNTRIES else click.Choice([*map(str, values)])
        case _:
            pass
    if multiple:
        flag = flag.removesuffix("ies") + "y" if flag.endswith("ies") else flag.removesuffix("s")
    help_ = f"{said[:1].upper()}{said[1:]}" + ("; today by default." if own else ".")
    return click.Option(
        [flag, name], type=typed, required=required, multiple=multiple, metavar=metavar, help=help_
    )


def _pair(typed: str) -> str:
    """How a part is shown: net-weight-grams=GRAMS."""
    return f"{typed}={typed.rpartition('-')[2].upper()}"


def _typed_name(field: str) -> str:
    """What a field of a record is called where it is typed: value_cents is typed as dollars."""
    return field.removesuffix("_cents").replace("_", "-")


def _record(kind: type[msgspec.Struct]) -> Callable[[str], dict[str, object]]:
    """Reads one record typed as NAME=VALUE,NAME=VALUE; a value may hold commas.

    Several serial numbers stand between spaces. Raises `Malformed` (LINE_FORM).
    """
    fields = {_typed_name(field.name): field for field in msgspec.structs.fields(kind)}
    begins = re.compile(rf"(?:^|,)({'|'.join(map(re.escape, fields))})=")

    def read(text: str) -> dict[str, object]:
        parts = begins.split(text)
        names, values = parts[1::2], parts[2::2]
        if parts[0] or not names or len(set(names)) < len(names):
            raise Malformed(
                f"{text!r} does not say what it is, part by part",
                remedy=f"write {','.join(map(_pair, fields))}, as far as known",
                code="LINE_FORM",
            )
        return {
            fields[name].name: _value(fields[name], value.strip())
            for name, value in zip(names, values, strict=True)
        }

    return read


def _value(field: msgspec.structs.FieldInfo, text: str) -> object:
    info = msgspec.inspect.type_info(field.type)
    kinds = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    if field.name.endswith("_cents"):
        return CENTS.convert(text, None, None)
    if any(isinstance(kind, msgspec.inspect.VarTupleType) for kind in kinds):
        return tuple(text.split())
    whole = any(isinstance(kind, msgspec.inspect.IntType) for kind in kinds)
    return int(text) if whole and text.isascii() and text.isdigit() else text


def _command(name: str, event: type[Event], subject: str) -> click.Command:
    own = _own_date(event)

    def say(session: Session, /, dry_run: bool, **typed: Any) -> None:
        fields = {key: value for key, value in typed.items() if value not in (None, (), False)}
        fields.setdefault(own, today())
        plain = {
            key: str(value) if isinstance(value, date) else value for key, value in fields.items()
        }
        run(session, parse(name, plain), dry=dry_run)

    first = (event.__doc__ or "").strip().partition("\n")[0]
    command = click.Command(
        name.partition(".")[2],
        callback=click.pass_obj(say),
        params=_options(event, subject),
        help=f"Record: {first[:1].lower()}{first[1:]}",
    )
    return dry_run(command)


def groups(others: Mapping[str, click.Group]) -> list[click.Group]:
    """The groups of commands, one for each kind of subject.

    others  groups that hold more than facts; what is told of their subjects is put there
    """
    made = {name: click.Group(name, help=help_) for name, help_ in GROUPS.items()}
    for name, event in FACTS.items():
        subject = name.partition(".")[0]
        group = made.get(subject) or others[subject]
        group.add_command(_command(name, event, subject))
    return list(made.values())
