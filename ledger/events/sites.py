"""Where chips stand and how many: sites, stock, moves and losses, for a material balance.

Opening stock, plus what came, minus what went and what was lost, is what must be there. The stock
counted at the end of one period is the opening of the next.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Check,
    Name,
    Sha256,
    Site,
    Text,
    tag,
)
from ledger.events.end_use_checks import EvidenceGrade
from ledger.events.goods import StockLines, serials_of
from ledger.events.parties import AboutParty
from ledger.terms import Cents, Country

SiteUse = Literal["data_center", "warehouse", "office", "assembly", "repair", "other"]

Basis = Literal["on_hand", "received_so_far"]
"""What stands there on the date, or all that came up to it, whatever became of that."""

LossCause = Literal["destroyed", "scrapped", "lost", "stolen"]

Kilowatts = Annotated[int, Meta(ge=0, le=100_000_000)]


class PartySiteDeclared(AboutParty, frozen=True, kw_only=True):
    """A party declared a place of its own, or that it closed it.

    party        whose place
    site         id of the place
    name         name of the place, as capacity declarations and sightings write it
    country      where it is
    address      as declared
    use          what for
    closed       true when the party no longer uses it, from that date on
    declared_on  date it was opened or closed
    note         what the source says
    """

    wire: ClassVar[str] = "party.site_declared.v1"

    site: Site
    name: Name
    country: Country
    address: Text = ""
    use: SiteUse
    closed: bool = False
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}", *tag("site", self.site))

    @property
    def on(self) -> date:
        return self.declared_on


class PartyCapacityPlanned(AboutParty, frozen=True, kw_only=True):
    """A party declared what its data center will be able to run, and from when.

    party         who operates it
    site          name of the site, as in the declaration of its capacity
    it_kilowatts  power for computing once built, kW; what runs already included
    declared_on   date of the declaration
    ready_on      date from which it is planned to run
    note          what the source says
    """

    wire: ClassVar[str] = "party.capacity_planned.v1"

    site: Name
    it_kilowatts: Kilowatts
    declared_on: date
    ready_on: date
    note: Text = ""

    @property
    def on(self) -> date:
        return self.declared_on


class PartyInventoryDeclared(AboutParty, frozen=True, kw_only=True):
    """A party declared the chips it holds, or all it ever received.

    party        who declared
    site         where they stand; absent for all its sites together
    basis        what stands there on the date, or all that was received up to it
    lines        chips by model
    value_cents  their value, US cents
    declared_on  date the stock is of
    note         what the source says
    """

    wire: ClassVar[str] = "party.inventory_declared.v1"

    site: Site | None = None
    basis: Basis = "on_hand"
    lines: StockLines
    value_cents: Cents | None = None
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (*tag("site", self.site), *serials_of(self.lines))

    @property
    def on(self) -> date:
        return self.declared_on


class PartyInventoryTaken(AboutParty, frozen=True, kw_only=True):
    """Somebody went and counted the chips at a site: a physical inventory.

    party            whose site
    site             where
    lines            chips found, by model
    evidence         how they were counted
    taken_by         who counted
    check            the end-use check it was part of
    evidence_sha256  digest of the list or photographs
    taken_on         date of the count
    note             what the source says
    """

    wire: ClassVar[str] = "party.inventory_taken.v1"

    site: Site
    lines: StockLines
    evidence: EvidenceGrade
    taken_by: Name
    check: Check | None = None
    evidence_sha256: Sha256 | None = None
    taken_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (*tag("site", self.site), *tag("check", self.check), *serials_of(self.lines))

    @property
    def on(self) -> date:
        return self.taken_on


class PartyUnitsMoved(AboutParty, frozen=True, kw_only=True):
    """A party moved chips from one of its sites to another; they stayed its own.

    party         whose chips
    from_site     where they stood
    to_site       where they went
    lines         chips by model
    announced_on  date the move was announced, where it was beforehand
    moved_on      date of the move
    note          what the source says
    """

    wire: ClassVar[str] = "party.units_moved.v1"

    from_site: Site
    to_site: Site
    lines: StockLines
    moved_on: date
    announced_on: date | None = None
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        sites = (*tag("site", self.from_site), *tag("site", self.to_site))
        return (*sites, *serials_of(self.lines))

    @property
    def on(self) -> date:
        return self.moved_on


class PartyUnitsLost(AboutParty, frozen=True, kw_only=True):
    """Chips of a party are gone for good, and it says how.

    party            whose chips
    site             where they last stood
    lines            chips by model
    cause            how they went
    evidence_sha256  digest of the certificate or police report
    lost_on          date they went, or were found to be gone
    note             what the source says
    """

    wire: ClassVar[str] = "party.units_lost.v1"

    site: Site | None = None
    lines: StockLines
    cause: LossCause
    evidence_sha256: Sha256 | None = None
    lost_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (*tag("site", self.site), *serials_of(self.lines))

    @property
    def on(self) -> date:
        return self.lost_on
