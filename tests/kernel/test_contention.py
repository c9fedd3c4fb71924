"""Several processes write to one ledger at once, on both databases, and none is left out."""

from collections import ChainMap
from datetime import date
from itertools import chain

from officers import DIFFUSION, G42, LOG, RIVERA, at, open_ledger, verify
from world import applied, licensed
from writers import answers, approve, create, follow, processes, record

from ledger.events import ShipmentExported
from ledger.log import Ledger, Slice
from ledger.policy import PolicyTimeline, after
from ledger.quota import QuotaFold, account
from ledger.views import kept_rows, replayed

COUNTRIES = (
    "AE", "SA", "QA", "KW", "IN", "MY", "SG", "TH", "VN", "ID", "BR", "MX", "CL", "PL", "CH", "TR",
)  # fmt: skip
"""Of tier 2: each has 790,000,000 TPP, and one round of the race."""


def test_two_officers_never_grant_one_countrys_last_headroom_twice(database_url):
    ledger = open_ledger(database_url)
    big = (licensed(13_000, model="gb300", tpp_per_unit=60_000),)  # 780,000,000 TPP
    ledger.append(
        [DIFFUSION, G42]
        + [
            applied(
                f"{country}-{officer}", destination=country, lines=big, ultimate_consignee="g42",
                end_users=("g42",),
            )
            for country in COUNTRIES
            for officer in ("a", "b")
        ],
        RIVERA,
        at=at(1),
    )  # fmt: skip
    gate = processes.Barrier(2)

    heard = answers(
        (approve, database_url, "a.rivera", [f"{one}-a" for one in COUNTRIES], gate),
        (approve, database_url, "b.chen", [f"{one}-b" for one in COUNTRIES], gate),
    )
    ledger.checkpoint(LOG)

    assert [["CAP_EXCEEDED", "approved"]] * len(COUNTRIES) == [
        sorted(pair) for pair in zip(*heard, strict=True)
    ]
    with ledger.store.reading() as connection:
        states = replayed(ledger.store, connection, QuotaFold())
    on = date(2025, 11, 19)
    rules = after(PolicyTimeline(), DIFFUSION).rules_on(on)
    assert {780_000_000} == {account(states, rules, one, on).reserved for one in COUNTRIES}
    assert "VALID" == verify(ledger).verdict
    ledger.close()


def test_many_recorders_and_two_who_follow_them_lose_nothing_and_count_nothing_twice(database_url):
    ledger = open_ledger(database_url)
    writers, batches, at_once = 4, 6, 2
    last = 1 + writers * batches * at_once

    *heard, first, second = answers(
        *[(record, database_url, f"w{writer}", batches, at_once) for writer in range(writers)],
        (follow, database_url, last),
        (follow, database_url, last),
    )
    ledger.checkpoint(LOG)

    told = {
        entry.event.shipment: entry.number
        for entry in ledger.entries(Slice(types=(ShipmentExported.wire,)))
    }
    assert dict(ChainMap(*chain.from_iterable(heard))) == told
    assert list(range(2, last + 1)) == sorted(told.values())
    assert [[last], [last]] == [first, second]
    with ledger.store.reading() as connection:
        pure = replayed(ledger.store, connection, QuotaFold()).rows()
    assert pure == kept_rows(ledger.store, QuotaFold.name)
    assert "VALID" == verify(ledger).verdict
    ledger.close()


def test_of_two_who_make_one_ledger_one_is_told_that_it_stands(database_url):
    gate = processes.Barrier(3)

    heard = answers(*[(create, database_url, gate)] * 3)
    ledger = Ledger.open(database_url)

    assert [["LEDGER_EXISTS"], ["LEDGER_EXISTS"], ["created"]] == sorted(heard)
    assert 1 == ledger.size()
    assert "VALID" == verify(ledger).verdict
    ledger.close()
