"""A request that died may have sold its lead already. Nobody heard the answer, so the seller hears by postback."""

from __future__ import annotations

from typing import Any

import orjson

from exchange.flows.recover import recover
from exchange.flows.resell import resell
from exchange.intake.encode import encode
from exchange.model.lead import Kind
from exchange.model.party import OnUnclear, SaleMode
from exchange.worker import run_jobs, settle_silent
from tests.flows.doom import Crash, doomed, started_again
from tests.flows.lab import HUNG_UP, Heard, later, lead_of, person, post, send, submission
from tests.market import REFUSED, Exchange, buying, selling

POSTBACK_URL = "http://flint.buyer.example/post"  # the script answers here too
MOST_POINTS = 40


async def three_buyers(exchange: Exchange, **campaign: Any) -> None:
    """Leads go to two of them. Acme buys, birch refuses, so cobalt is asked when acme's sale is stored already."""
    for place, name in enumerate(("acme", "birch", "cobalt")):
        await exchange.add(*buying(name, "9000", sale_mode=SaleMode.SHARED))
        exchange.buyers.bids(name, f"{30 - place}.00")
    exchange.buyers.answers_posts("birch", REFUSED)
    await exchange.add(*selling("cedar", slots=2, postback_url=POSTBACK_URL, **campaign))


async def told_back(exchange: Exchange, lead_id: str) -> list[tuple[str, str]]:
    """Status and price of the postbacks about a lead, once all due jobs have run."""
    later(exchange, 120)
    while await run_jobs(exchange.market):
        pass
    bodies = [orjson.loads(each.body) for each in exchange.buyers.sent if each.url == POSTBACK_URL]
    return [(body["status"], body["price"]) for body in bodies if body["lead_id"] == lead_id]


async def test_a_sale_that_no_answer_told_is_told_by_postback_once(either: Exchange) -> None:
    await three_buyers(either)
    seen = set()
    for at in range(1, MOST_POINTS):
        request = submission(either, Kind.POST, person(at), key=f"k{at}")
        died = await dies(doomed(either, at), request)
        exchange = await started_again(either)
        closed = await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        assert 0 == await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        leads = await either.rows("SELECT id, state FROM leads WHERE id = :id", id=f"ld_{request.id[4:]}")
        sold = bool(closed) and [row["state"] for row in leads] == ["sold"]
        expected = [("accepted", "24.00")] if sold else []
        assert expected == await told_back(exchange, f"ld_{request.id[4:]}"), f"after point {at}"
        seen.add((died, sold))
        if not died:
            break
    assert {(True, True), (True, False), (False, False)} == seen


async def dies(exchange: Exchange, request: Any) -> bool:
    try:
        await send(exchange, request)
    except Crash:
        return True
    return False


async def test_a_resale_that_died_is_told_once_too(exchange: Exchange) -> None:
    await three_buyers(exchange)
    await exchange.add(*buying("delta", "9000", sale_mode=SaleMode.SHARED, on_unclear=OnUnclear.ASSUME_REJECTED))
    exchange.buyers.answers_posts("delta", HUNG_UP)
    sold = 0
    for at in range(1, MOST_POINTS):
        for name in ("acme", "birch", "cobalt"):
            exchange.buyers.bids(name, None)
        exchange.buyers.bids("delta", "40.00")
        answer = await post(exchange, person(at))
        assert ("queued", "outcome_unclear") == answer.told
        for place, name in enumerate(("acme", "birch", "cobalt")):
            exchange.buyers.bids(name, f"{30 - place}.00")
        later(exchange, 86_400)
        await settle_silent(exchange.market)
        died = await resale_dies(doomed(exchange, at), answer)
        again = await started_again(exchange)
        await recover(again.market, again.market.clock.now() + 1, encode)
        told = await told_back(again, str(answer["lead_id"]))
        lead = await lead_of(exchange, answer)
        assert (lead["state"] == "sold") == (len(told) == 1), f"after point {at}: {lead['state']}, {told}"
        sold += died and lead["times_sold"] == 1
        if not died:
            break
    assert sold and at > 3


async def resale_dies(exchange: Exchange, answer: Heard) -> bool:
    try:
        await resell(exchange.market, {"lead_id": answer["lead_id"]})
    except Crash:
        return True
    return False


async def test_without_a_postback_address_there_is_nothing_to_tell(exchange: Exchange) -> None:
    await three_buyers(exchange)
    await exchange.add(*selling("cedar", slots=2))
    for at in range(1, MOST_POINTS):
        if not await dies(doomed(exchange, at), submission(exchange, Kind.POST, person(at))):
            break
        await recover(exchange.market, exchange.market.clock.now() + 1, encode)
    assert 0 == (await exchange.rows("SELECT COUNT(*) AS n FROM jobs WHERE kind = 'news'"))[0]["n"]
