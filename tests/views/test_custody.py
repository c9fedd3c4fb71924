"""Where each chip is: its history by date, what breaks it, and the chips of each shipment."""

from itertools import islice, permutations

import pytest
from custody_stories import CLEAN, IMPOSSIBLE, N, back, chips, day, made, onward, sent
from hypothesis import given
from hypothesis import strategies as st
from world import TODAY, entries, flags, line, voided

from ledger.events import ShipmentReexported
from ledger.fold import replay
from projections.custody import CustodyFold, Lot, conflicts, history, lot, placed
from projections.red_flags import FlagsFold
from projections.red_flags.serial_conflict import SerialConflict


def told(*events):
    return replay(CustodyFold(), entries(*events))


def found(events):
    fold = FlagsFold(chosen=(SerialConflict(),))
    raised = fold.raised(replay(fold, entries(*events)), TODAY)
    return {each.flag.key.rpartition("/")[2] for each in raised if each.flag.severity == "hard"}


@pytest.mark.parametrize("story", IMPOSSIBLE)
def test_an_impossible_history_is_found(story):
    kind, events = IMPOSSIBLE[story]

    assert {kind} == found(events)


@pytest.mark.parametrize("story", CLEAN)
def test_nothing_is_found_in_a_clean_history(story):
    assert [] == flags("serial-conflict", *CLEAN[story])


def test_there_are_twelve_kinds_of_story_and_more_clean_ones():
    assert 12 <= len(IMPOSSIBLE) <= len(CLEAN)


@pytest.mark.parametrize("story", [*IMPOSSIBLE, *CLEAN])
def test_the_order_of_telling_decides_nothing(story):
    events = CLEAN[story] if story in CLEAN else IMPOSSIBLE[story][1]
    expected = found(events)

    for order in islice(permutations(events), 0, None, 7):
        assert expected == found(order)


def test_a_chip_is_where_its_last_step_took_it():
    states = told(made(), sent(), onward("S-2", "AE", "MY", 20))
    steps = placed(states, N)

    assert ["made", "sent", "sent"] == [step.kind for step in steps]
    assert ("MY", "acme", day(20)) == (steps[-1].place, steps[-1].holder, steps[-1].on)
    assert [] == conflicts(steps, lambda on: 2)


def test_a_voided_shipment_carried_no_chip():
    states = told(made(), sent(), voided(2))

    assert ["made"] == [step.kind for step in history(states, N)]
    assert found((made(), sent("S-1"), sent("S-2", on=15, to="MY"), voided(2))) == set()


def test_a_shipment_splits_and_what_came_back_is_not_left():
    states = told(
        sent("S-1", lines=(line(10),)),
        onward("S-2", "AE", "MY", 20, of="S-1", lines=(line(4),)),
        back("S-1", 25),
    )

    assert {"h100-sxm": 5} == lot(states, "S-1").left()
    assert {"h100-sxm": 4} == lot(states, "S-2").left()


def test_more_that_went_on_than_came_shows_below_zero():
    states = told(
        sent("S-1", lines=(line(1),)),
        onward("S-2", "AE", "MY", 20, of="S-1", lines=(line(3),)),
    )

    assert {"h100-sxm": -2} == lot(states, "S-1").left()


def test_the_void_of_a_part_gives_it_back_to_the_whole():
    states = told(
        sent("S-1", lines=(line(10),)),
        onward("S-2", "AE", "MY", 20, of="S-1", lines=(line(4),)),
        voided(2, "S-2"),
    )

    assert {"h100-sxm": 10} == lot(states, "S-1").left()
    assert Lot() == lot(states, "S-2")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 50)), max_size=12))
def test_however_it_is_split_no_chip_is_gained_or_lost(parts):
    """Each part is taken from the first shipment or from an earlier part."""
    events = [sent("S-0", lines=(line(600),))]
    for number, (source, units) in enumerate(parts, 1):
        of = f"S-{source % number}"
        events.append(
            ShipmentReexported(
                shipment=f"S-{number}",
                of=of,
                authority="none",
                lines=(line(units),),
                ultimate_consignee="acme",
                route=("AE", "MY"),
                reexported_on=day(9),
            )
        )
    states = told(*events)

    left = sum(kept.left().get("h100-sxm", 0) for _, kept in states.scan("custody/lot/", Lot))
    assert 600 == left


def test_a_number_on_a_line_twice_is_one_chip():
    states = told(sent("S-1", lines=chips(N, N)))

    assert [2] == [step.times for step in history(states, N)]
