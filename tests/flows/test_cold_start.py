"""PostgreSQL right after the start: the first leads find connections that know their statements, and are in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exchange import limits
from exchange.clock import SystemClock
from exchange.model.party import Cap, Window
from exchange.storage.postgres import PostgresDb, open_postgres
from exchange.storage.rehearsal import rehearse
from tests.flows.lab import Heard, person, ping, post, post_on
from tests.market import NOW, REFUSED, SOLD, Exchange, buying, open_exchange, selling

LEADS = 200


async def test_two_hundred_leads_at_once_right_after_the_start_are_sold_in_time(
    tmp_path: Path, postgres_migrated: str
) -> None:
    async with open_exchange(tmp_path, database_url=postgres_migrated) as before:
        await before.add(*buying("acme", "100000"), *selling("cedar", timeout_ms=limits.TIMEOUT_MS_MOST))
    clock = SystemClock()
    async with open_exchange(tmp_path, database_url=postgres_migrated, process=True, clock=clock) as exchange:
        heard = await asyncio.gather(*(timed(exchange, person(number)) for number in range(LEADS)))
        kept = await exchange.count("sales")

    assert Counter({("accepted", None): LEADS}) == Counter(answer.told for answer, _ in heard)
    assert LEADS == kept
    assert max(took_ms for _, took_ms in heard) < limits.TIMEOUT_MS_MOST


async def timed(exchange: Exchange, fields: Mapping[str, str]) -> tuple[Heard, float]:
    began = exchange.clock.monotonic()
    answer = await post(exchange, fields)
    return answer, (exchange.clock.monotonic() - began) * 1000


async def test_the_first_leads_bring_no_statement_that_was_not_rehearsed(
    tmp_path: Path, postgres_migrated: str
) -> None:
    db = await open_postgres(postgres_migrated, size=1, warm=True)
    async with open_exchange(tmp_path, db=db) as exchange:
        await exchange.add(*buying("acme", caps=(Cap(Window.DAY, "count", 50),)), *buying("birch"), *selling("cedar"))
        await rehearse(db, 1, NOW)
        before = await prepared(db)
        await sell_some(exchange)
        assert set() == await prepared(db) - before
    await db.close()


async def sell_some(exchange: Exchange) -> None:
    """A ping and its post, a post with an id of the seller's that goes to the next buyer, and one that nobody takes."""
    pinged = await ping(exchange)
    assert "accepted" == (await post_on(exchange, pinged, person(1), key="k1"))["status"]
    exchange.buyers.bids("birch", "20.00")
    exchange.buyers.answers_posts("acme", REFUSED)
    assert "accepted" == (await post(exchange, person(2, seller_lead_id="L-2", sub_id1="spring")))["status"]
    exchange.buyers.answers_posts("acme", SOLD)
    assert "accepted" == (await post(exchange, person(3)))["status"]
    for name in ("acme", "birch"):
        exchange.buyers.bids(name, None)
    assert "unsold" == (await post(exchange, person(4)))["status"]


async def prepared(db: PostgresDb) -> set[str]:
    """The statements its one connection that writes has prepared."""
    rows: list[Mapping[str, Any]] = await db.write(statements)
    return {row["statement"] for row in rows}


async def statements(tx: Any) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = await tx.fetch("SELECT statement FROM pg_prepared_statements")
    return found
