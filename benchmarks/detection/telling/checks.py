"""End-use checks: requested, overdue, refused, and what was found."""

import re
from datetime import date, timedelta
from typing import Final

from benchmarks.detection.cases import Json, Seen
from benchmarks.detection.telling.teller import Teller
from benchmarks.detection.words import amount, countries, members, said

DUMMIES: Final = 5
"""Boxes read at a check whose labels were of other machines."""


def checked(teller: Teller, event: Seen) -> str | None:
    """The party that is checked."""
    return teller.party(members(event.said, "party", "end_user", "consignee")) or teller.somebody()


def request(teller: Teller, event: Seen, *, on: date | None = None) -> str:
    """Ask for a check, and remember it as the open one of its party."""
    party = checked(teller, event) or teller.name(event)
    asked = on or event.on
    check = f"{teller.name(event)}-check"
    teller.checks[party] = (check, asked)
    teller.named_checks[said(members(event.said, "check", "check_id"))] = (check, asked)
    teller.tell(
        event.id,
        {
            "command": "check.request",
            "check": check,
            "party": party,
            "kind": "PSV",
            "country": next(iter(countries(event.said.get("country"))), None)
            or teller.homes.get(party, "US"),
            "requested_on": asked,
        },
    )
    return check


def open_check(teller: Teller, event: Seen, party: str) -> tuple[str, date]:
    """The check an event is about, and the day it was requested: the one it names, else the
    last one of its party; one of its own where nobody requested any.
    """
    name = said(members(event.said, "check", "check_id"))
    known = teller.named_checks.get(name) if name else None
    return known or teller.checks.get(party) or (f"{teller.name(event)}-check", event.on)


def requested(teller: Teller, event: Seen) -> None:
    """Somebody asks for a check."""
    request(teller, event)


def overdue(teller: Teller, event: Seen) -> None:
    """Nobody records that nothing happened: the request does, so many days before."""
    if checked(teller, event) not in teller.checks:
        days = amount(event.said.get("days")) or 60
        request(teller, event, on=event.on - timedelta(days=days))


def refused(teller: Teller, event: Seen) -> None:
    """Nobody was let in."""
    party = checked(teller, event)
    if party not in teller.checks:
        request(teller, event)
    check, asked = open_check(teller, event, party or "")
    teller.tell(
        event.id,
        {
            "command": "check.refuse",
            "check": check,
            "party": party,
            "refused_on": max(event.on, asked),
            "refused_by": said(members(event.said, "refused_by", "by"), 200) or "the party",
            "reason": said(members(event.said, "reason", "note", "what")),
        },
    )


def result(teller: Teller, event: Seen) -> None:
    """What a check found; who was let in is rated where the outcome says how it went."""
    get = event.said
    outcome = said(members(get, "outcome", "result", "rating")).lower()
    party = checked(teller, event) or teller.name(event)
    if re.search(r"refus|prevent|denied|blocked", outcome):
        refused(teller, event)
        return
    check, asked = open_check(teller, event, party)
    on = max(event.on, asked)
    about: Json = {"check": check, "party": party}
    if re.search(r"not.?found|no such|non.?exist|vacant|unknown at", outcome):
        teller.tell(
            event.id,
            {
                **about,
                "command": "check.not-found",
                "not_found_on": on,
                "found": said(get.get("note")),
            },
        )
        return
    counted = amount(members(get, "counted", "found", "units_counted"))
    dummies = re.search(r"dumm|fake|clone|counterfeit", outcome)
    powered = re.search(r"attest|powered", f"{outcome} {get.get('method')}")
    teller.tell(
        event.id,
        {
            **about,
            "command": "check.perform",
            "performed_on": on,
            "evidence": "powered_on" if powered else "label_read",
            "units_expected": amount(members(get, "expected", "units_expected")),
            "units_counted": counted,
            "findings": outcome.replace("_", " "),
        },
    )
    if dummies:
        # Labels can be moved to dummies; what is switched on gives a number of its own.
        teller.tell(
            event.id,
            {
                **about,
                "command": "check.read",
                "method": "powered_on",
                "read_on": on,
                "country": teller.homes.get(party, "US"),
                "readings": [
                    {
                        "label": f"{teller.name(event)}-box{number}",
                        "attested": f"{teller.name(event)}-dummy{number}",
                    }
                    for number in range(1, DUMMIES + 1)
                ],
            },
        )
    rating = None
    if re.search(r"pass|verif|favou?rable|ok\b|cleared|confirmed", outcome):
        rating = "favorable"
    if re.search(r"unfav|fail|missing|discrep|mismatch|shortfall", outcome):
        rating = "unfavorable"
    if re.search(r"unable|inconclusive|could not", outcome):
        rating = "unable_to_complete"
    if rating:
        teller.tell(event.id, {**about, "command": "check.rate", "rated_on": on, "rating": rating})
        teller.checks.pop(party, None)
