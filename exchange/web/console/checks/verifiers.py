"""Outside checks: which vendors can be asked, who asks them, what they answered and cost, and if they are right."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.verifier_figures import DAYS, verifier_fields, verifier_lines
from exchange.model.money import Money
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

HOME = "/console/verifiers"


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    actor_of(request)
    lines = await verifier_lines(request.app[MARKET])
    spent: dict[str, Money] = {}
    for line in lines:
        for money in line.costs:
            spent[money.currency] = spent.get(money.currency, Money.zero(money.currency)) + money
    return await page(
        request,
        "console/checks/verifiers.html",
        title="Verifiers",
        here="verifiers",
        lines=[line for line in lines if line.uses or line.answers],
        others=[line for line in lines if not (line.uses or line.answers)],
        spent=tuple(spent.values()),
        answers=sum(line.figure.asked for line in lines),
        days=DAYS,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    actor_of(request)
    lines = await verifier_lines(request.app[MARKET])
    return json_response({"count": len(lines), "days": DAYS, "verifiers": [verifier_fields(line) for line in lines]})
