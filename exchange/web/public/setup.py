"""The buyer's own part of a set-up, by link: where leads go, a sample request, an answer that is a yes and one a no.

What is typed is kept for the operator, who looks at it and makes the connection. Nothing is sent anywhere.
"""

from __future__ import annotations

from aiohttp import web

from exchange.flows.draft_links import PATH, read_draft_link
from exchange.flows.new_buyer import Draft, draft_of, suggest
from exchange.web.auth import read_form
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice, page

_TOKEN = PATH + "{token}"


def pages() -> tuple[Page, ...]:
    return (Page("GET", _TOKEN, show), Page("POST", _TOKEN, take))


async def show(request: web.Request) -> web.StreamResponse:
    draft = await _draft(request)
    return await _page(request, draft) if draft is not None else await _gone(request)


async def take(request: web.Request) -> web.StreamResponse:
    draft = await _draft(request)
    if draft is None:
        return await _gone(request)
    form = await read_form(request)
    if not any(form.get(name, "").strip() for name in ("url", "sample", "accepted", "rejected")):
        return await _page(request, draft, problem="Nothing was filled in yet.", http_status=422)
    url = form.get("url", "").strip()
    if url and not url.startswith(("https://", "http://")):
        return await _page(request, draft, problem="The address begins with https://.", http_status=422)
    if not await suggest(request.app[MARKET], draft.id, form):
        return await _gone(request)
    return await _page(request, await _draft(request) or draft, done=True)


async def _draft(request: web.Request) -> Draft | None:
    draft_id = read_draft_link(request.app[MARKET], request.match_info["token"])
    draft = await draft_of(request.app[MARKET], draft_id) if draft_id is not None else None
    return draft if draft is not None and draft.ended_at is None else None


async def _page(
    request: web.Request, draft: Draft, *, problem: str = "", done: bool = False, http_status: int = 200
) -> web.StreamResponse:
    return await page(
        request,
        "public/setup.html",
        title="How we deliver to you",
        typed=dict(draft.values),
        problem=problem,
        done=done,
        http_status=http_status,
    )


async def _gone(request: web.Request) -> web.StreamResponse:
    told = "It is cut off, or the set-up is finished. Ask whoever sent it for a new one."
    return await notice(request, "This link leads nowhere", told, http_status=404)
