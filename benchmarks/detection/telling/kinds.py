"""Which events are told how: by their type, or else by what they hold."""

import re
from collections.abc import Callable
from typing import Final

from benchmarks.detection.cases import Seen
from benchmarks.detection.telling import (
    checks,
    controls,
    licenses,
    means,
    parties,
    reports,
    shipments,
)
from benchmarks.detection.telling.teller import Teller

Handler = Callable[[Teller, Seen], None]

TYPES: Final[dict[str, Handler]] = {
    **dict.fromkeys(("control_effective", "control_announced", "policy_effective",
                     "policy_announced", "rule_effective", "control_published"), controls.control),
    **dict.fromkeys(("party_registered", "party_formed"), parties.registered),
    **dict.fromkeys(("party_renamed", "name_change", "renamed", "name_changed"), parties.renamed),
    **dict.fromkeys(("party_relocated", "hq_moved", "headquarters_moved", "hq_changed"),
                    parties.relocated),
    **dict.fromkeys(("address_declared", "address_changed"), parties.addressed),
    **dict.fromkeys(("controller_declared", "officer_declared"), parties.controlled),
    **dict.fromkeys(("merger", "party_merged"), parties.merged),
    **dict.fromkeys(("ownership_disclosed", "ownership_changed", "ownership_declared"),
                    parties.owned),
    **dict.fromkeys(("listing_added", "listing_removed", "party_listed", "party_delisted",
                     "delisted"), parties.listed),
    **dict.fromkeys(("address_listed", "address_delisted"), parties.address_listed),
    "is_informed_letter": parties.informed,
    **dict.fromkeys(("shipment_declared", "export_declared", "transfer_declared",
                     "transfer_observed"), shipments.shipment),
    **dict.fromkeys(("reexport_declared", "reexport_observed"), shipments.reexport),
    **dict.fromkeys(("onward_observed", "onward_movement_observed", "customs_record",
                     "transit_observed"), shipments.onward),
    **dict.fromkeys(("domestic_sale", "resale", "sale_declared", "first_sale"), shipments.sale),
    "order_placed": shipments.order,
    **dict.fromkeys(("shipment_detained", "shipment_seized", "shipment_refused", "detention"),
                    shipments.detained),
    **dict.fromkeys(("inspection", "customs_inspection"), shipments.inspected),
    **dict.fromkeys(("delivered", "delivery", "delivery_confirmed", "arrival_declared",
                     "arrival_observed"), shipments.delivered),
    **dict.fromkeys(("returned", "rma_return", "rma", "repair_return"), shipments.returned),
    **dict.fromkeys(("payment_received", "payment"), means.payment),
    **dict.fromkeys(("financing_declared", "lease_declared"), means.financed),
    **dict.fromkeys(("inventory_cash", "assets_declared"), means.assets),
    **dict.fromkeys(("inventory_declared", "stock_declared"), means.inventory),
    **dict.fromkeys(("capacity_declared", "capacity_disclosed"), means.capacity_declared),
    "tenant_declared": means.tenant,
    **dict.fromkeys(("licence_application", "license_application"), licenses.applied),
    **dict.fromkeys(("licence_decision", "license_decision", "licence_denied", "license_denied",
                     "licence_granted", "license_granted"), licenses.decided),
    "check_requested": checks.requested,
    **dict.fromkeys(("check_result", "check_performed", "site_visit", "audit"), checks.result),
    "check_overdue": checks.overdue,
    "check_refused": checks.refused,
    **dict.fromkeys(("location_observed", "location_ping", "location_ping_observed",
                     "unit_located", "field_recovery", "units_recovered", "chips_located",
                     "chips_unreachable", "units_unreachable"), reports.located),
    **dict.fromkeys(("serials_sighted", "serial_sighting", "serial_observed"), reports.sighted),
    "teardown_observed": reports.teardown,
    "market_observed": reports.market,
    **dict.fromkeys(("tip_off", "compliance_pressure", "press_report", "voluntary_disclosure",
                     "disclosure"), reports.concern),
}  # fmt: skip
"""Every type of event that is told by its name; any other is told by what it holds."""


def by_what_it_holds(event: Seen) -> Handler:
    """How to tell an event of a type nobody foresaw."""
    get, name = event.said, event.type.lower()

    def holds(*keys: str) -> bool:
        return any(get.get(key) is not None for key in keys)

    kinds: tuple[tuple[bool, Handler], ...] = (
        ("remov" in name and holds("list"), parties.listed),
        (holds("list") and holds("party", "parties"), parties.listed),
        (holds("list") and holds("address", "addresses"), parties.address_listed),
        (holds("payer") or "payment" in name, means.payment),
        ("overdue" in name, checks.overdue),
        ("refus" in name and ("check" in name or holds("party")), checks.refused),
        ("check" in name and "request" in name, checks.requested),
        (holds("outcome") and not re.search(r"licen[cs]e", name), checks.result),
        (bool(re.search(r"licen[cs]e.*(applic|appl)", name)), licenses.applied),
        (bool(re.search(r"licen[cs]e", name)), licenses.decided),
        (holds("tenant"), means.tenant),
        (holds("owner") and holds("pct", "percent", "share"), parties.owned),
        (holds("it_mw", "mw", "capacity_mw", "megawatts", "power_mw"), means.capacity_declared),
        (holds("cash_usd", "assets_usd"), means.assets),
        (
            "locat" in name or "recover" in name or "unreach" in name or "ping" in name,
            reports.located,
        ),
        (holds("serials") and holds("party"), reports.sighted),
        ("teardown" in name or holds("die_maker"), reports.teardown),
        ("inspect" in name, shipments.inspected),
        (bool(re.search(r"detain|seiz", name)), shipments.detained),
        (bool(re.search(r"rma|repair|return", name)), shipments.returned),
        (bool(re.search(r"deliver|arriv", name)), shipments.delivered),
        (bool(re.search(r"inventor|stock", name)), means.inventory),
        ("order" in name, shipments.order),
        (
            "sale" in name
            or "sold" in name
            or (holds("seller") and holds("purchaser") and not holds("destination")),
            shipments.sale,
        ),
        (holds("frm", "from") and holds("to"), shipments.onward),
        (
            bool(re.search(r"ship|export|transfer|import", name))
            and holds("ultimate_consignee", "consignee", "destination", "exporter"),
            shipments.shipment,
        ),
        (bool(re.search(r"rename|name", name)) and holds("new_name", "name"), parties.renamed),
        (bool(re.search(r"control|rule|policy", name)), controls.control),
    )
    return next((handler for fits, handler in kinds if fits), reports.concern)
