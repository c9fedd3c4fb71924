"""Which packs were in force when: a fold of adoptions and withdrawals.

What counts is the adoption recorded in the ledger, with the date it takes effect. The dates
inside a pack say what happened in the world and are for people to read.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from ledger.errors import Malformed, NotAuthentic
from ledger.events import Event, PolicyAdopted, PolicyWithdrawn
from ledger.policy.pack import parse_pack
from ledger.policy.rules import Rules
from ledger.terms import PolicyId


@dataclass(frozen=True, slots=True)
class Adoption:
    """A pack in force from `effective_on` on, up to the day before `withdrawn_on`."""

    policy: PolicyId
    text: str
    effective_on: date
    withdrawn_on: date | None = None

    def in_force(self, on: date) -> bool:
        return self.effective_on <= on and (self.withdrawn_on is None or on < self.withdrawn_on)


@dataclass(frozen=True, slots=True)
class PolicyTimeline:
    """Every adoption, in the order it was recorded.

    >>> PolicyTimeline().rules_on(date(2025, 6, 1)).packs
    ()
    """

    adoptions: tuple[Adoption, ...] = ()

    def adopt(self, policy: str, text: str, effective_on: date) -> "PolicyTimeline":
        """The timeline after a pack was adopted.

        It read when it was adopted, so a text that does not read was altered: `NotAuthentic`.
        """
        try:
            parse_pack(text)
        except Malformed as error:
            raise NotAuthentic(
                f"policy {policy} was adopted, and its text is none any more: {error.problem}",
                remedy="the database was altered: chip-ledger verify",
                code=error.code,
            ) from error
        adoption = Adoption(PolicyId(policy), text, effective_on)
        return PolicyTimeline((*self.adoptions, adoption))

    def withdraw(self, policy: str, withdrawn_on: date) -> "PolicyTimeline":
        """The timeline after a pack was withdrawn: no longer in force on that day.

        Withdrawn on or before the day it would take effect, it never was. A pack that was not
        adopted cannot be withdrawn, and then nothing changes.
        """
        return PolicyTimeline(
            tuple(
                replace(each, withdrawn_on=withdrawn_on)
                if each.policy == policy and each.withdrawn_on is None
                else each
                for each in self.adoptions
            )
        )

    def in_force(self, on: date) -> tuple[Adoption, ...]:
        """The adoptions that count on a day, in the order they took effect.

        Adopted again with a new text, a pack is replaced by its latest text in force. Of two
        that take effect on one day, the one recorded later lies on top.
        """
        latest: dict[PolicyId, Adoption] = {}
        for each in sorted(self.adoptions, key=lambda adoption: adoption.effective_on):
            if each.in_force(on):
                latest.pop(each.policy, None)
                latest[each.policy] = each
        return tuple(latest.values())

    def rules_on(self, on: date) -> Rules:
        """The rules of a day: packs in the order they took effect, the later over the earlier."""
        return _rules(tuple(adoption.text for adoption in self.in_force(on)))


def after(timeline: PolicyTimeline, event: Event) -> PolicyTimeline:
    """The timeline after an event."""
    match event:
        case PolicyAdopted(policy=policy, content=content, effective_on=on):
            return timeline.adopt(policy, content, on)
        case PolicyWithdrawn(policy=policy, withdrawn_on=on):
            return timeline.withdraw(policy, on)
        case _:
            return timeline


@lru_cache(maxsize=64)
def _rules(texts: tuple[str, ...]) -> Rules:
    return Rules.of([parse_pack(text) for text in texts])
