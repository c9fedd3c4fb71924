"""What authorities say besides deciding here: controls, letters, listed addresses, decisions
taken elsewhere.

A control is known here by its dates; its rules apply only where a policy pack was adopted.
"""

from datetime import date
from typing import ClassVar, Literal

from ledger.events._event import (
    Address,
    Control,
    Event,
    License,
    Name,
    Party,
    Statement,
    Text,
    Word,
    party_tags,
    tag,
)
from ledger.events.dealings import Lines
from ledger.events.goods import serials_of
from ledger.events.licenses import Act
from ledger.events.parties import AboutParty
from ledger.terms import Country

Outcome = Literal["approved", "denied", "returned", "revoked", "suspended"]


class ControlPublished(Event, frozen=True, kw_only=True):
    """A control was published: its dates count, for what was bought before and after them.

    control       id
    title         what it is about
    effective_on  first day it applies
    announced_on  day it was published, where that is known
    countries     where to it controls, where it names them
    check_days    days it gives for an end-use check, where it does
    citation      where it was published
    note          what the source says
    """

    wire: ClassVar[str] = "control.published.v1"

    control: Control
    title: Name
    effective_on: date
    announced_on: date | None = None
    countries: tuple[Country, ...] = ()
    check_days: int | None = None
    citation: Text = ""
    note: Text = ""

    def __post_init__(self) -> None:
        if self.check_days is not None and not 1 <= self.check_days <= 3_650:
            raise ValueError(f"{self.check_days} days are no time for a check")

    @property
    def subject(self) -> str:
        return f"control:{self.control}"

    @property
    def about(self) -> tuple[str, ...]:
        return tuple(f"country:{country}" for country in self.countries)

    @property
    def on(self) -> date:
        return self.effective_on


class PartyInformed(AboutParty, frozen=True, kw_only=True):
    """An authority informed a party that it needs a license: an is-informed letter.

    party        who was informed
    concerning   the party its goods must not go to without a license
    countries    where to it needs a license, where the letter names countries
    items        what for, in the words of the letter
    citation     section it rests on, such as 15 CFR 744.23(b)
    informed_on  date of the letter
    note         what the source says
    """

    wire: ClassVar[str] = "party.informed.v1"

    concerning: Party | None = None
    countries: tuple[Country, ...] = ()
    items: Text = ""
    citation: Text = ""
    informed_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        named = tuple(f"country:{country}" for country in self.countries)
        return (*named, *party_tags(self.concerning))

    @property
    def on(self) -> date:
        return self.informed_on


class _AboutAddress(Event, frozen=True, kw_only=True):
    address: Address

    @property
    def subject(self) -> str:
        return f"address:{self.address}"


class AddressListed(_AboutAddress, frozen=True, kw_only=True):
    """An address was put on a restricted-party list: whoever is there is under its rules.

    address    id of the address
    text       the address, as the list writes it
    country    where it is
    list       name of the list, such as entity_list
    listed_on  date it took effect
    citation   Federal Register citation or other source
    """

    wire: ClassVar[str] = "address.listed.v1"

    text: Statement
    country: Country
    list: Word
    listed_on: date
    citation: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.country}",)

    @property
    def on(self) -> date:
        return self.listed_on


class AddressDelisted(_AboutAddress, frozen=True, kw_only=True):
    """An address was taken off a restricted-party list.

    address      id of the address
    list         name of the list
    delisted_on  date it took effect
    citation     Federal Register citation or other source
    """

    wire: ClassVar[str] = "address.delisted.v1"

    list: Word
    delisted_on: date
    citation: Text = ""

    @property
    def on(self) -> date:
        return self.delisted_on


class _AboutLicense(Event, frozen=True, kw_only=True):
    license: License

    @property
    def subject(self) -> str:
        return f"license:{self.license}"


class LicenseApplicationReported(_AboutLicense, frozen=True, kw_only=True):
    """Somebody applied for a license elsewhere, or for goods no line of the catalogue fits.

    It is no application to this ledger: nothing is decided on it here, and nothing reserved.

    license             id of the case
    act                 export, reexport or transfer (in-country)
    applicant           who asked
    ultimate_consignee  who was to receive the goods
    end_users           who was to use them
    destination         where to
    lines               what was asked for
    authority           who decides on it, such as BIS
    applied_on          date of the application
    note                what the source says
    """

    wire: ClassVar[str] = "license.application_reported.v1"

    act: Act = "export"
    applicant: Party
    ultimate_consignee: Party | None = None
    end_users: tuple[Party, ...] = ()
    destination: Country | None = None
    lines: Lines
    authority: Name
    applied_on: date
    note: Text = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (
            *tag("country", self.destination),
            *serials_of(self.lines),
            *party_tags(self.applicant, self.ultimate_consignee, *self.end_users),
        )

    @property
    def on(self) -> date:
        return self.applied_on


class LicenseDecisionReported(_AboutLicense, frozen=True, kw_only=True):
    """What was decided elsewhere on an application that was reported.

    license     id of the case
    outcome     what was decided
    authority   who decided, such as BIS
    decided_on  date of the decision
    note        what the source says
    """

    wire: ClassVar[str] = "license.decision_reported.v1"

    outcome: Outcome
    authority: Name
    decided_on: date
    note: Text = ""

    @property
    def on(self) -> date:
        return self.decided_on


class LicenseResubmitted(_AboutLicense, frozen=True, kw_only=True):
    """An applicant said openly that an application takes up one that was not granted.

    license         id of the new application
    of              id of the one that was denied or returned
    resubmitted_on  date
    note            what the applicant changed
    """

    wire: ClassVar[str] = "license.resubmitted.v1"

    of: License
    resubmitted_on: date
    note: Text = ""

    def __post_init__(self) -> None:
        if self.of == self.license:
            raise ValueError(f"application {self.license} cannot take up itself")

    @property
    def about(self) -> tuple[str, ...]:
        return tag("license", self.of)

    @property
    def on(self) -> date:
        return self.resubmitted_on
