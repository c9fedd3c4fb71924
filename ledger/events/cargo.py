"""What else is told of a shipment: goods declared in words, its papers, detention, return."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Invoice,
    License,
    Name,
    Party,
    Rma,
    SerialId,
    Shipment,
    Text,
    TransactionNumber,
    party_tags,
    serial_tags,
    tag,
)
from ledger.events.dealings import Lines
from ledger.events.goods import (
    Counted,
    CountedIn,
    GoodsLines,
    Grams,
    Quantity,
    StockLines,
    serials_of,
)
from ledger.events.licenses import Act
from ledger.events.shipments import AboutShipment, Authority, HsCode
from ledger.terms import Cents, Country

Incoterm = Literal["EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"]
"""Who pays freight and insurance (Incoterms 2020): values compare only under the same one."""

Condition = Literal["new", "used", "refurbished", "repaired", "defective", "sample", "lease"]

Difference = Literal["quantity", "description", "value", "weight", "serials", "parties"]

ReferenceKind = Literal["rma", "lease", "test", "advance_replacement"]

ReturnReason = Literal["repair", "replacement", "refund", "lease_ended", "test_ended", "refused"]

ConfirmedBy = Literal["carrier", "customs", "officer", "surveyor", "end_user"]

OnwardMethod = Literal["customs_record", "document", "serials", "inspection", "report"]


class ShipmentDeclared(AboutShipment, frozen=True, kw_only=True):
    """Goods were declared that no line of the catalogue fits: servers, several chips together.

    Its chips are not counted, so it draws on no quota and no license. What names each chip, with
    its number and one destination, is an export, a reexport or a transfer instead.

    shipment                id, chosen by whoever reports it
    act                     export, reexport or transfer (in-country)
    authority               what it relied on
    license                 the license, when that is the authority
    lines                   what was declared
    value_cents             declared value of the whole, US cents
    gross_weight_grams      declared weight of the whole, packing included
    seller                  who sold
    exporter                who exported, or sent on
    purchaser               who bought
    intermediate_consignees who held the goods on the way
    ultimate_consignee      who was to receive them, where declared
    end_user                who was to use them, where declared
    end_use                 what for, as declared
    forwarder               freight forwarder
    bill_to                 country the invoice went to
    route                   every country touched, where declared
    destinations            where they were declared to go; several where the source tells of many
                            shipments, none where it does not say
    shipments               how many shipments these are, where the source counts them
    aggregate               true when the source gives totals of several shipments
    stopped                 true when they were stopped before they left
    itn                     number of the Electronic Export Information filing
    declared_on             date of the declaration
    note                    what the source says beyond the fields
    """

    wire: ClassVar[str] = "shipment.declared.v1"

    act: Act = "export"
    authority: Authority
    license: License | None = None
    lines: Lines
    value_cents: Cents | None = None
    gross_weight_grams: Grams | None = None
    seller: Party | None = None
    exporter: Party | None = None
    purchaser: Party | None = None
    intermediate_consignees: tuple[Party, ...] = ()
    ultimate_consignee: Party | None = None
    end_user: Party | None = None
    end_use: Text = ""
    forwarder: Party | None = None
    bill_to: Country | None = None
    route: tuple[Country, ...] = ()
    destinations: tuple[Country, ...] = ()
    shipments: Quantity | None = None
    aggregate: bool = False
    stopped: bool = False
    itn: TransactionNumber | None = None
    declared_on: date
    note: Text = ""

    def __post_init__(self) -> None:
        if (self.authority == "license") != (self.license is not None):
            raise ValueError("a license is named when, and only when, the authority is a license")

    @property
    def about(self) -> tuple[str, ...]:
        return (
            *(f"country:{country}" for country in self.destinations),
            *tag("license", self.license),
            *serials_of(self.lines),
            *party_tags(
                self.seller, self.exporter, self.purchaser, *self.intermediate_consignees,
                self.ultimate_consignee, self.end_user, self.forwarder,
            ),
        )  # fmt: skip

    @property
    def on(self) -> date:
        return self.declared_on


class ShipmentOnwardObserved(AboutShipment, frozen=True, kw_only=True):
    """Goods were seen to have gone on from one foreign country to another, whoever declared what.

    shipment     id of what was seen
    of           the shipment they first came in, where known
    origins      where they went on from; several where the source does not say which
    via          countries on the way
    destination  where they went
    sender       who sent them on
    receiver     who got them
    lines        what was seen, where the source says so
    value_cents  value of the whole, US cents
    authority    what it relied on, as far as known
    method       what shows it
    aggregate    true when the source gives totals of several
    observed_on  date they went on, as far as known
    note         what the source says
    """

    wire: ClassVar[str] = "shipment.onward_observed.v1"

    of: Shipment | None = None
    origins: Annotated[tuple[Country, ...], Meta(min_length=1)]
    via: tuple[Country, ...] = ()
    destination: Country
    sender: Party | None = None
    receiver: Party | None = None
    lines: GoodsLines = ()
    value_cents: Cents | None = None
    authority: Authority = "unknown"
    method: OnwardMethod
    aggregate: bool = False
    observed_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        touched = (*self.origins, *self.via, self.destination)
        return (
            *(f"country:{country}" for country in touched),
            *tag("shipment", self.of),
            *serials_of(self.lines),
            *party_tags(self.sender, self.receiver),
        )

    @property
    def on(self) -> date:
        return self.observed_on


class ShipmentDetained(AboutShipment, frozen=True, kw_only=True):
    """An authority held a shipment back.

    shipment     id of the shipment
    country      where
    detained_by  which authority
    reason       why, as far as it said
    detained_on  date
    note         what the source says
    """

    wire: ClassVar[str] = "shipment.detained.v1"

    country: Country
    detained_by: Name
    reason: Text = ""
    detained_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}",)

    @property
    def on(self) -> date:
        return self.detained_on


class ShipmentInspected(AboutShipment, frozen=True, kw_only=True):
    """An authority opened a shipment and looked, at the border or on the way.

    shipment            id of the shipment
    country             where
    inspected_by        which authority
    counted             pieces counted, all lines together
    counted_in          what was counted
    gross_weight_grams  weight found, packing included
    appraised_cents     value found, US cents
    hs_code             Harmonized System code found to apply
    serials             serial numbers read
    differences         in what it was not as declared; none where it was, or nobody says
    finding             what was found
    inspected_on        date
    note                what the source says
    """

    wire: ClassVar[str] = "shipment.inspected.v1"

    country: Country
    inspected_by: Name
    counted: Counted | None = None
    counted_in: CountedIn = "pieces"
    gross_weight_grams: Grams | None = None
    appraised_cents: Cents | None = None
    hs_code: HsCode | None = None
    serials: Annotated[tuple[SerialId, ...], Meta(max_length=500)] = ()
    differences: tuple[Difference, ...] = ()
    finding: Text = ""
    inspected_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}", *serial_tags(self.serials))

    @property
    def on(self) -> date:
        return self.inspected_on


class ShipmentReturned(AboutShipment, frozen=True, kw_only=True):
    """Chips of a shipment came back: what returned no longer counts as shipped.

    shipment     id of the shipment they went out in
    rma          reference of the return, where there is one
    reason       why
    lines        chips by model
    sender       who sent them back
    receiver     who got them back
    country      where they came back to
    returned_on  date they arrived
    note         what the source says
    """

    wire: ClassVar[str] = "shipment.returned.v1"

    rma: Rma | None = None
    reason: ReturnReason
    lines: StockLines
    sender: Party | None = None
    receiver: Party
    country: Country
    returned_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (
            f"country:{self.country}",
            *tag("rma", self.rma),
            *serials_of(self.lines),
            *party_tags(self.sender, self.receiver),
        )

    @property
    def on(self) -> date:
        return self.returned_on


class ShipmentReferenced(AboutShipment, frozen=True, kw_only=True):
    """A shipment goes under a reference that explains why goods go and come back.

    shipment       id of the shipment
    kind           a return, a lease, a test, or a replacement sent ahead
    rma            the reference
    counterpart    with whom it was agreed
    referenced_on  date it was given
    note           what the source says
    """

    wire: ClassVar[str] = "shipment.referenced.v1"

    kind: ReferenceKind
    rma: Rma
    counterpart: Party
    referenced_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (*tag("rma", self.rma), *party_tags(self.counterpart))

    @property
    def on(self) -> date:
        return self.referenced_on


class ShipmentInvoiced(AboutShipment, frozen=True, kw_only=True):
    """A shipment was invoiced.

    shipment      id of the shipment
    invoice       number of the invoice
    seller        who is to be paid
    billed_to     who is to pay
    amount_cents  amount of the invoice, US cents
    incoterm      delivery term the amount is for
    condition     in what condition the goods are
    invoiced_on   date of the invoice
    note          what the source says
    """

    wire: ClassVar[str] = "shipment.invoiced.v1"

    invoice: Invoice
    seller: Party
    billed_to: Party
    amount_cents: Cents
    incoterm: Incoterm | None = None
    condition: Condition = "new"
    invoiced_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (*tag("invoice", self.invoice), *party_tags(self.seller, self.billed_to))

    @property
    def on(self) -> date:
        return self.invoiced_on


class ShipmentDeliveryConfirmed(AboutShipment, frozen=True, kw_only=True):
    """Somebody besides seller and consignee confirmed that a shipment arrived.

    shipment      id of the shipment
    country       where it arrived
    received_by   who has it
    source        what kind of confirmation it is
    confirmed_by  who confirmed it
    confirmed_on  date
    note          what the source says
    """

    wire: ClassVar[str] = "shipment.delivery_confirmed.v1"

    country: Country
    received_by: Party
    source: ConfirmedBy
    confirmed_by: Name
    confirmed_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}", *party_tags(self.received_by))

    @property
    def on(self) -> date:
        return self.confirmed_on
