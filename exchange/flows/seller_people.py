"""The people of a seller: let in by the exchange or by one another, and the links they sign in by."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from exchange.flows.by_hand import audit_line
from exchange.flows.invite_mail import invite_jobs, mail_again
from exchange.flows.market import Market
from exchange.flows.security_news import NEW_USER, about
from exchange.flows.sign_in import invitation
from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.storage.by_hand import let_in
from exchange.storage.database import Row
from exchange.storage.party_people import find_member, members_of, set_member_state
from exchange.storage.users import UserRow

ROLE = "seller"


class CannotChange(Exception):
    """The sentence says what is in the way."""


async def people_of(market: Market, seller_id: str) -> list[Row]:
    """By email: `id, email, state, made_at, seen_at`."""
    return await market.db.read(members_of, ROLE, seller_id)


async def invite(market: Market, seller_id: str, email: str, actor: Actor, ip: str = "") -> str:
    """Let somebody in; returns the link that signs them in once, within a week. Raises `CannotChange`."""
    if seller_id not in market.deals.sellers:
        raise CannotChange("There is no such seller.")
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise CannotChange(f"email: {error}") from None
    now = market.clock.now()
    user = UserRow(market.ids.new("usr", now), email, ROLE, seller_id)
    line = _line(market, actor, "user.added", user.id, seller_id, ip)
    told = about(market, NEW_USER, user, "/seller", by=actor.name, role_told=ROLE)
    if not await market.db.write(let_in, user, now, line, (*told, *invite_jobs(market, email, actor.name))):
        raise CannotChange(f"{email} signs in here already.")
    return await invitation(market, email)


async def new_link(market: Market, seller_id: str, user_id: str, actor: Actor) -> str:
    """Another link for somebody of it, by mail too. Raises `CannotChange`."""
    email = (await _member(market, seller_id, user_id, "active")).email
    await mail_again(market, email, actor.name)
    return await invitation(market, email)


async def set_active(market: Market, seller_id: str, user_id: str, active: bool, actor: Actor, ip: str = "") -> None:
    """Let somebody in no more, from their next page on; or again. Raises `CannotChange`."""
    user = await _member(market, seller_id, user_id, "disabled" if active else "active")
    if user.email == actor.name:
        raise CannotChange("Nobody shuts themselves out: ask somebody else.")
    line = _line(market, actor, "user.let_in" if active else "user.shut_out", user.id, seller_id, ip)
    await market.db.write(set_member_state, user.id, "active" if active else "disabled", line)


async def _member(market: Market, seller_id: str, user_id: str, state: str) -> UserRow:
    user = await market.db.read(find_member, ROLE, seller_id, user_id, state)
    if user is None:
        raise CannotChange("There is no such person.")
    return user


def _line(market: Market, actor: Actor, action: str, user_id: str, seller_id: str, ip: str) -> AuditLine:
    after = {"role": ROLE, "party": seller_id}
    return audit_line(market.ids, market.clock.now(), actor, action, f"user:{user_id}", after=after, ip=ip)
