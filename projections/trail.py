"""Everything said about one thing: who signed it, when, as which entry, in one line each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.entry import Entry
from ledger.errors import Malformed, Unknown
from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    CheckClosed,
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
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
    Movement,
    PartyCapacityDeclared,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyPaymentReceived,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PartySerialsSighted,
    PartyTenantDeclared,
    PolicyAdopted,
    PolicyWithdrawn,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.licenses import LicenseLine
from ledger.events.shipments import CommodityLine
from ledger.terms import COUNTRIES

NOUNS: Final = (
    "license", "shipment", "party", "agreement", "check", "policy", "flag", "key", "actor",
    "country",
)  # fmt: skip
"""What a subject can be, in the order a bare id is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRow:
    """One entry about a subject.

    at  instant it was signed, UTC; `on` is the date it is about
    """

    entry: int
    at: str
    by: str
    role: str
    key: str
    on: date
    type: str
    subject: str
    said: str


def rows(entries: Iterable[Entry]) -> list[TrailRow]:
    """The entries of one subject, in order."""
    return [
        TrailRow(
            entry=entry.number,
            at=entry.at,
            by=entry.by,
            role=entry.role,
            key=entry.kid,
            on=entry.event.on,
            type=entry.event.wire,
            subject=entry.event.subject,
            said=say(entry.event),
        )
        for entry in entries
    ]


def subject_of(text: str, entries_of: Callable[[str], list[Entry]]) -> tuple[str, list[Entry]]:
    """The subject somebody typed, and its entries; for a bare id, whichever subject exists.

    entries_of  the entries that carry a tag

    Raises `Unknown` (SUBJECT_UNKNOWN) when there is none, `Malformed` (SUBJECT_AMBIGUOUS) when
    an id names several things.
    """
    noun, colon, name = text.partition(":")
    if text == "ledger" or (colon and noun in NOUNS):
        tag = f"{noun}:{name.upper()}" if noun == "country" else text
        found = {tag: entries_of(tag)}
    else:
        tags = [f"{each}:{text}" for each in NOUNS if each != "country"]
        if text.upper() in COUNTRIES:
            tags.append(f"country:{text.upper()}")
        found = {tag: entries_of(tag) for tag in tags}
    known = {tag: entries for tag, entries in found.items() if entries}
    if not known:
        raise Unknown(
            f"no entry speaks of {text}",
            remedy="name it with its kind: "
            + ", ".join(f"{each}:ID" for each in NOUNS[:5])
            + ", …",
            code="SUBJECT_UNKNOWN",
        )
    if len(known) > 1:
        raise Malformed(
            f"{text} names {len(known)} things: {', '.join(known)}",
            remedy=f"chip-ledger trail {next(iter(known))}",
            code="SUBJECT_AMBIGUOUS",
        )
    return next(iter(known.items()))


def say(event: Event) -> str:
    """What an event says, in one line and an officer's words."""
    match event:
        case LicenseApplied() | LicenseApproved() | LicenseDenied() | LicenseReturned():
            return _license(event)
        case Movement():
            return _movement(event)
        case ShipmentLegCompleted() | ShipmentDelivered() | ShipmentVoided():
            return _journey(event)
        case (
            AgreementConcluded()
            | AgreementInForce()
            | AgreementAmended()
            | AgreementSuspended()
            | AgreementTerminated()
        ):
            return _agreement(event)
        case PolicyAdopted():
            return f"policy {event.policy} in force from {event.effective_on}{_why(event.citation)}"
        case PolicyWithdrawn():
            return f"policy {event.policy} withdrawn from {event.withdrawn_on}: {event.reason}"
        case FlagReviewed():
            until = f" until {event.until_on}" if event.until_on else ""
            note = _why(event.note)
            return f"flag {event.flag} ({event.rule}) {event.outcome}{until}: {event.reason}{note}"
        case LedgerOpened():
            people = ", ".join(each.actor for each in event.administrators)
            return f"ledger {event.origin} opened by {people}"
        case KeyEnrolled() | KeyCountersigned() | KeyRotated() | KeyRevoked() | KeyReaffirmed():
            return _key(event)
        case _:
            return _party(event) or _check(event) or event.wire


def _license(
    event: LicenseApplied | LicenseApproved | LicenseDenied | LicenseReturned,
) -> str:
    match event:
        case LicenseApplied():
            return (
                f"{event.applicant} applied to {event.act} {_chips(event.lines)} to"
                f" {event.ultimate_consignee} in {event.destination}"
            )
        case LicenseApproved():
            conditions = f", {len(event.conditions)} conditions" if event.conditions else ""
            agreement = f", under agreement {event.agreement}" if event.agreement else ""
            return (
                f"license {event.license} approved for {_chips(event.lines)} to"
                f" {event.ultimate_consignee} in {event.destination}, until {event.expires_on}"
                f"{conditions}{agreement}"
            )
        case LicenseDenied():
            return f"application {event.license} denied: {event.reason}"
        case LicenseReturned():
            reason = event.reason.replace("_", " ")
            return (
                f"application {event.license} returned without action: {reason}{_why(event.note)}"
            )


def _movement(event: Movement) -> str:
    match event:
        case ShipmentExported(exporter=sender, route=route):
            deed, way = "exported", " → ".join(route)
        case ShipmentReexported(reexporter=sender, route=route):
            deed, way = "reexported", " → ".join(route)
        case ShipmentTransferred(transferor=sender, country=country):
            deed, way = "transferred", f"within {country}"
        case _:
            sender, deed, way = None, "moved", event.destination
    by = f" by {sender}" if sender else ""
    authority = {
        "license": f"license {event.license}",
        "NLR": "no license required (NLR)",
        "none": "no authority",
        "unknown": "authority not stated",
    }.get(event.authority, f"exception {event.authority}")
    user = (
        f" for {event.end_user}" if event.end_user not in (None, event.ultimate_consignee) else ""
    )
    return (
        f"shipment {event.shipment} {deed}{by} on {event.on}: {_chips(event.lines)} to"
        f" {event.ultimate_consignee}{user}, {way}; {authority}"
    )


def _journey(event: ShipmentLegCompleted | ShipmentDelivered | ShipmentVoided) -> str:
    match event:
        case ShipmentLegCompleted():
            holder = f", held by {event.holder}" if event.holder else ""
            return (
                f"shipment {event.shipment} arrived in {event.arrived_in} from {event.origin} on"
                f" {event.arrived_on} (leg {event.leg}){holder}"
            )
        case ShipmentDelivered():
            counted = f", {event.units:,} chips counted" if event.units else ""
            return (
                f"shipment {event.shipment} delivered to {event.received_by} in {event.country} on"
                f" {event.delivered_on}{counted}"
            )
        case ShipmentVoided():
            return f"shipment {event.shipment}, entry {event.entry:,}, voided: {event.reason}"


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
            return f"{name} in force from {event.in_force_on}{_why(event.citation)}"
        case AgreementAmended():
            return f"{name}: uplift {event.uplift_tpp:,} TPP from {event.effective_on}" + _why(
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


def _party(event: Event) -> str:
    match event:
        case PartyRegistered():
            parent = f", owned by {event.ultimate_parent}" if event.ultimate_parent else ""
            above = f" of {event.parent_headquarters}" if event.parent_headquarters else ""
            return (
                f"{event.party} registered: {event.name} in {event.country}, headquartered in"
                f" {event.headquarters}{parent}{above}"
            )
        case PartyRenamed():
            return f"{event.party} renamed {event.name} on {event.renamed_on}"
        case PartyRelocated():
            return f"{event.party} headquartered in {event.headquarters} from {event.relocated_on}"
        case PartyOwnershipChanged():
            percent = f"{event.share // 100}.{event.share % 100:02}"
            return f"{event.owner} owns {percent} % of {event.party} from {event.changed_on}"
        case PartyListed():
            return f"{event.party} put on {event.list} on {event.listed_on}{_why(event.citation)}"
        case PartyDelisted():
            return (
                f"{event.party} taken off {event.list} on {event.delisted_on}{_why(event.citation)}"
            )
        case PartyCapacityDeclared():
            return f"{event.party} declared {event.it_kilowatts:,} kW for computing at {event.site}"
        case PartyTenantDeclared():
            servers = f" on {event.servers:,} servers" if event.servers else ""
            return f"{event.party} declared {event.tenant} as tenant{servers}"
        case PartyPaymentReceived():
            payer = event.payer or "an unnamed payer"
            dollars = f"${event.amount_cents // 100:,}.{event.amount_cents % 100:02}"
            purpose = f" for shipment {event.shipment}" if event.shipment else ""
            return f"{payer} in {event.payer_country} paid {event.party} {dollars}{purpose}"
        case PartySerialsSighted():
            method = event.method.replace("_", " ")
            site = f" at {event.site}" if event.site else ""
            return (
                f"{len(event.serials):,} serial numbers seen at {event.party} in"
                f" {event.country}{site} ({method})"
            )
        case _:
            return ""


def _check(event: Event) -> str:
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
                f" ({evidence}){counted}{_why(event.findings)}"
            )
        case CheckRated():
            return f"check {event.check} rated {_rating(event.rating)}{_why(event.reason)}"
        case CheckRerated():
            return f"check {event.check} rated anew, {_rating(event.rating)}: {event.reason}"
        case CheckRefused():
            return (
                f"check {event.check} of {event.party} refused by {event.refused_by} on"
                f" {event.refused_on}{_why(event.reason)}"
            )
        case CheckClosed():
            return f"check {event.check} closed on {event.closed_on}{_why(event.reason)}"
        case _:
            return ""


def _chips(lines: tuple[LicenseLine, ...] | tuple[CommodityLine, ...]) -> str:
    named = ", ".join(f"{line.units:,} {line.model}" for line in lines)
    return f"{named} ({sum(line.tpp for line in lines):,} TPP)"


def _rating(rating: str) -> str:
    return rating.replace("_", " ")


def _why(text: str) -> str:
    return f": {text}" if text else ""
