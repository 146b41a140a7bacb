"""Suggestions about floors and prices, the terms they would change, and what was changed lately: seen first, undone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.flows.floor_trials import floor_trials
from exchange.flows.market import Market
from exchange.flows.price_terms import Change, Kind, Moved, apply, preview, terms_text, undo
from exchange.flows.repricing import Suggestion, suggestions
from exchange.model.party import State, Strategy
from exchange.model.quality import DAY_MS
from exchange.model.vertical import Vertical
from exchange.stages.notes import note_problem
from exchange.stages.price_rules import BadRule
from exchange.storage.repricing import price_changes
from exchange.web import words
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.quality._of_vertical import of_vertical
from exchange.web.figures.prices import VERDICTS, idea_fields, trial_fields
from exchange.web.figures.quality import offered
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response

HOME = "/console/quality/prices"
_TEXT_CHARACTERS = 10_000
_CHANGES_DAYS, _CHANGES = 90, 30
KINDS: Mapping[Kind, str] = {
    Kind.PRICE_RULES: "Price rules",
    Kind.PAYOUT_TIERS: "Payout tiers",
    Kind.FLOORS: "Floors by state",
    Kind.RANKING: "Ranking of bids",
}
EXAMPLES: Mapping[Kind, str] = {
    Kind.PRICE_RULES: "grade=A,B state=AZ hours=8:00-18:00 days=mon-fri -> 24.00",
    Kind.PAYOUT_TIERS: "grade=A,B -> 75%",
    Kind.FLOORS: "AZ -> 14.00\nholdout -> 10%",
    Kind.RANKING: "1 -> expected",
}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, of_vertical(show)),
        Page("GET", f"{HOME}.json", of_vertical(as_json)),
        Page("POST", f"{HOME}/preview", look),
        Page("POST", f"{HOME}/apply", store),
        Page("POST", HOME + "/undo/{line_id:aud_[0-9A-Z]{1,40}}", bring_back),
    )


async def show(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    market = request.app[MARKET]
    changes = await market.db.read(price_changes, market.clock.now() - _CHANGES_DAYS * DAY_MS, _CHANGES)
    return await page(
        request,
        "console/quality/quality_prices.html",
        title="Prices",
        here="quality",
        vertical=vertical,
        verticals=offered(market),
        trials=[trial_fields(each) for each in await floor_trials(market, vertical.name)],
        verdicts=VERDICTS,
        ideas=[(each, _told(each)) for each in await suggestions(market, vertical.name)],
        terms=_terms(market, vertical.name),
        kinds=KINDS,
        examples=EXAMPLES,
        strategies=[each.value for each in Strategy],
        changes=[_change(market, row) for row in changes],
        twin=address(f"{HOME}.json", vertical=vertical.name),
    )


async def as_json(request: web.Request, vertical: Vertical) -> web.StreamResponse:
    market = request.app[MARKET]
    told = [idea_fields(each) for each in await suggestions(market, vertical.name)]
    trials = [trial_fields(each) for each in await floor_trials(market, vertical.name)]
    found = {"count": len(told), "evidence": "estimate", "suggestions": told, "holdouts": trials}
    return json_response({"vertical": vertical.name, **found})


def _told(idea: Suggestion) -> str:
    """What it changes in a week, as a range."""
    low, middle, high = (_signed(each.units, words.money(each)) for each in (idea.low, idea.middle, idea.high))
    return f"{middle} a week ({low} to {high}), an estimate"


def _signed(units: int, text: str) -> str:
    return f"+{text}" if units > 0 else text


def _terms(market: Market, vertical: str) -> list[tuple[str, str, list[tuple[Kind, str]]]]:
    """Id, name and terms in their own text: of the vertical's campaigns, then of contracts with a fixed price."""
    campaigns = [each for each in market.deals.campaigns.values() if each.vertical == vertical]
    found = []
    for campaign in sorted(campaigns, key=lambda each: each.id):
        if campaign.state is not State.DELETED:
            kinds = (Kind.PAYOUT_TIERS, Kind.FLOORS, Kind.RANKING)
            texts = [(kind, terms_text(market, kind, campaign.id)) for kind in kinds]
            found.append((campaign.id, f"{campaign.name}, floor {campaign.floor.text}", texts))
    for contract in sorted(market.deals.contracts.values(), key=lambda each: each.id):
        ours = contract.vertical == vertical and contract.price is not None and contract.state is not State.DELETED
        if ours and contract.price is not None and contract.connection != "simulated":
            name = f"{market.deals.buyer_name(contract.id)}: {contract.name}, {contract.price.text}"
            found.append((contract.id, name, [(Kind.PRICE_RULES, terms_text(market, Kind.PRICE_RULES, contract.id))]))
    return found


def _change(market: Market, row: Mapping[str, Any]) -> dict[str, Any]:
    """One change of the audit log. It can be undone while the terms are those that it made."""
    kind = Kind(row["action"].partition(".")[2])
    subject = row["subject"].partition(":")[2]
    before, after = json.loads(row["before_json"] or "{}"), json.loads(row["after_json"] or "{}")
    try:
        stands = terms_text(market, kind, subject) == after.get(kind.value, "")
    except LookupError:
        stands = False
    return {
        "id": row["id"],
        "at": row["at"],
        "actor": row["actor"],
        "kind": KINDS[kind],
        "subject": subject,
        "before": before.get(kind.value, ""),
        "after": after.get(kind.value, ""),
        "why": after.get("why", ""),
        "stands": stands,
    }


async def look(request: web.Request) -> web.StreamResponse:
    """The change beside what is in force, before anything is stored."""
    market, form = request.app[MARKET], request[FORM]
    try:
        change = preview(market, _kind(form), form.get("subject", ""), form.get("text", "")[:_TEXT_CHARACTERS])
    except BadRule as error:
        return await notice(request, "Nothing changed", str(error), http_status=422)
    except LookupError:
        return await notice(request, "Nothing changed", "There is no such contract or campaign.", http_status=404)
    return await page(
        request,
        "console/quality/_quality_change.html",
        title="Change terms",
        here="quality",
        change=change,
        kind=KINDS[change.kind],
        told=form.get("told", "")[:300],
    )


async def store(request: web.Request) -> web.StreamResponse:
    """A person applies the change that was shown."""
    market, form = request.app[MARKET], request[FORM]
    note = form.get("note", "").strip()
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing changed", wrong.message, http_status=422)
    before, after = (_lines(form.get(name, "")) for name in ("before", "after"))
    try:
        change = Change(_kind(form), form.get("subject", ""), before, after)
        await apply(market, change, note, actor_of(request), ip_of(request))
    except BadRule as error:
        return await notice(request, "Nothing changed", str(error), http_status=422)
    except LookupError:
        return await notice(request, "Nothing changed", "There is no such contract or campaign.", http_status=404)
    except Moved:
        return await notice(request, "Nothing changed", "Somebody changed these terms meanwhile.", http_status=409)
    return _home()


async def bring_back(request: web.Request) -> web.StreamResponse:
    market, note = request.app[MARKET], request[FORM].get("note", "").strip() or "Undone"
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing changed", wrong.message, http_status=422)
    try:
        await undo(market, request.match_info["line_id"], note, actor_of(request), ip_of(request))
    except LookupError:
        return await notice(request, "Nothing changed", "There is no such change.", http_status=404)
    except (Moved, BadRule):
        return await notice(request, "Nothing changed", "These terms were changed again since.", http_status=409)
    return _home()


def _kind(form: Mapping[str, str]) -> Kind:
    try:
        return Kind(form.get("kind", ""))
    except ValueError:
        raise LookupError(form.get("kind", "")) from None


def _lines(text: str) -> str:
    """A browser sends lines with both of its signs."""
    return text.replace("\r\n", "\n").strip()


def _home() -> web.Response:
    return see_other(HOME)
