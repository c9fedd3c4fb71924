"""License applications: apply, approve, deny, return.

Rules kept here, in this order:
1. A case is decided once, and not before it was applied for: approved, denied or returned. The
   same decision again says nothing new; what it leaves open it takes from the first.
2. What is approved was applied for: same consignee, end users and country, no chip that was not
   asked for and no more units (15 CFR 750.7: a license may be granted in part).
3. A license ends on a day: the one it states, else the one the rules give; not before it begins.
4. Where review policy is a presumption or policy of denial, a justification is required.
5. TPP that counts against a country's allocation must fit its headroom; no justification helps.
"""

from datetime import date, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct

from commands import authorizations
from commands.decider import Command, Decider, Past, Said, Situation
from ledger.catalogue import chip
from ledger.errors import Malformed, Refused, Unknown
from ledger.events import (
    Condition,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseLine,
    LicenseReturned,
)
from ledger.events._event import Agreement, ControlNumber, License, Model, Name, Party, Text
from ledger.events.licenses import Act, ReturnReason
from ledger.policy import Rules
from ledger.terms import Cents, Country, Eccn, LicenseId, Units


class LineWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many of one chip of the catalogue.

    model        id of the chip, such as h100-sxm
    units        whole chips
    value_cents  total value of the line, US cents
    """

    model: Model
    units: Units
    value_cents: Cents | None = None


Lines = Annotated[tuple[LineWanted, ...], Meta(min_length=1, max_length=100)]


class ApplyForLicense(Command, frozen=True, kw_only=True, tag="license.apply"):
    """Register an application."""

    license: License
    applied_on: date
    act: Act = "export"
    applicant: Party
    purchaser: Party | None = None
    intermediate_consignees: tuple[Party, ...] = ()
    ultimate_consignee: Party
    end_users: Annotated[tuple[Party, ...], Meta(min_length=1, max_length=50)]
    destination: Country
    lines: Lines
    end_use: Text = ""
    acn: ControlNumber | None = None


class ApproveLicense(Command, frozen=True, kw_only=True, tag="license.approve"):
    """Grant a license: by default all that was applied for, until the day the rules give.

    lines          what is granted, where it is less than was asked for
    justification  why it is granted against a presumption of denial
    """

    license: License
    decided_on: date
    expires_on: date | None = None
    lines: Lines | None = None
    conditions: tuple[Condition, ...] = ()
    license_number: Name | None = None
    agreement: Agreement | None = None
    justification: Text = ""


class DenyLicense(Command, frozen=True, kw_only=True, tag="license.deny"):
    """Deny an application."""

    license: License
    decided_on: date
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


class ReturnLicense(Command, frozen=True, kw_only=True, tag="license.return"):
    """Return an application without action."""

    license: License
    returned_on: date
    reason: ReturnReason
    note: Text = ""


LicenseCommand = ApplyForLicense | ApproveLicense | DenyLicense | ReturnLicense
Decision = LicenseApproved | LicenseDenied | LicenseReturned


class Case(Struct, frozen=True):
    """All that a decision here needs to remember of a license."""

    applied: LicenseApplied | None = None
    decision: Decision | None = None


def evolve(case: Case, past: Past) -> Case:
    """A case after an event."""
    match past.event:
        case LicenseApplied() as applied:
            return Case(applied, case.decision)
        case LicenseApproved() | LicenseDenied() | LicenseReturned() as decision:
            return Case(case.applied, decision)
        case _:
            return case


def decide(command: LicenseCommand, case: Case, situation: Situation) -> Said:
    """What follows from a command."""
    match command:
        case ApplyForLicense():
            return _apply(command, case, situation)
        case ApproveLicense():
            situation.happened(f"license {command.license} is decided", command.decided_on)
            return _approve(command, _applied(command.license, case), case.decision, situation)
        case DenyLicense(license=license, decided_on=on, reason=reason):
            situation.happened(f"license {license} is decided", on)
            applied = _applied(license, case)
            denied = LicenseDenied(
                license=license, decided_on=on, destination=applied.destination, reason=reason
            )
            return _once(denied, case.decision, applied)
        case ReturnLicense(license=license, returned_on=on, reason=returned_for, note=note):
            situation.happened(f"license {license} is returned", on)
            returned = LicenseReturned(
                license=license, returned_on=on, reason=returned_for, note=note
            )
            return _once(returned, case.decision, _applied(license, case))


def license_lines(lines: tuple[LineWanted, ...]) -> tuple[LicenseLine, ...]:
    """The lines of a license, with what the catalogue says of each chip."""
    models = [wanted.model for wanted in lines]
    twice = next((model for model in models if models.count(model) > 1), None)
    if twice is not None:
        raise Malformed(
            f"{twice} stands on {models.count(twice)} lines",
            remedy="put all the units of one chip on one line",
            code="LINES_TWICE",
        )
    return tuple(
        LicenseLine(
            model=one.id,
            eccn=_classified(wanted.model),
            units=wanted.units,
            tpp_per_unit=one.tpp,
            value_cents=wanted.value_cents,
        )
        for wanted in lines
        for one in [chip(wanted.model)]
    )


def _classified(model: str) -> Eccn:
    found = chip(model)
    if found.eccn is None:
        raise Malformed(
            f"{found.name} ({found.id}) is not under 3A090: {found.verdict.because}",
            remedy="leave it off: 3A090 asks for no license, and this ledger knows no other ECCN"
            " for it. A letter may ask for one: chip-ledger policy show cn-h20-letter-2025",
            code="CHIP_NOT_CONTROLLED",
        )
    return found.eccn


def _apply(command: ApplyForLicense, case: Case, situation: Situation) -> Said:
    situation.happened(f"license {command.license} is applied for", command.applied_on)
    applied = LicenseApplied(
        license=command.license,
        applied_on=command.applied_on,
        act=command.act,
        applicant=command.applicant,
        purchaser=command.purchaser,
        intermediate_consignees=command.intermediate_consignees,
        ultimate_consignee=command.ultimate_consignee,
        end_users=command.end_users,
        destination=command.destination,
        lines=license_lines(command.lines),
        end_use=command.end_use,
        acn=command.acn,
    )
    if case.applied == applied:
        return Said()
    if case.applied is not None:
        raise Refused(
            f"license {command.license} was already applied for with other details",
            remedy="file the new application under an id of its own",
            code="ALREADY_SAID",
        )
    unknown = [
        f"party {party} is not registered: its headquarters is not known"
        for party in dict.fromkeys((command.ultimate_consignee, *command.end_users))
        if situation.party(party) is None
    ]
    return Said([applied], unknown)


def _approve(
    command: ApproveLicense,
    applied: LicenseApplied,
    decision: Decision | None,
    situation: Situation,
) -> Said:
    on, ends_on = command.decided_on, command.expires_on
    lines = applied.lines if command.lines is None else license_lines(command.lines)
    granted: dict[str, Any] = {
        "license": applied.license,
        "decided_on": on,
        "destination": applied.destination,
        "purchaser": applied.purchaser,
        "ultimate_consignee": applied.ultimate_consignee,
        "end_users": applied.end_users,
        "lines": lines,
        "conditions": command.conditions,
        "license_number": command.license_number,
        "agreement": command.agreement,
        "justification": command.justification,
    }
    _after_application(applied, on)
    if isinstance(decision, LicenseApproved):
        granted["expires_on"] = ends_on or decision.expires_on
        if all(getattr(decision, name) == value for name, value in granted.items()):
            return Said()
    if decision is not None:
        raise _decided(decision)
    _within_application(lines, applied)
    rules = situation.rules(on)
    ends_on = ends_on or _expiry(rules, lines, applied.license, on)
    if ends_on < on:
        raise Malformed(
            f"license {applied.license} is decided on {on} and cannot expire on {ends_on}",
            remedy="give --expires-on a day after the decision",
            code="DATES_ORDER",
        )
    approved = LicenseApproved(**granted, expires_on=ends_on)
    warnings = _reviewed(approved, applied.act, rules, situation)
    _fits(approved, rules, situation)
    warnings += _on_lines(approved, rules)
    return Said([approved], [*warnings, *authorizations.on_license(approved, situation)])


def _within_application(lines: tuple[LicenseLine, ...], applied: LicenseApplied) -> None:
    asked = {line.model: line.units for line in applied.lines}
    for line in lines:
        if line.units > asked.get(line.model, 0):
            raise Refused(
                f"license {applied.license} was applied for with {asked.get(line.model, 0):,}"
                f" {line.model} and this grants {line.units:,}",
                remedy="grant at most what was asked for",
                code="BEYOND_APPLICATION",
            )


def _expiry(rules: Rules, lines: tuple[LicenseLine, ...], license: LicenseId, on: date) -> date:
    """The day a license ends when it states none: the earliest any of its lines gives."""
    ends = [end for line in lines if (end := rules.expiry(line.eccn, on)) is not None]
    if not ends:
        raise Malformed(
            f"no rules in force on {on} say how long license {license} lives",
            remedy=f"give --expires-on, such as {on + timedelta(days=365)}",
            code="EXPIRY_UNKNOWN",
        )
    return min(ends)


def _reviewed(approved: LicenseApproved, act: Act, rules: Rules, situation: Situation) -> list[str]:
    """Refuse what review policy presumes against, unless justified; say what is not known, and
    what is to be weighed case by case.
    """
    on, destination = approved.decided_on, approved.destination
    total = sum(line.tpp for line in approved.lines)
    warnings = []
    for party in dict.fromkeys((approved.ultimate_consignee, *approved.end_users)):
        seat = situation.seat(party, on)
        seats = (
            seat.location or destination, seat.headquarters, seat.parent_headquarters,
        )  # fmt: skip
        standing = rules.standing((destination, *seats), on)
        if seat.headquarters is None or seat.parent_headquarters is None:
            warnings.append(f"the headquarters of {party} or of its parent is not on record")
        why = _why(destination, seat.headquarters, seat.parent_headquarters)
        for line in approved.lines:
            row = rules.review(
                line.eccn,
                destination=destination,
                headquarters=seats,
                on=on,
                kind=act,
                tpp=line.tpp_per_unit,
                dram_gbps=chip(line.model).dram_bandwidth,
                total_tpp=total,
                agreement=approved.agreement is not None,
            )
            if row is None:
                continue
            if row.policy == "case_by_case":
                warnings.append(
                    f"{line.model} for {party} ({why}) is reviewed case by case"
                    f" (15 CFR {row.section}); still to be seen: {row.conditions}"
                )
            if "denial" not in row.policy or approved.justification:
                continue
            raise Refused(
                f"license {approved.license} is for {party}, {standing} by {why}:"
                f" {row.policy.replace('_', ' ')} for {line.eccn}",
                remedy="deny it, or give --justification with the grounds for the exception",
                code="REVIEW_POLICY",
            )
    return list(dict.fromkeys(warnings))


def _on_lines(approved: LicenseApproved, rules: Rules) -> list[str]:
    """What the rules say of the chips of a license besides how it is reviewed."""
    warnings = []
    for line in approved.lines:
        ratio = rules.ratio_cap
        if ratio is not None and rules.ratio_room(line.eccn, approved.destination, 0) is not None:
            warnings.append(
                f"of {line.model}, at most {ratio.share_bp // 100} % of the TPP shipped to"
                " customers in the United States may go to"
                f" {' and '.join(sorted(ratio.destinations))}"
                f" (15 CFR {ratio.section}): sales at home are not in this ledger, so the applicant"
                " certifies them"
            )
        found = chip(line.model)
        band = rules.duty(found.tpp, found.dram_bandwidth, approved.decided_on)
        if band is not None:
            warnings.append(
                f"{line.model} bears a duty of {band.rate_bp // 100} % where it enters the United"
                f" States first, unless {band.exempt} ({band.section})"
            )
    return warnings


def _why(destination: str, headquarters: str | None, parent: str | None) -> str:
    return (
        f"destination {destination}, headquarters {headquarters or 'unknown'},"
        f" parent's headquarters {parent or 'unknown'}"
    )


def _fits(approved: LicenseApproved, rules: Rules, situation: Situation) -> None:
    """Refuse what does not fit the country's allocation on the day of the decision."""
    takes = sum(line.tpp for line in approved.lines if rules.counts(line.eccn))
    if not takes:
        return  # where a cap is overdrawn already, what does not count still fits
    account = situation.account(approved.destination, approved.decided_on)
    if account.headroom is None or takes <= account.headroom:
        return
    country = rules.sovereign(approved.destination)
    raise Refused(
        f"{country} has {account.headroom:,} TPP of headroom and this license takes {takes:,}:"
        f" cap {account.cap:,}, reserved {account.reserved:,}, drawn {account.drawn:,}",
        remedy="grant fewer units, or wait for licenses to lapse or an agreement to raise the cap",
        code="CAP_EXCEEDED",
    )


def _applied(license: LicenseId, case: Case) -> LicenseApplied:
    if case.applied is None:
        raise Unknown(
            f"no application for license {license} is in this ledger",
            remedy=f"chip-ledger license apply {license} …",
            code="LICENSE_UNKNOWN",
        )
    return case.applied


def _once(
    decision: LicenseDenied | LicenseReturned, before: Decision | None, applied: LicenseApplied
) -> Said:
    """One decision a case, and none before its application."""
    _after_application(applied, decision.on)
    if before is None:
        return Said([decision])
    if before == decision:
        return Said()
    raise _decided(before)


def _after_application(applied: LicenseApplied, on: date) -> None:
    if on < applied.applied_on:
        raise Malformed(
            f"license {applied.license} was applied for on {applied.applied_on} and cannot be"
            f" decided on {on}",
            remedy="give the date of the decision",
            code="DATES_ORDER",
        )


def _decided(before: Decision) -> Refused:
    return Refused(
        f"license {before.license} was already {_deed(before)} on {before.on}",
        remedy=f"chip-ledger license show {before.license} shows the decision",
        code="ALREADY_DECIDED",
    )


def _deed(decision: Decision) -> str:
    match decision:
        case LicenseApproved():
            return "approved"
        case LicenseDenied():
            return "denied"
        case LicenseReturned():
            return "returned without action"


def _subject(command: LicenseCommand) -> str:
    return f"license:{command.license}"


licenses = Decider(Case(), evolve, decide, _subject)
