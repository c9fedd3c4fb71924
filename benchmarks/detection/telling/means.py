"""What a party has: money, chips in stock, power for them, and tenants."""

from datetime import date
from typing import Any

from benchmarks.detection.cases import Seen
from benchmarks.detection.telling.teller import CENTS, Teller
from benchmarks.detection.words import (
    amount,
    countries,
    goods,
    least,
    members,
    said,
    slug,
    thousandths,
)


def payment(teller: Teller, event: Seen) -> None:
    """Money somebody received, and from whom."""
    get = event.said
    payer = teller.party(members(get, "payer", "from", "paid_by"))
    payer = payer or teller.party(f"payer of {event.id}")
    place = next(iter(countries(get.get("payer_country"))), None)
    dollars = amount(members(get, "amount_usd", "value_usd", "amount"))
    account = said(members(get, "account", "bank_account"))
    teller.tell(
        event.id,
        {
            "command": "party.payment",
            "party": teller.party(members(get, "payee", "party", "seller")) or teller.somebody(),
            "payer": payer,
            "payer_country": place or teller.homes.get(payer or ""),
            "amount_cents": None if dollars is None else dollars * CENTS,
            "account": slug(account) if account else None,
            "shipment": teller.named_shipment(event),
            "received_on": event.on,
        },
    )


def financed(teller: Teller, event: Seen) -> None:
    """Who lends, leases or gives what a party buys with."""
    get = event.said
    dollars = amount(members(get, "amount_usd", "value_usd"))
    kind = said(get.get("kind"))
    kinds = ("loan", "lease", "equity", "group_treasury", "prepayment", "grant")
    teller.tell(
        event.id,
        {
            "command": "party.financing",
            "party": teller.party(members(get, "party", "payee")),
            "financier": teller.party(members(get, "financier", "bank", "lessor", "payer")),
            "kind": kind if kind in kinds else "loan",
            "amount_cents": None if dollars is None else dollars * CENTS,
            "declared_on": event.on,
        },
    )


def assets(teller: Teller, event: Seen) -> None:
    """Cash and assets a party declares."""
    get = event.said
    cash, all_ = amount(get.get("cash_usd")), amount(get.get("assets_usd"))
    teller.tell(
        event.id,
        {
            "command": "party.assets",
            "party": teller.party(get.get("party")),
            "cash_cents": None if cash is None else cash * CENTS,
            "assets_cents": None if all_ is None else all_ * CENTS,
            "declared_on": event.on,
        },
    )


def inventory(teller: Teller, event: Seen) -> None:
    """Chips a party says it received so far, or has."""
    get = event.said
    so_far = members(get, "cumulative_imported", "received", "cumulative_received")
    held = members(get, "on_hand", "quantity", "units", "counted")
    value = teller.value(event)
    units = amount(so_far if so_far is not None else held)
    named = goods(said(get.get("item")))
    line = {"units": units, "model": least(named.models)}
    teller.tell(
        event.id,
        {
            "command": "party.inventory",
            "party": teller.party(members(get, "party", "operator")) or teller.somebody(),
            "basis": "received_so_far" if so_far is not None else "on_hand",
            "lines": [{key: each for key, each in line.items() if each is not None}],
            "value_cents": value,
            "declared_on": event.on,
        },
    )


def capacity_declared(teller: Teller, event: Seen) -> None:
    """Power a site has for computing."""
    get = event.said
    party = teller.party(members(get, "party", "operator")) or teller.somebody()
    capacity(
        teller,
        event.id,
        event.on,
        party,
        members(get, "it_mw", "mw", "capacity_mw", "megawatts", "power_mw"),
        said(members(get, "site", "name"), 200),
    )


def capacity(
    teller: Teller, event: str, on: date, party: str | None, megawatts: Any, site: str = ""
) -> None:
    """Say how much power a party has at a site."""
    kilowatts = thousandths(megawatts)
    teller.tell(
        event,
        {
            "command": "party.capacity",
            "party": party,
            "site": site or "site 1",
            "it_kilowatts": kilowatts,
            "declared_on": on,
        },
    )


def tenant(teller: Teller, event: Seen) -> None:
    """Who computes on the machines of an operator."""
    get = event.said
    tenant = said(get.get("tenant"))
    seat = next(iter(countries(get.get("tenant_hq"))), None)
    known = teller.known(tenant)
    if known is None and seat:
        teller.tell(
            event.id,
            {
                "command": "party.register",
                "party": teller.party(tenant),
                "name": tenant,
                "country": seat,
                "headquarters": seat,
                "roles": ["cloud_tenant"],
                "registered_on": event.on,
            },
        )
    teller.tell(
        event.id,
        {
            "command": "party.tenant",
            "party": teller.party(members(get, "operator", "party")) or teller.somebody(),
            "tenant": teller.party(tenant),
            "servers": amount(get.get("servers")) or None,
            "declared_on": event.on,
        },
    )
