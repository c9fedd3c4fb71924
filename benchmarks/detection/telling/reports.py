"""What somebody saw from outside, or reported."""

import re
from typing import Final

from benchmarks.detection.cases import Json, Seen
from benchmarks.detection.telling.teller import SERIALS_MAX, Teller
from benchmarks.detection.words import amount, countries, members, said

SAID_MAX: Final = 200


def located(teller: Teller, event: Seen) -> None:
    """Where chips were found, or that they answer no more."""
    get = event.said
    place = next(iter(countries(members(get, "country", "located_in", "to", "place"))), None)
    method = f"{said(members(get, 'method', 'source'))} {event.type}".lower()
    named = next(
        (
            name
            for name, words in {
                "attested_ping": r"attest",
                "landmark_ping": r"(?<!ship)ping|latency|landmark|telemetry|beacon",
                "ip_geolocation": r"\bip\b|geoloc",
                "field_recovery": r"recover|teardown|battle|seiz",
                "customs": r"custom",
            }.items()
            if re.search(words, method)
        ),
        "visit",
    )
    party = teller.party(members(get, "party", "owner", "end_user")) or teller.anybody(event)
    serials = teller.serials(event)
    gone = "unreach" in event.type or "offline" in event.type
    if not serials:
        # The same ones of a party each time: two who saw chips of it are taken to have seen them.
        count = min(amount(members(get, "quantity", "units", "chips")) or 1, SERIALS_MAX)
        serials = [f"{party}-u{number}" for number in range(1, count + 1)]
        teller.note(f"{event.id}: serial numbers were made for the chips it speaks of")
    source = said(members(get, "finder", "source", "agency", "by"), 200)
    if not source:
        source = f"whoever tells {event.id}"
        teller.note(f"{event.id}: nobody says who found that; it is taken for a source of its own")
    line: Json = {
        "command": "party.unreachable" if gone else "party.locate",
        "party": party,
        "serials": serials, "method": named,
        "source": source,
        "unreachable_on" if gone else "located_on": event.on,
    }  # fmt: skip
    if gone:
        line |= {"method": "landmark_ping" if named == "visit" else named}
    else:
        line |= {"country": place}
    teller.tell(event.id, line)


def sighted(teller: Teller, event: Seen) -> None:
    """Serial numbers somebody saw."""
    get = event.said
    method = said(get.get("method"))
    known = ("paper", "label_read", "photo", "powered_on", "attested")
    party = teller.party(members(get, "party", "operator")) or teller.somebody()
    place = next(iter(countries(members(get, "country", "place"))), None)
    teller.tell(
        event.id,
        {
            "command": "party.sighting",
            "party": party,
            "serials": teller.serials(event),
            "method": method if method in known else "label_read",
            "country": place or teller.homes.get(party or ""),
            "sighted_on": event.on,
        },
    )


def teardown(teller: Teller, event: Seen) -> None:
    """Whose chip was in a product that somebody took apart."""
    get = event.said
    device = said(members(get, "device", "product", "item"), 200) or "a product"
    owner = next(
        (
            teller.ids[name]
            for name in sorted(teller.ids, key=len, reverse=True)
            if len(name) > 3 and name in device.lower()
        ),
        None,
    )
    teller.tell(
        event.id,
        {
            "command": "party.teardown",
            "party": owner or teller.party(get.get("party")) or teller.somebody(),
            "product": device,
            "component": said(get.get("component"), 200) or "die",
            "maker": teller.party(members(get, "die_maker", "maker")),
            "finder": said(members(get, "finder", "by"), 200) or "a laboratory",
            "country": next(iter(countries(get.get("country"))), None),
            "observed_on": event.on,
        },
    )


def market(teller: Teller, event: Seen) -> None:
    """Who stops supplying somebody."""
    what = said(members(event.said, "what", "note"))
    about = teller.party(event.said.get("party"))
    if about is None:
        words = re.findall(r"[A-Za-z0-9]+", what)
        about = next(
            (teller.ids[each.lower()] for each in reversed(words) if each.lower() in teller.ids),
            None,
        )
    if about is None or not re.search(r"stop|cease|end|halt|suspend", what.lower()):
        concern(teller, event)
        return
    numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    count = next((numbers[each] for each in what.lower().split() if each in numbers), None)
    teller.tell(
        event.id,
        {
            "command": "party.supply-end",
            "party": about,
            "count": count,
            "ended_on": event.on,
            "note": what,
        },
    )


def concern(teller: Teller, event: Seen) -> None:
    """Somebody reported something, of whoever the event names or the case's first party."""
    get = event.said
    kinds = {"tip": "tip_off", "pressure": "compliance_pressure", "disclos":
             "voluntary_disclosure"}  # fmt: skip
    kind = next((name for part, name in kinds.items() if part in event.type), "press_report")
    what = said(members(get, "what", "note", "finding", "description"))
    teller.tell(
        event.id,
        {
            "command": "party.concern",
            "party": teller.anybody(event),
            "kind": kind,
            "what": what or event.type.replace("_", " ")[:SAID_MAX],
            "source": said(members(get, "source", "agency"), 200),
            "reported_on": event.on,
        },
    )
