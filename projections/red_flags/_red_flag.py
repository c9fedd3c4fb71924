"""A red flag: something that asks for an explanation. It is computed, and proves nothing."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final, get_args

from ledger.events.flag_reviews import Severity as Severity

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""The worst first."""


@dataclass(frozen=True, slots=True)
class RedFlag:
    """What a rule raises.

    rule      its name, such as cap-breach
    severity  how much weight it has
    subject   tag of what it is about, such as license:D1
    key       what the rule groups by, such as a country
    because   why, with numbers and units
    source    where the rule is written
    policy    the packs it was judged under, joined by +; empty when it needs none
    on        date in the world
    evidence  numbers of the entries that show it, ascending
    parties   who it is about, the most suspicious first: flags of one cluster of parties belong
              together
    weight    of a weak sign, where it is not the one its pattern has
    """

    rule: str
    severity: Severity
    subject: str
    key: str
    because: str
    source: str
    policy: str
    on: date
    evidence: tuple[int, ...]
    parties: tuple[str, ...] = ()
    weight: int | None = None

    def __post_init__(self) -> None:
        if not self.evidence or list(self.evidence) != sorted(set(self.evidence)):
            raise ValueError(f"evidence is entries in order, once each, not {self.evidence}")

    @property
    def raised_at(self) -> int:
        """The entry with which the evidence was complete."""
        return self.evidence[-1]

    @property
    def id(self) -> str:
        """What a review points at: it survives a rebuild, and new evidence makes a new one.

        First 16 hex digits of SHA-256 over rule, key and evidence, each on a line.
        """
        numbers = " ".join(map(str, self.evidence))
        return sha256(f"{self.rule}\n{self.key}\n{numbers}\n".encode()).hexdigest()[:16]


def entries(*numbers: int) -> tuple[int, ...]:
    """Entries as evidence: in order, once each; 0, which is no entry, left out.

    >>> entries(7, 0, 3, 7)
    (3, 7)
    """
    return tuple(sorted({number for number in numbers if number}))
