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
from ledger.events.cargo import (
    ShipmentDeclared,
    ShipmentDeliveryConfirmed,
    ShipmentDetained,
    ShipmentInspected,
    ShipmentInvoiced,
    ShipmentOnwardObserved,
    ShipmentReferenced,
    ShipmentReturned,
)
from ledger.events.dealings import (
    PartyFinancingDeclared,
    PartyOrderPlaced,
    PartyPaymentReceivedV2,
    PartySoldDomestically,
    PartySupplyEnded,
)
from ledger.events.end_use_checks import (
    CheckClosed,
    CheckPartyNotFound,
    CheckPerformed,
    CheckPostponed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
    CheckSerialsRead,
    Reading,
)
from ledger.events.flag_reviews import FlagReviewed
from ledger.events.goods import (
    GoodsLine,
    StockLine,
)
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
from ledger.events.notices import (
    AddressDelisted,
    AddressListed,
    ControlPublished,
    LicenseApplicationReported,
    LicenseDecisionReported,
    LicenseResubmitted,
    PartyInformed,
)
from ledger.events.observations import (
    PartyChipsLocated,
    PartyChipsUnreachable,
    PartyConcernReported,
    PartyTeardownObserved,
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
from ledger.events.profiles import (
    PartyAccountDeclared,
    PartyAddressDeclared,
    PartyAffiliateDeclared,
    PartyAliasRecorded,
    PartyAssetsDeclared,
    PartyBusinessDeclared,
    PartyControllerDeclared,
    PartyDistributorAppointed,
    PartyMerged,
)
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
from ledger.events.sites import (
    PartyCapacityPlanned,
    PartyInventoryDeclared,
    PartyInventoryTaken,
    PartySiteDeclared,
    PartyUnitsLost,
    PartyUnitsMoved,
)

_ALL: tuple[type[Event], ...] = (
    LedgerOpened,
    KeyEnrolled, KeyCountersigned, KeyRotated, KeyRevoked, KeyReaffirmed,
    PolicyAdopted, PolicyWithdrawn,
    PartyRegistered, PartyRenamed, PartyRelocated, PartyOwnershipChanged, PartyListed,
    PartyDelisted, PartyCapacityDeclared, PartyTenantDeclared, PartyPaymentReceived,
    PartySerialsSighted,
    PartyAliasRecorded, PartyAddressDeclared, PartyBusinessDeclared, PartyControllerDeclared,
    PartyAccountDeclared, PartyAssetsDeclared, PartyAffiliateDeclared, PartyMerged,
    PartyDistributorAppointed,
    PartySiteDeclared, PartyCapacityPlanned, PartyInventoryDeclared, PartyInventoryTaken,
    PartyUnitsMoved, PartyUnitsLost,
    PartyOrderPlaced, PartySoldDomestically, PartyPaymentReceivedV2, PartyFinancingDeclared,
    PartySupplyEnded,
    PartyChipsLocated, PartyChipsUnreachable, PartyTeardownObserved, PartyConcernReported,
    PartyInformed, ControlPublished, AddressListed, AddressDelisted,
    AgreementConcluded, AgreementInForce, AgreementAmended, AgreementSuspended,
    AgreementTerminated,
    LicenseApplied, LicenseApproved, LicenseDenied, LicenseReturned,
    LicenseApplicationReported, LicenseDecisionReported, LicenseResubmitted,
    ShipmentExported, ShipmentReexported, ShipmentTransferred, ShipmentLegCompleted,
    ShipmentDelivered, ShipmentVoided, ShipmentDeclared, ShipmentOnwardObserved,
    ShipmentDetained, ShipmentInspected, ShipmentReturned, ShipmentReferenced, ShipmentInvoiced,
    ShipmentDeliveryConfirmed,
    CheckRequested, CheckScheduled, CheckPerformed, CheckRated, CheckRerated, CheckRefused,
    CheckClosed, CheckPartyNotFound, CheckPostponed, CheckSerialsRead,
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
    "EVENTS", "AddressDelisted", "AddressListed", "AgreementAmended", "AgreementConcluded",
    "AgreementInForce", "AgreementSuspended", "AgreementTerminated", "CheckClosed",
    "CheckPartyNotFound", "CheckPerformed", "CheckPostponed", "CheckRated", "CheckRefused",
    "CheckRequested", "CheckRerated", "CheckScheduled", "CheckSerialsRead", "CommodityLine",
    "Condition", "ControlPublished", "EnrolledKey", "Event", "FlagReviewed", "GoodsLine",
    "KeyCountersigned", "KeyEnrolled", "KeyReaffirmed", "KeyRevoked", "KeyRotated",
    "LedgerOpened", "LicenseApplicationReported", "LicenseApplied", "LicenseApproved",
    "LicenseDecisionReported", "LicenseDenied", "LicenseLine", "LicenseResubmitted",
    "LicenseReturned", "Movement", "PartyAccountDeclared", "PartyAddressDeclared",
    "PartyAffiliateDeclared", "PartyAliasRecorded", "PartyAssetsDeclared",
    "PartyBusinessDeclared", "PartyCapacityDeclared", "PartyCapacityPlanned",
    "PartyChipsLocated", "PartyChipsUnreachable", "PartyConcernReported",
    "PartyControllerDeclared", "PartyDelisted", "PartyDistributorAppointed",
    "PartyFinancingDeclared", "PartyInformed", "PartyInventoryDeclared", "PartyInventoryTaken",
    "PartyListed", "PartyMerged", "PartyOrderPlaced", "PartyOwnershipChanged",
    "PartyPaymentReceived", "PartyPaymentReceivedV2", "PartyRegistered", "PartyRelocated",
    "PartyRenamed", "PartySerialsSighted", "PartySiteDeclared", "PartySoldDomestically",
    "PartySupplyEnded", "PartyTeardownObserved", "PartyTenantDeclared", "PartyUnitsLost",
    "PartyUnitsMoved", "PolicyAdopted", "PolicyWithdrawn", "Reading", "ShipmentDeclared",
    "ShipmentDelivered", "ShipmentDeliveryConfirmed", "ShipmentDetained", "ShipmentExported",
    "ShipmentInspected", "ShipmentInvoiced", "ShipmentLegCompleted", "ShipmentOnwardObserved",
    "ShipmentReexported", "ShipmentReferenced", "ShipmentReturned", "ShipmentTransferred",
    "ShipmentVoided", "StockLine", "Wire", "decode", "encode", "tags",
]  # fmt: skip
