"""Packs before anybody adopts them: looked over, tried on their own examples, compared."""

from datetime import date
from typing import get_args

import pytest

from ledger.catalogue import catalogue
from ledger.packs import compare, lint, try_examples
from ledger.policy import (
    PolicyTimeline,
    Rules,
    Section,
    parse_pack,
    shipped_pack,
    shipped_packs,
    suppose,
    supposed_packs,
)

NOTHING: dict[str, str] = {}
REAL = [policy for policy in shipped_packs() if not parse_pack(shipped_pack(policy)).scenario]


def said(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.said) for problem in lint(text)]


# --- lint ----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", shipped_packs())
def test_a_shipped_pack_has_nothing_wrong_and_no_section_without_an_example(policy: str) -> None:
    assert () == lint(shipped_pack(policy))


def test_scenarios_are_those_nobody_ever_issued() -> None:
    assert {"anthropic-2025", "draft-2026", "safe-chips"} == {*shipped_packs()} - {*REAL}


def test_every_kind_of_section_is_answered_by_a_shipped_pack() -> None:
    held = {
        section
        for policy in shipped_packs()
        for section in get_args(Section)
        if getattr(parse_pack(shipped_pack(policy)), section) is not None
    }
    assert {*get_args(Section)} == held


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("below_tpp = 21_000", "below_tpp = -5", "below_tpp = -5",
         "review.1.below_tpp: Expected `int` >= 0"),
        ("share_bp = 5_000", 'share_bp = "half"', 'share_bp = "half"',
         "ratio_cap.share_bp: Expected `int`, got `str`"),
        ("enforced_from = 2026-01-15", "enforced_from = 2026-01-14", "enforced_from = 2026-01-14",
         "dates: enforced_from 2026-01-14 comes before codified_from 2026-01-15"),
        ('ratio = "ratio_cap.share_bp"', 'ratio = "ratio_cap.share"',
         'ratio = "ratio_cap.share"', "ratio = 'ratio_cap.share' names no value"),
        ('source = "PART; INS:', 'source = "PRT; INS:', "[ratio_cap]",
         "[ratio_cap] names the source PRT, which [sources] does not hold"),
        ("[ratio_cap]", "[ratio_cup]", "[ratio_cup]",
         "[ratio_cup] is no section of a policy pack"),
        ('over = ["adv-comp-2023"]', 'over = ["adv-comp-2032"]', 'over = ["adv-comp-2032"]',
         "it lies over adv-comp-2032, which does not ship"),
        ('destination = "MO"', 'destination = ["MO"]', "[[examples]]",
         "examples.2: ['MO'] is neither a word, a whole number nor a date"),
    ],
)  # fmt: skip
def test_each_fault_is_said_with_its_line(old: str, new: str, line: str, problem: str) -> None:
    text = shipped_pack("cn-2026")
    assert old in text
    text = text.replace(old, new, 1)
    found = said(text)

    assert problem in [words for _, words in found]
    assert line in text.splitlines()[dict(map(reversed, found))[problem] - 1]  # type: ignore[arg-type]


def test_one_fault_does_not_hide_the_next() -> None:
    text = shipped_pack("cn-2026")
    for old, new in (("21_000", "-1"), ("5_000\n", '"x"\n'), ("codified_from", "codified")):
        text = text.replace(old, new, 1)

    assert 3 <= len(said(text))
    assert sorted(said(text)) == said(text)


def test_a_section_without_an_example_is_incomplete_and_not_wrong() -> None:
    text = shipped_pack("my-sta-2025")
    (problem,) = lint(text[: text.index("[[examples]]")])

    assert (True, "[permit] has no example") == (problem.untried, problem.said)
    assert "[permit]" == text.splitlines()[problem.line - 1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id = ", (1, "not TOML: Invalid value (at end of document)")),
        ('id = "x"\nid = "y"\n', (2, "not TOML: Cannot overwrite a value (at line 2, column 9)")),
        ('id = "x"\n', (0, "dates is missing")),
        ("#" * 30_001, (0, "30,001 bytes; 30,000 fit in one entry")),
    ],
)
def test_a_text_that_is_no_pack_at_all_is_said_to_be_none(
    text: str, problem: tuple[int, str]
) -> None:
    assert problem in said(text)


def test_a_source_that_says_nothing_is_none() -> None:
    text = shipped_pack("my-sta-2025").replace(
        'RL = "rahmatlim.com/perspectives/articles/31040"', 'RL = " "'
    )

    line = text.splitlines().index('RL = " "') + 1
    assert [(line, "sources.RL says nothing")] == said(text)


def test_what_only_shows_in_the_whole_is_said_too() -> None:
    text = shipped_pack("cn-2026").replace('over = ["adv-comp-2023"]\n', "")

    line = text.splitlines().index("[[review]]") + 1
    assert [(line, "[review] needs [items] in the same pack")] == said(text)


# --- examples ------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", shipped_packs())
def test_a_shipped_pack_answers_its_examples_as_their_sources_do(policy: str) -> None:
    tried = try_examples(shipped_pack(policy))

    assert tried
    assert [] == [(each.asked, each.found) for each in tried if not each.passed]


def test_an_example_that_is_answered_otherwise_says_what_was_found() -> None:
    text = shipped_pack("my-sta-2025").replace('answer = "required"', 'answer = "not required"')
    failed = [each for each in try_examples(text) if not each.passed]

    assert ["required"] == [each.found for each in failed]
    assert "permit: country MY, eccn 3A090.a, on 2025-07-14" == failed[0].asked
    assert "[[examples]]" == text.splitlines()[failed[0].line - 1]


def test_a_question_that_cannot_be_asked_is_not_passed() -> None:
    text = shipped_pack("tariff-232-2026").replace('model = "h200-nvl", ', "")
    failed = [each for each in try_examples(text) if not each.passed]

    assert ["this cannot be asked: model is not given"] == [each.found for each in failed]


def test_a_figure_that_a_section_does_not_have_cannot_be_asked() -> None:
    text = shipped_pack("anthropic-2025").replace('figure = "limit_tpp"', 'figure = "limit"')
    failed = [each for each in try_examples(text) if not each.passed]

    assert ["this cannot be asked: [lpp] has no limit"] == [each.found for each in failed]


def test_a_true_answer_of_another_kind_is_another_answer() -> None:
    text = shipped_pack("tariff-232-2026").replace("answer = 2_500", 'answer = "2500"')

    assert 2 == sum(not each.passed for each in try_examples(text))


# --- what the packs answer -----------------------------------------------------------------


def review(rules: Rules, model: str, destination: str, on: date, **asked: object) -> str | None:
    chip = catalogue()[model]  # type: ignore[index]
    row = rules.review(
        chip.eccn or "none", destination=destination, headquarters=(), on=on, tpp=chip.tpp,
        dram_gbps=chip.dram_bandwidth, **asked,  # type: ignore[arg-type]
    )  # fmt: skip
    return row and row.policy


TIMELINE = PolicyTimeline()
for _policy, _day in (
    ("adv-comp-2023", date(2023, 11, 17)),
    ("cn-2026", date(2026, 1, 15)),
):
    TIMELINE = TIMELINE.adopt(_policy, shipped_pack(_policy), _day)


def test_an_h200_to_china_is_weighed_case_by_case_from_15_january_2026() -> None:
    before, after = date(2026, 1, 14), date(2026, 1, 15)

    assert "presumption_of_denial" == review(TIMELINE.rules_on(before), "h200-sxm", "CN", before)
    assert "case_by_case" == review(TIMELINE.rules_on(after), "h200-sxm", "CN", after)


@pytest.mark.parametrize(
    ("tpp", "dram", "policy"),
    [
        (20_999, 6_499, "case_by_case"),
        (21_000, 6_499, "presumption_of_denial"),
        (20_999, 6_500, "presumption_of_denial"),
        (None, 6_499, "presumption_of_denial"),
        (20_999, None, "presumption_of_denial"),
    ],
)
def test_both_lines_of_cn_2026_are_drawn_below_and_what_is_not_known_is_not_below(
    tpp: int | None, dram: int | None, policy: str
) -> None:
    row = suppose("cn-2026", NOTHING).review(
        "3A090.a", destination="CN", headquarters=(), on=date(2026, 2, 1), tpp=tpp, dram_gbps=dram
    )
    assert row is not None
    assert policy == row.policy


def test_the_lines_of_cn_2026_are_parameters() -> None:
    rules = suppose("cn-2026:dram_line=4800", NOTHING)

    assert "presumption_of_denial" == review(rules, "h200-sxm", "CN", date(2026, 2, 1))


def test_a_letter_binds_the_maker_it_was_sent_to() -> None:
    rules = suppose("cn-h20-letter-2025", NOTHING)

    def controlled(model: str, maker: str, dram: int | None, destination: str = "CN") -> bool:
        found = rules.chip_control(
            model, maker=maker, dram_gbps=dram, destination=destination,
            headquarters=(), on=date(2025, 6, 1),
        )  # fmt: skip
        return found is not None

    assert controlled("h20", "NVIDIA", None)
    assert controlled("something-new", "NVIDIA", 4_000)
    assert not controlled("something-new", "NVIDIA", 3_999)
    assert not controlled("something-new", "another maker", 4_000)
    assert not controlled("h20", "NVIDIA", 4_000, destination="MY")


def test_bounds_of_the_duty_bands_are_included() -> None:
    rules, on = suppose("tariff-232-2026", NOTHING), date(2026, 2, 1)

    def rate(tpp: int, dram: int | None) -> int | None:
        band = rules.duty(tpp, dram, on)
        return band and band.rate_bp

    assert [2_500] * 4 == [
        rate(14_000, 4_500), rate(17_500, 5_000), rate(20_800, 5_800), rate(21_100, 6_200)
    ]  # fmt: skip
    assert [None] * 5 == [
        rate(13_999, 4_500), rate(17_501, 4_500), rate(14_000, 4_499), rate(14_000, 5_001),
        rate(14_000, None),
    ]  # fmt: skip


def test_half_of_what_was_sold_at_home_may_go_to_china_and_macau() -> None:
    rules = suppose("cn-2026", NOTHING)

    assert 500 == rules.ratio_room("3A090.a", "HK", 1_001)
    assert None is rules.ratio_room("3A090.a", "AE", 1_001)
    assert None is rules.ratio_room("3A090.b", "CN", 1_001)


def test_malaysias_permit_is_asked_for_where_goods_pass() -> None:
    rules, on = suppose("my-sta-2025", NOTHING), date(2025, 8, 1)

    assert rules.permit("MY", "3A090.b", on) is not None
    assert None is rules.permit("MY", None, on)
    assert None is rules.permit("MY", "3A090.c", on)


def test_the_draft_counts_the_whole_application() -> None:
    rules, on = suppose("draft-2026", NOTHING), date(2026, 3, 1)

    def policy(total: int | None, *, agreement: bool = False) -> str | None:
        return review(rules, "gb300", "AE", on, total_tpp=total, agreement=agreement)

    assert "presumption_of_approval" == policy(60_000_000)
    assert "case_by_case" == policy(60_000_001)
    assert "case_by_case" == policy(None)
    assert "policy_of_denial" == policy(12_000_000_000)
    assert "case_by_case" == policy(12_000_000_000, agreement=True)


def test_anthropics_threshold_is_a_parameter_over_the_diffusion_rule() -> None:
    rules = suppose("anthropic-2025:lpp_limit=0:g2g_from=0", NOTHING)

    assert rules.lpp is not None
    assert 0 == rules.lpp.limit_tpp
    assert "diffusion-2025" == rules.governing("country_allocation")
    assert "policy_of_denial" == review(rules, "h100-sxm", "MY", date(2025, 6, 1), total_tpp=1)
    assert ("diffusion-2025", "anthropic-2025:lpp_limit=0:g2g_from=0") == rules.names


# --- lying over one another ----------------------------------------------------------------


def test_a_pack_brings_along_what_it_lies_over_unless_it_is_named() -> None:
    def names(line: str) -> list[str]:
        return [each.policy for each in supposed_packs(line, NOTHING)]

    assert ["adv-comp-2023", "cn-2026"] == names("cn-2026")
    assert ["adv-comp-2023", "cn-2026", "my-sta-2025"] == names("cn-2026,my-sta-2025")
    assert ["cn-2026", "adv-comp-2023"] == names("cn-2026,adv-comp-2023")


def test_packs_that_lie_over_one_another_end() -> None:
    def pack(name: str, over: str) -> str:
        text = shipped_pack("my-sta-2025").replace('"my-sta-2025"', f'"{name}"', 1)
        return text.replace('over = ["adv-comp-2023"]', f'over = ["{over}"]')

    texts = {"one": pack("one", "two"), "two": pack("two", "one")}

    assert ["two", "one"] == [each.policy for each in supposed_packs("one", texts)]


# --- compared ------------------------------------------------------------------------------


def differences(old: str, new: str) -> list[tuple[str, str, str]]:
    found = compare(supposed_packs(old, NOTHING), supposed_packs(new, NOTHING))
    return [(each.parameter, each.old, each.new) for each in found]


@pytest.mark.parametrize("policy", shipped_packs())
def test_a_pack_differs_in_nothing_from_itself(policy: str) -> None:
    assert [] == differences(policy, policy)


def test_a_changed_value_is_the_only_difference_and_both_sources_are_cited() -> None:
    assert [("lpp.limit_tpp", "26,900,000", "5")] == differences(
        "diffusion-2025", "diffusion-2025:lpp_limit=5"
    )
    (found,) = compare(
        supposed_packs("diffusion-2025", NOTHING),
        supposed_packs("diffusion-2025:lpp_limit=5", NOTHING),
    )
    assert found.old_source == found.new_source
    assert found.old_source.startswith("REG: §740.29(a)")


def test_a_row_put_before_others_is_one_difference() -> None:
    limit, row = differences("diffusion-2025", "anthropic-2025")

    assert ("lpp.limit_tpp", "26,900,000", "13,450,000") == limit
    assert ("review.1", "") == row[:2]
    assert "agreement no; from_total_tpp 13,450,000; policy policy_of_denial" in row[2]


def test_a_section_only_one_has_is_told_whole_and_of_lists_what_came_and_went() -> None:
    found = differences("adv-comp-2023", "diffusion-2025")

    assert ("lpp.limit_tpp", "", "26,900,000") in found
    assert ("eccn.a_tpp", "4,800", "") in found
    assert ("hq_rule.items", "", "with c") in found
    assert ("items.weights", "", "4E091") in found


BARE = """
id = "bare"
title = "nothing but a review"
[sources]
OWN = "made up for a test"
[dates]
source = "OWN"
read_on = 2025-01-01
[items]
a = ["3A090.a"]
source = "OWN"
read_on = 2025-01-01
[[review]]
items = ["a"]
{}
policy = "policy_of_denial"
section = "none"
source = "OWN"
read_on = 2025-01-01
"""


def test_a_review_by_d5_needs_d5_and_one_by_tiers_reads_as_it_always_did() -> None:
    (untried, also) = lint(BARE.format("tiers = [3]"))
    (needs,) = lint(BARE.format('reach = "d5"'))

    assert (True, True, False) == (untried.untried, also.untried, needs.untried)
    assert "[review] needs [d5] in the same pack" in needs.said
