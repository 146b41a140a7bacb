"""Pages of quality are about one vertical: that which is asked for, and where there is none they say so alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.model.vertical import Vertical
from exchange.web.figures.quality import chosen
from exchange.web.keys import MARKET
from exchange.web.render import as_json, notice


def of_vertical(show: Callable[[web.Request, Vertical], Awaitable[web.StreamResponse]]) -> Handler:
    """A page about the vertical that is asked for. Where there is no such one it says so, to programs as JSON."""

    async def shown(request: web.Request) -> web.StreamResponse:
        vertical = chosen(request, request.app[MARKET])
        if vertical is not None:
            return await show(request, vertical)
        if request.path.endswith(".json"):
            return as_json({"error": "There is no such vertical."}, http_status=404)
        return await notice(request, "There is no such vertical", "Choose one of the list.", http_status=404)

    return shown
