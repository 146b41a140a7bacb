"""A lead that was decided about, judged once more under the contracts, caps and balances of now. Nothing is asked."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.check_suppression import ask_lists
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.model.verdict import Check
from exchange.stages.eligible import Facts, judge
from exchange.stages.price import reserve
from exchange.storage.database import Row

LEFT_OUT = frozenset({"tier", "deadline", "rate", "conflict", "duplicate_buyer"})
"""Checks that only mean something in the moment of a sale, or that the lead's own sale would fail."""


async def judged_now(market: Market, row: Row) -> Mapping[str, tuple[Check, ...]] | None:
    """By contract of the lead's vertical, the checks it would fail now. None when its values or its terms are gone."""
    deals, now = market.deals, market.clock.now()
    campaign, vertical = deals.campaigns.get(row["campaign_id"]), market.verticals.get(row["vertical"])
    book = deals.books.get(row["vertical"])
    lead = await stored_lead(market, row, campaign) if campaign is not None else None
    if lead is None or campaign is None or vertical is None or book is None:
        return None
    live = market.live
    facts = Facts(
        reserve=deals.intakes[campaign.id].reserve if lead.min_price is None else reserve(campaign, lead.min_price),
        cap_use=live.cap_use(now),
        reached=live.reached(now),
        available=live.available,
        broken=live.broken,
        suppressed=ask_lists(lead, vertical, market).buyers,
        seller_name=deals.sellers[campaign.seller_id].name,
    )
    verdicts = judge(book, lead, facts, now).verdicts
    return {each.contract_id: tuple(check for check in each.failed if check.name not in LEFT_OUT) for each in verdicts}
