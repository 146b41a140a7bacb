"""What is done for the books by the clock: documents are issued when their periods are over, and all is checked."""

from __future__ import annotations

from exchange.flows.billing import bill_due
from exchange.flows.check_books import check_books
from exchange.flows.market import Market
from exchange.flows.reminders import remind_overdue, warn_low


async def keep_books(market: Market) -> int:
    """Once a minute. Returns how many documents were made."""
    made = await bill_due(market)
    if await check_books(market) is not None:  # once an hour, by one node
        await remind_overdue(market)
        await warn_low(market)
    return made
