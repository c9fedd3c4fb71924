"""Sites that nobody can choose and anybody can draw again."""

import re
import subprocess
import sys
from collections import Counter
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Malformed
from projections.inspection import chance_bp, draw, needed, population

PAPER = Path(__file__).parents[2] / "docs" / "inspection-draw.md"
ROOT = bytes(range(32))


def drawn(sites, sample, randomness="round 1"):
    return draw(
        population(sites), origin="ledger.example.gov/chips", size=1_204, root=ROOT,
        randomness=randomness, sample=sample,
    )  # fmt: skip


def test_the_program_in_the_paper_draws_the_same_sites(tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", PAPER.read_text(encoding="utf-8"), re.DOTALL)
    sites = [f"sité-{number}" for number in range(57)]
    listed = tmp_path / "sites.txt"
    listed.write_text("\n".join([*reversed(sites), " sité-3 ", ""]), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", program, listed, "ledger.example.gov/chips", "1204", ROOT.hex(),
         "round 1", "20"],
        capture_output=True, text=True, check=True, encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip

    assert list(drawn(sites, 20).sites) == ran.stdout.splitlines()
    assert 15 >= len(program.strip().splitlines())


@given(st.sets(st.text("abc", min_size=1), min_size=1), st.text(), st.data())
def test_a_draw_is_of_the_list_each_once_and_does_not_depend_on_its_order(sites, value, data):
    sample = data.draw(st.integers(1, len(sites)))
    order = data.draw(st.permutations(sorted(sites)))
    one = drawn(sites, sample, value)

    assert one == drawn(order, sample, value)
    assert sample == len(set(one.sites))
    assert set(one.sites) <= sites


def test_every_site_is_as_likely_as_another():
    often = Counter(drawn("abcde", 1, str(value)).sites[0] for value in range(5_000))

    assert {"a", "b", "c", "d", "e"} == set(often)
    assert all(900 < times < 1_100 for times in often.values())


def test_another_number_or_another_list_is_another_draw():
    sites = [str(number) for number in range(100)]

    assert drawn(sites, 10).sites != drawn(sites, 10, "round 2").sites
    assert drawn(sites, 10).seed != drawn([*sites, "100"], 10).seed


@pytest.mark.parametrize("sample", [0, 4])
def test_no_more_are_drawn_than_there_are_and_at_least_one(sample):
    with pytest.raises(Malformed, match=f"{sample} sites cannot be drawn from a list of 3"):
        drawn("abc", sample)


@given(st.integers(1, 60), st.data())
def test_the_chance_is_counted_over_every_possible_sample(sites, data):
    diverted = data.draw(st.integers(0, sites))
    sample = data.draw(st.integers(1, sites))
    missing_all = comb(sites - diverted, sample)

    assert chance_bp(sites, diverted, sample) == 10_000 - -(
        -missing_all * 10_000 // comb(sites, sample)
    )


def test_the_sample_that_is_planned_for_is_the_smallest_that_is_enough():
    assert 45 == needed(2_000, 100)
    assert chance_bp(2_000, 100, 45) >= 9_000 > chance_bp(2_000, 100, 44)
