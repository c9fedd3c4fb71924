"""Goods that are not what their declaration says."""

from datetime import date

from world import adopted, exported, flags, line, voided

from ledger.events import (
    GoodsLine,
    PartySoldDomestically,
    ShipmentDeclared,
    ShipmentInspected,
)


def goods(description="consumer electronics", **changes):
    return GoodsLine(description=description, **changes)


def declared(shipment="S-1", *lines, **changes):
    fields = {
        "shipment": shipment, "authority": "NLR", "exporter": "trader",
        "ultimate_consignee": "acme", "destinations": ("AE",), "declared_on": date(2025, 3, 3),
        "lines": lines or (goods(quantity=134),),
    }  # fmt: skip
    return ShipmentDeclared(**(fields | changes))


def inspected(**changes):
    fields = {
        "shipment": "S-1", "country": "US", "inspected_by": "customs",
        "inspected_on": date(2025, 3, 4),
    }  # fmt: skip
    return ShipmentInspected(**(fields | changes))


def sold(*lines, **changes):
    fields = {
        "party": "maker", "purchaser": "trader", "country": "US", "sold_on": date(2025, 2, 1),
        "lines": lines or (goods("H100", quantity=8, counted_in="chips"),),
    }  # fmt: skip
    return PartySoldDomestically(**(fields | changes))


def wrong(*events):
    return flags("misdescription", adopted(), *events)


def test_another_number_than_declared_weighs_much():
    (flag,) = wrong(declared(), inspected(counted=135))

    assert "strong" == flag.severity
    assert (
        "customs inspected shipment S-1 in US on 2025-03-04: 135 pieces counted and 134 declared"
    ) == flag.because
    assert (2, 3) == flag.evidence
    assert ("trader", "acme") == flag.parties
    assert [] == wrong(declared(), inspected(counted=134))


def test_chips_of_a_real_shipment_are_counted_too():
    (flag,) = wrong(exported(), inspected(counted=6, counted_in="chips"))

    assert "6 chips counted and 8 declared" in flag.because


def test_what_was_counted_in_another_unit_is_not_compared():
    boards = inspected(counted=1, counted_in="boards")

    assert [] == wrong(exported(), boards)
    assert [] == wrong(declared("S-1", goods()), inspected(counted=5))


def test_an_officer_who_says_so_is_believed():
    (told,) = wrong(declared(), inspected(differences=("quantity",)))
    (counted,) = wrong(declared("S-1", goods()), inspected(counted=600, differences=("quantity",)))
    (label,) = wrong(
        declared(), inspected(differences=("description",), finding="GPUs under a false label")
    )

    assert "the quantity is not as declared" in told.because
    assert "600 pieces counted, which is not as declared" in counted.because
    assert label.because.endswith(": GPUs under a false label")
    assert ["strong"] * 3 == [flag.severity for flag in (told, counted, label)]


def test_a_weight_off_by_more_than_a_quarter_weighs_little():
    whole = declared(gross_weight_grams=1_000)
    (flag,) = wrong(whole, inspected(gross_weight_grams=1_251))

    assert "weak" == flag.severity
    assert "1,251 g weighed and 1,000 g declared" in flag.because
    assert [] == wrong(whole, inspected(gross_weight_grams=1_250))
    assert [] == wrong(declared(), inspected(gross_weight_grams=9_999))
    assert 1 == len(wrong(declared(), inspected(differences=("weight",))))


def test_another_hs_code_in_its_first_six_digits_weighs_little():
    coded = declared("S-1", goods(hs_code="8517620050"))
    (flag,) = wrong(coded, inspected(hs_code="847150"))

    assert "weak" == flag.severity
    assert "HS code 847150 found and 851762 declared" in flag.because
    assert [] == wrong(coded, inspected(hs_code="8517629999"))
    assert [] == wrong(declared(), inspected(hs_code="847150"))


def test_value_parties_and_serials_are_for_other_rules():
    assert [] == wrong(declared(), inspected(differences=("value", "parties", "serials")))


def test_the_declaration_may_be_told_after_the_inspection():
    (flag,) = wrong(inspected(counted=135), declared())

    assert (2, 3) == flag.evidence


def test_serials_of_controlled_chips_under_a_text_that_names_none_weigh_much():
    numbered = goods("H100", quantity=2, counted_in="chips", serials=("X1", "X2"))
    hidden = declared("S-1", goods("network cables", serials=("X2", "X9")))
    (flag,) = wrong(sold(numbered), hidden)

    assert "strong" == flag.severity
    assert (
        "shipment S-1 is declared as 'network cables', with a serial number that was sold or"
        " shipped before as a controlled chip's: X2"
    ) == flag.because
    assert (2, 3) == flag.evidence
    assert [] == wrong(sold(numbered), declared("S-1", goods("H100", serials=("X2",))))
    assert [] == wrong(sold(numbered), declared("S-1", goods("network cables", serials=("X9",))))


def test_serials_of_a_voided_shipment_hide_nothing():
    numbered = exported("S-0", lines=(line(serials=("X1",)),))
    hidden = declared("S-1", goods("network cables", serials=("X1",)))

    assert 1 == len(wrong(numbered, hidden))
    assert [] == wrong(numbered, voided(2, "S-0"), hidden)


def test_generic_words_by_one_who_bought_controlled_chips_weigh_little():
    generic = declared("S-1", goods("generic computer parts"))
    (flag,) = wrong(sold(), generic)
    (late,) = wrong(generic, sold())

    assert "weak" == flag.severity
    assert (
        "shipment S-1 is declared as 'generic computer parts' on 2025-03-03, and its exporter had"
        " bought controlled chips once in the 365 days before"
    ) == flag.because
    assert (2, 3) == flag.evidence == late.evidence


def test_words_that_say_something_are_left_alone():
    assert [] == wrong(sold(), declared("S-1", goods("keyboards and mice")))
    assert [] == wrong(sold(), declared("S-1", goods("electronics", eccn="EAR99")))


def test_who_bought_no_controlled_chips_or_long_ago_may_be_vague():
    generic = declared("S-1", goods("computer parts"))

    assert [] == wrong(generic)
    assert [] == wrong(sold(goods("keyboards")), generic)
    assert [] == wrong(sold(purchaser="other"), generic)
    assert 1 == len(wrong(sold(sold_on=date(2024, 3, 3)), generic))
    assert [] == wrong(sold(sold_on=date(2024, 3, 2)), generic)
    assert [] == wrong(sold(sold_on=date(2025, 3, 4)), generic)


def test_what_was_found_in_a_voided_shipment_is_compared_with_nothing():
    counted = inspected(counted=6, counted_in="chips")

    assert [] == wrong(exported(), counted, voided(2))


def test_a_voided_declaration_hides_nothing():
    generic = declared("S-1", goods("computer parts"))

    assert [] == wrong(sold(), generic, voided(3))
    assert [] == wrong(generic, voided(2), sold())
