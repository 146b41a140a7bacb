"""Buyers of the demo say what became of leads by an answered mail, a CRM that is read, one that calls, and a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiohttp import ClientSession

from exchange.clock import Clock, SystemClock
from exchange.demo.acts import Scene, acts
from exchange.demo.acts.reports import calls, replies, stages, words
from exchange.demo.folder import MAIL_DOMAIN
from exchange.demo.peers import neighbours
from exchange.demo.peers.crm import NAME, PAGE, PORT, crm, write_leads
from exchange.demo.peers.letterbox import letterbox
from exchange.demo.run import Running
from exchange.flows.documents import save_document, save_secret
from exchange.flows.market import Market
from exchange.flows.reports_in import plan_reads
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.worker import run_jobs
from exchange.yaml_files import read_yaml
from tests.channels.mailed import mailing, work_for
from tests.demo.test_letterbox import buys_by_mail, on_stage
from tests.demo.whole import DEMO
from tests.flows.lab import later, person, post
from tests.market import Exchange, buyer_key, buying, open_exchange, selling, usd
from tests.web.served import serve_exchange


@dataclass(frozen=True)
class Wanted:
    folder: Path


@dataclass(frozen=True)
class Stage:
    """What the acts need of a running demo."""

    wanted: Wanted
    clock: Clock
    ports: Mapping[int, int]
    secrets: Mapping[str, str]
    market: Market


@asynccontextmanager
async def playing(folder: Path, exchange: Exchange, name: str, ports: Mapping[int, int]) -> AsyncIterator[Scene]:
    """A buyer of the demo that bought a lead, with what its own document says of dispositions."""
    problems: list[str] = []
    text = (DEMO / "connections" / f"{name}.yaml").read_text("utf-8").replace(str(PORT), str(ports.get(PORT, PORT)))
    document = read_yaml(text.encode(), name, problems)
    assert [] == problems and isinstance(document, Mapping)
    pull = {"connection": name, "connector": "pull", "dispositions": document.get("dispositions")}
    await save_document(exchange.market, CONNECTION, name, {k: v for k, v in pull.items() if v}, SYSTEM)
    await exchange.add(*selling("cedar"), *buying(name, connection=name, price=usd("30"), sold_when="at_once"))
    for number in range(3):
        assert "accepted" == (await post(exchange, person(number)))["status"]
    async with serve_exchange(exchange) as served, ClientSession() as session:
        later(exchange, 5)
        secrets = {f"buyer:{name}:live": buyer_key(name)}
        stage = Stage(Wanted(folder), exchange.clock, ports, secrets, exchange.market)
        yield Scene(cast(Running, stage), served.address, session)


async def told(exchange: Exchange) -> set[str]:
    rows = await exchange.rows("SELECT channel FROM dispositions UNION ALL SELECT channel FROM disposition_waits")
    assert rows
    return {row["channel"] for row in rows}


async def test_an_agent_of_cobalt_answers_a_mail_with_a_word(tmp_path: Path) -> None:
    async with (
        neighbours((letterbox(),), tmp_path, SystemClock()) as found,
        mailing(tmp_path, mail_domain=MAIL_DOMAIN) as exchange,
        on_stage(tmp_path, exchange, found) as scene,
    ):
        await buys_by_mail(exchange, found, tmp_path, "cobalt", sold_when="at_once")
        act = replies()
        await act.play(scene)  # there is nothing to answer yet
        await post(exchange, person(1))
        await work_for(exchange, 30)
        for _ in range(2):
            await act.play(scene)

        assert {"mail"} == await told(exchange)


async def test_brightroofs_system_is_read_with_its_key_alone_and_page_by_page(tmp_path: Path) -> None:
    nobody = {"nobody": "127.0.0.1:9"}
    async with (
        neighbours((crm(),), tmp_path, SystemClock()) as found,
        open_exchange(tmp_path, by_wire=nobody) as exchange,
        playing(tmp_path, exchange, "brightroof", found.ports) as scene,
    ):
        await stages().play(scene)
        later(exchange, 60)
        await plan_reads(exchange.market)
        while await run_jobs(exchange.market):
            continue
        assert 0 == len(await exchange.rows("SELECT id FROM dispositions"))  # nobody gave the key yet
        for secret, value in found.secrets.items():
            await save_secret(exchange.market, secret, value, SYSTEM)
        later(exchange, 60)
        await plan_reads(exchange.market)
        while await run_jobs(exchange.market):
            continue
        assert {"poll"} == await told(exchange)

        write_leads(
            scene.place(NAME), [{"external_id": str(n), "stage": "x", "stage_changed_at": "x"} for n in range(25)]
        )
        url = f"http://127.0.0.1:{found.ports[PORT]}/brightroof/leads?page=1"
        async with scene.session.get(url, headers={"X-Api-Key": found.secrets["brightroof_crm"]}) as answer:
            page = await answer.json()
        assert (25 - PAGE, None) == (len(page["leads"]), page["next"])


async def test_northsuns_system_calls_and_sunpath_sends_a_file(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, playing(tmp_path, exchange, "northsun", {}) as scene:
        for secret in ("northsun_told", "northsun_sign"):
            await save_secret(exchange.market, secret, f"some-{secret}", SYSTEM)
        for _ in range(4):
            await calls().play(scene)
        assert {"hook"} == await told(exchange)
    (tmp_path / "other").mkdir()
    async with open_exchange(tmp_path / "other") as exchange, playing(tmp_path, exchange, "sunpath", {}) as scene:
        for _ in range(2):
            await words().play(scene)
        assert {"file"} == await told(exchange)
        assert 1 == await exchange.count("disposition_files")


def test_the_acts_are_in_the_demo() -> None:
    assert {"replies", "stages", "calls", "words"} <= {act.name for act in acts()}
