"""The verbs of replay: history under other rules, swept, drawn, signed and checked; hindsight."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final, Protocol, get_args

import click
import msgspec

from ledger.cli import answer_form
from ledger.errors import Malformed, NotAuthentic, Unknown
from ledger.events import PolicyAdopted, ShipmentVoided
from ledger.policy import (
    Rules,
    Section,
    digest,
    parameters,
    parse_pack,
    shipped_pack,
    supposed_packs,
)
from ledger.policy.places import full_name
from ledger.session import pack_files
from ledger.signatures import Signer
from ledger.statement import opened, sealed
from ledger.typed import DAY
from projections.cli._look import Look, Place, Question, looking, options
from projections.cli._save import saving
from projections.cli._shown import names_in, show_rows
from projections.differences import Difference, Lines
from projections.flag_changes import flag_differences
from projections.hindsight import READS as HINDSIGHT_READS
from projections.hindsight import Hindsight, HindsightRow
from projections.red_flags import RULES, FlagsFold, RedFlag
from projections.reference import DETECTION_PACK, Span
from projections.render import Column, cell, count, millions, of
from projections.replay import READS, Replay, gone
from projections.sweep import Flagged, Steps, SweepRow, svg, sweep_row

PARTS: Final = ("decisions", "accounts", "flags")
KINDS: Final = ("decision", "shipment", "account", "flag")
STEPS_MAX: Final = 100
STATEMENT: Final = "application/vnd.chip-ledger.replay.v1+json"
"""Payload type of a signed replay."""

FILE: Final = click.Path(dir_okay=False, path_type=Path)
THERE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


class SigningPlace(Place, Protocol):
    """What the front door hands to a verb that signs."""

    def signer(self) -> Signer:
        """The key that was named."""
        ...


class PackSupposed(msgspec.Struct, frozen=True):
    """A pack as it is supposed: its id with what was changed, and its whole text."""

    label: str
    text: str


class Asked(msgspec.Struct, frozen=True):
    """What a replay is of: all that its answer depends on, besides the ledger.

    packs         those supposed, earliest first
    since, until  the first and the last day on which they are
    only          which differences to look for
    sweep         a value to vary instead
    """

    packs: tuple[PackSupposed, ...]
    since: date = date.min
    until: date = date.max
    only: tuple[str, ...] = PARTS
    sweep: Steps | None = None

    @property
    def span(self) -> Span:
        """The days on which the packs are supposed."""
        return self.since, self.until

    @property
    def label(self) -> str:
        """The supposed packs in a line."""
        return ",".join(each.label for each in self.packs)

    @property
    def digest(self) -> str:
        """SHA-256 of their texts, one after another; of a single pack, what its adoption says."""
        return digest("".join(each.text for each in self.packs))


class Report(msgspec.Struct, frozen=True):
    """What is signed: the question, the ledger it was asked of, and every row of the answer."""

    origin: str
    size: int
    root: str
    asked: Asked
    rows: list[dict[str, Any]]
    simulated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `replay verify` found, where nothing is wrong.

    entries  how many of the ledger's it was made from, and is again
    rows     how many came out again
    sha256   of what is signed
    """

    verdict: str = "VALID"
    origin: str
    entries: int
    root: str
    policy: str
    rows: int
    signed_by: str
    key: str
    standing: str
    sha256: str
    simulated: bool = True


class _Replay(click.Group):
    """`replay --policy PACK` is `replay run --policy PACK`: what is no verb belongs to it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Replay)
def replay() -> None:
    """History under other rules: every decision, cap and flag that would differ, and by which line.

    `chip-ledger replay --policy PACK` is `replay run --policy PACK`; `replay run --help` lists
    its options. Every row is SIMULATED, and the ledger stays as it is.
    """


@replay.command("run")
@click.option("--policy", required=True, metavar="PACK[:NAME=VALUE][,PACK]",
              help="The packs to suppose, with values changed.")  # fmt: skip
@click.option("--from", "since", type=DAY, metavar="DATE",
              help="The first day on which they are supposed.")  # fmt: skip
@click.option("--to", "until", type=DAY, metavar="DATE",
              help="The last day; accounts are shown as of it.")  # fmt: skip
@click.option("--only", multiple=True, type=click.Choice(PARTS),
              help="Only these; flags take longest. May be given again.")  # fmt: skip
@click.option("--sweep", metavar="NAME=LOW..HIGH:STEPS",
              help="Vary a value of a pack: what would each have stopped?")  # fmt: skip
@click.option("--plot", type=FILE, metavar="FILE", help="Draw the sweep into a .svg.")
@click.option("--sign", is_flag=True, help="Sign what is found, with --key, into --out.")
@click.option("--out", type=FILE, metavar="FILE", help="Where to write what is signed.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@options("known_at")
@click.pass_obj
def run(
    place: SigningPlace,
    policy: str,
    since: date | None,
    until: date | None,
    only: tuple[str, ...],
    sweep: str | None,
    plot: Path | None,
    sign: bool,
    out: Path | None,
    force: bool,
    known_at: str | None,
    format_: str,
) -> None:
    """Run all history under other rules, and list what would differ."""
    steps = None if sweep is None else steps_of(sweep)
    _fitting(plot, steps, only, sign=sign, out=out)
    first, last = days_of(since, until)
    with looking(place, Question(date.max, known_at, policy, format_), []) as look:
        asked = Asked(supposed(look, policy), first, last, only or PARTS, steps)
        made = Made.of(look, asked)
    still_there(place, look)
    if plot is not None:
        with saving(plot, force=force) as drawn:
            drawn.write_text(made.picture(look), encoding="utf-8")
        click.echo(f"drawn into {plot}", err=True)
    if sign and out is not None:
        payload = made.report(look)
        with saving(out, force=force) as written:
            signer = place.signer()
            look.ledger.keys().usable(signer.kid, on=datetime.now(UTC).date())
            written.write_bytes(sealed(payload, STATEMENT, signer))
        click.echo(f"signed into {out}; SHA-256 of what is signed:", err=True)
        click.echo(sha256(payload).hexdigest(), err=True)
    question = Question(made.on, known_at, asked.label, format_)
    view = "replay" if steps is None else f"sweep of {steps.name}"
    names = names_in(Difference if steps is None else SweepRow)
    stamp = {"policy": asked.label, "policy_digest": asked.digest, **look.stamp(question)}
    heading = [look.heading(view, question), *made.summary()]
    columns = _COLUMNS if steps is None else _SWEEP_COLUMNS
    show_rows(made.rows, names, stamp, question, heading, columns)


@replay.command("verify")
@click.argument("path", metavar="FILE", type=THERE)
@answer_form
@click.pass_obj
def verify(place: Place, path: Path, form: str) -> None:
    """Check a signed replay against this ledger: whose it is, of what, and that it comes out again.

    Exit code 0: it does. 4: the signature, the ledger or a row is another.
    """
    ledger = place.open()
    try:
        said = opened(path.read_bytes(), STATEMENT, ledger.keys())
        origin = ledger.origin
    finally:
        ledger.close()
    report = _read(said.payload)
    if form == "text":
        click.echo(f"signed by {said.by} with key {said.key} ({said.standing})")
    if report.origin != origin:
        raise NotAuthentic(
            f"it is about {report.origin}, and this ledger is {origin}",
            remedy="name the ledger it is about with --ledger",
            code="ORIGIN",
        )
    with looking(place, Question(date.max, str(report.size), None, "table"), []) as look:
        if look.root != report.root:
            raise NotAuthentic(
                f"the first {report.size:,} entries have root {look.root[:16]}… here, and it says"
                f" {report.root[:16]}…",
                remedy="one of the two ledgers was altered: chip-ledger verify",
                code="ROOT",
            )
        again = Made.of(look, report.asked).report(look)
    if form == "text":
        made_from = f"{report.size:,} entries of {origin}, root {report.root[:16]}…"
        click.echo(f"made from {made_from}, as here")
    if again != said.payload:
        other = sum(one != two for one, two in zip(report.rows, _read(again).rows, strict=False))
        raise NotAuthentic(
            f"run again under {report.asked.label}, it comes out otherwise: {len(report.rows):,}"
            f" rows as signed, {len(_read(again).rows):,} here, {other:,} of them different",
            remedy="run it with the version of chip-ledger it was signed with",
            code="REPLAY_DIFFERS",
        )
    signed = sha256(said.payload).hexdigest()
    if form == "json":
        found = Verified(
            origin=origin, entries=report.size, root=report.root, policy=report.asked.label,
            rows=len(report.rows), signed_by=said.by, key=said.key, standing=said.standing,
            sha256=signed,
        )  # fmt: skip
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    rows = f"{len(report.rows):,} row{'s'[: len(report.rows) != 1]}"
    click.echo(f"VALID: run again, the same {rows}; SIMULATED under {report.asked.label}")
    click.echo(signed)


@click.command("hindsight")
@click.argument("licenses", metavar="[LICENSE]...", nargs=-1)
@click.option("--from", "since", type=DAY, metavar="DATE", help="Decisions of that day or later.")
@click.option("--to", "until", type=DAY, metavar="DATE", help="Decisions of that day or earlier.")
@click.option("--otherwise", is_flag=True, help="Only what would be decided otherwise now.")
@options("known_at")
@click.pass_obj
def hindsight(
    place: Place,
    licenses: tuple[str, ...],
    since: date | None,
    until: date | None,
    otherwise: bool,
    known_at: str | None,
    format_: str,
) -> None:
    """Which decisions would be made otherwise now, by what was told since, and which were right.

    By the rules of their own day, as adopted then: a later rule is no reason, and neither is what
    happened later in the world.
    """
    question = Question(date.max, known_at, None, format_)
    first, last = days_of(since, until)
    with looking(place, question, []) as look:
        pass_ = Hindsight(lambda at: look.numbered([at])[0], licenses, first, last)
        for entry in look.entries(HINDSIGHT_READS):
            pass_.take(entry)
    found = pass_.rows()
    missing = sorted(set(licenses) - {row.license for row in found})
    if missing:
        raise Unknown(
            f"no decision on license {missing[0]} is on record for these days, as of entry"
            f" {look.entry:,}",
            remedy="`chip-ledger licenses` lists them",
            code="LICENSE_UNKNOWN",
        )
    rows = [row for row in found if row.otherwise or not otherwise]
    changed = sum(row.otherwise for row in found)
    heading = [
        f"hindsight as of entry {look.entry:,}, root {look.root[:16]}…",
        f"{len(found):,} decision{'s'[: len(found) != 1]}; {changed:,} would be made otherwise now",
    ]
    stamp = look.stamp(question)
    del stamp["valid_on"]
    show_rows(rows, names_in(HindsightRow), stamp, question, heading, _HINDSIGHT_COLUMNS)


@dataclass(frozen=True, slots=True)
class Made:
    """What a replay found.

    on      the day accounts and flags are shown as of
    unsaid  sections that the rules in force on that day have, and the supposed ones do not
    """

    asked: Asked
    on: date
    unsaid: Sequence[str]
    rows: Sequence[Difference | SweepRow]

    @staticmethod
    def of(look: Look, asked: Asked) -> "Made":
        """The same, of a ledger as of some entry."""
        steps = asked.sweep
        values = [] if steps is None else steps.values()
        swept = [varied(asked.packs, steps, value) for value in values if steps is not None]
        rules, lines = rules_of(asked.packs), lines_of(look, chain(asked.packs, *swept))
        pass_ = Replay(
            [rules_of(each) for each in swept] or [rules],
            lines,
            span=asked.span,
            gone=gone(look.entries({ShipmentVoided.wire})),
        )
        for entry in look.entries(READS):
            pass_.take(entry)
        on = pass_.latest if asked.until == date.max else asked.until
        in_force = look.timeline().rules_on(on)
        said = [name for name in get_args(Section) if in_force.governing(name)]
        unsaid = [name for name in said if not rules.governing(name)]
        if steps is not None:
            flagged = Flagged.by(_raised(look, FlagsFold(), on))
            found = [
                sweep_row(steps.name, value, pass_.differences(which), flagged)
                for which, value in enumerate(values)
            ]
            return Made(asked, on, unsaid, found)
        rows = pass_.differences() if "decisions" in asked.only else []
        rows += pass_.account_differences(on) if "accounts" in asked.only else []
        rows += _flags(look, rules, lines, asked.span, on) if "flags" in asked.only else []
        return Made(asked, on, unsaid, rows)

    def report(self, look: Look) -> bytes:
        """What is signed, in its one form: sorted members, no white space, nothing of the day or
        the machine it was made on.
        """
        rows = [msgspec.to_builtins(row) for row in self.rows]
        made = Report(look.ledger.origin, look.entry, look.root, self.asked, rows)
        return msgspec.json.encode(made, order="sorted")

    def picture(self, look: Look) -> str:
        """The sweep as a curve."""
        made_from = f"{look.ledger.origin}, as of entry {look.entry:,}, root {look.root[:16]}…"
        rows = [row for row in self.rows if isinstance(row, SweepRow)]
        return svg(rows, f"What {self.asked.label} would have stopped", made_from)

    def summary(self) -> Iterator[str]:
        """What was found, counted, in lines of a screen."""
        if not self.rows:
            yield "nothing would differ"
        if self.asked.sweep is not None:
            yield from _SWEEP_LEGEND
        found = [row for row in self.rows if isinstance(row, Difference)]
        for kind in KINDS:
            rows = [row for row in found if row.kind == kind]
            if not rows:
                continue
            counted = Counter(row.change for row in rows)
            said = ", ".join(f"{many:,} {name.replace('_', ' ')}" for name, many in counted.items())
            stopped = sum(row.tpp or 0 for row in rows if row.stopped)
            yield (
                f"{len(rows):,} {kind}{'s'[: len(rows) > 1]}"
                + ("" if kind == "account" else f": {said}")
                + (f"; {stopped:,} TPP stopped" if stopped else "")
            )
        if self.unsaid:
            yield (
                f"{self.asked.label} says nothing of {', '.join(self.unsaid)}, which the rules in"
                " force do: name their packs before it to lay it over them"
            )


def supposed(look: Look, policy: str) -> tuple[PackSupposed, ...]:
    """The packs of a line, as adopted here, else as they ship or stand in a file."""
    texts = {str(each.policy): each.text for each in look.timeline().adoptions}
    return tuple(
        PackSupposed(":".join((each.pack.id, *map(str, each.changed))), each.text)
        for each in supposed_packs(policy, texts | pack_files(policy))
    )


def rules_of(packs: tuple[PackSupposed, ...]) -> Rules:
    """Packs laid over one another."""
    parsed = tuple(parse_pack(each.text) for each in packs)
    return Rules(parsed, tuple(each.label for each in packs))


def days_of(since: date | None, until: date | None) -> Span:
    """The first and the last day as typed; of all days unless given."""
    first = date.min if since is None else since
    last = date.max if until is None else until
    if first > last:
        raise Malformed(
            f"--from {first} is after --to {last}: no day is between them",
            remedy=f"--from {last} --to {first}",
            code="DATES_ORDER",
        )
    return first, last


def steps_of(text: str) -> Steps:
    """A sweep as typed: lpp_limit=0..26900000:10."""
    found = re.fullmatch(r"([^=\s]+)=([0-9_]+)\.\.([0-9_]+):([0-9]+)", text)
    if found is not None:
        steps = Steps(found[1], int(found[2]), int(found[3]), int(found[4]))
        if 1 <= steps.steps <= min(STEPS_MAX, steps.high - steps.low):
            return steps
    raise Malformed(
        f"{text!r} is not a sweep of 1 to {STEPS_MAX} steps from one value to a higher one, each"
        " step 1 or more",
        remedy="write NAME=LOW..HIGH:STEPS, such as lpp_limit=0..26900000:10",
        code="SWEEP_FORM",
    )


def varied(packs: tuple[PackSupposed, ...], steps: Steps, value: int) -> tuple[PackSupposed, ...]:
    """The packs with a value changed in the last of them that has it."""
    having = [
        at
        for at, each in enumerate(packs)
        if full_name(each.text, steps.name) in parameters(each.text)
    ]
    at = having[-1] if having else len(packs) - 1
    name = parse_pack(packs[at].text).id
    texts = {str(parse_pack(each.text).id): each.text for each in packs}
    # What it lies over comes first, and is among the packs already.
    changed = supposed_packs(f"{name}:{steps.name}={value}", texts)[-1]
    return (*packs[:at], PackSupposed(changed.label, changed.text), *packs[at + 1 :])


def lines_of(look: Look, packs: Iterable[PackSupposed]) -> Lines:
    """Where to find a rule: in the supposed packs, and in those adopted here."""
    adopted = [each.text for each in look.timeline().adoptions]
    texts = [*(each.text for each in packs), *adopted, shipped_pack(DETECTION_PACK)]
    return Lines([(parse_pack(text), text) for text in texts])


def still_there(place: Place, look: Look) -> None:
    """Look again: what the replay was made from is there as it was, whatever was added since."""
    again = Question(date.max, str(look.entry), None, "table")
    with looking(place, again, []) as now:
        if now.root != look.root:
            raise NotAuthentic(
                f"the first {look.entry:,} entries had root {look.root[:16]}… before the replay and"
                f" have {now.root[:16]}… after it",
                remedy="the database was altered meanwhile: chip-ledger verify",
                code="ROOT",
            )


def _fitting(
    plot: Path | None,
    steps: Steps | None,
    only: tuple[str, ...],
    *,
    sign: bool,
    out: Path | None,
) -> None:
    """Refuse options that ask for nothing together."""
    if plot is not None and (steps is None or plot.suffix != ".svg"):
        raise Malformed(
            f"{plot.name} cannot be drawn: a picture is of a sweep, and its name ends in .svg",
            remedy="--sweep lpp_limit=0..26900000:10 --plot curve.svg",
            code="PLOT_FORM",
        )
    if sign != (out is not None):
        raise Malformed(
            "what is signed is written into a file, and nothing else is",
            remedy="give both --sign and --out FILE; without them, redirect what is printed",
            code="SIGN_FORM",
        )
    if steps is not None and only:
        raise Malformed(
            "a sweep counts decisions and shipments, and --only chooses nothing of it",
            remedy="leave out --only, or ask of one value: --policy PACK:NAME=VALUE",
            code="SWEEP_ONLY",
        )


def _read(payload: bytes) -> Report:
    try:
        return msgspec.json.decode(payload, type=Report)
    except msgspec.MsgspecError as error:
        raise NotAuthentic(
            f"what was signed is no replay: {error}",
            remedy="name a file that `chip-ledger replay --sign` wrote",
            code="STATEMENT_FORM",
        ) from error


def _flags(look: Look, rules: Rules, lines: Lines, span: Span, on: date) -> list[Difference]:
    then, now = _raised(look, FlagsFold(), on), _raised(look, FlagsFold(rules, RULES, span), on)
    adoptions = {entry.number for entry in look.of_types((PolicyAdopted.wire,))}
    in_force = look.timeline().rules_on
    return flag_differences(then, now, adoptions, in_force, rules, lines, span)


def _raised(look: Look, fold: FlagsFold, on: date) -> list[RedFlag]:
    """Flags as they stand; under the rules in force, from what is kept where that can be."""
    states = look.lived(fold, on, replay=fold.supposes)
    return [each.flag for each in fold.raised(states, on)]


def _rule(row: Any) -> str:
    if row["rule_line"] is None:
        return "–"
    return f"{row['rule_policy']}:{row['rule_line']} {row['rule_text']}"


_COLUMNS: Final = (
    Column("change", lambda row: row["change"].replace("_", " "), folds=True),
    of("subject", folds=True), Column("entry", lambda row: f"{row['entry']:,}", number=True),
    Column("since", lambda row: f"{row['diverges_at']:,}", number=True),
    of("as_it_was", "as it was", folds=True), of("supposed", "would have been", folds=True),
    Column("rule", _rule, folds=True),
)  # fmt: skip

_SWEEP_LEGEND: Final = (
    "licenses that would have been refused and shipments that would not have left; TPP in millions",
    "unflagged: of that TPP, where no hard or strong red flag stands by the rules in force",
)

_SWEEP_COLUMNS: Final = (
    count("value", "value"), count("decisions", "refused"), millions("decision_tpp", "licensed"),
    millions("unflagged_decision_tpp", "unflagged"), count("shipments", "stopped"),
    count("shipment_units", "chips"), millions("shipment_tpp", "shipped"),
    millions("unflagged_shipment_tpp", "unflagged"),
)  # fmt: skip


def _found(row: Any, name: str) -> str:
    kind, because = row[name].replace("_", " "), row[f"{name}_because"]
    return kind if row[name] == "clear" else f"{kind}: {because}"


_HINDSIGHT_COLUMNS: Final = (
    of("license"), of("decision"), of("on"), Column("entry", lambda row: f"{row['entry']:,}",
    number=True), Column("the rules then", lambda row: _found(row, "then"), folds=True),
    Column("by what is known now", lambda row: _found(row, "now"), folds=True),
    Column("now", lambda row: "otherwise" if row["otherwise"] else "the same"),
    Column("right then", lambda row: cell(row["right_then"])),
    Column("told later", lambda row: cell(row["by_entries"]), folds=True),
)  # fmt: skip


commands: Final[list[click.Command]] = [replay, hindsight]
"""What the front door mounts."""
