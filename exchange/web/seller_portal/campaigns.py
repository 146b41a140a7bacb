"""A seller's campaigns: how to post, whether each runs, how far its certificate has come, and what is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.campaign_state import ask_for, pause, resume
from exchange.flows.market import Market
from exchange.flows.sellers import CannotSave, campaigns_of
from exchange.flows.specs import page_url
from exchange.model.actor import Role
from exchange.model.lead import Problem
from exchange.model.party import Campaign
from exchange.stages.gate import gate_words
from exchange.stages.price_rules import payout_text
from exchange.storage.specs import passed_steps
from exchange.storage.wishes import wishes_of
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.posting.words import Step, steps
from exchange.web.render import notice, page

HOME = "/seller/campaigns"
_COLUMNS = ("campaign_id", "name", "vertical", "state", "pays", "asks", "posting_page")
_ONE = HOME + "/{campaign_id:[A-Za-z0-9_.-]{1,80}}"


@dataclass(frozen=True, slots=True)
class Own:
    """A campaign as its seller sees it. `asks` are its own rules beside those of its fields."""

    campaign: Campaign
    vertical: str
    posting_page: str
    pays: str
    asks: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def state(self) -> str:
        return "paused" if self.campaign.state.value == "paused" else "live" if self.campaign.live else "test"

    @property
    def may_resume(self) -> bool:
        return self.state == "paused" and self.campaign.paused_by == "seller"

    def fields(self) -> dict[str, object]:
        return {
            "campaign_id": self.campaign.id,
            "name": self.campaign.name,
            "vertical": self.campaign.vertical,
            "state": self.state,
            "pays": self.pays,
            "asks": list(self.asks),
            "posting_page": self.posting_page,
        }


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        *short_twins(HOME, "campaigns", _COLUMNS, _rows),
        Page("POST", f"{_ONE}/pause", stop),
        Page("POST", f"{_ONE}/resume", start),
        Page("POST", f"{_ONE}/ask", ask),
    )


async def own_campaigns(request: web.Request) -> list[Own]:
    market, actor = request.app[MARKET], actor_of(request)
    found = []
    for campaign in campaigns_of(market, actor.party_id or ""):
        vertical = market.verticals[campaign.vertical]
        passed = await market.db.read(passed_steps, campaign.id)
        pays = payout_text(campaign.payout)
        found.append(
            Own(
                campaign,
                vertical.title,
                page_url(market, campaign.id),
                f"{pays} of the price" if pays.endswith("%") else pays,
                tuple(gate_words(campaign, vertical, filters=campaign.disclosure.value == "full")),
                steps(_hears(market, campaign), passed),
            )
        )
    return found


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request, ())


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    yield [each.fields() for each in await own_campaigns(request)]


async def stop(request: web.Request) -> web.StreamResponse:
    market, why = request.app[MARKET], request[FORM].get("why", "")
    return await _done(request, pause(market, _id(request), why, actor_of(request), ip_of(request)))


async def start(request: web.Request) -> web.StreamResponse:
    return await _done(request, resume(request.app[MARKET], _id(request), actor_of(request), ip_of(request)))


async def ask(request: web.Request) -> web.StreamResponse:
    market, text = request.app[MARKET], request[FORM].get("text", "")
    return await _done(request, ask_for(market, _id(request), text, actor_of(request), ip_of(request)))


def _id(request: web.Request) -> str:
    return request.match_info["campaign_id"]


async def _done(request: web.Request, doing: Any) -> web.StreamResponse:
    try:
        await doing
    except CannotSave as error:
        if any(each.field == "campaign" for each in error.problems):
            links = [("Your campaigns", HOME)]
            return await notice(
                request, "There is no such campaign", "It is none of yours.", http_status=404, links=links
            )
        return await _page(request, error.problems)
    return see_other(HOME)


def _hears(market: Market, campaign: Campaign) -> bool:
    listening = market.deals.hearers.of("lead.sold", Role.SELLER, campaign.seller_id, campaign.id, late=True)
    return any(each.role is Role.SELLER for each in listening)


async def _page(request: web.Request, problems: Sequence[Problem]) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    return await page(
        request,
        "seller_portal/campaigns.html",
        title="Campaigns",
        here="campaigns",
        campaigns=await own_campaigns(request),
        wishes=await market.db.read(wishes_of, actor, actor.party_id or ""),
        problems=problems,
        http_status=422 if problems else 200,
    )
