"""What an auditor types: init, verify, checkpoint, anchor, prove, roles, doctor, explain."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ledger import keyfile, proof
from ledger.audit import audit
from ledger.checkpoint import parse_note
from ledger.database import database_url, shown
from ledger.errors import Malformed, NotAuthentic, Refused, Unknown
from ledger.events import EVENTS, LedgerOpened
from ledger.events.keys import Origin
from ledger.explain import explain
from ledger.log import CLOCK_SLACK, Ledger, enroll, nodes, possessed, read_offer
from ledger.merkle import root_of
from ledger.roles import ROLES
from ledger.session import Session
from ledger.signatures import generate
from ledger.tables import SCHEMA_VERSION
from ledger.terms import actor
from ledger.verification import Anchor, Report, parse_anchor, render_anchor
from ledger.views import entry_at, positions

ADMINISTRATOR = ("key_administrator",)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

answer_form = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="How the answer is shown.",
)  # fmt: skip
"""How a verifier prints its answer, of a ledger, a case file or a replay."""


@click.command()
@click.option("--origin", required=True, help="Name of the ledger: a URL without its scheme.")
@click.option("--admin", "admins", multiple=True, metavar="ACTOR",
              help="Key administrator who gets a key here; give two.")  # fmt: skip
@click.option("--offer", "offers", multiple=True, type=FILE,
              help="Offer of an administrator who made a key with key new.")  # fmt: skip
@click.pass_obj
def init(session: Session, origin: str, admins: tuple[str, ...], offers: tuple[Path, ...]) -> None:
    """Make a new ledger: log key, key administrators, first entry, first checkpoint.

    Each --admin gets a new key in the folder LEDGER-keys, under the passphrase you give. Take
    two administrators: what one proposes, the other confirms. With one alone the ledger opens
    too, and says so for ever.
    """
    if not admins:
        raise Malformed(
            "a ledger needs a key administrator who signs its first entry here",
            remedy="give --admin a.rivera --admin b.chen",
            code="ADMIN_MISSING",
        )
    # A place that cannot be one is refused before anybody is asked for a passphrase.
    place = shown(database_url(session.ledger_place))
    folder = session.keys_folder
    _check_origin(origin)
    if "log" in admins:
        raise Malformed(
            "log is the name of the log's own key, and cannot be an administrator's here",
            remedy="give the administrator another name",
            code="ID_FORM",
        )
    # The log's first: of two who make keys in one folder at once, one stops before any other key.
    names = ["log", *dict.fromkeys(actor(name) for name in admins)]
    for name in names:
        if (folder / name).exists():
            raise Refused(
                f"a key already lies at {folder / name}",
                remedy="name another ledger, or move the key away",
                code="KEY_FILE_EXISTS",
            )
    passphrase = session.passphrase("passphrase for the new keys: ", again=True)
    now = datetime.now(UTC)
    signers = {name: generate("ed25519") for name in names}
    enrolled = [
        enroll(origin, actor(name), ADMINISTRATOR, signer, valid_from=now.date())
        for name, signer in signers.items()
        if name != "log"
    ] + [read_offer(path) for path in offers]
    people = sorted({one.actor for one in enrolled})
    opened = LedgerOpened(
        origin=origin,
        log_key=possessed(signers["log"]),
        administrators=tuple(enrolled),
        sole=len(people) == 1,
        opened_on=now.date(),
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Keys before the ledger: a ledger whose keys could not be kept would stand there for nobody.
    saved: list[Path] = []
    try:
        for name, signer in signers.items():
            keyfile.save(folder / name, signer, passphrase)
            saved.append(folder / name)
        session.create(opened, signers[names[1]], signers["log"], at=now).close()
    except BaseException:
        for path in saved:
            path.unlink()
            path.with_name(f"{path.name}.pub").unlink()
        with suppress(OSError):
            folder.rmdir()
        raise
    click.echo(f"opened {origin} at {place}: entry 1, and a checkpoint over it")
    click.echo(f"administrators: {', '.join(people)}")
    click.echo(f"keys in {folder}: {', '.join([*names[1:], names[0]])}")
    if opened.sole:
        click.echo(
            f"warning: one administrator alone: nobody else confirms what {people[0]} enrolls",
            err=True,
        )
    click.echo("hint: chip-ledger anchor prints what an auditor keeps on paper", err=True)


@click.command()
@click.option("--anchor", "anchor_file", type=FILE, help="Trust anchor that you hold.")
@click.option("--known", multiple=True, type=FILE, help="Checkpoint kept from earlier.")
@click.option("--views", "with_views", is_flag=True,
              help="Compare what is kept of the views with the entries too.")  # fmt: skip
@answer_form
@click.pass_obj
def verify(
    session: Session,
    anchor_file: Path | None,
    known: tuple[Path, ...],
    with_views: bool,
    form: str,
) -> None:
    """Check all that can be checked, re-reading every byte; ends with one verdict.

    Exit code 0: valid. 3: valid as far as the newest checkpoint reaches. 4: something is wrong.
    """
    anchor = None if anchor_file is None else parse_anchor(_text(anchor_file))
    store = session.open_store()
    with store.reading() as connection:
        size = store.last(connection)
    places = {_text(path): str(path) for path in known}
    with progress(size, "verifying") as advance:
        report = audit(
            store,
            anchor=anchor,
            known=[*places],
            places=places,
            views=session.folds if with_views else None,
            on_progress=advance,
        )
    answer(report, form)


@click.command()
@click.option("--log-key", help="File of the log key; the one in LEDGER-keys by default.")
@click.pass_obj
def checkpoint(session: Session, log_key: str | None) -> None:
    """Sign the log's size and root with the log key, keep the note, and print it.

    Hand it to an auditor or a witness: no later history can leave out what it covers.
    """
    ledger = session.open()
    click.echo(ledger.checkpoint(session.load(session.key_path(log_key or "log"))), nl=False)


@click.command()
@click.pass_obj
def anchor(session: Session) -> None:
    """Print the trust anchor: origin, log key and opening entry, to keep outside the ledger."""
    ledger = session.open()
    click.echo(render_anchor(Anchor(ledger.origin, ledger.log_spki, ledger.opening_leaf)), nl=False)


@click.group()
def prove() -> None:
    """Prove that an entry is in the log, or that the log only grew."""


@prove.command("entry")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--line", is_flag=True, help="Print the entry's line instead of its proof.")
@click.pass_obj
def prove_entry(session: Session, number: int, line: bool) -> None:
    """Prove that entry NUMBER is in the log of the newest checkpoint."""
    ledger = session.open()
    note = _newest(ledger.newest_checkpoint())
    size = ledger.parsed(note).size
    content, hashes = ledger.prove_inclusion(number, size)
    click.echo(content.decode() if line else proof.render_inclusion(number, hashes, note), nl=line)


@prove.command("growth")
@click.argument("earlier", type=FILE)
@click.pass_obj
def prove_growth(session: Session, earlier: Path) -> None:
    """Prove that the newest checkpoint's log begins with that of the EARLIER checkpoint."""
    ledger = session.open()
    old, new = _text(earlier), _newest(ledger.newest_checkpoint())
    try:
        begins = parse_note(old, origin=ledger.origin, log_spki=ledger.log_spki).size
    except NotAuthentic as error:
        raise NotAuthentic(
            f"{earlier}: {error.problem}",
            remedy="give a file with what chip-ledger checkpoint printed for this ledger",
            code=error.code,
        ) from error
    size = ledger.parsed(new).size
    hashes = ledger.prove_consistency(begins, size)
    click.echo(proof.render_consistency(old, hashes, new), nl=False)


@prove.command("check")
@click.argument("proof_file", type=FILE, metavar="PROOF")
@click.option("--anchor", "anchor_file", type=FILE, required=True, help="Trust anchor you hold.")
@click.option("--entry", "entry_file", type=FILE, help="The entry's line, for its proof.")
def prove_check(proof_file: Path, anchor_file: Path, entry_file: Path | None) -> None:
    """Check a PROOF against a trust anchor; no ledger is needed."""
    held = parse_anchor(_text(anchor_file))
    line = None if entry_file is None else entry_file.read_bytes().removesuffix(b"\n")
    shown = proof.check(_text(proof_file), origin=held.origin, log_spki=held.log_spki, line=line)
    click.echo(f"proved: {shown}")


@click.command()
def roles() -> None:
    """Print who may sign what: the one table that writer and verifier keep."""
    for role, wires in ROLES.items():
        click.echo(role)
        for wire in EVENTS:
            if wire in wires:
                click.echo(f"  {wire}")


@click.command("explain")
@click.argument("code")
def explain_command(code: str) -> None:
    """Say more about the CODE of an error or a finding."""
    click.echo(explain(code.upper()))


@click.command()
@click.option("--tiles", is_flag=True, help="First put back tiles that are missing.")
@click.pass_obj
def doctor(session: Session, tiles: bool) -> None:
    """Look at the ledger's surroundings: tables, clock, checkpoint, views, key files.

    Ends with exit code 4 where triggers are gone, or SQLite finds its own file damaged.

    With --tiles, tiles of the Merkle tree that are missing are made again from the entries, once
    these are seen to be those of the newest checkpoint.
    """
    ledger = session.open()
    if tiles:
        click.echo(f"tiles        {ledger.restore_tiles():,} put back")
    size = ledger.size()
    click.echo(f"ledger       {ledger.store.place}, tables of version {SCHEMA_VERSION}")
    click.echo(f"origin       {ledger.origin}")
    click.echo(f"entries      {size:,}, root {_root(ledger)}")
    now, newest = datetime.now(UTC), _newest_instant(ledger)
    click.echo(f"clock        {now:%Y-%m-%d %H:%M:%S} UTC; newest entry {newest:%Y-%m-%d %H:%M:%S}")
    if newest > now + CLOCK_SLACK:
        click.echo(
            "warning: the newest entry is dated ahead of this clock, and whoever's clock is right"
            " can record nothing until then",
            err=True,
        )
    note = ledger.newest_checkpoint()
    covered = 0 if note is None else ledger.parsed(note).size
    later = size - covered
    click.echo(
        f"checkpoint   covers {covered:,} entries"
        + (f"; {later:,} later ones: chip-ledger checkpoint" if later else "")
    )
    keys = list(ledger.keys().keys.values())
    valid = sum(held.standing == "valid" for held in keys)
    click.echo(f"keys         {len(keys):,} enrolled, {valid:,} valid")
    for view, position in positions(ledger.store).items():
        click.echo(f"view         {view} is at entry {position} of {size:,}")
    for path in sorted(session.keys_folder.glob("*.pub")):
        private = path.with_suffix("")
        if private.is_file() and private.stat().st_mode & 0o077:
            click.echo(f"warning: others may read {private}: chmod 600 {private}", err=True)
    with ledger.store.reading() as connection:
        ailments = list(ledger.store.ailments(connection))
    if ailments:
        raise NotAuthentic(
            f"the tables of {ledger.store.place} are not as they were made: {'; '.join(ailments)}",
            remedy="whoever owns the database changed them, or the disk did: chip-ledger verify",
            code="LEDGER_DAMAGED",
        )


def _check_origin(origin: str) -> None:
    """Refuse a name no ledger can have, before anything is made under it."""
    try:
        msgspec.convert(origin, Origin)
    except msgspec.ValidationError as error:
        raise Malformed(
            f"{origin[:80]!r} cannot name a ledger",
            remedy="write a URL without its scheme and in lower case, such as"
            " ledger.example.gov/chips",
            code="ORIGIN_FORM",
        ) from error


def _root(ledger: Ledger) -> str:
    """The root that tiles and lines give; `NotAuthentic` where the head says another."""
    with ledger.store.reading() as connection:
        size, frontier = ledger.store.head(connection)
        later = next(ledger.store.pages(connection, after=frontier.size), None)
        whole = size == frontier.size and later is None
        if not whole or root_of(size, nodes(ledger.store, connection)) != frontier.root():
            raise NotAuthentic(
                f"the head says {size:,} entries and root {frontier.root().hex()}, and the tables"
                " hold others",
                remedy="the database was altered: sign nothing, and run chip-ledger verify",
                code="FRONTIER",
            )
        return frontier.root().hex()


def _newest_instant(ledger: Ledger) -> datetime:
    """When the newest entry was signed, as its signer's clock said."""
    with ledger.store.reading() as connection:
        number, _ = ledger.store.head(connection)
        return datetime.fromisoformat(entry_at(ledger.store, connection, number).at)


@contextmanager
def progress(total: int, deed: str) -> Iterator[Callable[[float], None]]:
    """A bar on the terminal, when there is one to draw on; a function told how far it is."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(deed, total=total)
        yield lambda done: bar.update(task, completed=done)


def _newest(note: str | None) -> str:
    if note is None:
        raise Unknown(
            "the ledger has no checkpoint, so nothing can be proved yet",
            remedy="chip-ledger checkpoint",
            code="CHECKPOINT_MISSING",
        )
    return note


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"{path} is not a text file in UTF-8", remedy="check which file it is", code="NOT_UTF8"
        ) from error


def answer(report: Report, form: str) -> NoReturn:
    """Print what a verifier answered, and end with its exit code."""
    if form == "json":
        click.echo(json.dumps(_as_json(report), indent=2))
    else:
        for line in report.lines():
            click.echo(line)
    sys.exit(report.exit)


def _as_json(report: Report) -> dict[str, object]:
    return {
        "verdict": report.verdict,
        "entries": report.entries,
        "root": report.root.hex(),
        "scope": report.scope,
        "not_checked": list(report.not_checked),
        "steps": [
            {"number": step.number, "title": step.title, "outcome": step.outcome}
            for step in report.steps
        ],
        "findings_total": report.findings_total,
        "findings": [
            {"code": one.code, "entry": one.entry, "problem": one.problem}
            for one in report.findings
        ],
    }


commands: list[click.Command] = [
    init, verify, checkpoint, anchor, prove, roles, doctor, explain_command
]  # fmt: skip
