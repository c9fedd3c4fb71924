"""A small plausible world: entries in memory, and real ledgers, with the rest filled in.

A test says only what it is about; a license is otherwise for Acme in the UAE, a shipment leaves
under it within its year. Parties: acme (AE, tier 2), shell (MY, owned from Beijing), nobody knows
stranger.
"""

import base64
import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ledger.entry import Entry, instant
from ledger.events import (
    CheckRequested,
    CommodityLine,
    Event,
    GoodsLine,
    LedgerOpened,
    LicenseApplied,
    LicenseApproved,
    LicenseLine,
    PartyRegistered,
    PolicyAdopted,
    ShipmentDeclared,
    ShipmentExported,
    ShipmentOnwardObserved,
    ShipmentVoided,
)
from ledger.fold import replay
from ledger.log import Ledger, enroll
from ledger.policy import Rules, digest, parse_pack, shipped_pack
from ledger.roles import ROLES
from ledger.signatures import generate
from projections.differences import Lines
from projections.red_flags import FlagsFold, Raised, RedFlag
from projections.reference import ALWAYS, Span
from projections.replay import READS, Replay, gone

H100 = 15_832
ORIGIN = "ledger.example.gov/chips"
OPENED = datetime(2026, 11, 2, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def entries(*events: Event) -> list[Entry]:
    """Events as entries, from number 1 on."""
    return [
        Entry(number, instant(OPENED), "a.rivera", "licensing_officer", "0" * 32, event)
        for number, event in enumerate(events, 1)
    ]


def raised(
    history: Iterable[Event], on: date = TODAY, *, rules: Rules | None = None
) -> list[Raised]:
    """Every flag after some events, by all rules."""
    fold = FlagsFold(rules)
    return fold.raised(replay(fold, entries(*history)), on)


def flags(
    name: str, *history: Event, on: date = TODAY, rules: Rules | None = None
) -> list[RedFlag]:
    """The flags one rule raises on some events."""
    return [each.flag for each in raised(history, on, rules=rules) if each.flag.rule == name]


def history_under(
    history: Iterable[Event], supposed: Sequence[Rules], lines: Lines, *, span: Span = ALWAYS
) -> Replay:
    """Some events as they were, and under rules that are supposed."""
    told = entries(*history)
    made = Replay(supposed, lines, span=span, gone=gone(told))
    for entry in told:
        if entry.event.wire in READS:
            made.take(entry)
    return made


def pack(name: str) -> Rules:
    return Rules.of([parse_pack(shipped_pack(name))])


def adopted(name: str = "adv-comp-2023", on: date = date(2023, 11, 17)) -> PolicyAdopted:
    text = shipped_pack(name)
    return PolicyAdopted(policy=name, effective_on=on, digest=digest(text), content=text)


def diffusion(on: date = date(2025, 1, 13)) -> PolicyAdopted:
    return adopted("diffusion-2025", on)


def party(name: str = "acme", country: str = "AE", **changes: Any) -> PartyRegistered:
    fields = {
        "party": name, "name": name.title(), "country": country, "headquarters": country,
        "registered_on": date(2025, 1, 2),
    }  # fmt: skip
    return PartyRegistered(**(fields | changes))


def line(units: int = 8, **changes: Any) -> CommodityLine:
    fields = {"model": "h100-sxm", "eccn": "3A090.a", "units": units, "tpp_per_unit": H100}
    return CommodityLine(**(fields | changes))


def licensed(units: int = 8, **changes: Any) -> LicenseLine:
    fields = {"model": "h100-sxm", "eccn": "3A090.a", "units": units, "tpp_per_unit": H100}
    return LicenseLine(**(fields | changes))


def applied(license: str = "D1", **changes: Any) -> LicenseApplied:
    fields = {
        "license": license, "applied_on": date(2025, 1, 20), "applicant": "maker",
        "ultimate_consignee": "acme", "end_users": ("acme",), "destination": "AE",
        "lines": (licensed(),),
    }  # fmt: skip
    return LicenseApplied(**(fields | changes))


def approved(license: str = "D1", **changes: Any) -> LicenseApproved:
    fields = {
        "license": license, "decided_on": date(2025, 2, 1), "expires_on": date(2026, 2, 2),
        "destination": "AE", "ultimate_consignee": "acme", "end_users": ("acme",),
        "lines": (licensed(),),
    }  # fmt: skip
    return LicenseApproved(**(fields | changes))


def exported(shipment: str = "S-1", **changes: Any) -> ShipmentExported:
    """A shipment under license D1, unless it names another authority."""
    fields: dict[str, Any] = {
        "shipment": shipment, "authority": "license", "license": "D1", "lines": (line(),),
        "exporter": "maker", "ultimate_consignee": "acme", "end_user": "acme",
        "route": ("US", "AE"), "exported_on": date(2025, 3, 3),
    }  # fmt: skip
    if changes.get("authority", "license") != "license":
        del fields["license"]
    return ShipmentExported(**(fields | changes))


def declared(*words: str, **changes: Any) -> ShipmentDeclared:
    """Shipment S-9 of goods in words, under no authority."""
    fields: dict[str, Any] = {
        "shipment": "S-9", "authority": "none", "exporter": "maker", "ultimate_consignee": "acme",
        "destinations": ("AE",), "declared_on": date(2024, 10, 1),
        "lines": tuple(GoodsLine(description=each) for each in words or ("H100",)),
    }  # fmt: skip
    return ShipmentDeclared(**(fields | changes))


def seen_onward(*words: str, **changes: Any) -> ShipmentOnwardObserved:
    """Goods that acme sent on from the UAE to China under no authority."""
    fields: dict[str, Any] = {
        "shipment": "S-10", "origins": ("AE",), "destination": "CN", "sender": "acme",
        "authority": "none", "method": "report", "observed_on": date(2024, 11, 1),
        "lines": tuple(GoodsLine(description=each) for each in words or ("H100",)),
    }  # fmt: skip
    return ShipmentOnwardObserved(**(fields | changes))


def voided(entry: int, shipment: str = "S-1") -> ShipmentVoided:
    return ShipmentVoided(
        shipment=shipment, entry=entry, voided_on=date(2025, 4, 1), reason="recorded twice"
    )


def requested(check: str = "C-1", **changes: Any) -> CheckRequested:
    fields = {
        "check": check, "party": "acme", "kind": "PSV", "country": "AE",
        "requested_on": date(2025, 6, 1),
    }  # fmt: skip
    return CheckRequested(**(fields | changes))


class Office:
    """A real ledger and the keys to write to it; events are signed a minute apart."""

    def __init__(self, place: str) -> None:
        self.signer, second, self.log = (generate("ed25519") for _ in range(3))
        admins = tuple(
            enroll(ORIGIN, actor, tuple(ROLES), signer, valid_from=OPENED.date())
            for actor, signer in (("a.rivera", self.signer), ("b.chen", second))
        )
        key = base64.b64encode(self.log.spki).decode()
        opened = LedgerOpened(
            origin=ORIGIN, log_key=key, administrators=admins, opened_on=OPENED.date()
        )
        self.ledger = Ledger.create(place, opened, self.signer, self.log, at=OPENED)
        self._minutes = itertools.count(1)

    def say(self, *events: Event) -> None:
        for event in events:
            self.say_at_once([event])

    def say_at_once(self, events: Sequence[Event]) -> None:
        at = OPENED + timedelta(minutes=next(self._minutes))
        self.ledger.append(events, self.signer, at=at)
