"""An end-use check was refused, or was not done in time."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from ledger.entry import Entry
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
)
from ledger.fold import States
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Reference


class Requested(msgspec.Struct, frozen=True):
    """A check that was asked for.

    requested_at  entry of the request
    days          how long it may take, by the rules of the day it was asked for
    escalated     days after which its lateness weighs more, by the same rules
    """

    kind: str
    party: str
    country: str
    requested_on: date
    requested_at: int
    days: int
    escalated: int
    policy: str


class Visit(msgspec.Struct, frozen=True, array_like=True):
    """A date set for a check, the day on which it was set, and the entry that says so."""

    entry: int
    set_on: date
    planned_for: date


class Pause(msgspec.Struct, frozen=True, array_like=True):
    """Days on which the clock stood still, because an authority itself put the check off.

    until  first day on which it runs again
    """

    entry: int
    since: date
    until: date


class Followed(msgspec.Struct, frozen=True):
    """What happened to a check, whether its request was recorded before or comes late.

    visits       every date set for it, in the order of their entries
    pauses       every delay of the authority's own, in the same order
    ended_on     first day on which it had a result, was refused or closed
    verified_on  last day on which somebody looked, or rated it favorably
    refused_at   entry of the newest refusal, 0 without one
    refused_on   its date
    """

    visits: tuple[Visit, ...] = ()
    pauses: tuple[Pause, ...] = ()
    ended_on: date | None = None
    verified_on: date | None = None
    refused_at: int = 0
    refused_on: date | None = None


class CheckOverdue(Rule):
    """No result so many days after an end-use check was requested, or a refusal.

    The clock runs from the request, and stands still while the authority itself puts the check
    off; a date that was only set does not stop it. Twice as late it is another flag, which a
    review of the first does not hide. A check that is performed in the end, late or after a
    refusal, or rated favorably, takes its flag with it. Units: days.

    Source: BIS memorandum of 2022-10-07: no check within 60 days of the request, Unverified List;
    the host government still in the way 60 days later, Entity List process. 15 CFR 744.15.
    """

    name = "check-overdue"
    source = "BIS memorandum of 2022-10-07 on end-use checks; 15 CFR 744.15"
    reads = frozenset(
        event.wire
        for event in (
            CheckRequested, CheckScheduled, CheckPostponed, CheckPerformed, CheckSerialsRead,
            CheckPartyNotFound, CheckRated, CheckRerated, CheckRefused, CheckClosed,
        )
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Follow a check from request to result."""
        match entry.event:
            case CheckRequested() as asked:
                self._request(states, entry.number, asked, reference)
                yield from self._refusal(states, asked.check)
            case CheckScheduled(check=check, scheduled_on=set_on, scheduled_for=planned_for):
                visit = Visit(entry.number, set_on, planned_for)
                self._follow(states, check, visits=(*self._followed(states, check).visits, visit))
            case CheckPostponed(check=check, postponed_by="authority") as put_off:
                pause = Pause(entry.number, put_off.postponed_on, put_off.postponed_until)
                self._follow(states, check, pauses=(*self._followed(states, check).pauses, pause))
            case (
                CheckPerformed(check=check, performed_on=on)
                | CheckSerialsRead(check=check, read_on=on)
                | CheckRated(check=check, rated_on=on, rating="favorable")
                | CheckRerated(check=check, rerated_on=on, rating="favorable")
            ):
                self._end(states, check, on)
                self._verify(states, check, on)
                yield from self._refusal(states, check)
            case (
                CheckPartyNotFound(check=check, not_found_on=on)
                | CheckRated(check=check, rated_on=on)
                | CheckClosed(check=check, closed_on=on)
            ):
                self._end(states, check, on)
            case CheckRefused(check=check, refused_on=on):
                self._end(states, check, on)
                self._follow(states, check, refused_at=entry.number, refused_on=on)
                yield from self._refusal(states, check)
            case _:
                return

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Checks without a result after the days they may take."""
        for key, check in states.scan(f"{self.name}/Q/", Requested):
            name = key.rpartition("/")[2]
            then = self._followed(states, name)
            if then.ended_on is not None and then.ended_on <= on:
                continue
            # What was set or put off on a later day had not been then.
            pauses = [pause for pause in then.pauses if pause.since <= on]
            due = _due(check.requested_on, check.days, pauses)
            if on > due:
                visits = [visit for visit in then.visits if visit.set_on <= on]
                last = max(visits, key=lambda visit: (visit.set_on, visit.entry), default=None)
                yield self._overdue(name, check, on, last, pauses)

    def _overdue(
        self, name: str, check: Requested, on: date, last: Visit | None, pauses: list[Pause]
    ) -> RedFlag:
        due = _due(check.requested_on, check.days, pauses)
        escalated = _due(check.requested_on, check.escalated, pauses)
        late = on > escalated
        arranged = f"a visit was set for {last.planned_for}" if last else "no visit was set"
        # A delay may reach into days to come: those have not stood still yet.
        stood = [Pause(each.entry, each.since, min(each.until, on)) for each in pauses]
        still = (_due(check.requested_on, check.days, stood) - check.requested_on).days - check.days
        paused = f", {still} of them put off by the authority itself" if still else ""
        more = f"; from {check.escalated} on it weighs more" if late else ""
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=f"check:{name}",
            key=f"{name}/escalated" if late else name,
            because=(
                f"{check.kind} {name} of {check.party} in {check.country} was requested on"
                f" {check.requested_on} and has no result after"
                f" {(on - check.requested_on).days} days{paused}; {check.days} are allowed, and"
                f" {arranged}{more}"
            ),
            source=self.source,
            policy=check.policy,
            on=(escalated if late else due) + timedelta(days=1),
            evidence=entries(
                check.requested_at, last.entry if last else 0, *(pause.entry for pause in pauses)
            ),
            parties=(check.party,),
        )

    def _request(
        self, states: States, number: int, asked: CheckRequested, reference: Reference
    ) -> None:
        day = reference.day(states, asked.on)
        parameters = day.pattern(self.name).parameters
        by_law = day.rules.check_days()
        days = parameters["overdue_days"] if by_law is None else by_law
        states.put(
            f"{self.name}/Q/{asked.check}",
            Requested(
                asked.kind, asked.party, asked.country, asked.requested_on, number, days,
                max(days, parameters["escalated_days"]), day.policy,
            ),
        )  # fmt: skip

    def _refusal(self, states: States, check: str) -> Iterator[Finding]:
        """The newest refusal of a check, unless somebody looked on that day or later."""
        then = self._followed(states, check)
        if then.refused_on is None:
            return
        if then.verified_on is not None and then.verified_on >= then.refused_on:
            yield Finding(check)
            return
        refused = states.recall(then.refused_at).event
        if not isinstance(refused, CheckRefused):
            raise LookupError(f"entry {then.refused_at} is no refusal of check {check}")
        known = states.get(f"{self.name}/Q/{check}", Requested)
        yield Finding(check, (self._refused(refused, then.refused_at, known),))

    def _refused(self, refused: CheckRefused, number: int, known: Requested | None) -> RedFlag:
        asked = f" requested on {known.requested_on}" if known else ""
        kind = known.kind if known else "check"
        reason = f": {refused.reason}" if refused.reason else ""
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=refused.subject,
            key=refused.check,
            because=(
                f"{kind} {refused.check} of {refused.party}{asked} was refused by"
                f" {refused.refused_by} on {refused.refused_on}{reason}"
            ),
            source=self.source,
            policy=known.policy if known else "",
            on=refused.refused_on,
            evidence=entries(number, known.requested_at if known else 0),
            parties=(refused.party,),
        )

    def _followed(self, states: States, check: str) -> Followed:
        return states.get(f"{self.name}/H/{check}", Followed) or Followed()

    def _follow(self, states: States, check: str, **changes: object) -> None:
        """Note what happened to a check."""
        known = msgspec.structs.replace(self._followed(states, check), **changes)
        states.put(f"{self.name}/H/{check}", known)

    def _end(self, states: States, check: str, on: date) -> None:
        """Note that a check had a result, or was over, on a day; the first such day counts."""
        before = self._followed(states, check).ended_on
        self._follow(states, check, ended_on=on if before is None else min(on, before))

    def _verify(self, states: States, check: str, on: date) -> None:
        """Note that somebody looked on a day; the last such day counts."""
        before = self._followed(states, check).verified_on
        self._follow(states, check, verified_on=on if before is None else max(on, before))


def _due(since: date, days: int, pauses: list[Pause]) -> date:
    """The last day in time: so many days on, days of a pause not counted, those of two at once
    counted once.
    """
    due, reached = since + timedelta(days=days), since
    for pause in sorted(pauses, key=lambda pause: (pause.since, pause.until)):
        begin = max(pause.since, reached)
        if begin <= due and pause.until > begin:
            due += pause.until - begin
            reached = pause.until
    return due
