"""The demo's telephone company rings Ridge Home Pros and texts Swift Windows, whose people take their leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from aiohttp import ClientSession
from ruamel.yaml import YAML

from exchange.clock import Clock, SimulatedClock
from exchange.demo.acts import Scene, acts
from exchange.demo.acts.texts import NUMBER, texts
from exchange.demo.peers import HOST, Neighbours, neighbours
from exchange.demo.peers.telephone import PEOPLE, PORT, telephone
from exchange.demo.run import Running
from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.worker import run_jobs
from tests.channels.telephone import NOON_IN_PHOENIX
from tests.demo.whole import DEMO
from tests.flows.lab import later, person, post, told_about
from tests.market import Exchange, buying, selling, usd
from tests.web.test_posting_samples import served_at_its_address


@dataclass(frozen=True)
class Stage:
    """What the act needs of a running demo."""

    ports: Mapping[int, int]
    clock: Clock


@dataclass(frozen=True)
class Street:
    exchange: Exchange
    there: Neighbours
    url: str
    session: ClientSession

    async def sell(self, connection: str, number: int = 1) -> None:
        """Sell a lead to birch over this connection of the demo."""
        document = YAML(typ="safe").load(DEMO / "connections" / f"{connection}.yaml")
        document["account"]["base"] = self.company
        await save_document(self.exchange.market, CONNECTION, connection, document, SYSTEM)
        await self.exchange.add(*buying("birch", price=usd("30"), connection=connection))
        await post(self.exchange, person(number))
        while await run_jobs(self.exchange.market):
            continue

    @property
    def company(self) -> str:
        return f"http://{HOST}:{self.there.ports[PORT]}"


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    clock = SimulatedClock(NOON_IN_PHOENIX)
    async with (
        ClientSession() as session,
        neighbours([telephone()], tmp_path, clock) as there,
        served_at_its_address(tmp_path, clock=clock, by_wire={"acme": "127.0.0.1:9"}) as (exchange, served),
    ):
        await exchange.add(*selling("cedar"))
        for name, value in there.secrets.items():
            await save_secret(exchange.market, name, value, SYSTEM)
        yield Street(exchange, there, served.address, session)


async def test_swift_windows_take_the_leads_of_their_texts_and_refuse_every_fifth(street: Street) -> None:
    scene = Scene(cast(Running, Stage(street.there.ports, street.exchange.clock)), street.url, street.session)
    act = texts()
    states = []
    for number in range(1, 6):
        later(street.exchange, 60)
        await street.sell("swift_texts", number)
        await act.play(scene)
        await act.play(scene)  # it reads no text twice
        states.append((await told_about(street.exchange))["birch"][0])

    assert ["accepted"] * 4 + ["rejected"] == states
    assert "texts" in {act.name for act in acts()}


async def test_ridge_home_pros_are_rung_and_answer_by_turns(street: Street) -> None:
    await street.sell("ridge_calls")

    while not await street.exchange.count("sales"):
        await street.exchange.clock.sleep(1)

    assert {"birch": ("accepted", None)} == await told_about(street.exchange)
    assert ("human", ("1",)) == (PEOPLE[0].answers, PEOPLE[0].keys)
    async with street.session.get(f"{street.company}/screen/{NUMBER}") as screen:
        assert [] == await screen.json()
