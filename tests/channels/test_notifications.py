"""Notifications over real wires: a mail server that goes away and comes back, texts through Twilio's client, Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from exchange.clock import SimulatedClock
from exchange.demo.peers.telephone_company import TelephoneCompany
from exchange.flows.notice_choices import choose_reach, choose_team, choose_ways, send_test
from exchange.flows.notify import notify
from exchange.flows.sign_in import create_user
from exchange.model.notice import Notice
from exchange.storage.database import Tx
from exchange.storage.jobs import add_jobs
from exchange.storage.users import UserRow, find_user
from exchange.worker import run_jobs
from tests.channels.telephone import ACCOUNT, OURS, TOKEN
from tests.flows.doom import Crash, Doom, DoomedDb
from tests.flows.lab import OPERATOR, later
from tests.mail_server import mail_server
from tests.market import NOW, Exchange, open_exchange

OLIVE = "olive@operator.example"
NUMBER = "+16025550142"


@dataclass
class House:
    """Where texts and Slack messages arrive; `slack_answers` are taken in turn, then all is well."""

    slack: list[dict[str, Any]] = field(default_factory=list)
    slack_answers: list[int] = field(default_factory=list)
    company: TelephoneCompany | None = None
    address: str = ""

    async def take(self, request: web.Request) -> web.Response:
        status = self.slack_answers.pop(0) if self.slack_answers else 200
        if status == 200:
            self.slack.append(await request.json())
        return web.Response(status=status, text="ok" if status == 200 else "no")


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    made = House()
    async with ClientSession() as session:
        made.company = TelephoneCompany(ACCOUNT, TOKEN, SimulatedClock(NOW), session)
        app = web.Application()
        app.add_routes([*made.company.routes(), web.post("/services/T0/B0/x", made.take)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            await made.company.close()
            await runner.cleanup()


@asynccontextmanager
async def told(folder: Path, at: House, mail_port: int) -> AsyncIterator[tuple[Exchange, UserRow]]:
    settings: dict[str, Any] = {"mail_host": "127.0.0.1", "mail_port": mail_port, "mail_security": "plain"}
    settings |= {"sms_url": at.address, "sms_account": ACCOUNT, "sms_token": TOKEN, "sms_sender": OURS}
    async with open_exchange(folder, by_wire={"nobody": "127.0.0.1:9"}, **settings) as exchange:
        assert await create_user(exchange.market, OLIVE, "operator", None)
        user = await exchange.market.db.read(find_user, OLIVE)
        assert user is not None
        await choose_reach(exchange.market, user, {"phone": NUMBER}, OPERATOR, "")
        networks = exchange.settings.allowed_networks
        url = f"{at.address}/services/T0/B0/x"
        await choose_team(exchange.market, user, url, {"alert.money": True}, networks, OPERATOR, "")
        yield exchange, user


async def tell(exchange: Exchange, *numbers: int, event: str = "alert.money") -> None:
    market = exchange.market
    jobs = [
        notify(
            market,
            Notice(
                event, "operator", None, f"thing {number}", ("What.",), f"/console/alerts/alt_{number}", f"n{number}"
            ),
        )
        for number in numbers
    ]
    await market.db.write(add_jobs, jobs)
    await work(exchange)


async def work(exchange: Exchange) -> None:
    while await run_jobs(exchange.market):
        pass


async def test_one_notice_goes_by_mail_text_and_slack_and_a_test_says_what_came_of_it(tmp_path: Path) -> None:
    async with house() as at, mail_server() as server, told(tmp_path, at, server.port) as (exchange, user):
        await tell(exchange, 1)
        tested = [await send_test(exchange.market, user, channel) for channel in ("email", "sms", "slack")]
        at.slack_answers = [404]
        gone = await send_test(exchange.market, user, "slack")

    assert at.company is not None
    mail = server.taken[0]
    assert [OLIVE] == mail.to and "thing 1" in str(mail.message["Subject"]) and "/console/alerts/alt_1" in mail.text
    assert mail.message["List-Unsubscribe"] and "One-Click" in str(mail.message["List-Unsubscribe-Post"])
    text = at.company.texts[0]
    assert (NUMBER, OURS) == (text.to, text.sender) and "thing 1" in text.body and "/console/alerts/alt_1" in text.body
    assert "*thing 1*" in at.slack[0]["text"] and "/console/alerts/alt_1" in at.slack[0]["text"]
    assert [f"Sent to {OLIVE}.", "Sent to the number that ends in 0142.", "Sent to Slack."] == tested
    assert "Not sent: Slack refused it (404)." == gone
    assert (2, 2, 2) == (len(server.taken), len(at.company.texts), len(at.slack))


async def test_a_relay_that_is_down_rests_the_queue_and_nothing_is_lost_or_sent_twice(tmp_path: Path) -> None:
    async with house() as at:
        async with mail_server() as gone:
            port = gone.port
        async with told(tmp_path, at, port) as (exchange, user):
            await choose_ways(exchange.market, user, {"alert.money:sms": "off"})
            at.slack_answers = [503, 429]
            await tell(exchange, *range(5))
            rows = await exchange.rows(
                "SELECT queue, failures FROM job_queues WHERE down_since IS NOT NULL ORDER BY queue"
            )
            jobs = await exchange.rows("SELECT attempts, state FROM jobs WHERE queue = 'notices:email'")
            async with mail_server(port=port) as back:
                for _ in range(8):
                    later(exchange, 130)
                    await work(exchange)
                dead = await exchange.rows("SELECT id FROM jobs WHERE state = 'dead'")

    assert ["notices:email", "notices:slack:team:operator:"] == [row["queue"] for row in rows]
    assert 5 == len(jobs) and {("waiting", 0)} == {(job["state"], job["attempts"]) for job in jobs}, "none was spent"
    assert [f"Lead Exchange: thing {number}" for number in range(5)] == sorted(
        str(each.message["Subject"]) for each in back.taken
    )
    assert 5 == len(at.slack) and [] == dead


async def test_a_process_that_dies_after_the_wire_sends_the_same_mail_under_the_same_name(tmp_path: Path) -> None:
    async with house() as at, mail_server() as server, told(tmp_path, at, server.port) as (exchange, user):
        await choose_ways(exchange.market, user, {"payout:sms": "off"})
        market = exchange.market
        one = Notice("payout", "operator", None, "thing", ("What.",), "/console/payouts", "once")
        await market.db.write(add_jobs, [notify(market, one)])
        for struck_at in range(1, 9):  # before and after each durable write of telling and sending
            doomed = exchange.on(DoomedDb(market.db, Doom(struck_at)))
            with pytest.raises((Crash, BaseExceptionGroup)):
                while await run_jobs(doomed.market):
                    pass
                raise Crash
            await market.db.write(lose_leases)
        await work(exchange)
        sends = await exchange.rows("SELECT state FROM notice_sends WHERE channel = 'email'")

    assert 1 <= len(server.taken) and 1 == len({each.message_id for each in server.taken})
    assert ["sent"] == [row["state"] for row in sends]


async def lose_leases(tx: Tx) -> None:
    await tx.execute("UPDATE jobs SET state = 'waiting', leased_until = NULL WHERE state = 'running'")
