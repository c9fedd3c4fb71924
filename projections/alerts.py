"""Alerts: which red flags, together, are worth an officer's day.

1. A hard flag alerts, and so does a strong one. Weak ones alert from several groups together and
   from some weight on, both as the pack says; information never does.
2. Flags belong together when they are about one cluster of parties and begin within one window:
   they are one alert, however many they are. A flag about nobody stands for its subject.
3. A window opens with the first flag that alerts, alone or with those that follow within it.
4. What somebody cleared is explained, and counts for nothing. What is snoozed still adds up, and
   never hides a worse one: an alert is open as soon as one flag that is not snoozed would raise
   it, with the others of its weight or less.

The same flags give the same alerts in the same order, in whatever order they are handed in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal

from ledger.policy import Detection, Pattern
from ledger.terms import the_one
from projections.red_flags import SEVERITIES, Raised, RedFlag, Severity

ClusterOf = Callable[[str, date], str]
"""Name of the cluster of a party on a date."""

Ties = Callable[[str, str, date], tuple[int, ...]]
"""The entries that tie two parties of one cluster on a date."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Flags about one cluster of parties within one window, that alert together.

    on         date of its first flag: the window begins there
    cluster    name of the cluster, or the subject of flags that are about nobody
    members    parties of the cluster that its flags name
    flags      the deciding one first, then the others in the order they were raised
    severity   of its worst flag
    raised_at  first entry with which it could have been raised
    standing   snoozed when every flag that would raise it is
    """

    on: date
    cluster: str
    members: tuple[str, ...]
    flags: tuple[Raised, ...]
    severity: Severity
    raised_at: int
    standing: Literal["open", "snoozed"]

    @property
    def id(self) -> str:
        """First 16 hex digits of SHA-256 over cluster and first day: kept as flags are added."""
        return sha256(f"{self.cluster}\n{self.on}\n".encode()).hexdigest()[:16]

    @property
    def evidence(self) -> tuple[int, ...]:
        """Every entry its flags cite, in order."""
        return tuple(sorted({number for each in self.flags for number in each.flag.evidence}))


def called(word: str, raised: Sequence[Raised], found: Sequence[Alert]) -> Raised | Alert | None:
    """The flag or alert whose id a word begins; None where it begins none.

    Raises `Malformed` (FLAG_AMBIGUOUS) where it begins several.
    """
    known: dict[str, Raised | Alert] = {each.id: each for each in found}
    known |= {each.flag.id: each for each in raised}
    id_ = the_one(word, known, "flags and alerts" if found else "flags")
    return None if id_ is None else known[id_]


def alerts(raised: Sequence[Raised], cluster_of: ClusterOf, detection: Detection) -> list[Alert]:
    """The alerts that flags make, by the entry they could first be raised at.

    raised  flags that stand, from `FlagsFold.raised`
    """
    weigh = Weighing(detection)
    by_cluster: dict[str, list[Raised]] = {}
    for each in raised:
        if each.standing != "cleared" and each.flag.severity != "information":
            by_cluster.setdefault(_cluster(each.flag, cluster_of), []).append(each)
    found = [
        alert
        for cluster, theirs in by_cluster.items()
        for alert in _of_cluster(cluster, theirs, cluster_of, weigh)
    ]
    return sorted(found, key=lambda alert: (alert.raised_at, alert.cluster, alert.on))


def tied(alert: Alert, ties: Ties) -> list[tuple[str, tuple[int, ...]]]:
    """Why parties an alert names count as one hand: each, and the entries that tie it to the one
    the cluster is called by.
    """
    found = []
    for member in alert.members:
        naming = [each.flag.on for each in alert.flags if member in each.flag.parties]
        shown = (ties(alert.cluster, member, on) for on in naming)
        entries = next(filter(None, shown), ()) if member != alert.cluster else ()
        if entries:
            found.append((member, entries))
    return found


class Weighing:
    """When flags are enough to alert, by a pack."""

    def __init__(self, detection: Detection) -> None:
        self.window = timedelta(days=detection.window_days)
        self._detection = detection
        self._patterns: dict[str, Pattern] = {each.name: each for each in detection.patterns}

    def weight(self, flag: RedFlag) -> int:
        """Weight of a weak flag: its own, or its pattern's; 0 for a rule the pack leaves out."""
        pattern = self._patterns.get(flag.rule)
        if pattern is None:
            return 0
        return pattern.weight if flag.weight is None else flag.weight

    def enough(self, flags: Iterable[Raised]) -> bool:
        """Whether some flags alert.

        However often one pattern shows, it counts once, with the most that it weighs.
        """
        weights: dict[str, int] = {}
        groups: set[str] = set()
        for each in flags:
            flag = each.flag
            if flag.severity in ("hard", "strong"):
                return True
            weight = self.weight(flag) if flag.severity == "weak" else 0
            if weight:
                groups.add(self._patterns[flag.rule].group)
                weights[flag.rule] = max(weights.get(flag.rule, 0), weight)
        return (
            len(groups) >= self._detection.weak_groups
            and sum(weights.values()) >= self._detection.weak_weight
        )


def _of_cluster(
    cluster: str, raised: list[Raised], cluster_of: ClusterOf, weigh: Weighing
) -> Iterator[Alert]:
    """The alerts of one cluster, window by window."""
    waiting = sorted(raised, key=lambda each: (each.flag.on, *_told(each)))
    while waiting:
        on = waiting[0].flag.on
        within = [each for each in waiting if each.flag.on < on + weigh.window]
        if not weigh.enough(within):
            del waiting[0]
            continue
        yield _alert(cluster, on, within, cluster_of, weigh)
        del waiting[: len(within)]


def _alert(
    cluster: str, on: date, within: list[Raised], cluster_of: ClusterOf, weigh: Weighing
) -> Alert:
    told = sorted(within, key=_told)
    deciding = next(at for at in range(len(told)) if weigh.enough(told[: at + 1]))
    members = {
        party
        for each in told
        for party in each.flag.parties
        if cluster_of(party, each.flag.on) == cluster
    }
    return Alert(
        on=on,
        cluster=cluster,
        members=tuple(sorted(members)),
        flags=(told[deciding], *told[:deciding], *told[deciding + 1 :]),
        severity=min((each.flag.severity for each in told), key=SEVERITIES.index),
        raised_at=told[deciding].flag.raised_at,
        standing="open" if _is_open(told, weigh) else "snoozed",
    )


def _is_open(told: list[Raised], weigh: Weighing) -> bool:
    """Whether a flag nobody snoozed alerts: alone, or a weak one with every weak one."""
    awake = [each for each in told if each.standing != "snoozed"]
    weak = [each for each in told if each.flag.severity == "weak"]
    return weigh.enough(awake) or (
        any(each.flag.severity == "weak" and weigh.weight(each.flag) for each in awake)
        and weigh.enough(weak)
    )


def _cluster(flag: RedFlag, cluster_of: ClusterOf) -> str:
    return cluster_of(flag.parties[0], flag.on) if flag.parties else flag.subject


def _told(each: Raised) -> tuple[int, str, str]:
    return each.flag.raised_at, each.flag.rule, each.flag.id
