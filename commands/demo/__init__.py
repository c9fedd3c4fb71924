"""The demonstration: a ledger of the public record, built anywhere, with keys made on the spot.

Its officers do not exist and its keys are worth nothing: they lie in a folder with the passphrase
beside them, so that whoever builds it can go on typing. The origin says that it is one.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from commands.demo.record import SAID_BY, Line, cases, lines
from commands.handler import Desk
from commands.keys import CountersignKey, EnrollKey
from ledger import keyfile
from ledger.errors import Refused
from ledger.events import EnrolledKey, LedgerOpened
from ledger.log import Ledger, enroll
from ledger.signatures import Signer, generate
from ledger.terms import ActorId

ORIGIN: Final = "demo.chip-ledger.example/public-record"

ADMINISTRATORS: Final = ("key-administrator-1", "key-administrator-2")
LOG_KEY: Final = "log"

ROUNDS: Final = 16
"""Work for each guess at the passphrase (`ledger.keyfile`): little, for it lies beside the keys."""

_ALGORITHM: Final = "ed25519"


@dataclass(frozen=True, slots=True)
class Built:
    """What was built.

    place          the ledger
    keys           the folder with its keys, and the passphrase of all of them
    entries        entries in the ledger, the opening and the keys included
    lines          lines of the public record among them
    cases          public cases
    events         events of these cases that were declared or observed
    events_said    those that stand in the ledger
    events_unsaid  the others, counted by the reason why they do not
    warnings       what the deciders remarked
    """

    place: str
    keys: Path
    entries: int
    lines: int
    cases: int
    events: int
    events_said: int
    events_unsaid: dict[str, int]
    warnings: tuple[str, ...]


def build(
    place: str,
    keys: Path,
    *,
    now: datetime,
    passphrase: bytes,
    rounds: int = ROUNDS,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Built:
    """Make the demonstration ledger at a path or URL, and its keys in a new folder.

    now          the time of every entry, in UTC
    passphrase   for every key file; written beside them
    rounds       work for each guess at it
    on_progress  told how many lines are recorded, and of how many

    Raises `Refused` (KEYS_FOLDER_EXISTS) when the folder is there already, and what
    `Ledger.create` raises when the ledger is.
    """
    said = list(lines())
    actors = [*ADMINISTRATORS, *map(_actor, SAID_BY.values())]
    signers = {name: generate(_ALGORITHM) for name in (*actors, LOG_KEY)}
    _make_folder(keys)
    try:
        ledger = _open(place, signers, now)
    except BaseException:
        keys.rmdir()
        raise
    try:
        _save(keys, signers, passphrase, rounds)
        _enroll_officers(ledger, signers, now)
        warnings = tuple(_say(ledger, signers, said, now, on_progress))
        ledger.checkpoint(signers[LOG_KEY])
        entries = ledger.size()
    finally:
        ledger.close()
    public = cases()
    return Built(
        place=place,
        keys=keys,
        entries=entries,
        lines=len(said),
        cases=len(public.case),
        events=sum(len(case.event) for case in public.case),
        events_said=sum(case.said for case in public.case),
        events_unsaid=public.unsaid(),
        warnings=warnings,
    )


def _actor(role: str) -> str:
    """The actor of a role, and the name of the key file: one officer for each."""
    return role.replace("_", "-")


def _make_folder(keys: Path) -> None:
    try:
        keys.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise Refused(
            f"{keys} is already there, and a key is never written over",
            remedy="build the demonstration at another place, or remove that folder and its ledger",
            code="KEYS_FOLDER_EXISTS",
        ) from None


def _open(place: str, signers: dict[str, Signer], now: datetime) -> Ledger:
    opened = LedgerOpened(
        origin=ORIGIN,
        log_key=b64encode(signers[LOG_KEY].spki).decode(),
        administrators=tuple(
            _enrolled(name, "key_administrator", signers, now) for name in ADMINISTRATORS
        ),
        opened_on=now.date(),
    )
    return Ledger.create(place, opened, signers[ADMINISTRATORS[0]], signers[LOG_KEY], at=now)


def _enrolled(name: str, role: str, signers: dict[str, Signer], now: datetime) -> EnrolledKey:
    return enroll(ORIGIN, ActorId(name), (role,), signers[name], valid_from=now.date())


def _save(keys: Path, signers: dict[str, Signer], passphrase: bytes, rounds: int) -> None:
    file = os.open(keys / "passphrase", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as writing:
        writing.write(passphrase + b"\n")
    for name, signer in signers.items():
        keyfile.save(keys / name, signer, passphrase, rounds=rounds)


def _enroll_officers(ledger: Ledger, signers: dict[str, Signer], now: datetime) -> None:
    proposer, confirmer = (
        Desk(ledger, signers[name], clock=lambda: now) for name in ADMINISTRATORS
    )
    offered = [_enrolled(_actor(role), role, signers, now) for role in SAID_BY.values()]
    with proposer.batch() as batch:
        for enrolled in offered:
            batch.execute(EnrollKey(enrolled=enrolled, enrolled_on=now.date()))
    with confirmer.batch() as batch:
        for enrolled in offered:
            batch.execute(CountersignKey(key=enrolled.key, countersigned_on=now.date()))


def _say(
    ledger: Ledger,
    signers: dict[str, Signer],
    said: list[Line],
    now: datetime,
    on_progress: Callable[[int, int], None],
) -> Iterator[str]:
    """Record every line, each office's in one batch; what was remarked on them."""
    done = 0
    for role, spoken in groupby(said, key=lambda line: line.role):
        desk = Desk(ledger, signers[_actor(role)], clock=lambda: now)
        with desk.batch() as batch:
            for line in spoken:
                yield from (f"{line.name}: {each}" for each in batch.execute(line.command).warnings)
                done += 1
        on_progress(done, len(said))
