"""The one pass over all entries: lines, streams, times, keys and roles; signatures beside it.

The rules, for entry n of a ledger with a given origin:

1. The line is an entry in its one form, and the payload too; a row's columns repeat it.
2. `log` is the origin. Within a subject `ver` counts 1, 2, 3 and `prev` is the leaf hash of the
   subject's entry before; null at first.
3. `seen` is a size below n and the root of this ledger at that size.
4. `at` is not more than 300 seconds before the latest `at` of any earlier entry, those left out
   that a revocation up to here calls suspect: a stolen key, or a clock, may have dated them ahead.
5. The key may sign at this position (`registry`), `by` holds it, and `role` may sign the type.
6. The line carries one signature, by the key the payload names, and it is good.

An entry that fails is named and the pass goes on. What merely follows from altered bytes is not
reported a second time: the next entry of the same subject, whose `prev` is another then; `seen`
of a size that takes in altered bytes; and entries by keys that only an unreadable entry could
have enrolled, which are counted as not checked.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import Final, NamedTuple

from ledger.errors import NotAuthentic
from ledger.events import Event, KeyRevoked, LedgerOpened
from ledger.verification.line import AnyPayload, Said, base64, read
from ledger.verification.pool import FEW, Job, failed, pool
from ledger.verification.registry import KEY_EVENTS, Held, Registry
from ledger.verification.report import ALTERED, Findings
from ledger.verification.tree import Tree, leaf_hash

BACKWARDS_SECONDS_MAX: Final = 300
"""How far clocks of honest offices may differ."""

_BACKWARDS: Final = timedelta(seconds=BACKWARDS_SECONDS_MAX)
_FIRST: Final = datetime.min.replace(tzinfo=UTC) + _BACKWARDS

_BATCH: Final = 512  # signatures handed over at once
_ROOTS_KEPT: Final = 4_096


class Row(NamedTuple):
    """One stored entry: the line, and the columns a database keeps beside it.

    Columns are copies and prove nothing. A bundle has none: then `subject`, `version` and `tags`
    are all None, and they and `type` are not compared.
    """

    position: int
    line: bytes
    subject: str | None
    version: int | None
    type: str
    tags: list[str] | None


@dataclass(frozen=True, slots=True)
class _Noted:
    """Something wrong with an entry, kept until it is known what was altered before it.

    It is not reported when it merely follows: when for one of `follows`, at least so many entries
    from one number to another were altered.
    """

    entry: int
    code: str
    problem: str
    follows: tuple[tuple[int, int, int], ...] = ()


class _Batch(NamedTuple):
    failed: "Future[list[int]]"
    noted: list[_Noted]
    last: int


class Walk:
    """The state of the pass, and afterwards what it found."""

    def __init__(self, origin: str | None) -> None:
        self.findings = Findings()
        self.tree = Tree()
        self.registry = Registry()
        self.opening: LedgerOpened | None = None
        self.subjects: dict[str, int] = {}
        self.signatures = 0
        self.orphans: Counter[str] = Counter()
        self.follow_ons = 0
        self._origin = origin
        self._noted: list[_Noted] = []
        self._jobs: list[Job] = []
        self._versions = array("Q")
        # Whole seconds of `at` by entry, as one number; 0 where the date counts for nothing.
        self._seconds = array("Q")
        self._altered: list[int] = []
        self._position = 0
        self._latest = ""
        self._latest_by = 0
        self._earliest = ""
        self._roots: dict[int, str] = {}
        self._seen_wrong: set[tuple[int, str]] = set()

    def run(
        self, rows: Iterable[Row], *, workers: int, on_progress: Callable[[int], None] | None
    ) -> None:
        """Read every row once, in order, holding a few batches at a time."""
        rows = iter(rows)
        first = [*islice(rows, FEW)]
        waiting: deque[_Batch] = deque()
        with pool(workers, many=len(first) == FEW) as executor:
            for number, row in enumerate(chain(first, rows), start=1):
                self._entry(number, row)
                if number % _BATCH == 0:
                    waiting.append(self._hand_over(executor))
                    if len(waiting) > 2 * workers:
                        self._take_back(waiting.popleft(), on_progress)
            waiting.append(self._hand_over(executor))
            while waiting:
                self._take_back(waiting.popleft(), on_progress)

    def _hand_over(self, executor: Executor) -> _Batch:
        batch = _Batch(executor.submit(failed, self._jobs), self._noted, len(self._versions))
        self._jobs, self._noted = [], []
        return batch

    def _take_back(self, batch: _Batch, on_progress: Callable[[int], None] | None) -> None:
        noted = batch.noted + [_unsigned(entry) for entry in batch.failed.result()]
        self._altered += sorted({one.entry for one in noted if one.code in ALTERED})
        for one in sorted(noted, key=lambda one: one.entry):
            if any(self._altered_between(*numbers) >= many for many, *numbers in one.follows):
                self.follow_ons += 1
            else:
                self.findings.add(one.code, one.entry, one.problem)
        if on_progress is not None:
            on_progress(batch.last)

    def _altered_between(self, first: int, last: int) -> int:
        return bisect_right(self._altered, last) - bisect_left(self._altered, first)

    def _entry(self, number: int, row: Row) -> None:
        leaf = leaf_hash(row.line)
        if row.position != self._position + 1:
            self._note(
                number,
                "POSITION",
                f"its row is numbered {row.position:,}, after {self._position:,}",
            )
        self._position = row.position
        held: Held | None = None
        version = seconds = 0
        try:
            said = read(row.line, row.type)
        except NotAuthentic as error:
            self._note(number, error.code, error.problem)
            self.registry.torn = True
        else:
            payload = said.payload
            version, seconds = payload.ver, _seconds(payload.at)
            self._row(number, row, payload)
            if payload.log != self._origin and self._origin is not None:
                self._note(number, "WRONG_LOG", f"it was signed for {payload.log}")
            if said.event.subject != payload.id:
                about = said.event.subject
                self._note(number, "SUBJECT", f"it is signed as {payload.id} and is about {about}")
            if said.tags != payload.tags:
                tags = f"{', '.join(payload.tags)} and should be {', '.join(said.tags)}"
                self._note(number, "TAGS", f"its tags are {tags}")
            self._stream(number, payload)
            self._seen(number, payload)
            if isinstance(said.event, KeyRevoked):
                self._leave_out(said.event)
            self._time(number, payload.at)
            held = self._signer(number, said, leaf)
            if number == 1 and self.registry.torn:
                # An opening nobody authentic signed opens nothing.
                held, self.registry = None, Registry()
                self.registry.torn = True
        self._versions.append(version)
        self._seconds.append(seconds)
        self.registry.signed(held)
        self.tree.append(leaf)

    def _note(self, entry: int, code: str, problem: str, *follows: tuple[int, int, int]) -> None:
        self._noted.append(_Noted(entry, code, problem, follows))

    def _row(self, number: int, row: Row, payload: AnyPayload) -> None:
        if row.subject is None and row.version is None and row.tags is None:
            return
        stored = row[2:]
        signed = (payload.id, payload.ver, payload.type, payload.tags)
        if stored != signed:
            names = ("subject", "version", "type", "tags")
            differ = (
                f"{name} {copy!r} for {said!r}"
                for name, copy, said in zip(names, stored, signed, strict=True)
                if copy != said
            )
            self._note(number, "ROW_MISMATCH", f"its row says {', '.join(differ)}")

    def _stream(self, number: int, payload: AnyPayload) -> None:
        last = self.subjects.get(payload.id, 0)
        self.subjects[payload.id] = number
        expected = self._versions[last - 1] + 1 if last else 1
        if payload.ver != expected:
            # Altered entries in between may be the ones that are missing here.
            self._note(
                number,
                "STREAM_VERSION",
                f"it is version {payload.ver:,} of {payload.id}, and {expected:,} follows",
                (1, last, last),
                (max(1, payload.ver - expected), last + 1, number - 1),
            )
            return
        if payload.prev != (self.tree.leaf(last) if last else None):
            before = f"entry {last:,}" if last else "no entry"
            self._note(
                number,
                "STREAM_PREV",
                f"before it in {payload.id} stands {before}, and it was signed to follow another",
                (1, last, last),
            )

    def _seen(self, number: int, payload: AnyPayload) -> None:
        size, root = payload.seen
        if size >= number:
            self._note(
                number, "SEEN", f"its signer saw {size:,} entries when there were {number - 1:,}"
            )
            return
        here = self._roots.get(size)
        if here is None:
            if len(self._roots) >= _ROOTS_KEPT:
                self._roots.clear()
            here = self._roots[size] = base64(self.tree.root(size))
        if root != here and payload.seen not in self._seen_wrong:
            # Once for each checkpoint: whoever saw it signed it into every later entry.
            self._seen_wrong.add(payload.seen)
            self._note(
                number,
                "SEEN",
                f"its signer saw root {root} over {size:,} entries, which here is {here}",
                (1, 1, size),
            )

    def _time(self, number: int, at: str) -> None:
        # Instants of one form sort as they are.
        if at >= self._latest:
            self._latest, self._latest_by = at, number
            self._earliest = ""
            return
        if not self._earliest:
            latest = datetime.fromisoformat(self._latest)
            self._earliest = _instant(max(latest, _FIRST) - _BACKWARDS)
        if at < self._earliest:
            self._note(
                number,
                "TIME_BACKWARDS",
                f"it is dated {at} and entry {self._latest_by:,} before it {self._latest}",
                (1, self._latest_by, self._latest_by),
            )

    def _leave_out(self, revoked: KeyRevoked) -> None:
        """Let the dates of entries that are suspect from here on count for nothing."""
        if revoked.suspect_from is None:
            return
        for number in self.registry.signed_by(revoked.key, revoked.suspect_from):
            self._seconds[number - 1] = 0
        if not self._latest_by or self._seconds[self._latest_by - 1]:
            return
        latest = max(self._seconds)
        self._latest_by = self._seconds.index(latest) + 1
        self._latest, self._earliest = _at(latest), ""

    def _signer(self, number: int, said: Said, leaf: bytes) -> Held | None:
        """Whose key signed, when that is known; notes what is wrong and asks for the signature."""
        payload, message, keyid, signature, event, _ = said
        if number == 1:
            self._opening(event, payload, leaf)
        held = self.registry.keys.get(payload.kid)
        if self.registry.torn and (held is None or held.pending):
            self.orphans[payload.kid] += 1
            return None
        key_event = type(event) in KEY_EVENTS
        if held is None:
            self._note(number, "KEY_UNKNOWN", f"key {payload.kid} was never enrolled")
            # What an unknown key says about keys may be an honest entry that was altered.
            self.registry.torn |= key_event
            return None
        faults = self.registry.faults(held, payload.by, payload.role, payload.type, payload.at[:10])
        for code, problem in faults:
            self._note(number, code, problem)
        if keyid != payload.kid.encode():
            self._note(
                number,
                "SIGNER_SET",
                f"the line has a signature by {keyid!r} and the payload names {payload.kid}",
            )
            self.registry.torn |= key_event
            return held
        self.signatures += 1
        job = (number, held.algorithm, held.spki, signature, message)
        if not key_event:
            self._jobs.append(job)
        elif failed([job]):
            # Key events are few, and what follows stands on them: they are verified here and now.
            self._noted.append(_unsigned(number))
            self.registry.torn = True
        elif number > 1 and not faults:
            for code, problem in self.registry.apply(
                event, entry=number, leaf=base64(leaf), by=payload.by, kid=payload.kid
            ):
                self._note(number, code, problem)
        return held

    def _opening(self, event: Event, payload: AnyPayload, leaf: bytes) -> None:
        """The first entry is signed with a key it enrolls itself, so it is folded beforehand."""
        if not isinstance(event, LedgerOpened):
            self._note(1, "OPENING", f"the first entry is {event.wire} and opens no ledger")
            return
        if event.origin != payload.log:
            self._note(1, "WRONG_LOG", f"it opens {event.origin} and was signed for {payload.log}")
        self.opening = event
        for code, problem in self.registry.apply(
            event, entry=1, leaf=base64(leaf), by=payload.by, kid=payload.kid
        ):
            self._note(1, code, problem)


def _unsigned(entry: int) -> _Noted:
    return _Noted(entry, "SIGNATURE", "the signature is not one by its key over this payload")


@lru_cache(maxsize=1)
def _seconds(at: str) -> int:
    """An instant to the second as a number that sorts alike.

    >>> _seconds("2026-11-22T00:40:00.123456Z")
    20261122004000
    """
    return int(at[:4] + at[5:7] + at[8:10] + at[11:13] + at[14:16] + at[17:19])


def _at(seconds: int) -> str:
    """The instant behind such a number.

    >>> _at(20261122004000)
    '2026-11-22T00:40:00.000000Z'
    """
    d = f"{seconds:014d}"
    return f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:]}.000000Z"


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(len("2026-11-22T00:40:00.123456Z"))
