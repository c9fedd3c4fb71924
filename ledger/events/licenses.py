"""License applications and what was decided on them.

A license reserves: from approval on, its TPP is promised to its destination. What is exhausted or
expired is computed and never recorded (nobody signs it).
"""

from datetime import date
from typing import ClassVar, Literal

from ledger.events._event import (
    Agreement,
    Classification,
    ControlNumber,
    Event,
    License,
    Model,
    Name,
    Party,
    Text,
    Wire,
    Word,
    party_tags,
)
from ledger.terms import INTEGER_MAX, Cents, Country, Tpp, Units

Act = Literal["export", "reexport", "transfer"]
"""Three different things in the EAR: out of the US, onward from abroad, within one country."""

ReturnReason = Literal[
    "applicant_request",
    "license_exception_applies",
    "not_commerce_jurisdiction",
    "documents_missing",
    "applicant_unreachable",
]
"""Why an application is returned without action (15 CFR part 772)."""


class LicenseLine(Wire, frozen=True, kw_only=True):
    """So many of one chip, on an application or a license.

    model         id of the chip in the catalogue
    eccn          classification, such as 3A090.a
    units         whole chips
    tpp_per_unit  TPP of a single chip
    value_cents   total value of the line, US cents
    """

    model: Model
    eccn: Classification
    units: Units
    tpp_per_unit: Tpp
    value_cents: Cents | None = None

    def __post_init__(self) -> None:
        if self.units * self.tpp_per_unit > INTEGER_MAX:
            raise ValueError(
                f"{self.units:,} chips of {self.tpp_per_unit:,} TPP are beyond counting"
            )

    @property
    def tpp(self) -> int:
        """TPP of the whole line."""
        return self.units * self.tpp_per_unit


class Condition(Wire, frozen=True, kw_only=True):
    """Something the licensee must do or leave.

    condition  short name, such as quarterly_report
    text       what is required
    owner      the department that imposed it and alone may remove it
    """

    condition: Word
    text: Text
    owner: Word = "commerce"


class _AboutLicense(Event, frozen=True, kw_only=True):
    license: License

    @property
    def subject(self) -> str:
        return f"license:{self.license}"


class LicenseApplied(_AboutLicense, frozen=True, kw_only=True):
    """Somebody asked for a license.

    license                 id of the case, chosen by the filing system
    applied_on              date of registration
    act                     export, reexport or transfer (in-country)
    applicant               who asks
    purchaser               who buys, when it is not the consignee
    intermediate_consignees who holds the chips on the way
    ultimate_consignee      who receives them; not a forwarder (15 CFR 748.5)
    end_users               who uses them
    destination             country of the ultimate consignee
    lines                   what is asked for
    end_use                 what for, in the applicant's words
    acn                     application control number; not the license number
    """

    wire: ClassVar[str] = "license.applied.v1"

    applied_on: date
    act: Act = "export"
    applicant: Party
    purchaser: Party | None = None
    intermediate_consignees: tuple[Party, ...] = ()
    ultimate_consignee: Party
    end_users: tuple[Party, ...]
    destination: Country
    lines: tuple[LicenseLine, ...]
    end_use: Text = ""
    acn: ControlNumber | None = None

    def __post_init__(self) -> None:
        _has_lines(self.lines)
        if not self.end_users:
            raise ValueError("an application names at least one end user")

    @property
    def about(self) -> tuple[str, ...]:
        return (
            f"country:{self.destination}",
            *party_tags(
                self.applicant, self.purchaser, *self.intermediate_consignees,
                self.ultimate_consignee, *self.end_users,
            ),
        )  # fmt: skip

    @property
    def on(self) -> date:
        return self.applied_on


class LicenseApproved(_AboutLicense, frozen=True, kw_only=True):
    """A license was granted, in whole or in part; it reserves its TPP for its destination.

    license             id of the case
    decided_on          date of the decision
    expires_on          last day on which chips may leave under it
    destination         country the chips are for
    purchaser           who buys, when the license names one
    ultimate_consignee  who may receive them
    end_users           who may use them
    lines               what is licensed; may be less than was asked for
    conditions          what the licensee must do or leave
    license_number      number printed on the license
    agreement           G2G agreement it is granted under
    justification       why it was granted against a presumption of denial
    """

    wire: ClassVar[str] = "license.approved.v1"

    decided_on: date
    expires_on: date
    destination: Country
    purchaser: Party | None = None
    ultimate_consignee: Party
    end_users: tuple[Party, ...]
    lines: tuple[LicenseLine, ...]
    conditions: tuple[Condition, ...] = ()
    license_number: Name | None = None
    agreement: Agreement | None = None
    justification: Text = ""

    def __post_init__(self) -> None:
        _has_lines(self.lines)
        if self.expires_on < self.decided_on:
            raise ValueError(
                f"a license decided on {self.decided_on} cannot expire on {self.expires_on}"
            )

    @property
    def about(self) -> tuple[str, ...]:
        agreement = () if self.agreement is None else (f"agreement:{self.agreement}",)
        parties = party_tags(self.purchaser, self.ultimate_consignee, *self.end_users)
        return (f"country:{self.destination}", *agreement, *parties)

    @property
    def on(self) -> date:
        return self.decided_on


class LicenseDenied(_AboutLicense, frozen=True, kw_only=True):
    """An application was denied.

    license      id of the case
    decided_on   date of the decision
    destination  country the chips were for
    reason       why, for the applicant
    """

    wire: ClassVar[str] = "license.denied.v1"

    decided_on: date
    destination: Country
    reason: Text

    @property
    def about(self) -> tuple[str, ...]:
        return (f"country:{self.destination}",)

    @property
    def on(self) -> date:
        return self.decided_on


class LicenseReturned(_AboutLicense, frozen=True, kw_only=True):
    """An application was returned without action (RWA).

    license      id of the case
    returned_on  date of the return
    reason       one of the reasons in 15 CFR part 772
    note         more, for the applicant
    """

    wire: ClassVar[str] = "license.returned.v1"

    returned_on: date
    reason: ReturnReason
    note: Text = ""

    @property
    def on(self) -> date:
        return self.returned_on


def _has_lines(lines: tuple[LicenseLine, ...]) -> None:
    if not lines:
        raise ValueError("a license is for at least one line of chips")
    models = [line.model for line in lines]
    if len(set(models)) < len(models):
        raise ValueError(
            f"each chip stands on one line, and {max(models, key=models.count)} on two"
        )
