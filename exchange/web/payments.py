"""`/payments/{provider}`: where a payment provider sends its events. Whoever calls must prove it; twice is once."""

from __future__ import annotations

from aiohttp import web

from exchange.connector import BadReply, Forged
from exchange.flows.payment_events import NoProvider, take_events
from exchange.intake.decode import Refused
from exchange.model.reason import Reason
from exchange.web.api.call import Call, Stop, refuse, refused
from exchange.web.callbacks import not_proven, nothing_here, read_callback
from exchange.web.keys import MARKET
from exchange.web.pages import Page

PATH = "/payments/"
_ENDPOINT = "payments"


def pages() -> tuple[Page, ...]:
    return (Page("POST", PATH + "{provider:[a-z]{1,40}}", take),)


async def take(request: web.Request) -> web.StreamResponse:
    """200 when the event is durable, or was before; 403 for who cannot prove it, 404 without a provider."""
    call = await read_callback(request)
    if isinstance(call, Refused):
        return await refuse(Call(request, _ENDPOINT), refused(call), durable=False)
    try:
        await take_events(request.app[MARKET], request.match_info["provider"], call)
    except NoProvider:
        return await nothing_here(request)
    except Forged:
        return await not_proven(request)
    except BadReply as bad:
        stop = Stop(Reason.BAD_REQUEST, 400, f"The event cannot be read: {bad.why}.")
        return await refuse(Call(request, _ENDPOINT), stop, durable=False)
    return web.json_response({"received": True})
