"""Traffic as it comes: leads, requests and what went out, newest first, each with what was said on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from exchange.flows.by_hand import create_key
from exchange.flows.market import Market, refresh
from exchange.flows.specs import sample_key, spec_of
from exchange.model.actor import Actor
from exchange.model.lead import Mode
from exchange.model.muted import Muted
from exchange.model.rights import Right
from exchange.stages.score.grade import GRADES
from exchange.storage.database import Row
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.lead_search import edge_of
from exchange.storage.live import RequestFilter, newest_requests, request_row
from exchange.storage.spans import Span
from exchange.storage.timeline import read_lead_rows
from exchange.web.auth import FORM, actor_of
from exchange.web.console.overview._muting import in_words, kept_by, muted_of, offers, read_mutes, with_mutes
from exchange.web.figures.traffic import Sent, edges, sent_lately
from exchange.web.keys import MARKET
from exchange.web.listed.lead_rows import LeadLine, read_lines
from exchange.web.listed.states import STATUSES
from exchange.web.pages import Page
from exchange.web.posting.documents import base_of
from exchange.web.posting.samples import sample_pairs, samples
from exchange.web.render import address, as_json, mode_of, notice, page, times_of
from exchange.web.story.records import Request, Story, open_story
from exchange.web.story.wire import Exchange, buyer_exchange, seller_exchange
from exchange.web.words import utc

HOME = "/console/live"
TABS = ("leads", "requests", "deliveries")
ROWS = 50
_CLASSES: Mapping[str, int] = {"2xx": 2, "4xx": 4, "5xx": 5, "none": 0}
_ENDPOINTS = ("ping", "post", "pingpost", "validate")
_STATUSES = ("accepted", "unsold", "duplicate", "rejected", "invalid", "queued", "error", "valid", "replayed")
_KINDS = ("ping", "post", "retry", "postback", "webhook")
_FILTERS: Mapping[str, tuple[str, ...]] = {
    "leads": ("status", "seller", "grade", "vertical"),
    "requests": ("endpoint", "http", "status", "seller", "field"),
    "deliveries": ("kind", "buyer", "outcome", "http"),
}
_LONGEST = 60


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_twin),
        Page("GET", HOME + "/requests/{request_id:[A-Za-z0-9_-]{1,60}}", drawer),
        Page("POST", f"{HOME}/key", make_key, Right.SETTINGS),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, mode, times = request.app[MARKET], actor_of(request), mode_of(request), times_of(request)
    tab, given = _asked(request)
    mutes = read_mutes(request.query.getall("mute", []), tab)
    rows = await _rows(market, actor, mode, tab, given, muted_of(mutes))
    return await page(
        request,
        "console/overview/live.html",
        title="Live traffic",
        here="live",
        tab=tab,
        tabs=[(name, name.capitalize(), with_mutes(_url(mode, name, {}), kept_by(mutes, name))) for name in TABS],
        given=given,
        rows=rows,
        choices=_choices(market, tab),
        edges=await edges(market, actor, mode, times.now),
        curl=_first_curl(market) if not rows and not given and not mutes else None,
        campaigns=sorted(market.deals.campaigns),
        clear=_url(mode, tab, {}),
        mutes=[(mute, in_words(market.deals, mute), [each for each in mutes if each != mute]) for mute in mutes],
        muted=list(mutes),
        offers=offers(market.deals, rows),
        with_mutes=with_mutes,
        wrong_of=_wrong,
        url=_url,
        names={each.id: each.name for each in market.deals.sellers.values()},
    )


async def as_twin(request: web.Request) -> web.StreamResponse:
    """The same rows for programs."""
    market, actor, mode = request.app[MARKET], actor_of(request), mode_of(request)
    tab, given = _asked(request)
    mutes = read_mutes(request.query.getall("mute", []), tab)
    rows = await _rows(market, actor, mode, tab, given, muted_of(mutes))
    return as_json({"mode": mode, "tab": tab, "filters": given, "muted": mutes, "rows": [_fields(row) for row in rows]})


async def drawer(request: web.Request) -> web.StreamResponse:
    """One request: what came and was answered, and every message to a buyer because of it; masked."""
    market, actor, request_id = request.app[MARKET], actor_of(request), request.match_info["request_id"]
    row = await market.db.read(request_row, actor, request_id)
    if row is None:
        return await notice(request, "There is no such request", "It was deleted, or never came.", http_status=404)
    rows = await market.db.read(read_lead_rows, actor, row["lead_id"]) if row["lead_id"] else None
    exchanges = _exchanges(market, open_story(market, rows), request_id) if rows is not None else []
    seller = market.deals.sellers.get(row["seller_id"] or "")
    return await page(
        request,
        "console/overview/_drawer.html",
        title=f"Request {request_id}",
        here="live",
        mode=row["mode"] or "live",
        row=row,
        wrong=_wrong(row),
        seller=seller.name if seller is not None else row["seller_id"] or "unknown",
        exchanges=exchanges,
        back=_url(row["mode"] or "live", "requests", {}),
    )


async def make_key(request: web.Request) -> web.StreamResponse:
    """A test key of a campaign, shown once in a command that runs as it stands."""
    market, campaign_id = request.app[MARKET], request[FORM].get("campaign", "")
    if campaign_id not in market.deals.campaigns:
        return await notice(
            request,
            "No key was made",
            "Choose a campaign that exists. Campaigns are added on their page.",
            http_status=422,
            links=(("Campaigns", "/console/campaigns"),),
        )
    made = await create_key(
        market.db, market.clock, market.ids, "campaign", campaign_id, Mode.TEST, "live traffic", actor_of(request)
    )
    await refresh(market)
    return await notice(
        request,
        "A test key",
        "It is shown this once. Run the command: the lead appears in live traffic of test mode.",
        http_status=200,
        code=_curl(market, campaign_id, made.secret),
        links=(("Live traffic of test mode", f"{HOME}?mode=test"),),
    )


def _first_curl(market: Market) -> str | None:
    """A request that runs as it stands: with the test key that a campaign's posting page shows."""
    for campaign_id in sorted(market.deals.campaigns):
        key = sample_key(market, campaign_id)
        if key is not None:
            return _curl(market, campaign_id, key)
    return None


def _curl(market: Market, campaign_id: str, key: str) -> str:
    spec = spec_of(market.deals, market.deals.campaigns[campaign_id])
    pairs = (*sample_pairs(spec, "post", market.clock.now()), ("test_outcome", "sold"))
    return samples(f"{base_of(market)}/post", key, pairs)[0].code


def _asked(request: web.Request) -> tuple[str, dict[str, str]]:
    tab = request.query.get("tab", TABS[0])
    tab = tab if tab in TABS else TABS[0]
    given = {name: request.query.get(name, "").strip()[:_LONGEST] for name in _FILTERS[tab]}
    return tab, {name: value for name, value in given.items() if value}


def _url(mode: str, tab: str, given: Mapping[str, str]) -> str:
    return address(HOME, tab=tab if tab != TABS[0] else None, mode="test" if mode == "test" else None, **given)


async def _rows(market: Market, actor: Actor, mode: str, tab: str, given: Mapping[str, str], muted: Muted) -> list[Any]:
    if tab == "leads":
        status = given.get("status")
        wanted = LeadFilter(
            mode=mode,
            states=STATUSES.get(status, (status,)) if status else (),
            seller_id=given.get("seller"),
            vertical=given.get("vertical"),
            grade=given.get("grade"),
            muted=muted._replace(
                outcomes=tuple(each for told in muted.outcomes for each in STATUSES.get(told, (told,)))
            ),
            span=Span(limit=ROWS),
        )
        edge = await market.db.read(edge_of, actor, wanted)
        return list(await read_lines(market, actor, replace(wanted, edge=edge)))
    if tab == "requests":
        http = _CLASSES.get(given.get("http", ""))
        seller, endpoint, status, field = (given.get(name) for name in ("seller", "endpoint", "status", "field"))
        asked = RequestFilter(mode, seller, endpoint, status, http, field, muted, ROWS)
        return list(await market.db.read(newest_requests, actor, asked))
    return [each for each in await sent_lately(market, actor, mode) if _matches(each, given, muted)][:ROWS]


def _matches(sent: Sent, given: Mapping[str, str], muted: Muted) -> bool:
    http = _CLASSES.get(given.get("http", ""))
    return (
        given.get("kind") in (None, sent.kind)
        and given.get("buyer") in (None, sent.to_id)
        and given.get("outcome") in (None, sent.outcome)
        and sent.seller_id not in muted.sellers
        and sent.outcome not in muted.outcomes
        and (http is None or (sent.http or 0) // 100 == http)
    )


def _choices(market: Market, tab: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters of a tab: name, title, and values with their words; none of what is typed."""
    deals = market.deals
    known = {
        "status": ("Outcome", [(name, name.replace("_", " ")) for name in STATUSES]),
        "seller": ("Seller", sorted((each.id, each.name) for each in deals.sellers.values())),
        "buyer": ("Buyer", sorted((each.id, each.name) for each in deals.buyers.values())),
        "grade": ("Grade", [(letter, letter) for letter in GRADES]),
        "vertical": ("Vertical", sorted((name, each.title) for name, each in market.verticals.items())),
        "endpoint": ("Endpoint", [(name, name) for name in _ENDPOINTS]),
        "http": ("HTTP", [(name, name if name != "none" else "no answer") for name in _CLASSES]),
        "field": ("Field with error", []),
        "kind": ("Kind", [(name, name) for name in _KINDS]),
        "outcome": ("Read as", [(name, name.replace("_", " ")) for name in _OUTCOMES]),
    }
    if tab == "requests":
        known["status"] = ("Status", [(name, name) for name in _STATUSES])
    return [(name, *known[name]) for name in _FILTERS[tab]]


_OUTCOMES = ("bid", "no_bid", "timeout", "accepted", "rejected", "failed", "unclear", "pending", "delivered")


def _exchanges(market: Market, story: Story, request_id: str) -> list[Exchange]:
    """The seller's request and its answer, then what was said to buyers, in order."""
    found = next((each for each in story.requests if each.id == request_id), None)
    if found is None:
        return []
    days = market.retention_days["lead"]
    told = [seller_exchange(found, 1, "The seller's request, and our answer", days, (story.mask,))]
    return told + [_to_buyer(market, story, found, wire, at) for at, wire in enumerate(found.wires, start=1)]


def _to_buyer(market: Market, story: Story, request: Request, wire: Mapping[str, Any], at: int) -> Exchange:
    name = market.deals.buyer_name(wire["contract"])
    outcome = str(wire.get("status") or wire.get("lost", "")).replace("_", " ")
    return buyer_exchange(market, wire, story.mask, at, f"{wire['stage'].capitalize()} to {name}", "", outcome)


def _fields(row: Any) -> Mapping[str, Any]:
    if isinstance(row, LeadLine):
        return row.fields()
    if isinstance(row, Sent):
        return {
            "at": utc(row.at),
            "request_id": row.request_id,
            "lead_id": row.lead_id,
            "to": row.to,
            "kind": row.kind,
            "http": row.http,
            "read_as": row.read,
            "price": row.price,
            "took_ms": row.took_ms,
            "attempt": row.attempt,
            "next_try": utc(row.next_at) if row.next_at else None,
        }
    return {**row, "received_at": utc(row["received_at"]), "wrong": _wrong(row)}


def _wrong(row: Row) -> list[dict[str, str]]:
    """The wrong fields of a request, each with what is wrong."""
    pairs = (each.rpartition(":") for each in row["wrong"].split())
    return [{"field": field, "code": code} for field, _, code in pairs]
