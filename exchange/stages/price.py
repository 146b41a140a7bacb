"""Where a lead's price is decided, part one: the least we accept, what the seller earns, and what fixed prices bid.

Part two is the auction (`auction.py`), which chooses among bids that reach the reserve.
"""

from __future__ import annotations

from collections.abc import Iterable

from exchange.model.auction import Bid
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract, SaleMode, Tier
from exchange.stages.price_rules import Moment, rule_for

_MOST_UNITS = 10_000_000 * 10_000  # no lead is worth ten million


def is_acceptable(campaign: Campaign, price: Money, min_price: Money | None) -> bool:
    """Whether one sale at `price` pays the campaign's floor, the seller's `min_price` and the margin kept."""
    payout = campaign.payout.of(price)
    margin = price - payout
    return (
        campaign.floor <= price
        and (min_price is None or min_price <= payout)
        and campaign.min_margin <= margin
        and price.share(campaign.min_margin_bp) <= margin
    )


def reserve(campaign: Campaign, min_price: Money | None) -> Money | None:
    """The least acceptable price of one sale, or None when no price would do (a `min_price` above a fixed payout)."""
    currency = campaign.currency
    if not is_acceptable(campaign, Money(_MOST_UNITS, currency), min_price):
        return None
    low, high = 0, _MOST_UNITS
    while low < high:
        middle = (low + high) // 2
        if is_acceptable(campaign, Money(middle, currency), min_price):
            high = middle
        else:
            low = middle + 1
    return Money(low, currency)


def tier_reserve(tier: Tier, reserve: Money) -> Money:
    """What a bid in this tier must reach: the lead's least price, or the tier's floor where that is more."""
    return tier.floor if tier.floor is not None and reserve < tier.floor else reserve


def least_after_promise(campaign: Campaign, promised: Money, reserve: Money, exclusive: bool) -> Money:
    """What a lead may go for once the seller was promised a payout: what was promised, even below the reserve.

    Less would cost the house, or break the promise. A campaign that allows a loss keeps only its floor. A shared sale
    pays its own payout, so it keeps the reserve.
    """
    if not exclusive:
        return reserve
    return campaign.floor if campaign.allow_loss else promised


def fixed_bids(contracts: Iterable[Contract], slots: int, moment: Moment | None = None) -> list[Bid]:
    """The bids of contracts with a fixed price: they are first spoken to at the post.

    `moment` is what their price rules look at; without one they bid their plain prices.
    """
    bids: list[Bid] = []
    for contract in contracts:
        if contract.price is None:
            continue
        price, shared = prices_of(contract, moment)
        if contract.sale_mode in (SaleMode.EXCLUSIVE, SaleMode.EITHER):
            bids.append(_bid(contract, price, exclusive=True))
        if contract.sale_mode is SaleMode.EITHER and slots > 1:
            bids.append(_bid(contract, shared, exclusive=False))
        if contract.sale_mode in (SaleMode.SHARED, SaleMode.LEFTOVER):
            bids.append(_bid(contract, price, exclusive=False))
    return bids


def prices_of(contract: Contract, moment: Moment | None) -> tuple[Money, Money]:
    """What a contract with a fixed price pays for a lead, and for a share of one."""
    assert contract.price is not None, "it bids"
    rule = rule_for(contract.price_rules, moment, contract.zone) if contract.price_rules and moment else None
    if rule is not None:
        return rule.price, rule.shared_price or rule.price
    return contract.price, contract.shared_price or contract.price


def _bid(contract: Contract, price: Money, *, exclusive: bool) -> Bid:
    return Bid(contract.id, contract.leg, price, exclusive, None, None)
