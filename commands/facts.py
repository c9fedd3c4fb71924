"""Facts that are recorded as they are told: parties, agreements, end-use checks.

Each command is its event with another name: what was told is what is recorded. One decider
serves them all. What begins a subject (a registration, a request) is said once: again with the
same details it is already recorded, with others it is refused. What follows is recorded as often
as it differs; where its subject was never begun, that is a warning, for facts come late.

An id stands for one agreement with one country, or for one check of one party; what names another
is refused, and so is what an agreement would do once it has ended for good.
"""

from typing import Final

import msgspec

from commands.decider import Command, Decider, Past, Said, Situation
from ledger.errors import Malformed, Refused
from ledger.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    CheckClosed,
    CheckPerformed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
    Event,
    PartyCapacityDeclared,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyPaymentReceived,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PartySerialsSighted,
    PartyTenantDeclared,
)
from ledger.events.agreements import AboutAgreement
from ledger.events.end_use_checks import AboutCheck

FACTS: Final[dict[str, type[Event]]] = {
    "party.register": PartyRegistered,
    "party.rename": PartyRenamed,
    "party.relocate": PartyRelocated,
    "party.own": PartyOwnershipChanged,
    "party.list": PartyListed,
    "party.delist": PartyDelisted,
    "party.capacity": PartyCapacityDeclared,
    "party.tenant": PartyTenantDeclared,
    "party.payment": PartyPaymentReceived,
    "party.sighting": PartySerialsSighted,
    "agreement.conclude": AgreementConcluded,
    "agreement.in-force": AgreementInForce,
    "agreement.amend": AgreementAmended,
    "agreement.suspend": AgreementSuspended,
    "agreement.terminate": AgreementTerminated,
    "check.request": CheckRequested,
    "check.schedule": CheckScheduled,
    "check.perform": CheckPerformed,
    "check.rate": CheckRated,
    "check.rerate": CheckRerated,
    "check.refuse": CheckRefused,
    "check.close": CheckClosed,
}
"""Name of the command, and the event it records."""

BEGINS: Final = (PartyRegistered, AgreementConcluded, CheckRequested)
"""Events that begin their subject."""

ONCE: Final = (CheckRated, CheckRefused, CheckClosed, AgreementTerminated)
"""Events a subject has once; what changes them later is an event of its own."""

AHEAD: Final = (AgreementInForce, AgreementAmended, AgreementSuspended, AgreementTerminated,
                PartyListed, PartyDelisted, CheckScheduled)  # fmt: skip
"""Events that may be about a day still to come."""


class Tell(Command, frozen=True, kw_only=True, tag="tell"):
    """Record a fact. In an import file it goes by its own name: see `FACTS`."""

    fact: Event


def parse(name: str, fields: dict[str, object]) -> Tell:
    """The command in a line of an import file, its `command` member taken off.

    Raises `Malformed` (FIELDS) where a field is missing, unknown or out of bounds.
    """
    try:
        return Tell(fact=msgspec.convert(fields, FACTS[name], str_keys=True))
    except msgspec.ValidationError as error:
        raise Malformed(
            f"{name}: {error}",
            remedy=f"docs/events.md lists the fields of {FACTS[name].wire}",
            code="FIELDS",
        ) from error


def evolve(told: tuple[Event, ...], past: Past) -> tuple[Event, ...]:
    """Everything told of a subject."""
    return (*told, past.event)


def decide(command: Tell, told: tuple[Event, ...], situation: Situation) -> Said:
    """What follows from a fact."""
    fact = command.fact
    subject = fact.subject.replace(":", " ")
    if not isinstance(fact, AHEAD):
        situation.happened(f"{subject}: {_what(fact)}", fact.on)
    if fact in told:
        return Said()
    begun = next((event for event in told if isinstance(event, BEGINS)), None)
    first = begun or next(iter(told), None)
    other = None if first is None else _otherwise(first, fact)
    if first is not None and other is not None:
        raise Refused(
            f"{subject} was already {_what(first)} on {first.on}, with {other}",
            remedy="use another id, or record what changed since",
            code="ALREADY_SAID",
        )
    before = next((event for event in told if _leaves_no_room(event, fact)), None)
    if before is not None:
        raise Refused(
            f"{subject} was already {_what(before)} on {before.on}",
            remedy="record the change instead: a check that was rated is rated again with rerate"
            if isinstance(before, CheckRated)
            else "give what is new an id of its own",
            code="ALREADY_SAID",
        )
    if begun is not None and not isinstance(fact, BEGINS):
        _in_order(fact, begun)
    warnings = []
    if begun is None and not isinstance(fact, BEGINS):
        warnings.append(f"{subject} is not in this ledger yet: {_what(fact)} all the same")
    return Said([fact], warnings)


def _otherwise(first: Event, fact: Event) -> str | None:
    """How a fact contradicts what its subject began with, in words; None where it does not."""
    match first, fact:
        case AboutAgreement(country=known), AboutAgreement(country=named) if known != named:
            return f"{known}, not {named}"
        case AboutCheck(party=known), AboutCheck(party=named) if known != named:
            return f"{known}, not {named}"
        case _ if isinstance(first, BEGINS) and isinstance(fact, BEGINS):
            return "other details"
        case _:
            return None


def _leaves_no_room(before: Event, fact: Event) -> bool:
    """Whether a fact is told once and was, or is about an agreement that had ended by then."""
    if isinstance(before, AgreementTerminated) and not isinstance(fact, AgreementTerminated):
        return fact.on >= before.on
    return isinstance(fact, ONCE) and type(before) is type(fact)


def _in_order(fact: Event, begun: Event) -> None:
    """A check is not rated before it was requested, nor an agreement in force before signed.

    A party may have moved before it was registered here.
    """
    if not isinstance(begun, PartyRegistered) and fact.on < begun.on:
        raise Malformed(
            f"{fact.subject.replace(':', ' ')} was {_what(begun)} on {begun.on}, and cannot be"
            f" {_what(fact)} on {fact.on}",
            remedy="give the date it happened on",
            code="DATES_ORDER",
        )


def _what(fact: Event) -> str:
    """The deed in words: `check.requested.v1` was requested."""
    return fact.wire.split(".")[1].replace("_", " ")


def _subject(command: Tell) -> str:
    return command.fact.subject


facts = Decider(tuple[Event, ...](), evolve, decide, _subject)
