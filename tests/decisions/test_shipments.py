"""Shipments are facts: told once, corrected by adding, and never asked whether they were lawful."""

from datetime import date

import pytest
from scenario import given

from commands.shipments import (
    LineDeclared,
    RecordDelivery,
    RecordExport,
    RecordLeg,
    RecordReexport,
    RecordTransfer,
    VoidShipment,
)
from ledger.events import (
    CommodityLine,
    PolicyAdopted,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.policy import digest, shipped_pack

DIFFUSION = PolicyAdopted(
    policy="diffusion-2025",
    effective_on=date(2025, 5, 15),
    digest=digest(shipped_pack("diffusion-2025")),
    content=shipped_pack("diffusion-2025"),
)
H100 = 15_832


def exporting(**changes):
    fields = {
        "shipment": "S1",
        "authority": "license",
        "license": "D1",
        "lines": (LineDeclared(model="h100-sxm", units=8),),
        "ultimate_consignee": "g42",
        "route": ("US", "SG", "AE"),
        "exported_on": date(2025, 12, 1),
    }
    return RecordExport(**(fields | changes))


def exported(units=8, **changes):
    fields = {
        "shipment": "S1",
        "authority": "license",
        "license": "D1",
        "lines": (CommodityLine(model="h100-sxm", eccn="3A090.a", units=units, tpp_per_unit=H100),),
        "ultimate_consignee": "g42",
        "route": ("US", "SG", "AE"),
        "exported_on": date(2025, 12, 1),
    }
    return ShipmentExported(**(fields | changes))


def voiding(reason="never left"):
    return VoidShipment(shipment="S1", voided_on=date(2025, 12, 5), reason=reason)


def voided(entry=1, reason="never left"):
    return ShipmentVoided(shipment="S1", entry=entry, voided_on=date(2025, 12, 5), reason=reason)


LEG = ShipmentLegCompleted(
    shipment="S1", leg=1, origin="US", arrived_in="SG", arrived_on=date(2025, 12, 2)
)
DELIVERED = ShipmentDelivered(
    shipment="S1", delivered_on=date(2025, 12, 4), country="AE", received_by="g42", units=8
)


def leg(**changes):
    fields = {
        "shipment": "S1",
        "leg": 1,
        "origin": "US",
        "arrived_in": "SG",
        "arrived_on": date(2025, 12, 2),
    }
    return RecordLeg(**(fields | changes))


def delivery(**changes):
    fields = {
        "shipment": "S1",
        "delivered_on": date(2025, 12, 4),
        "country": "AE",
        "received_by": "g42",
        "units": 8,
    }
    return RecordDelivery(**(fields | changes))


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────


def test_an_export_is_recorded_though_its_license_was_never_heard_of():
    given().when(exporting()).then(exported()).then_warns()


def test_an_export_to_an_embargoed_country_on_no_authority_is_recorded():
    given(DIFFUSION).when(exporting(authority="none", license=None, route=("US", "KP"))).then(
        exported(authority="none", license=None, route=("US", "KP"))
    )


def test_a_chip_that_is_not_controlled_is_recorded_without_a_classification():
    given().when(exporting(lines=(LineDeclared(model="h20", units=5),))).then(
        exported(lines=(CommodityLine(model="h20", units=5, tpp_per_unit=2_368),))
    )


def test_the_same_export_twice_says_nothing_new():
    given(exported()).when(exporting()).then_nothing().then_warns()


def test_one_id_stands_for_one_shipment():
    given(exported()).when(exporting(exported_on=date(2025, 12, 2))).then_refused(
        "shipment S1 was already reported with other details", code="ALREADY_SAID"
    )


def test_a_reexport_and_a_transfer_are_other_deeds_under_their_own_ids():
    lines = (LineDeclared(model="h100-sxm", units=8),)
    said = (CommodityLine(model="h100-sxm", eccn="3A090.a", units=8, tpp_per_unit=H100),)

    given(exported()).when(
        RecordReexport(
            shipment="S2",
            of="S1",
            lines=lines,
            ultimate_consignee="shell",
            route=("AE", "CN"),
            reexported_on=date(2026, 1, 2),
        )
    ).then(
        ShipmentReexported(
            shipment="S2",
            of="S1",
            authority="unknown",
            lines=said,
            ultimate_consignee="shell",
            route=("AE", "CN"),
            reexported_on=date(2026, 1, 2),
        )
    )
    given(exported()).when(
        RecordTransfer(
            shipment="S3",
            of="S1",
            authority="none",
            lines=lines,
            ultimate_consignee="shell",
            country="AE",
            transferred_on=date(2026, 1, 2),
        )
    ).then(
        ShipmentTransferred(
            shipment="S3",
            of="S1",
            authority="none",
            lines=said,
            ultimate_consignee="shell",
            country="AE",
            transferred_on=date(2026, 1, 2),
        )
    )


@pytest.mark.parametrize(
    ("authority", "license", "problem"),
    [
        ("license", None, "relies on a license and does not say which"),
        ("LPP", "D1", "relies on LPP and also names license D1"),
    ],
)
def test_a_license_is_named_when_it_is_the_authority_and_only_then(authority, license, problem):
    given().when(exporting(authority=authority, license=license)).then_refused(
        problem, code="AUTHORITY_FORM"
    )


def test_a_shipment_cannot_have_left_tomorrow():
    given(today=date(2025, 11, 30)).when(exporting()).then_refused(
        "shipment S1 left on 2025-12-01, and today is 2025-11-30", code="DATE_FUTURE"
    )


# ── what the rules of its day ask of the shipper ─────────────────────────────────────────────────


def test_a_large_shipment_under_lpp_was_to_be_notified_beforehand():
    lines = (LineDeclared(model="h100-sxm", units=203),)  # 3,213,896 TPP
    command = exporting(authority="LPP", license=None, lines=lines)

    given(DIFFUSION).when(command).then_warns("3,213,896 TPP under LPP: notice to BIS was due")
    given().when(command).then_warns()


@pytest.mark.parametrize(
    ("units", "noticed", "warnings"),
    [
        (202, None, []),
        (203, date(2025, 12, 1), []),
        (203, date(2025, 12, 2), ["notice to BIS was due before shipping"]),
    ],
)
def test_a_notice_counts_when_it_came_in_time(units, noticed, warnings):
    given(DIFFUSION).when(
        exporting(
            authority="LPP",
            license=None,
            lines=(LineDeclared(model="h100-sxm", units=units),),
            prior_notice_on=noticed,
        )
    ).then_warns(*warnings)


# ── arriving ─────────────────────────────────────────────────────────────────────────────────────


def test_legs_and_a_delivery_follow():
    given(exported()).when(leg()).then(LEG).then_warns()
    given(exported(), LEG).when(delivery()).then(DELIVERED).then_warns()


def test_an_arrival_nobody_announced_is_recorded_with_a_warning():
    given().when(delivery()).then(DELIVERED).then_warns("no shipment S1 has been reported")


@pytest.mark.parametrize("command", [leg(), delivery()])
def test_the_same_arrival_twice_says_nothing_new(command):
    given(exported(), LEG, DELIVERED).when(command).then_nothing().then_warns()


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (leg(arrived_in="MY"), "already reported at the end of leg 1 on 2025-12-02"),
        (delivery(units=7), "already delivered on 2025-12-04, with other details"),
    ],
)
def test_nothing_arrives_twice_in_two_ways(command, problem):
    given(exported(), LEG, DELIVERED).when(command).then_refused(problem, code="ALREADY_SAID")


def test_nothing_arrives_before_it_left():
    given(exported()).when(delivery(delivered_on=date(2025, 11, 30))).then_refused(
        "left on 2025-12-01 and cannot arrive on 2025-11-30", code="DATES_ORDER"
    )


def test_nothing_arrived_tomorrow():
    given(exported(), today=date(2025, 12, 3)).when(delivery()).then_refused(
        "shipment S1 arrived on 2025-12-04, and today is 2025-12-03", code="DATE_FUTURE"
    )


# ── taking back ──────────────────────────────────────────────────────────────────────────────────


def test_a_shipment_is_taken_back_by_naming_the_entry_that_recorded_it():
    given(DIFFUSION, exported()).when(voiding()).then(voided(entry=2))


def test_the_same_voiding_twice_says_nothing_new():
    given(exported(), voided()).when(voiding()).then_nothing().then_warns()


def test_what_does_not_stand_cannot_be_voided():
    given().when(voiding()).then_refused("no shipment S1 stands", code="SHIPMENT_UNKNOWN")
    given(exported(), voided()).when(voiding(reason="another")).then_refused(
        "no shipment S1 stands", code="SHIPMENT_UNKNOWN"
    )


def test_after_a_voiding_the_id_is_free_for_what_really_left():
    given(exported(), voided()).when(
        exporting(lines=(LineDeclared(model="h100-sxm", units=7),))
    ).then(exported(units=7))


def test_a_report_played_again_does_not_undo_its_voiding():
    given(exported(), voided()).when(exporting()).then_nothing().then_warns("renew it with a note")
    given(exported(), voided()).when(exporting(note="it left after all")).then(
        exported(note="it left after all")
    )


def test_a_second_mistake_is_not_passed_over_because_the_first_was_voided_with_the_same_words():
    given(exported(), voided(), exported(units=7)).when(voiding()).then_nothing().then_warns(
        "reported again as entry 3: to void that one too, give another reason"
    )
    given(exported(), voided(), exported(units=7)).when(voiding("wrong again")).then(
        voided(3, "wrong again")
    )


def test_an_arrival_that_was_voided_along_is_not_passed_over_in_silence():
    given(exported(), DELIVERED, voided(), exported(units=7)).when(
        delivery()
    ).then_nothing().then_warns("was voided after this was said")
    given(exported(), DELIVERED, voided(), exported(units=7)).when(delivery(units=7)).then(
        ShipmentDelivered(
            shipment="S1", delivered_on=date(2025, 12, 4), country="AE", received_by="g42", units=7
        )
    )


def test_nothing_is_voided_tomorrow():
    given(exported(), today=date(2025, 12, 4)).when(voiding()).then_refused(
        "shipment S1 is voided on 2025-12-05, and today is 2025-12-04", code="DATE_FUTURE"
    )


# ── letters and permits ──────────────────────────────────────────────────────────────────────────


def in_force(*policies):
    return [
        PolicyAdopted(
            policy=policy,
            effective_on=date(2025, 1, 1),
            digest=digest(shipped_pack(policy)),
            content=shipped_pack(policy),
        )
        for policy in policies
    ]


def warned(day, *policies, model="h20", route=("US", "CN"), **changes):
    moving = exporting(
        **{"authority": "NLR", "license": None, "exported_on": day, "route": route} | changes,
        lines=(LineDeclared(model=model, units=8),),
    )
    return given(*in_force(*policies)).when(moving).said.warnings


def test_a_chip_named_in_a_letter_moves_without_a_license_and_is_warned_of():
    told = "h20 needs a license to D:5, Macau and whoever is headquartered there for NVIDIA, since"
    packs = ("adv-comp-2023", "cn-h20-letter-2025")

    assert [f"{told} 2025-04-09 (744.23)"] == warned(date(2025, 6, 2), *packs)
    assert [] == warned(date(2025, 4, 8), *packs)
    assert [] == warned(date(2025, 6, 2), *packs, route=("US", "MY"))
    assert [] == warned(date(2025, 6, 2), *packs, model="l20")
    assert [] == warned(date(2025, 6, 2), *packs, authority="license", license="D1")


def test_what_passes_through_malaysia_needs_its_permit_and_what_ends_there_does_not():
    packs = ("adv-comp-2023", "my-sta-2025")
    told = (
        "MY asks for a permit of its own for what leaves it or passes through, with notice 30 days"
        " before (section 12 of the Strategic Trade Act 2010)"
    )

    def through(route, day=date(2025, 8, 1), model="h100-sxm"):
        return warned(day, *packs, model=model, route=route)

    assert [told] == through(("US", "MY", "SG"))
    assert [told] == through(("MY", "SG"))
    assert [] == through(("US", "MY"))
    assert [] == through(("US", "MY", "SG"), day=date(2025, 7, 13))
    assert [] == through(("US", "MY", "SG"), model="l20")
