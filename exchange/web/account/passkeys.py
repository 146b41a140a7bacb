"""One's own passkeys: made by the browser, named by whoever has them, removed when the device is gone."""

from __future__ import annotations

import orjson
from aiohttp import web

from exchange.flows.passkeys import BadPasskey, add, begin_adding, has_name, remove
from exchange.web.account.account import HOME, account_page
from exchange.web.account.myself import not_myself, own_account
from exchange.web.auth import FORM, ip_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, as_json

_PATH = f"{HOME}/passkeys"


def pages() -> tuple[Page, ...]:
    return (
        Page("POST", f"{_PATH}/options", tell_options),
        Page("POST", _PATH, keep_new),
        Page("POST", f"{_PATH}/{{passkey_id:pk_[A-Za-z0-9]{{1,40}}}}/remove", take_away),
    )


async def tell_options(request: web.Request) -> web.StreamResponse:
    if not has_name(request.app[SETTINGS].public_url):
        return as_json({"status": "error", "message": "Passkeys need a host name."}, 409)
    return as_json(orjson.loads(await begin_adding(request.app[MARKET], request[SESSION])))


async def keep_new(request: web.Request) -> web.StreamResponse:
    account, form = await own_account(request), request[FORM]
    if (problem := await not_myself(request, account)) is not None:
        return await account_page(request, problem, 403)
    try:
        await add(
            request.app[MARKET], request[SESSION], form.get("credential", ""), form.get("name", ""), ip_of(request)
        )
    except BadPasskey as error:
        return await account_page(request, str(error), 422)
    return see_other(f"{HOME}?done=passkey")


async def take_away(request: web.Request) -> web.StreamResponse:
    account = await own_account(request)
    if (problem := await not_myself(request, account)) is not None:
        return await account_page(request, problem, 403)
    removed = await remove(request.app[MARKET], request[SESSION], request.match_info["passkey_id"], ip_of(request))
    return see_other(f"{HOME}?done=passkey-off" if removed else HOME)
