"""A chip comes back to whoever sent it out, or is repaired for one and goes to another."""

import pytest
from custody_stories import N, back, chips, day, made, onward, sent
from world import declared, flags, voided

from ledger.events import GoodsLine, ShipmentReferenced


def trips(*events):
    return flags("round-trip", *events)


def home(on: int = 40, **changes):
    """Acme sends it from the UAE back to the trader."""
    return onward("S-2", "AE", "US", on, **({"ultimate_consignee": "trader"} | changes))


def referenced(shipment: str = "S-1", kind: str = "lease"):
    return ShipmentReferenced(
        shipment=shipment, kind=kind, rma="RMA-1", counterpart="acme", referenced_on=day(1)
    )


def test_a_chip_that_left_and_came_back_is_flagged_with_both_ways_and_who_had_it():
    (flag,) = trips(made(), sent(), home())

    assert (
        "serial number N-1001 left trader on 2025-03-03 and came back to it on 2025-04-09, 37 days"
        " later through acme, under no return, lease or test"
    ) == flag.because
    assert ("weak", "serial:N-1001", day(40)) == (flag.severity, flag.subject, flag.on)
    assert (2, 3) == flag.evidence
    assert ("acme", "trader") == flag.parties


def test_it_is_flagged_once_however_often_it_goes_round():
    again = (sent("S-3", on=50), onward("S-4", "AE", "US", 60, ultimate_consignee="trader"))

    assert 1 == len(trips(made(), sent(), home(), *again))


def test_the_way_back_may_lead_through_others():
    (flag,) = trips(
        made(), sent(), onward("S-2", "AE", "MY", 20, ultimate_consignee="other"),
        onward("S-3", "MY", "US", 30, reexporter="other", ultimate_consignee="trader"),
    )  # fmt: skip

    assert "27 days later through acme, other" in flag.because


def test_a_hundred_and_eighty_days_are_within_the_window_and_one_more_is_not():
    assert 1 == len(trips(made(), sent(on=3), home(183)))
    assert [] == trips(made(), sent(on=3), home(184))


def test_what_goes_on_to_a_third_country_is_no_cycle():
    assert [] == trips(made(), sent(to="TW"), onward("S-2", "TW", "US", 20), sent("S-3", on=30))


def test_what_its_owner_sends_from_place_to_place_is_no_trip():
    own = {"reexporter": "acme", "ultimate_consignee": "acme"}

    assert [] == trips(onward("S-1", "AE", "MY", 3, **own), onward("S-2", "MY", "AE", 20, **own))


@pytest.mark.parametrize("kind", ["rma", "lease", "test", "advance_replacement"])
@pytest.mark.parametrize("shipment", ["S-1", "S-2"])
def test_a_reference_on_either_way_explains_it_whenever_it_is_told(kind, shipment):
    assert [] == trips(referenced(shipment, kind), made(), sent(), home())
    assert [] == trips(made(), sent(), home(), referenced(shipment, kind))


@pytest.mark.parametrize("exception", ["RPL", "TMP"])
def test_exceptions_for_goods_that_come_back_explain_it(exception):
    assert [] == trips(made(), sent(), home(authority=exception))


def test_a_return_is_explained_by_its_number_or_by_a_refusal_alone():
    assert [] == trips(made(), sent(), back("S-1", 20))
    assert [] == trips(made(), sent(), back("S-1", 20, rma=None, reason="refused"))
    assert 1 == len(trips(made(), sent(), back("S-1", 20, rma=None)))


def test_what_is_told_late_is_judged_by_its_day():
    assert trips(sent(), home())[0].because == trips(home(), sent())[0].because


def test_a_void_takes_the_trip_along_in_words_too():
    (goods,) = chips()
    words = declared(
        exporter="trader", declared_on=day(3),
        lines=(GoodsLine(description="H100", serials=goods.serials),),
    )  # fmt: skip

    assert 1 == len(trips(words, home()))
    assert [] == trips(words, home(), voided(1, "S-9"))
    assert [] == trips(sent(), home(), voided(2, "S-2"))


def test_a_chip_repaired_for_one_and_sent_to_another_is_flagged():
    (flag,) = trips(
        made(), sent(), back("S-1", 20),
        sent("S-2", on=40, ultimate_consignee="other", end_user="other"),
    )  # fmt: skip

    assert (
        "serial number N-1001 was sent in for repair by acme on 2025-03-20 and went to other on"
        " 2025-04-09, which never had it before"
    ) == flag.because
    assert ("other", "acme", "trader") == flag.parties
    assert ("N-1001/repaired", (3, 4)) == (flag.key, flag.evidence)


def test_a_repaired_chip_may_go_to_whoever_sent_it_in_or_had_it():
    repaired = (made(), sent(), back("S-1", 20))
    through = {"ultimate_consignee": "agent", "end_user": "acme"}

    assert [] == trips(*repaired, sent("S-2", on=40))
    assert [] == trips(*repaired, sent("S-2", on=40, **through))


def test_a_repaired_chip_that_takes_anothers_place_goes_under_a_reference_of_its_own():
    history = (
        made(), sent(), back("S-1", 20),
        sent("S-2", on=40, ultimate_consignee="other", end_user="other"),
    )  # fmt: skip

    assert [] == trips(*history, referenced("S-2", "advance_replacement"))


def test_goods_sent_back_for_money_may_be_sold_to_anybody():
    refunded = (made(), sent(), back("S-1", 20, reason="refund"))

    assert [] == trips(*refunded, sent("S-2", N, on=40, ultimate_consignee="other"))
