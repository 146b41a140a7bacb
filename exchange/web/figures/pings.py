"""How fast buyers answer pings: from counts of the period, and what the slowest of them costs sellers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor
from exchange.model.counted import Counts
from exchange.stages.asked import percentile
from exchange.storage.asked import ping_sums
from exchange.storage.dashboard import recent_trails
from exchange.web.figures.day import Asked
from exchange.web.story.contracts import CUT
from exchange.web.words import duration

TRAILS = 200
"""So many of the newest requests tell what the slowest buyer costs: enough for a median, few enough to unpack."""

_SLOW_PART = 0.8  # of the limit: whoever takes so long now and then is called slow
_WORTH_TELLING_MS = 20


@dataclass(frozen=True, slots=True)
class Latency:
    """How one buyer answered pings; one that was never answered in time has no percentiles."""

    buyer_id: str
    name: str
    p50_ms: int
    p95_ms: int
    pings: int
    timeouts: int
    no_bids: int
    open: bool
    limit_ms: int

    @property
    def slow(self) -> bool:
        """Many of its answers come too late, or nearly so."""
        return self.timeouts * 20 > self.pings or self.p95_ms >= self.limit_ms * _SLOW_PART


async def latencies(market: Market, actor: Actor, asked: Asked, waiting: Counts) -> list[Latency]:
    """Every buyer that was pinged in the period, the slowest last."""
    counts: dict[str, Counter[tuple[str, int]]] = {}
    for row in await market.db.read(ping_sums, actor, asked.reach):
        counts.setdefault(_buyer(market, row["contract_id"]), Counter())[(row["kind"], row["size"])] += row["times"]
    for (day, mode, vertical, contract, kind, size), times in waiting.pings.items():
        if mode == asked.mode and asked.vertical in ("", vertical) and asked.reach.begin <= day < asked.reach.end:
            counts.setdefault(_buyer(market, contract), Counter())[(kind, size)] += times
    limit = ping_limit_ms(market, asked.vertical)
    made = [_latency(market, buyer_id, found, limit) for buyer_id, found in counts.items()]
    return sorted(made, key=lambda each: (each.p50_ms, each.name))


def _buyer(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    return contract.buyer_id if contract is not None else contract_id


def _latency(market: Market, buyer_id: str, found: Mapping[tuple[str, int], int], limit: int) -> Latency:
    took = [(size, times) for (kind, size), times in found.items() if kind == "ms"]
    buyer = market.deals.buyers.get(buyer_id)
    return Latency(
        buyer_id,
        buyer.name if buyer is not None else buyer_id,
        percentile(took, 50) or 0,
        percentile(took, 95) or 0,
        sum(times for _, times in took),
        found.get(("timeout", 0), 0),
        found.get(("no_bid", 0), 0),
        market.breaker.state(buyer_id, market.clock.now()).open,
        limit,
    )


def ping_limit_ms(market: Market, vertical: str = "") -> int:
    """The longest any tier gives buyers to bid."""
    campaigns = [each for each in market.deals.campaigns.values() if vertical in ("", each.vertical)]
    return max((tier.ping_ms for each in campaigns for tier in each.tiers), default=0)


async def slowest_costs(market: Market, actor: Actor, asked: Asked, found: Sequence[Latency]) -> str:
    """What sellers wait for the slowest buyer: over the newest requests, with it and without it."""
    if len(found) < 2:
        return ""
    slowest = found[-1]
    packed = await market.db.read(recent_trails, actor, asked.mode, asked.period.begin, TRAILS)
    with_it, without = [], []
    for document in packed:
        lines = [line for line in read_trail(document)["asked"] if line.get("detail") != CUT]
        others = [line["took"] for line in lines if _buyer(market, line["contract"]) != slowest.buyer_id]
        if others and len(others) < len(lines):
            with_it.append(max(line["took"] for line in lines))
            without.append(max(others))
    if not with_it:
        return ""
    waits, would = sorted(with_it)[len(with_it) // 2], sorted(without)[len(without) // 2]
    if waits - would < _WORTH_TELLING_MS:
        return f"No buyer alone keeps sellers waiting: without {slowest.name} the median wait would be the same."
    return (
        f"{slowest.name} adds {duration(waits - would)} to the median time that buyers are waited for. "
        f"Without it that is {duration(would)}."
    )
