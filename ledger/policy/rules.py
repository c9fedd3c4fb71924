"""What is in force on a day: packs laid over one another, and the questions they answer.

For each section the latest pack that has it governs. Every answer is computed from the packs
and the date asked for; a country or headquarters that is not known is never guessed.
"""

import calendar
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final, TypeVar, get_args

from ledger import terms
from ledger.policy.pack import (
    Act,
    Affiliates,
    AiAuthorization,
    Checks,
    ChipControl,
    ComputeManufacturing,
    CountryAllocation,
    Detection,
    DutyBand,
    ExceptionRule,
    GroupD5,
    HeadquartersRule,
    ItemGroup,
    Items,
    LowProcessingPerformance,
    NationalVeu,
    Pack,
    Permit,
    RatioCap,
    ReviewRow,
    ScopeRow,
    Section,
    Territories,
    Thresholds,
    Tiers,
    Tolerance,
    UniversalVeu,
    Validity,
)
from ledger.terms import WHOLE_BP, BasisPoints, Country, PolicyId, Tpp

S = TypeVar("S")

_US: Final[Country] = "US"


class PartyTier(StrEnum):
    """Where a party stands by location, headquarters and ultimate parent together."""

    TIER_1 = "tier 1"
    TIER_2 = "tier 2"
    TIER_3 = "tier 3"
    INDETERMINATE = "indeterminate"
    """A headquarters is not known, and what is known does not settle it."""
    UNTIERED = "untiered"
    """The rules in force know no tiers."""

    @property
    def tier(self) -> int | None:
        """1, 2 or 3; None where there is none."""
        return {"tier 1": 1, "tier 2": 2, "tier 3": 3}.get(self.value)


@dataclass(frozen=True)
class Rules:
    """The packs in force on some day, earliest first.

    An empty `Rules` is the ledger before anything was adopted: no tiers, no caps, no licenses.
    """

    packs: tuple[Pack, ...] = ()
    labels: tuple[str, ...] = ()
    """As each pack is called where its values were changed for a question; see `supposing`."""

    @classmethod
    def of(cls, packs: Sequence[Pack]) -> "Rules":
        """Packs in the order they took effect: later ones lie over earlier ones."""
        return cls(tuple(packs))

    @property
    def names(self) -> tuple[str, ...]:
        """What the packs are called, earliest first: their ids, with what was changed in each."""
        return self.labels or tuple(str(pack.id) for pack in self.packs)

    @property
    def label(self) -> str:
        """The packs in a line, as it would be typed to suppose them."""
        return ",".join(self.names)

    def governing(self, section: Section) -> PolicyId | None:
        """The pack that answers questions about a section; None when no pack has it."""
        if section not in get_args(Section):
            raise ValueError(f"{section!r} is not a section of a policy pack")
        return next(
            (pack.id for pack in reversed(self.packs) if getattr(pack, section) is not None), None
        )

    # --- sections ----------------------------------------------------------------------------

    @cached_property
    def thresholds(self) -> Thresholds | None:
        return self._latest(lambda pack: pack.eccn)

    @cached_property
    def items(self) -> Items | None:
        return self._latest(lambda pack: pack.items)

    @cached_property
    def territories(self) -> Territories | None:
        return self._latest(lambda pack: pack.territories)

    @cached_property
    def d5(self) -> GroupD5 | None:
        return self._latest(lambda pack: pack.d5)

    @cached_property
    def tiers(self) -> Tiers | None:
        return self._latest(lambda pack: pack.tiers)

    @cached_property
    def scope(self) -> tuple[ScopeRow, ...]:
        return self._latest(lambda pack: pack.scope) or ()

    @cached_property
    def hq_rule(self) -> HeadquartersRule | None:
        return self._latest(lambda pack: pack.hq_rule)

    @cached_property
    def chip_controls(self) -> tuple[ChipControl, ...]:
        return self._latest(lambda pack: pack.chip_control) or ()

    @cached_property
    def affiliates(self) -> Affiliates | None:
        return self._latest(lambda pack: pack.affiliates)

    @cached_property
    def ratio_cap(self) -> RatioCap | None:
        return self._latest(lambda pack: pack.ratio_cap)

    @cached_property
    def duties(self) -> tuple[DutyBand, ...]:
        return self._latest(lambda pack: pack.duty) or ()

    @cached_property
    def permit_rule(self) -> Permit | None:
        return self._latest(lambda pack: pack.permit)

    @cached_property
    def country_allocation(self) -> CountryAllocation | None:
        return self._latest(lambda pack: pack.country_allocation)

    @cached_property
    def lpp(self) -> LowProcessingPerformance | None:
        return self._latest(lambda pack: pack.lpp)

    @cached_property
    def aia(self) -> AiAuthorization | None:
        return self._latest(lambda pack: pack.aia)

    @cached_property
    def acm(self) -> ComputeManufacturing | None:
        return self._latest(lambda pack: pack.acm)

    @cached_property
    def uveu(self) -> UniversalVeu | None:
        return self._latest(lambda pack: pack.uveu)

    @cached_property
    def nveu(self) -> NationalVeu | None:
        return self._latest(lambda pack: pack.nveu)

    @cached_property
    def reviews(self) -> tuple[ReviewRow, ...]:
        return self._latest(lambda pack: pack.review) or ()

    @cached_property
    def validity(self) -> Validity | None:
        return self._latest(lambda pack: pack.validity)

    @cached_property
    def tolerance(self) -> Tolerance | None:
        return self._latest(lambda pack: pack.tolerance)

    @cached_property
    def checks(self) -> Checks | None:
        return self._latest(lambda pack: pack.checks)

    @cached_property
    def exceptions(self) -> tuple[ExceptionRule, ...]:
        return self._latest(lambda pack: pack.exceptions) or ()

    @cached_property
    def detection(self) -> Detection | None:
        return self._latest(lambda pack: pack.detection)

    def _latest(self, section: Callable[[Pack], S | None]) -> S | None:
        for pack in reversed(self.packs):
            found = section(pack)
            if found is not None:
                return found
        return None

    # --- places ------------------------------------------------------------------------------

    def sovereign(self, country: str) -> Country:
        """The country whose tier and allocation a territory uses (15 CFR 738.3(b))."""
        found = self._sovereigns.get(country)
        if found is None:
            code = terms.country(country)
            found = self.territories.sovereign(code) if self.territories else code
            self._sovereigns[country] = found
        return found

    @cached_property
    def _sovereigns(self) -> dict[str, Country]:
        """Those that were asked for: most questions ask for several."""
        return {}

    def members(self, sovereign: Country) -> list[Country]:
        """A sovereign and the territories that use its tier and allocation, in order."""
        territories = self.territories
        if territories is None:
            return [sovereign]
        some = {sovereign, *territories.named, *territories.inferred}
        return sorted(one for one in some if territories.sovereign(one) == sovereign)

    def in_d5(self, country: str, on: date) -> bool:
        """Whether a country is in Country Group D:5, or is Macau, on that day."""
        code = self.sovereign(country)
        return self.d5 is not None and self.d5.contains(code, on)

    def tier(self, country: str, on: date) -> int | None:
        """1, 2 or 3; None when the rules in force know no tiers."""
        code = self.sovereign(country)
        if self.tiers is None:
            return None
        if self.in_d5(code, on):
            return 3
        return 1 if code in self.tiers.tier_1 else 2

    def worst_tier(self, places: Iterable[str | None], on: date) -> int | None:
        """The highest tier among some places, those that are not known left out; None without any.

        It governs: a headquarters in tier 3 makes tier 3 of a party in tier 1.
        """
        tiers = [self.tier(place, on) for place in places if place is not None]
        return max((tier for tier in tiers if tier is not None), default=None)

    def standing(self, places: Iterable[str | None], on: date) -> str:
        """The same in words, for who is reviewed under rules with tiers or without."""
        worst = self.worst_tier(places, on)
        return "in D:5 or Macau" if worst is None else f"tier {worst}"

    def party_tier(
        self, *, location: str, headquarters: str | None, parent: str | None, on: date
    ) -> PartyTier:
        """The worst of location, headquarters and the ultimate parent's headquarters.

        None is a headquarters nobody has recorded; a firm that is its own ultimate parent is
        asked for with its own headquarters twice. Tier 3 anywhere settles it, unknown or not.
        """
        seats = (location, headquarters, parent)
        tiers = [self.tier(seat, on) for seat in seats if seat is not None]
        if self.tiers is None:
            return PartyTier.UNTIERED
        worst = max(tier or 0 for tier in tiers)
        if worst < 3 and None in seats:
            return PartyTier.INDETERMINATE
        return (PartyTier.TIER_1, PartyTier.TIER_2, PartyTier.TIER_3)[worst - 1]

    # --- the country allocation --------------------------------------------------------------

    def allocation(self, country: str, on: date) -> Tpp | None:
        """TPP that may be licensed to a country, without any uplift; None where there is no cap.

        A territory shares its sovereign's allocation: ask for `sovereign` to add up.
        """
        tier = self.tier(country, on)
        rule = self.country_allocation
        if rule is None or not rule.period_from <= on <= rule.period_to:
            return None
        return rule.tpp if tier == rule.applies_to_tier else None

    def full_uplift(self, country: str, on: date) -> Tpp | None:
        """The most a cap can become through a government-to-government agreement."""
        base, rule = self.allocation(country, on), self.country_allocation
        if base is None or rule is None:
            return None
        return base + base * rule.max_uplift_bp // WHOLE_BP

    def cap(self, country: str, on: date, uplift_tpp: Tpp = 0) -> Tpp | None:
        """The allocation with an agreed uplift, which never counts beyond the full one."""
        base, most = self.allocation(country, on), self.full_uplift(country, on)
        if base is None or most is None:
            return None
        return min(base + uplift_tpp, most)

    def counts(self, eccn: str) -> bool:
        """Whether licensed items of this classification count toward the allocation."""
        rule = self.country_allocation
        return rule is not None and self.item_group(eccn) in rule.counted_items

    def exempt(self, authority_code: str) -> bool:
        """Whether what moves under this authority stays outside the allocation."""
        rule = self.country_allocation
        return rule is not None and authority_code in rule.not_counted

    # --- licenses and exceptions -------------------------------------------------------------

    def item_group(self, eccn: str) -> ItemGroup | None:
        """The group of controlled items an ECCN falls in; None when it falls in none."""
        return self.items.group(eccn) if self.items else None

    def license_required(
        self, eccn: str, destination: str, hq_countries: Sequence[str | None], on: date
    ) -> tuple[bool, str]:
        """Whether goods need a license to go there, and why in words with the section.

        hq_countries  of the consignee and its ultimate parent. None among them is a headquarters
                      nobody has recorded, and then a license is required: it cannot be ruled
                      out. Leave unknown ones away to be told what the known facts say.
        """
        place, group = self.sovereign(destination), self.item_group(eccn)
        headquarters = [seat if seat is None else terms.country(seat) for seat in hq_countries]
        if group is None:
            return False, f"{eccn} is not controlled by the rules in force on {on}"
        if place == _US:
            return False, f"{destination} is in the United States: nothing leaves it"
        for row in self.scope:
            if group not in row.items or (row.effective_from and on < row.effective_from):
                continue
            if row.reach == "worldwide":
                return True, f"{eccn} needs a license to any destination (§{row.section})"
            if row.reach == "listed" and place in row.destinations:
                return True, f"{eccn} needs a license to {destination} (§{row.section})"
            if row.reach == "d5" and self.in_d5(place, on):
                return True, f"{eccn} needs a license to D:5 and Macau (§{row.section})"
        rule = self.hq_rule
        if rule is not None and group in rule.items and on >= rule.effective_from:
            for seat in headquarters:
                if seat is not None and self.in_d5(seat, on):
                    return True, (
                        f"the consignee or its ultimate parent is headquartered in {seat}, in D:5 "
                        f"or Macau: {eccn} needs a license wherever it goes (§{rule.section})"
                    )
            if None in headquarters:
                return True, (
                    f"a headquarters is not known; were it in D:5 or Macau, {eccn} would need a "
                    f"license wherever it goes (§{rule.section})"
                )
        return False, f"{eccn} needs no license to {destination} under the rules of {on}"

    def exception_available(
        self,
        code: str,
        *,
        eccn: str,
        kind: Act,
        destination: str,
        consignee_countries: tuple[str, str | None, str | None],
        on: date,
        data_center: bool = True,
    ) -> tuple[bool, str]:
        """Whether a license exception may be relied on, and the reason an officer can give.

        consignee_countries  location, headquarters, ultimate parent's headquarters; None is a
                             headquarters nobody has recorded, which satisfies no condition
        data_center          whether the items are designed or marketed for data centers

        Conditions that no record here can show (statements, notices, listings) are named in
        the reason and left to the officer. Quantities are not looked at.
        """
        group = self.item_group(eccn)
        rules = [rule for rule in self.exceptions if rule.code == code]
        if not rules:
            return False, f"no rules in force on {on} provide {code}"
        rule = next((rule for rule in rules if group in rule.items), None)
        if rule is None:
            return False, f"{code} (§{rules[0].section}) does not cover {eccn}"
        name = f"{code} (§{rule.section})"
        if rule.data_center_a_excluded and group == "a" and data_center:
            return False, f"{name} does not cover {eccn} made or marketed for data centers"
        if kind not in rule.kinds:
            deed = "transfers (in-country)" if kind == "transfer" else f"{kind}s"
            return False, f"{name} does not cover {deed}"
        obstacle = self._obstacle(rule, kind, destination, consignee_countries, on)
        if obstacle:
            return False, f"{name} is not available: {obstacle}"
        return True, f"{name} is available, given: {rule.conditions}"

    def _obstacle(
        self,
        rule: ExceptionRule,
        kind: Act,
        destination: str,
        consignee: tuple[str, str | None, str | None],
        on: date,
    ) -> str:
        """What stands between these places and an exception; empty when nothing does."""
        places = (destination, *consignee)
        known = [place for place in places if place is not None]
        in_d5 = next((place for place in known if self.in_d5(place, on)), None)
        unknown = "the consignee's headquarters is not known" if None in places else ""
        beyond = next((place for place in known if self.tier(place, on) != 1), None)
        outside_d5 = f"{in_d5} is in D:5 or Macau" if in_d5 else unknown
        match rule.reach:
            case "any":
                return ""
            case "d5":
                if in_d5:
                    return ""
                return unknown or f"neither {destination} nor a headquarters is in D:5 or Macau"
            case "tier_1":
                return f"{beyond} is not in tier 1" if beyond else unknown
            case "tier_1_headquarters":
                seats = [seat for seat in consignee[1:] if seat is not None]
                if outside_d5 or any(self.tier(seat, on) == 1 for seat in seats):
                    return outside_d5
                return "neither the headquarters nor the ultimate parent's is in tier 1"
            case "outside_d5":
                if rule.transfers_within_d5 and kind == "transfer":
                    return "" if self.in_d5(destination, on) else outside_d5
                return outside_d5

    # --- numbers by date and item ------------------------------------------------------------

    def nveu_limit(self, on: date) -> Tpp | None:
        """Installed base one NVEU may reach in one country in that quarter; None outside them."""
        if self.nveu is None:
            return None
        name = terms.quarter_of(on)
        return next((each.tpp for each in self.nveu.quarters if each.quarter == name), None)

    def review(
        self,
        eccn: str,
        *,
        destination: str,
        headquarters: Sequence[str | None],
        on: date,
        kind: Act = "export",
        tpp: Tpp | None = None,
        dram_gbps: int | None = None,
        total_tpp: Tpp | None = None,
        agreement: bool = False,
        within_allocation: bool = True,
    ) -> ReviewRow | None:
        """How an application is reviewed: the row that says so; None when no row does.

        headquarters       of the party and its ultimate parent; None is one nobody has recorded,
                           and decides nothing
        tpp, dram_gbps     of a single chip; what is not known satisfies no condition
        total_tpp          of the whole application
        agreement          whether it rests on a government-to-government agreement
        within_allocation  whether the country's allocation, uplift included, still has room
        """
        places = {destination, *(seat for seat in headquarters if seat is not None)}
        worst = self.worst_tier(places, on)
        in_d5 = any(self.in_d5(place, on) for place in places)
        group, state = self.item_group(eccn), "within" if within_allocation else "met"
        return next(
            (
                row
                for row in self.reviews
                if group in row.items
                and (not row.tiers or worst in row.tiers)
                and (row.reach == "any" or in_d5)
                and (not row.destinations or self.sovereign(destination) in row.destinations)
                and (not row.kinds or kind in row.kinds)
                and _below(tpp, row.below_tpp)
                and _below(dram_gbps, row.below_dram_gbps)
                and _from(total_tpp, row.from_total_tpp)
                and _up_to(total_tpp, row.up_to_total_tpp)
                and row.agreement in (None, agreement)
                and row.allocation in (None, state)
            ),
            None,
        )

    def chip_control(
        self,
        model: str,
        *,
        maker: str,
        dram_gbps: int | None,
        destination: str,
        headquarters: Sequence[str | None],
        on: date,
    ) -> ChipControl | None:
        """What controls a chip by its name or its memory on its way to D:5, Macau or somebody
        headquartered there; None where nothing does.
        """
        seats = [seat for seat in (destination, *headquarters) if seat is not None]
        if not any(self.in_d5(seat, on) for seat in seats):
            return None
        return self.chip_named(model, maker=maker, dram_gbps=dram_gbps, on=on)

    def chip_named(
        self, model: str, *, maker: str, dram_gbps: int | None, on: date
    ) -> ChipControl | None:
        """What controls a chip by its name or its memory to somewhere; None where nothing does."""
        return next(
            (
                rule
                for rule in self.chip_controls
                if on >= rule.effective_from
                and rule.maker in ("", maker)
                and (
                    model in rule.models
                    or (rule.from_dram_gbps is not None and _from(dram_gbps, rule.from_dram_gbps))
                )
            ),
            None,
        )

    def ratio_room(self, eccn: str, destination: str, at_home_tpp: Tpp) -> Tpp | None:
        """TPP of a product that may go to a country when so much of it went to customers at home;
        None where no ratio is set.
        """
        rule = self.ratio_cap
        if rule is None or self.item_group(eccn) not in rule.items:
            return None
        if self.sovereign(destination) not in rule.destinations:
            return None
        return at_home_tpp * rule.share_bp // WHOLE_BP

    def duty(self, tpp: Tpp, dram_gbps: int | None, on: date) -> DutyBand | None:
        """The duty band a chip falls in on its way into the United States."""
        if dram_gbps is None:
            return None
        return next((band for band in self.duties if band.covers(tpp, dram_gbps, on)), None)

    def permit(self, country: str, eccn: str | None, on: date) -> Permit | None:
        """The permit a country asks for when controlled chips leave it or pass through it."""
        rule = self.permit_rule
        if rule is None or eccn is None or on < rule.effective_from:
            return None
        if terms.country(country) != rule.country or self.item_group(eccn) not in rule.items:
            return None
        return rule

    def validity_years(self, eccn: str) -> int | None:
        """Years a license for such items generally lives (15 CFR 750.7(g))."""
        rule = self.validity
        if rule is None:
            return None
        if rule.short_years is not None and self.item_group(eccn) in rule.short_items:
            return rule.short_years
        return rule.years

    def expiry(self, eccn: str, decided_on: date) -> date | None:
        """The last day of a license that does not state its own.

        The same day so many years on, 28 February for a leap day, and then the next Monday when
        that is a Saturday or Sunday. Section 750.7(g) moves it past legal holidays as well;
        holidays are not known here, so the officer's date on the license prevails.
        """
        years = self.validity_years(eccn)
        if years is None:
            return None
        year, month = decided_on.year + years, decided_on.month
        day = min(decided_on.day, calendar.monthrange(year, month)[1])
        last = date(year, month, day)
        weekend = last.weekday() >= calendar.SATURDAY
        return last + timedelta(days=7 - last.weekday()) if weekend else last

    def value_tolerance(self) -> BasisPoints:
        """How far the value shipped may exceed the license, in basis points."""
        return self.tolerance.value_bp if self.tolerance else 0

    def check_days(self) -> int | None:
        """Days after which an end-use check that was not done counts against the consignee."""
        return self.checks.unverified_days if self.checks else None


def _from(amount: int | None, bound: int | None) -> bool:
    return bound is None or (amount is not None and amount >= bound)


def _below(amount: int | None, bound: int | None) -> bool:
    return bound is None or (amount is not None and amount < bound)


def _up_to(amount: int | None, bound: int | None) -> bool:
    return bound is None or (amount is not None and amount <= bound)
