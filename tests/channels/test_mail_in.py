"""Leads by mail: real clients send to our server, which keeps what it took before it says so."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import aiosmtplib
import pytest
import trustme

from exchange.flows.documents import save_document
from exchange.flows.polls import pause
from exchange.flows.shapes import SOURCE
from exchange.intake.mail.listener import Listening, listening
from exchange.model.actor import SYSTEM
from exchange.storage.database import Tx
from exchange.storage.migrate import migrate
from exchange.storage.sqlite import open_sqlite
from tests.flows.arrived import states, worked
from tests.market import Exchange, consumer

ADDRESS = "solar@leads.exchange.example"
SENDER = "portal@dealer.example"
T = TypeVar("T")


@dataclass
class Inbox:
    exchange: Exchange
    host: str
    port: int

    async def send(self, *messages: EmailMessage | bytes, to: str = ADDRESS, sender: str = SENDER) -> None:
        async with aiosmtplib.SMTP(hostname=self.host, port=self.port) as client:
            for message in messages:
                await client.sendmail(sender, [to], bytes(message))

    async def by_stdlib(self, work: Callable[[smtplib.SMTP], T]) -> T:
        """What the standard library's client does and hears."""

        def run() -> T:
            with smtplib.SMTP(self.host, self.port, timeout=10) as client:
                return work(client)

        return await asyncio.to_thread(run)


def lead_mail(number: int, message_id: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, ADDRESS, "New lead"
    message["Message-ID"] = message_id or f"<{number}@dealer.example>"
    message.set_content("\n".join(f"{name}: {value}" for name, value in consumer(number).items()))
    return message


@asynccontextmanager
async def inbox(exchange: Exchange, place: Listening | None = None, **more: Any) -> AsyncIterator[Inbox]:
    exchange.buyers.bids("acme", "30.00")
    document = {"source": "dealer", "kind": "mail", "campaign": "cedar-solar", "address": ADDRESS, **more}
    await save_document(exchange.market, SOURCE, "dealer", document, SYSTEM)
    async with listening(exchange.market, place or Listening("127.0.0.1", 0, "in.exchange.example")) as (host, port):
        yield Inbox(exchange, host, port)


async def test_a_mail_is_sold_and_says_how_it_came(either: Exchange) -> None:
    async with inbox(either) as box:
        await box.send(lead_mail(1), lead_mail(2))
    await worked(either)

    assert [("taken", "accepted")] * 2 == await states(either)
    assert ["email"] * 2 == [row["channel"] for row in await either.rows("SELECT channel FROM requests")]
    assert 2 == len(either.buyers.posts("acme"))


async def test_the_same_mail_again_is_one_lead(exchange: Exchange) -> None:
    async with inbox(exchange) as box:
        await box.send(lead_mail(1), lead_mail(1))
        await box.send(lead_mail(2, "<1@dealer.example>"))
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)


async def test_pipelined_commands_and_eight_bits_are_taken(exchange: Exchange) -> None:
    text = "first_name: José\n" + "\n".join(
        f"{name}: {value}" for name, value in consumer(1).items() if name != "first_name"
    )
    head = f"Message-ID: <p@x.example>\r\nFrom: {SENDER}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    data = f"{head}Content-Transfer-Encoding: 8bit\r\n\r\n{text}".replace("\n", "\r\n").replace("\r\r", "\r").encode()
    async with inbox(exchange) as box:
        reader, writer = await asyncio.open_connection(box.host, box.port)
        commands = f"EHLO dealer.example\r\nMAIL FROM:<{SENDER}> BODY=8BITMIME\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n"
        writer.write(commands.encode())
        await reader.readuntil(b"354 ")
        writer.write(data + b"\r\n.\r\nQUIT\r\n")
        said = await reader.read()
        writer.close()
    await worked(exchange)

    assert b"250 2.0.0 Kept" in said
    assert [("taken", "accepted")] == await states(exchange)


@pytest.mark.parametrize("to", ["nobody@leads.exchange.example", "solar@elsewhere.example", "b+1@x.example"])
async def test_nobody_else_has_an_address_here(exchange: Exchange, to: str) -> None:
    async with inbox(exchange) as box:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await box.send(lead_mail(1), to=to)

    assert 550 == refused.value.recipients[0].code
    assert [] == await states(exchange)


async def test_only_the_senders_of_a_source_may_send(exchange: Exchange) -> None:
    async with inbox(exchange, senders=["@dealer.example", "boss@other.example"]) as box:
        await box.send(lead_mail(1))
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await box.send(lead_mail(2), sender="boss@evil.example")
        forged = lead_mail(3)
        del forged["From"]
        forged["From"] = "somebody@evil.example"
        await box.send(forged)
    await worked(exchange)

    assert [("failed", "invalid"), ("taken", "accepted")] == sorted(await states(exchange))


async def test_a_paused_source_takes_mail_later(exchange: Exchange) -> None:
    async with inbox(exchange) as box:
        await pause(exchange.market, "dealer", True, SYSTEM)
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await box.send(lead_mail(1))

    assert 451 == refused.value.recipients[0].code


async def test_a_flood_of_one_sender_is_told_to_come_later(exchange: Exchange) -> None:
    async with inbox(exchange, per_minute=2) as box:
        await box.send(lead_mail(1), lead_mail(2))
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await box.send(lead_mail(3))

    assert 451 == refused.value.code
    assert 2 == len(await states(exchange))


async def drop(tx: Tx) -> None:
    await tx.execute("DROP TABLE source_items")


async def test_a_mail_that_cannot_be_kept_is_asked_for_again(exchange: Exchange, tmp_path: Path) -> None:
    broken = await open_sqlite(tmp_path / "broken.db", process=False, durable=False)
    await migrate(broken, exchange.clock.now())
    await broken.write(drop)
    async with inbox(exchange):
        market = replace(exchange.market, db=broken)
        async with listening(market, Listening("127.0.0.1", 0, "in.exchange.example")) as (host, port):
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await Inbox(exchange, host, port).send(lead_mail(1))
    await broken.close()

    assert 451 == refused.value.code


async def test_a_mail_that_is_too_large_is_refused(exchange: Exchange) -> None:
    large = lead_mail(1)
    large.add_attachment(b"x" * 2_000_000, maintype="image", subtype="png", filename="roof.png")
    async with inbox(exchange) as box:
        with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
            await box.send(large)

    assert 552 == refused.value.code


async def test_a_second_mail_cannot_be_smuggled_in(exchange: Exchange) -> None:
    """A lone line feed ends no line, so a dot between two of them ends no mail."""
    commands = f"MAIL FROM:<x@evil.example>\nRCPT TO:<{ADDRESS}>\nDATA"
    inner = f"\n.\n{commands}\nMessage-ID: <2@x.example>\n\nName: Eva\n".encode()
    async with inbox(exchange) as box:
        reader, writer = await asyncio.open_connection(box.host, box.port)
        start = f"EHLO x\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n"
        writer.write(start.encode())
        await reader.readuntil(b"354 ")
        writer.write(bytes(lead_mail(1)).replace(b"\n", b"\r\n") + inner + b"\r\n.\r\nQUIT\r\n")
        said = await reader.read()
        writer.close()

    assert 1 == said.count(b"Kept")
    assert 1 == len(await states(exchange))


async def test_senders_may_encrypt(exchange: Exchange, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("in.exchange.example", "127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(tmp_path / "cert.pem", append=True)
    place = Listening("127.0.0.1", 0, "in.exchange.example", tmp_path / "cert.pem", tmp_path / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def send(client: smtplib.SMTP) -> Any:
        client.starttls(context=context)
        return client.send_message(lead_mail(1))

    async with inbox(exchange, place) as box:
        assert {} == await box.by_stdlib(send)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)


async def test_without_a_certificate_nobody_encrypts(exchange: Exchange) -> None:
    async with inbox(exchange) as box:
        offered = await box.by_stdlib(lambda client: (client.ehlo(), client.has_extn("starttls"))[1])

    assert not offered


async def test_what_a_machine_answers_is_taken_and_makes_no_lead(exchange: Exchange) -> None:
    away = lead_mail(1)
    away["Auto-Submitted"] = "auto-replied"
    async with inbox(exchange) as box:
        await box.send(away)

    assert [] == await states(exchange)


async def test_a_mail_without_a_lead_is_kept_with_its_problem(exchange: Exchange) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = SENDER, "Hello"
    message.set_content("See you at noon")
    async with inbox(exchange) as box:
        await box.send(message)
    await worked(exchange)

    assert [("failed", "invalid")] == await states(exchange)
