"""Machines outside tier 3 that are let to somebody who belongs there."""

from collections.abc import Iterator

from ledger.entry import Entry
from ledger.events import PartyTenantDeclared
from ledger.fold import States
from projections.red_flags import _later
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.red_flags._seats import belongs_to_tier3
from projections.reference import Reference


class RemoteAccess(Rule):
    """A tenant of a data center, or its ultimate parent, is headquartered in D:5 or Macau.

    For information only: no chip moves, and letting computing time is not forbidden as such. It is
    kept so that whoever looks into a data center sees who uses it.

    Source: BIS guidance of 2025-05-13, which asks providers to know who trains models on what they
    let (15 CFR 744.6, 744.22, 744.23).
    """

    name = "remote-access"
    source = "BIS guidance of 2025-05-13 on who uses computing that is let"
    reads = frozenset({PartyTenantDeclared.wire}) | _later.SEATING_READS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at a tenant, and again once more is known of who it belongs to."""
        if isinstance(entry.event, PartyTenantDeclared):
            matter = str(entry.number)
            _later.rests_on(states, self.name, matter, (f"party:{entry.event.tenant}",))
            yield self._judge(states, matter, reference)
            return
        for matter in _later.resting_on(states, self.name, _later.seated(states, entry, reference)):
            yield self._judge(states, matter, reference)

    def _judge(self, states: States, matter: str, reference: Reference) -> Finding:
        said = states.recall(int(matter))
        tenancy = said.event
        if not isinstance(tenancy, PartyTenantDeclared):
            raise TypeError(f"entry {matter} declares no tenant")
        day = reference.day(states, tenancy.on)
        seat = reference.seat(states, tenancy.tenant, tenancy.on)
        where = belongs_to_tier3(seat, day)
        if not where:
            return Finding(matter)
        let = "machines" if tenancy.servers is None else f"{tenancy.servers:,} servers"
        flag = RedFlag(
            rule=self.name,
            severity="information",
            subject=tenancy.subject,
            key=f"{tenancy.party}/{tenancy.tenant}",
            because=(f"{tenancy.party} lets {let} to {tenancy.tenant} from {tenancy.on}: {where}"),
            source=self.source,
            policy=day.policy,
            on=tenancy.on,
            evidence=entries(said.number, *seat.entries),
            parties=(tenancy.tenant, tenancy.party),
        )
        return Finding(matter, (flag,))
