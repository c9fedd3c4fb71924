"""A chip was found outside the country it was declared to be in."""

from datetime import date
from itertools import permutations

import pytest
from custody_stories import (
    N,
    back,
    day,
    gone,
    inspected,
    made,
    moved,
    onward,
    read,
    seen,
    sent,
    site,
)
from world import flags, party, voided

from ledger.events import PartyChipsLocated, PartyListed, PartyTeardownObserved


def located(country="CN", on=20, method="landmark_ping", source="maker", serial=N):
    return PartyChipsLocated(
        party="acme", serials=(serial,), country=country, method=method, source=source,
        located_on=day(on),
    )  # fmt: skip


def found(*events):
    return flags("located-elsewhere", *events)


@pytest.mark.parametrize("method", ["field_recovery", "customs", "visit"])
def test_a_chip_in_somebodys_hand_elsewhere_is_hard(method):
    (flag,) = found(made(), sent(), located(method=method))

    assert (
        f"serial number N-1001 was in CN on 2025-03-20 ({method.replace('_', ' ')}), and was"
        " declared to be in AE"
    ) == flag.because
    assert ("hard", "serial:N-1001", (2, 3)) == (flag.severity, flag.subject, flag.evidence)
    assert "acme" == flag.parties[0]


def test_two_pings_of_independent_sources_a_day_apart_are_strong():
    (flag,) = found(made(), sent(), located(), located(on=21, source="cloud"))

    assert "strong" == flag.severity
    assert "by maker on 2025-03-20 (landmark ping) and by cloud on 2025-03-21" in flag.because


def test_one_ping_or_one_source_or_one_day_is_not_enough():
    assert [] == found(made(), sent(), located())
    assert [] == found(made(), sent(), located(), located(on=25))
    assert [] == found(made(), sent(), located(), located(source="cloud"))


def test_an_address_may_be_that_of_a_vpn_and_a_label_that_of_a_box():
    addresses = (
        located(method="ip_geolocation"), located(on=30, method="ip_geolocation", source="cloud"),
    )  # fmt: skip
    assert [] == found(made(), sent(), *addresses)
    assert [] == found(made(), sent(), located(), addresses[1])
    assert [] == found(made(), sent(), seen("CN", 20, "label_read"), seen("CN", 30, "photo"))


def test_where_it_was_declared_to_be_nothing_is_flagged():
    pings = (located("AE"), located("AE", 25, source="cloud"))

    assert [] == found(made(), sent(), *pings)
    assert [] == found(made(), sent(), located("AE", method="visit"))


def test_what_moved_on_record_is_where_it_went():
    events = (made(), sent(), onward("S-2", "AE", "MY", 10), located("MY", method="visit"))

    assert [] == found(*events)
    assert 1 == len(found(*events, voided(3, "S-2")))


def test_what_was_only_seen_to_go_on_is_not_where_it_should_be():
    (flag,) = found(made(), sent(), seen("CN", 20, "attested"))

    assert "hard" == flag.severity


def test_a_transit_within_hours_is_no_stay():
    pings = (located("SG", 20), located("SG", 21, source="cloud"))

    assert 1 == len(found(made(), sent(), *pings))
    assert [] == found(made(), sent(), *pings, located("AE", 24))
    longer = (located("SG", 20), located("SG", 24, source="cloud"), located("AE", 26))
    assert 1 == len(found(made(), sent(), *longer))


def test_customs_on_the_route_open_what_is_under_way():
    under_way = (made(), sent(route=("US", "SG", "AE")))

    assert [] == found(*under_way, inspected("SG", 30))
    assert 1 == len(found(*under_way, seen("AE", 12), inspected("SG", 30)))
    assert 1 == len(found(*under_way, inspected("CN", 30)))


def test_a_repair_and_a_move_between_declared_sites_explain_where_it_is():
    assert [] == found(made(), sent(), back("S-1", 10, "TW"), located("TW", method="visit"))
    sites = (site("A"), site("B", "SA"))
    assert [] == found(made(), sent(), *sites, moved("A", "B", 10), located("SA", method="visit"))


def test_stolen_chips_are_where_nobody_declared_them():
    (flag,) = found(made(), sent(), gone("stolen", 10), located("CN", method="field_recovery"))

    assert "hard" == flag.severity


def test_without_a_movement_it_should_be_where_its_holder_is_registered():
    recovered = located("CN", method="field_recovery")

    assert [] == found(recovered)
    assert 1 == len(found(party(), recovered))
    assert 1 == len(found(recovered, party()))
    assert [] == found(party(), located("AE", method="visit"))


def test_chips_that_answer_at_a_check_elsewhere_are_hard():
    (flag,) = found(made(), sent(to="MY"), read((N, N)))

    assert "was in AE on 2025-03-20 (attested), and was declared to be in MY" in flag.because


def test_a_part_in_a_listed_partys_product_is_hard_whenever_the_list_is_told():
    apart = PartyTeardownObserved(
        party="rival", product="server", component="die", maker="foundry", finder="lab",
        observed_on=day(20),
    )  # fmt: skip
    listed = PartyListed(party="rival", list="entity_list", listed_on=date(2019, 5, 1))
    later = PartyListed(party="rival", list="entity_list", listed_on=day(21))

    (flag,) = found(apart, listed)
    assert [flag.because] == [each.because for each in found(listed, apart)]
    assert ("hard", ("rival", "foundry")) == (flag.severity, flag.parties)
    assert "server of rival, on the entity list, was taken apart by lab" in flag.because
    assert [] == found(apart)
    assert [] == found(apart, later)


def test_the_order_of_telling_decides_nothing():
    events = (made(), sent(), located(), located(on=21, source="cloud"))
    (expected,) = {flag.because for flag in found(*events)}

    for other in permutations(events):
        assert [expected] == [flag.because for flag in found(*other)]
