"""Goods: what is ordered, sold, shipped, sent on, held back, looked at, delivered, returned."""

import re
from dataclasses import replace

from benchmarks.detection.cases import Json, Seen
from benchmarks.detection.telling.reports import concern
from benchmarks.detection.telling.teller import CENTS, Shipped, Teller
from benchmarks.detection.words import (
    amount,
    authority,
    countries,
    goods,
    least,
    members,
    said,
    slug,
    texts,
    thousandths,
)


def shipment(teller: Teller, event: Seen) -> None:
    """A shipment; of several over a range of dates the first and the last, each with half."""
    known = len(teller.shipped)
    for part in _first_and_last(event):
        teller.last = part.on if part.on > event.on else None
        one_shipment(teller, part)
    teller.last = None
    # What follows is about the first: it was under way when that happened.
    later = {each.id for each in teller.shipped[known + 1 :]}
    for name, told in teller.called.items():
        if told in later:
            teller.called[name] = teller.shipped[known].id
    del teller.shipped[known + 1 :]


def one_shipment(teller: Teller, event: Seen) -> None:
    """One shipment: a movement where its chips are counted, else a declaration in its words."""
    get = event.said
    lines = teller.goods_lines(event)
    act = "reexport" if event.type.startswith("reexport") else "export"
    act = "transfer" if "transfer" in event.type else act
    exporter = teller.party(members(get, "exporter", "reexporter", "transferor"))
    seller = teller.party(get.get("seller"))
    consignee = teller.party(members(get, "ultimate_consignee", "consignee"))
    user, end_use = teller.known(get.get("end_user")), said(get.get("end_use"))
    if get.get("end_user") and user is None:
        end_use = end_use or said(get.get("end_user"))
    between = [
        teller.party(each)
        for each in texts(members(get, "intermediate_consignees", "intermediate_consignee"))
    ]
    route = list(countries(get.get("route")))
    to = countries(members(get, "destinations", "destination", "to")) or tuple(route[-1:])
    if not to and consignee in teller.homes:
        to = (teller.homes[consignee],)
        teller.note(f"{event.id}: its destination is where its consignee is")
    origin = (
        next(iter(countries(members(get, "origin", "frm", "from"))), None)
        or (route[0] if len(route) > 1 else None)
        or teller.homes.get(exporter or seller or "", "US")
    )
    relied, license_ = teller.relied_on(event)
    shipment = teller.name(event)
    common: Json = {
        "shipment": shipment, "authority": relied, "license": license_,
        "purchaser": teller.party(get.get("purchaser")), "intermediate_consignees": between,
        "ultimate_consignee": consignee, "end_user": user,
        "forwarder": teller.party(members(get, "forwarder", "freight_forwarder")),
        "aggregate": bool(get.get("aggregate")),
    }  # fmt: skip
    several = amount(members(get, "n_shipments", "shipments"))
    stopped = any(get.get(key) is True for key in ("disrupted", "stopped", "seized"))
    value, counted = teller.value(event), lines[0]
    gross = members(get, "gross_weight_kg", "weight_kg")
    whole = counted.get("model") and counted.get("quantity") and counted["counted_in"] == "chips"
    plain = whole and len(to) == 1 and consignee and not stopped and not end_use
    # A weight stands on a declaration; what draws on a license is a movement.
    plain = plain and (not gross or license_)
    if plain and (several or 1) == 1 and act != "transfer" and origin != to[0]:
        movement: Json = {
            **common, "command": f"shipment.{act}",
            "lines": [{key: value for key, value in {
                "model": counted["model"], "units": counted["quantity"], "value_cents": value,
                "serials": counted.get("serials"), "hs_code": counted.get("hs_code"),
                "description": counted["description"],
                "net_weight_grams": counted.get("net_weight_grams")}.items() if value}],
            f"{act}er": exporter or seller,
            "route": route if len(route) > 1 else [origin, to[0]],
            f"{act}ed_on": event.on,
        }  # fmt: skip
        told = teller.tell(event.id, movement)
    else:
        told = teller.tell(
            event.id,
            {
                **common,
                "command": "shipment.declare",
                "act": act,
                "lines": lines,
                "value_cents": value,
                "seller": seller,
                "exporter": exporter,
                "gross_weight_grams": thousandths(gross),
                "end_use": end_use,
                "route": route,
                "destinations": list(to),
                "bill_to": next(iter(countries(get.get("bill_to"))), None),
                "shipments": several or None,
                "stopped": stopped or None,
                "declared_on": event.on,
            },
        )
    if told:
        teller.ship(
            event,
            Shipped(shipment, event.on, origin, to, consignee or user, counted.get("quantity")),
        )
        _refer(teller, event, shipment, consignee or user)


def _refer(teller: Teller, event: Seen, shipment: str, counterpart: str | None) -> None:
    """Say under which reference goods go back after a repair, a loan or a test."""
    for kind, names in {
        "rma": ("rma", "rma_id", "repair_id"), "lease": ("lease_id",), "test": ("test_id",),
    }.items():  # fmt: skip
        name = said(members(event.said, *names))
        if name and counterpart:
            teller.tell(
                event.id,
                {
                    "command": "shipment.refer",
                    "shipment": shipment,
                    "kind": kind,
                    "rma": slug(name),
                    "counterpart": counterpart,
                    "referenced_on": event.on,
                },
            )


def onward(teller: Teller, event: Seen) -> None:
    """Goods seen to go on, from whoever last had them there."""
    get = event.said
    origins = countries(members(get, "frm", "from", "origin", "origins", "country"))
    to = next(iter(countries(members(get, "to", "destination"))), None)
    if not origins and teller.shipped:
        origins = teller.shipped[-1].destinations
        teller.note(f"{event.id}: it is taken to go on from where goods were last sent")
    first = next(
        (each for each in reversed(teller.shipped) if set(each.destinations) & set(origins)), None
    )
    sender = teller.known(members(get, "exporter", "sender", "reexporter", "by"))
    receiver = teller.known(members(get, "ultimate_consignee", "receiver", "consignee"))
    if sender is None:
        sender = (first.receiver if first else None) or teller.at_home_in(origins)
        if sender:
            teller.note(f"{event.id}: who sent on is who was last known to have the goods there")
    if receiver is None and to:
        receiver = teller.at_home_in((to,))
    lines = teller.goods_lines(event, one_at_least=False)
    on = max(event.on, first.on) if first else event.on
    teller.tell(
        event.id,
        {
            "command": "shipment.onward",
            "shipment": teller.name(event),
            "of": first.id if first else None,
            "origins": list(origins),
            "destination": to,
            "via": list(countries(get.get("via"))),
            "sender": sender,
            "receiver": receiver,
            "lines": lines,
            "value_cents": teller.value(event),
            "authority": _without_license(authority(get.get("authority"))),
            "method": "report",
            "aggregate": bool(get.get("aggregate")),
            "observed_on": on,
        },
    )


def reexport(teller: Teller, event: Seen) -> None:
    """A reexport somebody declared or saw with both its ends; else one seen from outside."""
    if event.said.get("ultimate_consignee") or event.said.get("exporter"):
        shipment(teller, event)
    else:
        onward(teller, event)


def sale(teller: Teller, event: Seen) -> None:
    """A sale inside a country."""
    get = event.said
    seller = teller.party(members(get, "seller", "exporter")) or teller.somebody()
    buyer = teller.party(members(get, "purchaser", "buyer", "ultimate_consignee"))
    home = teller.homes.get(buyer or "") or teller.homes.get(seller or "") or "US"
    teller.tell(
        event.id,
        {
            "command": "party.sale",
            "party": seller,
            "purchaser": buyer,
            "country": home,
            "lines": teller.goods_lines(event),
            "value_cents": teller.value(event),
            "end_user": teller.known(members(get, "declared_end_user", "end_user")),
            "first": True if get.get("first") is True else None,
            "aggregate": bool(get.get("aggregate")),
            "sold_on": event.on,
        },
    )


def order(teller: Teller, event: Seen) -> None:
    """An order, before anything is shipped."""
    get = event.said
    buyer = teller.party(members(get, "purchaser", "buyer", "ultimate_consignee", "party"))
    teller.tell(
        event.id,
        {
            "command": "party.order",
            "party": buyer or teller.somebody(),
            "seller": teller.party(members(get, "seller", "exporter")),
            "lines": teller.goods_lines(event),
            "value_cents": teller.value(event),
            "end_user": teller.known(get.get("end_user")),
            "destination": next(iter(countries(get.get("destination"))), None),
            "ordered_on": event.on,
        },
    )


def detained(teller: Teller, event: Seen) -> None:
    """A shipment is held back."""
    get = event.said
    shipment = teller.name(event)
    receiver = teller.party(members(get, "ultimate_consignee", "consignee"))
    named = said(members(get, "shipment", "shipment_id"))
    place = next(iter(countries(members(get, "country", "at"))), None)
    if get.get("exporter") or receiver or not teller.shipped:
        # It was held back before anything else of it was told: what is known is declared.
        lines = teller.goods_lines(event)
        to = teller.homes.get(receiver or "")
        teller.tell(
            event.id,
            {
                "command": "shipment.declare",
                "shipment": shipment,
                "lines": lines,
                "authority": _without_license(authority(get.get("authority"))),
                "exporter": teller.party(get.get("exporter")),
                "ultimate_consignee": receiver,
                "destinations": [to] if to else [],
                "stopped": True,
                "declared_on": event.on,
            },
        )
        teller.ship(event, Shipped(shipment, event.on, None, (), receiver, None))
    else:
        shipment = teller.last_shipment(event) or shipment
    if named:
        shipment = teller.last_shipment(event) or shipment
    teller.tell(
        event.id,
        {
            "command": "shipment.detain",
            "shipment": shipment,
            "country": place or "US",
            "detained_by": said(members(get, "agency", "authority_name", "by"), 200) or "customs",
            "reason": said(members(get, "reason", "what", "finding")),
            "detained_on": event.on,
        },
    )


def inspected(teller: Teller, event: Seen) -> None:
    """What customs found in a shipment; before any was told, a concern."""
    get = event.said
    shipment = teller.last_shipment(event)
    if shipment is None:
        concern(teller, event)
        return
    about = next((each for each in teller.shipped if each.id == shipment), None)
    counted, finding = amount(get.get("counted")), said(members(get, "finding", "note", "what"))
    differences = []
    declared = about.quantity if about else None
    if counted is not None and declared is not None and counted != declared:
        differences.append("quantity")
    if re.search(r"label|descri|misdeclar|under (a )?false", finding.lower()):
        differences.append("description")
    appraised = amount(members(get, "appraised_usd", "appraised_value_usd", "true_value_usd"))
    weight = members(get, "weighed_kg", "gross_weight_kg", "weight_kg", "measured_kg")
    teller.tell(
        event.id,
        {
            "command": "shipment.inspect",
            "shipment": shipment,
            "country": next(iter(countries(get.get("country"))), None) or "US",
            "inspected_by": said(members(get, "agency", "checker", "by"), 200) or "customs",
            "counted": counted,
            "finding": finding,
            "differences": differences,
            "appraised_cents": None if appraised is None else appraised * CENTS,
            "gross_weight_grams": thousandths(weight),
            "hs_code": said(get.get("hs_code")) or None,
            "serials": teller.serials(event),
            "inspected_on": event.on,
        },
    )


def delivered(teller: Teller, event: Seen) -> None:
    """Goods arrive."""
    get = event.said
    shipment = teller.last_shipment(event)
    receiver = teller.party(members(get, "received_by", "receiver", "consignee", "party"))
    about = next((each for each in teller.shipped if each.id == shipment), None)
    place = next(iter(countries(members(get, "country", "at", "to"))), None)
    teller.tell(
        event.id,
        {
            "command": "shipment.deliver",
            "shipment": shipment or teller.name(event),
            "delivered_on": max(event.on, about.on) if about else event.on,
            "country": place
            or teller.homes.get(receiver or "")
            or next(iter(about.destinations if about else ()), None),
            "received_by": receiver or (about.receiver if about else None),
            "units": amount(members(get, "quantity", "units")) or None,
        },
    )


def returned(teller: Teller, event: Seen) -> None:
    """Goods go back for repair."""
    get = event.said
    shipment = teller.last_shipment(event)
    about = next((each for each in teller.shipped if each.id == shipment), None)
    named = goods(said(members(get, "item", "description")))
    units = amount(members(get, "quantity", "units", "chips"))
    teller.tell(
        event.id,
        {
            "command": "shipment.return",
            "shipment": shipment or teller.name(event),
            "rma": slug(members(get, "rma", "rma_id", "repair_id"))
            if members(get, "rma", "rma_id", "repair_id")
            else None,
            "reason": "repair",
            "lines": [
                {
                    key: value
                    for key, value in {
                        "model": least(named.models),
                        "units": units or 1,
                        "serials": teller.serials(event),
                    }.items()
                    if value
                }
            ],
            "sender": teller.party(members(get, "sender", "frm", "party")),
            "receiver": teller.party(members(get, "receiver", "to", "payee")) or teller.somebody(),
            "country": next(iter(countries(members(get, "country", "to"))), None)
            or (about.origin if about else None)
            or "US",
            "returned_on": max(event.on, about.on) if about else event.on,
        },
    )


def _first_and_last(event: Seen) -> tuple[Seen, ...]:
    """An event that tells totals of several over a range of dates, as the first and the last."""
    several = (amount(members(event.said, "n_shipments", "shipments")) or 1) > 1
    span, counts = event.span, ("n_shipments", "shipments", "quantity", "chips", "value_usd")
    if not several and event.said.get("aggregate") is not True:
        return (event,)
    if span is None or span.first == span.last or event.on != span.first:
        return (event,)
    whole = {key: count for key in counts if (count := amount(event.said.get(key))) is not None}
    last = {key: value for key, value in event.said.items() if key != "serials"} | {
        key: count - count // 2 for key, count in whole.items()
    }
    first = {**event.said, **{key: count // 2 for key, count in whole.items()}}
    return (
        replace(event, said=first),
        replace(event, id=f"{event.id}-last", on=span.last, said=last),
    )


def _without_license(relied: str) -> str:
    return "unknown" if relied == "license" else relied
