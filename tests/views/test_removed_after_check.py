"""Chips that a check had verified were soon gone."""

from itertools import permutations

from custody_stories import day, seen, sent
from msgspec.structs import replace
from world import flags, voided

from ledger.events import (
    CheckSerialsRead,
    PartyChipsUnreachable,
    PartyUnitsLost,
    PartyUnitsMoved,
    Reading,
    StockLine,
)

CHIPS = tuple(f"N-{number}" for number in range(100))


def read(serials=CHIPS, on=10, site=None):
    return CheckSerialsRead(
        check="C-1", party="acme", country="AE", method="powered_on", read_on=day(on), site=site,
        readings=tuple(Reading(label=serial) for serial in serials),
    )  # fmt: skip


def silent(*serials, on=40):
    return PartyChipsUnreachable(
        party="acme", serials=serials, method="attested_ping", source="maker",
        unreachable_on=day(on),
    )  # fmt: skip


def moved(*serials, on=30, announced=None):
    lines = (StockLine(model="h100-sxm", units=len(serials), serials=serials),)
    return PartyUnitsMoved(
        party="acme", from_site="A", to_site="B", lines=lines, moved_on=day(on),
        announced_on=announced and day(announced),
    )  # fmt: skip


def found(*events):
    return flags("removed-after-check", *events)


def test_five_in_a_hundred_out_of_reach_within_ninety_days_are_flagged():
    (flag,) = found(read(), silent(*CHIPS[:5]))

    assert (
        "5 of 100 chips read at acme in AE on 2025-03-10 were gone within 30 days: 5 did not"
        " answer, 0 were seen elsewhere, and no move was announced"
    ) == flag.because
    assert ("strong", "party:acme", (1, 2), ("acme",)) == (
        flag.severity, flag.subject, flag.evidence, flag.parties,
    )  # fmt: skip


def test_four_in_a_hundred_or_the_ninety_first_day_are_not():
    assert [] == found(read(), silent(*CHIPS[:4]))
    assert 1 == len(found(read(), silent(*CHIPS[:5], on=100)))
    assert [] == found(read(), silent(*CHIPS[:5], on=101))


def test_what_is_seen_elsewhere_counts_with_what_is_silent():
    (flag,) = found(read(), silent(*CHIPS[:3]), seen("CN", 50, "label_read", *CHIPS[3:6]))

    assert "3 did not answer, 3 were seen elsewhere" in flag.because
    assert (1, 2, 3) == flag.evidence


def test_an_address_or_a_list_on_paper_shows_nothing():
    assert [] == found(read(), seen("CN", 50, "paper", *CHIPS[:9]))


def test_an_announced_move_is_no_removal_and_one_told_afterwards_is():
    gone = silent(*CHIPS[:9])

    assert [] == found(read(), moved(*CHIPS[:9], announced=20), gone)
    assert 1 == len(found(read(), moved(*CHIPS[:9]), gone))
    assert 1 == len(found(read(), moved(*CHIPS[:9], on=50, announced=20), gone))


def test_chips_that_left_with_a_shipment_on_record_were_not_removed():
    left = sent("S-2", *CHIPS[:9], on=20, to="MY")

    assert [] == found(read(), left, seen("MY", 50, "label_read", *CHIPS[:9]))
    assert 1 == len(found(read(), left, silent(*CHIPS[:9]), voided(2, "S-2")))


def test_chips_that_were_destroyed_need_not_answer():
    lines = (StockLine(model="h100-sxm", units=9, serials=CHIPS[:9]),)
    scrapped = PartyUnitsLost(party="acme", lines=lines, cause="scrapped", lost_on=day(30))

    assert [] == found(read(), scrapped, silent(*CHIPS[:9]))


def test_chips_that_are_seen_again_where_they_were_had_only_been_off():
    assert [] == found(read(), silent(*CHIPS[:9]), seen("AE", 60, "powered_on", *CHIPS[:9]))


def test_another_site_is_elsewhere():
    again = replace(read(CHIPS[:9], 50, site="B"), check="C-2")

    assert [] == found(read(), again)
    assert 1 == len(found(read(site="A"), again))


def test_the_order_of_telling_decides_nothing():
    events = (read(), silent(*CHIPS[:3]), seen("CN", 50, "label_read", *CHIPS[3:6]))
    (expected,) = {flag.because for flag in found(*events)}

    for other in permutations(events):
        assert [expected] == [flag.because for flag in found(*other)]
