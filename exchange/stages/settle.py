"""What a sale moves: the buyer pays the price, the seller earns the payout, the house keeps the margin between."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.auction import Bid, Bought, Progress
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind, seller_account
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.work import SaleRow, Settlement


def sale_payout(campaign: Campaign, price: Money, promised: Money | None, exclusive: bool) -> Money:
    """What the seller earns for one sale.

    An exclusive sale pays what the ping promised as long as the price covers it (or the campaign allows a loss);
    a shared sale pays its own payout, and `promise_rest` makes up the rest of the promise at the end.
    """
    earned = campaign.payout.of(price)
    if promised is not None and exclusive and (promised <= price or campaign.allow_loss):
        return promised
    return earned if earned <= price else price


def promise_rest(promised: Money | None, revenue: Money, paid: Money, campaign: Campaign) -> Money:
    """What is still owed of a promised payout when all sales of a lead are in: nothing that would cost the house."""
    zero = Money.zero(revenue.currency)
    if promised is None or promised <= paid:
        return zero
    return promised - paid if promised <= revenue or campaign.allow_loss else zero


class Earlier(NamedTuple):
    """What a lead brought before: all its prices, all its payouts, and all the seller got (a promise made up too)."""

    revenue: Money
    payouts: Money
    paid: Money


def later_payout(campaign: Campaign, price: Money, promised: Money | None, exclusive: bool, earlier: Earlier) -> Money:
    """What the seller earns for a sale that was settled after the answer: what is still due to it for the lead."""
    payout = sale_payout(campaign, price, promised, exclusive)
    if promised is None or exclusive:
        return payout
    revenue, payouts = earlier.revenue + price, earlier.payouts + payout
    due = payouts + promise_rest(promised, revenue, payouts, campaign)
    return due - earlier.paid if earlier.paid <= due else Money.zero(price.currency)


class SaleTerms(NamedTuple):
    """What turns an accepted attempt into a sale.

    `account` is the one that its price is held on, whatever its buyer pays from by now; None means a test: no money
    moves. `earlier` is given when the attempt was settled after its request had been answered.
    """

    sale_id: str
    bought: Bought
    campaign: Campaign
    account: str | None
    exclusive: bool
    promised: Money | None
    phone_index: bytes | None
    email_index: bytes | None
    earlier: Earlier | None = None


def as_sale(settlement: Settlement, terms: SaleTerms, price: Money, redirect: str | None) -> Settlement:
    """The settlement of an accepted attempt: its sale at `price`, and both sides of the money."""
    campaign = terms.campaign
    if terms.earlier is not None:
        payout = later_payout(campaign, price, terms.promised, terms.exclusive, terms.earlier)
    else:
        payout = sale_payout(campaign, price, terms.promised, terms.exclusive)
    row = SaleRow(
        terms.sale_id,
        campaign.id,
        campaign.seller_id,
        payout.units,
        redirect,
        terms.phone_index,
        terms.email_index,
        terms.bought,
    )
    account = terms.account
    transaction = _sale_transaction(settlement, account, campaign.seller_id, price, payout) if account else None
    return settlement._replace(price=price, sale=row, transaction=transaction)


def _sale_transaction(settlement: Settlement, account: str, seller_id: str, price: Money, payout: Money) -> Transaction:
    """Both sides in one transaction. The attempt's id makes a second booking impossible."""
    postings = [Posting(account, MARGIN, price)]
    if payout.units:
        postings.append(Posting(MARGIN, seller_account(seller_id), payout))
    reference = f"sale:{settlement.attempt_id}"
    kind = TransactionKind.SALE
    return Transaction(reference, kind, tuple(postings), settlement.at, settlement.month, cause=settlement.lead_id)


def promise_transaction(lead_id: str, seller_id: str, rest: Money, at: int, month: str) -> Transaction:
    """The rest of a promised payout of a shared lead."""
    posting = Posting(MARGIN, seller_account(seller_id), rest)
    return Transaction(f"promise:{lead_id}", TransactionKind.ADJUSTMENT, (posting,), at, month, cause=lead_id)


def free_slots(progress: Progress, slots: int) -> int:
    """How many more times the lead may be sold; an exclusive or unclear exclusive sale leaves none."""
    taken = (*progress.sold, *progress.unclear)
    if not taken and not progress.stopped:
        return max(slots, 0)
    if progress.stopped or any(bid.exclusive for bid in taken):
        return 0
    return max(slots - len(taken), 0)


def total(bids: tuple[Bid, ...], currency: str) -> Money:
    return Money(sum(bid.price.units for bid in bids), currency)
