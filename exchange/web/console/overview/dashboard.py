"""Is the exchange healthy, and what needs me? The period in figures; each opens the list it counts."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.fields.state import NAMES
from exchange.flows.market import Market
from exchange.model.money import SCALE
from exchange.model.rights import Right
from exchange.stages.reasons import currency_sign
from exchange.stages.score.grade import GRADES
from exchange.web import words
from exchange.web.auth import actor_of
from exchange.web.charts.bars import gauge, share, spread
from exchange.web.charts.chart import Chart
from exchange.web.charts.stacked import Group, Series, stacked
from exchange.web.console.analytics._keeping import pinned_reports
from exchange.web.console.overview._steps import first_steps, next_step
from exchange.web.figures.board import Board, Wanted, read_board
from exchange.web.figures.day import GROUPS, Asked, Day, Slice
from exchange.web.figures.flow import why_rejected
from exchange.web.figures.heat import COLUMNS, Heat
from exchange.web.figures.kpis import kpis, lead_list
from exchange.web.figures.period import DAYS, comparisons, read_period
from exchange.web.figures.pings import ping_limit_ms
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, page, times_of
from exchange.web.render import as_json as json_response
from exchange.web.to_try import TO_TRY, things_for

_SERIES = (Series("Payout", "payout"), Series("Margin", "margin"))
_FACETS = ("grade:", "state:")


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/console", show),
        Page("GET", "/console.json", as_json),
        Page("POST", "/console/to-try", dismiss, Right.SEE),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    mode = mode_of(request)
    steps = await first_steps(market, actor, mode)
    if steps is not None:
        return await page(request, "console/overview/_checklist.html", title="Dashboard", here="dashboard", steps=steps)
    wanted, times = _wanted(request), times_of(request)
    asked = wanted.asked
    board = await read_board(market, actor, wanted, times)
    limit = ping_limit_ms(market, asked.vertical)
    most = max([limit, *(each.p95_ms for each in board.latencies)]) or 1
    return await page(
        request,
        "console/overview/dashboard.html",
        title="Dashboard",
        here="dashboard",
        board=board,
        day=board.day,
        asked=asked,
        period=asked.period,
        facet=wanted.facet,
        choices=_choices(market, asked),
        url=_url(request, asked, wanted.facet),
        kpis=kpis(board.day, asked, limit),
        groups=[(name, board.day.now.groups[name], lead_list(asked, status=name)) for name in GROUPS],
        reasons=why_rejected(board.day),
        money_chart=_money_chart(board.day),
        rejections=[
            (each, share(each.leads, board.day.rejections[0].leads, _tone(each.fixer)),
             lead_list(asked, status="rejected", reason=each.slug))
            for each in board.day.rejections
        ],
        gauges=[(each, gauge(each.part, 1.0, each.expected)) for each in board.gauges],
        latencies=[(each, spread(each.p50_ms, each.p95_ms, limit, most)) for each in board.latencies],
        limit_ms=limit,
        heat_columns=COLUMNS,
        pinned=await pinned_reports(request),
        next=await next_step(market, actor) if mode == "test" else None,
        things=await things_for(request.app),
        try_last=request.app[TO_TRY].last if TO_TRY in request.app else "",
    )  # fmt: skip


async def dismiss(request: web.Request) -> web.StreamResponse:
    """What is to be tried is shown no more."""
    if TO_TRY not in request.app:
        raise web.HTTPNotFound
    request.app[TO_TRY].dismiss()
    return see_other(address("/console", mode="test" if mode_of(request) == "test" else None))


async def as_json(request: web.Request) -> web.StreamResponse:
    """The same figures for programs."""
    market = request.app[MARKET]
    wanted = _wanted(request)
    board = await read_board(market, actor_of(request), wanted, times_of(request))
    return json_response(_fields(board, wanted.asked, market.zone))


def _fields(board: Board, asked: Asked, zone: str) -> dict[str, Any]:
    day, now = board.day, board.day.now
    return {
        "mode": asked.mode,
        "period": day.period.name,
        "vertical": asked.vertical,
        "compared_with": day.period.compared,
        "zone": zone,
        "begin": words.utc(day.period.begin),
        "leads": now.leads,
        **{name: now.groups[name] for name in GROUPS},
        "priced": now.priced,
        "revenue": now.revenue.text,
        "payout": now.payout.text,
        "margin": now.margin.text,
        "outside_checks": now.checks.text,
        "currency": now.revenue.currency,
        "other_currencies": [
            {"currency": each.revenue.currency, "revenue": each.revenue.text, "payout": each.payout.text}
            for each in day.other
        ],
        "before": {"leads": day.before.leads, "revenue": day.before.revenue.text, "sold": day.before.groups["sold"]},
        "answer_ms": {"p50": day.p50_ms, "p95": day.p95_ms},
        "hours": [_slice(each) for each in day.slices],
        "rejections": [{"reason": each.slug, "leads": each.leads, "fixed_by": each.fixer} for each in day.rejections],
        "flows": [
            {"from": each.source, "to": each.target, "leads": each.leads, "share": round(each.size, 4)}
            for each in (board.tree.flows if board.tree is not None else ())
            if each.leads
        ],
        "bids": _bids(board),
        "caps": [each.fields for each in board.gauges],
        "needs_you": [{"kind": need.kind, "title": need.title, "note": need.note} for need in board.needs],
        "alert": board.alert.title if board.alert is not None else None,
        "buyers": [
            {
                "buyer": each.name,
                "p50_ms": each.p50_ms,
                "p95_ms": each.p95_ms,
                "pings": each.pings,
                "timeouts": each.timeouts,
                "no_bids": each.no_bids,
                "limit_ms": each.limit_ms,
                "mark": board.marks.get(each.buyer_id, ""),
            }
            for each in board.latencies
        ],
        "worst_source": _worst(board.heat),
        "sources": [line.fields for line in (board.heat.lines if board.heat is not None else ())],
    }


def _worst(heat: Heat | None) -> dict[str, Any] | None:
    if heat is None or heat.worst is None:
        return None
    return {"seller": heat.worst.seller_id, "sub_id": heat.worst.sub_id, "told": heat.told}


def _slice(each: Slice) -> dict[str, Any]:
    return {"hour": each.name, "payout": f"{each.payout / SCALE:.4f}", "margin": f"{each.margin / SCALE:.4f}"}


def _bids(board: Board) -> dict[str, Any] | None:
    found = board.bids
    if found is None:
        return None
    return {
        "bids": found.bids,
        "won": found.won,
        "floor": found.floor.text if found.floor is not None else None,
        "median_won": found.median.text if found.median is not None else None,
        "bars": [{"from": bar.low, "to": bar.high, "bids": bar.all, "won": bar.part} for bar in found.bars],
    }


def _wanted(request: web.Request) -> Wanted:
    market, query = request.app[MARKET], request.query
    vertical, facet = query.get("vertical", ""), query.get("bids", "")
    asked = Asked(
        read_period(query, times_of(request)), mode_of(request), vertical if vertical in market.verticals else ""
    )
    facet = facet if facet.startswith(_FACETS) and len(facet) <= len("state:") + 2 else ""
    return Wanted(asked, facet, request.app[SETTINGS].currency)


def _choices(market: Market, asked: Asked) -> dict[str, list[tuple[str, str]]]:
    """What the dashboard may be asked for: value and words."""
    return {
        "period": list(DAYS.items()),
        "vertical": [("", "All verticals"), *((name, each.title) for name, each in sorted(market.verticals.items()))],
        "compare": [(name, f"vs {told}") for name, told in comparisons(asked.period.name, asked.period.days).items()],
        "grade": [(f"grade:{letter}", f"Grade {letter}") for letter in GRADES],
        "state": [(f"state:{code}", code) for code in sorted(NAMES)],
    }


def _url(request: web.Request, asked: Asked, facet: str) -> Any:
    """The dashboard with something changed."""
    given: dict[str, str | None] = {
        **asked.period.given,
        "vertical": asked.vertical,
        "compare": request.query.get("compare"),
        "bids": facet,
        "mode": "test" if asked.mode == "test" else None,
    }
    if given.get("period") == "today":
        del given["period"]
    return lambda **changes: address("/console", **{**given, **changes})


def _money_chart(day: Day) -> Chart:
    now = day.now
    margin = words.margin(now.revenue, now.payout)
    by = "hour" if day.period.by_hour else "day"
    told = f"{words.money(now.revenue)}, of which {words.money(now.payout)} payout and {margin} margin"
    groups = [
        Group(
            each.name,
            (each.payout / SCALE, each.margin / SCALE),
            each.before / SCALE if each.before is not None else None,
            each.now,
        )
        for each in day.slices
    ]
    compared = day.period.compared[:1].upper() + day.period.compared[1:]
    sign = currency_sign(now.revenue.currency)
    return stacked(
        groups, _SERIES, f"Revenue by {by}: {told}", sign=sign, before=compared, sums=(words.money(now.payout), margin)
    )


def _tone(fixer: str) -> str:
    return {"seller": "c-bad", "operator": "c-five", "buyer": "c-warn"}.get(fixer, "c-own")
