"""A site whose connections are accepted by another process, which hands each to the worker that has the fewest."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

import orjson
from aiohttp import web

from exchange.handing import take
from exchange.intake.connection import GuardedServer
from exchange.log import logger

AT_ONCE = 64  # connections taken before the loop does other things
_LOG = logger(__name__)


class Hand:
    """A worker's side of the pair of sockets between it and its supervisor.

    Sockets of clients come in. What goes out is one line when the worker is ready, a list of warnings in JSON, then one
    byte for each connection that ended.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.end = end
        self._untold = 0

    def ready(self, warnings: list[str]) -> None:
        self._send(orjson.dumps(warnings) + b"\n")

    def ended(self) -> None:
        """One connection less. What cannot be told now is told with the next."""
        self._untold += 1
        self._untold -= self._send(b"-" * self._untold)

    def _send(self, told: bytes) -> int:
        with suppress(OSError):  # the supervisor is gone, or does not read: neither is to hold a lead up
            return self.end.send(told)
        return 0


class HandedSite(web.BaseSite):
    """Serves what is handed in. `orphaned` is called when whoever hands is gone."""

    def __init__(self, runner: web.AppRunner, hand: Hand, name: str, orphaned: Callable[[], None]) -> None:
        super().__init__(runner)
        self._hand, self._name, self._orphaned = hand, name, orphaned
        self._alone = False
        self._welcomes: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._name

    async def start(self) -> None:
        await super().start()
        assert isinstance(self._runner.server, GuardedServer)
        self._runner.server.told_of_ends = self._hand.ended
        asyncio.get_running_loop().add_reader(self._hand.end, self._take)

    async def stop(self) -> None:
        """Take what was handed in before, and no more: the supervisor finds this side shut and asks another worker."""
        asyncio.get_running_loop().remove_reader(self._hand.end)
        with suppress(OSError):
            self._hand.end.shutdown(socket.SHUT_RD)
        for client in self._waiting():
            self._begin(client)
        if self._welcomes:
            await asyncio.wait(self._welcomes)
        await super().stop()

    def _take(self) -> None:
        for client in islice(self._waiting(), AT_ONCE):
            self._begin(client)
        if self._alone:
            asyncio.get_running_loop().remove_reader(self._hand.end)
            self._orphaned()

    def _waiting(self) -> Iterator[socket.socket]:
        """What was handed in and not taken."""
        try:
            while (client := take(self._hand.end)) is not None:
                yield client
            self._alone = True
        except BlockingIOError:
            return
        except OSError as error:
            self._hand.ended()
            _LOG.error("A connection was lost: this process may open no more files", exc_info=error)

    def _begin(self, client: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._welcome(client))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, client: socket.socket) -> None:
        assert self._runner.server is not None
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(self._runner.server, client)
        except OSError as error:  # it left before it was heard
            client.close()
            self._hand.ended()
            _LOG.info("A connection ended before it began", exc_info=error)
