"""One campaign: its terms in sections, what a change would say, whether it runs, and how far its seller has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.flows.campaign_form import Change, found, look, save
from exchange.flows.campaign_state import go_live, pause, resume
from exchange.flows.market import Market
from exchange.flows.passing import Passing, passing
from exchange.flows.sellers import CannotSave
from exchange.flows.specs import page_url
from exchange.model.actor import Role
from exchange.model.lead import Problem
from exchange.model.party import Campaign, Group
from exchange.model.rights import Right
from exchange.stages.campaign_terms import CAPS, CHOICES, CONSENT, cap_field, rules_known, typed_of
from exchange.stages.campaign_words import LABELS
from exchange.stages.filters import BadFilter
from exchange.stages.gate import DAYS, WINDOWS
from exchange.storage.specs import passed_steps
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.overview._steps import next_step
from exchange.web.filters import apply_step, build, filter_of, read_tree, tree_of
from exchange.web.filters.tree import RuleGroup
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.posting.words import steps
from exchange.web.render import notice, page
from exchange.web.words import plural

HOME = "/console/campaigns"
ONE = HOME + "/{campaign_id:[A-Za-z0-9_.-]{1,80}}"
_OTHERS = ("version", "csrf", "do", "tell")


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", ONE, show),
        Page("POST", ONE, change),
        Page("POST", ONE + "/pause", stop, Right.PAUSE),
        Page("POST", ONE + "/resume", start, Right.PAUSE),
        Page("POST", ONE + "/live", live),
    )


async def show(request: web.Request) -> web.StreamResponse:
    campaign = _campaign(request)
    return await _page(request, campaign) if campaign is not None else await _gone(request)


async def change(request: web.Request) -> web.StreamResponse:
    """A step of the filter, a look at what would change, or the change itself."""
    market, form, campaign = request.app[MARKET], request[FORM], _campaign(request)
    if campaign is None:
        return await _gone(request)
    typed = {name: value for name, value in form.items() if name not in _OTHERS}
    tree, act = apply_step(read_tree(form), form.get("do", "")), form.get("do", "look over")
    if act not in ("look over", "save"):
        return await _page(request, campaign, typed, tree)
    vertical = market.verticals[campaign.vertical]
    try:
        filters = filter_of(tree, vertical, campaign.currency)
    except BadFilter as bad:
        told = [Problem("filters", "not_allowed", each) for each in bad.problems]
        return await _page(request, campaign, typed, tree, told, http_status=422)
    try:
        if act == "save":
            seen, tell = form.get("version", ""), form.get("tell") == "yes"
            await save(market, campaign, typed, filters, actor_of(request), ip_of(request), seen=seen, tell=tell)
            return see_other(f"{request.path}?saved=yes")
        seen_over = await look(market, campaign, typed, filters)
    except CannotSave as error:
        return await _page(request, campaign, typed, tree, error.problems, http_status=422)
    return await _page(request, campaign, typed, tree, over=seen_over)


async def stop(request: web.Request) -> web.StreamResponse:
    market, form = request.app[MARKET], request[FORM]
    return await _done(request, pause(market, _id(request), form.get("why", ""), actor_of(request), ip_of(request)))


async def start(request: web.Request) -> web.StreamResponse:
    return await _done(request, resume(request.app[MARKET], _id(request), actor_of(request), ip_of(request)))


async def live(request: web.Request) -> web.StreamResponse:
    form = request[FORM]
    cap, anyway = form.get("cap", ""), form.get("anyway") == "yes"
    return await _done(
        request, go_live(request.app[MARKET], _id(request), cap, anyway, actor_of(request), ip_of(request))
    )


async def _done(request: web.Request, doing: Any) -> web.StreamResponse:
    campaign = _campaign(request)
    try:
        await doing
    except CannotSave as error:
        if campaign is None:
            return await _gone(request)
        return await _page(request, campaign, problems=error.problems, http_status=422)
    return see_other(f"{HOME}/{_id(request)}")


def _id(request: web.Request) -> str:
    return request.match_info["campaign_id"]


def _campaign(request: web.Request) -> Campaign | None:
    return found(request.app[MARKET], _id(request))


async def _gone(request: web.Request) -> web.StreamResponse:
    links = [("All campaigns", HOME)]
    return await notice(request, "There is no such campaign", "Look in the list.", http_status=404, links=links)


async def _page(
    request: web.Request,
    campaign: Campaign,
    typed: Mapping[str, str] | None = None,
    tree: RuleGroup | None = None,
    problems: Any = (),
    *,
    over: Change | None = None,
    http_status: int = 200,
) -> web.StreamResponse:
    market = request.app[MARKET]
    vertical = market.verticals[campaign.vertical]
    built = build(tree if tree is not None else tree_of(campaign.gate.filters), vertical, campaign.currency)
    shown = dict(typed) if typed is not None else typed_of(campaign)
    seen = over.after if over is not None else await _as_typed(market, campaign, shown, built.group, built.problems)
    return await page(
        request,
        "console/sellers/campaign.html",
        title=campaign.name,
        here="campaigns",
        campaign=campaign,
        seller=market.deals.sellers[campaign.seller_id],
        vertical=vertical,
        typed=shown,
        fields={name: value for name, value in shown.items() if name not in _OTHERS},
        labels={**LABELS, "cap": "Starting cap", "anyway": "Certificate"},
        choices=CHOICES,
        caps=[(cap_field(window, unit), WINDOWS[window], unit) for window, unit in CAPS],
        days=DAYS,
        consent=CONSENT,
        required=vertical.consent.required,
        verifiers=rules_known(campaign, vertical),
        built=built,
        would=told(await passing(market, seen)) if seen is not None else None,
        over=over,
        problems=problems,
        wrong={each.field: each.message for each in reversed(list(problems))},
        saved=request.query.get("saved") == "yes" and not problems,
        steps=steps(_hears(market, campaign), await market.db.read(passed_steps, campaign.id)),
        posting_page=page_url(market, campaign.id),
        next=await next_step(market, actor_of(request)),
        http_status=http_status,
    )


async def _as_typed(
    market: Market, campaign: Campaign, typed: Mapping[str, str], filters: Group | None, wrong: Any
) -> Campaign | None:
    """The campaign as it would be; None while something is wrong with what was typed."""
    if wrong:
        return None
    try:
        return (await look(market, campaign, typed, filters)).after
    except CannotSave:
        return None


def _hears(market: Market, campaign: Campaign) -> bool:
    listening = market.deals.hearers.of("lead.sold", Role.SELLER, campaign.seller_id, campaign.id, late=True)
    return any(each.role is Role.SELLER for each in listening)


def told(found: Passing) -> str:
    """`About 31 leads a day would pass: 214 of this seller's 1,204 leads of the last 7 days.`"""
    if not found.leads:
        return "No lead of this vertical came in the last 7 days, so there is nothing to count."
    a_day = f"{found.per_day:,.0f}" if found.per_day >= 10 else f"{found.per_day:.1f}".removesuffix(".0")
    reach = "the last 7 days" if found.whole else f"the last {found.span_ms / 3_600_000:.1f} hours"
    whose = "every seller's" if found.of_all else "this seller's"
    word = "lead" if a_day == "1" else "leads"
    return (
        f"About {a_day} {word} a day would pass: {found.passed:,} of {whose} {plural(found.leads, 'lead')} of {reach}."
    )
