"""All keys at one desk: who has which, when it was used last, and those of programs that act for operators."""

from __future__ import annotations

from exchange.flows.by_hand import NewKey, create_key
from exchange.flows.by_hand import revoke as take_back
from exchange.flows.market import Market, refresh
from exchange.limits import KEY_DAYS_MOST
from exchange.model.actor import Actor
from exchange.model.lead import Mode
from exchange.model.rights import Right, Staff, may, needed, staff_of
from exchange.storage.by_hand import note_used

_NAME_CHARACTERS = 80


class CannotKey(Exception):
    """The sentence says what is in the way."""


async def make_operator_key(market: Market, name: str, role: str, days: str, actor: Actor, ip: str = "") -> NewKey:
    """A key for a program of operators, with a role's rights, for so many days (empty: until it is revoked).

    Raises `CannotKey`.
    """
    _require(actor)
    name = " ".join(name.split())[:_NAME_CHARACTERS]
    if not name:
        raise CannotKey("name: say which program it is for.")
    roles = [each.value for each in Staff]
    if role not in roles:
        raise CannotKey(f"role: one of {', '.join(roles)}.")
    if role == Staff.OWNER.value and staff_of(actor.duty) is not Staff.OWNER:
        raise CannotKey("role: only an owner makes a key that may do what an owner may.")
    made = await create_key(
        market.db, market.clock, market.ids, "operator", name, Mode.LIVE, name, actor,
        duty=role, days=read_days(days), ip=ip,
    )  # fmt: skip
    await refresh(market)
    return made


async def revoke_any(market: Market, key_id: str, actor: Actor, ip: str = "") -> None:
    """Requests with it are refused from now on. Raises `CannotKey`."""
    _require(actor)
    if not await take_back(market.db, market.clock, market.ids, key_id, actor, ip):
        raise CannotKey("There is no such key in use.")
    await refresh(market)


async def note_keys(market: Market) -> None:
    """Write down when keys were used last: every so often, for no request waits for it."""
    used, market.live.keys_used = market.live.keys_used, {}
    if used:
        await market.db.write(note_used, used)


def read_days(text: str) -> int | None:
    """Raises `CannotKey`."""
    text = text.strip().removesuffix("d")
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= KEY_DAYS_MOST:
        raise CannotKey(f"expires: a whole number of days from 1 to {KEY_DAYS_MOST}, or nothing. Got {text[:20]!r}.")
    return int(text)


def _require(actor: Actor) -> None:
    if not may(actor, Right.SETTINGS):
        raise CannotKey(f"To {Right.SETTINGS.value} needs the role {needed(Right.SETTINGS)}.")
