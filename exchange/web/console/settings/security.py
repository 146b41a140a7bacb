"""What the exchange asks of its own people when they sign in, and who tried in vain."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.security_rules import WrongRules, change_rules, rules_of
from exchange.limits import SESSION_HOURS_MOST
from exchange.storage.audit import lines_named
from exchange.storage.by_hand import list_users
from exchange.storage.security_rules import read_rules
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, page

HOME = "/console/security"
_SHOWN = 30
_TRIES_MS = 7 * 86_400_000
_TRIES = ("sign_in.failed", "sign_in.slowed")


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", show_json), Page("POST", HOME, change))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    rules, fixed = await rules_of(request.app[MARKET]), request.app[MARKET].fixed_rules
    return as_json(
        {
            "staff_two_factor": rules.staff_second,
            "session_hours": rules.session_hours,
            "console_networks": [str(each) for each in rules.networks],
            "fixed_by_file": [
                name
                for name, value in (
                    ("staff_two_factor", fixed.staff_second),
                    ("session_hours", fixed.session_hours),
                    ("console_networks", fixed.networks),
                )
                if value is not None
            ],
        }
    )


async def change(request: web.Request) -> web.StreamResponse:
    try:
        await change_rules(request.app[MARKET], request[FORM], actor_of(request), ip_of(request))
    except WrongRules as error:
        return await _page(request, str(error), 422)
    return see_other(f"{HOME}?done=yes")


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, settings = request.app[MARKET], request.app[SETTINGS]
    people = [row for row in await market.db.read(list_users, "operator") if row["state"] == "active"]
    row, since = await market.db.read(read_rules), market.clock.now() - _TRIES_MS
    return await page(
        request,
        "console/settings/security.html",
        title="Security",
        here="security",
        rules=await rules_of(market),
        given=request.get(FORM, {}) if problem else {},
        fixed=market.fixed_rules,
        changed=row,
        hours_most=SESSION_HOURS_MOST,
        own_ip=ip_of(request),
        without=[each["email"] for each in people if not each["has_app"] and not each["passkeys"]],
        people=len(people),
        issuer=settings.sign_on_issuer,
        sign_on=settings.sign_on_name,
        mails=settings.mail_relay is not None,
        tries=await market.db.read(lines_named, actor_of(request), _TRIES, since, _SHOWN),
        done=request.query.get("done") == "yes",
        problem=problem,
        http_status=http_status,
    )
