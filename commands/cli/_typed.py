"""What somebody typed, as the nouns of the field; and what came of a command, as sentences."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

import click
import msgspec

from commands.decider import Command
from commands.handler import CapChange, Desk, Outcome, Watch
from ledger import terms
from ledger.errors import LedgerError, Malformed
from ledger.events import Event
from ledger.log import Ledger
from ledger.session import Session
from ledger.typed import DAY, Typed

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C")

WATCH: Final = "commands.watch"
"""Where the front door leaves, in click's context, what a review may be about."""


SHOWN_MAX: Final = 200
"""Characters of one field that a dry run shows."""


def _line(text: str) -> dict[str, object]:
    model, _, rest = text.partition(":")
    count, _, dollars = rest.partition(":")
    try:
        units = int(count)
        line: dict[str, object] = {"model": model, "units": units}
        if dollars:
            line["value_cents"] = _cents(dollars)
    except ValueError as error:
        raise Malformed(
            f"{text!r} is not a line of chips",
            remedy="write MODEL:UNITS or MODEL:UNITS:DOLLARS, such as h100-sxm:8:240000",
            code="LINE_FORM",
        ) from error
    if not 1 <= units <= terms.UNITS_MAX:
        raise Malformed(
            f"{units:,} {model}: a line is for 1 to {terms.UNITS_MAX:,} chips",
            remedy="give the number of whole chips",
            code="QUANTITY",
        )
    return line


def _cents(dollars: str) -> int:
    """US cents in an amount of dollars.

    >>> _cents("240000.50")
    24000050
    """
    whole, _, part = dollars.partition(".")
    if len(part) > 2:
        raise ValueError(dollars)
    return int(whole) * 100 + int((part + "00")[:2])


def _route(text: str) -> tuple[terms.Country, ...]:
    codes = text.split(",")
    if len(codes) < 2:
        raise Malformed(
            f"{text!r} is not a route",
            remedy="name where it left and where it went, such as US,SG,AE",
            code="FIELDS",
        )
    return tuple(terms.country(code) for code in codes)


COUNTRY = Typed("country", terms.country)
LINE = Typed("line", _line)
ROUTE = Typed("route", _route)
ITN = Typed("itn", terms.itn)
ACN = Typed("acn", terms.application_control_number)
KEY = Typed("key id", terms.key_id)
CENTS = Typed("dollars", _cents)


def identified(noun: str) -> Typed:
    """An id of a kind of thing."""
    return Typed(noun.upper(), lambda text: terms.identifier(text, noun))


PARTY = identified("party")
LICENSE = identified("license")
SHIPMENT = identified("shipment")
AGREEMENT = identified("agreement")
CHECK = identified("check")
POLICY = identified("policy")
FLAG = Typed("FLAG", terms.flag_id)


def today() -> date:
    """The date in UTC, where somebody gives none."""
    return datetime.now(UTC).date()


def on_option(name: str = "--on", what: str = "Date it happened") -> Callable[[F], F]:
    """The option for the date a command is about."""
    return click.option(
        name, "on", type=DAY, default=None, callback=lambda _c, _p, v: v or today(),
        help=f"{what}; today by default.",
    )  # fmt: skip


def dry_run(function: F) -> F:
    """The option every write has."""
    return click.option(
        "--dry-run", is_flag=True, help="Show what would be recorded and what it does to each cap."
    )(function)


def make(kind: type[C], **fields: object) -> C:
    """A command from what was typed; what no field may hold is said before anything is opened."""
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(given, kind, from_attributes=True)
    except msgspec.ValidationError as error:
        raise Malformed(
            f"{error}", remedy="chip-ledger … --help lists what each option takes", code="FIELDS"
        ) from error


def desk_at(ledger: Ledger, session: Session) -> Desk:
    """A desk for who is at the keyboard."""
    watch: Watch | None = click.get_current_context().meta.get(WATCH)
    return Desk(ledger, session.signer(), watch=watch)


def run(session: Session, command: Command, *, dry: bool) -> None:
    """Say a command, or rehearse it, and tell what came of it."""
    ledger = session.open()
    desk = desk_at(ledger, session)
    try:
        tell(desk.rehearse(command) if dry else desk.execute(command), dry=dry)
    finally:
        ledger.close()


def tell(outcome: Outcome, *, dry: bool) -> None:
    """What came of a command: entries on stdout, warnings on stderr."""
    if not outcome.events:
        click.echo("already recorded")
    for number, event in zip(outcome.numbers, outcome.events, strict=False):
        click.echo(f"recorded as entry {number:,}: {event.wire} {event.subject}")
    if dry:
        for event in outcome.events:
            click.echo(f"would record {event.wire} {event.subject}; nothing was written")
            for line in said_in(event):
                click.echo(line)
    for change in outcome.caps:
        click.echo(cap_line(change))
    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)


def said_in(event: Event) -> list[str]:
    """What would be signed, a field a line, defaults that were filled in among them."""
    fields: dict[str, object] = msgspec.to_builtins(event)
    width = max(map(len, fields), default=0)
    lines = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        # One line, and nothing that a terminal would obey.
        text = "".join(each if each.isprintable() else " " for each in text)
        shown = (
            text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}… ({len(text):,} characters)"
        )
        lines.append(f"  {name:{width}}  {shown}")
    return lines


def cap_line(change: CapChange) -> str:
    """What a command does to one country's account, before and after."""
    before, after = change.before, change.after
    amounts = [
        f"{name} {_step(old, new)}"
        for name, old, new in (
            ("cap", before.cap, after.cap),
            ("reserved", before.reserved, after.reserved),
            ("drawn", before.drawn, after.drawn),
            ("exempt", before.exempt, after.exempt),
            ("headroom", before.headroom, after.headroom),
            ("overdrawn", before.overdrawn, after.overdrawn),
        )
        if old is not None and new is not None and (old != new or name in {"cap", "headroom"})
    ]
    under = f"under {change.policy}" if after.cap is not None else "no cap in force"
    return f"{change.country} ({under}), TPP: {', '.join(amounts) or 'unchanged'}"


def _step(old: int, new: int) -> str:
    return f"{new:,}" if old == new else f"{old:,} -> {new:,}"


def as_error(error: LedgerError) -> list[str]:
    """An error in the two lines a person reads."""
    lines = [f"error: {error.problem} [{error.code}]"]
    return [*lines, f"hint: {error.remedy}"] if error.remedy else lines
