"""What left, moved and arrived.

These are facts and not requests: they are recorded even when they break a license or a cap,
and then most of all.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Classification,
    EntryNumber,
    Event,
    License,
    Model,
    Party,
    Shipment,
    Text,
    TransactionNumber,
    Wire,
    party_tags,
)
from ledger.terms import INTEGER_MAX, Cents, Country, Tpp, Units

Authority = Literal[
    "license",
    "AIA", "LPP", "ACM", "NAC", "ACA", "UVEU", "NVEU", "GOV", "RPL", "TMP", "TSU", "HBM",
    "NLR", "none", "unknown",
]  # fmt: skip
"""What a shipment relied on: a license, a license exception or validated end user, no license
required as claimed (NLR), nothing at all (none), or not stated (unknown)."""

Serial = Annotated[str, Meta(min_length=1, max_length=64)]
HsCode = Annotated[str, Meta(pattern=r"\A[0-9]{4,10}\Z")]


class CommodityLine(Wire, frozen=True, kw_only=True):
    """One line of an export declaration: so many of one chip.

    model             id of the chip in the catalogue
    eccn              classification; absent when it is not controlled under 3A090 or 4A090
    units             whole chips
    tpp_per_unit      TPP of a single chip
    value_cents       declared value of the line, US cents
    serials           serial numbers, where declared
    description       text on the declaration, where it differs from the model
    hs_code           Harmonized System code
    net_weight_grams  declared net weight of the line
    """

    model: Model
    eccn: Classification | None = None
    units: Units
    tpp_per_unit: Tpp
    value_cents: Cents | None = None
    serials: tuple[Serial, ...] = ()
    description: Text = ""
    hs_code: HsCode | None = None
    net_weight_grams: Annotated[int, Meta(ge=0, le=INTEGER_MAX)] | None = None

    def __post_init__(self) -> None:
        if self.units * self.tpp_per_unit > INTEGER_MAX:
            raise ValueError(
                f"{self.units:,} chips of {self.tpp_per_unit:,} TPP are beyond counting"
            )

    @property
    def tpp(self) -> int:
        """TPP of the whole line."""
        return self.units * self.tpp_per_unit


class AboutShipment(Event, frozen=True, kw_only=True):
    """What every event of a shipment names: itself."""

    shipment: Shipment

    @property
    def subject(self) -> str:
        return f"shipment:{self.shipment}"


class Movement(AboutShipment, frozen=True, kw_only=True):
    """What an export, a reexport and a transfer (in-country) have in common.

    shipment                id, chosen by whoever reports it
    authority               what it relied on
    license                 the license, when that is the authority
    lines                   what was declared
    purchaser               who bought
    intermediate_consignees who held the chips on the way
    ultimate_consignee      who received them
    end_user                who uses them, as declared
    forwarder               freight forwarder
    prior_notice_on         date BIS was told beforehand, where an exception asks for that
    aggregate               true when the source gives totals of several shipments
    note                    what the source says beyond the fields
    """

    authority: Authority
    license: License | None = None
    lines: tuple[CommodityLine, ...]
    purchaser: Party | None = None
    intermediate_consignees: tuple[Party, ...] = ()
    ultimate_consignee: Party
    end_user: Party | None = None
    forwarder: Party | None = None
    prior_notice_on: date | None = None
    aggregate: bool = False
    note: Text = ""

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("a shipment declares at least one line of chips")
        if (self.authority == "license") != (self.license is not None):
            raise ValueError("a license is named when, and only when, the authority is a license")

    @property
    def destination(self) -> Country:
        """Where the chips were declared to end up."""
        raise NotImplementedError

    @property
    def tpp(self) -> int:
        """TPP of the whole shipment, controlled or not."""
        return sum(line.tpp for line in self.lines)

    @property
    def about(self) -> tuple[str, ...]:
        license_ = () if self.license is None else (f"license:{self.license}",)
        return (
            f"country:{self.destination}",
            *license_,
            *party_tags(
                self.purchaser, *self.intermediate_consignees, self.ultimate_consignee,
                self.end_user, self.forwarder,
            ),
        )  # fmt: skip


class ShipmentExported(Movement, frozen=True, kw_only=True):
    """Chips left the exporting country.

    exporter     who exported
    route        every country touched, from origin to destination
    exported_on  date on the export declaration
    itn          number of the Electronic Export Information filing
    """

    wire: ClassVar[str] = "shipment.exported.v1"

    exporter: Party | None = None
    route: tuple[Country, ...]
    exported_on: date
    itn: TransactionNumber | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.route) < 2:
            raise ValueError("a route names at least the origin and the destination")

    @property
    def destination(self) -> Country:
        return self.route[-1]

    @property
    def about(self) -> tuple[str, ...]:
        return (*super().about, *party_tags(self.exporter))

    @property
    def on(self) -> date:
        return self.exported_on


class ShipmentReexported(Movement, frozen=True, kw_only=True):
    """Chips moved onward from one foreign country to another.

    reexporter     who sent them on
    of             the shipment they first came in, where known
    route          every country touched, from where they were to where they went
    reexported_on  date they left
    """

    wire: ClassVar[str] = "shipment.reexported.v1"

    reexporter: Party | None = None
    of: Shipment | None = None
    route: tuple[Country, ...]
    reexported_on: date

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.route) < 2:
            raise ValueError("a route names at least the origin and the destination")

    @property
    def destination(self) -> Country:
        return self.route[-1]

    @property
    def about(self) -> tuple[str, ...]:
        first = () if self.of is None else (f"shipment:{self.of}",)
        parties = party_tags(self.reexporter)
        return (*super().about, *first, *parties)

    @property
    def on(self) -> date:
        return self.reexported_on


class ShipmentTransferred(Movement, frozen=True, kw_only=True):
    """Chips changed hands within one foreign country.

    country         the country they stayed in
    transferor      who gave them up
    of              the shipment they first came in, where known
    transferred_on  date they changed hands
    """

    wire: ClassVar[str] = "shipment.transferred.v1"

    country: Country
    transferor: Party | None = None
    of: Shipment | None = None
    transferred_on: date

    @property
    def destination(self) -> Country:
        return self.country

    @property
    def about(self) -> tuple[str, ...]:
        first = () if self.of is None else (f"shipment:{self.of}",)
        parties = party_tags(self.transferor)
        return (*super().about, *first, *parties)

    @property
    def on(self) -> date:
        return self.transferred_on


class ShipmentLegCompleted(AboutShipment, frozen=True, kw_only=True):
    """One leg of a shipment's journey ended.

    shipment    id of the shipment
    leg         number of the leg, from 1
    origin      country it left
    arrived_in  country it reached
    arrived_on  date it arrived
    holder      who holds it there
    carrier     who carried it
    """

    wire: ClassVar[str] = "shipment.leg_completed.v1"

    leg: Annotated[int, Meta(ge=1, le=100)]
    origin: Country
    arrived_in: Country
    arrived_on: date
    holder: Party | None = None
    carrier: Party | None = None

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.arrived_in}", *party_tags(self.holder, self.carrier))

    @property
    def on(self) -> date:
        return self.arrived_on


class ShipmentDelivered(AboutShipment, frozen=True, kw_only=True):
    """A shipment reached whoever received it.

    shipment      id of the shipment
    delivered_on  date of delivery
    country       country of delivery
    received_by   who received it
    units         chips counted on receipt, all models together
    """

    wire: ClassVar[str] = "shipment.delivered.v1"

    delivered_on: date
    country: Country
    received_by: Party
    units: Units | None = None

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}", *party_tags(self.received_by))

    @property
    def on(self) -> date:
        return self.delivered_on


class ShipmentVoided(AboutShipment, frozen=True, kw_only=True):
    """A shipment was recorded by mistake, or never left; what it drew is given back.

    shipment   id of the shipment
    entry      number of the entry that recorded it
    voided_on  date of the correction
    reason     why
    """

    wire: ClassVar[str] = "shipment.voided.v1"

    entry: EntryNumber
    voided_on: date
    reason: Text

    @property
    def on(self) -> date:
        return self.voided_on
