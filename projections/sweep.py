"""A number of the rules, varied: what each value would have stopped, and how much of it was lawful.

All values are asked in one pass over the entries. What was lawful nobody can compute: counted
beside is what no red flag of the rules in force stands on that is hard or strong.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from projections.differences import Difference
from projections.red_flags import RedFlag
from projections.svg import begun, text

WEIGHTY: Final = ("hard", "strong")
"""Severities with which a flag alone asks for an explanation."""


class Steps(NamedTuple):
    """A parameter from its lowest to its highest value, in so many steps."""

    name: str
    low: int
    high: int
    steps: int

    def values(self) -> list[int]:
        """Every value, both ends among them.

        >>> Steps("lpp_limit", 0, 10, 4).values()
        [0, 2, 5, 7, 10]
        """
        span = self.high - self.low
        return [self.low + span * step // self.steps for step in range(self.steps + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRow:
    """What one value would have stopped, beside what was granted and shipped.

    decisions            approvals that would have been refused
    shipments            shipments that would not have left, those sent on from them too
    …_units, …_tpp       of these; what a license promised and what left under it are both counted,
                         each in its own column
    unflagged_…          of these, what no hard or strong flag is about or cites, by the rules in
                         force: lawful as far as anybody could tell
    """

    parameter: str
    value: int
    decisions: int
    decision_units: int
    decision_tpp: int
    unflagged_decisions: int
    unflagged_decision_tpp: int
    shipments: int
    shipment_units: int
    shipment_tpp: int
    unflagged_shipments: int
    unflagged_shipment_units: int
    unflagged_shipment_tpp: int


class Flagged(NamedTuple):
    """What weighty flags are about, and the entries they cite."""

    subjects: AbstractSet[str]
    entries: AbstractSet[int]

    @staticmethod
    def by(flags: Iterable[RedFlag]) -> "Flagged":
        """The same of some flags."""
        weighty = [flag for flag in flags if flag.severity in WEIGHTY]
        return Flagged(
            {flag.subject for flag in weighty},
            {number for flag in weighty for number in flag.evidence},
        )

    def has(self, row: Difference) -> bool:
        """Whether one of them is about a decision or shipment, or cites it."""
        return row.subject in self.subjects or row.entry in self.entries


def sweep_row(name: str, value: int, found: Sequence[Difference], flagged: Flagged) -> SweepRow:
    """What one value would have stopped, of what would differ under it."""
    stopped = [row for row in found if row.stopped]
    decisions = [row for row in stopped if row.kind == "decision"]
    shipments = [row for row in stopped if row.kind == "shipment"]
    free = [row for row in decisions if not flagged.has(row)]
    lawful = [row for row in shipments if not flagged.has(row)]
    return SweepRow(
        parameter=name, value=value,
        decisions=len(decisions), decision_units=_units(decisions), decision_tpp=_tpp(decisions),
        unflagged_decisions=len(free), unflagged_decision_tpp=_tpp(free),
        shipments=len(shipments), shipment_units=_units(shipments), shipment_tpp=_tpp(shipments),
        unflagged_shipments=len(lawful), unflagged_shipment_units=_units(lawful),
        unflagged_shipment_tpp=_tpp(lawful),
    )  # fmt: skip


def _units(rows: Iterable[Difference]) -> int:
    return sum(row.units or 0 for row in rows)


def _tpp(rows: Iterable[Difference]) -> int:
    return sum(row.tpp or 0 for row in rows)


# ── the curve as a picture ──────────────────────────────────────────────────────────────────────

WIDTH: Final = 800
HEIGHT: Final = 300
"""Of the curves alone, without what stands around them."""

LEFT: Final = 96
RIGHT: Final = 64
TOP: Final = 96
FOOT: Final = 74
TICKS: Final = 5


class Curve(NamedTuple):
    """One line of the picture: its name, its color, dashed or not, a point for each value."""

    name: str
    color: str
    dashed: bool
    points: Sequence[int]


def curves(rows: Sequence[SweepRow]) -> list[Curve]:
    """What is drawn: TPP stopped, and of it what no weighty flag stands on.

    The part lies over the whole, thin and dark over wide and pale: where they are one, both are
    seen.
    """
    drawn = [
        Curve("licensed", "#8fb0e0", False, [row.decision_tpp for row in rows]),
        Curve("licensed, unflagged", "#1f4e9c", True, [row.unflagged_decision_tpp for row in rows]),
        Curve("shipped", "#e69aa6", False, [row.shipment_tpp for row in rows]),
        Curve("shipped, unflagged", "#b00020", True, [row.unflagged_shipment_tpp for row in rows]),
    ]
    return [curve for curve in drawn if any(curve.points)] or drawn[2:]


def svg(rows: Sequence[SweepRow], title: str, made_from: str) -> str:
    """The curve, marked SIMULATED: the same rows give the same bytes, wherever they are drawn."""
    drawn = curves(rows)
    values = [row.value for row in rows]
    low, high = values[0], values[-1]
    most = max((point for curve in drawn for point in curve.points), default=0) or 1
    wide = WIDTH - LEFT - RIGHT

    def x(value: int) -> int:
        return LEFT + (wide * (value - low) // (high - low) if high > low else 0)

    def y(tpp: int) -> int:
        return TOP + HEIGHT - HEIGHT * tpp // most

    whole = TOP + HEIGHT + FOOT
    parts = [
        *begun(WIDTH, whole, title),
        f'<text x="16" y="26" font-size="15" font-weight="bold">{text(title)}</text>',
        '<text x="16" y="46" fill="#b00020" font-weight="bold">SIMULATED</text>',
        f'<text x="100" y="46" fill="#555555">{text(made_from)}</text>',
    ]
    for place, curve in enumerate(drawn):
        at = 16 + 190 * place
        parts.append(_line(at, 66, at + 24, 66, curve))
        parts.append(f'<text x="{at + 30}" y="70">{text(curve.name)}</text>')
    for tick in range(TICKS + 1):
        tpp = most * tick // TICKS
        parts.append(
            f'<line x1="{LEFT}" y1="{y(tpp)}" x2="{WIDTH - RIGHT}" y2="{y(tpp)}" stroke="#dddddd"/>'
        )
        parts.append(
            f'<text x="{LEFT - 8}" y="{y(tpp) + 4}" text-anchor="end">{_millions(tpp)}</text>'
        )
    for value in sorted({low + (high - low) * tick // TICKS for tick in range(TICKS + 1)}):
        parts.append(
            f'<text x="{x(value)}" y="{TOP + HEIGHT + 20}" text-anchor="middle">{value:,}</text>'
        )
    for curve in drawn:
        points = list(zip(values, curve.points, strict=True))
        pairs = " ".join(f"{x(value)},{y(tpp)}" for value, tpp in points)
        parts.append(
            f'<polyline points="{pairs}" fill="none" stroke="{curve.color}"{_pen(curve)}/>'
        )
        for value, tpp in points:
            parts.append(
                f'<circle cx="{x(value)}" cy="{y(tpp)}" r="{3 if curve.dashed else 5}"'
                f' fill="{curve.color}">'
                f"<title>{text(f'{curve.name} at {value:,}: {tpp:,} TPP')}</title></circle>"
            )
    parts.append(
        f'<text x="{LEFT + wide // 2}" y="{TOP + HEIGHT + 44}" text-anchor="middle">'
        f"{text(rows[0].parameter)}</text>"
    )
    parts.append(
        f'<text x="16" y="{TOP + HEIGHT + 64}" fill="#555555">Left: millions of TPP stopped.'
        " Unflagged: no hard or strong red flag of the rules in force.</text>"
    )
    return "\n".join([*parts, "</svg>", ""])


def _line(x1: int, y1: int, x2: int, y2: int, curve: Curve) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{curve.color}"{_pen(curve)}/>'


def _millions(tpp: int) -> str:
    return f"{tpp // 1_000_000:,}.{tpp % 1_000_000 // 100_000}"


def _pen(curve: Curve) -> str:
    return ' stroke-width="2" stroke-dasharray="6 4"' if curve.dashed else ' stroke-width="5"'
