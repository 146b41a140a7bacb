"""Words of warning beside buyers: paused, left alone, capped, slow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exchange.flows.market import Market
from exchange.model.pause import asleep
from exchange.web.figures.caps import full_buyers
from exchange.web.figures.pings import Latency
from exchange.web.words import Times


def buyer_marks(market: Market, times: Times, found: Iterable[Latency]) -> Mapping[str, str]:
    """By buyer, the one word that matters most."""
    marks = {each.buyer_id: "slow" for each in found if each.slow}
    marks |= dict.fromkeys(full_buyers(market, times, market.live.cap_use(times.now)), "capped")
    for buyer_id in market.deals.buyers:
        if market.breaker.state(buyer_id, times.now).open:
            marks[buyer_id] = "left alone"
    return marks | dict.fromkeys(paused_buyers(market, times.now), "paused")


def paused_buyers(market: Market, now: int) -> set[str]:
    """Buyers that are off, or all of whose contracts are."""
    on: dict[str, bool] = {}
    for contract in market.deals.contracts.values():
        off = asleep(contract.state, contract.pause, now)
        on[contract.buyer_id] = on.get(contract.buyer_id, False) or not off
    return {
        buyer_id
        for buyer_id, buyer in market.deals.buyers.items()
        if asleep(buyer.state, buyer.pause, now) or not on.get(buyer_id, True)
    }
