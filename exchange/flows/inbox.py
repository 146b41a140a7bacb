"""The inbox of unmapped answers: taking a kind out of it, with a line that says who did and why."""

from __future__ import annotations

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.unmapped import forget_unmapped


async def forget(market: Market, contract_id: str, stage: str, shape: bytes, note: str, actor: Actor) -> bool:
    """Begin its count again: the next such answer is listed anew. False when it was not there any more."""
    line = audit_line(
        market.ids,
        market.clock.now(),
        actor,
        "unmapped.forgotten",
        f"contract:{contract_id}",
        after={"stage": stage, "note": note.strip()[: limits.NOTE_CHARACTERS]},
    )
    return await market.db.write(forget_unmapped, contract_id, stage, shape, line)
