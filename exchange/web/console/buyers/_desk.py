"""What people do about a buyer on its page: notes, keys, its name and group, and what it asks to have changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from exchange.flows.buyer_desk import BadDesk, decide_request, end, note_down, rename
from exchange.flows.by_hand import create_key, revoke
from exchange.flows.market import refresh
from exchange.model.lead import Mode
from exchange.model.party import Buyer
from exchange.model.rights import Right
from exchange.storage.by_hand import keys_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.buyers._of import BUYER, buyer_in, no_such
from exchange.web.console.buyers.buyer import show_buyer
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other

_ID = "[0-9A-Za-z_-]{1,80}"
Do = Callable[[web.Request, Buyer], Awaitable[web.StreamResponse]]


def pages() -> tuple[Page, ...]:
    return (
        Page("POST", f"{BUYER}/notes", _of_buyer(_note)),
        Page("POST", f"{BUYER}/settings", _of_buyer(_settings)),
        Page("POST", f"{BUYER}/end", _of_buyer(_end)),
        Page("POST", f"{BUYER}/keys", _of_buyer(_make_key), Right.SETTINGS),
        Page("POST", f"{BUYER}/keys/{{key:{_ID}}}/revoke", _of_buyer(_revoke_key), Right.SETTINGS),
        Page("POST", f"{BUYER}/requests/{{request:{_ID}}}", _of_buyer(_decide)),
    )


def _of_buyer(do: Do) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What is wrong with a form is told on the buyer's page, and nothing is changed then."""

    async def done(request: web.Request) -> web.StreamResponse:
        buyer = buyer_in(request)
        if buyer is None:
            return await no_such(request, "buyer")
        try:
            return await do(request, buyer)
        except BadDesk as error:
            return await show_buyer(request, buyer, wrong=str(error), http_status=422)

    return done


async def _note(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    await note_down(request.app[MARKET], buyer, request[FORM].get("note", ""), actor_of(request), ip_of(request))
    return _back(buyer)


async def _settings(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    form = request[FORM]
    name, group = form.get("name", ""), form.get("group", "")
    await rename(request.app[MARKET], buyer, name, group, actor_of(request), ip_of(request), form.get("seen"))
    return _back(buyer)


async def _end(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    if " ".join(request[FORM].get("name", "").split()).lower() != buyer.name.lower():
        told = f"Type the name of the buyer, {buyer.name}, to end it. Nothing was changed."
        return await show_buyer(request, buyer, wrong=told, http_status=422)
    await end(request.app[MARKET], buyer, actor_of(request), ip_of(request))
    return see_other("/console/buyers")


async def _make_key(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    market, form = request.app[MARKET], request[FORM]
    name, mode = " ".join(form.get("name", "").split())[:80], form.get("mode", "live")
    if not name or mode not in ("live", "test"):
        told = "Give the key a name, such as CRM, and say whether it is for live or test leads."
        return await show_buyer(request, buyer, wrong=told, http_status=422)
    made = await create_key(market.db, market.clock, market.ids, "buyer", buyer.id, Mode(mode), name, actor_of(request))
    await refresh(market)
    return await show_buyer(request, buyer, secret=made.secret)


async def _revoke_key(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    market, key_id = request.app[MARKET], request.match_info["key"]
    own = {row["id"] for row in await market.db.read(keys_of, "buyer", [buyer.id])}
    if key_id not in own:
        return await no_such(request, "key")
    await revoke(market.db, market.clock, market.ids, key_id, actor_of(request))
    await refresh(market)
    return _back(buyer)


async def _decide(request: web.Request, buyer: Buyer) -> web.StreamResponse:
    form = request[FORM]
    done = form.get("decision") == "done"
    decided = await decide_request(
        request.app[MARKET], request.match_info["request"], done, form.get("answer", ""), actor_of(request),
        ip_of(request),
    )  # fmt: skip
    if decided is None:
        told = "Somebody decided it before: the first decision stands."
        return await show_buyer(request, buyer, wrong=told, http_status=409)
    return _back(buyer)


def _back(buyer: Buyer) -> web.Response:
    return see_other(f"/console/buyers/{buyer.id}")
