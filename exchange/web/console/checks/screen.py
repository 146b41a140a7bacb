"""The fraud screen: what needs a decision, what is shut out, and what its signals are worth."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.review import BadRule, NotHeld, approve, block_sub_id, let_in, refuse, see_to, set_rule
from exchange.model.party import ScreenRule
from exchange.stages.notes import note_problem
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.figures.screen import Screen, alert_fields, held_fields, screen_of, seller_name, words_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, notice, page
from exchange.web.words import utc

HOME = "/console/screen"
_NO_REASON = "Say why: the reason is kept with your name."
_SUB_ID_CHARACTERS = 120


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("POST", HOME + "/held/{lead_id:[A-Za-z0-9_-]{1,60}}", decide),
        Page("POST", HOME + "/alerts/{alert_id:[A-Za-z0-9_-]{1,80}}", close),
        Page("POST", f"{HOME}/blocks", block),
        Page("POST", f"{HOME}/rule", rule),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    found = await screen_of(market, mode_of(request))
    names = {seller_id: seller.name for seller_id, seller in market.deals.sellers.items()}
    return await page(
        request,
        "console/checks/screen.html",
        title="Screen",
        here="screen",
        found=found,
        names=names,
        told=words_of,
        campaigns=sorted(market.deals.campaigns.values(), key=lambda each: each.id),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    return json_response(_fields(await screen_of(request.app[MARKET], mode_of(request))))


async def decide(request: web.Request) -> web.StreamResponse:
    """Somebody approves a held lead, or refuses it."""
    market, form, lead_id = request.app[MARKET], request[FORM], request.match_info["lead_id"]
    note, word = _note(form.get("note", "")), form.get("decision", "")
    if word not in ("approve", "refuse"):
        return await notice(request, "Not decided yet", f"Approve it or refuse it. {_NO_REASON}", http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Not decided yet", wrong.message, _NO_REASON, http_status=422)
    try:
        await (approve if word == "approve" else refuse)(market, lead_id, note, actor_of(request), ip_of(request))
    except NotHeld:
        told = "No such lead waits: somebody may have decided before you."
        return await notice(request, "It is decided", told, http_status=409)
    return _home()


async def close(request: web.Request) -> web.StreamResponse:
    """Somebody has seen to an alert, and may shut its sub id out with it."""
    market, form = request.app[MARKET], request[FORM]
    note = _note(form.get("note", ""))
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Not closed yet", wrong.message, _NO_REASON, http_status=422)
    actor, ip = actor_of(request), ip_of(request)
    if form.get("decision") == "block":
        await block_sub_id(market, form.get("seller_id", ""), form.get("sub_id", ""), note, actor, ip)
    if not await see_to(market, request.match_info["alert_id"], note, actor, ip):
        return await notice(request, "It is closed", "There is no such open alert.", http_status=409)
    return _home()


async def block(request: web.Request) -> web.StreamResponse:
    """A sub id is shut out, or let in again."""
    market, form = request.app[MARKET], request[FORM]
    seller_id, sub_id = form.get("seller_id", ""), form.get("sub_id", "").strip()[:_SUB_ID_CHARACTERS]
    note = _note(form.get("note", ""))
    if not sub_id or seller_id not in market.deals.sellers:
        told = f"Name a seller and its sub id. {_NO_REASON}"
        return await notice(request, "Nothing changed", told, http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing changed", wrong.message, _NO_REASON, http_status=422)
    actor, ip = actor_of(request), ip_of(request)
    if form.get("decision") == "let_in":
        if not await let_in(market, seller_id, sub_id, note, actor, ip):
            told = f"{sub_id} of {seller_name(market, seller_id)} is not shut out."
            return await notice(request, "Nothing changed", told, http_status=409)
    else:
        await block_sub_id(market, seller_id, sub_id, note, actor, ip)
    return _home()


async def rule(request: web.Request) -> web.StreamResponse:
    """A campaign refuses or holds from another number of points on, or asks for another share of posts."""
    market, form = request.app[MARKET], request[FORM]
    note, campaign_id = _note(form.get("note", "")), form.get("campaign_id", "")
    if campaign_id not in market.deals.campaigns:
        return await notice(request, "Nothing changed", f"Name a campaign. {_NO_REASON}", http_status=422)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing changed", wrong.message, _NO_REASON, http_status=422)
    try:
        wanted = ScreenRule(
            _whole(form, "refuse_at"),
            _whole(form, "hold_at"),
            _whole(form, "pings"),
            _whole(form, "posts_per_thousand") or 0,
        )
        await set_rule(market, campaign_id, wanted, note, actor_of(request), ip_of(request))
    except BadRule as error:
        return await notice(request, "Nothing changed", str(error), http_status=422)
    return _home()


def _whole(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadRule(f"{name} must be a whole number, or empty.")
    return int(text)


def _note(text: str) -> str:
    return text.strip()


def _home() -> web.Response:
    return see_other(HOME)


def _fields(found: Screen) -> dict[str, object]:
    return {
        "count": found.open,
        "held": [{**held_fields(each), "received_at": utc(each["received_at"])} for each in found.held],
        "alerts": [
            {**alert_fields(each), "began_at": utc(each["began_at"]), "last_at": utc(each["last_at"])}
            for each in found.alerts
        ],
        "blocks": [
            {**{name: each[name] for name in ("seller_id", "sub_id", "reason", "made_by")}, "at": utc(each["made_at"])}
            for each in found.blocks
        ],
        "signals": [
            {"name": each.name, "points": each.points, "began_at": each.began, "bad": each.bad, "good": each.good}
            for each in found.worth
        ],
        "sellers": [{"seller_id": each.seller_id, "pings": each.pings, "posts": each.posts} for each in found.pingers],
    }
