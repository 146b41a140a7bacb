"""Sellers of the demo that are no callers of the API: each act's lead comes in by its own way and is sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from exchange.clock import Clock, SimulatedClock
from exchange.demo.acts import Act, Scene, acts
from exchange.demo.acts.platforms import facebook, feed, gravity, pulled, soap
from exchange.demo.founding import keep_secrets, make_keys
from exchange.demo.peers import neighbours
from exchange.demo.peers.platforms import platforms
from exchange.demo.personalities import Cast
from exchange.demo.run import Running
from exchange.flows.market import Market
from exchange.flows.polls import plan_polls
from exchange.settings import load_settings
from exchange.storage.database import Tx
from exchange.web.app import build_app
from exchange.worker import run_jobs
from tests.demo.whole import opened

NOON = 1_795_021_200_000
WAYS = {"facebook": "webhook", "gravity": "webhook", "feed": "rss", "pull": "url", "soap": "soap"}


@dataclass(frozen=True)
class Stage:
    """What the acts need of a running demo."""

    market: Market
    clock: Clock
    cast: Cast
    secrets: Mapping[str, str]
    ports: Mapping[int, int]


async def channels(tx: Tx) -> list[tuple[str, str]]:
    rows = await tx.fetch("SELECT DISTINCT channel, status FROM requests ORDER BY channel, status")
    return [(row["channel"], row["status"]) for row in rows]


async def test_leads_come_by_webhook_feed_list_and_soap_in_the_demo(tmp_path: Path) -> None:
    played: tuple[Act, ...] = (facebook(), gravity(), feed(), pulled(), soap())
    settings = load_settings(None, key_file=tmp_path / "demo.key", allowed_networks=("127.0.0.0/8",))
    clock = SimulatedClock(NOON)
    async with (
        neighbours((platforms(),), tmp_path, clock) as found,
        opened(tmp_path, "market.yaml", "cast.yaml", clock, found.ports) as whole,
    ):
        market = whole.market
        await keep_secrets(market, found.secrets)
        keys = await make_keys(market, whole.parties, fixed=True, frozen=False)
        server = TestServer(build_app(market, settings))
        async with server, ClientSession() as session:
            stage = cast(Running, Stage(market, whole.clock, whole.cast, keys, found.ports))
            scene = Scene(stage, str(server.make_url("")).rstrip("/"), session)
            for act in played * 3:
                await act.play(scene)
            await plan_polls(market)
            while await run_jobs(market):
                continue
        told = await market.db.read(channels)

    assert WAYS.keys() == {act.name for act in played} <= {act.name for act in acts()}
    assert set(WAYS.values()) <= {channel for channel, status in told if status in ("accepted", "queued")}, told
