"""Red flags: the list of rules, and the one fold that runs them all in one pass.

F/<entry>/<rule>/<id>   a flag, under the entry with which its evidence was complete
M/<rule>/<matter>       keys of the flags that stand on a matter
R/<id>                  reviews of a flag
K/<...>                 what ties parties (`projections.clusters`)
G/<...>                 who sent what to whom (`_flows`)
U/<license>             entries of movements that wait for a decision on their license
latest                  newest day in the world that anything was told of (`ledger.fold`)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ledger.entry import Entry
from ledger.events import (
    FlagReviewed,
    LicenseApplied,
    LicenseApproved,
    LicenseDenied,
    LicenseReturned,
    Movement,
    ShipmentVoided,
)
from ledger.fold import States, dated
from ledger.policy import Detection, Rules
from projections import clusters
from projections.clusters import Clusters
from projections.red_flags import _flows, _judging
from projections.red_flags._goods import DEALINGS, dealing
from projections.red_flags._red_flag import SEVERITIES, RedFlag, Severity
from projections.red_flags._rule import MOVEMENTS, Finding, Review, Rule, parties_to, reviews
from projections.red_flags.affiliate_channel import AffiliateChannel
from projections.red_flags.cap_breach import CapBreach
from projections.red_flags.check_overdue import CheckOverdue
from projections.red_flags.end_user_mismatch import EndUserMismatch
from projections.red_flags.forwarder_consignee import ForwarderConsignee
from projections.red_flags.inventory_difference import InventoryDifference
from projections.red_flags.line_of_business import LineOfBusiness
from projections.red_flags.listed_party import ListedParty
from projections.red_flags.located_elsewhere import LocatedElsewhere
from projections.red_flags.lpp_limit import LppLimit
from projections.red_flags.misdescription import Misdescription
from projections.red_flags.new_customer import NewCustomer
from projections.red_flags.onward_to_tier3 import OnwardToTier3
from projections.red_flags.over_capacity import OverCapacity
from projections.red_flags.over_shipped import OverShipped
from projections.red_flags.ownership import Ownership
from projections.red_flags.pass_through import PassThrough
from projections.red_flags.remote_access import RemoteAccess
from projections.red_flags.removed_after_check import RemovedAfterCheck
from projections.red_flags.rerouted import Rerouted
from projections.red_flags.round_trip import RoundTrip
from projections.red_flags.serial_conflict import SerialConflict
from projections.red_flags.shared_address import SharedAddress
from projections.red_flags.sole_supplier_surge import SoleSupplierSurge
from projections.red_flags.stockpiling import Stockpiling
from projections.red_flags.structuring import Structuring
from projections.red_flags.successor import Successor
from projections.red_flags.third_party_payment import ThirdPartyPayment
from projections.red_flags.tier3_party import Tier3Party
from projections.red_flags.unauthorized_reexport import UnauthorizedReexport
from projections.red_flags.value_anomaly import ValueAnomaly
from projections.red_flags.volume_spike import VolumeSpike
from projections.red_flags.without_authority import WithoutAuthority
from projections.reference import ALWAYS, SEATING, Reference, Span

RULES: Final[tuple[Rule, ...]] = (
    AffiliateChannel(),
    CapBreach(),
    CheckOverdue(),
    EndUserMismatch(),
    ForwarderConsignee(),
    InventoryDifference(),
    LineOfBusiness(),
    ListedParty(),
    LocatedElsewhere(),
    LppLimit(),
    Misdescription(),
    NewCustomer(),
    OnwardToTier3(),
    OverCapacity(),
    OverShipped(),
    Ownership(),
    PassThrough(),
    RemoteAccess(),
    RemovedAfterCheck(),
    Rerouted(),
    RoundTrip(),
    SerialConflict(),
    SharedAddress(),
    SoleSupplierSurge(),
    Stockpiling(),
    Structuring(),
    Successor(),
    ThirdPartyPayment(),
    Tier3Party(),
    UnauthorizedReexport(),
    ValueAnomaly(),
    VolumeSpike(),
    WithoutAuthority(),
)

TELLS: Final = Reference.reads | MOVEMENTS
"""Wire names of what adds to the facts, or waits for them."""

Standing = Literal["open", "cleared", "snoozed", "referred", "confirmed"]


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag and what people made of it, as of a date.

    standing  open until somebody reviews it; a snoozed flag is open again from its date on, and a
              snoozed or cleared one as soon as it is worse than when it was looked at
    review    the newest review, when there is one
    """

    flag: RedFlag
    standing: Standing
    review: Review | None

    @property
    def hidden(self) -> bool:
        """Whether a list of what is left to do leaves it out."""
        return self.standing in ("cleared", "snoozed")


class FlagsFold:
    """Every rule in one pass. With `rules`, history as if those had been in force in `span`."""

    name = "flags"
    version = 36

    def __init__(
        self, rules: Rules | None = None, chosen: tuple[Rule, ...] = RULES, span: Span = ALWAYS
    ) -> None:
        self._reference = Reference(rules, span)
        self.supposes = rules is not None
        self._clusters = Clusters(self._reference)
        self._rules = chosen
        own = frozenset[str]().union(*(rule.reads for rule in chosen))
        reviewed = {FlagReviewed.wire, ShipmentVoided.wire}
        self._readers = {wire: tuple(r for r in chosen if wire in r.reads) for wire in own}
        self.reads = own | reviewed | Reference.reads | clusters.READS | DEALINGS

    def evolve(self, states: States, entry: Entry) -> None:
        """What an entry does to the flags."""
        states.remember(entry)
        dated(states, entry.event)
        match entry.event:
            case FlagReviewed() as reviewed:
                made = Review(
                    entry.number, reviewed.outcome, reviewed.reviewed_on, reviewed.until_on,
                    entry.by, reviewed.reason, reviewed.severity,
                )  # fmt: skip
                states.put(f"R/{reviewed.flag}", [*reviews(states, reviewed.flag), made])
            case ShipmentVoided() as voided:
                self._void(states, entry.number, voided)
            case event:
                wire = event.wire
                again = self._tell(states, entry) if wire in TELLS else []
                if wire in clusters.READS:
                    self._clusters.evolve(states, entry)
                if (told := dealing(entry.number, event)) is not None:
                    _flows.keep(states, told)
                    _judging.keep(states, told)
                for rule in self._readers.get(wire, ()):
                    for finding in rule.evolve(states, entry, self._reference):
                        _file(states, rule, finding)
                if again:
                    self._judge_again(states, again)

    def _tell(self, states: States, entry: Entry) -> list[int]:
        """What an entry adds to the facts; the movements to judge again by them."""
        event = entry.event
        if isinstance(event, SEATING):
            return self._reference.tell(states, entry)
        self._reference.evolve(states, entry)
        match event:
            case Movement():
                self._watch(states, entry.number, event)
                return []
            case (
                LicenseApplied(license=license_)
                | LicenseApproved(license=license_)
                | LicenseDenied(license=license_)
                | LicenseReturned(license=license_)
            ):
                return self._waiting(states, license_)
            case _:
                return []

    def _watch(self, states: States, number: int, movement: Movement) -> None:
        """Remember what may yet become known of a movement: who the parties are, the license."""
        if not self._reference.day(states, movement.on).controlled(movement.lines):
            return
        self._reference.watch(states, parties_to(movement), movement.on, number)
        if movement.license is not None and not self._decided(states, movement.license):
            key = f"U/{movement.license}"
            states.put(key, [*(states.get(key, list[int]) or []), number])

    def _decided(self, states: States, license_: str) -> bool:
        facts = self._reference.license(states, license_)
        return facts is not None and facts.in_hand is not None

    def _waiting(self, states: States, license_: str) -> list[int]:
        """The movements that wait for a license; once it is approved, no longer."""
        waiting = states.get(f"U/{license_}", list[int]) or []
        if waiting and self._decided(states, license_):
            states.put(f"U/{license_}", None)
        return waiting

    def _judge_again(self, states: States, numbers: list[int]) -> None:
        recorded = [(number, states.recall(number).event) for number in numbers]
        movements = [(at, event) for at, event in recorded if isinstance(event, Movement)]
        for rule in self._rules:
            for finding in rule.judge_again(states, movements, self._reference):
                _file(states, rule, finding)

    def _void(self, states: States, at: int, voided: ShipmentVoided) -> None:
        """A voided shipment is as if it had never been, if it is that very shipment's entry.

        Voided again, nothing of it is left to withdraw.
        """
        number = voided.entry
        if number >= at:
            return
        event = states.recall(number).event
        told = dealing(number, event)
        if told is None or told.shipment != voided.shipment:
            return
        _flows.drop(states, told)
        _judging.drop(states, told)
        if isinstance(event, Movement):
            self._forget(states, number, event)
        for rule in self._rules:
            for finding in rule.retract(states, number, event, self._reference):
                _file(states, rule, finding)

    def _forget(self, states: States, number: int, movement: Movement) -> None:
        """Nothing more can become known of a movement that has never been."""
        self._reference.unwatch(states, parties_to(movement), movement.on, number)
        if movement.license is not None:
            waiting = states.get(f"U/{movement.license}", list[int]) or []
            if number in waiting:
                left = [each for each in waiting if each != number]
                states.put(f"U/{movement.license}", left or None)

    def raised(self, states: States, on: date) -> list[Raised]:
        """Every flag that stands on a date, by entry, rule and id; the cleared ones too."""
        kept = [flag for _, flag in states.scan("F/", RedFlag) if flag.on <= on]
        waiting = [
            flag for rule in self._rules for flag in rule.pending(states, self._reference, on)
        ]
        ordered = sorted([*kept, *waiting], key=lambda flag: (flag.raised_at, flag.rule, flag.id))
        return [_reviewed(states, flag, on) for flag in ordered]

    def cluster_of(self, states: States) -> Callable[[str, date], str]:
        """Name of the cluster of a party on a date, in some states (`projections.clusters`)."""

        def name(party: str, on: date) -> str:
            return self._clusters.of(states, party, on).name

        return name

    def ties_of(self, states: States) -> Callable[[str, str, date], tuple[int, ...]]:
        """The entries that tie two parties of one cluster on a date, in some states."""

        def entries(party: str, other: str, on: date) -> tuple[int, ...]:
            return self._clusters.shown_by(states, party, other, on)

        return entries

    def detection(self, states: States, on: date) -> Detection:
        """When flags alert by the rules of a day."""
        return self._reference.day(states, on).detection


def _file(states: States, rule: Rule, finding: Finding) -> None:
    index = f"M/{rule.name}/{finding.matter}"
    before = states.get(index, list[str]) or []
    now = {f"F/{flag.raised_at:012d}/{rule.name}/{flag.id}": flag for flag in finding.flags}
    for key in before:
        if key not in now:
            states.put(key, None)
    for key, flag in now.items():
        states.put(key, flag)
    if before or now:
        states.put(index, list(now) or None)


def _reviewed(states: States, flag: RedFlag, on: date) -> Raised:
    known = [review for review in reviews(states, flag.id) if review.on <= on]
    if not known:
        return Raised(flag, "open", None)
    newest = known[-1]
    if newest.outcome in ("cleared", "snoozed") and not newest.hides(flag, on):
        return Raised(flag, "open", newest)
    return Raised(flag, newest.outcome, newest)


__all__ = [
    "RULES", "SEVERITIES", "Finding", "FlagsFold", "Raised", "RedFlag", "Review", "Rule",
    "Severity", "reviews",
]  # fmt: skip
