"""Other rules than those in force, named in a line: packs, with values changed for the question.

A line is `PACK[:NAME=VALUE…][,PACK…]`, such as
`diffusion-2025:lpp.limit_tpp=0:country_allocation.tpp=1580000000,cn-2026`. Packs are laid over one
another as they stand. What holds `=` changes a value of the pack before it, after a colon or after
a comma; what holds none names a pack. A value is a whole number, a date or a decimal, as the pack
has it there; NAME is its place (`nveu.quarters.2026Q1.tpp`, `review.2.below_tpp`) or a short name
the pack declares under [parameters].
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.errors import Malformed
from ledger.policy.pack import DECIMAL, Pack, parse_pack, shipped_pack
from ledger.policy.places import Parameter, full_name, parameters, short_names
from ledger.policy.rules import Rules
from ledger.terms import meant

_WHOLE = re.compile(r"[0-9]+(_[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Changed:
    """A value a pack does not say, and is supposed to."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Supposed:
    """One pack of a line, with its values changed.

    text  the pack's text with the new values in the place of the old: lines stay where they were
    """

    policy: str
    changed: tuple[Changed, ...]
    text: str

    @property
    def pack(self) -> Pack:
        return parse_pack(self.text)

    @property
    def label(self) -> str:
        """As it would be typed: the pack, and what was changed in it."""
        return ":".join((self.policy, *map(str, self.changed)))


def suppose(spec: str, adopted: Mapping[str, str]) -> Rules:
    """The rules a line supposes: texts as adopted here, else as they ship.

    >>> found = suppose("diffusion-2025:lpp.limit_tpp=0", {})
    >>> found.lpp.limit_tpp, found.label
    (0, 'diffusion-2025:lpp.limit_tpp=0')
    """
    found = supposed_packs(spec, adopted)
    return Rules(tuple(each.pack for each in found), tuple(each.label for each in found))


def supposed_packs(spec: str, adopted: Mapping[str, str]) -> tuple[Supposed, ...]:
    """The packs of a line, earliest first, each with its text as it is supposed.

    What a pack says it lies over, and the line does not name, comes before it, unchanged.
    """
    named = _read(spec)
    asked = dict(named)
    if len(asked) < len(named):
        twice = next(name for name in asked if sum(name == each for each, _ in named) > 1)
        raise Malformed(
            f"the policy pack {twice} is named twice",
            remedy="name it once, with all that is changed in it",
            code="POLICY_SPEC",
        )
    found: dict[str, Supposed] = {}
    opened: set[str] = set()
    waiting = [name for name, _ in reversed(named)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        text = adopted.get(name) or shipped_pack(name)
        below = [each for each in parse_pack(text).over if each not in {*asked, *opened}]
        opened.add(name)
        if below:
            waiting += [name, *reversed(below)]
        else:
            found[name] = _changed(name, text, asked.get(name, []))
    return tuple(found.values())


def pack_names(spec: str) -> tuple[str, ...]:
    """The packs a line names."""
    return tuple(name for name, _ in _read(spec))


def _read(spec: str) -> list[tuple[str, list[Changed]]]:
    """The line, pack by pack."""
    found: list[tuple[str, list[Changed]]] = []
    for piece in spec.split(","):
        name, *changes = (part.strip() for part in piece.split(":"))
        if "=" in name:
            name, changes = "", [name, *changes]
        if name:
            found.append((name, []))
        elif changes and not found:
            raise Malformed(
                f"{changes[0]!r} changes a value, and no pack stands before it",
                remedy=f"--policy PACK:{changes[0]}",
                code="POLICY_SPEC",
            )
        for change in changes:
            key, equals, value = change.partition("=")
            if not equals:
                raise Malformed(
                    f"{change!r} behind a colon changes nothing",
                    remedy="--policy PACK:NAME=VALUE, and several packs with commas between",
                    code="POLICY_SPEC",
                )
            found[-1][1].append(Changed(key.strip(), value.strip()))
    if not found:
        raise Malformed(
            "no policy pack is named",
            remedy="--policy diffusion-2025, or several with commas between",
            code="PACK_UNKNOWN",
        )
    return found


def _changed(policy: str, text: str, changes: list[Changed]) -> Supposed:
    """The text with the changed values written in, from the last place to the first."""
    known = parameters(text)
    written: dict[str, tuple[Parameter, Changed]] = {}
    for change in changes:
        name = full_name(text, change.name)
        if name not in known:
            raise Malformed(
                f"policy pack {policy} has no parameter {change.name!r}",
                remedy=f"{_instead(name, (*short_names(text), *known))}chip-ledger policy show"
                f" {policy} prints the pack: NAME is the table and the key, with a dot between",
                code="PARAMETER_UNKNOWN",
            )
        if name in written:
            raise Malformed(
                f"policy pack {policy} is given two values for {name}",
                remedy="give it one",
                code="POLICY_SPEC",
            )
        written[name] = (known[name], change)
    said = text
    for parameter, change in sorted(written.values(), key=lambda each: each[0].span, reverse=True):
        start, end = parameter.span
        said = said[:start] + _value(policy, parameter, change.value) + said[end:]
    return Supposed(policy, tuple(changes), said)


def _instead(name: str, known: tuple[str, ...]) -> str:
    """The parameters that are nearest: of the section asked for, or so called in another."""
    section = name.partition(".")[0]
    inside = [each for each in known if each.startswith(f"{section}.") or each.endswith(f".{name}")]
    near = meant(name, inside or known, cutoff=0.7 if not inside else 0.0)
    return f"{near}? " if near else ""


def _value(policy: str, parameter: Parameter, typed: str) -> str:
    """The new value as TOML, of the type of the old one."""
    match parameter.value:
        case int() if _WHOLE.fullmatch(typed):
            return str(int(typed))
        case date() if _is_date(typed):
            return typed
        case str() if DECIMAL.fullmatch(typed):
            return f'"{typed}"'
    kind = {int: "a whole number", str: "a decimal"}.get(type(parameter.value), "a date")
    raise Malformed(
        f"{parameter.name} of policy pack {policy} is {kind}, and {typed!r} is none",
        remedy=f"{policy}:{parameter.name}={parameter.value}, as the pack has it, or another",
        code="PARAMETER_VALUE",
    )


def _is_date(typed: str) -> bool:
    try:
        return date.fromisoformat(typed).isoformat() == typed
    except ValueError:
        return False
