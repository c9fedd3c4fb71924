"""What would clear a flag of each rule: what an officer asks for, in a line."""

from typing import Final

CLEARS: Final[dict[str, str]] = {
    "affiliate-channel": "a plant of the affiliate's own that serves many customers",
    "cap-breach": "a void of what was declared twice or never left; an agreement for more",
    "check-overdue": "a check that is done; a delay of the authority's own",
    "end-user-mismatch": "a declared affiliate or another name of the same party; a license for the"
    " transfer; a later check that finds the party",
    "forwarder-consignee": "somebody besides the parties who saw the end user receive it in time",
    "inventory-difference": "a store, a transit or a loss that was not declared; a recount",
    "line-of-business": "another line of business, declared before; financing or means that were"
    " not declared",
    "listed-party": "a license that names the party; a list entry that is wrong or means another",
    "located-elsewhere": "a transit or repair; a location by landmark delay or a signed answer",
    "lpp-limit": "a parent that is another on the day; a void of what never left",
    "misdescription": "net weight without packing; papers put right before export",
    "new-customer": "declared capacity, chips that answered at a check, a parent outside tier 3",
    "onward-to-tier3": "a license or exception for the onward leg; goods that are not those",
    "over-capacity": "a declared plan to build, spares, or a site that was not declared",
    "over-shipped": "an amendment; a return under an RMA; a void of what was declared twice",
    "ownership": "shares as they were on the day; owners that left the list",
    "pass-through": "an appointment as authorized distributor, and the end user's own declaration",
    "remote-access": "nothing: it is kept for whoever looks into the data center",
    "removed-after-check": "a move that was announced; a second check that finds the chips",
    "rerouted": "an application that openly takes up the refused one, for the same end user",
    "round-trip": "the number of an RMA, a lease or a test",
    "serial-conflict": "a serial number that was typed wrong; a return in between",
    "shared-address": "an agent's address, declared as one; separate controllers and end users",
    "sole-supplier-surge": "a contract that others lost; a license for the listed customer",
    "stockpiling": "peers that bought ahead as much",
    "structuring": "sites and end users of each subsidiary's own; pack sizes that peers have too",
    "successor": "the same registration number, a merger, or customers of its own before; of a"
    " tenant: one ultimate parent, declared for both",
    "third-party-payment": "financing that was declared: a bank, a lessor, the group's treasury",
    "tier3-party": "a license that names the party; a headquarters that is elsewhere on the day",
    "unauthorized-reexport": "a license or exception for the move; a transit of under three days",
    "value-anomaly": "condition and terms of sale: used, returned, a transfer price, a bundle",
    "volume-spike": "a corridor that grew as much; capacity that was declared",
    "without-authority": "a license, or an exception that covers it; another classification",
}
"""By the rule's name."""
