"""How red flags are measured: any file of cases is told, and nothing that is hidden in it."""

import doctest
import json
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from world import Office, adopted

from benchmarks.detection import cases as reading
from benchmarks.detection import score, words
from benchmarks.detection.__main__ import main
from benchmarks.detection.background import commands
from benchmarks.detection.cases import Layer, Visible, cases, dated, load, visible
from benchmarks.detection.court import UNRANKED, Quiet
from benchmarks.detection.mutants import MUTATIONS
from benchmarks.detection.score import Sheet
from benchmarks.detection.telling import CHANNELS, TYPES, tell, through
from benchmarks.detection.twins import twin
from commands.feeds.rows import FeedRow
from commands.handler import Desk
from commands.importing import record
from ledger import views
from ledger.events import EVENTS, CheckRequested, encode
from projections.red_flags import FlagsFold

PUBLIC = Path(__file__).parents[3] / "shared" / "cases" / "public.json"

SECRET = "QZX-what-came-out"


def event(type_: str, on: str | None = "2024-05-01", layer: str = "declared", **said: Any) -> Any:
    return {"type": type_, "date": on, "date_precision": "day", "layer": layer, **said}


def case(name: str, *events: Any, expected: tuple[str, ...] = ("P01",), **changes: Any) -> Any:
    parties = [
        {"party_id": "A", "name": "Alpha Exports", "roles": ["exporter", "seller"],
         "country": "US", "hq_country": "US"},
        {"party_id": "B", "name": "Beta Trading", "roles": ["consignee"], "country": "MY",
         "hq_country": "CN", "formed": "2024-01-01", "declared_business": "real estate"},
        {"party_id": "F", "name": "Fast Freight", "roles": ["freight_forwarder"],
         "country": "SG", "hq_country": "SG", "address": "Room 5, 1 Quay Street"},
    ]  # fmt: skip
    for number, each in enumerate(events, start=1):
        each.setdefault("event_id", f"e{number}")
    return {"case_id": name, "title": name, "label": "charged", "truth": "diversion",
            "parties": parties, "events": list(events), "expected_patterns": list(expected),
            "expected_detail": []} | changes  # fmt: skip


def shipped(**changes: Any) -> Any:
    return event(
        **{"type_": "shipment_declared", "exporter": "A", "ultimate_consignee": "B",
           "destination": "MY", "item": "H100", "quantity": 400, "value_usd": 12_000_000,
           "authority": "none"} | changes
    )  # fmt: skip


def file() -> Any:
    """A diversion, a check nobody let in, a lawful trade, and a lawful check that was late."""
    hidden = event("actual_onward_movement", "2024-06-01", "truth", frm="MY", to="CN", item=SECRET)
    asked = event("check_requested", "2024-01-01", party="B")
    late = event("check_overdue", "2024-06-01", "observed", party="B", days=90)
    return {
        "cases": [
            case("X1", shipped(), hidden, expected=("P01", "P04")),
            case("X2", deepcopy(asked), deepcopy(late), expected=("P25",)),
            case("N1", shipped(item="door hinges", value_usd=9_000, authority="not_required"),
                 expected=("NONE",), label="legitimate", truth="legitimate"),
            case("N2", deepcopy(late), event("check_result", "2024-09-01", "observed", party="B",
                                             outcome="verified"),
                 expected=("P25",), label="legitimate", truth="legitimate"),
        ]
    }  # fmt: skip


def seen(*events: Any) -> Visible:
    return visible("X1", case("X1", *events))


def told(*events: Any) -> list[Any]:
    """What is told of some events, who the parties are left away."""
    lines = tell(seen(*events)).lines
    return [getattr(line.command, "fact", line.command) for line in lines if line.event]


# ── what may be seen ────────────────────────────────────────────────────────────────────────────


def test_there_is_no_layer_for_what_came_out_later():
    assert {"declared", "observed"} == {layer.value for layer in Layer}

    found = seen(shipped(), event("enforcement_action", layer="enforcement", what=SECRET),
                 event("actual_arrival", layer="truth", country="CN"),
                 event("shipment_declared", layer="TRUTH", item=SECRET))  # fmt: skip

    assert ["shipment_declared"] == [each.type for each in found.events]
    assert SECRET not in repr(found)


def test_what_is_hidden_changes_neither_the_entries_nor_the_flags(tmp_path):
    plain, other = file()["cases"], deepcopy(file()["cases"])
    for each in other:
        for hidden in each["events"]:
            if hidden["layer"] == "truth":
                hidden |= {"frm": "JP", "to": "RU", "item": "spoons", "date": "1999-01-01"}
        each["events"].append(event("enforcement_action", layer="enforcement", party="B"))
        each["events"].insert(0, event("actual_use", layer="truth", party="A", what="war"))
        each |= {"label": "acquitted", "truth": "none", "summary": SECRET, "lie_told": SECRET,
                 "how_found": SECRET, "expected_patterns": ["NONE"], "assumed": []}  # fmt: skip
        for party in each["parties"]:
            party["note"] = SECRET

    assert recorded(tmp_path / "a.db", plain) == recorded(tmp_path / "b.db", other)


def recorded(place: Path, found: list[Any]) -> tuple[list[bytes], list[Any]]:
    """The bodies of all entries about some cases, and the flags by all rules."""
    office = Office(str(place))
    office.say(adopted())
    desk = Desk(office.ledger, office.signer, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC))
    lines = [line for each in cases({"cases": found}) for line in tell(each.visible).lines]
    rows = (FeedRow(number, line.command) for number, line in enumerate(lines))
    assert [] == [each.reason for part in record(desk, rows) for each in part
                  if each.status == "rejected"]  # fmt: skip
    fold = FlagsFold()
    with office.ledger.store.reading() as connection:
        entries = list(views.entries(office.ledger.store, connection, tuple(EVENTS), after=1))
        states = views.replayed(office.ledger.store, connection, fold)
        flags = [each.flag for each in fold.raised(states, date(2026, 12, 1))]
    office.ledger.close()
    assert flags
    return [encode(entry.event) for entry in entries], flags


# ── how it is told ──────────────────────────────────────────────────────────────────────────────


def test_an_order_of_the_list_stays_and_dates_are_filled_in_from_their_neighbors():
    first = event("tip_off", None, "observed", what="a tip")
    month = event("tip_off", "2024-07-01", "observed", what="more") | {"date_precision": "month"}
    span = event("tip_off", "2024-08-01", "observed", what="again")
    span["date_precision"] = "range:2024-08/2025-02"
    found = seen(first, month, span, event("tip_off", "soon", "observed", what="last"))

    assert [date(2024, 7, 1)] * 2 + [date(2024, 8, 1)] * 2 == [each.on for each in found.events]
    assert [date(2024, 7, 31)] * 2 + [date(2025, 2, 28)] * 2 == [
        each.on for each in dated(found.events, "last")
    ]


def test_chips_that_are_counted_draw_on_a_quota_and_others_are_declared_in_words():
    movement, declared = told(
        shipped(), shipped(item="HPE supercomputer with H100", quantity=10, disrupted=True)
    )

    assert ("h100-sxm", 400, ("US", "MY")) == (
        movement.lines[0].model, movement.lines[0].units, movement.route
    )  # fmt: skip
    assert ("computers", 10, True) == (
        declared.lines[0].counted_in, declared.lines[0].quantity, declared.stopped
    )  # fmt: skip


def test_of_several_shipments_over_a_range_the_first_and_the_last_are_told():
    many = shipped(item="GPU servers", n_shipments=21, quantity=401)
    many["date_precision"] = "range:2024-10/2025-02"
    found = told(many)

    assert [date(2024, 10, 1), date(2025, 2, 28)] == [each.on for each in found]
    assert [(10, 200), (11, 201)] == [(each.shipments, each.lines[0].quantity) for each in found]


def test_what_was_really_in_the_boxes_is_not_told():
    (declared,) = told(shipped(item=None, description="computer parts", actual_item=SECRET))

    assert "computer parts" == declared.lines[0].description
    assert SECRET not in repr(declared)


def test_goods_that_went_on_come_from_the_shipment_that_brought_them():
    _, onward = told(shipped(), event("reexport_observed", "2024-05-03", "observed", frm="MY",
                                      to="CN", authority="none"))  # fmt: skip

    assert ("x1-e1", "x1-b", ("MY",), "CN") == (
        onward.of, onward.sender, onward.origins, onward.destination
    )  # fmt: skip


def test_racks_and_servers_whose_chips_a_text_counts_are_as_many_chips():
    racks, servers, boxes = told(
        shipped(item="GB200 NVL72 racks", quantity=2),
        shipped(item="8-GPU H100 server", quantity=3),
        shipped(item="H100 server", quantity=4),
    )

    assert [("gb200", 144), ("h100-sxm", 24)] == [
        (each.lines[0].model, each.lines[0].units) for each in (racks, servers)
    ]
    assert ("computers", 4) == (boxes.lines[0].counted_in, boxes.lines[0].quantity)


def test_two_who_locate_unnamed_chips_of_a_party_have_seen_the_same_ones():
    one, other = told(*(event("location_ping", on, "observed", party="B", country="CN", quantity=2)
                        for on in ("2024-05-01", "2024-05-06")))  # fmt: skip

    assert ("x1-b-u1", "x1-b-u2") == one.serials == other.serials
    assert one.source != other.source


def test_a_second_result_belongs_to_the_check_that_is_open_and_may_find_the_rest():
    short, unfavorable, whole, favorable = told(
        event("check_result", "2024-05-01", "observed", party="B", outcome="units missing",
              counted=150, expected=200),
        event("check_result", "2024-06-01", "observed", party="B", outcome="verified", counted=50),
    )  # fmt: skip

    assert 1 == len({each.check for each in (short, unfavorable, whole, favorable)})
    assert [(200, 150), (200, 200)] == [
        (each.units_expected, each.units_counted) for each in (short, whole)
    ]
    assert ("unfavorable", "favorable") == (unfavorable.rating, favorable.rating)


def test_that_nothing_happened_is_told_as_the_request_so_many_days_before():
    (asked,) = told(event("check_overdue", "2024-06-01", "observed", party="B", days=90))

    assert isinstance(asked, CheckRequested)
    assert date(2024, 3, 3) == asked.requested_on


def test_a_license_that_was_granted_is_relied_on_by_what_follows():
    who = {"end_user": "B", "ultimate_consignee": "B", "destination": "MY", "licence": "L1"}
    applied, approved, moved = told(
        event("licence_application", applicant="A", item="H100", quantity=400, **who),
        event("licence_decision", outcome="granted", licence="L1"),
        shipped(authority="licence", licence="L1"),
    )

    assert {"x1-l1"} == {applied.license, approved.license, moved.license}


@pytest.mark.parametrize(
    ("unforeseen", "wire"),
    [
        (event("wire_transfer", payer="F", payee="A", amount_usd=5), "party.payment_received.v2"),
        (event("site_check", party="B", outcome="nobody, not found"), "check.party_not_found.v1"),
        (event("beacon", frm="MY", to="CN"), "shipment.onward_observed.v1"),
        (event("power_contract", operator="B", mw=3), "party.capacity_declared.v1"),
        (event("units_recovered_abroad", party="B", country="RU"), "party.chips_located.v1"),
        (event("share_purchase", party="B", owner="Z", pct=30), "party.ownership_changed.v1"),
        (event("rumor", what="they laughed"), "party.concern_reported.v1"),
    ],
)
def test_a_type_nobody_foresaw_is_told_by_what_it_holds(unforeseen, wire):
    assert [wire] == [fact.wire for fact in told(unforeseen)]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(allow_nan=True)
    | st.sampled_from(["A", "b", "Beta Trading", "CN", "TR/HK", "H100", "L1", "granted", "none",
                       "licence", "passed_with_dummy_units", "2024-01", "", "é\x00"])
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
fields = st.sampled_from([
    "party", "seller", "purchaser", "exporter", "ultimate_consignee", "end_user", "destination",
    "destinations", "frm", "to", "via", "item", "description", "quantity", "chips", "value_usd",
    "authority", "licence", "licence_id", "outcome", "payer", "payee", "payer_country",
    "amount_usd", "owner", "pct", "listed_owner", "operator", "tenant", "tenant_hq", "list",
    "addresses", "serials", "counted", "finding", "days", "clock_days", "it_mw", "cash_usd",
    "control", "about", "what", "device", "die_maker", "n_shipments", "aggregate", "route",
    "weight_kg", "hs_code", "rma", "country", "method", "new_name", "unheard_of",
])  # fmt: skip
anything = st.fixed_dictionaries(
    {"layer": st.sampled_from(["declared", "observed", "truth", "enforcement", "rumored"])},
    optional={
        "type": st.sampled_from([*TYPES, "newly_invented", "license_lapsed", ""]) | values,
        "date": st.dates().map(str) | values,
        "date_precision": st.sampled_from(["day", "month", "year", "range:2024-10/2025-05",
                                           "range:2025/2024", "range:", "unknown"]) | values,
        "event_id": values,
    },
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.tuples(anything, st.dictionaries(fields, values, max_size=8)), max_size=6),
       st.lists(st.dictionaries(st.sampled_from(["party_id", "name", "roles", "country", "address",
                                                 "hq_country", "formed", "ultimate_parent",
                                                 "declared_business", "aliases"]), values),
                max_size=3))  # fmt: skip
def test_any_file_of_the_schema_is_told_and_none_brings_it_down(events, parties):
    # What is in the file itself, and not what somebody found out, decides how it is told.
    odd = case("Z", *({**said, **head} for head, said in events))
    odd["parties"] += parties
    (found,) = cases({"cases": [odd]})

    story = tell(found.visible)

    assert len(found.visible.events) == len(story.days)
    for step, each in enumerate(found.visible.events):
        lines = [line for line in story.lines if line.step == step and line.event]
        assert (
            lines
            or any(note.startswith(each.id) for note in story.notes)
            or (each.type == "check_overdue")
        )
    for mutate in MUTATIONS.values():
        tell(mutate(found.visible))
    if (other := twin(found.visible)) is not None:
        tell(other)


@pytest.mark.parametrize("odd", [None, [], {}, {"cases": None}, {"cases": [7, {}, {"events": 3}]}])
def test_a_file_without_cases_has_none(odd):
    assert all(not each.visible.events for each in cases(odd))


# ── what is varied ──────────────────────────────────────────────────────────────────────────────


def test_each_channel_adds_to_those_before_it():
    story = tell(
        seen(
            shipped(),
            event("payment_received", layer="observed", payer="F", payer_country="CN", payee="A",
                  amount_usd=5),
            event("check_result", layer="observed", party="B", outcome="passed_with_dummy_units"),
            event("reexport_observed", layer="observed", frm="MY", to="CN"),
        )
    )  # fmt: skip
    counts = [len(through(story, channel).lines) for channel in CHANNELS]

    assert sorted(set(counts)) == counts
    assert len(story.lines) == counts[-1]


def test_mutants_change_what_they_are_named_for():
    origin = seen(
        shipped(),
        shipped(ultimate_consignee="F"),
        event("reexport_observed", "2024-06-01", "observed", frm="MY", to="CN"),
    )
    made = {name: mutate(origin) for name, mutate in MUTATIONS.items()}

    assert "Alpha Exports" not in repr(made["new_names"])
    assert {"JP"} == {each.said["destination"] for each in made["other_hub"].events[:2]}
    assert [100] * 8 == [each.said["quantity"] for each in made["split_shipments"].events[:-1]]
    assert date(2024, 12, 18) == made["longer_dwell"].events[-1].on
    assert 400 * 28_000 == made["catalog_value"].events[0].said["value_usd"]
    assert "F-spv" == made["forwarder_hidden"].events[1].said["ultimate_consignee"]


def test_the_lawful_twin_has_the_same_goods_on_the_same_road_and_a_license(tmp_path):
    other = twin(seen(shipped(), event("payment_received", payer="F", payer_country="CN")))
    assert other is not None
    (moved,) = [each.command for each in tell(other).lines if hasattr(each.command, "route")]

    assert (("US", "MY"), "h100-sxm", 400, "license") == (
        moved.route, moved.lines[0].model, moved.lines[0].units, moved.authority
    )  # fmt: skip
    assert "payment" not in repr([each.type for each in other.events])
    assert twin(seen(event("tip_off", what="nothing moved"))) is None


def test_the_background_is_the_same_for_a_seed_and_in_order():
    first, again, other = (list(commands(100, seed)) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert [day for day, _ in first] == sorted(day for day, _ in first)


# ── what is measured ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    place = tmp_path_factory.mktemp("cases") / "cases.json"
    place.write_text(json.dumps(file()), encoding="utf-8")
    words = [str(place), "--shipments", "100", "--format", "json"]
    return [json.loads(CliRunner().invoke(main, words).stdout) for _ in range(2)]


def test_the_same_seed_gives_the_same_report(report):
    assert report[0] == report[1]


def test_the_report_says_what_was_found_and_what_stayed_quiet(report):
    found = {each["case_id"]: each for each in report[0]["cases"]}

    assert {"X1": True, "X2": True, "N1": False, "N2": True} == {
        name: each["found"] for name, each in found.items()
    }
    assert ["P01", "P04"] == found["X1"]["patterns_expected"]
    assert "P01" in found["X1"]["patterns_found"]
    assert ("e1", "e2") == (found["X1"]["event"], found["X2"]["event"])
    assert 1.0 == report[0]["negatives_quiet"]
    assert [False, True] == [each["cleared"] for each in report[0]["negatives"]]
    assert ["1", "5", "10", "20"] == list(report[0]["recall"])
    assert sorted(report[0]["recall"].values()) == list(report[0]["recall"].values())
    assert 1.0 == report[0]["recall_uncut"]
    assert 0.0 <= report[0]["alerts_per_1000"]


def test_the_report_shows_what_each_channel_and_each_change_does(report):
    by_channel = report[0]["by_channel"]

    assert [0.5, 0.5, 1.0, 1.0, 1.0] == [by_channel[name]["uncut"] for name in CHANNELS]
    assert set(MUTATIONS) == set(report[0]["mutants"])
    assert 2 == report[0]["mutants"]["new_names"]["cases"]
    assert [] == report[0]["mutants"]["new_names"]["lost"]
    assert (1, 1.0) == (report[0]["twins"]["pairs"],
                        report[0]["twins"]["ranked_before_its_twin"])  # fmt: skip
    assert (1, 1) == (report[0]["time_to_detection"]["cases_with_a_known_diversion"],
                      report[0]["time_to_detection"]["found_before_it"])  # fmt: skip


def test_each_typology_left_out_loses_the_cases_that_it_alone_carries(report):
    left_out = report[0]["one_typology_left_out"]

    assert {"of": 1, "found": 1, "found_without_it": 1, "lost": []} == left_out["P01"]
    assert {"of": 1, "found": 1, "found_without_it": 0, "lost": ["X2"]} == left_out["P25"]
    assert (1, 1.0) == (report[0]["by_typology"]["verification"]["of"],
                        report[0]["by_typology"]["verification"]["5"])  # fmt: skip
    assert 0 == report[0]["by_typology"]["cargo"]["of"]


def test_an_alert_of_the_background_that_ranks_the_same_is_looked_at_before():
    background = [(0, -3, -9), *[(1, -3, 0)] * 5]
    sheet = Sheet([], SimpleNamespace(quiet=Quiet(1_000, 0, 0, ranks=background)))
    within = {load: [rank for rank in ((0, -4, 0), (0, -3, -9), (1, -3, -1), (1, -3, 0), UNRANKED)
                     if sheet._within(rank, load)] for load in (0, 1, 5, 6)}  # fmt: skip

    assert [(0, -4, 0)] == within[0]
    assert [(0, -4, 0), (0, -3, -9), (1, -3, -1)] == within[1] == within[5]
    assert [*within[5], (1, -3, 0)] == within[6]


def test_the_first_diversion_is_the_first_event_in_which_goods_go_astray(report):
    seen_ = case("X1", shipped(), event("reexport_observed", "2024-06-01", "observed"),
                 event("actual_arrival", "2024-07-01", "truth"))  # fmt: skip
    hidden = case("X2", shipped(), event("actual_arrival", None, "truth"))
    quiet = case("X3", shipped(), event("payment_received", layer="observed"))

    assert [(1, date(2024, 6, 1)), (1, None), (None, None)] == [
        (each.expected.diverted, each.expected.astray_on)
        for each in cases({"cases": [seen_, hidden, quiet]})
    ]
    assert -31 == report[0]["time_to_detection"]["days_from_it_median"]


def test_several_backgrounds_give_a_median_and_a_range(tmp_path):
    place = tmp_path / "cases.json"
    place.write_text(json.dumps({"cases": file()["cases"][1:2]}), encoding="utf-8")
    words = [str(place), "--shipments", "100", "--seed", "7", "--seeds", "2"]
    found = json.loads(CliRunner().invoke(main, [*words, "--format", "json"]).stdout)

    assert ([7, 8], 2) == (found["seeds"]["seeds"], len(found["seeds"]["runs"]))
    assert {"median": 1.0, "least": 1.0, "most": 1.0} == found["seeds"]["recall_5"]
    assert found["alerts_per_1000"] == found["seeds"]["runs"][0]["alerts_per_1000"]
    assert "over 2 backgrounds" in CliRunner().invoke(main, words).stdout


def test_people_are_told_that_the_background_is_synthetic(tmp_path):
    place = tmp_path / "cases.json"
    place.write_text(json.dumps({"cases": file()["cases"][:1]}), encoding="utf-8")

    result = CliRunner().invoke(main, [str(place), "--shipments", "100"])

    assert 0 == result.exit_code
    assert "synthetic background" in result.stdout


def test_the_public_cases_are_all_told():
    if not PUBLIC.is_file():
        pytest.skip("the collection of cases is not beside this repository: ../shared/cases")
    stories = [tell(each.visible) for each in load(PUBLIC)]

    assert (24, 94) == (len(stories), sum(len(each.days) for each in stories))
    assert [] == [note for each in stories for note in each.notes
                  if "is not told" in note or "says nothing" in note]  # fmt: skip


@pytest.mark.parametrize("module", [reading, words, score])
def test_what_the_examples_say_is_so(module):
    assert 0 == doctest.testmod(module).failed
