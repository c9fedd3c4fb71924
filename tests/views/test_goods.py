"""One view of everything in which goods change place or hands."""

from datetime import date

import pytest
from world import H100, adopted, applied, declared, entries, exported, line, pack

from ledger.events import (
    GoodsLine,
    PartyOrderPlaced,
    PartySoldDomestically,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentTransferred,
)
from ledger.fold import MemoryStates
from ledger.policy import Rules
from projections.red_flags._goods import DEALINGS, Dealing, dealing, named_in
from projections.reference import Day, Reference, Ruling

RULES = Day(Ruling(pack("adv-comp-2023")), date(2024, 10, 1))


def seen(event) -> Dealing:
    found = dealing(1, event)
    assert found is not None
    assert event.wire in DEALINGS
    return found


def test_an_export_shows_its_chips_its_countries_and_its_parties():
    export = seen(exported(lines=(line(8, value_cents=500, serials=("1", "2")),)))

    assert ("US",) == export.origins
    assert ("AE",) == export.destinations
    assert ("acme", "maker") == export.parties
    assert (8, 8 * H100, 500) == (export.units, export.tpp, export.value_cents)
    assert ("1", "2") == export.serials
    assert ("h100",) == export.families
    assert export.lines == export.controlled(RULES)


def test_a_chip_declared_without_a_classification_is_not_controlled():
    assert () == seen(exported(lines=(line(eccn=None),))).controlled(RULES)


def test_a_reexport_and_a_transfer_name_who_had_the_chips_and_the_shipment_they_came_in():
    fields = {
        "shipment": "S-2", "authority": "none", "lines": (line(),), "ultimate_consignee": "shell",
        "of": "S-1",
    }  # fmt: skip
    onward = seen(
        ShipmentReexported(
            **fields, reexporter="acme", route=("AE", "MY"), reexported_on=date(2024, 10, 1)
        )
    )
    handed = seen(
        ShipmentTransferred(
            **fields, transferor="acme", country="AE", transferred_on=date(2024, 10, 1)
        )
    )

    assert ("reexport", "acme", "S-1", ("AE",), ("MY",)) == (
        onward.kind, onward.exporter, onward.of, onward.origins, onward.destinations
    )  # fmt: skip
    assert ("transfer", "acme", "S-1", ("AE",), ("AE",)) == (
        handed.kind, handed.exporter, handed.of, handed.origins, handed.destinations
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "families"),
    [
        ("H100/H200", ("h100", "h200")),
        ("HGX servers B200/H200", ("b200", "h200")),
        ("H100 and RTX 4090", ("h100", "rtx4090")),
        ("PowerEdge XE9680 (998 with H100)", ("h100",)),
        ("rtx-4090d boards", ("rtx4090d",)),
        ("MI 300X", ("mi300x",)),
        ("generic computer parts", ()),
        ("SH1000 pumps, model XH100", ()),
        ("L2 cache and T4 lamps", ()),
    ],
)
def test_chips_are_found_in_words_by_their_names_and_not_inside_other_words(words, families):
    assert families == named_in(words)


def test_goods_told_in_words_are_controlled_as_the_day_s_own_tests_say():
    told = seen(declared("H100/H200", "RTX 4060", "generic computer parts"))

    assert ["H100/H200"] == [each.words for each in told.controlled(RULES)]
    assert () == told.controlled(Day(Ruling(Rules()), date(2024, 10, 1)))


def test_a_declared_classification_goes_before_the_words():
    fields = {"description": "H100 servers", "quantity": 10, "counted_in": "computers"}
    free = seen(declared(lines=(GoodsLine(**fields, eccn="EAR99"),)))
    held = seen(declared(lines=(GoodsLine(description="modules", eccn="4A090.a"),)))

    assert () == free.controlled(RULES)
    assert held.lines == held.controlled(RULES)


def test_computers_are_not_counted_as_chips_and_pieces_of_a_named_chip_are():
    computers = GoodsLine(description="H100 servers", quantity=10, counted_in="computers")
    pieces = GoodsLine(description="GB300", model="gb300", quantity=4)

    assert (None, None) == (seen(declared(lines=(computers,))).units, computers.model)
    assert (4, 4 * 60_000) == (
        seen(declared(lines=(pieces,))).units, seen(declared(lines=(pieces,))).tpp
    )  # fmt: skip
    assert None is seen(declared(lines=(pieces, computers))).units


def test_what_is_seen_to_go_on_keeps_every_country_it_may_have_left():
    onward = seen(
        ShipmentOnwardObserved(
            shipment="S-3", origins=("TR", "HK"), via=("KG",), destination="RU", sender="acme",
            receiver="shell", method="report", authority="none", observed_on=date(2024, 10, 1),
        )
    )  # fmt: skip

    assert ("onward", ("TR", "HK"), ("RU",)) == (onward.kind, onward.origins, onward.destinations)
    assert ("shell", "acme") == onward.parties


def test_a_declared_route_gives_origin_and_destination_where_nothing_else_does():
    told = seen(declared(destinations=(), route=("US", "TW", "TH")))

    assert (("US",), ("TH",)) == (told.origins, told.destinations)


def test_a_sale_stays_in_its_country_and_an_order_goes_where_it_says():
    goods = (GoodsLine(description="H100", quantity=8, counted_in="chips", value_cents=9),)
    sale = seen(
        PartySoldDomestically(
            party="maker", purchaser="acme", country="US", lines=goods, sold_on=date(2024, 10, 1)
        )
    )
    order = seen(
        PartyOrderPlaced(
            party="acme", seller="maker", lines=goods, destination="AE",
            ordered_on=date(2024, 10, 1), value_cents=90,
        )
    )  # fmt: skip

    assert ("sale", "maker", "acme", ("US",), 9) == (
        sale.kind, sale.exporter, sale.purchaser, sale.destinations, sale.value_cents
    )  # fmt: skip
    assert ("order", "maker", "acme", ("AE",), 90) == (
        order.kind, order.seller, order.purchaser, order.destinations, order.value_cents
    )  # fmt: skip


def test_goods_play_no_part_in_an_application():
    assert None is dealing(1, applied())


def test_tier_3_is_known_from_its_own_list_before_any_rules_on_chips():
    before = Reference().day(MemoryStates({}.__getitem__), date(2022, 1, 1))
    (adoption,) = entries(adopted())
    reference, states = Reference(), MemoryStates({}.__getitem__)
    reference.evolve(states, adoption)

    for day in (before, reference.day(states, date(2024, 1, 1))):
        assert [True, True, True, False] == [
            day.in_tier3(each) for each in ("CN", "HK", "RU", "MY")
        ]
