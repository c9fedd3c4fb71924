"""Chips that should be there were not counted."""

from datetime import date, timedelta
from itertools import permutations

from msgspec.structs import replace
from world import exported, flags, line, requested, voided

from ledger.events import (
    CheckPerformed,
    PartyInventoryDeclared,
    PartyInventoryTaken,
    PartySiteDeclared,
    PartyUnitsLost,
    ShipmentDelivered,
    ShipmentReturned,
    StockLine,
)

START = date(2025, 3, 1)


def day(number):
    return START + timedelta(days=number - 1)


def received(units, on=1, shipment="S-1", **changes):
    return exported(
        shipment, authority="none", lines=(line(units),), exported_on=day(on), **changes
    )


def delivered(on=5, shipment="S-1"):
    return ShipmentDelivered(
        shipment=shipment, delivered_on=day(on), country="AE", received_by="acme"
    )


def stock(units, boxed=0, model="h100-sxm"):
    return (StockLine(model=model, units=units, boxed=boxed),)


def counted(units, on, site="A", evidence="powered_on", boxed=0):
    return PartyInventoryTaken(
        party="acme", site=site, lines=stock(units, boxed), evidence=evidence,
        taken_by="surveyor", taken_on=day(on),
    )  # fmt: skip


def site(name, on=1, closed=False):
    return PartySiteDeclared(
        party="acme", site=name, name=name, country="AE", use="data_center", closed=closed,
        declared_on=day(on),
    )  # fmt: skip


def checked(units, on=60, check="C-1", expected=None, evidence="attested"):
    return CheckPerformed(
        check=check, party="acme", performed_on=day(on), evidence=evidence, units_counted=units,
        units_expected=expected,
    )  # fmt: skip


def said_received(units, on=50):
    return PartyInventoryDeclared(
        party="acme", basis="received_so_far", lines=(StockLine(units=units),),
        declared_on=day(on),
    )  # fmt: skip


def found(*events):
    return flags("inventory-difference", *events)


def test_what_was_received_and_is_not_counted_is_unaccounted_for():
    (flag,) = found(received(1_000), delivered(), counted(950, 60))

    assert (
        "acme should hold 1,000 h100-sxm on 2025-04-29 and 950 were counted (powered on):"
        " 50 unaccounted for, 47 to 53 with the errors of counting"
    ) == flag.because
    assert ("strong", "party:acme", (1, 3), ("acme",)) == (
        flag.severity, flag.subject, flag.evidence, flag.parties,
    )  # fmt: skip


def test_what_left_was_lost_or_went_back_is_accounted_for():
    lost = PartyUnitsLost(party="acme", lines=stock(20), cause="scrapped", lost_on=day(20))
    went = received(20, 25, "S-2", exporter="acme", ultimate_consignee="other")
    back = ShipmentReturned(
        shipment="S-1", reason="repair", lines=stock(10), sender="acme", receiver="maker",
        country="US", returned_on=day(30),
    )  # fmt: skip
    events = (received(1_000), delivered(), lost, went, back, counted(950, 60))

    assert [] == found(*events)
    assert 1 == len(found(*(event for event in events if event is not lost)))


def test_a_second_store_is_part_of_the_balance_and_one_site_alone_closes_nothing():
    sites = (site("A"), site("B"), received(1_000), delivered())

    assert [] == found(*sites, counted(600, 60))
    assert [] == found(*sites, counted(600, 60), counted(400, 62, "B"))
    assert 1 == len(found(*sites, counted(600, 60), counted(300, 62, "B")))


def test_a_closed_site_need_not_be_counted():
    events = (site("A"), site("B"), site("B", 30, closed=True), received(1_000), delivered())

    assert 1 == len(found(*events, counted(600, 60)))


def test_chips_on_their_way_are_not_missing():
    before = (received(1_000), delivered(), received(500, 58, "S-2"))

    assert [] == found(*before, counted(1_000, 60))
    assert [] == found(*before, counted(1_500, 60))
    assert 1 == len(found(*before, counted(1_000, 60), counted(1_000, 120)))


def test_what_a_party_says_it_received_is_held_against_it_until_a_second_store_is_counted():
    gap = (said_received(136_000), checked(86_000))
    (flag,) = found(*gap)
    elsewhere = PartyInventoryTaken(
        party="acme", site="warehouse", lines=(StockLine(units=50_000),), evidence="label_read",
        taken_by="maker", taken_on=day(100),
    )  # fmt: skip

    assert "should hold 136,000 chips of all models" in flag.because
    assert "50,000 unaccounted for" in flag.because
    assert (1, 2) == flag.evidence
    assert [] == found(*gap, elsewhere)
    assert [] == found(*gap, checked(50_000, 100, "C-2"))
    assert 1 == len(found(*gap, checked(86_000, 100, "C-2")))


def test_a_check_of_one_shipment_does_not_count_the_party():
    events = (received(1_000), delivered(), checked(8))

    assert 1 == len(found(*events))
    assert [] == found(*events, requested(shipment="S-1"))
    assert [] == found(requested(shipment="S-1"), *events)


def test_a_check_that_counts_fewer_than_it_expected_is_a_difference_by_itself():
    (flag,) = found(checked(90, expected=100))

    assert "expected 100 chips and counted 90 (attested): 10 unaccounted for" in flag.because
    assert [] == found(checked(100, expected=100))


def test_weak_evidence_cannot_tell_and_says_so():
    (flag,) = found(received(10_000), delivered(), counted(9_900, 60, evidence="paper"))

    assert "weak" == flag.severity
    assert flag.because.endswith("too weak evidence to tell, to be counted again with better")
    assert [] == found(received(10_000), delivered(), counted(9_940, 60, evidence="paper"))


def test_a_little_every_month_is_found_by_the_sequential_test():
    events = [received(10_000), delivered()]
    for month in range(1, 12):
        events.append(counted(10_000 - 5 * month, 30 * month))
    (flag,) = found(*events)

    assert "count after count adds up to" in flag.because


def test_chips_that_stay_in_boxes_are_a_weak_sign():
    before = (received(100), delivered())
    (flag,) = found(*before, counted(100, 120, boxed=40))

    assert "weak" == flag.severity
    assert "has 40 chips in boxes on 2025-06-28, and 0 came in the 90 days before" in flag.because
    assert [] == found(*before, counted(100, 60, boxed=40))
    assert [] == found(*before, counted(100, 120))


def test_the_order_of_telling_decides_nothing():
    events = (
        site("A"), received(1_000), delivered(), counted(1_000, 60), counted(940, 90),
    )  # fmt: skip
    (expected,) = {flag.because for flag in found(*events)}

    for other in permutations(events):
        assert [expected] == [flag.because for flag in found(*other)]


def test_a_voided_shipment_brought_nothing():
    events = (received(1_000), delivered(), counted(0, 60))

    assert 1 == len(found(*events))
    assert [] == found(*events, voided(1))


def test_what_is_received_again_under_the_same_id_counts_once():
    events = (received(1_000), delivered(), counted(0, 60), voided(1))
    again = replace(received(500), note="put right")

    (flag,) = found(*events, again)
    assert "should hold 500 h100-sxm" in flag.because


def test_what_a_check_missed_and_a_later_one_finds_is_no_longer_missing():
    short = checked(90, on=60, expected=100)

    def left(*later):
        told = {len(flags("inventory-difference", *each)) for each in permutations((short, *later))}
        return told.pop() if len(told) == 1 else told

    def later(units, expected=100, **changes):
        return checked(units, on=90, check="C-2", expected=expected, **changes)

    assert 0 == left(later(100))
    assert 0 == left(later(120, expected=120))
    assert 2 == left(later(100, expected=120)), "each misses some"
    assert 1 == left(later(60, expected=60)), "another part of the stock"
    assert 1 == left(later(100, evidence="label_read")), "weaker evidence"
    assert 1 == left(checked(100, on=30, check="C-2", expected=100)), "an earlier check"


def test_a_check_of_one_shipment_finds_nothing_that_another_missed():
    asked = requested("C-2", shipment="S-2")

    assert 1 == len(
        flags("inventory-difference", checked(90, expected=100), asked,
              checked(100, on=90, check="C-2", expected=100))
    )  # fmt: skip
