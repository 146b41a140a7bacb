"""The search box: a lead by any of its ids, a buyer's reference, or a whole phone or email."""

from __future__ import annotations

from aiohttp import web

from exchange.fields import email, phone
from exchange.flows.market import Market
from exchange.model.lead import FieldValue
from exchange.model.vertical import FieldSpec, Presence
from exchange.storage.leads import find_by_any_id, read_lead_of
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import page

_CHARACTERS = 200


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/console/search", find),
        Page("POST", "/console/search", find),
    )


async def find(request: web.Request) -> web.StreamResponse:
    """Open the lead. A phone or an email is found by its keyed hash; it is posted, so that no address holds it."""
    form = request.get(FORM) or request.query
    text = form.get("q", "").strip()[:_CHARACTERS]
    market, actor = request.app[MARKET], actor_of(request)
    lead_id = await market.db.read(find_by_any_id, text, *indexes(market, text)) if text else None
    if lead_id is not None and await market.db.read(read_lead_of, actor, lead_id) is not None:
        return see_other(f"/console/leads/{lead_id}")
    return await page(request, "console/search.html", title="Nothing found", here="leads", http_status=404)


def indexes(market: Market, text: str) -> tuple[bytes | None, bytes | None]:
    """The keyed hashes of a text as a phone and as an email, where it is one."""
    now = market.clock.now()
    found: list[bytes | None] = []
    for kind, parse in (("phone", phone.TYPE.parse), ("email", email.TYPE.parse)):
        spec = FieldSpec(kind, kind, kind, Presence.OPTIONAL, Presence.OPTIONAL, personal=True)
        value = parse(text, spec, now)
        found.append(market.vault.index(kind, value.clean.lower()) if isinstance(value, FieldValue) else None)
    return found[0], found[1]
