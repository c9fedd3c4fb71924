"""`chip-ledger key …`: new, enroll, countersign, list, rotate, revoke, reaffirm."""

from datetime import date
from pathlib import Path

import click
import msgspec

from commands.cli._typed import KEY, dry_run, make, on_option, run, today
from commands.keys import CountersignKey, EnrollKey, ReaffirmEntries, RevokeKey, RotateKey
from ledger import keyfile
from ledger.errors import Refused
from ledger.log import enroll, read_offer
from ledger.roles import ROLES
from ledger.session import Session
from ledger.signatures import ALGORITHMS, generate, key_id
from ledger.terms import actor
from ledger.typed import DAY

OFFER = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("key")
def key_group() -> None:
    """Keys: who may sign. What one administrator proposes, another confirms."""


@key_group.command("new")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--actor", "name", required=True, help="Who will hold it, such as c.okafor.")
@click.option("--role", "roles", type=click.Choice([*ROLES]), multiple=True, required=True,
              help="Role it signs in; as many as needed.")  # fmt: skip
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="ed25519",
              help="Signature algorithm.")  # fmt: skip
@click.option("--origin", help="Ledger it is for, when that is not at hand here.")
@click.option("--from", "valid_from", type=DAY, help="First day it may sign; today by default.")
@click.option("--until", "valid_until", type=DAY, help="Last day it may sign.")
@click.pass_obj
def new(
    session: Session,
    path: Path,
    name: str,
    roles: tuple[str, ...],
    algorithm: str,
    origin: str | None,
    valid_from: date | None,
    valid_until: date | None,
) -> None:
    """Make a key at PATH, under a passphrase, and an offer PATH.offer to enroll it.

    The offer holds the public key and your signature over it; hand it to an administrator.
    """
    offer = path.with_name(path.name + ".offer")
    if offer.exists():
        raise Refused(
            f"an offer already lies at {offer}", remedy="name another path", code="KEY_FILE_EXISTS"
        )
    origin = origin or session.open().origin
    holder = actor(name)
    signer = generate(algorithm)
    enrolled = enroll(
        origin, holder, roles, signer, valid_from=valid_from or today(), valid_until=valid_until
    )
    keyfile.save(path, signer, session.passphrase("passphrase for the new key: ", again=True))
    offer.write_bytes(msgspec.json.format(msgspec.json.encode(enrolled)) + b"\n")
    click.echo(f"key {signer.kid} for {holder} at {path}")
    click.echo(f"offer for {origin} at {offer}")
    click.echo(f"hint: an administrator types chip-ledger key enroll {offer}", err=True)


@key_group.command("enroll")
@click.argument("offer", type=OFFER)
@on_option(what="Date of the enrollment")
@dry_run
@click.pass_obj
def enroll_(session: Session, offer: Path, on: date, dry_run: bool) -> None:
    """Propose the key in OFFER; it signs once another administrator has countersigned."""
    enrolled = read_offer(offer)
    run(session, EnrollKey(enrolled=enrolled, enrolled_on=on), dry=dry_run)
    if not dry_run and not session.open().opened.sole:
        click.echo(
            f"hint: another administrator types chip-ledger key countersign {enrolled.key}",
            err=True,
        )


@key_group.command("countersign")
@click.argument("key", type=KEY)
@on_option(what="Date of the countersignature")
@dry_run
@click.pass_obj
def countersign(session: Session, key: str, on: date, dry_run: bool) -> None:
    """Confirm the key id KEY that another administrator proposed."""
    run(session, make(CountersignKey, key=key, countersigned_on=on), dry=dry_run)


@key_group.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """List every key: id, standing, holder, roles, period."""
    for held in session.open().keys().keys.values():
        mine = held.enrolled
        since = f"from entry {held.valid_after:,}" if held.valid_after else "not yet"
        ended = f" to entry {held.revoked_at:,}" if held.revoked_at else ""
        until = f" to {mine.valid_until}" if mine.valid_until else ""
        click.echo(
            f"{mine.key}  {held.standing:<7}  {mine.actor}  {', '.join(mine.roles)}"
            f"  {mine.algorithm}  {mine.valid_from}{until}  {since}{ended}"
        )


@key_group.command("rotate")
@click.argument("offer", type=OFFER)
@on_option(what="Date of the rotation")
@dry_run
@click.pass_obj
def rotate(session: Session, offer: Path, on: date, dry_run: bool) -> None:
    """Replace the key you sign with by your new one in OFFER; the old one ends here."""
    old = key_id(session.signer().spki)
    run(session, RotateKey(key=old, successor=read_offer(offer), rotated_on=on), dry=dry_run)


@key_group.command("revoke")
@click.argument("key", type=KEY)
@click.option("--reason", required=True, help="Why.")
@click.option("--suspect-from", type=int, metavar="ENTRY",
              help="Entry from which what it signed is suspect.")  # fmt: skip
@on_option(what="Date of the revocation")
@dry_run
@click.pass_obj
def revoke(
    session: Session, key: str, reason: str, suspect_from: int | None, on: date, dry_run: bool
) -> None:
    """End the key id KEY: it signs nothing after this entry, whatever date it claims."""
    command = make(RevokeKey, key=key, reason=reason, suspect_from=suspect_from, revoked_on=on)
    run(session, command, dry=dry_run)


@key_group.command("reaffirm")
@click.argument("key", type=KEY)
@click.argument("entries", type=int, nargs=-1, required=True)
@click.option("--note", required=True, help="What was checked.")
@on_option(what="Date of the check")
@dry_run
@click.pass_obj
def reaffirm(
    session: Session, key: str, entries: tuple[int, ...], note: str, on: date, dry_run: bool
) -> None:
    """Say that ENTRIES signed with the revoked key id KEY were checked and stand."""
    command = make(ReaffirmEntries, key=key, entries=entries, note=note, reaffirmed_on=on)
    run(session, command, dry=dry_run)
