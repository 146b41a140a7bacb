"""The calls of the store."""

from __future__ import annotations

from functools import partial

from exchange.web.api import store, store_orders
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

HOME = "/api/v1/store"


def routes() -> tuple[Route, ...]:
    asked = (
        Parameter("vertical", "Of this vertical only."),
        Parameter("before", "The `next` of the page before, or a time; newest first."),
        Parameter("limit", "How many at most, 1 to 1000; 200 unless said."),
    )
    get, post = partial(_route, "GET", ASKED), partial(_route, "POST", (*TOLD, 409))
    return (
        get("", "store", "Leads that a buyer may claim", store.listed, "Store", query=asked),
        post("/{lead_id}/claim", "claim", "Holds a lead for two minutes", store.take, "Held"),
        post("/claims/{claim_id}/confirm", "confirm", "Pays for a claim, and shows the lead", store.pay, "Bought"),
        post("/claims/{claim_id}/release", "release", "Gives a held lead back", store.give_back, "Released"),
        post("/orders", "order", "Buys many leads, within a limit", store_orders.buy, "Order", takes="ToOrder"),
        get("/searches", "searches", "A buyer's saved searches", store.searches, "Searches"),
        post("/searches", "save_search", "Saves a search", store.save, "Saved", takes="Search"),
        post("/searches/{search_id}/delete", "delete_search", "Deletes a saved search", store.forget, "Deleted"),
    )


def _route(
    method: str,
    refusals: tuple[int, ...],
    path: str,
    name: str,
    summary: str,
    do: Work,
    gives: str,
    *,
    takes: str = "",
    query: tuple[Parameter, ...] = (),
) -> Route:
    return Route(
        method, HOME + path, name, summary, KeyKind.BUYER, Rank.REPORT, do, gives, refusals, takes=takes, query=query
    )
