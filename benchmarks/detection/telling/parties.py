"""Who a party is, what becomes of it, and the lists it is put on."""

from datetime import date

from benchmarks.detection.cases import Json, Seen, span
from benchmarks.detection.telling.means import capacity
from benchmarks.detection.telling.teller import Teller
from benchmarks.detection.words import (
    activities,
    countries,
    members,
    percentage,
    roles,
    said,
    slug,
    someone,
    texts,
    thousandths,
    word,
)


def register(teller: Teller, key: str, on: date, event: str = "") -> None:
    """Say who a party is, once."""
    party = next((each for name, each in teller.listed() if name.lower() == key.lower()), None)
    made = teller.ids.get(key.lower())
    if party is None or made is None or made in teller.registered:
        return
    teller.registered.add(made)
    home = next(iter(countries(party.get("country"))), None)
    seat = next(iter(countries(party.get("hq_country"))), None)
    if not (home or seat):
        teller.note(f"party {key} is in no country the ledger knows: it is not registered")
        return
    parent = teller.party(party.get("ultimate_parent"))
    founded = span(party.get("formed"), party.get("formed_precision"))
    formed = None if founded is None else founded.first
    on = max(on, formed or on)
    business = said(members(party, "declared_business", "business"))
    teller.tell(
        event,
        {
            "command": "party.register",
            "party": made,
            "name": said(party.get("name"), 200) or key,
            "country": home or seat,
            "headquarters": seat or home,
            "ultimate_parent": parent if parent != made else None,
            "parent_headquarters": next(
                iter(countries(members(party, "parent_hq_country", "parent_hq"))), None
            )
            or teller.seat_of(party.get("ultimate_parent"), seat)
            if parent and parent != made
            else None,
            "roles": list(roles(party.get("roles"))),
            "registration_number": said(party.get("registration_number"), 200) or None,
            "address": said(party.get("address")),
            "formed_on": formed,
            "business": business,
            "registered_on": on,
        },
    )
    if business:
        teller.tell(
            event,
            {
                "command": "party.business",
                "party": made,
                "business": business,
                "activities": list(activities(business)),
                "declared_on": on,
            },
        )
    for alias in texts(members(party, "aliases", "alias")):
        teller.tell(
            event,
            {
                "command": "party.alias",
                "party": made,
                "alias": said(alias, 200),
                "recorded_on": on,
            },
        )
    for controller in texts(members(party, "controllers", "controller", "officers", "directors")):
        teller.tell(
            event,
            {
                "command": "party.controller",
                "party": made,
                "capacity": "controller",
                "controller": teller.party(controller),
                "declared_on": on,
            },
        )
    account = said(members(party, "bank_account", "account"))
    if account:
        teller.tell(
            event,
            {
                "command": "party.account",
                "party": made,
                "account": slug(account),
                "country": home or seat,
                "declared_on": on,
            },
        )
    megawatts = members(party, "capacity_mw", "it_mw", "declared_capacity_mw")
    if thousandths(megawatts):
        capacity(teller, event, on, made, megawatts)


def registered(teller: Teller, event: Seen) -> None:
    """A party appears; one of the case brings along all that is known of it."""
    key = someone(event.said.get("party"))
    if teller.known(key):
        register(teller, key, event.on, event.id)
    home = next(iter(countries(event.said.get("country"))), None)
    if not teller.known(key) and home:
        teller.tell(
            event.id,
            {
                "command": "party.register",
                "party": teller.party(key),
                "name": key or "unnamed",
                "country": home,
                "headquarters": home,
                "registered_on": event.on,
            },
        )


def renamed(teller: Teller, event: Seen) -> None:
    """A party goes by another name."""
    name = said(members(event.said, "new_name", "name", "to", "alias"), 200)
    teller.tell(
        event.id,
        {
            "command": "party.rename",
            "party": teller.party(members(event.said, "party")),
            "name": name,
            "renamed_on": event.on,
        },
    )


def relocated(teller: Teller, event: Seen) -> None:
    """Headquarters move."""
    place = members(event.said, "hq_country", "new_hq", "headquarters", "country", "to")
    teller.tell(
        event.id,
        {
            "command": "party.relocate",
            "party": teller.party(members(event.said, "party")),
            "headquarters": next(iter(countries(place)), None),
            "relocated_on": event.on,
        },
    )


def addressed(teller: Teller, event: Seen) -> None:
    """A party has another address."""
    party = teller.party(event.said.get("party"))
    home = next(iter(countries(event.said.get("country"))), None) or teller.homes.get(party or "")
    teller.tell(
        event.id,
        {
            "command": "party.address",
            "party": party,
            "country": home,
            "address": said(event.said.get("address")),
            "declared_on": event.on,
        },
    )


def controlled(teller: Teller, event: Seen) -> None:
    """Somebody controls a party, or is an officer of it."""
    teller.tell(
        event.id,
        {
            "command": "party.controller",
            "party": teller.party(event.said.get("party")),
            "controller": teller.party(
                members(event.said, "controller", "officer", "director", "person")
            ),
            "capacity": "controller",
            "declared_on": event.on,
        },
    )


def merged(teller: Teller, event: Seen) -> None:
    """A party becomes part of another."""
    teller.tell(
        event.id,
        {
            "command": "party.merge",
            "party": teller.party(event.said.get("party")),
            "into": teller.party(members(event.said, "into", "successor")),
            "merged_on": event.on,
        },
    )


def owned(teller: Teller, event: Seen) -> None:
    """Somebody holds shares in a party."""
    get = event.said
    owner = teller.party(members(get, "owner", "shareholder", "parent"))
    percent = members(get, "pct", "percent", "share_pct", "share")
    share = percentage(percent)
    teller.tell(
        event.id,
        {
            "command": "party.own",
            "party": teller.party(members(get, "party", "owned", "subsidiary")),
            "owner": owner,
            "share": share,
            "changed_on": event.on,
        },
    )
    if members(get, "listed_owner", "owner_listed") is True:
        teller.tell(
            event.id,
            {
                "command": "party.list",
                "party": owner,
                "list": "entity_list",
                "listed_on": event.on,
            },
        )


def listed(teller: Teller, event: Seen) -> None:
    """Parties are put on a list, or taken off."""
    get = event.said
    off = "remov" in event.type or "delist" in event.type
    for name in texts(members(get, "party", "parties", "name")):
        teller.tell(
            event.id,
            {
                "command": "party.delist" if off else "party.list",
                "party": teller.party(name),
                "list": word(said(get.get("list")) or "list"),
                "delisted_on" if off else "listed_on": event.on,
            },
        )


def address_listed(teller: Teller, event: Seen) -> None:
    """Addresses are put on a list; where the case only counts them, those of its parties."""
    get = event.said
    named = [(each, None) for each in texts(members(get, "addresses", "address"))]
    if not named:
        named = [
            (said(party.get("address")), party.get("country"))
            for party in teller.case.parties
            if said(party.get("address"))
        ]
    off = "remov" in event.type or "delist" in event.type
    for number, (text, place) in enumerate(named, start=1):
        home = next(iter(countries(place or get.get("country"))), None) or next(
            iter(teller.homes.values()), None
        )
        name = f"{slug(teller.case.id).lower()}-{number}"
        line: Json = {"command": "address.list", "address": name, "text": said(text),
                      "country": home, "list": word(said(get.get("list")) or "list"),
                      "listed_on": event.on}  # fmt: skip
        if off:
            line = {"command": "address.delist", "address": name,
                    "list": line["list"], "delisted_on": event.on}  # fmt: skip
        teller.tell(event.id, line)


def informed(teller: Teller, event: Seen) -> None:
    """An authority tells a party that dealings with another need a license."""
    get = event.said
    teller.tell(
        event.id,
        {
            "command": "party.inform",
            "party": teller.party(get.get("party")) or teller.somebody(),
            "concerning": teller.party(members(get, "about", "concerning", "customer")),
            "countries": list(countries(members(get, "countries", "destination"))),
            "items": said(members(get, "item", "items")),
            "informed_on": event.on,
        },
    )
