"""Leads fetched from an IMAP mailbox: kept, then moved; each mail once, whatever stops in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import SOURCE, DocumentProblems
from exchange.flows.sources import store_items
from exchange.intake.mail.mailbox import poll
from exchange.model.actor import SYSTEM
from exchange.storage.sources import source_state
from tests.channels.imap_server import PASSWORD, USER, ImapServer, imap_server
from tests.channels.mailed import mailing, takes_mail
from tests.channels.test_mail_in import lead_mail
from tests.flows.arrived import states, tomorrow, worked
from tests.flows.lab import post
from tests.intake.bounced import postfix
from tests.mail_server import mail_server
from tests.market import Exchange

BOX = "dealer_box"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ImapServer]:
    async with imap_server(tmp_path) as made:
        yield made


async def with_mailbox(exchange: Exchange, there: ImapServer, **more: Any) -> None:
    document = {
        "source": BOX,
        "kind": "mailbox",
        "campaign": "cedar-solar",
        "server": f"127.0.0.1:{there.port}",
        "security": "starttls",
        "user": USER,
        "password": "dealer_password",
        "ca_file": str(there.ca_file),
        "every": "1m",
    }
    await save_secret(exchange.market, "dealer_password", PASSWORD, SYSTEM)
    await save_document(exchange.market, SOURCE, BOX, document | more, SYSTEM)


async def append(server: ImapServer, *numbers: int) -> None:
    await asyncio.to_thread(server.append, *(bytes(lead_mail(number)) for number in numbers))


async def counts(server: ImapServer, *folders: str) -> list[int]:
    return [await asyncio.to_thread(server.count, folder) for folder in folders]


async def problem(exchange: Exchange) -> str | None:
    return (await exchange.market.db.read(source_state, BOX)).last_error


async def test_mails_become_leads_and_are_moved(exchange: Exchange, server: ImapServer) -> None:
    await with_mailbox(exchange, server)
    await append(server, *range(1, 26))  # more than are fetched at once
    await asyncio.to_thread(server.append, b"From: a@b.example\r\nSubject: Hello\r\n\r\nSee you at noon\r\n")

    await worked(exchange, turns=60)

    assert [("failed", "invalid"), *[("taken", "accepted")] * 25] == sorted(await states(exchange))
    assert [0, 25, 1] == await counts(server, "INBOX", "Done", "Failed")
    assert {"imap"} == {row["channel"] for row in await exchange.rows("SELECT channel FROM requests")}


async def test_a_hostile_mail_is_put_aside_and_those_behind_it_are_taken(
    exchange: Exchange, server: ImapServer
) -> None:
    await with_mailbox(exchange, server)
    await asyncio.to_thread(server.append, b"From: " + b"(" * 3_000 + b"\r\nSubject: Hello\r\n\r\nName: Ana\r\n")
    await append(server, 1, 2)

    await worked(exchange)

    assert [("failed", "invalid"), *[("taken", "accepted")] * 2] == sorted(await states(exchange))
    assert [0, 2, 1] == await counts(server, "INBOX", "Done", "Failed")
    assert await problem(exchange) is None


async def test_a_mail_that_was_kept_and_not_moved_is_no_second_lead(exchange: Exchange, server: ImapServer) -> None:
    await with_mailbox(exchange, server)
    await append(server, 1, 2)
    source = exchange.market.sources[BOX]
    async for polled in poll(exchange.market, source, ""):
        await store_items(exchange.market, source, polled.items)
        break  # stopped here, as by a crash
    assert 2 == (await counts(server, "INBOX"))[0]

    await worked(exchange)

    assert [("taken", "accepted")] * 2 == await states(exchange)
    assert [0, 2] == await counts(server, "INBOX", "Done")


async def test_new_mails_are_found_by_the_next_poll(exchange: Exchange, server: ImapServer) -> None:
    await with_mailbox(exchange, server, done="Sold", failed="Odd")
    await append(server, 1)
    await worked(exchange)
    await append(server, 2)
    tomorrow(exchange)

    await worked(exchange)

    assert 2 == len(await states(exchange))
    assert [0, 2, 0] == await counts(server, "INBOX", "Sold", "Odd")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"user": "somebody"}, "did not accept the user and password"),
        ({"folder": "Nowhere"}, "refused what was asked"),
        ({"ca_file": ""}, "certificate is not good"),
        ({"security": "tls"}, "connection to the mail server broke"),
        ({"server": "127.0.0.1:1"}, "refused the connection"),
    ],
)
async def test_what_is_in_the_way_is_told(
    exchange: Exchange, server: ImapServer, wrong: dict[str, str], told: str
) -> None:
    await with_mailbox(exchange, server, **wrong)
    await worked(exchange)

    assert told in (await problem(exchange) or "")


async def test_a_password_is_never_sent_in_the_clear(exchange: Exchange, server: ImapServer) -> None:
    with pytest.raises(DocumentProblems, match="security"):
        await with_mailbox(exchange, server, security="plain")


async def test_what_comes_back_to_a_mailbox_is_news_of_its_delivery(tmp_path: Path, server: ImapServer) -> None:
    """Where no mail server of ours can be reached, the mailbox of the sender's address has the bounces."""
    async with mail_server() as buyers, mailing(tmp_path, mail_domain="") as exchange:
        await takes_mail(exchange, buyers)
        await post(exchange)
        await worked(exchange)
        await with_mailbox(exchange, server)
        reference = buyers.taken[0].message_id.strip("<>").partition("@")[0]
        bounce = postfix(reference).replace(f"b+{reference}@in.".encode(), b"leads@")
        await asyncio.to_thread(server.append, bounce, bytes(lead_mail(1)))

        await worked(exchange, turns=60)

        assert "bounced" in [row["state"] for row in await exchange.rows("SELECT state FROM deliveries")]
        assert [0, 2] == await counts(server, "INBOX", "Done")
