"""Is the exchange healthy, and what needs me? The day in figures; each opens the list it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from markupsafe import Markup

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.stages.reasons import currency_sign
from exchange.storage.dashboard import any_lead
from exchange.storage.leads import LeadFilter
from exchange.storage.spans import Span
from exchange.web import words
from exchange.web.auth import actor_of
from exchange.web.charts.bars import by_hour, gauge, share, spark, spread
from exchange.web.figures.day import DAYS, GROUPS, Day, read_day
from exchange.web.figures.flow import tree
from exchange.web.figures.health import Latency, gauges, latencies, needs, ping_limit_ms
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.lead_rows import read_lines
from exchange.web.pages import Page
from exchange.web.render import address, mode_of, page, times_of
from exchange.web.render import as_json as json_response
from exchange.web.story.contracts import SIMULATED

LATEST = 6


@dataclass(frozen=True, slots=True)
class Kpi:
    """One of the six figures. `moved` is its change against a week before, `good` whether that is welcome."""

    id: str
    name: str
    value: str
    moved: str
    tone: str
    note: str
    href: str
    line: Markup


@dataclass(frozen=True, slots=True)
class Step:
    """One of the five steps of an exchange without leads."""

    title: str
    about: str
    command: str
    done: bool


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/console", show),
        Page("GET", "/console.json", as_json),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, mode = request.app[MARKET], actor_of(request), mode_of(request)
    steps = await _steps(market, actor)
    if not steps[3].done and not steps[4].done and not await _any(market, actor):
        return await page(request, "console/dashboard.html", title="Dashboard", here="dashboard", steps=steps, day=None)
    times = times_of(request)
    day = await _day(request)
    found = await latencies(market, actor, mode, day.begin)
    limit = ping_limit_ms(market)
    return await page(
        request,
        "console/dashboard.html",
        title="Dashboard",
        here="dashboard",
        steps=None,
        day=day,
        days=tuple(DAYS),
        kpis=_kpis(day, mode),
        groups=[(name, day.now.groups[name], _list(day, mode, status=name)) for name in GROUPS],
        tree=tree(market, day, mode),
        needs=await needs(market, actor, mode),
        latest=await read_lines(market, actor, LeadFilter(mode=mode, span=Span(limit=LATEST))),
        hours_chart=_hours_chart(day),
        rejections=[
            (
                each,
                share(each.leads, day.rejections[0].leads, _fixer_tone(each.fixer)),
                _list(day, mode, "rejected", each.slug),
            )
            for each in day.rejections
        ],
        gauges=[(each, gauge(each.part, 1.0, each.expected)) for each in await gauges(market, times)],
        latencies=[(each, _spread(each, limit, found)) for each in found],
        limit_ms=limit,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    """The same figures for programs."""
    market, actor, mode = request.app[MARKET], actor_of(request), mode_of(request)
    times = times_of(request)
    day = await _day(request)
    now = day.now
    return json_response(
        {
            "mode": mode,
            "period": day.name,
            "zone": market.zone,
            "begin": words.utc(day.begin),
            "leads": now.leads,
            **{name: now.groups[name] for name in GROUPS},
            "revenue": now.revenue.text,
            "payout": now.payout.text,
            "margin": now.margin.text,
            "outside_checks": now.checks.text,
            "currency": now.revenue.currency,
            "other_currencies": [
                {"currency": each.revenue.currency, "revenue": each.revenue.text, "payout": each.payout.text}
                for each in day.other
            ],
            "answer_ms": {"p50": day.p50_ms, "p95": day.p95_ms},
            "hours": [
                {"hour": each.name, "payout": f"{each.payout:.4f}", "margin": f"{each.margin:.4f}"}
                for each in day.hours
            ],
            "rejections": [
                {"reason": each.slug, "leads": each.leads, "fixed_by": each.fixer} for each in day.rejections
            ],
            "caps": [each.fields for each in await gauges(market, times)],
            "needs_you": [
                {"kind": need.kind, "title": need.title, "note": need.note} for need in await needs(market, actor, mode)
            ],
            "buyers": [
                {
                    "buyer": each.name,
                    "p50_ms": each.p50_ms,
                    "p95_ms": each.p95_ms,
                    "pings": each.pings,
                    "timeouts": each.timeouts,
                    "no_bids": each.no_bids,
                }
                for each in await latencies(market, actor, mode, day.begin)
            ],
        }
    )


async def _day(request: web.Request) -> Day:
    wanted = request.query.get("period", "today")
    name = wanted if wanted in DAYS else "today"
    currency = request.app[SETTINGS].currency
    return await read_day(request.app[MARKET], actor_of(request), mode_of(request), name, times_of(request), currency)


def _list(day: Day, mode: str, status: str | None = None, reason: str | None = None) -> str:
    """The list a figure counts."""
    test = "test" if mode == "test" else None
    return address("/console/leads", status=status, reason=reason, period=day.name, mode=test)


def _kpis(day: Day, mode: str) -> list[Kpi]:
    now, before = day.now, day.before
    sold, was = now.groups["sold"], before.groups["sold"]
    sold_list, all_list = _list(day, mode, "sold"), _list(day, mode)
    upto = f"{words.count(before.leads)} last {day.weekday}"
    other = "".join(f" and {words.money(each.revenue)}" for each in day.other)
    each = f"{words.money(_each(now.revenue.units, sold, now.revenue))} a lead{other}" if sold else "no sale yet"
    paid = f"{words.money(_each(now.payout.units, sold, now.payout))} a lead" if sold else ""
    return [
        _kpi("leads", "Leads in", words.count(now.leads), now.leads, before.leads, upto, all_list, day.leads_by_hour),
        Kpi(
            "sold",
            "Sold",
            words.percent(sold, now.leads),
            _points(sold, now.leads, was, before.leads),
            "good" if sold * before.leads >= was * now.leads else "bad",
            words.plural(sold, "lead"),
            sold_list,
            spark(_running(day.sold_by_hour), "t-good"),
        ),
        _kpi(
            "revenue",
            "Revenue",
            words.money(now.revenue),
            now.revenue.units,
            before.revenue.units,
            each,
            sold_list,
            [hour.payout + hour.margin for hour in day.hours],
        ),
        _kpi(
            "payout",
            "Seller payout",
            words.money(now.payout),
            now.payout.units,
            before.payout.units,
            paid,
            sold_list,
            [hour.payout for hour in day.hours],
            "t-own",
        ),
        _kpi(
            "margin",
            "Margin",
            words.margin(now.revenue, now.payout),
            now.margin.units,
            before.margin.units,
            f"{words.percent(now.margin.units, now.revenue.units)} of it{_before_checks(day)}",
            sold_list,
            [hour.margin for hour in day.hours],
            "t-good",
        ),
        _waited(day, all_list),
    ]


def _before_checks(day: Day) -> str:
    """What outside checks took of it, where any were paid for."""
    return f", before {words.money(day.now.checks)} of checks" if day.now.checks.units else ""


def _kpi(
    id: str,
    name: str,
    value: str,
    now: float,
    before: float,
    note: str,
    href: str,
    by_hour: Any,
    tone: str = "t-one",
) -> Kpi:
    moved = words.change(now, before)
    return Kpi(id, name, value, moved, _welcome(id, now, before), note, href, spark(_running(by_hour), tone))


def _welcome(id: str, now: float, before: float) -> str:
    """More payout is neither good nor bad."""
    return "" if id == "payout" else "good" if now >= before else "bad"


def _waited(day: Day, href: str) -> Kpi:
    p50, before = day.p50_ms, day.p50_before_ms
    moved, tone = "", ""
    if p50 is not None and before:
        moved = f"{'+' if p50 >= before else words.MINUS}{words.duration(abs(p50 - before))}"
        tone = "bad" if p50 > before * 1.05 else "good"
    value = words.duration(p50) if p50 is not None else "none yet"
    note = f"p95 {words.duration(day.p95_ms)}" if day.p95_ms is not None else ""
    return Kpi("answer", "Answer to seller", value, moved, tone, note, href, Markup(""))


def _running(values: Any) -> list[float]:
    """What had come in by the end of each hour, as far as the day has gone."""
    total, found = 0.0, []
    last = max((index for index, value in enumerate(values) if value), default=-1)
    for value in list(values)[: last + 1]:
        total += value
        found.append(total)
    return found


def _each(units: int, leads: int, like: Any) -> Any:
    return type(like)(units // leads, like.currency)


def _points(part: int, whole: int, part_before: int, whole_before: int) -> str:
    if not whole or not whole_before:
        return ""
    moved = 100 * part / whole - 100 * part_before / whole_before
    return f"{'+' if moved >= 0 else words.MINUS}{abs(moved):.1f} pt"


def _hours_chart(day: Day) -> Markup:
    now = day.now
    margin = words.margin(now.revenue, now.payout)
    told = f"{words.money(now.revenue)}, of which {words.money(now.payout)} payout and {margin} margin"
    return by_hour(day.hours, f"Revenue by hour: {told}", currency_sign(now.revenue.currency))


def _fixer_tone(fixer: str) -> str:
    return {"seller": "c-bad", "operator": "c-five", "buyer": "c-warn"}.get(fixer, "c-own")


def _spread(each: Latency, limit: int, found: list[Latency]) -> Markup:
    most = max([limit, *(other.p95_ms for other in found)]) or 1
    return spread(each.p50_ms, each.p95_ms, limit, most)


async def _any(market: Market, actor: Actor) -> bool:
    return await market.db.read(any_lead, actor, "live") or await market.db.read(any_lead, actor, "test")


async def _steps(market: Market, actor: Actor) -> list[Step]:
    deals = market.deals
    own = [contract for contract in deals.contracts.values() if not contract.id.startswith(SIMULATED)]
    fields = ", ".join(vertical.title for vertical in market.verticals.values())
    return [
        Step(
            "Choose fields",
            f"Each file under verticals/ in your settings folder is one kind of lead. Loaded now: {fields or 'none'}.",
            "exchange check",
            bool(market.verticals),
        ),
        Step(
            "Add a seller campaign",
            "A seller, its campaign (payout, floor, tiers) and a key to post with. Write them down in one file.",
            "exchange import parties parties.yaml",
            bool(deals.campaigns),
        ),
        Step(
            "Add a buyer contract",
            "A buyer, its terms and the connection that says how it is spoken to. Simulated buyers take test leads.",
            "exchange import parties parties.yaml",
            bool(own),
        ),
        Step(
            "Send a test lead",
            "With a test key everything happens but the consequences. ZIP codes 00001 and on choose the outcome.",
            "exchange key create campaign CAMPAIGN --mode test",
            await market.db.read(any_lead, actor, "test", "sold"),
        ),
        Step(
            "Go live",
            "Give the seller a live key and the address of the API description, /api/openapi.json.",
            "exchange key create campaign CAMPAIGN",
            await market.db.read(any_lead, actor, "live"),
        ),
    ]
