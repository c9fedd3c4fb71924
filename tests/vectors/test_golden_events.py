"""Bytes that were once signed are read for ever: one event of each wire name, as it was written.

The files beside this module are never changed. An event that no longer reads them, or writes
them otherwise, would make somebody's signature stand for something else. An event that gained a
field since is in `grown` with every field, and stands in `events` as it was first written.
"""

from datetime import date
from pathlib import Path

import pytest
from told import TOLD

from ledger.errors import NotAuthentic
from ledger.events import (
    EVENTS,
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    CheckClosed,
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
    CommodityLine,
    Condition,
    EnrolledKey,
    Event,
    FlagReviewed,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseLine,
    LicenseReturned,
    PartyCapacityDeclared,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyPaymentReceived,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PartySerialsSighted,
    PartyTenantDeclared,
    PolicyAdopted,
    PolicyWithdrawn,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
    decode,
    encode,
    tags,
)

KEPT = Path(__file__).parent / "events"
GROWN = Path(__file__).parent / "grown"

DAY, LATER = date(2026, 3, 2), date(2027, 3, 2)
RIVERA, LIND = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
LEAF = "2jmj7l5rSw0yVb/vlWAYkK/YBwk2jmj7l5rSw0yVb/s="
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def key(kid, actor, *roles, valid_until=None):
    return EnrolledKey(
        key=kid, actor=actor, roles=roles, algorithm="ecdsa-p256-sha256", spki="MFkwEwYHKoZIzj0=",
        possession="MEUCIQDqk+Q=", valid_from=DAY, valid_until=valid_until,
    )  # fmt: skip


LINE = LicenseLine(
    model="h100-sxm", eccn="3A090.a", units=1_000, tpp_per_unit=15_832, value_cents=3_000_000_000
)
DECLARED = CommodityLine(
    model="h100-sxm", eccn="3A090.a", units=8, tpp_per_unit=15_832, value_cents=24_000_000,
    serials=("1650524000117", "1650524000118"), description="GPU servers", hs_code="847150",
    net_weight_grams=130_000,
)  # fmt: skip
PLAIN = CommodityLine(model="h20", units=4, tpp_per_unit=2_368)

EVENTS_KEPT: tuple[Event, ...] = (
    LedgerOpened(
        origin="ledger.example.gov/chips", log_key="MCowBQYDK2VwAyEA",
        administrators=(
            key(RIVERA, "a.rivera", "key_administrator", "policy_officer"),
            key(LIND, "b.chen", "key_administrator", valid_until=LATER),
        ),
        sole=True, opened_on=DAY,
    ),
    KeyEnrolled(
        enrolled=key(LIND, "c.lind", "licensing_officer", valid_until=LATER), enrolled_on=DAY
    ),
    KeyCountersigned(key=LIND, enrollment=LEAF, countersigned_on=DAY),
    KeyRotated(key=RIVERA, successor=key(LIND, "a.rivera", "key_administrator"), rotated_on=DAY),
    KeyRevoked(key=LIND, reason="laptop lost in transit", suspect_from=41, revoked_on=DAY),
    KeyReaffirmed(
        key=LIND, entries=(41, 43), reaffirmed_on=DAY, note="compared with the paper files"
    ),
    PolicyAdopted(
        policy="diffusion-2025", effective_on=DAY, digest=DIGEST, citation="90 FR 4544",
        content='id = "diffusion-2025"\ntitle = "§ 742.6 → \\"caps\\""\n',
    ),
    PolicyWithdrawn(
        policy="diffusion-2025", withdrawn_on=DAY, reason="not enforced", citation="BIS, 2025-05-13"
    ),
    PartyRegistered(
        party="g42", name="Group 42 Holding Ltd — شركة", country="AE", headquarters="AE",
        ultimate_parent="royal-group", parent_headquarters="AE", roles=("end_user", "holding"),
        registration_number="CN-2345678", address="Abu Dhabi", formed_on=date(2018, 1, 1),
        business="data centers", registered_on=DAY, note="as announced",
    ),
    PartyRenamed(party="g42", name="G42", renamed_on=DAY),
    PartyRelocated(party="g42", headquarters="SG", relocated_on=DAY),
    PartyOwnershipChanged(
        party="g42", owner="royal-group", share=5_100, changed_on=DAY, note="from 4,900"
    ),
    PartyListed(party="shell", list="entity_list", listed_on=DAY, citation="90 FR 14046"),
    PartyDelisted(party="shell", list="entity_list", delisted_on=LATER, citation="91 FR 1"),
    PartyCapacityDeclared(party="g42", site="hall 1", it_kilowatts=200_000, declared_on=DAY),
    PartyTenantDeclared(
        party="g42", tenant="lab", servers=512, declared_on=DAY, note="three-year lease"
    ),
    PartyPaymentReceived(
        party="reseller", payer="shell", payer_country="HK", amount_cents=12_345_678_900,
        received_on=DAY, shipment="S-1", note="wire",
    ),
    PartySerialsSighted(
        party="g42", serials=("1650524000117",), method="powered_on", country="AE", site="hall 1",
        sighted_on=DAY,
    ),
    AgreementConcluded(
        agreement="uae-2025", country="AE", title="US-UAE AI Acceleration Partnership",
        signatories=("US", "AE"), concluded_on=DAY, uplift_tpp=790_000_000,
        terms="half a million chips a year", source="whitehouse.gov",
    ),
    AgreementInForce(agreement="uae-2025", country="AE", in_force_on=DAY, citation="90 FR 1"),
    AgreementAmended(
        agreement="uae-2025", country="AE", uplift_tpp=395_000_000, effective_on=LATER,
        reason="half",
    ),
    AgreementSuspended(agreement="uae-2025", country="AE", suspended_on=DAY, reason="review"),
    AgreementTerminated(agreement="uae-2025", country="AE", terminated_on=LATER, reason="ended"),
    LicenseApplied(
        license="D1234567", applied_on=DAY, act="reexport", applicant="nvidia",
        purchaser="reseller", intermediate_consignees=("hub",), ultimate_consignee="g42",
        end_users=("g42", "lab"), destination="AE", lines=(LINE,), end_use="training",
        acn="Z123456",
    ),
    LicenseApproved(
        license="D1234567", decided_on=DAY, expires_on=LATER, destination="AE",
        purchaser="reseller", ultimate_consignee="g42", end_users=("g42",), lines=(LINE,),
        conditions=(
            Condition(condition="quarterly_report", text="every quarter", owner="defense"),
            Condition(condition="no_remote_access", text="from D:5"),
        ),
        license_number="D1234567-1", agreement="uae-2025", justification="by treaty",
    ),
    LicenseDenied(
        license="D1234567", decided_on=DAY, destination="AE", reason="risk of diversion"
    ),
    LicenseReturned(
        license="D1234567", returned_on=DAY, reason="documents_missing", note="no end-user letter"
    ),
    ShipmentExported(
        shipment="S-1", authority="license", license="D1234567", lines=(DECLARED, PLAIN),
        purchaser="reseller", intermediate_consignees=("hub",), ultimate_consignee="g42",
        end_user="lab", forwarder="carrier", prior_notice_on=DAY, aggregate=True, note="by air",
        exporter="nvidia", route=("US", "SG", "AE"), exported_on=DAY, itn="X20260302123456",
    ),
    ShipmentReexported(
        shipment="S-2", authority="none", lines=(PLAIN,), ultimate_consignee="shell",
        reexporter="g42", of="S-1", route=("AE", "MY"), reexported_on=DAY,
    ),
    ShipmentTransferred(
        shipment="S-3", authority="AIA", lines=(DECLARED,), ultimate_consignee="lab", country="AE",
        transferor="g42", of="S-1", transferred_on=DAY,
    ),
    ShipmentLegCompleted(
        shipment="S-1", leg=1, origin="US", arrived_in="SG", arrived_on=DAY, holder="hub",
        carrier="carrier",
    ),
    ShipmentDelivered(
        shipment="S-1", delivered_on=DAY, country="AE", received_by="g42", units=12
    ),
    ShipmentVoided(shipment="S-1", entry=41, voided_on=DAY, reason="typed twice"),
    CheckRequested(
        check="C-1", party="g42", kind="PSV", country="AE", requested_on=DAY, license="D1234567",
        shipment="S-1",
    ),
    CheckScheduled(check="C-1", party="g42", scheduled_on=DAY, scheduled_for=LATER),
    CheckPerformed(
        check="C-1", party="g42", performed_on=DAY, evidence="powered_on", units_expected=12,
        units_counted=11, findings="one was in repair", evidence_sha256=DIGEST,
    ),
    CheckRated(check="C-1", party="g42", rated_on=DAY, rating="favorable", reason="counted"),
    CheckRerated(
        check="C-1", party="g42", rerated_on=LATER, rating="unfavorable", reason="dummy chips"
    ),
    CheckRefused(
        check="C-1", party="g42", refused_on=DAY, refused_by="ministry of commerce", reason="none"
    ),
    CheckClosed(check="C-1", party="g42", closed_on=LATER, reason="done"),
    FlagReviewed(
        flag="9f3c2a1b", rule="over-shipped", outcome="snoozed", reason="data_error",
        note="the mill was asked", evidence=(41, 43), until_on=LATER, severity="strong",
        reviewed_on=DAY,
    ),
    *TOLD,
)  # fmt: skip
"""Every field of every event is set to something other than its default."""


FIRST = (
    FlagReviewed(
        flag="9f3c2a1b", rule="over-shipped", outcome="snoozed", reason="data_error",
        note="the mill was asked", evidence=(41, 43), until_on=LATER, reviewed_on=DAY,
    ),
)  # fmt: skip
"""Events that have grown, as they were first written."""


def kept(wire):
    grown = GROWN / f"{wire}.json"
    return (grown if grown.exists() else KEPT / f"{wire}.json").read_bytes()


@pytest.mark.parametrize("event", FIRST, ids=lambda event: event.wire)
def test_an_event_that_has_grown_still_reads_and_writes_what_was_first_written(event):
    first = (KEPT / f"{event.wire}.json").read_bytes()

    assert event == decode(event.wire, first)
    assert first == encode(event)


def test_every_event_that_has_grown_is_kept_as_it_was_too():
    assert {path.name for path in GROWN.glob("*")} == {f"{event.wire}.json" for event in FIRST}


@pytest.mark.parametrize("event", EVENTS_KEPT, ids=lambda event: event.wire)
def test_bytes_once_signed_still_say_the_same(event):
    assert event == decode(event.wire, kept(event.wire))


@pytest.mark.parametrize("event", EVENTS_KEPT, ids=lambda event: event.wire)
def test_the_same_event_is_still_written_in_the_same_bytes(event):
    assert kept(event.wire) == encode(event)


@pytest.mark.parametrize("event", EVENTS_KEPT, ids=lambda event: event.wire)
def test_every_field_of_an_event_stands_in_the_bytes(event):
    # A transfer and a reexport share their fields with the export, which sets them all.
    shared = {} if not isinstance(event, ShipmentReexported | ShipmentTransferred) else {
        "license", "purchaser", "intermediate_consignees", "end_user", "forwarder",
        "prior_notice_on", "aggregate", "note",
    }  # fmt: skip

    assert set() == {
        name
        for name in event.__struct_fields__
        if name not in shared and f'"{name}":'.encode() not in kept(event.wire)
    }


def test_there_is_one_of_each_and_no_other():
    assert sorted(EVENTS) == sorted(event.wire for event in EVENTS_KEPT)


@pytest.mark.parametrize("event", EVENTS_KEPT, ids=lambda event: event.wire)
def test_an_event_is_tagged_with_its_subject(event):
    assert event.subject in tags(event)


@pytest.mark.parametrize("event", EVENTS_KEPT, ids=lambda event: event.wire)
def test_a_member_nobody_knows_is_refused(event):
    with pytest.raises(NotAuthentic, match="unknown field `zzz`") as caught:
        decode(event.wire, kept(event.wire)[:-1] + b',"zzz":1}')

    assert "EVENT_SCHEMA" == caught.value.code
