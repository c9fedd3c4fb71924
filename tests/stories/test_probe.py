"""An enforcement team asks what a pack would let through, and replays what was found."""

import json

from ledger.policy import shipped_pack


def test_a_way_around_the_cap_is_found_written_and_replayed(small_office, tmp_path):
    folder = tmp_path / "ways"
    screen = small_office.types(
        "policy", "probe", "diffusion-2025", "--to", "MY", "--orders", "2", "--seconds", "40",
        "--out", str(folder), "--format", "json",
    )  # fmt: skip
    found = {row["gambit"]: row for row in json.loads(screen.out)}
    way = found["affiliates"]

    assert {"affiliates", "year-end", "reissued", "past-the-cap"} == found.keys()
    assert (True, True, 2 * 1_699 * 15_832) == (way["found"], way["simulated"], way["moved_tpp"])
    assert all(each.endswith("1,699 LPP") for each in way["orders"])
    assert not found["past-the-cap"]["found"] or found["past-the-cap"]["moved_tpp"] > 790_000_000

    before = small_office.size()
    for officer in ("licensing_officer", "trade_recorder"):
        small_office.types("import", way["file"], by=officer)
    rows = (folder / "affiliates.jsonl").read_text().splitlines()
    assert before + len(rows) == small_office.size()
    looked = ("--policy", "diffusion-2025", "--valid-on", "2026-01-01", "--format", "json")
    assert [] == json.loads(small_office.types("alerts", *looked).out)
    (country,) = json.loads(small_office.types("quotas", "--country", "MY", *looked).out)
    assert way["moved_tpp"] == country["exempt_tpp"]


def test_what_cannot_be_probed_is_said(small_office, tmp_path):
    uncapped = small_office.types("policy", "probe", "adv-comp-2023")
    tier_1 = small_office.types("policy", "probe", "diffusion-2025", "--to", "JP")
    consumer = small_office.types("policy", "probe", "diffusion-2025", "--chip", "h20")

    (tmp_path / "mine.toml").write_text(shipped_pack("adv-comp-2023"))
    file = small_office.types("policy", "probe", str(tmp_path / "mine.toml"))

    assert [2, 2, 2, 2] == [each.code for each in (uncapped, tier_1, consumer, file)]
    assert "mine.toml caps no country, so there is no cap to get around" in file.err
    assert "adv-comp-2023 caps no country, so there is no cap to get around" in uncapped.err
    assert "diffusion-2025 does not cap JP" in tier_1.err
    assert "diffusion-2025 does not count h20 against a cap" in consumer.err
