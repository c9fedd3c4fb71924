"""Goods went on, changed hands or arrived where nothing allowed them to be."""

from datetime import date

import pytest
from world import adopted, declared, exported, flags, line, seen_onward, voided

from ledger.events import (
    GoodsLine,
    PartyListed,
    PartySiteDeclared,
    ShipmentDelivered,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentReferenced,
    ShipmentTransferred,
)

RULES = adopted()


def reexports(*events, on=date(2026, 1, 1)):
    return flags("unauthorized-reexport", RULES, *events, on=on)


def reexported(**changes):
    fields = {
        "shipment": "S-2", "authority": "none", "lines": (line(),), "reexporter": "acme",
        "ultimate_consignee": "shell", "route": ("AE", "MY"), "reexported_on": date(2025, 4, 1),
    }  # fmt: skip
    return ShipmentReexported(**(fields | changes))


def referenced(shipment):
    return ShipmentReferenced(
        shipment=shipment, kind="rma", rma="RMA-1", counterpart="maker",
        referenced_on=date(2024, 10, 20),
    )  # fmt: skip


def test_controlled_goods_that_went_on_and_relied_on_nothing_are_flagged():
    (flag,) = reexports(declared(), seen_onward(destination="MY", of="S-9", receiver="shell"))

    assert (
        '"H100" went on from AE to MY by acme to shell on 2024-11-01 and relied on nothing: the'
        " goods are controlled"
    ) == flag.because
    assert "hard" == flag.severity
    assert (2, 3) == flag.evidence
    assert ("acme", "shell") == flag.parties[:2]


def test_goods_nobody_described_are_what_came_and_else_a_strong_sign():
    (hard,) = reexports(declared(), seen_onward(destination="MY", of="S-9", lines=()))
    (strong,) = reexports(seen_onward(destination="MY", lines=()))

    assert "hard" == hard.severity
    assert "strong" == strong.severity
    assert strong.because.endswith("relied on nothing: nobody says what they are")


def test_goods_no_rule_controls_are_hard_to_tier_3_or_a_listed_party():
    def seen(**changes):
        (flag,) = reexports(
            PartyListed(party="shell", list="entity_list", listed_on=date(2024, 1, 1)),
            seen_onward("epoxy coating", **changes),
        )
        return flag

    assert "strong" == seen(destination="PK").severity
    assert seen(destination="CN").because.endswith(": CN is in D:5 or Macau")
    assert seen(destination="PK", receiver="shell").because.endswith(": shell is on entity_list")
    assert "hard" == seen(destination="PK", receiver="shell").severity


def test_what_others_saw_go_on_counts_though_nobody_knows_what_it_relied_on():
    def seen(**changes):
        return reexports(
            declared("displays"), seen_onward("displays", authority="unknown", **changes)
        )

    (flag,) = seen()

    assert "strong" == flag.severity
    assert flag.because.endswith("nobody says what that relied on: CN is in D:5 or Macau")
    assert [] == seen(destination="PK")
    assert [] == reexports(declared(), seen_onward(authority="unknown", destination="MY"))


def test_a_listing_told_later_is_judged_too():
    listed = PartyListed(party="shell", list="entity_list", listed_on=date(2024, 1, 1))
    (flag,) = reexports(seen_onward("epoxy coating", destination="PK", receiver="shell"), listed)

    assert "hard" == flag.severity


def test_what_came_under_a_license_may_not_go_on_without_one():
    (flag,) = reexports(
        exported(lines=(line(eccn=None),)), reexported(lines=(line(eccn=None),), of="S-1")
    )

    assert flag.because.endswith("relied on nothing: they had come under license D1")
    assert (2, 3) == flag.evidence


def test_a_transfer_in_the_country_is_one_too():
    handed = ShipmentTransferred(
        shipment="S-3", authority="none", lines=(line(),), transferor="acme", country="AE",
        ultimate_consignee="shell", of="S-1", transferred_on=date(2025, 4, 1),
    )  # fmt: skip
    (flag,) = reexports(exported(), handed)

    assert "8 h100-sxm changed hands in AE by acme to shell on 2025-04-01" in flag.because


def test_a_declared_reexport_of_goods_no_rule_controls_is_quiet():
    assert [] == reexports(
        declared("epoxy coating", act="reexport", exporter="acme", destinations=("MY",))
    )


def test_an_authority_is_for_another_rule():
    assert [] == reexports(seen_onward(authority="NLR"), reexported(authority="ACA"))


@pytest.mark.parametrize("late", [True, False])
def test_the_reference_of_a_return_explains_a_leg_whenever_it_is_told(late):
    leg, why = seen_onward(destination="MY"), referenced("S-10")

    assert [] == reexports(*((leg, why) if late else (why, leg)))


def test_what_goes_on_to_where_it_was_declared_for_is_on_its_way():
    first = declared(destinations=("AE", "MY"))

    assert [] == reexports(first, seen_onward(destination="MY", of="S-9"))


@pytest.mark.parametrize("late", [True, False])
def test_a_party_may_send_to_a_site_it_declared(late):
    site = PartySiteDeclared(
        party="acme", site="kul-1", name="KUL 1", country="MY", use="data_center",
        declared_on=date(2024, 1, 1),
    )  # fmt: skip
    leg = seen_onward(destination="MY", receiver="acme")

    assert [] == reexports(*((leg, site) if late else (site, leg)))
    assert 1 == len(reexports(site, seen_onward(destination="MY", receiver="shell")))


def test_the_order_of_telling_decides_nothing():
    leg = seen_onward(destination="MY", lines=())
    (flag,) = reexports(leg, declared())

    assert "hard" == flag.severity
    assert (2, 3) == flag.evidence


def test_a_voided_leg_went_nowhere():
    assert [] == reexports(seen_onward(), voided(2, "S-10"), referenced("S-9"))


def delivered(country="MY", **changes):
    fields = {
        "shipment": "S-1", "country": country, "received_by": "shell",
        "delivered_on": date(2025, 3, 20),
    }  # fmt: skip
    return ShipmentDelivered(**(fields | changes))


def leg(number, country, on):
    return ShipmentLegCompleted(
        shipment="S-1", leg=number, origin="US", arrived_in=country, arrived_on=on
    )


@pytest.mark.parametrize("late", [True, False])
def test_a_delivery_in_another_country_than_declared_is_flagged(late):
    history = (delivered(), exported()) if late else (exported(), delivered())
    (flag,) = reexports(*history)

    assert (
        "8 h100-sxm declared for AE arrived in MY with shell on 2025-03-20; no reexport is recorded"
    ) == flag.because
    assert "hard" == flag.severity
    assert ("shell", "acme", "maker") == flag.parties


def test_who_asks_before_the_arrival_does_not_know_of_it():
    assert [] == reexports(exported(), delivered(), on=date(2025, 3, 19))


def test_a_delivery_where_declared_or_with_a_reexport_behind_it_is_quiet():
    assert [] == reexports(exported(), delivered("AE"))
    assert [] == reexports(exported(), delivered(), reexported(of="S-1", authority="NLR"))


def test_a_transit_is_no_stay():
    march = [date(2025, 3, day) for day in (5, 8, 9)]
    short = (exported(), leg(1, "SG", march[0]), leg(2, "AE", march[1]), delivered("AE"))
    long = (exported(), leg(1, "SG", march[0]), leg(2, "AE", march[2]), delivered("AE"))

    assert [] == reexports(exported(), leg(1, "SG", march[0]), on=march[1])
    (waiting,) = reexports(exported(), leg(1, "SG", march[0]), on=march[2])
    assert "arrived in SG on 2025-03-05 and was not gone again after 3 days" in waiting.because
    assert [] == reexports(*short)
    assert 1 == len(reexports(*long))


def test_a_stay_on_the_route_or_of_goods_not_controlled_is_quiet():
    on = date(2025, 3, 5)

    assert [] == reexports(exported(route=("US", "SG", "AE")), leg(1, "SG", on))
    assert [] == reexports(exported(lines=(line(eccn=None),)), delivered())


def test_a_declaration_in_words_without_a_destination_was_declared_for_nowhere():
    told = declared(shipment="S-1", destinations=(), lines=(GoodsLine(description="H100"),))

    assert [] == reexports(told, delivered())
