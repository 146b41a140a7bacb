"""The people of the exchange: who is let in as what, what becomes of their role, and the links they sign in by."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from exchange.flows.by_hand import audit_line
from exchange.flows.invite_mail import invite_jobs, mail_again
from exchange.flows.market import Market
from exchange.flows.second_factor import turn_off_totp
from exchange.flows.security_news import NEW_USER, about
from exchange.flows.sign_in import INVITED_MINUTES, invitation
from exchange.model.actor import Actor
from exchange.model.rights import Right, Staff, may, needed, staff_of
from exchange.storage.by_hand import let_in
from exchange.storage.party_people import set_member_state
from exchange.storage.people import NoOwner, change_person, find_anybody, find_person
from exchange.storage.users import UserRow


class CannotChange(Exception):
    """The sentence says what is in the way."""


async def invite_person(market: Market, email: str, role: str, actor: Actor, minutes: int = INVITED_MINUTES) -> str:
    """Let somebody in; returns the link that signs them in once, within so many minutes. Raises `CannotChange`."""
    staff = _staff(role, actor)
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise CannotChange(f"email: {error}") from None
    now = market.clock.now()
    user = UserRow(market.ids.new("usr", now), email, "operator", None, staff.value)
    line = audit_line(market.ids, now, actor, "user.added", f"user:{user.id}", after={"role": staff.value})
    told = about(market, NEW_USER, user, "/console/users", by=actor.name, role_told=f"{staff.value} of the exchange")
    if not await market.db.write(let_in, user, now, line, (*told, *invite_jobs(market, email, actor.name))):
        raise CannotChange(f"{email} signs in here already.")
    return await invitation(market, email, minutes)


async def new_link(market: Market, user_id: str, actor: Actor) -> str:
    """Another link for somebody of the exchange, by mail too. Raises `CannotChange`."""
    user = await _person(market, user_id, actor)
    await mail_again(market, user.email, actor.name)
    return await invitation(market, user.email)


async def set_role(market: Market, user_id: str, role: str, actor: Actor) -> None:
    """Give somebody another role, from their next page on. Raises `CannotChange`."""
    user, staff = await _person(market, user_id, actor), _staff(role, actor)
    await _change(market, user, staff.value, True, actor, "user.role_changed", {"role": staff.value})


async def set_active(market: Market, user_id: str, active: bool, actor: Actor) -> None:
    """Let somebody in no more, from their next page on; or again. Raises `CannotChange`."""
    user = await _person(market, user_id, actor, active=not active)
    action = "user.let_in" if active else "user.shut_out"
    await _change(market, user, user.duty, active, actor, action, {"active": active})


async def set_anybody_active(market: Market, user_id: str, active: bool, actor: Actor) -> None:
    """The same for somebody of a seller or a buyer too. Raises `CannotChange`."""
    user = await market.db.read(find_anybody, user_id, not active)
    if user is None:
        raise CannotChange("They are let in already." if active else "They are let in no more already.")
    if user.role == "operator":
        await set_active(market, user_id, active, actor)
        return
    action = "user.let_in" if active else "user.shut_out"
    line = audit_line(market.ids, market.clock.now(), actor, action, f"user:{user.id}")
    await market.db.write(set_member_state, user.id, "active" if active else "disabled", line)


async def reset_anybody(market: Market, user_id: str, actor: Actor) -> None:
    """Turn the second factor of anybody off. Raises `CannotChange`."""
    user = await market.db.read(find_anybody, user_id, True)
    if user is None:
        raise CannotChange("They are let in no more: enable them first.")
    await turn_off_totp(market, user, actor, "", passkeys=True)


async def reset_second(market: Market, user_id: str, actor: Actor, ip: str = "") -> None:
    """Turn everything off that somebody who lost it is asked for beside the password. Raises `CannotChange`."""
    await turn_off_totp(market, await _person(market, user_id, actor), actor, ip, passkeys=True)


async def _change(
    market: Market, user: UserRow, duty: str, active: bool, actor: Actor, action: str, after: dict[str, object]
) -> None:
    before = {"role": staff_of(user.duty).value}
    line = audit_line(market.ids, market.clock.now(), actor, action, f"user:{user.id}", before=before, after=after)
    try:
        await market.db.write(change_person, user.id, duty, active, line)
    except NoOwner:
        raise CannotChange("Somebody must stay an owner: make another one first.") from None


async def _person(market: Market, user_id: str, actor: Actor, *, active: bool = True) -> UserRow:
    """Somebody of the exchange whom this actor may change."""
    if not may(actor, Right.SETTINGS):
        raise CannotChange(f"To {Right.SETTINGS.value} needs the role {needed(Right.SETTINGS)}.")
    user = await market.db.read(find_person, user_id, active)
    if user is None:
        raise CannotChange("There is no such person.")
    if user.email == actor.name:
        raise CannotChange("Nobody changes what they are themselves: ask somebody else.")
    if staff_of(user.duty) is Staff.OWNER and staff_of(actor.duty) is not Staff.OWNER:
        raise CannotChange("Only an owner changes an owner.")
    return user


def _staff(role: str, actor: Actor) -> Staff:
    names = [each.value for each in Staff]
    if role not in names:
        raise CannotChange(f"role is one of {', '.join(names)}.")
    if not may(actor, Right.SETTINGS):
        raise CannotChange(f"To {Right.SETTINGS.value} needs the role {needed(Right.SETTINGS)}.")
    staff = Staff(role)
    if staff is Staff.OWNER and staff_of(actor.duty) is not Staff.OWNER:
        raise CannotChange("Only an owner makes an owner.")
    return staff
