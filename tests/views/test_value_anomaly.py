"""Prices far from what others pay for the same chip."""

from datetime import date, timedelta

from world import adopted, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartySoldDomestically,
    ShipmentDeclared,
    ShipmentInspected,
    ShipmentInvoiced,
    ShipmentReferenced,
)

DAY = date(2025, 6, 30)
CHIP = 3_000_000
"""Thirty thousand dollars."""


def ago(days):
    return DAY - timedelta(days=days)


def sold(shipment, each=CHIP, days_ago=0, units=10, **changes):
    fields = {
        "authority": "NLR", "lines": (line(units, value_cents=each * units),),
        "exported_on": DAY - timedelta(days=days_ago),
    }  # fmt: skip
    return exported(shipment, **(fields | changes))


def usual(count=5, days_ago=10, **changes):
    return tuple(sold(f"U-{each}", days_ago=days_ago + each, **changes) for each in range(count))


def invoiced(shipment, each, **changes):
    fields = {
        "shipment": shipment, "invoice": f"INV-{shipment}", "seller": "maker", "billed_to": "acme",
        "amount_cents": each * 10, "invoiced_on": DAY,
    }  # fmt: skip
    return ShipmentInvoiced(**(fields | changes))


def declared(value_cents, **changes):
    fields = {
        "shipment": "S-1", "authority": "NLR", "exporter": "trader", "declared_on": DAY,
        "lines": (GoodsLine(description="phones", quantity=146),), "ultimate_consignee": "acme",
    }  # fmt: skip
    return ShipmentDeclared(value_cents=value_cents, **(fields | changes))


def inspected(**changes):
    fields = {
        "shipment": "S-1", "country": "US", "inspected_by": "customs", "inspected_on": DAY,
    }  # fmt: skip
    return ShipmentInspected(**(fields | changes))


def odd(*events):
    return flags("value-anomaly", adopted(), party(), *events)


def test_less_than_half_the_median_weighs_little():
    (flag,) = odd(*usual(), sold("S-1", CHIP // 2 - 1))

    assert "weak" == flag.severity
    assert (
        "shipment S-1 has h100-sxm at US$14,999 a chip on 2025-06-30, and the median of 5 prices"
        " in the 90 days before is US$30,000: 49 %"
    ) == flag.because
    assert (3, 4, 5, 6, 7, 8) == flag.evidence
    assert ("maker", "acme") == flag.parties
    assert [] == odd(*usual(), sold("S-1", CHIP // 2))


def test_more_than_twice_the_median_does_too():
    (flag,) = odd(*usual(), sold("S-1", CHIP * 2 + 1))

    assert "200 %" in flag.because
    assert [] == odd(*usual(), sold("S-1", CHIP * 2))


def test_few_or_old_prices_are_no_measure():
    assert [] == odd(*usual(4), sold("S-1", 1))
    assert [] == odd(*usual(5, 87), sold("S-1", 1))
    assert 1 == len(odd(*usual(5, 86), sold("S-1", 1)))


def test_with_few_prices_a_value_is_held_against_what_the_sender_got_the_chips_at():
    def bought(each=CHIP, **changes):
        fields = {
            "party": "maker", "purchaser": "trader", "country": "US", "first": False,
            "lines": (GoodsLine(description="H100", model="h100-sxm", quantity=10,
                                counted_in="chips", value_cents=each * 10),),
            "sold_on": ago(30),
        }  # fmt: skip
        return PartySoldDomestically(**(fields | changes))

    def on(each, **changes):
        return sold("S-2", each, exporter="trader", **changes)

    (flag,) = odd(bought(), on(CHIP // 2 - 1))
    assert (
        "shipment S-2 has h100-sxm at US$14,999 a chip on 2025-06-30, and the median of what trader"
        " got such chips at (1) is US$30,000: 49 %"
    ) == flag.because
    assert (3, 4) == flag.evidence
    (late,) = odd(on(CHIP // 2 - 1), bought())
    assert late.because == flag.because
    assert 1 == len(odd(sold("S-1", CHIP, 30, ultimate_consignee="trader"), on(1)))
    assert [] == odd(sold("S-1", CHIP, 30, ultimate_consignee="trader"), on(1), voided(3))
    assert [] == odd(bought(), on(CHIP // 2))
    assert [] == odd(bought(sold_on=ago(91)), on(1))
    assert [] == odd(party("trader", roles=("manufacturer",)), bought(), on(1))
    assert [] == odd(bought(CHIP * 3), on(CHIP), *usual())


def test_another_chip_has_another_price():
    other = line(10, model="h200-sxm", value_cents=10)

    assert [] == odd(*usual(), sold("S-1", lines=(other,)))


def test_what_goes_under_a_return_or_for_replacement_has_no_price():
    def under(kind):
        return ShipmentReferenced(
            shipment="S-1", kind=kind, rma="RMA-1", counterpart="acme", referenced_on=DAY
        )

    free = sold("S-1", 0)

    assert 1 == len(odd(*usual(), free))
    assert [] == odd(*usual(), free, under("rma"))
    assert [] == odd(under("advance_replacement"), *usual(), free)
    assert [] == odd(*usual(), sold("S-1", 0, authority="RPL"))


def test_prices_within_a_group_are_its_own():
    sister = party("maker", "US", ultimate_parent="acme")

    assert [] == odd(sister, *usual(), sold("S-1", 1))


def test_goods_that_are_not_new_are_held_against_their_own_kind():
    second = tuple(
        each
        for number in range(5)
        for each in (
            sold(f"R-{number}", CHIP // 3),
            invoiced(
                f"R-{number}", CHIP // 3, condition="refurbished", invoiced_on=ago(number + 1)
            ),
        )
    )
    used = invoiced("S-1", CHIP // 3, condition="refurbished")
    cheap = invoiced("S-1", CHIP // 9, condition="refurbished")

    assert 1 == len(odd(*usual(), sold("S-1", CHIP // 3)))
    assert [] == odd(*usual(), sold("S-1", CHIP // 3), used)
    assert [] == odd(*second, sold("S-1", CHIP // 3), used)
    assert ["US$3,333"] == [
        flag.because.split()[5] for flag in odd(*second, sold("S-1", CHIP // 3), cheap)
    ]


def test_an_invoice_is_held_against_those_under_the_same_delivery_term():
    def told(number, each, term):
        shipment, on = f"T-{number}", ago(9 - number)
        return sold(shipment), invoiced(shipment, each, incoterm=term, invoiced_on=on)

    alike = [event for number in range(5) for event in told(number, CHIP, "FCA")]

    assert 1 == len(odd(*alike, *told(9, CHIP // 3, "FCA")))
    assert [] == odd(*alike, *told(9, CHIP // 3, "DDP"))


def test_a_declared_value_is_held_against_the_appraisal():
    (flag,) = odd(declared(2_700_000), inspected(appraised_cents=27_400_000))

    assert (
        "customs inspected shipment S-1 in US on 2025-06-30: US$27,000 declared and US$274,000"
        " appraised: 9 %"
    ) == flag.because
    assert (3, 4) == flag.evidence
    assert 1 == len(odd(inspected(appraised_cents=27_400_000), declared(2_700_000)))
    assert [] == odd(declared(50), inspected(appraised_cents=100))
    assert 1 == len(odd(declared(49), inspected(appraised_cents=100)))


def test_an_officer_who_says_so_is_believed():
    (flag,) = odd(declared(100), inspected(differences=("value",)))

    assert flag.because.endswith("the value is not as declared")
    assert [] == odd(declared(100), inspected(differences=("quantity",)))


def test_a_voided_shipment_had_no_price_and_is_no_measure():
    assert [] == odd(*usual(), sold("S-1", 1), voided(8))
    assert [] == odd(*usual(), voided(3, "U-0"), sold("S-1", 1))
    assert [] == odd(declared(49), inspected(appraised_cents=100), voided(3))


def test_prices_told_late_are_those_before_and_judge_those_of_later_days_again():
    low = sold("S-1", CHIP // 3)
    (first,) = odd(*usual(), low)
    (late,) = odd(low, *usual())

    assert first.because == late.because
    cheap = [sold(f"L-{number}", CHIP // 3, 20 + number) for number in range(6)]
    assert "S-1" not in [flag.key for flag in odd(low, *usual(), *cheap)]


def test_prices_of_one_day_are_no_measure_for_each_other():
    assert [] == odd(*(sold(f"U-{each}") for each in range(9)), sold("S-1", 1))


def test_an_invoice_may_be_told_before_its_shipment_and_is_dropped_with_it():
    alike = [
        event
        for number in range(5)
        for event in (
            invoiced(f"T-{number}", CHIP, invoiced_on=ago(number + 1)), sold(f"T-{number}")
        )
    ]  # fmt: skip
    low = (invoiced("S-1", 1), sold("S-1"))

    assert 1 == len(odd(*alike, *low))
    assert [] == odd(*alike, *low, voided(14))
    assert [] == odd(*alike, *low, voided(4, "T-0"))


def test_a_price_that_was_voided_is_a_measure_for_nothing_any_longer():
    history = (*usual(), sold("S-1", CHIP // 3))

    assert 1 == len(odd(*history))
    assert [] == odd(*history, voided(3, "U-0"))


def test_of_many_prices_of_a_day_the_same_few_are_drawn_whatever_was_told_first():
    many = [sold(f"M-{each}", CHIP + each, days_ago=5 + each % 2) for each in range(30)]
    low = sold("S-1", CHIP // 3)
    (first,), (back,) = odd(*many, low), odd(low, *many[::-1])

    assert first.because == back.because
    assert "the median of 8 prices" in first.because
