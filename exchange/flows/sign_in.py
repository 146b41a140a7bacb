"""Signing in without a password: a link that works once, for a while, becomes a session."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from exchange.flows.market import Market
from exchange.storage.users import (
    Session,
    UserRow,
    add_login_link,
    add_user,
    end_session,
    find_session,
    find_user,
    use_login_link,
)

LINK_MINUTES = 15
INVITED_MINUTES = 7 * 24 * 60
SESSION_HOURS = 12


class NoSuchUser(Exception):
    """Nobody signs in under this address."""


@dataclass(frozen=True, slots=True)
class Started:
    """`secret` goes into the cookie, once."""

    secret: str
    seconds: int


async def create_user(market: Market, email: str, role: str, party_id: str | None) -> bool:
    """False when the address is taken."""
    now = market.clock.now()
    return await market.db.write(add_user, UserRow(market.ids.new("usr", now), email, role, party_id), now)


async def make_login_link(market: Market, email: str, minutes: int = LINK_MINUTES) -> str:
    """The secret part of a link that signs `email` in, once."""
    user = await market.db.write(find_user, email)
    if user is None:
        raise NoSuchUser(email)
    secret = market.ids.token(24)
    await market.db.write(add_login_link, _hash(secret), user.id, market.clock.now() + minutes * 60_000)
    return secret


async def invitation(market: Market, email: str, minutes: int = INVITED_MINUTES) -> str:
    """The whole link for somebody who was let in: it signs them in once, within a week unless told otherwise."""
    return f"{market.public_url}/login/{await make_login_link(market, email, minutes)}"


async def start_session(market: Market, link_secret: str) -> Started | None:
    """None when the link was used or ran out. The session has a new secret, so that none can be planted."""
    secret, csrf = market.ids.token(32), market.ids.token(24)
    now = market.clock.now()
    until = now + SESSION_HOURS * 3_600_000
    if not await market.db.write(use_login_link, _hash(link_secret), _hash(secret), csrf, now, until):
        return None
    return Started(secret, SESSION_HOURS * 3600)


async def session_of(market: Market, secret: str) -> Session | None:
    return await market.db.read(find_session, _hash(secret), market.clock.now())


async def sign_out(market: Market, secret: str) -> None:
    await market.db.write(end_session, _hash(secret), market.clock.now())


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
