"""A buyer paid: book it, so that it may go on buying."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM, Actor
from exchange.model.ledger import BANK, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.stages.prepaid_tax import as_booked, tax_within, taxed
from exchange.storage.ledger import find_transaction
from exchange.storage.top_ups import book_payment


@dataclass(frozen=True, slots=True)
class ToppedUp:
    """`new` is False when this reference was booked before. `available` is what the buyer may spend."""

    new: bool
    posted: Money
    available: Money


async def top_up(
    market: Market, buyer_id: str, amount: Money, reference: str, actor: Actor, ip: str = ""
) -> ToppedUp | None:
    """Book a payment of a buyer from the bank, with the tax that is in it. None when there is no such buyer.

    `reference` (of the bank transfer, say) makes a repeat harmless; with another amount it is a `BookingConflict`.
    """
    buyer = market.deals.buyers.get(buyer_id)
    if buyer is None:
        return None
    assert amount.units > 0 and amount.currency == buyer.limit.currency
    now = market.clock.now()
    account, name = buyer.account, f"top_up:{buyer.id}:{reference}"
    tax = tax_within(buyer, account, amount)
    transaction = Transaction(
        name,
        TransactionKind.TOP_UP,
        taxed(Posting(BANK, account, amount), account, tax),
        now,
        month_of(now),
        cause=f"{actor.role.value} {actor.name}",
    )
    transaction = as_booked(transaction, await market.db.read(find_transaction, SYSTEM, name))
    after = {"amount": amount.text, "tax": tax.text, "currency": amount.currency, "reference": reference}
    line = audit_line(market.ids, now, actor, "account.topped_up", f"buyer:{buyer.id}", after=after, ip=ip)
    new, balance = await market.db.write(book_payment, transaction, account, line)
    market.live.available = {**market.live.available, buyer.id: balance.available}
    return ToppedUp(new, balance.posted, balance.available)
