"""Country accounts under any rules, kept up to date amount by amount.

The arithmetic is that of `ledger.quota`, which sums up when somebody asks. Whoever judges every
decision of a long history asks as often as something is said, so here each set of rules has its
sums at hand; tests hold both against each other. Units: TPP.
"""

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from datetime import date
from functools import cache

from ledger import quota
from ledger.entry import Entry
from ledger.events import LicenseApproved, Movement, ShipmentTransferred
from ledger.fold import MemoryStates
from ledger.policy import Rules
from ledger.quota import UNCLASSIFIED, HeldLine, Holding, QuotaAccount, QuotaFold, Raised
from ledger.terms import Country, month_of

RESERVED, LICENSED, DRAWN = "reserved", "licensed", "drawn"

Cell = tuple[str, str, str, str, str]
"""What amounts are kept by: reserved, licensed or drawn; country; month decided or shipped;
classification; the day of expiry of what is reserved, the authority of what is drawn."""


class Accounts:
    """What licenses reserve and shipments draw; asked under one set of rules or another."""

    def __init__(self) -> None:
        self._holdings: dict[str, Holding] = {}
        self._cells: dict[Cell, int] = {}
        self._books: dict[int, tuple[Rules, _Book]] = {}
        self._kept: list[_Book] = []
        self._branches: list[Branch] = []
        # Those in which the license that is spoken of stands otherwise.
        self._apart: list[Branch] = []

    def approved(self, license_: str) -> bool:
        """Whether a license was granted here."""
        holding = self._holdings.get(license_)
        return holding is not None and holding.country != ""

    def approve(self, approved: LicenseApproved) -> None:
        """A license reserves; approved anew, it reserves what the new approval says."""
        self._part(approved.license)
        holding = self._holdings.get(approved.license)
        if holding is None:
            holding = self._holdings[approved.license] = Holding({})
        else:
            self._reserve(holding, -1)
        holding.country, holding.expires = approved.destination, approved.expires_on
        holding.month = month_of(approved.decided_on)
        for line in approved.lines:
            held = holding.lines.get(line.model)
            if held is None:
                held = holding.lines[line.model] = HeldLine()
            held.eccn, held.units, held.tpp_per_unit = line.eccn, line.units, line.tpp_per_unit
            self._post((LICENSED, holding.country, holding.month, line.eccn, ""), line.tpp)
        self._reserve(holding, 1)

    def ship(
        self, movement: Movement, drawn: Sequence[tuple[Cell, int]] | None = None, sign: int = 1
    ) -> None:
        """A shipment draws, and uses up what its license promised; with -1, it never was.

        drawn  what `drawn_by` says of it, where somebody has asked already
        """
        self._part(movement.license)
        for cell, tpp in drawn_by(movement) if drawn is None else drawn:
            self._post(cell, sign * tpp)
        if movement.license is None:
            return
        holding = self._holdings.get(movement.license)
        if holding is None:
            holding = self._holdings[movement.license] = Holding({})
        for line in movement.lines:
            held = holding.lines.get(line.model)
            if held is None:
                held = holding.lines[line.model] = HeldLine()
            before = held.reserves
            held.shipped += sign * line.units
            self._promise(holding, held.eccn, held.reserves - before)

    def book(self, rules: Rules) -> "_Book":
        """The accounts under some rules; one book for all that count alike."""
        found = self._books.get(id(rules))
        if found is None:
            book = next((book for book in self._kept if book.is_for(rules)), None)
            if book is None:
                book = self._begun(rules)
                for cell, tpp in self._cells.items():
                    book.post(cell, tpp)
                self._kept.append(book)
            # With the rules beside it, so that their id stays their own.
            found = self._books[id(rules)] = rules, book
        return found[1]

    def _begun(self, rules: Rules) -> "_Book":
        return _Book(rules)

    def _part(self, license_: str | None) -> None:
        self._apart = [one for one in self._branches if license_ in one._holdings]

    def _reserve(self, holding: Holding, sign: int) -> None:
        for line in holding.lines.values():
            self._promise(holding, line.eccn, sign * line.reserves)

    def _promise(self, holding: Holding, eccn: str, tpp: int) -> None:
        if tpp:
            expires = holding.expires.isoformat()
            self._post((RESERVED, holding.country, holding.month, eccn, expires), tpp)

    def _post(self, cell: Cell, tpp: int) -> None:
        self._cells[cell] = self._cells.get(cell, 0) + tpp
        for book in self._kept:
            book.post(cell, tpp)
        for branch in self._apart:
            branch._post(cell, -tpp)


class Branch(Accounts):
    """The accounts of a history that is another one's, but for some licenses and shipments.

    Only what is otherwise is kept: licenses that stand otherwise, and the amounts by which it
    differs. Of each approval and shipment it is told before the trunk is.
    """

    def __init__(self, trunk: Accounts) -> None:
        super().__init__()
        self._trunk = trunk
        trunk._branches.append(self)

    def approved(self, license_: str) -> bool:
        apart = license_ in self._holdings
        return super().approved(license_) if apart else self._trunk.approved(license_)

    def approve(self, approved: LicenseApproved) -> None:
        if approved.license in self._holdings:
            super().approve(approved)

    def refuse(self, license_: str) -> None:
        """A license is not granted: from here on it stands otherwise."""
        if license_ in self._holdings:
            return
        now = self._trunk._holdings.get(license_) or Holding({})
        lines = {model: copy(line) for model, line in now.lines.items()}
        self._holdings[license_] = Holding(lines, now.country, now.month, now.expires)

    def ship(
        self, movement: Movement, drawn: Sequence[tuple[Cell, int]] | None = None, sign: int = 1
    ) -> None:
        if movement.license in self._holdings:
            super().ship(movement, drawn, sign)

    def stop(self, movement: Movement, drawn: Sequence[tuple[Cell, int]]) -> None:
        """A shipment does not leave."""
        if movement.license is not None:
            self.refuse(movement.license)
            return
        for cell, tpp in drawn:
            self._post(cell, -tpp)

    def _begun(self, rules: Rules) -> "_Book":
        return _Book(rules, self._trunk.book(rules))


class _Book:
    """Every country's sums under one set of rules; a territory counts with its sovereign.

    under  another book, whose sums these are added to
    """

    def __init__(self, rules: Rules, under: "_Book | None" = None) -> None:
        self._rules = rules
        self._under = under
        self._first, self._last = quota.period(rules)
        self._column = cache(self._column_of)
        self._sovereign = cache(rules.sovereign)
        self._sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        # By country and month of expiry, and by day within the month.
        self._months: defaultdict[str, defaultdict[str, int]] = defaultdict(_amounts)
        self._days: defaultdict[tuple[str, str], defaultdict[str, int]] = defaultdict(_amounts)

    def is_for(self, rules: Rules) -> bool:
        """Whether these rules count as those of the book do, whatever their caps are."""
        return _counting(rules) == _counting(self._rules)

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

    def used(self, country: str, on: date) -> int:
        """What counts against the cap of a sovereign on a date."""
        return self._reserved(country, on) + self._sum(country, DRAWN)

    def account(self, country: str, on: date, cap: int | None) -> QuotaAccount:
        """The account of a sovereign on a date: what lapsed before that day is given back."""
        columns = (self._sum(country, column) for column in (DRAWN, "exempt", LICENSED))
        return QuotaAccount(cap, self._reserved(country, on), *columns)

    def _sum(self, country: str, column: str) -> int:
        under = 0 if self._under is None else self._under._sum(country, column)
        return under + self._sums[country, column]

    def _reserved(self, country: str, on: date) -> int:
        under = 0 if self._under is None else self._under._reserved(country, on)
        today = on.isoformat()
        this_month = today[:7]
        months, days = self._months[country], self._days[country, this_month]
        later = sum([tpp for month, tpp in months.items() if month > this_month])
        return under + later + sum([tpp for day, tpp in days.items() if day >= today])

    def countries(self) -> list[str]:
        """Every sovereign with an amount."""
        return sorted({country for (country, _), tpp in self._amounts().items() if tpp})

    def _amounts(self) -> dict[tuple[str, str], int]:
        """Amounts by country and column, and by country and month of expiry."""
        found = {} if self._under is None else self._under._amounts()
        own = [*self._sums.items()]
        own += [
            ((country, month), tpp)
            for country, months in self._months.items()
            for month, tpp in months.items()
        ]
        for key, tpp in own:
            found[key] = found.get(key, 0) + tpp
        return found

    def _column_of(self, kind: str, eccn: str, authority: str) -> str | None:
        if not quota.counts(self._rules, eccn):
            return None
        return "exempt" if kind == DRAWN and self._rules.exempt(authority) else kind


class Agreements:
    """What agreements add to the caps of some rules."""

    def __init__(self) -> None:
        none: dict[int, Entry] = {}
        self._states = MemoryStates(none.__getitem__)
        self._raised: dict[int, tuple[Rules, frozenset[str]]] = {}

    def take(self, entry: Entry) -> None:
        """What an event of an agreement adds."""
        QuotaFold().evolve(self._states, entry)
        self._raised.clear()

    def uplift(self, rules: Rules, sovereign: Country, on: date) -> int:
        """TPP they add to the allocation of a sovereign on a day, before any limit."""
        known = self._raised.get(id(rules))
        if known is None:
            some = self._states.scan("A/", Raised)
            named = frozenset(rules.sovereign(raised.country) for _, raised in some)
            known = self._raised[id(rules)] = rules, named
        return quota.uplift(self._states, rules, sovereign, on) if sovereign in known[1] else 0


def drawn_by(movement: Movement) -> list[tuple[Cell, int]]:
    """What a shipment draws; a transfer (in-country) without a license moves nothing into it."""
    if movement.license is None and isinstance(movement, ShipmentTransferred):
        return []
    country, authority = movement.destination, movement.authority
    month = month_of(movement.on)
    return [
        ((DRAWN, country, month, line.eccn or UNCLASSIFIED, authority), line.tpp)
        for line in movement.lines
    ]


def _counting(rules: Rules) -> tuple[object, ...]:
    """What of some rules decides which amounts count, and where."""
    rule = rules.country_allocation
    items = None if rule is None else (rule.counted_items, rule.not_counted)
    return quota.period(rules), items, rules.items, rules.territories


def _amounts() -> defaultdict[str, int]:
    return defaultdict(int)
