"""Words for who a party is, what it declares of itself, and what others saw of it."""

from ledger.events import (
    Event,
    PartyAccountDeclared,
    PartyAddressDeclared,
    PartyAffiliateDeclared,
    PartyAliasRecorded,
    PartyAssetsDeclared,
    PartyBusinessDeclared,
    PartyCapacityDeclared,
    PartyChipsLocated,
    PartyChipsUnreachable,
    PartyConcernReported,
    PartyControllerDeclared,
    PartyDelisted,
    PartyDistributorAppointed,
    PartyListed,
    PartyMerged,
    PartyOwnershipChanged,
    PartyRegistered,
    PartyRelocated,
    PartyRenamed,
    PartySerialsSighted,
    PartyTeardownObserved,
    PartyTenantDeclared,
)
from projections.wording._words import dollars, numbers, plain, where, why


def say(event: Event) -> str:
    """An event about a party: who it is, and what else is known of it."""
    match event:
        case PartyRegistered():
            parent = f", owned by {event.ultimate_parent}" if event.ultimate_parent else ""
            above = f" of {event.parent_headquarters}" if event.parent_headquarters else ""
            return (
                f"{event.party} registered: {event.name} in {event.country}, headquartered in"
                f" {event.headquarters}{parent}{above}"
            )
        case PartyRenamed():
            return f"{event.party} renamed {event.name} on {event.renamed_on}"
        case PartyRelocated():
            return f"{event.party} headquartered in {event.headquarters} from {event.relocated_on}"
        case PartyOwnershipChanged():
            percent = f"{event.share // 100}.{event.share % 100:02}"
            return f"{event.owner} owns {percent} % of {event.party} from {event.changed_on}"
        case PartyListed():
            return f"{event.party} put on {event.list} on {event.listed_on}{why(event.citation)}"
        case PartyDelisted():
            return (
                f"{event.party} taken off {event.list} on {event.delisted_on}{why(event.citation)}"
            )
        case PartyCapacityDeclared():
            return f"{event.party} declared {event.it_kilowatts:,} kW for computing at {event.site}"
        case PartyTenantDeclared():
            servers = f" on {event.servers:,} servers" if event.servers else ""
            return f"{event.party} declared {event.tenant} as tenant{servers}"
        case PartySerialsSighted():
            method = event.method.replace("_", " ")
            site = f" at {event.site}" if event.site else ""
            return (
                f"{len(event.serials):,} serial numbers seen at {event.party} in"
                f" {event.country}{site} ({method})"
            )
        case PartyAliasRecorded():
            return f"{event.party} also goes by {event.alias}{why(event.note)}"
        case PartyAddressDeclared():
            agent = ", a registered agent's" if event.registered_agent else ""
            return f"{event.party} at {event.address}, {event.country}{agent}"
        case PartyBusinessDeclared():
            lines = ", ".join(map(plain, event.activities))
            return f"{event.party} declared its business: {lines}{why(event.business)}"
        case PartyControllerDeclared():
            until = "no longer " if event.ended else ""
            return f"{event.controller} {until}{plain(event.capacity)} of {event.party}"
        case PartyAccountDeclared():
            bank = where("at", event.bank)
            return f"{event.party} has account {event.account}{bank} in {event.country}"
        case PartyAssetsDeclared():
            cash = "" if event.cash_cents is None else f" cash {dollars(event.cash_cents)}"
            held = "" if event.assets_cents is None else f" assets {dollars(event.assets_cents)}"
            return f"{event.party} declared{cash}{' and' if cash and held else ''}{held}"
        case PartyAffiliateDeclared():
            return f"{event.party} and {event.affiliate} declared to belong together: " + (
                event.relation
            )
        case PartyMerged():
            return f"{event.party} merged into {event.into} on {event.merged_on}"
        case PartyDistributorAppointed():
            until = where("until", event.until_on)
            return f"{event.maker} appointed {event.party} as its distributor{until}"
        case PartyChipsLocated():
            method = plain(event.method)
            return (
                f"{numbers(event.serials)} of {event.party} located in {event.country} by"
                f" {event.source} ({method}) on {event.located_on}"
            )
        case PartyChipsUnreachable():
            method = plain(event.method)
            return (
                f"{numbers(event.serials)} of {event.party} did not answer {event.source}"
                f" ({method}) from {event.unreachable_on}"
            )
        case PartyTeardownObserved():
            maker = where("of", event.maker)
            return (
                f"{event.finder} took apart {event.product} of {event.party} and found"
                f" {event.component}{maker}"
            )
        case PartyConcernReported():
            source = where("by", event.source)
            return f"{plain(event.kind)} about {event.party}{source}: {event.what}"
        case _:
            return ""
