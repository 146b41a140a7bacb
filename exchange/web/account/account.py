"""Your account: what you are here, your password, your second factor, and where you are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web

from exchange.flows.passkeys import has_name
from exchange.flows.passwords import BadPassword, choose_password
from exchange.flows.sign_in import handle_of, sign_out_one, sign_out_others
from exchange.limits import PASSWORD_LEAST
from exchange.model.party import Buyer, Seller
from exchange.model.rights import staff_of
from exchange.model.sign_in import Way
from exchange.storage.database import Row
from exchange.storage.second_factor import passkeys_of
from exchange.storage.sessions import sessions_of
from exchange.web.account.myself import not_myself, own_account
from exchange.web.auth import FORM, ip_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, page

HOME = "/account"
_DONE = {
    "password": "Your password is changed. Wherever else you were signed in, you are signed out.",
    "out": "Signed out there.",
    "others": "Signed out everywhere else.",
    "app-off": "Your authenticator app is not asked for any more.",
    "passkey": "The passkey is added.",
    "passkey-off": "The passkey is removed.",
}


class Device(NamedTuple):
    """One place where somebody is signed in."""

    handle: str
    browser: str
    ip: str
    way: str
    second: bool
    made_at: int
    seen_at: int
    here: bool


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("POST", f"{HOME}/password", change_password),
        Page("POST", f"{HOME}/sign-out-others", leave_others),
        Page("POST", f"{HOME}/sign-out/{{handle:[0-9a-f]{{16}}}}", leave_one),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await account_page(request)


async def change_password(request: web.Request) -> web.StreamResponse:
    account, form = await own_account(request), request[FORM]
    if (problem := await not_myself(request, account)) is not None:
        return await account_page(request, problem, 403)
    new, again = form.get("new", ""), form.get("again", "")
    try:
        await choose_password(request.app[MARKET], request[SESSION], new, again, ip_of(request))
    except BadPassword as error:
        return await account_page(request, str(error), 422)
    return see_other(f"{HOME}?done=password")


async def leave_others(request: web.Request) -> web.StreamResponse:
    await sign_out_others(request.app[MARKET], request[SESSION], ip_of(request))
    return see_other(f"{HOME}?done=others")


async def leave_one(request: web.Request) -> web.StreamResponse:
    handle = request.match_info["handle"]
    ended = await sign_out_one(request.app[MARKET], request[SESSION], handle, ip_of(request))
    return see_other(f"{HOME}?done=out" if ended else HOME)


async def account_page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, session, account = request.app[MARKET], request[SESSION], await own_account(request)
    rows = await market.db.read(sessions_of, session.user.id, market.clock.now())
    return await page(
        request,
        "account/account.html",
        title="Your account",
        account=account,
        what=what_of(session.user.role, session.user.duty),
        party=_party(request),
        devices=[_device(row, session.hash) for row in rows],
        passkeys=await market.db.read(passkeys_of, session.user.id),
        numeric_host=not has_name(request.app[SETTINGS].public_url),
        least=PASSWORD_LEAST,
        done=_DONE.get(request.query.get("done", ""), ""),
        problem=problem,
        http_status=http_status,
    )


def what_of(role: str, duty: str) -> str:
    """What somebody is, in words."""
    if role == "operator":
        return f"{staff_of(duty).value} of the exchange"
    return f"{role}, {duty}" if duty else role


def _party(request: web.Request) -> str:
    user, deals = request[SESSION].user, request.app[MARKET].deals
    parties: Mapping[str, Seller] | Mapping[str, Buyer] = deals.sellers if user.role == "seller" else deals.buyers
    found = parties.get(user.party_id or "")
    return found.name if found is not None else ""


def _device(row: Row, own: bytes) -> Device:
    session = bytes(row["hash"])
    return Device(
        handle_of(session),
        row["browser"] or "an unknown browser",
        row["ip"] or "an unknown address",
        Way(row["way"]).word,
        bool(row["second"]),
        row["made_at"],
        max(row["seen_at"], row["made_at"]),
        session == own,
    )
