"""`chip-ledger flag review`: what somebody made of a red flag."""

from datetime import date
from typing import get_args

import click

from commands.cli._typed import FLAG, WATCH, dry_run, make, on_option, run
from commands.flags import CLEARS_FOR, ReviewFlag
from commands.handler import Watch
from ledger import terms
from ledger.events.flag_reviews import Outcome
from ledger.session import Session
from ledger.typed import DAY


@click.group("flag")
def flag_group() -> None:
    """Reviews of red flags; chip-ledger flags lists the flags themselves."""


@flag_group.command("review")
@click.argument("flag", type=FLAG)
@click.option("--outcome", type=click.Choice(get_args(Outcome)), required=True,
              help="What was made of it.")  # fmt: skip
@click.option("--rule", help="The rule that raised it, as flags prints it; its own by default.")
@click.option("--evidence", type=int, multiple=True, metavar="ENTRY",
              help="Entry looked at, of those the flag cites; all by default.")  # fmt: skip
@click.option("--reason", required=True,
              help=f"Short code; for cleared one of {', '.join(CLEARS_FOR)}.")  # fmt: skip
@click.option("--note", default="", help="In your words.")
@click.option("--until", "until_on", type=DAY, help="For snoozed: the day it returns.")
@on_option(what="Date of the review")
@dry_run
@click.pass_obj
def review(
    session: Session,
    flag: str,
    outcome: str,
    rule: str | None,
    evidence: tuple[int, ...],
    reason: str,
    note: str,
    until_on: date | None,
    on: date,
    dry_run: bool,
) -> None:
    """Record what was made of FLAG: cleared, snoozed, referred or confirmed.

    Four digits of its id are enough where they name one flag.
    """
    command = make(
        ReviewFlag,
        flag=_named(session, flag, on),
        rule=rule,
        outcome=outcome,
        reason=reason,
        note=note,
        evidence=evidence,
        until_on=until_on,
        reviewed_on=on,
    )
    run(session, command, dry=dry_run)


def _named(session: Session, beginning: str, on: date) -> str:
    """The id that begins so of a flag that stands on a day; where none does, as it was typed."""
    watch: Watch | None = click.get_current_context().meta.get(WATCH)
    if watch is None or len(beginning) == terms.FLAG_ID_DIGITS:
        return beginning
    ledger = session.open()
    try:
        with ledger.store.reading() as connection:
            standing = watch.standing(ledger, connection)(on)
    finally:
        ledger.close()
    return terms.the_one(beginning, standing, "flags") or beginning
