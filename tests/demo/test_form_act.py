"""The demo's form is filled in by its own act, through the real pages, and its leads are sold by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from exchange.clock import Clock, SimulatedClock
from exchange.demo.acts import Scene, acts
from exchange.demo.acts.form import fill_in
from exchange.demo.personalities import Cast
from exchange.demo.run import Running
from exchange.flows.market import Market
from exchange.settings import load_settings
from exchange.storage.forms import form_figures
from exchange.web.app import build_app
from tests.demo.whole import opened

NOON = 1_795_021_200_000


@dataclass(frozen=True)
class Stage:
    """What the act needs of a running demo."""

    market: Market
    clock: Clock
    cast: Cast


async def test_people_fill_in_the_form_of_the_demo(tmp_path: Path) -> None:
    async with opened(tmp_path, "market.yaml", "cast.yaml", SimulatedClock(NOON)) as whole:
        server = TestServer(build_app(whole.market, load_settings(None, key_file=tmp_path / "demo.key")))
        async with server, ClientSession() as session:
            stage = cast(Running, Stage(whole.market, whole.clock, whole.cast))
            for _ in range(6):
                await fill_in(Scene(stage, str(server.make_url("")).rstrip("/"), session))
        figures = (await whole.market.db.read(form_figures, 0))[0]

    assert "form" in {act.name for act in acts()}
    assert (6, 6, 0) == (figures["views"], figures["sent"], figures["refused"])
    assert figures["sold"] >= 1 and figures["payout_units"] > 0
