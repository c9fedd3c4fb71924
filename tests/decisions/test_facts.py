"""Facts about parties, agreements and checks: told as they are, begun once, ended once."""

from datetime import date

import msgspec
import pytest
import told
from scenario import given
from world import exported, voided

from commands.fact_names import FACTS
from commands.facts import AHEAD, BEGINS, FOLLOWS, ONCE, parse
from commands.shipments import VoidShipment
from ledger.errors import Malformed
from ledger.events import (
    AgreementConcluded,
    CheckRequested,
    ControlPublished,
    GoodsLine,
    LicenseApplicationReported,
    PartyRegistered,
    ShipmentDeclared,
    ShipmentOnwardObserved,
    ShipmentVoided,
)

PARTY = {"party": "g42", "name": "G42", "country": "AE", "headquarters": "AE"}
AGREEMENT = {"agreement": "uae-2025", "country": "AE"}
CHECK = {"check": "C1", "party": "g42"}

TOLD = {
    "party.register": {**PARTY, "registered_on": "2025-06-01"},
    "party.rename": {"party": "g42", "name": "Group 42", "renamed_on": "2025-07-01"},
    "party.relocate": {"party": "g42", "headquarters": "CN", "relocated_on": "2025-07-01"},
    "party.own": {"party": "g42", "owner": "fund", "share": 5_100, "changed_on": "2025-07-01"},
    "party.list": {"party": "g42", "list": "entity_list", "listed_on": "2025-07-01"},
    "party.delist": {"party": "g42", "list": "entity_list", "delisted_on": "2025-08-01"},
    "party.capacity": {
        "party": "g42", "site": "hall 1", "it_kilowatts": 9, "declared_on": "2025-07-01"
    },
    "party.tenant": {"party": "g42", "tenant": "lab", "declared_on": "2025-07-01"},
    "party.payment": {
        "party": "g42", "payer_country": "HK", "amount_cents": 1, "received_on": "2025-07-01"
    },
    "party.sighting": {
        "party": "g42", "serials": ["1"], "method": "photo", "country": "AE",
        "sighted_on": "2025-07-01",
    },
    "agreement.conclude": {
        **AGREEMENT, "title": "US-UAE", "signatories": ["US", "AE"], "concluded_on": "2025-05-15"
    },
    "agreement.in-force": {**AGREEMENT, "in_force_on": "2025-11-01"},
    "agreement.amend": {**AGREEMENT, "uplift_tpp": 1, "effective_on": "2025-12-01"},
    "agreement.suspend": {**AGREEMENT, "suspended_on": "2025-12-01", "reason": "review"},
    "agreement.terminate": {**AGREEMENT, "terminated_on": "2025-12-01", "reason": "done"},
    "check.request": {
        **CHECK, "kind": "PSV", "country": "AE", "requested_on": "2025-06-01"
    },
    "check.schedule": {**CHECK, "scheduled_on": "2025-06-03", "scheduled_for": "2025-07-01"},
    "check.perform": {**CHECK, "performed_on": "2025-07-01", "evidence": "photo"},
    "check.rate": {**CHECK, "rated_on": "2025-07-02", "rating": "favorable"},
    "check.rerate": {
        **CHECK, "rerated_on": "2025-08-02", "rating": "unfavorable", "reason": "serials"
    },
    "check.refuse": {**CHECK, "refused_on": "2025-07-01", "refused_by": "ministry"},
    "check.close": {**CHECK, "closed_on": "2025-09-01"},
}  # fmt: skip
NAMES = {event: name for name, event in FACTS.items()}
TOLD |= {
    NAMES[type(event)]: {
        key: value for key, value in msgspec.to_builtins(event).items() if key != "party"
    }
    | ({"party": "g42"} if hasattr(event, "party") else {})
    | ({"check": "C1"} if event.subject.startswith("check:") else {})
    for event in told.TOLD
    if NAMES[type(event)] not in TOLD
}
TOLD["license.resubmit"] |= {"license": "BIS-1", "of": "BIS-0"}
"""One of each, as a line of an import file tells it."""

REGISTERED = parse("party.register", TOLD["party.register"]).fact
CONCLUDED = parse("agreement.conclude", TOLD["agreement.conclude"]).fact
REQUESTED = parse("check.request", TOLD["check.request"]).fact
DECLARED = parse("shipment.declare", TOLD["shipment.declare"]).fact
ONWARD = parse("shipment.onward", TOLD["shipment.onward"]).fact
PUBLISHED = parse("control.publish", TOLD["control.publish"]).fact
REPORTED = parse("license.report-application", TOLD["license.report-application"]).fact
BEGUN = {
    "party": REGISTERED, "agreement": CONCLUDED, "check": REQUESTED, "shipment": DECLARED,
    "control": PUBLISHED, "license": REPORTED,
}  # fmt: skip


def begun_by(name):
    """What is told before a fact, in order not to be warned; nothing for what begins itself."""
    fact = tell(name).fact
    first = BEGUN.get(name.partition(".")[0])
    follows = FOLLOWS.get(type(fact))
    before = [] if first is None or isinstance(fact, BEGINS) else [first]
    return [*before, *(tell(other).fact for other, event in FACTS.items() if event is follows)]


def tell(name, **changes):
    return parse(name, TOLD[name] | changes)


def test_there_is_an_example_of_every_fact():
    assert set(FACTS) == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_what_was_told_is_what_is_recorded_and_once(name):
    fact = tell(name).fact
    before = begun_by(name)

    given(*before).when(tell(name)).then(fact).then_warns()
    given(*before, fact).when(tell(name)).then_nothing().then_warns()


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("check.rerate", "check C1 was never rated: rerated all the same"),
        ("agreement.suspend", "agreement uae-2025 was never in force: suspended all the same"),
        ("party.delist", "party g42 was never listed: delisted all the same"),
        ("address.delist", "address hk-1 was never listed: delisted all the same"),
    ],
)
def test_what_presupposes_something_else_is_recorded_and_that_is_said(name, because):
    begun = [BEGUN[noun] for noun in [name.partition(".")[0]] if noun in BEGUN]

    given(*begun).when(tell(name)).then(tell(name).fact).then_warns(because)


def test_a_party_taken_off_another_list_than_it_was_put_on_is_recorded_and_that_is_said():
    other = tell("party.delist", list="another_list")

    given(REGISTERED, tell("party.list").fact).when(other).then(other.fact).then_warns(
        "party g42 was never listed"
    )


def test_an_agreement_that_was_suspended_comes_back_into_force_on_a_day_of_its_own():
    in_force, suspended = tell("agreement.in-force"), tell("agreement.suspend")
    history = (CONCLUDED, in_force.fact, suspended.fact)
    again = tell("agreement.in-force", in_force_on="2026-02-01")

    given(*history).when(in_force).then_nothing().then_warns(
        "where it is in force again, give the day with --in-force-on"
    )
    given(*history).when(again).then(again.fact).then_warns()
    given(*history, again.fact).when(again).then_nothing().then_warns()


def test_a_day_before_its_suspension_does_not_bring_an_agreement_back():
    earlier = tell("agreement.in-force", in_force_on="2025-11-02")
    history = (CONCLUDED, tell("agreement.in-force").fact, tell("agreement.suspend").fact)

    given(*history).when(earlier).then(earlier.fact).then_warns("stays so from that day on")


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("party.list", ["party.delist", {}]),
        ("party.rename", ["party.rename", {"renamed_on": "2025-09-01"}]),
        ("party.relocate", ["party.relocate", {"headquarters": "FR"}]),
        ("party.own", ["party.own", {"share": 0}]),
        ("check.schedule", ["check.schedule", {"scheduled_for": "2025-09-01"}]),
        ("agreement.amend", ["agreement.amend", {"uplift_tpp": 7}]),
    ],
)
def test_what_is_repeated_after_something_else_was_said_since_is_answered_with_that(name, since):
    begun = BEGUN[name.partition(".")[0]]
    history = (begun, tell(name).fact, tell(since[0], **since[1]).fact)

    given(*history).when(tell(name)).then_nothing().then_warns("since, on")


def test_a_share_of_another_owner_settles_nothing_about_this_one():
    other = tell("party.own", owner="somebody-else").fact

    given(REGISTERED, tell("party.own").fact, other).when(
        tell("party.own")
    ).then_nothing().then_warns()


@pytest.mark.parametrize(
    "name",
    [name for name in TOLD if FACTS[name] not in BEGINS and not name.startswith("address.")],
)
def test_facts_come_late_and_are_taken_with_a_warning(name):
    given().when(tell(name)).then(tell(name).fact).then_warns("is not in this ledger yet")


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        ("party.register", {"headquarters": "CN"}, "party g42 was already registered"),
        ("agreement.conclude", {"uplift_tpp": 9}, "agreement uae-2025 was already concluded"),
        ("check.request", {"kind": "PLC"}, "check C1 was already requested on 2025-06-01"),
    ],
)
def test_what_begins_a_subject_is_said_once(name, changes, problem):
    given(tell(name).fact).when(tell(name, **changes)).then_refused(problem, code="ALREADY_SAID")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("check.rate", {"rating": "unfavorable"}),
        ("check.refuse", {"refused_by": "its guard"}),
        ("check.close", {"reason": "moot"}),
        ("agreement.terminate", {"reason": "breach"}),
    ],
)
def test_what_a_subject_has_once_is_not_told_in_two_ways(name, changes):
    begun = BEGUN[name.partition(".")[0]]

    given(begun, tell(name).fact).when(tell(name, **changes)).then_refused(
        "was already", code="ALREADY_SAID"
    )


def test_these_are_all_the_facts_a_subject_has_once():
    assert {"check.rate", "check.refuse", "check.close", "agreement.terminate"} == {
        name for name, event in FACTS.items() if event in ONCE
    }


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        (
            "agreement.in-force", {"country": "SA"},
            "agreement uae-2025 was already concluded on 2025-05-15, with AE, not SA",
        ),
        (
            "check.rate", {"party": "acme"},
            "check C1 was already requested on 2025-06-01, with g42, not acme",
        ),
    ],
)  # fmt: skip
def test_one_id_is_one_agreement_with_one_country_and_one_check_of_one_party(
    name, changes, problem
):
    other = tell(name, **changes)

    given(BEGUN[name.partition(".")[0]]).when(other).then_refused(problem, code="ALREADY_SAID")


def test_what_came_before_its_beginning_speaks_of_the_same_country_too():
    given(tell("agreement.in-force").fact).when(
        tell("agreement.conclude", country="SA")
    ).then_refused("was already in force on 2025-11-01, with AE, not SA", code="ALREADY_SAID")


@pytest.mark.parametrize("name", ["agreement.in-force", "agreement.amend", "agreement.suspend"])
def test_an_agreement_that_ended_for_good_does_nothing_from_that_day_on(name):
    ended = tell("agreement.terminate", terminated_on="2025-12-01").fact
    day = {"agreement.in-force": "in_force_on", "agreement.amend": "effective_on",
           "agreement.suspend": "suspended_on"}[name]  # fmt: skip
    before, after = tell(name, **{day: "2025-11-30"}), tell(name, **{day: "2025-12-01"})

    given(CONCLUDED, ended).when(after).then_refused(
        "agreement uae-2025 was already terminated on 2025-12-01", code="ALREADY_SAID"
    )
    given(CONCLUDED, ended).when(before).then(before.fact)


@pytest.mark.parametrize("name", ["party.rename", "party.payment", "check.rerate", "check.perform"])
def test_other_facts_come_as_often_as_they_differ(name):
    day = {"party.rename": "renamed_on", "party.payment": "received_on",
           "check.rerate": "rerated_on", "check.perform": "performed_on"}[name]  # fmt: skip
    begun = BEGUN[name.partition(".")[0]]
    again = tell(name, **{day: "2025-10-01"})

    given(begun, tell(name).fact).when(again).then(again.fact)


@pytest.mark.parametrize("name", ["check.rate", "check.perform", "agreement.in-force"])
def test_nothing_follows_before_it_began(name):
    day = {"check.rate": "rated_on", "check.perform": "performed_on",
           "agreement.in-force": "in_force_on"}[name]  # fmt: skip
    begun = BEGUN[name.partition(".")[0]]

    given(begun).when(tell(name, **{day: "2025-01-01"})).then_refused(
        f"on {begun.on}, and cannot be", code="DATES_ORDER"
    )


def test_a_party_may_have_moved_before_it_was_registered_here():
    moved = tell("party.relocate", relocated_on="2020-01-01")

    given(REGISTERED).when(moved).then(moved.fact).then_warns()


@pytest.mark.parametrize("name", [name for name in TOLD if FACTS[name] not in AHEAD])
def test_what_happened_did_not_happen_tomorrow(name):
    given(today=date(2025, 5, 14)).when(tell(name)).then_refused(
        "and today is 2025-05-14", code="DATE_FUTURE"
    )


@pytest.mark.parametrize("name", [name for name in TOLD if FACTS[name] in AHEAD])
def test_what_was_announced_may_be_about_a_day_to_come(name):
    today = date(2025, 5, 20)

    given(*begun_by(name), today=today).when(tell(name)).then(tell(name).fact)


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        ("party.register", {"country": "XX"}, "party.register: Invalid enum value 'XX'"),
        ("party.own", {"owner": "g42"}, "party g42 cannot own itself"),
        ("party.own", {"share": 10_001}, "`int` <= 10000"),
        ("check.rate", {"ratting": "favorable"}, "unknown field `ratting`"),
        ("agreement.conclude", {"signatories": ["US"]}, "length >= 2"),
        ("party.merge", {"into": "g42"}, "party g42 cannot merge into itself"),
        (
            "party.assets",
            {"cash_cents": None, "assets_cents": None},
            "a declaration of assets names an amount, of cash or of all assets",
        ),
        (
            "party.supply-end",
            {"suppliers": [], "count": None},
            "suppliers that stopped are named or counted",
        ),
        (
            "party.inventory",
            {"lines": [{"units": 1, "boxed": 2}]},
            "2 chips in boxes are more than the 1 held",
        ),
        ("party.count", {"lines": []}, "length >= 1"),
        ("control.publish", {"check_days": 0}, "0 days are no time for a check"),
        ("license.resubmit", {"of": "BIS-1"}, "application BIS-1 cannot take up itself"),
        (
            "shipment.declare",
            {"license": None},
            "a license is named when, and only when, the authority is a license",
        ),
        (
            "check.postpone",
            {"postponed_until": "2025-06-30"},
            "a check put off on 2025-07-01 is not taken up on 2025-06-30",
        ),
    ],
)
def test_fields_that_do_not_fit_are_named(name, changes, problem):
    with pytest.raises(Malformed) as caught:
        tell(name, **changes)

    assert problem in caught.value.problem
    assert "FIELDS" == caught.value.code


def test_the_subjects_begin_with_these():
    assert {
        PartyRegistered, AgreementConcluded, CheckRequested, ControlPublished,
        LicenseApplicationReported, ShipmentDeclared, ShipmentOnwardObserved,
    } == {*BEGINS}  # fmt: skip


def test_goods_that_were_declared_in_words_are_told_once():
    given(DECLARED).when(tell("shipment.declare", shipments=4)).then_refused(
        "shipment S-1 was already declared on 2025-07-01, with other details", code="ALREADY_SAID"
    )
    given(exported()).when(tell("shipment.declare")).then_refused(
        "shipment S-1 was already exported on 2025-03-03, with other details", code="ALREADY_SAID"
    )


def test_a_declaration_is_voided_like_a_movement_and_told_anew():
    void = VoidShipment(shipment="S-1", voided_on=date(2025, 8, 1), reason="typed twice")
    gone = ShipmentVoided(shipment="S-1", entry=1, voided_on=date(2025, 8, 1), reason="typed twice")
    other = tell("shipment.declare", shipments=4)

    given(DECLARED).when(void).then(gone)
    given(DECLARED, gone).when(other).then(other.fact).then_warns()


def test_what_was_voided_as_it_stands_is_not_told_again():
    given(DECLARED, voided(1)).when(tell("shipment.declare")).then_nothing().then_warns(
        "shipment S-1 was voided after this was said: it is not said again"
    )


@pytest.mark.parametrize("name", ["shipment.return", "shipment.confirm"])
def test_a_shipment_neither_arrives_nor_returns_before_it_left(name):
    day = {"shipment.return": "returned_on", "shipment.confirm": "confirmed_on"}[name]

    given(exported()).when(tell(name, **{day: "2025-03-02"})).then_refused(
        "shipment S-1 was exported on 2025-03-03, and cannot be", code="DATES_ORDER"
    )


@pytest.mark.parametrize(
    ("name", "day"),
    [("shipment.invoice", "invoiced_on"), ("shipment.detain", "detained_on"),
     ("shipment.inspect", "inspected_on"), ("shipment.refer", "referenced_on")],
)  # fmt: skip
def test_its_papers_and_its_detention_come_before_it_leaves(name, day):
    early = tell(name, **{day: "2025-01-01"})

    given(exported()).when(early).then(early.fact).then_warns()


def test_an_address_is_listed_without_anything_before_it():
    given().when(tell("address.list")).then(tell("address.list").fact).then_warns()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("party.order", [{"description": "GPU", "model": "h100"}]),
        ("party.inventory", [{"model": "h100", "units": 8}]),
    ],
)
def test_a_chip_that_is_named_is_one_of_the_catalogue(name, lines):
    given(REGISTERED).when(tell(name, lines=lines)).then_refused(
        "no chip 'h100' is in the catalogue", code="CHIP_UNKNOWN"
    )


def test_a_declaration_that_names_every_chip_is_told_to_be_a_movement():
    chips = GoodsLine(description="GPU", model="h100-sxm", quantity=8, counted_in="chips")
    full = {"lines": [msgspec.to_builtins(chips)], "destinations": ["AE"], "stopped": False}
    counted = tell("shipment.declare", **full)
    words = "told as an export, a reexport or a transfer it would draw on the country's quota"

    given().when(counted).then(counted.fact).then_warns(words)
    for change in (
        {"stopped": True}, {"destinations": []}, {"ultimate_consignee": None},
        {"lines": [{"description": "GPU servers"}]},
    ):  # fmt: skip
        given().when(tell("shipment.declare", **(full | change))).then_warns()


def test_a_payment_told_now_names_its_invoice_and_one_told_before_still_counts():
    v1 = msgspec.convert(TOLD["party.payment"], type(told.TOLD[17]).__bases__[0])

    assert ("party.payment_received.v1", "party.payment_received.v2") == (
        v1.wire, tell("party.payment").fact.wire,
    )  # fmt: skip
    assert isinstance(tell("party.payment").fact, type(v1))
