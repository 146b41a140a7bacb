"""What you are told, and how: by which way of what, your quiet hours, your number, and the Slack of your team."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.notice_choices import NotSaved, choices, choose_reach, choose_team, choose_ways, send_test
from exchange.model.notice import EVENTS, Channel
from exchange.model.rights import Right, may
from exchange.web.account.notifications import HOME
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, as_json, notice, page

SETTINGS_PAGE = f"{HOME}/settings"
_ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "UTC", "Europe/London", "Europe/Berlin",
)  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", SETTINGS_PAGE, show),
        Page("GET", f"{SETTINGS_PAGE}.json", show_json),
        Page("POST", f"{SETTINGS_PAGE}/ways", save_ways),
        Page("POST", f"{SETTINGS_PAGE}/reach", save_reach),
        Page("POST", f"{SETTINGS_PAGE}/team", save_team),
        Page("POST", f"{SETTINGS_PAGE}/test", test),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request, done=request.query.get("done", "") == "yes")


async def show_json(request: web.Request) -> web.StreamResponse:
    found = await choices(request.app[MARKET], request[SESSION].user)
    return as_json(
        {
            "events": [
                {
                    "event": line.name,
                    "title": line.event.title,
                    **{channel.value: choice.value for channel, choice in line.chosen.items()},
                }
                for line in found.lines
            ],
            "slack": found.slack_set,
        }
    )


async def save_ways(request: web.Request) -> web.StreamResponse:
    given = {name: value for name, value in request[FORM].items() if ":" in name}
    try:
        await choose_ways(request.app[MARKET], request[SESSION].user, given)
    except NotSaved as error:
        return await _page(request, error, http_status=422)
    return see_other(f"{SETTINGS_PAGE}?done=yes")


async def save_reach(request: web.Request) -> web.StreamResponse:
    market, user = request.app[MARKET], request[SESSION].user
    try:
        await choose_reach(market, user, request[FORM], actor_of(request), ip_of(request))
    except NotSaved as error:
        return await _page(request, error, http_status=422)
    return see_other(f"{SETTINGS_PAGE}?done=yes")


async def save_team(request: web.Request) -> web.StreamResponse:
    if not _leads(request):
        return await notice(
            request, "This part is for admins", "The Slack of your team is for its admins to set.", http_status=403
        )
    form, actor = request[FORM], actor_of(request)
    events = {name: form.get(f"slack.{name}") == "yes" for name in EVENTS}
    url = "-" if form.get("remove") == "yes" else form.get("slack", "")
    market, user, allowed = request.app[MARKET], request[SESSION].user, request.app[SETTINGS].allowed_networks
    try:
        await choose_team(market, user, url, events, allowed, actor, ip_of(request))
    except NotSaved as error:
        return await _page(request, error, http_status=422)
    return see_other(f"{SETTINGS_PAGE}?done=yes")


async def test(request: web.Request) -> web.StreamResponse:
    channel = request[FORM].get("channel", "")
    if channel not in ("email", "sms", "slack"):
        return await notice(request, "Nothing was sent", "channel is email, sms or slack.", http_status=422)
    return await _page(request, tested=await send_test(request.app[MARKET], request[SESSION].user, channel))


def _leads(request: web.Request) -> bool:
    """Whether somebody sets what a whole team shares."""
    user = request[SESSION].user
    if user.role == "operator":
        return may(user.actor, Right.SETTINGS)
    return user.duty in ("", "admin")


async def _page(
    request: web.Request, wrong: NotSaved | None = None, tested: str = "", done: bool = False, http_status: int = 200
) -> web.StreamResponse:
    market, user = request.app[MARKET], request[SESSION].user
    found = await choices(market, user)
    zones = dict.fromkeys([found.person.zone, market.zone, *_ZONES])
    return await page(
        request,
        "account/notify_settings.html",
        title="What you are told",
        here="notifications",
        http_status=http_status,
        found=found,
        given=request[FORM] if wrong is not None else {},
        problem=wrong.problem if wrong is not None else None,
        tested=tested,
        done=done,
        zones=zones,
        own=(Channel.IN_APP, Channel.EMAIL, Channel.SMS),
        slack=Channel.SLACK,
        texts=market.sms is not None,
        leads=_leads(request),
        usual=lambda event, channel: event.usual[user.role].of(channel),
    )
