"""One nurture plan: which leads it takes, its steps and what each came to, and who is next."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from aiohttp import web

from exchange.flows.nurture_plans import NoSuchPlan, add_step, change_leads, find_plan, remove_step, switch, take_out
from exchange.model.money import Money
from exchange.model.nurture import Plan
from exchange.stages.nurture import (
    BACK_DAYS_MOST,
    GRADES,
    KIND_WORDS,
    MACROS,
    REASONS,
    BadPlan,
    age_text,
    step_after,
    step_text,
)
from exchange.storage.nurture_figures import (
    NOTHING,
    StepSums,
    next_leads,
    recovered_by,
    sums_of_plans,
    sums_of_steps,
    ways_out,
)
from exchange.web.auth import FORM, actor_of
from exchange.web.figures.nurture import AGES_MS, recovery
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page

HOME = "/console/nurture"
ONE = HOME + "/{plan_id:[A-Za-z0-9_-]{1,60}}"
OUTCOMES = {
    "sold": "sold",
    "unsold": "nobody bought",
    "listed": "listed",
    "sent": "sent",
    "good": "still good",
    "refused": "refused",
    "passed": "left out",
    "unclear": "unclear",
    "cut": "cut short",
    "under_way": "under way",
}
WHY = {
    "sold": "Sold",
    "opted_out": "Opted out",
    "not_sold_any_more": "May not be sold any more",
    "erased": "Erased",
    "closed": "Campaign closed",
    "taken_out": "Taken out by a person",
    "ended": "Every step done",
}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", ONE, show),
        Page("GET", ONE + ".json", as_json),
        Page("POST", ONE, change),
        Page("POST", ONE + "/steps", add),
        Page("POST", ONE + "/steps/{key:[A-Za-z0-9_-]{1,20}}/remove", remove),
        Page("POST", ONE + "/switch", turn),
        Page("POST", ONE + "/out", out),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def change(request: web.Request) -> web.StreamResponse:
    return await _done(request, change_leads(request.app[MARKET], _id(request), request[FORM], actor_of(request)))


async def add(request: web.Request) -> web.StreamResponse:
    return await _done(request, add_step(request.app[MARKET], _id(request), request[FORM], actor_of(request)))


async def remove(request: web.Request) -> web.StreamResponse:
    key = request.match_info["key"]
    return await _done(request, remove_step(request.app[MARKET], _id(request), key, actor_of(request)))


async def turn(request: web.Request) -> web.StreamResponse:
    form = request[FORM]
    on, back = form.get("on") == "yes", form.get("back_days", "")
    return await _done(request, switch(request.app[MARKET], _id(request), on, back, actor_of(request)))


async def out(request: web.Request) -> web.StreamResponse:
    form = request[FORM]
    return await _done(
        request, take_out(request.app[MARKET], form.get("lead", "")[:60], form.get("why", ""), actor_of(request))
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    told = await _told(request)
    if told is None:
        return json_response({"status": "error", "message": "There is no such plan."}, 404)
    plan: Plan = told["plan"]
    steps = [
        {
            "step": step.key,
            "kind": step.kind.value,
            "age": age,
            "does": does,
            "leads": sums.leads,
            "outcomes": sums.outcomes,
            "revenue": Money(sums.revenue_units, plan.currency).text,
            "cost": Money(sums.cost_units, plan.currency).text,
        }
        for step, age, _, does, sums in told["steps"]
    ]
    return json_response(
        {
            "plan_id": plan.id,
            "name": plan.name,
            "vertical": plan.vertical,
            "on": plan.on,
            "currency": plan.currency,
            "left": told["left"],
            "steps": steps,
        }
    )


async def _done(request: web.Request, doing: Awaitable[Any]) -> web.StreamResponse:
    try:
        await doing
    except NoSuchPlan:
        return await _gone(request)
    except BadPlan as error:
        return await _page(request, str(error), 422)
    return see_other(f"{HOME}/{_id(request)}")


def _id(request: web.Request) -> str:
    return request.match_info["plan_id"]


async def _gone(request: web.Request) -> web.StreamResponse:
    links = [("All plans", HOME)]
    return await notice(request, "There is no such plan", "Look in the list.", http_status=404, links=links)


async def _told(request: web.Request) -> dict[str, Any] | None:
    market, actor = request.app[MARKET], actor_of(request)
    try:
        plan = (await find_plan(market, _id(request))).plan
    except NoSuchPlan:
        return None
    sums = await market.db.read(sums_of_steps, actor, plan.id)
    names = {each.id: each.name for each in market.deals.contracts.values()}
    steps = [
        (each, age_text(each.after_ms), KIND_WORDS[each.kind], step_text(each, names), sums.get(each.key, _NONE))
        for each in plan.steps
    ]
    return {"plan": plan, "steps": steps, "left": await market.db.read(ways_out, actor, plan.id)}


_NONE = StepSums({}, 0, 0)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    told = await _told(request)
    if told is None:
        return await _gone(request)
    market, actor, plan = request.app[MARKET], actor_of(request), told["plan"]
    sums = (await market.db.read(sums_of_plans, actor, plan.mode)).get(plan.id, NOTHING)
    back = await market.db.read(recovered_by, actor, [plan.id], AGES_MS)
    following = [(row, step_after(plan, row["passed_ms"])) for row in await market.db.read(next_leads, actor, plan.id)]
    own = [each for each in market.deals.campaigns.values() if each.vertical == plan.vertical]
    return await page(
        request,
        "console/demand/nurture_plan.html",
        title=plan.name,
        here="nurture",
        mode=plan.mode,
        **told,
        sums=sums,
        chart=recovery(back, sums.worth_units, plan.currency),
        following=[(row, KIND_WORDS[step.kind] if step is not None else "") for row, step in following],
        campaigns=sorted((each.id, each.name) for each in own),
        contracts=sorted(
            ((each.id, each.name) for each in market.deals.contracts.values() if each.vertical == plan.vertical),
            key=lambda pair: pair[1].lower(),
        ),
        vertical=market.verticals[plan.vertical].title,
        grades=GRADES,
        reasons=REASONS,
        macros=MACROS,
        outcomes=OUTCOMES,
        why=WHY,
        back_most=BACK_DAYS_MOST,
        money=lambda units: Money(units, plan.currency),
        given=request.get(FORM, {}) if problem else {},
        problem=problem,
        texts=market.sms is not None,
        mails=bool(market.issuer.address),
        http_status=http_status,
    )
