"""`python -m benchmarks.speed`: how fast the ledger is, as ratios to what the machine can do.

Every figure is a ratio of two things done side by side in this run, in turns, and the median of
several turns; so it holds on a busy machine too, where a time alone would not. Nothing here fails
when something is slow: the report is read by a person. docs/performance.md keeps what was found.
"""

import gc
import json
import os
import platform
import resource
import shutil
import sqlite3
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar
from uuid import uuid4

import click
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from benchmarks import peer
from benchmarks.events import DAYS, FIRST_DAY, events
from benchmarks.floors import Floor, PostgresFloor, SqliteFloor, decode_all, verify_all
from ledger import views
from ledger.audit import audit
from ledger.envelope import pae, unseal
from ledger.events import Event, LedgerOpened, ShipmentVoided
from ledger.log import Ledger, enroll
from ledger.policy import Rules, parse_pack, shipped_pack
from ledger.quota import QuotaFold, account
from ledger.roles import ROLES
from ledger.signatures import Signer, generate
from ledger.store import StoredRow
from ledger.terms import ActorId, Country
from projections.differences import Lines
from projections.replay import READS, Replay
from projections.replay import gone as voided

T = TypeVar("T")

BATCH: Final = 1_000
ROUNDS: Final = 5
APPENDS: Final = 60
CATCH_UP: Final = 100
KNOWN_BEFORE: Final = 100
QUESTIONS: Final[tuple[Country, ...]] = ("AE", "SA", "MY", "IN", "SG", "TH", "BR", "PL", "KE", "UZ")
ASKED_ON: Final[date] = date.fromordinal(FIRST_DAY.toordinal() + DAYS * 9 // 10)
PEER_TRANSACTIONS: Final = 500
"""Events the peer's projection is timed on where each is a transaction; its rate does not change
with the number, and a disk does a few hundred of them in a second."""

FLOORS: Final = {
    "append": "sign + INSERT of payload and signature by the bare driver, one transaction each",
    "import": "sign + executemany of payloads and signatures by the bare driver, batches alike",
    "rebuild": "SELECT of all rows by the bare driver + msgspec decode of every body",
    "verify": "Ed25519 verification of the same messages by cryptography, as many threads",
    "replay": "rebuild of the quotas, the same events: ratio of the times, at most 1.5 is wanted",
    "growth": "time with all the events by time with a tenth of them",
    "peer_append": "eventsourcing Application on SQLite, one signed event saved at a time",
    "peer_import": "eventsourcing Application on SQLite, the same batches, signed alike",
    "peer_rebuild": "eventsourcing Projection with the same fold, one transaction for each event",
    "peer_replay": "the same, but one transaction for all events",
}
"""What each figure is measured against."""

TYPES_READ: Final = "the same, but only the bodies that quotas read are decoded: a stricter floor"

OTHERS: Final = ("floor_per_second", "peer_per_second", "rebuild_per_second")


@dataclass(frozen=True)
class Turn:
    """One turn: how much was done, and the seconds it took us and the other side."""

    done: int
    ours: float
    other: float


def compared(turns: Sequence[Turn], other: str = "floor") -> dict[str, Any]:
    """The medians of some turns: ratio of the rates, and each side's rate."""
    return {
        "ratio": round(median(turn.other / turn.ours for turn in turns), 3),
        "ours_per_second": round(median(turn.done / turn.ours for turn in turns)),
        f"{other}_per_second": round(median(turn.done / turn.other for turn in turns)),
        "runs": len(turns),
    }


def seconds(work: Callable[..., object], *given: object) -> float:
    """How long something takes; what the benchmark itself holds in memory is nobody's work."""
    gc.collect()
    gc.freeze()
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


def each(work: Callable[..., object], items: Iterable[T], *given: object) -> None:
    """Do something with one item after another."""
    for item in items:
        work(item, *given)


@dataclass
class Places:
    """Where databases stand while this runs: a folder here, or beside a database on its server."""

    folder: Path
    server: str | None
    _made: list[str] = field(default_factory=list)

    def new(self) -> str:
        """Path or URL of a place where nothing stands yet."""
        name = f"chip_ledger_benchmark_{uuid4().hex}"
        if self.server is None:
            return str(self.folder / f"{name}.db")
        with psycopg.connect(conninfo(self.server), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        self._made.append(name)
        url = make_url(self.server).set(database=name)
        return url.render_as_string(hide_password=False)

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.folder)
        if self.server is not None:
            with psycopg.connect(conninfo(self.server), autocommit=True) as connection:
                for name in self._made:
                    connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def conninfo(url: str) -> str:
    """A database URL as the driver reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Office:
    """One signer with every role, and the ledgers that are filled with the same events."""

    def __init__(self, count: int, places: "Places") -> None:
        self.count = count
        self.places = places
        self.signer = generate("ed25519")
        self.key: Any = load_der_public_key(self.signer.spki)
        self.rules = Rules.of([parse_pack(shipped_pack("diffusion-2025"))])
        self._log = generate("ed25519")
        self.place = places.new()
        self.small_place = places.new()
        self.ledger = self._open(self.place)
        self.small = self._open(self.small_place)
        self.floor: Floor = (
            PostgresFloor(conninfo(places.new()), conninfo(self.place))
            if places.server
            else SqliteFloor(places.new(), self.place)
        )
        self.matters = peer.Matters(places.folder / "peer.db")

    def _open(self, place: str) -> Ledger:
        origin, now = "ledger.example.gov/benchmark", datetime.now(UTC)
        mine = enroll(origin, ActorId("a.rivera"), tuple(ROLES), self.signer, valid_from=now.date())
        opened = LedgerOpened(
            origin=origin, log_key=_spki(self._log), administrators=(mine,), sole=True,
            opened_on=now.date(),
        )  # fmt: skip
        return Ledger.create(place, opened, self.signer, self._log, at=now)

    def close(self) -> None:
        """Let go of every database."""
        self.matters.close()
        self.floor.close()
        self.ledger.close()
        self.small.close()

    # ── what is measured ────────────────────────────────────────────────────────────────────────

    def importing(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Fill the ledger, the floor's table and the peer's, batch by batch in turns."""
        batch = max(1, min(BATCH, self.count // ROUNDS))
        batches = max(1, min(10, self.count // batch // ROUNDS))
        stream = events(self.count)
        floor, other = [], []
        while some := list(islice(stream, batch * batches)):
            parts = [some[start : start + batch] for start in range(0, len(some), batch)]
            before = self.ledger.size()
            ours = seconds(each, self.ledger.append, parts, self.signer)
            said = self._said(before)
            cut = [said[start : start + batch] for start in range(0, len(said), batch)]
            bare = [[one.message for one in part] for part in cut]
            floor_seconds = seconds(each, self.floor.insert, bare, self.signer.sign)
            peer_seconds = seconds(each, self.matters.record, cut, self.signer.sign)
            floor.append(Turn(len(some), ours, floor_seconds))
            other.append(Turn(len(some), ours, peer_seconds))
        yield "import", compared(floor)
        yield "peer_import", compared(other, "peer")
        stream = events(max(1, self.count // 10))
        while some := list(islice(stream, BATCH)):
            self.small.append(some, self.signer)

    def rebuilding(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Drop what is kept of the quotas, and fold it again from the first entry."""
        fold, store, size = QuotaFold(), self.ledger.store, self.ledger.size()
        turns, strict = [], []
        for _ in range(ROUNDS):
            views.drop(store, [fold.name])
            ours = seconds(views.catch_up, store, fold)
            turns.append(Turn(size, ours, seconds(decode_all, self.floor.rows())))
            strict.append(Turn(size, ours, seconds(decode_all, self.floor.rows(), fold.reads)))
        memory = {}
        for ledger, place in ((self.small, self.small_place), (self.ledger, self.place)):
            views.drop(ledger.store, [fold.name])
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                peak = process.submit(peak_memory_of_rebuild, place).result()
            memory[str(ledger.size())] = peak
        stricter = compared(strict)
        yield (
            "rebuild",
            {
                **compared(turns),
                "ratio_of_types_read": stricter["ratio"],
                "types_read_per_second": stricter["floor_per_second"],
                "peak_memory_mb": memory,
            },
        )

        size = self.matters.recorder.max_notification_id() or 0
        each, replay = [], []
        for number in range(3):
            view = peer.projection(self.places.folder / f"peer-each-{number}.db")
            some = min(PEER_TRANSACTIONS, size)
            other = seconds(self._project, view, some)
            ours = turns[number].ours / turns[number].done * some
            each.append(Turn(some, ours, other))
            view = peer.projection(self.places.folder / f"peer-all-{number}.db")
            other = seconds(self._replay, view)
            replay.append(Turn(size, turns[number].ours / turns[number].done * size, other))
        yield "peer_rebuild", compared(each, "peer")
        yield "peer_replay", compared(replay, "peer")

    def _project(self, view: peer.QuotaProjection, count: int) -> None:
        for said, tracking in self.matters.said(count):
            view.process_event(said, tracking)

    def _replay(self, view: peer.QuotaProjection) -> None:
        tracking = None
        for said, tracking in self.matters.said(self.count):
            view.fold(said, tracking)
        if tracking is not None:
            view.save(tracking)

    def replaying(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Decisions and accounts of all history under another pack, beside a rebuild of quotas.

        Red flags are left out: they take what they take under any rules, many times as long.
        """
        fold, store, size = QuotaFold(), self.ledger.store, self.ledger.size()
        turns = []
        for _ in range(3):
            views.drop(store, [fold.name])
            other = seconds(views.catch_up, store, fold)
            turns.append(Turn(size, seconds(self._replay_rules), other))
        yield (
            "replay",
            {
                **compared(turns, "rebuild"),
                "ratio": round(median(turn.ours / turn.other for turn in turns), 3),
            },
        )

    def _replay_rules(self) -> None:
        store = self.ledger.store
        lines = Lines([(pack, shipped_pack(str(pack.id))) for pack in self.rules.packs])
        with store.reading() as connection:
            voids = views.entries(store, connection, {ShipmentVoided.wire})
            replay = Replay([self.rules], lines, gone=voided(voids))
            for entry in views.entries(store, connection, READS):
                replay.take(entry)
        replay.differences()
        replay.account_differences(replay.latest)

    def verifying(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Verify the whole ledger, and beside it the bare signatures."""
        threads, size, turns = os.cpu_count() or 1, self.ledger.size(), []
        self.ledger.checkpoint(self._log)
        key: Ed25519PublicKey = self.key
        with self.ledger.store.reading() as connection:
            lines = [row[4] for row in self.ledger.store.pages(connection)]
        signed = []
        for line in lines:
            envelope = unseal(bytes(line))
            signed.append((envelope.signatures[0][1], pae(envelope.payload)))
        del lines
        for _ in range(ROUNDS if self.count <= 200_000 else 3):
            ours = seconds(self._verify)
            other = seconds(verify_all, signed, key, threads)
            turns.append(Turn(size, ours, other))
        yield "verify", {**compared(turns), "threads": threads}

    def _verify(self) -> None:
        report = audit(self.ledger.store)
        if report.verdict != "VALID":
            raise click.ClickException(report.verdict_line())

    def appending(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """One event at a time into the full ledger, each on disk before the next."""
        floor, other = [], []
        for turn in range(ROUNDS):
            singles = [[one] for one in self._more(turn, APPENDS)]
            before = self.ledger.size()
            ours = seconds(each, self.ledger.append, singles, self.signer)
            said = self._said(before)
            messages = [one.message for one in said]
            bare = seconds(each, self.floor.append, messages, self.signer.sign)
            theirs = seconds(each, self.matters.record, [[one] for one in said], self.signer.sign)
            floor.append(Turn(len(said), ours, bare))
            other.append(Turn(len(said), ours, theirs))
        yield "append", compared(floor)
        yield "peer_append", compared(other, "peer")

    def growing(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The same few things in the full ledger and in one of a tenth of its size."""
        fold = QuotaFold()
        costs: dict[str, list[tuple[float, float]]] = {
            "append": [], "quota": [], "catch_up": [], "known_at": [],
        }  # fmt: skip
        for ledger in (self.small, self.ledger):
            views.catch_up(ledger.store, fold)
            self._ask(ledger)
            self._ask_then(ledger)
        for turn in range(2 * ROUNDS):
            some = self._more(100 + turn, CATCH_UP)
            took: dict[str, list[float]] = {name: [] for name in costs}
            for ledger in (self.small, self.ledger):
                singles = [seconds(ledger.append, [one], self.signer) for one in some]
                took["append"].append(median(singles))
                took["catch_up"].append(seconds(views.refresh, ledger.store, [fold]))
                took["quota"].append(median(seconds(self._ask, ledger) for _ in range(ROUNDS)))
                took["known_at"].append(median(seconds(self._ask_then, ledger) for _ in range(3)))
            for name, pair in took.items():
                costs[name].append((pair[0], pair[1]))
        yield (
            "growth",
            {
                "events": [self.small.size(), self.ledger.size()],
                **{
                    name: round(median(b / a for a, b in pairs), 3) for name, pairs in costs.items()
                },
                "milliseconds": {
                    name: [
                        round(1_000 * median(pair[side] for pair in pairs) / _parts(name), 3)
                        for side in (0, 1)
                    ]
                    for name, pairs in costs.items()
                },
                "runs": 2 * ROUNDS,
            },
        )

    def _ask(self, ledger: Ledger) -> None:
        """Ten quota questions, each as a command asks it."""
        fold, store = QuotaFold(), ledger.store
        for country in QUESTIONS:
            views.refresh(store, [fold])
            with store.reading() as connection:
                account(views.at_head(store, connection, fold), self.rules, country, ASKED_ON)

    def _ask_then(self, ledger: Ledger) -> None:
        """Ten quota questions about what was known `KNOWN_BEFORE` entries ago."""
        fold, store = QuotaFold(), ledger.store
        for country in QUESTIONS:
            with store.reading() as connection:
                number = store.head(connection)[0] - KNOWN_BEFORE
                # Of a ledger of a few hundred entries, nothing is set aside: it is replayed.
                then = views.as_of(store, connection, fold, number) or views.replayed(
                    store, connection, fold, up_to=number
                )
                account(then, self.rules, country, ASKED_ON)

    def _more(self, turn: int, count: int) -> list[Event]:
        """Events from the middle of another history; none that points at an entry of that one."""
        other = events(20 * count, seed=turn, series=f"{turn}-")
        middle = islice(
            (one for one in other if not isinstance(one, ShipmentVoided)), 10 * count, None
        )
        return list(islice(middle, count))

    def _said(self, after: int) -> list[peer.Said]:
        """What was just appended, for the others to sign too."""
        with self.ledger.store.reading() as connection:
            return [_said(row) for row in self.ledger.store.pages(connection, after=after)]


def _said(row: StoredRow) -> peer.Said:
    _, subject, version, wire, line = row
    payload = unseal(bytes(line)).payload
    return peer.Said(subject or "", version or 0, wire, payload, pae(payload))


def _parts(name: str) -> int:
    return len(QUESTIONS) if name in ("quota", "known_at") else 1


def _spki(signer: Signer) -> str:
    return b64encode(signer.spki).decode()


def peak_memory_of_rebuild(url: str) -> float:
    """Rebuild the quotas of a ledger, in a process of its own; its peak memory in MB."""
    ledger = Ledger.open(url)
    views.catch_up(ledger.store, QuotaFold())
    ledger.close()
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return round(next(int(line.split()[1]) for line in lines if "VmHWM" in line) / 1_024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_048_576, 1)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def measured(count: int, database: str | None) -> dict[str, Any]:
    """The whole report, as --format json prints it."""
    with ExitStack() as stack:
        # Here, and not where the system keeps such folders: that may be memory, and fsync counts.
        Path("build").mkdir(exist_ok=True)
        places = Places(Path(tempfile.mkdtemp(prefix="speed-", dir="build")), database)
        stack.callback(places.remove)
        office = Office(count, places)
        stack.callback(office.close)
        report: dict[str, Any] = {
            "events": count,
            "database": "sqlite" if database is None else make_url(database).get_backend_name(),
            "on": f"{datetime.now(UTC):%Y-%m-%d}",
            "machine": machine(),
        }
        for part in (
            office.importing,
            office.appending,
            office.rebuilding,
            office.growing,
            office.replaying,
            office.verifying,
        ):
            click.echo(f"{part.__name__} {count:,} events", err=True)
            for name, found in part():
                report[name] = {**found, "beside": FLOORS[name]}
                # A long run that is broken off has said what it found by then.
                click.echo(f"  {name}: {json.dumps(found)}", err=True)
    return report


def show(report: dict[str, Any]) -> None:
    """The report as a person reads it."""
    table = Table(title=f"{report['events']:,} events, {report['database']}, {report['on']}")
    for heading in ("", "ratio", "ours / s", "beside / s", "beside"):
        table.add_column(heading, justify="left" if heading in ("", "beside") else "right")
    for name, found in report.items():
        if not isinstance(found, dict) or "beside" not in found:
            continue
        if name == "growth":
            for each_name, (small, large) in found["milliseconds"].items():
                table.add_row(
                    f"growth: {each_name}", f"{found[each_name]:.2f}", f"{large:.2f} ms",
                    f"{small:.2f} ms", found["beside"],
                )  # fmt: skip
            continue
        other = next(value for key, value in found.items() if key in OTHERS)
        table.add_row(
            name, f"{found['ratio']:.2f}", f"{found['ours_per_second']:,}", f"{other:,}",
            found["beside"],
        )  # fmt: skip
        if name == "rebuild":
            table.add_row(
                "rebuild: types read", f"{found['ratio_of_types_read']:.2f}",
                f"{found['ours_per_second']:,}", f"{found['types_read_per_second']:,}", TYPES_READ,
            )  # fmt: skip
    console = Console()
    console.print(table)
    console.print("rebuild, peak memory in MB by entries:", report["rebuild"]["peak_memory_mb"])
    console.print("machine:", report["machine"])


@click.command()
@click.option(
    "--events",
    "count",
    type=click.IntRange(min=100),
    default=100_000,
    show_default=True,
    help="How many events.",
)
@click.option(
    "--database",
    metavar="URL",
    help="A PostgreSQL database: others are made beside it, and dropped. SQLite when left out.",
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="How to print the report.",
)  # fmt: skip
def main(count: int, database: str | None, form: str) -> None:
    """Report how fast the ledger is, beside what this machine can do."""
    report = measured(count, database)
    if form == "json":
        click.echo(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
