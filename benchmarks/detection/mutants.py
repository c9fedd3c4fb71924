"""The same crime told otherwise: what a rule that learned names, places or sizes would miss.

Each mutation changes what may be seen of a case and leaves what makes it suspicious. Where it
changes nothing of a case, that case is no mutant of its kind.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from benchmarks.detection.background import CHIPS
from benchmarks.detection.cases import Seen, Span, Visible
from benchmarks.detection.words import amount, goods, least, members, texts

OTHER_HUB: Final = {
    "MY": "JP", "SG": "KR", "TH": "PH", "TW": "DE", "IN": "ID", "TR": "CY", "ZA": "KE",
    "KR": "NL", "JP": "MY", "AE": "QA", "ID": "TH", "NL": "IE", "VN": "KH", "KZ": "AM",
}  # fmt: skip
"""Another country on the way, under the same rules or lighter ones."""

PLACES: Final = frozenset({
    "country", "hq_country", "destination", "destinations", "route", "frm", "from", "to", "via",
    "bill_to", "payer_country", "tenant_hq", "origin",
})  # fmt: skip
"""Members of a file that hold countries."""

NAMES: Final = ("name", "address", "ultimate_parent", "aliases", "alias")
"""Members of a party that hold what it is called."""

PARTS: Final = 4
DWELL: Final = timedelta(days=200)

SENT_ON: Final = ("reexport_observed", "reexport_declared", "onward_observed")


def new_names(case: Visible) -> Visible:
    """Every party under another name and address; who shared one still does."""
    names = [
        name
        for party in case.parties
        for name in texts([party.get("name"), *texts(members(party, "aliases", "alias"))])
    ]

    def party(said: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: _spelled(value, names_only=key == "address") if key in NAMES else value
            for key, value in said.items()
        }

    def event(said: Mapping[str, Any]) -> dict[str, Any]:
        return {key: _renamed(value, names) for key, value in said.items()}

    return replace(
        case,
        parties=tuple(map(party, case.parties)),
        events=tuple(replace(each, said=event(each.said)) for each in case.events),
    )


def other_hub(case: Visible) -> Visible:
    """Another country on the way."""

    def moved(said: Mapping[str, Any]) -> dict[str, Any]:
        return {key: _swapped(value) if key in PLACES else value for key, value in said.items()}

    return replace(
        case,
        parties=tuple(map(moved, case.parties)),
        events=tuple(replace(each, said=moved(each.said)) for each in case.events),
    )


def split(case: Visible) -> Visible:
    """Every shipment in four, a week apart."""
    made: list[Seen] = []
    for each in case.events:
        counts = [key for key in ("quantity", "chips", "value_usd") if amount(each.said.get(key))]
        if not each.type.startswith("shipment_declared") or not counts:
            made.append(each)
            continue
        for part in range(PARTS):
            share = {key: _part(amount(each.said[key]) or 0, part) for key in counts}
            if not all(share.values()):
                continue
            made.append(
                replace(
                    _later(each, timedelta(days=7 * part)),
                    id=each.id if part == 0 else f"{each.id}-{part + 1}",
                    said={**each.said, **share},
                )
            )
    return case.moved(tuple(made))


def longer_dwell(case: Visible) -> Visible:
    """Goods lie for 200 days before they go on, and all that follows is as much later."""
    late, made = timedelta(), []
    for each in case.events:
        if each.type in SENT_ON:
            late = DWELL
        made.append(_later(each, late))
    return case.moved(tuple(made))


def catalog_value(case: Visible) -> Visible:
    """Every shipment of known chips declared at what they cost."""
    prices = {model: price for model, _, price in CHIPS}
    made = []
    for each in case.events:
        said = each.said
        units = amount(members(said, "chips", "quantity"))
        model = least(goods(str(said.get("item") or "")).models)
        shipped = each.type in ("shipment_declared", "reexport_declared")
        if shipped and units and model in prices and said.get("value_usd") is not None:
            said = {**said, "value_usd": units * prices[model]}
        made.append(replace(each, said=said))
    return case.moved(tuple(made))


def hidden_forwarder(case: Visible) -> Visible:
    """A new company that says it runs data centers stands where a forwarder received goods."""
    forwarding = ("freight_forwarder", "forwarder", "logistics")
    hidden = {
        str(party.get("party_id")): {
            "party_id": f"{party.get('party_id')}-spv",
            "name": f"{party.get('name')} Data Center",
            "roles": ["consignee"],
            "country": party.get("country"),
            "hq_country": party.get("hq_country"),
            "declared_business": "data center",
            "ultimate_parent": party.get("name"),
        }
        for party in case.parties
        if any(role in forwarding for role in texts(party.get("roles")))
    }
    seats = ("ultimate_consignee", "consignee", "end_user")

    def behind(key: str, value: Any) -> Any:
        seated = key in seats and isinstance(value, str) and value in hidden
        return hidden[value]["party_id"] if seated else value

    events = tuple(
        replace(each, said={key: behind(key, value) for key, value in each.said.items()})
        for each in case.events
    )
    if events == case.events:
        return case
    return replace(case, parties=(*case.parties, *hidden.values()), events=events)


MUTATIONS: Final[dict[str, Callable[[Visible], Visible]]] = {
    "new_names": new_names,
    "other_hub": other_hub,
    "split_shipments": split,
    "longer_dwell": longer_dwell,
    "catalog_value": catalog_value,
    "forwarder_hidden": hidden_forwarder,
}
"""Every mutation, by the name it is reported under."""


def _other_letters(text: str) -> str:
    """A text with every letter another, and its numbers and form as they were."""
    return codecs.encode(text, "rot13")


def _spelled(value: Any, *, names_only: bool) -> Any:
    """Other letters; of an address in its names alone, for what kind of place it is stays."""
    if isinstance(value, list):
        return [_spelled(each, names_only=names_only) for each in value]
    if not isinstance(value, str):
        return value
    if names_only:
        return re.sub(r"\b[A-Z]\w*", lambda found: _other_letters(found.group()), value)
    return _other_letters(value)


def _renamed(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, str):
        return value
    for name in sorted(names, key=len, reverse=True):
        value = re.sub(re.escape(name), _other_letters(name), value, flags=re.IGNORECASE)
    return value


def _swapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_swapped(each) for each in value]
    if not isinstance(value, str):
        return value
    return re.sub(
        r"(?<![A-Za-z])[A-Z]{2}(?![A-Za-z])",
        lambda found: OTHER_HUB.get(found.group(), found.group()),
        value,
    )


def _part(whole: int, part: int) -> int:
    """A quarter of a number; the parts add up to it."""
    return whole * (part + 1) // PARTS - whole * part // PARTS


def _later(event: Seen, by: timedelta) -> Seen:
    moved = event.span and Span(event.span.first + by, event.span.last + by)
    return replace(event, span=moved, on=event.on + by)
