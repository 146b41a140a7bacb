"""The HTTP lane: bounded pools of kept connections, one per buyer and origin; callbacks, no task or timer per message.

A lane is used from one event loop. Messages that find no connection wait in their pool, posts first; each connection
made or freed takes the next. A failed attempt to connect ends exactly one waiting message.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque

from exchange import limits
from exchange.courier.addresses import Addresses
from exchange.courier.connection import Connection, Exchange
from exchange.courier.dial import NotReached, find_addresses
from exchange.courier.marks import FOUND, Marks
from exchange.courier.request import Heads
from exchange.courier.route import tunnel
from exchange.courier.tls import Contexts, Unreadable, reason
from exchange.courier.url import Target
from exchange.model.wire import Loss, Lost, Route

DIRECT = Route()


class Lane:
    """All pools of one event loop. No reply may have more than `room` bytes."""

    def __init__(self, addresses: Addresses, room: int = limits.REPLY_BYTES) -> None:
        self.addresses = addresses
        self.room = room
        self.contexts = Contexts()
        self.heads = Heads()
        self.marks: Marks | None = None
        self.connecting: set[asyncio.Task[None]] = set()
        self.pools: dict[tuple[str, bool, str, int, str, Route | None], Pool] = {}

    def send(self, exchange: Exchange, key: str, target: Target, ca_file: str, route: Route | None = None) -> None:
        """Send over the pool of this buyer, origin and route; the outcome comes to `exchange.on_outcome`, perhaps at
        once. What goes to a proxy in the clear is already addressed to it."""
        place = (key, target.secure, target.host, target.port, ca_file, route)
        pool = self.pools.get(place)
        if pool is None:
            pool = self.pools[place] = Pool(self, target, ca_file, route or DIRECT)
        pool.take(exchange)

    async def close(self) -> None:
        """Close every connection, idle or not."""
        for task in self.connecting:
            task.cancel()
        await asyncio.gather(*self.connecting, return_exceptions=True)
        for pool in self.pools.values():
            pool.close()
        self.pools.clear()
        self.addresses.close()


def cut(exchange: Exchange) -> Lost:
    """Take an exchange back, telling nobody, and say what its loss is when the deadline is the cause."""
    exchange.ended = True
    connection, exchange.connection = exchange.connection, None
    if connection is not None:
        connection.drop()
    if exchange.written:
        return Lost(Loss.TIMEOUT, "The buyer did not answer in time.")
    if exchange.crowded:
        return Lost(Loss.POOL, "All connections to this buyer were busy.")
    return Lost(Loss.CONNECT, "No connection to the buyer was made in time.")


class Pool:
    """Connections of one buyer to one origin: `idle` ends with the one used last."""

    def __init__(self, lane: Lane, target: Target, ca_file: str, route: Route = DIRECT) -> None:
        self.lane = lane
        self.room = lane.room
        self.marks = lane.marks
        self.target = target
        self.ca_file = route.ca_file or ca_file
        self.route = route
        self.idle: list[Connection] = []
        self.open: set[Connection] = set()
        self.connecting = 0
        self.posts: deque[Exchange] = deque()
        self.pings: deque[Exchange] = deque()
        self._time = asyncio.get_running_loop().time

    def take(self, exchange: Exchange) -> None:
        connection = self._kept(limits.POST_IDLE_SECONDS if exchange.delivers else limits.POOL_IDLE_SECONDS)
        if connection is not None:
            connection.send(exchange)
            return
        waiting = self.posts if exchange.delivers else self.pings
        if len(waiting) >= limits.POOL_WAITING:
            self._forget_ended()
        if len(waiting) >= limits.POOL_WAITING:
            exchange.end(Lost(Loss.POOL, "Too many messages wait for a connection to this buyer."))
            return
        waiting.append(exchange)
        exchange.crowded = not self._grow()

    def _kept(self, idle_seconds: float) -> Connection | None:
        """The connection used last, if it was used within `idle_seconds`; those long unused are closed."""
        idle = self.idle
        if not idle:
            return None
        now = self._time()
        if now - idle[0].used_at > limits.POOL_IDLE_SECONDS:
            idle[0].drop()
            del idle[0]
        while idle:
            last = idle.pop()
            if not last.usable():
                continue
            if now - last.used_at <= idle_seconds:
                return last
            idle.append(last)
            break
        return None

    def _forget_ended(self) -> None:
        for waiting in (self.posts, self.pings):
            live = [exchange for exchange in waiting if not exchange.ended]
            waiting.clear()
            waiting.extend(live)

    def _next(self) -> Exchange | None:
        for waiting in (self.posts, self.pings):
            while waiting:
                exchange = waiting.popleft()
                if not exchange.ended:
                    return exchange
        return None

    def _grow(self) -> bool:
        """Start as many connections as there are messages waiting. False when the bound stands in the way."""
        wanted = sum(not exchange.ended for waiting in (self.posts, self.pings) for exchange in waiting)
        while self.connecting < wanted:
            if len(self.open) + self.connecting >= limits.POOL_PER_BUYER:
                if not self.idle:
                    return False
                self.idle.pop(0).drop()  # too long unused for a post: it makes room for a new one
            self.connecting += 1
            task = asyncio.get_running_loop().create_task(self._connect())
            self.lane.connecting.add(task)
            task.add_done_callback(self.lane.connecting.discard)
        return True

    # What a connection reports

    def freed(self, connection: Connection) -> None:
        exchange = self._next()
        if exchange is not None:
            connection.send(exchange)
            return
        connection.reused = True
        connection.used_at = self._time()
        self.idle.append(connection)

    def gone(self, connection: Connection) -> None:
        self.open.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        if self.posts or self.pings:
            self._grow()

    def again(self, exchange: Exchange) -> None:
        exchange.connection = None
        self.pings.appendleft(exchange)
        self._grow()

    # Connecting

    async def _connect(self) -> None:
        try:
            outcome = await self._dial()
        finally:
            self.connecting -= 1
        if isinstance(outcome, Connection):
            if outcome.usable():
                self.freed(outcome)
                return
            self.open.discard(outcome)
            outcome = Lost(Loss.CONNECT, "The buyer closed the new connection at once.")
        exchange = self._next()
        if exchange is not None:
            exchange.end(outcome)
        self._grow()

    async def _dial(self) -> Connection | Lost:
        host, port = self.target.host, self.target.port
        if self.route.proxy:
            return await self._open_by_proxy()
        tried = await find_addresses(host, port, self.lane.addresses)
        if self.marks is not None:
            self.marks.note(FOUND)
        if isinstance(tried, Lost):
            return tried
        outcome: Connection | Lost = Lost(Loss.CONNECT, f"No connection to {host} was made.")
        for address in tried:
            outcome = await self._open(address, limits.CONNECT_SECONDS / len(tried))
            if isinstance(outcome, Connection):
                break
        return outcome

    async def _open_by_proxy(self) -> Connection | Lost:
        try:
            made = await tunnel(self.route, self.target, self.lane.addresses, limits.CONNECT_SECONDS)
        except NotReached as error:
            return error.lost
        connection = await self._open(made, limits.CONNECT_SECONDS)
        if isinstance(connection, Connection):
            connection.peer += " (proxy)"
        return connection

    async def _open(self, way: str | socket.socket, seconds: float) -> Connection | Lost:
        """Connect to this very address, or go on with a socket that is connected. The certificate is asked for, and
        checked, by the host's name."""
        host, port, secure = self.target.host, self.target.port, self.target.secure
        try:
            context = self._context() if secure else None
        except Unreadable as error:
            if isinstance(way, socket.socket):
                way.close()
            return Lost(Loss.TLS, str(error))
        name = host if secure else None
        create = asyncio.get_running_loop().create_connection
        try:
            async with asyncio.timeout(seconds):
                if isinstance(way, str):
                    _, connection = await create(lambda: Connection(self), way, port, ssl=context, server_hostname=name)
                else:
                    _, connection = await create(lambda: Connection(self), sock=way, ssl=context, server_hostname=name)
        except ssl.SSLError as error:
            return Lost(Loss.TLS, reason(error))
        except TimeoutError:
            return Lost(Loss.CONNECT, f"{host} did not take the connection in time.")
        except ConnectionRefusedError:
            return Lost(Loss.CONNECT, f"{host} refused the connection.")
        except OSError:
            return Lost(Loss.TLS if secure else Loss.CONNECT, f"No connection to {host} was made.")
        self.open.add(connection)
        return connection

    def _context(self) -> ssl.SSLContext:
        return self.lane.contexts.of(self.ca_file, self.route.certificate, self.route.key_file)

    def close(self) -> None:
        for exchange in (*self.posts, *self.pings):
            exchange.end(Lost(Loss.CONNECT, "The exchange is shutting down."))
        self.posts.clear()
        self.pings.clear()
        for connection in tuple(self.open):
            exchange_left = connection.exchange
            connection.drop()
            if exchange_left is not None:
                exchange_left.end(Lost(Loss.RESET, "The exchange is shutting down."))
        self.open.clear()
        self.idle.clear()
