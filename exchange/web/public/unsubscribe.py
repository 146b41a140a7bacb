"""The way out of a kind of mail: a button for people, one POST for the programs that read their mail."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.links import Link
from exchange.flows.notice_choices import stop_event
from exchange.flows.notice_send import STOP
from exchange.flows.searches import no_more_mail
from exchange.model.notice import EVENTS
from exchange.storage.report_mails import REPORTS
from exchange.web.keys import MARKET
from exchange.web.render import page

_TEMPLATE = "public/unsubscribe.html"
_DONE = "You get no more of these mails"


async def show(request: web.Request, link: Link) -> web.StreamResponse:
    event = _event(link)
    title = f"Mail about: {event}" if event else "Mail about saved searches"
    title = "Saved reports by mail" if link.detail == REPORTS else title
    return await page(request, _TEMPLATE, title=title, done=False, event=event, reports=link.detail == REPORTS)


async def act(request: web.Request, link: Link) -> web.StreamResponse:
    """`attempt_id` of such a link is a user. Twice is as good as once."""
    if link.detail.startswith(STOP):
        await stop_event(request.app[MARKET], link.attempt_id, link.detail.removeprefix(STOP))
    else:
        await no_more_mail(request.app[MARKET], link.attempt_id, link.detail)
    return await page(request, _TEMPLATE, title=_DONE, done=True, event=_event(link), reports=link.detail == REPORTS)


def _event(link: Link) -> str:
    """The notification that it ends, in words; empty for the mail about saved searches."""
    known = EVENTS.get(link.detail.removeprefix(STOP)) if link.detail.startswith(STOP) else None
    return known.title if known is not None else ""
