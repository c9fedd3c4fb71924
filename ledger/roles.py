"""Who may say what: one table, printed by `chip-ledger roles` and kept by writer and verifier."""

from functools import lru_cache
from typing import Final

from ledger.events import EVENTS

_PROFILE: Final = (
    "party.alias_recorded", "party.address_declared", "party.business_declared",
    "party.controller_declared", "party.account_declared", "party.assets_declared",
    "party.affiliate_declared", "party.merged", "party.distributor_appointed",
    "party.site_declared", "party.capacity_planned",
)  # fmt: skip
"""What a party declares of itself, to whoever asks it."""

_STOCK: Final = (
    "party.inventory_declared", "party.inventory_taken", "party.units_moved", "party.units_lost",
)  # fmt: skip

_SEEN: Final = (
    "party.chips_located", "party.chips_unreachable", "party.teardown_observed",
    "party.concern_reported", "shipment.onward_observed", "shipment.detained",
    "shipment.inspected", "shipment.delivery_confirmed",
)  # fmt: skip
"""What officers who look, and not the parties, say."""

_SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "key_administrator": (
        "ledger.opened", "key.enrolled", "key.countersigned", "key.revoked", "key.reaffirmed",
    ),
    "policy_officer": ("policy.adopted", "policy.withdrawn", "control.published"),
    "licensing_officer": (
        "license.applied", "license.approved", "license.denied", "license.returned",
        "party.registered", "party.renamed", "party.relocated", "party.ownership_changed",
        "license.application_reported", "license.decision_reported", "license.resubmitted",
        "party.informed", *_PROFILE,
    ),
    "agreement_officer": (
        "agreement.concluded", "agreement.in_force", "agreement.amended", "agreement.suspended",
        "agreement.terminated",
    ),
    "trade_recorder": (
        "license.applied", "shipment.exported", "shipment.reexported", "shipment.transferred",
        "shipment.leg_completed", "shipment.delivered", "shipment.voided", "party.registered",
        "party.payment_received", "party.capacity_declared", "party.tenant_declared",
        "shipment.declared", "shipment.onward_observed", "shipment.detained",
        "shipment.inspected", "shipment.returned", "shipment.referenced", "shipment.invoiced",
        "shipment.delivery_confirmed", "license.application_reported",
        "license.decision_reported", "party.order_placed", "party.sold_domestically",
        "party.financing_declared", *_PROFILE, *_STOCK,
    ),
    "check_officer": (
        "check.requested", "check.scheduled", "check.performed", "check.rated", "check.rerated",
        "check.refused", "check.closed", "party.serials_sighted", "check.party_not_found",
        "check.postponed", "check.serials_read", "party.site_declared", *_STOCK, *_SEEN,
    ),
    "enforcement_analyst": (
        "flag.reviewed", "party.listed", "party.delisted", "party.registered", "party.renamed",
        "party.relocated", "party.ownership_changed", "party.payment_received",
        "party.capacity_declared", "party.tenant_declared", "party.serials_sighted",
        "check.requested", "party.order_placed", "party.sold_domestically",
        "party.financing_declared", "party.supply_ended", "party.informed", "address.listed",
        "address.delisted", *_PROFILE, *_STOCK, *_SEEN,
    ),
}  # fmt: skip

ANY_HOLDER: Final = "key.rotated"
"""Every holder may replace their own key, in any role they have."""

ROLES: Final[dict[str, frozenset[str]]] = {
    role: frozenset(wire for wire in EVENTS if wire.rpartition(".v")[0] in {*names, ANY_HOLDER})
    for role, names in _SUBJECTS.items()
}
"""Role to the wire names of the events it may sign."""


@lru_cache(maxsize=1_024)
def role_for(roles: tuple[str, ...], wire: str) -> str | None:
    """The first of somebody's roles that may sign an event; None when none may.

    >>> role_for(("trade_recorder", "check_officer"), "check.rated.v1")
    'check_officer'
    """
    return next((role for role in roles if wire in ROLES.get(role, ())), None)


def roles_that_sign(wire: str) -> list[str]:
    """Every role that may sign an event, in the order of the table."""
    return [role for role, wires in ROLES.items() if wire in wires]
