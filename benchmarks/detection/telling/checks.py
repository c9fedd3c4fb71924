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
    party = checked(teller, event) or teller.name(event)
    if party not in teller.checks or open_check(teller, event, party)[0] in teller.shut_out:
        request(teller, event)
    check, asked = open_check(teller, event, party)
    teller.shut_out.add(check)
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
    rating = _rating(outcome)
    wanted, counted = _numbers(teller, event, check, well=rating == "favorable")
    method = _method(f"{outcome} {said(get.get('method'))}".lower())
    teller.tell(
        event.id,
        {
            **about,
            "command": "check.perform",
            "performed_on": on,
            "evidence": method,
            "units_expected": wanted,
            "units_counted": counted,
            "findings": outcome.replace("_", " "),
        },
    )
    dummies = re.search(r"dumm|fake|clone|counterfeit", outcome) is not None
    readings = _readings(teller, event, method, dummies=dummies)
    if readings:
        teller.tell(
            event.id,
            {
                **about,
                "command": "check.read",
                "method": "powered_on" if dummies else method,
                "read_on": on,
                "country": next(iter(countries(get.get("country"))), None)
                or teller.homes.get(party, "US"),
                "readings": readings,
            },
        )
    # It stays open for the next result, until it went well: what was missing may be found yet.
    teller.checks[party] = (check, asked)
    if rating is None:
        return
    rated: Json = {"command": "check.rate", "rated_on": on, "rating": rating}
    if check in teller.rated:
        rated = {"command": "check.rerate", "rerated_on": on, "rating": rating, "reason": outcome}
    teller.tell(event.id, {**about, **rated})
    teller.rated.add(check)
    if rating == "favorable":
        teller.checks.pop(party, None)


def _numbers(
    teller: Teller, event: Seen, check: str, *, well: bool
) -> tuple[int | None, int | None]:
    """Chips expected at a check, and counted there, with what its earlier visits found.

    What is counted later adds to what was, as long as it is no more than was expected: it stood
    in another place. Where a check that was short goes well in the end, all of it was found.
    """
    wanted, before = teller.numbers.get(check, (None, 0))
    wanted = amount(members(event.said, "expected", "units_expected")) or wanted
    counted = amount(members(event.said, "counted", "found", "units_counted"))
    if wanted and before and counted is None and well:
        counted = wanted
        teller.note(f"{event.id}: it went well, so all that was expected was counted")
    elif wanted and before and counted is not None and before + counted <= wanted:
        counted += before
        teller.note(f"{event.id}: what it counted is beside what was counted before")
    teller.numbers[check] = (wanted, counted or before)
    return wanted, counted


def _method(text: str) -> str:
    """How chips were looked at; their labels were read where nobody says."""
    words = {"attested": r"attest", "powered_on": r"power", "photo": r"photo|video", "paper":
             r"paper|document|record"}  # fmt: skip
    return next((name for name, word in words.items() if re.search(word, text)), "label_read")


def _readings(teller: Teller, event: Seen, method: str, *, dummies: bool) -> list[Json]:
    """Chips read one by one; what is switched on gives a number of its own.

    Labels can be moved to dummies, which then answer with other numbers.
    """
    name, labels = teller.name(event), teller.serials(event)
    if dummies:
        labels = labels or [f"{name}-box{number}" for number in range(1, DUMMIES + 1)]
        return [
            {"label": label, "attested": f"{name}-dummy{number}"}
            for number, label in enumerate(labels, start=1)
        ]
    answered = method in ("attested", "powered_on")
    return [{"label": label, **({"attested": label} if answered else {})} for label in labels]


def _rating(outcome: str) -> str | None:
    """How a check went; None where its outcome does not say."""
    if re.search(r"unable|inconclusive|could not", outcome):
        return "unable_to_complete"
    if re.search(
        r"unfav|fail|missing|discrep|mismatch|shortfall|never|un(verif|confirm)|not.(verif|confirm)"
        r"|den(y|ies)|disclaim",
        outcome,
    ):
        return "unfavorable"
    return "favorable" if re.search(r"pass|verif|favou?r|ok\b|clear|confirm", outcome) else None
