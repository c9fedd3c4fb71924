"""The benchmark runs from end to end and reports what it promises; how fast is not asked here."""

import json

from click.testing import CliRunner

from benchmarks.events import events
from benchmarks.speed import main
from ledger.events import encode

RATIOS = (
    "append", "import", "rebuild", "replay", "verify",
    "peer_append", "peer_import", "peer_rebuild", "peer_replay",
)  # fmt: skip


def test_the_report_has_a_positive_ratio_for_everything_it_measures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["--events", "300", "--format", "json"])
    report = json.loads(result.stdout)

    assert (300, "sqlite") == (report["events"], report["database"])
    assert [] == [name for name in RATIOS if not report[name]["ratio"] > 0]
    assert [] == [name for name in RATIOS if not report[name]["ours_per_second"] > 0]
    assert 0 < report["rebuild"]["ratio_of_types_read"]
    assert 0 < report["rebuild"]["types_read_per_second"]
    assert all(report["growth"][name] > 0 for name in ("append", "quota", "catch_up"))
    assert all(peak > 0 for peak in report["rebuild"]["peak_memory_mb"].values())


def test_the_report_is_made_for_people_and_on_postgresql_too_and_leaves_nothing_behind(
    tmp_path, monkeypatch, postgresql_url
):
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["--events", "100", "--database", postgresql_url])

    assert 0 == result.exit_code
    assert "100 events, postgresql" in result.stdout
    assert [] == list((tmp_path / "build").iterdir())


def test_the_same_events_come_each_time_and_cover_the_same_years_however_many():
    few, many = list(events(500)), list(events(5_000))

    assert list(map(encode, few)) == list(map(encode, events(500)))
    assert (500, 5_000) == (len(few), len(many))
    assert few[0].on == many[0].on
    assert abs((few[-1].on - many[-1].on).days) < 200
