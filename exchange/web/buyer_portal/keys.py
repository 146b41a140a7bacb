"""The keys of a buyer's own programs: made, shown once, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from exchange.flows.by_hand import create_key, revoke
from exchange.flows.market import refresh
from exchange.model.lead import Mode
from exchange.storage.by_hand import keys_of
from exchange.web.auth import FORM, actor_of
from exchange.web.buyer_portal._own import own_buyer
from exchange.web.key_rows import KEY_FIELDS, key_fields
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

PATH = "/buyer/keys"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PATH, show),
        *short_twins(PATH, "keys", KEY_FIELDS, _rows),
        Page("POST", PATH, make),
        Page("POST", PATH + "/{key:[0-9A-Za-z_-]{1,80}}/revoke", take_back),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    rows = await request.app[MARKET].db.read(keys_of, "buyer", [own_buyer(request).id])
    yield [key_fields(row) for row in rows]


async def make(request: web.Request) -> web.StreamResponse:
    market, form, buyer = request.app[MARKET], request[FORM], own_buyer(request)
    name, mode = " ".join(form.get("name", "").split())[:80], form.get("mode", "live")
    if not name or mode not in ("live", "test"):
        return await _page(
            request, wrong="Give the key a name, such as CRM, and say whether it is for live or test leads."
        )
    made = await create_key(market.db, market.clock, market.ids, "buyer", buyer.id, Mode(mode), name, actor_of(request))
    await refresh(market)
    return await _page(request, secret=made.secret)


async def take_back(request: web.Request) -> web.StreamResponse:
    market, key_id, buyer = request.app[MARKET], request.match_info["key"], own_buyer(request)
    own = {row["id"] for row in await market.db.read(keys_of, "buyer", [buyer.id])}
    if key_id not in own:
        told = "It is not yours, or was taken back before."
        return await notice(request, "There is no such key", told, http_status=404, links=[("Your keys", PATH)])
    await revoke(market.db, market.clock, market.ids, key_id, actor_of(request))
    await refresh(market)
    return see_other(PATH)


async def _page(request: web.Request, *, secret: str = "", wrong: str = "") -> web.Response:
    return await page(
        request,
        "buyer_portal/keys.html",
        title="API keys",
        here="keys",
        keys=await request.app[MARKET].db.read(keys_of, "buyer", [own_buyer(request).id]),
        secret=secret,
        wrong=wrong,
        http_status=422 if wrong else 200,
    )
