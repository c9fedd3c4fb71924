"""Country accounts under any rules, kept up to date amount by amount.

The arithmetic is that of `ledger.quota`, which sums up when somebody asks. Whoever judges every
decision of a long history asks as often as something is said, so here each set of rules has its
sums at hand; tests hold both against each other. Units: TPP.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cache

from ledger import quota
from ledger.events import LicenseApproved, Movement, ShipmentTransferred
from ledger.policy import Rules
from ledger.quota import UNCLASSIFIED, HeldLine, Holding, QuotaAccount

RESERVED, LICENSED, DRAWN = "reserved", "licensed", "drawn"

Cell = tuple[str, str, str, str, str]
"""What amounts are kept by: reserved, licensed or drawn; country; month decided or shipped;
classification; the day of expiry of what is reserved, the authority of what is drawn."""


class Accounts:
    """What licenses reserve and shipments draw; asked under one set of rules or another."""

    def __init__(self) -> None:
        self._holdings: dict[str, Holding] = {}
        self._cells: dict[Cell, int] = {}
        self._books: dict[int, _Book] = {}

    def approved(self, license_: str) -> bool:
        """Whether a license was granted here."""
        return license_ in self._holdings and self._holdings[license_].country != ""

    def approve(self, approved: LicenseApproved) -> None:
        """A license reserves; approved anew, it reserves what the new approval says."""
        before = self._holdings.get(approved.license) or Holding({})
        self._reserve(before, -1)
        month = approved.decided_on.isoformat()[:7]
        now = Holding(before.lines, approved.destination, month, approved.expires_on)
        for line in approved.lines:
            shipped = now.lines[line.model].shipped if line.model in now.lines else 0
            now.lines[line.model] = HeldLine(line.eccn, line.units, line.tpp_per_unit, shipped)
            self._post((LICENSED, approved.destination, month, line.eccn, ""), line.tpp)
        self._reserve(now, 1)
        self._holdings[approved.license] = now

    def ship(
        self, movement: Movement, drawn: Sequence[tuple[Cell, int]] | None = None, sign: int = 1
    ) -> None:
        """A shipment draws, and uses up what its license promised; with -1, it never was.

        drawn  what `drawn_by` says of it, where somebody has asked already
        """
        for cell, tpp in drawn_by(movement) if drawn is None else drawn:
            self._post(cell, sign * tpp)
        if movement.license is None:
            return
        holding = self._holdings.setdefault(movement.license, Holding({}))
        for line in movement.lines:
            held = holding.lines.setdefault(line.model, HeldLine())
            before = held.reserves
            held.shipped += sign * line.units
            self._promise(holding, held.eccn, held.reserves - before)

    def book(self, rules: Rules) -> "_Book":
        """The accounts under some rules."""
        found = self._books.get(id(rules))
        if found is None:
            found = self._books[id(rules)] = _Book(rules)
            for cell, tpp in self._cells.items():
                found.post(cell, tpp)
        return found

    def _reserve(self, holding: Holding, sign: int) -> None:
        for line in holding.lines.values():
            self._promise(holding, line.eccn, sign * line.reserves)

    def _promise(self, holding: Holding, eccn: str, tpp: int) -> None:
        if tpp:
            expires = holding.expires.isoformat()
            self._post((RESERVED, holding.country, holding.month, eccn, expires), tpp)

    def _post(self, cell: Cell, tpp: int) -> None:
        self._cells[cell] = self._cells.get(cell, 0) + tpp
        for book in self._books.values():
            book.post(cell, tpp)


class _Book:
    """Every country's sums under one set of rules; a territory counts with its sovereign."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules  # held here, so that its id stays its own
        self._first, self._last = quota.period(rules)
        self._column = cache(self._column_of)
        self._sovereign = cache(rules.sovereign)
        self._sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        # By country and month of expiry, and by day within the month.
        self._months: defaultdict[str, defaultdict[str, int]] = defaultdict(_amounts)
        self._days: defaultdict[tuple[str, str], defaultdict[str, int]] = defaultdict(_amounts)

    def post(self, cell: Cell, tpp: int) -> None:
        """Add an amount where it counts."""
        kind, place, month, eccn, detail = cell
        if not self._first <= month <= self._last:
            return
        column = self._column(kind, eccn, detail if kind == DRAWN else "")
        if column is None:
            return
        country = self._sovereign(place)
        if kind == RESERVED:
            self._months[country][detail[:7]] += tpp
            self._days[country, detail[:7]][detail] += tpp
        else:
            self._sums[country, column] += tpp

    def account(self, country: str, on: date, cap: int | None) -> QuotaAccount:
        """The account of a sovereign on a date: what lapsed before that day is given back."""
        today = on.isoformat()
        months = self._months[country]
        reserved = sum(tpp for month, tpp in months.items() if month > today[:7])
        days = self._days[country, today[:7]]
        reserved += sum(tpp for day, tpp in days.items() if day >= today)
        sums = self._sums
        return QuotaAccount(
            cap, reserved, sums[country, DRAWN], sums[country, "exempt"], sums[country, LICENSED]
        )

    def countries(self) -> list[str]:
        """Every sovereign with an amount."""
        named = {country for country, months in self._months.items() if any(months.values())}
        return sorted(named | {country for (country, _), tpp in self._sums.items() if tpp})

    def _column_of(self, kind: str, eccn: str, authority: str) -> str | None:
        if not quota.counts(self.rules, eccn):
            return None
        return "exempt" if kind == DRAWN and self.rules.exempt(authority) else kind


def drawn_by(movement: Movement) -> list[tuple[Cell, int]]:
    """What a shipment draws; a transfer (in-country) without a license moves nothing into it."""
    if movement.license is None and isinstance(movement, ShipmentTransferred):
        return []
    country, authority = movement.destination, movement.authority
    month = movement.on.isoformat()[:7]
    return [
        ((DRAWN, country, month, line.eccn or UNCLASSIFIED, authority), line.tpp)
        for line in movement.lines
    ]


def _amounts() -> defaultdict[str, int]:
    return defaultdict(int)
