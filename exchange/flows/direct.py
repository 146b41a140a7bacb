"""Ping and post in one call: the lead is quoted and sold within one deadline."""

from __future__ import annotations

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.sell import Sold, sell


async def direct(case: Case, market: Market) -> Sold:
    """Each tier is asked and posted to at once, so no price waits between the two."""
    return await sell(case, market, None)
