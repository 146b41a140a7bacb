"""The leads a buyer bought as its list shows them: columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.bought import BoughtFilter, count_bought
from exchange.web.listed.bought_rows import COLUMNS, BoughtLine, read_bought
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape

PATH = "/buyer/leads"


def _filter(asked: Asked) -> BoughtFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return BoughtFilter(
        asked.mode,
        given.get("contract", ""),
        given.get("disposition", ""),
        given.get("vertical", ""),
        since,
        until,
        asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[BoughtLine]:
    return await read_bought(market, actor, _filter(asked))


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_bought, actor, _filter(asked), most)


def _fields(line: BoughtLine) -> Mapping[str, object]:
    return {**line.fields(), "lead": line.values}


def _marks(line: BoughtLine) -> Mapping[str, str]:
    """Its lead, and the words that digits say of it."""
    return {"lead": line.lead_id, "kinds": " ".join(line.kinds)}


BOUGHT: Shape[BoughtLine] = Shape(
    "bought",
    PATH,
    "lead",
    "leads",
    (
        Column("tick", "Tick", "tick", fixed=True),
        Column("bought", "Bought", "when tab", sorts=lambda line: line.accepted_at),
        Column("name", "Name", "who", fixed=True),
        Column("phone", "Phone", "tab act"),
        Column("place", "City, state"),
        Column("contract", "Contract", "wrap"),
        Column("vertical", "Vertical", hidden=True),
        Column("price", "Price", "paid", num=True),
        Column("disposition", "Disposition", "is"),
        Column("return", "Return"),
        Column("delivery", "Delivery", "dim"),
        Column("reference", "Your reference", "mono dim", hidden=True),
    ),
    (
        Filter("disposition", "Disposition"),
        Filter("contract", "Contract"),
        Filter("vertical", "Vertical"),
        period_filter("Bought"),
    ),
    _read,
    _count,
    lambda line: line.sale_id,
    _fields,
    COLUMNS,
    Nothing("No {mode} leads yet. One you buy stands here at once, with all its values.", "Look into the store",
            "/buyer/store"),
    marks=_marks,
)  # fmt: skip
