"""One order to send many deliveries again: how far it is, what did not go out and why, and the button that stops it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.resend_many import CannotBegin, stop_many
from exchange.storage.resend_runs import counts_of, read_run, refused_of
from exchange.web.auth import actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.words import utc

HOME = "/console/resends"
ONE = HOME + "/{run_id:[A-Za-z0-9_-]{1,60}}"
_SHOWN = 200


def pages() -> tuple[Page, ...]:
    return (Page("GET", ONE, show), Page("GET", ONE + ".json", as_json), Page("POST", ONE + "/stop", stop))


async def show(request: web.Request) -> web.StreamResponse:
    market, run_id = request.app[MARKET], request.match_info["run_id"]
    run = await market.db.read(read_run, actor_of(request), run_id)
    if run is None:
        return await _gone(request)
    counts = await market.db.read(counts_of, run_id)
    return await page(
        request,
        "console/leads/resend_run.html",
        title="Deliveries sent again",
        here="deliveries",
        run=run,
        counts=counts,
        done=run["total"] - counts.get("waiting", 0),
        refused=await market.db.read(refused_of, run_id, _SHOWN),
        moving=run["state"] == "running",
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market, run_id = request.app[MARKET], request.match_info["run_id"]
    run = await market.db.read(read_run, actor_of(request), run_id)
    if run is None:
        return json_response({"status": "error", "message": "There is no such order."}, 404)
    return json_response(
        {
            "run_id": run["id"],
            "state": run["state"],
            "which": run["told"],
            "begun_at": utc(run["made_at"]),
            "total": run["total"],
            "per_minute": run["per_minute"],
            "deliveries": await market.db.read(counts_of, run_id),
        }
    )


async def stop(request: web.Request) -> web.StreamResponse:
    run_id = request.match_info["run_id"]
    try:
        stopped = await stop_many(request.app[MARKET], run_id, actor_of(request), ip_of(request))
    except CannotBegin as error:
        return await notice(request, "It goes on", str(error), http_status=403)
    if not stopped:
        return await notice(request, "Nothing to stop", "It is over, or was stopped before.", http_status=409)
    return see_other(f"{HOME}/{run_id}")


async def _gone(request: web.Request) -> web.StreamResponse:
    links = [("All orders", HOME)]
    return await notice(request, "There is no such order", "Look in the list.", http_status=404, links=links)
