"""Consent that consumers took back: written down here, with who was told, how, and by when everybody must know."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.revoke import CannotRevoke, Taken, acknowledge, revoke
from exchange.model.actor import Role
from exchange.model.revocation import ACKNOWLEDGED, NoticeRow, RevocationRow
from exchange.storage.revocations import list_revocations
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.list_fields import revocation_fields
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page

HOME = "/console/revocations"
_WAYS = {
    "revoke_message": "its own message",
    "webhook": "webhook",
    "mail": "mail",
    "by_hand": "by hand",
    "told_by_buyer": "its own word",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient of one lead."""

    notice: NoticeRow
    buyer: str

    @property
    def open(self) -> bool:
        return self.notice.state != ACKNOWLEDGED

    @property
    def how(self) -> str:
        return _WAYS.get(self.notice.way, "")

    @property
    def tone(self) -> str:
        return {"acknowledged": "good", "by_hand": "bad"}.get(self.notice.state, "warn")


@dataclass(frozen=True, slots=True)
class Line:
    row: RevocationRow
    about: str
    told: tuple[Told, ...]
    overdue: bool


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("POST", HOME, take),
        Page("POST", HOME + "/{notice_id:rvn_[A-Za-z0-9_]{1,90}}", told),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def as_json(request: web.Request) -> web.StreamResponse:
    found = await request.app[MARKET].db.read(list_revocations, actor_of(request))
    return json_response({"revocations": [revocation_fields(row, notices) for row, notices in found]})


async def take(request: web.Request) -> web.StreamResponse:
    form = {name: value.strip() for name, value in request[FORM].items()}
    who = form.get("who", "")
    lead_id = who if who.startswith("ld_") else ""
    taken = Taken("" if lead_id else who, lead_id, form.get("vertical", ""), "consumer", form.get("means", ""))
    try:
        await revoke(request.app[MARKET], taken, actor_of(request), ip_of(request))
    except CannotRevoke as error:
        return await _page(request, str(error), 422)
    return see_other(HOME)


async def told(request: web.Request) -> web.StreamResponse:
    """An operator told somebody by hand."""
    if not await acknowledge(request.app[MARKET], request.match_info["notice_id"], actor_of(request)):
        return await notice(request, "Nothing to say", "It was acknowledged before.", http_status=409)
    return see_other(HOME)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.Response:
    market, actor = request.app[MARKET], actor_of(request)
    assert actor.role is Role.OPERATOR
    found = await market.db.read(list_revocations, actor)
    lines = [_line(market, row, notices) for row, notices in found]
    return await page(
        request,
        "console/checks/revocations.html",
        title="Consent taken back",
        here="revocations",
        lines=lines,
        still_open=sum(each.open for line in lines for each in line.told),
        verticals=sorted(market.verticals.values(), key=lambda each: each.title.lower()),
        problem=problem,
        http_status=http_status,
    )


def _line(market: Market, row: RevocationRow, notices: tuple[NoticeRow, ...]) -> Line:
    vertical = market.verticals.get(row.vertical)
    about = vertical.title if vertical is not None else row.vertical or "Everything"
    made = tuple(Told(each, market.deals.buyer_name(each.contract_id)) for each in notices)
    overdue = row.due_at < market.clock.now() and any(each.open for each in made)
    return Line(row, about, made, overdue)
