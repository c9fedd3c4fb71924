"""`chip-ledger party …`, `agreement …`, `check …`: facts recorded as they are told.

Their commands are made from the events themselves: an argument for the subject, an option for
each field with the words of its docstring. A new fact is typed the day it is declared.
"""

import re
from datetime import date
from typing import Any, Final

import click
import msgspec

from commands.cli._typed import (
    CENTS,
    COUNTRY,
    DAY,
    dry_run,
    identified,
    run,
    today,
)
from commands.facts import FACTS, parse
from ledger.events import Event
from ledger.session import Session
from ledger.terms import COUNTRIES

_FIELD: Final = re.compile(r"^ {4}(\w+) {2,}(\S.*)$")

GROUPS: Final = {
    "party": "Parties: who they are, where they sit, who owns them.",
    "agreement": "Government-to-government agreements that may raise a country's cap.",
    "check": "End-use checks: pre-license (PLC) and post-shipment (PSV).",
}


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
    match info:
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
    return click.Option([flag, name], type=typed, required=required, multiple=multiple, help=help_)


def _command(name: str, event: type[Event], subject: str) -> click.Command:
    own = _own_date(event)

    def say(session: Session, /, dry_run: bool, **typed: Any) -> None:
        fields = {key: value for key, value in typed.items() if value not in (None, ())}
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


def groups() -> list[click.Group]:
    """The groups of commands, one for each kind of subject."""
    made = {name: click.Group(name, help=help_) for name, help_ in GROUPS.items()}
    for name, event in FACTS.items():
        subject = name.partition(".")[0]
        made[subject].add_command(_command(name, event, subject))
    return list(made.values())
