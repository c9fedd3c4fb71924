"""A serial number stands on two chips, or on one that its maker never sold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from string import ascii_uppercase, digits
from typing import Final

from ledger.entry import Entry
from ledger.events import PartySoldDomestically
from ledger.fold import States
from projections import custody
from projections.custody import Conflict, Step
from projections.red_flags._chips import OfChips
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, standing
from projections.reference import Reference

ALPHABET: Final = digits + ascii_uppercase + "-"
"""What makers print serial numbers with."""


class SerialConflict(OfChips):
    """One serial number, and a history no single chip can have: a clone, or a label on a dummy.

    Two places at once or too soon after one another; before its first sale or after it was
    destroyed; sent from a country a second time with no return between; a label on a chip that
    answers with another number; a number on two chips of one list. And a number that its maker
    never sold, where the maker's first sales list the numbers of that model and the chip appears
    after the first of them. An unknown number one character away from a known one is a typing
    error until somebody looks: information, for the correction queue. Typing errors come singly:
    where an entry lists more unknown numbers than the rules allow for, none of them is one.

    Source: pattern P21; indictments in which labels were moved onto dummy servers before a check.
    Units: days.
    """

    name = "serial-conflict"
    source = "a chip has one number and one place: serial numbers as recorded, P21"
    reads = custody.READS

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at each chip that an entry names."""
        serials = custody.record(states, entry)
        if isinstance(entry.event, PartySoldDomestically) and entry.event.first:
            serials = [*serials, *self._registered(states, entry.event)]
        yield from self.judge(states, dict.fromkeys(serials), reference)

    def _registered(self, states: States, sale: PartySoldDomestically) -> list[str]:
        """Numbers to look at again when a maker lists what it sold.

        Those found unknown, one of which may be listed now, or be a typing error for one that is;
        and all that are not listed, where the registry begins with this sale or earlier than known.
        """
        again: list[str] = []
        for model in sorted({line.model or "" for line in sale.lines if line.serials} - {""}):
            began = states.get(f"custody/made/{model}", date)
            if began != states.get(f"{self.name}/since/{model}", date):
                states.put(f"{self.name}/since/{model}", began)
                prefix = f"custody/unlisted/{model}/"
                again += [key.removeprefix(prefix) for key, _ in states.scan(prefix, bool)]
            else:
                again += states.get(f"{self.name}/unknown/{model}", list[str]) or []
        return again

    def judge(
        self, states: States, serials: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        """The chips that were named, each by its whole history."""

        @cache
        def many(number: int) -> bool:
            """Whether an entry lists too many unknown numbers for typing errors."""
            entry = states.recall(number)
            told = {serial for serial, _ in custody.steps_of(entry)}
            unknown = (s for s in told if not _made(custody.history(states, s)))
            most = _parameter(reference, states, entry.event.on, "typing_errors_max")
            return sum(1 for _ in unknown) > most

        for serial in serials:
            flags = tuple(self._flags(states, serial, reference, many))
            if flags or standing(states, self.name, serial):
                yield Finding(serial, flags)

    def _flags(
        self, states: States, serial: str, reference: Reference, many: Callable[[int], bool]
    ) -> Iterator[RedFlag]:
        steps = custody.placed(states, serial)

        def travel_days(on: date) -> int:
            return _parameter(reference, states, on, "travel_days_min")

        for conflict in custody.conflicts(steps, travel_days):
            yield self._flag(states, serial, conflict, "hard", reference)
        unknown = _unknown(states, steps)
        model = next((step.model for step in steps if step.model), "")
        _remember(states, f"{self.name}/unknown/{model}", serial, known=unknown is None)
        if unknown is None:
            return
        meant = None if many(unknown.entry) else _meant(states, serial, unknown.model)
        began = states.get(f"custody/made/{unknown.model}", date)
        because = (
            f"no first sale of {unknown.model} lists it, and its maker lists them since {began}"
        )
        if meant is not None:
            because += f"; {meant}, one character away, is listed: a typing error to put right"
        conflict = Conflict(
            "unknown-serial", because, unknown.on, (unknown.entry,),
            tuple(dict.fromkeys(name for name in (unknown.giver, unknown.holder) if name)),
        )  # fmt: skip
        severity: Severity = "hard" if meant is None else "information"
        yield self._flag(states, serial, conflict, severity, reference)

    def _flag(
        self,
        states: States,
        serial: str,
        conflict: Conflict,
        severity: Severity,
        reference: Reference,
    ) -> RedFlag:
        return RedFlag(
            rule=self.name,
            severity=severity,
            subject=f"serial:{serial}",
            key=f"{serial}/{conflict.kind}",
            because=f"serial number {serial}: {conflict.because}",
            source=self.source,
            policy=reference.day(states, conflict.on).policy,
            on=conflict.on,
            evidence=entries(*conflict.entries),
            parties=conflict.parties,
        )


def _parameter(reference: Reference, states: States, on: date, name: str) -> int:
    return reference.day(states, on).pattern(SerialConflict.name).parameters[name]


def _made(steps: Sequence[Step]) -> bool:
    return any(step.kind == "made" for step in steps)


def _unknown(states: States, steps: Sequence[Step]) -> Step | None:
    """Where a chip first appears that its maker should have listed and did not."""
    if _made(steps):
        return None
    first = next((step for step in steps if step.model and step.kind != "labeled"), None)
    if first is None:
        return None
    began = states.get(f"custody/made/{first.model}", date)
    return first if began is not None and steps[0].on >= began else None


def _meant(states: States, serial: str, model: str) -> str | None:
    """A listed number of the same model that differs in one character; None where there is none."""
    for number in sorted(_one_away(serial)):
        made = (s for s in custody.history(states, number) if s.kind == "made")
        if any(step.model == model for step in made):
            return number
    return None


def _one_away(serial: str) -> set[str]:
    """Every number one character away: one more, one less, or one other.

    >>> "SN12" in _one_away("SN13"), "SN1" in _one_away("SN13"), "SN123" in _one_away("SN13")
    (True, True, True)
    """
    found = {serial[:at] + serial[at + 1 :] for at in range(len(serial))}
    for each in ALPHABET:
        found |= {serial[:at] + each + serial[at:] for at in range(len(serial) + 1)}
        found |= {serial[:at] + each + serial[at + 1 :] for at in range(len(serial))}
    return found - {serial, ""}


def _remember(states: States, key: str, serial: str, *, known: bool) -> None:
    """Keep a list of the numbers found unknown."""
    before = states.get(key, list[str]) or []
    if (serial in before) == known:
        after = [each for each in before if each != serial] if known else [*before, serial]
        states.put(key, after or None)
