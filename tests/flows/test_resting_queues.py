"""A mail server that is down for an hour delays its own leads and nobody else's; afterwards they arrive, paced."""

from __future__ import annotations

from collections import Counter

import pytest

from exchange.model.party import SaleMode
from exchange.model.wire import Reply
from tests.flows.lab import UNREACHABLE, later, person, post, spent
from tests.flows.test_deliver import run_for, settle_down
from tests.later_buyers import TAKEN, FaxBuyer, FileBuyer, LaterBuyer, connect
from tests.market import Exchange, buying, selling, usd

BUYERS = ("acme", "birch", "cobalt")
LEADS = 30
AN_HOUR_S = 3_600
LATEST_MS = 2_000
MOST_A_SECOND = 50


@pytest.mark.parametrize("down", [LaterBuyer("birch"), FaxBuyer("birch")], ids=["mail", "fax"])
async def test_an_hour_of_outage_delays_its_own_leads_only(exchange: Exchange, down: LaterBuyer) -> None:
    await _market(exchange, down)
    exchange.buyers.answers_posts("birch", UNREACHABLE)

    for number in range(LEADS):
        await post(exchange, person(number))
        await run_for(exchange, 2, 1)
        later(exchange, AN_HOUR_S / LEADS - 2)
    waiting = await exchange.rows("SELECT state FROM deliveries WHERE buyer_id = 'birch'")
    exchange.buyers.answers_posts("birch", Reply(250, {}, b"") if isinstance(down, FaxBuyer) else TAKEN)
    await run_for(exchange, 1_200, 60)
    await _until_sent(exchange)

    assert ["waiting"] * LEADS == [row["state"] for row in waiting]
    assert LATEST_MS >= max(await _delays(exchange, "acme") + await _delays(exchange, "cobalt"))
    arrived = await _arrivals(exchange)
    assert (LEADS, LEADS) == (len(arrived), len(set(arrived)))
    assert MOST_A_SECOND >= max(Counter(at // 1000 for at in arrived.values()).values())
    assert ["600.00", "300.00"] == [await spent(exchange, name, "9000") for name in ("acme", "cobalt")]


async def test_the_same_with_files_of_many_leads(exchange: Exchange) -> None:
    await _market(exchange, FileBuyer("birch"), schedule="every 15m")
    exchange.buyers.answers_posts("birch", UNREACHABLE)

    for number in range(6):
        await post(exchange, person(number))
        await run_for(exchange, 600, 60)
    exchange.buyers.answers_posts("birch", TAKEN)
    await run_for(exchange, 1_800, 30)

    assert 6 == len(await _arrivals(exchange))
    assert 60_000 >= max(await _delays(exchange, "acme"))
    assert "180.00" == await spent(exchange, "birch", "9000")


async def _market(exchange: Exchange, down: LaterBuyer, schedule: str = "") -> None:
    """Every lead goes to all three; birch has a server of its own."""
    for place, name in enumerate(("birch", "acme", "cobalt")):
        own = schedule if name == "birch" else ""
        await exchange.add(
            *buying(name, "9000", price=usd(f"{30 - 10 * place}"), sale_mode=SaleMode.SHARED, schedule=own)
        )
        exchange.buyers.answers_posts(name, TAKEN)
    await exchange.add(*selling("cedar", slots=3))
    connect(exchange.market, acme=LaterBuyer("acme"), cobalt=LaterBuyer("cobalt"), birch=down)


async def _until_sent(exchange: Exchange) -> None:
    """What had waited goes out one after another."""
    for _ in range(2_000):
        if not await exchange.rows("SELECT 1 FROM deliveries WHERE state = 'waiting' LIMIT 1"):
            return
        await settle_down(exchange)
        later(exchange, 0.021)


async def _arrivals(exchange: Exchange) -> dict[str, int]:
    """When each delivery to birch went out at last, by attempt."""
    rows = await exchange.rows(
        """SELECT t.attempt_id, t.at FROM delivery_tries t JOIN deliveries d ON d.attempt_id = t.attempt_id
           WHERE d.buyer_id = 'birch' AND t.outcome IN ('delivered', 'sent')"""
    )
    found = {row["attempt_id"]: row["at"] for row in rows}
    assert len(found) == len(rows), "one was delivered twice"
    return found


async def _delays(exchange: Exchange, buyer_id: str) -> list[int]:
    """How long after its sale each delivery arrived, in milliseconds."""
    rows = await exchange.rows(
        "SELECT ended_at - made_at AS ms FROM deliveries WHERE buyer_id = :buyer", buyer=buyer_id
    )
    return [row["ms"] for row in rows]
