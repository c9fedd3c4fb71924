"""An end-use check was refused, or was not done in time."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    CheckClosed,
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckScheduled,
)
from ledger.fold import States
from ledger.policy import parse_pack, shipped_pack
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Reference

SOURCE_PACK: Final = "adv-comp-2023"
"""The shipped pack that states the days where the rules in force state none."""


class Requested(msgspec.Struct, frozen=True):
    """A check that was asked for.

    requested_at  entry of the request
    days          how long it may take, by the rules of the day it was asked for
    """

    kind: str
    party: str
    country: str
    requested_on: date
    requested_at: int
    days: int
    policy: str


class Visit(msgspec.Struct, frozen=True, array_like=True):
    """A date set for a check, the day on which it was set, and the entry that says so."""

    entry: int
    set_on: date
    planned_for: date


class Followed(msgspec.Struct, frozen=True):
    """What happened to a check, whether its request was recorded before or comes late.

    visits    every date set for it, in the order of their entries
    ended_on  first day on which it was performed, rated, refused or closed
    """

    visits: tuple[Visit, ...] = ()
    ended_on: date | None = None


class CheckOverdue(Rule):
    """No result so many days after an end-use check was requested, or a refusal.

    A check that is performed in the end, late or after a refusal, takes its flag with it. The
    clock runs from the request; a date that was only set does not stop it. Units: days.

    Source: BIS memorandum of 2022-10-07: no check within 60 days of the request, Unverified List;
    the host government still in the way 60 days later, Entity List process. 15 CFR 744.15.
    """

    name = "check-overdue"
    source = "BIS memorandum of 2022-10-07 on end-use checks; 15 CFR 744.15"
    reads = frozenset(
        event.wire
        for event in (
            CheckRequested, CheckScheduled, CheckPerformed, CheckRated, CheckRefused, CheckClosed
        )
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Follow a check from request to result."""
        match entry.event:
            case CheckRequested() as asked:
                day = reference.day(states, asked.on)
                days = day.rules.check_days()
                states.put(
                    f"{self.name}/Q/{asked.check}",
                    Requested(
                        asked.kind, asked.party, asked.country, asked.requested_on, entry.number,
                        _default_days() if days is None else days, day.policy,
                    ),
                )  # fmt: skip
            case CheckScheduled(check=check, scheduled_on=set_on, scheduled_for=planned_for):
                visit = Visit(entry.number, set_on, planned_for)
                visits = (*self._followed(states, check).visits, visit)
                self._follow(states, check, visits=visits)
            case CheckPerformed(check=check, performed_on=on):
                self._end(states, check, on)
                yield Finding(check)
            case CheckRated(check=check, rated_on=on) | CheckClosed(check=check, closed_on=on):
                self._end(states, check, on)
            case CheckRefused() as refused:
                self._end(states, refused.check, refused.refused_on)
                known = states.get(f"{self.name}/Q/{refused.check}", Requested)
                yield Finding(refused.check, (self._refused(refused, entry.number, known),))
            case _:
                return

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Checks without a result after the days they may take."""
        for key, check in states.scan(f"{self.name}/Q/", Requested):
            name = key.rpartition("/")[2]
            then = self._followed(states, name)
            due = check.requested_on + timedelta(days=check.days)
            if on <= due or (then.ended_on is not None and then.ended_on <= on):
                continue
            # What was set on a later day had not been set then.
            by_then = [visit for visit in then.visits if visit.set_on <= on]
            last = max(by_then, key=lambda visit: (visit.set_on, visit.entry), default=None)
            arranged = f"a visit was set for {last.planned_for}" if last else "no visit was set"
            yield RedFlag(
                rule=self.name,
                severity="strong",
                subject=f"check:{name}",
                key=name,
                because=(
                    f"{check.kind} {name} of {check.party} in {check.country} was requested on"
                    f" {check.requested_on} and has no result after"
                    f" {(on - check.requested_on).days} days; {check.days} are allowed, and"
                    f" {arranged}"
                ),
                source=self.source,
                policy=check.policy,
                on=due + timedelta(days=1),
                evidence=entries(check.requested_at, last.entry if last else 0),
                parties=(check.party,),
            )

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


@cache
def _default_days() -> int:
    checks = parse_pack(shipped_pack(SOURCE_PACK)).checks
    if checks is None:
        raise LookupError(f"the pack {SOURCE_PACK} that ships with this program has no [checks]")
    return checks.unverified_days
