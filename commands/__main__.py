"""The front door: `chip-ledger`. It sees every room, and no room sees it."""

import errno
import os
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, NoReturn

import click

from commands.cli import demo, fact, flag, importing, key, license, policy, shipment
from commands.cli._typed import WATCH, as_error
from commands.decider import StandingFlag
from commands.handler import Standing, Watch
from ledger import cli as ledger_cli
from ledger import views
from ledger.errors import Exit, LedgerError, Unreached
from ledger.log import Ledger
from ledger.session import Session
from ledger.store import Snapshot
from ledger.terms import FlagId
from projections import cli as projections_cli
from projections.cli.probe import probe
from projections.red_flags import RULES, FlagsFold


class _Shared(click.Option):
    """An option that may stand before the verb or after it; the last one holds."""

    def __init__(self, name: str, metavar: str, said: str) -> None:
        field = {"ledger": "ledger_place"}.get(name, name.replace("-", "_"))

        def keep(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
            if value is not None:
                setattr(ctx.ensure_object(Session), field, value)

        super().__init__(
            [f"--{name}", f"shared_{field}"],
            metavar=metavar,
            help=said,
            expose_value=False,
            callback=keep,
        )


def _shared() -> list[click.Parameter]:
    return [
        _Shared("ledger", "PATH-OR-URL", "Ledger; CHIP_LEDGER or ./ledger.db by default."),
        _Shared("key", "FILE-OR-NAME", "Key that signs; CHIP_LEDGER_KEY by default."),
        _Shared("passphrase-file", "FILE", "File with the passphrase on its first line."),
    ]


class _Door(click.Group):
    """All verbs; and whoever reads what they print may stop when it is enough."""

    def invoke(self, ctx: click.Context) -> Any:
        """Answered here, for click itself would call a reader who went away an error."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python would complain again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.DONE
        return answer


@click.group(cls=_Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chip-ledger")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A signed, append-only ledger for AI-chip export controls.

    Officers record with license, shipment, party, agreement, check, policy, key and import.
    Analysts look with flags, alerts, why, trail and quotas, and make a case. Auditors verify.
    """
    session = ctx.ensure_object(Session)
    session.environment = os.environ
    ctx.meta[WATCH] = Watch([rule.name for rule in RULES], _standing)


def _standing(ledger: Ledger, connection: Snapshot) -> Callable[[date], Standing]:
    """The flags that stand on a date, for whoever reviews one."""
    fold = FlagsFold()
    states = views.at_head(ledger.store, connection, fold)

    def on(day: date) -> Standing:
        found = (raised.flag for raised in fold.raised(states, day))
        return {
            FlagId(flag.id): StandingFlag(flag.rule, flag.severity, flag.evidence) for flag in found
        }

    return on


def _mount(command: click.Command) -> None:
    """Put a verb under the front door; a view named like a group becomes its `show`."""
    group = cli.commands.get(command.name or "")
    if isinstance(group, click.Group):
        command.name = "show"
        group.add_command(command)
    else:
        cli.add_command(command)


def _share(command: click.Command) -> None:
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _share(inner)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        command.params.extend(_shared())


for _command in (
    license.license_group,
    shipment.shipment_group,
    *fact.groups({"license": license.license_group, "shipment": shipment.shipment_group}),
    policy.policy_group,
    policy.chips,
    key.key_group,
    flag.flag_group,
    importing.import_,
    demo.demo,
    *ledger_cli.commands,
    *projections_cli.commands,
):
    _mount(_command)
policy.policy_group.add_command(probe)
_share(cli)
cli.params.extend(_shared())


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and end with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; every error becomes two lines on stderr and a code."""
    session = Session(
        ledger_place=os.environ.get("CHIP_LEDGER", "./ledger.db"),
        key=os.environ.get("CHIP_LEDGER_KEY"),
        folds=projections_cli.FOLDS,
    )
    try:
        ended: Any = cli.main(arguments, standalone_mode=False, obj=session)
    except LedgerError as error:
        return _fail(error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return Exit.USAGE
    except click.UsageError as error:
        typed = error.ctx.command_path if error.ctx is not None else "chip-ledger"
        click.echo(f"error: {error.format_message()}\nhint: {typed} --help", err=True)
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "error: interrupted\nhint: what was reported as recorded is recorded, nothing else;"
            " type the command again",
            err=True,
        )
        return Exit.UNEXPECTED
    except OSError as error:
        return _fail(_of_the_system(error))
    finally:
        session.close()
    return ended if isinstance(ended, int) else Exit.DONE


def _fail(error: LedgerError) -> int:
    for line in as_error(error):
        click.echo(line, err=True)
    return error.exit


def _of_the_system(error: OSError) -> LedgerError:
    place = f" at {error.filename}" if error.filename else ""
    code = "DISK_FULL" if error.errno == errno.ENOSPC else "SYSTEM"
    return Unreached(
        f"the system answered{place}: {error.strerror or error}",
        remedy="put that right, then type the command again; nothing is half recorded",
        code=code,
    )


if __name__ == "__main__":
    main()
