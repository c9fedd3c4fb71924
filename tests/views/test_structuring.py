"""Shipments cut to size: several parties just below one limit, values just below a threshold."""

from datetime import date, timedelta

import pytest
from world import H100, declared, diffusion, exported, flags, line, party, voided

from ledger.events import GoodsLine, PartyControllerDeclared, PartySiteDeclared

FULL = 26_900_000 // H100
"""H100s within the limit; one more is beyond it."""

MOST = -(-26_900_000 * 7 // 10 // H100)
"""H100s that are seven tenths of it, and no fewer."""

SHELLS = ("one", "two", "three")


def structured(*events, **options):
    return flags("structuring", diffusion(), *events, **options)


def shells(*names):
    """Firms in three countries, all under one person."""
    for name in names or SHELLS:
        yield party(name, "MY")
    yield from map(controlled, names or SHELLS)


def controlled(name):
    return PartyControllerDeclared(
        party=name, controller="mr-x", capacity="controller", declared_on=date(2025, 1, 15)
    )


def lpp(name, units=MOST, on=date(2025, 3, 3), **changes):
    fields = {"ultimate_consignee": name, "end_user": name, "exported_on": on} | changes
    return exported(f"L-{name}-{on}", authority="LPP", lines=(line(units),), **fields)


def each_lpp(units=MOST, on=date(2025, 3, 3)):
    return [lpp(name, units, on) for name in SHELLS]


def cheap(number, dollars, name="one", goods="transceivers", **changes):
    """A shipment worth so many dollars that needs no license."""
    fields = {
        "shipment": f"V-{name}-{number}", "authority": "NLR", "ultimate_consignee": name,
        "value_cents": dollars * 100, "declared_on": date(2025, 3, 3) + timedelta(days=number),
        "lines": (GoodsLine(description=goods),),
    }  # fmt: skip
    return declared(**(fields | changes))


def below(count=8, **changes):
    return [cheap(number, 2_400, **changes) for number in range(count)]


# ── under one limit ─────────────────────────────────────────────────────────────────────────────


def test_three_members_of_a_cluster_just_under_the_limit_are_flagged_with_their_amounts():
    (flag,) = structured(*shells(), *each_lpp())

    assert (
        "3 parties that may be one hand each got from 70 to 100 % of the 26,900,000 TPP a year that"
        " LPP allows one ultimate parent, within 90 days up to 2025-03-03: one 18,840,080, three"
        " 18,840,080, two 18,840,080; together 56,520,240 TPP"
    ) == flag.because
    assert ("strong", date(2025, 3, 3)) == (flag.severity, flag.on)
    assert (5, 6, 7, 8, 9, 10) == flag.evidence
    assert ("one", "three", "two") == flag.parties


@pytest.mark.parametrize(("units", "count"), [(MOST - 1, 0), (MOST, 1), (FULL, 1), (FULL + 1, 0)])
def test_each_member_counts_from_seven_tenths_of_the_limit_to_all_of_it(units, count):
    assert count == len(structured(*shells(), *each_lpp(units)))


def test_two_members_are_not_enough_and_strangers_to_each_other_are_none():
    assert [] == structured(*shells("one", "two"), *each_lpp())
    assert [] == structured(*map(party, SHELLS), *each_lpp())


def test_ninety_days_are_within_the_window_and_one_more_is_not():
    first, later = each_lpp()[:2], date(2025, 3, 3) + timedelta(days=90)

    assert 1 == len(structured(*shells(), *first, lpp("three", on=later)))
    assert [] == structured(*shells(), *first, lpp("three", on=later + timedelta(days=1)))


def test_it_is_flagged_once_for_a_window_and_again_for_the_next():
    again = each_lpp(on=date(2025, 10, 1))

    assert 1 == len(structured(*shells(), *each_lpp(), lpp("one", 8, date(2025, 3, 20))))
    assert 2 == len(structured(*shells(), *each_lpp(), *again))


def test_a_member_with_a_site_and_end_users_of_its_own_is_a_real_business():
    site = PartySiteDeclared(
        party="two", site="T-1", name="T", country="MY", use="data_center",
        declared_on=date(2025, 3, 3),
    )  # fmt: skip
    sharing = [lpp("one"), lpp("two"), lpp("three", end_user="two")]

    assert [] == structured(*shells(), *each_lpp(), site)
    assert 1 == len(structured(*shells(), *sharing, site))


def test_ties_and_shipments_may_be_told_in_any_order():
    (first,) = structured(*shells(), *each_lpp())
    (late,) = structured(*each_lpp(), *shells())

    assert first.because == late.because


def test_a_void_takes_it_along():
    history = (*shells(), *each_lpp())

    assert [] == structured(*history, voided(8, "L-one-2025-03-03"))


def test_other_exceptions_have_no_such_limit():
    other = [exported(f"A-{n}", authority="AIA", ultimate_consignee=n, end_user=n,
                      lines=(line(MOST),)) for n in SHELLS]  # fmt: skip

    assert [] == structured(*shells(), *other)


# ── below the value from which on exports are filed ─────────────────────────────────────────────


def test_values_that_crowd_just_below_the_threshold_are_flagged_with_both_counts():
    (flag,) = structured(party("one"), *below(6), cheap(6, 2_500), cheap(7, 2_501))

    assert (
        "7 declared values of goods that name no chip for one are from US$2,000 to US$2,500, up to"
        " which no filing is due, and 1 from there to US$3,000, within 365 days up to 2025-03-10"
    ) == flag.because
    assert ("strong", "15 CFR 30.37(a), exports of which no filing is due") == (
        flag.severity, flag.source,
    )  # fmt: skip
    assert tuple(range(3, 11)) == flag.evidence


def test_seven_values_are_too_few_and_three_times_as_many_are_needed():
    above = [cheap(-number, 2_600) for number in range(1, 4)]

    assert [] == structured(*below(7))
    assert [] == structured(*below(8), *above)
    assert 1 == len(structured(*below(9), *above[:2]))


@pytest.mark.parametrize("dollars", [1_999, 3_001])
def test_values_farther_away_are_no_neighbors(dollars):
    assert [] == structured(*below(7), cheap(8, dollars))


def test_shells_under_one_person_add_up_and_strangers_do_not():
    split = [one for name in SHELLS for one in below(3, name=name)]
    (flag,) = structured(*shells(), *split)

    assert {"one", "two", "three"} == set(flag.parties)
    assert [] == structured(*split)
    assert flag.because == structured(*split, *shells())[0].because


def test_prices_that_everybody_pays_are_no_sign():
    others = [one for name in ("kilo", "lima") for one in below(5, name=name)]

    assert [] == structured(*below(), *others)
    assert 1 == len(structured(*below(), *others[:5]))
    assert 2 == len(structured(*below(), *below(8, name="kilo", goods="H100")))


def test_totals_of_several_shipments_and_reexports_have_no_such_value():
    assert [] == structured(*below(aggregate=True))
    assert [] == structured(*below(act="reexport"))


def test_chips_of_the_catalogue_are_counted_by_family():
    cards = [
        exported(f"X-{number}", authority="NLR", exported_on=date(2025, 3, 3 + number),
                 lines=(line(1, value_cents=240_000),))
        for number in range(8)
    ]  # fmt: skip
    (flag,) = structured(party(), *cards)

    assert "8 declared values of h100 for acme" in flag.because
    assert [] == structured(party(), *cards, voided(4, "X-1"))


def test_values_are_flagged_once_a_window():
    assert 1 == len(structured(*below(30)))
    assert 2 == len(structured(*below(), *[cheap(400 + number, 2_400) for number in range(8)]))
