"""The web application: the API, the console, health; and how it is served."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from importlib import import_module

from aiohttp import web

from exchange import limits
from exchange.flows.arrivals import Arrivals
from exchange.flows.doors import Write
from exchange.flows.health import health
from exchange.flows.market import Market
from exchange.flows.ticker import Ticker
from exchange.intake.connection import GuardedRunner
from exchange.intake.encode import encode
from exchange.intake.handed import Hand, HandedSite
from exchange.log import logger
from exchange.settings import Settings
from exchange.web.account import add_account
from exchange.web.analytics.mail import writer
from exchange.web.api.mount import add_api
from exchange.web.api.routes import routes
from exchange.web.buyer_portal import add_buyer_portal
from exchange.web.console import add_console
from exchange.web.front import HEALTH, add_headers, make_front
from exchange.web.keys import ARRIVALS, MARKET, SETTINGS, THROTTLE, TICKER
from exchange.web.public import add_public
from exchange.web.render import add_pages
from exchange.web.seller_portal import add_seller_portal
from exchange.web.throttle import Throttle
from exchange.web.to_try import ToTry, add_to_try
from exchange.web.way_in import add_ways_in

FINISH_SECONDS = limits.TIMEOUT_MS_MOST / 1000 + 5
"""How long requests at work may take to end after a stop: the longest deadline, and the writing of their answers."""

_LOG = logger(__name__)
Beside = Callable[[Market, Write], Awaitable[None]]
Listener = Callable[[Market], AbstractAsyncContextManager[object]]
"""Takes something that is not HTTP as long as it is open: mail, files."""


@dataclass(frozen=True, slots=True)
class Handed:
    """How a worker gets its connections, and the address where they came in."""

    hand: Hand
    address: str


def build_app(
    market: Market,
    settings: Settings,
    *,
    beside: Sequence[Beside] = (),
    listeners: Sequence[Listener] = (),
    to_try: ToTry | None = None,
) -> web.Application:
    """The application on a market that stays open as long as it runs.

    Each of `beside` (`exchange.worker.work`) and `listeners` runs as long as it does.
    `to_try` is shown on the dashboard.
    """
    table = routes()
    app = web.Application(middlewares=[make_front(table)], client_max_size=limits.BODY_BYTES)
    app[MARKET] = market
    app[SETTINGS] = settings
    app[ARRIVALS] = Arrivals(market.db)
    app[THROTTLE] = Throttle(market.live.rates)
    app[TICKER] = Ticker(market)
    market.live.write_report = writer(settings.currency)
    app.on_shutdown.append(_end_streams)
    app.on_response_prepare.append(add_headers)
    add_api(app, table)
    add_pages(app)
    add_ways_in(app)
    add_account(app)
    add_console(app)
    add_buyer_portal(app)
    add_public(app)
    add_seller_portal(app)
    app.router.add_get(HEALTH, _health)
    if to_try is not None:
        add_to_try(app, to_try)
    app.cleanup_ctx.append(_keep_rows)
    for each in beside:
        app.cleanup_ctx.append(_run_beside(each))
    for listener in listeners:
        app.cleanup_ctx.append(_listen_beside(listener))
    return app


async def serve(
    app: web.Application,
    settings: Settings,
    *,
    handed: Handed | None = None,
    started: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`; then take no new connection and let what is at work end.

    A worker among several does not listen: its connections are `handed` to it, and it stops when nobody hands any more.
    `started` is told the address that is listened on.
    """
    stop = stop or asyncio.Event()
    runner = GuardedRunner(app, access_log=None, handle_signals=False, shutdown_timeout=FINISH_SECONDS)
    await runner.setup()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        if handed is not None:
            site: web.BaseSite = HandedSite(runner, handed.hand, handed.address, stop.set)
        else:
            site = web.TCPSite(runner, settings.host, settings.port, backlog=limits.BACKLOG)
        await site.start()
        gc.collect()
        gc.freeze()  # what is here now stays for good: the collector need not look at it again
        gc.set_threshold(20_000, 20, 20)  # and what comes later mostly dies young, by reference counts
        address = handed.address if handed is not None else "{}:{}".format(*runner.addresses[0][:2])
        _LOG.info("Listening", address=address)
        if started is not None:
            started(f"http://{address}")
        await stop.wait()
        _LOG.info("Stopping", count=app[MARKET].live.requests)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        await runner.cleanup()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """For `asyncio.Runner`: uvloop where it is installed, else asyncio's own loop."""
    with suppress(ModuleNotFoundError):
        made: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
        return made
    return None


async def _health(request: web.Request) -> web.Response:
    good, told = await health(request.app[MARKET])
    body, content_type = encode(told, "json")
    headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
    return web.Response(status=200 if good else 503, body=body, headers=headers)


async def _end_streams(app: web.Application) -> None:
    """Open pages are let go before requests at work are waited for."""
    app[TICKER].close()


async def _keep_rows(app: web.Application) -> AsyncIterator[None]:
    """The rows of refused requests are written before the storage closes."""
    yield
    await app[ARRIVALS].close()


def _run_beside(work: Beside) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_work(work, app[MARKET]))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return run


def _listen_beside(listener: Listener) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(app: web.Application) -> AsyncIterator[None]:
        async with listener(app[MARKET]):
            yield

    return run


async def _work(work: Beside, market: Market) -> None:
    try:
        await work(market, encode)
    except Exception as error:
        _LOG.critical("What runs beside requests stopped", exc_info=error)
        raise
