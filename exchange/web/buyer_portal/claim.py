"""A lead somebody holds for two minutes, and shown whole once it is paid for."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.store import CannotBuy, card_in, confirm, release
from exchange.model.money import Money
from exchange.model.vertical import Vertical
from exchange.storage.store import read_claim, read_item
from exchange.web.auth import actor_of
from exchange.web.buyer_portal.store import HOME
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_CLAIM = HOME + "/claims/{claim_id:[A-Za-z0-9_]{1,60}}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _CLAIM, show), Page("POST", _CLAIM + "/{act:confirm|release}", act))


async def show(request: web.Request) -> web.StreamResponse:
    """A held lead with its two minutes, or a bought one with all it says."""
    market, actor = request.app[MARKET], actor_of(request)
    row = await market.db.read(read_claim, actor, request.match_info["claim_id"])
    item = await market.db.read(read_item, row["lead_id"]) if row is not None else None
    if row is None or item is None:
        return await notice(request, "There is no such claim", "It is not yours, or never was.", http_status=404)
    now = market.clock.now()
    if row["state"] == "held" and row["expires_at"] <= now:
        told = "You had two minutes. If nobody else took it, you can claim it again."
        return await notice(request, "The lead is free again", told, http_status=410)
    if row["state"] in ("released", "lapsed"):
        return await notice(request, "You gave it back", "The lead is free for everybody again.", http_status=410)
    try:
        got = await confirm(market, row["id"], actor) if row["state"] == "bought" else None
    except CannotBuy as error:
        return await notice(request, "It is not kept any more", str(error), http_status=410)
    return await page(
        request,
        "buyer_portal/claim.html",
        title="A lead you hold" if got is None else "A lead you bought",
        here="store",
        claim=row,
        card=card_in(item),
        price=Money(row["price_units"], row["currency"]),
        seconds=max((row["expires_at"] - now) // 1000, 0),
        got=got,
        labels=_labels(market.verticals.get(item["vertical"])),
    )


def _labels(vertical: Vertical | None) -> dict[str, str]:
    return {spec.name: spec.label for spec in vertical.fields} if vertical is not None else {}


async def act(request: web.Request) -> web.StreamResponse:
    """Pay, or give back."""
    market, claim_id = request.app[MARKET], request.match_info["claim_id"]
    if request.match_info["act"] == "release":
        await release(market, claim_id, actor_of(request))
        return see_other(HOME)
    try:
        await confirm(market, claim_id, actor_of(request))
    except CannotBuy as error:
        return await refused(request, error)
    return see_other(f"{HOME}/claims/{claim_id}")


async def refused(request: web.Request, error: CannotBuy) -> web.Response:
    words = {"taken": "Taken", "balance": "Your balance is too low"}
    more = (
        "Top up your account, then claim it again." if error.slug == "balance" else "Look for another one in the store."
    )
    links = [("Top up", "/buyer/billing#top-up")] if error.slug == "balance" else [("Store", HOME)]
    title = words.get(error.slug, "You cannot have it")
    return await notice(request, title, str(error), more, http_status=409, links=links)
