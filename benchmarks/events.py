"""Realistic events, as many as asked for and the same ones each time: the work the benchmark does.

The world does not get longer with the number of events but denser: whatever their number, they
fall into the same three years, so that a ledger of ten times the events holds the same months.
Licenses reserve, licensed shipments draw on them, and the checks, deliveries and payments of a
shipment follow it. Companies are made up; countries and chips are real.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count as numbers
from itertools import islice
from random import Random
from typing import Final

from ledger.catalogue import chip
from ledger.events import (
    AgreementConcluded,
    AgreementInForce,
    CheckPerformed,
    CheckRated,
    CheckRequested,
    CheckScheduled,
    CommodityLine,
    Event,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseLine,
    LicenseReturned,
    PartyCapacityDeclared,
    PartyOwnershipChanged,
    PartyPaymentReceived,
    PartyRegistered,
    PartyRelocated,
    ShipmentDelivered,
    ShipmentExported,
    ShipmentLegCompleted,
    ShipmentReexported,
    ShipmentVoided,
)
from ledger.events.shipments import Authority
from ledger.terms import (
    AgreementId,
    CheckId,
    Country,
    Eccn,
    Itn,
    LicenseId,
    ModelId,
    PartyId,
    ShipmentId,
)

FIRST_DAY: Final = date(2023, 9, 1)
DAYS: Final = 3 * 365
"""Every run covers these three years, however many its events."""

FIRST_NUMBER: Final = 2
"""Number of the first of these events; the ledger's opening is entry 1."""

EVENTS_PER_CASE: Final = 8.1
"""What one license case, or one shipment under an exception, leads to on average."""

# Destinations by how often they occur: large buyers, then the long tail. Allies and countries
# under a cap, hubs of transshipment among them.
_DESTINATIONS: Final[tuple[tuple[Country, int], ...]] = (
    ("TW", 60), ("SG", 55), ("AE", 50), ("SA", 45), ("MY", 45), ("IN", 45), ("JP", 40), ("KR", 35),
    ("DE", 35), ("GB", 35), ("NL", 30), ("FR", 30), ("IE", 25), ("SE", 20), ("NO", 20), ("FI", 15),
    ("CA", 25), ("AU", 20), ("BR", 25), ("MX", 20), ("IL", 25), ("TH", 20), ("ID", 20), ("VN", 20),
    ("PH", 12), ("QA", 18), ("KW", 8), ("BH", 6), ("OM", 5), ("TR", 18), ("PL", 18), ("CZ", 10),
    ("ES", 18), ("IT", 20), ("PT", 10), ("CH", 20), ("AT", 10), ("BE", 10), ("DK", 10), ("LU", 6),
    ("GR", 6), ("RO", 6), ("HU", 6), ("BG", 4), ("EE", 3), ("LV", 3), ("LT", 3), ("IS", 5),
    ("ZA", 10), ("EG", 8), ("MA", 5), ("KE", 5), ("NG", 5), ("CL", 8), ("CO", 6), ("AR", 8),
    ("PE", 4), ("UY", 3), ("CR", 2), ("PA", 2), ("KZ", 8), ("UZ", 4), ("GE", 3), ("AM", 3),
    ("AZ", 3), ("MN", 2), ("LK", 2), ("BD", 3), ("PK", 4), ("NZ", 6), ("CY", 3), ("MT", 2),
)  # fmt: skip
_HUBS: Final[tuple[Country, ...]] = ("SG", "AE", "HK", "NL", "TW", "MY")
_FOR_EXCEPTIONS: Final[tuple[Authority, ...]] = ("NAC", "NAC", "ACA", "LPP", "AIA", "GOV", "NLR")
_CHIPS: Final = (
    "h100-sxm", "h100-sxm", "h200-sxm", "b200", "a100-80-sxm", "h20", "mi300x", "gb200",
)  # fmt: skip
_CONTROLLED: Final = Eccn("3A090.a")
_NEXT_GENERATION: Final = Eccn("4A090.a")
_USES: Final = (
    "training of language models", "weather forecasting", "cloud service", "genome research",
    "inference for search", "university cluster", "oil and gas exploration",
)  # fmt: skip


def events(count: int, *, seed: int = 20261122, series: str = "") -> Iterator[Event]:
    """So many events in order of their dates, for a ledger that holds nothing but its opening.

    Another seed is another history, and another series has licenses, shipments and checks of its
    own: the two together are one larger history.
    """
    return islice(_World(count, Random(seed), series).run(), count)


@dataclass(order=True)
class _Due:
    """What will be recorded on a day; a voiding is made when the entry it voids has a number."""

    day: int
    order: int
    event: Event | None = field(compare=False)
    voids: ShipmentId | None = field(compare=False, default=None)


class _World:
    """What is going on: parties known so far, and what is due."""

    def __init__(self, count: int, random: Random, series: str) -> None:
        self._random = random
        self._series = series
        self._cases_a_day = count / EVENTS_PER_CASE / DAYS
        self._next = FIRST_NUMBER
        self._due: list[_Due] = []
        self._order = numbers()
        self._at_home: dict[Country, list[PartyId]] = {}
        self._names = numbers(1)
        self._licenses = numbers(1)
        self._shipments = numbers(1)
        self._checks = numbers(1)
        self._entries: dict[ShipmentId, int] = {}
        self._countries = [country for country, _ in _DESTINATIONS]
        self._weights = [weight for _, weight in _DESTINATIONS]
        self._models = [ModelId(model) for model in _CHIPS]
        self._tpp = {model: chip(model).tpp for model in self._models}

    def run(self) -> Iterator[Event]:
        """Events without end, in order of their days."""
        yield from self._recorded(self._agreements())
        for case in numbers():
            today = int(case / self._cases_a_day)
            while self._due and self._due[0].day <= today:
                due = heapq.heappop(self._due)
                event = due.event or self._void(due)
                yield from self._recorded([event])
            self._begin(today)

    def _recorded(self, some: list[Event]) -> Iterator[Event]:
        for event in some:
            if isinstance(event, ShipmentExported) and event.note:
                self._entries[event.shipment] = self._next
            self._next += 1
            yield event

    def _later(self, day: int, event: Event) -> None:
        heapq.heappush(self._due, _Due(day, next(self._order), event))

    def _begin(self, day: int) -> None:
        chance = self._random.random()
        if chance < 0.62:
            self._license_case(day)
        elif chance < 0.94:
            country = self._country()
            self._shipment(day, country, None, self._line(), 1)
        else:
            self._about_a_party(day)

    # ── stories ─────────────────────────────────────────────────────────────────────────────────

    def _agreements(self) -> list[Event]:
        made: list[Event] = []
        for country in ("AE", "SA"):
            agreement = AgreementId(f"G2G-{country}-1")
            made.append(
                AgreementConcluded(
                    agreement=agreement, country=country, title=f"US-{country} AI acceleration",
                    signatories=("US", country), concluded_on=FIRST_DAY, uplift_tpp=400_000_000,
                )
            )  # fmt: skip
            made.append(
                AgreementInForce(agreement=agreement, country=country, in_force_on=FIRST_DAY)
            )
        return made

    def _license_case(self, day: int) -> None:
        random, country = self._random, self._country()
        license_ = LicenseId(f"D{self._series}{next(self._licenses):07}")
        consignee, user = self._party(day, country), self._party(day, country)
        line = self._line()
        lines = (
            LicenseLine(
                model=line.model, eccn=line.eccn or _CONTROLLED, units=line.units,
                tpp_per_unit=line.tpp_per_unit, value_cents=line.units * 3_000_000,
            ),
        )  # fmt: skip
        self._later(
            day,
            LicenseApplied(
                license=license_, applied_on=_on(day), applicant=self._party(day, "US"),
                ultimate_consignee=consignee, end_users=(user,), destination=country, lines=lines,
                end_use=random.choice(_USES),
            ),
        )  # fmt: skip
        if random.random() < 0.3:
            self._check(day + 5, country, user, license_, None, 0)
        decided = day + random.randint(20, 90)
        outcome = random.random()
        if outcome < 0.06:
            self._later(
                decided,
                LicenseDenied(
                    license=license_, decided_on=_on(decided), destination=country,
                    reason="presumption of denial not overcome",
                ),
            )  # fmt: skip
            return
        if outcome < 0.12:
            self._later(
                decided,
                LicenseReturned(
                    license=license_, returned_on=_on(decided), reason="documents_missing"
                ),
            )
            return
        self._later(
            decided,
            LicenseApproved(
                license=license_, decided_on=_on(decided),
                expires_on=_on(decided + random.choice((365, 730, 1_460))),
                destination=country, ultimate_consignee=consignee, end_users=(user,), lines=lines,
                license_number=f"D{random.randrange(10**7):07}",
            ),
        )  # fmt: skip
        shipments = random.randint(1, 4)
        start = decided
        for _ in range(shipments):
            start += random.randint(5, 60)
            self._shipment(start, country, license_, line, shipments, (consignee, user))

    def _shipment(
        self,
        day: int,
        country: Country,
        license_: LicenseId | None,
        line: CommodityLine,
        parts: int,
        parties: tuple[PartyId, PartyId] | None = None,
    ) -> None:
        random = self._random
        shipment = ShipmentId(f"S{self._series}{next(self._shipments):08}")
        consignee, user = parties or (self._party(day, country), self._party(day, country))
        part = CommodityLine(
            model=line.model, eccn=line.eccn, units=max(1, line.units // parts),
            tpp_per_unit=line.tpp_per_unit, value_cents=line.units * 3_000_000 // parts,
        )  # fmt: skip
        hub = random.choice(_HUBS) if random.random() < 0.25 else None
        voided = random.random() < 0.02
        self._later(
            day,
            ShipmentExported(
                shipment=shipment,
                authority="license" if license_ else random.choice(_FOR_EXCEPTIONS),
                license=license_,
                lines=(part,),
                intermediate_consignees=(self._party(day, hub),) if hub else (),
                ultimate_consignee=consignee,
                end_user=user if random.random() < 0.7 else None,
                forwarder=self._party(day, "US") if random.random() < 0.5 else None,
                exporter=self._party(day, "US"),
                route=("US", hub, country) if hub else ("US", country),
                exported_on=_on(day),
                itn=Itn(f"X{_on(day):%Y%m%d}{random.randrange(10**6):06}"),
                note="entered by hand" if voided else "",
            ),
        )
        if voided:
            due = _Due(day + 3, next(self._order), None, shipment)
            heapq.heappush(self._due, due)
            return
        arrived = day + random.randint(2, 25)
        if hub:
            self._later(
                day + 1,
                ShipmentLegCompleted(
                    shipment=shipment, leg=1, origin="US", arrived_in=hub, arrived_on=_on(day + 1),
                    carrier=self._party(day, "US"),
                ),
            )  # fmt: skip
        self._later(
            arrived,
            ShipmentDelivered(
                shipment=shipment, delivered_on=_on(arrived), country=country,
                received_by=consignee, units=part.units,
            ),
        )  # fmt: skip
        if random.random() < 0.3:
            self._later(
                arrived + 10,
                PartyPaymentReceived(
                    party=consignee, payer=user, payer_country=country,
                    amount_cents=part.value_cents or 0, received_on=_on(arrived + 10),
                    shipment=shipment,
                ),
            )  # fmt: skip
        if random.random() < 0.25:
            self._check(arrived + 60, country, user, license_, shipment, part.units)
        if random.random() < 0.05:
            onward = self._country()
            self._later(
                arrived + 30,
                ShipmentReexported(
                    shipment=ShipmentId(f"{shipment}-R"), authority="unknown", lines=(part,),
                    ultimate_consignee=self._party(day, onward), reexporter=consignee, of=shipment,
                    route=(country, onward), reexported_on=_on(arrived + 30),
                ),
            )  # fmt: skip

    def _check(
        self,
        day: int,
        country: Country,
        party: PartyId,
        license_: LicenseId | None,
        shipment: ShipmentId | None,
        units: int,
    ) -> None:
        check = CheckId(f"C{self._series}{next(self._checks):07}")
        visited = day + self._random.randint(10, 60)
        made: list[Event] = [
            CheckRequested(
                check=check, party=party, kind="PSV" if shipment else "PLC", country=country,
                requested_on=_on(day), license=license_, shipment=shipment,
            ),
            CheckScheduled(
                check=check, party=party, scheduled_on=_on(day + 4), scheduled_for=_on(visited)
            ),
            CheckPerformed(
                check=check, party=party, performed_on=_on(visited), evidence="label_read",
                units_expected=units, units_counted=units,
                findings="racks seen, labels read, records kept in order",
            ),
            CheckRated(
                check=check, party=party, rated_on=_on(visited + 5),
                rating="favorable" if self._random.random() < 0.9 else "unfavorable",
            ),
        ]  # fmt: skip
        for event in made:
            self._later((event.on - FIRST_DAY).days, event)

    def _about_a_party(self, day: int) -> None:
        party = self._party(day, self._country())
        match self._random.randrange(3):
            case 0:
                event: Event = PartyRelocated(
                    party=party, headquarters=self._country(), relocated_on=_on(day)
                )
            case 1:
                event = PartyOwnershipChanged(
                    party=party, owner=PartyId(f"{party}-H"), share=self._random.randrange(10_001),
                    changed_on=_on(day),
                )  # fmt: skip
            case _:
                event = PartyCapacityDeclared(
                    party=party, site="main site", it_kilowatts=self._random.randrange(50_000),
                    declared_on=_on(day),
                )  # fmt: skip
        self._later(day, event)

    def _void(self, due: _Due) -> ShipmentVoided:
        shipment = due.voids or ShipmentId("")
        return ShipmentVoided(
            shipment=shipment, entry=self._entries.pop(shipment), voided_on=_on(due.day),
            reason="entered twice",
        )  # fmt: skip

    # ── things ──────────────────────────────────────────────────────────────────────────────────

    def _country(self) -> Country:
        return self._random.choices(self._countries, self._weights)[0]

    def _line(self) -> CommodityLine:
        model = self._random.choice(self._models)
        eccn = _NEXT_GENERATION if self._random.random() < 0.2 else _CONTROLLED
        return CommodityLine(
            model=model, eccn=eccn, units=8 * self._random.randint(1, 128),
            tpp_per_unit=self._tpp[model],
        )  # fmt: skip

    def _party(self, day: int, country: Country) -> PartyId:
        """Somebody in a country: mostly one who is known, and the large ones most of all."""
        known = self._at_home.setdefault(country, [])
        if known and self._random.random() < 0.93:
            return known[int(len(known) * self._random.random() ** 3)]
        number = next(self._names)
        party = PartyId(f"{country.lower()}-company-{number:05}")
        known.append(party)
        self._later(
            day,
            PartyRegistered(
                party=party, name=f"Company {number:05} {country}", country=country,
                headquarters=country, registered_on=_on(day),
                address=f"{number % 300} Harbor Road", business="data centers",
            ),
        )  # fmt: skip
        return party


def _on(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)
