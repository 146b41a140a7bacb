"""One buyer: how it stands, its contracts, what it bought, who signs in, its keys, notes, and what was done to it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.buyer_desk import settings_mark
from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.model.party import Buyer
from exchange.model.rights import Right, may
from exchange.storage.audit import audit_of
from exchange.storage.buyer_desk import changes_asked, notes_of
from exchange.storage.by_hand import keys_of, list_users
from exchange.web.auth import actor_of
from exchange.web.console.buyers._of import BUYER, buyer_in, no_such
from exchange.web.console.overview._steps import next_step
from exchange.web.figures.buyers import Line, buyer_lines, contract_lines
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import mode_of, page, times_of

AUDITED = 30


def pages() -> tuple[Page, ...]:
    return (Page("GET", BUYER, show),)


async def show(request: web.Request) -> web.StreamResponse:
    buyer = buyer_in(request)
    return await no_such(request, "buyer") if buyer is None else await show_buyer(request, buyer)


async def show_buyer(
    request: web.Request, buyer: Buyer, *, wrong: str = "", secret: str = "", http_status: int = 200
) -> web.Response:
    """`secret` is of a key that was just made: it is shown here and nowhere else."""
    market, actor, mode, times = request.app[MARKET], actor_of(request), mode_of(request), times_of(request)
    lines = await contract_lines(market, actor, buyer, mode, times)
    return await page(
        request,
        "console/buyers/buyer.html",
        title=buyer.name,
        here="buyers",
        buyer=buyer,
        line=await _line(request, actor, buyer),
        contracts=lines,
        users=[row for row in await market.db.read(list_users, "buyer") if row["party_id"] == buyer.id],
        keys=await market.db.read(keys_of, "buyer", [buyer.id]),
        notes=await market.db.read(notes_of, actor, buyer.id),
        asked=await market.db.read(changes_asked, actor, buyer.id),
        names={each.id: each.name for each in market.deals.contracts.values()},
        audit=await _audit(request, actor, buyer, lines),
        verticals=sorted((name, vertical.title) for name, vertical in market.verticals.items()),
        connections=sorted(market.connections),
        settings_mark=settings_mark,
        may_settings=may(actor, Right.SETTINGS),
        may_edit=may(actor, Right.EDIT),
        may_pause=may(actor, Right.PAUSE),
        next=await next_step(market, actor),
        wrong=wrong,
        secret=secret,
        http_status=http_status,
    )


async def _line(request: web.Request, actor: Actor, buyer: Buyer) -> Line:
    lines = await buyer_lines(request.app[MARKET], actor, mode_of(request), times_of(request), [buyer])
    return lines[0]


async def _audit(request: web.Request, actor: Actor, buyer: Buyer, lines: list[Line]) -> list[AuditLine]:
    db = request.app[MARKET].db
    found = await db.read(audit_of, actor, f"buyer:{buyer.id}", limit=AUDITED)
    for line in lines:
        found += await db.read(audit_of, actor, f"contract:{line.id}", limit=AUDITED)
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[:AUDITED]
