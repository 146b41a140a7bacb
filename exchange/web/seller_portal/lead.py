"""One lead of a seller: why it ended as it did, what was sent and answered, and what came of it later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from exchange.flows.market import Market
from exchange.intake.decode import Flat, decode
from exchange.model.party import Disclosure
from exchange.stages.respond import told_checks
from exchange.storage.seller_views import way_of_lead
from exchange.storage.timeline import read_lead_rows
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.own_leads import own_lead
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.story.masking import Mask
from exchange.web.story.records import Request, Story, open_story
from exchange.web.story.wire import Exchange, seller_exchange

OWN_DAYS = 30
"""So long a seller reads in clear what it sent."""
_DAY_MS = 86_400_000
_ONE = "/seller/leads/{lead_id:ld_[A-Za-z0-9_-]{1,60}}"
_ERROR = re.compile(r"errors\.([0-9]{1,3})\.(field|message|got|closest)")
_WORDS = {"ping": "Ping", "post": "Post", "pingpost": "Ping and post", "settled": "Settled", "returned": "Returned"}


def pages() -> tuple[Page, ...]:
    return (Page("GET", _ONE, show), Page("GET", _ONE + ".json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    story = await _story(request)
    if story is None:
        links = [("Your leads", "/seller/leads")]
        return await notice(request, "There is no such lead", "It is none of yours.", http_status=404, links=links)
    market, actor = request.app[MARKET], actor_of(request)
    lead, (errors, details) = own_lead(market, story.lead), _last_answer(story)
    exchanges = {each.id: _exchange(market, story, each, number) for number, each in enumerate(story.requests)}
    way = await market.db.read(way_of_lead, actor, lead.id)
    return await page(
        request,
        "seller_portal/lead.html",
        title=lead.seller_lead_id or lead.id,
        here="leads",
        lead=lead,
        errors=errors,
        details=details,
        way=[(each, _WORDS.get(each.what, each.what), exchanges.get(each.request_id or "")) for each in way],
        checks=_checks(market, story),
        tracking={
            name: value for name, value in sorted(story.tracking.items()) if name.startswith(("sub_id", "click_"))
        },
        clear=_in_clear(market, story),
        own_days=OWN_DAYS,
        mode=lead.mode,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    story = await _story(request)
    if story is None:
        return json_response({"status": "error", "message": "There is no such lead of yours."}, 404)
    market = request.app[MARKET]
    sent = [_exchange(market, story, each, number).fields() for number, each in enumerate(story.requests)]
    requests = [{name: each[name] for name in ("title", "outcome", "took", "request", "response")} for each in sent]
    return json_response({**own_lead(market, story.lead).fields(), "requests": requests})


async def _story(request: web.Request) -> Story | None:
    """The lead opened, if it is this seller's."""
    market = request.app[MARKET]
    rows = await market.db.read(read_lead_rows, actor_of(request), request.match_info["lead_id"])
    return open_story(market, rows) if rows is not None else None


def _in_clear(market: Market, story: Story) -> bool:
    return market.clock.now() - int(story.lead["received_at"]) < OWN_DAYS * _DAY_MS


def _exchange(market: Market, story: Story, request: Request, number: int) -> Exchange:
    """A request of its own and the answer; keys are hidden always, what is personal after some weeks."""
    shown = replace(request, mask=Mask(())) if _in_clear(market, story) else request
    kept_days = market.retention_days.get("lead", 180)
    return seller_exchange(shown, number, _WORDS.get(str(request.row["endpoint"]), "Request"), kept_days, ())


def _last_answer(story: Story) -> tuple[list[Mapping[str, str]], str]:
    """What was wrong by field, and the details of a refusal, as the last answer says them in whatever format; nothing
    where it is of another's form, or no longer kept.
    """
    last = story.requests[-1] if story.requests else None
    if last is None or not last.answer:
        return [], ""
    read = decode(last.answer.encode(), str(last.row["answer_type"] or "application/json"))
    if not isinstance(read, Flat):
        return [], ""
    errors: dict[str, dict[str, str]] = {}
    for name, value in read.fields.items():
        if (found := _ERROR.fullmatch(name)) is not None:
            errors.setdefault(found[1], {})[found[2]] = value
    return [each for each in errors.values() if "message" in each], read.fields.get("details", "")


def _checks(market: Market, story: Story) -> list[dict[str, str]]:
    campaign = market.deals.campaigns.get(story.lead["campaign_id"])
    disclosure = campaign.disclosure if campaign is not None else Disclosure.CODE
    return told_checks(story.trails[-1]["steps"], disclosure) if story.trails else []
