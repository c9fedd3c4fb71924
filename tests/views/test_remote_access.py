"""Machines let to a tenant that belongs to tier 3: for information."""

from datetime import date

from world import adopted, flags, party

from ledger.events import PartyOwnershipChanged, PartyRelocated, PartyTenantDeclared

OPERATOR = party("operator", "MY")
TENANT = party("tenant", "MY", headquarters="CN")


def let(tenant="tenant", **changes):
    fields = {"party": "operator", "tenant": tenant, "declared_on": date(2025, 3, 1)}
    return PartyTenantDeclared(**(fields | changes))


def remote(*events):
    return flags("remote-access", adopted(), OPERATOR, *events)


def test_a_tenant_headquartered_in_tier_3_is_for_information():
    (flag,) = remote(TENANT, let(servers=300))

    assert "information" == flag.severity
    assert (
        "operator lets 300 servers to tenant from 2025-03-01: tenant is headquartered in CN"
    ) == flag.because
    assert (3, 4) == flag.evidence
    assert ("tenant", "operator") == flag.parties


def test_a_tenant_whose_parent_is_in_tier_3_is_too():
    below = party("tenant", "MY", ultimate_parent="top", parent_headquarters="MO")
    (flag,) = remote(below, let())

    assert "lets machines to tenant" in flag.because
    assert "tenant belongs to top, headquartered in MO" in flag.because


def test_a_tenant_from_elsewhere_or_unknown_raises_nothing():
    assert [] == remote(party("tenant", "JP"), let())
    assert [] == remote(let("stranger"))


def test_the_seat_of_the_day_counts_and_a_later_move_changes_nothing():
    moved = PartyRelocated(party="tenant", headquarters="CN", relocated_on=date(2025, 3, 2))

    assert [] == remote(party("tenant", "MY"), moved, let())
    assert 1 == len(remote(party("tenant", "MY"), moved, let(declared_on=date(2025, 3, 2))))


def test_who_the_tenant_belongs_to_may_be_told_later():
    bought = PartyOwnershipChanged(
        party="tenant", owner="middle", share=10_000, changed_on=date(2025, 1, 1)
    )
    owned = PartyOwnershipChanged(
        party="middle", owner="top", share=6_000, changed_on=date(2025, 1, 1)
    )
    (flag,) = remote(let(), party("tenant", "MY"), bought, owned, party("top", "CN"))

    assert "tenant belongs to top, headquartered in CN" in flag.because
    assert 7 == flag.raised_at
    assert [] == remote(TENANT, let(), party("tenant", "MY"))
