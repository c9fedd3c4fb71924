"""Goods that others have than those they were declared for, or for somebody who is not there."""

from datetime import date

from world import adopted, exported, flags, line, party, requested, voided

from ledger.events import (
    CheckPartyNotFound,
    CheckPerformed,
    PartyAffiliateDeclared,
    PartyTeardownObserved,
    ShipmentDelivered,
    ShipmentOnwardObserved,
    ShipmentReexported,
)

DECLARED = exported(authority="NLR")


def found(*history):
    return flags("end-user-mismatch", adopted(), party(), *history)


def delivered(to="shell"):
    return ShipmentDelivered(
        shipment="S-1", delivered_on=date(2025, 3, 9), country="AE", received_by=to
    )


def onward(shipment="S-9", destination="MY", receiver="shell", **changes):
    fields = {
        "shipment": shipment, "of": "S-1", "origins": ("AE",), "destination": destination,
        "receiver": receiver, "method": "report", "observed_on": date(2025, 5, 1),
    }  # fmt: skip
    return ShipmentOnwardObserved(**(fields | changes))


def absent(on=date(2025, 6, 9)):
    return CheckPartyNotFound(
        check="C-1", party="acme", address="1 Road", found="a laundry", not_found_on=on
    )


def seen(on):
    return CheckPerformed(check="C-2", party="acme", performed_on=on, evidence="photo")


def test_somebody_else_than_declared_who_receives_a_shipment_is_flagged():
    for history in ((DECLARED, delivered()), (delivered(), DECLARED)):
        (flag,) = found(*history)
        assert (
            "shipment S-1 of 8 units on 2025-03-03 was declared for acme in AE: shell received it"
        ) == flag.because
        assert ("strong", (3, 4)) == (flag.severity, flag.evidence)
        assert ("acme", "shell", "maker") == flag.parties


def test_whoever_was_declared_in_any_role_may_receive_it():
    assert [] == found(DECLARED, delivered("acme"))
    assert [] == found(exported(authority="NLR", intermediate_consignees=("shell",)), delivered())
    assert [] == found(exported(authority="NLR", forwarder="shell"), delivered())


def test_a_declared_affiliate_is_the_same_hand():
    kin = PartyAffiliateDeclared(
        party="acme", affiliate="shell", relation="data center SPV", declared_on=date(2025, 1, 2)
    )

    assert [] == found(kin, DECLARED, delivered())


def test_a_check_of_somebody_else_about_a_shipment_is_a_mismatch():
    (flag,) = found(DECLARED, requested(party="shell", shipment="S-1"))

    assert flag.because.endswith("shell was checked about it")
    assert [] == found(DECLARED, requested(shipment="S-1"))


def test_goods_that_went_on_to_somebody_else_are_flagged_in_the_shipment_they_came_in():
    for history in ((DECLARED, onward()), (onward(), DECLARED)):
        (flag,) = found(*history)
        assert flag.because.endswith("it went on to shell in MY on 2025-05-01")
        assert date(2025, 5, 1) == flag.on


def test_goods_that_went_on_to_another_country_are_too_whoever_has_them():
    (flag,) = found(DECLARED, onward(receiver=None))

    assert flag.because.endswith("it went on to MY on 2025-05-01")
    assert [] == found(DECLARED, onward(receiver=None, destination="AE"))


def boards(**changes):
    """Shipment S-1 to an assembler in Taiwan, for acme in the Emirates."""
    fields = {"ultimate_consignee": "assembler", "route": ("US", "TW"), "end_user": "acme"}
    return exported(authority="NLR", **(fields | changes))


def test_an_assembler_sends_boards_on_to_the_end_user_they_were_declared_for():
    home = onward(origins=("TW",), destination="AE", receiver="acme", sender="assembler")

    assert [] == found(boards(), home)
    assert [] == found(home, boards())


def test_boards_that_go_on_to_another_or_elsewhere_are_flagged():
    other = onward(origins=("TW",), destination="AE", receiver="shell")
    abroad = onward(origins=("TW",), destination="MY", receiver="acme")
    home = onward(origins=("TW",), destination="AE", receiver="acme")

    assert found(boards(), other)[0].because.endswith("it went on to shell in AE on 2025-05-01")
    assert found(boards(), abroad)[0].because.endswith("it went on to MY on 2025-05-01")
    assert 1 == len(found(boards(end_user=None, purchaser="acme"), home))


def test_an_end_user_that_moves_its_own_goods_abroad_is_no_assembler():
    away = onward(destination="MY", receiver="acme")

    assert 1 == len(found(DECLARED, away))
    assert 1 == len(found(boards(), onward(destination="AE", receiver="shell")))


def test_goods_that_went_on_under_a_license_are_its_business():
    licensed = ShipmentReexported(
        shipment="S-9", of="S-1", authority="license", license="D2", lines=(line(),),
        ultimate_consignee="shell", route=("AE", "MY"), reexported_on=date(2025, 5, 1),
    )  # fmt: skip

    assert [] == found(DECLARED, licensed)


def test_a_leg_that_was_voided_never_went_on():
    assert [] == found(DECLARED, onward(), voided(4, "S-9"))
    assert [] == found(DECLARED, delivered(), voided(3))


def test_a_party_nobody_found_is_flagged_until_a_later_check_finds_it():
    (flag,) = found(absent())

    assert (
        "acme was not found at 1 Road on 2025-06-09 (check C-1); there was a laundry"
    ) == flag.because
    assert ("strong", ("acme",)) == (flag.severity, flag.parties)
    assert 1 == len(found(seen(date(2025, 6, 9)), absent()))
    assert [] == found(absent(), seen(date(2025, 6, 10)))
    assert [] == found(seen(date(2025, 6, 10)), absent())


def taken_apart(maker="maker"):
    return PartyTeardownObserved(
        party="giant", product="its card", component="a die", maker=maker, finder="a lab",
        observed_on=date(2025, 6, 9),
    )  # fmt: skip


def test_a_part_in_a_product_of_a_party_its_maker_never_sold_to_is_flagged():
    (flag,) = found(DECLARED, taken_apart())

    assert (
        "a die of maker was in its card of giant on 2025-06-09, as a lab reported, and no entry"
        " tells of a sale to it"
    ) == flag.because
    assert ("giant", "maker") == flag.parties


def test_a_sale_to_it_whenever_told_explains_the_part():
    sold = exported("S-2", authority="NLR", ultimate_consignee="giant")

    assert [] == found(sold, taken_apart())
    assert [] == found(taken_apart(), sold)
    assert 1 == len(found(sold, taken_apart(), voided(3, "S-2")))
    assert [] == found(taken_apart("giant"))
    assert [] == found(taken_apart(None))


def test_goods_that_are_not_controlled_raise_nothing():
    assert [] == found(exported(authority="NLR", lines=(line(eccn=None),)), delivered())
