"""Proofs as files: that an entry is in the log, and that the log only grew.

An inclusion proof is a C2SP tlog-proof: the entry's index, the hashes, a blank line, and the
checkpoint it leads to. Whoever holds the entry's line and the log's key needs nothing else. A
consistency proof has the same form with two sizes.
"""

from base64 import b64decode, b64encode
from binascii import Error
from typing import Final

from ledger.checkpoint import parse_note
from ledger.errors import Malformed
from ledger.merkle import leaf_hash, verify_consistency, verify_inclusion

INCLUSION: Final = "c2sp.org/tlog-proof@v1"
CONSISTENCY: Final = "chip-ledger/consistency-proof/v1"


def render_inclusion(number: int, hashes: list[bytes], note: str) -> str:
    """The proof that entry `number` is leaf `number` - 1 of the checkpoint in `note`."""
    lines = [INCLUSION, f"index {number - 1}", *map(_base64, hashes)]
    return "\n".join(lines) + "\n\n" + note


def render_consistency(old: str, hashes: list[bytes], new: str) -> str:
    """The proof that the log of one checkpoint begins with the log of an earlier one."""
    return "\n".join([CONSISTENCY, *map(_base64, hashes)]) + "\n\n" + old + "\n" + new


def check(proof: str, *, origin: str, log_spki: bytes, line: bytes | None) -> str:
    """What a proof shows, in a sentence; raises `NotAuthentic` where it does not hold.

    line  the entry's line, for an inclusion proof
    """
    head, _, rest = proof.partition("\n\n")
    kind, *lines = head.split("\n")
    if kind == INCLUSION:
        if line is None:
            raise Malformed(
                "an inclusion proof speaks of an entry, and no entry was given",
                remedy="give the entry's line in a file with --entry",
                code="PROOF_ENTRY",
            )
        found = parse_note(rest, origin=origin, log_spki=log_spki)
        index = _index(lines)
        hashes = _hashes(lines[1:])
        verify_inclusion(leaf_hash(line), index, found.size, hashes, found.root)
        return f"entry {index + 1:,} is one of the {found.size:,} entries of this checkpoint"
    if kind == CONSISTENCY:
        parts = rest.split("\n\n")
        if len(parts) != 4:
            raise _malformed("it does not hold two checkpoints")
        old, new = (
            parse_note(f"{body}\n\n{signed.rstrip()}\n", origin=origin, log_spki=log_spki)
            for body, signed in (parts[:2], parts[2:])
        )
        verify_consistency(old.size, old.root, new.size, new.root, _hashes(lines))
        return f"the log of {new.size:,} entries begins with the log of {old.size:,}"
    raise _malformed(f"its first line is {kind[:60]!r}")


def _index(lines: list[str]) -> int:
    label, _, number = (lines[0] if lines else "").partition(" ")
    if label != "index" or not number.isascii() or not number.isdigit():
        raise _malformed("its second line is not an index")
    return int(number)


def _hashes(lines: list[str]) -> list[bytes]:
    try:
        return [b64decode(line, validate=True) for line in lines]
    except Error as error:
        raise _malformed(f"a hash is not base64: {error}") from error


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def _malformed(why: str) -> Malformed:
    return Malformed(
        f"this is not a proof: {why}",
        remedy="chip-ledger prove entry N makes one",
        code="PROOF_FORM",
    )
