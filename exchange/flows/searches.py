"""What buyers look for in the store, kept so that they are told; and who looked at what."""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.store import count_view, delete_search, save_search, searches_of

NAME_CHARACTERS = 80
SEARCHES = 50  # of one buyer


class CannotSave(Exception):
    """Why a search is not kept, as a sentence."""


async def keep_search(market: Market, name: str, wanted: dict[str, object], actor: Actor) -> str:
    """Returns its id. Raises `CannotSave`."""
    assert actor.party_id is not None
    name = name.strip()
    if not (0 < len(name) <= NAME_CHARACTERS and name.isprintable()):
        raise CannotSave(f"name must have 1 to {NAME_CHARACTERS} characters, on one line")
    if len(await market.db.read(searches_of, actor.party_id)) >= SEARCHES:
        raise CannotSave(f"a buyer has at most {SEARCHES} saved searches: delete one")
    now = market.clock.now()
    search_id = market.ids.new("srch", now)
    await market.db.write(save_search, search_id, actor, name, wanted, now)
    return search_id


async def drop_search(market: Market, search_id: str, actor: Actor) -> bool:
    """False when the buyer has no such search."""
    return await market.db.write(delete_search, actor, search_id)


async def note_view(market: Market, lead_id: str) -> None:
    """Somebody opened a card."""
    await market.db.write(count_view, lead_id)
