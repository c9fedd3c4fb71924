"""Red flags and alerts: what asks for an explanation, why, and what people made of it."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import click

from ledger import terms
from ledger.errors import Unknown
from ledger.events import Movement
from ledger.fold import Fold, States
from ledger.policy import Pattern
from projections import track_record
from projections import trail as trails
from projections.alerts import Alert, Ties, called, tied
from projections.alerts import alerts as alerts_of
from projections.cli._look import Look, Place, Question, handed_on, looking, options, question_of
from projections.cli._shown import TRAIL_COLUMNS, evidence_of, names_in, show_rows
from projections.red_flags import RULES, SEVERITIES, FlagsFold, Raised, RedFlag, Rule
from projections.red_flags.clearing import CLEARS
from projections.render import Column, count, millions, of


@dataclass(frozen=True, slots=True)
class Found:
    """What stands on the day that was asked about, and the states it was read from."""

    states: States
    raised: list[Raised]
    alerts: list[Alert]
    patterns: dict[str, Pattern]
    ties: Ties


F = TypeVar("F", bound=Callable[..., Any])

OTHERS_MAX: Final = 6
"""Flags of an alert that are named beside the worst one; JSON and CSV name them all."""

NAMES: Final = tuple(rule.name for rule in RULES)


def _rule_name(_ctx: click.Context, _param: click.Parameter, name: str | None) -> str | None:
    if name is not None and name not in NAMES:
        near = terms.meant(name, NAMES)
        raise Unknown(
            f"no rule is called {name!r}",
            remedy=f"{near}{'? ' if near else ''}`chip-ledger flags rules` lists them",
            code="RULE_UNKNOWN",
        )
    return name


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flags or alerts were asked for.

    everything  the hidden ones too
    rule        only of this rule
    country     only those whose evidence names it
    party       only those about it
    top         only so many, the worst first
    """

    everything: bool
    rule: str | None
    country: str | None
    party: str | None
    top: int | None

    def fits(self, look: Look) -> Callable[[Iterable[Raised]], bool]:
        """Whether some flags, a single one or an alert's, are among those asked for."""
        named: set[int] | None = None
        if self.country is not None:
            tag = f"country:{terms.country(self.country)}"
            named = {entry.number for entry in look.tagged(tag)}
        name = None if self.party is None else self.party.removeprefix("party:")
        if name is not None and not look.tagged(f"party:{name}"):
            raise Unknown(
                f"no entry speaks of party {name}",
                remedy="name it by the id it was registered under: `chip-ledger flags` shows ids",
                code="SUBJECT_UNKNOWN",
            )

        def fits(group: Iterable[Raised]) -> bool:
            flags_ = [each.flag for each in group]
            return (
                (self.rule is None or any(flag.rule == self.rule for flag in flags_))
                and (named is None or any(not named.isdisjoint(f.evidence) for f in flags_))
                and (name is None or any(is_about(flag, name) for flag in flags_))
            )

        return fits


def is_about(flag: RedFlag, party: str) -> bool:
    """Whether a flag is about a party."""
    return flag.subject == f"party:{party}" or party in flag.parties


def _wanted(kind: str, also: str) -> Callable[[F], F]:
    """The options by which some of the flags or alerts are asked for."""
    known = [
        click.option("--all", "everything", is_flag=True, help=f"{also} {kind} too."),
        click.option("--rule", metavar="NAME", callback=_rule_name,
                     help=f"Only {kind} of this rule; `flags rules` lists them."),
        click.option("--country", metavar="CODE",
                     help=f"Only {kind} whose evidence names this country."),
        click.option("--party", metavar="ID", help=f"Only {kind} about this party."),
        click.option("--top", type=click.IntRange(min=1), metavar="N",
                     help="Only so many, the worst first."),
    ]  # fmt: skip

    def decorate(verb: F) -> F:
        for option in reversed(known):
            verb = option(verb)
        return verb

    return decorate


Listed = TypeVar("Listed")


def _listed(
    found: Sequence[Listed],
    wanted: Wanted,
    hidden: Callable[[Listed], bool],
    severity: Callable[[Listed], str],
    called_hidden: str,
) -> tuple[list[Listed], str]:
    """What is shown, and how many that is of how many."""
    open_ = [each for each in found if not hidden(each)]
    shown = [*found] if wanted.everything else open_
    many = len(found) - len(open_)
    said = f"{len(open_):,} to look at"
    if many:
        left_out = "" if wanted.everything else " are not shown (--all)"
        said += f"; {many:,} {called_hidden}{left_out}"
    if wanted.top is not None and wanted.top < len(shown):
        said += f"; the worst {wanted.top:,} are shown, without --top all {len(shown):,}"
        shown = sorted(shown, key=lambda each: SEVERITIES.index(severity(each)))[: wanted.top]
    return shown, said


@click.group(invoke_without_command=True)
@_wanted("flags", "Cleared and snoozed")
@options("valid_on", "known_at", "policy")
@click.pass_context
def flags(
    ctx: click.Context,
    everything: bool,
    rule: str | None,
    country: str | None,
    party: str | None,
    top: int | None,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Red flags: what asks for an explanation, why with numbers, and the entries that show it."""
    if ctx.invoked_subcommand is not None:
        handed_on(ctx, flags)
        return
    question = question_of(valid_on, known_at, policy, format_)
    wanted = Wanted(everything, rule, country, party, top)
    with looking(ctx.obj, question, kept_for(question)) as look:
        fits = wanted.fits(look)
        raised = [each for each in found_on(look, question).raised if fits([each])]
        shown, said = _listed(
            raised, wanted, lambda each: each.hidden, lambda each: each.flag.severity,
            "cleared or snoozed",
        )  # fmt: skip
        columns = [
            of("id"), of("rule"), of("severity"), of("standing"), of("subject", folds=True),
            of("because", folds=True), Column("entries", evidence_of, folds=True),
        ]  # fmt: skip
        rows = [flag_row(each) for each in shown]
        heading = [look.heading("flags", question), said]
        show_rows(rows, names_in(FlagRow), look.stamp(question), question, heading, columns)


@flags.command("show")
@click.argument("flag", metavar="ID")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def show_flag(
    place: Place,
    flag: str,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """One flag with the entries that are its evidence."""
    question = question_of(valid_on, known_at, policy, format_)
    with looking(place, question, kept_for(question)) as look:
        raised = called(terms.flag_id(flag), found_on(look, question).raised, ())
        if not isinstance(raised, Raised):
            raise Unknown(
                f"no flag {flag} stands on {question.valid_on}",
                remedy="`chip-ledger flags --all` lists them",
                code="FLAG_UNKNOWN",
            )
        suspicion, review = raised.flag, raised.review
        heading = [
            look.heading(f"flag {suspicion.id}", question),
            f"{suspicion.rule} ({suspicion.severity}), {raised.standing}: {suspicion.because}",
            f"source: {suspicion.source}; judged under {suspicion.policy or 'no policy'};"
            f" stands since entry {suspicion.raised_at:,}",
        ]
        if review is not None:
            until = f" until {review.until}" if review.until else ""
            seen = f", when it was {review.severity}" if review.severity else ""
            heading.append(
                f"{review.outcome}{until} by {review.by} on {review.on}{seen}: {review.reason}"
                f" (entry {review.entry:,})"
            )
        stamp = {"flag": suspicion.id, "rule": suspicion.rule, **look.stamp(question)}
        evidence = trails.rows(look.numbered(suspicion.evidence))
        show_rows(evidence, names_in(trails.TrailRow), stamp, question, heading, TRAIL_COLUMNS)


@flags.command("rules")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def flag_rules(
    place: Place,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """What came of each rule's flags."""
    question = question_of(valid_on, known_at, policy, format_)
    with looking(place, question, kept_for(question)) as look:
        found = found_on(look, question)
        rows = track_record.rows(found.raised, [rule.name for rule in RULES])
        heading = [
            look.heading("rules", question),
            "upheld: referred or confirmed; precision: upheld of all that was decided, with 95 %",
        ]
        columns = [
            of("rule"), count("raised", "raised"), count("open", "open"),
            count("snoozed", "snoozed"), count("cleared", "cleared"), count("upheld", "upheld"),
            Column("precision", _precision, number=True),
        ]  # fmt: skip
        names = names_in(track_record.RuleRow)
        show_rows(rows, names, look.stamp(question), question, heading, columns)


@click.command("alerts")
@_wanted("alerts", "Snoozed")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def alerts(
    place: Place,
    everything: bool,
    rule: str | None,
    country: str | None,
    party: str | None,
    top: int | None,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Flags that belong together: one alert for a cluster of parties within one window."""
    question = question_of(valid_on, known_at, policy, format_)
    wanted = Wanted(everything, rule, country, party, top)
    with looking(place, question, kept_for(question)) as look:
        fits = wanted.fits(look)
        found = [each for each in found_on(look, question).alerts if fits(each.flags)]
        shown, said = _listed(
            found, wanted, lambda each: each.standing == "snoozed", lambda each: each.severity,
            "snoozed",
        )  # fmt: skip
        columns = [
            of("id"), of("severity"), of("cluster", folds=True),
            Column("worst flag, others", _its_flags, folds=True), millions("at_stake_tpp", "M TPP"),
            of("because", folds=True),
        ]  # fmt: skip
        rows = [alert_row(look, each) for each in shown]
        heading = [look.heading("alerts", question), said]
        show_rows(rows, names_in(AlertRow), look.stamp(question), question, heading, columns)


@click.command("why")
@click.argument("id_", metavar="ID")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def why(
    place: Place,
    id_: str,
    valid_on: date | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Why the flag or alert ID stands: the deciding step first, then what else shows it."""
    question = question_of(valid_on, known_at, policy, format_)
    with looking(place, question, kept_for(question)) as look:
        found = found_on(look, question)
        named = called(terms.flag_id(id_), found.raised, found.alerts)
        if named is None:
            raise Unknown(
                f"no flag and no alert {id_} stands on {question.valid_on}",
                remedy="`chip-ledger flags --all` and `chip-ledger alerts --all` list them",
                code="FLAG_UNKNOWN",
            )
        flags_ = named.flags if isinstance(named, Alert) else (named,)
        rows = [
            _step(look, each, number, decides=each is flags_[0] and number == each.flag.raised_at)
            for each in flags_
            for number in (each.flag.raised_at, *each.flag.evidence[:-1])
        ]
        about = named.id if isinstance(named, Alert) else named.flag.id
        heading = [look.heading(f"why {about}", question)]
        if isinstance(named, Alert):
            heading.append(
                f"alert about {named.cluster} ({named.severity}, {named.standing}) since entry"
                f" {named.raised_at:,}: {_flags(named)} from {named.on}; the deciding one first"
            )
            heading += [
                f"{member} belongs with {named.cluster}: entries"
                f" {', '.join(f'{number:,}' for number in entries)}"
                for member, entries in tied(named, found.ties)
            ]
        for each in flags_:
            heading += _reasons(each, found.patterns.get(each.flag.rule))
        columns = [
            Column("flag", lambda row: row["flag"][:8]),
            Column("entry", lambda row: f"{row['entry']:,}", number=True), of("on"),
            Column("", lambda row: "decides" if row["decides"] else ""), of("said", folds=True),
        ]  # fmt: skip
        show_rows(rows, names_in(StepRow), look.stamp(question), question, heading, columns)


def _reasons(raised: Raised, pattern: Pattern | None) -> list[str]:
    """Why a flag stands, by which rule, and what would clear it, in lines of a screen."""
    flag = raised.flag
    rule = next(each for each in RULES if each.name == flag.rule)
    said = [
        f"{flag.id}  {flag.rule} ({flag.severity}), {raised.standing}",
        f"because: {flag.because}",
        f"rule: {_first_line(rule)}",
        f"source: {flag.source}; judged under {flag.policy or 'no policy'}",
    ]
    if pattern is not None and (pattern.parameters or pattern.weight):
        numbers = {**({"weight": pattern.weight} if pattern.weight else {}), **pattern.parameters}
        said.append(
            f"looked for as {pattern.id}, {pattern.group}: "
            + ", ".join(f"{name} {number:,}" for name, number in numbers.items())
        )
    said.append(f"cleared by: {CLEARS[flag.rule]}")
    lines = [
        textwrap.wrap(each, 78, subsequent_indent="  ", break_on_hyphens=False) for each in said
    ]
    return [line for wrapped in lines for line in wrapped]


def _first_line(rule: Rule) -> str:
    """The first paragraph of a rule's own words."""
    return " ".join((type(rule).__doc__ or "").partition("\n\n")[0].split())


def _step(look: Look, raised: Raised, number: int, *, decides: bool) -> "StepRow":
    (row,) = trails.rows(look.numbered([number]))
    flag = raised.flag
    return StepRow(flag.id, flag.rule, decides, row.entry, row.on, row.by, row.said)


def alert_row(look: Look, alert: Alert) -> "AlertRow":
    """An alert as it is listed."""
    moved = [
        entry.event for entry in look.numbered(alert.evidence) if isinstance(entry.event, Movement)
    ]
    worst = next(each.flag for each in alert.flags if each.flag.severity == alert.severity)
    return AlertRow(
        id=alert.id,
        severity=alert.severity,
        standing=alert.standing,
        cluster=alert.cluster,
        members=alert.members,
        on=alert.on,
        raised_at_entry=alert.raised_at,
        at_stake_tpp=sum(event.tpp for event in moved) if moved else None,
        because=alert.flags[0].flag.because
        + (f" (and {len(alert.flags) - 1:,} more)" if len(alert.flags) > 1 else ""),
        worst=worst.id,
        worst_rule=worst.rule,
        flag_count=len(alert.flags),
        flags=tuple(each.flag.id for each in alert.flags),
        rules=tuple(dict.fromkeys(each.flag.rule for each in alert.flags)),
        evidence=alert.evidence,
    )


def _its_flags(row: Any) -> str:
    """The worst flag with its rule, then the others; as much of their ids as names them."""
    others = [each[:8] for each in row["flags"] if each != row["worst"]]
    if len(others) > OTHERS_MAX:
        others[OTHERS_MAX - 1 :] = [f"and {len(others) - OTHERS_MAX + 1:,} more"]
    return " ".join([row["worst"][:8], row["worst_rule"], *others])


def _flags(alert: Alert) -> str:
    return "1 flag" if len(alert.flags) == 1 else f"{len(alert.flags):,} flags"


def _precision(row: Any) -> str:
    if row["precision_bp"] is None:
        return "–"
    low, high = row["precision_low_bp"], row["precision_high_bp"]
    return f"{row['precision_bp'] // 100} % ({low // 100}–{high // 100} %)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert as it is listed; the deciding flag and its rule come first.

    at_stake_tpp  TPP of the shipments it cites, where it cites any
    worst         id of its worst flag, the first of several
    """

    id: str
    severity: str
    standing: str
    cluster: str
    members: tuple[str, ...]
    on: date
    raised_at_entry: int
    at_stake_tpp: int | None
    because: str
    worst: str
    worst_rule: str
    flag_count: int
    flags: tuple[str, ...]
    rules: tuple[str, ...]
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One entry of what shows a flag.

    decides  true for the entry with which it, or the alert, could first have been raised
    """

    flag: str
    rule: str
    decides: bool
    entry: int
    on: date
    by: str
    said: str


def kept_for(question: Question) -> list[Fold]:
    """The fold a question about flags rests on; none where it is replayed instead."""
    return [] if question.simulated else [FlagsFold()]


def found_on(look: Look, question: Question) -> Found:
    """The flags and alerts that stand."""
    on = question.valid_on
    fold, states = flags_on(look, question)
    raised = fold.raised(states, on)
    detection = fold.detection(states, on)
    return Found(
        states,
        raised,
        alerts_of(raised, fold.cluster_of(states), detection),
        {pattern.name: pattern for pattern in detection.patterns},
        fold.ties_of(states),
    )


def flags_on(look: Look, question: Question) -> tuple[FlagsFold, States]:
    """The flags' fold under the rules asked about, and its states on the day."""
    fold = FlagsFold(look.supposed(question))
    return fold, look.lived(fold, question.valid_on, replay=question.simulated)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRow:
    """One flag as it is listed, with the newest review of it."""

    id: str
    rule: str
    severity: str
    standing: str
    subject: str
    on: date
    because: str
    source: str
    policy: str
    evidence: tuple[int, ...]
    raised_at_entry: int
    review_entry: int | None
    review_reason: str | None


def flag_row(raised: Raised) -> FlagRow:
    """A flag as it is listed."""
    flag, review = raised.flag, raised.review
    return FlagRow(
        id=flag.id,
        rule=flag.rule,
        severity=flag.severity,
        standing=raised.standing,
        subject=flag.subject,
        on=flag.on,
        because=flag.because,
        source=flag.source,
        policy=flag.policy,
        evidence=flag.evidence,
        raised_at_entry=flag.raised_at,
        review_entry=None if review is None else review.entry,
        review_reason=None if review is None else review.reason,
    )
