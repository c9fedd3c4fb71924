"""History under other rules: what would have been decided, shipped and counted otherwise, and why.

One pass carries history as it was beside one or several histories that are only supposed:

1. Each decision and each shipment is judged twice: by the rules in force on its day, as adopted by
   then, and by the supposed ones. Where both say the same, people do the same, lawful or not: the
   same rules change nothing.
2. Where they differ, the supposed rules are obeyed. What they refuse neither reserves nor draws, so
   that what comes later has more room; shipments under a license that was refused did not leave,
   nor what went on from them.
3. A presumption of denial is said and refuses nothing: it may be overcome. A policy of denial and a
   cap that is met refuse.
4. No license is invented: what was denied stays denied, with or without need.
5. Each is judged whole, by what had been told when it was recorded; a shipment that was voided has
   never been. Goods are followed from one shipment to the next by what the next one says it is of.

Units: TPP. Nothing here is kept, and nothing in the ledger changes.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from ledger import quota
from ledger.entry import Entry
from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    Movement,
    ShipmentExported,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.agreements import AboutAgreement
from ledger.fold import MemoryStates, taken_back
from ledger.policy import Pack, Rules, Section, where
from ledger.quota import QuotaAccount, QuotaFold
from ledger.terms import PartyId
from projections.books import Accounts, Cell, drawn_by
from projections.reference import ALWAYS, Day, Reference, Ruling, Seat, Span
from projections.verdicts import (
    Asked,
    Kind,
    SeatOf,
    Verdict,
    goods,
    lpp_tpp,
    on_application,
    on_movement,
    requiring,
)

Change = (
    Kind
    | Literal[
        "allowed", "denial_not_needed", "relied_on", "moved_on", "account", "flag_added",
        "flag_removed", "flag_changed",
    ]
)  # fmt: skip
"""What would differ; besides the verdicts of `projections.verdicts`:

allowed            made against the rules of its day, and the supposed ones have nothing against it
denial_not_needed  denied as the rules of its day called for, and the supposed ones do not
relied_on          a shipment under a license that would have been refused
moved_on           goods of a shipment that would not have left
account            a country's cap, or what counts against it
flag_added, flag_removed, flag_changed
                   a red flag more, one less, or the same one otherwise
"""

READS: Final = Reference.reads | {
    event.wire
    for event in (
        LicenseApplied, LicenseApproved, LicenseDenied, ShipmentExported, ShipmentReexported,
        ShipmentTransferred, ShipmentOnwardObserved, AgreementConcluded, AgreementInForce,
        AgreementAmended, AgreementSuspended, AgreementTerminated,
    )
}  # fmt: skip
"""Wire names of the events a replay reads; voids are looked up first (`gone`)."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in its pack: its name, its line from 1, the line itself, and what it cites."""

    policy: str = ""
    rule: str = ""
    line: int | None = None
    text: str = ""
    source: str = ""


NO_RULE: Final = RuleLine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One decision, shipment, country's account or red flag that would be otherwise.

    entry        what it is about; of an account, the first entry that counts in it
    diverges_at  the first entry from which history would have gone another way for it
    as_it_was    what happened, and what the rules of its day said
    supposed     what would have been
    stopped      whether something that was granted or shipped would not have been
    units, tpp   of the decision or shipment
    cap_tpp, headroom_tpp
                 under the supposed rules when it came, or of the account
    then_…       the same under the rules in force
    reserved_tpp, drawn_tpp
                 of the account
    rule…        the line that makes the difference; of the rules in force where the supposed ones
                 have none
    """

    kind: Literal["decision", "shipment", "account", "flag"]
    change: Change
    subject: str
    country: str | None
    on: date
    entry: int
    diverges_at: int
    as_it_was: str
    supposed: str
    stopped: bool = False
    units: int | None = None
    tpp: int | None = None
    cap_tpp: int | None = None
    reserved_tpp: int | None = None
    drawn_tpp: int | None = None
    headroom_tpp: int | None = None
    then_cap_tpp: int | None = None
    then_reserved_tpp: int | None = None
    then_drawn_tpp: int | None = None
    then_headroom_tpp: int | None = None
    rule_policy: str = ""
    rule: str = ""
    rule_line: int | None = None
    rule_text: str = ""
    rule_source: str = ""


class Lines:
    """Where the rules of some packs stand in their texts."""

    def __init__(self, texts: Iterable[tuple[Pack, str]]) -> None:
        self._texts = list(texts)
        self._found: dict[tuple[int, str], RuleLine] = {}

    def of(self, rules: Rules, section: Section | None, place: str) -> RuleLine:
        """The line of a rule, in the pack that governs its section."""
        policy = None if section is None else rules.governing(section)
        pack = next((each for each in reversed(rules.packs) if each.id == policy), None)
        if pack is None:
            return NO_RULE
        key = id(pack), place  # the packs of a replay live as long as it does
        if key not in self._found:
            self._found[key] = self._line(pack, place)
        return self._found[key]

    def _line(self, pack: Pack, place: str) -> RuleLine:
        text = next((text for known, text in self._texts if known == pack), None)
        if text is None:
            return NO_RULE
        found = where(text, place)
        return RuleLine(pack.id, found.name, found.line, found.text, found.source)


class _World:
    """A history: who was granted what, what moved, and what LPP let each parent have."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.received: dict[tuple[str, int], int] = {}

    def take(
        self, movement: Movement, drawn: Sequence[tuple[Cell, int]], day: Day,
        parent: Callable[[], str],
    ) -> None:  # fmt: skip
        """A shipment leaves."""
        self.accounts.ship(movement, drawn)
        tpp = lpp_tpp(movement, day)
        if tpp:
            key = parent(), movement.on.year
            self.received[key] = self.received.get(key, 0) + tpp


@dataclass
class _Supposed:
    """A history under supposed rules, and where it left the one that was.

    refused  licenses that were not granted, each with the entry of its approval
    stopped  shipments that did not leave, each with the entry at which its history turned
    waiting  shipments under a license nobody had approved yet
    turned   by country, the first entry from which its account is another one
    found    differences, by entry
    """

    rules: Rules
    span: Span
    world: _World = field(default_factory=_World)
    refused: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, list[tuple[int, Movement]]] = field(default_factory=dict)
    turned: dict[str, int] = field(default_factory=dict)
    found: dict[int, Difference] = field(default_factory=dict)


class _Eras:
    """Some rules, and their days: one for all between two dates that the rules name."""

    def __init__(self, rules: Rules) -> None:
        self._ruling = Ruling(rules)
        named = {
            one
            for pack in rules.packs
            for one in _dates(msgspec.to_builtins(pack, builtin_types=(date,)))
        }
        after = {one + timedelta(days=1) for one in named if one < date.max}
        self._turns = sorted(named | after)
        self._days: dict[int, Day] = {}

    def day(self, on: date) -> Day:
        """A day on which the rules say what they say on this one."""
        era = bisect_right(self._turns, on)
        if era not in self._days:
            self._days[era] = Day(self._ruling, on)
        return self._days[era]


class Replay:
    """One pass over the entries, as it was and as supposed; `gone` are voided movements."""

    def __init__(
        self,
        supposed: Sequence[Rules],
        lines: Lines,
        *,
        span: Span = ALWAYS,
        gone: AbstractSet[int] = frozenset(),
    ) -> None:
        self._lines = lines
        self._gone = gone
        none: dict[int, Entry] = {}
        self._states = MemoryStates(none.__getitem__)
        self._agreed = MemoryStates(none.__getitem__)
        self._any_agreed = False
        self._reference = Reference()
        self._actual = _World()
        self._supposed = [_Supposed(rules, span) for rules in supposed]
        self._applied: dict[str, LicenseApplied] = {}
        self._first: dict[str, int] = {}
        self._eras: dict[int, _Eras] = {}
        self.latest = date.min
        """The newest day something was decided or shipped."""

    def take(self, entry: Entry) -> None:
        """What an entry does to every history."""
        number = entry.number
        match entry.event:
            case Movement() as movement:
                if number not in self._gone:
                    self._dated(number, movement.on, movement.destination)
                    self._move(number, movement)
            case LicenseApplied() as applied:
                self._applied[applied.license] = applied
            case LicenseApproved() as approved:
                self._dated(number, approved.decided_on, approved.destination)
                self._approve(number, approved)
            case LicenseDenied() as denied:
                self._deny(number, denied)
            case ShipmentOnwardObserved() as observed:
                self._observe(number, observed)
            case AboutAgreement():
                self._any_agreed = True
                QuotaFold().evolve(self._agreed, entry)
            case _:
                self._reference.evolve(self._states, entry)

    def differences(self, which: int = 0) -> list[Difference]:
        """Decisions and shipments that would differ under the rules supposed so, by entry."""
        found = self._supposed[which].found
        return [found[number] for number in sorted(found)]

    def account_differences(self, on: date, which: int = 0) -> list[Difference]:
        """Countries whose account on a day would be another one, by country."""
        one = self._supposed[which]
        then, now = self._in_force(on), self._day(one, on)
        countries = {
            *self._actual.accounts.book(then.rules).countries(),
            *one.world.accounts.book(now.rules).countries(),
        }
        found = (
            self._account_difference(one, country, then, now, on) for country in sorted(countries)
        )
        return [each for each in found if each is not None]

    # ── one entry ───────────────────────────────────────────────────────────────────────────────

    def _dated(self, number: int, on: date, country: str) -> None:
        self.latest = max(self.latest, on)
        self._first.setdefault(country, number)

    def _day(self, one: _Supposed, on: date) -> Day:
        """The rules of a day where others are supposed: outside the span asked for, the same."""
        if one.span[0] <= on <= one.span[1]:
            return self._like(one.rules, on)
        return self._in_force(on)

    def _in_force(self, on: date) -> Day:
        """The rules of a day as adopted by now."""
        return self._like(self._reference.day(self._states, on).rules, on)

    def _like(self, rules: Rules, on: date) -> Day:
        """Some rules on a day, by a day on which they say the same: what they answer is worked
        out once for all days between two dates they name.
        """
        eras = self._eras.get(id(rules))
        if eras is None:
            eras = self._eras[id(rules)] = _Eras(rules)
        return eras.day(on)

    def _seats(self, on: date) -> SeatOf:
        def seat(party: PartyId) -> Seat:
            return self._reference.seat(self._states, party, on)

        return seat

    def _account(self, world: _World, day: Day, country: str, on: date) -> QuotaAccount:
        rules, sovereign = day.rules, day.sovereign(country)
        agreed = quota.uplift(self._agreed, rules, sovereign, on) if self._any_agreed else 0
        cap = day.cap(sovereign, uplift_tpp=agreed)
        return world.accounts.book(rules).account(sovereign, on, cap)

    def _reviewed(self, world: _World, day: Day, asked: Asked, on: date) -> Verdict:
        return on_application(
            asked, day, self._seats(on), lambda: self._account(world, day, asked.destination, on)
        )

    def _approve(self, number: int, approved: LicenseApproved) -> None:
        on, license_ = approved.decided_on, approved.license
        applied = self._applied.get(license_)
        asked = Asked.of(approved, "export" if applied is None else applied.act)
        day = self._in_force(on)
        then = self._reviewed(self._actual, day, asked, on)
        justified = "; a justification is on record" if approved.justification else ""
        for one in self._supposed:
            supposed_day = self._day(one, on)
            said = then
            if supposed_day is not day or one.turned:
                said = self._reviewed(one.world, supposed_day, asked, on)
            told = one.waiting.pop(license_, [])
            if said.stops and said.kind != then.kind:
                one.refused[license_] = number
                one.turned.setdefault(approved.destination, number)
            else:
                one.refused.pop(license_, None)
                one.world.accounts.approve(approved)
            if said.kind != then.kind:
                change = _change(then, said)
                if change is not None:
                    because = said.because + (justified if change == "presumed_denied" else "")
                    self._note(one, number, approved, change, then, said, because, asked)
            for earlier, movement in told if license_ in one.refused else ():
                one.world.accounts.ship(movement, sign=-1)
                self._relied_on(one, earlier, movement, number)
        self._actual.accounts.approve(approved)

    def _deny(self, number: int, denied: LicenseDenied) -> None:
        applied = self._applied.get(denied.license)
        if applied is None:
            return
        on, asked = denied.decided_on, Asked.of(applied, applied.act)
        day = self._in_force(on)
        then = self._reviewed(self._actual, day, asked, on)
        for one in self._supposed:
            said = self._reviewed(one.world, self._day(one, on), asked, on)
            if said.kind == then.kind or then.kind == "license_not_required":
                continue
            if said.kind == "license_not_required":
                self._note(one, number, denied, said.kind, then, said, said.because, asked)
            elif said.kind == "clear":
                change: Change = "denial_not_needed"
                self._note(one, number, denied, change, then, said, said.because, asked)

    def _move(self, number: int, movement: Movement) -> None:
        on = movement.on
        seat = self._seats(on)
        day = self._in_force(on)
        licensed = movement.license is not None

        def judged(world: _World, day: Day) -> Verdict:
            if licensed:
                return Verdict()
            return on_movement(
                number, movement, day, seat, lambda parent: world.received.get((parent, on.year), 0)
            )

        def parent() -> str:
            return seat(movement.ultimate_consignee).parent

        drawn = drawn_by(movement)
        then = judged(self._actual, day)
        for one in self._supposed:
            turned_at = one.stopped.get(_before(movement) or "")
            if turned_at is not None:
                self._moved_on(one, number, movement, turned_at)
                continue
            if movement.license in one.refused:
                self._relied_on(one, number, movement, one.refused[movement.license or ""])
                continue
            supposed_day = self._day(one, on)
            said = judged(one.world, supposed_day)
            if said.kind != then.kind:
                self._note_movement(one, number, movement, then, said)
                if said.stops:
                    one.stopped[movement.shipment] = number
                    one.turned.setdefault(movement.destination, number)
                    continue
            one.world.take(movement, drawn, supposed_day, parent)
            if movement.license is not None and not one.world.accounts.approved(movement.license):
                one.waiting.setdefault(movement.license, []).append((number, movement))
        self._actual.take(movement, drawn, day, parent)

    def _observe(self, number: int, observed: ShipmentOnwardObserved) -> None:
        for one in self._supposed:
            turned_at = one.stopped.get(observed.of or "")
            if turned_at is None:
                continue
            one.stopped[observed.shipment] = turned_at
            units = sum(line.quantity or 0 for line in observed.lines) or None
            seen = Difference(
                kind="shipment", change="moved_on", subject=observed.subject,
                country=observed.destination, on=observed.on, entry=number, diverges_at=turned_at,
                as_it_was=f"goods of shipment {observed.of} were seen on their way",
                supposed=f"shipment {observed.of} would not have left", stopped=True, units=units,
            )  # fmt: skip
            one.found[number] = ruled(seen, _rule_of(one, turned_at))

    # ── what is found ───────────────────────────────────────────────────────────────────────────

    def _note(
        self,
        one: _Supposed,
        number: int,
        event: LicenseApproved | LicenseDenied,
        change: Change,
        then: Verdict,
        said: Verdict,
        because: str,
        asked: Asked,
    ) -> None:
        approved = isinstance(event, LicenseApproved)
        deed = "approved" if approved else "denied"
        before = _then_said(then)
        made = Difference(
            kind="decision", change=change, subject=event.subject, country=asked.destination,
            on=event.on, entry=number, diverges_at=number,
            as_it_was=(
                f"{deed}: {goods(asked.units, asked.tpp)} for {asked.parties[0]} in"
                f" {asked.destination}{before}"
            ),
            supposed=_words(change, because), stopped=approved and said.stops, units=asked.units,
            tpp=asked.tpp, cap_tpp=said.cap_tpp, headroom_tpp=said.headroom_tpp,
            then_cap_tpp=then.cap_tpp, then_headroom_tpp=then.headroom_tpp,
        )  # fmt: skip
        one.found[number] = ruled(made, self._cited(one, event.on, then, said, asked))

    def _note_movement(
        self, one: _Supposed, number: int, movement: Movement, then: Verdict, said: Verdict
    ) -> None:
        change: Change = said.kind if said.stops else "allowed"
        because = said.because
        if change == "allowed":
            because = _fits(movement, said)
        self._ship_note(
            one, number, movement, change, said, then, number, _words(change, because),
            self._cited(one, movement.on, then, said, None),
        )  # fmt: skip

    def _relied_on(self, one: _Supposed, number: int, movement: Movement, refused: int) -> None:
        one.stopped[movement.shipment] = refused
        one.turned.setdefault(movement.destination, refused)
        self._ship_note(
            one, number, movement, "relied_on", None, None, refused,
            f"would not have left: license {movement.license} would have been refused (entry"
            f" {refused:,})",
            _rule_of(one, refused),
        )  # fmt: skip

    def _moved_on(self, one: _Supposed, number: int, movement: Movement, turned_at: int) -> None:
        one.stopped[movement.shipment] = turned_at
        one.turned.setdefault(movement.destination, turned_at)
        self._ship_note(
            one, number, movement, "moved_on", None, None, turned_at,
            f"nothing to send on: shipment {_before(movement)} would not have left",
            _rule_of(one, turned_at),
        )  # fmt: skip

    def _ship_note(
        self,
        one: _Supposed,
        number: int,
        movement: Movement,
        change: Change,
        said: Verdict | None,
        then: Verdict | None,
        turned_at: int,
        words: str,
        rule: RuleLine,
    ) -> None:
        said, then = said or Verdict(), then or Verdict()
        authority = f"license {movement.license}" if movement.license else movement.authority
        units = sum(line.units for line in movement.lines)
        moved = Difference(
            kind="shipment", change=change, subject=movement.subject, country=movement.destination,
            on=movement.on, entry=number, diverges_at=turned_at,
            as_it_was=(
                f"shipped: {goods(units, movement.tpp)} to {movement.ultimate_consignee} in"
                f" {movement.destination} under {authority}{_then_said(then)}"
            ),
            supposed=words, stopped=change != "allowed", units=units, tpp=movement.tpp,
            cap_tpp=said.cap_tpp, headroom_tpp=said.headroom_tpp, then_cap_tpp=then.cap_tpp,
            then_headroom_tpp=then.headroom_tpp,
        )  # fmt: skip
        one.found[number] = ruled(moved, rule)

    def _account_difference(
        self, one: _Supposed, country: str, then: Day, now: Day, on: date
    ) -> Difference | None:
        was = self._account(self._actual, then, country, on)
        would = self._account(one.world, now, country, on)
        turned = [at for place, at in one.turned.items() if now.sovereign(place) == country]
        capped = was.cap is not None or would.cap is not None
        if was == would or not (capped or turned):
            return None
        first = min(
            number
            for place, number in self._first.items()
            if country in (then.sovereign(place), now.sovereign(place))
        )
        account = Difference(
            kind="account", change="account", subject=f"country:{country}", country=country,
            on=on, entry=first, diverges_at=min(turned, default=first),
            as_it_was=_account_words(was), supposed=_account_words(would), cap_tpp=would.cap,
            reserved_tpp=would.reserved, drawn_tpp=would.drawn, headroom_tpp=would.headroom,
            then_cap_tpp=was.cap, then_reserved_tpp=was.reserved, then_drawn_tpp=was.drawn,
            then_headroom_tpp=was.headroom,
        )  # fmt: skip
        if capped:
            capping = then if would.cap is None else now
            section: Section = "country_allocation"
            rule = self._lines.of(capping.rules, section, "country_allocation.tpp")
        else:
            rule = _rule_of(one, min(turned))
        return ruled(account, rule)

    def _cited(
        self, one: _Supposed, on: date, then: Verdict, said: Verdict, asked: Asked | None
    ) -> RuleLine:
        """The line that makes the difference: the supposed one, or one that is no longer there."""
        if said.section is not None:
            return self._lines.of(self._day(one, on).rules, said.section, said.place)
        day = self._in_force(on)
        section, place = then.section, then.place
        if section is None and asked is not None:
            section, place = requiring(asked, day)
        return self._lines.of(day.rules, section, place)


def _dates(value: object) -> Iterator[date]:
    """Every date in a pack."""
    if isinstance(value, date):
        yield value
    elif isinstance(value, dict | list | tuple | set | frozenset):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _dates(each)


def gone(voids: Iterable[Entry], recall: Callable[[int], Entry]) -> frozenset[int]:
    """The entries of movements that were voided, and so have never been."""
    return frozenset(
        void.entry
        for entry in voids
        if isinstance(void := entry.event, ShipmentVoided)
        and taken_back(entry.number, void, recall) is not None
    )


def ruled(found: Difference, line: RuleLine) -> Difference:
    """A difference with the rule that makes it."""
    return replace(
        found, rule_policy=line.policy, rule=line.rule, rule_line=line.line, rule_text=line.text,
        rule_source=line.source,
    )  # fmt: skip


def _rule_of(one: _Supposed, number: int) -> RuleLine:
    """The line by which history turned at an entry."""
    cause = one.found[number]
    return RuleLine(
        cause.rule_policy, cause.rule, cause.rule_line, cause.rule_text, cause.rule_source
    )


def _change(then: Verdict, said: Verdict) -> Change | None:
    """What another verdict on an approval comes to; None where the approval is the same."""
    if said.kind != "clear":
        return said.kind
    return "allowed" if then.stops else None


def _before(movement: Movement) -> str | None:
    """The shipment that goods first came in, where a movement says so."""
    if isinstance(movement, ShipmentReexported | ShipmentTransferred):
        return movement.of
    return None


def _then_said(then: Verdict) -> str:
    """What the rules of its day had against something, after a semicolon."""
    return f"; by the rules in force {then.because}" if then.stops else ""


def _words(change: Change, because: str) -> str:
    deed = {
        "refused": "refused: ",
        "policy_of_denial": "refused: ",
        "presumed_denied": "",
        "license_not_required": "no license needed: ",
        "license_required": "license needed: ",
        "exception_unavailable": "no exception: ",
        "over_limit": "over the limit: ",
        "allowed": "allowed: ",
        "denial_not_needed": "denial not called for: ",
    }[change]
    return f"{deed}{because}"


def _fits(movement: Movement, said: Verdict) -> str:
    if said.cap_tpp is not None and said.headroom_tpp is not None:
        return (
            f"takes {said.takes_tpp:,} TPP under LPP, within the {said.headroom_tpp:,} TPP left of"
            f" {said.cap_tpp:,}"
        )
    if movement.authority in ("NLR", "none", "unknown"):
        return "no license is required"
    return f"{movement.authority} is available, or no license is required"


def _account_words(account: QuotaAccount) -> str:
    headroom = account.headroom
    cap = "no cap" if headroom is None else f"cap {account.cap:,}, headroom {headroom:,}"
    exempt = f", exempt {account.exempt:,}" if account.exempt else ""
    return f"{cap}, reserved {account.reserved:,}, drawn {account.drawn:,}{exempt} TPP"
