"""Shipments: export, reexport, transfer, a leg, a delivery, a voiding.

These report facts. Nothing here asks whether a shipment was lawful: it is recorded and then
flagged. Refused is only what contradicts what the same id already says. What the rules in force
ask of the shipper (a notice, a certificate) comes back as a warning.
"""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from commands import authorizations
from commands.decider import Command, Decider, Past, Said, Situation
from ledger.catalogue import chip
from ledger.errors import Malformed, Refused
from ledger.events import (
    CommodityLine,
    Event,
    Movement,
    ShipmentDeclared,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events._event import License, Model, Party, Shipment, Text, TransactionNumber
from ledger.events.shipments import Authority, HsCode, Serial
from ledger.policy import Rules
from ledger.terms import UNITS_MAX, Cents, Country, Units


class LineDeclared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a declaration: so many of one chip of the catalogue.

    model             id of the chip, such as h100-sxm
    units             whole chips
    value_cents       declared value of the line, US cents
    serials           serial numbers, where declared
    description       text on the declaration, where it differs from the model
    hs_code           Harmonized System code
    net_weight_grams  declared net weight of the line
    """

    model: Model
    units: Units
    value_cents: Cents | None = None
    serials: tuple[Serial, ...] = ()
    description: Text = ""
    hs_code: HsCode | None = None
    net_weight_grams: Annotated[int, Meta(ge=0)] | None = None


class _Move(Command, frozen=True, kw_only=True):
    shipment: Shipment
    authority: Authority = "unknown"
    license: License | None = None
    lines: Annotated[tuple[LineDeclared, ...], Meta(min_length=1, max_length=100)]
    purchaser: Party | None = None
    intermediate_consignees: tuple[Party, ...] = ()
    ultimate_consignee: Party
    end_user: Party | None = None
    forwarder: Party | None = None
    prior_notice_on: date | None = None
    aggregate: bool = False
    note: Text = ""


Route = Annotated[tuple[Country, ...], Meta(min_length=2, max_length=50)]


class RecordExport(_Move, frozen=True, kw_only=True, tag="shipment.export"):
    """Report that chips left the exporting country."""

    exporter: Party | None = None
    route: Route
    exported_on: date
    itn: TransactionNumber | None = None


class RecordReexport(_Move, frozen=True, kw_only=True, tag="shipment.reexport"):
    """Report that chips moved on from one foreign country to another."""

    reexporter: Party | None = None
    of: Shipment | None = None
    route: Route
    reexported_on: date


class RecordTransfer(_Move, frozen=True, kw_only=True, tag="shipment.transfer"):
    """Report that chips changed hands within one country."""

    country: Country
    transferor: Party | None = None
    of: Shipment | None = None
    transferred_on: date


class RecordLeg(Command, frozen=True, kw_only=True, tag="shipment.leg"):
    """Report that one leg of a journey ended."""

    shipment: Shipment
    leg: Annotated[int, Meta(ge=1, le=100)]
    origin: Country
    arrived_in: Country
    arrived_on: date
    holder: Party | None = None
    carrier: Party | None = None


class RecordDelivery(Command, frozen=True, kw_only=True, tag="shipment.deliver"):
    """Report that a shipment reached whoever received it."""

    shipment: Shipment
    delivered_on: date
    country: Country
    received_by: Party
    units: Annotated[int, Meta(ge=1, le=UNITS_MAX)] | None = None


class VoidShipment(Command, frozen=True, kw_only=True, tag="shipment.void"):
    """Take back a shipment that was recorded by mistake or never left."""

    shipment: Shipment
    voided_on: date
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


MoveCommand = RecordExport | RecordReexport | RecordTransfer
ShipmentCommand = MoveCommand | RecordLeg | RecordDelivery | VoidShipment


class Journey(Struct, frozen=True):
    """What is said of one shipment.

    told      everything, voided or not
    movement  how it left, or was declared in words, unless that was voided
    entry     number of the entry that recorded that
    since     legs and deliveries after it
    """

    told: tuple[Event, ...] = ()
    movement: Movement | ShipmentDeclared | ShipmentOnwardObserved | None = None
    entry: int = 0
    since: tuple[Event, ...] = ()


def evolve(journey: Journey, past: Past) -> Journey:
    """A journey after an event."""
    told = (*journey.told, past.event)
    match past.event:
        case (Movement() | ShipmentDeclared() | ShipmentOnwardObserved()) as movement:
            return Journey(told, movement, past.number, journey.since)
        case ShipmentVoided():
            return Journey(told)
        case event:
            return Journey(told, journey.movement, journey.entry, (*journey.since, event))


def decide(command: ShipmentCommand, journey: Journey, situation: Situation) -> Said:
    """What follows from a report."""
    match command:
        case RecordExport() | RecordReexport() | RecordTransfer():
            return _move(command, journey, situation)
        case RecordLeg():
            leg = ShipmentLegCompleted(
                shipment=command.shipment,
                leg=command.leg,
                origin=command.origin,
                arrived_in=command.arrived_in,
                arrived_on=command.arrived_on,
                holder=command.holder,
                carrier=command.carrier,
            )
            return _follow(leg, journey, situation)
        case RecordDelivery():
            delivered = ShipmentDelivered(
                shipment=command.shipment,
                delivered_on=command.delivered_on,
                country=command.country,
                received_by=command.received_by,
                units=command.units,
            )
            return _follow(delivered, journey, situation)
        case VoidShipment():
            return _void(command, journey, situation)


def _move(command: MoveCommand, journey: Journey, situation: Situation) -> Said:
    movement = _movement(command)
    situation.happened(f"shipment {command.shipment} left", movement.on)
    if movement in journey.told:
        if journey.movement == movement:
            return Said()
        return Said(
            (),
            [f"shipment {command.shipment} was voided as it stands here: renew it with a note"],
        )
    if journey.movement is not None:
        raise Refused(
            f"shipment {command.shipment} was already reported with other details",
            remedy="to put a mistake right, void the shipment and record it again",
            code="ALREADY_SAID",
        )
    warnings = [*notices(movement, situation), *authorizations.on_shipment(movement, situation)]
    return Said([movement], warnings)


def _movement(command: MoveCommand) -> Movement:
    if (command.authority == "license") != (command.license is not None):
        raise Malformed(
            f"shipment {command.shipment} relies on a license and does not say which"
            if command.license is None
            else f"shipment {command.shipment} relies on {command.authority} and also names"
            f" license {command.license}",
            remedy="name the license alone, or the exception alone: a shipment relies on one",
            code="AUTHORITY_FORM",
        )
    common: dict[str, Any] = {
        "shipment": command.shipment,
        "authority": command.authority,
        "license": command.license,
        "lines": tuple(_line(line) for line in command.lines),
        "purchaser": command.purchaser,
        "intermediate_consignees": command.intermediate_consignees,
        "ultimate_consignee": command.ultimate_consignee,
        "end_user": command.end_user,
        "forwarder": command.forwarder,
        "prior_notice_on": command.prior_notice_on,
        "aggregate": command.aggregate,
        "note": command.note,
    }
    match command:
        case RecordExport():
            return ShipmentExported(
                **common,
                exporter=command.exporter,
                route=command.route,
                exported_on=command.exported_on,
                itn=command.itn,
            )
        case RecordReexport():
            return ShipmentReexported(
                **common,
                reexporter=command.reexporter,
                of=command.of,
                route=command.route,
                reexported_on=command.reexported_on,
            )
        case RecordTransfer():
            return ShipmentTransferred(
                **common,
                country=command.country,
                transferor=command.transferor,
                of=command.of,
                transferred_on=command.transferred_on,
            )


def _line(line: LineDeclared) -> CommodityLine:
    found = chip(line.model)
    return CommodityLine(
        model=found.id,
        eccn=found.eccn,
        units=line.units,
        tpp_per_unit=found.tpp,
        value_cents=line.value_cents,
        serials=line.serials,
        description=line.description,
        hs_code=line.hs_code,
        net_weight_grams=line.net_weight_grams,
    )


def notices(movement: Movement, situation: Situation) -> list[str]:
    """What the rules of its day ask of a shipment besides its authority."""
    rules = situation.rules(movement.on)
    return [
        *_lpp_notice(movement, rules),
        *_by_letter(movement, rules, situation),
        *_permits(movement, rules),
    ]


def _lpp_notice(movement: Movement, rules: Rules) -> list[str]:
    controlled = sum(
        line.tpp for line in movement.lines if line.eccn and rules.item_group(line.eccn)
    )
    if movement.authority != "LPP" or rules.lpp is None or controlled < rules.lpp.notice_tpp:
        return []
    noticed = movement.prior_notice_on
    if noticed is not None and noticed <= movement.on:
        return []
    return [
        f"{controlled:,} TPP under LPP: notice to BIS was due before shipping, from"
        f" {rules.lpp.notice_tpp:,} TPP on (15 CFR {rules.lpp.section})"
    ]


def _by_letter(movement: Movement, rules: Rules, situation: Situation) -> list[str]:
    """Chips that need a license though 3A090 does not name them, and move without one."""
    if movement.authority == "license":
        return []
    seats = [
        place
        for party in {movement.ultimate_consignee, movement.end_user or movement.ultimate_consignee}
        for seat in [situation.seat(party, movement.on)]
        for place in (seat.headquarters, seat.parent_headquarters)
    ]
    found = []
    for line in movement.lines:
        one = chip(line.model)
        rule = rules.chip_control(
            one.id,
            maker=one.vendor,
            dram_gbps=one.dram_bandwidth,
            destination=movement.destination,
            headquarters=seats,
            on=movement.on,
        )
        if rule is not None:
            bound = f" for {rule.maker}" if rule.maker else ""
            found.append(
                f"{one.id} needs a license to D:5, Macau and whoever is headquartered there"
                f"{bound}, since {rule.effective_from} ({rule.section})"
            )
    return found


def _permits(movement: Movement, rules: Rules) -> list[str]:
    """Permits of the countries that controlled chips leave or pass through."""
    route = getattr(movement, "route", (movement.destination,))
    found = []
    for country in dict.fromkeys(route[:-1]):
        rule = next(
            (
                permit
                for line in movement.lines
                if (permit := rules.permit(country, line.eccn, movement.on))
            ),
            None,
        )
        if rule is not None:
            found.append(
                f"{country} asks for a permit of its own for what leaves it or passes through, with"
                f" notice {rule.notice_days} days before ({rule.section})"
            )
    return found


def _follow(
    event: ShipmentLegCompleted | ShipmentDelivered, journey: Journey, now: Situation
) -> Said:
    now.happened(f"shipment {event.shipment} arrived", event.on)
    if event in journey.since:
        return Said()
    if event in journey.told:
        return Said(
            (),
            [f"shipment {event.shipment} was voided after this was said: it is not said again"],
        )
    movement = journey.movement
    if movement is not None and event.on < movement.on:
        raise Malformed(
            f"shipment {event.shipment} left on {movement.on} and cannot arrive on {event.on}",
            remedy="give the date it arrived, or void the shipment if its date was wrong",
            code="DATES_ORDER",
        )
    for other in journey.since:
        same_leg = (
            isinstance(other, ShipmentLegCompleted)
            and isinstance(event, ShipmentLegCompleted)
            and other.leg == event.leg
        )
        twice = isinstance(other, ShipmentDelivered) and isinstance(event, ShipmentDelivered)
        if same_leg or twice:
            what = "delivered" if twice else f"reported at the end of leg {event.leg}"  # type: ignore[union-attr]
            raise Refused(
                f"shipment {event.shipment} was already {what} on {other.on}, with other details",
                remedy="to put a mistake right, void the shipment and record it again",
                code="ALREADY_SAID",
            )
    unknown = [] if movement else [f"no shipment {event.shipment} has been reported to have left"]
    return Said([event], unknown)


def _void(command: VoidShipment, journey: Journey, situation: Situation) -> Said:
    situation.happened(f"shipment {command.shipment} is voided", command.voided_on)
    for event in journey.told:
        if (
            isinstance(event, ShipmentVoided)
            and event.voided_on == command.voided_on
            and event.reason == command.reason
        ):
            if journey.movement is None:
                return Said()
            return Said(
                (),
                [
                    f"shipment {command.shipment} was voided so before, and reported again as entry"
                    f" {journey.entry:,}: to void that one too, give another reason"
                ],
            )
    if journey.movement is None:
        raise Refused(
            f"no shipment {command.shipment} stands in this ledger, so there is nothing to void",
            remedy="check the id: chip-ledger shipments",
            code="SHIPMENT_UNKNOWN",
        )
    voided = ShipmentVoided(
        shipment=command.shipment,
        entry=journey.entry,
        voided_on=command.voided_on,
        reason=command.reason,
    )
    return Said([voided])


def _subject(command: ShipmentCommand) -> str:
    return f"shipment:{command.shipment}"


shipments = Decider(Journey(), evolve, decide, _subject)
