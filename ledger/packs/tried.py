"""A pack's own examples: each is a question, and the answer its source gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ledger.catalogue import chip, classify
from ledger.errors import LedgerError
from ledger.policy import Example, Rules, Section, parse_pack, suppose, where

Answer = str | int | date
Given = Mapping[str, Any]


class _Given(dict[str, Any]):
    """What an example gives, by name; asking for more says what is missing."""

    def __missing__(self, name: str) -> Any:
        raise KeyError(f"{name} is not given")


@dataclass(frozen=True, slots=True)
class Tried:
    """One example, and what came of it.

    line   where it stands in the pack's text
    found  what the pack answers; words about what is wrong with the question, when it cannot
    """

    line: int
    example: Example
    found: Answer
    passed: bool

    @property
    def asked(self) -> str:
        """The question in a line."""
        given = ", ".join(f"{name} {value}" for name, value in self.example.given.items())
        return f"{self.example.about}: {given}"


def try_examples(text: str, adopted: Mapping[str, str] | None = None) -> tuple[Tried, ...]:
    """Every example of a pack, asked of the pack over those it says it lies over."""
    pack = parse_pack(text)
    rules = suppose(pack.id, {**(adopted or {}), pack.id: text})
    tried = []
    for number, example in enumerate(pack.examples, 1):
        try:
            found, fits = _ASK[example.about](rules, _Given(example.given)), True
        except KeyError as error:
            found, fits = f"this cannot be asked: {error.args[0]}", False
        except (LedgerError, TypeError, AttributeError) as error:
            found, fits = f"this cannot be asked: {error}", False
        passed = fits and type(found) is type(example.answer) and found == example.answer
        tried.append(Tried(where(text, f"examples.{number}").line, example, found, passed))
    return tuple(tried)


def _eccn(rules: Rules, given: Given) -> Answer:
    found = classify(
        given["tpp"], Decimal(given["density"]), given.get("data_center", True),
        thresholds=rules.thresholds,
    )  # fmt: skip
    return found.value


def _items(rules: Rules, given: Given) -> Answer:
    return rules.item_group(given["eccn"]) or "none"


def _territories(rules: Rules, given: Given) -> Answer:
    return rules.sovereign(given["country"])


def _d5(rules: Rules, given: Given) -> Answer:
    return "yes" if rules.in_d5(given["country"], given["on"]) else "no"


def _tiers(rules: Rules, given: Given) -> Answer:
    return _or_none(rules.tier(given["country"], given["on"]))


def _license(rules: Rules, given: Given) -> Answer:
    required, _ = rules.license_required(
        given["eccn"], given["destination"], _seats(given), given["on"]
    )
    return _required(required)


def _chip_control(rules: Rules, given: Given) -> Answer:
    found = chip(given["model"])
    rule = rules.chip_control(
        found.id, maker=found.vendor, dram_gbps=found.dram_bandwidth,
        destination=given["destination"], headquarters=_seats(given), on=given["on"],
    )  # fmt: skip
    return _required(rule is not None)


def _affiliates(rules: Rules, given: Given) -> Answer:
    rule = rules.affiliates
    owned = rule is not None and rule.applies(given["on"])
    return "listed" if rule and owned and given["share_bp"] >= rule.threshold_bp else "not listed"


def _country_allocation(rules: Rules, given: Given) -> Answer:
    return _or_none(rules.cap(given["country"], given["on"], given.get("uplift_tpp", 0)))


def _nveu(rules: Rules, given: Given) -> Answer:
    return _or_none(rules.nveu_limit(given["on"]))


def _review(rules: Rules, given: Given) -> Answer:
    found = chip(given["model"]) if "model" in given else None
    tpp = given.get("tpp") if found is None else found.tpp
    row = rules.review(
        given["eccn"] if found is None else found.eccn or "none",
        destination=given["destination"],
        headquarters=_seats(given),
        on=given["on"],
        kind=given.get("kind", "export"),
        tpp=tpp,
        dram_gbps=given.get("dram_gbps") if found is None else found.dram_bandwidth,
        total_tpp=None if tpp is None else tpp * given.get("units", 1),
        agreement=given.get("agreement", False),
        within_allocation=given.get("within_allocation", True),
    )
    return "none" if row is None else row.policy


def _ratio_cap(rules: Rules, given: Given) -> Answer:
    return _or_none(rules.ratio_room(given["eccn"], given["destination"], given["at_home_tpp"]))


def _duty(rules: Rules, given: Given) -> Answer:
    found = chip(given["model"])
    band = rules.duty(found.tpp, found.dram_bandwidth, given["on"])
    return "none" if band is None else band.rate_bp


def _permit(rules: Rules, given: Given) -> Answer:
    return _required(rules.permit(given["country"], given["eccn"], given["on"]) is not None)


def _validity(rules: Rules, given: Given) -> Answer:
    return rules.expiry(given["eccn"], given["on"]) or "none"


def _exceptions(rules: Rules, given: Given) -> Answer:
    destination = given["destination"]
    available, _ = rules.exception_available(
        given["code"],
        eccn=given["eccn"],
        kind=given.get("kind", "export"),
        destination=destination,
        consignee_countries=(destination, *_seats(given)),
        on=given["on"],
        data_center=given.get("data_center", True),
    )
    return "available" if available else "not available"


def _figure(section: Section) -> Callable[[Rules, Given], Answer]:
    """A plain figure of a section, by its name."""

    def ask(rules: Rules, given: Given) -> Answer:
        figures = getattr(rules, section)
        name = given["figure"]
        if not hasattr(figures, name):
            raise KeyError(f"[{section}] has no {name}")
        found: Answer = getattr(figures, name)
        return found

    return ask


def _seats(given: Given) -> tuple[str, str]:
    """Headquarters of a party and of its ultimate parent; where the goods go, when not said."""
    headquarters = given.get("headquarters", given["destination"])
    return headquarters, given.get("parent", headquarters)


def _required(required: bool) -> str:
    return "required" if required else "not required"


def _or_none(found: int | None) -> Answer:
    return "none" if found is None else found


_ASK: Final[dict[Section, Callable[[Rules, Given], Answer]]] = {
    "eccn": _eccn,
    "items": _items,
    "territories": _territories,
    "d5": _d5,
    "tiers": _tiers,
    "scope": _license,
    "hq_rule": _license,
    "chip_control": _chip_control,
    "affiliates": _affiliates,
    "country_allocation": _country_allocation,
    "lpp": _figure("lpp"),
    "aia": _figure("aia"),
    "acm": _figure("acm"),
    "uveu": _figure("uveu"),
    "nveu": _nveu,
    "review": _review,
    "ratio_cap": _ratio_cap,
    "duty": _duty,
    "permit": _permit,
    "validity": _validity,
    "tolerance": _figure("tolerance"),
    "checks": _figure("checks"),
    "exceptions": _exceptions,
    "detection": _figure("detection"),
}
"""What a section is asked, by its name."""
