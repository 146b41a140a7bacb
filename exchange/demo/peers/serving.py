"""A peer that speaks HTTP: its routes at a port of this machine, as long as it is open."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from exchange.demo.peers import HOST

_SHUTDOWN_SECONDS = 0.1


@asynccontextmanager
async def serving(port: int, routes: Iterable[web.RouteDef], tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Yields the address; port 0 takes any that is free."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, ssl_context=tls).start()
        yield f"{'http' if tls is None else 'https'}://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
