"""Applications for a license, and what was decided on them."""

import re
from datetime import timedelta

from benchmarks.detection.cases import Json, Seen
from benchmarks.detection.telling.teller import Teller
from benchmarks.detection.words import countries, members, said, slug
from ledger.catalogue import catalogue


def applied(teller: Teller, event: Seen) -> None:
    """An application; where its chips are counted, one for a license of this ledger."""
    get = event.said
    lines = teller.goods_lines(event)
    applicant = teller.party(members(get, "applicant", "exporter")) or teller.somebody()
    user = teller.party(members(get, "end_user"))
    consignee = teller.party(members(get, "ultimate_consignee", "consignee"))
    to = next(iter(countries(get.get("destination"))), None) or teller.homes.get(
        consignee or user or ""
    )
    key = said(members(get, "licence", "license", "licence_id", "license_id")) or event.id
    license_ = f"{slug(teller.case.id).lower()}-{slug(key).lower()}"
    first = lines[0]
    whole = first.get("model") and first.get("quantity") and first["counted_in"] == "chips"
    # Here is only decided what the catalogue says needs a license; others decide on the rest.
    needed = bool(whole) and catalogue()[first["model"]].eccn is not None
    counted = bool(needed and to and (consignee or user))
    if counted:
        counted = teller.tell(
            event.id,
            {
                "command": "license.apply",
                "license": license_,
                "applied_on": event.on,
                "applicant": applicant,
                "ultimate_consignee": consignee or user,
                "end_users": [user or consignee],
                "destination": to,
                "lines": [{"model": first["model"], "units": first["quantity"]}],
            },
        )
    if not counted:
        teller.tell(
            event.id,
            {
                "command": "license.report-application",
                "license": license_,
                "applicant": applicant,
                "ultimate_consignee": consignee,
                "end_users": [user] if user else [],
                "destination": to,
                "lines": lines,
                "authority": said(get.get("agency"), 200) or "US Department of Commerce",
                "applied_on": event.on,
            },
        )
    teller.licenses[key] = (license_, event.on, counted)


def decided(teller: Teller, event: Seen) -> None:
    """What was decided on the application it names, or on the last one told."""
    get = event.said
    key = said(members(get, "licence", "license", "licence_id", "license_id"))
    if key not in teller.licenses:
        if teller.licenses and not key:
            key = next(reversed(teller.licenses))
        else:
            applied(teller, event)
            key = next(reversed(teller.licenses))
    license_, applied_on, counted = teller.licenses[key]
    outcome = said(members(get, "outcome", "decision")).lower()
    on = max(event.on, applied_on)
    kind = next(
        (
            name
            for name, words in {
                "denied": r"den|refus|reject",
                "returned": r"return|rwa",
                "revoked": r"revok",
                "suspended": r"suspen",
                "approved": r"grant|approv|issued",
            }.items()
            if re.search(words, outcome)
        ),
        "denied" if "den" in event.type else "approved",
    )
    reason = said(members(get, "reason", "note")) or "as the source tells it"
    if kind == "approved":
        teller.granted.add(license_)
    if counted and kind in ("approved", "denied"):
        ends = said(members(get, "expires", "expiry", "valid_until"))
        line: Json = (
            {"command": "license.deny", "license": license_, "decided_on": on, "reason": reason}
            if kind == "denied"
            else {
                "command": "license.approve",
                "license": license_,
                "decided_on": on,
                "expires_on": ends or on + timedelta(days=1_461),
                "justification": reason,
            }
        )
        teller.tell(event.id, line)
        return
    teller.tell(
        event.id,
        {
            "command": "license.report-decision",
            "license": license_,
            "outcome": kind,
            "authority": said(get.get("agency"), 200) or "US Department of Commerce",
            "decided_on": on,
        },
    )
