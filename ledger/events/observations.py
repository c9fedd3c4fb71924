"""What others saw or heard of a party and its chips: pings, recoveries, a product taken apart."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Name,
    Party,
    SerialId,
    Shipment,
    Statement,
    Text,
    party_tags,
    serial_tags,
    tag,
)
from ledger.events.parties import AboutParty
from ledger.terms import Country

Serials = Annotated[tuple[SerialId, ...], Meta(min_length=1, max_length=500)]

LocationMethod = Literal[
    "landmark_ping", "attested_ping", "ip_geolocation", "field_recovery", "customs", "visit",
]  # fmt: skip
"""How chips were located: by delay to known servers, by a signed answer, by their IP address, by
being recovered, by customs, by a visit. An IP address may be that of a VPN."""

ConcernKind = Literal["tip_off", "compliance_pressure", "voluntary_disclosure", "press_report"]
"""A voluntary self-disclosure is made under 15 CFR 764.5."""


class PartyChipsLocated(AboutParty, frozen=True, kw_only=True):
    """Chips were found to be in a country.

    party       who should have them, as last declared
    serials     their serial numbers
    country     where they are
    method      how that was found
    source      who found it; two findings of one source are not independent
    place       more of the place
    located_on  date
    note        what the source says
    """

    wire: ClassVar[str] = "party.chips_located.v1"

    serials: Serials
    country: Country
    method: LocationMethod
    source: Name
    place: Text = ""
    located_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}", *serial_tags(self.serials))

    @property
    def on(self) -> date:
        return self.located_on


class PartyChipsUnreachable(AboutParty, frozen=True, kw_only=True):
    """Chips that should answer did not.

    party           who should have them, as last declared
    serials         their serial numbers
    method          how they were asked
    source          who asked
    unreachable_on  first day without an answer
    note            what the source says
    """

    wire: ClassVar[str] = "party.chips_unreachable.v1"

    serials: Serials
    method: LocationMethod
    source: Name
    unreachable_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return serial_tags(self.serials)

    @property
    def on(self) -> date:
        return self.unreachable_on


class PartyTeardownObserved(AboutParty, frozen=True, kw_only=True):
    """A product was taken apart, and somebody else's part was in it.

    party         whose product it is
    product       what was taken apart
    component     what was found in it
    maker         who made that part
    finder        who took it apart
    country       where the product was found, where known
    serials       serial numbers read, where any were
    observed_on   date it was reported
    note          what the source says
    """

    wire: ClassVar[str] = "party.teardown_observed.v1"

    product: Name
    component: Name
    maker: Party | None = None
    finder: Name
    country: Country | None = None
    serials: Annotated[tuple[SerialId, ...], Meta(max_length=500)] = ()
    observed_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (
            *tag("country", self.country),
            *serial_tags(self.serials),
            *party_tags(self.maker),
        )

    @property
    def on(self) -> date:
        return self.observed_on


class PartyConcernReported(AboutParty, frozen=True, kw_only=True):
    """Somebody reported a concern about a party; it is not proof of anything.

    party        whom it is about
    kind         a tip, pressure on a compliance team, a self-disclosure, the press
    what         what was reported
    source       who reported it, where they may be named
    shipment     the shipment it is about, where it is about one
    reported_on  date it came in
    """

    wire: ClassVar[str] = "party.concern_reported.v1"

    kind: ConcernKind
    what: Statement
    source: Name | None = None
    shipment: Shipment | None = None
    reported_on: date

    @property
    def about(self) -> tuple[str, ...]:
        return tag("shipment", self.shipment)

    @property
    def on(self) -> date:
        return self.reported_on
