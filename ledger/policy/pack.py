"""What a policy pack holds, section by section, and how its text is read.

Reading is strict: unknown keys, floats, unknown countries and numbers without a source are
refused, so that what is adopted is exactly what somebody meant. No section is required: a
scenario pack may hold nothing but a lower limit.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import Annotated, Any, Final, Literal

import msgspec

from ledger import terms
from ledger.errors import Malformed, Unknown
from ledger.terms import BasisPoints, Country, Eccn, ModelId, PolicyId, Tpp

PACK_BYTES_MAX: Final = 30_000
"""A pack travels whole inside one signed entry, in base64, and entries end at 60,000 bytes."""

Act = Literal["export", "reexport", "transfer"]
"""Out of the US, onward from abroad, within one foreign country."""

ItemGroup = Literal["a", "b", "c", "weights"]
"""3A090.a and what is controlled with it, 3A090.b likewise, high-bandwidth memory, 4E091."""

Reach = Literal["any", "outside_d5", "d5", "tier_1", "tier_1_headquarters"]
"""Where an exception may be used: judged by location, headquarters and ultimate parent."""

Section = Literal[
    "eccn", "items", "territories", "d5", "tiers", "scope", "hq_rule", "chip_control",
    "affiliates", "country_allocation", "lpp", "aia", "acm", "uveu", "nveu", "review", "ratio_cap",
    "duty", "permit", "validity", "tolerance", "checks", "exceptions", "detection",
]  # fmt: skip
"""The parts of a pack; of each, the latest pack in force that has it governs."""

_NEEDS: Final[dict[Section, tuple[Section, ...]]] = {
    "tiers": ("d5", "territories"),
    "scope": ("items", "d5", "territories"),
    "hq_rule": ("items", "d5", "territories"),
    "chip_control": ("d5", "territories"),
    "country_allocation": ("items", "tiers"),
    "review": ("items",),
    "ratio_cap": ("items", "territories"),
    "permit": ("items",),
    "validity": ("items",),
    "exceptions": ("items", "d5", "territories"),
}
"""A section that would be silently empty without another must bring that one along, or lie over
packs that do."""

DECIMAL: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
"""An exact decimal, which stands in quotes: a pack holds no float."""
_QUARTER = re.compile(r"20[0-9]{2}Q[1-4]")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any table of a pack."""


class Sourced(_Table, frozen=True, kw_only=True):
    """A table that says where it was read.

    source      "KEY: place", several joined by "; "; each key stands in the pack's [sources]
    read_on     the day it was read there
    confidence  left out where the source was read itself and is not in doubt
    """

    source: str
    read_on: date
    confidence: Literal["high", "medium", "low"] | None = None
    note: str = ""


class Dates(Sourced, frozen=True, kw_only=True):
    """What happened to the rules in the world. Shown to people; adoption decides what is in force.

    Absent means it never came: a rule can be codified and never enforced.
    """

    codified_from: date | None = None
    codified_to: date | None = None
    compliance_from: date | None = None
    compliance_later_from: date | None = None
    enforced_from: date | None = None
    enforced_to: date | None = None
    non_enforcement_announced: date | None = None
    proposed_on: date | None = None
    withdrawn_on: date | None = None
    codified_checked_on: date | None = None


class Thresholds(Sourced, frozen=True, kw_only=True):
    """The tests of ECCN 3A090, in TPP and in TPP per square millimeter (performance density).

    a  TPP >= a_tpp, or TPP >= a_dense_tpp with density >= a_dense_density
    b  what is not a, with TPP >= b_tpp and density >= b_density, or TPP >= b_dense_tpp and
       density >= b_dense_density
    c  memory bandwidth density, GB/s per square millimeter, above c_bandwidth_density
    """

    a_tpp: Tpp
    a_dense_tpp: Tpp
    a_dense_density: Decimal
    b_tpp: Tpp
    b_density: Decimal
    b_dense_tpp: Tpp
    b_dense_density: Decimal
    c_bandwidth_density: Decimal


class Items(Sourced, frozen=True, kw_only=True):
    """Which classification numbers belong to which group. The longest matching code decides."""

    a: frozenset[Eccn]
    b: frozenset[Eccn] = frozenset()
    c: frozenset[Eccn] = frozenset()
    weights: frozenset[Eccn] = frozenset()

    def __post_init__(self) -> None:
        seen: set[Eccn] = set()
        for code in (*self.a, *self.b, *self.c, *self.weights):
            if terms.eccn(code) in seen:
                raise ValueError(f"{code} is listed in two groups")
            seen.add(code)

    def group(self, eccn: str) -> ItemGroup | None:
        """The group an ECCN falls in; None for an item these rules do not control."""
        code = eccn
        while code:
            for group, codes in self._groups():
                if code in codes:
                    return group
            code = code.rpartition(".")[0]
        return None

    def _groups(self) -> tuple[tuple[ItemGroup, frozenset[Eccn]], ...]:
        return ("a", self.a), ("b", self.b), ("c", self.c), ("weights", self.weights)


class Territories(Sourced, frozen=True, kw_only=True):
    """Dependent territories and the sovereign each is treated as (15 CFR 738.3(b)).

    named     the EAR says so by name
    inferred  it follows from the general rule only
    own_row   has its own row in the Country Groups, so no sovereign's
    """

    named: dict[Country, Country]
    inferred: dict[Country, Country] = {}
    own_row: frozenset[Country] = frozenset()

    def __post_init__(self) -> None:
        twice = (self.named.keys() & self.inferred) | self.own_row & {*self.named, *self.inferred}
        if twice:
            raise ValueError(f"listed twice: {', '.join(sorted(twice))}")

    def sovereign(self, country: Country) -> Country:
        return self.named.get(country) or self.inferred.get(country) or country


class Membership(_Table, frozen=True, kw_only=True):
    """Who was in a group, up to and including `until`; without it, from then on."""

    countries: frozenset[Country]
    until: date | None = None


class GroupD5(Sourced, frozen=True, kw_only=True):
    """Country Group D:5 (US arms embargo) by date, and what the rules name beside it."""

    membership: tuple[Membership, ...]
    also: frozenset[Country] = frozenset()

    def __post_init__(self) -> None:
        ends = [period.until or date.max for period in self.membership]
        if not ends or ends[-1] != date.max or ends != sorted(set(ends)):
            raise ValueError("memberships stand in order of `until`, the last without one")

    def contains(self, country: Country, on: date) -> bool:
        if country in self.also:
            return True
        return next(
            country in period.countries
            for period in self.membership
            if period.until is None or on <= period.until
        )


class Tiers(Sourced, frozen=True, kw_only=True):
    """Tier 1 by name; tier 3 is D:5 and what stands beside it; tier 2 is everybody else.

    assurances  destinations of supplement no. 5(b) to part 740, whose allocation may be raised
    """

    tier_1: frozenset[Country]
    assurances: frozenset[Country] = frozenset()


class ScopeRow(Sourced, frozen=True, kw_only=True):
    """Where a license is required for some items."""

    items: tuple[ItemGroup, ...]
    reach: Literal["worldwide", "listed", "d5"]
    section: str
    destinations: frozenset[Country] = frozenset()
    effective_from: date | None = None

    def __post_init__(self) -> None:
        if (self.reach == "listed") != bool(self.destinations):
            raise ValueError("destinations are given when reach is `listed`, and only then")


class HeadquartersRule(Sourced, frozen=True, kw_only=True):
    """A license wherever the goods go, when the headquarters or ultimate parent is in D:5."""

    items: tuple[ItemGroup, ...]
    effective_from: date
    section: str


class ChipControl(Sourced, frozen=True, kw_only=True):
    """Chips that need a license to D:5 and Macau, and to who is headquartered there, whatever 3A090
    says: named one by one in a letter, or by their memory.

    models          ids in the catalogue
    from_dram_gbps  and every chip with so much DRAM bandwidth
    maker           of the chips, whom a letter binds; empty: everybody
    criteria        what else it names, in words: no record here shows it
    """

    section: str
    effective_from: date
    models: tuple[ModelId, ...] = ()
    from_dram_gbps: int | None = None
    maker: str = ""
    criteria: str = ""

    def __post_init__(self) -> None:
        if not self.models and self.from_dram_gbps is None:
            raise ValueError("a control of chips names models, or a bandwidth from which it holds")


class Affiliates(Sourced, frozen=True, kw_only=True):
    """What listed parties own is treated as listed: their shares added up, along every chain.

    threshold_bp     share of the whole from which that holds
    suspended_from   first day of a suspension; `suspended_until` is its last
    """

    threshold_bp: BasisPoints
    effective_from: date
    section: str
    suspended_from: date | None = None
    suspended_until: date | None = None

    def __post_init__(self) -> None:
        begins, ends = self.suspended_from, self.suspended_until
        if (begins is None) != (ends is None) or (begins and ends and begins > ends):
            raise ValueError("a suspension has a first day and a last one that is not before it")

    def applies(self, on: date) -> bool:
        """Whether the rule was in force on a day."""
        begins, ends = self.suspended_from, self.suspended_until
        suspended = begins is not None and ends is not None and begins <= on <= ends
        return on >= self.effective_from and not suspended


class CountryAllocation(Sourced, frozen=True, kw_only=True):
    """TPP that may be licensed to one country over the whole period."""

    tpp: Tpp
    period_from: date
    period_to: date
    applies_to_tier: Literal[1, 2, 3]
    counts: Literal["licensed"]
    counted_items: tuple[ItemGroup, ...]
    not_counted: frozenset[str]
    max_uplift_bp: BasisPoints
    section: str


class LowProcessingPerformance(Sourced, frozen=True, kw_only=True):
    """License Exception LPP: TPP per ultimate parent and calendar year, across all exporters.

    notice_tpp   a shipment of so much is notified before it leaves
    report_days  the consignee's statement reaches BIS within so many days after shipment
    """

    limit_tpp: Tpp
    notice_tpp: Tpp
    report_days: int
    per: str
    section: str


class AiAuthorization(Sourced, frozen=True, kw_only=True):
    """License Exception AIA: the cumulative TPP at which the certificate goes to BIS."""

    certificate_tpp: Tpp
    section: str


class ComputeManufacturing(Sourced, frozen=True, kw_only=True):
    """License Exception ACM: how often the count per facility is brought up to date."""

    record_months: int
    section: str


class UniversalVeu(Sourced, frozen=True, kw_only=True):
    """Universal validated end user: shares of all the TPP it owns, and its clocks."""

    outside_tier_1_bp: BasisPoints
    single_country_bp: BasisPoints
    outside_us_bp: BasisPoints
    decision_days: int
    new_site_notice_days: int
    move_notice_days: int
    section: str


class QuarterLimit(_Table, frozen=True, kw_only=True):
    """A cumulative limit that holds during one calendar quarter, written 2025Q1."""

    quarter: str
    tpp: Tpp

    def __post_init__(self) -> None:
        if not _QUARTER.fullmatch(self.quarter):
            raise ValueError(f"{self.quarter!r} is not a quarter such as 2025Q1")


class NationalVeu(Sourced, frozen=True, kw_only=True):
    """National validated end user: installed base of one company in one country."""

    quarters: tuple[QuarterLimit, ...]
    section: str


class ReviewRow(Sourced, frozen=True, kw_only=True):
    """How applications are reviewed: the first row whose every condition holds. What is not given
    is no condition.

    tiers               the worst of destination, headquarters and ultimate parent
    reach               d5: one of those three is in D:5 or Macau
    destinations        where the goods go
    kinds               export is out of the United States
    below_tpp           of a single chip; below_dram_gbps is its total DRAM bandwidth
    from_total_tpp      of the whole application; up_to_total_tpp likewise, both included
    agreement           whether it rests on a government-to-government agreement
    allocation          whether the country's allocation is met
    conditions          what an officer must still see; not computed here
    """

    items: tuple[ItemGroup, ...]
    policy: Literal[
        "presumption_of_approval", "case_by_case", "presumption_of_denial", "policy_of_denial"
    ]
    section: str
    tiers: tuple[Literal[1, 2, 3], ...] = ()
    reach: Literal["any", "d5"] = "any"
    destinations: frozenset[Country] = frozenset()
    kinds: tuple[Act, ...] = ()
    below_tpp: Tpp | None = None
    below_dram_gbps: int | None = None
    from_total_tpp: Tpp | None = None
    up_to_total_tpp: Tpp | None = None
    agreement: bool | None = None
    allocation: Literal["within", "met"] | None = None
    conditions: str = ""


class RatioCap(Sourced, frozen=True, kw_only=True):
    """What may go to some countries, as a share of what went to customers at home.

    share_bp  of the TPP of the same product shipped to customers in the United States
    """

    items: tuple[ItemGroup, ...]
    destinations: frozenset[Country]
    share_bp: BasisPoints
    section: str


class DutyBand(Sourced, frozen=True, kw_only=True):
    """An import duty on chips between two speeds and two bandwidths, bounds included."""

    rate_bp: BasisPoints
    from_tpp: Tpp
    to_tpp: Tpp
    from_dram_gbps: int
    to_dram_gbps: int
    effective_from: date
    section: str
    exempt: str

    def covers(self, tpp: Tpp, dram_gbps: int, on: date) -> bool:
        return (
            on >= self.effective_from
            and self.from_tpp <= tpp <= self.to_tpp
            and self.from_dram_gbps <= dram_gbps <= self.to_dram_gbps
        )


class Permit(Sourced, frozen=True, kw_only=True):
    """A country's own permit for what leaves it or passes through, and notice beforehand."""

    country: Country
    items: tuple[ItemGroup, ...]
    notice_days: int
    effective_from: date
    section: str
    codes: tuple[str, ...] = ()


class Validity(Sourced, frozen=True, kw_only=True):
    """How long a license lives when it does not say so itself."""

    years: int
    section: str
    short_years: int | None = None
    short_items: tuple[ItemGroup, ...] = ()


class Tolerance(Sourced, frozen=True, kw_only=True):
    """How far a shipment may go over its license (15 CFR 750.11)."""

    value_bp: BasisPoints
    quantity_bp: BasisPoints
    section: str


class Checks(Sourced, frozen=True, kw_only=True):
    """End-use checks: days from request to Unverified List, and from there to Entity List."""

    unverified_days: int
    entity_list_days: int


class ExceptionRule(Sourced, frozen=True, kw_only=True):
    """A license exception or authorization, and where it may be used.

    data_center_a_excluded  not for items made or marketed for data centers that meet 3A090.a
    transfers_within_d5     transfers (in-country) inside D:5 and Macau are allowed besides
    conditions              what an officer must still see; not computed here
    """

    code: str
    section: str
    items: tuple[ItemGroup, ...]
    kinds: tuple[Act, ...]
    reach: Reach
    conditions: str
    transfers_within_d5: bool = False
    data_center_a_excluded: bool = False
    notice_days: int | None = None


class Pattern(Sourced, frozen=True, kw_only=True):
    """How one pattern of diversion is looked for: nothing in law, so its source says who chose it.

    id          P01 to P31, as docs/red-flags.md lists them
    name        the rule that looks for it, such as tier3-party
    group       what kind of sign it is; weak ones alert only from several groups together
    weight      of a weak sign, added up; 0 for the others
    parameters  its windows and thresholds by name, each with its unit at the end: within_days
    """

    id: Annotated[str, msgspec.Meta(pattern=r"\AP(?:0[1-9]|[12][0-9]|3[01])\Z")]
    name: str
    group: Literal["authorization", "parties", "routes", "cargo", "volume", "verification", "money"]
    weight: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0
    parameters: dict[str, int] = {}


class Detection(Sourced, frozen=True, kw_only=True):
    """When red flags alert, and how each pattern is looked for.

    weak_weight  weak signs alert together from this weight on
    weak_groups  and from this many groups
    window_days  signs of one cluster of parties within so many days are one alert
    """

    weak_weight: int
    weak_groups: int
    window_days: int
    patterns: tuple[Pattern, ...]


class Example(_Table, frozen=True, kw_only=True):
    """A question to a pack and the answer its source gives; `policy test` asks it.

    about   the section that answers
    given   what is asked about, by name; `docs/policy-packs.md` lists the names
    answer  what must come out
    source  where the answer was read
    """

    about: Section
    given: dict[str, Any]
    answer: Any
    source: str

    def __post_init__(self) -> None:
        for value in (*self.given.values(), self.answer):
            if not isinstance(value, str | int | date):
                raise ValueError(f"{value!r} is neither a word, a whole number nor a date")


class Pack(_Table, frozen=True, kw_only=True):
    """One set of rules, as somebody proposed it.

    over        packs these rules are written to lie over; supposing it brings them along
    scenario    can only be supposed and never adopted: nobody ever issued these rules
    parameters  short names for values that are meant to be varied: lpp_limit = "lpp.limit_tpp"
    """

    id: PolicyId
    title: str
    sources: dict[str, str]
    dates: Dates
    over: tuple[PolicyId, ...] = ()
    scenario: bool = False
    parameters: dict[str, str] = {}
    examples: tuple[Example, ...] = ()
    eccn: Thresholds | None = None
    items: Items | None = None
    territories: Territories | None = None
    d5: GroupD5 | None = None
    tiers: Tiers | None = None
    scope: tuple[ScopeRow, ...] | None = None
    hq_rule: HeadquartersRule | None = None
    chip_control: tuple[ChipControl, ...] | None = None
    affiliates: Affiliates | None = None
    country_allocation: CountryAllocation | None = None
    lpp: LowProcessingPerformance | None = None
    aia: AiAuthorization | None = None
    acm: ComputeManufacturing | None = None
    uveu: UniversalVeu | None = None
    nveu: NationalVeu | None = None
    review: tuple[ReviewRow, ...] | None = None
    ratio_cap: RatioCap | None = None
    duty: tuple[DutyBand, ...] | None = None
    permit: Permit | None = None
    validity: Validity | None = None
    tolerance: Tolerance | None = None
    checks: Checks | None = None
    exceptions: tuple[ExceptionRule, ...] | None = None
    detection: Detection | None = None

    def __post_init__(self) -> None:
        terms.identifier(self.id, "policy")
        if self.over:
            return
        by_d5 = any(row.reach == "d5" for row in self.review or ())
        needs = {**_NEEDS, "review": ("items", "d5", "territories")} if by_d5 else _NEEDS
        for section, needed in needs.items():
            for other in needed:
                if getattr(self, section) is not None and getattr(self, other) is None:
                    raise ValueError(f"[{section}] needs [{other}] in the same pack")


@lru_cache(maxsize=64)
def parse_pack(text: str) -> Pack:
    """The pack a TOML text holds.

    Raises `Malformed` for text that is not TOML, unknown keys, floats, unknown countries, more
    than `PACK_BYTES_MAX` bytes, and numbers without a source that [sources] knows.
    """
    size = len(text.encode())
    if size > PACK_BYTES_MAX:
        raise Malformed(
            f"the policy pack has {size:,} bytes, and {PACK_BYTES_MAX:,} fit in one entry",
            remedy="leave out comments, or split the rules into two packs",
            code="PACK_SIZE",
        )
    try:
        tables = tomllib.loads(text, parse_float=_no_float)
        pack = msgspec.convert(tables, Pack)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Malformed(
            f"the policy pack does not read: {str(error)[:300]}",
            remedy="compare it with a pack that ships with this program, such as diffusion-2025",
            code="PACK_FORM",
        ) from error
    for _, problem in unsourced(tables, frozenset(pack.sources)):
        raise Malformed(
            f"policy pack {pack.id}: {problem}",
            remedy='write source = "KEY: place" beside it, and KEY under [sources]',
            code="PACK_UNSOURCED",
        )
    return pack


def digest(text: str) -> str:
    """SHA-256 of a pack's UTF-8 text, in hex: what an adoption commits to.

    >>> digest("")[:16]
    'e3b0c44298fc1c14'
    """
    return sha256(text.encode()).hexdigest()


def shipped_packs() -> tuple[str, ...]:
    """Ids of the packs that come with this program, in alphabetical order."""
    folder = resources.files("ledger") / "policies"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def shipped_pack(policy: str) -> str:
    """The text of a pack that comes with this program. It does nothing until it is adopted."""
    if policy not in shipped_packs():
        raise Unknown(
            f"no policy pack {policy!r} comes with this program",
            remedy=f"name one of {', '.join(shipped_packs())}, or a file",
            code="PACK_UNKNOWN",
        )
    return (resources.files("ledger") / "policies" / f"{policy}.toml").read_text("utf-8")


def source_keys(source: str) -> tuple[str, ...]:
    """The keys a `source` names.

    >>> source_keys("REG: §740.29(a); SEMI")
    ('REG', 'SEMI')
    """
    return tuple(part.split(":")[0].strip() for part in source.split(";") if part.strip())


def unsourced(table: dict[str, Any], keys: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the sources of a pack's tables: the table's name and place, in the order
    they stand.

    Walks whatever is there, so that a section invented tomorrow is held to it too. A list of
    plain rows inside a table shares that table's source.
    """
    todo: list[tuple[str, dict[str, Any], bool]] = [("", table, False)]
    while todo:
        place, each, covered = todo.pop(0)
        name = f"[{_without_numbers(place)}]" if place else "the pack itself"
        source = each.get("source", "")
        unknown = sorted(set(source_keys(source)) - keys)
        if unknown:
            yield place, f"{name} names the source {unknown[0]}, which [sources] does not hold"
        covered = covered or bool(source_keys(source))
        if not covered and any(_holds_number(value) for value in each.values()):
            yield place, f"{name} holds a number and no source"
        for key, value in each.items():
            inner = f"{place}.{key}" if place else key
            if isinstance(value, dict):
                todo.append((inner, value, covered))
            elif isinstance(value, list):
                todo += [
                    (f"{inner}.{number}", row, covered)
                    for number, row in enumerate(value, 1)
                    if isinstance(row, dict)
                ]


def _without_numbers(place: str) -> str:
    """The table a place is in: [review] for its second row."""
    return ".".join(word for word in place.split(".") if not word.isdecimal())


def _holds_number(value: object) -> bool:
    match value:
        case bool():
            return False
        case int():
            return True
        case str():
            return DECIMAL.fullmatch(value) is not None
        case list():
            return any(_holds_number(item) for item in value)
        case _:
            return False


def _no_float(text: str) -> float:
    raise Malformed(
        f"the policy pack holds the floating-point number {text}",
        remedy=f'write whole numbers, basis points, or an exact decimal in quotes: "{text}"',
        code="PACK_FLOAT",
    )
