"""A payment by somebody who has nothing to do with the deal."""

from datetime import date

from world import adopted, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartyAffiliateDeclared,
    PartyFinancingDeclared,
    PartyPaymentReceivedV2,
    PartyRelocated,
    PartySoldDomestically,
    ShipmentInvoiced,
)

VALUED = exported(authority="NLR", lines=(line(value_cents=100_000_000),))
"""A shipment of one million dollars, from maker to acme."""

STRANGER = party("stranger", "JP")
CHINESE = party("chinese", "CN")


def paid(by="stranger", cents=50_000_000, **changes):
    fields = {
        "party": "maker", "payer": by, "payer_country": "JP", "amount_cents": cents,
        "received_on": date(2025, 3, 10), "shipment": "S-1",
    }  # fmt: skip
    return PartyPaymentReceivedV2(**(fields | changes))


def invoiced(**changes):
    fields = {
        "shipment": "S-1", "invoice": "INV-1", "seller": "maker", "billed_to": "acme",
        "amount_cents": 100_000_000, "invoiced_on": date(2025, 3, 4),
    }  # fmt: skip
    return ShipmentInvoiced(**(fields | changes))


def third(*events):
    return flags("third-party-payment", adopted(), party(), *events)


def test_a_payer_who_is_no_buyer_weighs_little():
    (flag,) = third(STRANGER, VALUED, paid())

    assert "weak" == flag.severity
    assert (
        "stranger paid maker US$500,000 from JP by 2025-03-10 for shipment S-1 of US$1,000,000"
        " bought by acme, and is of no buyer's group"
    ) == flag.because
    assert (4, 5) == flag.evidence
    assert ("stranger", "acme", "maker") == flag.parties


def test_a_payer_from_tier_3_weighs_much():
    (flag,) = third(CHINESE, VALUED, paid("chinese"))

    assert "strong" == flag.severity
    assert ": chinese is headquartered in CN" in flag.because
    assert (3, 4, 5) == flag.evidence


def test_money_from_tier_3_weighs_much_whoever_paid():
    (flag,) = third(STRANGER, VALUED, paid(payer_country="HK"))
    (unnamed,) = third(VALUED, paid(None, payer_country="CN"))

    assert "strong" == flag.severity == unnamed.severity
    assert "the money came from HK, in tier 3" in flag.because
    assert unnamed.because.startswith("an unnamed payer paid maker")


def test_the_buyer_and_its_group_may_pay():
    sister = party("sister", "AE", ultimate_parent="top")
    owned = party("acme", "AE", ultimate_parent="top")
    affiliate = PartyAffiliateDeclared(
        party="acme", affiliate="stranger", relation="treasury", declared_on=date(2025, 1, 1)
    )

    assert [] == third(VALUED, paid("acme"))
    assert [] == third(sister, owned, VALUED, paid("sister"))
    assert [] == third(STRANGER, affiliate, VALUED, paid())


def test_who_belongs_together_may_be_told_later():
    affiliate = PartyAffiliateDeclared(
        party="stranger", affiliate="acme", relation="treasury", declared_on=date(2025, 1, 1)
    )

    assert [] == third(VALUED, paid(), affiliate)
    assert [] == third(
        VALUED, paid("sister"), party("sister", "AE", ultimate_parent="top"),
        party("acme", "AE", ultimate_parent="top"),
    )  # fmt: skip


def test_a_payer_who_turns_out_to_be_from_tier_3_weighs_more():
    moved = PartyRelocated(party="stranger", headquarters="CN", relocated_on=date(2025, 3, 10))
    (flag,) = third(STRANGER, VALUED, paid(), moved)

    assert "strong" == flag.severity
    assert 6 == flag.raised_at


def test_a_buyer_from_tier_3_may_have_others_there_pay_and_then_it_weighs_little():
    buyer = party("acme", "CN")
    (flag,) = third(buyer, CHINESE, VALUED, paid("chinese"))

    assert "weak" == flag.severity


def test_a_tenth_of_the_invoice_counts_and_payments_add_up():
    (flag,) = third(VALUED, paid(cents=10_000_000))
    (added,) = third(VALUED, paid(cents=9_999_999), paid(cents=1), paid(cents=5))

    assert (3, 4) == flag.evidence
    assert [] == third(VALUED, paid(cents=9_999_999))
    assert (3, 4, 5) == added.evidence
    assert "paid maker US$100,000" in added.because


def test_financing_declared_by_a_buyer_takes_the_flag_away():
    def financed(**changes):
        fields = {
            "party": "acme", "financier": "stranger", "kind": "lease",
            "declared_on": date(2025, 3, 1),
        }  # fmt: skip
        return PartyFinancingDeclared(**(fields | changes))

    assert [] == third(financed(), VALUED, paid())
    assert [] == third(VALUED, paid(), financed())
    assert 1 == len(third(VALUED, paid(), financed(party="other")))
    assert 1 == len(third(VALUED, paid(), financed(amount_cents=49_999_999)))
    assert 1 == len(third(VALUED, paid(), financed(declared_on=date(2025, 3, 11))))
    (flag,) = third(CHINESE, VALUED, paid("chinese"), financed(financier="chinese"))
    assert "information" == flag.severity


def test_the_deal_may_be_told_after_the_payment():
    (flag,) = third(paid(), VALUED)
    (billed,) = third(paid(shipment=None, invoice="INV-1"), VALUED, invoiced())

    assert (3, 4) == flag.evidence
    assert (3, 4, 5) == billed.evidence
    assert "for invoice INV-1 of US$1,000,000 bought by acme" in billed.because
    assert [] == third(paid("other", shipment=None, invoice="INV-1"), invoiced(billed_to="other"))


def test_a_payment_for_no_deal_raises_only_from_tier_3_and_not_by_a_customer():
    def alone(by="chinese", **changes):
        return paid(by, shipment=None, **changes)

    sale = PartySoldDomestically(
        party="maker", purchaser="chinese", country="US", sold_on=date(2025, 3, 20),
        lines=(GoodsLine(description="cables"),),
    )  # fmt: skip
    (flag,) = third(CHINESE, alone(), alone())

    assert "for no deal that is named: chinese is headquartered in CN" in flag.because
    assert "strong" == flag.severity
    assert (3, 4) == flag.evidence
    assert [] == third(STRANGER, alone("stranger"))
    assert [] == third(CHINESE, alone(), sale)


def test_without_its_shipment_a_payment_is_for_a_deal_nobody_knows():
    assert [] == third(STRANGER, VALUED, paid(), voided(4))


def test_one_who_pays_itself_is_no_third_party():
    assert [] == third(VALUED, paid("maker", payer_country="CN"))
