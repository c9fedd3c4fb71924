"""Chips bought in a hurry before a control takes effect."""

from datetime import date, timedelta

from world import adopted, exported, flags, line, voided

from ledger.events import ControlPublished

EFFECTIVE = date(2025, 5, 15)


def published(**changes):
    fields = {"control": "rule", "title": "a control", "effective_on": EFFECTIVE}
    return ControlPublished(**(fields | changes))


def got(units, days_before, to="acme", country="AE"):
    return exported(
        f"{to}-{days_before}", authority="NLR", lines=(line(units),), ultimate_consignee=to,
        end_user=to, exported_on=EFFECTIVE - timedelta(days=days_before), route=("US", country),
    )  # fmt: skip


def piles(*events, on=EFFECTIVE):
    return flags("stockpiling", adopted(), *events, on=on)


def test_over_twice_the_window_before_weighs_little_once_the_control_is_in_effect():
    (flag,) = piles(published(), got(10, 61), got(21, 1))

    assert "weak" == flag.severity
    assert (
        "acme got 21 pieces in the 60 days before control rule took effect on 2025-05-15, and 10 in"
        " the 60 before those; others went from 0 to 0"
    ) == flag.because
    assert (2, 4) == flag.evidence
    assert ("acme",) == flag.parties
    assert [] == piles(published(), got(10, 61), got(20, 1))
    assert [] == piles(published(), got(10, 61), got(21, 1), on=EFFECTIVE - timedelta(days=1))


def test_windows_are_sixty_days_each():
    assert 1 == len(piles(published(), got(10, 120), got(21, 60)))
    assert [] == piles(published(), got(10, 121), got(21, 60))
    assert [] == piles(published(), got(10, 61), got(21, 0))


def test_that_everybody_buys_ahead_is_no_sign():
    everybody = (got(100, 90, "other"), got(200, 30, "other"))

    assert [] == piles(published(), *everybody, got(10, 61), got(40, 1))
    (flag,) = piles(published(), *everybody, got(10, 61), got(41, 1))
    assert flag.because.endswith("others went from 100 to 200")


def test_others_who_buy_less_excuse_nobody():
    fewer = (got(100, 90, "other"), got(10, 30, "other"))

    assert [] == piles(published(), *fewer, got(10, 61), got(20, 1))
    assert 1 == len(piles(published(), *fewer, got(10, 61), got(21, 1)))


def test_one_who_bought_nothing_before_is_for_other_rules():
    assert [] == piles(published(), got(500, 1))


def test_the_order_of_telling_decides_nothing():
    one = piles(published(), got(100, 90, "other"), got(10, 61), got(41, 1), got(200, 30, "other"))
    two = piles(got(200, 30, "other"), got(41, 1), got(10, 61), got(100, 90, "other"), published())

    assert [flag.because for flag in one] == [flag.because for flag in two]
    assert 1 == len(one)


def test_a_control_for_some_countries_is_bought_ahead_of_there():
    there = published(countries=("AE",))
    china = published(countries=("CN",))

    assert 1 == len(piles(there, got(10, 61), got(21, 1)))
    assert [] == piles(there, got(10, 61, country="SA"), got(21, 1, country="SA"))
    assert 1 == len(piles(china, got(10, 61, country="HK"), got(21, 1, country="HK")))


def test_a_control_published_anew_has_its_new_date():
    later = published(effective_on=date(2026, 5, 15))

    assert [] == piles(published(), got(10, 61), got(21, 1), later, on=date(2026, 6, 1))


def test_a_voided_shipment_was_not_bought():
    assert [] == piles(published(), got(10, 61), got(21, 1), voided(4, "acme-1"))
    assert [] == piles(published(), got(10, 61), voided(3, "acme-61"), got(21, 1))
