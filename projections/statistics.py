"""Quarterly tables of licensing, whose every figure can be opened to the entries it is made from.

Nothing is counted twice and nothing is overwritten: each figure is a sum of postings, as in an
account book. An entry that corrects another takes its posting back and makes a new one, so what a
figure was, what it is, and why it changed all stand side by side. A figure belongs to the quarter
of the day in the world, whenever it was told: a re-rated check stays in the quarter in which it
was first rated.

Counted is what was decided, shipped and checked in this ledger; what was only said of other
offices (`license report-application`) is not.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final, Literal, TypeVar, get_args

import msgspec

from ledger.entry import Entry
from ledger.events import (
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseReturned,
    ShipmentExported,
    ShipmentReexported,
    ShipmentVoided,
)
from ledger.events.end_use_checks import AboutCheck, Rating
from ledger.fold import States, dated, taken_back
from ledger.terms import quarter_of

Figure = Literal[
    "applications", "approved", "denied", "returned", "days", "licensed_tpp", "shipped_tpp",
    "checks_requested", "checks_performed", "checks_favorable", "checks_unfavorable",
    "checks_unable_to_complete", "checks_refused",
]  # fmt: skip
"""What is added up. `days` are those from an application to its decision, one posting each."""

FIGURES: Final[tuple[Figure, ...]] = get_args(Figure)

REVIEW_DAYS: Final = 90
"""Calendar days from registration within which an application is resolved or referred to the
President (15 CFR 750.4(a)); the days on which the clock stands still are not taken off here."""

Outcome = Literal["approved", "denied", "returned"]

Case = TypeVar("Case", "LicenseCase", "CheckCase")


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """So much in one figure of one quarter and country; the country is empty until it is told."""

    quarter: str
    figure: Figure
    country: str
    amount: int


class Posted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one entry did to one figure.

    sign      1 where the amount was put there, -1 where it was taken back
    corrects  whether the entry replaced what an earlier one had put there
    """

    amount: int
    sign: Literal[1, -1]
    corrects: bool


class Total(msgspec.Struct, array_like=True, gc=False):
    """One figure of one quarter and country.

    amount       the sum
    corrections  how many of them took something back
    days         for `days`: how many decisions took so many days, which are written as text
    """

    amount: int = 0
    corrections: int = 0
    days: dict[str, int] = {}


class LicenseCase(msgspec.Struct, gc=False):
    """What is known of one application, and what is posted of it."""

    applied_on: date | None = None
    applied_to: str = ""
    outcome: Outcome | None = None
    decided_on: date | None = None
    decided_to: str = ""
    tpp: int = 0
    posted: list[Posting] = []

    def postings(self) -> Iterator[Posting]:
        """What it adds to the figures, as far as is known."""
        country = self.decided_to or self.applied_to
        if self.applied_on is not None:
            yield Posting(quarter_of(self.applied_on), "applications", self.applied_to, 1)
        if self.outcome is None or self.decided_on is None:
            return
        quarter = quarter_of(self.decided_on)
        yield Posting(quarter, self.outcome, country, 1)
        if self.tpp:
            yield Posting(quarter, "licensed_tpp", country, self.tpp)
        if self.applied_on is not None:
            yield Posting(quarter, "days", country, (self.decided_on - self.applied_on).days)


class CheckCase(msgspec.Struct, gc=False):
    """What is known of one end-use check, and what is posted of it."""

    country: str = ""
    requested_on: date | None = None
    performed_on: date | None = None
    refused_on: date | None = None
    rated_on: date | None = None
    rating: Rating | None = None
    posted: list[Posting] = []

    def postings(self) -> Iterator[Posting]:
        """What it adds to the figures, as far as is known."""
        for day, figure in self._dated():
            if day is not None:
                yield Posting(quarter_of(day), figure, self.country, 1)

    def _dated(self) -> Iterator[tuple[date | None, Figure]]:
        yield self.requested_on, "checks_requested"
        yield self.performed_on, "checks_performed"
        yield self.refused_on, "checks_refused"
        match self.rating:
            case "favorable":
                yield self.rated_on, "checks_favorable"
            case "unfavorable":
                yield self.rated_on, "checks_unfavorable"
            case "unable_to_complete":
                yield self.rated_on, "checks_unable_to_complete"


class StatisticsFold:
    """Totals, and the postings they are made from; kept under short keys.

    T/<quarter>/<country>/<figure>            the total
    E/<quarter>/<country>/<figure>/<entry>/=  what an entry put there; with -, what it took back
    L/<license>, C/<check>                    what is known of a case, and posted of it
    V/<entry>                                 a voided shipment's entry
    latest                                    newest day anything here is about
    """

    name = "statistics"
    version = 3
    reads = frozenset(
        event.wire
        for event in (
            LicenseApplied, LicenseApproved, LicenseDenied, LicenseReturned, ShipmentExported,
            ShipmentReexported, ShipmentVoided, CheckRequested, CheckPerformed, CheckRated,
            CheckRerated, CheckRefused,
        )
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the figures."""
        event = entry.event
        dated(states, event)
        if isinstance(event, ShipmentVoided):
            self._void(states, entry.number, event)
            return
        match event:
            case ShipmentExported() | ShipmentReexported():
                _post(states, entry.number, _shipped(event), 1, corrects=False)
            case AboutCheck():
                case = states.get(f"C/{event.check}", CheckCase) or CheckCase()
                states.put(f"C/{event.check}", _settled(states, entry, _checked(case, event)))
            case (
                LicenseApplied(license=license_)
                | LicenseApproved(license=license_)
                | LicenseDenied(license=license_)
                | LicenseReturned(license=license_)
            ):
                known = states.get(f"L/{license_}", LicenseCase) or LicenseCase()
                states.put(f"L/{license_}", _settled(states, entry, _decided(known, event)))
            case _:
                return

    def _void(self, states: States, number: int, event: ShipmentVoided) -> None:
        if states.number(f"V/{event.entry}"):
            return
        voided = taken_back(number, event, states.recall)
        if isinstance(voided, ShipmentExported | ShipmentReexported):
            states.put(f"V/{event.entry}", 1)
            _post(states, number, _shipped(voided), -1, corrects=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterRow:
    """The figures of one quarter, of one country or of all.

    country                 None for all; empty for what no entry gives a country to
    median_days             half of the decisions came within so many days of the application
    longest_days            the one that took longest
    decided_after_90_days   decisions later than 15 CFR 750.4(a) expects, clock stops not taken off
    licensed_tpp            TPP of the licenses decided, by the country they are for
    shipped_tpp             TPP exported and reexported, by the country they went to
    checks_…                end-use checks by the day of the request, the visit, the first rating
    corrections             postings that took back what an earlier entry had put there
    """

    quarter: str
    country: str | None
    applications: int
    approved: int
    denied: int
    returned: int
    median_days: int | None
    longest_days: int | None
    decided_after_90_days: int
    licensed_tpp: int
    shipped_tpp: int
    checks_requested: int
    checks_performed: int
    checks_favorable: int
    checks_unfavorable: int
    checks_unable_to_complete: int
    checks_refused: int
    corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """What one entry did to one figure.

    amount  what it added; below zero, what it took back; for `days`, the days of one decision
    was     the figure before this entry, of this quarter and country; for `days`, the median
    now     the figure after it
    """

    quarter: str
    country: str
    figure: Figure
    entry: int
    amount: int
    was: int | None
    now: int | None
    corrects: bool


def rows(
    states: States, *, quarter: str | None = None, country: str | None = None, by_country: bool
) -> list[QuarterRow]:
    """The quarters in which anything happened, each whole or by country."""
    found: dict[tuple[str, str | None], dict[str, Total]] = {}
    for key, total in states.scan("T/" if quarter is None else f"T/{quarter}/", Total):
        _, when, where, figure = key.split("/")
        if country is not None and where != country:
            continue
        place = where if by_country or country is not None else None
        totals = found.setdefault((when, place), {})
        totals[figure] = _both(totals.get(figure, Total()), total)
    return [_row(*place, totals) for place, totals in sorted(found.items(), key=_by_quarter)]


def postings(
    states: States,
    figure: Figure | None = None,
    *,
    quarter: str | None = None,
    country: str | None = None,
) -> list[PostingRow]:
    """What the figures are made from, by quarter, country and figure, in the order of entries."""
    running: dict[tuple[str, str, str], Total] = {}
    rows = []
    for key, posted in states.scan("E/" if quarter is None else f"E/{quarter}/", Posted):
        _, when, where, what, number, _ = key.split("/")
        if figure not in (None, what) or country not in (None, where):
            continue
        total = running.setdefault((when, where, what), Total())
        was = _figure(what, total)
        running[when, where, what] = total = _with(total, posted, days=what == "days")
        rows.append(
            PostingRow(
                quarter=when,
                country=where,
                figure=_named(what),
                entry=int(number),
                amount=posted.amount if what == "days" else posted.sign * posted.amount,
                was=was,
                now=_figure(what, total),
                corrects=posted.corrects,
            )
        )
    return rows


def revisions(found: Iterable[PostingRow], since: int | None = None) -> list[PostingRow]:
    """Those postings that changed a figure: corrections; with `since`, all of later entries."""
    if since is None:
        return [row for row in found if row.corrects]
    return [row for row in found if row.entry > since]


def median(days: Mapping[str, int]) -> int | None:
    """The fewest days within which half of the decisions came; None without any.

    >>> median({"3": 1, "40": 1, "100": 1}), median({"3": 1, "40": 1}), median({})
    (40, 3, None)
    """
    ordered = sorted(days, key=int)
    if not ordered:
        return None
    reached = list(accumulate(days[each] for each in ordered))
    return int(ordered[bisect_left(reached, (reached[-1] + 1) // 2)])


def _shipped(event: ShipmentExported | ShipmentReexported) -> Posting:
    tpp = sum(line.tpp for line in event.lines)
    return Posting(quarter_of(event.on), "shipped_tpp", event.destination, tpp)


def _decided(case: LicenseCase, event: object) -> LicenseCase:
    change = msgspec.structs.replace
    match event:
        case LicenseApplied(applied_on=on, destination=country):
            return change(case, applied_on=on, applied_to=country)
        case LicenseApproved(decided_on=on, destination=country, lines=lines):
            tpp = sum(line.tpp for line in lines)
            return change(case, outcome="approved", decided_on=on, decided_to=country, tpp=tpp)
        case LicenseDenied(decided_on=on, destination=country):
            return change(case, outcome="denied", decided_on=on, decided_to=country, tpp=0)
        case LicenseReturned(returned_on=on):
            return change(case, outcome="returned", decided_on=on, decided_to="", tpp=0)
        case _:
            return case


def _checked(case: CheckCase, event: AboutCheck) -> CheckCase:
    change = msgspec.structs.replace
    match event:
        case CheckRequested(requested_on=on, country=country):
            return change(case, requested_on=on, country=country)
        case CheckPerformed(performed_on=on):
            return change(case, performed_on=on)
        case CheckRefused(refused_on=on):
            return change(case, refused_on=on)
        case CheckRated(rated_on=on, rating=rating):
            return change(case, rated_on=on, rating=rating)
        case CheckRerated(rerated_on=on, rating=rating):
            return change(case, rated_on=case.rated_on or on, rating=rating)
        case _:
            return case


def _settled(states: States, entry: Entry, case: Case) -> Case:
    """The case with the figures brought to what is now known of it."""
    wanted = list(case.postings())
    gone = [each for each in case.posted if each not in wanted]
    for each in gone:
        _post(states, entry.number, each, -1, corrects=True)
    for each in wanted:
        if each not in case.posted:
            _post(states, entry.number, each, 1, corrects=_replaces(each, gone))
    return msgspec.structs.replace(case, posted=wanted)


_OUTCOMES: Final = frozenset({"approved", "denied", "returned"})


def _replaces(posting: Posting, gone: list[Posting]) -> bool:
    """Whether a posting stands where another of its kind was taken back."""
    kind = _kind(posting.figure)
    return any(_kind(each.figure) == kind for each in gone)


def _kind(figure: Figure) -> str:
    """Figures that exclude one another are of one kind: outcomes, and ratings."""
    if figure in _OUTCOMES:
        return "outcome"
    rated = ("checks_favorable", "checks_unfavorable", "checks_unable_to_complete")
    return "rating" if figure in rated else figure


def _post(
    states: States, number: int, posting: Posting, sign: Literal[1, -1], *, corrects: bool
) -> None:
    place = f"{posting.quarter}/{posting.country}/{posting.figure}"
    posted = Posted(posting.amount, sign, corrects)
    total = states.get(f"T/{place}", Total) or Total()
    states.put(f"T/{place}", _with(total, posted, days=posting.figure == "days"))
    # Of one entry, what was taken back stands before what was put in its place.
    states.put(f"E/{place}/{number:012}/{'-' if sign < 0 else '='}", posted)


def _with(total: Total, posted: Posted, *, days: bool) -> Total:
    counted = dict(total.days)
    if days:
        day = str(posted.amount)
        left = counted.pop(day, 0) + posted.sign
        if left:
            counted[day] = left
    return Total(
        total.amount + posted.sign * posted.amount,
        total.corrections + (posted.sign < 0),
        counted,
    )


def _both(one: Total, other: Total) -> Total:
    days = {
        day: one.days.get(day, 0) + other.days.get(day, 0) for day in one.days.keys() | other.days
    }
    return Total(
        one.amount + other.amount,
        one.corrections + other.corrections,
        days,
    )


def _figure(figure: str, total: Total) -> int | None:
    return median(total.days) if figure == "days" else total.amount


def _named(figure: str) -> Figure:
    return next(each for each in FIGURES if each == figure)


def _by_quarter(found: tuple[tuple[str, str | None], dict[str, Total]]) -> tuple[str, str]:
    quarter, country = found[0]
    return quarter, country or ""


def _row(quarter: str, country: str | None, totals: dict[str, Total]) -> QuarterRow:
    def amount(figure: Figure) -> int:
        return totals[figure].amount if figure in totals else 0

    days = totals["days"].days if "days" in totals else {}
    return QuarterRow(
        quarter=quarter,
        country=country,
        applications=amount("applications"),
        approved=amount("approved"),
        denied=amount("denied"),
        returned=amount("returned"),
        median_days=median(days),
        longest_days=max(map(int, days), default=None),
        decided_after_90_days=sum(n for day, n in days.items() if int(day) > REVIEW_DAYS),
        licensed_tpp=amount("licensed_tpp"),
        shipped_tpp=amount("shipped_tpp"),
        checks_requested=amount("checks_requested"),
        checks_performed=amount("checks_performed"),
        checks_favorable=amount("checks_favorable"),
        checks_unfavorable=amount("checks_unfavorable"),
        checks_unable_to_complete=amount("checks_unable_to_complete"),
        checks_refused=amount("checks_refused"),
        corrections=sum(total.corrections for total in totals.values()),
    )
