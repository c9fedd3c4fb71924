"""Where each shipment is."""

from datetime import date

from world import entries, exported, voided

from ledger.events import (
    ShipmentDelivered,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentTransferred,
)
from ledger.fold import replay
from projections.shipments import ShipmentsFold, rows

LEG = ShipmentLegCompleted(
    shipment="S-1", leg=1, origin="US", arrived_in="SG", arrived_on=date(2025, 3, 5)
)
DELIVERED = ShipmentDelivered(
    shipment="S-1", delivered_on=date(2025, 3, 9), country="AE", received_by="acme"
)


def journeys(*events, **chosen):
    return list(rows(replay(ShipmentsFold(), entries(*events)), **chosen))


def test_a_shipment_is_declared_under_way_and_delivered():
    ship = exported(route=("US", "SG", "AE"))
    found = [journeys(*events)[0] for events in ((ship,), (ship, LEG), (ship, LEG, DELIVERED))]

    assert ["declared", "under way", "delivered"] == [row.status for row in found]
    assert ["US", "SG", "AE"] == [row.place for row in found]
    assert (1, 2, 3) == found[2].entries
    assert "acme" == found[2].received_by


def test_a_shipment_says_what_it_relied_on_and_how_much_it_is():
    (row,) = journeys(exported())

    assert ("license", "D1", "export") == (row.authority, row.license, row.kind)
    assert (8, 8 * 15_832, ("h100-sxm",)) == (row.units, row.shipment_tpp, row.models)


def test_reexports_and_transfers_are_told_apart():
    reexported = ShipmentReexported(
        shipment="R-1", authority="none", lines=exported().lines, ultimate_consignee="other",
        reexporter="acme", route=("AE", "SA"), reexported_on=date(2025, 4, 1),
    )  # fmt: skip
    transferred = ShipmentTransferred(
        shipment="T-1", authority="none", lines=exported().lines, ultimate_consignee="other",
        transferor="acme", country="AE", transferred_on=date(2025, 4, 1),
    )  # fmt: skip

    assert [("reexport", ("AE", "SA")), ("transfer", ("AE",))] == [
        (row.kind, row.route) for row in journeys(reexported, transferred)
    ]


def test_a_voided_shipment_stays_in_sight_with_its_reason():
    (row,) = journeys(exported(), voided(1))

    assert ("voided", "recorded twice") == (row.status, row.voided)


def test_a_void_of_another_entry_voids_nothing():
    assert ["declared"] == [row.status for row in journeys(exported("S-0"), exported(), voided(1))][
        1:
    ]


def test_recorded_again_under_its_id_a_shipment_starts_afresh():
    (row,) = journeys(exported(), LEG, DELIVERED, voided(1), exported())

    assert ("declared", 0, None) == (row.status, row.legs, row.delivered_on)


def test_a_delivery_of_something_nobody_declared_is_unknown():
    assert ["unknown"] == [row.status for row in journeys(DELIVERED)]


def test_a_country_lists_what_touched_it():
    ships = (exported("S-1", route=("US", "SG", "AE")), exported("S-2", route=("US", "JP")))

    assert ["S-1"] == [row.shipment for row in journeys(*ships, country="SG")]
    assert ["S-2"] == [row.shipment for row in journeys(*ships, shipment="S-2")]
