"""Letting somebody in: a link that works once, a password, a passkey or the company's sign-on becomes a session.

Whoever has a second factor is let in with it only, by whichever way they came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.security_news import new_place
from exchange.flows.security_rules import rules_of
from exchange.limits import STEP_SECONDS
from exchange.model.sign_in import Place, Way
from exchange.stages.screen.agents import browser_words
from exchange.storage.accounts import read_account
from exchange.storage.sessions import (
    NewSession,
    begin_session,
    end_one,
    end_others,
    end_session,
    find_session,
    sessions_of,
    touch_session,
)
from exchange.storage.sign_in import add_step
from exchange.storage.users import (
    Session,
    UserRow,
    add_login_link,
    add_user,
    find_login_link,
    find_user,
    use_login_link,
)

LINK_MINUTES = 15
INVITED_MINUTES = 7 * 24 * 60
SECOND = "second"
SIGN_IN, PASSWORD = "sign_in", "password"
_SEEN_MS = 300_000
_BROWSER_CHARACTERS = 60


class NoSuchUser(Exception):
    """Nobody signs in under this address."""


class NotFromHere(Exception):
    """The exchange's own people are let in from some networks only, and this address is in none of them."""


@dataclass(frozen=True, slots=True)
class Started:
    """`secret` goes into the cookie, once; `known` into another, by which the browser is known the next time."""

    secret: str = field(repr=False)
    seconds: int
    known: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SecondNeeded:
    """They are who they say, as far as one factor goes. `step` goes into a cookie until the other is given."""

    step: str = field(repr=False)


async def create_user(market: Market, email: str, role: str, party_id: str | None) -> bool:
    """False when the address is taken."""
    now = market.clock.now()
    return await market.db.write(add_user, UserRow(market.ids.new("usr", now), email, role, party_id), now)


async def make_login_link(market: Market, email: str, minutes: int = LINK_MINUTES, purpose: str = SIGN_IN) -> str:
    """The secret part of a link that signs `email` in, once; or, for `PASSWORD`, lets them choose a new one."""
    user = await market.db.write(find_user, email)
    if user is None:
        raise NoSuchUser(email)
    secret = market.ids.token(24)
    until = market.clock.now() + minutes * 60_000
    await market.db.write(add_login_link, hash_of(secret), user.id, until, purpose)
    return secret


async def invitation(market: Market, email: str, minutes: int = INVITED_MINUTES) -> str:
    """The whole link for somebody who was let in: it signs them in once, within a week unless told otherwise."""
    return f"{market.public_url}/login/{await make_login_link(market, email, minutes)}"


async def start_session(market: Market, link_secret: str, place: Place | None = None) -> Started | SecondNeeded | None:
    """None when the link was used or ran out. Raises `NotFromHere`: then the link is still good."""
    place, now, link = place or Place(), market.clock.now(), hash_of(link_secret)
    user = await market.db.read(find_login_link, link, SIGN_IN, now)
    if user is None:
        return None
    await require_network(market, user, place)
    user = await market.db.write(use_login_link, link, SIGN_IN, now)
    return await enter(market, user, Way.LINK, place) if user is not None else None


async def require_network(market: Market, user: UserRow, place: Place) -> None:
    """Raises `NotFromHere`."""
    if user.role == "operator" and not (await rules_of(market)).lets_in(place.ip):
        raise NotFromHere(user.email)


async def enter(
    market: Market, user: UserRow, way: Way, place: Place, *, second: bool = False
) -> Started | SecondNeeded:
    """A session for somebody who proved who they are; or the step to their second factor, unless `second` was given."""
    account = await market.db.read(read_account, user.id)
    if account is not None and account.second and not second:
        step = market.ids.token(32)
        document = orjson.dumps({"way": way.value}).decode()
        until = market.clock.now() + STEP_SECONDS * 1000
        await market.db.write(add_step, hash_of(step), SECOND, user.id, document, until)
        return SecondNeeded(step)
    return await _begin(market, user, way, place, second)


async def _begin(market: Market, user: UserRow, way: Way, place: Place, second: bool) -> Started:
    """The session has a new secret, so that none can be planted; the one this browser had ends."""
    now, rules = market.clock.now(), await rules_of(market)
    secret, known = market.ids.token(32), market.ids.token(32)
    browser = browser_words(place.browser)[:_BROWSER_CHARACTERS]
    new = NewSession(
        hash_of(secret),
        user.id,
        market.ids.token(24),
        now,
        now + rules.session_hours * 3_600_000,
        place.ip,
        browser,
        way.value,
        second,
        hash_of(place.known),
        hash_of(known),
        hash_of(place.session) if place.session else None,
    )
    after = {"way": way.value, "browser": browser, "second_factor": second}
    line = audit_line(market.ids, now, user.actor, "sign_in.done", f"user:{user.id}", after=after, ip=place.ip)
    await market.db.write(begin_session, new, line, new_place(market, user, browser, place.ip, way))
    return Started(secret, rules.session_hours * 3600, known)


async def session_of(market: Market, secret: str) -> Session | None:
    return await market.db.read(find_session, hash_of(secret), market.clock.now())


async def note_seen(market: Market, session: Session, ip: str) -> None:
    """When and where a session was used last, every few minutes."""
    now = market.clock.now()
    if now - session.seen_at >= _SEEN_MS:
        await market.db.write(touch_session, session.hash, ip, now)


async def sign_out(market: Market, secret: str) -> None:
    await market.db.write(end_session, hash_of(secret), market.clock.now())


async def sign_out_one(market: Market, session: Session, handle: str, ip: str) -> bool:
    """End another session of the same person, by the beginning of its hash. False when there is none."""
    now, user = market.clock.now(), session.user
    for row in await market.db.read(sessions_of, user.id, now):
        if handle_of(bytes(row["hash"])) == handle:
            line = audit_line(market.ids, now, user.actor, "sign_in.ended", f"user:{user.id}", ip=ip)
            return await market.db.write(end_one, user.id, bytes(row["hash"]), line)
    return False


async def sign_out_others(market: Market, session: Session, ip: str) -> int:
    """End every other session of the same person. How many there were."""
    user = session.user
    line = audit_line(market.ids, market.clock.now(), user.actor, "sign_in.others_ended", f"user:{user.id}", ip=ip)
    return await market.db.write(end_others, user.id, session.hash, line)


def handle_of(session_hash: bytes) -> str:
    """What a session is called on pages: it opens nothing."""
    return session_hash.hex()[:16]


def hash_of(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
