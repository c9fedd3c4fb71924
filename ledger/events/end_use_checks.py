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
    SerialId,
    Sha256,
    Shipment,
    Site,
    Text,
    Wire,
    party_tags,
    tag,
)
from ledger.terms import UNITS_MAX, Country

CheckKind = Literal["PLC", "PSV"]
"""Pre-license check; post-shipment verification."""

Rating = Literal["favorable", "unfavorable", "unable_to_complete"]

EvidenceGrade = Literal["powered_on", "label_read", "photo", "paper", "attested"]

Delay = Literal["authority", "party", "host_government"]
"""Who asked for the delay: the clock stands still for an authority's own."""

Counted = Annotated[int, Meta(ge=0, le=UNITS_MAX)]


class Reading(Wire, frozen=True, kw_only=True):
    """One chip as it was read at a check.

    label     serial number on its label
    attested  serial number it gave itself when powered on; absent where it gave none
    """

    label: SerialId
    attested: SerialId | None = None


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


class CheckPartyNotFound(AboutCheck, frozen=True, kw_only=True):
    """Nobody of that name was where the party said it is.

    check         id
    party         who was to be checked
    address       where the checker went
    found         who or what was there instead
    not_found_on  date of the visit
    """

    wire: ClassVar[str] = "check.party_not_found.v1"

    address: Text = ""
    found: Text = ""
    not_found_on: date

    @property
    def on(self) -> date:
        return self.not_found_on


class CheckPostponed(AboutCheck, frozen=True, kw_only=True):
    """A check was put off.

    check            id
    party            who is to be checked
    postponed_on     date it was put off
    postponed_until  date it is taken up again
    postponed_by     who asked for it
    reason           why
    """

    wire: ClassVar[str] = "check.postponed.v1"

    postponed_on: date
    postponed_until: date
    postponed_by: Delay
    reason: Text = ""

    def __post_init__(self) -> None:
        if self.postponed_until < self.postponed_on:
            raise ValueError(
                f"a check put off on {self.postponed_on} is not taken up on {self.postponed_until}"
            )

    @property
    def on(self) -> date:
        return self.postponed_on


class CheckSerialsRead(AboutCheck, frozen=True, kw_only=True):
    """Chips were read one by one at a check: what the label says, and what the chip answers.

    check     id
    party     who was checked
    readings  chips read
    method    how; a label alone can be moved to another box
    site      where
    country   where
    read_on   date of the visit
    """

    wire: ClassVar[str] = "check.serials_read.v1"

    readings: Annotated[tuple[Reading, ...], Meta(min_length=1, max_length=500)]
    method: EvidenceGrade
    site: Site | None = None
    country: Country
    read_on: date

    @property
    def about(self) -> tuple[str, ...]:
        numbers = (
            number
            for reading in self.readings
            for number in (reading.label, reading.attested)
            if number is not None
        )
        return (
            f"country:{self.country}",
            *tag("site", self.site),
            *(f"serial:{number}" for number in numbers),
            *party_tags(self.party),
        )

    @property
    def on(self) -> date:
        return self.read_on
