"""What people keep of a list: which columns, in which order, and filters under a name. Each for themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from exchange import limits
from exchange.flows.preferences import choose, forget_view, save_view
from exchange.storage.preferences import SavedView
from exchange.web.auth import FORM, is_local
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, notice

_LIST = "{list:[a-z][a-z_]{0,39}}"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NOT_KEPT = ("after", "csrf", "mode")
"""What an address holds beside filters and order: a view begins at its top, and is of live and test leads alike."""
_QUERY_CHARACTERS = 2_000


def pages(home: str) -> tuple[Page, ...]:
    """For the lists of those whose pages begin there."""
    return (
        Page("POST", f"{home}/lists/{_LIST}/columns", arrange),
        Page("POST", f"{home}/lists/{_LIST}/views", keep),
        Page("POST", f"{home}/lists/{_LIST}/views/{{view_id:[0-9A-Za-z_]{{1,60}}}}/delete", drop),
    )


async def arrange(request: web.Request) -> web.StreamResponse:
    """Show these columns, in the order of the numbers beside them."""
    form, name = request[FORM], request.match_info["list"]
    wanted = "" if "reset" in form else ",".join(_columns(form))
    await choose(request.app[MARKET], request[SESSION].user, {f"columns.{name}": wanted})
    return _back(request)


def _columns(form: Mapping[str, str]) -> list[str]:
    shown = [field[5:] for field in form if field.startswith("show:") and _NAME.fullmatch(field[5:])]
    return sorted(shown, key=lambda name: _place(form.get(f"place:{name}", "")))


def _place(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else 0


async def keep(request: web.Request) -> web.StreamResponse:
    """Keep the filters and the order that the list has now."""
    form, market = request[FORM], request.app[MARKET]
    name = " ".join(form.get("name", "").split())[: limits.VIEW_NAME_CHARACTERS]
    if not name:
        return await notice(request, "Not saved yet", "Give the view a name, such as Sold in Arizona.", http_status=422)
    given = [pair for pair in parse_qsl(form.get("query", "")[:_QUERY_CHARACTERS]) if pair[0] not in _NOT_KEPT]
    view = SavedView("", name, urlencode(given), "shared" in form, mine=True)
    if not await save_view(market, request[SESSION].user, view, request.match_info["list"]):
        told = f"You keep {limits.VIEWS_OF_ONE} views, which is the most. Delete one first."
        return await notice(request, "Not saved", told, http_status=422)
    return _back(request)


async def drop(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    if not await forget_view(market, request[SESSION].user, request.match_info["view_id"]):
        told = "It is gone already, or somebody else made it: only they delete it."
        return await notice(request, "Not deleted", told, http_status=404)
    return _back(request)


def _back(request: web.Request) -> web.Response:
    back = request[FORM].get("back", "")
    home = "/" + request.path.split("/")[1]
    return see_other(back if is_local(back) else home)
