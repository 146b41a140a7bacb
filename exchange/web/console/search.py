"""The search box: whatever is typed there, grouped; a lead that is meant by name opens at once."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import FORM, actor_of
from exchange.web.finding import find
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.rail import rail
from exchange.web.render import SESSION, as_json, page

_CHARACTERS = 200


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/console/search", search),
        Page("POST", "/console/search", search),
    )


async def search(request: web.Request) -> web.StreamResponse:
    """Open what is meant, or show what there is. It is posted, so that no address holds a phone or an email."""
    form = request.get(FORM) or request.query
    text = form.get("q", "").strip()[:_CHARACTERS]
    user = request[SESSION].user
    groups = rail(user.role, user.duty)
    found = await find(request, request.app[MARKET], actor_of(request), text, groups)
    if "json" in form:
        told = [{"title": each.title, "results": [result._asdict() for result in each.results]} for each in found]
        return as_json({"groups": told})
    first = found[0] if found else None
    if first is not None and (first.title == "Leads" or (len(found) == 1 and len(first.results) == 1)):
        return see_other(first.results[0].path)
    title = f"Results for {text}" if found else "Nothing found"
    return await page(
        request, "console/search.html", title=title, here="search", found=found, http_status=200 if found else 404
    )
