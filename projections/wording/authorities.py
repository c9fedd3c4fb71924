"""Words for what authorities say: controls, letters, listed addresses, decisions elsewhere."""

from ledger.events import (
    AddressDelisted,
    AddressListed,
    ControlPublished,
    Event,
    LicenseApplicationReported,
    LicenseDecisionReported,
    LicenseResubmitted,
    PartyInformed,
)
from projections.wording._words import goods, where, why


def say(event: Event) -> str:
    """An event by which an authority spoke."""
    match event:
        case ControlPublished():
            announced = where("and announced on", event.announced_on)
            return (
                f"control {event.control} in effect from {event.effective_on}{announced}:"
                f" {event.title}{why(event.citation)}"
            )
        case PartyInformed():
            about = where("for", event.concerning)
            places = where("to", ", ".join(event.countries))
            return (
                f"{event.party} informed on {event.informed_on} that it needs a license"
                f"{about}{places}{why(event.items)}"
            )
        case AddressListed():
            return (
                f"{event.text}, {event.country} put on {event.list} on {event.listed_on}"
                f"{why(event.citation)}"
            )
        case AddressDelisted():
            return (
                f"address {event.address} taken off {event.list} on {event.delisted_on}"
                f"{why(event.citation)}"
            )
        case LicenseApplicationReported():
            user = where("for", ", ".join(event.end_users))
            to = where("to", event.destination)
            return (
                f"{event.applicant} reported to have applied to {event.authority} to {event.act}"
                f" {goods(event.lines)}{to}{user}"
            )
        case LicenseDecisionReported():
            return (
                f"application {event.license} reported {event.outcome} by {event.authority} on"
                f" {event.decided_on}{why(event.note)}"
            )
        case LicenseResubmitted():
            return f"application {event.license} takes up {event.of}{why(event.note)}"
        case _:
            return ""
