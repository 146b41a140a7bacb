"""Where buyers' systems tell by themselves what became of leads: `/told/{connection}/{secret}`.

A wrong secret hears what a wrong name does. What is answered is durable; the same message again changes nothing.
"""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.connector import BadReply, Forged, ReadsDispositions, Terms
from exchange.flows.connection import Connection
from exchange.flows.reports_in import take_reports
from exchange.intake.decode import Refused
from exchange.model.reason import Reason
from exchange.rates import Bucket
from exchange.web.api.call import Call, Stop, Told, refuse, refused, work
from exchange.web.callbacks import read_callback
from exchange.web.keys import MARKET
from exchange.web.pages import Page

PATH = "/told/"
_ADDRESS = PATH + "{connection:[a-z][a-z0-9_]{0,59}}/{secret}"
_ENDPOINT = "told"

BUCKETS: web.AppKey[dict[str, Bucket]] = web.AppKey("told_buckets", dict)


def pages() -> tuple[Page, ...]:
    return (Page("POST", _ADDRESS, take),)


async def take(request: web.Request) -> web.StreamResponse:
    """Record the reports of a message: 200 with how many became what, 403 for who cannot prove it, 404 for no such."""
    market = request.app[MARKET]
    connection = market.connections.get(request.match_info["connection"])
    if connection is None or connection.reports is None or not _is_address(request, connection.reports, connection):
        return await _nothing_here(request)
    if seconds := _too_fast(request):
        stop = Stop(Reason.RATE_LIMITED, 429, f"Wait {seconds} s.", headers=(("Retry-After", str(seconds)),))
        return await refuse(Call(request, _ENDPOINT), stop, durable=False)
    return await work(Call(request, _ENDPOINT), lambda call: _take(call, connection))


def _is_address(request: web.Request, reports: ReadsDispositions, connection: Connection) -> bool:
    terms = Terms(request.app[MARKET].clock.now(), "", connection.secrets)
    return reports.is_address(request.match_info["secret"], terms)


async def _take(call: Call, connection: Connection) -> Told:
    request = call.request
    callback = await read_callback(request)
    if isinstance(callback, Refused):
        raise refused(callback)
    try:
        counts = await take_reports(call.market, request.match_info["connection"], connection, callback)
    except Forged:
        told = "The message is not signed with the secret of this address."
        raise Stop(Reason.KEY_UNKNOWN, 403, told) from None
    except BadReply as bad:
        raise Stop(Reason.BAD_REQUEST, 400, f"The message cannot be read: {bad.why}.") from None
    return Told({"status": "ok", "received": sum(counts.values()), "counts": counts})


def _too_fast(request: web.Request) -> int:
    """0 when the message may be taken, else the seconds to wait; each connection has a rate of its own."""
    buckets, name = request.app[BUCKETS], request.match_info["connection"]
    bucket = buckets.setdefault(name, Bucket(limits.TOLD_PER_SECOND, limits.TOLD_BURST))
    now = request.app[MARKET].clock.now()
    return 0 if bucket.take(now) else max(1, bucket.wait_seconds(now))


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    stop = Stop(Reason.NOT_FOUND, 404, "Nothing is told at this address. Check that it is whole.")
    return await refuse(Call(request, _ENDPOINT), stop, durable=False)
