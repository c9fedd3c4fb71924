"""The ledger: events go in under the write lock, signed; entries, checkpoints and proofs come out.

What is appended here passes the checks `verify` will make (docs/formats.md, step 5), so that an
honest log cannot become one that does not verify.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from ledger import keyring
from ledger.checkpoint import Checkpoint, parse_note, sign_note
from ledger.entry import Entry, Signing, compose, instant, read
from ledger.envelope import payload_of, seal
from ledger.errors import Conflict, LedgerError, Malformed, NotAuthentic, NotPermitted, Refused
from ledger.events import (
    EnrolledKey,
    Event,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
)
from ledger.keyring import KEY_EVENTS, Keyring
from ledger.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Frontier,
    NodeReader,
    completed_tiles,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)
from ledger.signatures import (
    Signer,
    Verifier,
    check_enrollable,
    key_id,
    possession_statement,
)
from ledger.store import Snapshot, Store, StoredEvent, StoredRow, Transaction
from ledger.terms import INTEGER_MAX, ActorId

CLOCK_SLACK = timedelta(seconds=300)
"""How far an entry's claimed time may lie before an earlier entry's."""

RETRACED_AT_ONCE = 8_192
"""Lines hashed at once before a checkpoint is signed."""


ABOUT_KEYS = frozenset({*KEY_EVENTS, KeyReaffirmed.wire})
"""Wire names of the events that are refused when the verifier would not believe them."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What a decision rests on: entries with one of these tags, or of these types, or both."""

    tags: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def query(self) -> DCBQuery:
        """The same, in the library's words."""
        if not self.tags:
            return DCBQuery([DCBQueryItem(types=list(self.types))])
        return DCBQuery([DCBQueryItem(types=list(self.types), tags=[tag]) for tag in self.tags])


class Ledger:
    """One ledger, opened. Its origin and log key are read from its first entry."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.reading() as connection:
            first = store.select(connection, None, up_to=1)
        if not first:
            raise NotAuthentic(
                f"{store.place} has no opening entry",
                remedy="its creation was interrupted: remove it, then chip-ledger init",
                code="OPENING_MISSING",
            )
        opened = entry_of(first[0]).event
        self.opening_leaf = leaf_hash(first[0][4])
        if not isinstance(opened, LedgerOpened):
            raise NotAuthentic(
                f"entry 1 of {store.place} is {opened.wire}, not ledger.opened.v1",
                remedy="chip-ledger verify",
                code="OPENING_MISSING",
            )
        self.opened = opened
        self.origin = opened.origin
        self.log_spki = b64decode(opened.log_key)
        # Each with the number of entries it was read from, so that it is read once.
        self._ring: tuple[int, Keyring] = (0, Keyring())
        self._newest: tuple[int, datetime] = (0, datetime.min.replace(tzinfo=UTC))
        self._seen: tuple[str, tuple[int, str]] | None = None

    @classmethod
    def open(cls, place: str) -> "Ledger":
        """The ledger at a path or URL."""
        return cls(Store.open(place))

    @classmethod
    def create(
        cls, place: str, opened: LedgerOpened, signer: Signer, log: Signer, *, at: datetime
    ) -> "Ledger":
        """Make a ledger with its opening entry and its first checkpoint."""
        for one in opened.administrators:
            check_possession(opened.origin, one)
        mine = next((one for one in opened.administrators if one.key == signer.kid), None)
        if mine is None:
            raise NotPermitted(
                f"key {signer.kid} is not one of the administrators of this ledger",
                remedy="an administrator the opening entry names signs it",
                code="KEY_UNKNOWN",
            )
        keyring.admit(Keyring(), opened, kid=signer.kid, by=mine.actor)
        ring = keyring.evolve(Keyring(), opened, entry=1, leaf="", by=mine.actor)
        actor, role = ring.signing_role(signer.kid, opened.wire, on=at.astimezone(UTC).date())
        _log_key(log, b64decode(opened.log_key), opened.origin)
        store = Store.create(place)
        signing = Signing(
            instant(at), actor, signer.kid, opened.origin, role, (0, _b64(EMPTY_ROOT))
        )
        payload, tags = compose(opened, signing, ver=1, prev=None)
        with store.writing() as transaction:
            line = seal(payload, [signer])
            transaction.append([StoredEvent(opened.wire, line, tags, opened.subject, 1)])
        ledger = cls(store)
        ledger.checkpoint(log)
        return ledger

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def size(self) -> int:
        """Number of entries."""
        with self.store.reading() as connection:
            return self.store.head(connection)[0]

    def entries(self, chosen: Slice, *, up_to: int = INTEGER_MAX) -> list[Entry]:
        """The entries of a slice, in order."""
        with self.store.reading() as connection:
            return select(self.store, connection, chosen, up_to=up_to)

    def keys(self) -> Keyring:
        """The key registry at the head."""
        with self.store.reading() as connection:
            return self.keyring(connection)

    def keyring(self, connection: Snapshot, *, size: int | None = None) -> Keyring:
        """The key registry within a transaction, folded from where it was last read.

        Who knows how many entries there are says so: then it is not asked for twice.
        """
        position, ring = self._ring
        if position == size:
            return ring
        query = Slice(types=KEY_EVENTS).query()
        for row in self.store.select(connection, query, after=position):
            entry, position = entry_of(row), row[0]
            ring = keyring.evolve(
                ring, entry.event, entry=position, leaf=_b64(leaf_hash(row[4])), by=entry.by
            )
        self._ring = (size or position, ring)
        return ring

    # ── appending ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def writing(self) -> Iterator["Writing"]:
        """The write lock: decide and append in it, all or nothing."""
        ring, newest = self._ring, self._newest
        try:
            with self.store.writing() as transaction:
                yield Writing(self, transaction)
        except BaseException:
            # What was rolled back never happened: forget what was folded from it.
            self._ring, self._newest = ring, newest
            raise

    def append(
        self, events: Sequence[Event], signer: Signer, *, at: datetime | None = None
    ) -> range:
        """Sign and append events, all or none; returns their numbers."""
        with self.writing() as writing:
            return writing.append(events, signer, at=at)

    # ── checkpoints and proofs ──────────────────────────────────────────────────────────────────

    def checkpoint(self, log: Signer) -> str:
        """Sign the log's size and root, keep the note, and return it.

        Nothing is signed that does not extend the newest checkpoint: the proof is made and
        checked first. The note is committed before it is returned.
        """
        _log_key(log, self.log_spki, self.origin)
        # Most lines are hashed before the lock is taken, and only those since then under it.
        with self.store.reading() as reading:
            newest = self.store.newest_note(reading)
            traced = self._retraced(reading, Frontier(), newest)
        with self.store.writing() as transaction:
            connection = transaction.connection
            later = self.store.newest_note(connection)
            if later is not None and self.parsed(later).size == transaction.size:
                return later
            start = traced if later == newest else Frontier()
            traced = self._retraced(connection, start, None if later == newest else later)
            self._as_the_head_says(transaction, traced)
            note = sign_note(Checkpoint(self.origin, traced.size, traced.root()), log)
            transaction.keep_note(traced.size, note)
        return note

    def _as_the_head_says(self, transaction: Transaction, traced: Frontier) -> None:
        """Refuse where the head is not of the lines that are there."""
        if traced != transaction.frontier:
            raise NotAuthentic(
                f"the head says {transaction.size:,} entries and root"
                f" {transaction.frontier.root().hex()}, and the {traced.size:,} lines that are"
                f" there have root {traced.root().hex()}",
                remedy="it was altered; sign nothing, and run chip-ledger verify",
                code="FRONTIER",
            )

    def parsed(self, note: str) -> Checkpoint:
        """One of the ledger's own checkpoints, as kept; `NotAuthentic` when it is none."""
        try:
            return parse_note(note, origin=self.origin, log_spki=self.log_spki)
        except NotAuthentic as error:
            raise NotAuthentic(
                f"a checkpoint kept in the ledger is none: {error.problem}",
                remedy="the database was altered: chip-ledger verify",
                code=error.code,
            ) from error

    def _retraced(self, connection: Snapshot, traced: Frontier, note: str | None) -> Frontier:
        """The Merkle state that the stored lines themselves give, from where it was traced to.

        Neither the head nor the tiles are asked: they are what is checked against it. Raises
        `NotAuthentic` (ROLLBACK) where the lines do not begin as the checkpoint in `note` says.
        """
        earlier = None if note is None else self.parsed(note)
        extends = earlier is None
        while leaves := self.store.leaves(connection, traced.size, traced.size + RETRACED_AT_ONCE):
            if earlier is not None and traced.size < earlier.size <= traced.size + len(leaves):
                there = traced.extended(leaves[: earlier.size - traced.size])
                extends = there.root() == earlier.root
            traced = traced.extended(leaves)
        if earlier is not None and not extends:
            raise NotAuthentic(
                f"the ledger does not extend its own checkpoint of {earlier.size:,} entries",
                remedy="it was altered; sign nothing, and run chip-ledger verify",
                code="ROLLBACK",
            )
        return traced

    def restore_tiles(self) -> int:
        """Put back tiles that are missing, made from the lines; returns how many.

        The lines have to begin as the newest checkpoint says, and to have the head's root. A tile
        that is there and is not the lines' cannot be changed here: `NotAuthentic`, TILE.
        """
        with self.store.writing() as transaction:
            connection = transaction.connection
            note = self.store.newest_note(connection)
            self._as_the_head_says(transaction, self._retraced(connection, Frontier(), note))
            made: dict[tuple[int, int], bytes] = {}
            for start in range(0, transaction.size // TILE_WIDTH * TILE_WIDTH, TILE_WIDTH):
                leaves = self.store.leaves(connection, start, start + TILE_WIDTH)
                for level, number, hashes in completed_tiles(
                    start, leaves, lambda level, number: made.get((level, number))
                ):
                    made[level, number] = hashes
            missing = []
            for (level, number), hashes in made.items():
                kept = self.store.tile(connection, level, number)
                if kept is None:
                    missing.append((level, number, hashes))
                elif kept != hashes:
                    raise NotAuthentic(
                        f"tile ({level}, {number:,}) is there and is not that of the entries",
                        remedy="no command changes a tile. Restore the database from a copy that"
                        " verifies; or, as its owner, drop the trigger against deleting from"
                        " tiles, delete that row, put the trigger back, and type this again",
                        code="TILE",
                    )
            transaction.keep_tiles(missing)
        return len(missing)

    def newest_checkpoint(self) -> str | None:
        """The newest signed checkpoint, as text."""
        with self.store.reading() as connection:
            return self.store.newest_note(connection)

    def checkpoints(self) -> list[str]:
        """Every signed checkpoint, oldest first."""
        with self.store.reading() as connection:
            return [note for _, note in self.store.notes(connection)]

    def prove_inclusion(self, number: int, size: int) -> tuple[bytes, list[bytes]]:
        """An entry's line, and the proof that it is leaf `number` - 1 of the first `size`."""
        with self.store.reading() as connection:
            head, _ = self.store.head(connection)
            if not 1 <= number <= size <= head:
                raise Refused(
                    f"entry {number:,} is not among the first {size:,} of {head:,} entries",
                    remedy="name an entry the checkpoint covers, or sign a newer checkpoint",
                    code="PROOF_RANGE",
                )
            row = self.store.select(connection, None, after=number - 1, up_to=number)[0]
            return bytes(row[4]), inclusion_proof(number - 1, size, nodes(self.store, connection))

    def prove_consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `new` entries begin with the first `old`."""
        with self.store.reading() as connection:
            head, _ = self.store.head(connection)
            if not 0 <= old <= new <= head:
                raise Refused(
                    f"{old:,} and {new:,} are not sizes of this ledger of {head:,} entries",
                    remedy="name two sizes, the smaller first",
                    code="PROOF_RANGE",
                )
            return consistency_proof(old, new, nodes(self.store, connection))

    def seen(self, note: str | None) -> tuple[int, str]:
        """Size and root of the newest checkpoint, its signature verified."""
        if note is None:
            return 0, _b64(EMPTY_ROOT)
        if self._seen is None or self._seen[0] != note:
            found = self.parsed(note)
            self._seen = (note, (found.size, _b64(found.root)))
        return self._seen[1]


class Writing:
    """The ledger under its write lock: what it holds now, and a way to add to it."""

    def __init__(self, ledger: Ledger, transaction: Transaction) -> None:
        self.ledger = ledger
        self.transaction = transaction

    @property
    def connection(self) -> Snapshot:
        """The database connection that holds the lock."""
        return self.transaction.connection

    @property
    def size(self) -> int:
        """Number of entries, those appended here included."""
        return self.transaction.size

    def entries(self, chosen: Slice) -> list[Entry]:
        """The entries of a slice, in order, those appended here included."""
        return select(self.ledger.store, self.connection, chosen)

    def append(
        self, events: Sequence[Event], signer: Signer, *, at: datetime | None = None
    ) -> range:
        """Sign events and append them in order; returns their numbers.

        Raises `NotPermitted` when the key may not sign one of them now, `Conflict` when the
        clock stands more than five minutes behind the newest entry.
        """
        if not events:
            return range(self.size + 1, self.size + 1)
        at = self._now(at, events)
        seen = self.ledger.seen(self.transaction.newest_note())
        heads = self.transaction.heads([event.subject for event in events])
        signed_at = instant(at)
        ring = self.ledger.keyring(self.connection, size=self.size)
        signings: dict[str, Signing] = {}
        sealed = []
        for number, event in enumerate(events, start=self.size + 1):
            signing = signings.get(event.wire)
            if signing is None:
                actor, role = ring.signing_role(signer.kid, event.wire, on=at.date())
                signing = Signing(signed_at, actor, signer.kid, self.ledger.origin, role, seen)
                signings[event.wire] = signing
            subject = event.subject
            version, leaf = heads.get(subject, (0, None))
            prev = None if leaf is None else _b64(leaf)
            payload, tags = compose(event, signing, ver=version + 1, prev=prev)
            about_keys = event.wire in ABOUT_KEYS
            if about_keys:
                self._admit(ring, event, signing)
            line = seal(payload, [signer])
            leaf = leaf_hash(line)
            if about_keys:
                # It may end the very key that would sign what comes next.
                ring = keyring.evolve(ring, event, entry=number, leaf=_b64(leaf), by=signing.by)
                signings.clear()
            heads[subject] = (version + 1, leaf)
            sealed.append(StoredEvent(event.wire, line, tags, subject, version + 1, leaf))
        first = self.size + 1
        last = self.transaction.append(sealed)
        self.ledger._ring = (last, ring)
        self.ledger._newest = (last, at)
        return range(first, last + 1)

    def _admit(self, ring: Keyring, event: Event, signing: Signing) -> None:
        """Refuse a key event the verifier would not believe."""
        keyring.admit(ring, event, kid=signing.kid, by=signing.by)
        match event:
            case KeyEnrolled(enrolled=enrolled) | KeyRotated(successor=enrolled):
                check_possession(self.ledger.origin, enrolled)
            case _:
                return

    def _now(self, at: datetime | None, events: Sequence[Event]) -> datetime:
        """The instant to sign: this clock's, and never before an entry that is not suspect."""
        at = datetime.now(UTC) if at is None else at.astimezone(UTC)
        position, latest = self.ledger._newest
        if position != self.size:
            rows = self.ledger.store.select(
                self.connection, None, after=self.size - 1, up_to=self.size
            )
            if not rows:
                raise NotAuthentic(
                    f"the head says {self.size:,} entries, and entry {self.size:,} is not there",
                    remedy="it was altered; run chip-ledger verify",
                    code="LEAF_MISSING",
                )
            latest = datetime.fromisoformat(entry_of(rows[0]).at)
        if at < latest - CLOCK_SLACK:
            revoked = [event for event in events if isinstance(event, KeyRevoked)]
            latest = self._latest_without(revoked) if revoked else latest
        if at < latest - CLOCK_SLACK:
            raise Conflict(
                f"this clock says {at:%Y-%m-%d %H:%M:%S} UTC, and the newest entry was signed at"
                f" {latest:%Y-%m-%d %H:%M:%S} UTC",
                remedy="set this clock right if it is wrong; if that entry is dated ahead, a key"
                " administrator revokes its key with --suspect-from, and writing goes on",
                code="TIME_BACKWARDS",
            )
        # Never before an earlier entry of this ledger, however slightly two clocks differ.
        return max(at, latest)

    def _latest_without(self, revoked: Sequence[KeyRevoked]) -> datetime:
        """The latest date of any entry that nothing calls suspect, these revocations included."""
        suspect: dict[str, int] = {}
        ring = self.ledger.keyring(self.connection, size=self.size)
        known = [(kid, held.suspect_from) for kid, held in ring.keys.items()]
        for kid, first in (*known, *((one.key, one.suspect_from) for one in revoked)):
            if first is not None:
                suspect[kid] = min(first, suspect.get(kid, first))
        latest = "0001-01-02T00:00:00.000000Z"  # there is a time before it
        for row in self.ledger.store.pages(self.connection):
            entry = entry_of(row)
            if entry.number < suspect.get(entry.kid, entry.number + 1):
                latest = max(latest, entry.at)
        return datetime.fromisoformat(latest)


def nodes(store: Store, connection: Snapshot) -> NodeReader:
    """Subtree hashes of the log, from its tiles and the entries after the last full one."""
    return NodeReader(
        lambda level, index: store.tile(connection, level, index),
        lambda start, stop: store.leaves(connection, start, stop),
    )


def select(
    store: Store, connection: Snapshot, chosen: Slice, *, up_to: int = INTEGER_MAX
) -> list[Entry]:
    """The entries of a slice within a transaction, those it appended itself included."""
    return [entry_of(row) for row in store.select(connection, chosen.query(), up_to=up_to)]


def select_subject(store: Store, connection: Snapshot, subject: str) -> list[Entry]:
    """Everything said of one subject, in order."""
    return [entry_of(row) for row in store.select_subject(connection, subject)]


def entry_of(row: StoredRow) -> Entry:
    """The entry in a stored row, its copies compared with what was signed."""
    number, subject, version, wire, line = row
    return read(number, subject, version, wire, payload_in(number, line))


def payload_in(number: int, line: object) -> bytes:
    """The payload of a stored line; `NotAuthentic` names the entry where it is none."""
    # SQLite keeps a text or a number in a column of bytes, for whoever writes it there.
    problem = f"its line is stored as {type(line).__name__} and not as bytes"
    if isinstance(line, bytes):
        try:
            return payload_of(line)
        except NotAuthentic as error:
            problem = error.problem
    raise NotAuthentic(
        f"entry {number:,} is not what anybody signed: {problem}",
        remedy="the database was altered: chip-ledger verify",
        code="ENTRY_SYNTAX",
    )


def enroll(
    origin: str,
    actor: ActorId,
    roles: tuple[str, ...],
    signer: Signer,
    *,
    valid_from: date,
    valid_until: date | None = None,
) -> EnrolledKey:
    """A key ready to be enrolled, with its proof of possession."""
    return EnrolledKey(
        key=signer.kid,
        actor=actor,
        roles=roles,
        algorithm=signer.algorithm,  # type: ignore[arg-type]
        spki=possessed(signer),
        possession=_b64(signer.sign(possession_statement(origin, actor, signer.spki))),
        valid_from=valid_from,
        valid_until=valid_until,
    )


def possessed(signer: Signer) -> str:
    """A signer's public key as events carry it: SPKI, base64."""
    return _b64(signer.spki)


def read_offer(path: Path) -> EnrolledKey:
    """The key offered in a file that `chip-ledger key new` wrote."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=EnrolledKey)
    except msgspec.MsgspecError as error:
        raise Malformed(
            f"{path} is not an offer of a key: {error}",
            remedy="chip-ledger key new writes one beside the key, ending in .offer",
            code="OFFER_FORM",
        ) from error


def check_possession(origin: str, enrolled: EnrolledKey) -> None:
    """Refuse a weak key, a wrong id, and a key whose holder did not sign for it."""
    spki = _unb64(enrolled.spki)
    check_enrollable(enrolled.algorithm, spki)
    if enrolled.key != key_id(spki):
        raise NotAuthentic(
            f"the key offered for {enrolled.actor} is {key_id(spki)} and calls itself"
            f" {enrolled.key}",
            remedy="the holder makes the offer again: chip-ledger key new",
            code="KEY_ID",
        )
    try:
        Verifier(enrolled.algorithm, spki).verify(
            possession_statement(origin, enrolled.actor, spki), _unb64(enrolled.possession)
        )
    except LedgerError as error:
        raise NotAuthentic(
            f"the key offered for {enrolled.actor} was not signed for by its holder",
            remedy=f"{enrolled.actor} offers it anew, for {origin}: chip-ledger key new",
            code="KEY_POP",
        ) from error


def _log_key(log: Signer, expected: bytes, origin: str) -> None:
    """Refuse to sign checkpoints with another key than the opening entry names."""
    if log.spki != expected:
        raise NotPermitted(
            f"key {log.kid} is not the log key of {origin}",
            remedy="use the log key made by chip-ledger init",
            code="CHECKPOINT_SIGNATURE",
        )


def _unb64(text: str) -> bytes:
    """Bytes in the one spelling of base64; none when it is another, and then no key is read."""
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        return b""
    return found if _b64(found) == text else b""


def _b64(value: bytes) -> str:
    return b64encode(value).decode()
