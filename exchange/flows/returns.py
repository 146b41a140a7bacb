"""A buyer asks its money back for a lead it bought, within the window of its contract. Nothing is booked by asking."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from exchange import limits
from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.settle import terms_of
from exchange.flows.tell import News, tell
from exchange.model.actor import Actor, Role
from exchange.model.feedback import RETURN_REASONS, ReturnRequest
from exchange.model.lead import Problem
from exchange.storage.database import Row
from exchange.storage.feedback import find_sale
from exchange.storage.returns import read_return, save_return

RETURN_REQUESTED = "lead.return_requested"
_DAY_MS = 86_400_000


class Window(Enum):
    """Whether a return may be asked for."""

    OPEN = "open"
    CLOSED = "closed"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Returnable:
    """A sale and its window, which closes at `until` (epoch ms)."""

    sale: Row
    window: Window
    until: int
    asked_at: int | None = None


async def find_returnable(market: Market, actor: Actor, reference: str) -> Returnable | None:
    """The sale a buyer means, as in a disposition. None when it bought no such lead, or the sale was undone."""
    sale = await market.db.read(find_sale, actor, reference)
    if sale is None:
        return None
    contract = await terms_of(market, sale)
    days = contract.return_days if contract is not None else 0
    until = sale["accepted_at"] + days * _DAY_MS
    asked = await market.db.read(read_return, sale["id"])
    if asked is not None:
        return Returnable(sale, Window.ASKED, until, asked["asked_at"])
    return Returnable(sale, Window.OPEN if market.clock.now() < until else Window.CLOSED, until)


async def ask_return(market: Market, actor: Actor, found: Returnable, reason: str, note: str) -> Problem | bool:
    """Ask for it. True when this was the first time, False when it had been asked before.

    A problem names the field that is wrong. `found` must have an open window: it is for the caller to tell its end.
    """
    if reason not in RETURN_REASONS:
        return Problem("reason", "not_allowed", "reason must be one of the list", reason, RETURN_REASONS)
    if len(note) > limits.NOTE_CHARACTERS:
        return Problem("note", "length", f"note must have at most {limits.NOTE_CHARACTERS} characters")
    if found.window is not Window.OPEN:
        return False
    now, sale = market.clock.now(), found.sale
    told_by = f"{actor.role.value} {actor.name}"
    request = ReturnRequest(
        market.ids.new("ret", now),
        month_of(now),
        sale["id"],
        sale["lead_id"],
        sale["buyer_id"],
        reason,
        note,
        now,
        told_by,
    )
    buyer = market.deals.buyers.get(sale["buyer_id"])
    name = buyer.name if buyer is not None else sale["buyer_id"]
    sentence = f"{name} asks to return it: {reason.replace('_', ' ')}"
    facts = {"lead_id": sale["lead_id"], "reason": reason, "return_id": request.id}
    news = News(RETURN_REQUESTED, Role.SELLER, sale["seller_id"], sale["id"], now, facts)
    return await market.db.write(save_return, request, sentence, tell(market, news))
