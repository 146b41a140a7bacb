"""Nurture plans: what each took in, sold again, brought and cost, and how much came back by age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.nurture_plans import make_plan
from exchange.model.money import Money
from exchange.model.nurture import Plan
from exchange.stages.nurture import GRADES, NAME_CHARACTERS, REASONS, BadPlan
from exchange.storage.nurture import read_plans
from exchange.storage.nurture_figures import NOTHING, PlanSums, recovered_by, sums_of_plans
from exchange.web.auth import FORM, actor_of
from exchange.web.charts.chart import Chart
from exchange.web.figures.nurture import AGES_MS, recovery
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, page

HOME = "/console/nurture"


@dataclass(frozen=True, slots=True)
class Line:
    """A plan and what it came to."""

    plan: Plan
    vertical: str
    sums: PlanSums

    def money(self, units: int) -> Money:
        return Money(units, self.plan.currency)


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json), Page("POST", HOME, make))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def make(request: web.Request) -> web.StreamResponse:
    try:
        plan = await make_plan(request.app[MARKET], request[FORM], mode_of(request), actor_of(request))
    except BadPlan as error:
        return await _page(request, str(error), 422)
    return see_other(f"{HOME}/{plan.id}")


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response({"plans": [_fields(line) for line in await _lines(request)]})


async def _lines(request: web.Request) -> list[Line]:
    market, mode = request.app[MARKET], mode_of(request)
    plans = await market.db.read(read_plans, mode)
    sums = await market.db.read(sums_of_plans, actor_of(request), mode)
    titles = {name: vertical.title for name, vertical in market.verticals.items()}
    return [Line(plan, titles.get(plan.vertical, plan.vertical), sums.get(plan.id, NOTHING)) for plan in plans]


async def _charts(request: web.Request, found: list[Line]) -> list[Chart]:
    """One for each currency."""
    market, charts = request.app[MARKET], list[Chart]()
    for currency in dict.fromkeys(line.plan.currency for line in found):
        own = [line for line in found if line.plan.currency == currency]
        ids = [line.plan.id for line in own]
        back = await market.db.read(recovered_by, actor_of(request), ids, AGES_MS)
        chart = recovery(back, sum(line.sums.worth_units for line in own), currency)
        charts += [chart] if chart is not None else []
    return charts


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, found = request.app[MARKET], await _lines(request)
    posted_into = {each.vertical for each in market.deals.campaigns.values()}
    return await page(
        request,
        "console/demand/nurture.html",
        title="Nurture",
        here="nurture",
        lines=found,
        charts=await _charts(request, found),
        verticals=[(name, each.title) for name, each in sorted(market.verticals.items()) if name in posted_into],
        grades=GRADES,
        reasons=REASONS,
        name_most=NAME_CHARACTERS,
        given=request.get(FORM, {}),
        problem=problem,
        http_status=http_status,
    )


def _fields(line: Line) -> dict[str, Any]:
    plan, sums = line.plan, line.sums
    return {
        "plan_id": plan.id,
        "name": plan.name,
        "vertical": plan.vertical,
        "mode": plan.mode,
        "on": plan.on,
        "steps": len(plan.steps),
        "leads": sums.leads,
        "in_nurture": sums.here,
        "sold": sums.sold,
        "missing": line.money(sums.worth_units).text,
        "revenue": line.money(sums.revenue_units).text,
        "payout": line.money(sums.payout_units).text,
        "cost": line.money(sums.cost_units).text,
        "currency": plan.currency,
    }
