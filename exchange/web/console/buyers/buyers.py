"""Every buyer with how it stands: its bids, what it bought today, its caps and what is left."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.buyer_desk import buyers_asking
from exchange.web.figures.buyers import FIELDS, Line, buyer_lines, buyer_standing, contracts_of, real_buyers
from exchange.web.keys import MARKET
from exchange.web.listed.leads import verticals
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page
from exchange.web.render import page

PATH = "/console/buyers"
_STATES = {
    "active": "Active",
    "paused": "Paused",
    "away": "On vacation",
    "broken": "Not asked",
    "short": "Over its limit",
    "idle": "Nothing live",
}


def pages() -> tuple[Page, ...]:
    return pages_of(BUYERS, show)


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/buyers/buyers.html",
        title="Buyers",
        here="buyers",
        view=await view_of(request, BUYERS),
        asking=await market.db.read(buyers_asking),
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Line]:
    lines = [line for line in await buyer_lines(market, actor, asked.mode, asked.times) if _fits(market, line, asked)]
    column = BUYERS.column(asked.span.sort) or BUYERS.order
    assert column.sorts is not None
    ordered = sorted(lines, key=_order(column.sorts), reverse=asked.span.falling)
    place, newer = asked.span.after, asked.span.newer
    if newer is not None:
        return []  # nobody reads a list of buyers for new ones
    if place is not None:
        ordered = [each for each in ordered if ((column.sorts(each), each.id) < place) == asked.span.falling
                   and (column.sorts(each), each.id) != place]  # fmt: skip
    return ordered[: asked.span.limit]


def _order(sorts: Callable[[Line], int | str]) -> Callable[[Line], tuple[int | str, str]]:
    return lambda line: (sorts(line), line.id)


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    found = 0
    for buyer in real_buyers(market):
        wanted = asked.given.get("state")
        vertical = asked.given.get("vertical")
        if wanted and buyer_standing(market, buyer, asked.times).key != wanted:
            continue
        found += not vertical or any(each.vertical == vertical for each in contracts_of(market, buyer.id))
    return found


def _fits(market: Market, line: Line, asked: Asked) -> bool:
    state, vertical = asked.given.get("state"), asked.given.get("vertical")
    if state and line.standing.key != state:
        return False
    return not vertical or any(each.vertical == vertical for each in contracts_of(market, line.id))


def _states(_: Market) -> Choices:
    return list(_STATES.items())


def _part(of: Callable[[Line], tuple[int, int]]) -> Callable[[Line], int]:
    """A share in hundredths of a percent, to be ordered by; of nothing it is below all."""

    def share(line: Line) -> int:
        part, whole = of(line)
        return part * 10_000 // whole if whole else -1

    return share


BUYERS: Shape[Line] = Shape(
    "buyers",
    PATH,
    "buyer",
    "buyers",
    (
        Column("name", "Buyer", "who", fixed=True, sorts=lambda line: line.name.lower(), text=True),
        Column("state", "State", "is"),
        Column("pause", "Switch", "when"),
        Column("contracts", "Contracts", num=True, sorts=lambda line: line.contracts),
        Column("pings", "Pings", num=True, sorts=lambda line: line.played.pings),
        Column("bid_rate", "Bid rate", num=True, sorts=_part(lambda line: (line.played.bids, line.played.pings))),
        Column("win_rate", "Win rate", num=True, sorts=_part(lambda line: (line.played.posts, line.played.chances))),
        Column("accept", "Accepted on post", num=True,
               sorts=_part(lambda line: (line.played.accepted, line.played.answered))),
        Column("average", "Average price", num=True, sorts=lambda line: line.average.units if line.average else -1),
        Column("spent", "Spent today", "paid", num=True, sorts=lambda line: line.spent.units),
        Column("cap", "Cap used", num=True, sorts=lambda line: round((line.cap or 0) * 10_000)),
        Column("p95", "p95", num=True, sorts=lambda line: line.played.p95_ms or -1),
        Column("timeouts", "Timeouts", num=True, sorts=_part(lambda line: (line.played.timeouts, line.played.pings))),
        Column("returns", "Returned", num=True, sorts=_part(lambda line: (line.returned, line.sold))),
        Column("left", "Left", num=True, sorts=lambda line: line.left.units if line.left else 0),
    ),
    (Filter("state", "State", _states), Filter("vertical", "Vertical", verticals)),
    _read,
    _count,
    lambda line: line.id,
    Line.fields,
    FIELDS,
    Nothing("No buyers yet. A buyer is a company that pays for leads, by its contracts.", "Add a buyer", f"{PATH}/new"),
    falling=False,
)  # fmt: skip
