"""What differs between two states of the quotas, the register of licenses, and the red flags.

A state is a day in the world, an entry up to which was told, and the rules; here it is rows only.
Rows of one thing are compared field by field. What follows from other fields, such as multiples of
a cap, is not said again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import Any, Final, Literal

from projections.licenses import LicenseRow
from projections.quotas import QuotaRow
from projections.red_flags import Raised

Change = Literal["added", "removed", "changed"]

_QUOTA_FIELDS: Final = (
    "tier", "allocation_tpp", "g2g_uplift_tpp", "cap_tpp", "reserved_tpp", "drawn_tpp",
    "licensed_tpp", "exempt_tpp", "headroom_tpp", "overdrawn_tpp", "policy",
)  # fmt: skip
_LICENSE_FIELDS: Final = tuple(
    field.name
    for field in fields(LicenseRow)
    if field.name not in ("license", "model", "entries", "licensed_tpp", "left_tpp")
)
_FLAG_FIELDS: Final = ("id", "severity", "standing", "because", "policy", "evidence")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one thing, or a thing that stands in one state only.

    subject  country, license and model, or rule and key
    field    None where the whole was added or removed: what is said of it then stands in words
    cited    entries that only one of the two states rests on, as far as its rows name entries
    shared   entries both rest on
    """

    view: str
    subject: str
    change: Change
    field: str | None
    before: Any
    after: Any
    cited: tuple[int, ...]
    shared: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Thing:
    """One row: what is compared, what it is in words, and the entries it names."""

    values: Mapping[str, Any]
    said: str
    entries: frozenset[int]


def quotas(before: Sequence[QuotaRow], after: Sequence[QuotaRow]) -> Iterator[Difference]:
    """Accounts by country; one without any amount or agreement has no row."""

    def thing(row: QuotaRow) -> _Thing:
        said = f"reserved {row.reserved_tpp:,}, drawn {row.drawn_tpp:,} TPP"
        return _Thing(_values(row, _QUOTA_FIELDS), said, frozenset())

    sides = [{str(row.country): thing(row) for row in rows} for rows in (before, after)]
    for country in sorted(sides[0].keys() | sides[1].keys()):
        yield from _compared("quotas", country, sides[0].get(country), sides[1].get(country))


def licenses(before: Sequence[LicenseRow], after: Sequence[LicenseRow]) -> Iterator[Difference]:
    """Lines of licenses, by license and model."""

    def thing(row: LicenseRow) -> _Thing:
        said = (
            f"{row.status}: {row.licensed_units:,} licensed, {row.shipped_units:,} shipped,"
            f" {row.left_units:,} left"
        )
        return _Thing(_values(row, _LICENSE_FIELDS), said, frozenset(row.entries))

    sides = [
        {(row.license, row.model or ""): thing(row) for row in rows} for rows in (before, after)
    ]
    for key in sorted(sides[0].keys() | sides[1].keys()):
        subject = " ".join(key).rstrip()
        yield from _compared("licenses", subject, sides[0].get(key), sides[1].get(key))


def flags(before: Sequence[Raised], after: Sequence[Raised]) -> Iterator[Difference]:
    """Flags by rule and key: one whose evidence grew is the same flag under another id."""
    sides = [_by_key(raised) for raised in (before, after)]
    for key in sorted(sides[0].keys() | sides[1].keys()):
        was, now = (side.get(key, {}) for side in sides)
        pairs = [(was[id_], now[id_]) for id_ in was if id_ in now]
        # Of those under other ids, the first raised is taken for the first.
        pairs += zip_longest(
            [each for id_, each in was.items() if id_ not in now],
            [each for id_, each in now.items() if id_ not in was],
        )
        for one, other in pairs:
            yield from _compared("flags", " ".join(key), one, other)


def _by_key(raised: Sequence[Raised]) -> dict[tuple[str, str], dict[str, _Thing]]:
    found: dict[tuple[str, str], dict[str, _Thing]] = {}
    for each in raised:
        flag, review = each.flag, each.review
        values = {name: getattr(flag, name) for name in _FLAG_FIELDS if name != "standing"}
        values["standing"] = each.standing
        entries = {*flag.evidence, *(() if review is None else (review.entry,))}
        thing = _Thing(values, f"{flag.id} ({flag.severity}): {flag.because}", frozenset(entries))
        found.setdefault((flag.rule, flag.key), {})[flag.id] = thing
    return found


def _compared(
    view: str, subject: str, before: _Thing | None, after: _Thing | None
) -> Iterator[Difference]:
    was, now = (frozenset() if side is None else side.entries for side in (before, after))
    cited, shared = tuple(sorted(was ^ now)), tuple(sorted(was & now))
    if before is None or after is None:
        change: Change = "added" if before is None else "removed"
        one, other = (None if side is None else side.said for side in (before, after))
        yield Difference(view, subject, change, None, one, other, cited)
        return
    for name, value in before.values.items():
        if value != after.values[name]:
            yield Difference(
                view, subject, "changed", name, value, after.values[name], cited, shared
            )


def _values(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
