"""The people of a seller or a buyer: let in by the exchange or by one another, and the links they sign in by."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from exchange.flows.agent_terms import CannotFollow, Wanted
from exchange.flows.by_hand import audit_line
from exchange.flows.follow_desk import invite_agent
from exchange.flows.invite_mail import invite_jobs, mail_again
from exchange.flows.market import Market
from exchange.flows.security_news import NEW_USER, about
from exchange.flows.sign_in import invitation
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.by_hand import let_in
from exchange.storage.database import Row
from exchange.storage.party_people import NoAdmin, find_member, members_of, set_member_state, set_own_member_state
from exchange.storage.users import UserRow

SELLER = Role.SELLER.value
_STATES = {True: "active", False: "disabled"}


class CannotChange(Exception):
    """The sentence says what is in the way."""


async def people_of(market: Market, role: Role, party_id: str) -> list[Row]:
    """By email: `id, email, state, duty, made_at, seen_at` and what they have as a second factor."""
    return await market.db.read(members_of, role.value, party_id)


async def invite(market: Market, seller_id: str, email: str, actor: Actor, ip: str = "") -> str:
    """Let somebody of a seller in; returns the link that signs them in once, within a week. Raises `CannotChange`."""
    if seller_id not in market.deals.sellers:
        raise CannotChange("There is no such seller.")
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise CannotChange(f"email: {error}") from None
    now = market.clock.now()
    user = UserRow(market.ids.new("usr", now), email, SELLER, seller_id)
    line = _line(market, actor, "user.added", user, ip)
    told = about(market, NEW_USER, user, "/seller", by=actor.name, role_told=SELLER)
    if not await market.db.write(let_in, user, now, line, (*told, *invite_jobs(market, email, actor.name))):
        raise CannotChange(f"{email} signs in here already.")
    return await invitation(market, email)


async def invite_to_buyer(market: Market, email: str, duty: str, actor: Actor) -> str:
    """Let somebody of the actor's buyer in. Raises `CannotChange`."""
    try:
        return await invite_agent(market, email, duty, Wanted(""), actor)
    except CannotFollow as error:
        raise CannotChange(str(error)) from None


async def new_link(market: Market, role: Role, party_id: str, user_id: str, actor: Actor) -> str:
    """Another link for somebody of it, by mail too. Raises `CannotChange`."""
    email = (await _member(market, role, party_id, user_id, "active")).email
    await mail_again(market, email, actor.name)
    return await invitation(market, email)


async def set_active(
    market: Market, role: Role, party_id: str, user_id: str, active: bool, actor: Actor, ip: str = ""
) -> None:
    """Let somebody in no more, from their next page on; or again. Raises `CannotChange`.

    The open leads of a buyer's agent who is shut out wait for others.
    """
    user = await _member(market, role, party_id, user_id, "disabled" if active else "active")
    if user.email == actor.name:
        raise CannotChange("Nobody shuts themselves out: ask somebody else.")
    line, state = _line(market, actor, "user.let_in" if active else "user.shut_out", user, ip), _STATES[active]
    if actor.role is Role.OPERATOR:
        await market.db.write(set_member_state, user.id, state, line)
        return
    try:
        await market.db.write(set_own_member_state, user, state, line)
    except NoAdmin:
        raise CannotChange("Somebody must stay an admin, and you were just shut out by another.") from None


async def _member(market: Market, role: Role, party_id: str, user_id: str, state: str) -> UserRow:
    user = await market.db.read(find_member, role.value, party_id, user_id, state)
    if user is None:
        raise CannotChange("There is no such person.")
    return user


def _line(market: Market, actor: Actor, action: str, user: UserRow, ip: str) -> AuditLine:
    after = {"role": user.role, "party": user.party_id or ""}
    return audit_line(market.ids, market.clock.now(), actor, action, f"user:{user.id}", after=after, ip=ip)
