"""The people of the exchange: who is what, and who is let in."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange.flows.people import CannotChange, invite_person, new_link, reset_second, set_active, set_role
from exchange.model.rights import WHO, Right, Staff, staff_of
from exchange.storage.by_hand import list_users
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.party_users import second_of
from exchange.web.render import as_json, page
from exchange.web.words import utc

HOME = "/console/users"
_ONE = HOME + "/{user_id:usr_[A-Za-z0-9]{1,40}}"


class Person(NamedTuple):
    """Somebody of the exchange. Times are epoch ms; `seen_at` None: never signed in."""

    id: str
    email: str
    role: str
    active: bool
    made_at: int
    seen_at: int | None
    password: bool
    second: str

    def fields(self) -> dict[str, object]:
        seen = utc(self.seen_at) if self.seen_at is not None else None
        return {**self._asdict(), "made_at": utc(self.made_at), "seen_at": seen}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", HOME, invite),
        Page("POST", f"{_ONE}/role", change_role),
        Page("POST", f"{_ONE}/{{act:shut-out|let-in}}", change_state),
        Page("POST", f"{_ONE}/link", give_link),
        Page("POST", f"{_ONE}/reset-2fa", reset),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    return as_json({"users": [each.fields() for each in await _people(request)]})


async def invite(request: web.Request) -> web.StreamResponse:
    """Let somebody in. The link that signs them in is shown once."""
    form = request[FORM]
    try:
        link = await invite_person(request.app[MARKET], form.get("email", ""), form.get("role", ""), actor_of(request))
    except CannotChange as error:
        return await _page(request, problem=str(error), http_status=422)
    return await _page(request, link=link)


async def change_role(request: web.Request) -> web.StreamResponse:
    market, user_id = request.app[MARKET], request.match_info["user_id"]
    try:
        await set_role(market, user_id, request[FORM].get("role", ""), actor_of(request))
    except CannotChange as error:
        return await _page(request, problem=str(error), http_status=422)
    return see_other(HOME)


async def change_state(request: web.Request) -> web.StreamResponse:
    market, user_id = request.app[MARKET], request.match_info["user_id"]
    try:
        await set_active(market, user_id, request.match_info["act"] == "let-in", actor_of(request))
    except CannotChange as error:
        return await _page(request, problem=str(error), http_status=422)
    return see_other(HOME)


async def give_link(request: web.Request) -> web.StreamResponse:
    try:
        link = await new_link(request.app[MARKET], request.match_info["user_id"], actor_of(request))
    except CannotChange as error:
        return await _page(request, problem=str(error), http_status=422)
    return await _page(request, link=link)


async def reset(request: web.Request) -> web.StreamResponse:
    """For whoever lost their phone: a password alone lets them in until they set up another second factor."""
    try:
        await reset_second(request.app[MARKET], request.match_info["user_id"], actor_of(request), ip_of(request))
    except CannotChange as error:
        return await _page(request, problem=str(error), http_status=422)
    return see_other(HOME)


async def _people(request: web.Request) -> list[Person]:
    rows = await request.app[MARKET].db.read(list_users, "operator")
    return [
        Person(row["id"], row["email"], staff_of(row["duty"]).value, row["state"] == "active", row["made_at"],
               row["seen_at"], bool(row["has_password"]), second_of(row))
        for row in rows
    ]  # fmt: skip


async def _page(request: web.Request, problem: str = "", link: str = "", http_status: int = 200) -> web.StreamResponse:
    return await page(
        request,
        "console/settings/users.html",
        title="Users",
        here="users",
        people=await _people(request),
        roles=[each.value for each in Staff],
        rights=[(right.value, [staff in WHO[right] for staff in Staff]) for right in Right],
        me=actor_of(request).name,
        problem=problem,
        link=link,
        http_status=http_status,
    )
