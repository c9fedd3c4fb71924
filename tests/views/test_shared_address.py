"""Several firms at one address, or under one controller, that get chips for different users."""

from datetime import date

from world import adopted, exported, flags, line, voided

from ledger.events import PartyAddressDeclared, PartyControllerDeclared

ROOM = "Room 5, 610 Nathan Road"
DAY = date(2025, 1, 2)


def at(*names, **changes):
    fields = {"address": ROOM, "country": "HK", "declared_on": DAY}
    return [PartyAddressDeclared(party=name, **(fields | changes)) for name in names]


def got(name, shipment, user=None, on=date(2025, 3, 3), **changes):
    return exported(
        shipment, authority="NLR", ultimate_consignee=name, end_user=user or name, exported_on=on,
        **changes,
    )  # fmt: skip


def found(*history):
    return flags("shared-address", adopted(), *history)


THREE = at("one", "two", "three")
TWO_GOT = (got("one", "S-1"), got("two", "S-2", on=date(2025, 4, 3)))


def test_three_firms_at_an_address_of_which_two_get_chips_for_different_users():
    (flag,) = found(*THREE, *TWO_GOT)

    assert (
        "3 firms have one address, rm 5 610 nathan rd: one, three, two; 2 of them got controlled"
        " goods within 24 months up to 2025-04-03, for one, two"
    ) == flag.because
    assert ("weak", (2, 3, 4, 5, 6), date(2025, 4, 3)) == (
        flag.severity, flag.evidence, flag.on,
    )  # fmt: skip
    assert {"one", "two", "three"} == set(flag.parties)


def test_an_address_is_the_same_in_another_order_of_its_words_and_as_it_was_spelled_first():
    def written(address):
        others = at("one", "two") + at("three", address=address)
        return [flag.because.partition(":")[0] for flag in found(*others, *TWO_GOT)]

    first = ["3 firms have one address, rm 5 610 nathan rd"]

    assert first == written("Nathan Rd. 610, Rm. 5")
    assert first == written("610 Nathan Road, Unit 5".replace("Unit", "Room"))
    assert [] == written("Room 610, 5 Nathan Road")
    assert [] == written("Room 5, 601 Nathan Road")


def test_one_controller_is_as_good():
    history = [
        PartyControllerDeclared(
            party=name, controller="j.doe", capacity="director", declared_on=DAY
        )
        for name in ("one", "two", "three")
    ]
    (flag,) = found(*history, *TWO_GOT)

    assert flag.because.startswith("3 firms have one controller, j.doe: one, three, two")


def test_two_firms_or_one_user_or_one_that_gets_anything_are_quiet():
    assert [] == found(*at("one", "two"), *TWO_GOT)
    assert [] == found(*THREE, got("one", "S-1", "user"), got("two", "S-2", "user"))
    assert [] == found(*THREE, got("one", "S-1"), got("one", "S-2"))


def test_two_years_apart_is_not_together():
    early = got("one", "S-1", on=date(2024, 3, 3))

    assert [] == found(*THREE, early, got("two", "S-2", on=date(2026, 3, 3)))
    assert 1 == len(found(*THREE, early, got("two", "S-2", on=date(2026, 3, 2))))


def test_the_address_of_an_agent_ties_nobody():
    assert [] == found(*THREE, *TWO_GOT, *at("other", registered_agent=True))


def test_goods_that_are_not_controlled_do_not_count():
    free = got("two", "S-2", lines=(line(eccn=None),))

    assert [] == found(*THREE, got("one", "S-1"), free)


def test_it_is_raised_once_however_much_follows_and_in_whatever_order_it_is_told():
    first = found(*THREE, *TWO_GOT)
    more = got("three", "S-3", on=date(2025, 5, 5))

    assert first == found(*THREE, *TWO_GOT, more)
    for history in ((*TWO_GOT, *THREE), (TWO_GOT[1], *THREE, TWO_GOT[0])):
        (flag,) = found(*history)
        assert (first[0].because, first[0].on) == (flag.because, flag.on)


def test_an_earlier_dealing_told_late_moves_the_day():
    early = got("three", "S-0", on=date(2025, 3, 4))
    (flag,) = found(*THREE, *TWO_GOT, early)

    assert date(2025, 3, 4) == flag.on


def test_a_void_takes_the_flag_along():
    assert [] == found(*THREE, *TWO_GOT, voided(6, "S-2"))
