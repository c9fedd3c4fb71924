"""The verbs of replay: history under other rules, swept, drawn, signed and checked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, get_args

import click

from ledger.errors import NotAuthentic
from ledger.events import PolicyAdopted, ShipmentVoided
from ledger.policy import (
    Rules,
    Section,
    Supposed,
    digest,
    pack_names,
    parse_pack,
    shipped_pack,
    supposed_packs,
)
from ledger.session import pack_text
from projections.cli._look import Look, Place, Question, looking, options
from projections.cli._shown import names_in, show_rows
from projections.flag_changes import flag_differences
from projections.red_flags import RULES, FlagsFold
from projections.reference import DETECTION_PACK, Span
from projections.render import Column, of
from projections.replay import READS, Difference, Lines, Replay, gone

PARTS: Final = ("decisions", "accounts", "flags")
KINDS: Final = ("decision", "shipment", "account", "flag")
DAY: Final = click.DateTime(["%Y-%m-%d"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a replay is of.

    policy  the packs to suppose, as typed
    span    the days on which they are supposed
    only    which differences to look for
    """

    policy: str
    span: Span
    only: tuple[str, ...]


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
@options("known_at")
@click.pass_obj
def run(
    place: Place,
    policy: str,
    since: datetime | None,
    until: datetime | None,
    only: tuple[str, ...],
    known_at: str | None,
    format_: str,
) -> None:
    """Run all history under other rules, and list what would differ."""
    span = (since.date() if since else date.min, until.date() if until else date.max)
    asked = Asked(policy, span, only or PARTS)
    with looking(place, Question(date.max, known_at, policy, format_), []) as look:
        made = Made.of(look, asked)
    still_there(place, look)
    question = Question(made.on, known_at, policy, format_)
    heading = [look.heading("replay", question), *made.summary()]
    show_rows(
        made.rows, names_in(Difference), made.stamp(look, question), question, heading, _COLUMNS
    )


@dataclass(frozen=True, slots=True)
class Made:
    """What a replay found.

    on      the day accounts and flags are shown as of
    packs   those supposed, with their texts
    unsaid  sections that the rules in force on that day have, and the supposed ones do not
    """

    rows: list[Difference]
    on: date
    packs: tuple[Supposed, ...]
    unsaid: Sequence[str]

    @staticmethod
    def of(look: Look, asked: Asked) -> "Made":
        """The same, of a ledger as of some entry."""
        packs = supposed(look, asked.policy)
        rules, lines = rules_of(packs), lines_of(look, packs)
        voided = gone(
            look.entries({ShipmentVoided.wire}), lambda number: look.numbered([number])[0]
        )
        pass_ = Replay([rules], lines, span=asked.span, gone=voided)
        for entry in look.entries(READS):
            pass_.take(entry)
        on = pass_.latest if asked.span[1] == date.max else asked.span[1]
        rows = pass_.differences() if "decisions" in asked.only else []
        if "accounts" in asked.only:
            rows += pass_.account_differences(on)
        if "flags" in asked.only:
            rows += _flags(look, rules, lines, asked.span, on)
        in_force = look.timeline().rules_on(on)
        unsaid = [name for name in get_args(Section) if in_force.governing(name)]
        return Made(rows, on, packs, [name for name in unsaid if not rules.governing(name)])

    @property
    def label(self) -> str:
        """The supposed packs in a line."""
        return ",".join(each.label for each in self.packs)

    @property
    def digest(self) -> str:
        """SHA-256 of their texts, one after another; of a single pack, what its adoption says."""
        return digest("".join(each.text for each in self.packs))

    def stamp(self, look: Look, question: Question) -> dict[str, Any]:
        """What every row says of its making."""
        return {"policy": self.label, "policy_digest": self.digest, **look.stamp(question)}

    def summary(self) -> Iterator[str]:
        """What was found, counted, in lines of a screen."""
        if not self.rows:
            yield "nothing would differ"
        for kind in KINDS:
            changes = [row.change for row in self.rows if row.kind == kind]
            if not changes:
                continue
            counted = Counter(changes)
            said = ", ".join(f"{many:,} {name.replace('_', ' ')}" for name, many in counted.items())
            stopped = sum(row.tpp or 0 for row in self.rows if row.kind == kind and row.stopped)
            yield (
                f"{len(changes):,} {kind}{'s'[: len(changes) > 1]}"
                + ("" if kind == "account" else f": {said}")
                + (f"; {stopped:,} TPP stopped" if stopped else "")
            )
        if self.unsaid:
            yield (
                f"{self.label} says nothing of {', '.join(self.unsaid)}, which the rules in force"
                " do: name their packs before it to lay it over them"
            )


def supposed(look: Look, policy: str) -> tuple[Supposed, ...]:
    """The packs of a line, as adopted here, else as they ship or stand in a file."""
    texts = {str(each.policy): each.text for each in look.timeline().adoptions}
    files = {name: pack_text(name) for name in pack_names(policy) if name.endswith(".toml")}
    return supposed_packs(policy, texts | files)


def rules_of(packs: tuple[Supposed, ...]) -> Rules:
    """Packs laid over one another."""
    return Rules(tuple(each.pack for each in packs), tuple(each.label for each in packs))


def lines_of(look: Look, packs: tuple[Supposed, ...]) -> Lines:
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


def _flags(look: Look, rules: Rules, lines: Lines, span: Span, on: date) -> list[Difference]:
    then, now = FlagsFold(), FlagsFold(rules, RULES, span)
    adoptions = {entry.number for entry in look.of_types((PolicyAdopted.wire,))}
    found = [
        [each.flag for each in fold.raised(look.lived(fold, on, replay=fold is now), on)]
        for fold in (then, now)
    ]
    in_force = look.timeline().rules_on(on)
    return flag_differences(found[0], found[1], adoptions, (in_force, rules), lines, span)


_COLUMNS: Final = (
    Column("change", lambda row: row["change"].replace("_", " "), folds=True),
    of("subject", folds=True), Column("entry", lambda row: f"{row['entry']:,}", number=True),
    Column("since", lambda row: f"{row['diverges_at']:,}", number=True),
    of("as_it_was", "as it was", folds=True), of("supposed", "would have been", folds=True),
    Column("rule", lambda row: _rule(row), folds=True),
)  # fmt: skip


def _rule(row: Any) -> str:
    if row["rule_line"] is None:
        return "–"
    return f"{row['rule_policy']}:{row['rule_line']} {row['rule_text']}"


commands: list[click.Command] = [replay]
"""What the front door mounts."""
