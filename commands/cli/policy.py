"""`chip-ledger policy …`: adopt, withdraw, list, show, lint, test, diff; `chip-ledger chips`."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import click

from commands.cli._typed import POLICY, dry_run, make, on_option, run, today
from commands.policies import AdoptPolicy, WithdrawPolicy
from ledger.catalogue import catalogue, h100_equivalents
from ledger.entry import Entry
from ledger.errors import Exit, Malformed, Unknown
from ledger.events import PolicyAdopted, PolicyWithdrawn
from ledger.known import known_by
from ledger.log import Slice
from ledger.packs import compare, lint, try_examples
from ledger.policy import (
    Adoption,
    PolicyTimeline,
    Supposed,
    after,
    parse_pack,
    shipped_pack,
    shipped_packs,
    supposed_packs,
)
from ledger.session import Session, pack_files, pack_text
from ledger.terms import identifier
from ledger.typed import DAY


@click.group("policy")
def policy_group() -> None:
    """Policy packs: which rules are in force, and what they say."""


@policy_group.command("adopt")
@click.argument("policy")
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The pack as TOML; the one shipped under this id by default.")  # fmt: skip
@click.option("--citation", default="", help="Where the rules were published.")
@on_option("--effective-on", "First day it applies")
@dry_run
@click.pass_obj
def adopt(
    session: Session, policy: str, path: Path | None, citation: str, on: date, dry_run: bool
) -> None:
    """Put the pack POLICY in force, with its whole text in the signed event."""
    if policy.endswith(".toml"):
        raise Malformed(
            f"{policy} is a file, and a pack is adopted by its id",
            remedy="chip-ledger policy adopt ID --file FILE",
            code="ID_FORM",
        )
    content = None if path is None else pack_text(str(path))
    command = make(
        AdoptPolicy,
        policy=identifier(policy, "policy"),
        effective_on=on,
        content=content,
        citation=citation,
    )
    run(session, command, dry=dry_run)


@policy_group.command("withdraw")
@click.argument("policy", type=POLICY)
@click.option("--reason", required=True, help="Why.")
@click.option("--citation", default="", help="Where that was published.")
@on_option(what="First day without it")
@dry_run
@click.pass_obj
def withdraw(
    session: Session, policy: str, reason: str, citation: str, on: date, dry_run: bool
) -> None:
    """Take the pack POLICY out of force, or keep it from ever coming into force."""
    command = make(WithdrawPolicy, policy=policy, withdrawn_on=on, reason=reason, citation=citation)
    run(session, command, dry=dry_run)


_known_at = click.option(
    "--known-at",
    metavar="ENTRY|INSTANT",
    help="As it was known then: entries up to that one, or signed by that instant.",
)


@policy_group.command("list")
@_known_at
@click.pass_obj
def list_(session: Session, known_at: str | None) -> None:
    """List what was adopted and withdrawn here, and the packs shipped with this program."""
    for entry in _told(session, known_at):
        match entry.event:
            case PolicyAdopted(policy=policy, effective_on=on, digest=digest):
                click.echo(
                    f"entry {entry.number:,}  {policy} in force from {on},"
                    f" sha-256 {digest[:16]}…, by {entry.by}"
                )
            case PolicyWithdrawn(policy=policy, withdrawn_on=on, reason=reason):
                click.echo(f"entry {entry.number:,}  {policy} withdrawn from {on}: {reason}")
            case _:
                continue
    for shipped in shipped_packs():
        click.echo(f"shipped  {shipped}: {parse_pack(shipped_pack(shipped)).title}")


@policy_group.command("show")
@click.argument("policy", metavar="[PACK|FILE]", required=False)
@click.option(
    "--on",
    "day",
    type=DAY,
    metavar="DATE",
    help="The packs in force here that day, with what became of each in the world.",
)
@_known_at
@click.pass_obj
def show(session: Session, policy: str | None, day: date | None, known_at: str | None) -> None:
    """Print a pack that ships, or a file, every number with its source; or what is in force.

    With a day and the id of a pack, that pack as it was adopted here and in force that day.
    """
    if day is None and known_at is None:
        if policy is None:
            raise Malformed(
                "neither a policy pack nor a day is named",
                remedy="chip-ledger policy show diffusion-2025, or policy show --on 2025-06-01",
                code="PACK_UNKNOWN",
            )
        text = pack_text(policy)
        parse_pack(text)  # what is no pack is not printed as one
        click.echo(text, nl=False)
        return
    on = today() if day is None else day
    adoptions = _timeline(session, known_at).in_force(on)
    if policy is None:
        for line in _in_force(adoptions, on):
            click.echo(line)
        return
    texts = {str(each.policy): each.text for each in adoptions}
    if policy not in texts:
        raise Unknown(
            f"policy {policy} is not in force in this ledger on {on}",
            remedy=f"chip-ledger policy show --on {on} says which are",
            code="POLICY_UNKNOWN",
        )
    click.echo(texts[policy], nl=False)


@policy_group.command("lint")
@click.argument("pack", metavar="PACK|FILE")
def lint_(pack: str) -> None:
    """Say everything that is wrong with a pack, with its line.

    Ends with 2 where the pack could not be adopted or contradicts itself, and with 3 where it
    reads and a section has no example.
    """
    found = lint(pack_text(pack))
    for problem in found:
        click.echo(f"{pack}:{problem.line}: {problem.said}")
    if found:
        wrong = sum(not problem.untried for problem in found)
        untried = len(found) - wrong
        click.echo(f"{wrong} wrong, {untried} without an example", err=True)
        sys.exit(Exit.USAGE if wrong else Exit.INCOMPLETE)
    click.echo(f"{pack}: nothing is wrong, and each section has an example", err=True)


@policy_group.command("test")
@click.argument("pack", metavar="PACK|FILE")
def test(pack: str) -> None:
    """Ask a pack every question of its [[examples]], and compare the answers.

    Ends with 3 where one is not what its source says.
    """
    found = try_examples(pack_text(pack))
    for tried in found:
        verdict = "ok" if tried.passed else f"NOT {tried.example.answer}"
        click.echo(
            f"{pack}:{tried.line}: {verdict}: {tried.asked}: {tried.found} ({tried.example.source})"
        )
    failed = sum(not tried.passed for tried in found)
    many = "1 example" if len(found) == 1 else f"{len(found)} examples"
    click.echo(f"{many}, {failed} answered otherwise than they say", err=True)
    if failed:
        sys.exit(Exit.INCOMPLETE)


@policy_group.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table",
              show_default=True, help="How differences are shown.")  # fmt: skip
def diff(old: str, new: str, format_: str) -> None:
    """What differs between two sets of rules, each named as for --policy.

    Packs as they ship, or files that end in .toml; a pack brings those it lies over.
    """
    found = compare(_packs(old), _packs(new))
    if format_ == "json":
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
        return
    for section, rows in groupby(found, key=lambda each: each.section):
        click.echo(f"[{section}]")
        for sources, some in groupby(rows, key=lambda each: (each.old_source, each.new_source)):
            for each in some:
                was, is_ = each.old or "(nothing)", each.new or "(nothing)"
                click.echo(f"  {each.parameter}: {was} -> {is_}")
            for mark, source in zip("-+", sources, strict=True):
                if source:
                    click.echo(f"    {mark} {source}")
    click.echo(f"{len(found)} difference{'' if len(found) == 1 else 's'}", err=True)


@click.command()
@click.argument("words", nargs=-1)
def chips(words: tuple[str, ...]) -> None:
    """List the chip catalogue, or the chips whose name holds every one of WORDS."""
    found = [
        chip
        for chip in catalogue().values()
        if all(word.lower() in f"{chip.id} {chip.name} {chip.vendor}".lower() for word in words)
    ]
    if not found:
        raise Malformed(
            f"no chip in the catalogue is called {' '.join(words)!r}",
            remedy="chip-ledger chips lists them all",
            code="CHIP_UNKNOWN",
        )
    width = max(len(chip.id) for chip in found)
    for chip in found:
        equivalents = h100_equivalents(chip.tpp)
        click.echo(
            f"{chip.id:<{width}}  {chip.tpp:>8,} TPP  {equivalents:>8.4f} H100"
            f"  {chip.verdict.chip_class:<16}  {chip.name}"
        )


def _packs(spec: str) -> tuple[Supposed, ...]:
    return supposed_packs(spec, pack_files(spec))


def _told(session: Session, known_at: str | None) -> list[Entry]:
    """The adoptions and withdrawals, or those that were known then."""
    ledger = session.open()
    chosen = Slice(types=(PolicyAdopted.wire, PolicyWithdrawn.wire))
    with ledger.store.reading() as connection:
        size = ledger.store.head(connection)[0]
        up_to = size if known_at is None else known_by(ledger.store, connection, known_at, size)
    return ledger.entries(chosen, up_to=up_to)


def _timeline(session: Session, known_at: str | None) -> PolicyTimeline:
    timeline = PolicyTimeline()
    for entry in _told(session, known_at):
        timeline = after(timeline, entry.event)
    return timeline


def _in_force(adoptions: Sequence[Adoption], on: date) -> Iterator[str]:
    """Each pack in force, lowest first, with the dates that are its own."""
    if not adoptions:
        yield f"no policy pack is in force in this ledger on {on}"
    for each in adoptions:
        dates = parse_pack(each.text).dates
        until = f" until {each.withdrawn_on - timedelta(days=1)}" if each.withdrawn_on else ""
        yield f"{each.policy}  in force here from {each.effective_on}{until}"
        codified = _span(dates.codified_from, dates.codified_to)
        compliance = dates.compliance_from or "never"
        enforced = _span(dates.enforced_from, dates.enforced_to)
        yield f"  in the world: codified {codified}, compliance {compliance}, enforced {enforced}"
        if dates.note:
            yield f"  {dates.note}"
        yield f"  ({dates.source})"


def _span(begins: date | None, ends: date | None) -> str:
    if begins is None:
        return "never"
    return f"{begins} to {ends}" if ends else f"from {begins}"
