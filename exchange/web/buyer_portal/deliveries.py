"""What was handed to a buyer: each delivery with what was sent, what it answered and how that was read; sent again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from exchange.flows.resend import resend
from exchange.flows.settle import CannotSettle, NoSuchDelivery
from exchange.model.actor import SYSTEM
from exchange.storage.delivery_views import PostFilter, posts_to, sold_on
from exchange.storage.selling import read_attempt
from exchange.storage.spans import Span
from exchange.storage.timeline import read_lead_rows
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.buyer_portal._own import own_buyer
from exchange.web.figures.buyers import buyer_lines
from exchange.web.keys import MARKET
from exchange.web.listed.own_deliveries import OWN_DELIVERIES, PATH, line_of
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, notice, page, times_of
from exchange.web.story.masking import Mask, secrets_hidden
from exchange.web.story.records import Story, open_story
from exchange.web.story.wire import Exchange, buyer_exchange

HOME = PATH
AT_ONCE = 100
_ONE = HOME + "/{attempt:[0-9A-Za-z_-]{1,60}}"
_HOUR_MS = 3_600_000
SINCE: Mapping[str, int] = MappingProxyType({"1": 1, "24": 24, "168": 168})


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(OWN_DELIVERIES, show),
        Page("POST", f"{HOME}/resend", resend_all),
        Page("GET", _ONE, one),
        Page("POST", f"{_ONE}/resend", resend_one),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, buyer = request.app[MARKET], actor_of(request), own_buyer(request)
    [health] = await buyer_lines(market, actor, mode_of(request), times_of(request), [buyer])
    own = ((each.id, each.name) for each in market.deals.contracts.values() if each.buyer_id == buyer.id)
    contracts = sorted(own, key=lambda pair: pair[1].lower())
    return await page(
        request,
        "buyer_portal/deliveries.html",
        title="Deliveries",
        here="deliveries",
        view=await view_of(request, OWN_DELIVERIES, theirs={"contract": contracts}),
        health=health,
        exchanges=(),
        line=None,
        told=request.query.get("told", "")[:200],
    )


async def one(request: web.Request) -> web.StreamResponse:
    """Everything that was said to this buyer about the lead of one delivery."""
    market, buyer = request.app[MARKET], own_buyer(request)
    attempt = await market.db.read(read_attempt, request.match_info["attempt"])
    if attempt is None or attempt["buyer_id"] != buyer.id:
        return await _no_such(request)
    rows = await market.db.read(read_lead_rows, SYSTEM, attempt["lead_id"])
    exchanges = _exchanges(request, open_story(market, rows), buyer.id) if rows is not None else []
    gone = await market.db.read(sold_on, attempt["id"])
    return await page(
        request,
        "buyer_portal/deliveries.html",
        title="A delivery",
        here="deliveries",
        line=line_of(market, {**attempt, "city": None, "us_state": None, "sold_on": gone}),
        bought=attempt["state"] == "accepted",
        exchanges=exchanges,
    )


async def resend_one(request: web.Request) -> web.StreamResponse:
    attempt_id = request.match_info["attempt"]
    try:
        await resend(request.app[MARKET], attempt_id, actor_of(request), ip_of(request))
    except NoSuchDelivery:
        return await _no_such(request)
    except CannotSettle as error:
        links = [("The delivery", f"{HOME}/{attempt_id}")]
        return await notice(request, "It was not sent again", str(error), http_status=409, links=links)
    return see_other(address(HOME, told="1 delivery is sent again."))


async def resend_all(request: web.Request) -> web.StreamResponse:
    """Every delivery that failed since; those that cannot go again stay as they are."""
    market, actor, buyer = request.app[MARKET], actor_of(request), own_buyer(request)
    hours = SINCE.get(request[FORM].get("since", ""), 24)
    mode = "test" if request[FORM].get("mode") == "test" else "live"
    wanted = PostFilter(mode, ("failed",), since=market.clock.now() - hours * _HOUR_MS, span=Span(limit=AT_ONCE))
    sent = kept = 0
    for row in await market.db.read(posts_to, actor, buyer.id, wanted):
        try:
            await resend(market, row["id"], actor, ip_of(request))
            sent += 1
        except CannotSettle:
            kept += 1
    left = f" {kept} cannot go again: open each to see why." if kept else ""
    told = f"{sent} {'delivery is' if sent == 1 else 'deliveries are'} sent again.{left}"
    return see_other(address(HOME, told=told))


def _exchanges(request: web.Request, story: Story, buyer_id: str) -> list[Exchange]:
    """Pings, posts and tries of the buyer's own contracts, in order. Of a lead it did not buy what is personal is
    masked."""
    market = request.app[MARKET]
    own = {each.id: each for each in market.deals.contracts.values() if each.buyer_id == buyer_id}
    bought = any(sale["buyer_id"] == buyer_id and sale["reversed_at"] is None for sale in story.rows.sales)
    found: list[Exchange] = []
    for told in story.requests:
        for wire in told.wires:
            contract = own.get(wire["contract"])
            if contract is None:
                continue
            connection = market.connections.get(contract.connection)
            secrets = [text for text in connection.secrets.values() if text] if connection is not None else []
            mask = Mask(tuple(secrets_hidden(secrets))) if bought else told.mask
            title = f"{str(wire['stage']).capitalize()}, {contract.name}"
            outcome = wire.get("lost") or f"HTTP {wire.get('status', '')}".strip()
            found.append(buyer_exchange(market, wire, mask, len(found), title, "", str(outcome)))
    return found


async def _no_such(request: web.Request) -> web.StreamResponse:
    links = [("Your deliveries", HOME)]
    return await notice(request, "There is no such delivery", "It is not yours.", http_status=404, links=links)
