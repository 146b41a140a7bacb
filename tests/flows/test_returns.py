"""A buyer asks its money back: once for a sale, in its window, and only its own."""

from __future__ import annotations

import asyncio

from exchange.flows.returns import Returnable, Window, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.lead import Kind, Mode
from exchange.storage.retention import forget_test_leads
from tests.flows.lab import later, post, send, submission
from tests.market import POST, Exchange, buying, selling

ACME = Actor(Role.BUYER, "acme", "acme")
BIRCH = Actor(Role.BUYER, "birch", "birch")
DAY_S = 86_400


async def bought(exchange: Exchange) -> tuple[str, Returnable]:
    await exchange.add(*selling("cedar"), *buying("acme"), *buying("birch", price=None))
    lead_id = str((await post(exchange))["lead_id"])
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    return lead_id, found


async def test_it_is_asked_once_however_often_and_by_whomever_at_the_same_time(either: Exchange) -> None:
    lead_id, found = await bought(either)
    assert Window.OPEN is found.window

    asks = [ask_return(either.market, ACME, found, "wrong_number", f"{number}") for number in range(5)]
    answers = await asyncio.gather(*asks)
    again = await find_returnable(either.market, ACME, lead_id)

    assert [False] * 4 + [True] == sorted(map(bool, answers))
    assert again is not None and (Window.ASKED, found.until) == (again.window, again.until)
    assert 1 == await either.count("return_requests")
    assert 1 == len(await either.rows("SELECT id FROM lead_events WHERE kind = 'return_asked'"))


async def test_only_whoever_bought_it_may_ask(either: Exchange) -> None:
    lead_id, _ = await bought(either)

    assert await find_returnable(either.market, BIRCH, lead_id) is None
    assert await find_returnable(either.market, ACME, "ld_other") is None


async def test_the_window_is_that_of_the_terms_it_was_sold_under(either: Exchange) -> None:
    lead_id, found = await bought(either)
    assert 7 * DAY_S * 1000 == found.until - found.sale["accepted_at"]
    await either.add(*buying("acme", return_days=30))
    later(either, 7 * DAY_S)

    closed = await find_returnable(either.market, ACME, lead_id)

    assert closed is not None and Window.CLOSED is closed.window
    assert await ask_return(either.market, ACME, closed, "wrong_number", "") is False
    assert 0 == await either.count("return_requests")


async def test_a_test_lead_is_forgotten_with_what_was_asked_of_it(either: Exchange) -> None:
    await either.add(*selling("cedar"))
    answer = await send(either, submission(either, Kind.DIRECT, {**POST, "test_outcome": "sold"}, mode=Mode.TEST))
    sale = (await either.rows("SELECT buyer_id FROM sales"))[0]
    buyer = Actor(Role.BUYER, "simulated", sale["buyer_id"])
    found = await find_returnable(either.market, buyer, str(answer["lead_id"]))
    assert found is not None and await ask_return(either.market, buyer, found, "language", "") is True

    assert 1 == await either.market.db.write(forget_test_leads, either.market.clock.now() + 1)
    assert 0 == await either.count("return_requests")
