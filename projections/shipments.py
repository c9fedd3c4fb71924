"""Where each shipment is: declared, under way, delivered, or voided; and what it relied on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from ledger.entry import Entry
from ledger.events import (
    Movement,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.fold import States, dated

Kind = Literal["export", "reexport", "transfer"]
Status = Literal["declared", "under way", "delivered", "voided", "unknown"]
"""unknown: legs or a delivery were reported, and no entry says what moved."""


class Leg(msgspec.Struct, frozen=True, array_like=True):
    """A leg that ended."""

    leg: int
    arrived_in: str
    arrived_on: date
    holder: str | None


class Chips(msgspec.Struct, frozen=True, array_like=True):
    """So many of one chip."""

    model: str
    units: int
    tpp: int


class Shipment(msgspec.Struct):
    """What the entries say of one shipment.

    recorded_at  entry that recorded what moved; 0 while none did
    voided       reason of the void; None while it stands
    """

    recorded_at: int = 0
    kind: Kind | None = None
    on: date | None = None
    authority: str | None = None
    license: str | None = None
    sender: str | None = None
    ultimate_consignee: str | None = None
    end_user: str | None = None
    purchaser: str | None = None
    forwarder: str | None = None
    route: tuple[str, ...] = ()
    chips: tuple[Chips, ...] = ()
    legs: list[Leg] = []
    delivered_on: date | None = None
    delivered_in: str | None = None
    received_by: str | None = None
    voided: str | None = None
    entries: list[int] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentRow:
    """One shipment.

    place  country where it was last reported: of delivery, else of the last leg, else where it left
    """

    shipment: str
    status: Status
    kind: Kind | None
    on: date | None
    authority: str | None
    license: str | None
    sender: str | None
    ultimate_consignee: str | None
    end_user: str | None
    purchaser: str | None
    forwarder: str | None
    route: tuple[str, ...]
    destination: str | None
    place: str | None
    models: tuple[str, ...]
    units: int
    shipment_tpp: int
    legs: int
    delivered_on: date | None
    received_by: str | None
    voided: str | None
    entries: tuple[int, ...]


class ShipmentsFold:
    """Shipments under `S/<shipment>`; the newest date of all under `latest`."""

    name = "shipments"
    version = 2
    reads = frozenset(
        event.wire
        for event in (
            ShipmentExported, ShipmentReexported, ShipmentTransferred, ShipmentLegCompleted,
            ShipmentDelivered, ShipmentVoided,
        )
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to a shipment."""
        dated(states, entry.event)
        match entry.event:
            case Movement() as movement:
                kept = _kept(states, movement.shipment)
                _move(kept, movement, entry.number)
                _put(states, movement.shipment, kept, entry.number)
            case ShipmentLegCompleted() as ended:
                kept = _kept(states, ended.shipment)
                kept.legs.append(Leg(ended.leg, ended.arrived_in, ended.arrived_on, ended.holder))
                _put(states, ended.shipment, kept, entry.number)
            case ShipmentDelivered() as delivered:
                kept = _kept(states, delivered.shipment)
                kept.delivered_on, kept.delivered_in = delivered.delivered_on, delivered.country
                kept.received_by = delivered.received_by
                _put(states, delivered.shipment, kept, entry.number)
            case ShipmentVoided() as voided:
                kept = _kept(states, voided.shipment)
                if kept.recorded_at and kept.recorded_at == voided.entry:
                    kept.voided = voided.reason
                _put(states, voided.shipment, kept, entry.number)
            case _:
                return


def rows(
    states: States, *, shipment: str | None = None, country: str | None = None
) -> Iterator[ShipmentRow]:
    """Every shipment, or one, or those that touched a country."""
    if shipment is not None:
        found = states.get(f"S/{shipment}", Shipment)
        if found is not None:
            yield _row(shipment, found)
        return
    for key, kept in states.scan("S/", Shipment):
        touched = {*kept.route, *(leg.arrived_in for leg in kept.legs), kept.delivered_in}
        if country is None or country in touched:
            yield _row(key.partition("/")[2], kept)


def _status(kept: Shipment) -> Status:
    if not kept.recorded_at:
        return "unknown"
    if kept.voided is not None:
        return "voided"
    if kept.delivered_on is not None:
        return "delivered"
    return "under way" if kept.legs else "declared"


def _row(name: str, kept: Shipment) -> ShipmentRow:
    last = max(kept.legs, key=lambda leg: leg.leg, default=None)
    origin = kept.route[0] if kept.route else None
    return ShipmentRow(
        shipment=name,
        status=_status(kept),
        kind=kept.kind,
        on=kept.on,
        authority=kept.authority,
        license=kept.license,
        sender=kept.sender,
        ultimate_consignee=kept.ultimate_consignee,
        end_user=kept.end_user,
        purchaser=kept.purchaser,
        forwarder=kept.forwarder,
        route=kept.route,
        destination=kept.route[-1] if kept.route else None,
        place=kept.delivered_in or (last.arrived_in if last else origin),
        models=tuple(each.model for each in kept.chips),
        units=sum(each.units for each in kept.chips),
        shipment_tpp=sum(each.tpp for each in kept.chips),
        legs=len(kept.legs),
        delivered_on=kept.delivered_on,
        received_by=kept.received_by,
        voided=kept.voided,
        entries=tuple(kept.entries),
    )


def _kept(states: States, shipment: str) -> Shipment:
    return states.get(f"S/{shipment}", Shipment) or Shipment()


def _put(states: States, shipment: str, kept: Shipment, number: int) -> None:
    kept.entries.append(number)
    states.put(f"S/{shipment}", kept)


def _move(kept: Shipment, movement: Movement, number: int) -> None:
    if kept.voided is not None:
        # Recorded again under the same id: what was reported of the voided one is not its own.
        kept.legs, kept.delivered_on, kept.delivered_in, kept.received_by = [], None, None, None
    kept.recorded_at, kept.voided = number, None
    kept.on, kept.authority, kept.license = movement.on, movement.authority, movement.license
    kept.ultimate_consignee, kept.end_user = movement.ultimate_consignee, movement.end_user
    kept.purchaser, kept.forwarder = movement.purchaser, movement.forwarder
    kept.chips = tuple(Chips(line.model, line.units, line.tpp) for line in movement.lines)
    match movement:
        case ShipmentExported(exporter=sender, route=route):
            kept.kind, kept.sender, kept.route = "export", sender, route
        case ShipmentReexported(reexporter=sender, route=route):
            kept.kind, kept.sender, kept.route = "reexport", sender, route
        case ShipmentTransferred(transferor=sender, country=country):
            kept.kind, kept.sender, kept.route = "transfer", sender, (country,)
