"""Which parties may be one hand, and since when."""

from datetime import date

import pytest
from world import entries, party

from ledger.events import (
    PartyAccountDeclared,
    PartyAddressDeclared,
    PartyAffiliateDeclared,
    PartyControllerDeclared,
    PartyMerged,
    PartyOwnershipChanged,
)
from ledger.fold import replay
from projections.clusters import Clusters
from projections.red_flags import FlagsFold
from projections.reference import Reference

ROOM = "Room 5, 610 Nathan Road, Mong Kok"
ON = date(2025, 3, 3)
BEFORE = date(2025, 3, 2)


def at(name, address=ROOM, country="HK", **changes):
    fields = {"party": name, "address": address, "country": country, "declared_on": ON}
    return PartyAddressDeclared(**(fields | changes))


def controlled(name, controller="j.doe", **changes):
    fields = {
        "party": name, "controller": controller, "capacity": "director", "declared_on": ON,
    }  # fmt: skip
    return PartyControllerDeclared(**(fields | changes))


def owned(name, owner="holding", share=5_001, on=ON):
    return PartyOwnershipChanged(party=name, owner=owner, share=share, changed_on=on)


def clusters(*history):
    states = replay(FlagsFold(), entries(*history))
    return states, Clusters(Reference())


def members(name, *history, on=ON):
    states, known = clusters(*history)
    return known.of(states, name, on).members


def test_a_party_nothing_ties_is_alone():
    assert ("acme",) == members("acme", party("acme"), party("other"))
    assert ("stranger",) == members("stranger", party("acme"))


@pytest.mark.parametrize(
    "ties",
    [
        (at("one"), at("two", "Rm. 5, No. 610 Nathan Rd., Mong Kok")),
        (
            PartyAccountDeclared(party="one", account="DE02", country="DE", declared_on=ON),
            PartyAccountDeclared(party="two", account="DE02", country="DE", declared_on=ON),
        ),
        (PartyAffiliateDeclared(party="two", affiliate="one", relation="sister", declared_on=ON),),
        (PartyMerged(party="one", into="two", merged_on=ON),),
        (owned("one", "two"),),
        (owned("two", "one"),),
    ],
)  # fmt: skip
def test_each_tie_counts_from_its_date_on_and_both_ways(ties):
    history = (party("one"), party("two"), *ties)

    for name in ("one", "two"):
        assert ("one", "two") == members(name, *history)
        assert (name,) == members(name, *history, on=BEFORE)


def test_a_controller_ties_those_it_controls_until_it_ends():
    history = (
        controlled("one"), controlled("two"),
        controlled("two", ended=True, declared_on=date(2025, 6, 1)),
    )  # fmt: skip

    assert ("j.doe", "one", "two") == members("one", *history, on=date(2025, 5, 31))
    assert ("j.doe", "one") == members("one", *history, on=date(2025, 6, 1))


def test_who_left_one_office_still_holds_the_other():
    history = (
        controlled("one"), controlled("one", capacity="signatory"),
        controlled("one", ended=True, declared_on=date(2025, 6, 1)),
    )  # fmt: skip

    assert ("j.doe", "one") == members("one", *history, on=date(2025, 6, 1))


def test_an_address_at_registration_was_there_already():
    history = (party("one", "HK", address=ROOM), party("two", "HK", address=ROOM))

    assert ("one", "two") == members("one", *history, on=date(2020, 1, 1))


def test_the_address_of_an_agent_ties_nobody_whoever_says_it_is_one_and_when():
    history = (at("one"), at("two"), at("three", registered_agent=True))

    assert ("one",) == members("one", *history)


def test_a_town_is_no_address_and_a_road_of_another_country_is_another():
    assert ("one",) == members("one", at("one", "Mong Kok"), at("two", "Mong Kok"))
    assert ("one",) == members("one", at("one"), at("two", country="SG"))


def test_a_parent_ties_its_subsidiaries_and_a_lesser_share_nobody():
    history = (owned("one"), owned("two"), owned("three", share=5_000))

    assert ("holding", "one", "two") == members("two", *history)
    assert ("three",) == members("three", *history)


def test_a_circle_of_owners_is_one_cluster():
    history = (owned("one", "two"), owned("two", "three"), owned("three", "one"))

    assert ("one", "three", "two") == members("two", *history)


def test_a_cluster_keeps_the_name_of_whoever_the_ledger_spoke_of_first():
    history = (party("zeta"), at("zeta"), party("alpha"), at("alpha"))
    states, known = clusters(*history)

    assert "zeta" == known.of(states, "alpha", ON).name
    assert "alpha" == known.of(states, "alpha", BEFORE).name


def test_what_ties_two_parties_is_shown_by_the_shortest_way():
    history = (
        party("one"), party("two"), party("three"),
        at("one"), at("two"), controlled("two"), controlled("three"),
        PartyAffiliateDeclared(party="one", affiliate="three", relation="sister", declared_on=ON),
    )  # fmt: skip
    states, known = clusters(*history)

    assert (8,) == known.shown_by(states, "one", "three", ON)
    assert (4, 5) == known.shown_by(states, "one", "two", ON)
    assert () == known.shown_by(states, "one", "two", BEFORE)
    assert () == known.shown_by(states, "one", "stranger", ON)


def test_ownership_is_shown_by_the_entries_a_seat_rests_on():
    states, known = clusters(party("one"), owned("one", "holding"), party("holding"))

    assert (1, 2, 3) == known.shown_by(states, "one", "holding", ON)


def test_a_question_looks_at_its_own_cluster_alone():
    crowd = [controlled(f"p-{at}", controller=f"c-{at}") for at in range(500)]
    states, known = clusters(*crowd, at("one"), at("two"))
    asked = []
    get = states.get

    def counted(key, kind):
        asked.append(key)
        return get(key, kind)

    states.get = counted

    assert ("one", "two") == known.of(states, "one", ON).members
    assert len(asked) < 60
    assert not [key for key in asked if "p-" in key]
