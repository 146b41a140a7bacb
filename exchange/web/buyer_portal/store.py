"""The store as a buyer sees it: cards without a personal value, a claim of two minutes, and then the lead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.searches import MAILS, CannotSave, drop_search, keep_search, mail_again, mail_search
from exchange.flows.shelf import WANTED, wanted_in
from exchange.flows.store import browse, card_in, price_of
from exchange.flows.store_orders import LEADS_MOST
from exchange.model.money import Money
from exchange.stages.store import Card, Wanted, age, next_fall
from exchange.storage.database import Row
from exchange.storage.searches import SEARCHES, mail_stopped
from exchange.storage.store import rule_of, searches_of
from exchange.storage.users import UserRow, find_user
from exchange.web.api.call import Stop
from exchange.web.api.store import card_fields, wanted_of
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

HOME = "/buyer/store"
PAGE = 24
_FILTERS = ("vertical", "states", "zip3", "grades", "most")
_AT_ONCE = 200
_COLUMNS = (
    "lead_id", "vertical", "state", "zip3", "grade", "facts", "price", "currency", "received_at", "listed_at",
    "ends_at", "claim_id",
)  # fmt: skip


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
    most: int  # to so many buyers it goes
    sold: int  # of whom so many have it


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        *short_twins(HOME, "leads", _COLUMNS, _rows, _FILTERS),
        Page("POST", HOME + "/searches", save),
        Page("POST", HOME + "/searches/{search_id:[A-Za-z0-9_]{1,60}}/delete", forget),
        Page("POST", HOME + "/searches/{search_id:[A-Za-z0-9_]{1,60}}/mail", mail),
        Page("POST", HOME + "/mails", mails),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """The cards that fit the filters in the address."""
    market, buyer_id = request.app[MARKET], buyer(request)
    now = market.clock.now()
    try:
        wanted = _wanted(request)
    except Stop as error:
        told = error.problems[0].message
        return await notice(request, "Nothing can be looked for like that", told, http_status=422)
    rows, older = await browse(market, buyer_id, wanted, _before(request), PAGE)
    searches = await market.db.read(searches_of, buyer_id)
    return await page(
        request,
        "buyer_portal/store.html",
        title="Store",
        here="store",
        offered=[offered(row, now) for row in rows],
        older=older,
        filters={name: request.query.get(name, "") for name in _FILTERS},
        searches=[(row, wanted_in(row)) for row in searches],
        verticals=verticals_of(request),
        available=market.live.available.get(buyer_id),
        reference=market.ids.token(12),
        mails=MAILS,
        unsubscribed=await _unsubscribed(request),
        most_leads=LEADS_MOST,
    )


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Every card that fits, as programs see it."""
    market, buyer_id, before = request.app[MARKET], buyer(request), _before(request)
    try:
        wanted = _wanted(request)
    except Stop as error:
        raise web.HTTPUnprocessableEntity(text=error.problems[0].message) from None
    older = "first"
    while older:
        rows, older = await browse(market, buyer_id, wanted, before, _AT_ONCE)
        before = _place(older)
        if rows:
            yield [card_fields(row, market.clock.now()) for row in rows]


def _wanted(request: web.Request) -> Wanted:
    """Raises `Stop` for a price that is none."""
    return WANTED.validate_python(wanted_of(request.query, currency(request)))


async def save(request: web.Request) -> web.StreamResponse:
    """Keep the filters as a search."""
    form = request[FORM]
    try:
        wanted = wanted_of(form, currency(request))
        await keep_search(request.app[MARKET], form.get("name", ""), wanted, actor_of(request))
    except Stop as error:
        return await notice(request, "It was not saved", error.problems[0].message, http_status=422)
    except CannotSave as error:
        return await notice(request, "It was not saved", f"The {error}.", http_status=422)
    return see_other(HOME)


async def forget(request: web.Request) -> web.StreamResponse:
    await drop_search(request.app[MARKET], request.match_info["search_id"], actor_of(request))
    return see_other(HOME)


async def mail(request: web.Request) -> web.StreamResponse:
    """How often a search is mailed."""
    search_id = request.match_info["search_id"]
    try:
        await mail_search(request.app[MARKET], search_id, request[FORM].get("mail", ""), actor_of(request))
    except CannotSave as error:
        return await notice(request, "It was not saved", f"The {error}.", http_status=422)
    return see_other(HOME)


async def mails(request: web.Request) -> web.StreamResponse:
    """Whoever unsubscribed has the mails again."""
    user = await _user(request)
    if user is not None:
        await mail_again(request.app[MARKET], user.id, SEARCHES)
    return see_other(HOME)


async def _user(request: web.Request) -> UserRow | None:
    return await request.app[MARKET].db.read(find_user, actor_of(request).name)


async def _unsubscribed(request: web.Request) -> bool:
    user = await _user(request)
    return user is not None and await request.app[MARKET].db.read(mail_stopped, user.id, SEARCHES)


def offered(row: Row, now: int) -> Offered:
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
        rule.sales,
        row["taken"],
    )


def verticals_of(request: web.Request) -> list[str]:
    """Of which the buyer may take leads from the store: it has a contract that buys there."""
    deals = request.app[MARKET].deals
    return sorted(
        name for name, book in deals.stores.items() if any(c.buyer_id == buyer(request) for c in book.contracts)
    )


def _before(request: web.Request) -> tuple[int, str]:
    return _place(request.query.get("before", ""))


def _place(text: str) -> tuple[int, str]:
    at, _, lead = text.partition("_")
    return (int(at), lead) if at.isascii() and at.isdigit() and len(at) < 16 else (2**62, "")


def currency(request: web.Request) -> str:
    return next((campaign.currency for campaign in request.app[MARKET].deals.campaigns.values()), "USD")


def buyer(request: web.Request) -> str:
    party_id = actor_of(request).party_id
    assert party_id is not None, "a user of a buyer has a buyer"
    return party_id
