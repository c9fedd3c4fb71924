"""Who held which key when: the key registry, folded again from the log's own entries.

1. A key of the opening entry may sign from that entry on, the opening itself included.
2. A key enrolled later may sign after a second key administrator, another person, countersigned
   the enrollment by its leaf hash. In a ledger opened by one administrator alone it may sign
   after the entry that enrolled it.
3. A rotation is signed by the old key and names a successor of the same actor in the same roles;
   the successor may sign after it, the old key may not.
4. A revoked key may sign nothing after the entry that revoked it, whatever date is claimed.
   What it signed from `suspect_from` on is suspect until an entry by another key reaffirms it.
5. Then the claimed date must lie in the key's period, first and last day included.
6. A key is enrolled once, under the id that is its own, with its own signature over origin, actor
   and key, for roles that exist, and never when others could sign for it.

Positions decide, never clocks. A key event changes the registry only if it was itself signed by
somebody who might: the caller sees to that before it calls `open`, `enroll` and so on.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.events import (
    EnrolledKey,
    Event,
    KeyCountersigned,
    KeyEnrolled,
    KeyReaffirmed,
    KeyRevoked,
    KeyRotated,
    LedgerOpened,
)
from ledger.roles import ROLES
from ledger.verification.keys import UnfitKey, holds, key_id
from ledger.verification.line import unbase64
from ledger.verification.pool import checker

ADMINISTRATOR: Final = "key_administrator"

Fault = tuple[str, str]
"""A code, and the problem."""

KEY_EVENTS: Final[frozenset[type[Event]]] = frozenset({
    LedgerOpened, KeyEnrolled, KeyCountersigned, KeyRotated, KeyRevoked, KeyReaffirmed,
})  # fmt: skip
"""What this fold reads."""


@dataclass(slots=True)
class Held:
    """A key in the registry.

    index        its number among the keys, from 1
    may          wire names it may sign, by role
    algorithm    and `spki`: what checks its signatures
    valid_from   first day, ISO 8601, which sorts as it is
    valid_until  last day
    proposed_by  actor who enrolled it
    enrollment   leaf hash of the entry that did, base64
    pending      whether it waits for a second administrator
    ended_at     number of the entry that revoked or replaced it
    """

    index: int
    kid: str
    actor: str
    may: dict[str, frozenset[str]]
    algorithm: str
    spki: bytes
    valid_from: str
    valid_until: str
    proposed_by: str
    enrollment: str
    pending: bool
    ended_at: int | None = None


class Registry:
    """Every key enrolled so far, by key id, and which entries each has signed."""

    def __init__(self) -> None:
        self.keys: dict[str, Held] = {}
        self.suspects: dict[int, str] = {}
        # Whether a key event may be missing here: an entry could not be read, or not be believed.
        self.torn = False
        self._origin = ""
        self._sole = False
        # Index of the signer of entry n at n - 1, from 1; 0 where nobody is known.
        self._signers = array("I")

    def signed(self, held: Held | None) -> None:
        """Remember who signed the next entry."""
        self._signers.append(0 if held is None else held.index)

    def signed_by(self, kid: str, first: int) -> Iterator[int]:
        """Numbers of the entries that a key has signed, from entry `first` on."""
        held = self.keys.get(kid)
        if held is not None:
            for number in range(first, len(self._signers) + 1):
                if self._signers[number - 1] == held.index:
                    yield number

    def _signer(self, number: int) -> int:
        """Index of the key that signed an entry; 0 where nobody is known."""
        return self._signers[number - 1] if number <= len(self._signers) else 0

    def faults(self, held: Held, by: str, role: str, wire: str, on: str) -> list[Fault]:
        """Why a key might not sign an entry: KEY_… or ROLE; none when it might."""
        found: list[Fault] = []
        if (
            held.ended_at is None
            and not held.pending
            and held.valid_from <= on <= held.valid_until
            and by == held.actor
            and wire in held.may.get(role, ())
        ):
            return found
        if held.ended_at is not None:
            found.append((
                "KEY_REVOKED",
                f"key {held.kid} of {held.actor} was revoked or replaced at entry"
                f" {held.ended_at:,}, whatever date this claims",
            ))  # fmt: skip
        if held.pending:
            found.append((
                "KEY_PENDING",
                f"key {held.kid} of {held.actor} was proposed by {held.proposed_by} and no second"
                " administrator has countersigned it",
            ))  # fmt: skip
        if not held.valid_from <= on <= held.valid_until:
            found.append((
                "KEY_PERIOD",
                f"key {held.kid} of {held.actor} signs from {held.valid_from} to"
                f" {held.valid_until}, not on {on}",
            ))  # fmt: skip
        if by != held.actor:
            found.append(
                ("KEY_ACTOR", f"key {held.kid} is {held.actor}'s, and the entry says {by}")
            )
        if role not in held.may:
            found.append(("ROLE", f"{held.actor} may not sign as {role}"))
        elif wire not in held.may[role]:
            found.append(("ROLE", f"a {role} may not sign {wire}"))
        return found

    def apply(self, event: Event, *, entry: int, leaf: str, by: str, kid: str) -> list[Fault]:
        """Fold one authentic key event; what is wrong with it is not folded but returned."""
        match event:
            case LedgerOpened():
                found = ("OPENING", "a ledger is opened once, by its first entry")
                return self._open(event, leaf, by) if entry == 1 else [found]
            case KeyEnrolled(enrolled=enrolled):
                return [*self._enroll(enrolled, leaf, by, pending=not self._sole)]
            case KeyCountersigned():
                return [*self._countersign(event, by)]
            case KeyRotated():
                return [*self._rotate(event, entry, leaf, by, kid)]
            case KeyRevoked():
                return [*self._revoke(event, entry)]
            case KeyReaffirmed():
                return [*self._reaffirm(event)]
            case _:
                return []

    def _open(self, event: LedgerOpened, leaf: str, by: str) -> list[Fault]:
        self._origin = event.origin
        self._sole = event.sole
        found = [
            fault
            for one in event.administrators
            for fault in self._enroll(one, leaf, by, pending=False)
        ]
        people = {one.actor for one in event.administrators if ADMINISTRATOR in one.roles}
        if event.sole != (len(people) == 1):
            said = "says" if event.sole else "does not say"
            found.append((
                "TWO_PERSON",
                f"the ledger opens with the key administrators {', '.join(sorted(people)) or '-'}"
                f" and {said} that there is one alone",
            ))  # fmt: skip
        return found

    def _enroll(self, one: EnrolledKey, leaf: str, by: str, *, pending: bool) -> Iterator[Fault]:
        spki = unbase64(one.spki) or b""
        try:
            check = checker(one.algorithm, spki)
        except UnfitKey as flaw:
            yield "KEY_WEAK", f"the key {one.key} of {one.actor} {flaw}"
            return
        faults: list[Fault] = []
        if one.key != key_id(spki):
            faults.append(("KEY_ID", f"key {key_id(spki)} of {one.actor} is called {one.key}"))
        statement = f"chip-ledger/pop/v1\n{self._origin}\n{one.actor}\n".encode() + spki
        if not holds(check, unbase64(one.possession) or b"", statement):
            faults.append((
                "KEY_POP",
                f"key {one.key} did not sign that it is {one.actor}'s in {self._origin}",
            ))  # fmt: skip
        for role in one.roles:
            if role not in ROLES:
                faults.append(("ROLE", f"{one.actor} is enrolled as {role}, which is no role"))
        if one.key in self.keys:
            faults.append((
                "KEY_REENROLLED",
                f"key {one.key} of {one.actor} was enrolled before, for {self.keys[one.key].actor}",
            ))  # fmt: skip
        if faults:
            yield from faults
            return
        self.keys[one.key] = Held(
            index=len(self.keys) + 1,
            kid=one.key,
            actor=one.actor,
            may={role: ROLES[role] for role in one.roles},
            algorithm=one.algorithm,
            spki=spki,
            valid_from=one.valid_from.isoformat(),
            valid_until="9999-12-31" if one.valid_until is None else one.valid_until.isoformat(),
            proposed_by=by,
            enrollment=leaf,
            pending=pending,
        )

    def _countersign(self, event: KeyCountersigned, by: str) -> Iterator[Fault]:
        held = self.keys.get(event.key)
        if held is None and self.torn:
            return
        if held is None or held.enrollment != event.enrollment:
            yield (
                "TWO_PERSON",
                f"{by} countersigns an enrollment {event.enrollment} of key {event.key} that is"
                " not in the log",
            )
        elif held.proposed_by == by:
            yield "TWO_PERSON", f"{by} enrolled key {event.key} and countersigns it too"
        else:
            held.pending = False

    def _rotate(
        self, event: KeyRotated, entry: int, leaf: str, by: str, kid: str
    ) -> Iterator[Fault]:
        old, successor = self.keys[kid], event.successor
        if event.key != kid:
            yield "KEY_ACTOR", f"key {event.key} is replaced by an entry signed with {kid}"
        elif successor.actor != old.actor:
            yield "KEY_ACTOR", f"{old.actor}'s key is replaced by one of {successor.actor}"
        elif set(successor.roles) != set(old.may):
            yield (
                "ROLE",
                f"{old.actor} signs as {', '.join(sorted(old.may))}, and the new key would as"
                f" {', '.join(sorted(successor.roles))}",
            )
        else:
            faults = [*self._enroll(successor, leaf, by, pending=False)]
            if not faults:
                old.ended_at = entry
            yield from faults

    def _revoke(self, event: KeyRevoked, entry: int) -> Iterator[Fault]:
        held = self.keys.get(event.key)
        if held is None:
            if not self.torn:
                yield "KEY_UNKNOWN", f"key {event.key} is revoked and was never enrolled"
            return
        # A key may be revoked after it was replaced, or again with an earlier date: that widens
        # what is suspect, and never lets the key sign longer.
        if held.ended_at is None:
            held.ended_at = entry
        if event.suspect_from is not None:
            for number in self.signed_by(held.kid, event.suspect_from):
                self.suspects[number] = (
                    f"signed with key {held.kid} of {held.actor}, which entry {entry:,} revoked"
                    f" and calls suspect from entry {event.suspect_from:,} on"
                )

    def _reaffirm(self, event: KeyReaffirmed) -> Iterator[Fault]:
        held = self.keys.get(event.key)
        if held is None:
            if not self.torn:
                yield "KEY_UNKNOWN", f"entries by key {event.key} are reaffirmed: never enrolled"
        else:
            # With another key: a revoked one signs nothing any more, so the signer's is another.
            for number in event.entries:
                if self._signer(number) == held.index:
                    self.suspects.pop(number, None)
