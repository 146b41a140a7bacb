"""The store's rule of one campaign: what it lists, at what price, for how long, and who may see it."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.campaign_form import found
from exchange.flows.store_rules import BUYERS_MOST, BadRule, set_store_rule, store_buyers
from exchange.model.party import Campaign
from exchange.stages.nurture import STORE_DAYS_MOST, age_text, falls_text
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

HOME = "/console/store/rules"
ONE = HOME + "/{campaign_id:[A-Za-z0-9_.-]{1,80}}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", ONE, show), Page("POST", ONE, change))


async def show(request: web.Request) -> web.StreamResponse:
    campaign = found(request.app[MARKET], request.match_info["campaign_id"])
    return await _page(request, campaign) if campaign is not None else await _gone(request)


async def change(request: web.Request) -> web.StreamResponse:
    market, campaign_id = request.app[MARKET], request.match_info["campaign_id"]
    try:
        await set_store_rule(market, campaign_id, request[FORM], actor_of(request), ip_of(request))
    except LookupError:
        return await _gone(request)
    except BadRule as error:
        campaign = found(market, campaign_id)
        assert campaign is not None, "its rule was read"
        return await _page(request, campaign, str(error), 422)
    return see_other(f"{HOME}/{campaign_id}?saved=yes")


async def _gone(request: web.Request) -> web.StreamResponse:
    links = [("All rules", HOME)]
    return await notice(request, "There is no such campaign", "Look in the list.", http_status=404, links=links)


async def _page(
    request: web.Request, campaign: Campaign, problem: str = "", http_status: int = 200
) -> web.StreamResponse:
    market, rule = request.app[MARKET], campaign.store
    seen = dict(rule.seen_by) if rule is not None else {}
    typed: dict[str, str] = {"days": "3", "sales": "1"}
    if rule is not None:
        typed = {
            "listed": "yes",
            "price": rule.first.text,
            "falls": falls_text(rule),
            "days": str(rule.days),
            "sales": str(rule.sales),
            **{f"sees:{buyer_id}": "yes" for buyer_id in seen},
            **{f"from:{buyer_id}": age_text(after) for buyer_id, after in seen.items() if after},
        }
    return await page(
        request,
        "console/demand/store_rule.html",
        title=f"Store rule of {campaign.name}",
        here="store",
        campaign=campaign,
        typed=request[FORM] if problem else typed,
        buyers=store_buyers(market, campaign),
        days_most=STORE_DAYS_MOST,
        buyers_most=BUYERS_MOST,
        saved=request.query.get("saved") == "yes",
        problem=problem,
        http_status=http_status,
    )
