"""Who may say what: one table, printed by `chip-ledger roles` and kept by writer and verifier."""

from typing import Final

from ledger.events import EVENTS

_SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "key_administrator": (
        "ledger.opened", "key.enrolled", "key.countersigned", "key.revoked", "key.reaffirmed",
    ),
    "policy_officer": ("policy.adopted", "policy.withdrawn"),
    "licensing_officer": (
        "license.applied", "license.approved", "license.denied", "license.returned",
        "party.registered", "party.renamed", "party.relocated", "party.ownership_changed",
    ),
    "agreement_officer": (
        "agreement.concluded", "agreement.in_force", "agreement.amended", "agreement.suspended",
        "agreement.terminated",
    ),
    "trade_recorder": (
        "license.applied", "shipment.exported", "shipment.reexported", "shipment.transferred",
        "shipment.leg_completed", "shipment.delivered", "shipment.voided", "party.registered",
        "party.payment_received", "party.capacity_declared", "party.tenant_declared",
    ),
    "check_officer": (
        "check.requested", "check.scheduled", "check.performed", "check.rated", "check.rerated",
        "check.refused", "check.closed", "party.serials_sighted",
    ),
    "enforcement_analyst": (
        "flag.reviewed", "party.listed", "party.delisted", "party.registered", "party.renamed",
        "party.relocated", "party.ownership_changed", "party.payment_received",
        "party.capacity_declared", "party.tenant_declared", "party.serials_sighted",
        "check.requested",
    ),
}  # fmt: skip

ANY_HOLDER: Final = "key.rotated"
"""Every holder may replace their own key, in any role they have."""

ROLES: Final[dict[str, frozenset[str]]] = {
    role: frozenset(wire for wire in EVENTS if wire.rpartition(".v")[0] in {*names, ANY_HOLDER})
    for role, names in _SUBJECTS.items()
}
"""Role to the wire names of the events it may sign."""


def role_for(roles: tuple[str, ...], wire: str) -> str | None:
    """The first of somebody's roles that may sign an event; None when none may.

    >>> role_for(("trade_recorder", "check_officer"), "check.rated.v1")
    'check_officer'
    """
    return next((role for role in roles if wire in ROLES.get(role, ())), None)


def roles_that_sign(wire: str) -> list[str]:
    """Every role that may sign an event, in the order of the table."""
    return [role for role, wires in ROLES.items() if wire in wires]
