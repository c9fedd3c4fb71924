"""Policies: adopt a pack, withdraw one. A pack does nothing until somebody adopts it here."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from commands.decider import Command, Decider, Past, Said, Situation
from ledger.errors import Malformed, Refused
from ledger.events import Event, PolicyAdopted, PolicyWithdrawn
from ledger.events._event import Policy, Text
from ledger.policy import digest, parse_pack, shipped_pack


class AdoptPolicy(Command, frozen=True, kw_only=True, tag="policy.adopt"):
    """Put a pack in force from a date.

    policy        id of the pack
    effective_on  first day it applies
    content       the pack as TOML; the one shipped with this program when left out
    citation      where the rules were published
    """

    policy: Policy
    effective_on: date
    content: Annotated[str, Meta(min_length=1, max_length=40_000)] | None = None
    citation: Text = ""


class WithdrawPolicy(Command, frozen=True, kw_only=True, tag="policy.withdraw"):
    """Take a pack out of force from a date, or before it ever came into force."""

    policy: Policy
    withdrawn_on: date
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    citation: Text = ""


PolicyCommand = AdoptPolicy | WithdrawPolicy


def evolve(told: tuple[Event, ...], past: Past) -> tuple[Event, ...]:
    """Adoptions and withdrawals of one pack, in order."""
    return (*told, past.event)


def decide(command: PolicyCommand, told: tuple[Event, ...], situation: Situation) -> Said:
    """What follows from a command."""
    latest = told[-1] if told else None
    match command:
        case AdoptPolicy(policy=policy):
            content = shipped_pack(policy) if command.content is None else command.content
            pack = parse_pack(content)
            named = pack.id
            if named != policy:
                raise Malformed(
                    f"this pack calls itself {named!r}, not {policy!r}",
                    remedy="adopt it under its own id:"
                    f" chip-ledger policy adopt {named} --file FILE",
                    code="POLICY_ID",
                )
            if pack.scenario:
                raise Refused(
                    f"policy {policy} is a scenario: nobody ever issued these rules",
                    remedy=f"suppose it instead: chip-ledger quotas --policy {policy}",
                    code="POLICY_SCENARIO",
                )
            adopted = PolicyAdopted(
                policy=policy,
                effective_on=command.effective_on,
                digest=digest(content),
                content=content,
                citation=command.citation,
            )
            if adopted in told:
                return _again(adopted, latest)
            there = {each.id for each in situation.rules(command.effective_on).packs}
            return Said(
                [adopted],
                [
                    f"{policy} is written to lie over {below}, which is not in force on"
                    f" {command.effective_on}: what it leaves to it is empty until it is adopted"
                    for below in pack.over
                    if below not in there
                ],
            )
        case WithdrawPolicy(policy=policy):
            withdrawn = PolicyWithdrawn(
                policy=policy,
                withdrawn_on=command.withdrawn_on,
                reason=command.reason,
                citation=command.citation,
            )
            if withdrawn in told:
                return _again(withdrawn, latest)
            if not isinstance(latest, PolicyAdopted):
                raise Refused(
                    f"policy {policy} is not adopted in this ledger",
                    remedy="chip-ledger policy list shows what is",
                    code="POLICY_UNKNOWN",
                )
            return Said([withdrawn])


def _again(said: Event, latest: Event | None) -> Said:
    """Said before: nothing new, and a warning where something else was said since."""
    if said == latest or latest is None:
        return Said()
    return Said(
        (),
        [
            f"this was said before, and {latest.subject.replace(':', ' ')} was"
            f" {latest.wire.split('.')[1]} since: to say it once more, change the citation"
        ],
    )


def _subject(command: PolicyCommand) -> str:
    return f"policy:{command.policy}"


policies = Decider(tuple[Event, ...](), evolve, decide, _subject)
