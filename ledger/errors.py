"""One family of errors: what is wrong, what to do, and the exit code it becomes.

Every message carries the values that make it one and, where there is something to do,
a remedy the reader can type. `code` is stable: `chip-ledger explain CODE` tells more.
"""

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """What the shell is told when a command ends."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    INCOMPLETE = 3
    INTEGRITY = 4
    REFUSED = 5
    CONFLICT = 6
    NOT_PERMITTED = 7
    UNREACHED = 8


class LedgerError(Exception):
    """Something a person can understand and, mostly, put right.

    problem  what is wrong, with the values that make it so
    remedy   what to type or do next; empty when there is nothing
    code     stable name of the kind of problem, such as CAP_EXCEEDED
    """

    exit: ClassVar[Exit] = Exit.UNEXPECTED
    default_code: ClassVar[str] = "UNEXPECTED"

    def __init__(self, problem: str, *, remedy: str = "", code: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.code = code or self.default_code


class Malformed(LedgerError):
    """A value that could never be right: typed, imported or read."""

    exit = Exit.USAGE
    default_code = "MALFORMED"


class Unknown(LedgerError):
    """Something named is not there: a ledger, a license, a key."""

    exit = Exit.INCOMPLETE
    default_code = "UNKNOWN"


class NotAuthentic(LedgerError):
    """Bytes that are not what somebody signed, or not what the log committed to."""

    exit = Exit.INTEGRITY
    default_code = "NOT_AUTHENTIC"


class Refused(LedgerError):
    """A decision the policy, a cap or the state of the matter does not allow."""

    exit = Exit.REFUSED
    default_code = "REFUSED"


class Conflict(LedgerError):
    """Somebody else was first, or holds what is needed; trying again may work."""

    exit = Exit.CONFLICT
    default_code = "CONFLICT"


class NotPermitted(LedgerError):
    """This key or role may not say that."""

    exit = Exit.NOT_PERMITTED
    default_code = "NOT_PERMITTED"


class Unreached(LedgerError):
    """A party outside this process did not answer: a database server, a full disk."""

    exit = Exit.UNREACHED
    default_code = "UNREACHED"
