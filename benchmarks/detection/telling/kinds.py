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
    **dict.fromkeys(("check_requested", "inspection_requested"), checks.requested),
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

    def called(*stems: str) -> bool:
        """Whether a word of its type begins so."""
        return re.search(rf"(?<![a-z])(?:{'|'.join(stems)})", name) is not None

    receiver = holds("ultimate_consignee", "consignee", "destination", "destinations")
    kinds: tuple[tuple[bool, Handler], ...] = (
        (called("list", "delist", "sanction", "remov") and holds("party", "parties"),
         parties.listed),
        (holds("list") and holds("party", "parties", "name"), parties.listed),
        (holds("list") and holds("address", "addresses"), parties.address_listed),
        (holds("payer", "payer_country") or called("payment", "paid", "wire", "remittance"),
         means.payment),
        (holds("financier", "lessor", "lender") or called("financ", "loan", "leas"),
         means.financed),
        (called("overdue"), checks.overdue),
        (called("refus") and (called("check", "visit", "inspection") or holds("party")),
         checks.refused),
        (called("check", "visit", "verification") and called("request", "announce", "order"),
         checks.requested),
        (called("licen[cs]e", "permit") and called("appl"), licenses.applied),
        (called("licen[cs]e", "permit"), licenses.decided),
        (called("informed", "is_informed"), parties.informed),
        (holds("outcome", "rating") and not holds("exporter"), checks.result),
        (holds("tenant"), means.tenant),
        (holds("owner", "shareholder") and holds("pct", "percent", "share", "share_pct"),
         parties.owned),
        (holds("it_mw", "mw", "capacity_mw", "megawatts", "power_mw"), means.capacity_declared),
        (holds("cash_usd", "assets_usd"), means.assets),
        (holds("controller", "director", "officer"), parties.controlled),
        (holds("device", "die_maker") or called("teardown"), reports.teardown),
        (holds("frm", "from") and holds("to"), shipments.onward),
        (called("locat", "recover", "unreach", "offline", "ping", "geoloc", "tracker", "beacon"),
         reports.located),
        (holds("serials") and holds("party") and not receiver, reports.sighted),
        (called("inspect", "weigh", "exam", "customs_inspect") or holds("weighed_kg"),
         shipments.inspected),
        (called("detain", "detention", "seiz", "intercept", "held"), shipments.detained),
        (called("rma", "repair", "return"), shipments.returned),
        (called("deliver", "arriv"), shipments.delivered),
        (called("inventor", "stock") and not called("stockpil"), means.inventory),
        (called("order", "purchase_order", "procure", "tender"), shipments.order),
        (called("sale", "resale", "sold", "resold")
         or (holds("seller") and holds("purchaser", "buyer") and not holds("destination")),
         shipments.sale),
        (called("ship", "export", "reexport", "transfer", "import", "declar", "customs", "leg")
         and (receiver or holds("exporter", "item", "description")), shipments.shipment),
        (holds("new_name") or called("renam", "name"), parties.renamed),
        (called("relocat", "move") and holds("hq_country", "new_hq"), parties.relocated),
        (holds("address") and holds("party"), parties.addressed),
        (called("regist", "form", "incorporat", "found") and holds("party"), parties.registered),
        (called("control", "rule", "policy", "regulation"), controls.control),
    )  # fmt: skip
    return next((handler for fits, handler in kinds if fits), reports.concern)
