"""End-use checks: before a license (PLC) and after shipment (PSV)."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ledger.events._event import (
    Check,
    Event,
    License,
    Name,
    Party,
    Sha256,
    Shipment,
    Text,
    party_tags,
)
from ledger.terms import UNITS_MAX, Country

CheckKind = Literal["PLC", "PSV"]
"""Pre-license check; post-shipment verification."""

Rating = Literal["favorable", "unfavorable", "unable_to_complete"]

EvidenceGrade = Literal["powered_on", "label_read", "photo", "paper", "attested"]

Counted = Annotated[int, Meta(ge=0, le=UNITS_MAX)]


class AboutCheck(Event, frozen=True, kw_only=True):
    """What every event of a check names: itself and who is checked."""

    check: Check
    party: Party

    @property
    def subject(self) -> str:
        return f"check:{self.check}"

    @property
    def about(self) -> tuple[str, ...]:
        return party_tags(self.party)


class CheckRequested(AboutCheck, frozen=True, kw_only=True):
    """A check was asked for; the clock runs from here.

    check         id
    party         who is to be checked
    kind          PLC or PSV
    country       where
    requested_on  date of the request
    license       the license it is for
    shipment      the shipment it is for
    """

    wire: ClassVar[str] = "check.requested.v1"

    kind: CheckKind
    country: Country
    requested_on: date
    license: License | None = None
    shipment: Shipment | None = None

    @property
    def about(self) -> tuple[str, ...]:
        license_ = () if self.license is None else (f"license:{self.license}",)
        shipment = () if self.shipment is None else (f"shipment:{self.shipment}",)
        return (f"country:{self.country}", *license_, *shipment, *party_tags(self.party))

    @property
    def on(self) -> date:
        return self.requested_on


class CheckScheduled(AboutCheck, frozen=True, kw_only=True):
    """A date was set.

    check          id
    party          who is to be checked
    scheduled_on   date on which the visit was arranged
    scheduled_for  date of the visit
    """

    wire: ClassVar[str] = "check.scheduled.v1"

    scheduled_on: date
    scheduled_for: date

    @property
    def on(self) -> date:
        return self.scheduled_on


class CheckPerformed(AboutCheck, frozen=True, kw_only=True):
    """Somebody went and looked.

    check            id
    party            who was checked
    performed_on     date of the visit
    evidence         best grade of evidence obtained
    units_expected   chips that should have been there
    units_counted    chips that were
    findings         what was found, in the checker's words
    evidence_sha256  digest of the report or photographs
    """

    wire: ClassVar[str] = "check.performed.v1"

    performed_on: date
    evidence: EvidenceGrade
    units_expected: Counted | None = None
    units_counted: Counted | None = None
    findings: Text = ""
    evidence_sha256: Sha256 | None = None

    @property
    def on(self) -> date:
        return self.performed_on


class CheckRated(AboutCheck, frozen=True, kw_only=True):
    """The outcome was rated.

    check     id
    party     who was checked
    rated_on  date of the rating
    rating    favorable, unfavorable or unable to complete
    reason    why
    """

    wire: ClassVar[str] = "check.rated.v1"

    rated_on: date
    rating: Rating
    reason: Text = ""

    @property
    def on(self) -> date:
        return self.rated_on


class CheckRerated(AboutCheck, frozen=True, kw_only=True):
    """A final rating was changed, and stays visible beside the new one.

    check       id
    party       who was checked
    rerated_on  date of the new rating
    rating      the new rating
    reason      why it changed
    """

    wire: ClassVar[str] = "check.rerated.v1"

    rerated_on: date
    rating: Rating
    reason: Text

    @property
    def on(self) -> date:
        return self.rerated_on


class CheckRefused(AboutCheck, frozen=True, kw_only=True):
    """A check was refused or prevented.

    check       id
    party       who was to be checked
    refused_on  date of the refusal
    refused_by  who refused: the party, its government
    reason      as given
    """

    wire: ClassVar[str] = "check.refused.v1"

    refused_on: date
    refused_by: Name
    reason: Text = ""

    @property
    def on(self) -> date:
        return self.refused_on


class CheckClosed(AboutCheck, frozen=True, kw_only=True):
    """A check was closed; nothing more is expected of it.

    check      id
    party      who was checked
    closed_on  date
    reason     why it could be closed
    """

    wire: ClassVar[str] = "check.closed.v1"

    closed_on: date
    reason: Text = ""

    @property
    def on(self) -> date:
        return self.closed_on
