"""Far more than a party ever had, or many at once to one nobody has seen before."""

from datetime import date, timedelta

import pytest
from world import adopted, entries, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartyCapacityDeclared,
    ShipmentDeclared,
    ShipmentOnwardObserved,
)
from ledger.fold import replay
from projections.red_flags import FlagsFold
from projections.red_flags.volume_spike import KEPT_MONTHS, VolumeSpike

DAY = date(2025, 6, 30)


def shipped(units, days_ago=0, to="acme", shipment=None, **changes):
    on = DAY - timedelta(days=days_ago)
    fields = {
        "authority": "NLR", "lines": (line(units),), "exported_on": on, "ultimate_consignee": to,
        "end_user": to,
    }  # fmt: skip
    return exported(shipment or f"{to}-{days_ago}", **(fields | changes))


def declared(*lines, **changes):
    fields = {
        "shipment": "S-1", "authority": "unknown", "ultimate_consignee": "acme",
        "destinations": ("AE",), "declared_on": DAY,
    }  # fmt: skip
    return ShipmentDeclared(lines=lines, **(fields | changes))


def spikes(*events):
    return flags("volume-spike", adopted(), party(), *events)


USUAL = tuple(shipped(20, days) for days in (100, 190, 280, 370))
"""20 pieces in each of the four windows before the one that ends on DAY."""


def test_a_large_first_order_weighs_little():
    (flag,) = spikes(shipped(64))

    assert "weak" == flag.severity
    assert (
        "64 pieces for acme in the 90 days up to 2025-06-30, and nothing before"
    ) == flag.because
    assert (3,) == flag.evidence
    assert ("acme",) == flag.parties
    assert [] == spikes(shipped(63))


def test_a_first_order_in_parts_is_raised_once_with_the_part_that_makes_it_large():
    (flag,) = spikes(shipped(40, 2), shipped(30, 1), shipped(30))

    assert (3, 4) == flag.evidence
    assert [] == spikes(shipped(40, 90), shipped(63))


def test_more_than_five_times_the_usual_stands_out():
    (flag,) = spikes(*USUAL, shipped(101))

    assert (
        "101 pieces for acme in the 90 days up to 2025-06-30, usually 20 pieces, and over 100"
        " pieces stands out"
    ) == flag.because
    assert (7,) == flag.evidence
    assert [] == spikes(*USUAL, shipped(100))


def test_who_varies_much_may():
    # Median 40, median absolute deviation 40: up to 280, and 5 x the mean of 40 is 200.
    varying = (shipped(80, 100), shipped(80, 190), shipped(1, 370))

    def last(units):
        found = spikes(*varying, shipped(units))
        return [flag.because for flag in found if flag.subject == "shipment:acme-0"]

    assert [] == last(280)
    assert 1 == len(last(281))


def test_a_small_party_that_grows_stays_small():
    tiny = tuple(shipped(1, days) for days in (100, 190, 280, 370))

    assert [] == spikes(*tiny, shipped(63))
    assert 1 == len(spikes(*tiny, shipped(64)))


def test_growth_of_everybody_in_the_country_stands_out_for_nobody():
    others = tuple(shipped(100, days, "other") for days in (100, 190, 280, 370))
    boom = shipped(1_000, 0, "other")

    assert 1 == len([f for f in spikes(*others, *USUAL, shipped(101)) if "acme" in f.key])
    assert [] == spikes(*others, *USUAL, boom, shipped(101))[1:]


def test_what_the_others_got_may_be_told_later():
    others = tuple(shipped(100, days, "other") for days in (100, 190, 280, 370))
    boom = shipped(1_000, 0, "other")
    first = spikes(*others, *USUAL, boom, shipped(101))
    later = spikes(*others, *USUAL, shipped(101), boom)

    assert [flag.because for flag in first] == [flag.because for flag in later]


def test_a_history_told_later_counts():
    assert [] == spikes(shipped(100), *USUAL)
    (flag,) = spikes(shipped(101), *USUAL)
    assert "usually 20 pieces" in flag.because


def test_a_voided_shipment_is_no_history():
    (flag,) = spikes(shipped(20, 100), shipped(64), voided(3, "acme-100"))

    assert "and nothing before" in flag.because
    assert [] == spikes(shipped(64), voided(3, "acme-0"))


def test_capacity_for_as_much_takes_the_flag_away():
    def room(kilowatts, **changes):
        fields = {"party": "acme", "site": "hall", "declared_on": DAY}
        return PartyCapacityDeclared(it_kilowatts=kilowatts, **(fields | changes))

    spv = party(ultimate_parent="top")

    assert [] == spikes(shipped(100), room(180))
    assert [] == spikes(room(180), shipped(100))
    assert 1 == len(spikes(shipped(100), room(179)))
    assert 1 == len(spikes(shipped(100), room(180, declared_on=DAY + timedelta(days=61))))
    assert [] == spikes(shipped(100), room(180, party="top"), spv)


def test_more_than_the_capacity_declared_stands_out_once_it_is_more():
    room = PartyCapacityDeclared(party="acme", site="hall", it_kilowatts=180, declared_on=DAY)
    orders = (shipped(80, 40), shipped(20, 20), shipped(1), shipped(50, shipment="more"))

    assert [] == spikes(*orders[:2], room)
    for history in ((room, *orders), (*orders, room)):
        (flag,) = spikes(*history)
        assert flag.because.startswith("101 pieces for acme in the 90 days up to 2025-06-30")


def test_where_nobody_counts_value_does():
    servers = GoodsLine(description="AI servers")
    (flag,) = spikes(declared(servers, value_cents=200_000_000))

    assert flag.because.startswith("US$2,000,000 for acme in the 90 days")
    assert [] == spikes(declared(servers, value_cents=199_999_999))
    assert [] == spikes(declared(servers))
    room = PartyCapacityDeclared(party="acme", site="hall", it_kilowatts=80, declared_on=DAY)
    assert [] == spikes(declared(servers, value_cents=200_000_000), room)


def test_an_onward_movement_by_nobody_known_is_a_flag_on_its_way():
    onward = ShipmentOnwardObserved(
        shipment="S-1", origins=("TR", "HK"), destination="RU", method="report",
        lines=(GoodsLine(description="server parts"),), value_cents=7_630_000_000, observed_on=DAY,
    )  # fmt: skip
    (flag,) = spikes(onward)

    assert "US$76,300,000 for TR+HK>RU in the 90 days" in flag.because
    assert () == flag.parties


def test_chips_that_are_not_controlled_do_not_count():
    assert [] == spikes(shipped(64, lines=(line(64, eccn=None),)))
    assert [] == spikes(
        declared(GoodsLine(description="inference cards", model="t4", quantity=500))
    )
    assert 1 == len(spikes(declared(GoodsLine(description="H100", quantity=64))))


@pytest.mark.parametrize("words", ["network switches", "notebooks", "servers"])
def test_pieces_of_goods_nobody_controls_do_not_count(words):
    many = GoodsLine(description=words, quantity=5_000, counted_in="pieces")

    assert [] == spikes(declared(many, value_cents=200_000_000))


def test_months_long_past_are_dropped():
    monthly = [shipped(1, 31 * month, shipment=f"S-{month}") for month in range(40, 0, -1)]
    history = entries(adopted(on=date(2020, 1, 1)), *monthly)
    states = replay(FlagsFold(chosen=(VolumeSpike(),)), history)
    kept = [key for key, _ in states.rows() if key.startswith("volume-spike/H/")]

    assert KEPT_MONTHS == len(kept)
