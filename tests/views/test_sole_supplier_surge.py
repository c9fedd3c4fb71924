"""One supplier sells more to a listed party after the others stopped."""

from datetime import date, timedelta

from world import adopted, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartyDelisted,
    PartyListed,
    PartySupplyEnded,
    ShipmentDeclared,
)

LISTED_ON = date(2025, 3, 1)
LISTED = PartyListed(party="acme", list="entity_list", listed_on=LISTED_ON)


def sent(by, units, days, shipment=None):
    """A shipment so many days after the listing."""
    return exported(
        shipment or f"{by}-{days}", authority="NLR", exporter=by, lines=(line(units),),
        exported_on=LISTED_ON + timedelta(days=days),
    )  # fmt: skip


def surges(*events):
    return flags("sole-supplier-surge", adopted(), party(), *events)


BEFORE = (sent("one", 100, -10), sent("two", 60, -20), sent("three", 40, -30))
"""One sent 100 and the others 100 in the 90 days before the listing."""


def test_a_supplier_that_takes_over_weighs_little():
    (flag,) = surges(*BEFORE, LISTED, sent("two", 20, 5), sent("one", 150, 10))

    assert "weak" == flag.severity
    assert (
        "one sent listed acme 150 pieces in the 90 days up to 2025-03-11, and 100 pieces in those"
        " before 2025-03-01; the others went from 100 pieces to 20 pieces"
    ) == flag.because
    assert (3, 4, 5, 6, 7, 8) == flag.evidence
    assert ("one", "acme") == flag.parties


def test_a_smaller_gain_or_others_who_go_on_raise_nothing():
    assert [] == surges(*BEFORE, LISTED, sent("one", 149, 10))
    assert [] == surges(*BEFORE, LISTED, sent("two", 21, 5), sent("one", 150, 10))


def test_without_a_list_there_is_no_surge():
    off = PartyDelisted(party="acme", list="entity_list", delisted_on=date(2025, 3, 5))

    assert [] == surges(*BEFORE, sent("one", 150, 10))
    assert [] == surges(*BEFORE, LISTED, off, sent("one", 150, 10))
    assert [] == surges(*BEFORE, LISTED, sent("one", 150, 10), off)


def test_who_had_no_rivals_or_sold_nothing_before_raises_nothing():
    assert [] == surges(sent("one", 100, -10), LISTED, sent("one", 150, 10))
    assert [] == surges(*BEFORE[1:], LISTED, sent("one", 150, 10))


def test_the_listing_may_be_told_after_the_shipments():
    (flag,) = surges(*BEFORE, sent("one", 150, 10), LISTED)

    assert 7 == flag.raised_at


def test_a_surge_in_parts_is_raised_once():
    (flag,) = surges(*BEFORE, LISTED, sent("one", 80, 10), sent("one", 80, 20), sent("one", 80, 30))

    assert "160 pieces" in flag.because
    assert [] == surges(*BEFORE, LISTED, sent("one", 80, 10), sent("one", 80, 101))


def test_suppliers_that_were_seen_to_stop_need_no_record_here():
    stopped = PartySupplyEnded(party="acme", count=2, ended_on=date(2025, 4, 1))
    total = ShipmentDeclared(
        shipment="S-1", authority="none", exporter="one", ultimate_consignee="acme",
        lines=(GoodsLine(description="hard disk drives", quantity=7_400_000),), aggregate=True,
        declared_on=date(2025, 3, 10),
    )  # fmt: skip
    (flag,) = surges(LISTED, stopped, total)

    assert "7,400,000 pieces" in flag.because
    assert flag.because.endswith("2 other suppliers had stopped by 2025-04-01")
    assert [] == surges(stopped, total)
    named = PartySupplyEnded(party="acme", suppliers=("one",), ended_on=date(2025, 4, 1))
    assert [] == surges(LISTED, named, total)


def test_a_voided_shipment_was_no_surge():
    assert [] == surges(*BEFORE, LISTED, sent("one", 150, 10), voided(7, "one-10"))
