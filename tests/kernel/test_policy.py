"""Policy packs: how they read, what they answer, and when they are in force."""

import tomllib
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Malformed, Unknown
from ledger.policy import (
    PACK_BYTES_MAX,
    PartyTier,
    PolicyTimeline,
    Rules,
    digest,
    parse_pack,
    shipped_pack,
    shipped_packs,
    source_keys,
)
from ledger.terms import COUNTRIES

DIFFUSION, ADVANCED = "diffusion-2025", "adv-comp-2023"

YEAR_2024, LATE_2025, YEAR_2026 = date(2024, 6, 3), date(2025, 9, 1), date(2026, 6, 1)
KINDS = ("export", "reexport", "transfer")
CODES = (
    "LPP", "AIA", "ACM", "NAC", "ACA", "UVEU", "NVEU", "GOV", "RPL", "TMP", "TSU", "HBM",
)  # fmt: skip


def rules(*policies: str) -> Rules:
    return Rules.of([parse_pack(shipped_pack(policy)) for policy in policies])


BOTH = rules(ADVANCED, DIFFUSION)
OLD = rules(ADVANCED)


def tables(value: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every table of a pack, with its name and whether a table around it has a source."""
    stack: list[tuple[str, Any, bool]] = [(name, value, False)]
    while stack:
        at, each, covered = stack.pop()
        if isinstance(each, list):
            stack += [(at, row, covered) for row in each]
        elif isinstance(each, dict):
            yield at, each, covered
            covered = covered or "source" in each
            stack += [(f"{at}.{key}", inner, covered) for key, inner in each.items()]


def numbers(value: object) -> bool:
    if isinstance(value, list):
        return any(numbers(item) for item in value)
    if isinstance(value, str):
        return value.replace(".", "", 1).isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- the packs as files --------------------------------------------------------------------


@pytest.mark.parametrize("policy", shipped_packs())
def test_every_number_of_a_shipped_pack_has_a_source_that_is_listed(policy: str) -> None:
    pack = tomllib.loads(shipped_pack(policy))
    used = set()
    for name, table, covered in tables(pack):
        keys = source_keys(table["source"]) if "source" in table else ()
        used |= set(keys)
        assert set(keys) <= pack["sources"].keys(), name
        assert keys or covered or not any(map(numbers, table.values())), name
    assert used == pack["sources"].keys()


@pytest.mark.parametrize("policy", shipped_packs())
def test_every_sourced_table_says_when_it_was_read(policy: str) -> None:
    for name, table, _ in tables(tomllib.loads(shipped_pack(policy))):
        assert ("source" in table and name != ".examples") == ("read_on" in table), name


@pytest.mark.parametrize("policy", shipped_packs())
def test_a_shipped_pack_fits_into_one_signed_entry(policy: str) -> None:
    assert len(shipped_pack(policy).encode()) < PACK_BYTES_MAX


@pytest.mark.parametrize("policy", shipped_packs())
def test_a_shipped_pack_is_named_like_its_file(policy: str) -> None:
    assert policy == parse_pack(shipped_pack(policy)).id


def test_the_diffusion_rule_was_codified_and_never_enforced() -> None:
    dates = parse_pack(shipped_pack(DIFFUSION)).dates

    assert date(2025, 1, 13) == dates.codified_from
    assert date(2025, 5, 15) == dates.compliance_from
    assert date(2025, 5, 13) == dates.non_enforcement_announced
    assert date(2026, 7, 23) == dates.codified_checked_on
    assert (None, None, None) == (dates.codified_to, dates.enforced_from, dates.enforced_to)


def test_the_2023_rule_knows_neither_tiers_nor_allocations() -> None:
    pack = parse_pack(shipped_pack(ADVANCED))

    assert (None, None, None) == (pack.tiers, pack.country_allocation, pack.lpp)
    assert date(2023, 11, 17) == pack.dates.enforced_from


def test_the_digest_is_of_the_bytes() -> None:
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" == digest("abc")


def test_a_pack_that_does_not_ship_is_not_found() -> None:
    with pytest.raises(Unknown, match="no policy pack 'diffusion-2026'"):
        shipped_pack("diffusion-2026")


# --- reading is strict ---------------------------------------------------------------------

SMALL = """
id = "scenario-1"
title = "A lower line"
[sources]
OWN = "made up for a test"
[dates]
codified_from = 2025-01-01
source = "OWN: nowhere"
read_on = 2025-01-01
[lpp]
limit_tpp = 1_000
notice_tpp = 100
report_days = 30
per = "ultimate parent and calendar year"
section = "740.29"
source = "OWN: nowhere"
read_on = 2025-01-01
"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("limit_tpp = 1_000", "limit_tpp = 1000.0", "PACK_FLOAT"),
        ("limit_tpp = 1_000", "limit_tpp = nan", "PACK_FLOAT"),
        ("limit_tpp = 1_000", 'limit_tpp = "1000"', "PACK_FORM"),
        ("limit_tpp = 1_000", "limit_tpp = -1", "PACK_FORM"),
        ("limit_tpp = 1_000", "limit_tpp = 1_000\nlimits = 2", "PACK_FORM"),
        ("[lpp]", "[lppp]", "PACK_FORM"),
        ("read_on = 2025-01-01", "", "PACK_FORM"),
        ("[lpp]", "[lpp", "PACK_FORM"),
        ('"scenario-1"', '"../scenario"', "ID_FORM"),
        ('source = "OWN: nowhere"', 'source = "OWNED: nowhere"', "PACK_UNSOURCED"),
        ('source = "OWN: nowhere"', 'source = ""', "PACK_UNSOURCED"),
        ("A lower line", "A lower line" * 3_000, "PACK_SIZE"),
    ],
)
def test_a_pack_that_is_not_exactly_a_pack_is_refused(old: str, new: str, code: str) -> None:
    assert "scenario-1" == parse_pack(SMALL).id
    with pytest.raises(Malformed) as refused:
        parse_pack(SMALL.replace(old, new))
    assert code == refused.value.code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"AU", "BE"', '"AU", "XX"'),
        ('"AU", "BE"', '"au", "BE"'),
        ('HK = "CN"', 'HK = "PRC"'),
        ('HK = "CN"', 'AI = "GB"'),
        ('b = ["3A090.b"', 'b = ["3A090.a", "3A090.b"'),
        ("until = 2025-11-06\n", ""),
        ('quarter = "2025Q1"', 'quarter = "2025-1"'),
        ('also = ["MO"]', 'also = ["MO"]\n[d5.extra]\nx = "y"'),
        ('reach = "listed"', 'reach = "worldwide"'),
    ],
)
def test_a_pack_with_an_impossible_value_is_refused(old: str, new: str) -> None:
    text = shipped_pack(DIFFUSION)
    assert old in text
    with pytest.raises(Malformed) as refused:
        parse_pack(text.replace(old, new))
    assert "PACK_FORM" == refused.value.code


def test_a_pack_with_tiers_must_bring_its_tier_3() -> None:
    text = SMALL + (
        '[tiers]\ntier_1 = ["US"]\nassurances = []\nsource = "OWN: x"\nread_on = 2025-01-01\n'
    )
    with pytest.raises(Malformed, match=r"\[tiers\] needs \[d5\] in the same pack"):
        parse_pack(text)


# --- tiers ---------------------------------------------------------------------------------


def test_on_publication_19_countries_were_in_tier_1_and_24_in_tier_3() -> None:
    on = date(2025, 1, 15)
    own = [code for code in COUNTRIES if BOTH.sovereign(code) == code]

    assert 19 == sum(BOTH.tier(code, on) == 1 for code in own)
    assert 23 + 1 == sum(BOTH.tier(code, on) == 3 for code in own)


def test_every_country_of_the_world_has_a_tier() -> None:
    assert {1, 2, 3} == {BOTH.tier(code, LATE_2025) for code in COUNTRIES}


@pytest.mark.parametrize(
    ("code", "tier"),
    [
        ("TW", 1), ("US", 1), ("AE", 2), ("IL", 2), ("CH", 2), ("CN", 3), ("HK", 3), ("MO", 3),
        ("GL", 1), ("KY", 1), ("PR", 1), ("LI", 2), ("AW", 2), ("CW", 2), ("SX", 2), ("BQ", 1),
    ],
)  # fmt: skip
def test_the_tier_of_a_territory_is_its_sovereigns(code: str, tier: int) -> None:
    assert tier == BOTH.tier(code, LATE_2025)


def test_cambodia_left_tier_3_on_7_november_2025() -> None:
    assert 3 == BOTH.tier("KH", date(2025, 11, 6))
    assert 2 == BOTH.tier("KH", date(2025, 11, 7))
    assert None is BOTH.allocation("KH", date(2025, 11, 6))
    assert 790_000_000 == BOTH.allocation("KH", date(2025, 11, 7))


def test_a_code_that_is_no_country_is_refused_and_never_tier_2() -> None:
    for question in (BOTH.tier, BOTH.allocation, BOTH.in_d5):
        with pytest.raises(Malformed):
            question("XK", LATE_2025)
    with pytest.raises(Malformed):
        OLD.license_required("3A090.a", "UK", (), LATE_2025)


def test_without_tiers_in_force_nobody_has_one() -> None:
    assert None is OLD.tier("CN", LATE_2025)
    assert PartyTier.UNTIERED == OLD.party_tier(
        location="SG", headquarters="CN", parent="CN", on=LATE_2025
    )


@pytest.mark.parametrize(
    ("location", "headquarters", "parent", "standing"),
    [
        ("JP", "US", "US", PartyTier.TIER_1),
        ("JP", "US", "SG", PartyTier.TIER_2),
        ("SG", "US", "US", PartyTier.TIER_2),
        ("SG", "SG", "CN", PartyTier.TIER_3),
        ("JP", None, "US", PartyTier.INDETERMINATE),
        ("SG", "SG", None, PartyTier.INDETERMINATE),
        ("SG", None, "HK", PartyTier.TIER_3),
    ],
)
def test_the_worst_of_location_headquarters_and_parent_governs(
    location: str, headquarters: str | None, parent: str | None, standing: PartyTier
) -> None:
    assert standing == BOTH.party_tier(
        location=location, headquarters=headquarters, parent=parent, on=LATE_2025
    )


def test_an_indeterminate_party_has_no_tier_number() -> None:
    assert [1, 2, 3, None, None] == [standing.tier for standing in PartyTier]


# --- the allocation ------------------------------------------------------------------------


def test_a_tier_2_country_may_be_licensed_790_million_tpp_and_twice_that_at_most() -> None:
    assert 790_000_000 == BOTH.allocation("AE", LATE_2025)
    assert 1_580_000_000 == BOTH.full_uplift("AE", LATE_2025)
    assert 790_000_000 + 5 == BOTH.cap("AE", LATE_2025, 5)
    assert 1_580_000_000 == BOTH.cap("AE", LATE_2025, 2_000_000_000)


@pytest.mark.parametrize("code", ["US", "JP", "CN", "MO", "HK", "KY"])
def test_no_allocation_applies_outside_tier_2(code: str) -> None:
    assert None is BOTH.allocation(code, LATE_2025)
    assert None is BOTH.full_uplift(code, LATE_2025)
    assert None is BOTH.cap(code, LATE_2025, 1)


def test_the_allocation_runs_for_three_calendar_years() -> None:
    days = (date(2024, 12, 31), date(2025, 1, 1), date(2027, 12, 31), date(2028, 1, 1))

    assert [None, 790_000_000, 790_000_000, None] == [BOTH.allocation("AE", on) for on in days]


def test_the_2023_rule_caps_no_country() -> None:
    assert {None} == {OLD.allocation(code, LATE_2025) for code in COUNTRIES}
    assert not OLD.counts("3A090.a")
    assert not OLD.exempt("LPP")


@given(code=st.sampled_from(sorted(COUNTRIES)), uplift=st.integers(0, 2**53 - 1))
def test_a_cap_never_leaves_the_span_from_allocation_to_full_uplift(code: str, uplift: int) -> None:
    base, most = BOTH.allocation(code, LATE_2025), BOTH.full_uplift(code, LATE_2025)
    cap = BOTH.cap(code, LATE_2025, uplift)

    assert (base is None) == (cap is None) == (most is None)
    assert cap is None or base is None or most is None or base <= cap <= most


def test_what_counts_is_the_a_items_and_their_computers() -> None:
    counted = ["3A090.a", "4A090.a", "5A992.z", "3A001.z", "4A004.z.1", "3A090"]
    free = ["3A090.b", "4A090.b", "3A090.c", "4E091", "4A004.z.2", "3A001.a", "EAR99", "3A0900"]

    assert counted == [code for code in counted + free if BOTH.counts(code)]


def test_what_moves_under_lpp_veu_aia_or_acm_is_not_counted() -> None:
    assert ["LPP", "AIA", "ACM", "UVEU", "NVEU"] == [code for code in CODES if BOTH.exempt(code)]


# --- where a license is required -----------------------------------------------------------


@pytest.mark.parametrize(
    ("eccn", "destination", "headquarters", "on", "old", "new"),
    [
        ("3A090.a", "JP", ("JP", "JP"), LATE_2025, False, True),
        ("3A090.a", "SG", ("SG", "SG"), LATE_2025, False, True),
        ("3A090.a", "AE", ("AE", "AE"), LATE_2025, True, True),
        ("3A090.a", "HK", ("HK", "HK"), LATE_2025, True, True),
        ("3A090.a", "KH", ("KH", "KH"), YEAR_2026, True, True),
        ("3A090.a", "PR", ("CN", "CN"), LATE_2025, False, False),
        ("3A090.b", "SG", ("SG", "SG"), LATE_2025, False, False),
        ("3A090.b", "VN", ("VN", "VN"), LATE_2025, True, True),
        ("3A090.b", "SG", ("SG", "CN"), LATE_2025, True, True),
        ("3A090.b", "SG", ("SG", None), LATE_2025, True, True),
        ("3A090.b", "SG", (), LATE_2025, False, False),
        ("3A090.b", "SG", ("SG", "CN"), date(2023, 11, 16), False, False),
        ("3A090.b", "SG", ("SG", "CN"), date(2023, 11, 17), True, True),
        ("3A090.c", "CN", ("CN", "CN"), LATE_2025, True, True),
        ("3A090.c", "CN", ("CN", "CN"), YEAR_2024, False, True),
        ("3A090.c", "AE", ("AE", "AE"), LATE_2025, False, False),
        ("4E091", "JP", ("JP", "JP"), LATE_2025, False, True),
        ("EAR99", "CN", ("CN", "CN"), LATE_2025, False, False),
    ],
)
def test_where_a_license_is_required(
    eccn: str,
    destination: str,
    headquarters: tuple[str | None, ...],
    on: date,
    old: bool,
    new: bool,
) -> None:
    assert old is OLD.license_required(eccn, destination, headquarters, on)[0]
    assert new is BOTH.license_required(eccn, destination, headquarters, on)[0]


def test_the_reason_for_a_license_names_the_section() -> None:
    assert (True, "3A090.a needs a license to AE (§742.6(a)(6))") == OLD.license_required(
        "3A090.a", "AE", ("AE",), LATE_2025
    )
    _, reason = OLD.license_required("3A090.a", "SG", ("SG", "MO"), LATE_2025)
    assert "headquartered in MO" in reason
    assert "§744.23(a)(3)" in reason


def test_before_anything_is_adopted_nothing_needs_a_license() -> None:
    assert not Rules().license_required("3A090.a", "CN", ("CN", "CN"), LATE_2025)[0]


# --- exceptions ----------------------------------------------------------------------------


def available(
    code: str,
    eccn: str = "3A090.a",
    kind: Any = "export",
    destination: str = "SG",
    consignee: tuple[str, str | None, str | None] = ("SG", "SG", "SG"),
    under: Rules = BOTH,
    data_center: bool = True,
) -> bool:
    return under.exception_available(
        code,
        eccn=eccn,
        kind=kind,
        destination=destination,
        consignee_countries=consignee,
        on=LATE_2025,
        data_center=data_center,
    )[0]


def test_lpp_covers_exports_and_reexports_but_no_transfer() -> None:
    assert [True, True, False] == [available("LPP", kind=kind) for kind in KINDS]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("code", ["LPP", "AIA", "ACM", "UVEU", "NVEU"])
def test_no_exception_of_2025_reaches_d5_by_any_of_its_four_doors(code: str, place: int) -> None:
    seats = ["JP", "JP", "JP", "JP"]
    assert available(code, destination=seats[0], consignee=(seats[1], seats[2], seats[3]))
    seats[place] = "MO"
    assert not available(code, destination=seats[0], consignee=(seats[1], seats[2], seats[3]))


@pytest.mark.parametrize("code", ["LPP", "AIA", "ACM", "NAC", "ACA", "UVEU", "NVEU"])
def test_an_unknown_headquarters_satisfies_no_condition(code: str) -> None:
    assert not available(code, destination="JP", consignee=("JP", None, "JP"), data_center=False)


def test_aia_wants_tier_1_by_location_headquarters_and_parent() -> None:
    doors = [
        available("AIA", destination=place, consignee=(location, headquarters, parent))
        for place, location, headquarters, parent in product(("JP", "SG"), repeat=4)
    ]

    assert [True] + [False] * 15 == doors


def test_aia_lets_weights_go_to_tier_1_firms_outside_d5() -> None:
    assert available("AIA", "4E091", destination="SG", consignee=("SG", "US", "US"))
    assert not available("AIA", "4E091", destination="SG", consignee=("SG", "SG", "SG"))
    assert not available("AIA", "4E091", destination="CN", consignee=("CN", "US", "US"))


@pytest.mark.parametrize("under", [OLD, BOTH])
def test_nac_is_for_d5_and_aca_for_elsewhere_and_neither_for_data_center_a_items(
    under: Rules,
) -> None:
    china, chinese_abroad = ("CN", "CN", "CN"), ("SG", "SG", "CN")

    assert available("NAC", destination="CN", consignee=china, under=under, data_center=False)
    assert available("NAC", consignee=chinese_abroad, under=under, data_center=False)
    assert available("NAC", "3A090.b", destination="CN", consignee=china, under=under)
    assert not available("NAC", destination="CN", consignee=china, under=under)
    assert not available("NAC", under=under, data_center=False)
    assert not available("NAC", "3A090.b", "transfer", "CN", china, under=under)

    assert available("ACA", under=under, data_center=False)
    assert available("ACA", "3A090.b", "transfer", "CN", china, under=under)
    assert not available("ACA", under=under)
    assert not available("ACA", "3A090.b", consignee=chinese_abroad, under=under)


def test_under_the_2023_rule_only_the_older_exceptions_exist() -> None:
    here = [code for code in CODES if available(code, under=OLD, data_center=False)]

    assert ["ACA", "GOV", "RPL", "TMP", "TSU"] == here
    assert available("NAC", destination="CN", under=OLD, data_center=False)
    assert (False, "no rules in force on 2025-09-01 provide LPP") == OLD.exception_available(
        "LPP",
        eccn="3A090.a",
        kind="export",
        destination="SG",
        consignee_countries=("SG", "SG", "SG"),
        on=LATE_2025,
    )


def test_an_exception_covers_only_its_items() -> None:
    assert not available("LPP", "3A090.b")
    assert not available("LPP", "EAR99")
    assert not available("HBM", "3A090.a")
    assert available("HBM", "3A090.c")


def test_the_reason_names_the_section_and_what_is_in_the_way() -> None:
    _, reason = BOTH.exception_available(
        "LPP",
        eccn="3A090.a",
        kind="export",
        destination="SG",
        consignee_countries=("SG", "SG", "CN"),
        on=LATE_2025,
    )
    assert "LPP (§740.29) is not available: CN is in D:5 or Macau" == reason


# --- numbers -------------------------------------------------------------------------------


def test_the_lines_of_the_diffusion_rule() -> None:
    assert BOTH.lpp is not None
    assert BOTH.aia is not None
    assert BOTH.uveu is not None
    assert (26_900_000, 3_200_000, 30) == (
        BOTH.lpp.limit_tpp,
        BOTH.lpp.notice_tpp,
        BOTH.lpp.report_days,
    )
    assert 253_000_000 == BOTH.aia.certificate_tpp
    assert (2_500, 700, 5_000) == (
        BOTH.uveu.outside_tier_1_bp,
        BOTH.uveu.single_country_bp,
        BOTH.uveu.outside_us_bp,
    )
    assert 60 == BOTH.check_days() == OLD.check_days()
    assert 1_000 == BOTH.value_tolerance() == OLD.value_tolerance()


@pytest.mark.parametrize(
    ("on", "tpp"),
    [
        (date(2024, 12, 31), None),
        (date(2025, 1, 1), 633_000_000),
        (date(2025, 3, 31), 633_000_000),
        (date(2025, 4, 1), 949_500_000),
        (date(2026, 12, 31), 4_272_750_000),
        (date(2027, 12, 31), 5_064_000_000),
        (date(2028, 1, 1), None),
    ],
)
def test_the_nveu_limit_follows_the_quarter(on: date, tpp: int | None) -> None:
    assert tpp == BOTH.nveu_limit(on)
    assert None is OLD.nveu_limit(on)


def test_the_nveu_limit_never_falls() -> None:
    assert BOTH.nveu is not None
    limits = [each.tpp for each in BOTH.nveu.quarters]
    assert sorted(limits) == limits


@pytest.mark.parametrize(
    ("eccn", "place", "within", "policy"),
    [
        ("3A090.a", "CN", True, "presumption_of_denial"),
        ("3A090.a", "MO", False, "presumption_of_denial"),
        ("3A090.a", "JP", False, "presumption_of_approval"),
        ("3A090.a", "AE", True, "presumption_of_approval"),
        ("3A090.a", "AE", False, "policy_of_denial"),
        ("3A090.b", "HK", True, "presumption_of_denial"),
        ("3A090.b", "AE", False, "presumption_of_approval"),
        ("4E091", "AE", True, "presumption_of_denial"),
        ("4E091", "JP", True, None),
        ("EAR99", "CN", True, None),
    ],
)
def test_how_an_application_is_reviewed(
    eccn: str, place: str, within: bool, policy: str | None
) -> None:
    for destination, seats in ((place, ()), ("JP", (place, None)), ("JP", ("JP", place))):
        row = BOTH.review(
            eccn, destination=destination, headquarters=seats, on=LATE_2025,
            within_allocation=within,
        )  # fmt: skip
        assert policy == (row and row.policy)


def test_before_tiers_only_d5_and_macau_are_presumed_against() -> None:
    def policy(destination: str, parent: str | None = None) -> str | None:
        row = OLD.review("3A090.a", destination=destination, headquarters=(parent,), on=YEAR_2024)
        return row and row.policy

    assert "presumption_of_denial" == policy("CN") == policy("MY", "MO")
    assert None is policy("AE")
    assert None is policy("MY")


@pytest.mark.parametrize(
    ("decided_on", "last_day"),
    [
        (date(2025, 3, 3), date(2026, 3, 3)),
        (date(2025, 3, 7), date(2026, 3, 9)),  # a Saturday
        (date(2025, 3, 8), date(2026, 3, 9)),  # a Sunday
        (date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_a_license_for_a_items_lives_one_year_and_ends_on_no_weekend(
    decided_on: date, last_day: date
) -> None:
    assert last_day == BOTH.expiry("3A090.a", decided_on)


def test_other_licenses_live_four_years() -> None:
    assert date(2029, 3, 5) == BOTH.expiry("3A090.b", date(2025, 3, 3))  # 3 March: a Saturday
    assert 4 == OLD.validity_years("3A090.a") == BOTH.validity_years("3A090.b")
    assert None is Rules().expiry("3A090.a", date(2025, 3, 3))


# --- what is in force ----------------------------------------------------------------------


def test_the_latest_pack_that_has_a_section_governs_it() -> None:
    assert DIFFUSION == BOTH.governing("scope")
    assert ADVANCED == BOTH.governing("eccn")
    assert None is OLD.governing("tiers")
    assert DIFFUSION == rules(DIFFUSION, ADVANCED).governing("lpp")
    assert ADVANCED == rules(DIFFUSION, ADVANCED).governing("scope")
    with pytest.raises(ValueError, match="'caps' is not a section"):
        BOTH.governing("caps")  # type: ignore[arg-type]


def test_a_scenario_pack_may_change_one_number_and_nothing_else() -> None:
    scenario = Rules.of([*BOTH.packs, parse_pack(SMALL)])

    assert scenario.lpp is not None
    assert 1_000 == scenario.lpp.limit_tpp
    assert "scenario-1" == scenario.governing("lpp")
    assert DIFFUSION == scenario.governing("tiers")


TIMELINE = (
    PolicyTimeline()
    .adopt(DIFFUSION, shipped_pack(DIFFUSION), date(2025, 5, 15))
    .adopt(ADVANCED, shipped_pack(ADVANCED), date(2023, 11, 17))
)


def ids(timeline: PolicyTimeline, on: date) -> list[str]:
    return [pack.id for pack in timeline.rules_on(on).packs]


def test_a_pack_counts_from_the_day_it_was_adopted_for_whatever_its_own_dates_say() -> None:
    assert [] == ids(TIMELINE, date(2023, 11, 16))
    assert [ADVANCED] == ids(TIMELINE, date(2025, 5, 14))
    assert [ADVANCED, DIFFUSION] == ids(TIMELINE, date(2025, 5, 15))


def test_a_withdrawn_pack_no_longer_counts_on_the_day_of_its_withdrawal() -> None:
    after = TIMELINE.withdraw(DIFFUSION, date(2025, 9, 1))

    assert [ADVANCED, DIFFUSION] == ids(after, date(2025, 8, 31))
    assert [ADVANCED] == ids(after, date(2025, 9, 1))


def test_a_pack_withdrawn_before_it_took_effect_never_was_in_force() -> None:
    after = TIMELINE.withdraw(DIFFUSION, date(2025, 5, 13))

    assert {(ADVANCED,)} == {
        tuple(ids(after, on)) for on in (date(2025, 5, 14), date(2025, 5, 15), YEAR_2026)
    }


def test_withdrawing_what_was_never_adopted_changes_nothing() -> None:
    assert TIMELINE == TIMELINE.withdraw("cn-2026", date(2026, 1, 1))


def test_a_pack_adopted_again_replaces_its_older_text() -> None:
    lower = SMALL.replace("1_000", "500")
    twice = (
        PolicyTimeline()
        .adopt("scenario-1", SMALL, date(2025, 1, 1))
        .adopt("scenario-1", lower, date(2026, 1, 1))
    )

    assert [1_000] == [p.lpp.limit_tpp for p in twice.rules_on(LATE_2025).packs if p.lpp]
    assert [500] == [p.lpp.limit_tpp for p in twice.rules_on(YEAR_2026).packs if p.lpp]


def test_a_pack_may_come_back_after_its_withdrawal() -> None:
    back = TIMELINE.withdraw(DIFFUSION, date(2025, 9, 1)).adopt(
        DIFFUSION, shipped_pack(DIFFUSION), date(2026, 1, 1)
    )

    assert [ADVANCED] == ids(back, date(2025, 12, 31))
    assert [ADVANCED, DIFFUSION] == ids(back, date(2026, 1, 1))


def test_a_timeline_is_a_value_that_adoption_leaves_alone() -> None:
    before = TIMELINE
    TIMELINE.adopt("scenario-1", SMALL, date(2025, 1, 1))
    TIMELINE.withdraw(ADVANCED, date(2025, 1, 1))

    assert before == TIMELINE
    assert TIMELINE.rules_on(YEAR_2026) is TIMELINE.rules_on(LATE_2025)
