"""Words for end-use checks."""

from ledger.events import (
    CheckClosed,
    CheckPartyNotFound,
    CheckPerformed,
    CheckPostponed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
    CheckSerialsRead,
    Event,
)
from projections.wording._words import plain, where, why


def say(event: Event) -> str:
    """An event about an end-use check."""
    match event:
        case CheckRequested():
            subject = f" for license {event.license}" if event.license else ""
            subject += f" for shipment {event.shipment}" if event.shipment else ""
            return (
                f"{event.kind} {event.check} of {event.party} in {event.country} requested on"
                f" {event.requested_on}{subject}"
            )
        case CheckScheduled():
            return f"check {event.check} set for {event.scheduled_for}"
        case CheckPerformed():
            counted = ""
            if event.units_counted is not None:
                counted = f", {event.units_counted:,} chips counted"
            if event.units_expected is not None:
                counted += f" of {event.units_expected:,} expected"
            evidence = event.evidence.replace("_", " ")
            return (
                f"check {event.check} of {event.party} performed on {event.performed_on}"
                f" ({evidence}){counted}{why(event.findings)}"
            )
        case CheckRated():
            return f"check {event.check} rated {plain(event.rating)}{why(event.reason)}"
        case CheckRerated():
            return f"check {event.check} rated anew, {plain(event.rating)}: {event.reason}"
        case CheckRefused():
            return (
                f"check {event.check} of {event.party} refused by {event.refused_by} on"
                f" {event.refused_on}{why(event.reason)}"
            )
        case CheckClosed():
            return f"check {event.check} closed on {event.closed_on}{why(event.reason)}"
        case CheckPartyNotFound():
            there = f"; {event.found} was" if event.found else ""
            return (
                f"check {event.check}: {event.party} was not found{where('at', event.address)} on"
                f" {event.not_found_on}{there}"
            )
        case CheckPostponed():
            by = plain(event.postponed_by)
            return (
                f"check {event.check} put off until {event.postponed_until} by the {by}"
                f"{why(event.reason)}"
            )
        case CheckSerialsRead():
            read = (
                f"check {event.check}: {len(event.readings):,} chips of {event.party} read in"
                f" {event.country} ({plain(event.method)})"
            )
            silent = sum(reading.attested is None for reading in event.readings)
            if silent == len(event.readings):
                return f"{read}, none of which gave a number of its own"
            other = sum(reading.attested not in (None, reading.label) for reading in event.readings)
            return f"{read}: {other:,} answered otherwise than their label, {silent:,} not at all"
        case _:
            return ""
