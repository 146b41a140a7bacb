"""The demo's buyers who take leads as files or fetch them: a file house, a spreadsheet and a program."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aiohttp import ClientSession

from exchange.clock import Clock
from exchange.demo.acts import Scene, acts
from exchange.demo.acts.fetchers import puller, spreadsheet
from exchange.demo.folder import write_shapes
from exchange.demo.founding import keep_secrets, make_keys
from exchange.demo.market_model import Parties
from exchange.demo.peers import neighbours
from exchange.demo.peers.filehouse import BUYER, NAME, filehouse, home
from exchange.demo.run import Running
from exchange.flows.documents import save_document
from exchange.flows.market import Market
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.model.party import State
from exchange.yaml_files import read_yaml
from tests.channels.filed import filing
from tests.channels.mailed import settle_down, states, work_for
from tests.demo.whole import DEMO
from tests.flows.lab import later, person, post
from tests.market import Exchange, buying, contract, usd
from tests.web.served import serve_exchange


@dataclass(frozen=True)
class Stage:
    """What the acts need of a running demo."""

    market: Market
    clock: Clock
    secrets: Mapping[str, str]


@asynccontextmanager
async def on_stage(exchange: Exchange, secrets: Mapping[str, str]) -> AsyncIterator[Scene]:
    async with serve_exchange(exchange) as served, ClientSession() as session:
        yield Scene(cast(Running, Stage(exchange.market, exchange.clock, secrets)), served.address, session)


async def buys(exchange: Exchange, name: str, connection: str, file: Path, **changes: Any) -> None:
    """A buyer of the demo, with its own document."""
    problems: list[str] = []
    document = read_yaml(file.read_bytes(), name, problems)
    assert [] == problems and isinstance(document, Mapping)
    await save_document(exchange.market, CONNECTION, connection, document, SYSTEM)
    await exchange.add(*buying(name, price=usd("30"), connection=connection, **changes))


async def test_marlow_finds_a_file_of_its_own_columns_in_its_folder(tmp_path: Path) -> None:
    async with filing(tmp_path) as exchange, neighbours((filehouse(),), tmp_path, exchange.clock) as found:
        write_shapes(tmp_path, found.ports)
        await keep_secrets(exchange.market, found.secrets)
        file = tmp_path / "config" / "connections" / "marlow_files" / "connection.yaml"
        await buys(exchange, "marlow", "marlow_files", file, id="marlow", schedule="every 2m")
        for number in range(2):
            await post(exchange, person(number))
        await work_for(exchange, 150, 30)

        folder = home(tmp_path / "peers" / NAME) / BUYER
        assert ["marlow-0001.csv"] == [each.name for each in folder.iterdir()]
        rows = list(csv.DictReader((folder / "marlow-0001.csv").read_text("utf-8-sig").splitlines()))
        assert {"602-958-0000", "602-958-0001"} == {row["phone"] for row in rows}
        assert ("Maria", "30.00") == (rows[0]["first"], rows[0]["price"])
        assert [("delivered", "accepted")] * 2 == await states(exchange)


def _parties(exchange: Exchange) -> Parties:
    """Those of the exchange as the demo would have read them."""
    deals = exchange.market.deals
    own = tuple(each for each in deals.contracts.values() if each.buyer_id in ("lattice", "linden"))
    buyers = tuple(deals.buyers[each.buyer_id] for each in own)
    return Parties("tests", "USD", (), (), buyers, own, {}, ())


async def test_the_spreadsheet_of_lattice_and_the_program_of_linden_fetch(tmp_path: Path) -> None:
    async with filing(tmp_path) as exchange:
        await buys(exchange, "lattice", "lattice_sheet", DEMO / "connections/lattice_sheet.yaml", id="lattice-home")
        keys = dict(await make_keys(exchange.market, _parties(exchange), fixed=False, frozen=False))
        async with on_stage(exchange, keys) as scene:
            sheet, program = spreadsheet(), puller()
            await post(exchange, person(1))
            await sheet.play(scene)
            assert [("delivered", "accepted")] == await states(exchange)
            later(exchange, 61)
            await sheet.play(scene)  # nothing changed

            await exchange.add(contract("lattice", state=State.PAUSED, id="lattice-home", connection="lattice_sheet"))
            await buys(exchange, "linden", "linden_pull", DEMO / "connections/linden_pull.yaml")
            keys |= await make_keys(exchange.market, _parties(exchange), fixed=False, frozen=False)
            later(exchange, 1)
            await post(exchange, person(2))
            await program.play(scene)
            assert ("shelved", "pending") == (await states(exchange))[1]
            await program.play(scene)
            await settle_down(exchange)
            assert [("delivered", "accepted")] * 2 == await states(exchange)
    assert {"spreadsheet", "puller"} <= {act.name for act in acts()}
