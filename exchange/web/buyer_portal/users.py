"""Who else of a buyer signs in here, and with which duty: for its admins."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.flows.party_people import invite_to_buyer
from exchange.model.actor import Role
from exchange.model.follow import Duty
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.party_users import Place, user_pages

DUTIES = (Duty.ADMIN,)
_SAID = (
    (Duty.ADMIN.value, "Admin: everything"),
    (Duty.AGENT.value, "Agent: only the leads assigned to them"),
    (Duty.FINANCE.value, "Finance: money, no consumers"),
)


def pages() -> tuple[Page, ...]:
    return user_pages(Place("/buyer/users", "buyer_portal/users.html", Role.BUYER, _invite, _SAID))


async def _invite(request: web.Request, form: Mapping[str, str]) -> str:
    duty = form.get("duty", "")
    return await invite_to_buyer(request.app[MARKET], form.get("email", ""), duty, actor_of(request))
