"""Every fact that can be recorded, by subject: the table of contents.

`EVENTS` maps a wire name to its class. A wire name, once released, is read for ever.
"""

import msgspec

from ledger.errors import NotAuthentic
from ledger.events._event import Event, Wire, tags
from ledger.events.agreements import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
)
from ledger.events.end_use_checks import (
    CheckClosed,
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
)
from ledger.events.flag_reviews import FlagReviewed
from ledger.events.keys import (
    EnrolledKey,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
)
from ledger.events.licenses import (
    Condition,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseLine,
    LicenseReturned,
)
from ledger.events.parties import (
    PartyCapacityDeclared,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyPaymentReceived,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PartySerialsSighted,
    PartyTenantDeclared,
)
from ledger.events.policies import PolicyAdopted, PolicyWithdrawn
from ledger.events.shipments import (
    CommodityLine,
    Movement,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)

_ALL: tuple[type[Event], ...] = (
    LedgerOpened,
    KeyEnrolled, KeyCountersigned, KeyRotated, KeyRevoked, KeyReaffirmed,
    PolicyAdopted, PolicyWithdrawn,
    PartyRegistered, PartyRenamed, PartyRelocated, PartyOwnershipChanged, PartyListed,
    PartyDelisted, PartyCapacityDeclared, PartyTenantDeclared, PartyPaymentReceived,
    PartySerialsSighted,
    AgreementConcluded, AgreementInForce, AgreementAmended, AgreementSuspended,
    AgreementTerminated,
    LicenseApplied, LicenseApproved, LicenseDenied, LicenseReturned,
    ShipmentExported, ShipmentReexported, ShipmentTransferred, ShipmentLegCompleted,
    ShipmentDelivered, ShipmentVoided,
    CheckRequested, CheckScheduled, CheckPerformed, CheckRated, CheckRerated, CheckRefused,
    CheckClosed,
    FlagReviewed,
)  # fmt: skip

EVENTS: dict[str, type[Event]] = {event.wire: event for event in _ALL}

_encoder = msgspec.json.Encoder(order="sorted")
_decoders = {wire: msgspec.json.Decoder(event) for wire, event in EVENTS.items()}


def encode(event: Event) -> bytes:
    """The canonical JSON of an event's body (RFC 8785: sorted members, no white space)."""
    return _encoder.encode(event)


def decode(wire: str, body: bytes | msgspec.Raw) -> Event:
    """The event in a body that somebody signed under a wire name.

    Raises `NotAuthentic` with code EVENT_UNKNOWN or EVENT_SCHEMA: an honest writer signs neither.
    """
    decoder = _decoders.get(wire)
    if decoder is None:
        raise NotAuthentic(
            f"no event is called {wire!r}",
            remedy="a newer chip-ledger may know it; this one reads what docs/events.md lists",
            code="EVENT_UNKNOWN",
        )
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise NotAuthentic(f"{wire}: {error}", code="EVENT_SCHEMA") from error


__all__ = [
    "EVENTS", "AgreementAmended", "AgreementConcluded", "AgreementInForce", "AgreementSuspended",
    "AgreementTerminated", "CheckClosed", "CheckPerformed", "CheckRated", "CheckRefused",
    "CheckRequested", "CheckRerated", "CheckScheduled", "CommodityLine", "Condition", "EnrolledKey",
    "Event", "FlagReviewed", "KeyCountersigned", "KeyEnrolled", "KeyReaffirmed", "KeyRevoked",
    "KeyRotated", "LedgerOpened", "LicenseApplied", "LicenseApproved", "LicenseDenied",
    "LicenseLine", "LicenseReturned", "Movement", "PartyCapacityDeclared", "PartyDelisted",
    "PartyListed", "PartyOwnershipChanged", "PartyPaymentReceived", "PartyRegistered",
    "PartyRelocated", "PartyRenamed", "PartySerialsSighted", "PartyTenantDeclared",
    "PolicyAdopted", "PolicyWithdrawn", "ShipmentDelivered", "ShipmentExported",
    "ShipmentLegCompleted", "ShipmentReexported", "ShipmentTransferred", "ShipmentVoided", "Wire",
    "decode", "encode", "tags",
]  # fmt: skip
