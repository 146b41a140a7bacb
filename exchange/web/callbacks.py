"""Where providers call back about deliveries: `/hooks/{connection}`, with more behind it where a connector said so.

Whoever calls must prove it to the connector, before anything is stored. A call that says nothing new is answered
like one that does: providers repeat themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from exchange.connector import BadReply, Callback, Forged, Terms
from exchange.flows.called_back import TEXTS, NotConfirmed, take_callback, take_text
from exchange.flows.calls import NoSuchCall, next_step
from exchange.flows.connection import Connection
from exchange.intake.body import read_body
from exchange.intake.decode import Refused
from exchange.model.reason import Reason
from exchange.web.api.call import Call, Stop, refuse, refused
from exchange.web.keys import MARKET
from exchange.web.pages import Page

PATH = "/hooks/{connection:[a-z][a-z0-9_]{0,59}}"
_BEHIND = "/{rest:[A-Za-z0-9._~/-]{1,300}}"
_CALL = "/call/{delivery:[A-Za-z0-9_-]{1,80}}/{step:[a-z]{1,20}}"
_FORM = "application/x-www-form-urlencoded"
_FIELDS = 200
_ENDPOINT = "hooks"
_AGAIN_SECONDS = "30"
_SILENCE = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def pages() -> tuple[Page, ...]:
    return (
        Page("POST", PATH, take),
        Page("POST", PATH + _CALL, speak),
        Page("POST", PATH + TEXTS, hear),
        Page("POST", PATH + _BEHIND, take),
    )


async def take(request: web.Request) -> web.StreamResponse:
    """Take what is called back: 204 when it is durable, 403 for who cannot prove it, 404 for no such connection."""
    market = request.app[MARKET]
    name = request.match_info["connection"]
    connection = connection_of(request)
    if connection is None or (connection.receipts is None and connection.confirms is None):
        return await nothing_here(request)
    call = await read_callback(request)
    if isinstance(call, Refused):
        return await refuse(Call(request, _ENDPOINT), refused(call), durable=False)
    try:
        await take_callback(market, name, connection, call, callback_terms(request, connection))
    except Forged:
        return await not_proven(request)
    except BadReply as bad:
        stop = Stop(Reason.BAD_REQUEST, 400, f"The callback cannot be read: {bad.why}.")
        return await refuse(Call(request, _ENDPOINT), stop, durable=False)
    except NotConfirmed:
        told = "The provider could not be asked whether this is so. Call again."
        stop = Stop(Reason.OVERLOADED, 503, told, headers=(("Retry-After", _AGAIN_SECONDS),))
        return await refuse(Call(request, _ENDPOINT), stop, durable=False)
    return web.Response(status=204)


async def speak(request: web.Request) -> web.StreamResponse:
    """The next step of a call that somebody answered: what is to be said, as the provider reads it."""
    market, path = request.app[MARKET], request.match_info
    connection = connection_of(request)
    if connection is None or connection.calls is None:
        return await nothing_here(request)
    call = await read_callback(request)
    if isinstance(call, Refused):
        return await refuse(Call(request, _ENDPOINT), refused(call), durable=False)
    try:
        said = await next_step(market, path["connection"], call, path["delivery"], path["step"])
    except Forged:
        return await not_proven(request)
    except NoSuchCall:
        return await nothing_here(request)
    if not said:
        return web.Response(status=204)
    return web.Response(text=said, content_type="text/xml", headers={"Cache-Control": "no-store"})


async def hear(request: web.Request) -> web.StreamResponse:
    """Somebody texts to a number of ours. Nothing is said back: carriers and Twilio answer STOP and HELP themselves."""
    market, connection = request.app[MARKET], connection_of(request)
    if connection is None or connection.texts is None:
        return await nothing_here(request)
    call = await read_callback(request)
    if isinstance(call, Refused):
        return await refuse(Call(request, _ENDPOINT), refused(call), durable=False)
    try:
        await take_text(market, connection, call, callback_terms(request, connection))
    except Forged:
        return await not_proven(request)
    except BadReply as bad:
        stop = Stop(Reason.BAD_REQUEST, 400, f"The text cannot be read: {bad.why}.")
        return await refuse(Call(request, _ENDPOINT), stop, durable=False)
    return web.Response(text=_SILENCE, content_type="text/xml", headers={"Cache-Control": "no-store"})


def connection_of(request: web.Request) -> Connection | None:
    return request.app[MARKET].connections.get(request.match_info["connection"])


def callback_terms(request: web.Request, connection: Connection) -> Terms:
    """What a connector may know while it reads a callback: it speaks of no delivery yet."""
    return Terms(request.app[MARKET].clock.now(), "", connection.secrets)


async def read_callback(request: web.Request) -> Callback | Refused:
    """The call within the limits of any body; its address is the public one, as whoever called was told it."""
    body = await read_body(request)
    if isinstance(body, Refused):
        return body
    headers = {name.lower(): value for name, value in request.headers.items()}
    fields = _fields(request, body)
    if isinstance(fields, Refused):
        return fields
    url = request.app[MARKET].public_url + request.raw_path
    return Callback(request.path, url, headers, body, fields)


def _fields(request: web.Request, body: bytes) -> Mapping[str, str] | Refused:
    """Of the query, and of a form's body over them."""
    try:
        text = body.decode() if request.content_type == _FORM else ""
        sent = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=_FIELDS)
    except ValueError:
        return Refused(Reason.BAD_REQUEST, 400, f"The body is not a form of up to {_FIELDS} fields in UTF-8.")
    return {**request.query, **dict(sent)}


async def nothing_here(request: web.Request) -> web.StreamResponse:
    stop = Stop(Reason.NOT_FOUND, 404, "Nobody is called back at this address. Check that it is whole.")
    return await refuse(Call(request, _ENDPOINT), stop, durable=False)


async def not_proven(request: web.Request) -> web.StreamResponse:
    told = "The callback does not prove who sent it, so nothing of it was believed."
    return await refuse(Call(request, _ENDPOINT), Stop(Reason.KEY_UNKNOWN, 403, told), durable=False)
