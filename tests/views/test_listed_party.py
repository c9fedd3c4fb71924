"""A party to a dealing is on a restricted-party list: by its id, by a name, or by its address."""

from datetime import date

from world import adopted, approved, exported, flags, line, party, voided

from ledger.events import (
    AddressDelisted,
    AddressListed,
    PartyAddressDeclared,
    PartyAliasRecorded,
    PartyDelisted,
    PartyListed,
    PartyMerged,
    PartyRegistered,
    PartyRenamed,
)

DAY = date(2025, 3, 3)
ROOM = "Room 5, 610 Nathan Road"


def listed(name="acme", on=DAY, list="entity_list"):
    return PartyListed(party=name, list=list, listed_on=on)


def delisted(name="acme", on=DAY, list="entity_list"):
    return PartyDelisted(party=name, list=list, delisted_on=on)


def at(name, address=ROOM, **changes):
    fields = {"party": name, "address": address, "country": "HK", "declared_on": DAY}
    return PartyAddressDeclared(**(fields | changes))


def found(*history):
    return flags("listed-party", adopted(), party(), *history)


SHIPPED = exported(authority="NLR")


def test_a_listed_party_in_any_role_is_flagged_from_its_listing_on():
    (flag,) = found(listed(), SHIPPED)

    assert (
        "shipment S-1 of 8 units on 2025-03-03: acme is on the entity list since 2025-03-03"
    ) == flag.because
    assert ("hard", (3, 4), "acme") == (flag.severity, flag.evidence, flag.parties[0])
    assert [] == found(listed(on=date(2025, 3, 4)), SHIPPED)
    for role in ("exporter", "purchaser", "forwarder", "end_user"):
        assert 1 == len(found(listed("bad"), exported(authority="NLR", **{role: "bad"})))


def test_goods_that_need_no_license_elsewhere_count_too():
    assert 1 == len(found(listed(), exported(authority="NLR", lines=(line(eccn=None),))))


def test_a_listing_told_late_is_judged_and_cited():
    assert [(3, 4)] == [flag.evidence for flag in found(SHIPPED, listed())]
    assert 1 == len(found(exported(authority="NLR", forwarder="bad"), listed("bad")))


def test_who_left_every_list_is_quiet():
    assert [] == found(listed(on=date(2024, 1, 1)), delisted(), SHIPPED)
    assert [] == found(SHIPPED, listed(on=date(2024, 1, 1)), delisted())
    assert 1 == len(found(listed(list="sdn"), listed(), delisted(), SHIPPED))


def test_under_a_license_that_names_it_it_is_for_information():
    (flag,) = found(listed(), approved(), exported())

    assert ("information", (3, 4, 5)) == (flag.severity, flag.evidence)


def test_an_alias_of_a_listed_party_is_hard_however_it_is_written():
    bad = PartyRegistered(
        party="bad",
        name="Müller Trading Co., Ltd.",
        country="CN",
        headquarters="CN",
        registered_on=DAY,
    )
    names = (
        PartyAliasRecorded(party="acme", alias="MULLER TRADING", recorded_on=DAY),
        PartyRenamed(party="acme", name="Muller Trading Inc", renamed_on=DAY),
    )
    for name in names:
        for history in ((bad, listed("bad"), name, SHIPPED), (SHIPPED, name, bad, listed("bad"))):
            (flag,) = found(*history)
            assert flag.because.endswith(
                "acme goes by a name of bad, on the entity list since 2025-03-03"
            )
            assert "hard" == flag.severity


def test_an_address_alone_is_weak():
    history = (at("acme"), party("bad"), at("bad"), listed("bad"), SHIPPED)
    (flag,) = found(*history)

    assert flag.because.endswith(
        "acme is at rm 5 610 nathan rd, and bad there is on the entity list since 2025-03-03"
    )
    assert ("weak", 2, (3, 5, 6, 7)) == (flag.severity, flag.weight, flag.evidence)


def test_an_address_may_be_listed_without_a_name():
    address = AddressListed(
        address="A-1", text="Rm 5, 610 Nathan Rd.", country="HK", list="entity_list",
        listed_on=DAY,
    )  # fmt: skip
    gone = AddressDelisted(address="A-1", list="entity_list", delisted_on=DAY)

    for history in ((address, at("acme"), SHIPPED), (SHIPPED, at("acme"), address)):
        (flag,) = found(*history)
        assert flag.because.endswith("and the address is on the entity list since 2025-03-03")
    assert [] == found(address, at("acme"), gone, SHIPPED)


def test_the_address_of_an_agent_and_goods_that_are_not_controlled_are_quiet():
    tower = (at("acme"), at("bad", registered_agent=True), listed("bad"))
    shared = (at("acme"), at("bad"), listed("bad"))

    assert [] == found(*tower, SHIPPED)
    assert [] == found(*shared, exported(authority="NLR", lines=(line(eccn=None),)))


def test_a_void_takes_the_flag_along():
    assert [] == found(listed(), SHIPPED, voided(4))


def test_a_listing_reaches_across_mergers_whenever_they_are_told():
    def merged(one, into, on=DAY):
        return PartyMerged(party=one, into=into, merged_on=on)

    def severities(*history):
        told = {
            tuple(flag.severity for flag in found(*order))
            for order in ((*history, SHIPPED), (SHIPPED, *reversed(history)))
        }
        return told.pop() if len(told) == 1 else told

    up = (merged("acme", "middle"), merged("middle", "bad"), listed("bad"))
    down = (merged("bad", "middle"), merged("middle", "acme"), listed("bad"))

    assert ("hard",) == severities(*up)
    assert ("strong",) == severities(*down)
    assert () == severities(merged("bad", "acme", date(2025, 3, 4)), listed("bad"))
    assert () == severities(merged("bad", "other"), listed("bad"))
    (flag,) = found(*down, SHIPPED)
    assert flag.because.endswith(
        "acme is one with bad by a merger, on the entity list since 2025-03-03"
    )
    assert (3, 4, 5, 6) == flag.evidence
