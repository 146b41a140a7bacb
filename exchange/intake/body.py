"""What the web layer asks of a request before `decode`: its body within the limits, the true client, the header."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import ClientError, web
from multidict import MultiMapping

from exchange import limits
from exchange.intake.connection import GuardedConnection
from exchange.intake.flat import Refused
from exchange.model.reason import Reason

_FORWARDED_HOPS = 20  # addresses of `X-Forwarded-For` that are looked at, from the nearest on


async def read_body(request: web.Request, seconds: float = limits.REQUEST_SECONDS) -> bytes | Refused:
    """The whole body, or a refusal that left the rest unread (413 too large, 408 too slow, 400 broken off).

    `seconds` count from the first byte of the request's head. After a refusal that `closes` the answer must be sent
    with `response.force_close()`; what the client still sends is dropped.
    """
    if request.content_length is not None and request.content_length > limits.BODY_BYTES:
        return _cut(request, _too_large())
    if request.content.is_eof() and request.content.exception() is None:  # came with the head: no timer is needed
        body = request.content.read_nowait()
        return body if len(body) <= limits.BODY_BYTES else _cut(request, _too_large())
    connection = request.protocol
    now = asyncio.get_running_loop().time()
    started = connection.started if isinstance(connection, GuardedConnection) else None
    try:
        async with asyncio.timeout_at((now if started is None else started) + seconds):
            return await _read_within(request)
    except TimeoutError:
        message = f"The body did not arrive within {seconds:g} seconds."
        return _cut(request, Refused(Reason.BAD_REQUEST, 408, message, closes=True))
    except (ClientError, web.RequestPayloadError, ConnectionError):
        message = "The body broke off, or its chunks are not readable."
        return _cut(request, Refused(Reason.BAD_REQUEST, 400, message, closes=True))


async def _read_within(request: web.Request) -> bytes | Refused:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > limits.BODY_BYTES:
            return _cut(request, _too_large())
    return bytes(body)


def _too_large() -> Refused:
    message = f"The body is larger than {limits.BODY_BYTES // 1024} KB."
    return Refused(Reason.TOO_LARGE, 413, message, closes=True)


def _cut(request: web.Request, refused: Refused) -> Refused:
    if isinstance(request.protocol, GuardedConnection):
        request.protocol.refuse_rest()
    return refused


async def answer_expect(request: web.Request) -> web.StreamResponse | None:
    """A route's `expect_handler`: `100-continue` is granted only to a body that will be taken."""
    if request.headers.get("Expect", "").strip().lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="Only Expect: 100-continue is known.")
    if request.content_length is None or request.content_length <= limits.BODY_BYTES:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer proper is still to be sent
    return None


def client_ip(request: web.Request, trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address the request came from. `X-Forwarded-For` is believed only as far as declared proxies wrote it.

    Read from the nearest hop on, the first address that is no declared proxy is the client. Empty when unknown.
    """
    near = _address(request.remote or "")
    if near is None:
        return ""
    if not trusted_proxies or not _trusted(near, trusted_proxies):
        return str(near)
    hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    for hop in hops[: -_FORWARDED_HOPS - 1 : -1]:
        address = _address(hop)
        if address is None:
            break
        near = address
        if not _trusted(near, trusted_proxies):
            break
    return str(near)


def _trusted(address: IPv4Address | IPv6Address, proxies: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in proxies)


@lru_cache(maxsize=4_096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """`203.0.113.7`, `203.0.113.7:4711`, `[2001:db8::7]:4711` or `2001:db8::7`; IPv4 inside IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def idempotency_key(headers: MultiMapping[str]) -> str | Refused | None:
    """The `Idempotency-Key` header: None when it was not sent, refused unless 1 to 255 visible ASCII characters."""
    sent = headers.getall("Idempotency-Key", [])
    if not sent:
        return None
    key = sent[0]
    if len(sent) == 1 and 0 < len(key) <= limits.IDEMPOTENCY_KEY_CHARACTERS and all("!" <= mark <= "~" for mark in key):
        return key
    most = limits.IDEMPOTENCY_KEY_CHARACTERS
    return Refused(Reason.BAD_REQUEST, 400, f"Idempotency-Key must be 1 to {most} visible ASCII characters, sent once.")
