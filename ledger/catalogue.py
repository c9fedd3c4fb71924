"""The chips: what is known of each, and which paragraph of ECCN 3A090 that puts it in.

The figures stand in `catalogue.toml` with their sources; the tests of the entry stand in a policy
pack. What is here only compares the two. No amount in a fold rests on it: an event carries the
TPP and ECCN it was declared with. Only red flags look chips up, for goods told in words: who adds
a chip raises `FlagsFold.version`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ledger.errors import Malformed
from ledger.policy import Thresholds, parse_pack, shipped_pack
from ledger.terms import Country, Eccn, ModelId, Tpp, meant

H100_TPP: Final[Tpp] = 15_832
"""TPP of an H100 SXM5: 1,979 dense FP8 TOPS x 8 bits. Source: catalogue.toml, h100-sxm."""

ENTRY_TEXT_PACK: Final = "adv-comp-2023"
"""The shipped pack whose [eccn] section is used when no other tests are given."""


class ChipClass(StrEnum):
    """Where a chip falls in ECCN 3A090."""

    A = "3A090.a"
    A_NAC_ACA = "3A090.a_nac_aca"
    """In 3A090.a, but not for data centers, so License Exceptions NAC and ACA are open to it."""
    B = "3A090.b"
    PD_UNKNOWN = "pd_unknown"
    """The die area decides, and nobody has published it."""
    NOT_3A090 = "not_3A090"

    @property
    def eccn(self) -> Eccn | None:
        """The number to declare; None where 3A090 does not give one.

        What is outside 3A090 has another classification, which only its maker can tell.
        """
        match self:
            case ChipClass.A | ChipClass.A_NAC_ACA:
                return Eccn("3A090.a")
            case ChipClass.B:
                return Eccn("3A090.b")
            case ChipClass.PD_UNKNOWN | ChipClass.NOT_3A090:
                return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class and the words of the entry that lead to it."""

    chip_class: ChipClass
    because: str


class Chip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One chip as its sources describe it.

    tpp                  dense operations x bit length, highest over all precisions
    dense_tops           dense tera-operations a second at `precision`
    die_area_mm2         applicable die area, square millimeters; None: not published
    performance_density  TPP by die area as published, two decimals; `density` is exact
    dram_bandwidth       GB/s over all DRAM; 0 without any, None: not known
    introduced           a day, month, year or span of years, as precise as the source
    published_class      the source table's own class, which ours must equal
    source               keys of the catalogue's [sources], joined by "; "
    """

    id: ModelId
    name: str
    vendor: str
    designer_country: Country
    tpp: Tpp
    precision: str
    bit_length: int
    dense_tops: Decimal
    introduced: str
    data_center: bool
    published_class: ChipClass
    source: str
    confidence: Literal["high", "medium", "low"]
    die_area_mm2: Decimal | None = None
    die_area_is_estimate: bool = False
    performance_density: Decimal | None = None
    dram_bandwidth: int | None = None
    note: str = ""

    @property
    def density(self) -> Decimal | None:
        """TPP per square millimeter, not rounded; None when the die area is not known."""
        return None if self.die_area_mm2 is None else self.tpp / self.die_area_mm2

    @property
    def verdict(self) -> Verdict:
        """Where this chip falls in ECCN 3A090, and why."""
        return verdict(self.tpp, self.density, data_center=self.data_center)

    @property
    def eccn(self) -> Eccn | None:
        """The number to declare, such as 3A090.a; None where 3A090 does not give one."""
        return self.verdict.chip_class.eccn


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    read_on: date
    sources: dict[str, str]
    chip: tuple[Chip, ...]


def catalogue() -> Mapping[ModelId, Chip]:
    """Every chip by its id, in the order of the file."""
    return _catalogue()


def sources() -> Mapping[str, str]:
    """What each key in a chip's `source` stands for."""
    return MappingProxyType(_file().sources)


def chip(model: str) -> Chip:
    """The chip of that id; `Malformed` when the catalogue has none."""
    found = catalogue().get(ModelId(model))
    if found is None:
        near = meant(model.lower(), catalogue(), cutoff=0.4)
        raise Malformed(
            f"no chip {model!r} is in the catalogue",
            remedy=f"{near}?" if near else "name one such as h100-sxm",
            code="CHIP_UNKNOWN",
        )
    return found


def classify(
    tpp: Tpp,
    performance_density: Decimal | None,
    data_center: bool,
    *,
    thresholds: Thresholds | None = None,
) -> ChipClass:
    """The class of a chip in ECCN 3A090; `verdict` also says why.

    >>> classify(15_832, Decimal("19.45"), data_center=True).value
    '3A090.a'
    >>> classify(5_285, Decimal("8.69"), data_center=False).value
    '3A090.a_nac_aca'
    """
    return verdict(
        tpp, performance_density, data_center=data_center, thresholds=thresholds
    ).chip_class


def verdict(
    tpp: Tpp,
    performance_density: Decimal | None,
    *,
    data_center: bool,
    thresholds: Thresholds | None = None,
) -> Verdict:
    """A chip held against the text of ECCN 3A090, paragraph by paragraph.

    performance_density  TPP per square millimeter of applicable die area, None when not known
    data_center          whether it is designed or marketed for data centers (Note 2)
    thresholds           the tests; by default those of the shipped 2023 rule

    >>> verdict(2_368, Decimal("2.91"), data_center=True).because
    'TPP 2,368 is below 2,400 and performance density 2.91 below 3.2 (3A090.b)'
    """
    test = thresholds or _entry_text()
    density = performance_density
    if not data_center:
        if tpp < test.a_tpp:
            return Verdict(
                ChipClass.NOT_3A090,
                f"not for data centers and TPP {tpp:,} is below {test.a_tpp:,} (3A090 Note 2)",
            )
        return Verdict(
            ChipClass.A_NAC_ACA,
            f"TPP {tpp:,} is {test.a_tpp:,} or more (3A090.a), but not for data centers (Note 2)",
        )
    if tpp >= test.a_tpp:
        return Verdict(ChipClass.A, f"TPP {tpp:,} is {test.a_tpp:,} or more (3A090.a)")
    least = min(test.a_dense_tpp, test.b_tpp, test.b_dense_tpp)
    if tpp < least:
        return Verdict(ChipClass.NOT_3A090, f"TPP {tpp:,} is below {least:,} (3A090.a and .b)")
    if density is None:
        return Verdict(
            ChipClass.PD_UNKNOWN,
            f"at TPP {tpp:,} performance density decides, and the die area is not known (3A090)",
        )
    shown = f"performance density {density.quantize(Decimal('0.01'))}"
    if tpp >= test.a_dense_tpp and density >= test.a_dense_density:
        return Verdict(
            ChipClass.A,
            f"TPP {tpp:,} is {test.a_dense_tpp:,} or more and {shown} is {test.a_dense_density} "
            "or more (3A090.a)",
        )
    if tpp >= test.b_tpp and density >= test.b_density:
        return Verdict(
            ChipClass.B,
            f"TPP {tpp:,} is {test.b_tpp:,} or more and {shown} is {test.b_density} or more "
            "(3A090.b)",
        )
    if tpp >= test.b_dense_tpp and density >= test.b_dense_density:
        return Verdict(
            ChipClass.B,
            f"TPP {tpp:,} is {test.b_dense_tpp:,} or more and {shown} is {test.b_dense_density} "
            "or more (3A090.b)",
        )
    if tpp >= test.b_tpp:
        return Verdict(ChipClass.NOT_3A090, f"{shown} is below {test.b_density} (3A090.b)")
    return Verdict(
        ChipClass.NOT_3A090,
        f"TPP {tpp:,} is below {test.b_tpp:,} and {shown} below {test.b_dense_density} (3A090.b)",
    )


def h100_equivalents(tpp: int) -> Decimal:
    """TPP in H100s, to the nearest hundredth. For people to read; never counted with.

    >>> h100_equivalents(790_000_000)
    Decimal('49898.94')
    """
    hundredths = (200 * tpp + H100_TPP) // (2 * H100_TPP)
    return Decimal(hundredths).scaleb(-2)


@cache
def _file() -> _File:
    text = (resources.files("ledger") / "catalogue.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File)


@cache
def _catalogue() -> Mapping[ModelId, Chip]:
    return MappingProxyType({each.id: each for each in _file().chip})


@cache
def _entry_text() -> Thresholds:
    found = parse_pack(shipped_pack(ENTRY_TEXT_PACK)).eccn
    if found is None:
        raise LookupError(f"the pack {ENTRY_TEXT_PACK} that ships with this program has no [eccn]")
    return found
