"""Addresses that form builders and advertising platforms send leads to: `/in/{source}/{secret}`.

They are answered once a message is durable, never later: what it is sold for is no business of the sender.
"""

from __future__ import annotations

import re

from aiohttp import web

from exchange.flows.polls import is_paused
from exchange.flows.sources import store_items
from exchange.intake.body import client_ip, read_body
from exchange.intake.decode import Refused
from exchange.intake.hooks import NotProven, is_address, is_word, read_hook
from exchange.model.reason import Reason
from exchange.sources.document import Source
from exchange.sources.hook import HookDocument
from exchange.web.api.call import Call, Stop, refuse, refused
from exchange.web.keys import MARKET, SETTINGS, THROTTLE
from exchange.web.pages import Page
from exchange.web.render import as_json

_PATH = "/in/{source:[a-z][a-z0-9_]{0,59}}/{secret}"
_CHALLENGE = re.compile(r"[\w.-]{1,200}")
_AGAIN_SECONDS = "600"
_ENDPOINT = "in"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _PATH, shake_hands), Page("POST", _PATH, take))


async def shake_hands(request: web.Request) -> web.StreamResponse:
    """Facebook asks once whether the address is ours, with a word that was agreed on."""
    source, query = _source(request), request.query
    challenge = query.get("hub.challenge", "")
    if source is None:
        return await _nothing_here(request)
    if query.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(challenge):
        stop = Stop(Reason.METHOD_NOT_ALLOWED, 405, "Leads are sent here with POST.", headers=(("Allow", "POST"),))
        return await refuse(Call(request, _ENDPOINT), stop)
    if not is_word(source, query.get("hub.verify_token", "")):
        return await _not_proven(request)
    return web.Response(text=challenge, content_type="text/plain", headers={"Cache-Control": "no-store"})


async def take(request: web.Request) -> web.StreamResponse:
    source, market = _source(request), request.app[MARKET]
    if source is None:
        return await _nothing_here(request)
    if await is_paused(market, source.name):
        stop = Stop(Reason.CAMPAIGN_PAUSED, 503, "It is paused.", headers=(("Retry-After", _AGAIN_SECONDS),))
        return await refuse(Call(request, _ENDPOINT), stop)
    if seconds := _too_fast(request, source):
        stop = Stop(Reason.RATE_LIMITED, 429, f"Wait {seconds} s.", headers=(("Retry-After", str(seconds)),))
        return await refuse(Call(request, _ENDPOINT), stop, durable=False)
    body = await read_body(request)
    if isinstance(body, Refused):
        return await refuse(Call(request, _ENDPOINT), refused(body))
    content_type = request.headers.get("Content-Type", "")
    remote_ip = client_ip(request, request.app[SETTINGS].trusted_proxies)
    try:
        items = read_hook(source, request.headers, body, content_type, market.clock.now(), remote_ip)
    except NotProven:
        return await _not_proven(request)
    new = await store_items(market, source, items)
    problems = [problem for item in items for problem in item.problems]
    told = {"status": "invalid" if problems else "ok", "received": len(items), "new": new}
    return as_json({**told, "errors": problems} if problems else told, 400 if problems else 200)


def _source(request: web.Request) -> Source | None:
    """The source of the address. A wrong secret hears what a wrong name does."""
    source = request.app[MARKET].sources.get(request.match_info["source"])
    if source is None or not isinstance(source.document, HookDocument):
        return None
    return source if is_address(source, request.match_info["secret"]) else None


def _too_fast(request: web.Request, source: Source) -> int:
    """0 when the message may be taken, else the seconds to wait: the rate of its campaign counts here too."""
    market = request.app[MARKET]
    campaign = market.deals.campaigns.get(source.campaign_id)
    if campaign is None:
        return 0
    return request.app[THROTTLE].allowance(campaign, source.mode.value).take(market.clock.now())


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    stop = Stop(Reason.NOT_FOUND, 404, "Nothing is taken at this address. Check that it is whole.")
    return await refuse(Call(request, _ENDPOINT), stop, durable=False)


async def _not_proven(request: web.Request) -> web.StreamResponse:
    told = "The message is not signed with the secret of this source, or does not carry it."
    return await refuse(Call(request, _ENDPOINT), Stop(Reason.KEY_UNKNOWN, 403, told), durable=False)
