"""Facts every rule looks up: the rules in force, licenses as decided, parties and who owns them.

Each is kept under a key of its own, with the entries that said it, and answered for a date: a
firm that moved its headquarters, or was bought, was something else before. A party that nobody
registered is unknown, never a firm of tier 2 by accident.

    policies             every adoption and withdrawal
    adopted              entry of the newest adoption of each pack
    P/<party>            a party
    O/<party>            those it was ever said to own, or declared as the parent of
    W/<party>            months of the movements it takes part in
    W/<party>/<month>    those movements' entries, by day
    L/<license>          a license

Facts come late: a fact about a party says something new of movements that are recorded already.
`Reference.tell` finds them, by the months and the owners above, without looking at any other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property, partial
from typing import Final, Literal

import msgspec

from ledger import parties
from ledger.catalogue import ENTRY_TEXT_PACK, Chip, catalogue, classify
from ledger.entry import Entry
from ledger.events import (
    Event,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseReturned,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PolicyAdopted,
    PolicyWithdrawn,
)
from ledger.events.shipments import CommodityLine
from ledger.fold import States
from ledger.parties import PARTY_EVENTS, PartyFacts
from ledger.policy import (
    Affiliates,
    ChipControl,
    Detection,
    Pattern,
    PolicyTimeline,
    Rules,
    after,
    parse_pack,
    shipped_pack,
)
from ledger.terms import ModelId, PartyId

SEATING: Final = (PartyRegistered, PartyRelocated, PartyOwnershipChanged)
"""Events that say where a party or its ultimate parent sits."""

DETECTION_PACK: Final = "detection-2026"
AFFILIATES_PACK: Final = "affiliates-2025"

SEATS_MAX: Final = 20_000
"""Parties whose seats are remembered at once."""

NONE_ADOPTED: Final = Rules()

Span = tuple[date, date]
"""The first and the last day of some days."""

ALWAYS: Final[Span] = (date.min, date.max)

ONE_DAY: Final = timedelta(days=1)


Days = dict[str, list[int]]
"""Entries of movements by their dates (ISO)."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """An entry that says where a party sits or who owns it, from a date on.

    of     what it says: all that a registration does, the headquarters, or a share
    owner  whose share it is
    """

    entry: int
    since: date
    of: Literal["registration", "headquarters", "share"]
    owner: str = ""


class Party(msgspec.Struct, frozen=True):
    """What is recorded of one party, and the entries its seat rests on."""

    facts: PartyFacts
    said: tuple[Said, ...] = ()


class LicenseFacts(msgspec.Struct, frozen=True):
    """What was decided on one license; 0 is the entry of what nobody said.

    applied_at   entry of the application
    approved     the newest approval, even where a later decision took its place
    approved_at  its entry
    decided_at   entry of the newest decision, whatever it was
    refusal      how the newest decision reads when it is no approval: denied, returned
    refused_on   its date
    """

    applied_at: int = 0
    approved: LicenseApproved | None = None
    approved_at: int = 0
    decided_at: int = 0
    refusal: str = ""
    refused_on: date | None = None

    @property
    def in_hand(self) -> LicenseApproved | None:
        """The approval that counts: none before it, and none after another decision."""
        return None if self.refusal else self.approved


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a party stands on a date; None is what nobody recorded.

    parent   its ultimate parent: itself when nobody else is known to be
    entries  the entries this rests on; none that another took the place of
    """

    party: str
    location: str | None
    headquarters: str | None
    parent: str
    parent_headquarters: str | None
    entries: tuple[int, ...]

    @property
    def seats(self) -> tuple[str | None, str | None]:
        """Headquarters of the party and of its ultimate parent."""
        return self.headquarters, self.parent_headquarters


class Ruling:
    """Some rules, and those of their answers that no date changes, each worked out once."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.policy = "+".join(rules.names)
        # Packs that say nothing of detection, or of affiliates, leave it to those that ship with
        # this program.
        self.detection = rules.detection or default_detection()
        self.affiliates = rules.affiliates or default_affiliates()
        self.patterns = {pattern.name: pattern for pattern in self.detection.patterns}
        self.controls = cache(lambda eccn: rules.item_group(eccn) is not None)
        self.chip_eccn = cache(self._chip_eccn)
        self.sovereign = cache(rules.sovereign)

    def _chip_eccn(self, chip: Chip) -> str | None:
        """Under which number these rules control a chip, by their own tests of what the catalogue
        says; None where they do not.
        """
        tests = self.rules.thresholds
        if tests is None:
            return None
        eccn = classify(chip.tpp, chip.density, chip.data_center, thresholds=tests).eccn
        return eccn if eccn is not None and self.rules.item_group(eccn) is not None else None


class Day:
    """The rules of one date, and their answers, each worked out once and when it is asked."""

    def __init__(self, ruling: Ruling, on: date) -> None:
        self.rules = ruling.rules
        self.on = on
        self.policy = ruling.policy
        self.controls = ruling.controls
        self.chip_eccn = ruling.chip_eccn
        self.sovereign = ruling.sovereign
        self.detection = ruling.detection
        self.affiliates = ruling.affiliates
        self._patterns = ruling.patterns

    @cached_property
    def in_d5(self) -> Callable[[str], bool]:
        return cache(partial(self.rules.in_d5, on=self.on))

    @cached_property
    def in_tier3(self) -> Callable[[str], bool]:
        """Whether a country is in Country Group D:5, or is Macau.

        Where these rules have no list of their own, the one that ships with this program counts:
        the group is older than the rules on chips, and the list carries its own dates.
        """
        rules = shipped_rules(ENTRY_TEXT_PACK) if self.rules.d5 is None else self.rules
        return cache(partial(rules.in_d5, on=self.on))

    @cached_property
    def allocation(self) -> Callable[[str], int | None]:
        return cache(partial(self.rules.allocation, on=self.on))

    @cached_property
    def cap(self) -> Callable[..., int | None]:
        return cache(partial(self.rules.cap, on=self.on))

    @cached_property
    def license_required(self) -> Callable[..., tuple[bool | None, str]]:
        return cache(partial(self.rules.license_required, on=self.on))

    @cached_property
    def exception_available(self) -> Callable[..., tuple[bool, str]]:
        return cache(partial(self.rules.exception_available, on=self.on))

    def named(self, lines: tuple[CommodityLine, ...]) -> tuple[CommodityLine, ...]:
        """The lines of chips that are controlled to some places by name or memory, not by ECCN."""
        if not self.rules.chip_controls:
            return ()
        return tuple(line for line in lines if self._chip_named(line.model) is not None)

    def chip_control(
        self, model: str, destination: str, headquarters: tuple[str | None, ...]
    ) -> tuple[bool, str]:
        """Whether such a chip needs a license to go there, and why."""
        rule = self._chip_named(model)
        if rule is None or not any(map(self.in_d5, filter(None, (destination, *headquarters)))):
            return False, ""
        return True, (
            f"{model} needs a license to D:5, Macau and whoever is headquartered there, since"
            f" {rule.effective_from} (§{rule.section})"
        )

    def _chip_named(self, model: str) -> ChipControl | None:
        known = catalogue().get(ModelId(model))
        if known is None:
            return None
        return self.rules.chip_named(
            known.id, maker=known.vendor, dram_gbps=known.dram_bandwidth, on=self.on
        )

    def pattern(self, name: str) -> Pattern:
        """How the rule of a name looks for its pattern on this day."""
        return self._patterns[name]

    def controlled(self, lines: tuple[CommodityLine, ...]) -> tuple[CommodityLine, ...]:
        """The lines of a declaration that these rules control."""
        return tuple(line for line in lines if line.eccn is not None and self.controls(line.eccn))


@cache
def shipped_rules(policy: str) -> Rules:
    """The rules of one pack that ships with this program, where those in force say nothing."""
    return Rules.of([parse_pack(shipped_pack(policy))])


def default_affiliates() -> Affiliates:
    """When what listed parties own is treated as listed, where the rules in force do not say."""
    affiliates = shipped_rules(AFFILIATES_PACK).affiliates
    if affiliates is None:
        raise LookupError(f"the pack {AFFILIATES_PACK} that ships with this program names none")
    return affiliates


def default_detection() -> Detection:
    """How patterns are looked for where the rules in force do not say."""
    detection = shipped_rules(DETECTION_PACK).detection
    if detection is None:
        raise LookupError(f"the pack {DETECTION_PACK} that ships with this program looks for none")
    return detection


class Reference:
    """What is known at some entry; with `rules`, as if those had been in force all along, or from
    the first to the last day of a `span`.

    What it looked up is remembered for the states it was asked about, until an entry changes it.
    """

    reads = PARTY_EVENTS | {
        event.wire
        for event in (
            PolicyAdopted, PolicyWithdrawn, LicenseApplied, LicenseApproved, LicenseDenied,
            LicenseReturned,
        )
    }  # fmt: skip

    def __init__(self, rules: Rules | None = None, span: Span = ALWAYS) -> None:
        self._supposed = rules
        self._span = span
        self._states: States | None = None
        self._rulings: dict[int, Ruling] = {}
        self._days: dict[date, Day] = {}
        # Seats of a party, each from one day to another; and by each party they rest on, whose.
        self._seats: dict[str, list[tuple[date, date, Seat]]] = {}
        self._seated_by: dict[str, set[str]] = {}

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry adds to the facts."""
        match entry.event:
            case PolicyAdopted() | PolicyWithdrawn() as event:
                kept = states.get("policies", PolicyTimeline) or PolicyTimeline()
                states.put("policies", after(kept, event))
                self._days.clear()
                if isinstance(event, PolicyAdopted):
                    known = states.get("adopted", dict[str, int]) or {}
                    states.put("adopted", {**known, event.policy: entry.number})
            case (
                LicenseApplied(license=license_)
                | LicenseApproved(license=license_)
                | LicenseDenied(license=license_)
                | LicenseReturned(license=license_)
            ):
                facts = states.get(f"L/{license_}", LicenseFacts) or LicenseFacts()
                states.put(f"L/{license_}", _decided(facts, entry))
            case (
                PartyRegistered(party=party)
                | PartyRenamed(party=party)
                | PartyRelocated(party=party)
                | PartyOwnershipChanged(party=party)
                | PartyListed(party=party)
                | PartyDelisted(party=party)
            ):
                for whose in self._seated_by.pop(party, ()):
                    self._seats.pop(whose, None)
                states.put(f"P/{party}", _told(states.get(f"P/{party}", Party), entry))
                _own(states, entry.event)
            case _:
                return

    def tell(self, states: States, entry: Entry) -> list[int]:
        """What a fact about a seat adds; the movements it says something new about, in order.

        Those that the party takes part in, or one it owns itself or through others, on a date
        from which the fact applies and on which a seat is not what it was.
        """
        event = entry.event
        if not isinstance(event, SEATING):
            raise ValueError(f"{event.wire} says nothing about a seat")
        since = _since(event).isoformat()
        watched = [
            (party, date.fromisoformat(day), numbers)
            for party in _all_below(states, event.party)
            for month in states.get(f"W/{party}", list[str]) or []
            if month >= since[:7]
            for day, numbers in (states.get(f"W/{party}/{month}", Days) or {}).items()
            if day >= since
        ]
        before = [self.seat(states, party, day) for party, day, _ in watched]
        self.evolve(states, entry)
        return sorted(
            {
                number
                for (party, day, numbers), seat in zip(watched, before, strict=True)
                if self.seat(states, party, day) != seat
                for number in numbers
            }
        )

    def watch(self, states: States, parties_to: Iterable[str], on: date, number: int) -> None:
        """Remember that a movement is to be looked at again with later facts about parties."""
        day = on.isoformat()
        month = day[:7]
        for party in parties_to:
            days = states.get(f"W/{party}/{month}", Days)
            if days is None:
                days = {}
                states.put(f"W/{party}", [*(states.get(f"W/{party}", list[str]) or []), month])
            days.setdefault(day, []).append(number)
            states.put(f"W/{party}/{month}", days)

    def unwatch(self, states: States, parties_to: Iterable[str], on: date, number: int) -> None:
        """Forget a movement that has never been."""
        day = on.isoformat()
        month = day[:7]
        for party in parties_to:
            days = states.get(f"W/{party}/{month}", Days) or {}
            if number not in days.get(day, []):
                continue
            days[day].remove(number)
            if not days[day]:
                del days[day]
            states.put(f"W/{party}/{month}", days or None)
            if not days:
                months = states.get(f"W/{party}", list[str]) or []
                states.put(f"W/{party}", [each for each in months if each != month] or None)

    def day(self, states: States, on: date) -> Day:
        """The rules of a day, by the adoptions known so far."""
        if states is not self._states:
            self._about(states)
        found = self._days.get(on)
        if found is None:
            rules = self._supposed
            if rules is None or not self._span[0] <= on <= self._span[1]:
                kept = states.get("policies", PolicyTimeline)
                rules = NONE_ADOPTED if kept is None else kept.rules_on(on)
            found = self._days[on] = Day(self._ruling(rules), on)
        return found

    def _ruling(self, rules: Rules) -> Ruling:
        """What no date changes in some rules; there are few, and the same ones come back."""
        found = self._rulings.get(id(rules))
        if found is None or found.rules is not rules:
            found = self._rulings[id(rules)] = Ruling(rules)
        return found

    def adopted_at(self, states: States, policy: str | None) -> tuple[int, ...]:
        """The entry that adopted a pack, to cite; none under rules that are only supposed."""
        if self._supposed is not None or policy is None:
            return ()
        number = (states.get("adopted", dict[str, int]) or {}).get(policy)
        return () if number is None else (number,)

    def license(self, states: States, license_: str) -> LicenseFacts | None:
        """What was decided on a license; None when no entry speaks of it."""
        return states.get(f"L/{license_}", LicenseFacts)

    def listed(self, states: States, party: str, on: date) -> list[str]:
        """The restricted-party lists a party is on, on a date."""
        known = states.get(f"P/{party}", Party)
        return [] if known is None else known.facts.lists_on(on)

    def roles(self, states: States, party: str) -> tuple[str, ...]:
        """What a party does in trade, as registered."""
        known = states.get(f"P/{party}", Party)
        return () if known is None else known.facts.roles

    def below(self, states: States, party: str) -> Iterator[str]:
        """A party, those it was ever said to own, and those that they own."""
        return _all_below(states, party)

    def owner(self, states: States, party: str, on: date) -> str | None:
        """Who owns more than half of a party on a date, or was declared its parent."""
        known = states.get(f"P/{party}", Party)
        return None if known is None else parties.owner(known.facts, on)

    def owner_and_owned(self, states: States, party: str, on: date) -> Iterator[str]:
        """Whoever owns a party on a date, and those it owns."""
        above = self.owner(states, party, on)
        if above is not None:
            yield above
        for each in states.get(f"O/{party}", list[str]) or []:
            if self.owner(states, each, on) == party:
                yield each

    def ever_near(self, states: States, party: str) -> Iterator[str]:
        """Whoever was ever said to own some of a party, and those it was said to own some of."""
        known = states.get(f"P/{party}", Party)
        if known is not None:
            yield from known.facts.shares
            if known.facts.parent is not None:
                yield known.facts.parent
        yield from states.get(f"O/{party}", list[str]) or []

    def seat(self, states: States, party: str, on: date) -> Seat:
        """Location, headquarters and ultimate parent of a party on a date (`ledger.parties`)."""
        if states is not self._states:
            self._about(states)
        for first, last, seat in self._seats.get(party, ()):
            if first <= on <= last:
                return seat
        if len(self._seats) >= SEATS_MAX:
            self._seats.clear()
            self._seated_by.clear()
        first, last, seat, asked = _seat(states, party, on)
        self._seats.setdefault(party, []).append((first, last, seat))
        for one in asked:
            self._seated_by.setdefault(one, set()).add(party)
        return seat

    def _about(self, states: States) -> None:
        """Forget what was looked up in other states than these."""
        self._states = states
        self._days.clear()
        self._seats.clear()
        self._seated_by.clear()


def _seat(states: States, party: str, on: date) -> tuple[date, date, Seat, Iterable[str]]:
    """The seat of a party on a date, the first and the last day on which it is that, and every
    party it rests on.
    """
    asked: dict[str, Party | None] = {}

    def lookup(name: PartyId) -> PartyFacts | None:
        asked[name] = states.get(f"P/{name}", Party)
        found = asked[name]
        return None if found is None else found.facts

    seat = parties.seat(PartyId(party), on, lookup)
    cited = sorted(
        each.entry
        for name, known in asked.items()
        if known is not None
        for each in _counting(known, on)
        if each.of != "headquarters" or name in (party, seat.parent)
    )
    # Nothing that was said of them applies from a day in between.
    days = [each.since for known in asked.values() if known is not None for each in known.said]
    first = max((day for day in days if day <= on), default=date.min)
    after = min((day for day in days if day > on), default=None)
    found = Seat(
        party, seat.location, seat.headquarters, seat.parent, seat.parent_headquarters,
        tuple(cited),
    )  # fmt: skip
    return first, date.max if after is None else after - ONE_DAY, found, asked


def _counting(known: Party, on: date) -> Iterable[Said]:
    """What was said of a party and counts on a date: the newest of each kind.

    Of shares only that of whoever owns it, and of the declared parent, who may have left.
    """
    facts = known.facts
    owners = (parties.owner(facts, on), facts.parent)
    newest: dict[tuple[str, str], Said] = {}
    for said in known.said:
        key = said.of, said.owner
        if said.since > on or (said.of == "share" and said.owner not in owners):
            continue
        if key not in newest or newest[key].since <= said.since:
            newest[key] = said
    return newest.values()


def _all_below(states: States, party: str) -> Iterator[str]:
    """A party, those it was ever said to own, and those that they own."""
    seen, waiting = {party}, [party]
    while waiting:
        one = waiting.pop()
        yield one
        below = [each for each in states.get(f"O/{one}", list[str]) or [] if each not in seen]
        seen.update(below)
        waiting += below


def _own(states: States, event: Event) -> None:
    """Remember who may belong to whom: a lesser share makes nobody the parent."""
    match event:
        case PartyRegistered(party=party, ultimate_parent=parent) if parent is not None:
            owner = parent
        case PartyOwnershipChanged(party=party, owner=owner, share=share) if (
            share > parties.CONTROLLING_BP
        ):
            pass
        case _:
            return
    known = states.get(f"O/{owner}", list[str]) or []
    if party not in known:
        states.put(f"O/{owner}", [*known, party])


def _since(event: PartyRegistered | PartyRelocated | PartyOwnershipChanged) -> date:
    """The date a fact applies from; a registration says what was so already, whenever made."""
    return date.min if isinstance(event, PartyRegistered) else event.on


def _decided(facts: LicenseFacts, entry: Entry) -> LicenseFacts:
    replace, number = msgspec.structs.replace, entry.number
    match entry.event:
        case LicenseApplied():
            return replace(facts, applied_at=number)
        case LicenseApproved() as approved:
            return LicenseFacts(facts.applied_at, approved, number, number)
        case LicenseDenied(decided_on=on):
            return replace(facts, decided_at=number, refusal="denied", refused_on=on)
        case LicenseReturned(returned_on=on):
            refusal = "returned without action"
            return replace(facts, decided_at=number, refusal=refusal, refused_on=on)
        case _:
            return facts


def _told(known: Party | None, entry: Entry) -> Party:
    event = entry.event
    facts = parties.evolve(None if known is None else known.facts, event) or PartyFacts()
    said = () if known is None else known.said
    match event:
        case PartyRegistered():
            said = (*said, Said(entry.number, _since(event), "registration"))
        case PartyRelocated():
            said = (*said, Said(entry.number, _since(event), "headquarters"))
        case PartyOwnershipChanged(owner=owner):
            said = (*said, Said(entry.number, _since(event), "share", owner))
        case _:
            pass
    return Party(facts, said)
