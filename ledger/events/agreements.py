"""Government-to-government (G2G) agreements, which may raise a country's cap."""

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from ledger.events._event import Agreement, Event, Name, Text
from ledger.terms import Country, Tpp


class AboutAgreement(Event, frozen=True, kw_only=True):
    """What every event of an agreement names: itself and its country."""

    agreement: Agreement
    country: Country

    @property
    def subject(self) -> str:
        return f"agreement:{self.agreement}"

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}",)


class AgreementConcluded(AboutAgreement, frozen=True, kw_only=True):
    """Governments agreed; nothing changes until the agreement is in force.

    agreement     id
    country       country whose cap it may raise
    title         as published
    signatories   the governments that signed
    concluded_on  date of signature or announcement
    uplift_tpp    TPP added to the country's allocation once in force; what the rules allow at
                  most is applied, never more
    terms         quantities, split, security and investment terms, as published
    source        where this is from
    """

    wire: ClassVar[str] = "agreement.concluded.v1"

    title: Name
    signatories: Annotated[tuple[Country, ...], Meta(min_length=2)]
    concluded_on: date
    uplift_tpp: Tpp = 0
    terms: Text = ""
    source: Text = ""

    @property
    def on(self) -> date:
        return self.concluded_on


class AgreementInForce(AboutAgreement, frozen=True, kw_only=True):
    """An agreement took effect.

    agreement    id
    country      country whose cap it raises
    in_force_on  first day
    citation     where it was published, such as the listing in Supplement 5(b) to part 740
    """

    wire: ClassVar[str] = "agreement.in_force.v1"

    in_force_on: date
    citation: Text = ""

    @property
    def on(self) -> date:
        return self.in_force_on


class AgreementAmended(AboutAgreement, frozen=True, kw_only=True):
    """The uplift was changed from a date on.

    agreement     id
    country       country whose cap it raises
    uplift_tpp    TPP added to the allocation from that date, in place of what was added before
    effective_on  first day
    reason        why
    """

    wire: ClassVar[str] = "agreement.amended.v1"

    uplift_tpp: Tpp
    effective_on: date
    reason: Text = ""

    @property
    def on(self) -> date:
        return self.effective_on


class AgreementSuspended(AboutAgreement, frozen=True, kw_only=True):
    """An agreement raises nothing until it is in force again.

    agreement     id
    country       country whose cap it raised
    suspended_on  first day without it
    reason        why
    """

    wire: ClassVar[str] = "agreement.suspended.v1"

    suspended_on: date
    reason: Text

    @property
    def on(self) -> date:
        return self.suspended_on


class AgreementTerminated(AboutAgreement, frozen=True, kw_only=True):
    """An agreement ended for good.

    agreement      id
    country        country whose cap it raised
    terminated_on  first day without it
    reason         why
    """

    wire: ClassVar[str] = "agreement.terminated.v1"

    terminated_on: date
    reason: Text

    @property
    def on(self) -> date:
        return self.terminated_on
