"""Chips consigned to somebody who only carries goods."""

from datetime import date

import pytest
from world import adopted, exported, flags, line, party, voided

from ledger.events import (
    GoodsLine,
    PartyAddressDeclared,
    PartyBusinessDeclared,
    ShipmentDeclared,
    ShipmentDeliveryConfirmed,
)

FORWARDER = party("quick", "SG", roles=("freight_forwarder", "consignee"))


def found(*history):
    return flags("forwarder-consignee", adopted(), party(), FORWARDER, *history)


def confirmed(who="acme", on=date(2025, 4, 2), source="customs"):
    return ShipmentDeliveryConfirmed(
        shipment="S-1", country="AE", received_by=who, source=source, confirmed_by="somebody",
        confirmed_on=on,
    )  # fmt: skip


TO_QUICK = exported(authority="NLR", ultimate_consignee="quick")


@pytest.mark.parametrize(
    ("role", "changes"),
    [("ultimate consignee", {"ultimate_consignee": "quick"}), ("end user", {"end_user": "quick"})],
)
def test_a_forwarder_as_last_consignee_or_end_user_is_flagged(role, changes):
    (flag,) = found(exported(authority="NLR", **changes))

    assert (
        f"shipment S-1 of 8 units on 2025-03-03: its {role} quick is a freight forwarder"
    ) == flag.because
    assert ("strong", (3, 4), "quick") == (flag.severity, flag.evidence, flag.parties[0])


def test_a_forwarder_on_the_way_is_none():
    assert [] == found(
        exported(authority="NLR", intermediate_consignees=("quick",), forwarder="quick")
    )


def test_a_party_that_says_it_does_logistics_alone_is_a_forwarder_until_it_says_otherwise():
    def says(*activities, on):
        return PartyBusinessDeclared(party="acme", activities=activities, declared_on=on)

    early, late = date(2025, 1, 3), date(2025, 1, 4)

    assert 1 == len(found(says("logistics", on=early), exported(authority="NLR")))
    assert [] == found(says("logistics", "cloud", on=early), exported(authority="NLR"))
    for told in ((early, late), (late, early)):
        history = [says(*(("cloud",) if on == late else ("logistics",)), on=on) for on in told]
        assert [] == found(*history, exported(authority="NLR"))


def test_a_distributor_that_also_forwards_is_none():
    both = party("both", "SG", roles=("freight_forwarder", "distributor"))

    assert [] == found(both, exported(authority="NLR", ultimate_consignee="both"))


def test_a_forwarder_with_an_office_in_tier_3_is_no_exporter():
    office = PartyAddressDeclared(
        party="quick", address="1 Road", country="HK", declared_on=date(2025, 1, 2)
    )
    (flag,) = found(office, exported(authority="NLR", exporter="quick"))

    assert flag.because.endswith(
        "its exporter quick is a freight forwarder, and it has an office in HK"
    )
    assert [] == found(exported(authority="NLR", exporter="quick"))


def test_an_exporter_that_belongs_to_tier_3_needs_no_office_there():
    chinese = party("fast", "SG", headquarters="CN", roles=("freight_forwarder",))

    assert 1 == len(found(chinese, exported(authority="NLR", exporter="fast")))


def test_a_third_party_that_saw_the_user_receive_it_in_30_days_settles_it():
    assert [] == found(TO_QUICK, confirmed())
    assert [] == found(confirmed(), TO_QUICK)
    assert 1 == len(found(TO_QUICK, confirmed(on=date(2025, 4, 3))))
    assert 1 == len(found(TO_QUICK, confirmed("quick")))
    assert 1 == len(found(TO_QUICK, confirmed(source="carrier")))


def test_goods_told_in_words_that_name_no_chip_count():
    told = ShipmentDeclared(
        shipment="S-2", authority="none", lines=(GoodsLine(description="computer parts"),),
        ultimate_consignee="quick", declared_on=date(2025, 3, 3),
    )  # fmt: skip

    assert 1 == len(found(told))


def test_a_role_told_later_counts_and_a_void_takes_the_flag_along():
    assert [(2, 3)] == [
        flag.evidence for flag in flags("forwarder-consignee", adopted(), TO_QUICK, FORWARDER)
    ]
    assert [] == found(TO_QUICK, voided(4))
    free = exported(authority="NLR", ultimate_consignee="quick", lines=(line(eccn=None),))
    assert [] == found(free)
