"""A case in the ledger's own commands: the lines that `chip-ledger import` would read.

Each event of a case becomes the commands that say the same, in its place in the list. A type of
event nobody foresaw is told by what it holds (goods that go somewhere, money, a check, an owner),
and where that fits nothing it is a concern about the party it names: told is every event.

What is inferred, because the file does not say it, and what is left out stand in the notes.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, Literal

from benchmarks.detection.cases import Json, Layer, Seen, Visible, span
from benchmarks.detection.words import (
    activities,
    amount,
    authority,
    countries,
    goods,
    least,
    members,
    named,
    roles,
    said,
    slug,
    texts,
    word,
)
from commands.decider import Command
from commands.feeds.jsonl import command_of
from ledger.errors import LedgerError

Channel = Literal["declared", "payments", "checks", "location", "attestation"]

CHANNELS: Final[tuple[Channel, ...]] = (
    "declared",
    "payments",
    "checks",
    "location",
    "attestation",
)
"""Where what is known comes from, each added to those before it."""

_CHANNEL: Final[dict[str, Channel]] = {
    "party.payment": "payments",
    "party.financing": "payments",
    "party.account": "payments",
    "shipment.invoice": "payments",
    "check.request": "checks",
    "check.schedule": "checks",
    "check.perform": "checks",
    "check.rate": "checks",
    "check.rerate": "checks",
    "check.refuse": "checks",
    "check.postpone": "checks",
    "check.not-found": "checks",
    "check.close": "checks",
    "check.read": "attestation",
    "party.count": "checks",
    "shipment.inspect": "checks",
    "shipment.detain": "checks",
    "shipment.confirm": "checks",
    "shipment.onward": "location",
    "party.locate": "location",
    "party.unreachable": "location",
    "party.sighting": "location",
    "party.teardown": "location",
}

DUMMIES: Final = 5
"""Boxes read at a check whose labels were of other machines."""

CENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One command, the event of the case it tells, and the channel that brings it.

    step  number of that event among the visible ones; who the parties are is said with the first
    last  the day of the last of several shipments that one event tells of
    """

    step: int
    event: str
    channel: Channel
    command: Command
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A case as commands.

    days   the day each of its events is told with
    notes  what was inferred or left out
    """

    case: str
    lines: tuple[Line, ...]
    days: tuple[date, ...]
    notes: tuple[str, ...]

    @property
    def steps(self) -> Iterator[tuple[date, list[Line]]]:
        """Event by event: its day, and the lines that tell it."""
        lines: dict[int, list[Line]] = {}
        for line in self.lines:
            lines.setdefault(line.step, []).append(line)
        return ((day, lines.get(step, [])) for step, day in enumerate(self.days))


@dataclass(slots=True)
class _Shipped:
    """What later events of a case may be about."""

    id: str
    on: date
    origin: str | None
    destinations: tuple[str, ...]
    receiver: str | None
    quantity: int | None


@dataclass(slots=True)
class _Teller:
    case: Visible
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shipped: list[_Shipped] = field(default_factory=list)
    licenses: dict[str, tuple[str, date, bool]] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    checks: dict[str, tuple[str, date]] = field(default_factory=dict)
    named_checks: dict[str, tuple[str, date]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)
    step: int = 0
    last: date | None = None
    seen_from_outside: bool = False

    # ── parties ─────────────────────────────────────────────────────────────────────────────────

    def meet(self) -> None:
        """Give every party of the case an id of its own in the ledger."""
        for number, party in enumerate(self.case.parties, start=1):
            key = str(party.get("party_id") or f"party-{number}")
            made = f"{slug(self.case.id).lower()}-{slug(key).lower()}"
            self.ids[key.lower()] = made
            name = said(party.get("name"))
            if name:
                self.ids.setdefault(name.lower(), made)
            home = next(iter(countries(party.get("country"))), None)
            seat = next(iter(countries(party.get("hq_country"))), None)
            if home or seat:
                self.homes[made] = home or seat or ""

    def register(self, key: str, on: date, event: str = "") -> None:
        """Say who a party is, once."""
        party = next(
            (
                each
                for number, each in enumerate(self.case.parties, start=1)
                if str(each.get("party_id") or f"party-{number}").lower() == key.lower()
            ),
            None,
        )
        made = self.ids.get(key.lower())
        if party is None or made is None or made in self.registered:
            return
        self.registered.add(made)
        home = next(iter(countries(party.get("country"))), None)
        seat = next(iter(countries(party.get("hq_country"))), None)
        if not (home or seat):
            self.note(f"party {key} is in no country the ledger knows: it is not registered")
            return
        parent = self.party(party.get("ultimate_parent"))
        formed = self._formed(party)
        on = max(on, formed or on)
        business = said(members(party, "declared_business", "business"))
        self.tell(
            event,
            {
                "command": "party.register",
                "party": made,
                "name": said(party.get("name"), 200) or key,
                "country": home or seat,
                "headquarters": seat or home,
                "ultimate_parent": parent if parent != made else None,
                "parent_headquarters": self.seat_of(party.get("ultimate_parent"), seat)
                if parent and parent != made
                else None,
                "roles": list(roles(party.get("roles"))),
                "registration_number": said(party.get("registration_number"), 200) or None,
                "address": said(party.get("address")),
                "formed_on": formed,
                "business": business,
                "registered_on": on,
            },
        )
        if business:
            self.tell(
                event,
                {
                    "command": "party.business",
                    "party": made,
                    "business": business,
                    "activities": list(activities(business)),
                    "declared_on": on,
                },
            )
        for alias in texts(members(party, "aliases", "alias")):
            self.tell(
                event,
                {
                    "command": "party.alias",
                    "party": made,
                    "alias": said(alias, 200),
                    "recorded_on": on,
                },
            )
        for controller in texts(
            members(party, "controllers", "controller", "officers", "directors")
        ):
            self.tell(
                event,
                {
                    "command": "party.controller",
                    "party": made,
                    "capacity": "controller",
                    "controller": self.party(controller),
                    "declared_on": on,
                },
            )
        account = said(members(party, "bank_account", "account"))
        if account:
            self.tell(
                event,
                {
                    "command": "party.account",
                    "party": made,
                    "account": slug(account),
                    "country": home or seat,
                    "declared_on": on,
                },
            )
        megawatts = members(party, "capacity_mw", "it_mw", "declared_capacity_mw")
        if amount(megawatts):
            self.capacity(event, on, made, megawatts)

    def _formed(self, party: Any) -> date | None:
        found = span(party.get("formed"), party.get("formed_precision"))
        return None if found is None else found.first

    def party(self, value: object) -> str | None:
        """The id of a party by its id or its name in the case; one of its own for anybody else."""
        text = said(value)
        if not text:
            return None
        known = self.ids.get(text.lower())
        if known is None:
            known = f"{slug(self.case.id).lower()}-x-{slug(text).lower()}"
            self.ids[text.lower()] = known
            self.note(f"{text!r} is no party of the case's list: it goes by an id made for it")
        return known

    def known(self, value: object) -> str | None:
        """The id of a party of the case, or None for what is rather a text."""
        return self.ids.get(said(value).lower()) if said(value) else None

    def seat_of(self, value: object, otherwise: str | None) -> str | None:
        """Headquarters of a parent; of one that is not in the list, what its child says of it."""
        for party in self.case.parties:
            if said(value) and said(value) in (party.get("party_id"), said(party.get("name"))):
                return next(iter(countries(party.get("hq_country"))), None)
        return otherwise

    def somebody(self) -> str | None:
        """The party a case is about, where an event names nobody: the first of its list."""
        return next(iter(self.ids.values()), None)

    def at_home_in(self, places: tuple[str, ...]) -> str | None:
        """The one party of the case's list that is in one of some countries; None if several."""
        there = [party for party, home in self.homes.items() if home in places]
        return there[0] if len(there) == 1 else None

    # ── saying ──────────────────────────────────────────────────────────────────────────────────

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def tell(self, event: str, line: Json) -> bool:
        """Add a line; what no command holds is noted and left out."""
        written = {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in line.items()
            if value is not None and value != "" and value != []
        }
        name = written["command"]
        try:
            command = command_of(written)
        except LedgerError as error:
            self.note(f"{event or 'a party'} is not told as {name}: {error.problem}")
            return False
        channel = _CHANNEL.get(name, "location" if self.seen_from_outside else "declared")
        self.lines.append(Line(self.step, event, channel, command, self.last))
        return True

    # ── events ──────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Tell the whole case."""
        self.meet()
        by_themselves = {
            said(event.said.get("party")).lower()
            for event in self.case.events
            if event.type == "party_registered"
        }
        for number, party in enumerate(self.case.parties, start=1):
            key = str(party.get("party_id") or f"party-{number}")
            if key.lower() not in by_themselves and self.case.events:
                self.register(key, self.met(key))
        for step, event in enumerate(self.case.events):
            self.step = step
            handler = TYPES.get(event.type) or _by_what_it_holds(event)
            if event.type not in TYPES:
                self.note(f"{event.id}: {event.type} is told by what it holds")
            before = len(self.lines)
            self.seen_from_outside = event.layer is Layer.OBSERVED
            handler(self, event)
            if len(self.lines) == before and event.type not in ("check_overdue",):
                self.note(f"{event.id}: {event.type} says nothing the ledger holds")

    def met(self, key: str) -> date:
        """The day of the first event that names a party; of the first of all where none does."""
        for event in self.case.events:
            if any(key in texts(value) for value in event.said.values()):
                return event.on
        return self.case.events[0].on

    def control(self, event: Seen) -> None:
        get = event.said
        title = said(members(get, "control", "policy", "what", "rule"), 200)
        title = title or event.type.replace("_", " ")
        announced = event.type.endswith("announced")
        start = _compliance_day(title) if announced else None
        name = f"{slug(title).lower()[:40]}-{event.on:%Y%m%d}"
        scope = said(members(get, "tier3_scope", "scope", "note"))
        days = amount(get.get("clock_days"))
        self.tell(
            event.id,
            {
                "command": "control.publish",
                "control": name,
                "title": title,
                "effective_on": start or event.on,
                "announced_on": event.on if announced else None,
                "countries": list(countries(get.get("countries")) or named(title)),
                "check_days": days if days and 1 <= days <= 3_650 else None,
                "note": scope,
            },
        )

    def registered_(self, event: Seen) -> None:
        key = said(event.said.get("party"))
        if self.known(key):
            self.register(key, event.on, event.id)
        home = next(iter(countries(event.said.get("country"))), None)
        if not self.known(key) and home:
            self.tell(
                event.id,
                {
                    "command": "party.register",
                    "party": self.party(key),
                    "name": key or "unnamed",
                    "country": home,
                    "headquarters": home,
                    "registered_on": event.on,
                },
            )

    def renamed(self, event: Seen) -> None:
        name = said(members(event.said, "new_name", "name", "to", "alias"), 200)
        self.tell(
            event.id,
            {
                "command": "party.rename",
                "party": self.party(members(event.said, "party")),
                "name": name,
                "renamed_on": event.on,
            },
        )

    def relocated(self, event: Seen) -> None:
        place = members(event.said, "hq_country", "new_hq", "headquarters", "country", "to")
        self.tell(
            event.id,
            {
                "command": "party.relocate",
                "party": self.party(members(event.said, "party")),
                "headquarters": next(iter(countries(place)), None),
                "relocated_on": event.on,
            },
        )

    def addressed(self, event: Seen) -> None:
        party = self.party(event.said.get("party"))
        home = next(iter(countries(event.said.get("country"))), None) or self.homes.get(party or "")
        self.tell(
            event.id,
            {
                "command": "party.address",
                "party": party,
                "country": home,
                "address": said(event.said.get("address")),
                "declared_on": event.on,
            },
        )

    def controlled(self, event: Seen) -> None:
        self.tell(
            event.id,
            {
                "command": "party.controller",
                "party": self.party(event.said.get("party")),
                "controller": self.party(
                    members(event.said, "controller", "officer", "director", "person")
                ),
                "capacity": "controller",
                "declared_on": event.on,
            },
        )

    def merged(self, event: Seen) -> None:
        self.tell(
            event.id,
            {
                "command": "party.merge",
                "party": self.party(event.said.get("party")),
                "into": self.party(members(event.said, "into", "successor")),
                "merged_on": event.on,
            },
        )

    def owned(self, event: Seen) -> None:
        get = event.said
        owner = self.party(members(get, "owner", "shareholder", "parent"))
        percent = members(get, "pct", "percent", "share_pct", "share")
        share = round(percent * 100) if isinstance(percent, int | float) else None
        self.tell(
            event.id,
            {
                "command": "party.own",
                "party": self.party(members(get, "party", "owned", "subsidiary")),
                "owner": owner,
                "share": share,
                "changed_on": event.on,
            },
        )
        if members(get, "listed_owner", "owner_listed") is True:
            self.tell(
                event.id,
                {
                    "command": "party.list",
                    "party": owner,
                    "list": "entity_list",
                    "listed_on": event.on,
                },
            )

    def listed(self, event: Seen) -> None:
        get = event.said
        off = "remov" in event.type or "delist" in event.type
        for name in texts(members(get, "party", "parties", "name")):
            self.tell(
                event.id,
                {
                    "command": "party.delist" if off else "party.list",
                    "party": self.party(name),
                    "list": word(said(get.get("list")) or "list"),
                    "delisted_on" if off else "listed_on": event.on,
                },
            )

    def address_listed(self, event: Seen) -> None:
        get = event.said
        named = [(each, None) for each in texts(members(get, "addresses", "address"))]
        if not named:
            named = [
                (said(party.get("address")), party.get("country"))
                for party in self.case.parties
                if said(party.get("address"))
            ]
        off = "remov" in event.type or "delist" in event.type
        for number, (text, place) in enumerate(named, start=1):
            home = next(iter(countries(place or get.get("country"))), None) or next(
                iter(self.homes.values()), None
            )
            name = f"{slug(self.case.id).lower()}-{number}"
            line: Json = {"command": "address.list", "address": name, "text": said(text),
                          "country": home, "list": word(said(get.get("list")) or "list"),
                          "listed_on": event.on}  # fmt: skip
            if off:
                line = {"command": "address.delist", "address": name,
                        "list": line["list"], "delisted_on": event.on}  # fmt: skip
            self.tell(event.id, line)

    def informed(self, event: Seen) -> None:
        get = event.said
        self.tell(
            event.id,
            {
                "command": "party.inform",
                "party": self.party(get.get("party")) or self.somebody(),
                "concerning": self.party(members(get, "about", "concerning", "customer")),
                "countries": list(countries(members(get, "countries", "destination"))),
                "items": said(members(get, "item", "items")),
                "informed_on": event.on,
            },
        )

    # ── goods ───────────────────────────────────────────────────────────────────────────────────

    def goods_lines(self, event: Seen, *, one_at_least: bool = True) -> list[Json]:
        """The lines of a document, by what it calls the goods; nobody's later knowledge of them."""
        get = event.said
        item = said(members(get, "item", "goods", "product"))
        text = said(get.get("description")) or item
        if get.get("actual_item") is not None:
            self.note(f"{event.id}: what was really in the boxes is left out")
        if not text and not item and not one_at_least:
            return []
        named = goods(item or text)
        chips, pieces = amount(get.get("chips")), amount(members(get, "quantity", "units"))
        counted_in = "chips" if chips else named.counted_in
        for other in ("servers", "racks", "boards"):
            if not chips and not pieces and amount(get.get(other)):
                pieces = amount(get.get(other))
                counted_in = {"servers": "computers"}.get(other, other)
        weight = members(get, "net_weight_kg", "net_kg")
        line: Json = {
            "description": text or item or "goods",
            "model": least(named.models),
            "quantity": chips or pieces or None,
            "counted_in": counted_in if chips or pieces else "pieces",
            "value_cents": None,
            "eccn": said(get.get("eccn")) or named.eccn,
            "hs_code": said(members(get, "hs_code", "hs")) or None,
            "net_weight_grams": round(weight * 1_000) if amount(weight) else None,
            "serials": [slug(each) for each in texts(get.get("serials"))][:500],
        }
        made = {key: value for key, value in line.items() if value is not None and value != []}
        if named.apart and "quantity" not in made:
            return [{**made, "model": model} for model in named.models]
        return [made]

    def value(self, event: Seen) -> int | None:
        """The declared value, in cents."""
        dollars = amount(members(event.said, "value_usd", "declared_value_usd", "invoice_usd"))
        return None if dollars is None else dollars * CENTS

    def shipment(self, event: Seen) -> None:
        """A shipment; of several over a range of dates the first and the last, each with half."""
        known = len(self.shipped)
        for part in _first_and_last(event):
            self.last = part.on if part.on > event.on else None
            self.one_shipment(part)
        self.last = None
        # What follows is about the first: it was under way when that happened.
        del self.shipped[known + 1 :]

    def one_shipment(self, event: Seen) -> None:
        get = event.said
        lines = self.goods_lines(event)
        act = "reexport" if event.type.startswith("reexport") else "export"
        act = "transfer" if "transfer" in event.type else act
        exporter = self.party(members(get, "exporter", "reexporter", "transferor"))
        seller = self.party(get.get("seller"))
        consignee = self.party(members(get, "ultimate_consignee", "consignee"))
        user, end_use = self.known(get.get("end_user")), said(get.get("end_use"))
        if get.get("end_user") and user is None:
            end_use = end_use or said(get.get("end_user"))
        between = [
            self.party(each)
            for each in texts(members(get, "intermediate_consignees", "intermediate_consignee"))
        ]
        route = list(countries(get.get("route")))
        to = countries(members(get, "destinations", "destination", "to")) or tuple(route[-1:])
        if not to and consignee in self.homes:
            to = (self.homes[consignee],)
            self.note(f"{event.id}: its destination is where its consignee is")
        origin = (
            next(iter(countries(members(get, "origin", "frm", "from"))), None)
            or (route[0] if len(route) > 1 else None)
            or self.homes.get(exporter or seller or "", "US")
        )
        relied, license_ = self.relied_on(event)
        shipment = self.name(event)
        common: Json = {
            "shipment": shipment, "authority": relied, "license": license_,
            "purchaser": self.party(get.get("purchaser")), "intermediate_consignees": between,
            "ultimate_consignee": consignee, "end_user": user,
            "forwarder": self.party(members(get, "forwarder", "freight_forwarder")),
            "aggregate": bool(get.get("aggregate")),
        }  # fmt: skip
        several = amount(members(get, "n_shipments", "shipments"))
        stopped = any(get.get(key) is True for key in ("disrupted", "stopped", "seized"))
        value, counted = self.value(event), lines[0]
        whole = (
            counted.get("model") and counted.get("quantity") and counted["counted_in"] == "chips"
        )
        plain = whole and len(to) == 1 and consignee and not stopped and not end_use
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
            told = self.tell(event.id, movement)
        else:
            gross = members(get, "gross_weight_kg", "weight_kg")
            told = self.tell(
                event.id,
                {
                    **common,
                    "command": "shipment.declare",
                    "act": act,
                    "lines": lines,
                    "value_cents": value,
                    "seller": seller,
                    "exporter": exporter,
                    "gross_weight_grams": round(gross * 1_000) if amount(gross) else None,
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
            self.shipped.append(
                _Shipped(shipment, event.on, origin, to, consignee or user, counted.get("quantity"))
            )

    def relied_on(self, event: Seen) -> tuple[str, str | None]:
        """The authority of a shipment, and the license where that is one the case tells of."""
        relied = authority(event.said.get("authority"))
        named = said(members(event.said, "licence", "license", "licence_id", "license_id"))
        if relied != "license" and not named:
            return relied, None
        last = named if named else next(reversed(self.licenses), "")
        known = self.licenses.get(last)
        if known is not None and (known[0] in self.granted or named):
            return "license", known[0]
        if not named:
            return "unknown", None
        return "license", f"{slug(self.case.id).lower()}-{slug(named).lower()}"

    def name(self, event: Seen) -> str:
        """An id for what an event begins."""
        return f"{slug(self.case.id).lower()}-{slug(event.id).lower()}"

    def onward(self, event: Seen) -> None:
        get = event.said
        origins = countries(members(get, "frm", "from", "origin", "origins", "country"))
        to = next(iter(countries(members(get, "to", "destination"))), None)
        first = next(
            (each for each in reversed(self.shipped) if set(each.destinations) & set(origins)), None
        )
        sender = self.known(members(get, "exporter", "sender", "reexporter", "by"))
        receiver = self.known(members(get, "ultimate_consignee", "receiver", "consignee"))
        if sender is None:
            sender = (first.receiver if first else None) or self.at_home_in(origins)
            if sender:
                self.note(f"{event.id}: who sent on is who was last known to have the goods there")
        if receiver is None and to:
            receiver = self.at_home_in((to,))
        lines = self.goods_lines(event, one_at_least=False)
        on = max(event.on, first.on) if first else event.on
        self.tell(
            event.id,
            {
                "command": "shipment.onward",
                "shipment": self.name(event),
                "of": first.id if first else None,
                "origins": list(origins),
                "destination": to,
                "via": list(countries(get.get("via"))),
                "sender": sender,
                "receiver": receiver,
                "lines": lines,
                "value_cents": self.value(event),
                "authority": _without_license(authority(get.get("authority"))),
                "method": "report",
                "aggregate": bool(get.get("aggregate")),
                "observed_on": on,
            },
        )

    def reexport(self, event: Seen) -> None:
        """A reexport somebody declared or saw with both its ends; else one seen from outside."""
        if event.said.get("ultimate_consignee") or event.said.get("exporter"):
            self.shipment(event)
        else:
            self.onward(event)

    def sale(self, event: Seen) -> None:
        get = event.said
        seller = self.party(members(get, "seller", "exporter")) or self.somebody()
        buyer = self.party(members(get, "purchaser", "buyer", "ultimate_consignee"))
        home = self.homes.get(buyer or "") or self.homes.get(seller or "") or "US"
        self.tell(
            event.id,
            {
                "command": "party.sale",
                "party": seller,
                "purchaser": buyer,
                "country": home,
                "lines": self.goods_lines(event),
                "value_cents": self.value(event),
                "end_user": self.known(members(get, "declared_end_user", "end_user")),
                "first": True if get.get("first") is True else None,
                "aggregate": bool(get.get("aggregate")),
                "sold_on": event.on,
            },
        )

    def order(self, event: Seen) -> None:
        get = event.said
        buyer = self.party(members(get, "purchaser", "buyer", "ultimate_consignee", "party"))
        self.tell(
            event.id,
            {
                "command": "party.order",
                "party": buyer or self.somebody(),
                "seller": self.party(members(get, "seller", "exporter")),
                "lines": self.goods_lines(event),
                "value_cents": self.value(event),
                "end_user": self.known(get.get("end_user")),
                "destination": next(iter(countries(get.get("destination"))), None),
                "ordered_on": event.on,
            },
        )

    def last_shipment(self, event: Seen) -> str | None:
        """The shipment an event is about: the one it names, else the last one told."""
        named = said(members(event.said, "shipment", "shipment_id", "of", "event"))
        known = f"{slug(self.case.id).lower()}-{slug(named).lower()}" if named else None
        if known and any(each.id == known for each in self.shipped):
            return known
        return self.shipped[-1].id if self.shipped else None

    def detained(self, event: Seen) -> None:
        get = event.said
        shipment = self.name(event)
        receiver = self.party(members(get, "ultimate_consignee", "consignee"))
        named = said(members(get, "shipment", "shipment_id"))
        place = next(iter(countries(members(get, "country", "at"))), None)
        if get.get("exporter") or receiver or not self.shipped:
            # It was held back before anything else of it was told: what is known is declared.
            lines = self.goods_lines(event)
            to = self.homes.get(receiver or "")
            self.tell(
                event.id,
                {
                    "command": "shipment.declare",
                    "shipment": shipment,
                    "lines": lines,
                    "authority": _without_license(authority(get.get("authority"))),
                    "exporter": self.party(get.get("exporter")),
                    "ultimate_consignee": receiver,
                    "destinations": [to] if to else [],
                    "stopped": True,
                    "declared_on": event.on,
                },
            )
            self.shipped.append(_Shipped(shipment, event.on, None, (), receiver, None))
        else:
            shipment = self.last_shipment(event) or shipment
        if named:
            shipment = self.last_shipment(event) or shipment
        self.tell(
            event.id,
            {
                "command": "shipment.detain",
                "shipment": shipment,
                "country": place or "US",
                "detained_by": said(members(get, "agency", "authority_name", "by"), 200)
                or "customs",
                "reason": said(members(get, "reason", "what", "finding")),
                "detained_on": event.on,
            },
        )

    def inspected(self, event: Seen) -> None:
        get = event.said
        shipment = self.last_shipment(event)
        if shipment is None:
            self.concern(event)
            return
        about = next(each for each in self.shipped if each.id == shipment)
        counted, finding = amount(get.get("counted")), said(members(get, "finding", "note", "what"))
        differences = []
        if counted is not None and about.quantity is not None and counted != about.quantity:
            differences.append("quantity")
        if re.search(r"label|descri|misdeclar|under (a )?false", finding.lower()):
            differences.append("description")
        appraised = amount(members(get, "appraised_usd", "appraised_value_usd"))
        weight = members(get, "weighed_kg", "gross_weight_kg", "weight_kg")
        self.tell(
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
                "gross_weight_grams": round(weight * 1_000) if amount(weight) else None,
                "hs_code": said(get.get("hs_code")) or None,
                "serials": [slug(each) for each in texts(get.get("serials"))][:500],
                "inspected_on": event.on,
            },
        )

    def delivered(self, event: Seen) -> None:
        get = event.said
        shipment = self.last_shipment(event)
        receiver = self.party(members(get, "received_by", "receiver", "consignee", "party"))
        about = next((each for each in self.shipped if each.id == shipment), None)
        place = next(iter(countries(members(get, "country", "at", "to"))), None)
        self.tell(
            event.id,
            {
                "command": "shipment.deliver",
                "shipment": shipment or self.name(event),
                "delivered_on": max(event.on, about.on) if about else event.on,
                "country": place or self.homes.get(receiver or "", None),
                "received_by": receiver or (about.receiver if about else None),
                "units": amount(members(get, "quantity", "units")) or None,
            },
        )

    def returned(self, event: Seen) -> None:
        get = event.said
        shipment = self.last_shipment(event)
        about = next((each for each in self.shipped if each.id == shipment), None)
        named = goods(said(members(get, "item", "description")))
        units = amount(members(get, "quantity", "units", "chips"))
        self.tell(
            event.id,
            {
                "command": "shipment.return",
                "shipment": shipment or self.name(event),
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
                            "serials": [slug(each) for each in texts(get.get("serials"))][:500],
                        }.items()
                        if value
                    }
                ],
                "sender": self.party(members(get, "sender", "frm", "party")),
                "receiver": self.party(members(get, "receiver", "to", "payee")) or self.somebody(),
                "country": next(iter(countries(members(get, "country", "to"))), None)
                or (about.origin if about else None)
                or "US",
                "returned_on": max(event.on, about.on) if about else event.on,
            },
        )

    # ── money, means, tenants ───────────────────────────────────────────────────────────────────

    def payment(self, event: Seen) -> None:
        get = event.said
        payer = self.party(members(get, "payer", "from", "paid_by"))
        place = next(iter(countries(get.get("payer_country"))), None)
        dollars = amount(members(get, "amount_usd", "value_usd", "amount"))
        account = said(members(get, "account", "bank_account"))
        self.tell(
            event.id,
            {
                "command": "party.payment",
                "party": self.party(members(get, "payee", "party", "seller")) or self.somebody(),
                "payer": payer,
                "payer_country": place or self.homes.get(payer or ""),
                "amount_cents": None if dollars is None else dollars * CENTS,
                "account": slug(account) if account else None,
                "received_on": event.on,
            },
        )

    def financed(self, event: Seen) -> None:
        get = event.said
        dollars = amount(members(get, "amount_usd", "value_usd"))
        kind = said(get.get("kind"))
        kinds = ("loan", "lease", "equity", "group_treasury", "prepayment", "grant")
        self.tell(
            event.id,
            {
                "command": "party.financing",
                "party": self.party(members(get, "party", "payee")),
                "financier": self.party(members(get, "financier", "bank", "lessor", "payer")),
                "kind": kind if kind in kinds else "loan",
                "amount_cents": None if dollars is None else dollars * CENTS,
                "declared_on": event.on,
            },
        )

    def assets(self, event: Seen) -> None:
        get = event.said
        cash, all_ = amount(get.get("cash_usd")), amount(get.get("assets_usd"))
        self.tell(
            event.id,
            {
                "command": "party.assets",
                "party": self.party(get.get("party")),
                "cash_cents": None if cash is None else cash * CENTS,
                "assets_cents": None if all_ is None else all_ * CENTS,
                "declared_on": event.on,
            },
        )

    def inventory(self, event: Seen) -> None:
        get = event.said
        so_far = members(get, "cumulative_imported", "received", "cumulative_received")
        held = members(get, "on_hand", "quantity", "units", "counted")
        value = self.value(event)
        units = amount(so_far if so_far is not None else held)
        named = goods(said(get.get("item")))
        line = {"units": units, "model": least(named.models)}
        self.tell(
            event.id,
            {
                "command": "party.inventory",
                "party": self.party(members(get, "party", "operator")) or self.somebody(),
                "basis": "received_so_far" if so_far is not None else "on_hand",
                "lines": [{key: each for key, each in line.items() if each is not None}],
                "value_cents": value,
                "declared_on": event.on,
            },
        )

    def capacity_(self, event: Seen) -> None:
        get = event.said
        party = self.party(members(get, "party", "operator")) or self.somebody()
        self.capacity(
            event.id,
            event.on,
            party,
            members(get, "it_mw", "mw", "capacity_mw", "megawatts", "power_mw"),
            said(members(get, "site", "name"), 200),
        )

    def capacity(
        self, event: str, on: date, party: str | None, megawatts: Any, site: str = ""
    ) -> None:
        kilowatts = round(megawatts * 1_000) if isinstance(megawatts, int | float) else None
        self.tell(
            event,
            {
                "command": "party.capacity",
                "party": party,
                "site": site or "site 1",
                "it_kilowatts": kilowatts,
                "declared_on": on,
            },
        )

    def tenant(self, event: Seen) -> None:
        get = event.said
        tenant = said(get.get("tenant"))
        seat = next(iter(countries(get.get("tenant_hq"))), None)
        known = self.known(tenant)
        if known is None and seat:
            self.tell(
                event.id,
                {
                    "command": "party.register",
                    "party": self.party(tenant),
                    "name": tenant,
                    "country": seat,
                    "headquarters": seat,
                    "roles": ["cloud_tenant"],
                    "registered_on": event.on,
                },
            )
        self.tell(
            event.id,
            {
                "command": "party.tenant",
                "party": self.party(members(get, "operator", "party")) or self.somebody(),
                "tenant": self.party(tenant),
                "servers": amount(get.get("servers")) or None,
                "declared_on": event.on,
            },
        )

    # ── licenses ────────────────────────────────────────────────────────────────────────────────

    def applied(self, event: Seen) -> None:
        get = event.said
        lines = self.goods_lines(event)
        applicant = self.party(members(get, "applicant", "exporter")) or self.somebody()
        user = self.party(members(get, "end_user"))
        consignee = self.party(members(get, "ultimate_consignee", "consignee"))
        to = next(iter(countries(get.get("destination"))), None) or self.homes.get(
            consignee or user or ""
        )
        key = said(members(get, "licence", "license", "licence_id", "license_id")) or event.id
        license_ = f"{slug(self.case.id).lower()}-{slug(key).lower()}"
        first = lines[0]
        whole = first.get("model") and first.get("quantity") and first["counted_in"] == "chips"
        counted = bool(whole and to and (consignee or user))
        if counted:
            counted = self.tell(
                event.id,
                {
                    "command": "license.apply",
                    "license": license_,
                    "applied_on": event.on,
                    "applicant": applicant,
                    "ultimate_consignee": consignee or user,
                    "end_users": [user or consignee],
                    "destination": to,
                    "lines": [{"model": first["model"], "units": first["quantity"]}],
                },
            )
        if not counted:
            self.tell(
                event.id,
                {
                    "command": "license.report-application",
                    "license": license_,
                    "applicant": applicant,
                    "ultimate_consignee": consignee,
                    "end_users": [user] if user else [],
                    "destination": to,
                    "lines": lines,
                    "authority": said(get.get("agency"), 200) or "US Department of Commerce",
                    "applied_on": event.on,
                },
            )
        self.licenses[key] = (license_, event.on, counted)

    def decided(self, event: Seen) -> None:
        get = event.said
        key = said(members(get, "licence", "license", "licence_id", "license_id"))
        if key not in self.licenses:
            if self.licenses and not key:
                key = next(reversed(self.licenses))
            else:
                self.applied(event)
                key = next(reversed(self.licenses))
        license_, applied_on, counted = self.licenses[key]
        outcome = said(members(get, "outcome", "decision")).lower()
        on = max(event.on, applied_on)
        kind = next(
            (
                name
                for name, words in {
                    "denied": r"den|refus|reject",
                    "returned": r"return|rwa",
                    "revoked": r"revok",
                    "suspended": r"suspen",
                    "approved": r"grant|approv|issued",
                }.items()
                if re.search(words, outcome)
            ),
            "denied" if "den" in event.type else "approved",
        )
        reason = said(members(get, "reason", "note")) or "as the source tells it"
        if kind == "approved":
            self.granted.add(license_)
        if counted and kind in ("approved", "denied"):
            ends = said(members(get, "expires", "expiry", "valid_until"))
            line: Json = (
                {"command": "license.deny", "license": license_, "decided_on": on, "reason": reason}
                if kind == "denied"
                else {
                    "command": "license.approve",
                    "license": license_,
                    "decided_on": on,
                    "expires_on": ends or on + timedelta(days=1_461),
                    "justification": reason,
                }
            )
            self.tell(event.id, line)
            return
        self.tell(
            event.id,
            {
                "command": "license.report-decision",
                "license": license_,
                "outcome": kind,
                "authority": said(get.get("agency"), 200) or "US Department of Commerce",
                "decided_on": on,
            },
        )

    # ── checks and sightings ────────────────────────────────────────────────────────────────────

    def checked(self, event: Seen) -> str | None:
        """The party that is checked."""
        return self.party(members(event.said, "party", "end_user", "consignee")) or self.somebody()

    def request(self, event: Seen, *, on: date | None = None) -> str:
        """Ask for a check, and remember it as the open one of its party."""
        party = self.checked(event) or self.name(event)
        asked = on or event.on
        check = f"{self.name(event)}-check"
        self.checks[party] = (check, asked)
        self.named_checks[said(members(event.said, "check", "check_id"))] = (check, asked)
        self.tell(
            event.id,
            {
                "command": "check.request",
                "check": check,
                "party": party,
                "kind": "PSV",
                "country": next(iter(countries(event.said.get("country"))), None)
                or self.homes.get(party, "US"),
                "requested_on": asked,
            },
        )
        return check

    def open_check(self, event: Seen, party: str) -> tuple[str, date]:
        """The check an event is about, and the day it was requested: the one it names, else the
        last one of its party; one of its own where nobody requested any.
        """
        name = said(members(event.said, "check", "check_id"))
        known = self.named_checks.get(name) if name else None
        return known or self.checks.get(party) or (f"{self.name(event)}-check", event.on)

    def requested(self, event: Seen) -> None:
        self.request(event)

    def overdue(self, event: Seen) -> None:
        """Nobody records that nothing happened: the request does, so many days before."""
        if self.checked(event) not in self.checks:
            days = amount(event.said.get("days")) or 60
            self.request(event, on=event.on - timedelta(days=days))

    def refused(self, event: Seen) -> None:
        party = self.checked(event)
        if party not in self.checks:
            self.request(event)
        check, asked = self.open_check(event, party or "")
        self.tell(
            event.id,
            {
                "command": "check.refuse",
                "check": check,
                "party": party,
                "refused_on": max(event.on, asked),
                "refused_by": said(members(event.said, "refused_by", "by"), 200) or "the party",
                "reason": said(members(event.said, "reason", "note", "what")),
            },
        )

    def result(self, event: Seen) -> None:
        get = event.said
        outcome = said(members(get, "outcome", "result", "rating")).lower()
        party = self.checked(event) or self.name(event)
        if re.search(r"refus|prevent|denied|blocked", outcome):
            self.refused(event)
            return
        check, asked = self.open_check(event, party)
        on = max(event.on, asked)
        about: Json = {"check": check, "party": party}
        if re.search(r"not.?found|no such|non.?exist|vacant|unknown at", outcome):
            self.tell(
                event.id,
                {
                    **about,
                    "command": "check.not-found",
                    "not_found_on": on,
                    "found": said(get.get("note")),
                },
            )
            return
        counted = amount(members(get, "counted", "found", "units_counted"))
        dummies = re.search(r"dumm|fake|clone|counterfeit", outcome)
        powered = re.search(r"attest|powered", f"{outcome} {get.get('method')}")
        self.tell(
            event.id,
            {
                **about,
                "command": "check.perform",
                "performed_on": on,
                "evidence": "powered_on" if powered else "label_read",
                "units_expected": amount(members(get, "expected", "units_expected")),
                "units_counted": counted,
                "findings": outcome.replace("_", " "),
            },
        )
        if dummies:
            # Labels can be moved to dummies; what is switched on gives a number of its own.
            self.tell(
                event.id,
                {
                    **about,
                    "command": "check.read",
                    "method": "powered_on",
                    "read_on": on,
                    "country": self.homes.get(party, "US"),
                    "readings": [
                        {
                            "label": f"{self.name(event)}-box{number}",
                            "attested": f"{self.name(event)}-dummy{number}",
                        }
                        for number in range(1, DUMMIES + 1)
                    ],
                },
            )
        rating = None
        if re.search(r"pass|verif|favou?rable|ok\b|cleared|confirmed", outcome):
            rating = "favorable"
        if re.search(r"unfav|fail|missing|discrep|mismatch|shortfall", outcome):
            rating = "unfavorable"
        if re.search(r"unable|inconclusive|could not", outcome):
            rating = "unable_to_complete"
        if rating:
            self.tell(
                event.id, {**about, "command": "check.rate", "rated_on": on, "rating": rating}
            )
            self.checks.pop(party, None)

    def located(self, event: Seen) -> None:
        get = event.said
        place = next(iter(countries(members(get, "country", "located_in", "to", "place"))), None)
        method = said(members(get, "method", "source")).lower()
        named = next(
            (
                name
                for name, words in {
                    "attested_ping": r"attest",
                    "landmark_ping": r"ping|latency|landmark|telemetry",
                    "ip_geolocation": r"\bip\b|geo",
                    "field_recovery": r"recover|teardown|battle|seiz",
                    "customs": r"custom",
                }.items()
                if re.search(words, method)
            ),
            "visit",
        )
        if "recover" in event.type or "seiz" in event.type:
            named = "field_recovery"
        serials = [slug(each) for each in texts(get.get("serials"))][:500]
        gone = "unreach" in event.type or "offline" in event.type
        if not serials:
            count = min(amount(members(get, "quantity", "units", "chips")) or 1, 500)
            serials = [f"{self.name(event)}-u{number}" for number in range(1, count + 1)]
            self.note(f"{event.id}: serial numbers were made for the chips it speaks of")
        line: Json = {
            "command": "party.unreachable" if gone else "party.locate",
            "party": self.party(members(get, "party", "owner", "end_user")) or self.somebody(),
            "serials": serials, "method": named,
            "source": said(members(get, "finder", "source", "agency", "by"), 200) or "a report",
            "unreachable_on" if gone else "located_on": event.on,
        }  # fmt: skip
        if not gone:
            line |= {"country": place}
        self.tell(event.id, line)

    def sighted(self, event: Seen) -> None:
        get = event.said
        method = said(get.get("method"))
        known = ("paper", "label_read", "photo", "powered_on", "attested")
        party = self.party(members(get, "party", "operator")) or self.somebody()
        place = next(iter(countries(members(get, "country", "place"))), None)
        self.tell(
            event.id,
            {
                "command": "party.sighting",
                "party": party,
                "serials": [slug(each) for each in texts(get.get("serials"))][:500],
                "method": method if method in known else "label_read",
                "country": place or self.homes.get(party or ""),
                "sighted_on": event.on,
            },
        )

    def teardown(self, event: Seen) -> None:
        get = event.said
        device = said(members(get, "device", "product", "item"), 200) or "a product"
        owner = next(
            (
                self.ids[name]
                for name in sorted(self.ids, key=len, reverse=True)
                if len(name) > 3 and name in device.lower()
            ),
            None,
        )
        self.tell(
            event.id,
            {
                "command": "party.teardown",
                "party": owner or self.party(get.get("party")) or self.somebody(),
                "product": device,
                "component": said(get.get("component"), 200) or "die",
                "maker": self.party(members(get, "die_maker", "maker")),
                "finder": said(members(get, "finder", "by"), 200) or "a laboratory",
                "country": next(iter(countries(get.get("country"))), None),
                "observed_on": event.on,
            },
        )

    def market(self, event: Seen) -> None:
        what = said(members(event.said, "what", "note"))
        about = self.party(event.said.get("party"))
        if about is None:
            words = re.findall(r"[A-Za-z0-9]+", what)
            about = next(
                (self.ids[each.lower()] for each in reversed(words) if each.lower() in self.ids),
                None,
            )
        if about is None or not re.search(r"stop|cease|end|halt|suspend", what.lower()):
            self.concern(event)
            return
        numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
        count = next((numbers[each] for each in what.lower().split() if each in numbers), None)
        self.tell(
            event.id,
            {
                "command": "party.supply-end",
                "party": about,
                "count": count,
                "ended_on": event.on,
                "note": what,
            },
        )

    def concern(self, event: Seen) -> None:
        """Somebody reported something, of whoever the event names or the case's first party."""
        get = event.said
        kinds = {"tip": "tip_off", "pressure": "compliance_pressure", "disclos":
                 "voluntary_disclosure"}  # fmt: skip
        kind = next((name for part, name in kinds.items() if part in event.type), "press_report")
        named = [self.known(value) for value in get.values() if isinstance(value, str)]
        party = next((each for each in named if each), None) or self.somebody()
        if party is None:
            return
        what = said(members(get, "what", "note", "finding", "description"))
        self.tell(
            event.id,
            {
                "command": "party.concern",
                "party": party,
                "kind": kind,
                "what": what or event.type.replace("_", " "),
                "source": said(members(get, "source", "agency"), 200),
                "reported_on": event.on,
            },
        )


Handler = Callable[[_Teller, Seen], None]

TYPES: Final[dict[str, Handler]] = {
    **dict.fromkeys(("control_effective", "control_announced", "policy_effective",
                     "policy_announced", "rule_effective", "control_published"), _Teller.control),
    **dict.fromkeys(("party_registered", "party_formed"), _Teller.registered_),
    **dict.fromkeys(("party_renamed", "name_change", "renamed", "name_changed"), _Teller.renamed),
    **dict.fromkeys(("party_relocated", "hq_moved", "headquarters_moved", "hq_changed"),
                    _Teller.relocated),
    **dict.fromkeys(("address_declared", "address_changed"), _Teller.addressed),
    **dict.fromkeys(("controller_declared", "officer_declared"), _Teller.controlled),
    **dict.fromkeys(("merger", "party_merged"), _Teller.merged),
    **dict.fromkeys(("ownership_disclosed", "ownership_changed", "ownership_declared"),
                    _Teller.owned),
    **dict.fromkeys(("listing_added", "listing_removed", "party_listed", "party_delisted",
                     "delisted"), _Teller.listed),
    **dict.fromkeys(("address_listed", "address_delisted"), _Teller.address_listed),
    "is_informed_letter": _Teller.informed,
    **dict.fromkeys(("shipment_declared", "export_declared", "transfer_declared",
                     "transfer_observed"), _Teller.shipment),
    **dict.fromkeys(("reexport_declared", "reexport_observed"), _Teller.reexport),
    **dict.fromkeys(("onward_observed", "onward_movement_observed", "customs_record",
                     "transit_observed"), _Teller.onward),
    **dict.fromkeys(("domestic_sale", "resale", "sale_declared", "first_sale"), _Teller.sale),
    "order_placed": _Teller.order,
    **dict.fromkeys(("shipment_detained", "shipment_seized", "shipment_refused", "detention"),
                    _Teller.detained),
    **dict.fromkeys(("inspection", "customs_inspection"), _Teller.inspected),
    **dict.fromkeys(("delivered", "delivery", "delivery_confirmed", "arrival_declared",
                     "arrival_observed"), _Teller.delivered),
    **dict.fromkeys(("returned", "rma_return", "rma", "repair_return"), _Teller.returned),
    **dict.fromkeys(("payment_received", "payment"), _Teller.payment),
    **dict.fromkeys(("financing_declared", "lease_declared"), _Teller.financed),
    **dict.fromkeys(("inventory_cash", "assets_declared"), _Teller.assets),
    **dict.fromkeys(("inventory_declared", "stock_declared"), _Teller.inventory),
    **dict.fromkeys(("capacity_declared", "capacity_disclosed"), _Teller.capacity_),
    "tenant_declared": _Teller.tenant,
    **dict.fromkeys(("licence_application", "license_application"), _Teller.applied),
    **dict.fromkeys(("licence_decision", "license_decision", "licence_denied", "license_denied",
                     "licence_granted", "license_granted"), _Teller.decided),
    "check_requested": _Teller.requested,
    **dict.fromkeys(("check_result", "check_performed", "site_visit", "audit"), _Teller.result),
    "check_overdue": _Teller.overdue,
    "check_refused": _Teller.refused,
    **dict.fromkeys(("location_observed", "location_ping", "location_ping_observed",
                     "unit_located", "field_recovery", "units_recovered", "chips_located",
                     "chips_unreachable", "units_unreachable"), _Teller.located),
    **dict.fromkeys(("serials_sighted", "serial_sighting", "serial_observed"), _Teller.sighted),
    "teardown_observed": _Teller.teardown,
    "market_observed": _Teller.market,
    **dict.fromkeys(("tip_off", "compliance_pressure", "press_report", "voluntary_disclosure",
                     "disclosure"), _Teller.concern),
}  # fmt: skip
"""Every type of event that is told by its name; any other is told by what it holds."""


def _by_what_it_holds(event: Seen) -> Handler:
    """How to tell an event of a type nobody foresaw."""
    get, name = event.said, event.type.lower()
    holds = lambda *keys: any(get.get(key) is not None for key in keys)  # noqa: E731
    kinds: tuple[tuple[bool, Handler], ...] = (
        ("remov" in name and holds("list"), _Teller.listed),
        (holds("list") and holds("party", "parties"), _Teller.listed),
        (holds("list") and holds("address", "addresses"), _Teller.address_listed),
        (holds("payer") or "payment" in name, _Teller.payment),
        ("overdue" in name, _Teller.overdue),
        ("refus" in name and ("check" in name or holds("party")), _Teller.refused),
        ("check" in name and "request" in name, _Teller.requested),
        (holds("outcome") and not re.search(r"licen[cs]e", name), _Teller.result),
        (bool(re.search(r"licen[cs]e.*(applic|appl)", name)), _Teller.applied),
        (bool(re.search(r"licen[cs]e", name)), _Teller.decided),
        (holds("tenant"), _Teller.tenant),
        (holds("owner") and holds("pct", "percent", "share"), _Teller.owned),
        (holds("it_mw", "mw", "capacity_mw", "megawatts", "power_mw"), _Teller.capacity_),
        (holds("cash_usd", "assets_usd"), _Teller.assets),
        (
            "locat" in name or "recover" in name or "unreach" in name or "ping" in name,
            _Teller.located,
        ),
        (holds("serials") and holds("party"), _Teller.sighted),
        ("teardown" in name or holds("die_maker"), _Teller.teardown),
        ("inspect" in name, _Teller.inspected),
        (bool(re.search(r"detain|seiz", name)), _Teller.detained),
        (bool(re.search(r"rma|repair|return", name)), _Teller.returned),
        (bool(re.search(r"deliver|arriv", name)), _Teller.delivered),
        (bool(re.search(r"inventor|stock", name)), _Teller.inventory),
        ("order" in name, _Teller.order),
        (
            "sale" in name
            or "sold" in name
            or (holds("seller") and holds("purchaser") and not holds("destination")),
            _Teller.sale,
        ),
        (holds("frm", "from") and holds("to"), _Teller.onward),
        (
            bool(re.search(r"ship|export|transfer|import", name))
            and holds("ultimate_consignee", "consignee", "destination", "exporter"),
            _Teller.shipment,
        ),
        (bool(re.search(r"rename|name", name)) and holds("new_name", "name"), _Teller.renamed),
        (bool(re.search(r"control|rule|policy", name)), _Teller.control),
    )
    return next((handler for fits, handler in kinds if fits), _Teller.concern)


def tell(case: Visible) -> Told:
    """A case as commands, in the order of its list."""
    teller = _Teller(case)
    teller.run()
    # That nothing was heard by a day is known once that day is over.
    days = tuple(each.on + timedelta(days=each.type == "check_overdue") for each in case.events)
    return Told(case.id, tuple(teller.lines), days, tuple(teller.notes))


def through(told: Told, channel: Channel) -> Told:
    """Only what this channel and those before it bring."""
    open_ = CHANNELS[: CHANNELS.index(channel) + 1]
    lines = tuple(line for line in told.lines if line.channel in open_)
    return replace(told, lines=lines)


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


def _compliance_day(text: str) -> date | None:
    """The day a text says one has to comply from: compliance 15 May 2025."""
    found = re.search(r"(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})", text)
    months = calendar.month_abbr[1:]
    if found is None or found.group(2) not in months:
        return None
    try:
        return date(int(found.group(3)), months.index(found.group(2)) + 1, int(found.group(1)))
    except ValueError:
        return None
