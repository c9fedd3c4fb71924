"""The route of one chip as a picture: places over time, as SVG that any browser opens.

Each country has a row and each step a column, in order of their dates: the distance between columns
is not time. What contradicts what is drawn in red. All text is escaped; nothing in the file is
loaded from elsewhere.
"""

from collections.abc import Sequence
from typing import Final

from projections.custody import CARRIED, Conflict, Step, said
from projections.svg import begun, text

LEFT: Final = 120
TOP: Final = 76
COLUMN: Final = 112
ROW: Final = 84
RADIUS: Final = 8
LETTER: Final = 7
WORDS_MAX: Final = 16
"""Letters that fit under a step."""

COLORS: Final = {"seen": "#0b6e4f", "gone": "#555555", "labeled": "#b00020", "made": "#1f4e9c"}
MOVES: Final = "#1f4e9c"
WRONG: Final = "#b00020"
NOWHERE: Final = "place unknown"


def svg(serial: str, steps: Sequence[Step], conflicts: Sequence[Conflict]) -> str:
    """The picture of a chip's history."""
    places = list(dict.fromkeys(_places(steps))) or [NOWHERE]
    at = {place: TOP + ROW * row for row, place in enumerate(places)}
    notes = [f"{each.kind.replace('-', ' ')}: {each.because}" for each in conflicts]
    longest = max((len(note) for note in notes), default=0)
    width = max(LEFT + COLUMN * max(len(steps), 1) + 24, 32 + LETTER * longest, 460)
    bottom = TOP + ROW * len(places)
    height = bottom + 22 * (len(notes) + 1)
    wrong = {number for each in conflicts for number in each.entries}
    parts = [
        *begun(width, height, f"Route of {serial}"),
        f'<text x="16" y="28" font-size="16" font-weight="bold">{text(serial)}</text>',
    ]
    for place, row in at.items():
        parts.append(f'<text x="16" y="{row + 4}" font-weight="bold">{text(place)}</text>')
        parts.append(
            f'<line x1="{LEFT}" y1="{row}" x2="{width - 16}" y2="{row}" stroke="#dddddd"/>'
        )
    lines: list[str] = []
    points: list[str] = []
    x = LEFT
    y: int | None = None
    for number, step in enumerate(steps):
        to_x, to_y = LEFT + COLUMN * number + COLUMN // 2, at[step.place or NOWHERE]
        color = WRONG if step.entry in wrong else COLORS.get(step.kind, MOVES)
        start = at.get(step.start) if step.kind in CARRIED else None
        if y is not None:
            # Where it is said to leave is where the line begins, though it was last elsewhere.
            from_y = y if start is None else start
            dashes = "" if step.kind in CARRIED or from_y == to_y else ' stroke-dasharray="5 4"'
            lines.append(
                f'<line x1="{x}" y1="{from_y}" x2="{to_x}" y2="{to_y}" stroke="{color}"'
                f' stroke-width="2"{dashes}/>'
            )
        elif start is not None:
            lines.append(
                f'<line x1="{x}" y1="{start}" x2="{to_x}" y2="{to_y}" stroke="{color}"'
                ' stroke-width="2"/>'
            )
        points.append(f'<circle cx="{to_x}" cy="{to_y}" r="{RADIUS}" fill="{color}">')
        points.append(f"<title>{text(f'entry {step.entry}: {said(step)}')}</title></circle>")
        for line, words in enumerate((step.on.isoformat(), _label(step), _short(step.holder))):
            points.append(
                f'<text x="{to_x}" y="{to_y + 22 + 14 * line}" text-anchor="middle"'
                ' paint-order="stroke" stroke="#ffffff" stroke-width="4"'
                f' fill="{color if line == 1 else "#333333"}">{text(words)}</text>'
            )
        x, y = to_x, to_y
    # Words stand over lines, with a white rim, so that both can be read.
    parts += [*lines, *points]
    for line, note in enumerate(notes):
        parts.append(
            f'<text x="16" y="{bottom + 18 + 22 * line}" fill="{WRONG}">{text(note)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _places(steps: Sequence[Step]) -> list[str]:
    """Every place of a history, where it first comes up."""
    found = []
    for step in steps:
        if step.start and step.kind == "sent":
            found.append(step.start)
        found.append(step.place or NOWHERE)
    return found


def _label(step: Step) -> str:
    kind = "first sold" if step.kind == "made" else step.kind
    word = step.method if step.kind in ("seen", "gone") else step.of or kind
    return _short(word.replace("_", " "))


def _short(text: str) -> str:
    return text if len(text) <= WORDS_MAX else f"{text[: WORDS_MAX - 1]}…"
