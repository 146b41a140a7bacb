"""What people do with saved reports: have them mailed, and pin them to their dashboard."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

from exchange.flows.preferences import choose
from exchange.flows.report_mail import LIST, NEVER, CannotMail, mail_it
from exchange.storage.preferences import SavedView, views_of
from exchange.storage.report_mails import MailRow, mails_to
from exchange.web.analytics.answer import quick_answer
from exchange.web.analytics.asked import HOME, BadQuestion, read_asked
from exchange.web.analytics.drawn import Drawn, drawn
from exchange.web.auth import FORM, actor_of, is_local
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import see_other
from exchange.web.render import SESSION, mode_of, notice, times_of

PINNED = "pinned_reports"
PINS = 4
"""So many reports fit on a dashboard that is quick."""


class Kept(NamedTuple):
    """A saved report, how it comes by mail, and whether it is on the dashboard."""

    view: SavedView
    mail: MailRow | None
    pinned: bool


class Pinned(NamedTuple):
    """A report on the dashboard: its figure in all, its picture, and where it is."""

    name: str
    path: str
    title: str
    told: str
    drawn: Drawn | None
    period: str


async def kept_reports(request: web.Request) -> list[Kept]:
    market, session = request.app[MARKET], request[SESSION]
    views = await market.db.read(views_of, session.user, LIST)
    mails = await market.db.read(mails_to, session.user.id)
    pinned = _pinned(request)
    return [Kept(view, mails.get(view.id), view.id in pinned) for view in views]


def _pinned(request: web.Request) -> list[str]:
    return [each for each in request[SESSION].preferences.get(PINNED, "").split(",") if each]


async def pin(request: web.Request) -> web.StreamResponse:
    """Put a saved report on one's own dashboard, or take it away."""
    form = request[FORM]
    view_id, pinned = form.get("report", "")[:60], _pinned(request)
    known = {view.id for view in await request.app[MARKET].db.read(views_of, request[SESSION].user, LIST)}
    kept = [each for each in pinned if each in known and each != view_id]
    if "on" in form:
        if view_id not in known:
            return await notice(request, "Not pinned", "There is no such saved report.", http_status=404)
        if len(kept) >= PINS:
            told = f"{PINS} reports are on your dashboard, which is the most. Take one away first."
            return await notice(request, "Not pinned", told, http_status=422)
        kept.append(view_id)
    await choose(request.app[MARKET], request[SESSION].user, {PINNED: ",".join(kept)})
    return _back(request)


async def mail(request: web.Request) -> web.StreamResponse:
    """Have a saved report mailed to oneself, or to somebody else of the exchange."""
    form = request[FORM]
    try:
        await mail_it(
            request.app[MARKET],
            request[SESSION].user,
            form.get("report", "")[:60],
            form.get("every", NEVER),
            form.get("hour", ""),
            form.get("to", "").strip(),
        )
    except CannotMail as error:
        return await notice(request, "Nothing was changed", str(error), http_status=422)
    return _back(request)


def _back(request: web.Request) -> web.Response:
    back = request[FORM].get("back", HOME)
    return see_other(back if is_local(back) else HOME)


async def pinned_reports(request: web.Request) -> list[Pinned]:
    """Those on somebody's dashboard, in the order they were pinned."""
    wanted = _pinned(request)
    if not wanted:
        return []
    market, times, main = request.app[MARKET], times_of(request), request.app[SETTINGS].currency
    views = {view.id: view for view in await market.db.read(views_of, request[SESSION].user, LIST)}
    found = []
    for view in [views[each] for each in wanted if each in views]:
        try:
            asked = read_asked(market, parse_qsl(view.query), times, mode_of(request), main)
        except BadQuestion:
            continue
        made = await quick_answer(market, actor_of(request), asked, times, main)
        told = made.total_figure(made.shown).told
        found.append(Pinned(view.name, asked.url(), made.shown.title, told, drawn(made), asked.period.told))
    return found
