"""What was acknowledged is there: after a process was killed, and after the disk was full."""

import os
import subprocess
import time
from collections import Counter
from random import Random

import pytest
from officers import LOG, RIVERA, at, open_ledger, verify
from sqlalchemy import event
from world import exported
from writers import record, running

from ledger.errors import Exit, Unreached
from ledger.events import ShipmentExported
from ledger.log import Ledger, Slice

AT_ONCE = (1, 25, 1, 25, 1, 25)


def told(ledger):
    return {
        entry.event.shipment: entry.number
        for entry in ledger.entries(Slice(types=(ShipmentExported.wire,)))
    }


def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(database_url):
    open_ledger(database_url).close()
    chance = Random(20_260_302)
    acknowledged = {}
    for kill, at_once in enumerate(AT_ONCE):
        with running((record, database_url, f"w{kill}", 100_000, at_once)) as [(process, pipe)]:
            acknowledged |= pipe.recv()
            time.sleep(chance.uniform(0, 0.25))
            process.kill()
            process.join()
            while pipe.poll():
                try:
                    acknowledged |= pipe.recv()
                except EOFError:
                    break
    ledger = Ledger.open(database_url)
    kept = told(ledger)
    ledger.checkpoint(LOG)

    assert acknowledged == {shipment: kept[shipment] for shipment in acknowledged}
    assert list(range(2, ledger.size() + 1)) == sorted(kept.values())
    # One batch may have been committed each time, and its writer killed before it said so.
    unsaid = Counter(shipment.split("-")[0] for shipment in kept.keys() - acknowledged.keys())
    assert all(unsaid[f"w{kill}"] in (0, at_once) for kill, at_once in enumerate(AT_ONCE))
    assert "VALID" == verify(ledger).verdict
    ledger.close()


def fill(ledger):
    """Record shipments until there is no room; returns how many fitted, and what was said then."""
    for batch in range(10_000):
        some = [exported(f"S-{batch}-{number}") for number in range(100)]
        try:
            ledger.append(some, RIVERA, at=at(1))
        except Unreached as error:
            return batch * 100, error
    pytest.fail("the disk never filled up")


def holds(ledger, shipments):
    """Nothing but what was acknowledged is there, and it verifies."""
    assert 1 + shipments == ledger.size()
    assert shipments == len(told(ledger))
    assert "PARTIAL" == verify(ledger).verdict


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = os.geteuid() == 0 and 0 == subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True
    ).returncode  # fmt: skip
    if not mounted:
        pytest.skip("a file system of 2 MiB can only be mounted by root")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_disk_that_is_full_is_said_to_be_and_nothing_changes(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(512 * 1024))
    ledger = open_ledger(str(small_disk / "ledger.db"))
    fitted, error = fill(ledger)

    assert "DISK_FULL" == error.code
    assert Exit.UNREACHED == error.exit
    assert 8 == error.exit
    holds(ledger, fitted)
    ballast.unlink()
    ledger.append([exported("S-last")], RIVERA, at=at(2))
    ledger.checkpoint(LOG)
    assert 2 + fitted == ledger.size()
    assert "VALID" == verify(ledger).verdict
    ledger.close()


def test_a_database_that_may_not_grow_changes_nothing(tmp_path):
    place = str(tmp_path / "ledger.db")
    open_ledger(place).close()
    pages = 300

    ledger = Ledger.open(place)
    ledger.close()
    event.listen(ledger.store._engine, "connect", lambda connection, _: connection.execute(
        f"PRAGMA max_page_count = {pages}"
    ))  # fmt: skip
    fitted, error = fill(ledger)

    assert "DISK_FULL" == error.code
    assert 0 < fitted
    holds(ledger, fitted)
    ledger.close()
    roomy = Ledger.open(place)
    roomy.append([exported("S-last")], RIVERA, at=at(2))
    roomy.checkpoint(LOG)
    assert "VALID" == verify(roomy).verdict
    roomy.close()
