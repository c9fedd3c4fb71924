"""What was known when: the newest entry up to a number or an instant, as `--known-at` names it."""

from datetime import UTC, datetime, timedelta

from ledger.entry import instant
from ledger.errors import Malformed, Unknown
from ledger.store import Snapshot, Store
from ledger.views import entry_at


def known_by(store: Store, connection: Snapshot, text: str, size: int) -> int:
    """The newest of the first `size` entries that was known then.

    Raises `Malformed` (KNOWN_AT_FORM) for what is neither a number nor an instant, and `Unknown`
    (ENTRY_MISSING) where there was no entry yet, or is none.
    """
    if text.isdecimal():
        number = int(text)
        if not 1 <= number <= size:
            raise Unknown(
                f"there is no entry {number:,}; the ledger holds {size:,}",
                remedy=f"--known-at with a number from 1 to {size}, or an instant",
                code="ENTRY_MISSING",
            )
        return number
    then = instant(_instant(text))
    low, high = 0, size
    while low < high:  # entries stand in the order they were signed
        middle = (low + high + 1) // 2
        if entry_at(store, connection, middle).at <= then:
            low = middle
        else:
            high = middle - 1
    if low == 0:
        opened = entry_at(store, connection, 1).at
        raise Unknown(
            f"nothing was known at {then}; the ledger was opened at {opened}",
            remedy="name a later instant, or an entry",
            code="ENTRY_MISSING",
        )
    return low


def _instant(text: str) -> datetime:
    """An instant; a bare date means the end of that day. Without a time zone, UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(
            f"{text!r} is neither an entry number nor an instant",
            remedy="write 1204, 2025-11-19 or 2025-11-19T12:00:00Z",
            code="KNOWN_AT_FORM",
        ) from error
    if len(text) == len("2025-11-19"):
        found += timedelta(days=1, microseconds=-1)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
