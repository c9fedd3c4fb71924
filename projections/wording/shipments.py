"""Words for what moves, and for the papers and officers it meets on the way."""

from ledger.events import (
    Event,
    Movement,
    ShipmentDeclared,
    ShipmentDelivered,
    ShipmentDeliveryConfirmed,
    ShipmentDetained,
    ShipmentExported,
    ShipmentInspected,
    ShipmentInvoiced,
    ShipmentLegCompleted,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentReferenced,
    ShipmentReturned,
    ShipmentTransferred,
    ShipmentVoided,
)
from projections.wording._words import chips, dollars, goods, plain, stock, where, why


def say(event: Event) -> str:
    """An event about a shipment."""
    match event:
        case Movement():
            return _movement(event)
        case ShipmentLegCompleted() | ShipmentDelivered() | ShipmentVoided():
            return _journey(event)
        case ShipmentDeclared():
            return _declared(event)
        case ShipmentOnwardObserved():
            way = " → ".join(("/".join(event.origins), *event.via, event.destination))
            seen = goods(event.lines) or "goods"
            by, to = where("by", event.sender), where("to", event.receiver)
            return (
                f"{seen} seen to go on{by}{to}, {way} ({plain(event.method)});"
                f" {_authority(event.authority, None)}"
            )
        case ShipmentDetained():
            return (
                f"shipment {event.shipment} detained by {event.detained_by} in {event.country} on"
                f" {event.detained_on}{why(event.reason)}"
            )
        case ShipmentInspected():
            return _inspected(event)
        case ShipmentReturned():
            rma = where("under", event.rma)
            return (
                f"{stock(event.lines)} of shipment {event.shipment} returned to {event.receiver} in"
                f" {event.country} on {event.returned_on}{rma}: {plain(event.reason)}"
            )
        case ShipmentReferenced():
            return (
                f"shipment {event.shipment} goes under {plain(event.kind)} {event.rma} with"
                f" {event.counterpart}"
            )
        case ShipmentInvoiced():
            term = where("under", event.incoterm)
            return (
                f"shipment {event.shipment} invoiced by {event.seller} to {event.billed_to} as"
                f" {event.invoice}: {dollars(event.amount_cents)}{term}, {event.condition}"
            )
        case ShipmentDeliveryConfirmed():
            return (
                f"{event.confirmed_by} ({plain(event.source)}) confirmed shipment {event.shipment}"
                f" with {event.received_by} in {event.country} on {event.confirmed_on}"
            )
        case _:
            return ""


def _movement(event: Movement) -> str:
    match event:
        case ShipmentExported(exporter=sender, route=route):
            deed, way = "exported", " → ".join(route)
        case ShipmentReexported(reexporter=sender, route=route):
            deed, way = "reexported", " → ".join(route)
        case ShipmentTransferred(transferor=sender, country=country):
            deed, way = "transferred", f"within {country}"
        case _:
            sender, deed, way = None, "moved", event.destination
    by = f" by {sender}" if sender else ""
    authority = _authority(event.authority, event.license)
    user = (
        f" for {event.end_user}" if event.end_user not in (None, event.ultimate_consignee) else ""
    )
    return (
        f"shipment {event.shipment} {deed}{by} on {event.on}: {chips(event.lines)} to"
        f" {event.ultimate_consignee}{user}, {way}; {authority}"
    )


def _authority(relied_on: str, license_: str | None) -> str:
    return {
        "license": f"license {license_}",
        "NLR": "no license required (NLR)",
        "none": "no authority",
        "unknown": "authority not stated",
    }.get(relied_on, f"exception {relied_on}")


def _declared(event: ShipmentDeclared) -> str:
    by, to = where("by", event.exporter or event.seller), where("to", event.ultimate_consignee)
    user = where("for", event.end_user) if event.end_user != event.ultimate_consignee else ""
    places = "/".join(event.destinations) or "destination not stated"
    several = f" in {event.shipments:,} shipments" if event.shipments else ""
    value = "" if event.value_cents is None else f", {dollars(event.value_cents)}"
    stopped = "; stopped before it left" if event.stopped else ""
    return (
        f"shipment {event.shipment} declared{by} for {event.act} on {event.declared_on}:"
        f" {goods(event.lines)}{several}{to}{user}, {places}{value};"
        f" {_authority(event.authority, event.license)}{stopped}"
    )


def _inspected(event: ShipmentInspected) -> str:
    counted = "" if event.counted is None else f", {event.counted:,} {event.counted_in} counted"
    valued = (
        "" if event.appraised_cents is None else f", appraised {dollars(event.appraised_cents)}"
    )
    other = f"; not as declared: {', '.join(event.differences)}" if event.differences else ""
    return (
        f"shipment {event.shipment} inspected by {event.inspected_by} in {event.country} on"
        f" {event.inspected_on}{counted}{valued}{other}{why(event.finding)}"
    )


def _journey(event: ShipmentLegCompleted | ShipmentDelivered | ShipmentVoided) -> str:
    match event:
        case ShipmentLegCompleted():
            holder = f", held by {event.holder}" if event.holder else ""
            return (
                f"shipment {event.shipment} arrived in {event.arrived_in} from {event.origin} on"
                f" {event.arrived_on} (leg {event.leg}){holder}"
            )
        case ShipmentDelivered():
            counted = f", {event.units:,} chips counted" if event.units else ""
            return (
                f"shipment {event.shipment} delivered to {event.received_by} in {event.country} on"
                f" {event.delivered_on}{counted}"
            )
        case ShipmentVoided():
            return f"shipment {event.shipment}, entry {event.entry:,}, voided: {event.reason}"
