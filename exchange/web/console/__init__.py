"""Pages for the people who run the exchange. Each is a pair, `leads.py` and `leads.html`; this is their table."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import for_operators, leave, sign_in
from exchange.web.console import dashboard, lead, leads, login, search, terms, unclear
from exchange.web.render import add_pages

_LEAD = "/console/leads/{lead_id:[A-Za-z0-9_-]{1,60}}"
_ATTEMPT = "/console/unclear/{attempt_id:[A-Za-z0-9_-]{1,60}}"


def add_console(app: web.Application) -> None:
    """Add the console's pages, the way in and out, and their stylesheet and script."""
    add_pages(app)
    get, post = app.router.add_get, app.router.add_post
    get("/", _home)
    get("/login", login.show)
    get("/login/{secret}", sign_in)
    post("/logout", leave)
    get("/console", for_operators(dashboard.show))
    get("/console.json", for_operators(dashboard.as_json))
    get("/console/leads", for_operators(leads.show))
    get("/console/leads.json", for_operators(leads.as_json))
    get("/console/leads.csv", for_operators(leads.as_csv))
    get(_LEAD, for_operators(lead.show))
    get(f"{_LEAD}.json", for_operators(lead.as_json))
    post(f"{_LEAD}/reveal", for_operators(lead.show_revealed))
    get("/console/unclear", for_operators(unclear.show))
    get("/console/unclear.json", for_operators(unclear.as_json))
    post(_ATTEMPT, for_operators(unclear.decide))
    get("/console/search", for_operators(search.find))
    post("/console/search", for_operators(search.find))
    post("/console/theme", for_operators(login.choose_theme))
    get("/console/help/terms", for_operators(terms.show))


async def _home(_: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": "/console"})
