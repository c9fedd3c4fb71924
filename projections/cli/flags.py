"""Red flags and alerts: what asks for an explanation, why, and what people made of it."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from ledger import terms
from ledger.errors import Malformed, Unknown
from ledger.events import Movement
from ledger.fold import Fold, States
from ledger.policy import Pattern
from projections import track_record
from projections import trail as trails
from projections.alerts import Alert
from projections.alerts import alerts as alerts_of
from projections.cli._look import Look, Place, Question, looking, options, question_of
from projections.cli._shown import TRAIL_COLUMNS, evidence_of, names_in, show_rows
from projections.red_flags import RULES, FlagsFold, Raised, Rule
from projections.red_flags.clearing import CLEARS
from projections.render import Column, count, millions, of


@dataclass(frozen=True, slots=True)
class Found:
    """What stands on the day that was asked about, and the states it was read from."""

    states: States
    raised: list[Raised]
    alerts: list[Alert]
    patterns: dict[str, Pattern]
    ties: Callable[[str, str, date], tuple[int, ...]]


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Cleared and snoozed flags too.")
@click.option("--rule", type=click.Choice([each.name for each in RULES]), help="Only this rule.")
@click.option("--country", metavar="CODE", help="Only flags whose evidence names this country.")
@options("valid_on", "known_at", "policy")
@click.pass_context
def flags(
    ctx: click.Context,
    everything: bool,
    rule: str | None,
    country: str | None,
    valid_on: datetime | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Red flags: what asks for an explanation, why with numbers, and the entries that show it."""
    question = question_of(valid_on, known_at, policy, format_)
    if ctx.invoked_subcommand is not None:
        ctx.meta["projections.question"] = question
        return
    with looking(ctx.obj, question, kept_for(question)) as look:
        raised = _raised(look, question)
        if rule is not None:
            raised = [each for each in raised if each.flag.rule == rule]
        if country is not None:
            code = terms.country(country)
            named = {entry.number for entry in look.tagged(f"country:{code}")}
            raised = [each for each in raised if named.intersection(each.flag.evidence)]
        open_ = [each for each in raised if not each.hidden]
        shown = raised if everything else open_
        hidden = len(raised) - len(open_)
        left_out = "" if everything else " are not shown (--all)"
        heading = [
            look.heading("flags", question),
            f"{len(open_):,} to look at"
            + (f"; {hidden:,} cleared or snoozed{left_out}" if hidden else ""),
        ]
        columns = [
            of("id"), of("rule"), of("severity"), of("standing"), of("subject", folds=True),
            of("because", folds=True), Column("entries", evidence_of, folds=True),
        ]  # fmt: skip
        rows = [flag_row(each) for each in shown]
        show_rows(rows, names_in(FlagRow), look.stamp(question), question, heading, columns)


@flags.command("show")
@click.argument("flag", metavar="ID")
@click.pass_context
def show_flag(ctx: click.Context, flag: str) -> None:
    """One flag with the entries that are its evidence; options stand before `show`."""
    question: Question = ctx.meta["projections.question"]
    with looking(ctx.obj, question, kept_for(question)) as look:
        found = [each for each in _raised(look, question) if each.flag.id.startswith(flag)]
        if len(found) > 1:
            raise Malformed(
                f"{flag!r} begins the ids of {len(found)} flags",
                remedy="give more of it: " + ", ".join(each.flag.id for each in found[:5]),
                code="FLAG_AMBIGUOUS",
            )
        if not found:
            raise Unknown(
                f"no flag {flag} stands on {question.valid_on}",
                remedy="`chip-ledger flags --all` lists them",
                code="FLAG_UNKNOWN",
            )
        raised = found[0]
        suspicion, review = raised.flag, raised.review
        heading = [
            look.heading(f"flag {suspicion.id}", question),
            f"{suspicion.rule} ({suspicion.severity}), {raised.standing}: {suspicion.because}",
            f"source: {suspicion.source}; judged under {suspicion.policy or 'no policy'};"
            f" stands since entry {suspicion.raised_at:,}",
        ]
        if review is not None:
            until = f" until {review.until}" if review.until else ""
            heading.append(
                f"{review.outcome}{until} by {review.by} on {review.on}: {review.reason}"
                f" (entry {review.entry:,})"
            )
        stamp = {"flag": suspicion.id, "rule": suspicion.rule, **look.stamp(question)}
        evidence = trails.rows(look.numbered(suspicion.evidence))
        show_rows(evidence, names_in(trails.TrailRow), stamp, question, heading, TRAIL_COLUMNS)


@flags.command("rules")
@click.pass_context
def flag_rules(ctx: click.Context) -> None:
    """What came of each rule's flags; options stand before `rules`."""
    question: Question = ctx.meta["projections.question"]
    with looking(ctx.obj, question, kept_for(question)) as look:
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
@click.option("--all", "everything", is_flag=True, help="Snoozed alerts too.")
@click.option(
    "--rule",
    type=click.Choice([each.name for each in RULES]),
    help="Only alerts with a flag of this rule.",
)
@click.option("--country", metavar="CODE", help="Only alerts whose evidence names this country.")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def alerts(
    place: Place,
    everything: bool,
    rule: str | None,
    country: str | None,
    valid_on: datetime | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Flags that belong together: one alert for a cluster of parties within one window."""
    question = question_of(valid_on, known_at, policy, format_)
    with looking(place, question, kept_for(question)) as look:
        found = found_on(look, question).alerts
        if rule is not None:
            found = [each for each in found if rule in {flag.flag.rule for flag in each.flags}]
        if country is not None:
            code = terms.country(country)
            named = {entry.number for entry in look.tagged(f"country:{code}")}
            found = [each for each in found if named.intersection(each.evidence)]
        open_ = [each for each in found if each.standing == "open"]
        hidden = len(found) - len(open_)
        left_out = "" if everything else " are not shown (--all)"
        heading = [
            look.heading("alerts", question),
            f"{len(open_):,} to look at" + (f"; {hidden:,} snoozed{left_out}" if hidden else ""),
        ]
        columns = [
            of("id"), of("severity"), of("cluster", folds=True), count("flag_count", "flags"),
            millions("at_stake_tpp", "M TPP"), of("because", folds=True),
        ]  # fmt: skip
        rows = [alert_row(look, each) for each in (found if everything else open_)]
        show_rows(rows, names_in(AlertRow), look.stamp(question), question, heading, columns)


@click.command("why")
@click.argument("id_", metavar="ID")
@options("valid_on", "known_at", "policy")
@click.pass_obj
def why(
    place: Place,
    id_: str,
    valid_on: datetime | None,
    known_at: str | None,
    policy: str | None,
    format_: str,
) -> None:
    """Why the flag or alert ID stands: the deciding step first, then what else shows it."""
    question = question_of(valid_on, known_at, policy, format_)
    with looking(place, question, kept_for(question)) as look:
        found = found_on(look, question)
        named = _named(found, id_, question)
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
            heading += _together(named, found)
        for each in flags_:
            heading += _reasons(each, found.patterns.get(each.flag.rule))
        columns = [
            Column("flag", lambda row: row["flag"][:8]),
            Column("entry", lambda row: f"{row['entry']:,}", number=True), of("on"),
            Column("", lambda row: "decides" if row["decides"] else ""), of("said", folds=True),
        ]  # fmt: skip
        show_rows(rows, names_in(StepRow), look.stamp(question), question, heading, columns)


def _together(alert: Alert, found: Found) -> list[str]:
    """Why parties that an alert names count as one hand, in lines of a screen."""
    said = []
    for member in alert.members:
        naming = [each.flag.on for each in alert.flags if member in each.flag.parties]
        shown = (found.ties(alert.cluster, member, on) for on in naming)
        tied = next(filter(None, shown), ()) if member != alert.cluster else ()
        if tied:
            entries = ", ".join(f"{number:,}" for number in tied)
            said.append(f"{member} belongs with {alert.cluster}: entries {entries}")
    return said


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


def _named(found: Found, id_: str, question: Question) -> Raised | Alert:
    """The one flag or alert whose id begins so."""
    flags_ = [each for each in found.raised if each.flag.id.startswith(id_)]
    alerts_ = [each for each in found.alerts if each.id.startswith(id_)]
    ids = [each.flag.id for each in flags_] + [each.id for each in alerts_]
    if len(ids) > 1:
        raise Malformed(
            f"{id_!r} begins the ids of {len(ids)} flags and alerts",
            remedy="give more of it: " + ", ".join(ids[:5]),
            code="FLAG_AMBIGUOUS",
        )
    if not ids:
        raise Unknown(
            f"no flag and no alert {id_} stands on {question.valid_on}",
            remedy="`chip-ledger flags --all` and `chip-ledger alerts --all` list them",
            code="FLAG_UNKNOWN",
        )
    return flags_[0] if flags_ else alerts_[0]


def _step(look: Look, raised: Raised, number: int, *, decides: bool) -> "StepRow":
    (row,) = trails.rows(look.numbered([number]))
    flag = raised.flag
    return StepRow(flag.id, flag.rule, decides, row.entry, row.on, row.by, row.said)


def alert_row(look: Look, alert: Alert) -> "AlertRow":
    """An alert as it is listed."""
    moved = [
        entry.event for entry in look.numbered(alert.evidence) if isinstance(entry.event, Movement)
    ]
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
        flag_count=len(alert.flags),
        flags=tuple(each.flag.id for each in alert.flags),
        rules=tuple(dict.fromkeys(each.flag.rule for each in alert.flags)),
        evidence=alert.evidence,
    )


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


def _raised(look: Look, question: Question) -> list[Raised]:
    fold, states = flags_on(look, question)
    return fold.raised(states, question.valid_on)


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
