"""What else is known of a party: its other names, addresses, people, accounts, business, means.

Two parties with the same address, controller or account may be one hand. Each is declared from a
date, and an id is written the same way wherever it is declared, or nothing meets.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import Account, Name, Party, Statement, Text, party_tags, tag
from ledger.events.parties import AboutParty
from ledger.terms import Cents, Country

Activity = Literal[
    "cloud", "data_center", "high_performance_computing", "research", "ict_distribution",
    "ict_manufacturing", "semiconductors", "telecommunications", "software", "logistics",
    "trading", "finance", "real_estate", "healthcare", "energy", "defense", "government",
    "education", "hospitality", "retail", "construction", "agriculture", "manufacturing",
    "services", "other",
]  # fmt: skip
"""Line of business, as coarse as a company register gives it."""

Capacity = Literal["director", "officer", "beneficial_owner", "signatory", "controller"]


class PartyAliasRecorded(AboutParty, frozen=True, kw_only=True):
    """A party goes by another name too, such as a trading name or one on a list of aliases.

    party        id
    alias        the other name, as the source writes it
    recorded_on  date of the source
    note         what the source says
    """

    wire: ClassVar[str] = "party.alias_recorded.v1"

    alias: Name
    recorded_on: date
    note: Text = ""

    @property
    def on(self) -> date:
        return self.recorded_on


class PartyAddressDeclared(AboutParty, frozen=True, kw_only=True):
    """A party gave an address, which it has from a date on besides those it gave before.

    party             id
    address           as declared
    country           where it is
    registered_agent  true for the address of an agent or a mail drop, where many firms that have
                      nothing to do with each other are registered
    declared_on       date it had the address from
    note              what the source says
    """

    wire: ClassVar[str] = "party.address_declared.v1"

    address: Statement
    country: Country
    registered_agent: bool = False
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}",)

    @property
    def on(self) -> date:
        return self.declared_on


class PartyBusinessDeclared(AboutParty, frozen=True, kw_only=True):
    """A party said what its business is; what it said before is past.

    party        id
    activities   lines of business
    business     in its own words, or those of the register
    declared_on  date of the declaration
    note         what the source says
    """

    wire: ClassVar[str] = "party.business_declared.v1"

    activities: Annotated[tuple[Activity, ...], Meta(min_length=1)]
    business: Text = ""
    declared_on: date
    note: Text = ""

    @property
    def on(self) -> date:
        return self.declared_on


class PartyControllerDeclared(AboutParty, frozen=True, kw_only=True):
    """Somebody directs, signs for or ultimately owns a party, from a date on or no longer.

    party        whom they control
    controller   who does: a person or a firm, by an id that is theirs wherever they appear
    capacity     as what
    ended        true when they no longer do, from that date on
    declared_on  date it began or ended
    note         what the source says
    """

    wire: ClassVar[str] = "party.controller_declared.v1"

    controller: Party
    capacity: Capacity
    ended: bool = False
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.controller)

    @property
    def on(self) -> date:
        return self.declared_on


class PartyAccountDeclared(AboutParty, frozen=True, kw_only=True):
    """A party pays from, or is paid to, a bank account.

    party        whose account it is
    account      IBAN without spaces, or a digest of the number
    bank         who keeps it
    country      where it is kept
    declared_on  date of the declaration, or of the first payment seen
    note         what the source says
    """

    wire: ClassVar[str] = "party.account_declared.v1"

    account: Account
    bank: Party | None = None
    country: Country
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}", *tag("account", self.account), *party_tags(self.bank))

    @property
    def on(self) -> date:
        return self.declared_on


class PartyAssetsDeclared(AboutParty, frozen=True, kw_only=True):
    """A party declared what it owns, or a filing of its own shows it.

    party         id
    cash_cents    cash and deposits, US cents
    assets_cents  all assets, cash among them, US cents
    declared_on   date the amounts are of
    note          what the source says
    """

    wire: ClassVar[str] = "party.assets_declared.v1"

    cash_cents: Cents | None = None
    assets_cents: Cents | None = None
    declared_on: date
    note: Text = ""

    def __post_init__(self) -> None:
        if self.cash_cents is None and self.assets_cents is None:
            raise ValueError("a declaration of assets names an amount, of cash or of all assets")

    @property
    def on(self) -> date:
        return self.declared_on


class PartyAffiliateDeclared(AboutParty, frozen=True, kw_only=True):
    """Two parties declared that they belong together.

    party        id
    affiliate    the other one
    relation     how, such as sister company or contract manufacturer
    declared_on  date of the declaration
    note         what the source says
    """

    wire: ClassVar[str] = "party.affiliate_declared.v1"

    affiliate: Party
    relation: Name
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.affiliate)

    @property
    def on(self) -> date:
        return self.declared_on


class PartyMerged(AboutParty, frozen=True, kw_only=True):
    """A party went up into another one: from then on both are one, and it is no successor.

    party      who ended
    into       who goes on
    merged_on  date of the merger
    note       what the source says
    """

    wire: ClassVar[str] = "party.merged.v1"

    into: Party
    merged_on: date
    note: Text = ""

    def __post_init__(self) -> None:
        if self.into == self.party:
            raise ValueError(f"party {self.party} cannot merge into itself")

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.into)

    @property
    def on(self) -> date:
        return self.merged_on


class PartyDistributorAppointed(AboutParty, frozen=True, kw_only=True):
    """A maker appointed a party as its authorized distributor.

    party         the distributor
    maker         who appointed it
    appointed_on  first day
    until_on      last day, where the appointment has one
    note          what the source says
    """

    wire: ClassVar[str] = "party.distributor_appointed.v1"

    maker: Party
    appointed_on: date
    until_on: date | None = None
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.maker)

    @property
    def on(self) -> date:
        return self.appointed_on
