"""A shipment that nothing allowed: no license, not this license, or no such exception."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ledger.entry import Entry
from ledger.events import (
    CommodityLine,
    Event,
    LicenseApplicationReported,
    LicenseApplied,
    LicenseApproved,
    LicenseDecisionReported,
    LicenseDenied,
    LicenseReturned,
    Movement,
    PartyDelisted,
    PartyInformed,
    PartyListed,
    ShipmentDeclared,
)
from ledger.fold import States
from ledger.terms import PartyId
from projections.red_flags import _flows, _unlicensed
from projections.red_flags._goods import DEALINGS, Dealing, dealing, each_once, in_words
from projections.red_flags._later import SEATING_READS, resting_on, rests_on, seated
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, Recorded, Rule, act, parties_to
from projections.red_flags._unlicensed import SUPPOSED, Letter
from projections.reference import Day, LicenseFacts, Reference, Seat

Need = Literal["required", "undecided", "none"]
"""Whether a shipment needs a license: yes, unless a headquarters turns out otherwise, no."""

_WEIGHT: Final[dict[Need, Severity]] = {
    "required": "hard",
    "undecided": "information",
    "none": "weak",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A movement, the rules of its date and what is known of the parties."""

    number: int
    movement: Movement
    day: Day
    lines: tuple[CommodityLine, ...]
    consignee: Seat
    end_user: Seat
    purchaser: Seat | None


class WithoutAuthority(Rule):
    """What a shipment relied on does not cover it, by the rules in force on its date.

    1. A license must be known, approved, decided by then and not expired (its last day included),
       and name the country, the consignee, the end user and each controlled chip. Chips may move
       among the parties a license names (15 CFR 750.7(c)(1)). Not needing that license after all
       makes a mismatch weak.
    2. An exception must be there for such items, such a movement and such parties.
    3. Without either, no license may have been required: by destination, or by the headquarters of
       the consignee, the end user or the purchaser or of their ultimate parents.
    4. What only a headquarters nobody recorded, or the purpose a chip was made for, would decide
       is for information.
    5. Under no rules at all, nothing is without authority.
    6. What was declared in words is held against the same, as far as words go (`_unlicensed`): a
       license that does not name its place or parties, an exception that is certainly not there,
       none where one is required. Whoever is on
       the Entity List, or is the subject of a letter to the exporter's group, gets nothing without
       one, and controlled goods that claim nothing are weak even where NLR would have done.

    Source: 15 CFR 742.6(a)(6), 744.23(a)(3), part 740, 750.7, 758.1.
    """

    name = "without-authority"
    reads = (
        DEALINGS
        | SEATING_READS
        | {
            event.wire
            for event in (
                PartyListed, PartyDelisted, PartyInformed,
                LicenseApplied, LicenseApproved, LicenseDenied, LicenseReturned,
                LicenseApplicationReported, LicenseDecisionReported,
            )
        }
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Judge a movement, or what was declared in words; the latter again when more is told."""
        match entry.event:
            case Movement() as movement:
                yield from self._judge(states, entry.number, movement, reference)
                yield from self._got(states, entry.number, movement, reference)
            case ShipmentDeclared() as told:
                yield from self._told(states, _flows.recalled(states, entry.number), reference)
                yield from self._got(states, entry.number, told, reference)
            case (
                LicenseApplied(license=license_)
                | LicenseApproved(license=license_)
                | LicenseDenied(license=license_)
                | LicenseReturned(license=license_)
            ):
                yield from self._again(states, [f"license:{license_}"], reference)
            case LicenseApplicationReported() | LicenseDecisionReported():
                reported = _unlicensed.report(states, self.name, entry)
                yield from self._again(states, [f"license:{reported}"], reference)
            case PartyListed(party=party) | PartyDelisted(party=party):
                yield from self._again(states, [f"party:{party}"], reference)
            case PartyInformed(party=exporter, concerning=party, informed_on=on) if party:
                letter = Letter(entry.number, on, exporter)
                states.put(
                    f"{self.name}/I/{party}",
                    [*_unlicensed.letters(states, self.name, party), letter],
                )
                yield from self._again(states, [f"party:{party}"], reference)
            case event if event.wire in DEALINGS:
                yield from self._got(states, entry.number, event, reference)
            case _:
                yield from self._again(states, seated(states, entry, reference), reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What was voided needed nothing, and was got by nobody."""
        yield Finding(str(number))
        yield from self._got(states, number, event, reference)

    def _got(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """Judge again what those who got goods sent on without saying what it is."""
        told = dealing(number, event)
        if told is not None and told.families:
            tags = [f"bought:{party}" for party in told.receivers]
            yield from self._again(states, tags, reference)

    def _again(
        self, states: States, what: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        """Judge again what was declared in words and rests on a party or a license."""
        for matter in resting_on(states, self.name, what):
            told = _flows.recalled(states, int(matter))
            if told.shipment and told.entry in _flows.telling(states, told.shipment):
                yield from self._told(states, told, reference)

    def _told(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        """Judge what was declared in words."""
        tags = []
        if told.license is not None:
            tags.append(f"license:{told.license}")
        else:
            who = (*told.receivers, *(told.senders if told.authority == "none" else ()))
            tags += [f"party:{party}" for party in who]
            if _unlicensed.nameless(told):
                tags.append(f"bought:{told.exporter}")
        rests_on(states, self.name, str(told.entry), tags)
        found = _unlicensed.lack(states, self.name, told, reference)
        if found is None:
            yield Finding(str(told.entry))
            return
        relied = {
            "NLR": "and claimed that no license is required (NLR)",
            "none": "and relied on nothing",
            "unknown": "and does not say what it relied on",
            "license": f"under license {told.license}",
        }.get(told.authority, f"and relied on {told.authority}")
        to = f" to {told.consignee}" if told.consignee else ""
        where = f" in {' or '.join(told.destinations)}" if told.destinations else ""
        flag = RedFlag(
            rule=self.name,
            severity=found.severity,
            subject=told.subject,
            key=told.shipment or str(told.entry),
            because=(f"{in_words(told)} went{to}{where} on {told.on} {relied}: {found.because}"),
            source=found.source,
            policy=reference.day(states, told.on).policy,
            on=told.on,
            evidence=entries(told.entry, *found.cited),
            parties=each_once(*told.receivers, *told.senders),
            weight=found.weight,
        )
        yield Finding(str(told.entry), (flag,))

    def judge_again(
        self, states: States, movements: Sequence[Recorded], reference: Reference
    ) -> Iterator[Finding]:
        """Judge movements by what is known now of the parties and the license."""
        for number, movement in movements:
            yield from self._judge(states, number, movement, reference)

    def _judge(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        day = reference.day(states, movement.on)
        judged = judged_on(
            number, movement, day, lambda party: reference.seat(states, party, movement.on)
        )
        if judged is None:
            return
        if movement.license is not None:
            facts = reference.license(states, movement.license)
            yield Finding(str(number), self._against_license(judged, movement.license, facts))
        elif movement.authority in ("NLR", "none", "unknown"):
            yield Finding(str(number), self._against_need(judged))
        else:
            yield Finding(str(number), self._against_exception(judged))

    def _against_license(
        self, judged: Judged, license_: str, facts: LicenseFacts | None
    ) -> tuple[RedFlag, ...]:
        problems = _mismatches(judged, license_, facts)
        if not problems:
            return ()
        need, _, shown_by = license_need(judged)
        if need == "none":
            problems.append("no license was needed after all")
        known = (facts.decided_at or facts.applied_at) if facts else 0
        return self._flag(
            judged,
            _WEIGHT[need],
            f"relied on license {license_}, but " + "; ".join(problems),
            "15 CFR 750.7, 758.1",
            known,
            *shown_by,
        )

    def _against_need(self, judged: Judged) -> tuple[RedFlag, ...]:
        need, why, shown_by = license_need(judged)
        if need == "none":
            return ()
        said = {
            "NLR": "claimed that no license is required (NLR)",
            "none": "relied on nothing",
            "unknown": "does not say what it relied on",
        }[judged.movement.authority]
        source = "15 CFR 742.6(a)(6), 744.23(a)(3)"
        return self._flag(judged, _WEIGHT[need], f"{said}, and {why}", source, *shown_by)

    def _against_exception(self, judged: Judged) -> tuple[RedFlag, ...]:
        need, _, _ = license_need(judged)
        if need == "none":
            return ()
        refused = unavailable(judged)
        if refused is None:
            return ()
        decided, why = refused
        severity: Severity = "hard" if decided and need == "required" else "information"
        return self._flag(
            judged,
            severity,
            f"relied on {judged.movement.authority}: {why}",
            "15 CFR part 740, 742.6(a)(6)",
            *_seat_entries(judged),
        )

    def _flag(
        self, judged: Judged, severity: Severity, because: str, source: str, *cited: int
    ) -> tuple[RedFlag, ...]:
        movement = judged.movement
        return (
            RedFlag(
                rule=self.name,
                severity=severity,
                subject=movement.subject,
                key=movement.shipment,
                because=(
                    f"shipment {movement.shipment} of {movement.tpp:,} TPP to"
                    f" {movement.ultimate_consignee} in {movement.destination} on {movement.on}"
                    f" {because}"
                ),
                source=source,
                policy=judged.day.policy,
                on=movement.on,
                evidence=entries(judged.number, *cited),
                parties=tuple(parties_to(movement)),
            ),
        )


def judged_on(
    number: int, movement: Movement, day: Day, seat: Callable[[PartyId], Seat]
) -> Judged | None:
    """A movement under the rules of a day; None where they control none of it."""
    lines = day.controlled(movement.lines)
    lines += tuple(line for line in day.named(movement.lines) if line not in lines)
    if not lines:
        return None
    consignee = end_user = seat(movement.ultimate_consignee)
    if movement.end_user is not None and movement.end_user != movement.ultimate_consignee:
        end_user = seat(movement.end_user)
    purchaser = None if movement.purchaser is None else seat(movement.purchaser)
    return Judged(number, movement, day, lines, consignee, end_user, purchaser)


def license_need(judged: Judged) -> tuple[Need, str, tuple[int, ...]]:
    """Whether a license is required, and why, by destination and headquarters; and the entries
    that show where the parties belong, unless the destination alone requires one.
    """
    movement, day = judged.movement, judged.day
    certain = (judged.consignee, judged.end_user, judged.purchaser)
    seats = [seat for party in certain if party is not None for seat in party.seats]
    known = tuple(sorted({seat for seat in seats if seat is not None}))
    shown_by = _seat_entries(judged)
    eccns = sorted({line.eccn for line in judged.lines if line.eccn})
    for seats_known, cited in (((), ()), (known, shown_by)):
        for eccn in eccns:
            required, why = day.license_required(eccn, movement.destination, seats_known)
            if required:
                return "required", why, cited
        for line in judged.lines:
            required, why = day.chip_control(line.model, movement.destination, seats_known)
            if required:
                return "required", why, cited
    if None in (*judged.consignee.seats, *judged.end_user.seats):
        for eccn in eccns:
            required, why = day.license_required(eccn, movement.destination, (None,))
            if required:
                unknown = next(
                    party.party
                    for party in (judged.consignee, judged.end_user)
                    if None in party.seats
                )
                because = f"where {unknown} belongs is not recorded: {why}"
                return "undecided", because, shown_by
    return "none", "", shown_by


def _mismatches(judged: Judged, license_: str, facts: LicenseFacts | None) -> list[str]:
    """What a license does not cover, in words."""
    movement, on = judged.movement, judged.movement.on
    if facts is None:
        return [f"no entry speaks of license {license_}"]
    approved = facts.in_hand
    if approved is None:
        if facts.refusal:
            return [f"it was {facts.refusal} on {facts.refused_on}"]
        return ["it is not decided"]
    named = (approved.ultimate_consignee, *approved.end_users)
    problems = []
    if on < approved.decided_on:
        problems.append(f"it was decided on {approved.decided_on}, after the shipment")
    if on > approved.expires_on:
        problems.append(f"it expired on {approved.expires_on}")
    if movement.destination != approved.destination:
        problems.append(f"it is for {approved.destination}")
    if movement.ultimate_consignee not in named:
        problems.append(
            f"its consignee is {approved.ultimate_consignee}, not {movement.ultimate_consignee}"
        )
    if movement.end_user is not None and movement.end_user not in named:
        users = ", ".join(approved.end_users)
        problems.append(f"its end users are {users}, not {movement.end_user}")
    lines = {line.model: line for line in approved.lines}
    for line in judged.lines:
        licensed = lines.get(line.model)
        if licensed is None:
            problems.append(f"it is for {', '.join(lines)}, not {line.model}")
        elif licensed.eccn != line.eccn:
            problems.append(f"{line.model} is {licensed.eccn} on it, and was declared {line.eccn}")
    return problems


def unavailable(judged: Judged) -> tuple[bool, str] | None:
    """Why an exception does not cover a movement, and whether that is certain; None if it does."""
    movement = judged.movement
    doubt = None
    for eccn in sorted({line.eccn for line in judged.lines if line.eccn}):
        for party in dict.fromkeys((judged.consignee, judged.end_user)):
            seats = (party.location or movement.destination, *party.seats)
            available, why = _available(judged, eccn, seats, data_center=True)
            if available:
                continue
            supposed = [seats] if None not in seats else [_filled(seats, one) for one in SUPPOSED]
            if not any(
                _available(judged, eccn, each, data_center=data_center)[0]
                for each in supposed
                for data_center in (True, False)
            ):
                return True, why
            doubt = doubt or (False, why)
    return doubt


def _available(
    judged: Judged, eccn: str, seats: tuple[str, str | None, str | None], *, data_center: bool
) -> tuple[bool, str]:
    return judged.day.exception_available(
        judged.movement.authority,
        eccn=eccn,
        kind=act(judged.movement),
        destination=judged.movement.destination,
        consignee_countries=seats,
        data_center=data_center,
    )


def _filled(
    seats: tuple[str, str | None, str | None], supposed: str
) -> tuple[str, str | None, str | None]:
    location, own, above = seats
    return location, own or supposed, above or supposed


def _seat_entries(judged: Judged) -> tuple[int, ...]:
    parties = (judged.consignee, judged.end_user, judged.purchaser)
    return tuple(entry for party in parties if party is not None for entry in party.entries)
