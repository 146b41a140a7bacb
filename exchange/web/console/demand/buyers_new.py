"""A new buyer in six steps, each stored by itself: company, what it buys, price, delivery, test, live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.flows.draft_links import make_draft_link
from exchange.flows.go_live import NotReady
from exchange.flows.new_buyer import (
    STEPS,
    Draft,
    NotYet,
    draft_of,
    half_done,
    provisional,
    read_filters,
    save_step,
    start,
    write_filters,
)
from exchange.flows.samples import readiness
from exchange.flows.shapes import DocumentProblems
from exchange.flows.simulated import CONNECTION as SIMULATED
from exchange.stages.buyer_terms import CURRENCIES, SALE_MODES
from exchange.stages.filters import BadFilter
from exchange.web.auth import FORM, actor_of
from exchange.web.filters import RuleGroup, apply_step, build, filter_of, read_tree, tree_of
from exchange.web.filters.counting import NOT_YET, Counted, counted
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_HOME = "/console/buyers/new"
_DRAFT = _HOME + "/{draft:[A-Za-z0-9_-]{1,60}}"
SAVE = "save"
TITLES = {
    "company": "Company",
    "buying": "What they buy",
    "price": "Price and caps",
    "delivery": "Delivery",
    "test": "Test",
    "live": "Go live",
}


def pages() -> tuple[Page, ...]:
    step = f"{_DRAFT}/{{step:{'|'.join(STEPS)}}}"
    return (
        Page("GET", _HOME, show),
        Page("POST", _HOME, begin),
        Page("GET", _DRAFT, go_on),
        Page("GET", step, show_step),
        Page("POST", step, save),
    )


async def show(request: web.Request) -> web.StreamResponse:
    drafts = await half_done(request.app[MARKET])
    return await page(
        request,
        "console/demand/buyers_new.html",
        title="New buyer",
        here="buyers",
        drafts=drafts,
        draft=None,
        titles=TITLES,
    )


async def begin(request: web.Request) -> web.StreamResponse:
    draft = await start(request.app[MARKET], actor_of(request))
    return _to(draft.id, draft.step)


async def go_on(request: web.Request) -> web.StreamResponse:
    """At the step where it was left."""
    draft = await _draft(request)
    return _to(draft.id, draft.step) if draft is not None else await _gone(request)


async def show_step(request: web.Request) -> web.StreamResponse:
    draft = await _draft(request)
    return await _show(request, draft) if draft is not None else await _gone(request)


async def save(request: web.Request) -> web.StreamResponse:
    draft, step, form = await _draft(request), request.match_info["step"], request[FORM]
    if draft is None:
        return await _gone(request)
    wrong: dict[str, str] = {}
    tree = apply_step(read_tree(form), form.get("do", "")) if step == "buying" else None
    if form.get("do", SAVE) != SAVE:
        return await _show(request, draft, typed={**draft.values, **form}, tree=tree)
    if tree is not None:
        try:
            form = {**form, "filters": _filters(request, form, tree)}
        except BadFilter as error:
            told = {"filters": " ".join(error.problems)}
            typed = {**draft.values, **form}
            return await _show(request, draft, typed=typed, wrong=told, tree=tree, http_status=422)
    try:
        changed = await save_step(request.app[MARKET], draft, step, form, actor_of(request))
    except NotYet as error:
        wrong = {each.field: each.message for each in reversed(error.wrong)}  # of several about a field the first
    except DocumentProblems as error:
        wrong = {"": " ".join(error.problems)}
    except NotReady as error:
        wrong = {"": " ".join(error.missing)}
    else:
        if changed.ended_at is not None:
            return _found(f"/console/buyers/{changed.values['buyer_id']}")
        return _to(draft.id, STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)])
    return await _show(request, draft, typed={**draft.values, **form}, wrong=wrong, http_status=422)


def _filters(request: web.Request, form: Mapping[str, str], tree: RuleGroup) -> str:
    """The filter of the step, in the form a draft keeps it. Raises `BadFilter`."""
    vertical = request.app[MARKET].verticals.get(form.get("vertical", ""))
    return write_filters(filter_of(tree, vertical)) if vertical is not None else ""


async def _matches(request: web.Request, typed: Mapping[str, str]) -> Counted | None:
    """What was typed so far would have taken; None while it says too little."""
    market = request.app[MARKET]
    found = provisional(market, typed)
    if found is None:
        return None
    contract, buyer = found
    return await counted(market, contract, buyer, contract.price)


async def _show(
    request: web.Request,
    draft: Draft,
    *,
    typed: Any = None,
    wrong: Any = None,
    tree: RuleGroup | None = None,
    http_status: int = 200,
) -> web.StreamResponse:
    market, step = request.app[MARKET], request.match_info["step"]
    connection = draft.values.get("made_connection", "")
    found = market.connections.get(connection)
    shown = dict(typed if typed is not None else draft.values)
    built, told = None, None
    if step == "buying":
        usual = next(iter(sorted(market.verticals)))
        vertical = market.verticals.get(shown.get("vertical", "")) or market.verticals[usual]
        built = build(tree if tree is not None else tree_of(read_filters(shown)), vertical)
        shown = {**shown, "vertical": vertical.name}
        if built.problems:
            told = NOT_YET
        else:
            told = await _matches(request, {**shown, "filters": write_filters(built.group)})
    elif step == "price":
        told = await _matches(request, shown)
    return await page(
        request,
        "console/demand/buyers_new.html",
        title=f"{draft.values.get('name') or 'New buyer'}: {TITLES[step]}",
        here="buyers",
        draft=draft,
        step=step,
        number=STEPS.index(step),
        furthest=STEPS.index(draft.step),
        titles=TITLES,
        typed=shown,
        built=built,
        told_of=told,
        wrong=wrong or {},
        currencies=CURRENCIES,
        sale_modes=SALE_MODES,
        verticals=sorted((name, vertical.title) for name, vertical in market.verticals.items()),
        presets=sorted(market.workshop.teaching.presets.items()) if step == "delivery" else [],
        connections=sorted(name for name in market.connections if name != SIMULATED),
        connectors=market.workshop.teaching.connectors,
        gallery=market.workshop.teaching.gallery if step == "delivery" else (),
        connection=connection,
        ready=await readiness(market, connection) if connection else None,
        hears=found is not None and found.replies is not None,
        previewed=found is not None and found.replies is None and not (found.in_store or found.shelved),
        share=make_draft_link(market, draft.id),
        first=all(each.connection == SIMULATED for each in market.deals.contracts.values()),
        http_status=http_status,
    )


async def _draft(request: web.Request) -> Draft | None:
    return await draft_of(request.app[MARKET], request.match_info["draft"])


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such draft", "Begin a new one at Buyers, New buyer.", http_status=404)


def _to(draft_id: str, step: str) -> web.Response:
    return _found(f"{_HOME}/{draft_id}/{step}")


def _found(path: str) -> web.Response:
    return see_other(path)
