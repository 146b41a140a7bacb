"""The demo's buyers by mail: a real server takes their leads, an agent answers by a link, and one mail comes back."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiohttp import ClientSession

from exchange.clock import Clock, SystemClock
from exchange.demo.acts import Scene, acts
from exchange.demo.acts.answers import answers, bounces
from exchange.demo.acts.mails import INBOX
from exchange.demo.folder import MAIL_DOMAIN
from exchange.demo.peers import Neighbours, neighbours
from exchange.demo.peers.letterbox import KEPT, NAME, PORT, _keep, letterbox, mails
from exchange.demo.run import Running
from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import CONNECTION
from exchange.intake.mail.listener import Listening, listening
from exchange.model.actor import SYSTEM
from exchange.yaml_files import read_yaml
from tests.channels.mailed import mailing, states, work_for
from tests.demo.whole import DEMO
from tests.flows.lab import person, post
from tests.market import Exchange, buying, usd
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


@asynccontextmanager
async def on_stage(folder: Path, exchange: Exchange, found: Neighbours) -> AsyncIterator[Scene]:
    place = Listening("127.0.0.1", 0, MAIL_DOMAIN)
    async with (
        listening(exchange.market, place) as (_, port),
        serve_exchange(exchange) as served,
        ClientSession() as session,
    ):
        stage = Stage(Wanted(folder), exchange.clock, {**found.ports, INBOX: port})
        yield Scene(cast(Running, stage), served.address, session)


async def buys_by_mail(exchange: Exchange, found: Neighbours, folder: Path, name: str, **changes: Any) -> None:
    """A buyer of the demo, with its own document."""
    problems: list[str] = []
    text = (DEMO / "connections" / f"{name}_mail.yaml").read_text("utf-8")
    text = text.replace(str(PORT), str(found.ports[PORT])).replace("/PEERS", str(folder / "peers"))
    document = read_yaml(text.encode(), name, problems)
    assert [] == problems and isinstance(document, Mapping)
    for secret, value in found.secrets.items():
        await save_secret(exchange.market, secret, value, SYSTEM)
    await save_document(exchange.market, CONNECTION, f"{name}_mail", document, SYSTEM)
    await exchange.add(*buying(name, price=usd("30"), connection=f"{name}_mail", **changes))


async def test_an_agent_answers_the_mails_of_cobalt_by_their_links(tmp_path: Path) -> None:
    async with (
        neighbours((letterbox(),), tmp_path, SystemClock()) as found,
        mailing(tmp_path) as exchange,
        on_stage(tmp_path, exchange, found) as scene,
    ):
        await buys_by_mail(exchange, found, tmp_path, "cobalt", sold_when="at_once")
        act = answers()
        await act.play(scene)  # there is nothing to answer yet
        for number in range(3):
            await post(exchange, person(number))
        await work_for(exchange, 30)
        for _ in range(4):
            await act.play(scene)

        assert [("delivered", "accepted")] * 3 == await states(exchange)
        said = await exchange.count("dispositions") + await exchange.count("return_requests")
        kept = email.message_from_bytes(mails(scene.place(NAME))[0].read_bytes(), policy=default)
    assert 3 == said
    assert isinstance(kept, EmailMessage)
    assert ["lead.csv"] == [part.get_filename() for part in kept.iter_attachments()]


async def test_a_mail_of_dune_comes_back_to_the_exchange(tmp_path: Path) -> None:
    async with (
        neighbours((letterbox(),), tmp_path, SystemClock()) as found,
        mailing(tmp_path, mail_domain=MAIL_DOMAIN) as exchange,
        on_stage(tmp_path, exchange, found) as scene,
    ):
        await buys_by_mail(exchange, found, tmp_path, "dune")
        await post(exchange)
        await work_for(exchange, 30)
        act = bounces()
        for _ in range(2):
            await act.play(scene)

        assert [("bounced", "accepted")] == await states(exchange)
        told = await exchange.rows("SELECT detail FROM receipts")
    assert ["leads@dune.example: 552 5.2.2 Mailbox is over its quota"] == [row["detail"] for row in told]


async def test_only_the_newest_mails_are_kept(tmp_path: Path) -> None:
    numbers = [await asyncio.to_thread(_keep, tmp_path, b"x") for _ in range(KEPT + 5)]

    assert (KEPT + 5, KEPT) == (numbers[-1], len(mails(tmp_path)))


def test_the_acts_are_in_the_demo() -> None:
    assert {"answers", "bounces"} <= {act.name for act in acts()}
