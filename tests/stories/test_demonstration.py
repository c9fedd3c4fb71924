"""The demonstration: what is in its data, and what it looks like once built."""

import importlib.util
import json
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from commands.demo import ADMINISTRATORS, LOG_KEY, ORIGIN, Built, build
from commands.demo.record import SAID_BY, Line, cases, lines, record
from commands.facts import parse
from commands.handler import Desk
from ledger import keyfile
from ledger.audit import audit
from ledger.errors import LedgerError
from ledger.events import EVENTS, AgreementConcluded, LicenseApproved
from ledger.fold import States, replay
from ledger.log import Ledger, Slice
from ledger.policy import PolicyTimeline, Rules, after, parse_pack, shipped_pack
from ledger.quota import QuotaFold, accounts
from ledger.roles import ROLES

HOUSE = Path(__file__).parents[2]
PUBLIC = HOUSE.parent / "shared" / "cases" / "public.json"

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DECIDED = date(2025, 11, 19)
DIFFUSION = Rules.of([parse_pack(shipped_pack("diffusion-2025"))])
PASSPHRASE = b"not a secret at all"
MADE_BY_CASES = ("trade_recorder", "enforcement_analyst", "check_officer")


def built(url: str, folder: Path) -> Built:
    return build(url, folder / "keys", now=NOW, passphrase=PASSPHRASE, rounds=1)


@pytest.fixture
def demonstration(database_url: str, tmp_path: Path) -> Iterator[Ledger]:
    built(database_url, tmp_path)
    ledger = Ledger.open(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def at_home(sqlite_url: str, tmp_path: Path) -> Iterator[Ledger]:
    built(sqlite_url, tmp_path)
    ledger = Ledger.open(sqlite_url)
    yield ledger
    ledger.close()


def quotas(ledger: Ledger) -> States:
    return replay(QuotaFold(), ledger.entries(Slice(types=tuple(EVENTS))))


def in_force(ledger: Ledger, on: date) -> Rules:
    timeline = PolicyTimeline()
    for entry in ledger.entries(Slice(types=("policy.adopted.v1", "policy.withdrawn.v1"))):
        timeline = after(timeline, entry.event)
    return timeline.rules_on(on)


def public() -> dict[str, Any]:
    if not PUBLIC.is_file():
        pytest.skip("the collection of cases is not beside this repository: ../shared/cases")
    found: dict[str, Any] = json.loads(PUBLIC.read_text(encoding="utf-8"))
    return found


def case_of(line: Line) -> str | None:
    """The case that tells a line; None for the rest of the public record."""
    if line.role not in MADE_BY_CASES:
        return None
    subject = line.name.split()[1]
    return subject.split("-")[0].upper()


# ── built ───────────────────────────────────────────────────────────────────────────────────────


def test_the_demonstration_verifies(demonstration):
    report = audit(demonstration.store)

    assert "VALID" == report.verdict
    assert () == report.findings
    assert ORIGIN == demonstration.origin


def test_it_holds_its_opening_its_officers_and_every_line(sqlite_url, tmp_path):
    made = built(sqlite_url, tmp_path)

    assert 1 + 2 * len(SAID_BY) + made.lines == made.entries
    assert len(list(lines())) == made.lines
    assert (24, 94) == (made.cases, made.events)
    assert made.events == made.events_said + sum(made.events_unsaid.values())


def test_the_deciders_remark_only_on_checks_nobody_reported_to_have_requested(sqlite_url, tmp_path):
    remarked = [warning.split(":")[0] for warning in built(sqlite_url, tmp_path).warnings]

    assert [
        "check.perform c10-e7 2024-09-01",
        "check.perform c10-e12 2025-12-01",
        "check.rate n07-e2 2023-08-21",
    ] == remarked


def test_progress_is_told_up_to_the_last_line(sqlite_url, tmp_path):
    told: list[tuple[int, int]] = []
    build(
        sqlite_url,
        tmp_path / "keys",
        now=NOW,
        passphrase=PASSPHRASE,
        rounds=1,
        on_progress=lambda done, total: told.append((done, total)),
    )

    assert sorted(told) == told
    assert (len(list(lines())),) * 2 == told[-1]


def test_an_officer_goes_on_with_the_key_that_was_made(at_home, tmp_path):
    passphrase = (tmp_path / "keys" / "passphrase").read_bytes().strip()
    signer = keyfile.load(tmp_path / "keys" / "trade-recorder", passphrase)
    tenant = parse(
        "party.tenant", {"party": "g42", "tenant": "humain", "declared_on": "2026-01-02"}
    )

    outcome = Desk(at_home, signer, clock=lambda: NOW).execute(tenant)

    assert 1 == len(outcome.numbers)


def test_there_is_a_key_for_every_role_and_only_its_owner_reads_it(sqlite_url, tmp_path):
    keys = built(sqlite_url, tmp_path).keys
    named = [*ADMINISTRATORS, *(role.replace("_", "-") for role in SAID_BY.values()), LOG_KEY]
    private = [keys / name for name in (*named, "passphrase")]

    assert {"key_administrator", *SAID_BY.values()} == set(ROLES)
    assert {*private, *(keys / f"{name}.pub" for name in named)} == set(keys.iterdir())
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in private}
    assert 0o700 == stat.S_IMODE(keys.stat().st_mode)


def test_keys_are_made_anew_for_every_demonstration(tmp_path):
    first, second = (
        build(
            f"sqlite:///{tmp_path / name}.db", tmp_path / name, now=NOW, passphrase=b"x", rounds=1
        )
        for name in ("first", "second")
    )
    held = {path.read_bytes() for made in (first, second) for path in made.keys.glob("*.pub")}

    assert 2 * len(list(first.keys.glob("*.pub"))) == len(held)


def test_a_ledger_that_is_there_is_left_alone_and_no_keys_are_left_behind(sqlite_url, tmp_path):
    made = built(sqlite_url, tmp_path)

    with pytest.raises(LedgerError):
        build(sqlite_url, tmp_path / "others", now=NOW, passphrase=PASSPHRASE, rounds=1)

    assert not (tmp_path / "others").exists()
    ledger = Ledger.open(sqlite_url)
    assert made.entries == ledger.size()
    ledger.close()


def test_a_folder_of_keys_that_is_there_is_left_alone(sqlite_url, tmp_path):
    (tmp_path / "keys").mkdir()

    with pytest.raises(LedgerError) as refused:
        built(sqlite_url, tmp_path)

    assert "KEYS_FOLDER_EXISTS" == refused.value.code
    assert f"{tmp_path / 'keys'} is already there, and a key is never written over" == (
        refused.value.problem
    )
    assert not (tmp_path / "ledger.db").exists()


# ── the public record ───────────────────────────────────────────────────────────────────────────


def test_the_approval_for_the_uae_is_2_66_times_the_allocation_and_1_33_with_a_full_uplift(
    demonstration,
):
    uae = accounts(quotas(demonstration), DIFFUSION, DECIDED)["AE"]
    full = DIFFUSION.cap("AE", DECIDED, 10**15)

    assert 35_000 * 60_000 == 2_100_000_000 == uae.used
    assert 790_000_000 == uae.cap
    assert 1_580_000_000 == full
    assert "2.66" == f"{uae.used / uae.cap:.2f}"
    assert "1.33" == f"{uae.used / full:.2f}"


def test_under_the_rules_enforced_that_day_no_country_has_a_cap(demonstration):
    rules = in_force(demonstration, DECIDED)
    held = accounts(quotas(demonstration), rules, DECIDED)

    assert ("adv-comp-2023",) == tuple(pack.id for pack in rules.packs)
    assert rules.country_allocation is None
    assert {None} == {account.cap for account in held.values()}
    assert 2_100_000_000 == held["AE"].reserved == held["SA"].reserved


def test_the_diffusion_rule_was_adopted_here_and_never_in_force(at_home):
    days = [date(2025, 1, 15), date(2025, 5, 14), date(2025, 5, 15), date(2026, 11, 22)]

    assert [("adv-comp-2023",)] * 4 == [
        tuple(pack.id for pack in in_force(at_home, day).packs) for day in days
    ]


def test_no_agreement_raises_an_allocation_nobody_listed(at_home):
    told = [entry.event for entry in at_home.entries(Slice(types=("agreement.concluded.v1",)))]
    in_force_since = at_home.entries(Slice(types=("agreement.in_force.v1",)))

    assert [("AE", 0), ("SA", 0)] == [
        (event.country, event.uplift_tpp) for event in told if isinstance(event, AgreementConcluded)
    ]
    assert [] == in_force_since


def test_what_is_not_public_of_the_approvals_is_said(at_home):
    for entry in at_home.entries(Slice(types=(LicenseApproved.wire,))):
        approved = entry.event
        assert isinstance(approved, LicenseApproved)
        assert date(2029, 11, 19) == approved.expires_on
        assert {"security_and_reporting", "expiry_not_public"} == {
            each.condition for each in approved.conditions
        }


# ── the data ────────────────────────────────────────────────────────────────────────────────────


def test_a_line_is_said_by_one_office_and_named_once():
    named = Counter(line.name for line in lines())

    assert {} == {name: count for name, count in named.items() if count > 1}


def test_every_line_carries_its_sources_and_the_tables_know_them():
    known = {row.line: row.sources for row in record().line}
    by_case = {case.id: case.sources for case in cases().case}

    for line in lines():
        sources = by_case.get(case_of(line) or "") or known[line.name]
        text = json.dumps(line.said, ensure_ascii=False)
        assert sources, line.name
        assert [] == [source for source in sources if source not in text], line.name


def test_the_tables_of_sources_name_no_line_that_is_not_there():
    named = {line.name for line in lines()}
    said = {event.said for case in cases().case for event in case.event if event.said}

    assert set() == ({row.line for row in record().line} | said) - named


def test_what_else_could_not_be_said_has_a_reason_and_a_source():
    assert [] == [row.what for row in record().unsaid if not row.why or not row.sources]


def test_an_event_is_unsaid_for_a_reason_on_the_list():
    given = {event.unsaid for case in cases().case for event in case.event if event.unsaid}

    assert set(cases().reasons) == given


def test_an_allegation_is_called_one_wherever_it_is_told():
    alleged = {case.id: case.alleged for case in cases().case}
    labels = {"charged", "reported", "listed", "investigated_unresolved"}

    assert labels == {case.label for case in cases().case if case.alleged}
    for line in lines():
        case = case_of(line)
        if case is not None:
            text = json.dumps(line.said, ensure_ascii=False)
            assert alleged[case] == (f"Case {case}, alleged: " in text), line.name
            assert f"Case {case}, " in text, line.name


# ── against the collection ──────────────────────────────────────────────────────────────────────


def test_every_case_of_the_collection_is_here_with_its_label_and_sources():
    theirs = {
        case["case_id"]: (case["label"], tuple(case["sources"]), len(case["parties"]))
        for case in public()["cases"]
    }

    assert 24 == len(theirs)
    assert theirs == {case.id: (case.label, case.sources, case.parties) for case in cases().case}


def test_said_and_unsaid_are_all_that_was_declared_or_observed_and_nothing_else():
    theirs = [
        (case["case_id"], event["event_id"], event["layer"], event["date"])
        for case in public()["cases"]
        for event in case["events"]
        if event["layer"] in ("declared", "observed")
    ]
    ours = [
        (case.id, event.id, event.layer, event.on and f"{event.on}")
        for case in cases().case
        for event in case.event
    ]

    assert theirs == ours


def test_nothing_of_what_came_out_in_the_end_is_said():
    known = {
        (case["case_id"].lower(), event["event_id"]): event["layer"]
        for case in public()["cases"]
        for event in case["events"]
    }
    told = {
        tuple(subject.split("-"))
        for line in lines()
        if case_of(line)
        for subject in [line.name.split()[1]]
        if subject.split("-")[1].startswith("e") and subject.split("-")[1][1:].isdigit()
    }

    assert told
    assert {"declared", "observed"} >= {known[event] for event in told}


def test_every_party_of_every_case_is_registered_as_the_collection_has_it():
    theirs = {
        f"{case['case_id']}-{party['party_id']}".lower(): (
            party["country"],
            party["hq_country"],
            bool(party.get("placeholder")),
            party.get("hq_country_basis") == "defaulted_to_country",
        )
        for case in public()["cases"]
        for party in case["parties"]
    }
    ours = {
        line.said["party"]: (
            line.said["country"],
            line.said["headquarters"],
            "Placeholder: the source does not name this party." in line.said["note"],
            "Headquarters not in the source" in line.said["note"],
        )
        for line in lines()
        if case_of(line) and line.said["command"] == "party.register"
    }

    assert theirs == ours


def test_what_was_filled_in_for_a_shipment_or_a_payment_is_said():
    filled = {
        (case["case_id"], event["event_id"])
        for case in public()["cases"]
        for number, event in enumerate(case["events"])
        if any(each["path"].startswith(f"events[{number}].") for each in case["assumed"])
    }
    texts = {line.name: json.dumps(line.said, ensure_ascii=False) for line in lines()}

    unmarked = [
        event.said
        for case in cases().case
        for event in case.event
        if (case.id, event.id) in filled
        and event.said
        and "filled in" not in texts[event.said].lower()
    ]

    assert [] == unmarked


# ── the page ────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_the_demonstration_says_what_the_data_say():
    page = HOUSE / "docs" / "demonstration.md"
    written = page.read_text(encoding="utf-8")

    assert generator().page(written) == written, "type: make docs"


def generator() -> ModuleType:
    place = HOUSE / "docs" / "make_demonstration.py"
    spec = importlib.util.spec_from_file_location("make_demonstration", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
