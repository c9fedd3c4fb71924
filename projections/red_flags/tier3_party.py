"""A shipment to, or for, a party headquartered in tier 3."""

from collections.abc import Iterator

from ledger.entry import Entry
from ledger.events import Movement
from ledger.fold import States
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import MOVEMENTS, Finding, Rule
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
        movement = entry.event
        if not isinstance(movement, Movement):
            return
        on = movement.on
        day = reference.day(states, on)
        if day.rules.d5 is None or not day.controlled(movement.lines):
            return
        found: list[tuple[Severity, str]] = []
        cited: list[int] = []
        for party, role in _parties(movement):
            seat = reference.seat(states, party, on)
            where = _where(seat, day)
            if not where:
                continue
            named = _named(states, movement, reference)
            severity: Severity = "weak" if role == "intermediate consignee" else "hard"
            found.append(("information" if party in named else severity, f"{role} {where}"))
            cited += seat.entries
        if found:
            licensed = any(each == "information" for each, _ in found)
            order: tuple[Severity, ...] = ("hard", "strong", "weak", "information")
            yield Finding(
                str(entry.number),
                (
                    RedFlag(
                        rule=self.name,
                        severity=min((each for each, _ in found), key=order.index),
                        subject=movement.subject,
                        key=movement.shipment,
                        because=(
                            f"shipment {movement.shipment} of {movement.tpp:,} TPP to"
                            f" {movement.destination} on {on}: "
                            + "; ".join(text for _, text in found)
                            + (f"; license {movement.license} names it" if licensed else "")
                        ),
                        source=self.source,
                        policy=day.policy,
                        on=on,
                        evidence=entries(entry.number, *cited),
                    ),
                ),
            )

    def withdraw(
        self, states: States, number: int, movement: Movement, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment was to nobody."""
        yield Finding(str(number))


def _parties(movement: Movement) -> list[tuple[str, str]]:
    """Who a shipment is to or for, each once, in the role that weighs most."""
    roles: dict[str, str] = {}
    for party, role in (
        (movement.ultimate_consignee, "ultimate consignee"),
        (movement.end_user, "end user"),
        (movement.purchaser, "purchaser"),
        *((each, "intermediate consignee") for each in movement.intermediate_consignees),
    ):
        if party is not None:
            roles.setdefault(party, role)
    return list(roles.items())


def _where(seat: Seat, day: Day) -> str:
    """Which headquarters is in tier 3, in words; empty when none is known to be."""
    own, above = seat.seats
    if own is not None and day.in_d5(own):
        return f"{seat.party} is headquartered in {own}"
    if above is not None and day.in_d5(above):
        parent = seat.parent if seat.parent != seat.party else "an unnamed parent"
        return f"{seat.party} belongs to {parent}, headquartered in {above}"
    return ""


def _named(states: States, movement: Movement, reference: Reference) -> frozenset[str]:
    """The parties that the shipment's license, in force on its date, is made out to."""
    if movement.license is None:
        return frozenset()
    facts = reference.license(states, movement.license)
    approved = facts.in_hand if facts else None
    if approved is None or not approved.decided_on <= movement.on <= approved.expires_on:
        return frozenset()
    known = {approved.ultimate_consignee, *approved.end_users, approved.purchaser}
    return frozenset(party for party in known if party is not None)
