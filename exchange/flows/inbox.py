"""The inbox of unmapped answers: taking a kind out of it, with a line that says who did and why."""

from __future__ import annotations

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.review import keepable
from exchange.model.actor import Actor
from exchange.storage.unmapped import forget_unmapped


async def forget(market: Market, contract_id: str, stage: str, shape: bytes, note: str, actor: Actor) -> bool:
    """Begin its count again: the next such answer is listed anew. False when it was not there any more.

    Raises `BadNote` for a note that may not be kept in clear; none at all is fine.
    """
    if note.strip():
        keepable(note)
    line = audit_line(
        market.ids,
        market.clock.now(),
        actor,
        "unmapped.forgotten",
        f"contract:{contract_id}",
        after={"stage": stage, "note": note.strip()},
    )
    return await market.db.write(forget_unmapped, contract_id, stage, shape, line)
