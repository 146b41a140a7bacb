"""Mail over real sockets: every answer a server can give, TLS that is verified, and a connection that is kept."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ed25519

from exchange.clock import SystemClock
from exchange.courier.breaker import Breaker
from exchange.courier.courier import Call, HttpCourier, Result
from exchange.courier.dkim import Signer
from exchange.courier.http import Lane
from exchange.courier.lane import SideLanes
from exchange.courier.smtp import MailHouse, SmtpLane
from exchange.model.wire import Attachment, EmailMessage, Loss, Relay
from tests.courier.dkim_verifier import verify
from tests.courier.rawbuyer import LOOPBACK, hold, one_message
from tests.courier.test_dkim import published
from tests.mail_server import MailServer, mail_server

NOW = 1_795_271_648_000
NAME = "mail.acme.example"


async def at_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@contextlib.asynccontextmanager
async def sending(house: MailHouse | None = None) -> AsyncIterator[HttpCourier]:
    def lanes(lane: Lane) -> SideLanes:
        return {EmailMessage: SmtpLane(lane.addresses, house or MailHouse(), lambda: NOW)}

    courier = HttpCourier(SystemClock(), Breaker(), LOOPBACK, at_loopback, lanes)
    try:
        yield courier
    finally:
        await courier.close()


@contextlib.asynccontextmanager
async def greets(words: bytes) -> AsyncIterator[int]:
    """A server that says this to whoever connects, and nothing more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def relay_of(server: MailServer, security: str = "plain", *login: str) -> Relay:
    return Relay(NAME, server.port, security, *login)


def mail(server: MailServer, number: int = 1, *to: str, relay: Relay | None = None) -> EmailMessage:
    relay = relay or relay_of(server)
    sender = "Harbor <leads@harbor.example>"
    return EmailMessage(
        sender, to or ("b@b.example",), "A lead: Zoë", "Zoë\n", f"<r{number}@harbor.example>", relay=relay
    )


async def send(courier: HttpCourier, message: EmailMessage, seconds: float = 5.0) -> Result:
    return await hold(courier, Call("acme", one_message(message), True), seconds)


def told(result: Result) -> tuple[int | None, str, bool]:
    """The server's code, its text, and whether the mail may have been handed over."""
    assert result.lost is None, result.lost
    return result.status, result.answer.body.decode(), result.delivered


async def test_a_mail_arrives_as_it_was_meant() -> None:
    csv = Attachment("lead.csv", "text/csv", "name\r\nZoë\r\n".encode())
    async with mail_server() as server, sending(MailHouse(domain="in.harbor.example")) as courier:
        whole = mail(server)._replace(html="<p>Zoë</p>", reply_to="desk@harbor.example", attachments=(csv,))
        result = await send(courier, whole)
    taken = server.taken[0]
    body, file = taken.message.iter_parts()
    text, html = body.iter_parts()

    assert (250, "2.0.0 queued as 1", True) == told(result)
    assert ("b+r1@in.harbor.example", ["b@b.example"]) == (taken.sender, taken.to)
    assert ("A lead: Zoë", "<r1@harbor.example>") == (taken.message["Subject"], taken.message_id)
    assert ("Harbor <leads@harbor.example>", "desk@harbor.example") == (
        taken.message["From"],
        taken.message["Reply-To"],
    )
    read = [part.get_content().replace("\r\n", "\n") for part in (text, html, file)]
    assert ["Zoë\n", "<p>Zoë</p>\n", "name\nZoë\n"] == read
    assert ("auto-generated", "lead.csv") == (taken.message["Auto-Submitted"], file.get_filename())
    assert max(map(len, taken.content.split(b"\r\n"))) <= 998 and b"\n" not in taken.content.replace(b"\r\n", b"")


async def test_without_a_domain_of_ours_a_bounce_goes_to_the_sender() -> None:
    async with mail_server() as server, sending() as courier:
        await send(courier, mail(server))
        await send(courier, mail(server, 2)._replace(bounce_to="b+x@y.example"))

    assert ["leads@harbor.example", "b+x@y.example"] == [each.sender for each in server.taken]


@pytest.mark.parametrize(
    ("command", "answer", "handed_over"),
    [
        ("MAIL", "451 4.7.1 greylisted", False),
        ("RCPT", "450 4.2.1 busy", False),
        ("RCPT", "550 5.1.1 nobody of that name", False),
        ("DATA", "452 4.3.1 full", True),
        ("DATA", "554 5.6.0 spam", True),
    ],
)
async def test_what_the_server_says_of_the_mail_is_its_reply(command: str, answer: str, handed_over: bool) -> None:
    async with mail_server({command: [answer]}) as server, sending() as courier:
        refused = await send(courier, mail(server))
        after = await send(courier, mail(server, 2))

    code, _, text = answer.partition(" ")
    assert (int(code), text, handed_over) == told(refused)
    assert (250, 1, ["<r2@harbor.example>"]) == (after.status, server.connections, [t.message_id for t in server.taken])


async def test_one_recipient_that_takes_it_is_enough_and_the_others_are_told() -> None:
    refusals = {"b@b.example": ["550 no such"], "c@b.example": ["450 later"]}
    async with mail_server(refusals) as server, sending() as courier:
        result = await send(courier, mail(server, 1, "b@b.example", "c@b.example", "d@b.example"))
    told_of = result.answer.body.decode()

    assert (250, ["d@b.example"]) == (result.status, server.taken[0].to)
    assert "not for b@b.example: 550 no such" in told_of and "not for c@b.example: 450 later" in told_of


async def test_when_nobody_takes_it_a_maybe_later_goes_before_a_never() -> None:
    refusals = {"b@b.example": ["550 no such"], "c@b.example": ["450 later"]}
    async with mail_server(refusals) as server, sending() as courier:
        result = await send(courier, mail(server, 1, "b@b.example", "c@b.example"))

    assert (450, "later", False) == told(result)


async def test_one_connection_carries_many_mails_and_one_that_was_closed_is_made_again() -> None:
    async with mail_server() as server, sending() as courier:
        for number in (1, 2, 3):
            assert 250 == (await send(courier, mail(server, number))).status
        server.hang_up()
        assert 250 == (await send(courier, mail(server, 4))).status
        server.answers["MAIL"] = ["421 too many on this line"]
        assert 250 == (await send(courier, mail(server, 5))).status

    assert [1, 1, 1, 2, 3] == [each.connection for each in server.taken]


async def test_mails_at_the_same_time_do_not_wait_for_each_other() -> None:
    async with mail_server() as server, sending() as courier:
        server.silent_after_data = 1
        calls = [Call("acme", one_message(mail(server, number)), True) for number in (1, 2)]
        results = await courier.fan_out(calls, courier.clock.monotonic() + 0.5)

    assert [None, 250] == sorted((result.status for result in results), key=bool)


async def test_no_answer_after_the_mail_is_unclear_and_the_same_mail_again_has_the_same_id_and_bytes() -> None:
    async with mail_server() as server, sending() as courier:
        server.silent_after_data = 1
        first = await send(courier, mail(server), 0.3)
        again = await send(courier, mail(server))

    assert first.lost is not None and (Loss.TIMEOUT, True) == (first.lost.why, first.delivered)
    assert (250, True) == (again.status, again.delivered)
    assert 1 == len({each.content for each in server.taken}) and 2 == len(server.taken)


async def test_a_line_that_breaks_after_the_mail_is_unclear_and_before_it_failed() -> None:
    async with mail_server() as server, sending() as courier:
        server.silent_after_data = 1
        waiting = asyncio.create_task(send(courier, mail(server)))
        await server.arrived.wait()
        server.hang_up()
        after = await waiting
    async with greets(b"220 hello\r\n") as port, sending() as courier:
        before = await send(courier, mail(MailServer(port)), 0.3)

    assert after.lost is not None and (Loss.RESET, True) == (after.lost.why, after.delivered)
    assert before.lost is not None and not before.delivered


async def test_a_server_that_does_not_let_us_in_took_nothing() -> None:
    async with mail_server() as server:
        pass
    async with sending() as courier:
        down = await send(courier, mail(server))
        none = await send(courier, mail(server)._replace(relay=None))
    async with greets(b"554 go away\r\n") as port, sending() as courier:
        turned_away = await send(courier, mail(MailServer(port)))
    async with greets(b"HTTP/1.1 400 Bad\r\n\r\n") as port, sending() as courier:
        other = await send(courier, mail(MailServer(port)))
    async with sending() as courier:
        forbidden = await send(courier, mail(server)._replace(relay=Relay("10.0.0.1", 25, "plain")))

    losses = [each.lost for each in (down, none, turned_away, other, forbidden)]
    assert [Loss.CONNECT] * 4 + [Loss.REFUSED_ADDRESS] == [lost.why for lost in losses if lost is not None]
    assert losses[2] is not None and f"{NAME} did not let us in (554)." == losses[2].detail
    assert not any(each.delivered for each in (down, none, turned_away, other, forbidden))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def presents(authority: trustme.CA, name: str = NAME) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_relay_is_signed_in_to_over_tls_alone(authority: trustme.CA, ca_file: str, security: str) -> None:
    ours = presents(authority)
    tls, starttls = (ours, None) if security == "tls" else (None, ours)
    async with mail_server(tls=tls, starttls=starttls, signs_in=True) as server, sending() as courier:
        good = await send(courier, mail(server, relay=relay_of(server, security, "us", "s3cret", ca_file)))
        bad = await send(courier, mail(server, 2, relay=relay_of(server, security, "us", "wrong", ca_file)))

    assert (250, 1) == (good.status, len(server.taken))
    assert server.taken[0].secure or security == "tls"
    assert "TLSv1.3" in good.records[0].peer
    assert bad.lost is not None and (Loss.CONNECT, f"{NAME} refused to sign us in (535).") == bad.lost
    assert not bad.delivered


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_of_another_name_or_authority_gets_nothing(
    authority: trustme.CA, ca_file: str, security: str
) -> None:
    for context in (presents(authority, "other.example"), presents(trustme.CA())):
        tls, starttls = (context, None) if security == "tls" else (None, context)
        async with mail_server(tls=tls, starttls=starttls) as server, sending() as courier:
            result = await send(courier, mail(server, relay=relay_of(server, security, "", "", ca_file)))

        assert result.lost is not None and Loss.TLS is result.lost.why, result.lost
        assert "certificate was refused" in result.lost.detail
        assert ([], False) == (server.taken, result.delivered)


async def test_encryption_that_is_wanted_and_not_offered_is_no_reason_to_go_without() -> None:
    async with mail_server() as server, sending() as courier:
        result = await send(courier, mail(server, relay=relay_of(server, "starttls", "us", "s3cret")))

    assert result.lost is not None and (Loss.TLS, False) == (result.lost.why, result.delivered)
    assert [] == server.taken


async def test_mail_of_our_domain_is_signed_and_the_signature_survives_the_way() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    house = MailHouse(signer=Signer("harbor.example", "s1", key))
    async with mail_server() as server, sending(house) as courier:
        await send(courier, mail(server)._replace(text=".\n..begins with dots\n\n\n"))
        await send(courier, mail(server, 2)._replace(sender="x@other.example"))
    ours, other = server.taken

    assert verify(ours.content, published(key)) is None
    assert "DKIM-Signature" not in other.message


async def test_the_exchange_has_a_relay_of_its_own_for_what_names_none() -> None:
    async with mail_server() as server:
        house = MailHouse(Relay(NAME, server.port, "plain"))
        async with sending(house) as courier:
            result = await send(courier, mail(server)._replace(relay=None))

    assert (250, 1) == (result.status, len(server.taken))
