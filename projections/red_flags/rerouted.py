"""What was denied, detained or warned of goes another way: to somebody new."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from ledger.entry import Entry
from ledger.events import (
    LicenseApplicationReported,
    LicenseApplied,
    LicenseDecisionReported,
    LicenseDenied,
    LicenseResubmitted,
    PartyInformed,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    ShipmentDetained,
)
from ledger.fold import States
from projections.red_flags import _flows
from projections.red_flags._following import Following, seated
from projections.red_flags._goods import (
    DEALINGS,
    UNCOVERED,
    Dealing,
    dealing,
    each_once,
    family,
    in_words,
    named_in,
    words_of,
)
from projections.red_flags._later import SEATING_READS
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding
from projections.reference import Reference


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """What somebody applied for: who, for whom, which chips or other words."""

    entry: int
    on: date
    applicant: str
    concerned: tuple[str, ...]
    families: tuple[str, ...]
    words: tuple[str, ...]


class Barred(msgspec.Struct, frozen=True, array_like=True):
    """Why goods did not go, or were not to.

    what       in words
    exporters  who was told
    concerned  who was not to get them
    families   which chips; with no words either, any goods
    countries  where to, when only that was said
    subject    the license or the shipment it is about
    cited      entries that show it
    """

    on: date
    what: str
    exporters: tuple[str, ...]
    concerned: tuple[str, ...]
    families: tuple[str, ...]
    words: tuple[str, ...]
    countries: tuple[str, ...]
    subject: str
    cited: tuple[int, ...]


class Rerouted(Following):
    """Soon after a license was denied, a shipment detained or an exporter informed that it needs
    a license, like goods go to somebody new, and no license or exception covers them.

    1. The same exporter sends to a consignee it never sent to before that day, who is not said to
       use them, or relies on nothing at all. After a letter that names no goods only what relied
       on nothing counts, or what went to a country the letter names. A party of its group that was
       formed since counts as the exporter, and then those that were to get the goods count too.
    2. Anybody sends to another party of the group that was to get them. An application for such a
       party counts too, unless its applicant said openly that it takes up the denied one.

    Like goods are of one model family; where no family is known of both, they share a word. What
    was detained, or a letter is about, may be any goods where no entry says which.

    Quiet: what a license or exception covers, customers of old, other goods. Window in days.

    Source: 15 CFR 744.6(c), 744.21(b), 744.22(b) and 744.23(b), is-informed letters; 15 CFR
    764.2(g) and (h), misrepresentation and evasion; 15 CFR part 732, supplement no. 3.
    """

    name = "rerouted"
    source = "15 CFR 764.2(g), (h) and part 732, supplement no. 3"
    reads = DEALINGS | SEATING_READS | {
        event.wire
        for event in (
            LicenseApplied, LicenseDenied, LicenseApplicationReported, LicenseDecisionReported,
            LicenseResubmitted, ShipmentDetained, PartyInformed,
        )
    }  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Remember what stood in the way; judge what went another way."""
        number = entry.number
        match entry.event:
            case LicenseApplied(license=license_) | LicenseApplicationReported(license=license_):
                asked = _asked(number, entry.event)
                states.put(f"{self.name}/A/{license_}", asked)
                for party in asked.concerned:
                    key = f"{self.name}/P/{party}"
                    known = states.get(key, list[str]) or []
                    if license_ not in known:
                        states.put(key, [*known, license_])
                yield from self._denied(states, license_, reference)
                yield from self._apply(states, license_, reference)
            case (
                LicenseDenied(license=license_, decided_on=on)
                | LicenseDecisionReported(license=license_, decided_on=on, outcome="denied")
            ):
                states.put(f"{self.name}/N/{license_}", (number, on.isoformat()))
                yield from self._denied(states, license_, reference)
            case LicenseResubmitted(license=license_, of=first):
                states.put(f"{self.name}/L/{license_}", first)
                yield from self._apply(states, license_, reference)
            case ShipmentDetained(shipment=shipment, detained_on=on):
                states.put(f"{self.name}/D/{shipment}", (number, on.isoformat()))
                yield from self._detained(states, shipment, reference)
            case PartyInformed() as letter:
                yield from self._bar(states, _informed(number, letter), reference)
            case PartyRegistered() | PartyRelocated() | PartyOwnershipChanged() as event:
                if isinstance(event, PartyRegistered):
                    states.put(f"{self.name}/F/{event.party}", event.formed_on)
                yield from self._seated(states, event.party, reference)
            case event:
                told = dealing(number, event)
                if told is not None and told.shipment is not None:
                    yield from self._detained(states, told.shipment, reference)
                yield from self.follow(states, number, event, reference)

    def _seated(self, states: States, whose: str, reference: Reference) -> Iterator[Finding]:
        """Judge again what rests on who belongs with whom."""
        for party, dealings in seated(states, whose, reference):
            stood = [
                barred
                for which in ("C", "X")
                for barred in states.get(f"{self.name}/{which}/{party}", list[Barred]) or []
            ]
            for barred in stood:
                yield from self._bar(states, barred, reference)
            for license_ in states.get(f"{self.name}/P/{party}", list[str]) or []:
                yield from self._apply(states, license_, reference)
            for told in dealings:
                if told.consignee == party or party in told.senders:
                    yield from self.judge(states, told, reference)

    def _denied(self, states: States, license_: str, reference: Reference) -> Iterator[Finding]:
        asked = states.get(f"{self.name}/A/{license_}", Asked)
        denied = states.get(f"{self.name}/N/{license_}", tuple[int, str])
        if asked is not None and denied is not None:
            number, day = denied
            barred = Barred(
                date.fromisoformat(day), f"license {license_} was denied on {day}",
                (asked.applicant,), asked.concerned, asked.families, asked.words, (),
                f"license:{license_}", entries(asked.entry, number),
            )  # fmt: skip
            yield from self._bar(states, barred, reference)

    def _detained(self, states: States, shipment: str, reference: Reference) -> Iterator[Finding]:
        held = states.get(f"{self.name}/D/{shipment}", tuple[int, str])
        if held is not None and (telling := _flows.telling(states, shipment)):
            number, day = held
            first = _flows.recalled(states, telling[0])
            barred = Barred(
                date.fromisoformat(day), f"shipment {shipment} was detained on {day}",
                first.senders, first.receivers, first.families, tuple(sorted(words_of(first))), (),
                first.subject, entries(first.entry, number),
            )  # fmt: skip
            yield from self._bar(states, barred, reference)

    def _bar(self, states: States, barred: Barred, reference: Reference) -> Iterator[Finding]:
        """Remember what stands in the way, and judge what was told before it."""
        until = self._until(states, barred, reference)
        numbers: set[int] = set()
        for exporter in barred.exporters:
            self._remember(states, f"{self.name}/T/{exporter}", barred)
            self._remember(states, f"{self.name}/X/{exporter}", barred)
            group = reference.seat(states, exporter, barred.on).parent
            self._remember(states, f"{self.name}/E/{group}", barred)
            since = (
                each
                for each in reference.below(states, group)
                if self._formed_since(states, each, barred.on)
            )
            for each in each_once(exporter, *since):
                numbers |= {seen.entry for seen in _flows.sent(states, each, barred.on, until)}
        for party in barred.concerned:
            self._remember(states, f"{self.name}/C/{party}", barred)
            group = reference.seat(states, party, barred.on).parent
            self._remember(states, f"{self.name}/T/{group}", barred)
            for member in reference.below(states, group):
                got = _flows.received(states, member, barred.on, until)
                numbers |= {seen.entry for seen in got}
        for number in sorted(numbers):
            yield from self.judge(states, _flows.recalled(states, number), reference)

    def _formed_since(self, states: States, party: str, on: date) -> bool:
        formed = states.get(f"{self.name}/F/{party}", date)
        return formed is not None and formed >= on

    def _remember(self, states: States, key: str, barred: Barred) -> None:
        known = states.get(key, list[Barred]) or []
        if barred not in known:
            states.put(key, [*known, barred])

    def around(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        """Judge again what was the first to a consignee, and may not be any longer."""
        for sender in told.senders:
            for barred in states.get(f"{self.name}/T/{sender}", list[Barred]) or []:
                if told.on > barred.on:
                    continue
                until = self._until(states, barred, reference)
                for seen in _flows.sent(states, sender, barred.on, until):
                    if not set(seen.others).isdisjoint(told.receivers):
                        again = _flows.recalled(states, seen.entry)
                        yield from self.judge(states, again, reference)

    def _until(self, states: States, barred: Barred, reference: Reference) -> date:
        pattern = reference.day(states, barred.on).pattern(self.name)
        return barred.on + timedelta(days=pattern.parameters["within_days"])

    def judge(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        if told.authority not in UNCOVERED or told.kind == "onward" or told.consignee is None:
            return
        if told.destinations and set(told.destinations) <= {"US"}:
            return
        group = reference.seat(states, told.consignee, told.on).parent
        found: list[tuple[Barred, str]] = []
        keys = [f"T/{each}" for each in each_once(*told.senders, group)]
        for sender in told.senders:
            if states.get(f"{self.name}/F/{sender}", date) is not None:
                keys.append(f"E/{reference.seat(states, sender, told.on).parent}")
        for key in keys:
            for barred in states.get(f"{self.name}/{key}", list[Barred]) or []:
                how = self._how(states, told, barred, group, reference)
                if how and (barred, how) not in found:
                    found.append((barred, how))
        # The last of what stood in the way is named, whichever was told first.
        found.sort(key=lambda each: (each[0].on, each[0].what))
        flags = (self._flag(told, found, reference.day(states, told.on).policy),) if found else ()
        yield Finding(str(told.entry), flags)

    def _how(
        self, states: States, told: Dealing, barred: Barred, group: str, reference: Reference
    ) -> str:
        """How a shipment goes round what stood in its way; empty when it does not."""
        if not barred.on <= told.on <= self._until(states, barred, reference):
            return ""
        if told.consignee is None or told.subject == barred.subject:
            return ""
        if not _like(told, barred):
            return ""
        exporter = next((each for each in told.senders if each in barred.exporters), None)
        new = None if exporter is not None else self._founded(states, told, barred, reference)
        if told.consignee in barred.concerned:
            return "" if new is None else f"{new} belongs with {', '.join(barred.exporters)}"
        groups = {reference.seat(states, each, barred.on).parent for each in barred.concerned}
        if group in groups:
            return f"{told.consignee} belongs with {', '.join(barred.concerned)}"
        exporter = exporter or new
        if exporter is None:
            return ""
        of_old = (
            _flows.first(states, each, told.consignee) or date.max
            for each in each_once(exporter, *(barred.exporters if new else ()))
        )
        if min(of_old) < barred.on:
            return ""
        named = not set(told.destinations).isdisjoint(barred.countries)
        letter = barred.subject.startswith("party:")
        if letter and _unsaid(barred) and told.authority != "none" and not named:
            return ""
        if told.consignee == told.end_user and told.authority != "none":
            return ""
        of = f", which belongs with {', '.join(barred.exporters)}," if new else ""
        return f"{exporter}{of} had never sent to {told.consignee} before"

    def _founded(
        self, states: States, told: Dealing, barred: Barred, reference: Reference
    ) -> str | None:
        """Who sent a shipment and was formed since in the group of who was told."""
        groups = {reference.seat(states, each, barred.on).parent for each in barred.exporters}
        return next(
            (
                each
                for each in told.senders
                if self._formed_since(states, each, barred.on)
                and reference.seat(states, each, told.on).parent in groups
            ),
            None,
        )

    def _flag(self, told: Dealing, found: list[tuple[Barred, str]], policy: str) -> RedFlag:
        barred, how = found[-1]
        days = (told.on - barred.on).days
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=told.subject,
            key=told.shipment or str(told.entry),
            because=(
                f"{in_words(told)} went to {told.consignee} on {told.on}, {days} days after"
                f" {barred.what}; {how}, and no license or exception covers it"
            ),
            source=self.source,
            policy=policy,
            on=told.on,
            evidence=entries(told.entry, *(number for each, _ in found for number in each.cited)),
            parties=each_once(
                *told.senders,
                *told.receivers,
                *(each for one, _ in found for each in one.concerned),
            ),
        )

    def _apply(self, states: States, license_: str, reference: Reference) -> Iterator[Finding]:
        """Judge an application that may take up a denied one without saying so."""
        asked = states.get(f"{self.name}/A/{license_}", Asked)
        if asked is None:
            return
        openly = states.get(f"{self.name}/L/{license_}", str)
        found: list[Barred] = []
        groups = {reference.seat(states, each, asked.on).parent for each in asked.concerned}
        for group in sorted(groups):
            for barred in states.get(f"{self.name}/T/{group}", list[Barred]) or []:
                soon = barred.on <= asked.on <= self._until(states, barred, reference)
                other = not set(asked.concerned) <= set(barred.concerned)
                taken_up = barred.subject in (f"license:{license_}", f"license:{openly}")
                like = not set(asked.families).isdisjoint(barred.families)
                if soon and other and like and not taken_up and barred.subject[:8] == "license:":
                    found.append(barred)
        flags: tuple[RedFlag, ...] = ()
        if found:
            last = max(found, key=lambda barred: (barred.on, barred.what))
            flags = (self._shopped(license_, asked, last, reference, states),)
        yield Finding(f"license:{license_}", flags)

    def _shopped(
        self, license_: str, asked: Asked, barred: Barred, reference: Reference, states: States
    ) -> RedFlag:
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=f"license:{license_}",
            key=license_,
            because=(
                f"{asked.applicant} applied on {asked.on} for {', '.join(asked.concerned)},"
                f" {(asked.on - barred.on).days} days after {barred.what}, which was for"
                f" {', '.join(barred.concerned)} of the same group, and does not say so"
            ),
            source=self.source,
            policy=reference.day(states, asked.on).policy,
            on=asked.on,
            evidence=entries(asked.entry, *barred.cited),
            parties=each_once(*asked.concerned, asked.applicant, *barred.concerned),
        )


def _like(told: Dealing, barred: Barred) -> bool:
    """Whether goods may be those that did not go: by chips where both name some, else by a word.
    What stood in the way of goods that nobody described may have stood in the way of any.
    """
    if told.families and barred.families:
        return not set(told.families).isdisjoint(barred.families)
    return _unsaid(barred) or not words_of(told).isdisjoint(barred.words)


def _unsaid(barred: Barred) -> bool:
    return not barred.families and not barred.words


def _asked(number: int, event: LicenseApplied | LicenseApplicationReported) -> Asked:
    concerned = each_once(event.ultimate_consignee, *event.end_users)
    if isinstance(event, LicenseApplied):
        concerned = each_once(*concerned, event.purchaser)
        families = {family(line.model) for line in event.lines}
        words: set[str] = set()
    else:
        texts = [line.description for line in event.lines]
        families = {name for text in texts for name in named_in(text)}
        families |= {family(line.model) for line in event.lines if line.model is not None}
        words = {word for text in texts for word in words_of(text)}
    return Asked(
        number, event.on, event.applicant, concerned, tuple(sorted(families)), tuple(sorted(words))
    )


def _informed(number: int, letter: PartyInformed) -> Barred:
    about = f" about {letter.concerning}" if letter.concerning else ""
    return Barred(
        letter.informed_on,
        f"{letter.party} was informed{about} on {letter.informed_on}",
        (letter.party,),
        each_once(letter.concerning),
        named_in(letter.items),
        tuple(sorted(words_of(letter.items))),
        letter.countries,
        letter.subject,
        (number,),
    )
