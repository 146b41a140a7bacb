"""A buyer says with one tap on a link what became of a lead it bought, or asks its money back."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.dispositions import Recorded, record_disposition
from exchange.flows.links import DISPOSITION, REPLY, RETURN, Link, make_link
from exchange.flows.market import Market
from exchange.flows.replies import reply_address
from exchange.flows.return_rules import consider
from exchange.flows.returns import Asked, Asking, Returnable, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Channel, Report
from exchange.model.lead import Problem
from exchange.storage.database import Row
from exchange.storage.selling import read_attempt

_GOOD_FOR_MS = 30 * 86_400_000
_MORE_MS = 86_400_000  # a link to return outlives its window, so that it can say when that ended


def delivery_links(market: Market, attempt_id: str, vertical: str, return_days: int) -> Mapping[str, str]:
    """The pages that go with a delivery: one for each word the vertical has for what became of a lead, and `return`.

    With them, as `reply`, the address that answers to its mail come to.
    """
    links = {REPLY: reply_address(market, attempt_id)}
    if not market.public_url:
        return links
    now = market.clock.now()
    known = market.verticals.get(vertical)
    words = known.dispositions if known is not None else ()
    links |= {word: make_link(market, Link(attempt_id, DISPOSITION, word, now + _GOOD_FOR_MS)) for word in words}
    if return_days:
        until = now + max(return_days * _MORE_MS, _GOOD_FOR_MS) + _MORE_MS
        links[RETURN] = make_link(market, Link(attempt_id, RETURN, "", until))
    return links


async def record_tap(market: Market, link: Link) -> Recorded | Problem | None:
    """Record the link's word. The word that was told last changes nothing. None when the delivery was no sale."""
    assert link.kind == DISPOSITION
    attempt = await market.db.write(read_attempt, link.attempt_id)
    if attempt is None:
        return None
    return await record_disposition(Report(link.attempt_id, link.detail), market, _by_link(attempt), Channel.LINK)


async def returnable_of(market: Market, link: Link) -> Returnable | None:
    """The sale that the link is about, and whether it may still be given back. None when it was no sale."""
    assert link.kind == RETURN
    attempt = await market.db.read(read_attempt, link.attempt_id)
    return await find_returnable(market, _by_link(attempt), link.attempt_id) if attempt is not None else None


async def return_by_link(market: Market, found: Returnable, asking: Asking) -> Asked | Recorded | Problem:
    """As `ask_return`, with what the rules made of it at once."""
    asked = await ask_return(market, _by_link(found.sale), found, asking)
    return Asked(await consider(market, asked.request["id"]), asked.new) if isinstance(asked, Asked) else asked


def _by_link(row: Row) -> Actor:
    """The buyer of a delivery or a sale, through a link."""
    return Actor(Role.BUYER, f"{row['buyer_id']} (link)", row["buyer_id"])
