"""Whose window is open and how much of an allowance is used, for one sale or one contract."""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.model.party import Contract
from exchange.model.returns import Bears
from exchange.stages.returns.terms import DAY_MS, Allowance, allowance, period_at
from exchange.storage.database import Row
from exchange.storage.returns import return_use

CHARGEBACK_DAYS = 30
_LAST = "~"  # sorts after every id


def chargeback_days(market: Market, seller_id: str, campaign_id: str) -> int:
    """How many days after a sale its seller pays a returned lead back: its campaign's, else its own, else 30."""
    for terms in (market.deals.campaigns.get(campaign_id), market.deals.sellers.get(seller_id)):
        days = getattr(terms, "chargeback_days", None)
        if days is not None:
            return int(days)
    return CHARGEBACK_DAYS


def due_at(market: Market, sale: Row) -> int:
    """From this moment on the seller of a sale pays nothing back."""
    return int(sale["accepted_at"]) + chargeback_days(market, sale["seller_id"], sale["campaign_id"]) * DAY_MS


def bears(request: Row, now: int) -> Bears:
    return Bears.SELLER if now < request["due_at"] else Bears.HOUSE


async def allowance_at(
    market: Market, contract: Contract, mode: str, at: int, before: tuple[int, str] | None = None
) -> Allowance:
    """What of the leads of the period around `at` came back, and may. `before` counts the requests up to one (asked at,
    id), so that each has its own place whatever comes meanwhile."""
    begins, ends = period_at(contract, at)
    until = before if before is not None else (2**62, _LAST)
    use = await market.db.read(return_use, contract.id, mode, begins, ends, until)
    return allowance(contract, use.bought, use.asked, begins, ends)
