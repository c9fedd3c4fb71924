"""What holds after any history, for every fold that is kept in SQL.

Histories are made of the few things that touch one another: licenses, shipments under them and
under exceptions, voids, checks, parties that move and change hands, reviews, policies.
"""

from datetime import date
from itertools import pairwise
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from reader import Desk
from world import (
    Office,
    adopted,
    applied,
    approved,
    diffusion,
    entries,
    exported,
    licensed,
    line,
    pack,
    party,
    requested,
    voided,
)

from ledger import undo, views
from ledger.events import (
    CheckPerformed,
    CheckRefused,
    FlagReviewed,
    LicenseApproved,
    LicenseDenied,
    Movement,
    PartyOwnershipChanged,
    PartyRelocated,
    ShipmentVoided,
)
from ledger.fold import Until, reaches_past, replay
from ledger.quota import Amounts, Holding, QuotaFold, account
from projections.licenses import LicensesFold, rows
from projections.red_flags import FlagsFold
from projections.red_flags.cap_breach import CapBreach, drawn_tpp
from projections.shipments import ShipmentsFold
from projections.statistics import FIGURES, StatisticsFold, postings
from projections.statistics import rows as quarters

FOLDS = (QuotaFold(), LicensesFold(), ShipmentsFold(), FlagsFold(), StatisticsFold())
DIFFUSION = pack("diffusion-2025")
ON = date(2026, 11, 22)

names = st.sampled_from(["acme", "shell", "japan", "stranger"])
licenses = st.sampled_from(["D1", "D2"])
days = st.dates(date(2025, 1, 20), date(2025, 6, 30))
units = st.integers(1, 40_000)
places = st.sampled_from(["AE", "CN", "JP", "LI", "CH"])


@st.composite
def movements(draw, shipment):
    authority = draw(st.sampled_from(["license", "license", "LPP", "AIA", "NLR", "none"]))
    changes = {"license": draw(licenses)} if authority == "license" else {}
    return exported(
        shipment, authority=authority, **changes, lines=(line(draw(units)),),
        ultimate_consignee=draw(names), end_user=draw(names), route=("US", draw(places)),
        exported_on=draw(days),
    )  # fmt: skip


@st.composite
def histories(draw, size=14, voids=True):
    """Events in an order somebody might record them, right or wrong."""
    history = [adopted(), diffusion(), party(), party("shell", "MY", ultimate_parent="beijing")]
    history.append(party("japan", "JP"))
    for number in range(draw(st.integers(0, size))):
        kind = draw(st.sampled_from(["ship"] * 6 + ["approve", "deny", "check", "party", "void"]))
        match kind:
            case "ship":
                history.append(draw(movements(f"S-{number}")))
            case "approve":
                history.append(approved(draw(licenses), lines=(licensed(draw(units)),)))
            case "deny":
                name, on = draw(licenses), draw(days)
                history.append(applied(name))
                history.append(
                    LicenseDenied(license=name, decided_on=on, destination="AE", reason="")
                )
            case "check":
                name, on = f"C-{number}", draw(days)
                history.append(requested(name, requested_on=on))
                ended = {"check": name, "party": "acme"}
                history.append(
                    CheckRefused(**ended, refused_on=on, refused_by="them")
                    if draw(st.booleans())
                    else CheckPerformed(**ended, performed_on=on, evidence="photo")
                )
            case "party":
                on = draw(days)
                history.append(
                    PartyRelocated(party=draw(names), headquarters=draw(places), relocated_on=on)
                )
                history.append(
                    PartyOwnershipChanged(party="acme", owner="shell", share=6_000, changed_on=on)
                )
            case "void":
                known = [
                    (at, event)
                    for at, event in enumerate(history, 1)
                    if isinstance(event, Movement)
                ]
                if known and voids:
                    at, event = draw(st.sampled_from(known))
                    history.append(voided(at, event.shipment))
    return history


def kept(fold, history):
    return replay(fold, entries(*history)).rows()


def seen(history, on=ON):
    """The flags that stand, without their numbers: what they say and how many entries show it."""
    fold = FlagsFold()
    states = replay(fold, history)
    return [
        (each.flag.rule, each.flag.severity, each.flag.key, each.flag.because, each.flag.evidence)
        for each in fold.raised(states, on)
    ]


@given(histories())
def test_the_same_history_gives_the_same_bytes(history):
    for fold in FOLDS:
        assert kept(fold, history) == kept(fold, history)


@given(histories(voids=False), st.data())
def test_a_voided_shipment_is_as_if_it_had_never_been(history, data):
    shipments = [(at, event) for at, event in enumerate(history, 1) if isinstance(event, Movement)]
    if not shipments:
        return
    at, event = data.draw(st.sampled_from(shipments))
    undone = entries(*history, voided(at, event.shipment))
    never = [entry for entry in entries(*history) if entry.number != at]

    assert seen(never) == seen(undone)


@given(histories())
def test_voiding_every_shipment_leaves_no_flag_that_a_shipment_raised(history):
    gone = {event.entry for event in history if isinstance(event, ShipmentVoided)}
    voids = [
        voided(at, event.shipment)
        for at, event in enumerate(history, 1)
        if isinstance(event, Movement) and at not in gone
    ]

    assert {"check-overdue"} >= {rule for rule, *_ in seen(entries(*history, *voids))}


@given(histories())
def test_what_is_reserved_is_what_licenses_still_hold_and_never_below_zero(history):
    states = replay(QuotaFold(), entries(*history))
    held: dict[str, int] = {}
    for _, holding in states.scan("H/", Holding):
        if holding.country:
            reserves = sum(each.reserves for each in holding.lines.values())
            held[holding.country] = held.get(holding.country, 0) + reserves
    reserved: dict[str, int] = {}
    for key, amounts in states.scan("E/", Amounts):
        country = key.split("/")[1]
        for row in amounts.values():
            reserved[country] = reserved.get(country, 0) + sum(row)

    assert {country: tpp for country, tpp in held.items() if tpp} == reserved
    assert all(tpp > 0 for tpp in reserved.values())


@given(histories())
def test_what_the_register_has_left_is_what_the_quotas_reserve(history):
    day = date(2025, 6, 30)
    register = replay(LicensesFold(), entries(*history))
    quotas = replay(QuotaFold(), entries(*history))
    left: dict[str, int] = {}
    denied = {event.license for event in history if isinstance(event, LicenseDenied)}
    if denied:
        return  # a license denied after its approval is a contradiction, and only recorded
    for row in rows(register, day):
        left[row.license] = left.get(row.license, 0) + row.left_tpp

    for key, holding in quotas.scan("H/", Holding):
        reserves = sum(each.reserves for each in holding.lines.values())
        assert reserves == left[key.partition("/")[2]]


@given(histories())
def test_every_figure_of_a_quarter_is_the_sum_of_what_its_entries_posted(history):
    states = replay(StatisticsFold(), entries(*history))
    counted = [figure for figure in FIGURES if figure != "days"]
    figures = {
        (row.quarter, row.country, figure): getattr(row, figure)
        for row in quarters(states, by_country=True)
        for figure in counted
    }
    opened = dict.fromkeys(figures, 0)
    for row in postings(states):
        if row.figure in counted:
            opened[row.quarter, row.country, row.figure] += row.amount

    assert opened == figures
    assert all(amount >= 0 for amount in figures.values())


@given(histories())
def test_what_the_cap_rule_adds_up_is_what_the_quota_board_calls_drawn(history):
    fold = FlagsFold(DIFFUSION, chosen=(CapBreach(),))
    states = replay(fold, entries(*history))
    quotas = replay(QuotaFold(), entries(*history))
    breached = {each.flag.subject for each in fold.raised(states, ON)}

    for country in ("AE", "CH"):
        drawn = account(quotas, DIFFUSION, country, ON).drawn
        assert drawn == states.number(f"cap-breach/T/{country}/2025-01-01")
        assert (drawn > 790_000_000) == (f"country:{country}" in breached)


@given(histories())
def test_over_shipped_is_flagged_exactly_where_the_register_shows_more_shipped(history):
    register = replay(LicensesFold(), entries(*history))
    newest = {event.license: event for event in history if isinstance(event, LicenseApproved)}
    decided = [e for e in history if isinstance(e, LicenseApproved | LicenseDenied)]
    if any(isinstance(event, LicenseDenied) for event in decided):
        return
    more = {
        row.license
        for row in rows(register, date(2025, 6, 30))
        if row.license in newest and row.shipped_units > row.licensed_units
    }

    flagged = {key for rule, _, key, *_ in seen(entries(*history)) if rule == "over-shipped"}
    assert {f"{license}/h100-sxm/units" for license in more} == flagged


@given(st.lists(units, max_size=5), st.lists(units, max_size=5), st.randoms())
def test_the_order_in_which_unrelated_things_are_recorded_changes_nothing(one, two, chance):
    """Two licenses, each for its own party and country, told one after the other or mixed."""

    def told(license, name, country, amounts):
        yield party(name, country)
        yield approved(
            license, destination=country, ultimate_consignee=name, end_users=(name,),
            lines=(licensed(20_000),),
        )  # fmt: skip
        for number, amount in enumerate(amounts):
            yield exported(
                f"{license}-{number}", license=license, lines=(line(amount),),
                ultimate_consignee=name, end_user=name, route=("US", country),
            )  # fmt: skip

    def said(history):
        fold = FlagsFold()
        states = replay(fold, entries(adopted(), diffusion(), *history))
        return sorted((each.flag.rule, each.flag.because) for each in fold.raised(states, ON))

    first, second = list(told("D1", "acme", "AE", one)), list(told("D2", "globe", "SA", two))
    mixed, left, right = [], list(first), list(second)
    while left or right:
        mixed.append((left if left and (not right or chance.random() < 0.5) else right).pop(0))

    assert said([*first, *second]) == said([*second, *first]) == said(mixed)


@given(histories(), st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_resumed_anywhere_in_sql_a_fold_keeps_the_same_bytes(history, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(history)), max_size=3)))
    with TemporaryDirectory() as folder:
        office = Office(f"sqlite:///{folder}/ledger.db")
        try:
            for start, stop in pairwise([0, *cuts, len(history)]):
                # What points at an entry counts the opening too.
                office.say_at_once([shifted(event) for event in history[start:stop]])
                for fold in FOLDS:
                    views.catch_up(office.ledger.store, fold)
            in_pieces = [views.kept_rows(office.ledger.store, fold.name) for fold in FOLDS]
            views.drop(office.ledger.store)
            for fold in FOLDS:
                views.catch_up(office.ledger.store, fold)
            at_once = [views.kept_rows(office.ledger.store, fold.name) for fold in FOLDS]
            with office.ledger.store.reading() as connection:
                in_memory = [
                    views.replayed(office.ledger.store, connection, fold).rows() for fold in FOLDS
                ]
        finally:
            office.ledger.close()

    assert at_once == in_pieces
    assert at_once == in_memory


def shifted(event):
    """The same event where the opening stands before it."""
    if isinstance(event, ShipmentVoided):
        return voided(event.entry + 1, event.shipment)
    return event


SCREENS = (
    "quotas", "quotas --policy diffusion-2025", "licenses", "shipments", "flags --all",
    "flags --all --policy diffusion-2025", "alerts --all", "trail party:acme",
)  # fmt: skip


@given(histories(size=8), st.data())
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_known_at_an_entry_is_what_a_ledger_of_the_entries_up_to_it_shows(history, data):
    """To the byte, entry and root included; on any day; whatever was kept and dropped since."""
    cut = data.draw(st.integers(5, len(history)))
    asked = [f"{verb} --valid-on {data.draw(days)}" for verb in SCREENS]
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(undo, "MARK_ENTRIES", data.draw(st.integers(1, 8)))
        desk = Desk(f"sqlite:///{folder}/ledger.db", ())
        try:
            desk.office.say_at_once([shifted(event) for event in history[: cut - 1]])
            then = [desk.type(f"{verb} --format json") for verb in asked]
            for event in history[cut - 1 :]:
                desk.office.say(shifted(event))
                desk.type(
                    data.draw(st.sampled_from(["quotas", "flags", "shipments", "views drop"]))
                )
            known = [desk.type(f"{verb} --known-at {cut} --format json") for verb in asked]
        finally:
            desk.ledger.close()

    assert then == known


@given(histories(), days)
def test_a_world_that_no_entry_reaches_past_is_what_is_kept(history, day):
    for fold in FOLDS:
        states = replay(fold, entries(*history))
        lived = replay(Until(fold, day), entries(*history))
        assert reaches_past(states, day) or states.rows() == lived.rows()


@given(histories(), days)
def test_nothing_of_a_later_day_changes_what_was_so_on_a_day(history, day):
    """What is about a later day is not missed where it was never told, and a void with it."""
    told = entries(*history)
    later = {entry.number for entry in told if entry.event.on > day}
    later -= {entry.number for entry in told if isinstance(entry.event, ShipmentVoided)}
    later |= {
        entry.number
        for entry in told
        if isinstance(entry.event, ShipmentVoided) and entry.event.entry in later
    }
    never = [entry for entry in told if entry.number not in later]

    for fold in FOLDS:
        assert replay(fold, never).rows() == replay(Until(fold, day), told).rows()


def test_resumed_on_either_database_a_fold_keeps_the_same_bytes(database_url):
    history = [
        adopted(), diffusion(), party(), approved(), exported(), exported("S-2"), requested(),
        voided(6), exported("S-3", authority="LPP", lines=(line(2_000),)),
        exported("S-4", lines=(line(60_000),)), exported("S-5", license="D9"), approved("D9"),
    ]  # fmt: skip
    office = Office(database_url)
    for event in history:
        office.say(event)
        for fold in FOLDS:
            views.catch_up(office.ledger.store, fold)
    in_pieces = [views.kept_rows(office.ledger.store, fold.name) for fold in FOLDS]
    with office.ledger.store.reading() as connection:
        in_memory = [views.replayed(office.ledger.store, connection, fold).rows() for fold in FOLDS]
    office.ledger.close()

    assert in_memory == in_pieces


@given(histories(), st.data())
def test_a_review_hides_and_never_changes_what_is_flagged(history, data):
    fold = FlagsFold()
    found = fold.raised(replay(fold, entries(*history)), ON)
    if not found:
        return
    flag = data.draw(st.sampled_from(found)).flag
    review = FlagReviewed(
        flag=flag.id, rule=flag.rule, outcome="cleared", reason="lawful", evidence=flag.evidence,
        reviewed_on=date(2026, 1, 1),
    )  # fmt: skip
    after = fold.raised(replay(fold, entries(*history, review)), ON)

    assert [each.flag for each in found] == [each.flag for each in after]
    assert [each.flag.id == flag.id for each in after] == [each.hidden for each in after]


@pytest.mark.parametrize("fold", FOLDS, ids=[fold.name for fold in FOLDS])
def test_a_fold_is_told_only_what_it_reads_and_reads_no_clock(fold):
    history = [adopted(), party(), approved(), exported(), requested()]
    told_later = [
        replace(entry, at="2030-01-01T00:00:00.000000Z", by="b.chen", role="auditor")
        for entry in entries(*history)
    ]

    assert replay(fold, told_later).rows() == kept(fold, history)


def test_exempt_and_uncounted_movements_draw_nothing():
    assert 0 == drawn_tpp(exported(authority="LPP"), DIFFUSION)
    assert 8 * 15_832 == drawn_tpp(exported(), DIFFUSION)
    assert 0 == drawn_tpp(exported(), pack("adv-comp-2023"))
