"""The score sheet: what was found, how soon, amid how many alerts on lawful trade.

1. The unit is a case. It is found when a pattern that its file expects stands in an alert on it at
   one of its events. A case that alerts for other patterns only is the right party for the wrong
   reason, and counted apart.
2. Alerts are looked at in the order of `court.Ranking`. At a load of 5 per 1,000, a case is found
   only if no more background alerts than that come before it; one that ranks the same comes before.
3. Lawful cases must be quiet: no alert stands at their end, and none ever but for the patterns
   their file allows.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import median
from typing import Any, Final

from benchmarks.detection.cases import Case, Expected, Visible, dated
from benchmarks.detection.court import UNRANKED, Court, Judged, Key
from benchmarks.detection.mutants import MUTATIONS
from benchmarks.detection.telling import CHANNELS, Told, tell, through
from benchmarks.detection.twins import twin
from projections.red_flags import RULES
from projections.reference import default_detection

LOADS: Final = (1, 5, 10, 20)
"""Alerts an office looks at for every 1,000 lawful shipments."""

TUNED_BEFORE: Final = date(2025, 1, 1)
"""Cases that ended before this day may be tuned on; the later ones test that."""

HEADLINE: Final = 5

Z: Final = 1.959964
"""Standard deviations on either side of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Found:
    """One case as it came out."""

    expected: Expected
    judged: Judged
    days: tuple[date, ...]

    def key(self, patterns: Iterable[str]) -> Key:
        """The best rank of an alert that has one of some patterns."""
        wanted = set(patterns)
        return min(
            (
                key
                for step in self.judged.steps
                for pattern, key in step.alerting.items()
                if pattern in wanted
            ),
            default=UNRANKED,
        )

    def left(self, pattern: str) -> Key:
        """The best rank of an alert for another reason that is expected, had that one no rule."""
        wanted = {each for each in self.expected.to_find if each != pattern}
        return min(
            (
                key
                for step in self.judged.steps
                for each, key in step.without.get(pattern, step.alerting).items()
                if each in wanted
            ),
            default=UNRANKED,
        )

    @property
    def best(self) -> Key:
        """The best rank of an alert for a reason that is expected."""
        return self.key(self.expected.to_find)

    @property
    def found(self) -> bool:
        """Whether a pattern that is expected ever stood in an alert."""
        return self.best != UNRANKED

    @property
    def alerted(self) -> set[str]:
        """Every pattern that ever stood in an alert."""
        return {pattern for step in self.judged.steps for pattern in step.alerting}

    @property
    def flagged(self) -> set[str]:
        """Every pattern that was ever flagged, alert or not."""
        return {pattern for step in self.judged.steps for pattern in step.flagged}

    @property
    def shown(self) -> list[str]:
        """The expected patterns that alerted, or stand for information where they never alert."""
        informed = {pattern for step in self.judged.steps for pattern in step.informed}
        return [one for one in self.expected.to_find if one in self.alerted | informed]

    @property
    def at(self) -> int | None:
        """Number of the first event after which it is found."""
        wanted = set(self.expected.to_find)
        return next(
            (step.event for step in self.judged.steps if wanted & step.alerting.keys()), None
        )

    @property
    def quiet(self) -> bool:
        """Whether nothing alerts at its end, and nothing ever that it does not allow.

        Nobody knows of a case that could not be judged: it is not quiet.
        """
        if self.judged.failed:
            return False
        at_the_end = self.judged.steps[-1].alerting if self.judged.steps else {}
        return not at_the_end and self.alerted <= set(self.expected.to_find)


class Sheet:
    """Everything measured on one file of cases."""

    def __init__(
        self, cases: Sequence[Case], court: Court, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._cases = cases
        self._court = court
        self._say = say
        self._ranks = court.quiet.ranks

    def report(self) -> dict[str, Any]:
        """The whole sheet, as --format json prints it."""
        told = [tell(case.visible) for case in self._cases]
        found = self._judge("cases", told)
        guilty = [each for each in found if not each.expected.lawful and each.expected.to_find]
        lawful = [each for each in found if each.expected.lawful]
        quiet = self._court.quiet
        shipments = quiet.shipments
        return {
            "cases": [self._case(case, each, told_) for case, each, told_ in
                      zip(self._cases, found, told, strict=True)],
            "recall": {str(load): _share(*self._at(guilty, load)) for load in LOADS},
            "recall_intervals": {str(load): wilson(*self._at(guilty, load)) for load in LOADS},
            "recall_uncut": _rate([each.found for each in guilty]),
            "alerts_per_1000": _share(1_000 * len(self._ranks), shipments),
            "negatives_quiet": _share(sum(each.quiet for each in lawful), len(lawful)),
            "negatives": [
                {"case_id": each.expected.case, "quiet": each.quiet,
                 "alerted": sorted(each.alerted),
                 "cleared": bool(each.alerted) and not each.judged.steps[-1].alerting}
                for each in lawful
            ],
            "right_party_wrong_reason": [
                each.expected.case for each in guilty if not each.found and each.alerted
            ],
            "by_pattern": self._by_pattern(guilty),
            "by_typology": self._by_typology(guilty),
            "one_typology_left_out": self._one_left_out(guilty),
            "by_label": self._by(guilty, lambda each: each.expected.label),
            "temporal": self._by(guilty, _period),
            "by_channel": self._by_channel(told, found),
            "without_assumed": self._without_assumed(guilty),
            "dates_at_the_other_end": self._other_end(),
            "time_to_detection": _times(guilty),
            "mutants": self._mutants(found),
            "twins": self._twins(found),
            "confusion": _confusion(guilty),
            "background": {
                "is": "synthetic background: our idea of lawful trade, never a field rate",
                "shipments": shipments,
                "parties": quiet.parties,
                "entries": quiet.entries,
                "alerts": len(self._ranks),
                "alerts_standing_at_the_end": quiet.standing,
                "cleared_by_later_entries": len(self._ranks) - quiet.standing,
                "alerts_per_100_parties_and_quarter": _share(
                    100 * len(self._ranks), quiet.parties * quiet.quarters
                ),
                "deciding_rules": dict(quiet.deciding.most_common()),
                "flags": {
                    f"{rule} ({severity})": count
                    for (rule, severity), count in quiet.flags.most_common()
                },
            },
            "patterns_without_a_rule": _without_a_rule(self._cases),
        }  # fmt: skip

    def headline(self) -> dict[str, Any]:
        """The figures alone that another background may change."""
        found = self._judge("cases", [tell(case.visible) for case in self._cases])
        guilty = self._guilty(found)
        lawful = [each for each in found if each.expected.lawful]
        return {
            **{f"recall_{load}": _share(*self._at(guilty, load)) for load in LOADS},
            "alerts_per_1000": _share(1_000 * len(self._ranks), self._court.quiet.shipments),
            "negatives_quiet": _share(sum(each.quiet for each in lawful), len(lawful)),
        }

    # ── arms ────────────────────────────────────────────────────────────────────────────────────

    def _judge(
        self, what: str, told: Sequence[Told], expected: Sequence[Expected] | None = None
    ) -> list[Found]:
        self._say(f"judging {what}: {len(told)} cases")
        wanted = expected or [case.expected for case in self._cases]
        judged = self._court.judge(told)
        return [
            Found(expected_, each, case.days)
            for expected_, each, case in zip(wanted, judged, told, strict=True)
        ]

    def _again(self, what: str, changed: Sequence[tuple[Case, Visible]]) -> list[Found]:
        told = [tell(visible) for _, visible in changed]
        return self._judge(what, told, [case.expected for case, _ in changed]) if told else []

    def _guilty(self, found: Iterable[Found]) -> list[Found]:
        return [each for each in found if not each.expected.lawful and each.expected.to_find]

    def _other_end(self) -> dict[str, Any]:
        """Every date that was filled in moved to the other end of its range."""
        changed = [
            (case, case.visible.moved(dated(case.visible.events, "last"))) for case in self._cases
        ]
        found = self._again("dates at the other end of their ranges", changed)
        return self._recall(self._guilty(found))

    def _by_channel(self, told: Sequence[Told], all_: Sequence[Found]) -> dict[str, Any]:
        """Recall by what may be known; each channel is added to those before it."""
        made: dict[str, Any] = {}
        for channel in CHANNELS:
            found = (
                all_
                if channel == CHANNELS[-1]
                else self._judge(
                    f"what is known up to {channel}", [through(each, channel) for each in told]
                )
            )
            made[channel] = self._recall(self._guilty(found))
        return made

    def _mutants(self, originals: Sequence[Found]) -> dict[str, Any]:
        """Recall on mutated cases beside that on the same cases as they were."""
        before = {each.expected.case: each for each in self._guilty(originals)}
        made: dict[str, Any] = {}
        for name, mutate in MUTATIONS.items():
            changed = [
                (case, mutant)
                for case in self._cases
                if case.id in before
                and (mutant := _changed(mutate, case)) is not None
                and mutant != case.visible
            ]
            found = self._again(f"mutants: {name}", changed)
            lost = [each.expected.case for each in found
                    if not each.found and before[each.expected.case].found]  # fmt: skip
            made[name] = {
                "cases": len(found),
                "recall": self._recall(found),
                "recall_before": self._recall([before[each.expected.case] for each in found]),
                "lost": lost,
            }
        return made

    def _twins(self, originals: Sequence[Found]) -> dict[str, Any]:
        """How often a case ranks before its lawful twin; half where they rank the same."""
        before = {each.expected.case: each for each in self._guilty(originals)}
        pairs = [
            (case, other)
            for case in self._cases
            if case.id in before and (other := _changed(twin, case)) is not None
        ]
        found = self._again("lawful twins", pairs)
        points = [
            1.0 if mine < theirs else 0.5 if mine == theirs else 0.0
            for each in found
            for mine, theirs in [(before[each.expected.case].judged.rank, each.judged.rank)]
        ]
        loud = {
            each.expected.case: sorted(each.alerted)
            for each in found
            if each.judged.rank != UNRANKED
        }
        return {
            "pairs": len(points),
            "ranked_before_its_twin": _share(sum(points), len(points)),
            "twins_quiet": _share(len(points) - len(loud), len(points)),
            "twins_that_alert": loud,
            "refused": {each.expected.case: list(each.judged.refused) for each in found
                        if each.judged.refused},
        }  # fmt: skip

    # ── counting ────────────────────────────────────────────────────────────────────────────────

    def _within(self, key: Key, load: int) -> bool:
        """Whether an alert of that rank is looked at by who looks at so many."""
        if key == UNRANKED:
            return False
        return 1_000 * bisect_right(self._ranks, key) <= load * self._court.quiet.shipments

    def _at(self, found: Sequence[Found], load: int) -> tuple[int, int]:
        return sum(self._within(each.best, load) for each in found), len(found)

    def _recall(self, found: Sequence[Found]) -> dict[str, Any]:
        return {
            "of": len(found),
            "uncut": _share(sum(each.found for each in found), len(found)),
            **{str(load): _share(*self._at(found, load)) for load in LOADS},
            "interval": wilson(*self._at(found, HEADLINE)),
        }

    def _by(self, found: Sequence[Found], group: Callable[[Found], str]) -> dict[str, Any]:
        groups = defaultdict(list)
        for each in found:
            groups[group(each)].append(each)
        return {name: self._recall(some) for name, some in sorted(groups.items())}

    def _by_pattern(self, found: Sequence[Found]) -> dict[str, Any]:
        wanted = sorted({pattern for each in found for pattern in each.expected.to_find})
        made = {}
        for pattern in wanted:
            keys = [each.key([pattern]) for each in found if pattern in each.expected.to_find]
            flagged = sum(
                pattern in each.flagged for each in found if pattern in each.expected.to_find
            )
            made[pattern] = {
                "of": len(keys),
                "flagged": flagged,
                "uncut": _share(sum(key != UNRANKED for key in keys), len(keys)),
                **{
                    str(load): _share(sum(self._within(key, load) for key in keys), len(keys))
                    for load in LOADS
                },
                "interval": wilson(sum(self._within(key, HEADLINE) for key in keys), len(keys)),
            }
        return made

    def _by_typology(self, found: Sequence[Found]) -> dict[str, Any]:
        """Recall of the cases that expect a pattern of some kind, by patterns of that kind."""
        groups: dict[str, set[str]] = defaultdict(set)
        for each in default_detection().patterns:
            groups[each.group].add(str(each.id))
        made = {}
        for group, patterns in groups.items():
            keys = [one.key(patterns) for one in found if patterns & set(one.expected.to_find)]
            hits = sum(self._within(key, HEADLINE) for key in keys)
            made[group] = {
                "of": len(keys),
                "uncut": _share(sum(key != UNRANKED for key in keys), len(keys)),
                **{str(load): _share(sum(self._within(key, load) for key in keys), len(keys))
                   for load in LOADS},
                "interval": wilson(hits, len(keys)),
            }  # fmt: skip
        return made

    def _one_left_out(self, found: Sequence[Found]) -> dict[str, Any]:
        """Which cases each pattern alone carries: what is found without its rule, and what is not.

        Nothing is tuned by a program, so nothing can be tuned without a typology either.
        """
        made = {}
        for pattern in sorted({one for each in found for one in each.expected.to_find}):
            wanted = [each for each in found if pattern in each.expected.to_find]
            before = [each for each in wanted if self._within(each.best, HEADLINE)]
            lost = [each for each in before if not self._within(each.left(pattern), HEADLINE)]
            made[pattern] = {
                "of": len(wanted),
                "found": len(before),
                "found_without_it": len(before) - len(lost),
                "lost": [each.expected.case for each in lost],
            }
        return made

    def _without_assumed(self, found: Sequence[Found]) -> dict[str, Any]:
        """Recall by patterns alone that rest on nothing the source does not say."""
        hits = all_ = 0
        for each in found:
            sure = [one for one in each.expected.to_find if one not in each.expected.assumed]
            all_ += bool(sure)
            hits += self._within(each.key(sure), HEADLINE)
        return {"of": all_, str(HEADLINE): _share(hits, all_), "interval": wilson(hits, all_)}

    def _case(self, case: Case, each: Found, told: Told) -> dict[str, Any]:
        wanted = each.expected.to_find
        ahead = bisect_right(self._ranks, each.best) if each.found else None
        return {
            "case_id": case.id,
            "title": each.expected.title,
            "label": each.expected.label,
            "lawful": each.expected.lawful,
            "found": each.found,
            "found_at": {str(load): self._within(each.best, load) for load in LOADS},
            "patterns_expected": list(each.expected.patterns),
            "patterns_found": each.shown,
            "patterns_flagged": sorted(each.flagged),
            "patterns_other": sorted(each.alerted - set(wanted)),
            "quiet": each.quiet,
            "failed": each.judged.failed or None,
            "event": None if each.at is None else case.visible.events[each.at].id,
            "background_alerts_before_it": ahead,
            "rules": sorted({rule for step in each.judged.steps for rule in step.about}),
            "notes": [*case.notes, *told.notes, *each.judged.refused],
        }


def _changed(change: Callable[[Visible], Visible | None], case: Case) -> Visible | None:
    """A case told otherwise; None where it is so odd that it cannot be."""
    try:
        return change(case.visible)
    except Exception:  # of whatever kind: the case itself is scored all the same
        return None


def spread(runs: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Median, least and most of each figure over several runs.

    >>> spread([{"a": 1.0}, {"a": 3.0}, {"a": 4.0}])
    {'a': {'median': 3.0, 'least': 1.0, 'most': 4.0}}
    """
    return {
        name: {
            "median": median(run[name] for run in runs),
            "least": min(run[name] for run in runs),
            "most": max(run[name] for run in runs),
        }
        for name in runs[0]
    }


def wilson(hits: int, of: int) -> list[float]:
    """Wilson's 95 % interval of a share.

    >>> wilson(20, 20)
    [0.839, 1.0]
    """
    if not of:
        return [0.0, 1.0]
    share = hits / of
    middle = share + Z * Z / (2 * of)
    reach = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    return [
        round(max(0.0, (middle - reach) / whole), 3),
        round(min(1.0, (middle + reach) / whole), 3),
    ]


def _times(found: Sequence[Found]) -> dict[str, Any]:
    """How soon cases are found: from their first visible event, and from the first diversion."""
    events, days, after, diverted, saved = [], [], [], 0, 0
    for each in found:
        known = each.expected
        diverted += known.diverted is not None
        if each.at is None:
            continue
        told = each.days[: each.at + 1]
        events.append(each.at + 1)
        days.append((max(told) - min(told)).days)
        saved += known.diverted is not None and each.at < known.diverted
        if known.astray_on is not None:
            after.append((max(told) - known.astray_on).days)
    return {
        "found": len(events),
        "events_median": median(events) if events else None,
        "events_most": max(events, default=None),
        "days_median": median(days) if days else None,
        "days_most": max(days, default=None),
        "cases_with_a_known_diversion": diverted,
        "found_before_it": saved,
        "days_from_it_median": median(after) if after else None,
        "days_from_it_most": max(after, default=None),
    }


def _confusion(found: Sequence[Found]) -> dict[str, dict[str, int]]:
    """How often each pattern alerted in cases that expect each."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        for wanted in each.expected.to_find:
            counts[wanted].update(each.alerted)
    return {wanted: dict(sorted(fired.items())) for wanted, fired in sorted(counts.items())}


def _without_a_rule(cases: Sequence[Case]) -> list[str]:
    """Patterns that the cases expect and no rule looks for."""
    patterns = {each.name: str(each.id) for each in default_detection().patterns}
    have = {patterns.get(rule.name) for rule in RULES}
    return sorted({one for case in cases for one in case.expected.to_find} - have)


def _period(each: Found) -> str:
    last = max(each.days, default=date.min)
    return f"{'before' if last < TUNED_BEFORE else 'from'} {TUNED_BEFORE}"


def _rate(hits: Sequence[bool]) -> float:
    return _share(sum(hits), len(hits))


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0
