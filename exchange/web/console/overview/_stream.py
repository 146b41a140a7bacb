"""What happens, told to an open page as it happens: at most once a second, by server-sent events."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
from aiohttp import web

from exchange import limits
from exchange.flows.ticker import Tick
from exchange.web.keys import MARKET, TICKER
from exchange.web.pages import Page
from exchange.web.render import as_json, mode_of

_EVENTS = "text/event-stream"
_AGAIN_MS = 3_000
_WRITE_SECONDS = 10.0


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/console/stream", show),)


async def show(request: web.Request) -> web.StreamResponse:
    """A stream for a browser that asks for events; anybody else is told how many listen."""
    ticker = request.app[TICKER]
    if _EVENTS not in request.headers.get("Accept", ""):
        return as_json({"pages": ticker.pages, "at_most": limits.STREAMS})
    if ticker.pages >= limits.STREAMS:
        return web.Response(status=503, text="Too many pages are open: this one asks every few seconds instead.")
    response = web.StreamResponse(headers={"Content-Type": _EVENTS, "Cache-Control": "no-store"})
    response.headers["X-Accel-Buffering"] = "no"
    await response.prepare(request)
    live = request.app[MARKET].live
    live.requests -= 1  # a page that is only open does no work
    try:
        with suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
            await _tell(request, response)
    finally:
        live.requests += 1
    return response


async def _tell(request: web.Request, response: web.StreamResponse) -> None:
    mode = mode_of(request)
    await response.write(b"retry: %d\n\n" % _AGAIN_MS)
    async with asyncio.timeout(limits.STREAM_SECONDS):
        async for tick in request.app[TICKER].ticks():
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.write(_event(tick, mode) if tick is not None else b": nothing new\n\n")


def _event(tick: Tick, mode: str) -> bytes:
    leads = [lead.fields for lead in tick.of_mode(mode)]
    told = {"at": tick.at, "leads": leads, "version": tick.version, "alerts": tick.alerts, "waiting": tick.waiting}
    return b"event: tick\ndata: " + orjson.dumps(told) + b"\n\n"
