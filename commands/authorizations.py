"""What AIA, NVEU and UVEU ask beyond one shipment: lines drawn through all that somebody received.

AIA   from so many TPP to one ultimate consignee on, BIS wants a certificate before the export
NVEU  one company's installed base in one country has a limit for each quarter
UVEU  only so large a part of what a company owns may stand outside tier 1, in one country there,
      and, where its headquarters is American, outside the United States

The numbers come from the rules in force. A line that is crossed is said and never refused: a
shipment is a fact. A company is an ultimate parent and what it owns. Counted are items of the
strictest group (3A090.a), on the dates up to the one asked about; a territory counts with its
sovereign. Not known here: chips that were never shipped abroad, chips that moved on from where
they arrived, and certificates that were sent.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from commands.decider import Situation
from ledger.events import LicenseApproved, Movement
from ledger.policy import Rules
from ledger.terms import WHOLE_BP, BasisPoints, Country, PartyId, Tpp, quarter_of

UNITED_STATES: Country = "US"


class Arrival(NamedTuple):
    """Chips of one classification that went to somebody in one country on one day."""

    on: date
    country: Country
    authority: str
    eccn: str


Arrivals = Mapping[Arrival, Tpp]


def arrivals(movement: Movement) -> Counter[Arrival]:
    """What a movement brought its ultimate consignee."""
    found: Counter[Arrival] = Counter()
    for line in movement.lines:
        if line.eccn is not None:
            place = (movement.on, movement.destination, movement.authority)
            found[Arrival(*place, line.eccn)] += line.tpp
    return found


def on_shipment(movement: Movement, situation: Situation) -> list[str]:
    """The lines a movement crosses, of the authorization it relies on."""
    rules = situation.rules(movement.on)
    new = arrivals(movement)
    match movement.authority:
        case "AIA":
            return _certificate(movement, new, rules, situation)
        case "NVEU":
            return _installed(movement, new, rules, situation)
        case "UVEU":
            return _shares(movement.ultimate_consignee, new, movement.on, rules, situation)
        case _:
            return []


def on_license(approved: LicenseApproved, situation: Situation) -> list[str]:
    """The lines a license crosses of a company that has received chips under UVEU.

    They are shares of all the company owns, so what it gets under a license moves them too.
    """
    on, destination = approved.decided_on, approved.destination
    new: Counter[Arrival] = Counter()
    for line in approved.lines:
        new[Arrival(on, destination, "license", line.eccn)] += line.tpp
    party = approved.ultimate_consignee
    if not any(
        one.authority == "UVEU" for one in _received(_company(party, on, situation), situation)
    ):
        return []
    return _shares(party, new, on, situation.rules(on), situation)


def _certificate(
    movement: Movement, new: Counter[Arrival], rules: Rules, situation: Situation
) -> list[str]:
    party = movement.ultimate_consignee
    counted = _received([party], situation) + new
    total = sum(
        tpp
        for arrival, tpp in counted.items()
        if arrival.authority == "AIA" and _counts(arrival, movement.on, rules)
    )
    if rules.aia is None or total < rules.aia.certificate_tpp:
        return []
    return [
        f"{party} has received {total:,} TPP under AIA with this shipment: from"
        f" {rules.aia.certificate_tpp:,} TPP on, its certificate goes to BIS before the export"
        f" (15 CFR {rules.aia.section})"
    ]


def _installed(
    movement: Movement, new: Counter[Arrival], rules: Rules, situation: Situation
) -> list[str]:
    on, country = movement.on, rules.sovereign(movement.destination)
    if rules.nveu is None:
        return []
    company = _company(movement.ultimate_consignee, on, situation)
    total = sum(
        tpp
        for arrival, tpp in (_received(company, situation) + new).items()
        if arrival.authority == "NVEU"
        and rules.sovereign(arrival.country) == country
        and _counts(arrival, on, rules)
    )
    limit, section = rules.nveu_limit(on), rules.nveu.section
    quarter = quarter_of(on)
    if limit is None:
        return [f"no NVEU limit is set for {quarter}, and this relies on one (15 CFR {section})"]
    if total <= limit:
        return []
    return [
        f"{company[0]} and what it owns have {total:,} TPP under NVEU in {country} with this"
        f" shipment, and {limit:,} TPP are allowed in {quarter}: {total - limit:,} TPP over"
        f" (15 CFR {section})"
    ]


def _shares(
    party: PartyId, new: Counter[Arrival], on: date, rules: Rules, situation: Situation
) -> list[str]:
    uveu = rules.uveu
    if uveu is None or rules.tiers is None:
        return []
    company = _company(party, on, situation)
    owned: Counter[Country] = Counter()
    for arrival, tpp in (_received(company, situation) + new).items():
        if _counts(arrival, on, rules):
            owned[rules.sovereign(arrival.country)] += tpp
    total = owned.total()
    beyond = {country for country in owned if rules.tier(country, on) != 1}
    places = {rules.sovereign(arrival.country) for arrival in new} & beyond
    lines: list[tuple[str, int, BasisPoints]] = [
        ("outside tier 1", sum(owned[each] for each in beyond), uveu.outside_tier_1_bp),
        *((f"in {each}", owned[each], uveu.single_country_bp) for each in sorted(places)),
    ]
    if situation.seat(party, on).parent_headquarters == UNITED_STATES:
        abroad = total - owned[UNITED_STATES]
        lines.append(("outside the United States", abroad, uveu.outside_us_bp))
    return [
        f"with this, {part:,} of the {total:,} TPP on record here for {company[0]} and what it owns"
        f" stand {where}: {_percent(part * WHOLE_BP // total)}; UVEU allows {_percent(allowed)} of"
        f" all it owns, which may be more than is on record (15 CFR {uveu.section} and"
        " supplement no. 10 to part 748, paragraph 6)"
        for where, part, allowed in lines
        if part * WHOLE_BP > allowed * total
    ]


def _counts(arrival: Arrival, on: date, rules: Rules) -> bool:
    return arrival.on <= on and rules.item_group(arrival.eccn) == "a"


def _received(parties: list[PartyId], situation: Situation) -> Counter[Arrival]:
    """What parties received together."""
    together: Counter[Arrival] = Counter()
    for party in parties:
        together.update(situation.received(party))
    return together


def _company(party: PartyId, on: date, situation: Situation) -> list[PartyId]:
    """The ultimate parent of a party on a date, and all it ultimately owns."""
    found = [situation.seat(party, on).parent]
    for owner in found:
        for owned in situation.tied_to(owner):
            if owned not in found and situation.seat(owned, on).parent == found[0]:
                found.append(owned)
    return found if party in found else [*found, party]


def _percent(basis_points: BasisPoints) -> str:
    """Hundredths of a percent as a percentage.

    >>> _percent(2_500), _percent(712)
    ('25.00 %', '7.12 %')
    """
    return f"{basis_points // 100}.{basis_points % 100:02} %"
