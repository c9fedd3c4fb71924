"""Each country's account: what licenses reserve, what shipments drew, what its cap leaves.

The arithmetic is `ledger.quota`; here it becomes rows somebody can read, under the rules of a day
or under others that are only supposed, and as it was in the world on that day: what was decided or
shipped later is not in it. Units: TPP.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger import quota
from ledger.catalogue import H100_TPP
from ledger.fold import States
from ledger.policy import Rules
from ledger.quota import QuotaAccount, Raised
from ledger.terms import Country

BAR_CELLS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRow:
    """One country's account.

    tier                      1, 2 or 3; None where the rules know no tiers
    allocation_tpp            what the rules grant without an agreement; None where they set no cap
    g2g_agreed_tpp            what agreements in force would add
    g2g_uplift_tpp            what of that the rules let count
    cap_tpp                   allocation and uplift; None where there is no cap
    full_uplift_cap_tpp       the most the cap can become through agreements
    reserved_tpp              promised by licenses and not shipped
    drawn_tpp                 shipped, and counted
    licensed_tpp              promised by every license of the period, shipped or lapsed
    headroom_tpp              cap less reserved and drawn: below zero, too much was promised
    overdrawn_tpp             what was shipped beyond the cap
    exempt_tpp                shipped under an exception that the rules do not count
    h100_equivalents          reserved and drawn, in H100s, to the nearest whole one
    used_of_cap               reserved and drawn, in multiples of the cap
    used_of_full_uplift_cap   the same, of the most the cap can become
    policy                    the pack that sets the cap; None where none does
    """

    country: Country
    tier: int | None
    allocation_tpp: int | None
    g2g_agreed_tpp: int
    g2g_uplift_tpp: int
    cap_tpp: int | None
    full_uplift_cap_tpp: int | None
    reserved_tpp: int
    drawn_tpp: int
    licensed_tpp: int
    headroom_tpp: int | None
    overdrawn_tpp: int
    exempt_tpp: int
    h100_equivalents: int
    used_of_cap: str | None
    used_of_full_uplift_cap: str | None
    policy: str | None

    @property
    def used_tpp(self) -> int:
        """What counts against the cap."""
        return self.reserved_tpp + self.drawn_tpp


def rows(
    states: States, rules: Rules, on: date, *, country: Country | None = None
) -> list[QuotaRow]:
    """Every country with an amount or an agreement; or one, whether it has any or not.

    A territory is shown with its sovereign, whose cap it shares.
    """
    if country is not None:
        sovereign = rules.sovereign(country)
        return [_row(states, rules, on, sovereign, quota.account(states, rules, sovereign, on))]
    accounts = quota.accounts(states, rules, on)
    agreed = {
        rules.sovereign(raised.country)
        for _, raised in states.scan("A/", Raised)
        if any(day <= on.isoformat() for day in raised.concluded)
    }
    return [
        _row(states, rules, on, each, accounts.get(each))
        for each in sorted(agreed | accounts.keys())
    ]


def _row(
    states: States, rules: Rules, on: date, country: Country, account: QuotaAccount | None
) -> QuotaRow:
    agreed = quota.uplift(states, rules, country, on)
    account = account or QuotaAccount(rules.cap(country, on, agreed))
    allocation, full = rules.allocation(country, on), rules.full_uplift(country, on)
    capped = account.cap is not None
    return QuotaRow(
        country=country,
        tier=rules.tier(country, on),
        allocation_tpp=allocation,
        g2g_agreed_tpp=agreed,
        g2g_uplift_tpp=(account.cap or 0) - (allocation or 0),
        cap_tpp=account.cap,
        full_uplift_cap_tpp=full,
        reserved_tpp=account.reserved,
        drawn_tpp=account.drawn,
        licensed_tpp=account.licensed,
        headroom_tpp=account.headroom,
        overdrawn_tpp=account.overdrawn,
        exempt_tpp=account.exempt,
        h100_equivalents=(2 * account.used + H100_TPP) // (2 * H100_TPP),
        used_of_cap=multiple(account.used, account.cap),
        used_of_full_uplift_cap=multiple(account.used, full),
        policy=rules.governing("country_allocation") if capped else None,
    )


def multiple(used: int, cap: int | None) -> str | None:
    """How many times a cap was used, to two decimals; None without a cap above zero.

    >>> multiple(2_100_000_000, 790_000_000), multiple(2_100_000_000, 1_580_000_000)
    ('2.66', '1.33')
    """
    if not cap:
        return None
    hundredths = (200 * used + cap) // (2 * cap)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def bar(row: QuotaRow) -> str:
    """How full a cap is: drawn, reserved, free; an arrow where it does not suffice.

    Empty without a cap above zero.
    """
    if not row.cap_tpp:
        return ""
    used = min(BAR_CELLS, -(-row.used_tpp * BAR_CELLS // row.cap_tpp))
    drawn = min(used, row.drawn_tpp * BAR_CELLS // row.cap_tpp) if row.reserved_tpp else used
    over = "▶" if row.used_tpp > row.cap_tpp else ""
    return "█" * drawn + "▒" * (used - drawn) + "·" * (BAR_CELLS - used) + over


def which_cap(rules: Rules, on: date) -> str:
    """A sentence that says what caps the rules of a day set, and what is counted against them."""
    allocation = rules.country_allocation
    names = ", ".join(rules.names)
    if not rules.packs:
        return f"no country cap is in force on {on} (no rules are in force in this ledger that day)"
    if allocation is None:
        verb = "sets" if len(rules.packs) == 1 else "set"
        return f"no country cap is in force on {on} ({names} {verb} none)"
    policy = rules.governing("country_allocation")
    period = f"{allocation.period_from} to {allocation.period_to}"
    if not allocation.period_from <= on <= allocation.period_to:
        return f"no country cap is in force on {on} ({policy} sets one for {period})"
    items = ", ".join(
        "4E091" if group == "weights" else f"3A090.{group}" for group in allocation.counted_items
    )
    exempt = ", ".join(sorted(allocation.not_counted))
    return (
        f"{policy} caps each tier-{allocation.applies_to_tier} country at {allocation.tpp:,} TPP"
        f" for {period} (15 CFR {allocation.section}); counted: {items} items licensed or shipped;"
        f" not counted: {exempt}"
    )
