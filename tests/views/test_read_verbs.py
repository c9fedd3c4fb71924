"""What an officer types to look, on a real ledger."""

import re
from datetime import date

import pytest
from reader import Desk
from world import (
    adopted,
    applied,
    approved,
    exported,
    licensed,
    line,
    party,
    raised,
    requested,
)

from ledger.events import AgreementConcluded, AgreementInForce, FlagReviewed
from ledger.policy import digest, shipped_pack

DAY = "2025-11-19"
UAE = approved(
    "UAE-1",
    decided_on=date(2025, 11, 19),
    expires_on=date(2027, 11, 19),
    lines=(licensed(35_000, model="gb300", tpp_per_unit=60_000),),
)
HISTORY = (
    adopted(),
    party(),
    approved(),
    exported(route=("US", "SG", "AE")),
    exported("S-2", lines=(line(1),)),
    exported("S-3", authority="LPP", lines=(line(2_000),)),
    UAE,
    requested(),
)
"""Entries 2 to 9, a minute apart; the first is the opening."""

INCREASED = AgreementConcluded(
    agreement="uae", country="AE", title="US-UAE", signatories=("US", "AE"),
    concluded_on=date(2025, 5, 15), uplift_tpp=790_000_000,
)  # fmt: skip
IN_FORCE = AgreementInForce(agreement="uae", country="AE", in_force_on=date(2025, 6, 1))


@pytest.fixture
def desk(database_url):
    desk = Desk(database_url, HISTORY)
    yield desk
    desk.ledger.close()


def test_quotas_of_a_day_hold_nothing_of_a_later_one(desk):
    def amounts(day):
        return [
            (row["reserved_tpp"], row["drawn_tpp"])
            for row in desk.rows(f"quotas --policy diffusion-2025 --country AE --valid-on {day}")
        ]

    assert [(0, 0)] == amounts("2025-01-31")
    assert [(8 * 15_832, 0)] == amounts("2025-02-01")
    assert [(8 * 15_832, 0)] == amounts("2025-03-02")
    assert [(0, 9 * 15_832)] == amounts("2025-03-03")
    assert [(0, 9 * 15_832)] == amounts("2025-11-18")
    assert [(35_000 * 60_000, 9 * 15_832)] == amounts("2025-11-19")


@pytest.fixture
def sqlite_desk(sqlite_url):
    desk = Desk(sqlite_url, HISTORY)
    yield desk
    desk.ledger.close()


def test_quotas_under_the_rules_enforced_say_that_no_cap_is_in_force(desk):
    screen = desk.type(f"quotas --valid-on {DAY}")

    assert "no country cap is in force on 2025-11-19 (adv-comp-2023 sets none)" in screen
    assert "SIMULATED" not in screen
    assert f"as of entry 9, root {desk.rows('quotas')[0]['root'][:16]}…" in screen


def test_quotas_under_the_diffusion_rule_show_the_uae_at_2_66_times_and_are_marked(desk):
    (row,) = desk.rows(f"quotas --policy diffusion-2025 --valid-on {DAY}")
    screen = desk.type(f"quotas --policy diffusion-2025 --valid-on {DAY}")
    wide = desk.type(f"quotas --policy diffusion-2025 --wide --valid-on {DAY}")

    assert {
        "country": "AE", "tier": 2, "cap_tpp": 790_000_000, "reserved_tpp": 2_100_000_000,
        "headroom_tpp": -1_310_142_488, "drawn_tpp": 142_488, "overdrawn_tpp": 0,
        "exempt_tpp": 31_664_000, "used_of_cap": "2.66", "used_of_full_uplift_cap": "1.33",
        "g2g_uplift_tpp": 0, "licensed_tpp": 2_100_126_656, "h100_equivalents": 132_652,
        "policy": "diffusion-2025", "simulated": True, "as_of_entry": 9,
    }.items() <= row.items()  # fmt: skip
    assert screen.startswith("SIMULATED under diffusion-2025: quotas on 2025-11-19")
    assert "2.66   1.33  SIMULATED" in screen
    assert "2.66   1.33  ▒▒▒▒▒▒▒▒▒▒▶  SIMULATED" in wide


def test_the_table_of_quotas_fits_80_columns_where_it_is_marked_too(sqlite_desk):
    sqlite_desk.office.say(
        exported("S-4", lines=(line(700_000),), exported_on=date(2025, 11, 1)), INCREASED, IN_FORCE
    )
    screen = sqlite_desk.type(f"quotas --policy diffusion-2025 --valid-on {DAY}")
    table = screen[screen.index("country  tier") :].splitlines()

    assert " 1,580 " in table[2]
    assert " -11,603 " in table[2]
    assert 80 >= max(len(row.rstrip()) for row in table)


def test_a_territory_is_said_to_count_with_its_sovereign(sqlite_desk):
    asked = f"quotas --policy diffusion-2025 --valid-on {DAY} --country"

    assert (
        "HK counts with CN, as territories count with their sovereign (15 CFR 738.3(b))\n"
        in sqlite_desk.type(f"{asked} HK")
    )
    assert "(15 CFR 738.3(b), which does not name it)" in sqlite_desk.type(f"{asked} GI")
    assert "counts with" not in sqlite_desk.type(f"{asked} CN")
    assert "CN" == sqlite_desk.rows(f"{asked} HK")[0]["country"]


@pytest.mark.parametrize(
    "verb",
    ["licenses --status denied", "flags --country KP", "shipments --country KP"],
)
def test_a_sheet_without_rows_has_the_header_of_one_with_rows(sqlite_desk, verb):
    empty = sqlite_desk.type(f"{verb} --format csv").splitlines()
    full = sqlite_desk.type(f"{verb.split()[0]} --format csv").splitlines()

    assert empty == full[:1]
    assert 1 < len(full)


def test_what_was_asked_for_is_shown_until_it_is_decided(sqlite_desk):
    assert " asked " not in sqlite_desk.type("license D1")
    sqlite_desk.office.say(applied("D2", lines=(licensed(12),)))

    assert " asked  licensed" in sqlite_desk.type("licenses")
    assert ["3A090.a", "12", "0"] == sqlite_desk.type("license D2").splitlines()[-1].split()[-6:-3]


def test_every_row_carries_the_entry_and_root_it_was_made_from(desk):
    with desk.ledger.store.reading() as connection:
        size, frontier = desk.ledger.store.head(connection)
    for verb in ("quotas", "licenses", "license D1", "shipments", "trail D1", "flags"):
        rows = desk.rows(verb)
        assert rows
        assert {(size, frontier.root().hex())} == {
            (row["as_of_entry"], row["root"]) for row in rows
        }


def test_what_was_known_at_an_entry_or_an_instant(desk):
    assert [4, 5] == [row["entry"] for row in desk.rows("trail D1 --known-at 5")]
    before = desk.rows("licenses --known-at 4 --valid-on 2025-03-03")
    assert [(0, 4)] == [(row["shipped_units"], row["as_of_entry"]) for row in before]
    after_minutes = desk.rows("licenses --known-at 2026-11-02T09:04:30Z --valid-on 2025-03-03")
    assert [(8, 5)] == [(row["shipped_units"], row["as_of_entry"]) for row in after_minutes]
    assert 9 == desk.rows("quotas --known-at 2026-11-02")[0]["as_of_entry"]


def test_the_root_of_an_earlier_entry_is_the_root_the_ledger_had_then(sqlite_url, tmp_path):
    short = Desk(f"sqlite:///{tmp_path / 'short.db'}", HISTORY[:3])
    (head,) = {row["root"] for row in short.rows("licenses")}
    short.office.say(*HISTORY[3:])

    assert {head} == {row["root"] for row in short.rows("licenses --known-at 4")}
    short.ledger.close()


def test_flags_are_listed_with_their_reason_and_the_entries_that_show_it(desk):
    told = ("over-shipped", "without-authority", "check-overdue")
    rows = [row for row in desk.rows("flags") if row["rule"] in told]

    assert [*told] == [row["rule"] for row in rows]
    assert [[4, 5, 6], [3, 7], [9]] == [row["evidence"] for row in rows]
    assert {False} == {row["simulated"] for row in rows}
    assert "1 unit over" in rows[0]["because"]


def test_a_trail_shows_the_day_in_the_world_beside_the_minute_of_signing(sqlite_desk):
    heading, _, titles, _, row, *_ = sqlite_desk.type("trail shipment:S-1").splitlines()

    assert heading.startswith("trail of shipment:S-1, as of entry 9")
    assert ["entry", "on", "signed at", "by", "role", "said"] == re.split(r" {2,}", titles.strip())
    assert ["5", "2025-03-03", "2026-11-02 09:04"] == re.split(r" {2,}", row.strip())[:3]


def test_flags_under_other_rules_are_replayed_and_marked(desk):
    rows = desk.rows("flags --policy diffusion-2025")

    assert {"over-shipped", "lpp-limit", "check-overdue"} <= {row["rule"] for row in rows}
    assert {True} == {row["simulated"] for row in rows}
    screen = desk.type("flags --policy diffusion-2025")
    assert screen.startswith("SIMULATED under diffusion-2025: flags")
    assert len(rows) == screen.count("SIMULATED\n")


def test_flags_of_one_rule_or_country(sqlite_desk):
    assert ["lpp-limit"] == [
        row["rule"] for row in sqlite_desk.rows("flags --policy diffusion-2025 --rule lpp-limit")
    ]
    assert [] == sqlite_desk.rows("flags --country SA")
    assert sqlite_desk.rows("flags") == sqlite_desk.rows("flags --country ae")


def test_a_flag_is_shown_with_its_evidence(sqlite_desk):
    flag = sqlite_desk.rows("flags --rule over-shipped")[0]
    screen = sqlite_desk.type(f"flags show {flag['id'][:6]}")

    assert "over-shipped (hard), open: license D1 is for 8 units" in screen
    assert "source: 15 CFR 750.11, shipping tolerances; judged under adv-comp-2023" in screen
    for entry in ("    4  ", "    5  ", "    6  "):
        assert entry in screen


def test_a_cleared_flag_is_hidden_and_still_there(sqlite_desk):
    flag = sqlite_desk.rows("flags --rule over-shipped")[0]
    sqlite_desk.office.say(
        FlagReviewed(
            flag=flag["id"], rule="over-shipped", outcome="cleared", reason="data_error",
            evidence=tuple(flag["evidence"]), reviewed_on=date(2026, 11, 2),
        )
    )  # fmt: skip

    assert [] == sqlite_desk.rows("flags --rule over-shipped")
    (shown,) = sqlite_desk.rows("flags --all --rule over-shipped")
    assert ("cleared", 10, "data_error") == (
        shown["standing"], shown["review_entry"], shown["review_reason"],
    )  # fmt: skip
    assert "1 cleared or snoozed are not shown (--all)" in sqlite_desk.type("flags")
    one_less = len(sqlite_desk.rows("flags"))
    assert f"{one_less:,} to look at; 1 cleared or snoozed\n" in sqlite_desk.type("flags --all")
    assert "cleared by a.rivera on 2026-11-02: data_error (entry 10)" in sqlite_desk.type(
        f"flags show {flag['id']}"
    )


def test_a_pack_adopted_here_goes_before_the_one_that_ships(sqlite_url):
    text = shipped_pack("diffusion-2025").replace("tpp = 790_000_000", "tpp = 700_000_000")
    lower = adopted("diffusion-2025", date(2030, 1, 1))
    changed = type(lower)(
        policy="diffusion-2025", effective_on=date(2030, 1, 1), digest=digest(text), content=text
    )
    desk = Desk(sqlite_url, (adopted(), changed, UAE))

    assert (
        700_000_000 == desk.rows(f"quotas --policy diffusion-2025 --valid-on {DAY}")[0]["cap_tpp"]
    )
    desk.ledger.close()


def test_several_packs_are_supposed_together(sqlite_desk):
    rows = sqlite_desk.rows(f"quotas --policy adv-comp-2023,diffusion-2025 --valid-on {DAY}")

    assert {("adv-comp-2023+diffusion-2025", "diffusion-2025")} == {
        (row["rules"], row["policy"]) for row in rows
    }


def test_views_can_be_dropped_and_rebuilt_to_the_same_answer(desk):
    before = [desk.type(f"{verb} --format jsonl") for verb in ("quotas", "licenses", "flags")]
    desk.type("views drop")
    assert {9} == {row["behind_entries"] for row in desk.rows("views status")}
    desk.type("views rebuild")
    assert {0} == {row["behind_entries"] for row in desk.rows("views status")}

    assert before == [
        desk.type(f"{verb} --format jsonl") for verb in ("quotas", "licenses", "flags")
    ]


def test_views_catch_up_with_what_came_since(desk):
    assert 8 == sum(row["units"] for row in desk.rows("shipments S-1"))
    desk.office.say(exported("S-9", lines=(line(3),)))

    assert 3 == sum(row["units"] for row in desk.rows("shipments S-9"))


def test_licenses_are_listed_by_country_and_status(sqlite_desk):
    assert ["UAE-1"] == [row["license"] for row in sqlite_desk.rows("licenses --status approved")]
    assert [] == sqlite_desk.rows("licenses --country SA")
    screen = sqlite_desk.type("license D1 --valid-on 2025-03-03")
    assert "exhausted, for acme in AE, used by acme" in screen
    assert "entries: 4, 5, 6" in screen


def test_shipments_are_listed_by_country(sqlite_desk):
    assert ["S-1"] == [row["shipment"] for row in sqlite_desk.rows("shipments --country sg")]


def test_a_replay_writes_nothing(sqlite_desk):
    sqlite_desk.type("quotas --known-at 5")
    sqlite_desk.type("flags --policy diffusion-2025")

    assert {0} == {row["rows"] for row in sqlite_desk.rows("views status")}


def test_what_the_verbs_show_is_what_the_rules_say_in_memory(sqlite_desk):
    opening = sqlite_desk.ledger.opened
    in_memory = raised((opening, *HISTORY), date(2026, 11, 22))

    assert [each.flag.id for each in in_memory] == [
        row["id"] for row in sqlite_desk.rows("flags --valid-on 2026-11-22")
    ]
