"""What other processes do in a test: officers at desks of their own, at the same time.

Functions here run in processes started afresh, so they stand where such a process can import
them, and take nothing but words, numbers and the pipes and barriers of `multiprocessing`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from typing import Any

from forge import Key
from officers import LOG, OPENED, RIVERA, opening

from commands.handler import Desk
from commands.licenses import ApproveLicense
from commands.shipments import LineDeclared, RecordExport
from ledger.errors import LedgerError
from ledger.log import Ledger
from ledger.quota import QuotaFold
from ledger.views import catch_up

PATIENCE_SECONDS = 60

# Forked from a server that has imported the rooms and opened no database: quick, nothing shared.
processes = get_context("forkserver")
processes.set_forkserver_preload(["commands.handler", "ledger.audit"])


def exporting(shipment: str, units: int = 1) -> RecordExport:
    return RecordExport(
        shipment=shipment, authority="none", ultimate_consignee="g42", route=("US", "AE"),
        lines=(LineDeclared(model="h100-sxm", units=units),), exported_on=date(2025, 12, 1),
    )  # fmt: skip


@contextmanager
def running(*deeds: tuple[Any, ...]) -> Iterator[list[tuple[BaseProcess, Connection]]]:
    """Processes, each doing a function with its arguments and a pipe to answer through."""
    started = []
    try:
        for function, *arguments in deeds:
            here, there = processes.Pipe(duplex=False)
            process = processes.Process(target=function, args=(*arguments, there), daemon=True)
            process.start()
            there.close()
            started.append((process, here))
        yield started
    finally:
        for process, _ in started:
            process.kill()
            process.join()


def answers(*deeds: tuple[Any, ...]) -> list[list[Any]]:
    """Everything each process answered, once all are done; fails when one did not end well."""
    with running(*deeds) as started:
        heard = [[*_heard(pipe)] for _, pipe in started]
        for process, _ in started:
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0
    return heard


def _heard(pipe: Connection) -> Iterator[Any]:
    while pipe.poll(PATIENCE_SECONDS):
        try:
            yield pipe.recv()
        except EOFError:
            return


def create(place: str, gate: Barrier, answer: Connection) -> None:
    """Make a ledger at the same moment as somebody else."""
    gate.wait()
    try:
        Ledger.create(place, opening(), RIVERA, LOG, at=OPENED).close()
        answer.send("created")
    except LedgerError as error:
        answer.send(error.code)


def approve(
    place: str, actor: str, licenses: Sequence[str], gate: Barrier, answer: Connection
) -> None:
    """Approve licenses, each at the same moment as a colleague approves another."""
    desk = Desk(Ledger.open(place), Key(actor))
    for license in licenses:
        gate.wait()
        try:
            desk.execute(ApproveLicense(license=license, decided_on=date(2025, 11, 19)))
            answer.send("approved")
        except LedgerError as error:
            answer.send(error.code)


def record(place: str, writer: str, batches: int, at_once: int, answer: Connection) -> None:
    """Record shipments, some at once, and tell their numbers once they are committed."""
    desk = Desk(Ledger.open(place), RIVERA)
    for one in range(batches):
        names = [f"{writer}-{one}-{number}" for number in range(at_once)]
        with desk.batch() as batch:
            numbers = [batch.execute(exporting(name)).numbers[0] for name in names]
        answer.send(dict(zip(names, numbers, strict=True)))


def follow(place: str, up_to: int, answer: Connection) -> None:
    """Bring the quota board up to date, over and over, until so many entries are in it."""
    store = Ledger.open(place).store
    while catch_up(store, QuotaFold()) < up_to:
        pass
    answer.send(up_to)
