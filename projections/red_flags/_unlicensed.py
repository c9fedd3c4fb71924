"""Whether what was declared in words needed a license it did not have.

Words show no exact model and no amount, so nothing is compared with a line of a license. What a
shipment of chips is held against stands in `without_authority`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, get_args

import msgspec

from ledger.entry import Entry
from ledger.events import LicenseApplicationReported, LicenseApproved, LicenseDecisionReported
from ledger.fold import States
from ledger.policy import Act
from projections.red_flags import _flows
from projections.red_flags._goods import UNCOVERED, Dealing, each_once, eccns, words_of
from projections.red_flags._red_flag import Severity
from projections.reference import Day, Reference

SUPPOSED: Final = ("US", "CN")
"""Stand in for a headquarters nobody recorded, once in tier 1 and once in D:5: an exception that
either would open cannot be judged."""

ENTITY_LIST: Final = "entity_list"
"""The list on which every item subject to the EAR needs a license (15 CFR 744.11, 744.16)."""


class Letter(msgspec.Struct, frozen=True, array_like=True):
    """An is-informed letter about a party, and who got it."""

    entry: int
    on: date
    exporter: str


class Reported(msgspec.Struct, frozen=True):
    """A license of which the ledger knows only what was reported of it; 0 is no entry.

    named, destination  of the application; empty where it does not say
    outcome             the newest decision; empty before there is one
    """

    applied_at: int = 0
    named: tuple[str, ...] = ()
    destination: str | None = None
    decided_at: int = 0
    outcome: str = ""
    decided_on: date | None = None


def report(states: States, rule: str, entry: Entry) -> str | None:
    """Keep what an entry reports of a license decided elsewhere; the license, if it does."""
    match entry.event:
        case LicenseApplicationReported(license=license_) as applied:
            named = (applied.ultimate_consignee, *applied.end_users)
            changes: dict[str, object] = {
                "applied_at": entry.number,
                "named": tuple(each for each in named if each is not None),
                "destination": applied.destination,
            }
        case LicenseDecisionReported(license=license_) as decided:
            changes = {
                "decided_at": entry.number, "outcome": decided.outcome,
                "decided_on": decided.decided_on,
            }  # fmt: skip
        case _:
            return None
    key = f"{rule}/L/{license_}"
    known = states.get(key, Reported) or Reported()
    states.put(key, msgspec.structs.replace(known, **changes))
    return license_


@dataclass(frozen=True, slots=True)
class Lack:
    """What a declaration lacks, and the entries that show it.

    weight  of a weak sign
    """

    severity: Severity
    because: str
    source: str
    cited: tuple[int, ...] = ()
    weight: int | None = None


def letters(states: States, rule: str, party: str) -> list[Letter]:
    """Every letter about a party so far."""
    return states.get(f"{rule}/I/{party}", list[Letter]) or []


def lack(states: States, rule: str, told: Dealing, reference: Reference) -> Lack | None:
    """What a declaration lacks; None where it lacks nothing that is known."""
    day = reference.day(states, told.on)
    if set(told.destinations) == {"US"}:
        return None
    if told.license is not None:
        return _license(states, rule, told, reference)
    claimed = told.authority not in UNCOVERED
    for party in told.receivers:
        if ENTITY_LIST in reference.listed(states, party, told.on):
            because = f"{party} is on {ENTITY_LIST}: everything subject to the EAR needs a license"
            if claimed:
                because += ", and no exception replaces it"
            return Lack("hard", because, "15 CFR 744.11, 744.16")
    if claimed:
        return _exception(states, told, day, reference)
    for party in told.receivers:
        for letter in letters(states, rule, party):
            if letter.on <= told.on and _of_group(states, letter.exporter, told, reference):
                because = (
                    f"{letter.exporter} had been informed on {letter.on} that it needs a license"
                    f" for {party}"
                )
                source = "15 CFR 744.6(c), is-informed letters"
                return Lack("hard", because, source, (letter.entry,))
    if told.controlled(day):
        return _need(states, rule, told, eccns(told, day), day, reference)
    return _bought(states, rule, told, day, reference)


def nameless(told: Dealing) -> bool:
    """Whether goods relied on nothing and nobody says what they are."""
    return told.authority == "none" and not words_of(told) and not told.families


def _of_group(states: States, party: str, told: Dealing, reference: Reference) -> bool:
    """Whether a party, or another of its group, sent the goods."""
    group = reference.seat(states, party, told.on).parent
    return any(reference.seat(states, each, told.on).parent == group for each in told.senders)


def _need(
    states: States, rule: str, told: Dealing, controlled: list[str], day: Day, reference: Reference
) -> Lack | None:
    """Whether controlled goods needed a license, by what is known of places and parties."""
    users = [each for each in (told.consignee, told.end_user, told.purchaser) if each is not None]
    seats = [reference.seat(states, each, told.on) for each in dict.fromkeys(users)]
    known = tuple(sorted({each for seat in seats for each in seat.seats if each is not None}))
    cited = tuple(number for seat in seats for number in seat.entries)
    source = "15 CFR 742.6(a)(6), 744.23(a)(3)"
    for place in told.destinations:
        for eccn in controlled:
            required, why = day.license_required(eccn, place, known)
            if required:
                return Lack("hard", why, source, cited)
    if told.authority == "none":
        return Lack(
            "weak",
            f"{', '.join(controlled)} goes nowhere without an authority: not even that no license"
            " is required (NLR) was claimed",
            "15 CFR 758.1(b), (g)",
            cited,
            day.pattern(rule).parameters["unclaimed_weight"],
        )
    if not told.destinations or not users:
        unsaid = "where to" if not told.destinations else "for whom"
        return Lack("information", f"nobody says {unsaid}, which would decide", source, cited)
    return None


def _exception(states: States, told: Dealing, day: Day, reference: Reference) -> Lack | None:
    """Why an exception that was claimed is not there: only what is so wherever a party belongs that
    nobody recorded, and whatever a chip was made for.
    """
    if told.kind not in get_args(Act):
        return None
    users = each_once(told.consignee, told.end_user, told.purchaser)
    seats = [reference.seat(states, each, told.on) for each in users]
    known = tuple(sorted({each for seat in seats for each in seat.seats if each is not None}))
    for eccn in eccns(told, day):
        for place in told.destinations:
            if not day.license_required(eccn, place, known)[0]:
                continue
            for seat in seats:
                tried = [
                    day.exception_available(
                        told.authority, eccn=eccn, kind=told.kind, destination=place,
                        consignee_countries=(
                            seat.location or place, *(each or supposed for each in seat.seats)
                        ),
                        data_center=data_center,
                    )
                    for supposed in SUPPOSED
                    for data_center in (True, False)
                ]  # fmt: skip
                if not any(available for available, _ in tried):
                    return Lack("hard", tried[0][1], "15 CFR part 740, 742.6(a)(6)", seat.entries)
    return None


def _bought(
    states: States, rule: str, told: Dealing, day: Day, reference: Reference
) -> Lack | None:
    """Goods without a name that relied on nothing, from somebody who had bought controlled ones."""
    if not nameless(told) or told.exporter is None:
        return None
    since = told.on - timedelta(days=day.pattern(rule).parameters["bought_days"])
    for seen in reversed(_flows.received(states, told.exporter, since, told.on)):
        bought = _flows.recalled(states, seen.entry)
        if seen.families and bought.controlled(day) and bought.entry != told.entry:
            need = _need(states, rule, told, eccns(bought, day), day, reference)
            hard = need is not None and need.severity == "hard"
            return Lack(
                "strong" if hard else "weak",
                f"nobody says what they are, and {told.exporter} had bought"
                f" {', '.join(seen.families)} on {seen.on}",
                "15 CFR part 732, supplement no. 3",
                (seen.entry,),
                None if hard else day.pattern(rule).parameters["unclaimed_weight"],
            )
    return None


def _license(states: States, rule: str, told: Dealing, reference: Reference) -> Lack | None:
    """What a license does not cover of a declaration that names it."""
    name = told.license or ""
    facts = reference.license(states, name)
    if facts is None:
        reported = states.get(f"{rule}/L/{name}", Reported)
        if reported is None:
            return Lack("hard", f"no entry speaks of license {name}", "15 CFR 750.7, 758.1")
        return _reported(told, name, reported)
    approved = facts.in_hand
    if approved is None:
        how = f"was {facts.refusal} on {facts.refused_on}" if facts.refusal else "is not decided"
        cited = (facts.decided_at or facts.applied_at,)
        return Lack("hard", f"license {name} {how}", "15 CFR 750.7, 758.1", cited)
    problems = _differences(told, approved)
    if not problems:
        return None
    because = f"license {name} does not cover it: " + "; ".join(problems)
    return Lack("hard", because, "15 CFR 750.7, 758.1", (facts.decided_at,))


def _reported(told: Dealing, name: str, license_: Reported) -> Lack | None:
    """What a license decided elsewhere does not cover, by what was reported of it."""
    problems = []
    if license_.decided_on is None:
        problems.append("it is not decided, as far as reported")
    elif license_.outcome != "approved":
        problems.append(f"it was {license_.outcome} on {license_.decided_on}, as reported")
    elif told.on < license_.decided_on:
        problems.append(f"it was approved on {license_.decided_on}, as reported")
    if license_.destination and told.destinations not in ((), (license_.destination,)):
        problems.append(f"it is for {license_.destination}")
    for party, role in ((told.consignee, "consignee"), (told.end_user, "end user")):
        if party is not None and license_.named and party not in license_.named:
            problems.append(f"it does not name {party}, the {role}")
    if not problems:
        return None
    because = f"license {name} does not cover it: " + "; ".join(problems)
    cited = (license_.applied_at, license_.decided_at)
    return Lack("hard", because, "15 CFR 750.7, 758.1", cited)


def _differences(told: Dealing, approved: LicenseApproved) -> list[str]:
    problems = []
    named = (approved.ultimate_consignee, *approved.end_users)
    if not approved.decided_on <= told.on <= approved.expires_on:
        problems.append(f"it is for {approved.decided_on} to {approved.expires_on}")
    if told.destinations and set(told.destinations) != {approved.destination}:
        problems.append(f"it is for {approved.destination}")
    for party, role in ((told.consignee, "consignee"), (told.end_user, "end user")):
        if party is not None and party not in named:
            problems.append(f"it does not name {party}, the {role}")
    return problems
