"""What buyers look for in the store, kept so that they are told; and who looked at what."""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.searches import resume_mail, set_mail, stop_mail
from exchange.storage.store import count_view, delete_search, save_search, searches_of

NAME_CHARACTERS = 80
SEARCHES = 50  # of one buyer
MAILS = ("hourly", "daily", "never")


class CannotSave(Exception):
    """Why a search is not kept, as a sentence."""


async def keep_search(market: Market, name: str, wanted: dict[str, object], actor: Actor, mail: str = MAILS[0]) -> str:
    """Returns its id; `mail` is how often what it finds is mailed. Raises `CannotSave`."""
    assert actor.party_id is not None
    name = name.strip()
    if not (0 < len(name) <= NAME_CHARACTERS and name.isprintable()):
        raise CannotSave(f"name must have 1 to {NAME_CHARACTERS} characters, on one line")
    if len(await market.db.read(searches_of, actor.party_id)) >= SEARCHES:
        raise CannotSave(f"a buyer has at most {SEARCHES} saved searches: delete one")
    now = market.clock.now()
    search_id = market.ids.new("srch", now)
    await market.db.write(save_search, search_id, actor, name, wanted, now, mail)
    return search_id


async def drop_search(market: Market, search_id: str, actor: Actor) -> bool:
    """False when the buyer has no such search."""
    return await market.db.write(delete_search, actor, search_id)


async def mail_search(market: Market, search_id: str, mail: str, actor: Actor) -> bool:
    """How often it is mailed, one of `MAILS`. False when the buyer has no such search."""
    if mail not in MAILS:
        raise CannotSave(f"mail must be {', '.join(MAILS[:-1])} or {MAILS[-1]}")
    return await market.db.write(set_mail, actor, search_id, mail)


async def no_more_mail(market: Market, user_id: str, kind: str) -> None:
    """Somebody wants no mail of a kind. Twice is as good as once."""
    await market.db.write(stop_mail, user_id, kind, market.clock.now())


async def mail_again(market: Market, user_id: str, kind: str) -> None:
    await market.db.write(resume_mail, user_id, kind)


async def note_view(market: Market, lead_id: str) -> None:
    """Somebody opened a card."""
    await market.db.write(count_view, lead_id)
