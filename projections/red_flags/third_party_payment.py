"""Somebody paid who has nothing to do with the deal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from ledger.entry import Entry
from ledger.events import (
    Event,
    PartyAffiliateDeclared,
    PartyFinancingDeclared,
    PartyPaymentReceived,
    PartyPaymentReceivedV2,
    ShipmentInvoiced,
)
from ledger.fold import States
from ledger.terms import WHOLE_BP, month_of
from projections.red_flags import _flows, _later
from projections.red_flags._goods import DEALINGS, Dealing, dealing
from projections.red_flags._red_flag import RedFlag, Severity, entries
from projections.red_flags._rule import Finding, Rule, standing
from projections.red_flags._seats import belongs_to_tier3
from projections.reference import Day, Reference

UNNAMED: Final = "an unnamed payer"


class Paid(msgspec.Struct, frozen=True, array_like=True):
    """One payment."""

    entry: int
    on: date
    cents: int
    country: str


class Account(msgspec.Struct, frozen=True):
    """What one payer paid one payee for one deal; where no deal is named, in one month.

    payer     who paid; empty where nobody says
    payments  in the order they were recorded
    """

    payee: str
    payer: str
    invoice: str = ""
    shipment: str = ""
    payments: tuple[Paid, ...] = ()


class Owed(msgspec.Struct, frozen=True, array_like=True):
    """An invoice: who is to pay how much for which shipment."""

    entry: int
    shipment: str
    billed_to: str
    cents: int


class Declared(msgspec.Struct, frozen=True, array_like=True):
    """A declaration that somebody pays for a party."""

    entry: int
    party: str
    invoice: str
    cents: int | None
    on: date


@dataclass(frozen=True, slots=True)
class _Deal:
    """Who buys, what is owed, and the entries that say so.

    buyers  purchaser, consignees, end user, and whom the invoice was sent to
    cents   amount of the invoice, else value of the shipment
    tags    what all this rests on
    """

    buyers: tuple[str, ...]
    cents: int | None
    shown_by: tuple[int, ...]
    tags: tuple[str, ...]


class ThirdPartyPayment(Rule):
    """A payer who is neither a buyer in the deal, nor of a buyer's group, paid a tenth of it.

    1. The deal is what the payment names: its invoice, or its shipment. Buyers are the purchaser,
       the consignees, the end user and whoever the invoice was sent to; their groups are their
       ultimate parents' and the affiliates they declared.
    2. Strong where the payer belongs to tier 3 or the money came from there and no buyer belongs
       there, else weak. Payments for one deal add up.
    3. A payment that names no deal raises only where it is from tier 3 and the payer is no
       customer of the payee as far as recorded.
    4. Financing declared by a buyer takes the flag away, up to the amount declared; from tier 3 it
       stays, for information.

    Units: US cents. Source: BIS guidance of 2025-05-13, red flags for advanced computing chips
    (payment from a third country or firm not named as end user); 15 CFR part 732, supplement 3.
    """

    name = "third-party-payment"
    source = "BIS guidance of 2025-05-13: payment by a third party; 15 CFR part 732, supplement 3"
    reads = (
        frozenset(
            event.wire
            for event in (
                PartyPaymentReceived, PartyPaymentReceivedV2, PartyFinancingDeclared,
                PartyAffiliateDeclared, ShipmentInvoiced,
            )
        )
        | DEALINGS
        | _later.SEATING_READS
    )  # fmt: skip

    def evolve(self, states: States, entry: Entry, reference: Reference) -> Iterator[Finding]:
        """Look at a payment, and again once more is known of its deal or of those in it."""
        match entry.event:
            case PartyPaymentReceived() as payment:
                yield from self._paid(states, entry.number, payment, reference)
            case ShipmentInvoiced() as bill:
                owed = Owed(entry.number, bill.shipment, bill.billed_to, bill.amount_cents)
                states.put(f"{self.name}/I/{bill.invoice}", owed)
                about = (f"invoice:{bill.invoice}", f"shipment:{bill.shipment}")
                yield from self._again(states, about, reference)
            case PartyFinancingDeclared() as said:
                key = f"{self.name}/F/{said.financier}"
                known = states.get(key, list[Declared]) or []
                declared = Declared(
                    entry.number, said.party, said.invoice or "", said.amount_cents, said.on
                )
                states.put(key, [*known, declared])
                yield from self._again(states, (f"party:{said.financier}",), reference)
            case PartyAffiliateDeclared(party=one, affiliate=other):
                for each, with_ in ((one, other), (other, one)):
                    known_ = states.get(f"{self.name}/A/{each}", list[str]) or []
                    if with_ not in known_:
                        states.put(f"{self.name}/A/{each}", [*known_, with_])
                yield from self._again(states, (f"party:{one}", f"party:{other}"), reference)
            case event if event.wire in DEALINGS:
                yield from self._again(states, _about(dealing(entry.number, event)), reference)
            case _:
                seats = _later.seated(states, entry, reference)
                yield from self._again(states, seats, reference)

    def retract(
        self, states: States, number: int, event: Event, reference: Reference
    ) -> Iterator[Finding]:
        """Look at what was paid for a voided shipment without it."""
        yield from self._again(states, _about(dealing(number, event)), reference)

    def _paid(
        self, states: States, number: int, payment: PartyPaymentReceived, reference: Reference
    ) -> Iterator[Finding]:
        payer = payment.payer or ""
        if payer == payment.party:
            return
        invoice = getattr(payment, "invoice", None) or ""
        shipment = payment.shipment or ""
        deal = f"invoice:{invoice}" if invoice else f"shipment:{shipment}" if shipment else ""
        about = deal or month_of(payment.on)
        matter = f"{payment.party}/{payer or payment.payer_country}/{about}"
        key = f"{self.name}/P/{matter}"
        known = states.get(key, Account) or Account(payment.party, payer, invoice, shipment)
        paid = Paid(number, payment.on, payment.amount_cents, payment.payer_country)
        states.put(key, msgspec.structs.replace(known, payments=(*known.payments, paid)))
        tags = [f"party:{payment.party}", deal or f"trade:{payment.party}/{payer}"]
        tags += [f"party:{payer}"] if payer else []
        _later.rests_on(states, self.name, matter, tags)
        if not standing(states, self.name, matter):
            yield self._judge(states, matter, reference)

    def _again(
        self, states: States, what: Iterable[str], reference: Reference
    ) -> Iterator[Finding]:
        for matter in _later.resting_on(states, self.name, what):
            yield self._judge(states, matter, reference)

    def _judge(self, states: States, matter: str, reference: Reference) -> Finding:
        account = states.get(f"{self.name}/P/{matter}", Account)
        if account is None:
            return Finding(matter)
        deal = self._deal(states, account)
        _later.rests_on(states, self.name, matter, deal.tags)
        if not deal.buyers:
            # Who is a customer of the payee counts where nothing says who buys.
            trade = f"trade:{account.payee}/{account.payer}"
            _later.rests_on(states, self.name, matter, (trade,))
        total = 0
        for index, paid in enumerate(account.payments):
            total += paid.cents
            found = self._look(states, matter, account, index, total, deal, reference)
            if found is not None:
                return Finding(matter, (found,))
        return Finding(matter)

    def _look(
        self, states: States, matter: str, account: Account, index: int, total: int, deal: _Deal,
        reference: Reference,
    ) -> RedFlag | None:  # fmt: skip
        """The flag of what was paid up to one payment, if that is enough for one."""
        paid = account.payments[index]
        day = reference.day(states, paid.on)
        share = day.pattern(self.name).parameters["invoice_share_bp"]
        if deal.cents is not None and total * WHOLE_BP < deal.cents * share:
            return None
        if account.payer and self._is_buyer(states, account, deal, paid.on, reference):
            return None
        tier3, shown_by = self._from_tier3(states, account, paid, deal, day, reference)
        if not tier3 and (not deal.buyers or not account.payer):
            # Nothing says who should have paid, or who did.
            return None
        severity: Severity = "strong" if tier3 else "weak"
        declared = self._financed(states, account, deal, total, paid.on)
        if declared:
            if not tier3:
                return None
            severity = "information"
        of = "" if deal.cents is None else f" of {_dollars(deal.cents)}"
        for_ = account.invoice and f"invoice {account.invoice}"
        for_ = for_ or (account.shipment and f"shipment {account.shipment}")
        whom = f" bought by {', '.join(deal.buyers)}" if deal.buyers else ""
        said = f" for {for_}{of}{whom}" if for_ else ", for no deal that is named"
        why = f": {tier3}" if tier3 else ", and is of no buyer's group"
        financing = "; its financing was declared" if declared else ""
        return RedFlag(
            rule=self.name,
            severity=severity,
            subject=f"party:{account.payee}",
            key=matter,
            because=(
                f"{account.payer or UNNAMED} paid {account.payee} {_dollars(total)} from"
                f" {paid.country} by {paid.on}{said}{why}{financing}"
            ),
            source=self.source,
            policy=day.policy,
            on=paid.on,
            evidence=entries(
                *(each.entry for each in account.payments[: index + 1]), *deal.shown_by, *shown_by,
                declared,
            ),
            parties=tuple(
                dict.fromkeys(
                    each for each in (account.payer, *deal.buyers, account.payee) if each
                )
            ),
        )  # fmt: skip

    def _deal(self, states: States, account: Account) -> _Deal:
        owed = states.get(f"{self.name}/I/{account.invoice}", Owed) if account.invoice else None
        shipment = account.shipment or (owed.shipment if owed else "")
        buyers: list[str] = [owed.billed_to] if owed else []
        cents = owed.cents if owed else None
        shown = [owed.entry] if owed else []
        for number in _flows.telling(states, shipment) if shipment else ():
            seen = dealing(number, states.recall(number).event)
            if seen is not None and seen.kind != "onward":
                buyers += seen.receivers
                cents = seen.value_cents if cents is None else cents
                shown.append(number)
        tags = [f"party:{buyer}" for buyer in buyers]
        tags += [f"shipment:{shipment}"] if shipment else []
        return _Deal(tuple(dict.fromkeys(buyers)), cents, tuple(shown), tuple(tags))

    def _is_buyer(
        self, states: States, account: Account, deal: _Deal, on: date, reference: Reference
    ) -> bool:
        payer = account.payer
        if not deal.buyers and _flows.first(states, account.payee, payer) is not None:
            return True
        affiliates = {payer, *(states.get(f"{self.name}/A/{payer}", list[str]) or ())}
        groups = {reference.seat(states, each, on).parent for each in affiliates}
        # Within the payee's own group no third party pays.
        return any(
            each in affiliates or reference.seat(states, each, on).parent in groups
            for each in (*deal.buyers, account.payee)
        )

    def _from_tier3(
        self, states: States, account: Account, paid: Paid, deal: _Deal, day: Day,
        reference: Reference,
    ) -> tuple[str, tuple[int, ...]]:  # fmt: skip
        """Why a payment is from tier 3 while no buyer is; empty when it is not."""
        for each in deal.buyers:
            if belongs_to_tier3(reference.seat(states, each, paid.on), day):
                return "", ()
        if account.payer:
            seat = reference.seat(states, account.payer, paid.on)
            where = belongs_to_tier3(seat, day)
            if where:
                return where, seat.entries
        if day.in_tier3(paid.country):
            return f"the money came from {paid.country}, in tier 3", ()
        return "", ()

    def _financed(self, states: States, account: Account, deal: _Deal, total: int, on: date) -> int:
        """The entry that declares the financing of a payment; 0 when none does."""
        for said in states.get(f"{self.name}/F/{account.payer}", list[Declared]) or []:
            if (
                said.on <= on
                and (not deal.buyers or said.party in deal.buyers)
                and said.invoice in ("", account.invoice)
                and (said.cents is None or total <= said.cents)
            ):
                return said.entry
        return 0


def _about(seen: Dealing | None) -> list[str]:
    """Tags of what may rest on a dealing: its shipment, and who sells to whom."""
    if seen is None:
        return []
    tags = [] if seen.shipment is None else [f"shipment:{seen.shipment}"]
    return tags + [f"trade:{one}/{other}" for one in seen.senders for other in seen.receivers]


def _dollars(cents: int) -> str:
    return f"US${cents // 100:,}"
