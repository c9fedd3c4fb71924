"""A shipment to, or for, a party headquartered in tier 3."""

from collections.abc import Iterator, Sequence

from ledger.entry import Entry
from ledger.events import Movement
from ledger.fold import States
from projections.red_flags._red_flag import SEVERITIES, RedFlag, Severity, entries
from projections.red_flags._rule import MOVEMENTS, Finding, Recorded, Rule, parties_to
from projections.reference import Day, Reference, Seat


class Tier3Party(Rule):
    """A party to a shipment of controlled chips has its headquarters, or its ultimate parent's,
    in Country Group D:5 or Macau on the day of the shipment.

    Hard for purchaser, ultimate consignee and end user; weak where only an intermediate consignee
    is; for information where a license covers the shipment and names the party. A headquarters
    nobody recorded raises nothing here.

    Source: 15 CFR 744.23(a)(3) and 742.6(a)(6)(iii), in force since 2023-11-17; BIS guidance of
    2026-05-31 on entities headquartered in D:5 and Macau.
    """

    name = "tier3-party"
    source = "15 CFR 744.23(a)(3), headquarters in D:5 or Macau"
    reads = MOVEMENTS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at everybody a shipment is to or for."""
        if isinstance(entry.event, Movement):
            finding = self._judge(states, entry.number, entry.event, reference)
            if finding.flags:
                yield finding

    def judge_again(
        self, states: States, movements: Sequence[Recorded], reference: Reference
    ) -> Iterator[Finding]:
        """Look again, by what is known now of the parties and the license."""
        for number, movement in movements:
            yield self._judge(states, number, movement, reference)

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment was to nobody."""
        yield Finding(str(number))

    def _judge(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Finding:
        on = movement.on
        day = reference.day(states, on)
        if day.rules.d5 is None or not day.controlled(movement.lines):
            return Finding(str(number))
        # Severity, what is said, party.
        found: list[tuple[Severity, str, str]] = []
        cited: list[int] = []
        for party, role in parties_to(movement).items():
            seat = reference.seat(states, party, on)
            where = _where(seat, day)
            if not where:
                continue
            cited += seat.entries
            severity: Severity = "weak" if role == "intermediate consignee" else "hard"
            approved_at = _named_at(states, movement, party, reference)
            if approved_at:
                severity = "information"
                cited.append(approved_at)
            found.append((severity, f"{role} {where}", party))
        if not found:
            return Finding(str(number))
        licensed = any(each == "information" for each, _, _ in found)
        flag = RedFlag(
            rule=self.name,
            severity=min((each for each, _, _ in found), key=SEVERITIES.index),
            subject=movement.subject,
            key=movement.shipment,
            because=(
                f"shipment {movement.shipment} of {movement.tpp:,} TPP to"
                f" {movement.destination} on {on}: "
                + "; ".join(text for _, text, _ in found)
                + (f"; license {movement.license} names it" if licensed else "")
            ),
            source=self.source,
            policy=day.policy,
            on=on,
            evidence=entries(number, *cited),
            parties=tuple(
                each[2] for each in sorted(found, key=lambda each: SEVERITIES.index(each[0]))
            ),
        )
        return Finding(str(number), (flag,))


def _where(seat: Seat, day: Day) -> str:
    """Which headquarters is in tier 3, in words; empty when none is known to be."""
    own, above = seat.seats
    if own is not None and day.in_d5(own):
        return f"{seat.party} is headquartered in {own}"
    if above is not None and day.in_d5(above):
        parent = seat.parent if seat.parent != seat.party else "an unnamed parent"
        return f"{seat.party} belongs to {parent}, headquartered in {above}"
    return ""


def _named_at(states: States, movement: Movement, party: str, reference: Reference) -> int:
    """The entry of the license that covers a shipment on its date and is made out to a party; 0
    where there is none.
    """
    if movement.license is None:
        return 0
    facts = reference.license(states, movement.license)
    approved = facts.in_hand if facts else None
    if facts is None or approved is None:
        return 0
    if not approved.decided_on <= movement.on <= approved.expires_on:
        return 0
    named = (approved.ultimate_consignee, *approved.end_users, approved.purchaser)
    return facts.approved_at if party in named else 0
