"""The register of licenses: what was asked, what was decided, what is left on each line.

Exhausted and expired are computed for a date and never recorded: nobody signs them. Shipments may
be reported before their license is approved, and count on it all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from ledger.entry import Entry
from ledger.events import (
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseReturned,
    Movement,
    ShipmentExported,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.licenses import LicenseLine
from ledger.fold import States, dated, taken_back

Status = Literal["unknown", "applied", "approved", "denied", "returned", "exhausted", "expired"]
"""unknown: shipments name it, and no entry says what it is."""


class License(msgspec.Struct):
    """What the entries say of one license.

    shipped  chips by model; voided shipments left out
    entries  every entry about it, and every shipment under it
    """

    applied: LicenseApplied | None = None
    approved: LicenseApproved | None = None
    denied: LicenseDenied | None = None
    returned: LicenseReturned | None = None
    shipped: dict[str, int] = {}
    entries: list[int] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseRow:
    """One line of a license, or of an application that is not approved; or what has no line yet.

    asked_units    chips the application asked for; 0 where it is not on record
    shipped_units  chips shipped of that model, beyond the license too
    left_units     what may still be shipped, never below zero; 0 unless it is approved
    """

    license: str
    license_number: str | None
    status: Status
    destination: str | None
    ultimate_consignee: str | None
    end_users: tuple[str, ...]
    applied_on: date | None
    decided_on: date | None
    expires_on: date | None
    model: str | None
    eccn: str | None
    asked_units: int
    licensed_units: int
    shipped_units: int
    left_units: int
    licensed_tpp: int
    left_tpp: int
    value_cents: int | None
    conditions: tuple[str, ...]
    agreement: str | None
    reason: str
    entries: tuple[int, ...]


class LicensesFold:
    """Licenses under `L/<license>`; `V/<entry>` is a voided shipment's entry; the newest date of
    all under `latest`.
    """

    name = "licenses"
    version = 3
    reads = frozenset(
        event.wire
        for event in (
            LicenseApplied, LicenseApproved, LicenseDenied, LicenseReturned, ShipmentExported,
            ShipmentReexported, ShipmentTransferred, ShipmentVoided,
        )
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the register."""
        dated(states, entry.event)
        match entry.event:
            case LicenseApplied() as event:
                _change(states, event.license, entry.number, applied=event)
            case LicenseApproved() as event:
                _change(states, event.license, entry.number, approved=event)
            case LicenseDenied() as event:
                _change(states, event.license, entry.number, denied=event, approved=None)
            case LicenseReturned() as event:
                _change(states, event.license, entry.number, returned=event, approved=None)
            case Movement(license=license_) as movement if license_ is not None:
                _ship(states, movement, entry.number, 1)
            case ShipmentVoided() as void if not states.number(f"V/{void.entry}"):
                voided = taken_back(entry.number, void, states.recall)
                if voided is not None:
                    states.put(f"V/{void.entry}", 1)
                    _ship(states, voided, entry.number, -1)
            case _:
                return


def rows(states: States, on: date, license_: str | None = None) -> Iterator[LicenseRow]:
    """Every line of every license, or of one, as of a date."""
    if license_ is not None:
        found = states.get(f"L/{license_}", License)
        if found is not None:
            yield from _lines(license_, found, on)
        return
    for key, kept in states.scan("L/", License):
        yield from _lines(key.partition("/")[2], kept, on)


def status(license_: License, on: date) -> Status:
    """What a license is on a date; the newest decision counts."""
    approved = license_.approved
    if approved is not None and (approved.decided_on <= on or license_.applied is None):
        if on > approved.expires_on:
            return "expired"
        left = (line.units > license_.shipped.get(line.model, 0) for line in approved.lines)
        return "approved" if any(left) else "exhausted"
    if approved is None:
        if license_.denied is not None and license_.denied.decided_on <= on:
            return "denied"
        if license_.returned is not None and license_.returned.returned_on <= on:
            return "returned"
    return "unknown" if license_.applied is None else "applied"


def _lines(name: str, kept: License, on: date) -> Iterator[LicenseRow]:
    now = status(kept, on)
    in_hand = now in ("approved", "exhausted", "expired")
    body = kept.approved if in_hand else kept.applied
    approved = kept.approved if in_hand else None
    lines = body.lines if body is not None else ()
    applied = kept.applied.lines if kept.applied is not None else ()
    asked: dict[str, int] = {line.model: line.units for line in applied}
    reason = ""
    if now == "denied" and kept.denied is not None:
        reason = kept.denied.reason
    if now == "returned" and kept.returned is not None:
        reason = kept.returned.reason
    decided = {
        "denied": kept.denied.decided_on if kept.denied else None,
        "returned": kept.returned.returned_on if kept.returned else None,
    }.get(now, approved.decided_on if approved else None)
    # Models that were shipped and stand on no line are shown too: nothing of them is licensed.
    stray = [model for model in sorted(kept.shipped) if model not in {line.model for line in lines}]
    shown: list[tuple[str | None, LicenseLine | None]] = [(line.model, line) for line in lines]
    shown += [(model, None) for model in stray]
    for model, line in shown or [(None, None)]:
        shipped = kept.shipped.get(model or "", 0)
        units = line.units if line is not None and approved is not None else 0
        left = max(0, units - shipped) if now == "approved" else 0
        each_tpp = line.tpp_per_unit if line is not None else 0
        yield LicenseRow(
            license=name,
            license_number=approved.license_number if approved else None,
            status=now,
            destination=body.destination if body else None,
            ultimate_consignee=body.ultimate_consignee if body else None,
            end_users=body.end_users if body else (),
            applied_on=kept.applied.applied_on if kept.applied else None,
            decided_on=decided,
            expires_on=approved.expires_on if approved else None,
            model=model,
            eccn=line.eccn if line is not None else None,
            asked_units=asked.get(model or "", 0),
            licensed_units=units,
            shipped_units=shipped,
            left_units=left,
            licensed_tpp=units * each_tpp,
            left_tpp=left * each_tpp,
            value_cents=line.value_cents if line is not None else None,
            conditions=tuple(
                f"{each.condition} ({each.owner}): {each.text}"
                for each in (approved.conditions if approved else ())
            ),
            agreement=approved.agreement if approved else None,
            reason=reason,
            entries=tuple(kept.entries),
        )


def _change(states: States, name: str, number: int, **changes: object) -> None:
    kept = states.get(f"L/{name}", License) or License()
    kept = msgspec.structs.replace(kept, entries=[*kept.entries, number], **changes)
    states.put(f"L/{name}", kept)


def _ship(states: States, movement: Movement, number: int, sign: int) -> None:
    if movement.license is None:
        return
    kept = states.get(f"L/{movement.license}", License) or License()
    for line in movement.lines:
        units = kept.shipped.get(line.model, 0) + sign * line.units
        if units:
            kept.shipped[line.model] = units
        else:
            kept.shipped.pop(line.model, None)
    kept.entries.append(number)
    states.put(f"L/{movement.license}", kept)
