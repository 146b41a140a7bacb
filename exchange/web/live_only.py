"""Pages that tell of money: in test mode they say that test leads move none, and lead to the live ones."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.web.csv_rows import csv_file
from exchange.web.render import as_json, mode_of, notice

_SAYS = "Test leads move no money: nothing is booked, billed or paid for them."


def live_only(show: Handler) -> Handler:
    """The page for live leads. For test leads a page, a JSON document or a CSV file that says why there is nothing."""

    async def shown(request: web.Request) -> web.StreamResponse:
        if mode_of(request) == "live":
            return await show(request)
        live = str(request.rel_url.without_query_params("mode"))
        if request.path.endswith(".json"):
            return as_json({"mode": "test", "note": _SAYS, "live": live})
        if request.path.endswith(".csv"):
            return csv_file("test", [["note", "live"], [_SAYS, live]])
        return await notice(request, "No money in test mode", _SAYS, http_status=200, links=(("See it live", live),))

    return shown
