"""What parties order, sell and pay: the trade behind the shipments."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Account,
    Invoice,
    Party,
    Text,
    party_tags,
    tag,
)
from ledger.events.goods import GoodsLine, GoodsLines, Quantity, serials_of
from ledger.events.parties import AboutParty, PartyPaymentReceived
from ledger.terms import Cents, Country

Lines = Annotated[tuple[GoodsLine, ...], Meta(min_length=1, max_length=100)]

FinancingKind = Literal["loan", "lease", "equity", "group_treasury", "prepayment", "grant"]


class PartyOrderPlaced(AboutParty, frozen=True, kw_only=True):
    """A party ordered goods; nothing has moved yet.

    party        who ordered
    seller       of whom, where known
    lines        what was ordered
    value_cents  value of the whole order, US cents
    end_user     for whom, as declared
    destination  where to, as declared
    ordered_on   date of the order
    note         what the source says
    """

    wire: ClassVar[str] = "party.order_placed.v1"

    seller: Party | None = None
    lines: Lines
    value_cents: Cents | None = None
    end_user: Party | None = None
    destination: Country | None = None
    ordered_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (
            *tag("country", self.destination),
            *serials_of(self.lines),
            *party_tags(self.seller, self.end_user),
        )

    @property
    def on(self) -> date:
        return self.ordered_on


class PartySoldDomestically(AboutParty, frozen=True, kw_only=True):
    """A party sold goods that stayed in its own country; nothing was exported yet.

    A maker's first sale lists the serial numbers that leave it: together these are its registry,
    and a chip whose number was never sold is a clone.

    party        the seller
    purchaser    who bought
    country      where it was sold
    lines        what was sold, with serial numbers where listed
    value_cents  value of the whole sale, US cents
    end_user     who was declared to use them
    invoice      number of the invoice
    first        true when the seller made them: the serial numbers enter its registry
    aggregate    true when the source gives totals of several sales
    sold_on      date of the sale
    note         what the source says
    """

    wire: ClassVar[str] = "party.sold_domestically.v1"

    purchaser: Party
    country: Country
    lines: Lines
    value_cents: Cents | None = None
    end_user: Party | None = None
    invoice: Invoice | None = None
    first: bool = False
    aggregate: bool = False
    sold_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (
            f"country:{self.country}",
            *tag("invoice", self.invoice),
            *serials_of(self.lines),
            *party_tags(self.purchaser, self.end_user),
        )

    @property
    def on(self) -> date:
        return self.sold_on


class PartyPaymentReceivedV2(PartyPaymentReceived, frozen=True, kw_only=True):
    """A party was paid, on an invoice and from an account where these are known.

    party          who was paid
    payer          who paid, where known
    payer_country  where the money came from
    amount_cents   US cents
    received_on    date of receipt
    shipment       the shipment it was for, where known
    invoice        number of the invoice it was for, where known
    account        the account it came from, where known
    note           what the source says
    """

    wire: ClassVar[str] = "party.payment_received.v2"

    invoice: Invoice | None = None
    account: Account | None = None

    @property
    def about(self) -> tuple[str, ...]:
        return (*super().about, *tag("invoice", self.invoice), *tag("account", self.account))


class PartyFinancingDeclared(AboutParty, frozen=True, kw_only=True):
    """A party declared that somebody else pays for it, and why: a bank, a lessor, its treasury.

    party         who is financed
    financier     who pays
    kind          how
    amount_cents  how much at most, US cents
    invoice       the invoice it is for, where it is for one
    declared_on   date of the declaration
    note          what the source says
    """

    wire: ClassVar[str] = "party.financing_declared.v1"

    financier: Party
    kind: FinancingKind
    amount_cents: Cents | None = None
    invoice: Invoice | None = None
    declared_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (*tag("invoice", self.invoice), *party_tags(self.financier))

    @property
    def on(self) -> date:
        return self.declared_on


class PartySupplyEnded(AboutParty, frozen=True, kw_only=True):
    """Suppliers were seen to stop selling to a party.

    party      the customer
    suppliers  who stopped, where named
    count      how many stopped, where the source only counts them
    lines      what they no longer sell
    ended_on   date from which they did not
    note       what the source says
    """

    wire: ClassVar[str] = "party.supply_ended.v1"

    suppliers: tuple[Party, ...] = ()
    count: Quantity | None = None
    lines: GoodsLines = ()
    ended_on: date
    note: Text = ""

    def __post_init__(self) -> None:
        if not self.suppliers and self.count is None:
            raise ValueError("suppliers that stopped are named or counted")

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(*self.suppliers)

    @property
    def on(self) -> date:
        return self.ended_on
