"""The store as a buyer sees it: cards without a personal value, a claim of two minutes, and then the lead."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from exchange.flows.shelf import WANTED, wanted_in
from exchange.flows.store import CannotBuy, card_in, claim, confirm, price_of, release
from exchange.model.money import Money
from exchange.model.vertical import Vertical
from exchange.stages.store import Card, age, next_fall
from exchange.storage.database import Row
from exchange.storage.store import (
    count_view,
    delete_search,
    read_claim,
    read_item,
    rule_of,
    save_search,
    searches_of,
    shelf,
)
from exchange.web.api.call import Stop
from exchange.web.api.store import NAME_CHARACTERS, SEARCHES, wanted_of
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice, page

HOME = "/buyer/store"
_CLAIM = HOME + "/claims/{claim_id:[A-Za-z0-9_]{1,60}}"
_LEAD = HOME + "/{lead_id:ld_[A-Za-z0-9_]{1,60}}"
_PAGE = 24
_FILTERS = ("vertical", "states", "zip3", "grades", "most")


@dataclass(frozen=True, slots=True)
class Offered:
    """A card with what it costs at this moment."""

    lead_id: str
    card: Card
    price: Money
    falls: tuple[int, Money] | None
    age: str
    listed_at: int
    taken: bool
    claim_id: str | None


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("POST", HOME + "/searches", save),
        Page("POST", HOME + "/searches/{search_id:[A-Za-z0-9_]{1,60}}/delete", forget),
        Page("GET", _LEAD, show_one),
        Page("POST", _LEAD + "/claim", take),
        Page("GET", _CLAIM, show_claim),
        Page("POST", _CLAIM + "/{act:confirm|release}", act),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """The cards that fit the filters in the address."""
    market, buyer_id = request.app[MARKET], _buyer(request)
    now = market.clock.now()
    try:
        wanted = WANTED.validate_python(wanted_of(request.query, _currency(request)))
    except Stop as error:
        told = error.problems[0].message
        return await notice(request, "Nothing can be looked for like that", told, http_status=422)
    rows = await market.db.read(shelf, buyer_id, wanted.vertical, now, _before(request), _PAGE)
    offered = [each for each in (_offered(row, now) for row in rows) if wanted.takes(each.card, each.price)]
    searches = await market.db.read(searches_of, buyer_id)
    return await page(
        request,
        "buyer_portal/store.html",
        title="Store",
        here="store",
        offered=offered,
        older=f"{rows[-1]['listed_at']}_{rows[-1]['lead_id']}" if len(rows) == _PAGE else "",
        filters={name: request.query.get(name, "") for name in _FILTERS},
        searches=[(row, wanted_in(row)) for row in searches],
        verticals=_verticals(request),
        available=market.live.available.get(buyer_id),
    )


async def show_one(request: web.Request) -> web.StreamResponse:
    """One card."""
    market, lead_id = request.app[MARKET], request.match_info["lead_id"]
    item = await market.db.read(read_item, lead_id)
    now = market.clock.now()
    if item is None or item["state"] != "listed" or item["ends_at"] <= now:
        return await notice(
            request, "This lead is gone", "It was sold, or its time in the store is over.", http_status=404
        )
    await market.db.write(count_view, lead_id)
    rows = await market.db.read(shelf, _buyer(request), "", now, (item["listed_at"] + 1, ""), _PAGE)
    row = next((row for row in rows if row["lead_id"] == lead_id), None)
    if row is None:
        return await notice(request, "This lead is yours", "You bought this consumer before.", http_status=409)
    offered = _offered(row, now)
    return await page(request, "buyer_portal/card.html", title="A lead in the store", here="store", each=offered)


async def take(request: web.Request) -> web.StreamResponse:
    lead_id = request.match_info["lead_id"]
    try:
        held = await claim(request.app[MARKET], lead_id, actor_of(request))
    except CannotBuy as error:
        return await _refused(request, error)
    return _to(f"{HOME}/claims/{held.id}")


async def show_claim(request: web.Request) -> web.StreamResponse:
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
    got = await confirm(market, row["id"], actor) if row["state"] == "bought" else None
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
        return _to(HOME)
    try:
        await confirm(market, claim_id, actor_of(request))
    except CannotBuy as error:
        return await _refused(request, error)
    return _to(f"{HOME}/claims/{claim_id}")


async def save(request: web.Request) -> web.StreamResponse:
    """Keep the filters as a search."""
    market, actor, form = request.app[MARKET], actor_of(request), request[FORM]
    name = form.get("name", "").strip()
    try:
        wanted = wanted_of(form, _currency(request))
    except Stop as error:
        return await notice(request, "It was not saved", error.problems[0].message, http_status=422)
    full = len(await market.db.read(searches_of, _buyer(request))) >= SEARCHES
    if full or not 0 < len(name) <= NAME_CHARACTERS:
        told = (
            f"A buyer has at most {SEARCHES} of them."
            if full
            else f"Give it a name of up to {NAME_CHARACTERS} characters."
        )
        return await notice(request, "It was not saved", told, http_status=422)
    now = market.clock.now()
    await market.db.write(save_search, market.ids.new("srch", now), actor, name, wanted, now)
    return _to(HOME)


async def forget(request: web.Request) -> web.StreamResponse:
    await request.app[MARKET].db.write(delete_search, actor_of(request), request.match_info["search_id"])
    return _to(HOME)


async def _refused(request: web.Request, error: CannotBuy) -> web.Response:
    words = {"taken": "Taken", "balance": "Your balance is too low"}
    more = (
        "Top up your account, then claim it again." if error.slug == "balance" else "Look for another one in the store."
    )
    return await notice(request, words.get(error.slug, "You cannot have it"), str(error), more, http_status=409)


def _offered(row: Row, now: int) -> Offered:
    rule = rule_of(row)
    return Offered(
        row["lead_id"],
        card_in(row),
        price_of(row, now),
        next_fall(rule, row["listed_at"], now),
        age(now - row["received_at"]),
        row["listed_at"],
        row["taken"] >= rule.sales and row["claim_id"] is None,
        row["claim_id"],
    )


def _verticals(request: web.Request) -> list[str]:
    deals = request.app[MARKET].deals
    return sorted(
        name for name, book in deals.stores.items() if any(c.buyer_id == _buyer(request) for c in book.contracts)
    )


def _before(request: web.Request) -> tuple[int, str]:
    at, _, lead = request.query.get("before", "").partition("_")
    return (int(at), lead) if at.isdigit() and len(at) < 16 else (2**62, "")


def _currency(request: web.Request) -> str:
    return next((campaign.currency for campaign in request.app[MARKET].deals.campaigns.values()), "USD")


def _buyer(request: web.Request) -> str:
    party_id = actor_of(request).party_id
    assert party_id is not None, "a user of a buyer has a buyer"
    return party_id


def _to(location: str) -> web.Response:
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
