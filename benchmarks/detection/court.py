"""One ledger of the background, copied for each telling of the cases, and judged by every rule.

Everything is said the ordinary way: rows of an import, decided and signed. The rules then read the
ledger and nothing else; here they are only asked, after each event of a case, what stands by then.
"""

import shutil
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from benchmarks.detection.background import commands
from benchmarks.detection.telling import Told
from commands.decider import Command
from commands.demo.record import lines as public_record
from commands.facts import Tell
from commands.feeds.rows import FeedRow
from commands.handler import Desk
from commands.importing import RowResult, record
from ledger import views
from ledger.catalogue import catalogue
from ledger.events import ControlPublished, Event, LedgerOpened, Movement, PartyRegistered
from ledger.events.goods import GoodsLine
from ledger.fold import States
from ledger.log import Ledger, enroll
from ledger.policy import Detection
from ledger.roles import ROLES
from ledger.signatures import generate
from ledger.terms import ActorId
from projections.alerts import Alert, Weighing, alerts
from projections.red_flags import SEVERITIES, FlagsFold, Raised

ORIGIN: Final = "benchmark.chip-ledger.example/detection"

TODAY: Final = datetime(2027, 1, 4, 9, tzinfo=UTC)
"""When everything is said, unless a case tells of later days."""

Key = tuple[int, int, int]
"""Rank of an alert, the first to be looked at having the least: severity (hard, strong, weak),
then weight, then TPP of the goods in its evidence, the larger first. What alerts alone weighs as
much as weak signs that alert together."""

UNRANKED: Final[Key] = (len(SEVERITIES), 0, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of a case after one of its events.

    event     the event, by its number among the visible ones
    on        the newest day of the case so far
    entry     newest entry then
    alerting  patterns in alerts, each with the rank of the best alert that has it
    without   the same with all flags of one pattern left out, by that pattern
    flagged   patterns flagged at all
    informed  those flagged for information, which never alert
    about     names of the rules that alert, for people
    """

    event: int
    on: date
    entry: int
    alerting: dict[str, Key]
    without: dict[str, dict[str, Key]]
    flagged: frozenset[str]
    informed: frozenset[str]
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A case after each of its events, and what could not be recorded.

    failed  why it could not be judged; empty where it could
    """

    case: str
    steps: tuple[Standing, ...]
    refused: tuple[str, ...]
    failed: str = ""

    @property
    def rank(self) -> Key:
        """The best rank any of its alerts ever had."""
        return min((key for step in self.steps for key in step.alerting.values()),
                   default=UNRANKED)  # fmt: skip


@dataclass(slots=True)
class Quiet:
    """What the rules made of the background.

    ranks      every alert that ever stood, at the best rank it had, best first
    standing   alerts that stand at the end; the others were explained by what came later
    deciding   alerts by the rule that decided them
    flags      flags that stand at the end, by rule and severity
    """

    shipments: int
    parties: int
    entries: int
    ranks: list[Key] = field(default_factory=list)
    standing: int = 0
    deciding: Counter[str] = field(default_factory=Counter)
    flags: Counter[tuple[str, str]] = field(default_factory=Counter)
    quarters: int = 0


class Court:
    """The background in a ledger, and every telling of cases in a copy of it."""

    def __init__(self, folder: Path, shipments: int, seed: int, *, latest: date = date.min) -> None:
        self._folder = folder
        self._now = max(TODAY, datetime(latest.year + 1, 1, 4, 9, tzinfo=UTC))
        self._signer, self._log = generate("ed25519"), generate("ed25519")
        self._place = folder / "background.db"
        self._fold = FlagsFold()
        self.quiet = Quiet(shipments, 0, 0)
        ledger = self._open()
        try:
            self._fill(ledger, shipments, seed)
        finally:
            ledger.close()

    def _open(self) -> Ledger:
        mine = enroll(ORIGIN, ActorId("benchmark"), tuple(ROLES), self._signer,
                      valid_from=self._now.date())  # fmt: skip
        opened = LedgerOpened(
            origin=ORIGIN, log_key=b64encode(self._log.spki).decode(), administrators=(mine,),
            sole=True, opened_on=self._now.date(),
        )  # fmt: skip
        return Ledger.create(str(self._place), opened, self._signer, self._log, at=self._now)

    def _desk(self, ledger: Ledger) -> Desk:
        return Desk(ledger, self._signer, clock=lambda: self._now)

    def _say(self, ledger: Ledger, said: Iterable[Command]) -> Iterator[RowResult]:
        rows = (FeedRow(number, command) for number, command in enumerate(said, start=1))
        for results in record(self._desk(ledger), rows):
            yield from results

    # ── background ──────────────────────────────────────────────────────────────────────────────

    def _fill(self, ledger: Ledger, shipments: int, seed: int) -> None:
        """Record the background a quarter at a time, and look what alerts at the end of each."""
        rules = [line.command for line in public_record() if line.role == "policy_officer"]
        _none_refused(self._say(ledger, rules))
        best: dict[str, Key] = {}
        last: list[Alert] = []
        made = commands(shipments, seed)
        for (year, quarter), some in groupby(
            made, key=lambda each: (each[0].year, (each[0].month - 1) // 3)
        ):
            said = [command for _, command in some]
            self.quiet.parties += sum(
                isinstance(each, Tell) and isinstance(each.fact, PartyRegistered) for each in said
            )
            _none_refused(self._say(ledger, said))
            ended = date(year + quarter // 3, (quarter * 3 + 3) % 12 + 1, 1) - timedelta(days=1)
            last = self._look(ledger, ended, best)
            self.quiet.quarters += 1
        self.quiet.ranks = sorted(best.values())
        self.quiet.standing = len(last)
        self.quiet.deciding.update(alert.flags[0].flag.rule for alert in last)
        self.quiet.entries = ledger.size()

    def _look(self, ledger: Ledger, on: date, best: dict[str, Key]) -> list[Alert]:
        views.catch_up(ledger.store, self._fold)
        with ledger.store.reading() as connection:
            states = views.at_head(ledger.store, connection, self._fold)
            raised = self._fold.raised(states, on)
            found = self._alerts(states, raised, on)
            ranking = Ranking(states, self._fold.detection(states, on))
            for alert in found:
                best[alert.id] = min(best.get(alert.id, UNRANKED), ranking.key(alert))
        self.quiet.flags = Counter((each.flag.rule, each.flag.severity) for each in raised)
        return found

    def _alerts(self, states: States, raised: Sequence[Raised], on: date) -> list[Alert]:
        return alerts(raised, self._fold.cluster_of(states), self._fold.detection(states, on))

    # ── cases ───────────────────────────────────────────────────────────────────────────────────

    def judge(self, told: Sequence[Told]) -> list[Judged]:
        """Tell cases one after the other in a copy of the ledger, and ask after each event.

        One that brings the recording or a rule down is left out, and says why.
        """
        good = [case for case in told if not case.failed]
        failed = {id(case): case.failed for case in told if case.failed}
        try:
            judged = self._in_a_copy(good)
        except Exception:  # of whatever kind: who it was is found out one by one
            for case in good:
                try:
                    self._in_a_copy([case])
                except Exception as error:  # this one
                    failed[id(case)] = f"not judged: {error!r}"
            judged = self._in_a_copy([case for case in good if id(case) not in failed])
        fine = iter(judged)
        return [
            Judged(case.case, (), (), failed[id(case)]) if id(case) in failed else next(fine)
            for case in told
        ]

    def _in_a_copy(self, told: Sequence[Told]) -> list[Judged]:
        place = self._folder / "telling.db"
        shutil.copyfile(self._place, place)
        ledger = Ledger.open(str(place))
        try:
            return list(self._judge(ledger, told))
        finally:
            ledger.close()
            place.unlink()

    def _judge(self, ledger: Ledger, told: Sequence[Told]) -> Iterator[Judged]:
        base = ledger.size()
        said = [line for case in told for line in case.lines]
        results = list(self._say(ledger, (line.command for line in said)))
        outcome = dict(zip(map(id, said), results, strict=True))
        with ledger.store.reading() as connection:
            states = views.SqlStates(ledger.store, connection, self._fold, base)
            waiting = views.entries(ledger.store, connection, self._fold.reads, after=base)
            pending = next(waiting, None)
            before = base
            for case in told:
                # A control is everybody's: flags that cite it may be about the background.
                theirs = {
                    entry
                    for line in case.lines
                    if (entry := outcome[id(line)].entry) is not None
                    and not isinstance(getattr(line.command, "fact", None), ControlPublished)
                }
                steps = []
                on = until = date.min
                late: set[int] = set()
                for number, (day, lines) in enumerate(case.steps):
                    on = max(on, day)
                    until = max([on, until, *(line.last for line in lines if line.last)])
                    late |= {outcome[id(line)].entry or 0 for line in lines if line.last}
                    before = max([before, *(outcome[id(line)].entry or 0 for line in lines)])
                    while pending is not None and pending.number <= before:
                        self._fold.evolve(states, pending)
                        pending = next(waiting, None)
                    raised = self._raised(states, on, until, theirs, late)
                    steps.append(self._stands(states, number, on, before, raised))
                refused = tuple(
                    f"{line.event or 'a party'}: {outcome[id(line)].reason}"
                    for line in case.lines
                    if outcome[id(line)].status == "rejected"
                )
                yield Judged(case.case, tuple(steps), refused)

    def _raised(
        self, states: States, on: date, until: date, theirs: set[int], late: set[int]
    ) -> list[Raised]:
        """The flags on a case: by its day, and those that the last of several shipments show.

        Time alone shows nothing between that day and theirs: more is told of that time later.
        """
        found = {
            each.flag.id: each
            for each in self._fold.raised(states, on)
            if not theirs.isdisjoint(each.flag.evidence)
        }
        if until > on:
            for each in self._fold.raised(states, until):
                if not late.isdisjoint(each.flag.evidence):
                    found[each.flag.id] = each
        return list(found.values())

    def _stands(
        self, states: States, number: int, on: date, entry: int, raised: Sequence[Raised]
    ) -> Standing:
        detection = self._fold.detection(states, on)
        patterns = {each.name: str(each.id) for each in detection.patterns}
        ranking = Ranking(states, detection)

        def pattern(each: Raised) -> str:
            return patterns.get(each.flag.rule, each.flag.rule)

        def standing(some: Sequence[Raised]) -> dict[str, Key]:
            best: dict[str, Key] = {}
            for alert in self._alerts(states, some, on):
                key = ranking.key(alert)
                for each in alert.flags:
                    best[pattern(each)] = min(best.get(pattern(each), UNRANKED), key)
            return best

        alerts_ = self._alerts(states, raised, on)
        about = {each.flag.rule for alert in alerts_ for each in alert.flags}
        without = {
            left_out: standing([each for each in raised if pattern(each) != left_out])
            for left_out in sorted({pattern(each) for each in raised})
        }
        flagged, informed = (
            frozenset(pattern(each) for each in raised if each.flag.severity in severities)
            for severities in (SEVERITIES, ("information",))
        )
        return Standing(
            number, on, entry, standing(raised), without, flagged, informed, frozenset(about)
        )


class Ranking:
    """In which order alerts are looked at."""

    def __init__(self, states: States, detection: Detection) -> None:
        self._states = states
        self._weigh = Weighing(detection)
        self._alone = detection.weak_weight

    def key(self, alert: Alert) -> Key:
        """The rank of an alert; less is sooner."""
        weights: dict[str, int] = {}
        for each in alert.flags:
            weak = each.flag.severity == "weak"
            weight = self._weigh.weight(each.flag) if weak else self._alone
            weights[each.flag.rule] = max(weights.get(each.flag.rule, 0), weight)
        goods = sum(_tpp(self._states.recall(number).event) for number in alert.evidence)
        return SEVERITIES.index(alert.severity), -sum(weights.values()), -goods


def _tpp(event: Event) -> int:
    """TPP of the chips an event moves, sells or orders, where it names and counts them."""
    if isinstance(event, Movement):
        return event.tpp
    return sum(
        catalogue()[line.model].tpp * (line.quantity or 0)
        for line in getattr(event, "lines", ())
        if isinstance(line, GoodsLine) and line.model is not None
    )


def _none_refused(results: Iterable[RowResult]) -> None:
    for result in results:
        if result.status == "rejected":
            raise ValueError(f"the background says what is refused: {result.reason}")
