"""Facts that rules look up, with the entries they rest on."""

from datetime import date

from msgspec.structs import replace
from world import adopted, approved, entries, pack, party

from ledger.events import LicenseDenied, PartyOwnershipChanged, PartyRelocated, PolicyWithdrawn
from ledger.fold import replay
from projections.reference import Reference

DAY = date(2025, 3, 3)


class Known:
    """What a reference knows after some events."""

    name, version, reads = "reference", 1, Reference.reads

    def __init__(self, *events, rules=None):
        self.reference = Reference(rules)
        self.states = replay(self, entries(*events))

    def evolve(self, states, entry):
        self.reference.evolve(states, entry)

    def seat(self, name, on=DAY):
        return self.reference.seat(self.states, name, on)

    def packs(self, on):
        return [pack.id for pack in self.reference.day(self.states, on).rules.packs]


def owned(name, owner, share=10_000, on=date(2025, 2, 1)):
    return PartyOwnershipChanged(party=name, owner=owner, share=share, changed_on=on)


def test_a_party_nobody_registered_has_no_seat_and_is_its_own_parent():
    seat = Known().seat("stranger")

    assert (None, None, "stranger", None) == (
        seat.location, seat.headquarters, seat.parent, seat.parent_headquarters,
    )  # fmt: skip
    assert () == seat.entries


def test_a_seat_cites_what_it_rests_on_and_nothing_that_came_later():
    known = Known(
        party(),
        party("owner", "SA"),
        owned("acme", "owner"),
        PartyRelocated(party="owner", headquarters="QA", relocated_on=date(2025, 3, 1)),
        PartyRelocated(party="owner", headquarters="CN", relocated_on=date(2025, 4, 1)),
    )

    assert ("AE", "owner", "QA") == (
        known.seat("acme").headquarters,
        known.seat("acme").parent,
        known.seat("acme").parent_headquarters,
    )
    assert (1, 2, 3, 4) == known.seat("acme").entries
    assert "CN" == known.seat("acme", date(2025, 4, 1)).parent_headquarters
    assert "AE" == known.seat("acme", date(2025, 1, 31)).parent_headquarters


def test_a_seat_cites_the_newest_of_what_was_said_and_no_share_that_makes_nobody_the_owner():
    known = Known(
        party(),
        PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 3, 1)),
        PartyRelocated(party="acme", headquarters="SG", relocated_on=date(2025, 3, 1)),
        PartyRelocated(party="acme", headquarters="MY", relocated_on=date(2025, 2, 1)),
        owned("acme", "bank", 5_000),
    )

    assert "SG" == known.seat("acme").headquarters
    assert (1, 3) == known.seat("acme").entries
    assert "MY" == known.seat("acme", date(2025, 2, 28)).headquarters
    assert (1, 4) == known.seat("acme", date(2025, 2, 28)).entries


def test_a_fact_finds_the_movements_whose_seat_it_changes_and_no_others():
    known = Known(party(), party("child", ultimate_parent="acme"), party("other"))
    days = {4: DAY, 5: date(2025, 3, 4), 6: date(2025, 4, 1)}
    for number, on in days.items():
        known.reference.watch(known.states, ("child", "other"), on, number)

    def told(event, number=7):
        return known.reference.tell(known.states, replace(entries(event)[0], number=number))

    assert [] == told(PartyRelocated(party="stranger", headquarters="CN", relocated_on=DAY))
    assert [] == told(owned("child", "bank", 5_000))
    assert [5, 6] == told(
        PartyRelocated(party="acme", headquarters="CN", relocated_on=date(2025, 3, 4))
    )
    known.reference.unwatch(known.states, ("child", "other"), days[6], 6)
    assert [4, 5] == told(owned("other", "acme"))


def test_owners_of_owners_are_followed():
    known = Known(
        party(), party("middle", "SG"), party("top", "CN"), owned("acme", "middle"),
        owned("middle", "top"),
    )  # fmt: skip

    assert ("top", "CN") == (known.seat("acme").parent, known.seat("acme").parent_headquarters)


def test_a_circle_of_owners_ends():
    known = Known(party("a"), party("b"), owned("a", "b"), owned("b", "a"))

    assert known.seat("a").parent in ("a", "b")


def test_rules_are_those_adopted_for_a_day_and_withdrawn_from_another():
    known = Known(
        adopted(),
        adopted("diffusion-2025", date(2025, 1, 13)),
        PolicyWithdrawn(policy="diffusion-2025", withdrawn_on=date(2025, 5, 13), reason="never"),
    )

    assert [] == known.packs(date(2023, 11, 16))
    assert ["adv-comp-2023"] == known.packs(date(2023, 11, 17))
    assert ["adv-comp-2023", "diffusion-2025"] == known.packs(date(2025, 5, 12))
    assert ["adv-comp-2023"] == known.packs(date(2025, 5, 13))


def test_supposed_rules_hold_on_every_day_and_cite_no_adoption():
    known = Known(adopted(), rules=pack("diffusion-2025"))

    assert ["diffusion-2025"] == known.packs(date(1999, 1, 1))
    assert () == known.reference.adopted_at(known.states, "diffusion-2025")


def test_the_newest_decision_on_a_license_counts():
    denied = LicenseDenied(license="D1", decided_on=DAY, destination="AE", reason="")
    known = Known(approved(), denied)
    facts = known.reference.license(known.states, "D1")

    assert (None, 2, "denied", DAY) == (
        facts.in_hand, facts.decided_at, facts.refusal, facts.refused_on,
    )  # fmt: skip
    assert known.reference.license(known.states, "D2") is None
