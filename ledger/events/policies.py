"""Which rules are in force: a pack takes effect only by being adopted here."""

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from ledger.events._event import Event, Policy, Sha256, Text


class _AboutPolicy(Event, frozen=True, kw_only=True):
    policy: Policy

    @property
    def subject(self) -> str:
        return f"policy:{self.policy}"


class PolicyAdopted(_AboutPolicy, frozen=True, kw_only=True):
    """A pack of rules is in force from a date; replay reads it here and nowhere else.

    policy        id of the pack
    effective_on  first day it applies
    digest        SHA-256 of the content
    content       the whole pack, as TOML
    citation      where the rules were published
    """

    wire: ClassVar[str] = "policy.adopted.v1"

    effective_on: date
    digest: Sha256
    content: Annotated[str, Meta(min_length=1, max_length=40_000)]
    citation: Text = ""

    @property
    def on(self) -> date:
        return self.effective_on


class PolicyWithdrawn(_AboutPolicy, frozen=True, kw_only=True):
    """A pack is no longer in force from a date on, or never came into force.

    policy        id of the pack
    withdrawn_on  first day without it
    reason        why
    citation      where that was published
    """

    wire: ClassVar[str] = "policy.withdrawn.v1"

    withdrawn_on: date
    reason: Text
    citation: Text = ""

    @property
    def on(self) -> date:
        return self.withdrawn_on
