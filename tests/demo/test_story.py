"""The first five minutes of the demo, in seconds: what its story tells is seen where it should be, in its order.

Everything is the demo's own: its buyers and peers over HTTP, its sellers, the acts, the worker. Only time jumps.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web

from exchange.bootstrap import besides
from exchange.demo.acts import Scene, play_all
from exchange.demo.acts.addresses import addresses
from exchange.demo.acts.files import sheet
from exchange.demo.acts.regrets import regrets
from exchange.demo.acts.story import story
from exchange.demo.founding import OPERATOR
from exchange.demo.run import Running, Wanted, opened_demo, traffic
from exchange.flows.sign_in import make_login_link
from exchange.intake.connection import GuardedRunner
from exchange.web.app import build_app
from tests.cli.test_serve import free_port
from tests.simulation.loop import LoopClock, SimulatedLoop
from tests.web.visitor import BROWSER

PER_MINUTE = 4.0  # beside what the story itself sends


@dataclass
class Looker:
    """Somebody with the console open. `at` waits for a second of the story."""

    running: Running
    session: ClientSession
    address: str
    began: float

    async def at(self, seconds: float) -> dict[str, Any]:
        """The dashboard's figures at that second."""
        clock = self.running.clock
        await clock.sleep(self.began + seconds - clock.monotonic())
        return await self.json("/console")

    async def json(self, path: str) -> dict[str, Any]:
        async with self.session.get(f"{self.address}{path}.json") as response:
            told: dict[str, Any] = await response.json()
            return told

    async def page(self, path: str) -> str:
        async with self.session.get(self.address + path) as response:
            return await response.text()

    async def rows(self, sql: str) -> list[Any]:
        return await self.running.market.db.read(lambda tx: tx.fetch(sql))


@asynccontextmanager
async def looking(folder: Path) -> AsyncIterator[Looker]:
    """The demo from its first second on, looked at by its operator."""
    port = free_port()
    wanted = Wanted(folder, "127.0.0.1", port, seed=7, history_leads=20)
    async with opened_demo(wanted, lambda _: None, LoopClock(), process=False) as running:
        runner = GuardedRunner(build_app(running.market, running.settings, beside=besides()), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        address, agent = f"http://127.0.0.1:{port}", {"User-Agent": BROWSER}
        async with ClientSession() as theirs, ClientSession(cookie_jar=CookieJar(unsafe=True), headers=agent) as ours:
            await ours.get(f"{address}/login/{await make_login_link(running.market, OPERATOR)}")
            running.begin()
            played = (*story(), addresses(), regrets(), sheet())
            work = [
                asyncio.create_task(play_all(Scene(running, address, theirs), played)),
                asyncio.create_task(traffic(running, address, PER_MINUTE, lambda _: None).run()),
            ]
            try:
                yield Looker(running, ours, address, running.clock.monotonic())
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
                await runner.cleanup()


def test_eight_things_happen_in_five_minutes_and_are_seen(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(check_story(tmp_path / "demo"))


async def check_story(folder: Path) -> None:
    async with looking(folder) as looker:
        await _sunpath(looker)
        await _fraud_and_cap(looker)
        await _return(looker)
        await _balance(looker)
        await _postback(looker)
        await _call(looker)


async def _sunpath(looker: Looker) -> None:
    """It slows down, times out and is left alone: one alert, and each lead says why it was not pinged."""
    early = await looker.at(14)
    slow = await looker.at(27)
    left = await looker.at(50)

    def seen(told: dict[str, Any]) -> Any:
        return next((each for each in told["buyers"] if each["buyer"] == "Sunpath Direct"), {"p50_ms": 0})

    assert seen(early)["p50_ms"] < 1_000 and "Sunpath" not in (early["alert"] or "")
    assert ("slow", True) == (seen(slow)["mark"], seen(slow)["p95_ms"] >= 1_200)
    assert ("left alone", True) == (seen(left)["mark"], "Sunpath Direct" in left["alert"])
    opened = await looker.rows("SELECT cause FROM alerts WHERE about = 'sunpath'")
    assert ["unanswered:sunpath"] == [row["cause"] for row in opened]
    newest = await looker.rows("SELECT id FROM leads WHERE campaign_id = 'acme-solar' ORDER BY id DESC LIMIT 1")
    assert "Breaker open since" in await looker.page(f"/console/leads/{newest[0]['id']}")


async def _fraud_and_cap(looker: Looker) -> None:
    def screened(told: dict[str, Any]) -> int:
        return sum(each["leads"] for each in told["rejections"] if each["reason"] in ("robot", "name_refused"))

    def fraud(told: dict[str, Any]) -> int:
        return sum(each["fraud"] for each in told["sources"] if each["sub_id"] == "pop-19")

    def left(told: dict[str, Any]) -> int:
        used = (each["used"] for each in told["caps"] if each["buyer"] == "NorthSun" and each["most"] == "12")
        return 12 - int(next(used, 0))  # a cap of which nothing is used may not be shown

    before, after, full = await looker.at(56), await looker.at(80), await looker.at(100)

    assert screened(after) >= screened(before) + 6
    assert fraud(full) >= fraud(before) + 6
    assert left(before) > 0 == left(full)


async def _return(looker: Looker) -> None:
    def waiting(told: dict[str, Any]) -> int:
        return sum(int(each["title"].split()[0]) for each in told["needs_you"] if each["kind"] == "returns")

    before, after = await looker.at(118), await looker.at(128)

    assert waiting(after) == waiting(before) + 1


async def _balance(looker: Looker) -> None:
    def short(told: dict[str, Any]) -> str:
        titles = [each["title"] for each in told["needs_you"] if each["kind"] == "balance"]
        return next((title for title in titles if title.startswith("Granite Home")), "")

    assert "" == short(await looker.at(137))
    assert short(await looker.at(156)).startswith("Granite Home's balance is good for ")


async def _postback(looker: Looker) -> None:
    def failing(told: dict[str, Any]) -> bool:
        return any(each["kind"] == "webhook" for each in told["needs_you"])

    assert not failing(await looker.at(178))
    assert failing(await looker.at(198))
    assert "500" in await looker.page("/console/webhooks")
    assert not failing(await looker.at(270))


async def _call(looker: Looker) -> None:
    await looker.at(290)
    rung = await looker.rows("SELECT lead_id FROM deliveries WHERE channel = 'phone' AND state = 'accepted'")

    assert rung
    assert "Sold to Ridge Home Pros" in await looker.page(f"/console/leads/{rung[-1]['lead_id']}")
