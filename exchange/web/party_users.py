"""Who of a seller or of a buyer signs in: let in, shut out and given another link by their own people.

Both portals show the same; who looks decides whose people they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.party_people import CannotChange, new_link, people_of, set_active
from exchange.model.actor import Role
from exchange.storage.database import Row
from exchange.web import words
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import page

_ID = "{user_id:usr_[A-Za-z0-9]{1,40}}"
_FIELDS = ("user_id", "email", "duty", "state", "two_factor", "made_at", "seen_at")
_STATES: Mapping[str, str] = {"disabled": "shut_out", "ended": "left"}
Invite = Callable[[web.Request, Mapping[str, str]], Awaitable[str]]
"""Lets in whom a form names; returns the link. Raises `CannotChange`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where such a page is, whose people it shows, and what they may be: duties with their words, the usual first."""

    base: str
    template: str
    role: Role
    invite: Invite
    duties: tuple[tuple[str, str], ...] = ()


def user_pages(place: Place) -> tuple[Page, ...]:
    async def show(request: web.Request) -> web.StreamResponse:
        return await _page(request, place)

    async def let_in(request: web.Request) -> web.StreamResponse:
        try:
            return await _page(request, place, link=await place.invite(request, request[FORM]))
        except CannotChange as error:
            return await _page(request, place, problem=str(error))

    async def change(request: web.Request) -> web.StreamResponse:
        return await _change(request, place)

    async def rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        yield [_fields(place, row) for row in await _people(request, place)]

    return (
        Page("GET", place.base, show),
        *short_twins(place.base, "users", _FIELDS, rows),
        Page("POST", place.base, let_in),
        Page("POST", f"{place.base}/{_ID}/{{change:link|shut-out|let-in}}", change),
    )


def second_of(row: Row) -> str:
    """What somebody is asked for beside a password, in words."""
    app = ["app"] if row["has_app"] else []
    keys = [words.plural(row["passkeys"], "passkey")] if row["passkeys"] else []
    return " and ".join((*app, *keys))


async def _change(request: web.Request, place: Place) -> web.StreamResponse:
    market, actor, user_id = request.app[MARKET], actor_of(request), request.match_info["user_id"]
    whose, act = (place.role, actor.party_id or ""), request.match_info["change"]
    try:
        if act == "link":
            return await _page(request, place, link=await new_link(market, *whose, user_id, actor))
        await set_active(market, *whose, user_id, act == "let-in", actor, ip_of(request))
    except CannotChange as error:
        gone = "There is no" in str(error)
        return await _page(request, place, problem=str(error), http_status=404 if gone else 422)
    return see_other(place.base)


async def _people(request: web.Request, place: Place) -> list[Row]:
    rows = await people_of(request.app[MARKET], place.role, actor_of(request).party_id or "")
    return [{**row, "second": second_of(row)} for row in rows]


def _fields(place: Place, row: Row) -> dict[str, object]:
    return {
        "user_id": row["id"],
        "email": row["email"],
        "duty": row["duty"] or (place.duties[0][0] if place.duties else None),
        "state": _STATES.get(row["state"], row["state"]),
        "two_factor": row["second"] or None,
        "made_at": words.utc(row["made_at"]),
        "seen_at": words.utc(row["seen_at"]) if row["seen_at"] is not None else None,
    }


async def _page(
    request: web.Request, place: Place, *, problem: str = "", link: str = "", http_status: int = 422
) -> web.StreamResponse:
    return await page(
        request,
        place.template,
        title="Users",
        here="users",
        base=place.base,
        duties=place.duties,
        people=await _people(request, place),
        me=actor_of(request).name,
        problem=problem,
        link=link,
        http_status=http_status if problem else 200,
    )
