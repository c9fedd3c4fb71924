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

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, Final

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
    PolicyAdopted,
    PolicyWithdrawn,
    ShipmentExported,
    ShipmentOnwardObserved,
    ShipmentReexported,
    ShipmentTransferred,
    ShipmentVoided,
)
from ledger.events.agreements import AboutAgreement
from ledger.fold import MemoryStates
from ledger.policy import Rules, Section
from ledger.quota import QuotaAccount
from ledger.terms import Country
from projections.answers import Answers, Eras, Words, asked_in, moved_in
from projections.books import Accounts, Agreements, Branch, Cell, drawn_by
from projections.differences import Change, Difference, Lines, RuleLine, ruled
from projections.reference import ALWAYS, Day, Reference, Span
from projections.verdicts import (
    STOPS,
    Asked,
    Kind,
    SeatOf,
    Verdict,
    goods,
    lpp_tpp,
    on_application,
    requiring,
)

READS: Final = Reference.reads | {
    event.wire
    for event in (
        LicenseApplied, LicenseApproved, LicenseDenied, ShipmentExported, ShipmentReexported,
        ShipmentTransferred, ShipmentOnwardObserved, AgreementConcluded, AgreementInForce,
        AgreementAmended, AgreementSuspended, AgreementTerminated,
    )
}  # fmt: skip
"""Wire names of the events a replay reads; voids are looked up first (`gone`)."""

NOTHING_GONE: Final[Mapping[int, AbstractSet[str]]] = MappingProxyType({})


class _World:
    """A history: who was granted what, what moved, and what LPP let each parent have."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.received: dict[tuple[str, int], int] = {}

    def received_in(self, year: int) -> Callable[[str], int]:
        """What an ultimate parent had received under LPP in a year."""
        return lambda parent: self.received.get((parent, year), 0)

    def take(
        self, movement: Movement, drawn: Sequence[tuple[Cell, int]], year: int, day: Day,
        seat: SeatOf,
    ) -> None:  # fmt: skip
        """A shipment leaves."""
        self.accounts.ship(movement, drawn)
        tpp = lpp_tpp(movement, day)
        if tpp:
            key = seat(movement.ultimate_consignee).parent, year
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

    eras: Eras
    span: Span
    accounts: Branch
    world: _World = field(init=False)
    refused: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, list[tuple[int, Movement]]] = field(default_factory=dict)
    turned: dict[str, int] = field(default_factory=dict)
    found: dict[int, Difference] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = _World(self.accounts)


class Replay:
    """One pass over the entries, as it was and as supposed; `gone` are what was voided."""

    def __init__(
        self,
        supposed: Sequence[Rules],
        lines: Lines,
        *,
        span: Span = ALWAYS,
        gone: Mapping[int, AbstractSet[str]] = NOTHING_GONE,
    ) -> None:
        self._lines = lines
        self._gone = gone
        self._in_force: dict[date, Answers] = {}
        self._eras: dict[int, Eras] = {}
        none: dict[int, Entry] = {}
        self._states = MemoryStates(none.__getitem__)
        self._reference = Reference()
        self._agreements = Agreements()
        self._actual = _World(Accounts())
        self._supposed = [
            _Supposed(self._eras_of(rules), span, Branch(self._actual.accounts))
            for rules in supposed
        ]
        self._applied: dict[str, LicenseApplied] = {}
        self._first: dict[str, int] = {}
        # By exact types: `match` on the class of a struct takes several times as long.
        self._deeds: dict[type, Callable[[int, Any], None]] = {
            LicenseApplied: self._apply,
            LicenseApproved: self._approve,
            LicenseDenied: self._deny,
            ShipmentExported: self._move,
            ShipmentReexported: self._move,
            ShipmentTransferred: self._move,
            ShipmentOnwardObserved: self._observe,
        }
        self.latest = date.min
        """The newest day something was decided or shipped."""

    def take(self, entry: Entry) -> None:
        """What an entry does to every history."""
        event = entry.event
        deed = self._deeds.get(type(event))
        if deed is not None:
            deed(entry.number, event)
        elif isinstance(event, AboutAgreement):
            self._agreements.take(entry)
        else:
            self._reference.evolve(self._states, entry)
            if isinstance(event, PolicyAdopted | PolicyWithdrawn):
                self._in_force.clear()

    def differences(self, which: int = 0) -> list[Difference]:
        """Decisions and shipments that would differ under the rules supposed so, by entry."""
        found = self._supposed[which].found
        return [found[number] for number in sorted(found)]

    def account_differences(self, on: date, which: int = 0) -> list[Difference]:
        """Countries whose account on a day would be another one, by country."""
        one = self._supposed[which]
        then, now = self._lived(on).day, self._answers(one, on).day
        countries = {
            *self._actual.accounts.book(then.rules).countries(),
            *one.accounts.book(now.rules).countries(),
        }
        found = (
            self._account_difference(one, country, then, now, on) for country in sorted(countries)
        )
        return [each for each in found if each is not None]

    # ── one entry ───────────────────────────────────────────────────────────────────────────────

    def _dated(self, number: int, on: date, country: str) -> None:
        if on > self.latest:
            self.latest = on
        if country not in self._first:
            self._first[country] = number

    def _answers(self, one: _Supposed, on: date) -> Answers:
        """The rules of a day where others are supposed: outside the span asked for, the same."""
        since, until = one.span
        return one.eras.on(on) if since <= on <= until else self._lived(on)

    def _lived(self, on: date) -> Answers:
        """The rules in force on a day, as adopted by now."""
        found = self._in_force.get(on)
        if found is None:
            rules = self._reference.day(self._states, on).rules
            found = self._in_force[on] = self._eras_of(rules).on(on)
        return found

    def _eras_of(self, rules: Rules) -> Eras:
        """Some rules, which are few, and come back as the same ones."""
        eras = self._eras.get(id(rules))
        if eras is None:
            eras = self._eras[id(rules)] = Eras(rules)
        return eras

    def _seat(self, on: date) -> SeatOf:
        return partial(self._reference.seat, self._states, on=on)

    def _cap(self, day: Day, sovereign: Country, on: date) -> int | None:
        agreed = self._agreements.uplift(day.rules, sovereign, on)
        return day.cap(sovereign, uplift_tpp=agreed)

    def _account(self, world: _World, day: Day, country: str, on: date) -> QuotaAccount:
        sovereign = day.sovereign(country)
        cap = self._cap(day, sovereign, on)
        return world.accounts.book(day.rules).account(sovereign, on, cap)

    def _reviewed(
        self, world: _World, answers: Answers, asked: Asked, words: Words, on: date
    ) -> Kind:
        """What the rules of a day call for on an application."""
        kind = answers.on_application(asked, words, self._seat(on))
        if kind == "license_not_required":
            return kind
        takes, day = answers.takes(asked), answers.day
        if takes:
            sovereign = day.sovereign(asked.destination)
            cap = self._cap(day, sovereign, on)
            if cap is not None and takes > cap - world.accounts.book(day.rules).used(sovereign, on):
                return "refused"
        return kind

    def _whys(self, one: _Supposed, on: date, asked: Asked) -> tuple[Verdict, Verdict]:
        """What the rules of a day and the supposed ones call for, with the reasons."""

        def why(world: _World, day: Day) -> Verdict:
            return on_application(
                asked, day, self._seat(on), lambda: self._account(world, day, asked.destination, on)
            )

        return why(self._actual, self._lived(on).day), why(one.world, self._answers(one, on).day)

    def _apply(self, number: int, applied: LicenseApplied) -> None:
        self._applied[applied.license] = applied

    def _approve(self, number: int, approved: LicenseApproved) -> None:
        on, license_ = approved.decided_on, approved.license
        self._dated(number, on, approved.destination)
        applied = self._applied.get(license_)
        asked = Asked.of(approved, "export" if applied is None else applied.act)
        words = asked_in(asked, self._seat(on))
        lived = self._lived(on)
        then = self._reviewed(self._actual, lived, asked, words, on)
        for one in self._supposed:
            answers = self._answers(one, on)
            said = then
            if answers is not lived or one.turned:
                said = self._reviewed(one.world, answers, asked, words, on)
            told = one.waiting.pop(license_, ())
            change = _change(then, said)
            if change is not None:
                self._note_approval(one, number, approved, change, asked)
            if said in STOPS and said != then:
                one.accounts.refuse(license_)
                one.refused[license_] = number
                one.turned.setdefault(approved.destination, number)
            else:
                one.refused.pop(license_, None)
                one.accounts.approve(approved)
            for earlier, movement in told if license_ in one.refused else ():
                one.accounts.ship(movement, sign=-1)
                self._relied_on(one, earlier, movement, number)
        self._actual.accounts.approve(approved)

    def _deny(self, number: int, denied: LicenseDenied) -> None:
        applied = self._applied.get(denied.license)
        if applied is None:
            return
        on, asked = denied.decided_on, Asked.of(applied, applied.act)
        words = asked_in(asked, self._seat(on))
        lived = self._lived(on)
        was = self._reviewed(self._actual, lived, asked, words, on)
        for one in self._supposed:
            kind = self._reviewed(one.world, self._answers(one, on), asked, words, on)
            if kind == was or was == "license_not_required":
                continue
            if kind in ("clear", "license_not_required"):
                then, said = self._whys(one, on, asked)
                change: Change = "denial_not_needed" if kind == "clear" else kind
                self._note(one, number, denied, change, then, said, said.because, asked)

    def _move(self, number: int, movement: Movement) -> None:
        if number in self._gone and movement.shipment in self._gone[number]:
            return
        on, license_, before = movement.on, movement.license, _before(movement)
        self._dated(number, on, movement.destination)
        seat, year = self._seat(on), on.year
        lived = self._lived(on)
        # What relies on a license is held against that license alone.
        words = moved_in(movement, seat) if license_ is None else ()

        drawn = drawn_by(movement)
        then = self._judged(self._actual, lived, number, movement, words, on)
        for one in self._supposed:
            turned_at = None if before is None else one.stopped.get(before)
            if turned_at is not None:
                one.accounts.stop(movement, drawn)
                self._moved_on(one, number, movement, turned_at)
                continue
            if license_ is not None and license_ in one.refused:
                one.accounts.stop(movement, drawn)
                self._relied_on(one, number, movement, one.refused[license_])
                continue
            answers = self._answers(one, on)
            said = self._judged(one.world, answers, number, movement, words, on)
            if said != then:
                self._note_movement(one, number, movement, lived, answers)
                if said in STOPS:
                    one.accounts.stop(movement, drawn)
                    one.stopped[movement.shipment] = number
                    one.turned.setdefault(movement.destination, number)
                    continue
            one.world.take(movement, drawn, year, answers.day, seat)
            if license_ is not None and not one.accounts.approved(license_):
                one.waiting.setdefault(license_, []).append((number, movement))
        self._actual.take(movement, drawn, year, lived.day, seat)

    def _judged(
        self, world: _World, answers: Answers, number: int, movement: Movement, words: Words,
        on: date,
    ) -> Kind:  # fmt: skip
        """What the rules of a day say to a shipment."""
        if movement.license is not None:
            return "clear"
        return answers.on_movement(
            number, movement, words, self._seat(on), world.received_in(on.year)
        )

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

    def _note_approval(
        self, one: _Supposed, number: int, approved: LicenseApproved, change: Change, asked: Asked
    ) -> None:
        then, said = self._whys(one, approved.decided_on, asked)
        because = said.because
        if change == "presumed_denied" and approved.justification:
            because += "; a justification is on record"
        self._note(one, number, approved, change, then, said, because, asked)

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
        line = self._cited(one, event.on, then, said, asked)
        one.found[number] = Difference(
            kind="decision", change=change, subject=event.subject, country=asked.destination,
            on=event.on, entry=number, diverges_at=number,
            as_it_was=(
                f"{deed}: {goods(asked.units, asked.tpp)} for {asked.parties[0]} in"
                f" {asked.destination}{before}"
            ),
            supposed=_words(change, because), stopped=approved and said.stops, units=asked.units,
            tpp=asked.tpp, cap_tpp=said.cap_tpp, headroom_tpp=said.headroom_tpp,
            then_cap_tpp=then.cap_tpp, then_headroom_tpp=then.headroom_tpp,
            rule_policy=line.policy, rule=line.rule, rule_line=line.line, rule_text=line.text,
            rule_source=line.source,
        )  # fmt: skip

    def _note_movement(
        self, one: _Supposed, number: int, movement: Movement, lived: Answers, answers: Answers
    ) -> None:
        on, seat = movement.on, self._seat(movement.on)
        then, said = (
            rules.why(number, movement, seat, world.received_in(on.year))
            for world, rules in ((self._actual, lived), (one.world, answers))
        )
        change: Change = said.kind if said.stops else "allowed"
        because = said.because
        if change == "allowed":
            because = _fits(movement, said)
        self._ship_note(
            one, number, movement, change, said, then, number, _words(change, because),
            self._cited(one, on, then, said, None),
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
        one.found[number] = Difference(
            kind="shipment", change=change, subject=movement.subject, country=movement.destination,
            on=movement.on, entry=number, diverges_at=turned_at,
            as_it_was=(
                f"shipped: {goods(units, movement.tpp)} to {movement.ultimate_consignee} in"
                f" {movement.destination} under {authority}{_then_said(then)}"
            ),
            supposed=words, stopped=change != "allowed", units=units, tpp=movement.tpp,
            cap_tpp=said.cap_tpp, headroom_tpp=said.headroom_tpp, then_cap_tpp=then.cap_tpp,
            then_headroom_tpp=then.headroom_tpp, rule_policy=rule.policy, rule=rule.rule,
            rule_line=rule.line, rule_text=rule.text, rule_source=rule.source,
        )  # fmt: skip

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
            return self._lines.of(self._answers(one, on).day.rules, said.section, said.place)
        day = self._lived(on).day
        section, place = then.section, then.place
        if section is None and asked is not None:
            section, place = requiring(asked, day)
        return self._lines.of(day.rules, section, place)


def gone(voids: Iterable[Entry]) -> dict[int, set[str]]:
    """Entries that were voided, each with the shipments they were said to be of: a movement of
    that very shipment has never been.
    """
    found: dict[int, set[str]] = {}
    for entry in voids:
        void = entry.event
        if isinstance(void, ShipmentVoided) and void.entry < entry.number:
            found.setdefault(void.entry, set()).add(void.shipment)
    return found


def _rule_of(one: _Supposed, number: int) -> RuleLine:
    """The line by which history turned at an entry."""
    cause = one.found[number]
    return RuleLine(
        cause.rule_policy, cause.rule, cause.rule_line, cause.rule_text, cause.rule_source
    )


def _change(then: Kind, said: Kind) -> Change | None:
    """What another verdict on an approval comes to; None where the approval is the same."""
    if said == "clear" and then not in STOPS:
        return None
    return None if said == then else "allowed" if said == "clear" else said


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
