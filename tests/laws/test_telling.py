"""In whatever order a history is told, the same flags stand.

One history of everything that may be told about a few parties and chips, no two of one day and
none that contradict each other: of such, the later one corrects the first. Left out is what is
added up in the order of recording by design: with which shipment a sum crosses its limit.
"""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from world import (
    adopted,
    approved,
    declared,
    diffusion,
    entries,
    exported,
    licensed,
    line,
    party,
    requested,
    seen_onward,
)

from ledger.events import (
    AddressListed,
    CheckPartyNotFound,
    CheckSerialsRead,
    ControlPublished,
    GoodsLine,
    LicenseApplicationReported,
    LicenseDecisionReported,
    PartyAccountDeclared,
    PartyAddressDeclared,
    PartyAffiliateDeclared,
    PartyAliasRecorded,
    PartyAssetsDeclared,
    PartyBusinessDeclared,
    PartyCapacityDeclared,
    PartyChipsLocated,
    PartyChipsUnreachable,
    PartyControllerDeclared,
    PartyDistributorAppointed,
    PartyFinancingDeclared,
    PartyInformed,
    PartyInventoryTaken,
    PartyListed,
    PartyMerged,
    PartyOrderPlaced,
    PartyOwnershipChanged,
    PartyPaymentReceivedV2,
    PartyRelocated,
    PartySerialsSighted,
    PartySiteDeclared,
    PartySoldDomestically,
    PartySupplyEnded,
    PartyTeardownObserved,
    PartyTenantDeclared,
    PartyUnitsMoved,
    Reading,
    ShipmentDeliveryConfirmed,
    ShipmentDetained,
    ShipmentInspected,
    ShipmentInvoiced,
    ShipmentReexported,
    ShipmentReferenced,
    ShipmentReturned,
    ShipmentTransferred,
    StockLine,
)
from ledger.fold import replay
from projections.red_flags import FlagsFold

ON = date(2026, 11, 22)
BY_RECORD = {"cap-breach", "lpp-limit", "over-shipped"}
"""Rules whose flags name the shipment, in the order of recording, with which a sum was too much."""

days = (date(2024, 9, 2) + timedelta(days=3 * number) for number in range(200))
ROOM = {"address": "Room 5, 610 Nathan Road", "country": "HK"}


def next_day():
    return next(days)


def goods(words="H100", serials=(), **changes):
    return (GoodsLine(description=words, serials=serials, **changes),)


def stock(serial, units=1):
    return (StockLine(model="h100-sxm", units=units, serials=(serial,)),)


def home(name, country, **changes):
    return party(name, country, **({"headquarters": country} | changes))


HISTORY = (
    home("acme", "AE", ultimate_parent="top", address=ROOM["address"]),
    home("shell", "MY", headquarters="CN", formed_on=date(2024, 9, 20)),
    home("japan", "JP", roles=("freight_forwarder",)),
    home("maker", "US", roles=("manufacturer",)),
    home("abroad", "SG", headquarters="CN"),
    PartyRelocated(party="top", headquarters="CN", relocated_on=next_day()),
    PartyOwnershipChanged(party="japan", owner="shell", share=5_001, changed_on=next_day()),
    PartyListed(party="bad", list="entity_list", listed_on=next_day()),
    PartyAliasRecorded(party="bad", alias="Evil Ltd", recorded_on=next_day()),
    ControlPublished(control="c-1", title="t", effective_on=next_day()),
    AddressListed(
        address="a-1", text=ROOM["address"], country="HK", list="entity_list", listed_on=next_day()
    ),
    approved("D1", decided_on=next_day(), end_users=("shell",), lines=(licensed(4),)),
    LicenseApplicationReported(
        license="D2", applicant="maker", ultimate_consignee="acme", destination="AE",
        lines=goods(), authority="BIS", applied_on=next_day(),
    ),
    LicenseDecisionReported(
        license="D2", outcome="denied", authority="BIS", decided_on=next_day()
    ),
    PartyInformed(party="maker", concerning="stranger", informed_on=next_day()),
    exported(
        "S-1", lines=(line(600, value_cents=10**9, serials=("N-1", "N-2")),), authority="none",
        exported_on=next_day(),
    ),
    exported("S-2", lines=(line(8, serials=("N-2",)),), exported_on=next_day()),
    exported(
        "S-3", lines=(line(2_000),), authority="LPP", ultimate_consignee="shell",
        end_user="shell", route=("US", "MY"), exported_on=next_day(),
    ),
    exported(
        "S-4", lines=(line(64, serials=("N-3",)),), authority="NLR", ultimate_consignee="japan",
        end_user="bad", route=("US", "JP"), forwarder="fwd", exported_on=next_day(),
    ),
    declared(
        "generic parts", shipment="S-5", exporter="acme", ultimate_consignee="stranger",
        destinations=("MY",), declared_on=next_day(),
    ),
    declared(
        shipment="S-6", lines=goods("chairs", ("N-1",)), authority="NLR", exporter="acme",
        ultimate_consignee="shell", destinations=("CN",), declared_on=next_day(),
    ),
    declared(
        "H100", shipment="S-7", authority="license", license="D2", value_cents=10**10,
        declared_on=next_day(),
    ),
    declared("H100", shipment="S-8", authority="LPP", declared_on=next_day()),
    PartySoldDomestically(
        party="maker", purchaser="agent", end_user="acme", country="US", first=True,
        lines=goods(serials=("N-1", "N-4"), model="h100-sxm", quantity=600),
        sold_on=date(2024, 9, 1),
    ),
    PartyOrderPlaced(
        party="shell", seller="maker", lines=goods(quantity=800), value_cents=10**10,
        destination="MY", ordered_on=next_day(),
    ),
    ShipmentReexported(
        shipment="S-9", of="S-1", authority="none", reexporter="acme", route=("AE", "CN"),
        lines=(line(600, serials=("N-1",)),), ultimate_consignee="bad", reexported_on=next_day(),
    ),
    ShipmentTransferred(
        shipment="S-10", authority="NLR", transferor="shell", country="MY", lines=(line(900),),
        ultimate_consignee="local", transferred_on=next_day(),
    ),
    seen_onward(shipment="S-11", sender="japan", origins=("JP",), observed_on=next_day()),
    ShipmentReturned(
        shipment="S-2", reason="repair", lines=stock("N-2"), sender="acme", receiver="maker",
        country="US", returned_on=next_day(),
    ),
    exported(
        "S-12", lines=(line(8, serials=("N-2",)),), authority="none", ultimate_consignee="local",
        end_user="local", route=("US", "MY"), exported_on=next_day(),
    ),
    ShipmentReferenced(
        shipment="S-11", kind="lease", rma="R-1", counterpart="japan", referenced_on=next_day()
    ),
    ShipmentDetained(shipment="S-5", country="MY", detained_by="customs", detained_on=next_day()),
    ShipmentInspected(
        shipment="S-6", country="AE", inspected_by="customs", counted=5, serials=("N-1",),
        differences=("description",), inspected_on=next_day(),
    ),
    ShipmentInvoiced(
        shipment="S-1", invoice="INV-1", seller="maker", billed_to="acme", amount_cents=10**9,
        invoiced_on=next_day(),
    ),
    ShipmentDeliveryConfirmed(
        shipment="S-3", country="MY", received_by="local", source="surveyor", confirmed_by="x",
        confirmed_on=next_day(),
    ),
    PartyPaymentReceivedV2(
        party="maker", payer="abroad", payer_country="CN", amount_cents=10**9, invoice="INV-1",
        received_on=next_day(),
    ),
    PartyPaymentReceivedV2(
        party="maker", payer="shell", payer_country="CN", amount_cents=10**8, shipment="S-9",
        received_on=next_day(),
    ),
    PartyFinancingDeclared(party="acme", financier="abroad", kind="bank", declared_on=next_day()),
    PartySupplyEnded(party="bad", suppliers=("maker",), ended_on=next_day()),
    PartyBusinessDeclared(party="acme", activities=("real_estate",), declared_on=next_day()),
    PartyAssetsDeclared(party="shell", cash_cents=100, declared_on=next_day()),
    PartyControllerDeclared(
        party="shell", controller="mr-x", capacity="controller", declared_on=next_day()
    ),
    PartyControllerDeclared(
        party="local", controller="mr-x", capacity="controller", declared_on=next_day()
    ),
    PartyAddressDeclared(party="local", **ROOM, declared_on=next_day()),
    PartyAccountDeclared(party="bad", account="IBAN-1", country="HK", declared_on=next_day()),
    PartyAccountDeclared(party="stranger", account="IBAN-1", country="HK", declared_on=next_day()),
    PartyAffiliateDeclared(
        party="local", affiliate="abroad", relation="sister", declared_on=next_day()
    ),
    PartyMerged(party="agent", into="acme", merged_on=next_day()),
    PartyDistributorAppointed(party="shell", maker="maker", appointed_on=next_day()),
    PartySiteDeclared(
        party="acme", site="site-1", name="one", country="AE", use="data_center",
        declared_on=next_day(),
    ),
    PartyCapacityDeclared(party="acme", site="site-1", it_kilowatts=10, declared_on=next_day()),
    PartyInventoryTaken(
        party="acme", site="site-1", lines=stock("N-3", 500), evidence="powered_on", taken_by="x",
        taken_on=next_day(),
    ),
    PartyUnitsMoved(
        party="acme", from_site="site-1", to_site="site-2", lines=stock("N-3"), moved_on=next_day()
    ),
    PartyTenantDeclared(party="maker", tenant="abroad", declared_on=next_day()),
    PartySerialsSighted(
        party="acme", serials=("N-4",), method="powered_on", country="AE", sighted_on=next_day()
    ),
    PartyChipsLocated(
        party="bad", serials=("N-4",), country="CN", method="field_recovery", source="a",
        located_on=next_day(),
    ),
    CheckSerialsRead(
        check="C-1", party="acme", country="AE", method="label_read", read_on=next_day(),
        readings=(Reading(label="N-3"), Reading(label="N-1")), site="site-1",
    ),
    PartyChipsUnreachable(
        party="acme", serials=("N-3",), method="landmark_ping", source="a",
        unreachable_on=next_day(),
    ),
    PartyTeardownObserved(
        party="bad", product="x", component="y", maker="maker", finder="z", country="CN",
        observed_on=next_day(),
    ),
    requested("C-2", shipment="S-4", requested_on=next_day()),
    *(
        exported(
            f"V-{number}", lines=(line(1, value_cents=3_000_000),), authority="NLR",
            ultimate_consignee="stranger", end_user="stranger", route=("US", "JP"),
            exported_on=next_day(),
        )
        for number in range(6)
    ),
    exported(
        "V-9", lines=(line(1, value_cents=1_000_000),), authority="NLR",
        ultimate_consignee="stranger", end_user="stranger", route=("US", "JP"),
        exported_on=next_day(),
    ),
    CheckPartyNotFound(check="C-3", party="stranger", not_found_on=next_day()),
)  # fmt: skip


def seen(told):
    """The flags that stand, with the events that show them instead of their numbers."""
    history = [adopted(), diffusion(), *told]
    fold = FlagsFold()
    found = set()
    for each in fold.raised(replay(fold, entries(*history)), ON):
        flag = each.flag
        last = flag.key.rpartition("/")[2]
        # Where nothing else names what a flag is about, its entry does.
        key = repr(history[int(last) - 1]) if last.isdigit() else flag.key
        said = (flag.rule, flag.severity, flag.subject, key)
        if flag.rule not in BY_RECORD:
            shown = frozenset(repr(history[number - 1]) for number in flag.evidence)
            said = (*said, flag.because, flag.policy, flag.on, shown, frozenset(flag.parties))
        found.add(said)
    return found


@given(st.lists(st.sampled_from(HISTORY), unique=True, max_size=12), st.randoms())
@settings(max_examples=150, deadline=None)
def test_the_order_of_telling_decides_nothing(told, chance):
    mixed = list(told)
    chance.shuffle(mixed)

    assert seen(told) == seen(mixed)


def test_the_whole_history_told_forth_and_back_raises_the_same():
    forth = seen(HISTORY)

    assert forth == seen(HISTORY[::-1])
    assert len({rule for rule, *_ in forth}) >= 20
