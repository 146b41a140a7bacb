"""What stands before every page and call: shedding, safe headers, and an answer for whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from aiohttp import ClientConnectionResetError, web
from aiohttp.typedefs import Handler, Middleware

from exchange.flows.market import Market
from exchange.log import logger
from exchange.model.reason import Reason
from exchange.storage.database import StorageBusy, StorageError, StorageFull, StorageUnclear
from exchange.web.api.call import Call, Stop, refuse
from exchange.web.api.route import Rank, Route
from exchange.web.keys import FRAMED, MARKET, REQUEST_ID, SETTINGS
from exchange.web.render import notice

API = "/api/"
HEALTH = "/health"
SENT_TO = ("/fax/", "/hooks/", "/in/")
"""Where sources are sent to, and providers fetch and call back: each may be a lead, or what became of one."""
SHED_SECONDS = 3
"""A shed caller is told to come back after 1 to this many seconds, drawn, so that not all come at once."""

_POLICY = "Content-Security-Policy"
_FRAME = "X-Frame-Options"
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        _POLICY: ("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        _FRAME: "DENY",
    }
)
_DOWN = (StorageError, StorageFull, StorageUnclear)
"""What says that the storage fails; its other errors are about one unit of work."""

_LOG = logger(__name__)


_NOTHING = "%00"
_NO_CHARACTER = "It holds a character that no text may hold. Open it as it was written."


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _headers(request.get(FRAMED)):
        response.headers.setdefault(name, value)
    response.headers["Server"] = "exchange"


def _headers(framed: str | None) -> Iterable[tuple[str, str]]:
    """All of them; a page that others may frame has no `X-Frame-Options`, which knows no list of who may."""
    if framed is None:
        return HEADERS.items()
    policy = HEADERS[_POLICY].replace("frame-ancestors 'none'", f"frame-ancestors {framed}")
    return [(name, policy if name == _POLICY else value) for name, value in HEADERS.items() if name != _FRAME]


def make_front(table: tuple[Route, ...]) -> Middleware:
    """The one middleware. Posts are shed last, pings before them, reports and pages first."""
    shares: Mapping[str, float] = {route.path: route.rank.value for route in table}
    only_post = frozenset(route.path for route in table if route.by_get)

    @web.middleware
    async def front(request: web.Request, handler: Handler) -> web.StreamResponse:
        market = request.app[MARKET]
        request[REQUEST_ID] = market.ids.new("req", market.clock.now())
        live = market.live
        rank = Rank.POST if request.path.startswith(SENT_TO) else Rank.REPORT
        most = request.app[SETTINGS].running_requests * shares.get(request.path, rank.value)
        if live.requests >= most and request.path != HEALTH:
            return await _shed(request, market)
        live.requests += 1
        try:
            if _NOTHING in request.raw_path and not request.path.startswith(API):
                return await notice(request, "The address is wrong", _NO_CHARACTER, http_status=400)
            return await handler(request)
        except web.HTTPException as error:
            if not request.path.startswith(API):
                raise
            return await _not_routed(request, error, only_post)
        except Exception as error:
            if _hung_up(request, error):
                return web.Response()  # nobody reads it
            return await _failed(request, market, error)
        finally:
            live.requests -= 1

    return front


async def _shed(request: web.Request, market: Market) -> web.StreamResponse:
    """Too much to do: an answer at once, whose row is written when there is time."""
    seconds = 1 + int(market.ids.draw() * SHED_SECONDS)
    stop = Stop(Reason.OVERLOADED, 503, headers=(("Retry-After", str(seconds)),))
    if not request.path.startswith(API):
        return web.Response(status=503, text=Reason.OVERLOADED.sentence, headers=dict(stop.headers))
    return await refuse(Call(request, _endpoint(request)), stop, durable=False)


async def _not_routed(request: web.Request, error: web.HTTPException, only_post: frozenset[str]) -> web.StreamResponse:
    """No such path, or not with this method."""
    stop = Stop(Reason.BAD_REQUEST, error.status)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = "POST" if request.path in only_post else ", ".join(sorted(error.allowed_methods))
        stop = Stop(Reason.METHOD_NOT_ALLOWED, 405, f"This call is made with {allowed}.", headers=(("Allow", allowed),))
    elif error.status == 404:
        stop = Stop(Reason.NOT_FOUND, 404, "There is no such call. The calls are listed in /api/openapi.json.")
    return await refuse(Call(request, _endpoint(request)), stop)


def _hung_up(request: web.Request, error: Exception) -> bool:
    """Whether whoever asked left in the middle of an answer: nothing failed."""
    gone = request.transport is None or request.transport.is_closing()
    return gone and isinstance(error, ClientConnectionResetError)


async def _failed(request: web.Request, market: Market, error: Exception) -> web.StreamResponse:
    """Something nobody foresaw, or the storage is down. A row that was opened stays open: recovery ends it."""
    seconds = (("Retry-After", "1"),)
    if isinstance(error, StorageBusy):
        stop = Stop(Reason.OVERLOADED, 503, headers=seconds)
    elif type(error) in _DOWN:
        market.live.storage_full = True  # health looks whether it can be written to again
        stop = Stop(Reason.STORAGE_DOWN, 503, headers=seconds)
    else:
        stop = Stop(Reason.INTERNAL, 500, headers=seconds)
    _LOG.error(
        "A request failed", request=request[REQUEST_ID], route=_endpoint(request), exc_info=error, method=request.method
    )
    if not request.path.startswith(API):
        text = f"{stop.reason.sentence} Quote {request[REQUEST_ID]} in any question.\n"
        return web.Response(status=stop.http_status, text=text)
    return await refuse(Call(request, _endpoint(request)), stop, durable=False)


def _endpoint(request: web.Request) -> str:
    """The call's pattern, never the path as sent: that may hold anything."""
    resource = request.match_info.route.resource
    return resource.canonical.removeprefix("/api/v1/") if resource is not None else "unknown"
