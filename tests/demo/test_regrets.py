"""Returns of the demo: in its past rules and a person decided, seven wait; in its present Brightroof asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiohttp import ClientSession

from exchange.clock import Clock
from exchange.demo.acts import Scene
from exchange.demo.acts.regrets import regrets
from exchange.demo.regrets import WAITING, Regrets
from exchange.demo.run import Running
from tests.flows.lab import later, person, post
from tests.market import buyer_key, buying, open_exchange, selling, usd
from tests.web.served import serve_exchange


@dataclass(frozen=True)
class Stage:
    clock: Clock
    secrets: Mapping[str, str]


async def test_the_past_leaves_seven_to_decide(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        past = Regrets(exchange.market)
        for number in range(1, 25):
            await post(exchange, person(number))
            later(exchange, 3_600)
            await past.look()
        await past.look(last=True)

        states = [row["state"] for row in await exchange.rows("SELECT state FROM return_requests")]
        assert WAITING == states.count("asked")
        assert set(states) <= {"asked", "declined", "approved", "partial", "replaced"}


async def test_brightroof_asks_for_its_newest_lead_and_once_for_what_is_no_return(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, ClientSession() as session:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        for number in (1, 2):
            await post(exchange, person(number))
        later(exchange, 5)
        stage = Stage(exchange.clock, {"buyer:brightroof:live": buyer_key("acme")})
        scene, act = Scene(cast(Running, stage), served.address, session), regrets()

        for _ in range(2):
            await act.play(scene)
            later(exchange, 5)

        assert 1 == await exchange.count("return_requests") == await exchange.count("dispositions")
