"""Deliveries that may or may not be sold: the list of those that wait, and the form that settles one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.settle import CannotSettle, Decision, NoSuchDelivery, settle
from exchange.model.money import BadMoney, Money
from exchange.stages.notes import note_problem
from exchange.storage.database import Row
from exchange.storage.leads import unclear_attempts
from exchange.storage.selling import read_attempt
from exchange.web.auth import FORM, actor_of, ip_of, is_local
from exchange.web.console.leads.disputes import disputes_of, fields_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, notice, page
from exchange.web.words import utc

LISTED = 200
_HOME = "/console/unclear"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One delivery of the list. `detail` is the exchange's sentence, not the buyer's words."""

    id: str
    lead_id: str
    state: str
    buyer: str
    seller: str
    consumer: str
    price: Money
    why: str
    made_at: int
    settle_after: int | None


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _HOME, show),
        Page("GET", f"{_HOME}.json", as_json),
        Page("POST", _HOME + "/{attempt_id:[A-Za-z0-9_-]{1,60}}", decide),
    )


async def show(request: web.Request) -> web.StreamResponse:
    waiting, disputes = await _waiting(request), await disputes_of(request)
    template = "console/leads/unclear.html"
    return await page(request, template, title="Unclear", here="unclear", waiting=waiting, disputes=disputes)


async def as_json(request: web.Request) -> web.StreamResponse:
    waiting = await _waiting(request)
    disputes = await disputes_of(request)
    found = {"deliveries": [_fields(each) for each in waiting], "disputes": [fields_of(each) for each in disputes]}
    return json_response({"mode": mode_of(request), "count": len(waiting) + len(disputes), **found})


async def decide(request: web.Request) -> web.StreamResponse:
    """Somebody says what a delivery was. It is booked with their name and their reason."""
    market, form = request.app[MARKET], request[FORM]
    attempt_id = request.match_info["attempt_id"]
    note = form.get("note", "").strip()
    word = form.get("decision", "")
    back = form.get("back", _HOME)
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
    location = back if is_local(back) else _HOME
    return see_other(location)


def _price(text: str, attempt: Row | None) -> Money | None:
    text = text.strip().lstrip("$").replace(",", "")
    return Money.parse(text, attempt["currency"]) if text and attempt is not None else None


async def _waiting(request: web.Request) -> list[Waiting]:
    market = request.app[MARKET]
    rows = await market.db.read(unclear_attempts, actor_of(request), LISTED, mode_of(request))
    sellers = market.deals.sellers
    return [
        Waiting(
            row["id"],
            row["lead_id"],
            row["state"],
            market.deals.buyer_name(row["contract_id"]),
            sellers[row["seller_id"]].name if row["seller_id"] in sellers else row["seller_id"],
            ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part),
            Money(row["price_units"], row["currency"]),
            str(row["reason"] or row["state"]).replace("_", " "),
            row["made_at"],
            row["settle_after"],
        )
        for row in rows
    ]


def _fields(waiting: Waiting) -> dict[str, Any]:
    return {
        "delivery_id": waiting.id,
        "lead_id": waiting.lead_id,
        "status": waiting.state,
        "buyer": waiting.buyer,
        "seller": waiting.seller,
        "consumer": waiting.consumer,
        "price": waiting.price.text,
        "currency": waiting.price.currency,
        "reason": waiting.why,
        "made_at": utc(waiting.made_at),
    }
