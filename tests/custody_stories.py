"""Histories of chips: twelve kinds that no chip can have, each planted once, and lawful ones.

Each is a few events about serial number N-1001, or about the numbers beside it. `IMPOSSIBLE` says
what is wrong with each; nothing is wrong with any of `CLEAN`.
"""

from datetime import date
from typing import Any

from world import exported, line

from ledger.events import (
    CheckSerialsRead,
    Event,
    GoodsLine,
    PartyInventoryTaken,
    PartySerialsSighted,
    PartySiteDeclared,
    PartySoldDomestically,
    PartyUnitsLost,
    PartyUnitsMoved,
    Reading,
    ShipmentDetained,
    ShipmentInspected,
    ShipmentReexported,
    ShipmentReturned,
    StockLine,
)

N = "N-1001"


def day(number: int) -> date:
    """Days of March and April 2025, counted from the first of March."""
    return date.fromordinal(date(2025, 3, 1).toordinal() + number - 1)


def chips(*serials: str) -> tuple[Any, ...]:
    serials = serials or (N,)
    return (line(len(serials), serials=serials),)


def stock(*serials: str) -> tuple[StockLine, ...]:
    serials = serials or (N,)
    return (StockLine(model="h100-sxm", units=len(serials), serials=serials),)


def made(*serials: str, on: int = 1, **changes: Any) -> PartySoldDomestically:
    serials = serials or (N,)
    goods = GoodsLine(description="H100", model="h100-sxm", quantity=len(serials), serials=serials)
    fields = {
        "party": "maker", "purchaser": "trader", "country": "US", "lines": (goods,),
        "first": True, "sold_on": day(on),
    }  # fmt: skip
    return PartySoldDomestically(**(fields | changes))


def sent(
    shipment: str = "S-1", *serials: str, on: int = 3, to: str = "AE", **changes: Any
) -> Event:
    fields = {
        "lines": chips(*serials), "exporter": "trader", "route": ("US", to), "exported_on": day(on)
    }  # fmt: skip
    return exported(shipment, authority="none", **(fields | changes))


def onward(shipment: str, start: str, to: str, on: int, **changes: Any) -> ShipmentReexported:
    fields = {
        "shipment": shipment, "authority": "none", "lines": chips(), "ultimate_consignee": "acme",
        "reexporter": "acme", "route": (start, to), "reexported_on": day(on),
    }  # fmt: skip
    return ShipmentReexported(**(fields | changes))


def seen(country: str, on: int, method: str = "label_read", *serials: str, party: str = "acme"):
    return PartySerialsSighted(
        party=party, serials=serials or (N,), method=method, country=country, sighted_on=day(on)
    )


def site(name: str, country: str = "AE") -> PartySiteDeclared:
    return PartySiteDeclared(
        party="acme", site=name, name=name, country=country, use="data_center", declared_on=day(1)
    )


def counted(site: str, on: int, *serials: str) -> PartyInventoryTaken:
    return PartyInventoryTaken(
        party="acme", site=site, lines=stock(*serials), evidence="label_read", taken_by="surveyor",
        taken_on=day(on),
    )  # fmt: skip


def moved(start: str, to: str, on: int) -> PartyUnitsMoved:
    return PartyUnitsMoved(
        party="acme", from_site=start, to_site=to, lines=stock(), moved_on=day(on)
    )


def gone(cause: str, on: int) -> PartyUnitsLost:
    return PartyUnitsLost(party="acme", lines=stock(), cause=cause, lost_on=day(on))


def back(
    shipment: str, on: int, to: str = "US", reason: str = "repair", rma: str | None = "RMA-1"
) -> ShipmentReturned:
    return ShipmentReturned(
        shipment=shipment, rma=rma, reason=reason, lines=stock(), sender="acme",
        receiver="trader", country=to, returned_on=day(on),
    )  # fmt: skip


def read(*readings: tuple[str, str | None], on: int = 20) -> CheckSerialsRead:
    return CheckSerialsRead(
        check="C-1", party="acme", country="AE", method="label_read", read_on=day(on),
        readings=tuple(Reading(label=label, attested=attested) for label, attested in readings),
    )  # fmt: skip


def inspected(country: str, on: int, shipment: str = "S-1") -> ShipmentInspected:
    return ShipmentInspected(
        shipment=shipment, country=country, inspected_by="customs", serials=(N,),
        inspected_on=day(on),
    )  # fmt: skip


def held(shipment: str, country: str, on: int) -> ShipmentDetained:
    return ShipmentDetained(
        shipment=shipment, country=country, detained_by="customs", detained_on=day(on)
    )


Story = tuple[Event, ...]

IMPOSSIBLE: dict[str, tuple[str, Story]] = {
    "its label was read in two countries on one day": (
        "two-places", (made(), sent(), seen("AE", 20), seen("MY", 20)),
    ),
    "two sites counted it on one day": (
        "two-places", (site("A"), site("B"), made(), sent(), counted("A", 20), counted("B", 20)),
    ),
    "it left one country while it stood in another": (
        "two-places", (made(), seen("CN", 3, "photo"), sent(on=3)),
    ),
    "the next day it was seen far away, and nobody had carried it": (
        "too-fast", (made(), sent(), seen("AE", 20), seen("CN", 21)),
    ),
    "it ran at its destination on the day it left": (
        "too-fast", (made(), sent(on=3), seen("AE", 3, "powered_on")),
    ),
    "it was exported before its maker sold it": ("before-made", (made(on=10), sent(on=3))),
    "it was seen abroad before its maker sold it": (
        "before-made", (made(on=10), seen("AE", 4), sent(on=12)),
    ),
    "it was destroyed and then seen": (
        "after-destruction", (made(), sent(), gone("destroyed", 10), seen("AE", 20)),
    ),
    "it was scrapped and then sent on": (
        "after-destruction", (made(), sent(), gone("scrapped", 10), onward("S-2", "AE", "MY", 20)),
    ),
    "it was exported twice and never came back": (
        "shipped-twice", (made(), sent("S-1", on=3), sent("S-2", on=15, to="MY")),
    ),
    "its label stood on a chip that answers with another number": (
        "label-mismatch", (made(N, "N-1002"), sent("S-1", N, "N-1002"), read((N, "N-1002"))),
    ),
    "its maker never sold it": (
        "unknown-serial", (made("M-2201", "M-2202"), sent("S-1", N)),
    ),
    "its maker sold it first, twice": ("made-twice", (made(on=1), made(on=9))),
    "one list names it twice": ("listed-twice", (made(), sent("S-1", N, N))),
}  # fmt: skip

CLEAN: dict[str, Story] = {
    "sold, exported, installed and checked": (
        made(), sent(), seen("AE", 20, "powered_on"), read((N, N), on=40),
    ),
    "repaired at home and sent out again": (
        made(), sent("S-1"), back("S-1", 20), sent("S-2", on=30), seen("AE", 45),
    ),
    "held at the border, released, and sent under another id": (
        made(), sent("S-1", on=3), held("S-1", "US", 4), sent("S-2", on=12),
    ),
    "reported twice, under two ids": (made(), sent("S-1"), sent("S-2")),
    "assembled abroad and brought home before it was exported": (
        made(), sent("S-1", to="TW"), onward("S-2", "TW", "US", 12), sent("S-3", on=20),
    ),
    "over a land border within a day": (
        made(), sent(to="SG"), onward("S-2", "SG", "MY", 20), seen("SG", 20), seen("MY", 20),
    ),
    "sent and counted on receipt the same day": (made(), sent(to="CA", on=3), seen("CA", 3)),
    "opened by customs on the way": (
        made(), sent(route=("US", "SG", "AE"), on=3), inspected("SG", 3), seen("AE", 12),
    ),
    "moved between two sites of its owner within a day": (
        site("A"), site("B"), made(), sent(), counted("A", 20), moved("A", "B", 20),
        counted("B", 20),
    ),
    "moved between two countries, and counted two days apart": (
        site("A"), site("B", "SA"), made(), sent(), counted("A", 20), moved("A", "B", 21),
        counted("B", 22),
    ),
    "stolen and found again": (made(), sent(), gone("stolen", 10), seen("AE", 30)),
    "counted, then destroyed the same day": (made(), sent(), seen("AE", 20), gone("destroyed", 20)),
    "tested at its maker's before it was sold": (
        seen("US", 1, "powered_on", party="maker"), made(on=5), sent(on=8),
    ),
    "from a maker that lists no numbers": (sent("S-1", "X-1"), seen("AE", 20, "photo", "X-1")),
    "sold before its maker began to list numbers": (sent("S-1", on=3), made("M-2201", on=9)),
    "read twice at one check": (made(), sent(), read((N, None), (N, None))),
}  # fmt: skip
