"""Shipments cut to size: several parties just below one limit, values just below a threshold."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TypeVar

import msgspec

from ledger.entry import Entry
from ledger.events import Event, Movement, PartySiteDeclared
from ledger.fold import States
from ledger.terms import WHOLE_BP, month_of
from projections import clusters
from projections.clusters import Clusters, once_tied
from projections.red_flags._flows import months
from projections.red_flags._goods import MOVED, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, entries
from projections.red_flags._rule import Finding, Rule
from projections.red_flags._tally import CITED_MAX
from projections.red_flags.lpp_limit import covered_tpp
from projections.reference import Reference


class Got(msgspec.Struct, frozen=True, array_like=True):
    """What a party got under LPP with one shipment.

    user  who is to use it
    """

    on: date
    entry: int
    tpp: int
    user: str


class Value(msgspec.Struct, frozen=True, array_like=True):
    """A declared value near the threshold, in US cents.

    goods  the chips it is for, by family; empty for goods that name none
    below  whether no filing is due on it
    """

    on: date
    entry: int
    cents: int
    goods: str
    below: bool


Row = TypeVar("Row", Got, Value)


class Structuring(Rule):
    """Shipments cut to stay under a threshold beyond which more would be asked.

    1. Several members of one cluster (`projections.clusters`) each got most of what License
       Exception LPP allows one ultimate parent in a year, and no more, within so many days. A
       member that declared a site of its own by then, for an end user of its own, is a real
       business and does not count.
    2. Declared values of what a cluster got crowd below the value from which on an export is to be
       filed: so many times as many just below it as just above. Not where the values of the same
       goods do so for everybody else, as where a pack costs just that much.

    Strong. Once for each window: what follows within it adds nothing. It is worked out when it is
    asked, so that ties of parties count whenever they are told. Units: TPP, US cents, days.

    No public case shows this pattern with its parts told apart; it was tested on made-up histories.

    Source: 15 CFR 740.29(a) and (d); 15 CFR 30.37(a), no filing for values up to 2,500 dollars.

        structuring/L/<party>/<month>  what it got under LPP
        structuring/N/<party>          it once got that much of the limit within the days
        structuring/V/<party>/<month>  values near the threshold; /C/<party> how many, /C of all
        structuring/B/<party>          with all it was ever tied to, it has enough of them
        structuring/E/<goods>/<month>  values of everybody, just below and just above
        structuring/S/<party>          day of its first site of its own
    """

    name = "structuring"
    source = "15 CFR 740.29(a) and (d), limit per ultimate parent and calendar year"
    filing = "15 CFR 30.37(a), exports of which no filing is due"
    reads = MOVED | clusters.READS | {PartySiteDeclared.wire}

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Add up what comes near; what that shows is worked out when it is asked."""
        event = entry.event
        if isinstance(event, PartySiteDeclared):
            key = f"{self.name}/S/{event.party}"
            known = states.get(key, date)
            if not event.closed and (known is None or event.on < known):
                states.put(key, event.on)
        elif (told := dealing(entry.number, event)) is not None:
            self._add(states, told, event, reference)
        else:
            self._mark(states, getattr(event, "party", ""), entry.event.on, reference)
        yield from ()

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """What never moved was near nothing."""
        told = dealing(number, event)
        if told is not None and told.receivers:
            month, party = month_of(told.on), told.receivers[0]
            key = f"{self.name}/L/{party}/{month}"
            got = [each for each in states.get(key, list[Got]) or [] if each.entry != number]
            states.put(key, got or None)
            key = f"{self.name}/V/{party}/{month}"
            values = states.get(key, list[Value]) or []
            for value in values:
                if value.entry == number:
                    self._count(states, party, value, -1)
            states.put(key, [each for each in values if each.entry != number] or None)
        yield from ()

    def pending(self, states: States, reference: Reference, on: date) -> Iterator[RedFlag]:
        """Whatever was cut to size by a date."""
        known = Clusters(reference)
        found: dict[str, RedFlag] = {}
        for key in [key for key, _ in states.scan(f"{self.name}/N/", int)]:
            party = key.rpartition("/")[2]
            for flag in self._under_limit(states, party, known, on, reference):
                found.setdefault(flag.id, flag)
        marked = [key.rpartition("/")[2] for key, _ in states.scan(f"{self.name}/B/", int)]
        # Who was marked depends on what was told last; with whom it may stand does not.
        near = {each for party in marked for each in once_tied(states, party, reference)}
        for party in sorted(each for each in near if states.number(f"{self.name}/C/{each}")):
            for flag in self._bunched(states, party, known, on, reference):
                found.setdefault(flag.id, flag)
        yield from found.values()

    # ── adding up ───────────────────────────────────────────────────────────────────────────────

    def _add(self, states: States, told: Dealing, event: Event, reference: Reference) -> None:
        day = reference.day(states, told.on)
        parameters = day.pattern(self.name).parameters
        if not told.receivers:
            return
        party, month = told.receivers[0], month_of(told.on)
        limit = day.rules.lpp
        if isinstance(event, Movement) and event.authority == "LPP" and limit is not None:
            tpp = covered_tpp(event, day.rules)
            got = Got(told.on, told.entry, tpp, told.end_user or party)
            key = f"{self.name}/L/{party}/{month}"
            states.put(key, [*(states.get(key, list[Got]) or []), got])
            within = timedelta(days=parameters["within_days"])
            near = self._got(states, party, told.on - within, told.on + within)
            if sum(each.tpp for each in near) * WHOLE_BP >= parameters["share_min_bp"] * (
                limit.limit_tpp
            ):
                states.put(f"{self.name}/N/{party}", 1)
        if told.kind == "export" and not told.aggregate:
            key = f"{self.name}/V/{party}/{month}"
            values = list(_near(told, parameters))
            for value in values:
                self._count(states, party, value, 1)
            if values:
                states.put(key, [*(states.get(key, list[Value]) or []), *values])
                self._mark(states, party, told.on, reference)

    def _count(self, states: States, party: str, value: Value, by: int) -> None:
        states.add(f"{self.name}/C", by)
        states.add(f"{self.name}/C/{party}", by)
        key = f"{self.name}/E/{value.goods}/{month_of(value.on)}"
        below, above = states.get(key, tuple[int, int]) or (0, 0)
        both = (below + by, above) if value.below else (below, above + by)
        states.put(key, both if any(both) else None)

    def _mark(self, states: States, party: str, on: date, reference: Reference) -> None:
        """Remember a party that has enough values near the threshold with all it is tied to."""
        least = reference.day(states, on).pattern(self.name).parameters["count_min"]
        # Most ledgers of chips hold hardly any value so small.
        if not party or states.number(f"{self.name}/C") < least:
            return
        members = once_tied(states, party, reference)
        if sum(states.number(f"{self.name}/C/{each}") for each in members) >= least:
            states.put(f"{self.name}/B/{party}", 1)

    def _got(self, states: States, party: str, since: date, until: date) -> list[Got]:
        return _within(states, f"{self.name}/L/{party}", list[Got], since, until)

    def _values(self, states: States, party: str, since: date, until: date) -> list[Value]:
        return _within(states, f"{self.name}/V/{party}", list[Value], since, until)

    # ── judging ─────────────────────────────────────────────────────────────────────────────────

    def _under_limit(
        self, states: States, party: str, known: Clusters, on: date, reference: Reference
    ) -> Iterator[RedFlag]:
        """Where members of one cluster each came near the limit."""
        near = [
            each
            for each in once_tied(states, party, reference)
            if states.number(f"{self.name}/N/{each}")
        ]
        quiet_until = date.min
        days = sorted({got.on for each in near for got in self._all(states, each) if got.on <= on})
        for last in days:
            day = reference.day(states, last)
            limit, parameters = day.rules.lpp, day.pattern(self.name).parameters
            members = known.of(states, party, last).members
            if limit is None or last <= quiet_until:
                continue
            since = last - timedelta(days=parameters["within_days"])
            got = {
                each: rows
                for each in members
                if each in near and (rows := self._got(states, each, since, last))
            }
            least_bp, most = parameters["share_min_bp"], limit.limit_tpp
            sums = {each: sum(row.tpp for row in rows) for each, rows in got.items()}
            full = {
                each: got[each]
                for each, tpp in sums.items()
                if least_bp * most <= tpp * WHOLE_BP <= WHOLE_BP * most
            }
            shells = [each for each in full if not self._real(states, each, full, last)]
            if len(shells) < parameters["members_min"]:
                continue
            quiet_until = last + timedelta(days=parameters["within_days"])
            shown = {
                entry
                for each in shells[1:]
                for entry in known.shown_by(states, shells[0], each, last)
            }
            rows = sorted(
                (row for each in shells for row in got[each]), key=lambda row: (row.on, row.entry)
            )
            each_got = ", ".join(f"{each} {sums[each]:,}" for each in shells)
            yield RedFlag(
                rule=self.name,
                severity="strong",
                subject=f"party:{shells[0]}",
                key=f"limit/{shells[0]}",
                because=(
                    f"{len(shells)} parties that may be one hand each got from"
                    f" {least_bp // 100} to 100 % of the {most:,} TPP a year that LPP allows one"
                    f" ultimate parent, within {parameters['within_days']} days up to {last}:"
                    f" {each_got}; together {sum(sums[each] for each in shells):,} TPP"
                ),
                source=self.source,
                policy=day.policy,
                on=last,
                evidence=entries(*(row.entry for row in rows[-CITED_MAX:]), *shown),
                parties=tuple(shells),
            )

    def _all(self, states: States, party: str) -> Iterator[Got]:
        for _, rows in states.scan(f"{self.name}/L/{party}/", list[Got]):
            yield from rows

    def _real(self, states: States, party: str, full: dict[str, list[Got]], on: date) -> bool:
        """Whether a party has a site of its own by a day, and end users that no other has."""
        site = states.get(f"{self.name}/S/{party}", date)
        if site is None or site > on:
            return False
        users = {got.user for got in full[party]}
        return all(
            users.isdisjoint(got.user for got in rows)
            for other, rows in full.items()
            if other != party
        )

    def _bunched(
        self, states: States, party: str, known: Clusters, on: date, reference: Reference
    ) -> Iterator[RedFlag]:
        """Where values of what a cluster got crowd below the threshold."""
        tied = once_tied(states, party, reference)
        all_ = {
            (value.on, value.goods)
            for each in tied
            for _, rows in states.scan(f"{self.name}/V/{each}/", list[Value])
            for value in rows
            if value.on <= on
        }
        quiet_until: dict[str, date] = {}
        for last, goods in sorted(all_):
            if last <= quiet_until.get(goods, date.min):
                continue
            day = reference.day(states, last)
            parameters = day.pattern(self.name).parameters
            since = last - timedelta(days=parameters["bunching_days"])
            members = known.of(states, party, last).members
            got = {
                each: rows
                for each in members
                if (rows := _of(goods, self._values(states, each, since, last)))
            }
            values = [value for rows in got.values() for value in rows]
            below = sum(value.below for value in values)
            if not _crowded(below, len(values) - below, parameters):
                continue
            if self._everybody(states, goods, members, since, last, parameters):
                continue
            quiet_until[goods] = last + timedelta(days=parameters["bunching_days"])
            parties = sorted(got, key=lambda each: (-len(got[each]), each))
            shown = {
                entry
                for each in parties[1:]
                for entry in known.shown_by(states, parties[0], each, last)
            }
            cited = sorted(values, key=lambda value: (value.on, value.entry))[-CITED_MAX:]
            filing = parameters["filing_cents"]
            yield RedFlag(
                rule=self.name,
                severity="strong",
                subject=f"party:{parties[0]}",
                key=f"values/{min(parties)}/{goods or 'other'}",
                because=(
                    f"{below:,} declared values of {goods or 'goods that name no chip'} for"
                    f" {', '.join(parties)} are from {_dollars(filing, parameters['below_bp'])} to"
                    f" {_dollars(filing)}, up to which no filing is due, and"
                    f" {len(values) - below:,} from there to"
                    f" {_dollars(filing, parameters['above_bp'])}, within"
                    f" {parameters['bunching_days']} days up to {last}"
                ),
                source=self.filing,
                policy=day.policy,
                on=last,
                evidence=entries(*(value.entry for value in cited), *shown),
                parties=tuple(parties),
            )

    def _everybody(
        self, states: States, goods: str, members: Iterable[str], since: date, until: date,
        parameters: dict[str, int],
    ) -> bool:  # fmt: skip
        """Whether the values of others crowd there too, in the same months."""
        below = above = 0
        for month in months(since, until):
            all_ = states.get(f"{self.name}/E/{goods}/{month}", tuple[int, int]) or (0, 0)
            own = [
                value.below
                for each in members
                for value in states.get(f"{self.name}/V/{each}/{month}", list[Value]) or []
                if value.goods == goods
            ]
            below += all_[0] - sum(own)
            above += all_[1] - (len(own) - sum(own))
        return _crowded(below, above, parameters)


def _within(
    states: States, place: str, kind: type[list[Row]], since: date, until: date
) -> list[Row]:
    """What is kept by months under a place, from one day to another."""
    return [
        each
        for month in months(since, until)
        for each in states.get(f"{place}/{month}", kind) or []
        if since <= each.on <= until
    ]


def _crowded(below: int, above: int, parameters: dict[str, int]) -> bool:
    enough = below + above >= parameters["count_min"]
    return enough and below >= parameters["ratio_min"] * above


def _near(told: Dealing, parameters: dict[str, int]) -> Iterator[Value]:
    """The values of a dealing that are near the threshold, line by line."""
    filing = parameters["filing_cents"]
    least = filing * parameters["below_bp"] // WHOLE_BP
    most = filing * parameters["above_bp"] // WHOLE_BP
    for line in told.lines:
        cents = line.value_cents
        if cents is None and len(told.lines) == 1:
            cents = told.value_cents
        if cents is not None and least <= cents <= most:
            goods = "+".join(line.families)
            yield Value(told.on, told.entry, cents, goods, cents <= filing)


def _of(goods: str, values: Iterable[Value]) -> list[Value]:
    return [value for value in values if value.goods == goods]


def _dollars(cents: int, share_bp: int = WHOLE_BP) -> str:
    return f"US${cents * share_bp // WHOLE_BP // 100:,}"
