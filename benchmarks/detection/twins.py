"""The lawful twin of a case: the same goods on the same road, by people who have nothing to hide.

Route, chips, numbers and dates are those of the case. Its parties are other ones, long in their
trade, headquartered where they are and on no list; every leg has its license; who receives has
declared halls large enough, pays for itself, and passed a check with the machines switched on. A
rule that flags what is big and goes to a hub scores the twin as high as the case.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from benchmarks.detection.cases import Layer, Seen, Span, Visible
from benchmarks.detection.words import amount, countries, goods, members, said, someone, texts

SHIPPED: Final = ("shipment_declared", "reexport_declared", "reexport_observed")
KEPT: Final = (*SHIPPED, "domestic_sale", "order_placed", "inventory_declared", "tenant_declared",
               "control_effective", "control_announced", "policy_effective")  # fmt: skip

MEGAWATTS: Final = 500
"""What the halls of a receiver run where the case counts no chips."""


def twin(case: Visible) -> Visible | None:
    """The lawful twin of a case; None where nothing is shipped in it."""
    if not any(each.type in SHIPPED for each in case.events):
        return None
    return Visible(
        f"{case.id}-twin",
        tuple(_respectable(party, number) for number, party in enumerate(case.parties, start=1)),
        tuple(sorted(_events(case), key=lambda each: each.on)),
    )


def _respectable(party: Mapping[str, Any], number: int) -> dict[str, Any]:
    country = next(iter(countries(party.get("country"))), "US")
    roles = list(texts(party.get("roles")))
    seller = any(role in roles for role in ("seller", "manufacturer", "exporter", "reexporter"))
    return {
        "party_id": party.get("party_id"),
        "name": f"Old House {number} of {party.get('party_id')}",
        "roles": ["manufacturer", "exporter"] if seller else ["consignee", "end_user"],
        "country": country,
        "hq_country": country,
        "address": f"{10 + number} Founders Street, {country} {4_000 + 37 * number}",
        "formed": "1995",
        "formed_precision": "year",
        "declared_business": "electronics distribution" if seller else "data center",
    }


def _events(case: Visible) -> Iterator[Seen]:
    receivers: dict[str, str] = {}
    homes = {
        str(party.get("party_id")): next(iter(countries(party.get("country"))), "")
        for party in case.parties
    }
    for event in case.events:
        if event.type not in KEPT:
            continue
        if event.type not in SHIPPED:
            get = {key: value for key, value in event.said.items() if key != "tenant_hq"}
            if event.type != "tenant_declared":
                yield replace(event, said=get)
            continue
        get = dict(event.said)
        to = countries(members(get, "destinations", "destination", "to"))
        receiver = someone(members(get, "ultimate_consignee", "consignee"))
        receiver = receiver or next((party for party, home in homes.items() if home in to), "")
        if not receiver:
            continue
        sender = someone(members(get, "exporter", "reexporter", "seller"))
        if not sender:
            places = countries(members(get, "frm", "from"))
            sender = receivers.get(next(iter(places), "")) or next(
                (party for party, home in homes.items() if home in places), None
            )
        home = next(iter(to), "") or homes.get(receiver, "")
        receivers[home] = receiver
        item = said(get.get("item")) or said(get.get("description")) or "computer hardware"
        units = amount(members(get, "chips", "quantity"))
        counted = {"item": item, **({"quantity": units} if units else {})}
        license_ = f"L-{event.id}"
        who = {"ultimate_consignee": receiver, "end_user": receiver}
        yield _new(event, -75, "capacity", "capacity_declared",
                   {"party": receiver, "it_mw": _megawatts(item, units)})  # fmt: skip
        yield _new(event, -70, "asked", "licence_application",
                   {"applicant": sender, **who, "destination": home, "licence": license_,
                    **counted})  # fmt: skip
        yield _new(event, -20, "granted", "licence_decision",
                   {"outcome": "granted", "licence": license_})  # fmt: skip
        yield replace(
            event,
            layer=Layer.DECLARED,
            type="reexport_declared" if event.type.startswith("reexport") else event.type,
            said={
                "exporter": sender, **who, "destination": home, "authority": "licence",
                "licence": license_, **counted,
                **{key: get[key] for key in ("value_usd", "route", "bill_to", "chips")
                   if get.get(key) is not None},
            },
        )  # fmt: skip
        yield _new(event, 10, "arrived", "delivered",
                   {"received_by": receiver, "country": home,
                    "shipment": event.id})  # fmt: skip
        yield _new(
            event,
            20,
            "check",
            "check_requested",
            {"party": receiver, "country": home, "check": event.id},
        )
        yield _new(event, 45, "checked", "check_result",
                   {"party": receiver, "outcome": "passed, powered on", "check": event.id,
                    **({"counted": units, "expected": units} if units else {})})  # fmt: skip


def _megawatts(item: str, units: int | None) -> int:
    if units is None:
        return MEGAWATTS
    chips = units * {"chips": 1, "boards": 8, "computers": 8, "racks": 72}.get(
        goods(item).counted_in, 1
    )
    return 1 + chips * 3 // 1_000


def _new(event: Seen, days: int, name: str, type_: str, said: dict[str, Any]) -> Seen:
    on = event.on + timedelta(days=days)
    return Seen(f"{event.id}-{name}", type_, Layer.DECLARED, Span(on, on), on, said)
