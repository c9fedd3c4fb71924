"""More chips than a party has power for, or no word of where they run."""

from datetime import date

from world import adopted, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartyBusinessDeclared,
    PartyCapacityDeclared,
    PartyCapacityPlanned,
    PartyInventoryDeclared,
    ShipmentDeclared,
    ShipmentReturned,
    StockLine,
)

SOON, DUE, LATE = date(2025, 3, 4), date(2025, 5, 2), date(2025, 5, 3)
"""The shipment leaves on 2025-03-03; 60 days later is 2025-05-02."""


def shipped(units, shipment="S-1", **changes):
    return exported(shipment, authority="NLR", lines=(line(units),), **changes)


def capacity(kilowatts, **changes):
    fields = {"party": "acme", "site": "hall 1", "declared_on": SOON}
    return PartyCapacityDeclared(it_kilowatts=kilowatts, **(fields | changes))


def planned(kilowatts, ready_on, **changes):
    fields = {"party": "acme", "site": "hall 1", "declared_on": SOON, "ready_on": ready_on}
    return PartyCapacityPlanned(it_kilowatts=kilowatts, **(fields | changes))


def over(*events, on=LATE):
    return flags("over-capacity", adopted(), party(), *events, on=on)


def test_many_chips_and_no_capacity_in_sixty_days_weigh_much():
    (flag,) = over(shipped(501))

    assert "strong" == flag.severity
    assert (
        "acme has 501 chips, and since 2025-03-03 more than 500; in 60 days no capacity was"
        " declared for them"
    ) == flag.because
    assert (3,) == flag.evidence
    assert LATE == flag.on
    assert [] == over(shipped(501), on=DUE)
    assert [] == over(shipped(500))


def test_shipments_add_up():
    (flag,) = over(shipped(400), shipped(101, "S-2"))

    assert (4,) == flag.evidence
    assert [] == over(shipped(400), shipped(101, "S-2"), voided(3))


def test_any_capacity_that_is_enough_keeps_it_quiet():
    assert [] == over(shipped(501), capacity(1_000))
    assert [] == over(capacity(1_000), shipped(501))


def test_capacity_told_later_takes_the_flag_away_from_its_date_on():
    later = capacity(1_000, declared_on=date(2025, 6, 1))

    assert 1 == len(over(shipped(501), later))
    assert [] == over(shipped(501), later, on=date(2025, 6, 1))


def test_who_runs_computers_for_a_living_weighs_little():
    cloud = PartyBusinessDeclared(party="acme", activities=("cloud",), declared_on=date(2025, 1, 1))
    (said,) = over(cloud, shipped(501))
    (registered,) = over(party(business="AI data centers since 2024"), shipped(501))

    assert "weak" == said.severity == registered.severity


def test_a_distributor_runs_nothing_and_its_end_user_does():
    reseller = party("reseller", roles=("distributor",))
    through = {"ultimate_consignee": "reseller"}

    assert [] == over(reseller, shipped(501, **through, end_user=None))
    (flag,) = over(reseller, shipped(501, **through))
    assert "party:acme" == flag.subject


def test_goods_without_a_number_count_by_their_value():
    def servers(description, cents, **changes):
        return ShipmentDeclared(
            shipment="S-1", authority="unknown", ultimate_consignee="acme", value_cents=cents,
            lines=(GoodsLine(description=description),), declared_on=date(2025, 3, 3), **changes,
        )  # fmt: skip

    (flag,) = over(servers("HGX servers B200/H200", 5_000_000_001))

    assert flag.because.startswith(
        "acme has goods of US$50,000,000, and since 2025-03-03 more than US$50,000,000; in 60 days"
    )
    assert [] == over(servers("HGX servers B200/H200", 5_000_000_000))
    assert [] == over(servers("hard disk drives", 5_000_000_001))
    assert [] == over(servers("HGX servers B200/H200", 5_000_000_001, stopped=True))


def received(units, basis="received_so_far"):
    return PartyInventoryDeclared(
        party="acme", basis=basis, lines=(StockLine(units=units),), declared_on=date(2025, 3, 3)
    )


def test_chips_received_before_a_party_said_so_get_no_days_anew():
    (flag,) = over(received(136_000), on=SOON)

    assert (
        "acme said on 2025-03-03 that it received 136,000 chips so far, 136,000 more than shipments"
        " show, and no capacity was declared for them"
    ) == flag.because
    assert ("strong", SOON) == (flag.severity, flag.on)
    assert [] == over(received(136_000), on=date(2025, 3, 3))
    assert [] == over(received(136_000), capacity(200_000), on=SOON)
    assert [] == over(received(500), on=LATE)


def test_of_what_it_received_only_chips_that_no_shipment_shows_count_at_once():
    for history in ((shipped(800), received(1_301)), (received(1_301), shipped(800))):
        (flag,) = over(*history, on=SOON)
        assert "1,301 chips so far, 501 more than shipments show" in flag.because
    assert [] == over(shipped(800), received(1_300), on=SOON)
    assert 1 == len(over(shipped(800), received(1_300)))
    later = shipped(1_301, exported_on=date(2025, 3, 4))
    assert 1 == len(over(received(1_301), later, on=SOON))


def test_chips_on_hand_have_their_days():
    assert [] == over(received(136_000, "on_hand"), on=DUE)
    (flag,) = over(received(136_000, "on_hand"))
    assert "acme has 136,000 chips" in flag.because


def test_chips_that_need_more_power_than_declared_weigh_little():
    # 800 x 1.3 kW x 1.3 = 1,352 kW, and 1,126 kW x 1.2 = 1,351.2 kW.
    (flag,) = over(shipped(800), capacity(1_126))

    assert "weak" == flag.severity
    assert (
        "800 chips that acme received by 2025-03-03 need 1,352 kW with cooling, and 1,126 kW were"
        " declared"
    ) == flag.because
    assert (3, 4) == flag.evidence
    assert [] == over(shipped(800), capacity(1_127))
    assert [] == over(shipped(800), capacity(1_126), capacity(1, site="hall 2"))
    assert 1 == len(over(capacity(1_126), shipped(800)))


def test_the_newest_word_about_a_site_counts():
    less = capacity(1_126, declared_on=date(2025, 3, 5))

    assert 1 == len(over(shipped(800), capacity(9_999), less))
    assert 1 == len(over(shipped(800), less, capacity(9_999)))


def test_what_is_to_run_within_a_year_counts():
    within, beyond = date(2026, 5, 2), date(2026, 5, 3)

    assert [] == over(shipped(800), capacity(1_000), planned(1_127, within))
    assert 1 == len(over(shipped(800), capacity(1_000), planned(1_127, beyond)))


def test_the_parents_capacity_is_that_of_its_company_for_the_hall():
    hall = party(ultimate_parent="operator")
    parents = capacity(1_127, party="operator")

    assert [] == over(hall, party("operator"), shipped(800), parents)
    assert [] == over(party("operator"), parents, shipped(800), hall)
    assert 1 == len(over(party("operator"), parents, shipped(800)))


def test_chips_sent_back_need_no_power():
    back = ShipmentReturned(
        shipment="S-1", reason="repair", lines=(StockLine(model="h100-sxm", units=300),),
        sender="acme", receiver="maker", country="US", returned_on=date(2025, 4, 1),
    )  # fmt: skip

    assert [] == over(shipped(800), back)
    assert [] == over(shipped(800), capacity(1_126), back)


def test_chips_whose_watts_nobody_gave_are_left_out():
    a100 = exported(authority="NLR", lines=(line(800, model="a100-80-sxm", tpp_per_unit=4_992),))

    assert [] == over(a100, capacity(1))


def test_chips_that_are_not_controlled_raise_nothing():
    assert [] == over(exported(authority="NLR", lines=(line(501, eccn=None),)))


def test_a_voided_shipment_brought_nothing():
    assert [] == over(shipped(501), voided(3))
    assert [] == over(shipped(800), capacity(1_126), voided(3))
