"""Synthetic background: lawful trade made up from a seed, for cases to be found in.

No public data set of licensed chip trade exists. What is made here is our idea of lawful trade, and
a figure from it says how quiet the rules are on that idea: never a false-positive rate in the
field.

Corridors have the weights of published customs statistics, roughly; a third of the importers appear
once; forwarders hold a quarter of the shipments on the way. What looks odd and is lawful is planted
in `ODDITIES`, each so often. Who needs a license has one, by the rules that ship with this program;
companies are made up, countries and chips are real.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any, Final

from commands.decider import Command
from commands.feeds.jsonl import command_of
from ledger.catalogue import catalogue
from ledger.policy import Rules, parse_pack, shipped_pack

FIRST_DAY: Final = date(2022, 9, 1)
LEAD: Final = 130
"""Days before the first shipment in which companies register and apply for licenses."""

DAYS: Final = 1_300
"""Days on which something is shipped."""

AFTER: Final = 120
"""Days after the last shipment in which it is delivered, paid, checked and repaired."""

IN_FORCE: Final = date(2023, 11, 17)
"""First day of the rules by which it is told who needs a license."""

CORRIDORS: Final = (
    ("TW", "US", 40), ("US", "MX", 12), ("VN", "CN", 8), ("TW", "TH", 4), ("TW", "SG", 4),
    ("TW", "MY", 4), ("TW", "MX", 4), ("US", "TW", 3), ("US", "NL", 3), ("TW", "NL", 3),
    ("US", "JP", 2), ("US", "MY", 2), ("US", "SG", 2), ("US", "GB", 2), ("US", "KR", 1),
    ("US", "DE", 1), ("US", "FR", 1), ("US", "IN", 1), ("US", "AE", 1), ("US", "SA", 1),
    ("US", "BR", 1), ("US", "CA", 1), ("US", "AU", 1), ("US", "IE", 1), ("US", "SE", 1),
    ("US", "IL", 1), ("US", "ID", 1), ("US", "VN", 1), ("TW", "JP", 1), ("TW", "KR", 1),
    ("US", "HK", 1), ("US", "TR", 1), ("US", "ZA", 1), ("US", "PL", 1), ("US", "ES", 1),
)  # fmt: skip
"""From, to, and how often."""

HUBS: Final = ("SG", "HK", "NL", "AE", "TW", "MY")

FRONT_LOADED: Final = (date(2023, 11, 17), date(2025, 5, 15))
"""Days a rule was to take effect; everybody ships more in the sixty days before."""

CHIPS: Final = (
    ("h100-sxm", 30, 28_000), ("h200-sxm", 18, 32_000), ("b200", 12, 40_000),
    ("a100-80-sxm", 12, 14_000), ("gb200", 5, 60_000), ("mi300x", 6, 20_000), ("l40s", 9, 8_500),
    ("l4", 8, 2_600),
)  # fmt: skip
"""Chip, how often, and what one costs in US dollars."""

GOODS: Final = (
    "network switches", "solid-state drives", "notebook computers", "rack cabinets and rails",
    "power supplies", "optical transceivers", "memory modules", "desktop computers",
)  # fmt: skip
"""Goods under no control, in the words of a declaration; half of what crosses a border."""

SECTORS: Final = (
    ("research", 30), ("software", 20), ("finance", 10), ("telecommunications", 10), ("cloud", 8),
    ("healthcare", 8), ("energy", 6), ("ict_distribution", 6), ("government", 2),
)  # fmt: skip

ODDITIES: Final = {
    "bill_to_singapore": 0.03,
    "assembly_hop": 0.03,
    "repair_and_return": 0.01,
    "advance_replacement": 0.005,
    "multi_site_move": 0.004,
    "leasing_bank": 0.02,
    "group_treasury": 0.01,
    "forwarder_between": 0.25,
    "late_check": 0.002,
    "on_time_check": 0.02,
    "licensed_to_d5": 0.002,
    "used_goods": 0.01,
    "put_off_by_authority": 0.002,
    "entered_twice": 0.004,
    "large_order": 0.02,
    "denied_and_resubmitted": 0.05,
    "renamed": 0.01,
    "tenant_of_tier3": 0.1,
    "at_the_address_of_its_group": 0.5,
}
"""Lawful things that look odd, and the share of shipments that have them; the last four are shares
of licenses, of companies, and of data centers. Besides these, a company for each data center,
first-time clouds that prove their capacity, and rushes before a rule that take in everybody."""


BLANK: Final = {"value": 0.1, "end_user": 0.25, "exporter": 0.05}
"""Share of declarations that leave a field blank, as real ones do."""


@dataclass(slots=True)
class Buyer:
    """Somebody who receives chips."""

    id: str
    country: str
    sector: str
    kind: str
    since: int
    kilowatts: int = 0
    bought: int = 0
    first_order: int | None = None
    proven: bool = False
    sites: int = 0
    group: str = ""


@dataclass(slots=True)
class _World:
    shipments: int
    random: Random
    rules: Rules
    due: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)
    ids: Counter[str] = field(default_factory=Counter)
    buyers: dict[str, list[Buyer]] = field(default_factory=dict)
    forwarders: dict[str, str] = field(default_factory=dict)
    makers: list[str] = field(default_factory=list)
    assemblers: dict[str, str] = field(default_factory=dict)
    banks: list[str] = field(default_factory=list)
    licenses: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    # ── saying ──────────────────────────────────────────────────────────────────────────────────

    def say(self, day: int, command: str, **said: Any) -> None:
        line = {"command": command} | {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in said.items()
            if value not in (None, "", [])
        }
        heapq.heappush(self.due, (max(day, 0), next(self.order), line))

    def until(self, day: int) -> Iterator[Command]:
        """What is due up to a day, in order."""
        while self.due and self.due[0][0] <= day:
            yield command_of(heapq.heappop(self.due)[2])

    def new(self, what: str) -> str:
        self.ids[what] += 1
        return f"bg-{what}-{self.ids[what]}"

    def chance(self, oddity: str) -> bool:
        return self.random.random() < ODDITIES[oddity]

    # ── parties ─────────────────────────────────────────────────────────────────────────────────

    def register(
        self, day: int, what: str, country: str, roles: list[str], activity: str, **said: Any
    ) -> str:
        name = self.new(what)
        town = f"{self.random.randrange(1, 400)} {name} Street, {country} {self.ids[what]:05}"
        self.say(
            day, "party.register", party=name, name=f"{what.title()} {self.ids[what]} Ltd",
            country=country, roles=roles, registered_on=_on(day),
            **({"headquarters": country, "address": town} | said),
        )  # fmt: skip
        self.say(
            day, "party.business", party=name, activities=[activity], declared_on=_on(day),
        )  # fmt: skip
        return name

    def settle(self) -> None:
        """Who is there from the beginning."""
        for _ in range(4):
            maker = self.register(0, "maker", "US", ["manufacturer", "exporter"], "semiconductors")
            self.makers.append(maker)
        for country in ("TW", "MX", "TH", "MY", "VN"):
            name = self.register(
                0, "assembler", country, ["manufacturer", "exporter"], "ict_manufacturing"
            )
            self.assemblers[country] = name
            self.say(0, "party.site", party=name, site=f"{name}-plant", name="plant",
                     country=country, use="assembly", declared_on=FIRST_DAY)  # fmt: skip
        for country in HUBS:
            self.forwarders[country] = self.register(
                0, "forwarder", country, ["freight_forwarder"], "logistics"
            )
        for country in ("US", "JP", "IE"):
            self.banks.append(self.register(0, "bank", country, ["bank"], "finance"))
        for number in range(6):
            group = self.register(0, "hyperscaler", "US", ["purchaser", "end_user"], "cloud")
            tenant = self.register(0, "tenant", "CN", ["cloud_tenant"], "software")
            homes = ("US", "US", "JP", "MY", "SG", "GB", "NL", "SE", "IE", "MX", "TH", "TW")
            for home in (*homes[number::3], *homes[number::4]):
                self.center(self.random.randrange(0, 700), group, home, tenant)
        for country in ("NL", "SG", "DE", "GB", "JP", "US", "MX", "CA", "MY", "TH"):
            self.distributor(country)

    def center(self, day: int, group: str, country: str, tenant: str) -> None:
        """A company of its own for each data center of a group, formed not long before."""
        name = self.register(
            day, "center", country, ["data_center_operator", "consignee", "end_user"],
            "data_center", headquarters=country, ultimate_parent=group, parent_headquarters="US",
            formed_on=_on(day - 90),
        )  # fmt: skip
        buyer = Buyer(name, country, "data_center", "center", day + 60, sites=2, group=group)
        if self.chance("at_the_address_of_its_group"):
            self.say(day, "party.address", party=name, address=f"1 {group} Plaza, Suite 100",
                     country="US", declared_on=_on(day))  # fmt: skip
        if self.chance("tenant_of_tier3"):
            self.say(day + 300, "party.tenant", party=name, tenant=tenant,
                     declared_on=_on(day + 300))  # fmt: skip
        self.capacity(day + 2, buyer, 60_000)
        for number in (1, 2):
            self.say(day + 2, "party.site", party=name, site=f"{name}-{number}",
                     name=f"hall {number}", country=country, use="data_center",
                     declared_on=_on(day + 2))  # fmt: skip
        self.buyers.setdefault(country, []).append(buyer)

    def distributor(self, country: str) -> None:
        name = self.register(0, "distributor", country, ["distributor", "consignee"],
                             "ict_distribution")  # fmt: skip
        maker = self.random.choice(self.makers)
        self.say(0, "party.distributor", party=name, maker=maker, appointed_on=FIRST_DAY)
        self.buyers.setdefault(country, []).append(
            Buyer(name, country, "ict_distribution", "distributor", 0)
        )

    def buyer(self, day: int, country: str) -> Buyer:
        """Who buys there that day: a third of them do so this once."""
        known = [each for each in self.buyers.get(country, []) if each.since <= day]
        if known and self.random.random() > 0.12:
            return self.random.choices(known, [_pull(each) for each in known])[0]
        kind = "cloud" if self.random.random() < 0.05 else "firm"
        sector = "cloud" if kind == "cloud" else _choice(self.random, SECTORS)
        registered = day - self.random.randrange(90, 130)
        years = 1 if kind == "cloud" else self.random.randrange(2, 40)
        name = self.register(
            registered, kind, country, ["purchaser", "consignee", "end_user"], sector,
            formed_on=_on(registered - 365 * years + self.random.randrange(0, 200)),
        )  # fmt: skip
        if kind == "firm" and self.random.random() < 0.05:
            agent = f"{self.random.randrange(1, 4)} Harbor Agents House, {country}"
            self.say(registered, "party.address", party=name, address=agent, country=country,
                     registered_agent=True, declared_on=_on(registered))  # fmt: skip
        if self.chance("renamed"):
            self.say(day + 200, "party.rename", party=name, name=f"{name} Holdings",
                     renamed_on=_on(day + 200))  # fmt: skip
        found = Buyer(name, country, sector, kind, day)
        if kind == "cloud":
            self.capacity(registered + 1, found, 6_000)
        if kind == "cloud" or self.random.random() > 0.33:
            self.buyers.setdefault(country, []).append(found)
        return found

    def capacity(self, day: int, buyer: Buyer, kilowatts: int) -> None:
        buyer.kilowatts = kilowatts
        self.say(day, "party.capacity", party=buyer.id, site="hall 1" if buyer.sites else "site 1",
                 it_kilowatts=kilowatts, declared_on=_on(day))  # fmt: skip

    # ── trade ───────────────────────────────────────────────────────────────────────────────────

    def units(self, buyer: Buyer) -> int:
        firm = 64 if self.chance("large_order") else 16
        most = {"center": 512, "cloud": 256, "distributor": 48}.get(buyer.kind, firm)
        units = round(2 ** self.random.uniform(0, most.bit_length() - 1))
        units = max(8, units) if buyer.kind in ("center", "cloud") else units
        if buyer.kind in ("center", "cloud"):
            # No more than its halls can run; the rest waits until it has built.
            room = round(buyer.kilowatts / 2.4) - buyer.bought
            return max(1, min(units, room))
        return max(1, min(units, 400 - buyer.bought)) if buyer.kind == "firm" else units

    def trade(self, day: int) -> None:
        """One shipment and all that comes with it."""
        random = self.random
        origin, to, _ = random.choices(CORRIDORS, [weight for *_, weight in CORRIDORS])[0]
        if random.random() < 0.45 or (origin, to) == ("VN", "CN") or to == "HK":
            self.other_goods(day, origin, to)
            return
        if self.chance("licensed_to_d5"):
            origin, to = "US", "CN"
        if self.chance("bill_to_singapore"):
            self.billed_to_singapore(day)
            return
        buyer = self.buyer(day, to)
        self.chips(day, origin, to, buyer)

    def other_goods(self, day: int, origin: str, to: str) -> None:
        random, buyer = self.random, self.buyer(day, to)
        pieces = random.randrange(5, 800)
        self.say(
            day, "shipment.declare", shipment=self.new("goods"), authority="NLR",
            act="export" if origin == "US" else "reexport", exporter=self.sender(origin),
            lines=[{"description": random.choice(GOODS), "quantity": pieces}],
            value_cents=pieces * random.randrange(8_000, 90_000), ultimate_consignee=buyer.id,
            end_user=buyer.id if random.random() < 0.6 else None, destinations=[to],
            route=[origin, to], declared_on=_on(day),
        )  # fmt: skip

    def billed_to_singapore(self, day: int) -> None:
        """An order of a group in the United States that its office in Singapore pays for."""
        centers = [each for each in self.buyers.get("US", []) if each.kind == "center"]
        ready = [each for each in centers if each.since <= day] or None
        if ready is None:
            return
        user = self.random.choice(ready)
        units = self.units(user)
        user.bought += units
        if "SG" not in self.assemblers:
            self.assemblers["SG"] = self.register(
                day, "billing", "SG", ["purchaser"], "cloud", headquarters="US",
                parent_headquarters="US", ultimate_parent="bg-hyperscaler-1",
            )  # fmt: skip
        self.say(
            day, "shipment.declare", shipment=self.new("billed"), authority="NLR",
            exporter=self.assemblers["TW"], act="reexport",
            lines=[{"description": "server with H100", "model": "h100-sxm", "quantity": units,
                    "counted_in": "chips"}], purchaser=self.assemblers["SG"], bill_to="SG",
            value_cents=units * 2_800_000, ultimate_consignee=user.id, end_user=user.id,
            destinations=["US"], route=["TW", "US"], declared_on=_on(day),
        )  # fmt: skip

    def sender(self, origin: str) -> str:
        return self.assemblers.get(origin) or self.random.choice(self.makers)

    def chips(self, day: int, origin: str, to: str, buyer: Buyer) -> None:
        random = self.random
        model, price = self.chip(to)
        units = self.units(buyer)
        buyer.bought += units
        relied, license_ = self.authority(day, model, units, to, buyer)
        shipment, exporter = self.new("shipment"), self.sender(origin)
        used = self.chance("used_goods")
        value = round(units * price * 100 * random.uniform(0.88, 1.12) * (0.45 if used else 1))
        serials = []
        if units <= 16 and random.random() < 0.05:
            serials = [f"{shipment}-{number}" for number in range(1, units + 1)]
            # No first sale: a registry of so few chips would call those of every case unknown.
            self.say(day - 3, "party.sale", party=self.makers[0], purchaser=exporter,
                     country="US", sold_on=_on(day - 3),
                     lines=[{"description": model, "model": model, "quantity": units,
                             "counted_in": "chips", "serials": serials}])  # fmt: skip
        boards = None
        if self.chance("assembly_hop") and origin == "US" and to not in ("TW", "US"):
            boards = self.assembled(day, model, units, value, buyer)
            origin, exporter = "TW", self.assemblers["TW"]
        hub = between = None
        if boards is None and self.chance("forwarder_between"):
            hub = random.choice([each for each in HUBS if each not in (origin, to)])
            between = self.forwarders[hub]
        user = buyer.id
        if buyer.kind == "distributor":
            user = self.buyer(day, to).id
        act = "export" if origin == "US" else "reexport"
        movement: dict[str, Any] = {
            "authority": relied, "license": license_, "purchaser": buyer.id,
            "lines": [{"model": model, "units": units, "serials": serials,
                       **({} if random.random() < BLANK["value"] else {"value_cents": value})}],
            "ultimate_consignee": buyer.id,
            "end_user": user if user != buyer.id or random.random() > BLANK["end_user"] else None,
            "intermediate_consignees": [between] if between else [],
            "forwarder": between or (self.forwarders["NL"] if random.random() < 0.18 else None),
            "route": [origin, hub, to] if hub else [origin, to],
            f"{act}er": None if random.random() < BLANK["exporter"] else exporter,
            f"{act}ed_on": _on(day),
            **({"of": boards} if boards else {}),
        }  # fmt: skip
        self.say(day, f"shipment.{act}", shipment=shipment, **movement)
        if self.chance("entered_twice") and relied == "NLR" and not serials:
            twice = self.new("twice")
            self.say(day, f"shipment.{act}", shipment=twice, **movement)
            self.say(day + 2, "shipment.void", shipment=twice, voided_on=_on(day + 2),
                     reason="entered twice")  # fmt: skip
        arrived = day + random.randrange(4, 22)
        if hub:
            for leg, start, end, when in ((1, origin, hub, day + 2), (2, hub, to, arrived)):
                self.say(when, "shipment.leg", shipment=shipment, leg=leg, origin=start,
                         arrived_in=end, arrived_on=_on(when),
                         holder=between if leg == 1 else None)  # fmt: skip
        if random.random() < 0.85:
            self.say(arrived, "shipment.deliver", shipment=shipment, delivered_on=_on(arrived),
                     country=to, received_by=buyer.id, units=units)  # fmt: skip
        if random.random() < 0.08:
            self.say(arrived, "shipment.confirm", shipment=shipment, country=to,
                     received_by=buyer.id, source="carrier", confirmed_by="the carrier",
                     confirmed_on=_on(arrived))  # fmt: skip
        if random.random() < 0.35 or used:
            self.paid(day, arrived, shipment, exporter, buyer, value, used=used)
        first = buyer.first_order is None
        if first:
            buyer.first_order = day
        if (buyer.kind in ("cloud", "center") and first) or self.chance("on_time_check"):
            self.check(arrived + 5, buyer, shipment, units, 45)
        elif self.chance("late_check"):
            self.check(arrived + 5, buyer, shipment, units, 100)
        elif self.chance("put_off_by_authority"):
            self.check(arrived + 5, buyer, shipment, units, 100, put_off=True)
        if not self.needs_license(model, to) and units >= 2 and boards is None:
            self.aftermath(arrived, shipment, model, units, price, buyer, exporter, serials, origin)

    def chip(self, to: str) -> tuple[str, int]:
        if to in ("CN", "HK"):
            return "h200-sxm", 32_000
        found = self.random.choices(CHIPS, [weight for _, weight, _ in CHIPS])[0]
        return found[0], found[2]

    def authority(
        self, day: int, model: str, units: int, to: str, buyer: Buyer
    ) -> tuple[str, str | None]:
        """A license where the rules of the day ask for one; nobody goes without."""
        if _on(day) < IN_FORCE or not self.needs_license(model, to):
            return "NLR", None
        key = (buyer.id, model)
        license_, left = self.licenses.get(key, ("", 0))
        if left < units:
            asked = day - self.random.randrange(40, 85)
            license_, left = self.new("license"), units * self.random.randrange(1, 4)
            wanted: dict[str, Any] = {
                "applicant": self.makers[0], "ultimate_consignee": buyer.id,
                "end_users": [buyer.id], "purchaser": buyer.id, "destination": to,
                "lines": [{"model": model, "units": left}],
            }  # fmt: skip
            if self.chance("denied_and_resubmitted"):
                before = self.new("denied")
                self.say(asked - 40, "license.apply", license=before, applied_on=_on(asked - 40),
                         **wanted)  # fmt: skip
                self.say(asked - 10, "license.deny", license=before, decided_on=_on(asked - 10),
                         reason="documents on the end use are missing")  # fmt: skip
                self.say(asked + 1, "license.resubmit", license=license_, of=before,
                         resubmitted_on=_on(asked + 1))  # fmt: skip
            self.say(asked, "license.apply", license=license_, applied_on=_on(asked), **wanted)
            self.say(asked + 30, "license.approve", license=license_, decided_on=_on(asked + 30),
                     expires_on=_on(asked + 30 + 1_461),
                     justification="reviewed case by case")  # fmt: skip
        self.licenses[key] = (license_, left - units)
        return "license", license_

    def needs_license(self, model: str, to: str) -> bool:
        """Whether a chip needs a license to a firm that is headquartered there."""
        eccn = catalogue()[model].eccn
        return eccn is not None and self.rules.license_required(eccn, to, [to], IN_FORCE)[0]

    def assembled(self, day: int, model: str, units: int, value: int, buyer: Buyer) -> str:
        """Boards go to Taiwan first and leave it as servers; the shipment they went in."""
        sent, boards = day - self.random.randrange(12, 28), self.new("boards")
        self.say(
            sent, "shipment.export", shipment=boards, authority="NLR",
            lines=[{"model": model, "units": units, "value_cents": round(value * 0.9)}],
            ultimate_consignee=self.assemblers["TW"], purchaser=self.assemblers["TW"],
            end_user=buyer.id, route=["US", "TW"], exporter=self.random.choice(self.makers),
            exported_on=_on(sent),
        )  # fmt: skip
        return boards

    def paid(
        self, day: int, arrived: int, shipment: str, seller: str, buyer: Buyer, value: int, *,
        used: bool,
    ) -> None:  # fmt: skip
        invoice = self.new("invoice")
        self.say(day, "shipment.invoice", shipment=shipment, invoice=invoice, seller=seller,
                 billed_to=buyer.id, amount_cents=value, incoterm="FCA", invoiced_on=_on(day),
                 condition="used" if used else "new")  # fmt: skip
        payer, place, kind = buyer.id, buyer.country, None
        if self.chance("leasing_bank") or (buyer.kind == "cloud" and self.random.random() < 0.3):
            payer, place, kind = self.random.choice(self.banks), "US", "lease"
        elif buyer.kind == "center" and self.chance("group_treasury"):
            payer, place = buyer.group, "US"
            kind = "group_treasury" if self.random.random() < 0.5 else None
        if kind:
            self.say(day, "party.financing", party=buyer.id, financier=payer, kind=kind,
                     invoice=invoice, declared_on=_on(day))  # fmt: skip
        self.say(arrived + 15, "party.payment", party=seller, payer=payer, payer_country=place,
                 amount_cents=value, received_on=_on(arrived + 15), shipment=shipment,
                 invoice=invoice)  # fmt: skip

    def check(
        self, day: int, buyer: Buyer, shipment: str, units: int, most: int, *,
        put_off: bool = False,
    ) -> None:  # fmt: skip
        check = self.new("check")
        visited = day + self.random.randrange(most // 2, most)
        if most > 60:
            visited = day + self.random.randrange(70, most)
        about = {"check": check, "party": buyer.id}
        self.say(day, "check.request", **about, kind="PSV", country=buyer.country,
                 shipment=shipment, requested_on=_on(day))  # fmt: skip
        if put_off:
            self.say(day + 20, "check.postpone", **about, postponed_on=_on(day + 20),
                     postponed_until=_on(visited - 10), postponed_by="authority")  # fmt: skip
        self.say(visited, "check.perform", **about, performed_on=_on(visited), units_counted=units,
                 evidence="powered_on", units_expected=units)  # fmt: skip
        self.say(visited + 3, "check.rate", **about, rated_on=_on(visited + 3),
                 rating="favorable")  # fmt: skip

    def aftermath(
        self, day: int, shipment: str, model: str, units: int, price: int, buyer: Buyer,
        seller: str, serials: list[str], origin: str,
    ) -> None:  # fmt: skip
        """Repairs, replacements sent ahead, and moves between a buyer's own halls."""
        line: dict[str, Any] = {"model": model, "units": 1}
        if serials:
            line["serials"] = serials[:1]
        act = "export" if origin == "US" else "reexport"
        goes = {"authority": "NLR", "ultimate_consignee": buyer.id, "end_user": buyer.id,
                "purchaser": buyer.id, "route": [origin, buyer.country],
                f"{act}er": seller}  # fmt: skip
        if self.chance("repair_and_return") or (serials and self.random.random() < 0.2):
            back, again, rma = day + 40, day + 75, self.new("rma")
            self.say(back, "shipment.return", shipment=shipment, rma=rma, reason="repair",
                     lines=[line], sender=buyer.id, receiver=seller, country=origin,
                     returned_on=_on(back))  # fmt: skip
            out = self.new("repaired")
            self.say(again, f"shipment.{act}", shipment=out,
                     lines=[{**line, "value_cents": price * 10}], **goes,
                     **{f"{act}ed_on": _on(again)})  # fmt: skip
            self.say(again, "shipment.refer", shipment=out, kind="rma", rma=rma,
                     counterpart=buyer.id, referenced_on=_on(again))  # fmt: skip
        elif self.chance("advance_replacement") and not serials:
            ahead, rma = day + 30, self.new("rma")
            out = self.new("ahead")
            self.say(ahead, f"shipment.{act}", shipment=out,
                     lines=[{**line, "value_cents": price * 100}], **goes,
                     **{f"{act}ed_on": _on(ahead)})  # fmt: skip
            self.say(ahead, "shipment.refer", shipment=out, kind="advance_replacement", rma=rma,
                     counterpart=buyer.id, referenced_on=_on(ahead))  # fmt: skip
            self.say(ahead + 20, "shipment.return", shipment=shipment, rma=rma,
                     reason="replacement", lines=[line], sender=buyer.id, receiver=seller,
                     country=origin, returned_on=_on(ahead + 20))  # fmt: skip
        if buyer.sites > 1 and self.chance("multi_site_move"):
            moved = day + 50
            self.say(moved, "party.move", party=buyer.id, from_site=f"{buyer.id}-1",
                     to_site=f"{buyer.id}-2", lines=[{"model": model, "units": units}],
                     announced_on=_on(moved - 20), moved_on=_on(moved))  # fmt: skip


def commands(shipments: int, seed: int) -> Iterator[tuple[date, Command]]:
    """The background as commands in order of their dates, with the day each falls on."""
    rules = Rules.of([parse_pack(shipped_pack("adv-comp-2023"))])
    world = _World(shipments, Random(f"background {seed}"), rules)
    world.settle()
    trading = range(LEAD, LEAD + DAYS)
    weights = [_rush(_on(day)) for day in trading]
    days = sorted(world.random.choices(trading, weights, k=shipments))
    made = 0
    for day in range(LEAD + DAYS + AFTER):
        # What comes before a shipment is said first, so it is made that much ahead of its day.
        while made < len(days) and days[made] <= day + LEAD:
            world.trade(days[made])
            made += 1
        for command in world.until(day):
            yield _on(day), command


def _rush(day: date) -> float:
    """How much is shipped on a day: more by all in the sixty days before a rule takes effect."""
    return 2.2 if any(0 < (rule - day).days <= 60 for rule in FRONT_LOADED) else 1.0


def _pull(buyer: Buyer) -> int:
    return {"center": 12, "distributor": 10, "cloud": 4}.get(buyer.kind, 1)


def _choice(random: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return random.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


def _on(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)
