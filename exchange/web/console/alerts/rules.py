"""The rules that look for trouble: what each says now, its thresholds, and whether it is on."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.alerts import BadSetting, set_rule, settings_of
from exchange.model.alert import RULES, Setting, in_words, usual
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.figures.alerts import HOME
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, page

RULES_PAGE = f"{HOME}/rules"
_DIGITS = 6


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", RULES_PAGE, show),
        Page("GET", f"{RULES_PAGE}.json", show_json),
        Page("POST", RULES_PAGE, save),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    settings = await settings_of(request.app[MARKET])
    return as_json(
        {
            "rules": [
                {
                    "rule": name,
                    "title": rule.title,
                    "says": in_words(rule, settings[name]),
                    **settings[name]._asdict(),
                    "default": usual(rule)._asdict(),
                }
                for name, rule in RULES.items()
            ]
        }
    )


async def save(request: web.Request) -> web.StreamResponse:
    form, name = request[FORM], request[FORM].get("rule", "")
    try:
        wanted = Setting(form.get("active") == "yes", _number(form.get("first", "")), _number(form.get("second", "")))
        await set_rule(request.app[MARKET], name, wanted, actor_of(request), ip_of(request))
    except BadSetting as error:
        return await _page(request, wrong=name, problem=str(error), http_status=422)
    return see_other(f"{RULES_PAGE}#{name}")


def _number(text: str) -> int:
    """What a field without a threshold does not send is 0. Raises `BadSetting`."""
    if text and not (text.strip().isdecimal() and len(text.strip()) <= _DIGITS):
        raise BadSetting(f"threshold: write a whole number. Got {text[:20]!r}.")
    return int(text or 0)


async def _page(request: web.Request, wrong: str = "", problem: str = "", http_status: int = 200) -> web.StreamResponse:
    settings = await settings_of(request.app[MARKET])
    rows = [(name, rule, settings[name], usual(rule), in_words(rule, settings[name])) for name, rule in RULES.items()]
    return await page(
        request,
        "console/alerts/rules.html",
        title="Alert rules",
        here="alerts",
        http_status=http_status,
        rows=rows,
        wrong=wrong,
        problem=problem,
    )
