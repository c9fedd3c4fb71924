"""Red flags under other rules: which there would be more, fewer, or otherwise.

Two flags are the same where rule, subject and what they group by are, and so are severity, day and
evidence. The adoption of a pack is evidence only where it was adopted, and is left out of that;
how far past a limit something went may differ without another flag.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Final, NamedTuple

from ledger.policy import Rules, Section
from projections.differences import NO_RULE, Change, Difference, Lines, RuleLine, ruled
from projections.red_flags import RedFlag
from projections.reference import DETECTION_PACK, Span, shipped_rules
from projections.verdicts import scope_named

PLACES: Final[dict[str, tuple[Section, str]]] = {
    "cap-breach": ("country_allocation", "country_allocation.tpp"),
    "check-overdue": ("checks", "checks.unverified_days"),
    "lpp-limit": ("lpp", "lpp.limit_tpp"),
    "onward-to-tier3": ("d5", "d5"),
    "over-shipped": ("tolerance", "tolerance.value_bp"),
    "remote-access": ("d5", "d5"),
    "tier3-party": ("d5", "d5"),
}
"""The rule of law that a rule of suspicion rests on; the others have numbers of their own."""


class _Same(NamedTuple):
    rule: str
    subject: str
    key: str
    which: int


def flag_differences(
    then: Sequence[RedFlag],
    now: Sequence[RedFlag],
    adoptions: AbstractSet[int],
    in_force: Callable[[date], Rules],
    supposed: Rules,
    lines: Lines,
    span: Span,
) -> list[Difference]:
    """Flags of days in a span that differ between the rules in force and the supposed ones.

    adoptions  entries that adopted packs
    in_force   the rules of a day: a flag is raised by those of its own
    """
    was, would = _by_matter(then, span), _by_matter(now, span)
    found = []
    for same in sorted(was.keys() | would.keys()):
        before, after = was.get(same), would.get(same)
        if before is not None and after is not None:
            if _facts(before, adoptions) == _facts(after, adoptions):
                continue
            change: Change = "flag_changed"
        else:
            change = "flag_added" if before is None else "flag_removed"
        found.append(_difference(change, before, after, adoptions, in_force, supposed, lines))
    return sorted(found, key=lambda each: (each.entry, each.subject, each.as_it_was, each.supposed))


def _by_matter(flags: Iterable[RedFlag], span: Span) -> dict[_Same, RedFlag]:
    found: dict[_Same, RedFlag] = {}
    for flag in sorted(flags, key=lambda each: (each.raised_at, each.rule, each.id)):
        if not span[0] <= flag.on <= span[1]:
            continue
        which = 0
        while _Same(flag.rule, flag.subject, flag.key, which) in found:
            which += 1
        found[_Same(flag.rule, flag.subject, flag.key, which)] = flag
    return found


def _facts(flag: RedFlag, adoptions: AbstractSet[int]) -> tuple[str, date, tuple[int, ...]]:
    shown = tuple(number for number in flag.evidence if number not in adoptions)
    return flag.severity, flag.on, shown


def _difference(
    change: Change,
    before: RedFlag | None,
    after: RedFlag | None,
    adoptions: AbstractSet[int],
    in_force: Callable[[date], Rules],
    supposed: Rules,
    lines: Lines,
) -> Difference:
    flag = after or before
    if flag is None:
        raise ValueError("a difference of flags is about one that is there")
    entry = max(set(flag.evidence) - adoptions, default=flag.raised_at)
    made = Difference(
        kind="flag", change=change, subject=flag.subject, country=None, on=flag.on, entry=entry,
        diverges_at=entry, as_it_was=_said(before), supposed=_said(after),
    )  # fmt: skip
    rules = in_force(flag.on), supposed
    line = NO_RULE if after is None else _line(after, rules[1], rules, lines)
    if line == NO_RULE and before is not None:
        line = _line(before, rules[0], rules, lines)
    return ruled(made, line)


def _said(flag: RedFlag | None) -> str:
    return "no flag" if flag is None else f"{flag.rule} ({flag.severity}): {flag.because}"


def _line(flag: RedFlag, judged: Rules, rules: tuple[Rules, Rules], lines: Lines) -> RuleLine:
    """The line a flag turns on: of law where it names one, else of what differs: which chips are
    controlled, or how the pattern is looked for.
    """
    found = lines.of(judged, *_place(flag, judged))
    if found != NO_RULE:
        return found
    then, now = rules
    if (then.detection or now.detection) == (now.detection or then.detection):
        controlling: tuple[tuple[Section, bool], ...] = (
            ("eccn", then.thresholds != now.thresholds),
            ("items", then.items != now.items),
        )
        for section, differs in controlling:
            having = next((each for each in (now, then) if each.governing(section)), None)
            if differs and having is not None:
                return lines.of(having, section, section)
    looking = judged if judged.detection is not None else shipped_rules(DETECTION_PACK)
    return lines.of(looking, "detection", f"detection.patterns.{flag.rule}.name")


def _place(flag: RedFlag, rules: Rules) -> tuple[Section | None, str]:
    if flag.rule in PLACES:
        section, place = PLACES[flag.rule]
        return (section, place) if rules.governing(section) else (None, "")
    named = scope_named(rules, flag.because)
    if named[0] is not None:
        return named
    for number, rule in enumerate(rules.exceptions, 1):
        if f"{rule.code} (§{rule.section})" in flag.because:
            return "exceptions", f"exceptions.{number}"
    if rules.hq_rule is not None and f"(§{rules.hq_rule.section})" in flag.because:
        return "hq_rule", "hq_rule"
    return None, ""
