"""Deliveries that may or may not be sold: the list of those that wait, and the form that settles one."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.settle import CannotSettle, Decision, NoSuchDelivery, settle
from exchange.model.money import BadMoney, Money
from exchange.stages.notes import note_problem
from exchange.storage.database import Row
from exchange.storage.disputes import DisputeFilter, count_disputed
from exchange.storage.selling import read_attempt
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.keys import MARKET
from exchange.web.listed.unclear import PATH, UNCLEAR
from exchange.web.lists.shape import COUNTED
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import mode_of, notice, page


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(UNCLEAR, show),
        Page("POST", PATH + "/{attempt_id:[A-Za-z0-9_-]{1,60}}", decide),
    )


async def show(request: web.Request) -> web.StreamResponse:
    view, wanted = await view_of(request, UNCLEAR), DisputeFilter(mode_of(request))
    disputed = await request.app[MARKET].db.read(count_disputed, actor_of(request), wanted, COUNTED)
    template = "console/leads/unclear.html"
    return await page(request, template, title="Unclear", here="unclear", view=view, disputed=disputed)


async def decide(request: web.Request) -> web.StreamResponse:
    """Somebody says what a delivery was. It is booked with their name and their reason."""
    market, form = request.app[MARKET], request[FORM]
    attempt_id = request.match_info["attempt_id"]
    note = form.get("note", "").strip()
    word = form.get("decision", "")
    back = form.get("back", PATH)
    if not note or word not in ("accepted", "refused"):
        told = "Say what it was, accepted or refused, and why: the reason is kept with your name."
        return await notice(request, "Not settled yet", told, http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Not settled yet", wrong.message, http_status=422)
    attempt = await market.db.read(read_attempt, attempt_id)
    try:
        price = _price(form.get("price", ""), attempt)
        decision = Decision(word == "accepted", note, price)
        await settle(market, attempt_id, decision, actor_of(request), ip_of(request))
    except BadMoney:
        return await notice(request, "Not settled yet", "The price must be an amount such as 31.50.", http_status=422)
    except NoSuchDelivery as error:
        return await notice(request, "There is no such delivery", str(error), http_status=404)
    except CannotSettle as error:
        return await notice(request, "It could not be settled", str(error), http_status=409)
    location = back if is_local(back) else PATH
    return see_other(location)


def _price(text: str, attempt: Row | None) -> Money | None:
    text = text.strip().lstrip("$").replace(",", "")
    return Money.parse(text, attempt["currency"]) if text and attempt is not None else None
