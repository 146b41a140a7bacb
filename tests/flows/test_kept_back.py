"""A buyer that suddenly takes nothing is kept back, tried once in five minutes, and asked again when it takes."""

from __future__ import annotations

from typing import Any

from exchange.flows.alerts import look_for_alerts
from exchange.flows.market import refresh
from exchange.model.quality import DAY_MS
from exchange.storage.alerts import open_alerts
from tests.flows.lab import later, person, post, told_about
from tests.market import REFUSED, SOLD, Exchange, buying, selling


async def usually_takes(tx: Any, day: int) -> None:
    await tx.execute(
        """INSERT INTO post_days (day, vertical, seller_id, buyer_id, contract_id, currency, posts, taken, lowered,
               bid_units, price_units, refused_alive)
           VALUES (:day, 'solar_us', 'cedar', 'acme', 'acme-solar', 'USD', 200, 180, 0, 0, 0, 0)""",
        day=day,
    )


def posts_to(exchange: Exchange, buyer: str) -> int:
    return len(exchange.buyers.posts(buyer))


async def test_after_ten_refusals_others_get_the_leads_and_one_is_tried_every_five_minutes(exchange: Exchange) -> None:
    market, buyers = exchange.market, exchange.buyers
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    await market.db.write(usually_takes, market.clock.now() // DAY_MS - 1)
    buyers.bids("acme", "30.00")
    buyers.bids("birch", "20.00")
    buyers.answers_posts("acme", REFUSED)
    for number in range(10):
        await post(exchange, person(number))
        later(exchange, 1)
    await look_for_alerts(market)
    await look_for_alerts(market)
    assert ["accepts"] == [alert.rule for alert in await market.db.read(open_alerts)]

    await refresh(market)
    for number in range(10, 13):
        await post(exchange, person(number))
    assert (10, 13) == (posts_to(exchange, "acme"), posts_to(exchange, "birch"))

    later(exchange, 301)
    await refresh(market)
    for number in range(13, 16):
        await post(exchange, person(number))
    assert 11 == posts_to(exchange, "acme"), "one is tried"

    later(exchange, 301)
    buyers.answers_posts("acme", SOLD)
    await refresh(market)
    await post(exchange, person(16))
    await refresh(market)
    await post(exchange, person(17))
    assert 13 == posts_to(exchange, "acme"), "it takes again, and is asked again"
    assert ("accepted", None) == (await told_about(exchange))["acme"]
