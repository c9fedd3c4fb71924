"""Words for what parties order, sell and pay."""

from ledger.events import (
    Event,
    PartyFinancingDeclared,
    PartyOrderPlaced,
    PartyPaymentReceived,
    PartySoldDomestically,
    PartySupplyEnded,
)
from projections.wording._words import dollars, goods, plain, where


def say(event: Event) -> str:
    """An event about the trade behind the shipments."""
    match event:
        case PartyOrderPlaced():
            seller = where("from", event.seller)
            to = where("to", event.destination)
            value = "" if event.value_cents is None else f", {dollars(event.value_cents)}"
            return f"{event.party} ordered{seller} {goods(event.lines)}{to}{value}"
        case PartySoldDomestically():
            user = where("for", event.end_user)
            value = "" if event.value_cents is None else f", {dollars(event.value_cents)}"
            first = "made and sold" if event.first else "sold"
            return (
                f"{event.party} {first} {goods(event.lines)} to {event.purchaser}{user} in"
                f" {event.country}{value}"
            )
        case PartyPaymentReceived():
            payer = event.payer or "an unnamed payer"
            amount = dollars(event.amount_cents)
            purpose = where("for shipment", event.shipment)
            purpose += where("on invoice", getattr(event, "invoice", None))
            return f"{payer} in {event.payer_country} paid {event.party} {amount}{purpose}"
        case PartyFinancingDeclared():
            limit = "" if event.amount_cents is None else f" up to {dollars(event.amount_cents)}"
            bill = where("on invoice", event.invoice)
            kind = plain(event.kind)
            return f"{event.financier} pays for {event.party}{limit}{bill}: {kind}"
        case PartySupplyEnded():
            who = ", ".join(event.suppliers) or f"{event.count:,} suppliers"
            what = where("with", goods(event.lines))
            return f"{who} no longer supply {event.party}{what} from {event.ended_on}"
        case _:
            return ""
