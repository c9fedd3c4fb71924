"""`chip-ledger demo`: the public record as a ledger, with keys to go on typing."""

import secrets
from datetime import UTC, datetime

import click

from commands.demo import build
from ledger.cli import progress
from ledger.session import Session


@click.command()
@click.pass_obj
def demo(session: Session) -> None:
    """Build the demonstration: the public record of AI-chip export controls as a new ledger.

    Policy timeline, government deals, reported approvals and 24 public cases, each with its
    source; what is alleged is called alleged. The keys are made here and lie beside the ledger
    with their passphrase: they protect nothing and let you go on typing.
    """
    with progress(1, "building") as advance:
        built = build(
            session.ledger_place,
            session.keys_folder,
            now=datetime.now(UTC),
            passphrase=secrets.token_urlsafe(18).encode(),
            on_progress=lambda done, total: advance(done / total),
        )
    click.echo(f"built {built.place}: {built.entries:,} entries, {built.lines:,} of them from the")
    click.echo(f"public record, with {built.events_said:,} of the {built.events:,} events that")
    click.echo(f"{built.cases:,} public cases declared or observed")
    click.echo("not said yet, and why:")
    for reason, count in sorted(built.events_unsaid.items(), key=lambda one: (-one[1], one[0])):
        click.echo(f"  {count:>3}  {reason}")
    click.echo(f"keys in {built.keys}, with their passphrase in {built.keys / 'passphrase'}")
    for warning in built.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"hint: export CHIP_LEDGER={built.place}"
        f" CHIP_LEDGER_PASSPHRASE_FILE={built.keys / 'passphrase'}",
        err=True,
    )
