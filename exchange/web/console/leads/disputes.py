"""Sales whose delivery came back: shown with what is unclear, and decided here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.disputes import stands, undo_disputed
from exchange.flows.settle import CannotSettle
from exchange.model.money import Money
from exchange.stages.notes import note_problem
from exchange.storage.disputes import disputed_sales
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import mode_of, notice
from exchange.web.words import utc

LISTED = 200
_HOME = "/console/unclear"


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    lead_id: str
    buyer: str
    channel: str
    consumer: str
    price: Money
    told: str
    made_at: int


def pages() -> tuple[Page, ...]:
    return (Page("POST", "/console/disputes/{attempt_id:[A-Za-z0-9_-]{1,60}}", decide),)


async def disputes_of(request: web.Request) -> list[Dispute]:
    market = request.app[MARKET]
    rows = await market.db.read(disputed_sales, actor_of(request), mode_of(request), LISTED)
    return [
        Dispute(
            row["attempt_id"],
            row["lead_id"],
            market.deals.buyer_name(row["contract_id"]),
            row["channel"],
            ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part),
            Money(row["price_units"], row["currency"]),
            row["told"] or "",
            row["made_at"],
        )
        for row in rows
    ]


def fields_of(dispute: Dispute) -> dict[str, Any]:
    return {
        "delivery_id": dispute.id,
        "lead_id": dispute.lead_id,
        "buyer": dispute.buyer,
        "channel": dispute.channel,
        "consumer": dispute.consumer,
        "price": dispute.price.text,
        "currency": dispute.price.currency,
        "told": dispute.told,
        "made_at": utc(dispute.made_at),
    }


async def decide(request: web.Request) -> web.StreamResponse:
    """Somebody says whether the sale stands. It is kept with their name and their reason."""
    market, form = request.app[MARKET], request[FORM]
    attempt_id = request.match_info["attempt_id"]
    note = form.get("note", "").strip()
    word = form.get("decision", "")
    if not note or word not in ("stands", "undo"):
        told = "Say whether the sale stands or is undone, and why: the reason is kept with your name."
        return await notice(request, "Not decided yet", told, http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Not decided yet", wrong.message, http_status=422)
    try:
        if word == "undo":
            await undo_disputed(market, attempt_id, note, actor_of(request), ip_of(request))
        elif not await stands(market, attempt_id, note, actor_of(request), ip_of(request)):
            return await notice(request, "It was decided before", "Nobody disputes this sale now.", http_status=409)
    except CannotSettle as error:
        return await notice(request, "It could not be undone", str(error), http_status=409)
    return see_other(_HOME)
