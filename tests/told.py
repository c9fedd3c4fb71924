"""One example of each fact that is told in words of its own, every field set."""

from datetime import date

from ledger.events import (
    AddressDelisted,
    AddressListed,
    CheckPartyNotFound,
    CheckPostponed,
    CheckSerialsRead,
    ControlPublished,
    Event,
    GoodsLine,
    LicenseApplicationReported,
    LicenseDecisionReported,
    LicenseResubmitted,
    PartyAccountDeclared,
    PartyAddressDeclared,
    PartyAffiliateDeclared,
    PartyAliasRecorded,
    PartyAssetsDeclared,
    PartyBusinessDeclared,
    PartyCapacityPlanned,
    PartyChipsLocated,
    PartyChipsUnreachable,
    PartyConcernReported,
    PartyControllerDeclared,
    PartyDistributorAppointed,
    PartyFinancingDeclared,
    PartyInformed,
    PartyInventoryDeclared,
    PartyInventoryTaken,
    PartyMerged,
    PartyOrderPlaced,
    PartyPaymentReceivedV2,
    PartySiteDeclared,
    PartySoldDomestically,
    PartySupplyEnded,
    PartyTeardownObserved,
    PartyUnitsLost,
    PartyUnitsMoved,
    Reading,
    ShipmentDeclared,
    ShipmentDeliveryConfirmed,
    ShipmentDetained,
    ShipmentInspected,
    ShipmentInvoiced,
    ShipmentOnwardObserved,
    ShipmentReferenced,
    ShipmentReturned,
    StockLine,
)

DAY, LATER = date(2025, 7, 1), date(2026, 1, 5)
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SERIALS = ("1650524000117", "1650524000118")

GOODS = GoodsLine(
    description="GPU servers, 8 boards each", model="h100-sxm", quantity=12,
    counted_in="computers", value_cents=360_000_000, eccn="4A090.a", hs_code="847150",
    net_weight_grams=1_560_000, serials=SERIALS,
)  # fmt: skip
STOCK = StockLine(model="h100-sxm", units=64, boxed=8, serials=SERIALS)

TOLD: tuple[Event, ...] = (
    PartyAliasRecorded(party="g42", alias="Group Forty-Two", recorded_on=DAY, note="its website"),
    PartyAddressDeclared(
        party="g42", address="Unit 4, Free Zone 1", country="AE", registered_agent=True,
        declared_on=DAY, note="company register",
    ),
    PartyBusinessDeclared(
        party="g42", activities=("cloud", "data_center"), business="AI infrastructure",
        declared_on=DAY, note="company register",
    ),
    PartyControllerDeclared(
        party="g42", controller="person-7", capacity="director", ended=True, declared_on=DAY,
        note="company register",
    ),
    PartyAccountDeclared(
        party="g42", account="AE070331234567890123456", bank="first-bank", country="AE",
        declared_on=DAY, note="order form",
    ),
    PartyAssetsDeclared(
        party="g42", cash_cents=570_000_000, assets_cents=900_000_000, declared_on=DAY,
        note="annual report",
    ),
    PartyAffiliateDeclared(
        party="g42", affiliate="lab", relation="sister company", declared_on=DAY, note="its letter"
    ),
    PartyMerged(party="g42", into="lab", merged_on=DAY, note="company register"),
    PartyDistributorAppointed(
        party="g42", maker="nvidia", appointed_on=DAY, until_on=LATER, note="list of partners"
    ),
    PartySiteDeclared(
        party="g42", site="hall-1", name="hall 1", country="AE", address="Masdar City",
        use="data_center", closed=True, declared_on=DAY, note="order form",
    ),
    PartyCapacityPlanned(
        party="g42", site="hall 1", it_kilowatts=200_000, declared_on=DAY, ready_on=LATER,
        note="grid contract",
    ),
    PartyInventoryDeclared(
        party="g42", site="hall-1", basis="received_so_far", lines=(STOCK,),
        value_cents=192_000_000, declared_on=DAY, note="annual report",
    ),
    PartyInventoryTaken(
        party="g42", site="hall-1", lines=(STOCK, StockLine(units=0)), evidence="powered_on",
        taken_by="export control officer", check="C-1", evidence_sha256=DIGEST, taken_on=DAY,
        note="second store was closed",
    ),
    PartyUnitsMoved(
        party="g42", from_site="hall-1", to_site="hall-2", lines=(STOCK,), moved_on=DAY,
        announced_on=DAY, note="new hall",
    ),
    PartyUnitsLost(
        party="g42", site="hall-1", lines=(STOCK,), cause="destroyed", evidence_sha256=DIGEST,
        lost_on=DAY, note="fire",
    ),
    PartyOrderPlaced(
        party="g42", seller="nvidia", lines=(GOODS,), value_cents=360_000_000, end_user="lab",
        destination="AE", ordered_on=DAY, note="press release",
    ),
    PartySoldDomestically(
        party="nvidia", purchaser="reseller", country="US", lines=(GOODS,),
        value_cents=360_000_000, end_user="lab", invoice="INV-1", first=True, aggregate=True,
        sold_on=DAY, note="list of serial numbers",
    ),
    PartyPaymentReceivedV2(
        party="reseller", payer="shell", payer_country="HK", amount_cents=12_345_678_900,
        received_on=DAY, shipment="S-1", invoice="INV-1", account="HK-77", note="wire",
    ),
    PartyFinancingDeclared(
        party="g42", financier="first-bank", kind="lease", amount_cents=360_000_000,
        invoice="INV-1", declared_on=DAY, note="lease contract",
    ),
    PartySupplyEnded(
        party="g42", suppliers=("maker",), count=2, lines=(GOODS,), ended_on=DAY, note="press"
    ),
    PartyChipsLocated(
        party="g42", serials=SERIALS, country="CN", method="landmark_ping", source="maker",
        place="Shenzhen", located_on=DAY, note="two landmarks",
    ),
    PartyChipsUnreachable(
        party="g42", serials=SERIALS[:1], method="attested_ping", source="maker",
        unreachable_on=DAY, note="since the check",
    ),
    PartyTeardownObserved(
        party="g42", product="accelerator", component="logic die", maker="foundry",
        finder="laboratory", country="CN", serials=SERIALS[:1], observed_on=DAY, note="press",
    ),
    PartyConcernReported(
        party="g42", kind="tip_off", what="servers are sold on", source="a competitor",
        shipment="S-1", reported_on=DAY,
    ),
    PartyInformed(
        party="nvidia", concerning="g42", countries=("CN", "MO"), items="3A090 chips",
        citation="15 CFR 744.23(b)", informed_on=DAY, note="as the firm disclosed",
    ),
    ControlPublished(
        control="us-2022-10-07", title="advanced computing chips", effective_on=DAY,
        announced_on=DAY, countries=("CN",), check_days=60, citation="87 FR 62186",
        note="interim final rule",
    ),
    AddressListed(
        address="hk-1", text="Room 1, 1 Nathan Road", country="HK", list="entity_list",
        listed_on=DAY, citation="89 FR 1",
    ),
    AddressDelisted(address="hk-1", list="entity_list", delisted_on=LATER, citation="90 FR 1"),
    LicenseApplicationReported(
        license="BIS-1", act="reexport", applicant="nvidia", ultimate_consignee="g42",
        end_users=("lab",), destination="AE", lines=(GOODS,), authority="BIS", applied_on=DAY,
        note="court papers",
    ),
    LicenseDecisionReported(
        license="BIS-1", outcome="denied", authority="BIS", decided_on=DAY, note="court papers"
    ),
    LicenseResubmitted(license="BIS-2", of="BIS-1", resubmitted_on=DAY, note="other end use"),
    ShipmentDeclared(
        shipment="S-1", act="reexport", authority="license", license="D1", lines=(GOODS,),
        value_cents=360_000_000, gross_weight_grams=1_700_000, seller="maker", exporter="nvidia",
        purchaser="reseller", intermediate_consignees=("hub",), ultimate_consignee="g42",
        end_user="lab", end_use="research", forwarder="carrier", bill_to="SG",
        route=("US", "SG", "AE"), destinations=("AE", "OM"), shipments=3, aggregate=True,
        stopped=True, itn="X20250701123456", declared_on=DAY, note="customs record",
    ),
    ShipmentOnwardObserved(
        shipment="S-2", of="S-1", origins=("AE",), via=("HK",), destination="CN", sender="g42",
        receiver="shell", lines=(GOODS,), value_cents=360_000_000, authority="none",
        method="customs_record", aggregate=True, observed_on=DAY, note="mirror data",
    ),
    ShipmentDetained(
        shipment="S-1", country="SG", detained_by="customs", reason="end user", detained_on=DAY,
        note="press",
    ),
    ShipmentInspected(
        shipment="S-1", country="SG", inspected_by="customs", counted=14, counted_in="computers",
        gross_weight_grams=1_800_000, appraised_cents=420_000_000, hs_code="847330",
        serials=SERIALS, differences=("quantity", "description"), finding="two more servers",
        inspected_on=DAY, note="press",
    ),
    ShipmentReturned(
        shipment="S-1", rma="RMA-9", reason="repair", lines=(STOCK,), sender="g42",
        receiver="maker", country="US", returned_on=DAY, note="two boards",
    ),
    ShipmentReferenced(
        shipment="S-1", kind="lease", rma="L-4", counterpart="g42", referenced_on=DAY,
        note="contract",
    ),
    ShipmentInvoiced(
        shipment="S-1", invoice="INV-1", seller="nvidia", billed_to="reseller",
        amount_cents=360_000_000, incoterm="FCA", condition="refurbished", invoiced_on=DAY,
        note="from the file",
    ),
    ShipmentDeliveryConfirmed(
        shipment="S-1", country="AE", received_by="g42", source="carrier",
        confirmed_by="the airline", confirmed_on=DAY, note="signed receipt",
    ),
    CheckPartyNotFound(
        check="C-1", party="g42", address="Unit 4", found="a tailor", not_found_on=DAY
    ),
    CheckPostponed(
        check="C-1", party="g42", postponed_on=DAY, postponed_until=LATER,
        postponed_by="authority", reason="no officer",
    ),
    CheckSerialsRead(
        check="C-1", party="g42", site="hall-1", country="AE", method="powered_on", read_on=DAY,
        readings=(
            Reading(label="1650524000117", attested="1650524000117"),
            Reading(label="1650524000118", attested="1650524999999"),
            Reading(label="1650524000119"),
        ),
    ),
)  # fmt: skip
