"""Signatures, verified beside the pass over the entries: in threads, or in processes of their own.

Threads share one interpreter. A thread that has verified a signature needs it for a moment before
the next one, and waits while the pass is reading. Processes do not wait, but take time to start,
so they are for many entries; and they are forked, which is safe on Linux alone.
"""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Final

from cryptography.exceptions import InvalidSignature

from ledger.verification.keys import Check, load

FEW: Final = 2_048
"""Entries for which threads do."""

Job = tuple[int, str, bytes, bytes, bytes]
"""A signature to verify: entry, algorithm and SPKI of the key, signature, message."""


@contextmanager
def pool(workers: int, *, many: bool) -> Iterator[Executor]:
    """Whoever runs `failed`; what was not begun when the block ends is dropped."""
    executor: Executor
    if many and sys.platform == "linux":
        executor = ProcessPoolExecutor(workers, get_context("fork"), initializer=_serve)
    else:
        executor = ThreadPoolExecutor(workers, "verify")
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def failed(jobs: list[Job]) -> list[int]:
    """Numbers of the entries whose signature is not good."""
    found = []
    for entry, algorithm, spki, signature, message in jobs:
        try:
            checker(algorithm, spki)(signature, message)
        except (InvalidSignature, ValueError):
            found.append(entry)
    return found


@lru_cache(maxsize=4_096)
def checker(algorithm: str, spki: bytes) -> Check:
    """What checks the signatures of a key; `UnfitKey` for a key nobody should trust."""
    return load(algorithm, spki)


def _serve() -> None:
    """In a new process: Ctrl-C is for the one that started it, and it does not outlive that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
