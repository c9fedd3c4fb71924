"""What an event says, in one line and an officer's words."""

from collections.abc import Callable
from typing import Final

from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    Event,
    FlagReviewed,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseReturned,
    PolicyAdopted,
    PolicyWithdrawn,
)
from projections.wording import authorities, checks, dealings, parties, shipments, sites
from projections.wording._words import chips, why

SUBJECTS: Final[tuple[Callable[[Event], str], ...]] = (
    parties.say, dealings.say, sites.say, shipments.say, checks.say, authorities.say,
)  # fmt: skip
"""Each answers with nothing when an event is not of its subject."""


def say(event: Event) -> str:
    """What an event says, in one line and an officer's words."""
    match event:
        case LicenseApplied() | LicenseApproved() | LicenseDenied() | LicenseReturned():
            return _license(event)
        case (
            AgreementConcluded()
            | AgreementInForce()
            | AgreementAmended()
            | AgreementSuspended()
            | AgreementTerminated()
        ):
            return _agreement(event)
        case PolicyAdopted():
            return f"policy {event.policy} in force from {event.effective_on}{why(event.citation)}"
        case PolicyWithdrawn():
            return f"policy {event.policy} withdrawn from {event.withdrawn_on}: {event.reason}"
        case FlagReviewed():
            until = f" until {event.until_on}" if event.until_on else ""
            note = why(event.note)
            return f"flag {event.flag} ({event.rule}) {event.outcome}{until}: {event.reason}{note}"
        case LedgerOpened():
            people = ", ".join(each.actor for each in event.administrators)
            return f"ledger {event.origin} opened by {people}"
        case KeyEnrolled() | KeyCountersigned() | KeyRotated() | KeyRevoked() | KeyReaffirmed():
            return _key(event)
        case _:
            return next(filter(None, (say(event) for say in SUBJECTS)), event.wire)


def _license(
    event: LicenseApplied | LicenseApproved | LicenseDenied | LicenseReturned,
) -> str:
    match event:
        case LicenseApplied():
            return (
                f"{event.applicant} applied to {event.act} {chips(event.lines)} to"
                f" {event.ultimate_consignee} in {event.destination}"
            )
        case LicenseApproved():
            conditions = f", {len(event.conditions)} conditions" if event.conditions else ""
            agreement = f", under agreement {event.agreement}" if event.agreement else ""
            return (
                f"license {event.license} approved for {chips(event.lines)} to"
                f" {event.ultimate_consignee} in {event.destination}, until {event.expires_on}"
                f"{conditions}{agreement}"
            )
        case LicenseDenied():
            return f"application {event.license} denied: {event.reason}"
        case LicenseReturned():
            reason = event.reason.replace("_", " ")
            return f"application {event.license} returned without action: {reason}{why(event.note)}"


def _agreement(
    event: AgreementConcluded
    | AgreementInForce
    | AgreementAmended
    | AgreementSuspended
    | AgreementTerminated,
) -> str:
    name = f"agreement {event.agreement} with {event.country}"
    match event:
        case AgreementConcluded():
            return f"{name} concluded, uplift {event.uplift_tpp:,} TPP: {event.title}"
        case AgreementInForce():
            return f"{name} in force from {event.in_force_on}{why(event.citation)}"
        case AgreementAmended():
            return f"{name}: uplift {event.uplift_tpp:,} TPP from {event.effective_on}" + why(
                event.reason
            )
        case AgreementSuspended():
            return f"{name} suspended from {event.suspended_on}: {event.reason}"
        case AgreementTerminated():
            return f"{name} terminated from {event.terminated_on}: {event.reason}"


def _key(
    event: KeyEnrolled | KeyCountersigned | KeyRotated | KeyRevoked | KeyReaffirmed,
) -> str:
    match event:
        case KeyEnrolled():
            roles = ", ".join(event.enrolled.roles)
            return f"key {event.enrolled.key} of {event.enrolled.actor} proposed as {roles}"
        case KeyCountersigned():
            return f"key {event.key} countersigned"
        case KeyRotated():
            return f"key {event.key} replaced by {event.successor.key} of {event.successor.actor}"
        case KeyRevoked():
            since = f"; suspect from entry {event.suspect_from:,}" if event.suspect_from else ""
            return f"key {event.key} revoked: {event.reason}{since}"
        case KeyReaffirmed():
            return f"{len(event.entries):,} entries signed with key {event.key} stand: {event.note}"
