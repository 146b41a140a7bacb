"""What the pages of one seller show: a tab each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web

from exchange.flows.campaign_keys import keys_of_seller
from exchange.flows.party_people import people_of
from exchange.flows.sellers import campaigns_of, standing
from exchange.flows.specs import page_url
from exchange.model.actor import Role
from exchange.model.audit import AuditLine
from exchange.model.lead import Problem
from exchange.model.party import Seller, State
from exchange.model.quality import DAY_MS
from exchange.model.rights import Right, may
from exchange.storage.audit import audit_about
from exchange.storage.endpoints import endpoints_of
from exchange.storage.notes import notes_of
from exchange.storage.payout_lists import RunFilter, list_runs
from exchange.storage.sellers import leads_by_seller, past_by_seller, sources_by_day
from exchange.storage.wishes import wishes_of
from exchange.web.auth import actor_of
from exchange.web.figures.sources import DAYS, first_day, steps_of, sub_ids
from exchange.web.keys import MARKET
from exchange.web.render import mode_of, notice, page, times_of
from exchange.web.statements.told import STATES

ONE = "/console/sellers/{seller_id:[A-Za-z0-9_.-]{1,80}}"
TABS = (
    ("overview", "Overview"),
    ("campaigns", "Campaigns"),
    ("statements", "Statements"),
    ("users", "Users"),
    ("keys", "Keys"),
    ("postbacks", "Postbacks"),
    ("notes", "Notes"),
    ("audit", "Audit"),
)
_LINES = 100


async def gone(request: web.Request) -> web.StreamResponse:
    links = [("All sellers", "/console/sellers")]
    return await notice(request, "There is no such seller", "Look in the list.", http_status=404, links=links)


async def seller_page(
    request: web.Request,
    tab: str,
    *,
    problems: Sequence[Problem] = (),
    link: str = "",
    key: str = "",
    http_status: int = 200,
) -> web.StreamResponse:
    """A tab of a seller. `link` and `key` are shown this once."""
    market, actor = request.app[MARKET], actor_of(request)
    seller = market.deals.sellers.get(request.match_info["seller_id"])
    if seller is None or seller.state is State.DELETED:
        return await gone(request)
    return await page(
        request,
        "console/sellers/seller.html",
        title=seller.name,
        here="sellers",
        seller=seller,
        state=standing(market, seller),
        tabs=TABS,
        tab=tab,
        base=f"/console/sellers/{seller.id}",
        campaigns=campaigns_of(market, seller.id),
        verticals=market.verticals,
        posting_page=lambda campaign_id: page_url(market, campaign_id),
        may_settings=may(actor, Right.SETTINGS),
        problems=problems,
        link=link,
        key=key,
        http_status=http_status,
        **await _of_tab(request, seller, tab),
    )


async def _of_tab(request: web.Request, seller: Seller, tab: str) -> dict[str, Any]:
    market, actor = request.app[MARKET], actor_of(request)
    match tab:
        case "campaigns":
            return {"wishes": await market.db.read(wishes_of, actor, seller.id)}
        case "statements":
            runs = await market.db.read(list_runs, actor, RunFilter(seller_id=seller.id))
            return {"runs": [(each, STATES[each.state.value]) for each in runs]}
        case "users":
            return {"people": await people_of(market, Role.SELLER, seller.id)}
        case "keys":
            return {"keys": await keys_of_seller(market, seller.id)}
        case "postbacks":
            rows = await market.db.read(endpoints_of, actor)
            return {"addresses": [row for row in rows if row["role"] == "seller" and row["party_id"] == seller.id]}
        case "notes":
            return {"notes": await market.db.read(notes_of, actor, f"seller:{seller.id}")}
        case "audit":
            return {"lines": await _audit(request, seller)}
        case _:
            return await _overview(request, seller)


async def _overview(request: web.Request, seller: Seller) -> dict[str, Any]:
    market, actor, times = request.app[MARKET], actor_of(request), times_of(request)
    begin, end = times.today()
    today = (await market.db.read(leads_by_seller, actor, mode_of(request), begin, end)).get(seller.id, [])
    now = market.clock.now()
    rows = await market.db.read(sources_by_day, actor, seller.id, first_day(now))
    past = (await market.db.read(past_by_seller, actor, first_day(now))).get(seller.id)
    blocked = frozenset(each for campaign in campaigns_of(market, seller.id) for each in campaign.blocked_sub_ids)
    caps = {sub_id: cap for (owner, sub_id), cap in market.live.standings.caps.items() if owner == seller.id}
    leads, sold, refused = sum(row[2] for row in rows), sum(row[3] for row in rows), sum(row[4] for row in rows)
    return {
        "today": today,
        "days": DAYS,
        "weeks": [f"{ago} weeks ago" if ago > 1 else "Last week" if ago else "This week" for ago in (3, 2, 1, 0)],
        "sub_ids": sub_ids(rows, now // DAY_MS, blocked, caps),
        "past": past,
        "funnel": steps_of(leads, leads - refused, sold) if rows else None,
    }


async def _audit(request: web.Request, seller: Seller) -> list[tuple[AuditLine, list[tuple[str, str, str]]]]:
    market = request.app[MARKET]
    own = [f"campaign:{each.id}" for each in market.deals.campaigns.values() if each.seller_id == seller.id]
    found = await market.db.read(audit_about, actor_of(request), [f"seller:{seller.id}", *own], _LINES)
    return [(each, changed(each)) for each in found]


def changed(line: AuditLine) -> list[tuple[str, str, str]]:
    """What became of what: name, before, after."""
    before, after = (orjson.loads(text or "{}") for text in (line.before, line.after))
    names = dict.fromkeys((*before, *after))
    return [
        (name.replace("_", " "), str(before.get(name, "")), str(after.get(name, "")))
        for name in names
        if str(before.get(name, "")) != str(after.get(name, ""))
    ]
