"""A delivery came back after its lead was sold: somebody says that the sale stands, or it is undone."""

from __future__ import annotations

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.undo import reverse_sale
from exchange.model.actor import Actor
from exchange.model.delivery import DeliveryState
from exchange.storage.disputes import let_stand


async def stands(market: Market, attempt_id: str, note: str, actor: Actor, ip: str) -> bool:
    """The buyer has the lead, told some other way. False when there is no such dispute any more."""
    now, what = market.clock.now(), f"delivery:{attempt_id}"
    before, after = {"state": DeliveryState.BOUNCED.value}, {"state": DeliveryState.ACCEPTED.value, "why": note}
    line = audit_line(market.ids, now, actor, "delivery.stands", what, before=before, after=after, ip=ip)
    return await market.db.write(let_stand, attempt_id, line, f"Its sale stands although it came back: {note}")


async def undo_disputed(market: Market, attempt_id: str, note: str, actor: Actor, ip: str) -> None:
    """Nobody got it. Raises `CannotSettle`, also while its lead is being sold (`StillAtWork`)."""
    await reverse_sale(market, attempt_id, note, actor, DeliveryState.BOUNCED, ip)
