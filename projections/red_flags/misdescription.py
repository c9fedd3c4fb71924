"""Goods that are not what their declaration says: another number, another weight, other goods."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import Event, Movement, ShipmentDeclared, ShipmentInspected
from ledger.fold import States
from ledger.terms import WHOLE_BP
from projections.red_flags import _flows
from projections.red_flags._goods import DEALINGS, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, Rule
from projections.reference import Day, Reference

GENERIC: Final = frozenset(
    """
    a accessories and appliance appliances article articles assorted board boards box card cards
    cargo component components computer computers consumer device devices electronic electronics
    equipment for general generic goods hardware item items kit kits machine machines material
    materials merchandise misc miscellaneous module modules new of other part parts peripheral
    peripherals piece pieces product products sample samples spare supplies system systems tech
    technology the unit units used various
    """.split()  # noqa: SIM905 - one word after the other reads better than a list of strings
)
"""Words that say nothing of what goods are; a text of these alone describes none."""

SHOWN_MAX: Final = 20
"""Entries of one exporter kept on each side."""


class Traded(msgspec.Struct, frozen=True, array_like=True):
    """What an exporter declared without describing it, and the controlled chips it had bought.

    Each is a date (ISO) and an entry; the latest of each are kept.
    """

    vague: tuple[tuple[str, int], ...] = ()
    bought: tuple[tuple[str, int], ...] = ()


class Misdescription(Rule):
    """An inspection found other than was declared, or a text hides controlled chips.

    1. Strong: an officer counted another number than was declared, in the same unit (no tolerance),
       or says that quantity or description are not as declared.
    2. Weak: the weight found is off the declared one by more than the tolerance, the officer says
       that it is, or the Harmonized System code found is another in its first six digits.
    3. Strong: a text names no chip, and a serial number on its lines was sold or shipped before
       as a controlled chip.
    4. Weak: a text of generic words alone, by an exporter who bought controlled chips not long
       before.

    The mass of a chip is in no source of the catalog, so a declared weight is compared with the
    weight found and never with what the chips should weigh. Source: 15 CFR 758.1(g) and 30.6
    (description, quantity, HS code, weight); FATF and Egmont Group, 2021, indicators of
    trade-based money laundering (documents and commodities).
    """

    name = "misdescription"
    source = "15 CFR 30.6 and 758.1: what an export declaration says of the goods"
    reads = frozenset({ShipmentInspected.wire}) | DEALINGS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Compare a declaration with its inspections, and with what its exporter bought."""
        event = entry.event
        if isinstance(event, ShipmentInspected):
            key = f"{self.name}/I/{event.shipment}"
            states.put(key, [*(states.get(key, list[int]) or []), entry.number])
            yield self._inspected(states, event.shipment, reference)
            return
        seen = dealing(entry.number, event)
        if seen is None:
            return
        day = reference.day(states, seen.on)
        if states.get(f"{self.name}/I/{seen.shipment}", list[int]):
            yield self._inspected(states, seen.shipment or "", reference)
        yield from self._serials(states, seen, day, reference)
        yield from self._vague(states, seen, day, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """A voided shipment declared nothing; what was found in it stands without comparison."""
        seen = dealing(number, event)
        if seen is None:
            return
        if states.get(f"{self.name}/I/{seen.shipment}", list[int]):
            yield self._inspected(states, seen.shipment or "", reference)
        for serial in seen.serials:
            for key in (f"{self.name}/N/{serial}", f"{self.name}/U/{serial}"):
                left = [each for each in states.get(key, list[int]) or [] if each != number]
                states.put(key, left or None)
        yield from self._renamed(states, seen, reference)
        for exporter in seen.senders:
            key = f"{self.name}/T/{exporter}"
            known = states.get(key, Traded)
            if known is not None:
                vague = tuple(each for each in known.vague if each[1] != number)
                states.put(key, Traded(vague, known.bought))
        yield Finding(f"serials/{number}")
        yield Finding(f"vague/{number}")

    def _inspected(self, states: States, shipment: str, reference: Reference) -> Finding:
        number, declared = _declaration(states, shipment)
        flags = []
        for at in states.get(f"{self.name}/I/{shipment}", list[int]) or []:
            found = states.recall(at).event
            if not isinstance(found, ShipmentInspected):
                continue
            day = reference.day(states, found.on)
            tolerance = day.pattern(self.name).parameters["mass_tolerance_bp"]
            said = _differences(found, number, declared, tolerance)
            if not said:
                continue
            strong = any(severity == "strong" for severity, _ in said)
            seen = None if declared is None else dealing(number, declared)
            flags.append(
                RedFlag(
                    rule=self.name,
                    severity="strong" if strong else "weak",
                    subject=found.subject,
                    key=shipment,
                    because=(
                        f"{found.inspected_by} inspected shipment {shipment} in {found.country} on"
                        f" {found.on}: {'; '.join(words for _, words in said)}"
                    ),
                    source=self.source,
                    policy=day.policy,
                    on=found.on,
                    evidence=entries(at, number),
                    parties=_suspects(seen),
                )
            )
        return Finding(f"inspected/{shipment}", tuple(flags))

    def _serials(
        self, states: States, seen: Dealing, day: Day, reference: Reference
    ) -> Iterator[Finding]:
        """Chips that were sold as controlled and go out under another name."""
        if not seen.serials:
            return
        controlled = bool(seen.controlled(day))
        if not controlled and seen.families:
            return
        for serial in dict.fromkeys(seen.serials):
            key = f"{self.name}/{'N' if controlled else 'U'}/{serial}"
            states.put(key, [*(states.get(key, list[int]) or []), seen.entry])
        if controlled:
            yield from self._renamed(states, seen, reference)
        else:
            yield self._hides(states, seen, reference)

    def _renamed(self, states: States, seen: Dealing, reference: Reference) -> Iterator[Finding]:
        """Judge again what goes under another name with the serial numbers of some chips."""
        again = {
            number
            for serial in seen.serials
            for number in states.get(f"{self.name}/U/{serial}", list[int]) or []
        }
        for number in sorted(again):
            yield self._hides(states, _flows.recalled(states, number), reference)

    def _hides(self, states: States, seen: Dealing, reference: Reference) -> Finding:
        known = {}
        for serial in seen.serials:
            before = [
                (told.on, told.entry)
                for number in states.get(f"{self.name}/N/{serial}", list[int]) or []
                if (told := _flows.recalled(states, number)).on <= seen.on
            ]
            if before:
                known[serial] = max(before)[1]
        if not known:
            return Finding(f"serials/{seen.entry}")
        many = f"{len(known):,} serial numbers that were"
        count = "a serial number that was" if len(known) == 1 else many
        return self._flag(
            f"serials/{seen.entry}", "strong", seen, reference.day(states, seen.on),
            f"{_named(seen)} is declared as {_words(seen)}, with {count} sold or shipped before"
            f" as a controlled chip's: {', '.join(sorted(known)[:3])}",
            *sorted(set(known.values()))[:SHOWN_MAX],
        )  # fmt: skip

    def _vague(
        self, states: States, seen: Dealing, day: Day, reference: Reference
    ) -> Iterator[Finding]:
        """Texts that describe nothing, by those who bought controlled chips."""
        on = seen.on.isoformat()
        if seen.kind == "sale" and seen.purchaser is not None and seen.controlled(day):
            key = f"{self.name}/T/{seen.purchaser}"
            known = states.get(key, Traded) or Traded()
            known = Traded(known.vague, _latest(known.bought, (on, seen.entry)))
            states.put(key, known)
            for _, at in known.vague:
                yield from self._hidden(states, at, known, reference)
        elif seen.kind in ("export", "reexport") and seen.in_words and _is_vague(seen):
            for exporter in seen.senders:
                key = f"{self.name}/T/{exporter}"
                known = states.get(key, Traded) or Traded()
                known = Traded(_latest(known.vague, (on, seen.entry)), known.bought)
                states.put(key, known)
                yield from self._hidden(states, seen.entry, known, reference)

    def _hidden(
        self, states: States, at: int, known: Traded, reference: Reference
    ) -> Iterator[Finding]:
        seen = dealing(at, states.recall(at).event)
        if seen is None:
            return
        day = reference.day(states, seen.on)
        days = day.pattern(self.name).parameters["bought_days"]
        before = [
            number
            for on, number in known.bought
            if 0 <= (seen.on - date.fromisoformat(on)).days <= days
        ]
        if not before:
            return
        times = "once" if len(before) == 1 else f"{len(before):,} times"
        yield self._flag(
            f"vague/{at}", "weak", seen, day,
            f"{_named(seen)} is declared as {_words(seen)} on {seen.on}, and its exporter had"
            f" bought controlled chips {times} in the {days:,} days before",
            *before,
        )  # fmt: skip

    def _flag(
        self, matter: str, severity: Severity, seen: Dealing, day: Day, because: str, *cited: int
    ) -> Finding:
        flag = RedFlag(
            rule=self.name,
            severity=severity,
            subject=seen.subject,
            key=seen.shipment or seen.subject,
            because=because,
            source=self.source,
            policy=day.policy,
            on=seen.on,
            evidence=entries(seen.entry, *cited),
            parties=_suspects(seen),
        )
        return Finding(matter, (flag,))


def _declaration(states: States, shipment: str) -> tuple[int, Event | None]:
    """The latest declaration of a shipment and its entry; 0 where there is none."""
    for number in reversed(_flows.telling(states, shipment)):
        event = states.recall(number).event
        if isinstance(event, Movement | ShipmentDeclared):
            return number, event
    return 0, None


def _differences(
    found: ShipmentInspected, number: int, declared: Event | None, tolerance: int
) -> list[tuple[Severity, str]]:
    """In what an inspection differs from a declaration, with how much that weighs."""
    said: list[tuple[Severity, str]] = []
    seen = None if declared is None else dealing(number, declared)
    quantity = None if seen is None else _declared_quantity(seen, found)
    if found.counted is not None and quantity is not None and found.counted != quantity:
        counted = f"{found.counted:,} {found.counted_in} counted and {quantity:,} declared"
        said.append(("strong", counted))
    elif "quantity" in found.differences and found.counted is None:
        said.append(("strong", "the quantity is not as declared"))
    elif "quantity" in found.differences and quantity is None:
        said.append(
            ("strong", f"{found.counted:,} {found.counted_in} counted, which is not as declared")
        )
    if "description" in found.differences:
        words = found.finding or "the goods are not as described"
        said.append(("strong", words))
    weight = declared.gross_weight_grams if isinstance(declared, ShipmentDeclared) else None
    weighed = found.gross_weight_grams
    if weight and weighed is not None and abs(weighed - weight) * WHOLE_BP > weight * tolerance:
        said.append(("weak", f"{weighed:,} g weighed and {weight:,} g declared"))
    elif "weight" in found.differences:
        said.append(("weak", "the weight is not as declared"))
    codes = _codes(declared)
    if found.hs_code is not None and codes and found.hs_code[:6] not in codes:
        said.append(("weak", f"HS code {found.hs_code} found and {', '.join(codes)} declared"))
    return said


def _declared_quantity(seen: Dealing, found: ShipmentInspected) -> int | None:
    """How many were declared, where every line says so in the unit that was counted."""
    if any(line.quantity is None or line.counted_in != found.counted_in for line in seen.lines):
        return None
    return sum(line.quantity or 0 for line in seen.lines)


def _codes(declared: Event | None) -> list[str]:
    """The first six digits of the HS codes declared: what all countries share."""
    if not isinstance(declared, Movement | ShipmentDeclared):
        return []
    return sorted({line.hs_code[:6] for line in declared.lines if line.hs_code is not None})


def _is_vague(seen: Dealing) -> bool:
    """Whether no line names a chip, a classification or anything that tells goods apart."""
    return all(
        line.eccn is None and not line.families and set(line.words.lower().split()) <= GENERIC
        for line in seen.lines
    )


def _latest(
    known: tuple[tuple[str, int], ...], added: tuple[str, int]
) -> tuple[tuple[str, int], ...]:
    return tuple(sorted({*known, added})[-SHOWN_MAX:])


def _named(seen: Dealing) -> str:
    return seen.subject.replace(":", " ")


def _words(seen: Dealing) -> str:
    return ", ".join(f"'{line.words}'" for line in seen.lines)


def _suspects(seen: Dealing | None) -> tuple[str, ...]:
    """Who is about a declaration: those who made it first."""
    if seen is None:
        return ()
    return tuple(dict.fromkeys((*seen.senders, *seen.receivers)))
