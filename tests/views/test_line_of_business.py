"""Chips for a party whose business has no use for them, or that could not pay for them."""

from datetime import date

import pytest
from world import adopted, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartyAssetsDeclared,
    PartyBusinessDeclared,
    PartyFinancingDeclared,
    PartySoldDomestically,
)

DAY = date(2025, 3, 3)


def business(*activities, name="acme", on=date(2025, 1, 2)):
    return PartyBusinessDeclared(party=name, activities=activities, declared_on=on)


def worth(cents, shipment="S-1", units=100, **changes):
    return exported(shipment, authority="NLR", lines=(line(units, value_cents=cents),), **changes)


def has(cents, name="acme", **changes):
    return PartyAssetsDeclared(party=name, cash_cents=cents, declared_on=DAY, **changes)


def found(*history):
    return flags("line-of-business", adopted(), party(), *history)


def test_a_party_of_another_business_that_orders_for_a_million_is_flagged():
    (flag,) = found(business("real_estate"), worth(100_000_000))

    assert (
        "shipment S-1 of 100 units worth $1,000,000 on 2025-03-03: the business of acme is"
        " real estate"
    ) == flag.because
    assert ("weak", (3, 4), "acme") == (flag.severity, flag.evidence, flag.parties[0])


def test_one_cent_less_is_quiet_and_without_a_value_64_units_count():
    assert [] == found(business("real_estate"), worth(99_999_999))
    assert [] == found(business("real_estate"), worth(None, units=63))
    assert 1 == len(found(business("real_estate"), worth(None, units=64)))


@pytest.mark.parametrize(
    "activities",
    [("cloud",), ("research", "real_estate"), ("finance",), ("logistics",), ("other",)],
)
def test_who_uses_sells_pays_for_or_carries_computers_is_quiet(activities):
    assert [] == found(business(*activities), worth(100_000_000))


def test_what_a_party_said_last_before_the_order_counts():
    moved_on = (business("real_estate"), business("cloud", on=date(2025, 2, 1)))

    assert [] == found(*moved_on, worth(100_000_000))
    assert 1 == len(found(business("healthcare", on=date(2025, 6, 1)), worth(100_000_000)))


def test_a_business_told_after_the_order_is_judged_too():
    (flag,) = found(worth(100_000_000), business("real_estate"))

    assert (3, 4) == flag.evidence
    assert [] == found(worth(100_000_000), business("real_estate"), business("cloud"))


def test_the_sender_counts_too_and_a_bought_domestic_lot():
    sent = worth(100_000_000, exporter="realtor")
    sold = PartySoldDomestically(
        party="maker", purchaser="realtor", country="US", sold_on=DAY, value_cents=100_000_000,
        lines=(GoodsLine(description="H100"),),
    )  # fmt: skip

    for told in (sent, sold):
        (flag,) = found(business("real_estate", name="realtor"), told)
        assert "realtor" == flag.parties[0]


def test_an_order_of_twenty_times_what_it_has_is_flagged():
    (flag,) = found(has(4_999_999), worth(100_000_000))

    assert flag.because.endswith("acme and its parent have $49,999")
    assert [] == found(has(5_000_000), worth(100_000_000))


def test_a_rich_parent_or_a_declared_loan_explains_it():
    rich = (party("acme", ultimate_parent="top"), has(1), has(10_000_000, "top"))
    loan = PartyFinancingDeclared(
        party="acme", financier="bank", kind="loan", declared_on=date(2025, 4, 1)
    )

    assert [] == flags("line-of-business", adopted(), *rich, worth(100_000_000))
    assert [] == found(has(1), worth(100_000_000), loan)


def test_chips_that_are_not_controlled_raise_nothing_and_a_void_takes_the_flag_along():
    free = exported(authority="NLR", lines=(line(100, eccn=None, value_cents=100_000_000),))

    assert [] == found(business("real_estate"), free)
    assert [] == found(business("real_estate"), worth(100_000_000), voided(4))
