"""Who somebody is here whom the company's sign-on vouches for: by the provider's name for them, or first by email."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.security_news import NEW_USER, about
from exchange.model.actor import SYSTEM
from exchange.model.rights import staff_of
from exchange.model.sign_in import SignOn
from exchange.storage.accounts import Account, bind_sign_on, find_account, find_by_sign_on
from exchange.storage.by_hand import let_in
from exchange.storage.people import NoOwner, change_person
from exchange.storage.users import UserRow


class NotKnown(Exception):
    """The sentence says what is missing."""


async def person_of(market: Market, sign_on: SignOn, claims: Mapping[str, Any], ip: str) -> UserRow:
    """Raises `NotKnown`."""
    name = f"{claims['iss']} {claims['sub']}"
    role = _role(sign_on, claims)
    account = await market.db.read(find_by_sign_on, name)
    if account is None:
        account = await _by_email(market, claims, name, role, ip)
    if account.user.role != "operator":
        raise NotKnown("Sign-on is for the people of the exchange: sellers' and buyers' people have a password.")
    return await _as_told(market, account, role, ip) if role else account.user


def _role(sign_on: SignOn, claims: Mapping[str, Any]) -> str:
    """The role that the claim gives. Empty when roles are not the provider's matter. Raises `NotKnown`."""
    if not sign_on.role_claim:
        return ""
    told = claims.get(sign_on.role_claim)
    values = {str(each) for each in told} if isinstance(told, list) else {str(told)}
    role = next((role for value, role in sign_on.roles if value in values), "")
    if not role:
        raise NotKnown("Your company account has no role here. Ask whoever runs it to give you one.")
    return role


async def _by_email(market: Market, claims: Mapping[str, Any], name: str, role: str, ip: str) -> Account:
    """The first time: an address that the provider has proved finds who was invited; from then on its own name does."""
    email = str(claims.get("email", "")).strip().lower()
    if not email or claims.get("email_verified") is not True:
        raise NotKnown("Your company's sign-on does not vouch for your email address, so nobody is found by it.")
    account = await market.db.read(find_account, email)
    if account is None:
        if not role:
            raise NotKnown(f"Nobody signs in here as {email}: ask an owner to invite you.")
        account = await _new(market, email, role, ip)
    if account.user.role != "operator":
        return account
    user, now = account.user, market.clock.now()
    line = audit_line(market.ids, now, user.actor, "user.sign_on_bound", f"user:{user.id}", ip=ip)
    if not await market.db.write(bind_sign_on, user.id, name, line):
        raise NotKnown(f"{email} is bound to another company account. An owner can let you in anew.")
    return account


async def _new(market: Market, email: str, role: str, ip: str) -> Account:
    """Somebody whom the provider gives a role and whom nobody invited."""
    now = market.clock.now()
    user = UserRow(market.ids.new("usr", now), email, "operator", None, role)
    line = audit_line(
        market.ids, now, SYSTEM, "user.added", f"user:{user.id}", after={"role": role, "by": "sign-on"}, ip=ip
    )
    told_as = f"{role} of the exchange"
    told = about(market, NEW_USER, user, "/console/users", by="The company's sign-on", role_told=told_as)
    await market.db.write(let_in, user, now, line, told)
    account = await market.db.read(find_account, email)
    if account is None:  # it is there, but shut out
        raise NotKnown(f"{email} is shut out here.")
    return account


async def _as_told(market: Market, account: Account, role: str, ip: str) -> UserRow:
    """The role the provider gives now, where it is another than before."""
    user = account.user
    before = staff_of(user.duty).value
    if before == role:
        return user
    line = audit_line(
        market.ids, market.clock.now(), SYSTEM, "user.role_changed", f"user:{user.id}",
        before={"role": before}, after={"role": role, "by": "sign-on"}, ip=ip,
    )  # fmt: skip
    try:
        await market.db.write(change_person, user.id, role, True, line)
    except NoOwner:
        raise NotKnown("You are the only owner: make another one before your company account makes you less.") from None
    return UserRow(user.id, user.email, user.role, user.party_id, role)
