"""What is suggested about rotten sub ids, what is in force, and what the exchange may do by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from exchange.flows.measures import BadRule, NotOpen, dismiss, rules_of, set_rule, take, undo
from exchange.model.measure import LEAST, Action
from exchange.stages.notes import note_problem
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.figures.measures import BadWish, cap_wanted, measure_fields, measures_of, rule_fields, rule_wanted
from exchange.web.figures.quality import offered, seller_name
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page

HOME = "/console/quality/measures"
_WORDS = ((Action.SUGGEST, "Only suggest"), (Action.CAP, "Cap it"), (Action.BLOCK, "Shut it out"))
_KEPT = "The reason is kept with your name."


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("POST", f"{HOME}/rule", rule),
        Page("POST", HOME + "/{measure_id:msr_[0-9A-Z]{1,40}}", decide),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/quality/quality_measures.html",
        title="Measures",
        here="quality",
        measures=await measures_of(market),
        rules=await rules_of(market),
        verticals=offered(market),
        named=lambda seller_id: seller_name(market, seller_id),
        actions=[
            (Action.SUGGEST.value, "Only suggest"),
            (Action.CAP.value, "Cap it"),
            (Action.BLOCK.value, "Shut it out"),
        ],
        least=LEAST,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    found = [measure_fields(each) for each in await measures_of(market)]
    rules = [rule_fields(each) for each in (await rules_of(market)).values()]
    return json_response({"count": len(found), "measures": found, "rules": rules})


async def decide(request: web.Request) -> web.StreamResponse:
    """Somebody takes a measure, dismisses it, or undoes it."""
    market, form, measure_id = request.app[MARKET], request[FORM], request.match_info["measure_id"]
    note, word = form.get("note", "").strip(), form.get("decision", "")
    actor, ip = actor_of(request), ip_of(request)
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing changed", wrong.message, _KEPT, http_status=422)
    try:
        cap = cap_wanted(form)
        does: dict[str, Callable[[], Awaitable[object]]] = {
            "block": lambda: take(market, measure_id, Action.BLOCK, 0, note, actor, ip),
            "cap": lambda: take(market, measure_id, Action.CAP, cap, note, actor, ip),
            "dismiss": lambda: dismiss(market, measure_id, note, actor, ip),
            "undo": lambda: undo(market, measure_id, note, actor, ip),
        }
        if word not in does:
            return await notice(request, "Nothing changed", "Choose what is to be done.", http_status=422)
        await does[word]()
    except (BadRule, BadWish) as error:
        return await notice(request, "Nothing changed", str(error), http_status=422)
    except NotOpen:
        return await notice(request, "It is decided", "Somebody decided about it before you.", http_status=409)
    return _home()


async def rule(request: web.Request) -> web.StreamResponse:
    """What the exchange may do by itself, in one vertical or in all others."""
    market, form = request.app[MARKET], request[FORM]
    note = form.get("note", "").strip()
    if (wrong := note_problem(note)) is not None:
        return await notice(request, "Nothing changed", wrong.message, _KEPT, http_status=422)
    rules, vertical = await rules_of(market), form.get("vertical", "")
    try:
        wanted = rule_wanted(form, rules.get(vertical, rules[""])._replace(vertical=vertical))
        await set_rule(market, wanted, note, actor_of(request), ip_of(request))
    except (BadRule, BadWish) as error:
        return await notice(request, "Nothing changed", str(error), http_status=422)
    return _home()


def _home() -> web.Response:
    return see_other(HOME)
