"""Leads that are sold by fax through a gateway that takes mail: what cannot be faxed comes back, or nothing does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from exchange.intake.dsn import hear_bounce
from tests.buyers.faxes import by_gateway, text_of_page
from tests.channels.faxed import fax_one, faxing, settle_down, states, wait_for
from tests.flows.lab import attempts, held, spent
from tests.intake.bounced import postfix
from tests.mail_server import MailServer, Taken, mail_server
from tests.market import Exchange

HOUR = 3_600


@asynccontextmanager
async def faxed(folder: Path, server: MailServer, **document: Any) -> AsyncIterator[Exchange]:
    """A lead was posted and its fax mailed."""
    relay = {"server": f"127.0.0.1:{server.port}", "security": "plain"}
    async with faxing(folder, by_gateway(relay=relay, **document), {}) as (exchange, _):
        await fax_one(exchange)
        yield exchange


def page_in(mail: Taken) -> str:
    (page,) = mail.message.iter_attachments()
    assert "application/pdf" == page.get_content_type()
    return text_of_page(page.get_content())


async def test_the_page_goes_to_the_number_as_an_address(tmp_path: Path) -> None:
    async with mail_server() as server, faxed(tmp_path, server) as exchange:
        (mail,) = server.taken
        reference = (await attempts(exchange))[0]["reference"]

        assert (["14809580133@send.gateway.example"], f"<{reference}@harbor.example>") == (mail.to, mail.message_id)
        assert ("One page is attached.\n", True) == (mail.text, "Maria Sandoval" in page_in(mail))
        assert ([("sent", "pending")], "30.00") == (await states(exchange), await held(exchange, "granite"))


async def test_a_fax_that_comes_back_has_failed(tmp_path: Path) -> None:
    async with mail_server() as server, faxed(tmp_path, server) as exchange:
        reference = (await attempts(exchange))[0]["reference"]
        for _ in range(2):
            assert await hear_bounce(exchange.market, postfix(reference))
        await settle_down(exchange)

        assert ([("failed", "failed")], "0.00") == (await states(exchange), await spent(exchange, "granite"))


@pytest.mark.parametrize(
    ("silence", "state", "attempt", "paid"),
    [("delivered", "delivered", "accepted", "30.00"), ("unclear", "expired", "unclear", "0.00")],
)
async def test_what_silence_means_is_said_by_the_connection(
    tmp_path: Path, silence: str, state: str, attempt: str, paid: str
) -> None:
    async with mail_server() as server, faxed(tmp_path, server, silence=silence) as exchange:
        await wait_for(exchange, 2 * HOUR - 60)
        assert [("sent", "pending")] == await states(exchange)

        await wait_for(exchange, 120)
        assert ([(state, attempt)], paid) == (await states(exchange), await spent(exchange, "granite"))
        assert 1 == len(server.taken)


async def test_what_comes_back_after_silence_is_a_dispute(tmp_path: Path) -> None:
    async with mail_server() as server, faxed(tmp_path, server, silence="delivered") as exchange:
        await wait_for(exchange, 2 * HOUR + 60)
        await hear_bounce(exchange.market, postfix((await attempts(exchange))[0]["reference"]))
        await settle_down(exchange)

        assert ([("bounced", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


async def test_a_mail_whose_answer_was_lost_is_no_second_fax(tmp_path: Path) -> None:
    async with mail_server() as server:
        server.silent_after_data = 1
        async with faxed(tmp_path, server, seconds=1) as exchange:
            await wait_for(exchange, HOUR)

            assert ([("expired", "unclear")], 1) == (await states(exchange), len(server.taken))


async def test_a_gateway_that_is_down_takes_it_later(tmp_path: Path) -> None:
    async with mail_server() as down:
        port = down.port
    relay = {"server": f"127.0.0.1:{port}", "security": "plain"}
    async with faxing(tmp_path, by_gateway(relay=relay), {}) as (exchange, _):
        await fax_one(exchange)
        assert [("waiting", "pending")] == await states(exchange)

        async with mail_server(port=port) as server:
            await wait_for(exchange, 300)
            assert (1, [("sent", "pending")]) == (len(server.taken), await states(exchange))
