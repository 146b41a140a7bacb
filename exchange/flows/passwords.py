"""Signing in by a password, choosing one, and getting another by mail when it is forgotten."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from exchange.flows.by_hand import audit_line
from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import NOTICE, job
from exchange.flows.market import Market
from exchange.flows.reset_mail import RESET
from exchange.flows.security_news import PASSWORD_SET, about
from exchange.flows.security_rules import rules_of
from exchange.flows.sign_in import (
    PASSWORD,
    SecondNeeded,
    Started,
    enter,
    hash_of,
)
from exchange.flows.slowing import count_for, count_sign_in, was_right, was_wrong
from exchange.limits import PASSWORD_CHARACTERS
from exchange.model.sign_in import Place, Way
from exchange.stages.passwords import normal, password_problem
from exchange.storage.accounts import find_account, read_account, refresh_hash, set_password
from exchange.storage.jobs import add_job
from exchange.storage.users import Session, UserRow, find_login_link, use_login_link

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""Argon2id as OWASP advises: 19 MiB, twice, some 50 ms."""
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$fbPkjCVxT1jQmeVjEYfJKA$ufkRrhS6XFmMjrDXUQkwT3mmUAmvs/jvRENfG/AUUOg"
"""The hash of an account that is not there: as much work as any other, and no password fits."""


class NotRight(Exception):
    """The address or the password: nobody is told which."""


class BadPassword(Exception):
    """The sentence names the field and says what to do."""


async def sign_in_by_password(market: Market, email: str, password: str, place: Place) -> Started | SecondNeeded:
    """Raises `NotRight` and `TooMany`."""
    email = email.strip().lower()[:320]
    counted = await count_sign_in(market, email, place, hash_of(place.known))
    account = await market.db.read(find_account, email)
    right = await _fits(market, account.password if account is not None else "", password)
    if account is None or not right or not await _may_come(market, account.user, place):
        await was_wrong(market, counted, account.user.id if account is not None else "", "password")
        raise NotRight
    await was_right(market, counted)
    if _HASHER.check_needs_rehash(account.password):
        await market.db.write(refresh_hash, account.user.id, account.password, await _hash(market, password))
    return await enter(market, account.user, Way.PASSWORD, place)


async def _may_come(market: Market, user: UserRow, place: Place) -> bool:
    """From elsewhere than the console's networks even the right password is none: it is not told that it was right."""
    return user.role != "operator" or (await rules_of(market)).lets_in(place.ip)


async def confirm(market: Market, session: Session, password: str, ip: str) -> bool:
    """Whether it is the person themself who sits there: by their password. Raises `TooMany`."""
    counted = await count_for(market, f"confirm:{session.user.id}", ip)
    account = await market.db.read(read_account, session.user.id)
    if account is not None and await _fits(market, account.password, password):
        await was_right(market, counted)
        return True
    await was_wrong(market, counted, session.user.id, "password to confirm")
    return False


async def choose_password(market: Market, session: Session, new: str, again: str, ip: str) -> None:
    """Give somebody who is signed in another password. Every other session of theirs ends. Raises `BadPassword`."""
    await _choose(market, session.user, new, again, session.hash, ip)


async def ask_reset(market: Market, email: str, ip: str) -> None:
    """A job mails a link, if somebody has this address: whoever asks learns nothing. Raises `TooMany`."""
    email = email.strip().lower()[:320]
    await count_for(market, f"reset:{email}", ip, address=True)
    now = market.clock.now()
    await market.db.write(add_job, job(market, MAIL_QUEUE, NOTICE, {RESET: email, "at": now}, now, now))


async def reset_user(market: Market, secret: str) -> UserRow | None:
    """Whose password a link changes; None when it is used or ran out."""
    return await market.db.read(find_login_link, hash_of(secret), PASSWORD, market.clock.now())


async def reset_password(market: Market, secret: str, new: str, again: str, ip: str) -> bool:
    """False when the link is used or ran out. Raises `BadPassword`: then the link is still good."""
    user = await reset_user(market, secret)
    if user is None:
        return False
    await _check(market, user, new, again)
    if await market.db.write(use_login_link, hash_of(secret), PASSWORD, market.clock.now()) is None:
        return False
    await _choose(market, user, new, again, b"", ip)
    return True


async def _choose(market: Market, user: UserRow, new: str, again: str, keep: bytes, ip: str) -> None:
    await _check(market, user, new, again)
    line = audit_line(market.ids, market.clock.now(), user.actor, "user.password_set", f"user:{user.id}", ip=ip)
    jobs = about(market, PASSWORD_SET, user, "/account", ip=ip or "an unknown address")
    await market.db.write(set_password, user.id, await _hash(market, new), keep, line, jobs)


async def _check(market: Market, user: UserRow, new: str, again: str) -> None:
    if new != again:
        raise BadPassword("again: the two are not the same.")
    if (problem := password_problem(new, user.email, market.name)) is not None:
        raise BadPassword(problem)


async def _fits(market: Market, hashed: str, password: str) -> bool:
    """As long for an account that has no password, or is not there. Few at once: each takes memory and a processor."""
    if len(password) > PASSWORD_CHARACTERS:
        password = ""
    async with market.live.hashing:
        return await asyncio.to_thread(_verify, hashed, normal(password)) and bool(hashed)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed or _NOBODYS, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _hash(market: Market, password: str) -> str:
    async with market.live.hashing:
        return await asyncio.to_thread(_HASHER.hash, normal(password))
