"""What came of each rule's flags: how many were raised, and what people made of them.

Counted are the flags that stand: what new evidence replaced is another flag, open again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final

from ledger.terms import WHOLE_BP
from projections.red_flags import Raised

Z_SQUARED: Final = (38_415, 10_000)
"""Square of the 97.5 % quantile of the normal distribution, as a fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """The record of one rule.

    cleared_because  reason code to number, of those cleared
    reviewed         flags somebody reviewed: the work it made
    upheld           referred or confirmed
    precision_bp     upheld, of these and the cleared, hundredths of a percent; None where nothing
                     was decided
    precision_low_bp, precision_high_bp
                     Wilson's interval around it, 95 %
    """

    rule: str
    raised: int
    open: int
    snoozed: int
    cleared: int
    referred: int
    confirmed: int
    upheld: int
    cleared_because: dict[str, int]
    reviewed: int
    precision_bp: int | None
    precision_low_bp: int | None
    precision_high_bp: int | None


def rows(raised: Sequence[Raised], rules: Sequence[str]) -> list[RuleRow]:
    """A row for each rule, whether it raised anything or not."""
    return [_row(rule, [each for each in raised if each.flag.rule == rule]) for rule in rules]


def wilson(hits: int, of: int) -> tuple[int, int]:
    """Wilson's interval of a share, 95 %, hundredths of a percent, rounded outward.

    >>> wilson(8, 10)
    (4901, 9434)
    >>> wilson(0, 10), wilson(10, 10)
    ((0, 2776), (7224, 10000))
    """
    # With z² = p/q, everything multiplied by 2·(of·q + p): whole numbers all the way.
    p, q = Z_SQUARED
    below = 2 * (of * q + p)
    middle = 2 * hits * q + p
    # z·sqrt(4·hits·(of − hits)/of + z²), times q
    inside = p * (4 * hits * (of - hits) * q + p * of) // of
    spread = isqrt(inside) + 1
    low = (middle - spread) * WHOLE_BP // below
    high = -(-(middle + spread) * WHOLE_BP // below)
    return max(0, low), min(WHOLE_BP, high)


def _row(rule: str, raised: list[Raised]) -> RuleRow:
    standing = Counter(each.standing for each in raised)
    because = Counter(
        each.review.reason
        for each in raised
        if each.standing == "cleared" and each.review is not None
    )
    hits = standing["referred"] + standing["confirmed"]
    decided = hits + standing["cleared"]
    low, high = wilson(hits, decided) if decided else (None, None)
    return RuleRow(
        rule=rule,
        raised=len(raised),
        open=standing["open"],
        snoozed=standing["snoozed"],
        cleared=standing["cleared"],
        referred=standing["referred"],
        confirmed=standing["confirmed"],
        upheld=hits,
        cleared_because=dict(sorted(because.items())),
        reviewed=sum(each.review is not None for each in raised),
        precision_bp=hits * WHOLE_BP // decided if decided else None,
        precision_low_bp=low,
        precision_high_bp=high,
    )
