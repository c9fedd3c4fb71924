"""`chip-ledger license …`: apply, approve, deny, return."""

from datetime import date
from typing import Any, get_args

import click

from commands.cli._typed import (
    ACN,
    AGREEMENT,
    COUNTRY,
    LICENSE,
    LINE,
    PARTY,
    dry_run,
    make,
    on_option,
    run,
)
from commands.licenses import ApplyForLicense, ApproveLicense, DenyLicense, ReturnLicense
from ledger.errors import Malformed
from ledger.events.licenses import Act, ReturnReason
from ledger.session import Session
from ledger.typed import DAY

Lines = tuple[dict[str, Any], ...]


@click.group("license")
def license_group() -> None:
    """License applications and decisions."""


@license_group.command("apply")
@click.argument("license", type=LICENSE)
@click.option("--applicant", type=PARTY, required=True, help="Who asks.")
@click.option("--consignee", type=PARTY, required=True, help="Ultimate consignee.")
@click.option("--end-user", "end_users", type=PARTY, multiple=True,
              help="Who uses the chips; the consignee by default.")  # fmt: skip
@click.option("--to", "destination", type=COUNTRY, required=True, help="Destination country.")
@click.option("--line", "lines", type=LINE, multiple=True, required=True,
              metavar="MODEL:UNITS[:DOLLARS]", help="Chips asked for.")  # fmt: skip
@click.option("--purchaser", type=PARTY, help="Who buys.")
@click.option("--via", "intermediate", type=PARTY, multiple=True, help="Intermediate consignee.")
@click.option("--act", type=click.Choice(get_args(Act)), default="export", help="Kind of act.")
@click.option("--end-use", default="", help="What for.")
@click.option("--acn", type=ACN, help="Application control number.")
@on_option(what="Date of registration")
@dry_run
@click.pass_obj
def apply(
    session: Session,
    license: str,
    applicant: str,
    consignee: str,
    end_users: tuple[str, ...],
    destination: str,
    lines: Lines,
    purchaser: str | None,
    intermediate: tuple[str, ...],
    act: str,
    end_use: str,
    acn: str | None,
    on: date,
    dry_run: bool,
) -> None:
    """Register the application LICENSE."""
    command = make(
        ApplyForLicense,
        license=license,
        applied_on=on,
        act=act,
        applicant=applicant,
        purchaser=purchaser,
        intermediate_consignees=intermediate,
        ultimate_consignee=consignee,
        end_users=end_users or (consignee,),
        destination=destination,
        lines=lines,
        end_use=end_use,
        acn=acn,
    )
    run(session, command, dry=dry_run)


@license_group.command("approve")
@click.argument("license", type=LICENSE)
@click.option("--line", "lines", type=LINE, multiple=True, metavar="MODEL:UNITS[:DOLLARS]",
              help="Chips granted, when fewer than were asked for.")  # fmt: skip
@click.option("--expires-on", type=DAY, help="Last day; what the rules give by default.")
@click.option("--condition", "conditions", multiple=True, metavar="NAME=TEXT",
              help="What the licensee must do or leave.")  # fmt: skip
@click.option("--number", help="Number printed on the license.")
@click.option("--agreement", type=AGREEMENT, help="G2G agreement it is granted under.")
@click.option("--justification", default="", help="Grounds against a presumption of denial.")
@on_option(what="Date of the decision")
@dry_run
@click.pass_obj
def approve(
    session: Session,
    license: str,
    lines: Lines,
    expires_on: date | None,
    conditions: tuple[str, ...],
    number: str | None,
    agreement: str | None,
    justification: str,
    on: date,
    dry_run: bool,
) -> None:
    """Grant LICENSE; refused with the numbers where the country has no headroom for it."""
    command = make(
        ApproveLicense,
        license=license,
        decided_on=on,
        expires_on=expires_on,
        lines=lines or None,
        conditions=[_condition(text) for text in conditions],
        license_number=number,
        agreement=agreement,
        justification=justification,
    )
    run(session, command, dry=dry_run)


@license_group.command("deny")
@click.argument("license", type=LICENSE)
@click.option("--reason", required=True, help="Why, for the applicant.")
@on_option(what="Date of the decision")
@dry_run
@click.pass_obj
def deny(session: Session, license: str, reason: str, on: date, dry_run: bool) -> None:
    """Deny LICENSE."""
    command = make(DenyLicense, license=license, decided_on=on, reason=reason)
    run(session, command, dry=dry_run)


@license_group.command("return")
@click.argument("license", type=LICENSE)
@click.option("--reason", type=click.Choice(get_args(ReturnReason)), required=True,
              help="Reason of 15 CFR part 772.")  # fmt: skip
@click.option("--note", default="", help="More, for the applicant.")
@on_option(what="Date of the return")
@dry_run
@click.pass_obj
def return_(
    session: Session, license: str, reason: str, note: str, on: date, dry_run: bool
) -> None:
    """Return LICENSE without action."""
    command = make(ReturnLicense, license=license, returned_on=on, reason=reason, note=note)
    run(session, command, dry=dry_run)


def _condition(text: str) -> dict[str, str]:
    name, equals, said = text.partition("=")
    if not equals or not said:
        raise Malformed(
            f"{text!r} is not a condition",
            remedy="write NAME=TEXT, such as quarterly_report='report every quarter'",
            code="CONDITION_FORM",
        )
    return {"condition": name, "text": said}
