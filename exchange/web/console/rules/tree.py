"""One ping tree: its picture, its draft with what that would have earned, publishing, and a lead's way through it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from exchange.flows.publish import CannotPublish, Moved, publish
from exchange.flows.redrawn import parties_of
from exchange.flows.simulations import begin, keep_draft, kept_draft, of_tree
from exchange.flows.tree import DAYS, moved_up, other_tier, read_tree
from exchange.flows.tree_test import Lit, light
from exchange.model.draft import Change, Draft
from exchange.model.party import Campaign
from exchange.stages.draft import BadDraft, draft_text, parse_draft
from exchange.stages.notes import note_problem
from exchange.storage.recordings import Span
from exchange.storage.simulations import newest_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.rules import _drafting as drafting
from exchange.web.console.rules._published import published_lines
from exchange.web.figures.simulated import headline, rows, winners
from exchange.web.figures.steps import step_words
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, notice, page

HOME = "/console/trees"
_ONE = HOME + "/{campaign}"
_DAY_MS = 86_400_000
_LEAD_CHARACTERS = 20_000
_FRESH_MS = 3_600_000  # so long an answer of the simulator is shown again

Do = Callable[[web.Request, Campaign], Awaitable[web.StreamResponse]]


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _ONE, _of_one(_shown)),
        Page("POST", _ONE + "/set", _of_one(set_some)),
        Page("POST", _ONE + "/move", _of_one(move)),
        Page("POST", _ONE + "/tier", _of_one(add_or_take)),
        Page("POST", _ONE + "/drop", _of_one(drop)),
        Page("POST", _ONE + "/clear", _of_one(clear)),
        Page("POST", _ONE + "/publish", _of_one(put_in_force)),
        Page("POST", _ONE + "/test", _of_one(test)),
    )


def _of_one(do: Do) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def found(request: web.Request) -> web.StreamResponse:
        campaign = parties_of(request.app[MARKET]).campaigns.get(request.match_info["campaign"])
        if campaign is None:
            return await notice(request, "Not here", "There is no such campaign.", http_status=404)
        return await do(request, campaign)

    return found


async def _shown(
    request: web.Request,
    campaign: Campaign,
    problems: tuple[str, ...] = (),
    lit: Lit | None = None,
    pasted: str = "",
) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    shown = drafting.shown(market, await kept_draft(market, of_tree(campaign.id)))
    subject = drafting.subject_of(market, request.query.get("edit", ""))
    outcome = lit.outcome if lit is not None else None
    return await page(
        request,
        "console/rules/tree.html",
        title=campaign.name,
        here="trees",
        http_status=422 if problems else 200,
        campaign=campaign,
        tree=await read_tree(market, actor, campaign.id, shown.draft, mode_of(request)),
        problems=problems,
        shown=shown,
        subject=subject,
        fields=drafting.fields_of(market, subject, shown.draft) if subject is not None else [],
        strategies=drafting.STRATEGIES,
        answer=await _answer(request, campaign, shown.draft) if shown.draft else None,
        lines=await published_lines(request, campaign.id),
        lit=lit,
        steps=[step_words(market, step) for step in outcome.steps] if outcome is not None else [],
        asked={step[1] for step in outcome.steps if step[0] in ("bid", "no_bid")} if outcome is not None else set(),
        won={sale.contract_id for sale in outcome.sales} if outcome is not None else set(),
        pasted=pasted,
        days=DAYS,
        next_version=campaign.version + 1,
    )


async def _answer(request: web.Request, campaign: Campaign, draft: Draft) -> dict[str, Any] | None:
    """What the simulator says of this very draft over the last week; it is asked when nobody did within the hour."""
    market, actor = request.app[MARKET], actor_of(request)
    now = market.clock.now()
    row = await market.db.read(newest_of, actor, draft_text(draft), campaign.vertical, now - _FRESH_MS)
    if row is None:
        return None
    told = orjson.loads(row["result"]) if row["result"] else None
    buyers = {each.id: each.name for each in market.deals.buyers.values()}
    gain, lose = winners(told, lambda id_: buyers.get(id_, id_), 4) if told else ([], [])
    return {
        "id": row["id"],
        "state": row["state"],
        "done": row["done"],
        "total": row["total"],
        "headline": headline(told, draft) if told else "",
        "rows": rows(told) if told else [],
        "gain": gain,
        "lose": lose,
    }


async def _draft(request: web.Request, campaign: Campaign) -> Draft:
    market = request.app[MARKET]
    return drafting.shown(market, await kept_draft(market, of_tree(campaign.id))).draft


async def _keep(request: web.Request, campaign: Campaign, draft: Draft, edit: str = "") -> web.StreamResponse:
    """Keep the draft, and ask the simulator about it."""
    market, actor = request.app[MARKET], actor_of(request)
    await keep_draft(market, of_tree(campaign.id), draft, actor)
    now = market.clock.now()
    text = draft_text(draft)
    if draft and await market.db.read(newest_of, actor, text, campaign.vertical, now - _FRESH_MS) is None:
        await begin(market, Span(now - DAYS * _DAY_MS, now, vertical=campaign.vertical), draft, 1, actor)
    return see_other(address(f"{HOME}/{campaign.id}", edit=edit))


async def _changed(request: web.Request, campaign: Campaign, changes: list[Change]) -> web.StreamResponse:
    """The draft with some changes more."""
    market = request.app[MARKET]
    parties = parties_of(market)
    lines = {each.name: each.text for each in await _draft(request, campaign)}
    for change in changes:
        lines.pop(change.name, None)
        lines[change.name] = change.text
    try:
        draft = drafting.trimmed(parse_draft("\n".join(lines.values()), parties), parties, market)
    except BadDraft as bad:
        return await _shown(request, campaign, bad.problems)
    return await _keep(request, campaign, draft)


async def set_some(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    market, form = request.app[MARKET], request[FORM]
    subject = drafting.subject_of(market, form.get("subject", ""))
    if subject is None:
        return await notice(request, "Nothing drafted", "There is no such campaign or contract.", http_status=404)
    try:
        draft = drafting.with_form(market, await _draft(request, campaign), subject, form)
    except BadDraft as bad:
        return await _shown(request, campaign, bad.problems)
    return await _keep(request, campaign, draft, subject.key)


async def move(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    """A contract goes up or down in its tier, to the tier above or below, or to a tier by its number."""
    market, form = request.app[MARKET], request[FORM]
    draft, contract = await _draft(request, campaign), form.get("contract", "")
    way, tier = form.get("way", ""), form.get("tier", "")
    try:
        if way in ("up", "down"):
            changes = moved_up(market, campaign.id, draft, contract, -1 if way == "up" else 1)
        elif way in ("above", "below"):
            changes = other_tier(market, campaign.id, draft, contract, -1 if way == "above" else 1)
        elif tier.isdecimal() and contract in parties_of(market).contracts:
            changes = [Change("contract", contract, "tier", tier)]
        else:
            raise KeyError(contract)
    except (KeyError, StopIteration):
        return await notice(request, "Nothing drafted", "There is no such contract in this tree.", http_status=404)
    return await _changed(request, campaign, changes)


async def add_or_take(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    """A new tier at the foot of the tree, or one that goes."""
    form, market = request[FORM], request.app[MARKET]
    draft = await _draft(request, campaign)
    number = form.get("number", "")
    if form.get("do") == "take":
        kept = tuple(each for each in draft if not f"{each.setting}.".startswith(f"tier.{number}."))
        await keep_draft(market, of_tree(campaign.id), kept, actor_of(request))
        if not any(str(tier.number) == number for tier in campaign.tiers):
            return await _keep(request, campaign, kept)
        return await _changed(request, campaign, [Change("campaign", campaign.id, f"tier.{number}", "")])
    then = parties_of(market).under(draft).campaigns[campaign.id]
    number = str(max(tier.number for tier in then.tiers) + 1)
    return await _changed(request, campaign, [Change("campaign", campaign.id, f"tier.{number}", "there")])


async def drop(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    draft = drafting.without(await _draft(request, campaign), request[FORM].get("name", ""))
    return await _keep(request, campaign, draft)


async def clear(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    return await _keep(request, campaign, ())


async def put_in_force(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    market, note = request.app[MARKET], request[FORM].get("note", "").strip()
    if (wrong := note_problem(note)) is not None:
        return await _shown(request, campaign, (wrong.message,))
    draft = await _draft(request, campaign)
    own = of_tree(campaign.id)
    try:
        await publish(market, draft, own, note, actor_of(request), ip_of(request), own)
    except CannotPublish as cannot:
        return await _shown(request, campaign, cannot.problems)
    except Moved:
        told = "Somebody changed the same rules meanwhile. Look at the tree again and publish then."
        return await notice(request, "Nothing published", told, http_status=409)
    return see_other(f"{HOME}/{campaign.id}")


async def test(request: web.Request, campaign: Campaign) -> web.StreamResponse:
    """The way of a pasted lead through the tree as it is drafted. Nothing of it is kept."""
    text = request[FORM].get("lead", "")[:_LEAD_CHARACTERS]
    fields = _fields(text)
    if not fields:
        told = "Paste a lead as JSON or as one field a line, such as zip=85016."
        return await _shown(request, campaign, (told,), None, text)
    lit = await light(request.app[MARKET], campaign.id, await _draft(request, campaign), fields)
    return await _shown(request, campaign, (), lit, text)


def _fields(text: str) -> dict[str, str]:
    """JSON, or `name=value` lines; empty where it is neither."""
    try:
        told = json.loads(text)
        return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}
    except ValueError:
        pairs = (line.partition("=") for line in text.replace("&", "\n").splitlines())
        return {name.strip(): value.strip() for name, sign, value in pairs if sign and name.strip()}
