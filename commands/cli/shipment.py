"""`chip-ledger shipment …`: export, reexport, transfer, leg, deliver, void."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar, get_args

import click

from commands.cli._typed import (
    COUNTRY,
    ITN,
    LICENSE,
    LINE,
    PARTY,
    ROUTE,
    SHIPMENT,
    dry_run,
    make,
    on_option,
    run,
)
from commands.shipments import (
    RecordDelivery,
    RecordExport,
    RecordLeg,
    RecordReexport,
    RecordTransfer,
    VoidShipment,
)
from ledger.events.shipments import Authority
from ledger.session import Session
from ledger.typed import DAY

F = TypeVar("F", bound=Callable[..., Any])


@click.group("shipment")
def shipment_group() -> None:
    """Shipments: what left, moved and arrived. Facts, lawful or not."""


def _movement(function: F) -> F:
    """What every movement is told with."""
    for option in (
        click.option("--note", default="", help="What the source says beyond the options."),
        click.option("--prior-notice-on", type=DAY, help="Date BIS was told beforehand."),
        click.option("--forwarder", type=PARTY, help="Freight forwarder."),
        click.option("--end-user", type=PARTY, help="Who uses the chips."),
        click.option("--via", "intermediate_consignees", type=PARTY, multiple=True,
                     help="Intermediate consignee."),
        click.option("--purchaser", type=PARTY, help="Who bought."),
        click.option("--consignee", "ultimate_consignee", type=PARTY, required=True,
                     help="Ultimate consignee."),
        click.option("--line", "lines", type=LINE, multiple=True, required=True,
                     metavar="MODEL:UNITS[:DOLLARS]", help="Chips declared."),
        click.option("--authority", type=click.Choice(get_args(Authority)),
                     help="What it relied on, when not a license: an exception, NLR or none."),
        click.option("--license", type=LICENSE, help="License it relied on."),
    ):  # fmt: skip
        function = option(function)
    return function


def _relied(fields: dict[str, Any]) -> dict[str, Any]:
    """The authority, where only the license was named."""
    by_license = "license" if fields["license"] else "unknown"
    return {**fields, "authority": fields["authority"] or by_license}


@shipment_group.command("export")
@click.argument("shipment", type=SHIPMENT)
@_movement
@click.option("--route", type=ROUTE, required=True, help="Countries touched, such as US,SG,AE.")
@click.option("--exporter", type=PARTY, help="Who exported.")
@click.option("--itn", type=ITN, help="Number of the EEI filing.")
@on_option("--exported-on", "Date on the declaration")
@dry_run
@click.pass_obj
def export(session: Session, /, dry_run: bool, on: date, **fields: Any) -> None:
    """Record that SHIPMENT left the exporting country."""
    run(session, make(RecordExport, exported_on=on, **_relied(fields)), dry=dry_run)


@shipment_group.command("reexport")
@click.argument("shipment", type=SHIPMENT)
@_movement
@click.option("--route", type=ROUTE, required=True, help="Countries touched, such as MY,CN.")
@click.option("--reexporter", type=PARTY, help="Who sent the chips on.")
@click.option("--of", type=SHIPMENT, help="Shipment they first came in.")
@on_option("--reexported-on", "Date they left")
@dry_run
@click.pass_obj
def reexport(session: Session, /, dry_run: bool, on: date, **fields: Any) -> None:
    """Record that chips moved on from one foreign country to another as SHIPMENT."""
    run(session, make(RecordReexport, reexported_on=on, **_relied(fields)), dry=dry_run)


@shipment_group.command("transfer")
@click.argument("shipment", type=SHIPMENT)
@_movement
@click.option("--in", "country", type=COUNTRY, required=True, help="Country they stayed in.")
@click.option("--transferor", type=PARTY, help="Who gave them up.")
@click.option("--of", type=SHIPMENT, help="Shipment they first came in.")
@on_option("--transferred-on", "Date they changed hands")
@dry_run
@click.pass_obj
def transfer(session: Session, /, dry_run: bool, on: date, **fields: Any) -> None:
    """Record that chips changed hands within one country as SHIPMENT."""
    run(session, make(RecordTransfer, transferred_on=on, **_relied(fields)), dry=dry_run)


@shipment_group.command("leg")
@click.argument("shipment", type=SHIPMENT)
@click.argument("leg", type=int)
@click.option("--from", "origin", type=COUNTRY, required=True, help="Country it left.")
@click.option("--to", "arrived_in", type=COUNTRY, required=True, help="Country it reached.")
@click.option("--holder", type=PARTY, help="Who holds it there.")
@click.option("--carrier", type=PARTY, help="Who carried it.")
@on_option("--arrived-on", "Date it arrived")
@dry_run
@click.pass_obj
def leg(session: Session, /, dry_run: bool, on: date, **fields: Any) -> None:
    """Record that leg number LEG of SHIPMENT ended."""
    run(session, make(RecordLeg, arrived_on=on, **fields), dry=dry_run)


@shipment_group.command("deliver")
@click.argument("shipment", type=SHIPMENT)
@click.option("--in", "country", type=COUNTRY, required=True, help="Country of delivery.")
@click.option("--received-by", type=PARTY, required=True, help="Who received it.")
@click.option("--units", type=int, help="Chips counted on receipt.")
@on_option("--delivered-on", "Date of delivery")
@dry_run
@click.pass_obj
def deliver(session: Session, /, dry_run: bool, on: date, **fields: Any) -> None:
    """Record that SHIPMENT reached whoever received it."""
    run(session, make(RecordDelivery, delivered_on=on, **fields), dry=dry_run)


@shipment_group.command("void")
@click.argument("shipment", type=SHIPMENT)
@click.option("--reason", required=True, help="Why.")
@on_option(what="Date of the correction")
@dry_run
@click.pass_obj
def void(session: Session, /, dry_run: bool, on: date, **fields: Any) -> None:
    """Take back SHIPMENT: it was a mistake, or it never left."""
    run(session, make(VoidShipment, voided_on=on, **fields), dry=dry_run)
