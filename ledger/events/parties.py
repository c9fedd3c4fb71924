"""Companies and institutions: who they are, where they are headquartered, who owns them.

Location, headquarters and ultimate parent each decide what a party may receive, so each change
is a dated event, and history before it does not change.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import Event, Name, Party, Shipment, Text, Word, party_tags
from ledger.events.shipments import Serial
from ledger.terms import UNITS_MAX, BasisPoints, Cents, Country

SightingMethod = Literal["paper", "label_read", "photo", "powered_on", "attested"]
"""How a serial number was seen; a label can be faked, a powered-on chip answers for itself."""

PartyRole = Literal[
    "manufacturer", "exporter", "distributor", "reseller", "purchaser", "consignee", "end_user",
    "freight_forwarder", "carrier", "broker", "bank", "data_center_operator", "cloud_tenant",
    "payer", "holding", "government",
]  # fmt: skip


class AboutParty(Event, frozen=True, kw_only=True):
    """What every event of a party names: itself."""

    party: Party

    @property
    def subject(self) -> str:
        return f"party:{self.party}"


class PartyRegistered(AboutParty, frozen=True, kw_only=True):
    """A party became known to the ledger.

    party                id, chosen by the registry
    name                 as registered
    country              where it is
    headquarters         country of its headquarters
    ultimate_parent      party that ultimately owns it, when not itself
    parent_headquarters  country of that parent's headquarters
    roles                what it does in trade
    registration_number  in its company register
    address              as declared
    formed_on            date of formation
    business             line of business, as declared
    registered_on        date it was registered here
    note                 where this is from, and what is alleged only
    """

    wire: ClassVar[str] = "party.registered.v1"

    name: Name
    country: Country
    headquarters: Country
    ultimate_parent: Party | None = None
    parent_headquarters: Country | None = None
    roles: tuple[PartyRole, ...] = ()
    registration_number: Name | None = None
    address: Text = ""
    formed_on: date | None = None
    business: Text = ""
    registered_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.ultimate_parent)

    @property
    def on(self) -> date:
        return self.registered_on


class PartyRenamed(AboutParty, frozen=True, kw_only=True):
    """A party changed its name.

    party       id, which stays
    name        the new name
    renamed_on  date of the change
    """

    wire: ClassVar[str] = "party.renamed.v1"

    name: Name
    renamed_on: date

    @property
    def on(self) -> date:
        return self.renamed_on


class PartyRelocated(AboutParty, frozen=True, kw_only=True):
    """A party moved its headquarters: from that date its tier may be another.

    party         id
    headquarters  country of the headquarters from then on
    relocated_on  date of the move
    """

    wire: ClassVar[str] = "party.relocated.v1"

    headquarters: Country
    relocated_on: date

    @property
    def on(self) -> date:
        return self.relocated_on


class PartyOwnershipChanged(AboutParty, frozen=True, kw_only=True):
    """A share in a party changed hands.

    party       the party that is owned
    owner       who owns the share from that date
    share       hundredths of a percent, 0 when the owner left
    changed_on  date of the change
    note        what the source says
    """

    wire: ClassVar[str] = "party.ownership_changed.v1"

    owner: Party
    share: BasisPoints
    changed_on: date
    note: Text = ""

    def __post_init__(self) -> None:
        if self.owner == self.party:
            raise ValueError(f"party {self.party} cannot own itself")

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.owner)

    @property
    def on(self) -> date:
        return self.changed_on


class PartyListed(AboutParty, frozen=True, kw_only=True):
    """A party was put on a restricted-party list.

    party      id
    list       name of the list, such as entity_list
    listed_on  date it took effect
    citation   Federal Register citation or other source
    """

    wire: ClassVar[str] = "party.listed.v1"

    list: Word
    listed_on: date
    citation: Text = ""

    @property
    def on(self) -> date:
        return self.listed_on


class PartyDelisted(AboutParty, frozen=True, kw_only=True):
    """A party was taken off a restricted-party list.

    party        id
    list         name of the list
    delisted_on  date it took effect
    citation     Federal Register citation or other source
    """

    wire: ClassVar[str] = "party.delisted.v1"

    list: Word
    delisted_on: date
    citation: Text = ""

    @property
    def on(self) -> date:
        return self.delisted_on


class PartyCapacityDeclared(AboutParty, frozen=True, kw_only=True):
    """A party declared what its data center can run.

    party         who operates it
    site          name of the site
    it_kilowatts  power for computing, kW
    declared_on   date of the declaration
    """

    wire: ClassVar[str] = "party.capacity_declared.v1"

    site: Name
    it_kilowatts: Annotated[int, Meta(ge=0, le=100_000_000)]
    declared_on: date

    @property
    def on(self) -> date:
        return self.declared_on


class PartyTenantDeclared(AboutParty, frozen=True, kw_only=True):
    """A data center operator declared who uses its machines.

    party        the operator
    tenant       who uses them
    servers      how many, where stated
    declared_on  date of the declaration
    note         what the source says
    """

    wire: ClassVar[str] = "party.tenant_declared.v1"

    tenant: Party
    servers: Annotated[int, Meta(ge=1, le=UNITS_MAX)] | None = None
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.tenant)

    @property
    def on(self) -> date:
        return self.declared_on


class PartyPaymentReceived(AboutParty, frozen=True, kw_only=True):
    """A party was paid.

    party          who was paid
    payer          who paid, where known
    payer_country  where the money came from
    amount_cents   US cents
    received_on    date of receipt
    shipment       the shipment it was for, where known
    note           what the source says
    """

    wire: ClassVar[str] = "party.payment_received.v1"

    payer: Party | None = None
    payer_country: Country
    amount_cents: Cents
    received_on: date
    shipment: Shipment | None = None
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        shipment = () if self.shipment is None else (f"shipment:{self.shipment}",)
        return (f"country:{self.payer_country}", *shipment, *party_tags(self.payer))

    @property
    def on(self) -> date:
        return self.received_on


class PartySerialsSighted(AboutParty, frozen=True, kw_only=True):
    """Serial numbers were seen at a party's site.

    party       whose site
    serials     what was read
    method      how they were seen
    country     where
    site        name of the site
    sighted_on  date
    """

    wire: ClassVar[str] = "party.serials_sighted.v1"

    serials: Annotated[tuple[Serial, ...], Meta(min_length=1, max_length=500)]
    method: SightingMethod
    country: Country
    site: Name | None = None
    sighted_on: date

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}",)

    @property
    def on(self) -> date:
        return self.sighted_on
