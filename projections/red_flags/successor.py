"""Somebody new takes the place of a party that was listed or refused, or would be looked at: a
phoenix, a stand-in.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from operator import attrgetter
from typing import get_args

import msgspec

from ledger.entry import Entry
from ledger.events import (
    Event,
    LicenseApplicationReported,
    LicenseApplied,
    LicenseDecisionReported,
    LicenseDenied,
    PartyDelisted,
    PartyListed,
    PartyMerged,
    PartyRegistered,
    PartyRelocated,
    PartyTenantDeclared,
)
from ledger.events.goods import CountedIn
from ledger.fold import States
from ledger.terms import WHOLE_BP, month_of
from projections import clusters
from projections.clusters import Clusters, merged, merged_with, once_tied
from projections.red_flags import _flows
from projections.red_flags._goods import (
    MOVED,
    UNCOVERED,
    Dealing,
    alike,
    dealing,
    each_once,
    in_words,
    words_of,
)
from projections.red_flags._judging import of_interest
from projections.red_flags._later import SEATING_READS, resting_on, rests_on, seated
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule, standing
from projections.reference import Reference


class Formed(msgspec.Struct, frozen=True, array_like=True):
    """What the newest registration of a party says: when it was formed, its number."""

    entry: int
    on: date | None
    number: str | None


class Barred(msgspec.Struct, frozen=True, array_like=True):
    """Why a party was to get nothing more: it was put on a list, or a license for it was denied.

    list   name of the list; empty for a denial
    cited  entries that show it
    """

    on: date
    what: str
    list: str
    cited: tuple[int, ...]


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """A dealing under no license and no exception, and for whom it was."""

    entry: int
    on: date
    party: str


class Tenancy(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A tenant of a data center, and the entry that declares it."""

    on: date
    tenant: str
    entry: int


class Successor(Rule):
    """Within a year another takes the place of a party that was listed or refused, or of a tenant.

    1. A party of its cluster was formed since. The cluster counts as it is a year after the
       formation, so that ties which show later count too.
    2. An exporter that sent to it sends like goods to the same country, under no license and no
       exception, to somebody it never sent to before: half or more of what the barred party got
       from it in as many days before, and the barred party itself lost that much.
    3. Of tenants, whom nobody needs to bar: a data center that lets to a party from abroad that
       belongs to tier 3 lets, within a year, to a company of its own country that was formed since
       and belongs to the same country of tier 3. What names the same ultimate parent hides nothing.

    Quiet: one party under another id, by a merger or by its registration number; customers of
    before, however much they grow; a listing that had ended. Window in days, share in basis points.

    Source: 15 CFR part 732, supplement no. 3; 15 CFR 764.2(h), evasion; FinCEN and BIS joint alert
    FIN-2023-Alert004, firms formed after a control that take up the trade of another.

        successor/B/<party>           what bars it; /P its registration; /T tenants it let to
        successor/A/<license>         who was to get what it is for; /N its denial
        successor/S/<sender>          barred parties it sent to; /F those somebody took the place of
        successor/U/<sender>/<month>  what it sent under no license and no exception
    """

    name = "successor"
    source = "15 CFR 764.2(h) and part 732, supplement no. 3"
    reads = (
        MOVED
        | clusters.READS
        | {
            event.wire
            for event in (
                PartyListed, PartyDelisted, LicenseApplied, LicenseDenied,
                LicenseApplicationReported, LicenseDecisionReported, PartyTenantDeclared,
            )
        }
        | SEATING_READS
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Remember who is barred and who was formed; look for who comes in the place of whom."""
        number = entry.number
        match entry.event:
            case PartyListed(party=party, list=name, listed_on=on):
                what = f"{party} was put on {name} on {on}"
                yield from self._bar(states, party, Barred(on, what, name, (number,)), reference)
            case PartyDelisted(party=party):
                yield from self._everything(states, party, reference)
            case LicenseApplied(license=license_) | LicenseApplicationReported(license=license_):
                asked = each_once(entry.event.ultimate_consignee, *entry.event.end_users)
                states.put(f"{self.name}/A/{license_}", (number, asked))
                yield from self._denied(states, license_, reference)
            case (
                LicenseDenied(license=license_, decided_on=on)
                | LicenseDecisionReported(license=license_, decided_on=on, outcome="denied")
            ):
                states.put(f"{self.name}/N/{license_}", (number, on.isoformat()))
                yield from self._denied(states, license_, reference)
            case PartyRegistered(party=party) as told:
                formed = Formed(number, told.formed_on, told.registration_number)
                states.put(f"{self.name}/P/{party}", formed)
                yield from self._tied(states, party, reference)
                yield from self._seated(states, entry, reference)
            case PartyTenantDeclared(party=operator, tenant=tenant, declared_on=on):
                key = f"{self.name}/T/{operator}"
                known = [*(states.get(key, list[Tenancy]) or []), Tenancy(on, tenant, number)]
                states.put(key, known)
                tags = (f"party:{operator}", f"party:{tenant}")
                rests_on(states, self.name, operator, tags)
                yield from self._let(states, operator, reference)
            case PartyMerged(party=party):
                for one in (party, *merged_with(states, party, date.max)):
                    yield from self._tied(states, one, reference)
                    yield from self._everything(states, one, reference)
                yield from self._seated(states, entry, reference)
            case event if event.wire in clusters.READS:
                for one in each_once(getattr(event, "party", None)):
                    yield from self._tied(states, one, reference)
                yield from self._seated(states, entry, reference)
            case PartyRelocated():
                yield from self._seated(states, entry, reference)
            case event:
                told_of = dealing(number, event)
                if told_of is not None:
                    for key, sent in self._uncovered(told_of):
                        states.put(key, [*(states.get(key, list[Sent]) or []), sent])
                    yield from self._moved(states, told_of, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What never moved took nobody's place, and was no flow to take."""
        told = dealing(number, event)
        if told is not None:
            for key, sent in self._uncovered(told):
                left = [each for each in states.get(key, list[Sent]) or [] if each != sent]
                states.put(key, left or None)
            yield from self._moved(states, told, reference)

    def _denied(self, states: States, license_: str, reference: Reference) -> Iterator[Finding]:
        asked = states.get(f"{self.name}/A/{license_}", tuple[int, tuple[str, ...]])
        denied = states.get(f"{self.name}/N/{license_}", tuple[int, str])
        if asked is None or denied is None:
            return
        on = date.fromisoformat(denied[1])
        for party in asked[1]:
            what = f"license {license_} for {party} was denied on {on}"
            barred = Barred(on, what, "", entries(asked[0], denied[0]))
            yield from self._bar(states, party, barred, reference)

    def _bar(
        self, states: States, party: str, barred: Barred, reference: Reference
    ) -> Iterator[Finding]:
        known = self._barred(states, party)
        if barred not in known:
            # By their days: what is told first decides nothing.
            ordered = sorted([*known, barred], key=lambda each: (each.on, each.what))
            states.put(f"{self.name}/B/{party}", ordered)
        yield from self._everything(states, party, reference)

    def _everything(self, states: States, party: str, reference: Reference) -> Iterator[Finding]:
        """Look again at who may take the place of a party."""
        if not self._barred(states, party):
            return
        yield from self._tied(states, party, reference)
        senders: dict[str, None] = {}
        for barred in self._barred(states, party):
            within = self._within(states, barred.on, reference)
            for seen in _flows.received(states, party, barred.on - within, barred.on):
                senders |= dict.fromkeys(seen.others)
        for sender in senders:
            yield from self._customers(states, sender, party, reference)

    def _tied(self, states: States, party: str, reference: Reference) -> Iterator[Finding]:
        """Judge those that were ever tied to a party, where one of them is barred."""
        members = once_tied(states, party, reference)
        if any(self._barred(states, each) for each in members):
            for each in members:
                yield from self._new(states, each, reference)

    def _new(self, states: States, party: str, reference: Reference) -> Iterator[Finding]:
        """Whether a party was formed in the place of one of its cluster."""
        formed = states.get(f"{self.name}/P/{party}", Formed)
        flags: tuple[RedFlag, ...] = ()
        if formed is not None and formed.on is not None:
            flags = tuple(self._phoenix(states, party, formed, formed.on, reference))
        if flags or standing(states, self.name, party):
            yield Finding(party, flags)

    def _phoenix(
        self, states: States, party: str, formed: Formed, on: date, reference: Reference
    ) -> Iterator[RedFlag]:
        within = self._within(states, on, reference)
        known = Clusters(reference)
        for other in known.of(states, party, on + within).members:
            barred = self._stands(states, other, on, reference)
            if other == party or barred is None or self._same(states, party, other):
                continue
            shown = known.shown_by(states, party, other, on + within)
            yield RedFlag(
                rule=self.name,
                severity="strong",
                subject=f"party:{party}",
                key=other,
                because=(
                    f"{party} was formed on {on}, {(on - barred.on).days} days after"
                    f" {barred.what}, and stands in one cluster with {other}"
                ),
                source=self.source,
                policy=reference.day(states, on).policy,
                on=on,
                evidence=entries(formed.entry, *barred.cited, *shown),
                parties=(party, other),
            )

    def _seated(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look again at data centers of whose parties, or their tenants', more is told."""
        tags = seated(states, entry, reference)
        event = entry.event
        # A merger makes one party of two, whom it may stand beside.
        if isinstance(event, PartyMerged):
            tags = [f"party:{event.party}", f"party:{event.into}"]
        for operator in resting_on(states, self.name, tags):
            yield from self._let(states, operator, reference)

    def _let(self, states: States, operator: str, reference: Reference) -> Iterator[Finding]:
        """Whether a tenant of a data center stands in for another."""
        told = sorted(states.get(f"{self.name}/T/{operator}", list[Tenancy]) or [])
        flags: dict[str, RedFlag] = {}
        for at, let in enumerate(told):
            formed = states.get(f"{self.name}/P/{let.tenant}", Formed)
            if let.tenant in flags or formed is None or formed.on is None:
                continue
            for before in told[:at]:
                flag = self._stand_in(states, operator, before, let, formed, reference)
                if flag is not None:
                    flags[let.tenant] = flag
                    break
        matter = f"let/{operator}"
        if flags or standing(states, self.name, matter):
            yield Finding(matter, tuple(flags.values()))

    def _stand_in(
        self, states: States, operator: str, before: Tenancy, let: Tenancy, formed: Formed,
        reference: Reference,
    ) -> RedFlag | None:  # fmt: skip
        within = self._within(states, let.on, reference)
        if formed.on is None or before.on == let.on:
            return None
        if not before.on <= formed.on <= let.on <= before.on + within:
            return None
        day = reference.day(states, let.on)
        home = reference.seat(states, operator, let.on)
        new, old = (reference.seat(states, each.tenant, let.on) for each in (let, before))
        shared = sorted(
            each for each in {*new.seats} & {*old.seats} if each is not None and day.in_tier3(each)
        )
        local = home.location is not None and new.location == home.location != old.location
        one = new.parent == old.parent or self._same(states, let.tenant, before.tenant)
        if not shared or not local or one:
            return None
        return RedFlag(
            rule=self.name,
            severity="strong",
            subject=f"party:{let.tenant}",
            key=f"{before.tenant}/{let.tenant}",
            because=(
                f"{operator} let to {before.tenant} from {before.on} and to {let.tenant} from"
                f" {let.on}, which was formed in {new.location} on {formed.on}, in between; both"
                f" belong to {shared[0]}, and nobody says that they are one group"
            ),
            source=self.source,
            policy=day.policy,
            on=let.on,
            evidence=entries(
                before.entry, let.entry, formed.entry, *home.entries, *new.entries, *old.entries
            ),
            parties=(let.tenant, before.tenant, operator),
        )

    def _uncovered(self, told: Dealing) -> Iterator[tuple[str, Sent]]:
        """Where to keep that a dealing went under no license and no exception, if it did."""
        if told.authority in UNCOVERED and told.kind != "order":
            for sender in told.senders:
                key = f"{self.name}/U/{sender}/{month_of(told.on)}"
                for party in _getters(told):
                    yield key, Sent(told.entry, told.on, party)

    def _moved(self, states: States, told: Dealing, reference: Reference) -> Iterator[Finding]:
        """Look again at the flows a dealing is part of."""
        for sender in told.senders:
            for party in _getters(told):
                taken = states.get(f"{self.name}/F/{sender}", list[tuple[str, str]]) or ()
                lost = states.get(f"{self.name}/S/{sender}", list[str]) or []
                if lost and not self._sent(states, sender, date.min, date.max, party):
                    # Whoever gets nothing uncovered takes nobody's place.
                    lost = [other for other, by in taken if by == party]
                for other in lost:
                    yield from self._flow(states, sender, other, party, reference)
                if self._barred(states, party):
                    yield from self._customers(states, sender, party, reference)

    def _customers(
        self, states: States, sender: str, party: str, reference: Reference
    ) -> Iterator[Finding]:
        """Judge everybody that an exporter of a barred party sent to since."""
        lost = states.get(f"{self.name}/S/{sender}", list[str]) or []
        if party not in lost:
            states.put(f"{self.name}/S/{sender}", [*lost, party])
        taken = states.get(f"{self.name}/F/{sender}", list[tuple[str, str]]) or ()
        others = {by: None for other, by in taken if other == party}
        for barred in self._barred(states, party):
            until = barred.on + self._within(states, barred.on, reference)
            for sent in self._sent(states, sender, barred.on, until):
                others[sent.party] = None
        for other in others:
            yield from self._flow(states, sender, party, other, reference)

    def _sent(
        self, states: States, sender: str, since: date, until: date, party: str | None = None
    ) -> list[Sent]:
        """What a party sent under no license and no exception, to one or to all, by the day."""
        months = (
            _flows.months_of(states, sender).sent
            if party is None
            else _flows.months_of(states, party).got
        )
        first, last = month_of(since), month_of(until)
        return [
            each
            for month in months
            if first <= month <= last
            for each in states.get(f"{self.name}/U/{sender}/{month}", list[Sent]) or ()
            if since <= each.on <= until and party in (None, each.party)
        ]

    def _flow(
        self, states: States, sender: str, lost: str, party: str, reference: Reference
    ) -> Iterator[Finding]:
        """Whether a party takes what a barred one got from an exporter."""
        flag = None
        since = _flows.first(states, sender, party)
        if since is not None and party != lost:
            barred = self._stands(states, lost, since, reference)
            if barred is not None and not self._same(states, party, lost):
                flag = self._taken(states, sender, lost, party, barred, reference)
        key = f"{self.name}/F/{sender}"
        taken = states.get(key, list[tuple[str, str]]) or []
        stood = (lost, party) in taken
        if flag is not None and not stood:
            states.put(key, [*taken, (lost, party)])
        elif flag is None and stood:
            states.put(key, [each for each in taken if each != (lost, party)] or None)
        if flag is not None or stood:
            yield Finding(f"{sender}/{lost}/{party}", () if flag is None else (flag,))

    def _taken(
        self, states: States, sender: str, lost: str, party: str, barred: Barred,
        reference: Reference,
    ) -> RedFlag | None:  # fmt: skip
        within = self._within(states, barred.on, reference)
        sent = self._sent(states, sender, barred.on, barred.on + within, party)
        uncovered = [_flows.recalled(states, each.entry) for each in sent]
        # Of one day by what was sent, and never by which entry said so first.
        uncovered.sort(key=attrgetter("on", "senders", "families", "entry"))
        day_before = barred.on - timedelta(days=1)
        before = uncovered and _got(states, sender, lost, barred.on - within, day_before)
        after = before and _got(states, sender, lost, barred.on, barred.on + within)
        got: list[Dealing] = []
        for told in uncovered:
            day = reference.day(states, told.on)
            like = [each for each in before if _like(each, told)]
            if not like or not of_interest(told, day):
                continue
            got.append(told)
            still = [each for each in after if each.on <= told.on and _like(each, told)]
            least_bp = day.pattern(self.name).parameters["share_min_bp"]
            share = _share(got, like)
            if share is None or share < least_bp:
                continue
            if WHOLE_BP - (_share(still, like) or 0) < least_bp:
                continue
            return RedFlag(
                rule=self.name,
                severity="strong",
                subject=told.subject,
                key=f"{lost}/{party}",
                because=(
                    f"{in_words(told)} went from {sender} to {party} on {told.on},"
                    f" {(told.on - barred.on).days} days after {barred.what}; {sender} had never"
                    f" sent to {party} before, which now gets {share // 100:,}.{share % 100:02} %"
                    f" of what {lost} got from it in {within.days} days before"
                ),
                source=self.source,
                policy=day.policy,
                on=told.on,
                evidence=entries(*barred.cited, *(each.entry for each in (*like, *got))),
                parties=each_once(party, sender, lost),
            )
        return None

    def _stands(self, states: States, party: str, on: date, reference: Reference) -> Barred | None:
        """The last of what bars a party on a day and began within the window before it."""
        for each in reversed(self._barred(states, party)):
            if (
                each.on <= on <= each.on + self._within(states, each.on, reference)
                and (not each.list or each.list in reference.listed(states, party, on))
            ):  # fmt: skip
                return each
        return None

    def _same(self, states: States, one: str, other: str) -> bool:
        """Whether two ids are one party: by a merger, or by one number in a register."""
        mine, yours = (states.get(f"{self.name}/P/{each}", Formed) for each in (one, other))
        number = None if mine is None else mine.number
        if number is not None and yours is not None and number == yours.number:
            return True
        return merged(states, one, other)

    def _barred(self, states: States, party: str) -> list[Barred]:
        return states.get(f"{self.name}/B/{party}", list[Barred]) or []

    def _within(self, states: States, on: date, reference: Reference) -> timedelta:
        parameters = reference.day(states, on).pattern(self.name).parameters
        return timedelta(days=parameters["within_days"])


def _got(states: States, sender: str, party: str, since: date, until: date) -> list[Dealing]:
    """What one party sent to another for whom it was; not what was only ordered."""
    got = [
        _flows.recalled(states, seen.entry)
        for seen in _flows.between(states, sender, party, since, until)
    ]
    return [each for each in got if party in _getters(each) and each.kind != "order"]


def _getters(told: Dealing) -> tuple[str, ...]:
    return each_once(told.consignee, told.end_user)


def _like(one: Dealing, other: Dealing) -> bool:
    """Whether goods may be the same and go to one country; what generic words name may be any."""
    if set(one.destinations).isdisjoint(other.destinations):
        return False
    return alike(one, other) or not words_of(one) or not words_of(other)


def _share(some: list[Dealing], of: list[Dealing]) -> int | None:
    """How much of a flow another is, in basis points, by the first measure both are told in."""
    for measure in (*get_args(CountedIn), "cents"):
        part, whole = (_sum(each, measure) for each in (some, of))
        if part and whole:
            return part * WHOLE_BP // whole
    return None


def _sum(shipped: list[Dealing], measure: str) -> int:
    if measure == "cents":
        return sum(told.value_cents or 0 for told in shipped)
    lines = [line for told in shipped for line in told.lines if line.counted_in == measure]
    return sum(line.quantity or 0 for line in lines)
