"""A pack from draft to drawer: looked over, tried, compared, not adopted, shown by day."""

import json
from pathlib import Path
from textwrap import dedent

from ledger.policy import shipped_pack, shipped_packs

ADOPTED = (("adv-comp-2023", "2023-11-17"), ("cn-2026", "2026-01-15"))


def test_a_pack_of_ones_own_is_looked_over_tried_and_supposed(office, tmp_path):
    mine = tmp_path / "mine.toml"
    text = shipped_pack("anthropic-2025").replace('"anthropic-2025"', '"mine"', 1)
    mine.write_text(text.replace("limit_tpp = 13_450_000", "limit_tpp = 0"), encoding="utf-8")

    clean = office.types("policy", "lint", str(mine))
    failed = office.types("policy", "test", str(mine))
    supposed = office.types("quotas", "--policy", f"{mine}:g2g_from=5")
    refused = office.types(
        "policy", "adopt", "mine", "--file", str(mine), "--effective-on", "2026-01-01",
        by="policy_officer",
    )  # fmt: skip

    assert (0, "") == (clean.code, clean.out)
    assert 3 == failed.code
    assert "NOT 13450000: lpp: figure limit_tpp: 0 (OURS: one half of 26,900,000)" in failed.out
    assert "4 examples, 1 answered otherwise than they say" in failed.err
    assert 0 == supposed.code
    assert f"SIMULATED under {mine}:g2g_from=5" in supposed.out
    assert (5, True) == (refused.code, "[POLICY_SCENARIO]" in refused.err)


def test_the_pack_on_the_page_is_one(office, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "policy-packs.md").read_text(encoding="utf-8")
    written = page.partition("## Writing one\n\n")[2].partition("\n\nA section is whole")[0]
    mine = tmp_path / "mine.toml"
    mine.write_text(dedent(written), encoding="utf-8")

    assert 0 == office.types("policy", "lint", str(mine)).code
    assert 0 == office.types("policy", "test", str(mine)).code
    assert dedent(written) == office.types("policy", "show", str(mine)).out
    supposed = office.types("quotas", "--policy", f"{mine}:lpp_limit=0")
    assert f"SIMULATED under {mine}:lpp_limit=0" in supposed.out


def test_what_is_wrong_is_said_line_by_line(office, tmp_path):
    wrong, untried = tmp_path / "wrong.toml", tmp_path / "untried.toml"
    text = shipped_pack("my-sta-2025")
    wrong.write_text(text.replace("notice_days = 30", "notice_days = 3.5"), encoding="utf-8")
    untried.write_text(text[: text.index("[[examples]]")], encoding="utf-8")

    two, three = (office.types("policy", "lint", str(path)) for path in (wrong, untried))

    assert 2 == two.code
    assert f"{wrong}:25: permit.notice_days: Expected `int`, got `float`\n" in two.out
    assert (3, "0 wrong, 1 without an example\n") == (three.code, three.err)
    assert "[permit] has no example" in three.out


def test_every_shipped_pack_passes_its_own_tests(office):
    for policy in shipped_packs():
        passed = office.types("policy", "test", policy)
        assert (0, True) == (passed.code, passed.out.startswith(f"{policy}:")), policy


def test_two_packs_are_compared_as_a_table_and_as_json(office):
    table = office.types("policy", "diff", "diffusion-2025", "diffusion-2025:lpp_limit=5")
    rows = json.loads(
        office.types(
            "policy", "diff", "adv-comp-2023", "adv-comp-2023,cn-2026", "--format", "json"
        ).out
    )

    assert table.out.startswith("[lpp]\n  lpp.limit_tpp: 26,900,000 -> 5\n    - REG: §740.29(a)")
    shares = [row["new"] for row in rows if row["parameter"] == "ratio_cap.share_bp"]
    assert ("review.1", ["5,000"]) == (rows[0]["parameter"], shares)
    assert "policy case_by_case" in rows[0]["new"]


def test_what_was_in_force_on_a_day_is_shown_with_what_became_of_it(office):
    for policy, day in ADOPTED:
        office.types("policy", "adopt", policy, "--effective-on", day, by="policy_officer")

    before = office.types("policy", "show", "--on", "2026-01-14")
    after = office.types("policy", "show", "--on", "2026-01-15")
    nothing = office.types("policy", "show", "--on", "2020-01-01")
    text = office.types("policy", "show", "cn-2026", "--on", "2026-01-15")
    missing = office.types("policy", "show", "cn-2026", "--on", "2026-01-14")
    unsaid = office.types("policy", "show")

    assert "cn-2026" not in before.out
    assert "cn-2026  in force here from 2026-01-15\n" in after.out
    assert (
        "  in the world: codified from 2026-01-15, compliance 2026-01-15, enforced from 2026-01-15"
    ) in after.out
    assert "no policy pack is in force in this ledger on 2020-01-01\n" == nothing.out
    assert shipped_pack("cn-2026") == text.out
    assert 3 == missing.code
    assert (
        "error: policy cn-2026 is not in force in this ledger on 2026-01-14 [POLICY_UNKNOWN]"
        in (missing.err)
    )
    assert "hint: chip-ledger policy show --on 2026-01-14 says which are" in missing.err
    assert 2 == unsaid.code
    assert "error: neither a policy pack nor a day is named [PACK_UNKNOWN]" in unsaid.err


def test_a_withdrawn_pack_shows_its_last_day(office):
    office.types(
        "policy", "adopt", "diffusion-2025", "--effective-on", "2025-01-13", by="policy_officer"
    )
    office.types(
        "policy", "withdraw", "diffusion-2025", "--on", "2025-05-13", "--reason", "announced",
        by="policy_officer",
    )  # fmt: skip
    shown = office.types("policy", "show", "--on", "2025-02-01")

    assert "diffusion-2025  in force here from 2025-01-13 until 2025-05-12\n" in shown.out
    assert "compliance 2025-05-15, enforced never\n" in shown.out


def test_rules_are_shown_as_they_were_known_before_a_withdrawal_was_told(office):
    office.types(
        "policy", "adopt", "diffusion-2025", "--effective-on", "2025-01-13", by="policy_officer"
    )
    then = office.types("policy", "list").out.split()[1]
    office.types(
        "policy", "withdraw", "diffusion-2025", "--on", "2025-05-13", "--reason", "announced",
        by="policy_officer",
    )  # fmt: skip
    asked = ("policy", "show", "--on", "2025-06-01")

    assert "no policy pack is in force in this ledger on 2025-06-01\n" == office.types(*asked).out
    known = office.types(*asked, "--known-at", then)
    assert "diffusion-2025  in force here from 2025-01-13\n" in known.out
    assert "diffusion-2025" in office.types("policy", "show", "--known-at", then).out
    assert "diffusion-2025 withdrawn" in office.types("policy", "list").out
    listed = office.types("policy", "list", "--known-at", then).out
    assert "diffusion-2025 in force" in listed
    assert "diffusion-2025 withdrawn" not in listed
    assert 3 == office.types("policy", "list", "--known-at", "999").code
