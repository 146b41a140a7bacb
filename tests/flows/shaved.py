"""Some weeks in which one buyer shaves: what the signs of it are tried on."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.quality import keep_quality
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.lead import Mode
from tests.flows.lab import later, post
from tests.market import DUPLICATE, REFUSED, SOLD, Exchange, buying, consumer, selling

ACME = Actor(Role.BUYER, "acme", "acme")
DAY_S = 86_400
POSTS = 20
"""Of cedar's leads in the week before and in the last one: just enough to say something."""


async def sent(exchange: Exchange, number: int, seller: str = "cedar", mode: Mode = Mode.LIVE) -> str:
    answer = await post(exchange, consumer(number), seller=seller, mode=mode)
    return str(answer["lead_id"])


async def given_back(exchange: Exchange, lead_id: str) -> None:
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    assert isinstance(await ask_return(exchange.market, ACME, found, Asking("language")), Asked)


async def shaved(exchange: Exchange) -> Mapping[str, str]:
    """Acme takes all of cedar's leads and gives four back. Two weeks later it calls people duplicates, and takes none.

    Birch takes what is left. Returns leads by what they are.
    """
    free = {"duplicate_scope": "seller"}
    await exchange.add(*selling("cedar", **free), *selling("elm", **free))
    await exchange.add(*buying("acme", "90000"), *buying("birch", "90000"))
    exchange.buyers.bids("acme", "31.00")
    exchange.buyers.bids("birch", "30.00")
    exchange.buyers.answers_posts("acme", SOLD)
    leads = {f"taken_{number}": await sent(exchange, number) for number in range(POSTS)}
    for number in range(4):
        await given_back(exchange, leads[f"taken_{number}"])
    exchange.buyers.bids("acme", None)
    leads["birchs"] = await sent(exchange, 50)  # acme never sees it
    later(exchange, 14 * DAY_S)

    leads["sold_again"] = await sent(exchange, 0, "elm")  # to birch
    exchange.buyers.bids("birch", None)
    leads["came_again"] = await sent(exchange, 1, "elm")
    leads["own_again"] = await sent(exchange, 2)  # from the seller it came from: no sign
    exchange.buyers.bids("acme", "31.00")
    exchange.buyers.bids("birch", "30.00")
    exchange.buyers.answers_posts("acme", DUPLICATE)
    leads["offered"] = await sent(exchange, 10, "elm")  # acme has it from cedar
    leads["elsewhere"] = await sent(exchange, 50, "elm")
    leads["nowhere"] = await sent(exchange, 60, "elm")
    leads["test"] = await sent(exchange, 61, "elm", Mode.TEST)
    exchange.buyers.answers_posts("acme", REFUSED)
    for number in range(100, 100 + POSTS):
        await sent(exchange, number * 7)
    later(exchange, 3_600)
    await keep_quality(exchange.market)
    return leads
