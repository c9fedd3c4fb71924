"""One person at one keyboard: which ledger, which key, and where its passphrase comes from.

The ledger is named by --ledger or CHIP_LEDGER, the signer by --key or CHIP_LEDGER_KEY. A passphrase
is read from a file, from the environment, or asked for; it is never an argument, where other
people on the machine could read it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from getpass import getpass
from pathlib import Path

from ledger import keyfile
from ledger.database import is_database
from ledger.errors import Malformed, NotPermitted, Unknown
from ledger.events import LedgerOpened
from ledger.fold import Fold
from ledger.log import Ledger
from ledger.policy import pack_names, shipped_pack
from ledger.signatures import Signer
from ledger.store import Store


@dataclass(slots=True)
class Session:
    """What the options and the environment say; nothing is opened before it is needed."""

    ledger_place: str = "./ledger.db"
    key: str | None = None
    passphrase_file: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folds: Sequence[Fold] = ()
    """What the rooms keep in the ledger's database, for whoever verifies it."""
    _opened: list[Store] = field(default_factory=list)

    @property
    def keys_folder(self) -> Path:
        """Where `init` puts keys, and where a key named without a path is looked for."""
        if is_database(self.ledger_place) and not self.ledger_place.startswith("sqlite:"):
            return Path("chip-ledger-keys")
        return Path(self.ledger_place.removeprefix("sqlite:///") + "-keys")

    def open(self) -> Ledger:
        """The ledger."""
        return Ledger(self.open_store())

    def open_store(self) -> Store:
        """The ledger's store, for reading bytes that may not be a ledger's."""
        store = Store.open(self.ledger_place)
        self._opened.append(store)
        return store

    def close(self) -> None:
        """Let go of every ledger opened here: its file is then whole without files beside it."""
        while self._opened:
            self._opened.pop().close()

    def create(self, opened: LedgerOpened, signer: Signer, log: Signer, *, at: datetime) -> Ledger:
        """A new ledger."""
        return Ledger.create(self.ledger_place, opened, signer, log, at=at)

    def signer(self) -> Signer:
        """The key that signs, opened with its passphrase."""
        if self.key is None:
            raise Unknown(
                "no key was named to sign with",
                remedy=f"name one with --key or CHIP_LEDGER_KEY{self._keys_here()}",
                code="KEY_NOT_NAMED",
            )
        return self.load(self.key_path(self.key))

    def load(self, path: Path) -> Signer:
        """The key in a file, opened with the passphrase."""
        if not path.is_file():
            raise Unknown(
                f"no key file at {path}",
                remedy=f"make one with chip-ledger key new{self._keys_here()}",
                code="KEY_FILE_MISSING",
            )
        return keyfile.load(path, self.passphrase(f"passphrase of {path}: "))

    def key_path(self, key: str) -> Path:
        """The file of a key named by its path, or by its name in the keys folder."""
        named = Path(key).expanduser()
        return named if named.is_file() or named.name != key else self.keys_folder / key

    def passphrase(self, prompt: str, *, again: bool = False) -> bytes:
        """The passphrase: from the file, the environment, or the person at the keyboard."""
        named = self.passphrase_file or self.environment.get("CHIP_LEDGER_PASSPHRASE_FILE")
        if named:
            try:
                found = Path(named).expanduser().read_bytes()
            except OSError as error:
                raise Unknown(
                    f"the passphrase file {named} cannot be read: {error.strerror}",
                    remedy="name a file that holds the passphrase on its first line",
                    code="PASSPHRASE_FILE",
                ) from error
            return found.partition(b"\n")[0].rstrip(b"\r")
        given = self.environment.get("CHIP_LEDGER_PASSPHRASE")
        if given is not None:
            return given.encode()
        if not sys.stdin.isatty():
            raise NotPermitted(
                "a passphrase is needed, and nobody is at the keyboard to be asked",
                remedy="set CHIP_LEDGER_PASSPHRASE, or name a file with --passphrase-file",
                code="PASSPHRASE_MISSING",
            )
        typed = getpass(prompt)
        if again and getpass("the same again: ") != typed:
            raise Malformed(
                "the two passphrases differ",
                remedy="type the command again",
                code="PASSPHRASES_DIFFER",
            )
        return typed.encode()

    def _keys_here(self) -> str:
        """The keys that lie in the keys folder, for a hint."""
        if not self.keys_folder.is_dir():
            return ""
        names = sorted(path.name.removesuffix(".pub") for path in self.keys_folder.glob("*.pub"))
        return f"; {self.keys_folder} holds {', '.join(names)}" if names else ""


def pack_files(spec: str) -> dict[str, str]:
    """The texts of the packs that a line (`ledger.policy.supposing`) names as files, by name."""
    return {name: pack_text(name) for name in pack_names(spec) if name.endswith(".toml")}


def pack_text(name: str) -> str:
    """A policy pack as text: a file where the name ends in .toml, else one that ships."""
    if not name.endswith(".toml"):
        return shipped_pack(name)
    try:
        return Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"{name} is not a text file in UTF-8", remedy="save it as UTF-8", code="NOT_UTF8"
        ) from error
    except OSError as error:
        raise Unknown(
            f"the policy pack {name} cannot be read: {error.strerror}",
            remedy="name a pack that ships, or a file that ends in .toml",
            code="PACK_UNKNOWN",
        ) from error
