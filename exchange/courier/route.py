"""By a proxy: a tunnel for what is encrypted, an address in full for what is not.

The proxy's own address is checked like any other. Behind it names are the proxy's to resolve; an address that stands
in the URL itself is still ours to refuse.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket

from exchange import limits
from exchange.courier.addresses import Addresses
from exchange.courier.dial import NotReached, dial
from exchange.courier.url import BadUrl, Target, split_url
from exchange.model.wire import Loss, Lost, Route

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[^\r\n]*\r?\n")
_END = b"\r\n\r\n"
_READ_BYTES = 4_096


def proxy_target(proxy: str) -> Target:
    """Where a proxy listens. Raises `BadUrl`."""
    target = split_url(proxy)
    if target.secure or target.path != "/":
        raise BadUrl("A proxy is written as http://host:port.")
    return target


def in_full(data: bytes, target: Target, route: Route) -> bytes:
    """A request in the clear as a proxy wants it: with the whole address, and with who we are."""
    method, _, rest = data.partition(b" ")
    line, _, headers = rest.partition(b"\r\n")
    address = f" http://{target.authority}".encode()
    return b"".join((method, address, line, b"\r\n", _login(route), headers))


async def tunnel(route: Route, target: Target, addresses: Addresses, seconds: float) -> socket.socket:
    """A socket that leads to the target by the proxy; for what is not encrypted, to the proxy. Raises `NotReached`."""
    kind = addresses.refused_literal(target.host)
    if kind is not None:
        raise NotReached(Lost(Loss.REFUSED_ADDRESS, f"{target.host} is {kind}."))
    try:
        proxy = proxy_target(route.proxy)
    except BadUrl as bad:
        raise NotReached(Lost(Loss.REFUSED_ADDRESS, f"The proxy cannot be used. {bad}")) from None
    made = await dial(proxy.host, proxy.port, addresses, seconds)
    if not target.secure:
        return made
    led = False
    try:
        async with asyncio.timeout(seconds):
            await _connect(made, target, route)
        led = True
    except TimeoutError:
        raise NotReached(Lost(Loss.CONNECT, f"The proxy {proxy.host} did not answer in time.")) from None
    except OSError:
        raise NotReached(Lost(Loss.CONNECT, f"The proxy {proxy.host} broke the connection.")) from None
    finally:
        if not led:
            made.close()
    return made


async def _connect(made: socket.socket, target: Target, route: Route) -> None:
    host = f"[{target.host}]" if ":" in target.host else target.host
    place = f"{host}:{target.port}"
    head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: lead-exchange\r\n".encode()
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(made, head + _login(route) + b"\r\n")
    answer = b""
    while _END not in answer:
        if len(answer) > limits.REPLY_HEADERS_BYTES:
            raise _refused("answered at too great length")
        more = await loop.sock_recv(made, _READ_BYTES)
        if not more:
            raise _refused("closed the connection")
        answer += more
    found = _STATUS.match(answer)
    if found is None:
        raise _refused("does not speak HTTP")
    if not found[1].startswith(b"2"):
        raise _refused(f"answered HTTP {found[1].decode()}")
    if not answer.endswith(_END) or answer.count(_END) != 1:
        raise _refused("spoke before it was asked")  # nothing of it may be taken for the buyer's


def _refused(what: str) -> NotReached:
    return NotReached(Lost(Loss.CONNECT, f"The proxy {what}."))


def _login(route: Route) -> bytes:
    if not route.proxy_user and not route.proxy_password:
        return b""
    pair = base64.b64encode(f"{route.proxy_user}:{route.proxy_password}".encode())
    return b"Proxy-Authorization: Basic " + pair + b"\r\n"
