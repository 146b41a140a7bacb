"""Setting up an authenticator app: a picture to scan, a code to prove it, and recovery codes that are shown once."""

from __future__ import annotations

import io

import segno
from aiohttp import web
from markupsafe import Markup

from exchange.flows.second_factor import (
    Seed,
    WrongCode,
    begin_totp,
    new_recovery_codes,
    turn_off_totp,
    turn_on_totp,
)
from exchange.flows.security_rules import rules_in
from exchange.flows.slowing import TooMany
from exchange.web.account.account import HOME, account_page
from exchange.web.account.myself import AGAIN, FRESH_MS, not_myself, own_account
from exchange.web.auth import FORM, TWO_FACTOR, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import SESSION, page


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", TWO_FACTOR, show),
        Page("POST", TWO_FACTOR, turn_on),
        Page("POST", f"{TWO_FACTOR}/off", turn_off),
        Page("POST", f"{TWO_FACTOR}/codes", make_codes),
    )


async def show(request: web.Request) -> web.StreamResponse:
    account = await own_account(request)
    return see_other(HOME) if account.totp is not None else await _page(request)


async def turn_on(request: web.Request) -> web.StreamResponse:
    """The code proves that the app has the seed, the password that its owner sits there."""
    account = await own_account(request)
    if account.totp is not None:
        return see_other(HOME)
    if (problem := await not_myself(request, account)) is not None:
        return await _page(request, problem, 403)
    code = request[FORM].get("code", "")[:20]
    try:
        codes = await turn_on_totp(request.app[MARKET], request[SESSION], code, ip_of(request))
    except WrongCode as error:
        return await _page(request, str(error), 422)
    except TooMany as error:
        return await _page(request, str(error), 429)
    return await _page(request, codes=codes)


async def turn_off(request: web.Request) -> web.StreamResponse:
    account = await own_account(request)
    if (problem := await not_myself(request, account)) is not None:
        return await account_page(request, problem, 403)
    if account.totp is not None:
        await turn_off_totp(request.app[MARKET], account.user, actor_of(request), ip_of(request))
    return see_other(f"{HOME}?done=app-off")


async def make_codes(request: web.Request) -> web.StreamResponse:
    account = await own_account(request)
    if account.totp is None:
        return see_other(TWO_FACTOR)
    if (problem := await not_myself(request, account)) is not None:
        return await account_page(request, problem, 403)
    return await _page(request, codes=await new_recovery_codes(request.app[MARKET], request[SESSION], ip_of(request)))


async def _page(
    request: web.Request, problem: str = "", http_status: int = 200, codes: list[str] | None = None
) -> web.StreamResponse:
    market, session, account = request.app[MARKET], request[SESSION], await own_account(request)
    stale = not account.password and market.clock.now() - session.made_at > FRESH_MS
    seed = await begin_totp(market, session) if codes is None and not stale else None
    asked = session.user.role == "operator" and rules_in(market, session.rules).staff_second
    return await page(
        request,
        "account/two_factor.html",
        title="Second factor",
        account=account,
        seed=_letters(seed) if seed is not None else "",
        picture=_picture(seed) if seed is not None else "",
        codes=codes,
        asked=asked and not session.second and codes is None,
        problem=problem or (AGAIN if stale and codes is None else ""),
        http_status=http_status,
    )


def _letters(seed: Seed) -> str:
    return " ".join(seed.letters[at : at + 4] for at in range(0, len(seed.letters), 4))


def _picture(seed: Seed) -> Markup:
    """The QR code, drawn here: black on white in either theme, as cameras need it."""
    drawn = io.BytesIO()
    segno.make(seed.address, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, border=4, dark="#000", light="#fff", svgclass="qr",
        lineclass=None, title="The seed for your authenticator app", omitsize=True,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode())
