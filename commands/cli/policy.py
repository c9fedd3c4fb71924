"""`chip-ledger policy …`: adopt, withdraw, list, show; and `chip-ledger chips`."""

from datetime import date
from pathlib import Path

import click

from commands.cli._typed import POLICY, dry_run, make, on_option, run
from commands.policies import AdoptPolicy, WithdrawPolicy
from ledger.catalogue import catalogue, h100_equivalents
from ledger.errors import Malformed
from ledger.events import PolicyAdopted, PolicyWithdrawn
from ledger.log import Slice
from ledger.policy import parse_pack, shipped_pack, shipped_packs
from ledger.session import Session, pack_text


@click.group("policy")
def policy_group() -> None:
    """Policy packs: which rules are in force, and what they say."""


@policy_group.command("adopt")
@click.argument("policy", type=POLICY)
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
    content = None if path is None else pack_text(str(path))
    command = make(AdoptPolicy, policy=policy, effective_on=on, content=content, citation=citation)
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


@policy_group.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """List what was adopted and withdrawn here, and the packs shipped with this program."""
    chosen = Slice(types=(PolicyAdopted.wire, PolicyWithdrawn.wire))
    for entry in session.open().entries(chosen):
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
@click.argument("policy", type=POLICY)
def show(policy: str) -> None:
    """Print the shipped pack POLICY: every number with its source."""
    click.echo(shipped_pack(policy), nl=False)


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
