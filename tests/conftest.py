"""What every test may ask for: a database of its own, on SQLite and on PostgreSQL.

PostgreSQL is a private server, started once per run in a folder of its own and reached by a
socket there, so that two runs never meet. Where its binaries are missing, those tests are
skipped and say so; `.ci/run` installs them.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

STARTING_SECONDS_MAX = 60
STOPPING_SECONDS_MAX = 30

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Who tried the README's lines has set these in the shell that now runs the tests.
for _name in [name for name in os.environ if name.startswith("CHIP_LEDGER")]:
    del os.environ[_name]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of the test's own; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgresql_url(postgres_url: str) -> Iterator[str]:
    """An empty PostgreSQL database of the test's own, dropped after it."""
    name = f"ledger_{uuid4().hex}"
    with psycopg.connect(_conninfo(postgres_url), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    yield postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(_conninfo(postgres_url), autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A private PostgreSQL server with its defaults, fsync too; names its maintenance database."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: on Debian, apt-get install postgresql")
    # Not under pytest's tmp_path: the server's user could not enter it, and a socket's path is
    # limited to 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="chip-ledger-pg-"))
    owner = _server_user()
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    log = folder / "log"
    # PostgreSQL refuses to run as root, so root starts it as somebody else.
    as_owner: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL}
    if owner is not None:
        as_owner |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    try:
        with log.open("wb") as output:
            subprocess.run(
                [binaries / "initdb", "--pgdata=data", "--username=tester", "--auth=trust",
                 "--encoding=UTF8", "--no-locale"],
                check=True, stdout=output, stderr=output, **as_owner,
            )  # fmt: skip
            server = subprocess.Popen(
                [binaries / "postgres", "-D", "data", "-k", folder, "-c", "listen_addresses="],
                stdout=output, stderr=output, **as_owner,
            )  # fmt: skip
        try:
            url = f"postgresql+psycopg://tester@/postgres?host={folder}"
            _await_answer(url, server, log)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # "fast": ends sessions, then stops
            try:
                server.wait(STOPPING_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder)


def _postgres_binaries() -> Path | None:
    """The folder with `postgres` and `initdb`: from the PATH, else the newest Debian installed."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    asked_first = [] if on_path is None else [Path(on_path).resolve().parent]
    for folder in (*asked_first, *newest_first):
        if all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
            return folder
    return None


def _server_user() -> pwd.struct_passwd | None:
    """Who runs the server when we are root; nobody else needs to be when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:")


def _await_answer(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS_MAX
    while server.poll() is None:
        try:
            psycopg.connect(_conninfo(url)).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
