"""Everything said about one thing, in an officer's words."""

from base64 import b64encode
from datetime import date
from pathlib import Path

import pytest
from told import TOLD
from world import (
    ORIGIN,
    adopted,
    applied,
    approved,
    entries,
    exported,
    party,
    requested,
    voided,
)

from ledger import events
from ledger.errors import Malformed, Unknown
from ledger.events import EVENTS, tags
from ledger.events.end_use_checks import Reading
from projections.trail import rows, say, subject_of

DAY = date(2025, 3, 3)
KEY = "0" * 32
ENROLLED = events.EnrolledKey(
    key=KEY, actor="a.rivera", roles=("licensing_officer",), algorithm="ed25519", spki="AAAA",
    possession="AAAA", valid_from=DAY,
)  # fmt: skip
AGREED = {"agreement": "us-ae", "country": "AE"}
CHECK = {"check": "C-1", "party": "acme"}
MOVED = {"authority": "none", "lines": exported().lines, "ultimate_consignee": "acme"}

SAID = {
    events.LedgerOpened(
        origin=ORIGIN, log_key="AAAA", administrators=(ENROLLED,), opened_on=DAY
    ): f"ledger {ORIGIN} opened by a.rivera",
    events.KeyEnrolled(
        enrolled=ENROLLED, enrolled_on=DAY
    ): f"key {KEY} of a.rivera proposed as licensing_officer",
    events.KeyCountersigned(
        key=KEY, enrollment=b64encode(bytes(32)).decode(), countersigned_on=DAY
    ): f"key {KEY} countersigned",
    events.KeyRotated(
        key="1" * 32, successor=ENROLLED, rotated_on=DAY
    ): f"key {'1' * 32} replaced by {KEY} of a.rivera",
    events.KeyRevoked(
        key=KEY, reason="lost", suspect_from=12, revoked_on=DAY
    ): f"key {KEY} revoked: lost; suspect from entry 12",
    events.KeyReaffirmed(
        key=KEY, entries=(12, 13), reaffirmed_on=DAY, note="called the officer"
    ): f"2 entries signed with key {KEY} stand: called the officer",
    adopted(): "policy adv-comp-2023 in force from 2023-11-17",
    events.PolicyWithdrawn(
        policy="diffusion-2025", withdrawn_on=DAY, reason="not enforced"
    ): "policy diffusion-2025 withdrawn from 2025-03-03: not enforced",
    party(ultimate_parent="holding", parent_headquarters="SA"): (
        "acme registered: Acme in AE, headquartered in AE, owned by holding of SA"
    ),
    events.PartyRenamed(
        party="acme", name="Apex", renamed_on=DAY
    ): "acme renamed Apex on 2025-03-03",
    events.PartyRelocated(
        party="acme", headquarters="SA", relocated_on=DAY
    ): "acme headquartered in SA from 2025-03-03",
    events.PartyOwnershipChanged(
        party="acme", owner="holding", share=5_001, changed_on=DAY
    ): "holding owns 50.01 % of acme from 2025-03-03",
    events.PartyListed(
        party="acme", list="entity_list", listed_on=DAY, citation="90 FR 1"
    ): "acme put on entity_list on 2025-03-03: 90 FR 1",
    events.PartyDelisted(
        party="acme", list="entity_list", delisted_on=DAY
    ): "acme taken off entity_list on 2025-03-03",
    events.PartyCapacityDeclared(
        party="acme", site="Hall 1", it_kilowatts=12_000, declared_on=DAY
    ): "acme declared 12,000 kW for computing at Hall 1",
    events.PartyTenantDeclared(
        party="acme", tenant="lab", servers=20, declared_on=DAY
    ): "acme declared lab as tenant on 20 servers",
    events.PartyPaymentReceived(
        party="acme", payer_country="HK", amount_cents=123_456, received_on=DAY, shipment="S-1"
    ): "an unnamed payer in HK paid acme $1,234.56 for shipment S-1",
    events.PartySerialsSighted(
        party="acme", serials=("a", "b"), method="label_read", country="AE", sighted_on=DAY
    ): "2 serial numbers seen at acme in AE (label read)",
    events.AgreementConcluded(
        **AGREED, title="Framework", signatories=("US", "AE"), concluded_on=DAY, uplift_tpp=1_000
    ): "agreement us-ae with AE concluded, uplift 1,000 TPP: Framework",
    events.AgreementInForce(
        **AGREED, in_force_on=DAY
    ): "agreement us-ae with AE in force from 2025-03-03",
    events.AgreementAmended(
        **AGREED, uplift_tpp=2_000, effective_on=DAY
    ): "agreement us-ae with AE: uplift 2,000 TPP from 2025-03-03",
    events.AgreementSuspended(
        **AGREED, suspended_on=DAY, reason="audit"
    ): "agreement us-ae with AE suspended from 2025-03-03: audit",
    events.AgreementTerminated(
        **AGREED, terminated_on=DAY, reason="breach"
    ): "agreement us-ae with AE terminated from 2025-03-03: breach",
    applied(): "maker applied to export 8 h100-sxm (126,656 TPP) to acme in AE",
    approved(agreement="us-ae"): (
        "license D1 approved for 8 h100-sxm (126,656 TPP) to acme in AE, until 2026-02-02,"
        " under agreement us-ae"
    ),
    events.LicenseDenied(
        license="D1", decided_on=DAY, destination="AE", reason="risk"
    ): "application D1 denied: risk",
    events.LicenseReturned(
        license="D1", returned_on=DAY, reason="documents_missing", note="no contract"
    ): "application D1 returned without action: documents missing: no contract",
    exported(route=("US", "SG", "AE"), end_user="lab"): (
        "shipment S-1 exported by maker on 2025-03-03: 8 h100-sxm (126,656 TPP) to acme for lab,"
        " US → SG → AE; license D1"
    ),
    events.ShipmentReexported(
        shipment="S-2", **MOVED, route=("AE", "SA"), reexported_on=DAY
    ): (
        "shipment S-2 reexported on 2025-03-03: 8 h100-sxm (126,656 TPP) to acme, AE → SA;"
        " no authority"
    ),
    events.ShipmentTransferred(
        shipment="S-3", **{**MOVED, "authority": "AIA"}, country="JP", transferred_on=DAY
    ): (
        "shipment S-3 transferred on 2025-03-03: 8 h100-sxm (126,656 TPP) to acme, within JP;"
        " exception AIA"
    ),
    events.ShipmentLegCompleted(
        shipment="S-1", leg=1, origin="US", arrived_in="SG", arrived_on=DAY, holder="hub"
    ): "shipment S-1 arrived in SG from US on 2025-03-03 (leg 1), held by hub",
    events.ShipmentDelivered(
        shipment="S-1", delivered_on=DAY, country="AE", received_by="acme", units=8
    ): "shipment S-1 delivered to acme in AE on 2025-03-03, 8 chips counted",
    voided(1_204): "shipment S-1, entry 1,204, voided: recorded twice",
    requested(shipment="S-1"): "PSV C-1 of acme in AE requested on 2025-06-01 for shipment S-1",
    events.CheckScheduled(
        **CHECK, scheduled_on=DAY, scheduled_for=date(2025, 4, 1)
    ): "check C-1 set for 2025-04-01",
    events.CheckPerformed(
        **CHECK, performed_on=DAY, evidence="powered_on", units_expected=8, units_counted=6
    ): "check C-1 of acme performed on 2025-03-03 (powered on), 6 chips counted of 8 expected",
    events.CheckRated(
        **CHECK, rated_on=DAY, rating="unable_to_complete"
    ): "check C-1 rated unable to complete",
    events.CheckRerated(
        **CHECK, rerated_on=DAY, rating="favorable", reason="found"
    ): "check C-1 rated anew, favorable: found",
    events.CheckRefused(
        **CHECK, refused_on=DAY, refused_by="the ministry"
    ): "check C-1 of acme refused by the ministry on 2025-03-03",
    events.CheckClosed(**CHECK, closed_on=DAY): "check C-1 closed on 2025-03-03",
    events.FlagReviewed(
        flag="0123456789abcdef", rule="cap-breach", outcome="snoozed", reason="lawful",
        evidence=(1,), until_on=date(2025, 6, 1), reviewed_on=DAY,
    ): "flag 0123456789abcdef (cap-breach) snoozed until 2025-06-01: lawful",
}  # fmt: skip

TOLD_SAID = dict(
    line.split("  ", 1)
    for line in Path(__file__).with_name("told.txt").read_text(encoding="utf-8").splitlines()
)
"""What `told.TOLD` says, by wire name."""

SAID |= {event: TOLD_SAID[event.wire] for event in TOLD}


@pytest.mark.parametrize(("event", "said"), SAID.items(), ids=[event.wire for event in SAID])
def test_an_event_is_said_in_a_line(event, said):
    assert said == say(event)


def test_labels_that_were_only_read_are_not_said_to_have_been_asked():
    seen = events.CheckSerialsRead(
        check="C-1", party="acme", country="MY", method="label_read", read_on=DAY,
        readings=(Reading(label="1650524000117"), Reading(label="1650524000118")),
    )  # fmt: skip

    assert (
        "check C-1: 2 chips of acme read in MY (label read), none of which gave a number of its own"
        == say(seen)
    )


def test_every_event_that_can_be_recorded_has_words():
    assert set(EVENTS) == {event.wire for event in SAID}


def lookup(*history):
    return lambda tag: [entry for entry in entries(*history) if tag in tags(entry.event)]


def test_a_trail_says_who_signed_what_when_and_as_which_entry():
    (row,) = rows(entries(approved()))

    assert (1, "a.rivera", "licensing_officer") == (row.entry, row.by, row.role)
    assert "2026-11-02T09:00:00.000000Z" == row.at
    assert (date(2025, 2, 1), "license.approved.v1", "license:D1") == (
        row.on, row.type, row.subject,
    )  # fmt: skip


@pytest.mark.parametrize("typed", ["license:D1", "D1"])
def test_a_subject_is_found_with_or_without_its_kind(typed):
    tag, found = subject_of(typed, lookup(approved(), exported(), party()))

    assert "license:D1" == tag
    assert [1, 2] == [entry.number for entry in found]


@pytest.mark.parametrize("typed", ["AE", "ae", "country:ae"])
def test_a_country_is_found_in_either_case(typed):
    assert "country:AE" == subject_of(typed, lookup(approved()))[0]


def test_an_id_of_two_things_has_to_be_said_with_its_kind():
    with pytest.raises(Malformed, match="acme names 2 things: license:acme, party:acme"):
        subject_of("acme", lookup(approved("acme"), party()))


def test_what_nobody_spoke_of_is_unknown():
    with pytest.raises(Unknown, match="no entry speaks of D9"):
        subject_of("D9", lookup(approved()))
