"""Other rules named in a line: packs with values changed, and where in a pack each value stands."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.policy import (
    PACK_BYTES_MAX,
    pack_names,
    parameters,
    shipped_pack,
    shipped_packs,
    suppose,
    supposed_packs,
    where,
)

DIFFUSION, ADVANCED = "diffusion-2025", "adv-comp-2023"
NOTHING: dict[str, str] = {}

ODD = '''
id = "odd" # 5 = a number in a comment
title = "says 7, and \\"8\\""
[sources]
OWN = "page 9"
[dates]
codified_from = 2025-01-01
source = "OWN: 1"
read_on = 2025-01-01
[ checks ]   # a header with a comment
unverified_days = 1_0
entity_list_days=20
source = """OWN: 30 "31" 32"""
read_on = 2025-01-01
[detection]
weak_weight = 3
weak_groups = 2
window_days = 90
patterns = [
  { id = "P01", name = "without-authority", group = "authorization", source = "OWN: a", read_on = 2025-01-01, parameters = { a_days = 1, b_days = 1 } },
  { id = "P02", name = "cap-breach", group = "authorization", weight = 4, source = "OWN: b", read_on = 2025-01-01 },
]
source = "OWN: c"
read_on = 2025-01-01
'''  # noqa: E501


# --- supposing -----------------------------------------------------------------------------


def test_a_line_names_packs_and_what_is_changed_in_each() -> None:
    rules = suppose("adv-comp-2023:tolerance.value_bp=0,diffusion-2025:lpp_limit=5", NOTHING)

    assert [ADVANCED, DIFFUSION] == [pack.id for pack in rules.packs]
    assert rules.lpp is not None
    assert 5 == rules.lpp.limit_tpp
    assert 1_000 == rules.value_tolerance()  # diffusion-2025 lies on top
    assert ("adv-comp-2023:tolerance.value_bp=0", "diffusion-2025:lpp_limit=5") == rules.names


@pytest.mark.parametrize(
    "line",
    [
        "diffusion-2025:lpp.limit_tpp=0:country_allocation.tpp=1580000000,adv-comp-2023",
        "diffusion-2025:lpp.limit_tpp=0,country_allocation.tpp=1580000000,adv-comp-2023",
        " diffusion-2025, lpp.limit_tpp = 0 : country_allocation.tpp=1580000000 ,, adv-comp-2023 ",
    ],
)
def test_a_change_follows_its_pack_after_a_colon_or_a_comma(line: str) -> None:
    rules = suppose(line, NOTHING)

    assert (
        "diffusion-2025:lpp.limit_tpp=0:country_allocation.tpp=1580000000,adv-comp-2023"
        == rules.label
    )
    assert (DIFFUSION, ADVANCED) == pack_names(line)
    assert suppose(rules.label, NOTHING) == rules


def test_a_date_and_a_decimal_keep_their_kind() -> None:
    rules = suppose("adv-comp-2023:hq_rule.effective_from=2024-02-29:eccn.b_density=2.25", NOTHING)

    assert rules.hq_rule is not None
    assert rules.thresholds is not None
    assert date(2024, 2, 29) == rules.hq_rule.effective_from
    assert "2.25" == str(rules.thresholds.b_density)


def test_a_row_is_named_by_what_it_is_called_or_by_its_number() -> None:
    by_name = suppose("diffusion-2025:nveu.quarters.2026Q1.tpp=7", NOTHING)
    by_number = suppose("diffusion-2025:nveu.quarters.5.tpp=7", NOTHING)

    assert 7 == by_name.nveu_limit(date(2026, 2, 1)) == by_number.nveu_limit(date(2026, 2, 1))


def test_the_text_adopted_here_is_what_is_changed() -> None:
    mine = shipped_pack(DIFFUSION).replace("report_days = 30", "report_days = 45")
    rules = suppose("diffusion-2025:lpp_limit=5", {DIFFUSION: mine})

    assert rules.lpp is not None
    assert (5, 45) == (rules.lpp.limit_tpp, rules.lpp.report_days)


def test_rules_nobody_changed_are_called_by_the_ids_of_their_packs() -> None:
    assert ("adv-comp-2023", "diffusion-2025") == suppose(
        "adv-comp-2023,diffusion-2025", NOTHING
    ).names


@pytest.mark.parametrize(
    ("line", "code", "problem", "remedy"),
    [
        (
            "lpp_limit=0", "POLICY_SPEC",
            "'lpp_limit=0' changes a value, and no pack stands before it",
            "--policy PACK:lpp_limit=0",
        ),
        (
            "diffusion-2025:lpp_limit", "POLICY_SPEC",
            "'lpp_limit' behind a colon changes nothing",
            "--policy PACK:NAME=VALUE, and several packs with commas between",
        ),
        (
            "diffusion-2025:lpp_limit=1:lpp.limit_tpp=2", "POLICY_SPEC",
            "policy pack diffusion-2025 is given two values for lpp.limit_tpp", "give it one",
        ),
        (
            "diffusion-2025,diffusion-2025:lpp_limit=1", "POLICY_SPEC",
            "the policy pack diffusion-2025 is named twice",
            "name it once, with all that is changed in it",
        ),
        (
            "adv-comp-2023:checks.days=1", "PARAMETER_UNKNOWN",
            "policy pack adv-comp-2023 has no parameter 'checks.days'",
            "did you mean checks.unverified_days or checks.entity_list_days? chip-ledger policy"
            " show adv-comp-2023 prints the pack: NAME is the table and the key, with a dot"
            " between",
        ),
        (
            "diffusion-2025:lpp_limt=1", "PARAMETER_UNKNOWN",
            "policy pack diffusion-2025 has no parameter 'lpp_limt'",
            "did you mean lpp_limit? chip-ledger policy show diffusion-2025 prints the pack: NAME"
            " is the table and the key, with a dot between",
        ),
        (
            "diffusion-2025:limit_tpp=1", "PARAMETER_UNKNOWN",
            "policy pack diffusion-2025 has no parameter 'limit_tpp'",
            "did you mean lpp.limit_tpp? chip-ledger policy show diffusion-2025 prints the pack:"
            " NAME is the table and the key, with a dot between",
        ),
        (
            "diffusion-2025:zzz=1", "PARAMETER_UNKNOWN",
            "policy pack diffusion-2025 has no parameter 'zzz'",
            "chip-ledger policy show diffusion-2025 prints the pack: NAME is the table and the key,"
            " with a dot between",
        ),
        (
            "diffusion-2025:hq_rule.effective_from=1", "PARAMETER_VALUE",
            "hq_rule.effective_from of policy pack diffusion-2025 is a date, and '1' is none",
            "diffusion-2025:hq_rule.effective_from=2023-11-17, as the pack has it, or another",
        ),
        (
            "diffusion-2025:lpp_limit=-1", "PARAMETER_VALUE",
            "lpp.limit_tpp of policy pack diffusion-2025 is a whole number, and '-1' is none",
            "diffusion-2025:lpp.limit_tpp=26900000, as the pack has it, or another",
        ),
        (
            "adv-comp-2023:eccn.b_density=x", "PARAMETER_VALUE",
            "eccn.b_density of policy pack adv-comp-2023 is a decimal, and 'x' is none",
            "adv-comp-2023:eccn.b_density=1.6, as the pack has it, or another",
        ),
    ],
)  # fmt: skip
def test_a_line_that_does_not_say_what_it_means_is_refused(
    line: str, code: str, problem: str, remedy: str
) -> None:
    with pytest.raises(LedgerError) as refused:
        suppose(line, NOTHING)

    assert (code, problem) == (refused.value.code, refused.value.problem)
    assert remedy == refused.value.remedy


def test_of_a_section_that_is_not_there_no_parameter_is_offered() -> None:
    with pytest.raises(LedgerError) as refused:
        suppose("adv-comp-2023:lpp.limit_tpp=1", NOTHING)

    assert refused.value.remedy.startswith("chip-ledger policy show adv-comp-2023 prints the pack")


@given(st.sampled_from(shipped_packs()), st.data())
def test_a_value_changed_into_itself_changes_nothing(policy: str, data: st.DataObject) -> None:
    known = list(parameters(shipped_pack(policy)).values())
    chosen = data.draw(st.lists(st.sampled_from(known), unique_by=lambda each: each.name))
    line = ":".join((policy, *(f"{each.name}={each.value}" for each in chosen)))

    assert suppose(policy, NOTHING).packs == suppose(line, NOTHING).packs


# --- places --------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", shipped_packs())
def test_every_parameter_of_a_shipped_pack_stands_on_its_line_with_a_source(policy: str) -> None:
    text = shipped_pack(policy)
    for name, parameter in parameters(text).items():
        place = where(text, name)
        assert text.splitlines()[place.line - 1].strip() == place.text
        assert str(parameter.value) in place.text.replace("_", ""), name
        assert place.source, name


def test_a_changed_value_stands_on_the_same_line() -> None:
    (changed,) = supposed_packs("diffusion-2025:nveu.quarters.2026Q1.tpp=7:lpp_limit=0", NOTHING)
    before = shipped_pack(DIFFUSION).splitlines()
    after = changed.text.splitlines()

    assert len(before) == len(after)
    assert len(changed.text.encode()) < PACK_BYTES_MAX
    assert "limit_tpp = 0" == after[where(shipped_pack(DIFFUSION), "lpp_limit").line - 1]
    assert 2 == sum(old != new for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("checks", 10),
        ("checks.unverified_days", 11),
        ("checks.entity_list_days", 12),
        ("detection", 15),
        ("detection.patterns.without-authority.parameters.b_days", 20),
        ("detection.patterns.1", 20),
        ("detection.patterns.cap-breach.weight", 21),
        ("detection.patterns.2.weight", 21),
        ("title", 3),
    ],
)
def test_a_place_is_found_however_the_text_is_laid_out(name: str, line: int) -> None:
    assert line == where(ODD, name).line


def test_the_source_is_that_of_the_nearest_table_that_names_one() -> None:
    assert "OWN: a" == where(ODD, "detection.patterns.1.parameters.a_days").source
    assert 'OWN: 30 "31" 32' == where(ODD, "checks").source
    assert "" == where(ODD, "title").source


def test_only_what_decides_something_is_a_parameter() -> None:
    assert [
        "checks.unverified_days", "checks.entity_list_days", "detection.weak_weight",
        "detection.weak_groups", "detection.window_days",
        "detection.patterns.without-authority.parameters.a_days",
        "detection.patterns.without-authority.parameters.b_days",
        "detection.patterns.cap-breach.weight",
    ] == list(parameters(ODD))  # fmt: skip


def test_what_a_pack_does_not_hold_has_no_place() -> None:
    with pytest.raises(LedgerError, match="the pack has no lpp"):
        where(ODD, "lpp")
