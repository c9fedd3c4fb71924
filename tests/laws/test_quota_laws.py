"""The arithmetic of quotas, held against a model that keeps whole histories and adds them up.

A license reserves, a shipment draws, the rest is given back when the license lapses. The model
knows nothing of cells and holdings: it goes through all licenses and all standing shipments.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from officers import RIVERA, at, open_ledger
from world import entries, pack

from ledger.events import (
    CommodityLine,
    Event,
    LicenseApproved,
    LicenseLine,
    Movement,
    ShipmentExported,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.fold import MemoryStates, Until, reaches_past, replay
from ledger.policy import Rules, parse_pack, shipped_pack
from ledger.quota import Amounts, Holding, QuotaAccount, QuotaFold, Totals, account, accounts
from ledger.views import catch_up, kept_rows, replayed
from projections.books import Accounts, Branch, drawn_by
from projections.replay import gone

DIFFUSION = pack("diffusion-2025")
DIVIDED = Rules.of([
    parse_pack(
        shipped_pack("diffusion-2025")
        .replace("period_from = 2025-01-01", "period_from = 2025-03-01")
        .replace("period_to = 2027-12-31", "period_to = 2026-06-30")
    )
])  # fmt: skip
"""The same rules, with a period that begins and ends within a year."""
CHIPS = {"gb300": ("3A090.a", 60_000), "h100-sxm": ("3A090.a", 15_832),
         "mi100": ("3A090.b", 2_954)}  # fmt: skip
COUNTRIES = ("AE", "CH", "LI", "JP")
LICENSES = ("D1", "D2", "D3")
SHIPPED_UNDER = (*LICENSES, "D9")
"""D9 is never approved: shipments name it all the same."""

days = st.dates(date(2024, 11, 1), date(2028, 2, 28))
models = st.sampled_from(sorted(CHIPS))
units = st.integers(1, 5_000)
countries = st.sampled_from(COUNTRIES)


@dataclass(frozen=True)
class Void:
    """Takes back the n-th movement; becomes an event once that has a number."""

    movement: int


@st.composite
def approvals(draw, license):
    decided = draw(days)
    lines = tuple(
        LicenseLine(
            model=model, eccn=CHIPS[model][0], units=draw(units), tpp_per_unit=CHIPS[model][1]
        )
        for model in draw(st.lists(models, min_size=1, max_size=3, unique=True))
    )
    return LicenseApproved(
        license=license, decided_on=decided, expires_on=draw(st.dates(decided, date(2030, 1, 1))),
        destination=draw(countries), ultimate_consignee="acme", end_users=("acme",), lines=lines,
    )  # fmt: skip


@st.composite
def movements(draw, number):
    authority = draw(st.sampled_from(["license", "license", "license", "LPP", "AIA", "none"]))
    common = {
        "shipment": f"S-{number}",
        "authority": authority,
        "license": draw(st.sampled_from(SHIPPED_UNDER)) if authority == "license" else None,
        "ultimate_consignee": "acme",
        "lines": tuple(
            CommodityLine(
                model=model, eccn=CHIPS[model][0], units=draw(units), tpp_per_unit=CHIPS[model][1]
            )
            for model in draw(st.lists(models, min_size=1, max_size=2))
        ),
    }
    on, to = draw(days), draw(countries)
    match draw(st.sampled_from(["export", "export", "reexport", "transfer"])):
        case "export":
            return ShipmentExported(**common, route=("US", to), exported_on=on)
        case "reexport":
            return ShipmentReexported(**common, route=("SG", to), reexported_on=on)
        case _:
            return ShipmentTransferred(**common, country=to, transferred_on=on)


@st.composite
def histories(draw):
    """Approvals, movements and voids in any order that has each void after what it takes back."""
    count = draw(st.integers(0, 8))
    told = [draw(movements(number)) for number in range(count)]
    told += [draw(approvals(license)) for license in draw(st.sets(st.sampled_from(LICENSES)))]
    told = draw(st.permutations(told))
    for number in draw(st.sets(st.integers(0, count - 1))) if count else ():
        first = next(place for place, one in enumerate(told) if named(one, number))
        told.insert(draw(st.integers(first + 1, len(told))), Void(number))
    return told


def named(one: Event | Void, number: int) -> bool:
    return isinstance(one, Movement) and one.shipment == f"S-{number}"


def numbered(told: list[Event | Void], *, first: int = 1) -> list[Event]:
    """The same with each void pointing at its entry."""
    at_entry = {
        one.shipment: number
        for number, one in enumerate(told, start=first)
        if isinstance(one, Movement)
    }
    return [
        ShipmentVoided(
            shipment=f"S-{one.movement}", entry=at_entry[f"S-{one.movement}"],
            voided_on=date(2026, 1, 1), reason="typed twice",
        )
        if isinstance(one, Void)
        else one
        for one in told
    ]  # fmt: skip


def after(told: list[Event | Void]) -> MemoryStates:
    return replay(QuotaFold(), entries(*numbered(told)))


def standing(told: list[Event | Void]) -> list[Movement]:
    gone = {f"S-{one.movement}" for one in told if isinstance(one, Void)}
    return [one for one in told if isinstance(one, Movement) and one.shipment not in gone]


def expected(told: list[Event | Void], rules: Rules, country: str, on: date) -> QuotaAccount:
    """The account by going through everything: what the model says."""
    shipped: Counter[tuple[str, str]] = Counter()
    drawn = exempt = reserved = licensed = 0
    allocation = rules.country_allocation
    assert allocation is not None

    def in_period(day: date) -> bool:
        return allocation.period_from <= day <= allocation.period_to

    for one in standing(told):
        for line in one.lines:
            if one.license is not None:
                shipped[one.license, line.model] += line.units
        counted = sum(line.tpp for line in one.lines if rules.counts(line.eccn))
        if isinstance(one, ShipmentTransferred) and one.license is None:
            continue
        if rules.sovereign(one.destination) != country or not in_period(one.on):
            continue
        if rules.exempt(one.authority):
            exempt += counted
        else:
            drawn += counted
    for one in told:
        if not isinstance(one, LicenseApproved) or not in_period(one.decided_on):
            continue
        if rules.sovereign(one.destination) != country:
            continue
        for line in one.lines:
            if rules.counts(line.eccn):
                licensed += line.tpp
                left = max(0, line.units - shipped[one.license, line.model])
                reserved += left * line.tpp_per_unit if on <= one.expires_on else 0
    return QuotaAccount(rules.cap(country, on), reserved, drawn, exempt, licensed)


@given(histories(), days)
@settings(max_examples=150)
def test_an_account_is_what_licenses_still_hold_and_what_was_shipped_and_not_voided(told, on):
    states = after(told)

    for country in ("AE", "CH", "JP"):
        assert expected(told, DIFFUSION, country, on) == account(states, DIFFUSION, country, on)
        assert expected(told, DIVIDED, country, on) == account(states, DIVIDED, country, on)


@given(histories(), days)
@settings(max_examples=150)
def test_what_was_so_on_a_day_is_what_had_been_decided_and_shipped_by_then(told, on):
    """The model is asked about a history in which nothing of a later day was ever told."""
    gone = {one.shipment for one in told if isinstance(one, Movement) and one.on > on}
    by_then = [
        one
        for one in told
        if not (isinstance(one, Movement | LicenseApproved) and one.on > on)
        and not (isinstance(one, Void) and f"S-{one.movement}" in gone)
    ]
    kept = after(told)
    states = replay(Until(QuotaFold(), on), entries(*numbered(told)))

    for country in ("AE", "CH", "JP"):
        assert expected(by_then, DIFFUSION, country, on) == account(states, DIFFUSION, country, on)
    if not reaches_past(kept, on):
        assert cells(kept) == cells(states)


@given(histories())
@settings(max_examples=100)
def test_what_is_reserved_is_what_the_licenses_hold(told):
    states = after(told)
    held = sum(
        line.reserves
        for _, holding in states.scan("H/", Holding)
        for line in holding.lines.values()
    )
    reserved = [row for _, rows in states.scan("E/", Amounts) for row in rows.values()]

    assert held == sum(sum(row) for row in reserved)


@given(histories())
@settings(max_examples=100)
def test_a_total_of_a_year_is_the_sum_of_its_months_or_days_and_none_is_nothing(told):
    states = after(told)
    sums: Counter[tuple[str, str, str, str]] = Counter()
    days: Counter[tuple[str, str, str]] = Counter()
    for kind in "REPD":
        for key, amounts in states.scan(f"{kind}/", Amounts):
            _, country, year, *detail = key.split("/")
            for name, row in amounts.items():
                first, _, second = name.partition("/")
                if kind == "E":
                    days[country, year, name] += sum(row)
                elif kind == "R":
                    days[country, year, name] -= sum(row)
                    sums[country, second, f"R/{first}", year] += sum(row)
                else:
                    sums[country, name, "/".join([kind, *detail]), year] += sum(row)

    assert sums == {
        (key[2:], eccn, what, year): tpp
        for key, totals in states.scan("T/", Totals)
        for eccn, kinds in totals.items()
        for what, years in kinds.items()
        for year, tpp in years.items()
    }
    assert 0 not in sums.values()
    assert not any(days.values())
    assert b"{}" not in b"".join(value for key, value in states.rows() if key.startswith("T/"))


@given(histories())
@settings(max_examples=100)
def test_nothing_reserved_drawn_or_licensed_is_ever_below_zero(told):
    for stop in range(1, len(told) + 1):
        states = after(told[:stop])
        assert [] == [
            (key, amounts)
            for kind in "EPD"
            for key, amounts in states.scan(f"{kind}/", Amounts)
            if any(min(row) < 0 or not any(row) for row in amounts.values())
        ]


def cells(states: MemoryStates) -> list[tuple[str, bytes]]:
    """What accounts are made of; holdings besides, but for chips nobody shipped in the end."""
    return [
        *((key, value) for key, value in states.rows() if key[0] in "TEPDA"),
        *(
            (f"{key}/{model}", repr(line).encode())
            for key, holding in states.scan("H/", Holding)
            for model, line in sorted(holding.lines.items())
            if line.units or line.shipped
        ),
    ]


@given(histories())
@settings(max_examples=100)
def test_a_void_is_as_if_the_shipment_had_never_been(told):
    stands = {one.shipment for one in standing(told)}
    never = [
        one
        for one in told
        if not isinstance(one, Void) and (not isinstance(one, Movement) or one.shipment in stands)
    ]

    assert cells(after(never)) == cells(after(told))


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_of_events_does_not_matter_but_for_a_void_after_what_it_takes_back(told, chance):
    assert cells(after(told)) == cells(after(shuffled(told, chance)))


def shuffled(told: list[Event | Void], chance: Random) -> list[Event | Void]:
    order = [one for one in told if not isinstance(one, Void)]
    chance.shuffle(order)
    for void in (one for one in told if isinstance(one, Void)):
        first = next(place for place, one in enumerate(order) if named(one, void.movement))
        order.insert(chance.randint(first + 1, len(order)), void)
    return order


@given(histories(), st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_kept_in_sql_is_what_a_replay_gives_in_memory(told, data):
    events = numbered(told, first=2)
    with TemporaryDirectory() as folder:
        ledger = open_ledger(f"{folder}/ledger.db")
        start = 0
        while start < len(events):
            stop = data.draw(st.integers(start + 1, len(events)))
            ledger.append(events[start:stop], RIVERA, at=at(1))
            catch_up(ledger.store, QuotaFold())
            start = stop
        with ledger.store.reading() as connection:
            pure = replayed(ledger.store, connection, QuotaFold())
        assert pure.rows() == kept_rows(ledger.store, QuotaFold.name)
        assert cells(after(told)) == cells(pure)
        ledger.close()


@given(histories(), st.sets(st.sampled_from(LICENSES)), st.sets(st.integers(1, 20)), days)
def test_a_branch_of_accounts_says_what_accounts_of_its_own_say(history, refused, stopped, on):
    """Some licenses are refused there, and some shipments do not leave."""
    trunk, own = Accounts(), Accounts()
    branch = Branch(trunk)
    for entry in entries(*numbered(history)):
        event = entry.event
        if isinstance(event, LicenseApproved):
            if event.license in refused:
                branch.refuse(event.license)
            else:
                branch.approve(event)
                own.approve(event)
            trunk.approve(event)
        elif isinstance(event, Movement):
            if entry.number in stopped:
                branch.stop(event, drawn_by(event))
            else:
                branch.ship(event)
                own.ship(event)
            trunk.ship(event)

    for rules in (DIFFUSION, Rules(), pack("adv-comp-2023")):
        ours, theirs = own.book(rules), branch.book(rules)
        assert ours.countries() == theirs.countries()
        for country in COUNTRIES:
            assert ours.account(country, on, None) == theirs.account(country, on, None)
            assert ours.used(country, on) == theirs.used(country, on)


@given(histories(), days)
def test_books_say_what_the_arithmetic_of_quotas_says(history, on):
    events = entries(*numbered(history))
    voids = gone(events)
    books = Accounts()
    for entry in events:
        if isinstance(entry.event, LicenseApproved):
            books.approve(entry.event)
        elif isinstance(event := entry.event, Movement) and event.shipment not in voids.get(
            entry.number, ()
        ):
            books.ship(event)

    for rules in (DIFFUSION, Rules(), pack("adv-comp-2023")):
        book = books.book(rules)
        said = {
            country: book.account(country, on, rules.cap(country, on))
            for country in book.countries()
        }
        expected = accounts(replay(QuotaFold(), events), rules, on)
        assert expected == {
            country: account for country, account in said.items() if country in expected
        }
        assert [] == [
            country
            for country in said.keys() - expected.keys()
            if (said[country].used, said[country].exempt, said[country].licensed) != (0, 0, 0)
        ]
