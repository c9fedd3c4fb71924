"""Decisions looked at again: by what was known then, and by what is known now."""

from datetime import date

import pytest
from reader import Desk
from world import (
    H100,
    applied,
    approved,
    diffusion,
    entries,
    exported,
    licensed,
    line,
    party,
    voided,
)

from ledger.errors import Malformed, Unknown
from ledger.events import (
    AgreementConcluded,
    AgreementInForce,
    LicenseDenied,
    PartyListed,
    PartyRelocated,
)
from projections.hindsight import READS, Hindsight

FULL = 790_000_000 // H100
EARLY, LATE = date(2025, 1, 25), date(2025, 12, 1)
"""Before and after the decision of 1 February 2025."""


def look_again(*history, **options):
    told = entries(diffusion(), party(), *history)
    by_number = {entry.number: entry for entry in told}
    pass_ = Hindsight(by_number.__getitem__, **options)
    for entry in told:
        if entry.event.wire in READS:
            pass_.take(entry)
    return pass_.rows()


def one(*history, **options):
    (row,) = look_again(*history, **options)
    return row.then, row.now, row.otherwise, row.right_then, row.by_entries


def denied(**changes):
    fields = {
        "license": "D1", "decided_on": date(2025, 2, 1), "destination": "AE", "reason": "no"
    }  # fmt: skip
    return LicenseDenied(**(fields | changes))


def moved(on):
    return PartyRelocated(party="acme", headquarters="CN", relocated_on=on)


def test_a_decision_about_which_nothing_was_told_since_stands():
    assert ("clear", "clear", False, True, ()) == one(approved())


def test_a_headquarters_that_had_moved_is_a_reason_and_the_entry_that_told_it_is_named():
    assert ("clear", "presumed_denied", True, True, (4,)) == one(approved(), moved(EARLY))


def test_what_was_known_then_was_known_then():
    assert ("presumed_denied", "presumed_denied", False, False, ()) == one(moved(EARLY), approved())
    assert ("presumed_denied", "presumed_denied", False, True, ()) == one(
        moved(EARLY), approved(justification="for a clinic")
    )


def test_what_happened_later_in_the_world_is_no_reason():
    assert ("clear", "clear", False, True, ()) == one(approved(), moved(LATE))
    shipped = exported("S-9", authority="none", lines=(line(FULL),), exported_on=LATE)
    assert ("clear", "clear", False, True, ()) == one(approved(), shipped)


def test_a_rule_adopted_later_is_no_reason():
    assert ("license_not_required", "license_not_required", False, True, ()) == one(
        approved(decided_on=date(2024, 2, 1))
    )
    told = entries(party(), approved(), diffusion(date(2025, 1, 13)))
    pass_ = Hindsight({entry.number: entry for entry in told}.__getitem__)
    for entry in told:
        pass_.take(entry)

    assert [("", False)] == [(row.policy, row.otherwise) for row in pass_.rows()]


@pytest.mark.parametrize(("on", "now"), [(EARLY, "listed"), (LATE, "clear")])
def test_a_listing_told_later_is_a_reason_where_it_was_so_by_then(on, now):
    listed = PartyListed(party="acme", list="entity_list", listed_on=on)

    assert ("clear", now, now == "listed", True, (4,) if now == "listed" else ()) == one(
        approved(), listed
    )


def test_a_shipment_told_late_takes_room_that_was_thought_free():
    late = exported("S-9", authority="none", lines=(line(FULL),), exported_on=EARLY)
    row = look_again(approved(), late)[0]

    assert ("clear", "refused", True, True, (4,)) == (
        row.then, row.now, row.otherwise, row.right_then, row.by_entries
    )  # fmt: skip
    assert f"drawn {FULL * H100:,}" in row.now_because


def test_a_shipment_that_was_voided_left_room_a_denial_did_not_see():
    full = exported("S-9", authority="none", lines=(line(FULL),), exported_on=EARLY)

    assert ("refused", "clear", True, True, (6,)) == one(
        full, applied(), denied(), voided(3, "S-9")
    )


def test_a_license_decided_earlier_and_told_later_takes_room_and_one_decided_later_none():
    before = approved("D0", decided_on=EARLY, lines=(licensed(FULL),))
    after = approved("D9", decided_on=LATE, lines=(licensed(FULL),))

    assert ("clear", "refused", True, True, (4,)) == one(approved(), before, chosen=["D1"])
    assert ("clear", "clear", False, True, ()) == one(approved(), after, chosen=["D1"])


def test_an_agreement_told_late_gives_room():
    concluded = AgreementConcluded(
        agreement="uae", country="AE", title="US-UAE", signatories=("US", "AE"),
        concluded_on=EARLY, uplift_tpp=790_000_000,
    )  # fmt: skip
    in_force = AgreementInForce(agreement="uae", country="AE", in_force_on=EARLY)
    big = applied(lines=(licensed(FULL + 1),))

    assert ("refused", "clear", True, True, (5, 6)) == one(big, denied(), concluded, in_force)


def test_a_denial_where_nothing_stood_against_granting_is_the_officers_own():
    assert ("clear", "clear", False, None, ()) == one(applied(), denied())


def test_only_decisions_that_are_asked_for():
    history = (approved(), approved("D2", decided_on=LATE))

    assert ["D1", "D2"] == [row.license for row in look_again(*history)]
    assert ["D2"] == [row.license for row in look_again(*history, chosen=["D2"])]
    assert ["D2"] == [row.license for row in look_again(*history, since=LATE)]
    assert ["D1"] == [row.license for row in look_again(*history, until=EARLY.replace(month=2))]


@pytest.fixture
def desk(sqlite_url):
    desk = Desk(sqlite_url, (diffusion(), party(), approved(), moved(EARLY), approved("D2")))
    yield desk
    desk.ledger.close()


def test_the_screen_says_how_many_would_be_made_otherwise(desk):
    screen = desk.type("hindsight")
    before = desk.rows("hindsight --known-at 4")

    assert "2 decisions; 1 would be made otherwise now" in screen
    assert "otherwise" in screen
    assert [("D1", False)] == [(row["license"], row["otherwise"]) for row in before]
    assert ["D1"] == [row["license"] for row in desk.rows("hindsight --otherwise")]
    assert [5] == desk.rows("hindsight D1")[0]["by_entries"]


def test_a_license_without_a_decision_is_said_to_be_unknown(desk):
    with pytest.raises(Unknown) as said:
        desk.type("hindsight D9")

    assert "LICENSE_UNKNOWN" == said.value.code
    assert (
        "no decision on license D9 is on record for these days, as of entry 6" == said.value.problem
    )
    assert "`chip-ledger licenses` lists them" == said.value.remedy


def test_days_the_wrong_way_round_are_no_answer_of_nothing(desk):
    with pytest.raises(Malformed) as said:
        desk.type("hindsight --from 2026-01-01 --to 2025-01-01")

    assert "DATES_ORDER" == said.value.code
    assert said.value.problem.startswith("--from 2026-01-01 is after --to 2025-01-01")
    assert "--from 2025-01-01 --to 2026-01-01" == said.value.remedy
