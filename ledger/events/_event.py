"""What everything signed has in common, and the checked field types events are made of.

An event says what happened, in the past tense, and stands for ever. Its wire name is a stable
tag and never a Python path; its fields are checked when decoded; a field nobody knows is refused;
a field left at its default is left out of the bytes, so that one event has one form.
"""

import re
from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from ledger import terms
from ledger.terms import (
    AccountId,
    ActorId,
    AddressId,
    AgreementId,
    CheckId,
    ControlId,
    Eccn,
    FlagId,
    InvoiceId,
    Itn,
    KeyId,
    LicenseId,
    ModelId,
    PartyId,
    PolicyId,
    RmaId,
    SerialNumber,
    ShipmentId,
    SiteId,
)

# The form of an id is checked once for all of an event's tags (`tags`), when it is signed and when
# it is verified: a pattern at each field would take a third of the time of reading the log.
_ID = Meta(min_length=1, max_length=64)

License = Annotated[LicenseId, _ID]
Shipment = Annotated[ShipmentId, _ID]
Party = Annotated[PartyId, _ID]
Agreement = Annotated[AgreementId, _ID]
Check = Annotated[CheckId, _ID]
Policy = Annotated[PolicyId, _ID]
Flag = Annotated[FlagId, _ID]
Model = Annotated[ModelId, _ID]
Site = Annotated[SiteId, _ID]
Address = Annotated[AddressId, _ID]
Control = Annotated[ControlId, _ID]
Invoice = Annotated[InvoiceId, _ID]
Rma = Annotated[RmaId, _ID]
Account = Annotated[AccountId, _ID]
SerialId = Annotated[SerialNumber, _ID]
Actor = Annotated[ActorId, Meta(pattern=rf"\A(?:{terms.ACTOR_PATTERN})\Z")]
Key = Annotated[KeyId, Meta(pattern=rf"\A(?:{terms.KEY_ID_PATTERN})\Z")]
Classification = Annotated[Eccn, Meta(pattern=rf"\A(?:{terms.ECCN_PATTERN})\Z")]
TransactionNumber = Annotated[Itn, Meta(pattern=rf"\A(?:{terms.ITN_PATTERN})\Z")]
ControlNumber = Annotated[str, Meta(pattern=rf"\A(?:{terms.ACN_PATTERN})\Z")]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
LeafHash = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9+/]{43}=\Z")]
Base64 = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9+/]+={0,2}\Z", max_length=8_000)]
EntryNumber = Annotated[int, Meta(ge=1, le=terms.INTEGER_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2_000)]
Statement = Annotated[str, Meta(min_length=1, max_length=2_000)]
Word = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]{0,63}\Z")]


class Wire(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """A value that crosses the wire inside an event; it cannot hold itself, so gc may skip it."""


class Event(Wire, frozen=True, kw_only=True):
    """Something that happened, as it is signed."""

    wire: ClassVar[str]
    """Stable name, such as license.approved.v1."""

    @property
    def subject(self) -> str:
        """The one thing it is about, such as license:D1234567."""
        raise NotImplementedError

    @property
    def about(self) -> tuple[str, ...]:
        """Everything else it names, as tags such as country:AE; repeats allowed."""
        return ()

    @property
    def on(self) -> date:
        """The date it is about, in the world."""
        raise NotImplementedError


_TAGS = re.compile(rf"(?:ledger|[a-z]+:{terms.ID_PATTERN})(?: [a-z]+:{terms.ID_PATTERN})*")


def tags(event: Event) -> list[str]:
    """What an append condition may speak of: the subject and all it names, sorted, once each.

    Raises `Malformed` when an id in them has not the form of an id.
    """
    found = sorted({event.subject, *event.about})
    if not _TAGS.fullmatch(" ".join(found)):
        for tag in found:
            noun, _, name = tag.partition(":")
            if tag != "ledger":
                terms.identifier(name, noun)
    return found


def party_tags(*parties: PartyId | None) -> tuple[str, ...]:
    """One tag for each party that is there."""
    return tuple([f"party:{party}" for party in parties if party is not None])


def tag(noun: str, name: str | None) -> tuple[str, ...]:
    """The tag of one thing, where it is named."""
    return () if name is None else (f"{noun}:{name}",)


def serial_tags(serials: tuple[SerialNumber, ...]) -> tuple[str, ...]:
    """One tag for each serial number."""
    return tuple(f"serial:{serial}" for serial in serials)
