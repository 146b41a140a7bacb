"""The exchange dies at every point of a poll and of taking what it found: each message is one lead, none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.flows.polls import poll
from exchange.flows.recover import recover
from exchange.flows.sources import store_items, take
from exchange.intake.encode import encode
from exchange.model.wire import Lost, Reply
from exchange.storage.sources import source_state
from tests.flows.arrived import FEED, Shelf, item, source_of, states, with_source, worked
from tests.flows.doom import Crash, doomed, started_again
from tests.flows.lab import HUNG_UP, later
from tests.flows.promises import broken
from tests.market import SOLD, Exchange

MOST_POINTS = 60


async def _end(exchange: Exchange) -> Exchange:
    """A new process takes up what was left, until nothing is."""
    exchange = await started_again(exchange)
    for _ in range(4):
        later(exchange, 100)
        await recover(exchange.market, exchange.market.clock.now() - 90_000, encode)
        await worked(exchange)
    return exchange


async def test_whenever_it_dies_while_it_polls_each_message_is_one_lead(either: Exchange) -> None:
    shelf = Shelf(part=2)
    exchange = await with_source(either, shelf)
    for at in range(1, MOST_POINTS):
        shelf.items += [item(3 * at), item(3 * at + 1), item(3 * at + 2)]
        survived = True
        try:
            await poll(doomed(exchange, at).market, {"source": FEED})
        except Crash:
            survived = False
        exchange = await _end(exchange)
        assert [("taken", "accepted")] * len(shelf.items) == await states(exchange), f"after point {at}"
        assert len(shelf.items) == await exchange.count("leads") == len(exchange.buyers.posts("acme"))
        if survived:
            break
    assert survived and at > 3
    assert str(len(shelf.items)) == (await exchange.market.db.read(source_state, FEED)).cursor


@pytest.mark.parametrize("answer", [SOLD, HUNG_UP], ids=["sold", "unclear"])
async def test_whenever_it_dies_while_it_takes_a_message_it_is_sold_once_or_unclear(
    either: Exchange, answer: Reply | Lost
) -> None:
    exchange = await with_source(either, Shelf())
    exchange.buyers.answers_posts("acme", answer)
    for at in range(1, MOST_POINTS):
        await store_items(exchange.market, source_of(exchange), [item(at)])
        row = (await exchange.rows("SELECT item_key FROM source_items WHERE state = 'waiting'"))[0]
        survived = True
        try:
            await take(doomed(exchange, at).market, {"source": FEED, "key": row["item_key"]})
        except Crash:
            survived = False
        exchange = await _end(exchange)
        assert [] == await broken(exchange.market), f"after point {at}"
        told = {"accepted", "queued"} if answer is SOLD else {"queued"}
        ended = await states(exchange)
        leads = await exchange.rows("SELECT id FROM leads WHERE state IN ('sold', 'unclear')")  # else nothing was sent
        assert at == len(ended) == len(leads), f"after point {at}"
        assert {"taken"} == {state for state, _ in ended} and {status for _, status in ended} <= told
        assert len(exchange.buyers.posts("acme")) <= at
        if survived:
            break
    assert survived and at > 3


async def test_a_message_kept_and_not_confirmed_is_kept_once(either: Exchange) -> None:
    """Whoever sends it heard nothing, and sends it again."""
    exchange = await with_source(either, Shelf())
    for at in range(1, 10):
        died = False
        try:
            await store_items(doomed(exchange, at).market, source_of(exchange), [item(at)])
        except Crash:
            died = True
            await store_items(exchange.market, source_of(exchange), [replace(item(at), at=5)])
        if not died:
            break
    await worked(exchange)

    assert [("taken", "accepted")] * at == await states(exchange)
    assert at == len(exchange.buyers.posts("acme"))
