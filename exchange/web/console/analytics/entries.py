"""Pings, bids, posts and sales one by one: what a figure of the explorer counts, and how many it says."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.analysis import ENTRIES
from exchange.model.money import Money
from exchange.storage.analysis import Stretch, Wanted, count_entries, list_entries
from exchange.storage.database import Row
from exchange.web.analytics.opens import ENTRIES_PATH, OF_CHARACTERS, cells_of, read_of, told_of
from exchange.web.lead_values import day, days_of
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page
from exchange.web.words import utc

KIND = "sales"


class Entry(NamedTuple):
    """One of them. `came` is when its lead did, `at` its own moment; `took_ms` 0: nothing was waited for."""

    id: str
    came: int
    at: int
    lead_id: str
    seller: str
    buyer: str
    contract: str
    said: str
    took_ms: int
    amount: Money

    def fields(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "lead_id": self.lead_id,
            "lead_received_at": utc(self.came),
            "at": utc(self.at),
            "seller": self.seller,
            "buyer": self.buyer,
            "contract": self.contract,
            "outcome": self.said,
            "took_ms": self.took_ms,
            "amount": self.amount.text,
            "currency": self.amount.currency,
        }


def _wanted(asked: Asked) -> Wanted:
    given = asked.given
    kind = given.get("kind", KIND)
    cells = cells_of(given.get("of", ""))
    since, until = period_of(given.get("period"), asked.times)
    if "from" in given or "to" in given:
        since, until = days_of(given.get("from", ""), given.get("to", ""), asked.times)
    stretch = Stretch(since or 0, min(until or asked.times.now + 1, asked.times.now + 1), asked.mode, "")
    return Wanted(kind, ENTRIES[kind][0], cells, stretch, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Entry]:
    return [_entry(market, row) for row in await market.db.read(list_entries, actor, _wanted(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_entries, actor, _wanted(asked), most)


def _entry(market: Market, row: Row) -> Entry:
    deals = market.deals
    seller, buyer, contract = (
        known.get(row[name])
        for known, name in ((deals.sellers, "seller_id"), (deals.buyers, "buyer_id"), (deals.contracts, "contract_id"))
    )
    return Entry(
        row["id"],
        row["came"],
        row["at"],
        row["lead_id"],
        seller.name if seller is not None else row["seller_id"],
        buyer.name if buyer is not None else row["buyer_id"],
        contract.name if contract is not None else row["contract_id"],
        row["said"],
        row["took_ms"],
        Money(row["units"], row["currency"]),
    )


SHAPE: Shape[Entry] = Shape(
    "entries",
    ENTRIES_PATH,
    "entry",
    "entries",
    (
        Column("came", "Lead came", "when tab", sorts=lambda entry: entry.came),
        Column("at", "At", "tab"),
        Column("lead", "Lead", "mono who", fixed=True),
        Column("seller", "Seller", "wrap"),
        Column("buyer", "Buyer", "wrap"),
        Column("contract", "Contract", "wrap"),
        Column("said", "Outcome", "is"),
        Column("took", "Took", num=True),
        Column("amount", "Amount", "paid", num=True),
    ),
    (
        Filter("kind", "What", lambda _: [(name, title) for name, (_, title) in ENTRIES.items()],
               lambda text: text if text in ENTRIES else ""),
        period_filter("Leads received"),
        Filter("from", "From", read=day, example="2026-11-20"),
        Filter("to", "To", read=day, example="2026-11-20"),
        Filter("of", "Of", read=read_of, tell=lambda _, text: told_of(text), silent=True, longest=OF_CHARACTERS),
    ),
    _read,
    _count,
    lambda entry: entry.id,
    Entry.fields,
    ("id", "lead_id", "lead_received_at", "at", "seller", "buyer", "contract", "outcome", "took_ms", "amount",
     "currency"),
    Nothing("No {mode} entries of this kind yet. They appear as soon as leads are asked about and sold.",
            "To the explorer", "/console/analytics"),
    own={"kind": KIND},
)  # fmt: skip


def pages() -> tuple[Page, ...]:
    return pages_of(SHAPE, show)


async def show(request: web.Request) -> web.StreamResponse:
    view = await view_of(request, SHAPE)
    kind = view.query.given.get("kind", KIND)
    return await page(
        request,
        "console/analytics/entries.html",
        title=ENTRIES[kind][1],
        here="analytics",
        view=view,
        title_of=ENTRIES[kind][1],
    )
