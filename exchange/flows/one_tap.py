"""A buyer says with one tap on a link what became of a lead it bought."""

from __future__ import annotations

from exchange.flows.dispositions import Recorded, Report, record_disposition
from exchange.flows.links import DISPOSITION, Link
from exchange.flows.market import Market
from exchange.model.actor import Actor, Role
from exchange.model.lead import Problem
from exchange.storage.feedback import dispositions_of
from exchange.storage.selling import read_attempt


async def record_tap(market: Market, link: Link) -> Recorded | Problem | None:
    """Record the link's word. The word that was told last changes nothing. None when the delivery was no sale."""
    assert link.kind == DISPOSITION
    attempt = await market.db.write(read_attempt, link.attempt_id)
    if attempt is None:
        return None
    told = await market.db.write(dispositions_of, attempt["lead_id"])
    own = [str(row["kind"]) for row in told if row["buyer_id"] == attempt["buyer_id"]]
    if own and own[-1] == link.detail:
        return Recorded(None, attempt["lead_id"])
    actor = Actor(Role.BUYER, f"{attempt['buyer_id']} (link)", attempt["buyer_id"])
    return await record_disposition(Report(link.attempt_id, link.detail, "", None, None), market, actor)
