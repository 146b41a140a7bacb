"""By a proxy and with a certificate of ours, against real servers that ask for them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from exchange.courier.call import Call
from exchange.courier.courier import HttpCourier, Result
from exchange.model.wire import HttpMessage, Loss, Route
from tests.courier.rawbuyer import Line, Serve, courier_for, hold, one_message, raw_buyer, reply, says

NAME = "lead.acme.example"
LOGIN = base64.b64encode(b"lex:s3cret").decode()


@dataclass
class Proxy:
    """A proxy for tunnels and for addresses in full. It knows where every name leads: to the port of the buyer."""

    buyer_port: int
    answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
    port: int = 0
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        try:
            if head.startswith(b"CONNECT "):
                writer.write(self.answer)
                if not self.answer.startswith(b"HTTP/1.1 2"):
                    return
                await self.join(reader, writer, b"")
            else:
                await self.join(reader, writer, head)
        except OSError:
            return
        finally:
            writer.close()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.buyer_port)
        inner_writer.write(first)
        try:
            await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))
        finally:
            inner_writer.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextlib.asynccontextmanager
async def proxy_to(buyer_port: int, answer: bytes | None = None) -> AsyncIterator[Proxy]:
    proxy = Proxy(buyer_port) if answer is None else Proxy(buyer_port, answer)
    running: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        with contextlib.suppress(asyncio.CancelledError, EOFError):  # the test is over
            await proxy.serve(reader, writer)
        running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass(frozen=True)
class Files:
    """A buyer's server that asks for a certificate, and what a client needs to be let in."""

    context: ssl.SSLContext
    ca_file: str
    certificate: str


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    mine(authority, folder / "exchange.pem")
    return Files(context, str(folder / "ca.pem"), str(folder / "exchange.pem"))


def mine(authority: trustme.CA, path: Path) -> None:
    """Our certificate, its key and its chain in one file."""
    issued = authority.issue_cert("exchange.example")
    path.write_bytes(b"".join((issued.private_key_pem.bytes(), *(each.bytes() for each in issued.cert_chain_pems))))


async def at_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def nowhere(host: str, port: int) -> list[str]:
    if host != "127.0.0.1":
        raise OSError(f"{host} is not known here")
    return [host]


async def post_by(courier: HttpCourier, url: str, route: Route) -> Result:
    message = HttpMessage("POST", url, {}, b"phone=3125550142", True, route=route)
    return await hold(courier, Call("acme", one_message(message), True), 2.0)


def loss(result: Result) -> Loss:
    assert result.lost is not None, result
    return result.lost.why


async def echo(line: Line) -> None:
    """Answers with the name in the certificate that was shown."""
    while True:
        await line.request()
        shown = line.writer.get_extra_info("peercert") or {}
        names = [value for _, value in shown.get("subjectAltName", ())]
        await line.say(reply(f"status=accepted&by={','.join(names)}".encode()))


async def test_a_buyer_that_asks_for_a_certificate_is_shown_ours(files: Files) -> None:
    route = Route(certificate=files.certificate, ca_file=files.ca_file)
    async with raw_buyer(echo, tls=files.context) as buyer, courier_for(resolver=at_loopback) as courier:
        results = [await post_by(courier, buyer.url("/post", NAME, "https"), route) for _ in range(2)]

    assert [b"status=accepted&by=exchange.example"] * 2 == [result.answer.body for result in results]
    assert 1 == buyer.connections


async def test_without_a_certificate_such_a_buyer_hears_nothing(files: Files) -> None:
    async with raw_buyer(echo, tls=files.context) as buyer, courier_for(resolver=at_loopback) as courier:
        result = await post_by(courier, buyer.url("/post", NAME, "https"), Route(ca_file=files.ca_file))

    assert result.answer is None and [] == buyer.requests


async def test_a_certificate_of_another_authority_is_not_taken(files: Files, tmp_path: Path) -> None:
    mine(trustme.CA(), tmp_path / "other.pem")
    route = Route(certificate=str(tmp_path / "other.pem"), ca_file=files.ca_file)
    async with raw_buyer(echo, tls=files.context) as buyer, courier_for(resolver=at_loopback) as courier:
        result = await post_by(courier, buyer.url("/post", NAME, "https"), route)

    assert result.answer is None and [] == buyer.requests


async def test_a_renewed_certificate_is_taken_up(files: Files, authority: trustme.CA, tmp_path: Path) -> None:
    path = tmp_path / "ours.pem"
    path.write_text("not a certificate")
    route = Route(certificate=str(path), ca_file=files.ca_file)
    async with raw_buyer(echo, tls=files.context) as buyer, courier_for(resolver=at_loopback) as courier:
        before = await post_by(courier, buyer.url("/post", NAME, "https"), route)
        mine(authority, path)
        after = await post_by(courier, buyer.url("/post", NAME, "https"), route)

    assert before.lost is not None and after.answer is not None
    assert (Loss.TLS, "Our certificate for this buyer, or its key, cannot be used.") == before.lost


async def test_an_encrypted_buyer_is_reached_through_a_tunnel(files: Files) -> None:
    async with (
        raw_buyer(echo, tls=files.context) as buyer,
        proxy_to(buyer.port) as proxy,
        courier_for(resolver=nowhere) as courier,
    ):
        route = Route(proxy.url, "lex", "s3cret", files.certificate, ca_file=files.ca_file)
        results = [await post_by(courier, f"https://{NAME}/post", route) for _ in range(2)]

    assert [200, 200] == [result.status for result in results]
    assert 1 == len(proxy.heads)
    assert proxy.heads[0].startswith(f"CONNECT {NAME}:443 HTTP/1.1\r\nHost: {NAME}:443\r\n")
    assert f"Proxy-Authorization: Basic {LOGIN}\r\n" in proxy.heads[0]
    assert b"Proxy-Authorization" not in b"".join(buyer.requests)
    assert results[0].records[0].peer.endswith("(proxy)")


async def test_a_proxy_is_given_the_whole_address_of_what_is_not_encrypted() -> None:
    async with (
        raw_buyer(says(reply(b"status=accepted"))) as buyer,
        proxy_to(buyer.port) as proxy,
        courier_for(resolver=nowhere) as courier,
    ):
        result = await post_by(courier, "http://acme.example/post?v=2", Route(proxy.url, "lex", "s3cret"))

    assert b"status=accepted" == result.answer.body
    assert proxy.heads[0].startswith("POST http://acme.example/post?v=2 HTTP/1.1\r\nProxy-Authorization: Basic ")
    assert "\r\nHost: acme.example\r\n" in proxy.heads[0]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answered HTTP 407"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!", "answered HTTP 502"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nstatus=accepted", "spoke before"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000, "at too great length"),
        (b"HTTP/1.1 302 ", "closed the connection"),
    ],
)
async def test_a_proxy_that_lies_or_refuses_has_carried_nothing(answer: bytes, told: str, files: Files) -> None:
    async with (
        raw_buyer(echo, tls=files.context) as buyer,
        proxy_to(buyer.port, answer) as proxy,
        courier_for(resolver=nowhere) as courier,
    ):
        result = await post_by(courier, f"https://{NAME}/post", Route(proxy.url, ca_file=files.ca_file))

    assert (Loss.CONNECT, False, []) == (loss(result), result.delivered, buyer.requests)
    assert result.lost is not None and told in result.lost.detail


async def test_a_proxy_that_leads_to_somebody_else_is_found_out_by_the_certificate(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(NAME).configure_cert(context)
    serve: Serve = says(reply(b"status=accepted"))
    async with (
        raw_buyer(serve, tls=context) as impostor,
        proxy_to(impostor.port) as proxy,
        courier_for(resolver=nowhere) as courier,
    ):
        result = await post_by(courier, f"https://{NAME}/post", Route(proxy.url))

    assert (Loss.TLS, False, []) == (loss(result), result.delivered, impostor.requests)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://acme.example/post", "http://169.254.169.254:3128"),
        ("https://acme.example/post", "https://127.0.0.1:3128"),
        ("https://acme.example/post", "http://127.0.0.1:3128/way"),
        ("https://acme.example/post", "socks5://127.0.0.1:1080"),
        ("https://10.0.0.7/post", "http://127.0.0.1:3128"),
        ("http://[::ffff:10.0.0.7]/post", "http://127.0.0.1:3128"),
    ],
)
async def test_neither_a_forbidden_proxy_nor_a_forbidden_address_behind_one_is_called(url: str, proxy: str) -> None:
    async with courier_for(resolver=nowhere) as courier:
        result = await post_by(courier, url, Route(proxy))

    assert (Loss.REFUSED_ADDRESS, False) == (loss(result), result.delivered)


async def test_each_route_has_connections_of_its_own() -> None:
    async with (
        raw_buyer(says(reply(b"status=accepted"))) as buyer,
        proxy_to(buyer.port) as one,
        proxy_to(buyer.port) as two,
        courier_for(resolver=nowhere) as courier,
    ):
        for proxy in (one, two, one, two):
            assert 200 == (await post_by(courier, "http://acme.example/post", Route(proxy.url))).status

    assert (1, 1) == (len(one.heads), len(two.heads))
