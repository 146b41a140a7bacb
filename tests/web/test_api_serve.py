"""The running server: it starts, works beside requests, and on SIGTERM finishes what it has begun."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import orjson
import pytest
from aiohttp import ClientConnectorError, ClientSession

from exchange.clock import FrozenClock, SimulatedClock, SystemClock
from exchange.courier.scripted import Delay
from exchange.web.app import build_app, loop_factory, serve
from exchange.worker import run_jobs, work
from tests.market import NOW, POST, Exchange, buying, consumer, key_for_tests, live_key, open_exchange, selling, store
from tests.scripted_buyers import SOLD, bid
from tests.web.served import serve_exchange

KEY = {"Authorization": f"Bearer {live_key('cedar')}"}


async def start(exchange: Exchange, stop: asyncio.Event | None = None) -> tuple[str, asyncio.Task[None]]:
    """The server as the command runs it, on a free port."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = exchange.settings.model_copy(update={"port": 0})
    app = build_app(exchange.market, settings, beside=(work,))
    running = asyncio.create_task(serve(app, settings, started=address.set_result, stop=stop))
    return await address, running


async def test_sigterm_ends_the_server_after_the_posts_at_work_and_before_new_ones(tmp_path: Path) -> None:
    async with open_exchange(tmp_path, clock=SystemClock()) as exchange:
        await exchange.add(*selling("cedar"), *buying("acme"))
        exchange.buyers.answers_posts("acme", Delay(400, SOLD))
        address, running = await start(exchange)
        async with ClientSession() as session:
            at_work = asyncio.create_task(session.post(f"{address}/api/v1/post", json=POST, headers=KEY))
            await exchange.buyers.posted.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            answer = await at_work
            sold = orjson.loads(await answer.read())
            await running
            with pytest.raises(ClientConnectorError):
                await session.get(f"{address}/health")
        states = await exchange.rows("SELECT state FROM leads")

    assert "accepted" == sold["status"]
    assert [{"state": "sold"}] == states


async def test_the_worker_runs_beside_and_takes_up_what_changes(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with open_exchange(tmp_path, clock=SystemClock()) as exchange:
        address, running = await start(exchange, stop)
        async with ClientSession() as session:
            async with session.post(f"{address}/api/v1/post", json=POST, headers=KEY) as before:
                assert 401 == before.status
            await exchange.market.db.write(store, (*selling("cedar"), *buying("acme")), exchange.clock.now())
            status = 401
            while status == 401:  # within a second
                async with session.post(f"{address}/api/v1/post", json=POST, headers=KEY) as after:
                    status, told = after.status, orjson.loads(await after.read())
        stop.set()
        await running

    assert "accepted" == told["status"]


@pytest.mark.parametrize(
    ("clock", "wait_s"), [(SimulatedClock(NOW), 21), (FrozenClock(NOW), 0)], ids=["goes", "frozen"]
)
async def test_a_test_lead_that_was_queued_is_sold_by_the_worker_and_one_that_was_returned_says_so(
    tmp_path: Path, clock: SimulatedClock, wait_s: int
) -> None:
    async with open_exchange(tmp_path, clock=clock) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"))
        key = key_for_tests("cedar")
        queued = await served.send("post", {**consumer(1), "zip": "00009"}, key=key)
        returned = await served.send("post", {**consumer(2), "zip": "00010"}, key=key)
        unclear = await served.send("post", {**consumer(3), "zip": "00012"}, key=key)
        clock.advance(wait_s)
        while await run_jobs(exchange.market):
            continue
        leads = [await served.get(f"leads/{each['lead_id']}", key=key) for each in (queued, returned, unclear)]

    assert ["accepted", "accepted", "unsold"] == [lead["status"] for lead in leads]
    assert ["none", "returned", None] == [lead.get("return") for lead in leads]
    assert "settled" == leads[0]["timeline"][-1]["what"]


@pytest.mark.parametrize("silent", ["ping", "post"])
async def test_an_answer_comes_within_the_time_the_seller_gave(tmp_path: Path, silent: str) -> None:
    async with open_exchange(tmp_path, clock=SystemClock()) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme"))
        if silent == "ping":
            exchange.buyers.answers_pings("acme", Delay(5_000, bid("25.00")))
        else:
            exchange.buyers.answers_posts("acme", Delay(5_000, SOLD))
        await served.send("ping", {"zip": "1"})  # the connection is there
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await served.send("pingpost", {**POST, "timeout_ms": 1_000})
        took_ms = (loop.time() - began) * 1000

    assert took_ms < 1_050
    assert {"ping": ("unsold", "timeout"), "post": ("queued", "outcome_unclear")}[silent] == answer.told[1:]


def test_the_event_loop_is_uvloops_where_it_is_installed() -> None:
    made = loop_factory()

    assert made is not None
    loop = made()
    assert "uvloop" in type(loop).__module__
    loop.close()
