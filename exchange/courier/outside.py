"""What others keep for us, looked at: lists and feeds by HTTP, and sockets to mailboxes and file servers.

Nothing is delivered here, so there is no breaker and no record; addresses and TLS are checked as everywhere.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence

from exchange import limits
from exchange.courier.addresses import Addresses, Network, Resolver, resolve_by_system
from exchange.courier.connection import Exchange
from exchange.courier.dial import dial
from exchange.courier.http import Lane, cut
from exchange.courier.request import UnsendableMessage
from exchange.courier.url import BadUrl
from exchange.model.wire import HttpMessage, Loss, Lost, Reply


class Outside:
    """Connections of its own, apart from those to buyers, with replies as large as a list may be."""

    def __init__(self, allowed: Sequence[Network] = (), resolver: Resolver = resolve_by_system) -> None:
        self._addresses = Addresses(allowed, resolver)
        self._lane = Lane(self._addresses, limits.FETCH_BYTES)

    async def dial(self, host: str, port: int, seconds: float = limits.CONNECT_SECONDS) -> socket.socket:
        """A connected socket. Raises `NotReached`."""
        return await dial(host, port, self._addresses, seconds)

    async def get(
        self, source: str, url: str, headers: Mapping[str, str], seconds: float = limits.FETCH_SECONDS
    ) -> Reply | Lost:
        """One GET for this source. Validators are headers (`If-None-Match`); 304 and redirects are replies."""
        message = HttpMessage("GET", url, headers, delivers=False)
        try:
            target, data = self._lane.heads.encode(message)
        except (BadUrl, UnsendableMessage) as bad:
            return Lost(Loss.REFUSED_ADDRESS, str(bad))
        ended: asyncio.Future[Reply | Lost] = asyncio.get_running_loop().create_future()
        exchange = Exchange(data, message.method, False, ended.set_result)
        self._lane.send(exchange, source, target, "")
        try:
            async with asyncio.timeout(seconds):
                return await ended
        except TimeoutError:
            return cut(exchange)
        finally:
            if not exchange.ended:
                cut(exchange)

    async def close(self) -> None:
        await self._lane.close()
