"""A small office at a keyboard: a ledger, officers with keys, and what each line answers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.__main__ import run
from commands.handler import Desk
from commands.keys import CountersignKey, EnrollKey
from ledger import keyfile
from ledger.events import LedgerOpened
from ledger.log import Ledger, enroll, possessed
from ledger.roles import ROLES
from ledger.signatures import generate
from ledger.terms import ActorId

ORIGIN = "office.example/chips"
PASSPHRASE = b"correct horse"


@dataclass(frozen=True)
class Screen:
    """What a line answered: exit code, and the two streams."""

    code: int
    out: str
    err: str


class Office:
    """Officers named by their roles, at one ledger, who type lines."""

    def __init__(self, place: str, folder: Path, capsys, monkeypatch) -> None:
        self.place = place
        self.folder = folder
        self._capsys = capsys
        now = datetime.now(UTC)
        signers = {name: generate("ed25519") for name in ("admin-1", "admin-2", "log", *ROLES)}
        opened = LedgerOpened(
            origin=ORIGIN,
            log_key=possessed(signers["log"]),
            administrators=tuple(
                enroll(
                    ORIGIN,
                    ActorId(name),
                    ("key_administrator",),
                    signers[name],
                    valid_from=now.date(),
                )
                for name in ("admin-1", "admin-2")
            ),
            opened_on=now.date(),
        )
        ledger = Ledger.create(place, opened, signers["admin-1"], signers["log"], at=now)
        for role in ROLES:
            offered = enroll(ORIGIN, ActorId(role), (role,), signers[role], valid_from=now.date())
            Desk(ledger, signers["admin-1"]).execute(
                EnrollKey(enrolled=offered, enrolled_on=now.date())
            )
            Desk(ledger, signers["admin-2"]).execute(
                CountersignKey(key=offered.key, countersigned_on=now.date())
            )
        ledger.close()
        folder.mkdir()
        for name, signer in signers.items():
            keyfile.save(folder / name, signer, PASSPHRASE, rounds=1)
        self.signers = signers
        monkeypatch.setenv("CHIP_LEDGER", place)
        monkeypatch.setenv("CHIP_LEDGER_PASSPHRASE", PASSPHRASE.decode())

    def types(self, *words: str, by: str | None = None) -> Screen:
        """A line typed, signed by an officer when it is one that signs."""
        key = () if by is None else ("--key", str(self.folder / by))
        self._capsys.readouterr()
        code = 0
        try:
            code = run([*words, *key])
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = self._capsys.readouterr()
        return Screen(code, said.out, said.err)

    def size(self) -> int:
        """How many entries the ledger holds."""
        ledger = Ledger.open(self.place)
        try:
            return ledger.size()
        finally:
            ledger.close()


@pytest.fixture
def office(database_url, tmp_path, capsys, monkeypatch):
    """An office with a fresh ledger, once on each database."""
    return Office(database_url, tmp_path / "keys", capsys, monkeypatch)


@pytest.fixture
def small_office(sqlite_url, tmp_path, capsys, monkeypatch):
    """An office with a fresh ledger in a file, for what does not depend on the database."""
    return Office(sqlite_url, tmp_path / "keys", capsys, monkeypatch)
