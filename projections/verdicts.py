"""What rules say to an application and to a shipment, and which line of them says it.

The same for the rules in force and for rules that are only supposed, so that two answers can be
held against each other. An officer decides; here it is only said what the rules call for:

refused                does not fit the country's cap, and no justification helps
policy_of_denial       review policy is denial, whether or not a cap is met
presumed_denied        review policy presumes denial: not a refusal, and may be overcome
license_not_required   nothing that is known of the goods and the parties calls for a license
license_required       shipped without one
exception_unavailable  the exception relied on is not there for such items, places or parties
over_limit             LPP, past what the ultimate parent may receive in a calendar year

What only a headquarters nobody recorded would decide is left open, and then nothing is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ledger.catalogue import catalogue
from ledger.events import LicenseApplied, LicenseApproved, Movement
from ledger.events.licenses import Act, LicenseLine
from ledger.policy import ReviewRow, Rules, Section
from ledger.quota import QuotaAccount
from ledger.terms import Country, PartyId
from projections.red_flags.lpp_limit import covered_tpp
from projections.red_flags.without_authority import judged_on, license_need, unavailable
from projections.reference import Day, Seat

Kind = Literal[
    "clear", "refused", "policy_of_denial", "presumed_denied", "license_not_required",
    "license_required", "exception_unavailable", "over_limit",
]  # fmt: skip

STOPS: Final = frozenset(
    {"refused", "policy_of_denial", "license_required", "exception_unavailable", "over_limit"}
)
"""Verdicts with which nothing is granted and nothing leaves, where the rules are obeyed."""

WITHOUT: Final = ("NLR", "none", "unknown")
"""Authorities that are neither a license nor an exception."""

SeatOf = Callable[[PartyId], Seat]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say.

    section, place  of the rule that decides: review, review.2.policy; empty where none does
    cap_tpp, headroom_tpp, takes_tpp
                    where a cap or a limit was looked at
    """

    kind: Kind = "clear"
    because: str = ""
    section: Section | None = None
    place: str = ""
    cap_tpp: int | None = None
    headroom_tpp: int | None = None
    takes_tpp: int | None = None

    @property
    def stops(self) -> bool:
        """Whether it stands in the way for good."""
        return self.kind in STOPS


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to send where: as applied for, or as it was granted."""

    destination: Country
    parties: tuple[PartyId, ...]
    purchaser: PartyId | None
    lines: tuple[LicenseLine, ...]
    act: Act = "export"
    agreed: bool = False
    """Whether it rests on a government-to-government agreement; an application does not say."""

    @staticmethod
    def of(event: LicenseApplied | LicenseApproved, act: Act) -> "Asked":
        """The same of an application and of an approval."""
        parties = tuple(dict.fromkeys((event.ultimate_consignee, *event.end_users)))
        agreed = isinstance(event, LicenseApproved) and event.agreement is not None
        return Asked(event.destination, parties, event.purchaser, event.lines, act, agreed)

    @property
    def units(self) -> int:
        """Chips."""
        return sum(line.units for line in self.lines)

    @property
    def tpp(self) -> int:
        """TPP, counted or not."""
        return sum(line.tpp for line in self.lines)


def on_application(
    asked: Asked, day: Day, seat: SeatOf, account: Callable[[], QuotaAccount]
) -> Verdict:
    """What the rules of a day say to an application, or to its approval.

    account  of the destination, asked for where something counts toward its cap
    """
    if not _license_needed(asked, day, seat):
        because = f"no license is required for {_chips(asked)} to {asked.destination}"
        return Verdict("license_not_required", because)
    return (
        _beyond_cap(asked, day, account)
        or _reviewed(asked, day, seat)
        or Verdict(because="nothing in the rules stands against it")
    )


def on_movement(
    number: int, movement: Movement, day: Day, seat: SeatOf, received: Callable[[str], int]
) -> Verdict:
    """What the rules of a day say to a shipment that relies on no license.

    received  TPP that an ultimate parent had received under LPP that year
    """
    return on_authority(number, movement, day, seat) or on_limit(
        movement, day, seat(movement.ultimate_consignee).parent, received
    )


def on_authority(number: int, movement: Movement, day: Day, seat: SeatOf) -> Verdict | None:
    """The same, whatever the quantities; None where it relies on an exception and that is there,
    so that only a limit may stand against it.
    """
    judged = judged_on(number, movement, day, seat)
    if judged is None:
        return Verdict()
    need, why, _ = license_need(judged)
    if need != "required":
        return Verdict()
    rules, authority = day.rules, movement.authority
    if authority in WITHOUT:
        return Verdict("license_required", why, *_needing(rules, why))
    obstacle = unavailable(judged)
    if obstacle is not None and obstacle[0]:
        return Verdict("exception_unavailable", obstacle[1], *_providing(rules, authority))
    return None


def on_limit(movement: Movement, day: Day, parent: str, received: Callable[[str], int]) -> Verdict:
    """What the limit of LPP says to a shipment that may rely on an exception."""
    takes, lpp = lpp_tpp(movement, day), day.rules.lpp
    if not takes or lpp is None:
        return Verdict()
    limit = lpp.limit_tpp
    left = limit - received(parent)
    if takes <= left:
        return Verdict(cap_tpp=limit, headroom_tpp=left, takes_tpp=takes)
    because = (
        f"takes {takes:,} TPP under LPP and {parent} has {left:,} TPP left in"
        f" {movement.on.year} of {limit:,}"
    )
    return Verdict("over_limit", because, "lpp", "lpp.limit_tpp", limit, left, takes)


def lpp_tpp(movement: Movement, day: Day) -> int:
    """TPP of a movement that counts toward the limit of LPP; 0 under another authority."""
    return covered_tpp(movement, day.rules) if movement.authority == "LPP" else 0


def _license_needed(asked: Asked, day: Day, seat: SeatOf) -> bool:
    """Whether a license is required, or may be: a headquarters that is not known settles it."""
    parties = asked.parties if asked.purchaser is None else (*asked.parties, asked.purchaser)
    seats: tuple[str | None, ...] = ()
    for eccn in {line.eccn for line in asked.lines}:
        if not day.controls(eccn):
            continue
        if day.license_required(eccn, asked.destination, ())[0]:
            return True
        seats = seats or tuple(
            sorted({each for one in parties for each in seat(one).seats}, key=str)
        )
        if day.license_required(eccn, asked.destination, seats)[0]:
            return True
    return False


def _beyond_cap(asked: Asked, day: Day, account: Callable[[], QuotaAccount]) -> Verdict | None:
    rules = day.rules
    takes = sum(line.tpp for line in asked.lines if rules.counts(line.eccn))
    if not takes:
        return None
    found = account()
    if found.cap is None or found.headroom is None or takes <= found.headroom:
        return None
    country = day.sovereign(asked.destination)
    because = (
        f"takes {takes:,} TPP and {country} has {found.headroom:,} TPP of headroom: cap"
        f" {found.cap:,}, reserved {found.reserved:,}, drawn {found.drawn:,}"
    )
    place = "country_allocation.tpp"
    return Verdict(
        "refused", because, "country_allocation", place, found.cap, found.headroom, takes
    )


def _reviewed(asked: Asked, day: Day, seat: SeatOf) -> Verdict | None:
    """The first review policy that is against it, a policy of denial before a presumption."""
    found: Verdict | None = None
    for party in asked.parties:
        where = seat(party)
        for line in asked.lines:
            row = _row(asked, line, day, where)
            if row is None or row.policy not in ("policy_of_denial", "presumption_of_denial"):
                continue
            place = f"review.{day.rules.reviews.index(row) + 1}.policy"
            because = (
                f"would meet a {row.policy.replace('_', ' ')} for {line.eccn}: {party} is"
                f" {_standing(asked.destination, where, day)}"
            )
            if row.policy == "policy_of_denial":
                return Verdict("policy_of_denial", because, "review", place)
            found = found or Verdict("presumed_denied", because, "review", place)
    return found


def _row(asked: Asked, line: LicenseLine, day: Day, seat: Seat) -> ReviewRow | None:
    """How such an application is reviewed while the allocation has room."""
    known = catalogue().get(line.model)
    return day.rules.review(
        line.eccn,
        destination=asked.destination,
        headquarters=(
            seat.location or asked.destination, seat.headquarters, seat.parent_headquarters,
        ),
        on=day.on,
        kind=asked.act,
        tpp=line.tpp_per_unit,
        dram_gbps=None if known is None else known.dram_bandwidth,
        total_tpp=asked.tpp,
        agreement=asked.agreed,
    )  # fmt: skip


def _standing(destination: Country, seat: Seat, day: Day) -> str:
    places = (destination, seat.location, seat.headquarters, seat.parent_headquarters)
    return (
        f"{day.rules.standing(places, day.on)} by destination {destination},"
        f" headquarters {seat.headquarters or 'unknown'}, parent's headquarters"
        f" {seat.parent_headquarters or 'unknown'}"
    )


def scope_named(rules: Rules, why: str) -> tuple[Section | None, str]:
    """The row that requires a license for some items or for chips by name, by the section that a
    reason names.
    """
    for number, row in enumerate(rules.scope, 1):
        if f"(§{row.section})" in why:
            return "scope", f"scope.{number}.reach"
    for number, named in enumerate(rules.chip_controls, 1):
        if f"(§{named.section})" in why:
            return "chip_control", f"chip_control.{number}"
    return None, ""


def _needing(rules: Rules, why: str) -> tuple[Section | None, str]:
    """The rule that requires a license, by the section its reason names."""
    named = scope_named(rules, why)
    if named[0] is not None:
        return named
    return ("hq_rule", "hq_rule") if rules.hq_rule is not None else (None, "")


def _providing(rules: Rules, code: str) -> tuple[Section | None, str]:
    """The rule that provides an exception; where there is none, the list it is not on."""
    for number, rule in enumerate(rules.exceptions, 1):
        if rule.code == code:
            return "exceptions", f"exceptions.{number}"
    return ("exceptions", "exceptions") if rules.exceptions else (None, "")


def requiring(asked: Asked, day: Day) -> tuple[Section | None, str]:
    """The rule by which an application needs a license, to cite where another set has none."""
    for line in asked.lines:
        required, why = day.license_required(line.eccn, asked.destination, (None,))
        if required:
            return _needing(day.rules, why)
    return None, ""


def _chips(asked: Asked) -> str:
    return ", ".join(sorted({line.eccn for line in asked.lines}))


def goods(units: int | None, tpp: int | None) -> str:
    """How much, in words.

    >>> goods(1_000, 15_832_000), goods(None, None)
    ('1,000 units, 15,832,000 TPP', 'goods of unknown quantity')
    """
    said = [f"{units:,} units"] if units else []
    said += [f"{tpp:,} TPP"] if tpp else []
    return ", ".join(said) or "goods of unknown quantity"
