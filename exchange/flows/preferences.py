"""What somebody chooses for their own pages. Nothing of it changes what others may do, so no audit line is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange import limits
from exchange.flows.market import Market
from exchange.storage.preferences import SavedView, drop_view, keep_view, prefer
from exchange.storage.users import UserRow


async def choose(market: Market, user: UserRow, changes: Mapping[str, str]) -> None:
    """Set preferences by their names; an empty text goes back to how it comes."""
    await market.db.write(prefer, user.id, changes)


async def save_view(market: Market, user: UserRow, view: SavedView, name: str) -> bool:
    """Keep a view of the list of that name. False when somebody has as many as anybody may."""
    now = market.clock.now()
    made = replace(view, id=market.ids.new("viw", now))
    return await market.db.write(keep_view, user, made, name, now, limits.VIEWS_OF_ONE)


async def forget_view(market: Market, user: UserRow, view_id: str) -> bool:
    return await market.db.write(drop_view, user, view_id)
