"""Any file of the cases' schema: every type of event, every field, and none of it lost.

No list of all types exists, so the one here is ours: those of the public cases, and those that the
patterns need and no public case has. Where the public file lies beside this repository, it is
checked that the list holds every type and every field of it.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from world import Office, adopted

from benchmarks.detection.cases import Visible, cases
from benchmarks.detection.court import Court, Judged
from benchmarks.detection.score import Sheet
from benchmarks.detection.telling import TYPES, story, tell
from benchmarks.detection.telling.teller import Teller, Told
from commands.feeds.rows import FeedRow
from commands.handler import Desk
from commands.importing import record
from ledger import views
from ledger.events import EVENTS, encode
from projections.red_flags import FlagsFold

PUBLIC = Path(__file__).parents[3] / "shared" / "cases" / "public.json"

SENTINEL = "QZXPOISON"

PARTIES: list[dict[str, Any]] = [
    {"party_id": "A", "name": "Alpha Exports", "roles": ["exporter", "seller"], "country": "US",
     "hq_country": "US"},
    {"party_id": "B", "name": "Beta Trading", "roles": ["ultimate_consignee", "end_user"],
     "country": "MY", "hq_country": "CN", "ultimate_parent": "Beta Group", "formed": "2024-01-01",
     "formed_precision": "month", "declared_business": "real estate", "address": "1 Quay Street",
     "aliases": ["Beta Export"], "registration_number": "77-1", "controllers": ["Mr X"],
     "bank_account": "HK-11", "capacity_mw": 3, "placeholder": True, "note": "a note",
     "hq_country_basis": "defaulted_to_country"},
    {"party_id": "F", "name": "Fast Freight", "roles": ["freight_forwarder"], "country": "SG",
     "hq_country": "SG"},
]  # fmt: skip

GOODS = {
    "item": "H100", "quantity": 40, "value_usd": 1_200_000, "serials": ["S1", "S2"],
    "hs_code": "847150", "eccn": "3A090", "chips": 40, "aggregate": True, "note": "a note",
    "quantity_note": "more than", "value_note": "at least", "description": "servers",
}  # fmt: skip

SHIPPED = GOODS | {
    "exporter": "A", "seller": "A", "purchaser": "B", "ultimate_consignee": "B", "end_user": "B",
    "intermediate_consignee": "F", "forwarder": "F", "destination": "MY", "bill_to": "SG",
    "destinations": ["MY"], "route": ["US", "SG", "MY"], "authority": "none", "n_shipments": 3,
    "shipment_no": 1, "shipment_id": "SH-1", "disrupted": False, "actual_item": "B200",
    "gross_weight_kg": 900, "net_weight_kg": 800, "rma": "R-1", "end_use": "a data center",
    "licence": "L-1",
}  # fmt: skip

SENT_ON = GOODS | {"frm": "MY", "to": "CN", "via": "HK", "authority": "none", "exporter": "B",
                   "ultimate_consignee": "F"}  # fmt: skip

ABOUT = {"shipment_id": "SH-0", "agency": "CBP", "reason": "end use", "country": "US"}

LICENSED = {"applicant": "A", "ultimate_consignee": "B", "end_user": "B", "destination": "MY",
            "item": "H100", "quantity": 40, "licence_id": "L-1", "outcome": "granted",
            "expires": "2029-01-01", "reason": "as asked"}  # fmt: skip

CHECK = {"party": "B", "outcome": "verified", "checker": "an officer", "counted": 40, "sites": 2,
         "expected": 41, "method": "powered_on", "serials": ["S1", "S2"], "country": "MY",
         "check_id": "PSV-1", "note": "a note", "days": 60, "reason": "guards"}  # fmt: skip

SEEN = {"party": "B", "serials": ["S1", "S2"], "country": "CN", "method": "attested ping",
        "finder": "an office", "quantity": 2}  # fmt: skip

CONTROL = {"control": "AC/S IFR", "tier3_scope": "D:5 + Macau", "clock_days": 60,
           "countries": ["RU"], "note": "a note"}  # fmt: skip

TOLD: dict[str, dict[str, Any]] = {
    "is_informed_letter": {"party": "A", "about": "B", "countries": ["CN"], "item": "H100"},
    "order_placed": SHIPPED,
    "tenant_declared": {"operator": "B", "tenant": "T", "tenant_hq": "CN", "servers": 300},
    "market_observed": {"party": "B", "what": "two suppliers stop shipping to B"},
    "teardown_observed": {"finder": "a laboratory", "device": "Beta Trading 910B",
                          "die_maker": "A", "component": "die", "country": "CN"},
    **dict.fromkeys((
        "control_effective", "control_announced", "policy_effective", "policy_announced",
        "rule_effective", "control_published", "control_suspended", "rule_rescinded"
    ), CONTROL),
    **{name: {"party": "B", "country": "MY"} for name in ("party_registered", "party_formed")},
    **{name: {"party": "B", "new_name": "Gamma"} for name in (
        "party_renamed", "name_change", "renamed", "name_changed")},
    **{name: {"party": "B", "hq_country": "SG"} for name in (
        "party_relocated", "hq_moved", "headquarters_moved", "hq_changed")},
    **{name: {"party": "B", "address": "2 Quay Street", "country": "MY"} for name in (
        "address_declared", "address_changed")},
    **{name: {"party": "B", "controller": "Mr X"} for name in (
        "controller_declared", "officer_declared", "director_appointed")},
    **{name: {"party": "F", "into": "B"} for name in ("merger", "party_merged")},
    **{name: {"party": "B", "owner": "Z Group", "pct": 33, "listed_owner": True} for name in (
        "ownership_disclosed", "ownership_changed", "ownership_declared", "shares_bought")},
    **{name: {"party": "B", "list": "BIS Entity List"} for name in (
        "listing_added", "listing_removed", "party_listed", "party_delisted", "delisted",
        "sanctioned")},
    **{name: {"addresses": ["1 Quay Street"], "list": "Entity List", "country": "HK"}
       for name in ("address_listed", "address_delisted")},
    **dict.fromkeys((
        "shipment_declared", "export_declared", "transfer_declared", "transfer_observed",
        "reexport_declared", "import_declared", "customs_declaration"
    ), SHIPPED),
    **dict.fromkeys((
        "reexport_observed", "onward_observed", "onward_movement_observed",
        "customs_record", "transit_observed", "mirror_import"
    ), SENT_ON),
    **{name: GOODS | {"seller": "A", "purchaser": "B", "declared_end_user": "B", "first": True}
       for name in ("domestic_sale", "resale", "sale_declared", "first_sale")},
    **{name: GOODS | ABOUT | {"exporter": "A", "ultimate_consignee": "B", "authority": "none"}
       for name in ("shipment_detained", "shipment_seized", "shipment_refused", "detention")},
    **{name: ABOUT | {"counted": 60, "finding": "a false label", "appraised_usd": 9_000,
                      "weighed_kg": 950, "hs_code": "847150", "serials": ["S9"]}
       for name in ("inspection", "customs_inspection", "weight_measured")},
    **{name: ABOUT | {"received_by": "B", "quantity": 40} for name in (
        "delivered", "delivery", "delivery_confirmed", "arrival_declared", "arrival_observed")},
    **{name: ABOUT | {"rma": "R-1", "item": "H100", "quantity": 1, "serials": ["S1"],
                      "sender": "B", "receiver": "A"}
       for name in ("returned", "rma_return", "rma", "repair_return")},
    **{name: {"payee": "A", "payer": "F", "payer_country": "CN", "amount_usd": 5_000_000,
              "amount_note": "more than", "account": "HK-11", "shipment_id": "SH-0"}
       for name in ("payment_received", "payment", "wire_transfer")},
    **{name: {"party": "B", "financier": "F", "kind": "lease", "amount_usd": 9} for name in (
        "financing_declared", "lease_declared", "loan_granted")},
    **{name: {"party": "B", "cash_usd": 5_700_000, "assets_usd": 9_000_000} for name in (
        "inventory_cash", "assets_declared")},
    **{name: {"party": "B", "cumulative_imported": 136, "on_hand": 120, "value_usd": 4_000,
              "item": "H100"}
       for name in ("inventory_declared", "stock_declared", "stock_taken")},
    **{name: {"party": "B", "it_mw": 3.5, "site": "hall 1"} for name in (
        "capacity_declared", "capacity_disclosed", "power_contract")},
    **{name: {key: each for key, each in LICENSED.items() if key != "outcome"} for name in (
        "licence_application", "license_application")},
    **dict.fromkeys((
        "licence_decision", "license_decision", "licence_denied", "license_denied",
        "licence_granted", "license_granted", "licence_revoked", "permit_suspended"
    ), LICENSED),
    **dict.fromkeys((
        "check_requested", "inspection_requested", "check_result", "check_performed",
        "site_visit", "audit", "check_overdue", "check_refused", "desk_review"
    ), CHECK),
    **dict.fromkeys((
        "location_observed", "location_ping", "location_ping_observed", "unit_located",
        "field_recovery", "units_recovered", "chips_located", "chips_unreachable",
        "units_unreachable", "tracker_signal", "serials_sighted", "serial_sighting",
        "serial_observed"
    ), SEEN),
    **{name: {"party": "B", "what": "somebody talked", "source": "a paper"} for name in (
        "tip_off", "compliance_pressure", "press_report", "voluntary_disclosure", "disclosure",
        "rumor_heard")},
}  # fmt: skip
"""Every type, with every field that it may have."""

HIDDEN = ("actual_arrival", "actual_onward_movement", "enforcement_action")
"""Types that the public cases have in layers nobody may see."""

ODD: tuple[Any, ...] = (None, "", "unknown", "about 1,111", 7, -3, 2.5, True, [], ["A", "B"],
                        {"party_id": "B"}, "Elbonia", "\ud800", "x" * 5_000, "B", "CN")  # fmt: skip

WHEN: tuple[dict[str, Any], ...] = (
    {"date": "2024-05-01", "date_precision": "day"}, {"date": "2024-05"}, {"date": "2024"},
    {"date": None, "date_precision": "unknown"}, {"date": "2024-05-01", "date_precision": "month"},
    {"date": "2024-05-01", "date_precision": "range:2024-05/2025-02"}, {"date": "2024-Q2"},
    {"date": "2019-01-01", "date_precision": "year"}, {"date": "0001-01-01"}, {"date": "soon"},
    {"date": "2024-05-01T10:00:00Z"}, {"date": 20240501}, {},
)  # fmt: skip

FIRST = {"event_id": "e1", "type": "shipment_declared", "date": "2024-02-01", "layer": "declared",
         "exporter": "A", "ultimate_consignee": "B", "destination": "MY", "item": "H100 servers",
         "quantity": 5, "authority": "none", "shipment_id": "SH-0"}  # fmt: skip


def variants(type_: str, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An event with all its fields, with each one missing or odd, with one alone, at any time.

    Of types told the same way, that is asked of the first; of the others, all fields and none.
    """
    yield fields
    yield {}
    alike = [name for name in TOLD if TOLD[name] == fields and _way(name) == _way(type_)]
    if type_ != alike[0]:
        return
    for number, key in enumerate(fields):
        yield {name: value for name, value in fields.items() if name != key}
        yield {key: fields[key]}
        yield {**fields, key: ODD[(number + len(type_)) % len(ODD)]}
        yield {**fields, key: ODD[(7 * number + len(type_)) % len(ODD)]}
    for when in WHEN:
        yield {**fields, **when}


def _way(type_: str) -> Any:
    return TYPES.get(type_, type_)


def file_of(type_: str) -> list[dict[str, Any]]:
    """A case for each variant of a type, after a shipment it may be about."""
    plain = [{key: party[key] for key in ("party_id", "name", "country")} for party in PARTIES]
    made = []
    for number, fields in enumerate(variants(type_, TOLD[type_]), start=1):
        event = {"date": "2024-05-01", "date_precision": "day", **fields, "type": type_}
        event |= {"event_id": "e2", "layer": "observed" if number % 2 else "declared"}
        name = f"{sorted(TOLD).index(type_)}v{number}"
        made.append({"case_id": name, "parties": PARTIES if number == 1 else plain,
                     "expected_patterns": ["P01"], "events": [FIRST, event]})  # fmt: skip
    return made


def recorded(office: Office, told: list[Told]) -> list[str]:
    """Why the ledger refused any of the commands."""
    desk = Desk(office.ledger, office.signer, clock=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    lines = [line for each in told for line in each.lines]
    rows = (FeedRow(number, line.command) for number, line in enumerate(lines))
    results = [each for part in record(desk, rows) for each in part]
    return [f"{line.event} {line.command}: {each.reason}"
            for line, each in zip(lines, results, strict=True)
            if each.status == "rejected"]  # fmt: skip


# ── every type ──────────────────────────────────────────────────────────────────────────────────


def test_the_list_of_types_holds_all_that_are_told_by_their_name():
    assert set() == set(TYPES) - set(TOLD)


def test_the_list_holds_every_type_and_every_field_of_the_public_cases():
    if not PUBLIC.is_file():
        pytest.skip("the collection of cases is not beside this repository: ../shared/cases")
    found = json.loads(PUBLIC.read_text("utf-8"))["cases"]
    head = {"event_id", "type", "date", "date_precision", "layer", "note"}
    events = [each for case in found for each in case["events"] if each["type"] not in HIDDEN]
    strangers = {
        (each["type"], key)
        for each in events
        for key in each.keys() - head - TOLD.get(each["type"], {}).keys()
    }
    party = set().union(*(each.keys() for each in PARTIES))

    assert set() == strangers
    assert set() == {key for case in found for each in case["parties"] for key in each} - party


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    office = Office(str(tmp_path_factory.mktemp("office") / "ledger.db"))
    office.say(adopted())
    yield office
    office.ledger.close()


@pytest.mark.parametrize("type_", sorted(TOLD))
def test_every_type_is_told_by_ordinary_commands_whatever_its_fields_are(type_, office):
    told = [tell(each.visible) for each in cases({"cases": file_of(type_)})]

    assert [] == [each.failed for each in told if each.failed]
    assert [] == [note for each in told for note in each.notes if "as it should be" in note]
    assert [] == [each.case for each in told if not any(line.event == "e2" for line in each.lines)]
    assert [] == recorded(office, told)


@pytest.mark.parametrize("layer", ["truth", "enforcement", "TRUTH", "rumored", None])
def test_no_event_of_another_layer_is_told_whatever_its_type(layer):
    events = [{**fields, "type": name, "layer": layer} for name, fields in TOLD.items()]
    (found,) = cases({"cases": [{"case_id": "h", "parties": PARTIES, "events": events}]})

    assert ((), ()) == (found.visible.events, tell(found.visible).lines)


def test_shipments_under_one_name_are_told_apart_and_the_last_is_meant_by_it(tmp_path):
    twice = [{**FIRST, "quantity": count} for count in (5, 6)]
    opened = {"type": "inspection", "layer": "observed", "date": "2024-03-01",
              "shipment_id": "SH-0", "counted": 9}  # fmt: skip
    (found,) = cases({"cases": [{"case_id": "t", "parties": PARTIES, "events": [*twice, opened]}]})
    first, second, inspected = [line.command.fact for line in tell(found.visible).lines
                                if line.event]  # fmt: skip

    assert (5, 6) == (first.lines[0].quantity, second.lines[0].quantity)
    assert first.shipment != second.shipment == inspected.shipment
    assert ("event e1 stands in the list twice: the second is e1-2",) == found.notes


def test_parties_nobody_declared_and_two_of_one_id_are_told_apart():
    twice = [*PARTIES, {"party_id": "B", "name": "同方", "country": "CN"}]
    odd = {**FIRST, "exporter": "清华", "ultimate_consignee": "同方", "end_user": {"name": "B"}}
    (found,) = cases({"cases": [{"case_id": "t", "parties": twice, "events": [odd]}]})
    told = tell(found.visible)
    sent = next(line.command.fact for line in told.lines if line.event)

    assert ("t-x-x", "t-b-4", "t-b") == (sent.exporter, sent.ultimate_consignee, sent.end_user)
    assert {"t-a", "t-b", "t-f", "t-b-4"} == {
        line.command.fact.party for line in told.lines if "registered" in line.command.fact.wire
    }


def test_what_the_ledger_cannot_hold_is_left_out_and_the_rest_is_told():
    odd = {**FIRST, "hs_code": "eighty-four", "eccn": "no such thing"}
    (found,) = cases({"cases": [{"case_id": "t", "parties": PARTIES, "events": [odd]}]})
    told = tell(found.visible)

    assert [5] == [line.command.fact.lines[0].quantity for line in told.lines if line.event]
    assert {"e1 is told as shipment.declare without its hs_code",
            "e1 is told as shipment.declare without its eccn"} <= set(told.notes)  # fmt: skip


# ── a case that cannot be told ──────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def court(tmp_path_factory):
    return Court(tmp_path_factory.mktemp("court"), 100, 1)


def two() -> list[dict[str, Any]]:
    plain = {"title": "t", "label": "charged", "truth": "diversion", "parties": PARTIES,
             "expected_patterns": ["P01", "P04"]}  # fmt: skip
    guilty = {**FIRST, "item": "H100", "quantity": 400}
    return [{**plain, "case_id": name, "events": [guilty]} for name in ("good", "broken")]


def breaking(where: str) -> Any:
    """A function that fails on the case that is broken and does nothing else."""

    def broken(*given: Any) -> Any:
        if any("broken" in repr(each) for each in given):
            raise RuntimeError(f"{where} broke")

    return broken


def test_an_event_that_brings_its_teller_down_is_a_concern_and_the_others_are_told(monkeypatch):
    monkeypatch.setitem(TYPES, "shipment_declared", breaking("telling"))
    _, broken = (tell(each.visible) for each in cases({"cases": two()}))

    assert "" == broken.failed
    assert ["party.concern_reported.v1"] == [
        line.command.fact.wire for line in broken.lines if line.event
    ]
    assert any("RuntimeError('telling broke')" in note for note in broken.notes)


def test_a_case_that_cannot_be_told_says_why_and_the_rest_is_scored(court, monkeypatch):
    register = story.register

    def registered(teller: Teller, *given: Any) -> None:
        breaking("register")(teller.case.id)
        register(teller, *given)

    monkeypatch.setattr(story, "register", registered)
    good, broken = Sheet(cases({"cases": two()}), court).report()["cases"]

    assert (True, None) == (good["found"], good["failed"])
    assert (False, "not told: RuntimeError('register broke')") == (
        broken["found"], broken["failed"]
    )  # fmt: skip


def test_a_case_that_cannot_be_judged_says_why_and_the_rest_is_judged(court, monkeypatch):
    in_a_copy = Court._in_a_copy

    def copied(court: Court, told: list[Told]) -> list[Judged]:
        breaking("a rule")([each.case for each in told])
        return in_a_copy(court, told)

    monkeypatch.setattr(Court, "_in_a_copy", copied)
    good, broken = court.judge([tell(each.visible) for each in cases({"cases": two()})])

    assert ("", 1) == (good.failed, len(good.steps))
    assert ("not judged: RuntimeError('a rule broke')", 0) == (broken.failed, len(broken.steps))


# ── what nobody may see ─────────────────────────────────────────────────────────────────────────


def seen_and_hidden(sentinel: str) -> list[dict[str, Any]]:
    """Two cases whose every hidden field and event says something, and one field that is seen."""
    hidden = [
        {"event_id": f"h{number}", "type": name, "layer": layer, "date": "2024-02-02",
         "party": "B", "frm": "MY", "to": sentinel, "item": sentinel, "what": sentinel,
         "exporter": sentinel, "outcome": sentinel, "finding": sentinel}
        for number, (name, layer) in enumerate(
            (name, layer) for name in (*HIDDEN, "shipment_declared", "check_result")
            for layer in ("truth", "enforcement"))
    ]  # fmt: skip
    made = two()
    for case in made:
        parties = deepcopy(case["parties"])
        for party in parties:
            party |= {"note": sentinel, "label": sentinel, "truth": sentinel}
        case |= {
            "events": [*hidden[:5], {**case["events"][0], "actual_item": sentinel}, *hidden[5:]],
            "parties": parties, "summary": sentinel, "lie_told": sentinel, "how_found": sentinel,
            "title": sentinel, "label": sentinel, "expected_patterns": [sentinel],
            "expected_detail": [{"pattern": sentinel, "note": sentinel}], "sources": [sentinel],
            "assumed": [{"path": sentinel, "value": sentinel, "why": sentinel}],
        }  # fmt: skip
    return made


def written(folder: Path, found: list[dict[str, Any]]) -> tuple[bytes, bytes]:
    """The bytes of every file of the ledger some cases are told in, and the flags on them."""
    folder.mkdir()
    office = Office(str(folder / "ledger.db"))
    office.say(adopted())
    assert [] == recorded(office, [tell(each.visible) for each in cases({"cases": found})])
    fold = FlagsFold()
    with office.ledger.store.reading() as connection:
        entries = list(views.entries(office.ledger.store, connection, tuple(EVENTS), after=1))
        states = views.replayed(office.ledger.store, connection, fold)
        flags = repr([each.flag for each in fold.raised(states, date(2030, 1, 1))]).encode()
    office.ledger.close()
    bodies = b"".join(encode(entry.event) for entry in entries)
    return bodies + b"".join(each.read_bytes() for each in sorted(folder.iterdir())), flags


def test_nothing_hidden_is_among_the_bytes_of_the_ledger(tmp_path):
    hidden, flags = written(tmp_path / "hidden", seen_and_hidden(SENTINEL))
    told = seen_and_hidden(SENTINEL)
    told[0]["events"][5]["item"] = SENTINEL
    shown, _ = written(tmp_path / "shown", told)

    assert SENTINEL.encode() not in hidden
    assert SENTINEL.encode() not in flags
    # The search finds what is there: the same word, where it may be seen.
    assert SENTINEL.encode() in shown


def test_whatever_turned_out_to_be_true_the_flags_are_the_same_to_the_byte(tmp_path):
    _, plain = written(tmp_path / "plain", two())
    _, other = written(tmp_path / "other", seen_and_hidden("CN"))
    seen = two()
    seen[0]["events"] = [{**seen[0]["events"][0], "authority": "not_required_claimed"}]
    _, changed = written(tmp_path / "changed", seen)

    assert plain == other
    # And they are not the same whatever is told.
    assert b"without-authority" in plain != changed


def test_whatever_turned_out_to_be_true_a_case_is_judged_the_same(court):
    def judged(found: list[dict[str, Any]]) -> Any:
        return court.judge([tell(each.visible) for each in cases({"cases": found})])

    assert judged(two()) == judged(seen_and_hidden(SENTINEL))


def test_what_a_teller_is_given_has_no_room_for_what_is_hidden():
    assert {"id", "parties", "events"} == set(Visible.__dataclass_fields__)
