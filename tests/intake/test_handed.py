"""A worker that may open no more files loses the connection it cannot take, says so, and serves on."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from exchange.handing import hand
from exchange.intake.connection import GuardedRunner
from exchange.intake.handed import Hand, HandedSite


@contextmanager
def no_more_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


async def test_a_connection_that_finds_no_descriptor_is_told_as_ended() -> None:
    loop = asyncio.get_running_loop()
    supervisor, end = socket.socketpair()
    supervisor.setblocking(False)
    lost, served = socket.socketpair(), tcp_pair()
    runner = GuardedRunner(web.Application())
    await runner.setup()
    site = HandedSite(runner, Hand(end), "here", lambda: None)
    try:
        await site.start()
        with no_more_files():
            hand(supervisor, lost[1])
            lost[1].close()
            assert b"-" == await asyncio.wait_for(loop.sock_recv(supervisor, 10), 10)
        lost[0].setblocking(False)
        assert b"" == await asyncio.wait_for(loop.sock_recv(lost[0], 10), 10)

        hand(supervisor, served[1])
        served[0].setblocking(False)
        await loop.sock_sendall(served[0], b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b"HTTP/1.1 404" == (await asyncio.wait_for(loop.sock_recv(served[0], 12), 10))[:12]
    finally:
        await runner.cleanup()
        for each in (supervisor, end, *lost, *served):
            each.close()
