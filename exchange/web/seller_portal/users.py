"""Who else of a seller signs in here."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.party_people import invite
from exchange.model.actor import Role
from exchange.web.auth import actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.party_users import Place, user_pages


def pages() -> tuple[Page, ...]:
    return user_pages(Place("/seller/users", "seller_portal/users.html", Role.SELLER, _invite))


async def _invite(request: web.Request, form: Mapping[str, str]) -> str:
    actor = actor_of(request)
    return await invite(request.app[MARKET], actor.party_id or "", form.get("email", ""), actor, ip_of(request))
