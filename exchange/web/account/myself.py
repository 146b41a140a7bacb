"""Whether it is the person themself who sits there: asked before anything that lets somebody in is changed."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.passwords import confirm
from exchange.flows.slowing import TooMany
from exchange.storage.accounts import Account, read_account
from exchange.web.auth import FORM, ip_of
from exchange.web.keys import MARKET
from exchange.web.render import SESSION

FRESH_MS = 900_000
AGAIN = "You signed in more than 15 minutes ago: sign out, sign in again, and do it then."


async def own_account(request: web.Request) -> Account:
    account = await request.app[MARKET].db.read(read_account, request[SESSION].user.id)
    assert account is not None, "a session ends with its user"
    return account


async def not_myself(request: web.Request, account: Account) -> str | None:
    """What is in the way. Who has a password gives it (`password`); others signed in just now."""
    session = request[SESSION]
    if not account.password:
        fresh = request.app[MARKET].clock.now() - session.made_at <= FRESH_MS
        return None if fresh else AGAIN
    try:
        right = await confirm(request.app[MARKET], session, request[FORM].get("password", ""), ip_of(request))
    except TooMany as error:
        return str(error)
    return None if right else "password: not the one you have now. Nothing was changed."
