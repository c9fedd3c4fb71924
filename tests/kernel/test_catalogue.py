"""The chips: their figures agree with one another and with the text of the entry."""

import tomllib
from collections import Counter
from decimal import Decimal
from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import terms
from ledger.catalogue import (
    H100_TPP,
    Chip,
    ChipClass,
    catalogue,
    chip,
    classify,
    h100_equivalents,
    sources,
    verdict,
)
from ledger.errors import Malformed
from ledger.policy import parse_pack, shipped_pack, source_keys

CHIPS = list(catalogue().values())
each_chip = pytest.mark.parametrize("each", CHIPS, ids=[each.id for each in CHIPS])


def test_the_catalogue_holds_69_chips_under_69_ids() -> None:
    assert 69 == len(catalogue())
    text = (resources.files("ledger") / "catalogue.toml").read_text("utf-8")
    assert 69 == text.count("[[chip]]")


@each_chip
def test_the_computed_class_is_the_published_one(each: Chip) -> None:
    assert each.published_class == each.verdict.chip_class


def test_how_many_chips_fall_where() -> None:
    assert {
        ChipClass.A: 45,
        ChipClass.B: 5,
        ChipClass.A_NAC_ACA: 3,
        ChipClass.PD_UNKNOWN: 7,
        ChipClass.NOT_3A090: 9,
    } == Counter(each.verdict.chip_class for each in CHIPS)


@each_chip
def test_tpp_is_dense_operations_times_bit_length(each: Chip) -> None:
    assert each.tpp == round(each.dense_tops * each.bit_length)


@each_chip
def test_the_published_density_is_the_exact_one_rounded(each: Chip) -> None:
    assert each.performance_density == (None if each.density is None else round(each.density, 2))


@each_chip
def test_every_chip_has_an_id_that_an_event_can_carry_and_known_sources(each: Chip) -> None:
    assert each.id == terms.identifier(each.id, "chip")
    assert set(source_keys(each.source))
    assert set(source_keys(each.source)) <= sources().keys()


def test_no_source_is_listed_in_vain() -> None:
    assert sources().keys() == {key for each in CHIPS for key in source_keys(each.source)}


def test_the_file_holds_no_floating_point_number() -> None:
    def refuse(text: str) -> float:
        raise AssertionError(text)

    text = (resources.files("ledger") / "catalogue.toml").read_text("utf-8")
    assert 69 == len(tomllib.loads(text, parse_float=refuse)["chip"])


@pytest.mark.parametrize(
    ("model", "chip_class", "because"),
    [
        # Published as 3.20, exactly 3.196: under b's second test, and in b by the first.
        (
            "a30",
            ChipClass.B,
            "TPP 2,640 is 2,400 or more and performance density 3.20 is 1.6 or more (3A090.b)",
        ),
        # Five TPP short of b's first test, and in b by the second.
        (
            "a40",
            ChipClass.B,
            "TPP 2,395 is 1,600 or more and performance density 3.81 is 3.2 or more (3A090.b)",
        ),
        (
            "a10",
            ChipClass.NOT_3A090,
            "TPP 2,000 is below 2,400 and performance density 3.18 below 3.2 (3A090.b)",
        ),
        (
            "h20",
            ChipClass.NOT_3A090,
            "TPP 2,368 is below 2,400 and performance density 2.91 below 3.2 (3A090.b)",
        ),
        (
            "l20",
            ChipClass.NOT_3A090,
            "TPP 1,912 is below 2,400 and performance density 3.14 below 3.2 (3A090.b)",
        ),
        ("l2", ChipClass.NOT_3A090, "TPP 1,544 is below 1,600 (3A090.a and .b)"),
        (
            "l4",
            ChipClass.A,
            "TPP 1,936 is 1,600 or more and performance density 6.57 is 5.92 or more (3A090.a)",
        ),
        ("mi308x", ChipClass.NOT_3A090, "performance density 1.26 is below 1.6 (3A090.b)"),
        (
            "rtx4090d",
            ChipClass.NOT_3A090,
            "not for data centers and TPP 4,704 is below 4,800 (3A090 Note 2)",
        ),
        (
            "rtx4090",
            ChipClass.A_NAC_ACA,
            "TPP 5,285 is 4,800 or more (3A090.a), but not for data centers (Note 2)",
        ),
    ],
)
def test_the_chips_near_a_line(model: str, chip_class: ChipClass, because: str) -> None:
    assert chip_class == chip(model).verdict.chip_class
    assert because == chip(model).verdict.because


@pytest.mark.parametrize(
    ("tpp", "density", "chip_class"),
    [
        (4_800, None, ChipClass.A),
        (4_799, "5.92", ChipClass.A),
        (4_799, "5.919", ChipClass.B),
        (4_799, "1.6", ChipClass.B),
        (4_799, "1.599", ChipClass.NOT_3A090),
        (2_400, "1.6", ChipClass.B),
        (2_399, "1.6", ChipClass.NOT_3A090),
        (2_399, "3.2", ChipClass.B),
        (1_600, "3.2", ChipClass.B),
        (1_600, "3.199", ChipClass.NOT_3A090),
        (1_600, "5.92", ChipClass.A),
        (1_599, "99", ChipClass.NOT_3A090),
        (1_599, None, ChipClass.NOT_3A090),
        (1_600, None, ChipClass.PD_UNKNOWN),
        (4_799, None, ChipClass.PD_UNKNOWN),
    ],
)
def test_each_line_of_the_entry_belongs_to_the_class_above_it(
    tpp: int, density: str | None, chip_class: ChipClass
) -> None:
    exact = None if density is None else Decimal(density)
    assert chip_class == classify(tpp, exact, data_center=True)


@given(
    tpp=st.integers(0, 10_000),
    density=st.decimals(0, 50, places=3, allow_nan=False),
    data_center=st.booleans(),
)
def test_what_is_not_known_is_only_ever_between_the_lines(
    tpp: int, density: Decimal, data_center: bool
) -> None:
    without = classify(tpp, None, data_center)

    if without is not ChipClass.PD_UNKNOWN:
        assert without == classify(tpp, density, data_center)


def test_other_tests_give_other_classes() -> None:
    shipped = parse_pack(shipped_pack("adv-comp-2023")).eccn
    assert shipped is not None
    lower = msgspec.structs.replace(shipped, a_tpp=2_000)

    assert ChipClass.A == classify(2_368, Decimal("2.91"), True, thresholds=lower)
    assert "2,000 or more" in verdict(2_368, None, data_center=True, thresholds=lower).because


def test_only_3a090_classes_give_a_number_to_declare() -> None:
    numbers = {each: each.eccn for each in ChipClass}

    assert {"3A090.a", "3A090.b"} == {terms.eccn(code) for code in numbers.values() if code}
    assert None is numbers[ChipClass.NOT_3A090]
    assert None is numbers[ChipClass.PD_UNKNOWN]
    assert "3A090.a" == chip("rtx4090").eccn


def test_a_chip_nobody_knows_is_refused_with_its_nearest_names() -> None:
    with pytest.raises(Malformed) as refused:
        chip("H100-SMX")
    assert "CHIP_UNKNOWN" == refused.value.code
    assert "no chip 'H100-SMX' is in the catalogue" == refused.value.problem
    assert "h100-sxm" in refused.value.remedy


def test_a_chip_like_no_other_is_refused_with_an_example() -> None:
    with pytest.raises(Malformed) as refused:
        chip("§§§")
    assert "name one such as h100-sxm" == refused.value.remedy


def test_the_measure_of_all_things_is_the_h100_of_the_catalogue() -> None:
    assert H100_TPP == chip("h100-sxm").tpp
    assert Decimal("1.00") == h100_equivalents(H100_TPP)


@pytest.mark.parametrize(
    ("tpp", "chips"),
    [
        (26_900_000, "1699.09"),
        (3_200_000, "202.12"),
        (253_000_000, "15980.29"),
        (1_580_000_000, "99797.88"),
        (0, "0.00"),
        (-15_832, "-1.00"),
    ],
)
def test_tpp_in_h100s(tpp: int, chips: str) -> None:
    assert Decimal(chips) == h100_equivalents(tpp)
