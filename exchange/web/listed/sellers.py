"""The list of sellers: its columns and filters."""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.flows.seller_list import SellerLine, seller_lines
from exchange.model.actor import Actor
from exchange.web.lists.held import held
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/sellers"
STATES = ("live", "test", "paused", "blocked")
NAMES = (
    "seller_id", "name", "state", "campaigns", "leads_today", "sold_today", "rejected_today", "sales_30d",
    "returned_30d", "earned_per_lead", "owed", "last_lead_at", "postbacks",
)  # fmt: skip


async def _lines(market: Market, actor: Actor, asked: Asked) -> list[SellerLine]:
    lines = await seller_lines(market, actor, asked.mode, *asked.times.today())
    state, name = asked.given.get("state"), asked.given.get("name", "").lower()
    return [each for each in lines if (not state or each.state == state) and name in f"{each.name} {each.id}".lower()]


async def _read(market: Market, actor: Actor, asked: Asked) -> list[SellerLine]:
    return held(await _lines(market, actor, asked), SELLERS, asked.span)


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return min(len(await _lines(market, actor, asked)), most)


def _share(part: int, whole: int) -> int:
    """In parts of a million, so that rows are ordered by whole numbers."""
    return part * 1_000_000 // whole if whole else -1


def _fields(line: SellerLine) -> dict[str, object]:
    return {
        "seller_id": line.id,
        "name": line.name,
        "state": line.state,
        "campaigns": line.campaigns,
        "leads_today": line.leads,
        "sold_today": line.sold,
        "rejected_today": line.refused,
        "sales_30d": line.sales,
        "returned_30d": line.returned,
        "earned_per_lead": line.epl.text if line.epl is not None else None,
        "owed": [f"{each.text} {each.currency}" for each in line.owed],
        "last_lead_at": utc(line.last_lead_at) if line.last_lead_at is not None else None,
        "postbacks": line.postbacks,
    }


SELLERS: Shape[SellerLine] = Shape(
    "sellers",
    PATH,
    "seller",
    "sellers",
    (
        Column("name", "Seller", "who", fixed=True, sorts=lambda line: line.name.lower(), text=True),
        Column("state", "State", "is", sorts=lambda line: line.state, text=True),
        Column("campaigns", "Campaigns", num=True, sorts=lambda line: line.campaigns),
        Column("leads", "Leads today", "when", num=True, sorts=lambda line: line.leads),
        Column("sold", "Sold", num=True, sorts=lambda line: _share(line.sold, line.leads)),
        Column("refused", "Rejected", num=True, sorts=lambda line: _share(line.refused, line.leads)),
        Column("returned", "Returned", num=True, sorts=lambda line: _share(line.returned, line.sales),
               about="Of the sales of the last 30 days"),
        Column("epl", "EPL", num=True, sorts=lambda line: line.epl.units if line.epl is not None else -1,
               about="Earned for each lead of the last 30 days, after returns"),
        Column("owed", "Owed", "paid", num=True, sorts=lambda line: sum(each.units for each in line.owed)),
        Column("last", "Last lead", sorts=lambda line: line.last_lead_at or 0),
        Column("postbacks", "Postbacks"),
    ),
    (
        Filter("name", "Name", example="acme"),
        Filter("state", "State", lambda _: [(each, each.capitalize()) for each in STATES],
               lambda text: text if text in STATES else ""),
    ),
    _read,
    _count,
    lambda line: line.id,
    _fields,
    NAMES,
    Nothing("No sellers yet. Add one, or import them from a CSV.", "Add a seller", "/console/new-seller"),
    falling=False,
)  # fmt: skip
