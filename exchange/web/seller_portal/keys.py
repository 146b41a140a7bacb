"""A seller's own keys: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from exchange.flows.campaign_keys import CannotKey, keys_of_seller, make_key, revoke_key
from exchange.flows.sellers import campaigns_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.key_rows import KEY_FIELDS, key_fields
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import page

HOME = "/seller/keys"


def pages() -> tuple[Page, ...]:
    revoked = HOME + "/{key_id:[A-Za-z0-9_.-]{1,120}}/revoke"
    twins = short_twins(HOME, "keys", KEY_FIELDS, _rows)
    return (Page("GET", HOME, show), *twins, Page("POST", HOME, make), Page("POST", revoked, revoke))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    rows = await keys_of_seller(request.app[MARKET], actor_of(request).party_id or "")
    yield [key_fields(row) for row in rows]


async def make(request: web.Request) -> web.StreamResponse:
    market, form, actor = request.app[MARKET], request[FORM], actor_of(request)
    wanted = (form.get("campaign", ""), form.get("mode", ""), form.get("name", ""))
    try:
        made = await make_key(market, actor.party_id or "", *wanted, actor, ip_of(request))
    except CannotKey as error:
        return await _page(request, problem=str(error))
    return await _page(request, secret=made.secret)


async def revoke(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    try:
        await revoke_key(market, actor.party_id or "", request.match_info["key_id"], actor, ip_of(request))
    except CannotKey as error:
        return await _page(request, problem=str(error), http_status=404)
    return see_other(HOME)


async def _page(
    request: web.Request, *, problem: str = "", secret: str = "", http_status: int = 422
) -> web.StreamResponse:
    market, seller_id = request.app[MARKET], actor_of(request).party_id or ""
    return await page(
        request,
        "seller_portal/keys.html",
        title="Keys",
        here="keys",
        keys=await keys_of_seller(market, seller_id),
        campaigns=campaigns_of(market, seller_id),
        problem=problem,
        secret=secret,
        http_status=http_status if problem else 200,
    )
