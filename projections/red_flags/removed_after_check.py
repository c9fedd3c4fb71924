"""Chips that a check had verified were soon gone."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import msgspec

from ledger.entry import Entry
from ledger.events import CheckSerialsRead, PartyChipsUnreachable
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections import custody
from projections.red_flags._chips import OfChips
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, standing
from projections.reference import Reference


class Verified(msgspec.Struct, frozen=True):
    """Chips that were read at a check."""

    entry: int
    on: date
    party: str
    country: str
    site: str
    serials: tuple[str, ...]


Silent = tuple[date, int]
"""Day on which a chip did not answer, and the entry that says so."""


class RemovedAfterCheck(OfChips):
    """So large a share of the chips read at a check was out of reach, or elsewhere, soon after.

    A chip that was announced to move, was sent back or went on with a shipment on record was not
    removed; nor was one that did not answer and was then seen where it had been. An IP address and
    a list on paper show nothing here. Units: chips, days.

    Source: pattern P27; BIS guidance on post-shipment verification, 15 CFR 744.15.
    """

    name = "removed-after-check"
    source = "units verified at an end-use check and gone after it (15 CFR 744.15), P27"
    reads = custody.READS | {PartyChipsUnreachable.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Remember what a check read; look again when more is told of those chips."""
        serials = custody.record(states, entry)
        match entry.event:
            case PartyChipsUnreachable(serials=serials_, unreachable_on=on):
                serials = list(serials_)
                for serial in serials:
                    key = f"{self.name}/silent/{serial}"
                    states.put(key, [*(states.get(key, list[Silent]) or []), (on, entry.number)])
            case CheckSerialsRead() as read:
                self._read(states, entry.number, read)
            case _:
                pass
        yield from self.judge(states, serials, reference)

    def _read(self, states: States, number: int, read: CheckSerialsRead) -> None:
        serials = tuple(dict.fromkeys(r.attested or r.label for r in read.readings))
        states.put(
            f"{self.name}/check/{number}",
            Verified(number, read.on, read.party, read.country, read.site or "", serials),
        )
        for serial in serials:
            key = f"{self.name}/of/{serial}"
            states.put(key, [*(states.get(key, list[int]) or []), number])

    def judge(
        self, states: States, serials: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        """The checks at which one of the chips was read."""
        checks = {
            number
            for serial in serials
            for number in states.get(f"{self.name}/of/{serial}", list[int]) or []
        }
        for number in sorted(checks):
            verified = states.get(f"{self.name}/check/{number}", Verified)
            if verified is not None:
                flags = self._flags(states, verified, reference)
                if flags or standing(states, self.name, str(number)):
                    yield Finding(str(number), flags)

    def _flags(
        self, states: States, verified: Verified, reference: Reference
    ) -> tuple[RedFlag, ...]:
        day = reference.day(states, verified.on)
        parameters = day.pattern(self.name).parameters
        until = verified.on + timedelta(days=parameters["within_days"])
        found = [self._gone(states, serial, verified, until) for serial in verified.serials]
        gone = [(on, entry, how) for on, entry, how in filter(None, found)]
        share = len(gone) * WHOLE_BP // len(verified.serials)
        if not gone or share < parameters["share_min_bp"]:
            return ()
        silent = sum(how == "silent" for *_, how in gone)
        last = max(on for on, *_ in gone)
        because = (
            f"{len(gone):,} of {len(verified.serials):,} chips read at {verified.party} in"
            f" {verified.country} on {verified.on} were gone within"
            f" {(last - verified.on).days} days: {silent:,} did not answer,"
            f" {len(gone) - silent:,} were seen elsewhere, and no move was announced"
        )
        flag = RedFlag(
            rule=self.name,
            severity="strong",
            subject=f"party:{verified.party}",
            key=str(verified.entry),
            because=because,
            source=self.source,
            policy=day.policy,
            on=last,
            evidence=entries(verified.entry, *(entry for _, entry, _ in gone)),
            parties=(verified.party,),
        )
        return (flag,)

    def _gone(
        self, states: States, serial: str, verified: Verified, until: date
    ) -> tuple[date, int, str] | None:
        """When a chip was first gone after a check and by which entry; None where it was not."""
        steps = [s for s in custody.placed(states, serial) if verified.on < s.on]
        explained = [
            step
            for step in steps
            if (step.kind in ("sent", "returned", "sold") and step.method not in custody.OBSERVED)
            or (step.kind == "moved" and step.method == "announced")
            or (step.kind == "gone" and step.method in custody.DESTROYED)
        ]
        seen = [
            step
            for step in steps
            if step.kind == "seen" and step.method not in ("paper", "ip_geolocation")
        ]

        def stays(step: custody.Step) -> bool:
            site = not step.site or not verified.site or step.site == verified.site
            return step.place == verified.country and site

        for step in seen:
            left = any(each.on <= step.on for each in explained)
            if step.on <= until and step.place and not stays(step) and not left:
                return step.on, step.entry, "elsewhere"
        for on, entry in sorted(states.get(f"{self.name}/silent/{serial}", list[Silent]) or []):
            left = any(each.on <= on for each in explained)
            back = any(step.on >= on and stays(step) for step in seen)
            if verified.on < on <= until and not left and not back:
                return on, entry, "silent"
        return None
