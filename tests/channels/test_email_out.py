"""Leads that are sold by mail: sent by the worker to a real mail server, once to whoever reads it, and never lost."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exchange.flows.revoke import Taken, revoke
from exchange.flows.trial import Trial, send
from exchange.model.actor import Actor, Role
from exchange.model.party import Geo
from tests.buyers.test_email import maria
from tests.channels.mailed import mailing, settle_down, states, takes_mail, work_for
from tests.courier.dkim_verifier import verify
from tests.courier.test_dkim import published
from tests.flows.lab import held, later, lead_of, owed, person, post, spent
from tests.mail_server import mail_server
from tests.web.served import serve_exchange
from tests.web.visitor import stranger

PLACES = ({"zip": "85016", "state": "AZ"}, {"zip": "94103", "state": "CA"})


async def test_a_lead_is_sold_when_the_buyers_server_took_its_mail(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server)

        answer = await post(exchange)
        assert (("queued", "awaiting_receipt"), "30.00") == (answer.told, await held(exchange, "cobalt"))
        await settle_down(exchange)

        mail = server.taken[0]
        reference = (await exchange.rows("SELECT id FROM attempts"))[0]["id"]
        assert (f"<{reference}@harbor.example>", f"b+{reference}@in.harbor.example") == (mail.message_id, mail.sender)
        assert "Phone: +16029580142" in mail.text
        assert [("delivered", "accepted")] == await states(exchange)
        assert ("0.00", "30.00", "24.00", "sold") == (
            await held(exchange, "cobalt"),
            await spent(exchange, "cobalt"),
            await owed(exchange),
            (await lead_of(exchange, answer))["state"],
        )


async def test_who_buys_unseen_is_told_sold_at_once_and_gets_its_mail(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, sold_when="at_once")

        assert ("accepted", "24.00") == ((answer := await post(exchange))["status"], answer["price"])
        await settle_down(exchange)

        assert (1, [("delivered", "accepted")]) == (len(server.taken), await states(exchange))


async def test_a_mail_whose_answer_was_lost_goes_out_again_with_the_same_message_id(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, document={"seconds": 1})
        server.silent_after_data = 1

        await post(exchange)
        await settle_down(exchange)
        assert [("waiting", "pending")] == await states(exchange)
        await work_for(exchange, 60)

        assert (2, 1) == (len(server.taken), len({mail.message_id for mail in server.taken}))
        assert [("delivered", "accepted")] == await states(exchange)
        assert ("30.00", 1) == (await spent(exchange, "cobalt"), await exchange.count("sales"))


async def test_a_mailbox_that_is_not_there_refuses_and_the_next_buyer_gets_it(tmp_path: Path) -> None:
    refusal = {"RCPT": ["550 5.1.1 nobody of that name"]}
    async with mail_server(refusal) as server, mail_server() as other, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, price="30")
        await takes_mail(exchange, other, "dune", price="20")

        await post(exchange)
        await work_for(exchange, 30)

        assert [("delivered", "accepted"), ("refused", "rejected")] == sorted(await states(exchange))
        assert ([], 1, "20.00") == (server.taken, len(other.taken), await spent(exchange, "dune"))


async def test_a_mail_that_waits_is_not_sent_once_consent_was_taken_back(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server)
        answer = await post(exchange)
        await revoke(exchange.market, Taken(lead_id=answer["lead_id"]), Actor(Role.OPERATOR, "pat"))
        await settle_down(exchange)

        assert ([], [("failed", "failed")]) == (server.taken, await states(exchange))
        assert ("0.00", "0.00") == (await held(exchange, "cobalt"), await spent(exchange, "cobalt"))


async def test_a_greylisted_mail_waits_alone(tmp_path: Path) -> None:
    async with mail_server({"RCPT": ["451 4.7.1 come back"]}) as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server)

        for number in (1, 2):
            await post(exchange, person(number))
        await settle_down(exchange)
        assert 1 == len(server.taken)
        await work_for(exchange, 60)

        assert (2, [("delivered", "accepted")] * 2) == (len(server.taken), await states(exchange))


async def test_a_mail_server_that_is_down_for_an_hour_delays_its_own_leads_only(tmp_path: Path) -> None:
    async with mail_server() as down:
        port = down.port
    async with mail_server() as up, mailing(tmp_path) as exchange:
        await takes_mail(exchange, down, geo=Geo(states=("AZ",)))
        await takes_mail(exchange, up, "dune", geo=Geo(states=("CA",)))
        for number in range(6):
            await post(exchange, person(number, **PLACES[number % 2]))
            await work_for(exchange, 600, 100)
            assert number // 2 + number % 2 == len(up.taken)  # each is there before the next comes

        async with mail_server(port=port) as again:
            await work_for(exchange, 3_700, 60)

            assert 3 == len({mail.message_id for mail in again.taken}) == len(again.taken) == len(up.taken)
            assert [("delivered", "accepted")] * 6 == await states(exchange)


async def test_the_links_of_a_mail_are_good(tmp_path: Path) -> None:
    async with (
        mail_server() as server,
        mailing(tmp_path) as exchange,
        serve_exchange(exchange) as served,
        stranger(served) as visitor,
    ):
        await takes_mail(exchange, server, document={"links": ["dispositions", "return"]})
        await post(exchange)
        await settle_down(exchange)
        links = dict(re.findall(r"^([A-Z][A-Za-z ]+): (http\S+/l/\S+)", server.taken[0].text, re.MULTILINE))

        def path(label: str) -> str:
            return str(links[label]).removeprefix(exchange.settings.public_url)

        assert "Recorded: contacted" in (await visitor.send(path("Contacted"))).text
        assert "You asked to return" in (await visitor.send(path("Ask to return it"), reason="language")).text
        assert ["contacted"] == [row["kind"] for row in await exchange.rows("SELECT kind FROM dispositions")]
        assert ["language"] == [row["reason"] for row in await exchange.rows("SELECT reason FROM return_requests")]


async def test_leads_that_go_together_are_one_mail_each_with_its_own_links(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        document = {"attach": "csv", "links": ["return"]}
        await takes_mail(exchange, server, document=document, schedule="every 15m")

        for number in range(3):
            await post(exchange, person(number))
        await settle_down(exchange)
        assert [] == server.taken
        later(exchange, 900)
        await settle_down(exchange)

        (mail,) = server.taken
        assert 3 == len(set(re.findall(r"Ask to return it: (\S+)", mail.text)))
        assert ("3 new leads", "<cobalt-solar-0001@harbor.example>") == (mail.message["Subject"], mail.message_id)
        (file,) = mail.message.iter_attachments()
        assert 4 == len(file.get_content().splitlines())
        assert [("delivered", "accepted")] * 3 == await states(exchange)


async def test_our_own_mail_is_signed_on_its_way_out(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "dkim.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    signs = {"dkim_domain": "harbor.example", "dkim_selector": "s1", "dkim_key_file": str(tmp_path / "dkim.pem")}
    async with mail_server() as server:
        own = {"mail_host": "127.0.0.1", "mail_port": server.port, "mail_security": "plain"}
        async with mailing(tmp_path, **own, **signs) as exchange:
            await takes_mail(exchange, server, document={"relay": None})
            await post(exchange)
            await settle_down(exchange)

    assert verify(server.taken[0].content, published(key)) is None


async def test_whoever_tries_a_connection_gets_its_mail(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server)
        market = exchange.market
        contract = market.deals.contracts["cobalt-solar"]
        trial = Trial(contract, market.connections["cobalt"], "post", maria())

        tried = await send(market, trial, send_to="me@harbor.example")

    (mail,) = server.taken
    assert "accepted" == tried.outcome
    assert ["me@harbor.example"] == mail.to
    assert mail.message["Subject"].startswith("[Test] ")
    assert "Sandoval" in mail.text
