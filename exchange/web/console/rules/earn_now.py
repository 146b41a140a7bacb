"""What one lead would earn now, beside how it went."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.earn_now import earn_now
from exchange.model.money import Money
from exchange.web.auth import actor_of
from exchange.web.console.rules.simulated_lead import side_by_side
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page

_ONE = "/console/leads/{lead:ld_[0-9A-Z]{26}}/now"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _ONE, show), Page("GET", _ONE + ".json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await earn_now(market, actor_of(request), request.match_info["lead"])
    if found is None:
        told = "No contract was judged for this lead, or its values or terms are gone."
        return await notice(request, "Not known", told, http_status=404)
    return await page(
        request,
        "console/rules/earn_now.html",
        title="What would it earn now",
        here="leads",
        mode="live",  # of others nothing is recorded
        lead=found.lead,
        was=Money(found.lead.revenue_units, found.lead.campaign.currency),
        now=Money(found.now.revenue_units, found.lead.campaign.currency),
        payout=Money(found.now.payout_units, found.lead.campaign.currency),
        buyers=[market.deals.buyer_name(sale.contract_id) for sale in found.now.sales],
        guessed=found.now.guessed or any(sale.likely for sale in found.now.sales),
        lines=side_by_side(market, found.was.steps, found.now.steps),
        same=found.was.steps == found.now.steps,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    found = await earn_now(request.app[MARKET], actor_of(request), request.match_info["lead"])
    if found is None:
        return json_response({"error": "not_known"}, 404)
    currency = found.lead.campaign.currency
    told = {
        name: {
            "state": outcome.state,
            "revenue": Money(outcome.revenue_units, currency).text,
            "payout": Money(outcome.payout_units, currency).text,
            "sales": [{"contract": each.contract_id, "price": Money(each.price_units, currency).text,
                       "estimated": each.likely} for each in outcome.sales],
            "steps": outcome.steps,
        }
        for name, outcome in (("record", found.was), ("now", found.now))
    }  # fmt: skip
    return json_response({"lead_id": found.lead.id, "mode": "live", "currency": currency, **told})
