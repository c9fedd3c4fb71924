"""Facts that are recorded as they are told: of parties, agreements, checks, controls, papers.

Each command is its event with another name: what was told is what is recorded. One decider
serves them all. What begins a subject (a registration, a request) is said once: again with the
same details it is already recorded, with others it is refused. What follows is recorded as often
as it differs; where its subject was never begun, that is a warning, for facts come late. So is
a new rating of a check nobody rated, the suspension of an agreement that never was in force, and
a party taken off a list it was never put on.

What was said before, word for word, is not recorded again. Where something else was said since,
the answer names it: who means to bring a suspended agreement back into force gives the day.

An id stands for one agreement with one country, or for one check of one party; what names another
is refused, and so is what an agreement would do once it has ended for good.
"""

from typing import Final

import msgspec

from commands.decider import Command, Decider, Past, Said, Situation, misfit
from commands.fact_names import FACTS
from ledger.catalogue import chip
from ledger.errors import Malformed, Refused
from ledger.events import (
    AddressDelisted,
    AddressListed,
    AgreementAmended,
    AgreementConcluded,
    AgreementInForce,
    AgreementSuspended,
    AgreementTerminated,
    CheckClosed,
    CheckRated,
    CheckRefused,
    CheckRequested,
    CheckRerated,
    CheckScheduled,
    ControlPublished,
    Event,
    LicenseApplicationReported,
    LicenseApplied,
    Movement,
    PartyDelisted,
    PartyListed,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    ShipmentDeclared,
    ShipmentDeliveryConfirmed,
    ShipmentOnwardObserved,
    ShipmentReturned,
    ShipmentVoided,
)
from ledger.events.agreements import AboutAgreement
from ledger.events.end_use_checks import AboutCheck
from ledger.events.goods import GoodsLine, StockLine
from ledger.events.shipments import AboutShipment

BEGINS: Final = (PartyRegistered, AgreementConcluded, CheckRequested, ControlPublished,
                 LicenseApplicationReported, ShipmentDeclared, ShipmentOnwardObserved)  # fmt: skip
"""Events that begin their subject."""

BEGUN_BY: Final = (*BEGINS, LicenseApplied, Movement)
"""Events that begin a subject, those among them that are no facts told here."""

ONCE: Final = (CheckRated, CheckRefused, CheckClosed, AgreementTerminated)
"""Events a subject has once; what changes them later is an event of its own."""

AHEAD: Final = (AgreementInForce, AgreementAmended, AgreementSuspended, AgreementTerminated,
                PartyListed, PartyDelisted, AddressListed, AddressDelisted, CheckScheduled,
                ControlPublished)  # fmt: skip
"""Events that may be about a day still to come."""

AFTER_DEPARTURE: Final = (ShipmentReturned, ShipmentDeliveryConfirmed)
"""What cannot be told of a shipment before it left; its papers and its detention come before."""


FOLLOWS: Final[dict[type[Event], type[Event]]] = {
    CheckRerated: CheckRated,
    AgreementSuspended: AgreementInForce,
    PartyDelisted: PartyListed,
    AddressDelisted: AddressListed,
}
"""What only makes sense once something else was, and is recorded with a warning where it was not.
"""


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
        raise misfit(
            name, error, remedy=f"docs/events.md lists the fields of {FACTS[name].wire}"
        ) from error


def evolve(told: tuple[Event, ...], past: Past) -> tuple[Event, ...]:
    """Everything told of a subject."""
    return (*told, past.event)


def decide(command: Tell, told: tuple[Event, ...], situation: Situation) -> Said:
    """What follows from a fact."""
    fact = command.fact
    subject = _name(fact)
    if not isinstance(fact, AHEAD):
        situation.happened(f"{subject}: {_what(fact)}", fact.on)
    standing = _standing(told)
    if fact in standing:
        return Said((), _overtaken(fact, standing))
    if fact in told:
        return Said((), [f"{subject} was voided after this was said: it is not said again"])
    _known_models(fact)
    begun = next((event for event in standing if isinstance(event, BEGUN_BY)), None)
    first = begun or next(iter(standing), None)
    other = None if first is None else _otherwise(first, fact)
    if first is not None and other is not None:
        raise Refused(
            f"{subject} was already {_what(first)} on {first.on}, with {other}",
            remedy="use another id, or record what changed since",
            code="ALREADY_SAID",
        )
    before = next((event for event in standing if _leaves_no_room(event, fact)), None)
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
    warnings = _remarks(fact, begun) or _out_of_the_blue(fact, standing)
    return Said([fact], [*warnings, *_outlasted(fact, standing)])


def _matter(fact: Event) -> tuple[str, ...] | None:
    """What a fact settles until another settles it otherwise; None where facts only add up."""
    match fact:
        case AgreementInForce() | AgreementSuspended() | AgreementTerminated():
            return ("standing",)
        case AgreementAmended():
            return ("uplift",)
        case (
            PartyListed(list=name)
            | PartyDelisted(list=name)
            | AddressListed(list=name)
            | AddressDelisted(list=name)
        ):
            return ("list", name)
        case PartyRenamed():
            return ("name",)
        case PartyRelocated():
            return ("headquarters",)
        case PartyOwnershipChanged(owner=owner):
            return ("share", owner)
        case CheckScheduled():
            return ("visit",)
        case CheckRated() | CheckRerated():
            return ("rating",)
        case _:
            return None


def _overtaken(fact: Event, told: tuple[Event, ...]) -> list[str]:
    """Say that what is repeated was not the last word, and how to make it so again."""
    matter = _matter(fact)
    since = [event for event in told[told.index(fact) + 1 :] if _matter(event) == matter]
    if matter is None or not since:
        return []
    day = next(name for name in fact.__struct_fields__ if name.endswith("_on"))
    return [
        f"{_name(fact)} was {_what(fact)} on {fact.on}, and {_what(since[-1])} since, on"
        f" {since[-1].on}: where it is {_what(fact)} again, give the day with"
        f" --{day.replace('_', '-')}"
    ]


def _outlasted(fact: Event, told: tuple[Event, ...]) -> list[str]:
    """Say that an agreement brought into force was suspended on a later day, and so stays."""
    if not isinstance(fact, AgreementInForce):
        return []
    later = [event for event in told if _matter(event) == ("standing",) and event.on > fact.on]
    last = max(later, key=lambda event: event.on, default=fact)
    if not isinstance(last, AgreementSuspended):
        return []
    return [
        f"{_name(fact)} was suspended on {last.on} and stays so from that day on: where it is in"
        " force again, give a later day with --in-force-on"
    ]


def _out_of_the_blue(fact: Event, told: tuple[Event, ...]) -> list[str]:
    """Say that what a fact presupposes was not told."""
    before, matter = FOLLOWS.get(type(fact)), _matter(fact)
    if before is None or any(type(one) is before and _matter(one) == matter for one in told):
        return []
    return [f"{_name(fact)} was never {_deed(before)}: {_what(fact)} all the same"]


def _standing(told: tuple[Event, ...]) -> tuple[Event, ...]:
    """What still counts of what was told: nothing from before a shipment was voided."""
    voids = [at for at, event in enumerate(told) if isinstance(event, ShipmentVoided)]
    return told[voids[-1] + 1 :] if voids else told


def _known_models(fact: Event) -> None:
    """A chip that is named is in the catalogue; `Malformed` (CHIP_UNKNOWN) where it is not."""
    for line in getattr(fact, "lines", ()):
        if isinstance(line, GoodsLine | StockLine) and line.model is not None:
            chip(line.model)


def _remarks(fact: Event, begun: Event | None) -> list[str]:
    """What the officer should know besides: nothing was begun, or it says more than it counts."""
    subject = _name(fact)
    if isinstance(fact, ShipmentDeclared) and _counted(fact):
        return [
            f"{subject} names every chip and where it went: told as an export, a reexport or a"
            " transfer it would draw on the country's quota"
        ]
    if begun is None and not isinstance(fact, (*BEGINS, AddressListed, AddressDelisted)):
        return [f"{subject} is not in this ledger yet: {_what(fact)} all the same"]
    return []


def _counted(fact: ShipmentDeclared) -> bool:
    """Whether a declaration says all that a movement has to: chips by model, and who got them."""
    chips = all(
        line.model is not None and line.quantity is not None and line.counted_in == "chips"
        for line in fact.lines
    )
    where = len(fact.destinations) == 1 and fact.ultimate_consignee is not None
    return chips and where and not fact.stopped


def _otherwise(first: Event, fact: Event) -> str | None:
    """How a fact contradicts what its subject began with, in words; None where it does not."""
    match first, fact:
        case AboutAgreement(country=known), AboutAgreement(country=named) if known != named:
            return f"{known}, not {named}"
        case AboutCheck(party=known), AboutCheck(party=named) if known != named:
            return f"{known}, not {named}"
        case _ if isinstance(first, BEGUN_BY) and isinstance(fact, BEGINS):
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

    A party may have moved before it was registered here, and a shipment been invoiced, inspected
    or detained before it left.
    """
    anytime = isinstance(begun, PartyRegistered) or (
        isinstance(fact, AboutShipment) and not isinstance(fact, AFTER_DEPARTURE)
    )
    if not anytime and fact.on < begun.on:
        raise Malformed(
            f"{_name(fact)} was {_what(begun)} on {begun.on}, and cannot be"
            f" {_what(fact)} on {fact.on}",
            remedy="give the date it happened on",
            code="DATES_ORDER",
        )


def _what(fact: Event) -> str:
    """The deed in words: `check.requested.v1` was requested."""
    return _deed(type(fact))


def _deed(event: type[Event]) -> str:
    return event.wire.split(".")[1].replace("_", " ")


def _name(fact: Event) -> str:
    return fact.subject.replace(":", " ")


def _subject(command: Tell) -> str:
    return command.fact.subject


facts = Decider(tuple[Event, ...](), evolve, decide, _subject)
