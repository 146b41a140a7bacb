"""Whoever is wrong too often waits: counted in the database, so over all processes and nodes.

A browser that somebody signed in with before has tries of its own: nobody who guesses shuts them out. Everybody else
shares the account's and the address's.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.limits import SIGN_IN_FORGET_SECONDS, SIGN_IN_TRIES
from exchange.model.actor import SYSTEM
from exchange.model.sign_in import Place
from exchange.stages.slowing import wait_ms
from exchange.storage.sign_in import forgive, is_known_browser, note, take_try

_WAITS = tuple(wait_ms(wrong) for wrong in range(SIGN_IN_TRIES + 12))


class TooMany(Exception):
    """So many were wrong that nobody is heard for so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries were wrong. Try again in {told_seconds(seconds)}.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Counted:
    """A try that counts as wrong until it is forgiven. `own` is what it is counted for, `shared` the address's."""

    own: bytes
    shared: bytes | None
    slowed: bool
    ip: str


def told_seconds(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"


async def count_sign_in(market: Market, email: str, place: Place, known_hash: bytes) -> Counted:
    """Before a password is looked at. The same for addresses that nobody has. Raises `TooMany`."""
    known = await market.db.read(is_known_browser, email, known_hash)
    if place.known and known:
        return await _count(market, f"browser:{known_hash.hex()}", None, place.ip)
    return await _count(market, f"account:{email}", f"address:{_network_of(place.ip)}", place.ip)


async def count_for(market: Market, what: str, ip: str, *, address: bool = False) -> Counted:
    """Before anything else is looked at that could be guessed, by its name. Raises `TooMany`."""
    return await _count(market, what, f"address:{_network_of(ip)}" if address else None, ip)


async def _count(market: Market, own: str, shared: str | None, ip: str) -> Counted:
    now = market.clock.now()
    place, other = _index(market, own), _index(market, shared) if shared is not None else None
    places = (place,) if other is None else (place, other)
    taken = await market.db.write(take_try, places, _WAITS, now, now - SIGN_IN_FORGET_SECONDS * 1000)
    if taken.until_at > now:
        raise TooMany(max(1, -(-(taken.until_at - now) // 1000)))
    return Counted(place, other, taken.slowed, ip)


async def was_right(market: Market, counted: Counted) -> None:
    await market.db.write(forgive, counted.own, counted.shared)


async def was_wrong(market: Market, counted: Counted, user_id: str, what: str) -> None:
    """It stays counted, and stands in the audit log: never with what was typed, which may be a password."""
    now, subject = market.clock.now(), f"user:{user_id or 'unknown'}"
    lines = [audit_line(market.ids, now, SYSTEM, "sign_in.failed", subject, after={"with": what}, ip=counted.ip)]
    if counted.slowed:
        lines.append(
            audit_line(market.ids, now, SYSTEM, "sign_in.slowed", subject, after={"with": what}, ip=counted.ip)
        )
    await market.db.write(note, lines)


def _index(market: Market, what: str) -> bytes:
    return market.vault.index("sign-in try", what)


def _network_of(ip: str) -> str:
    """Whoever has an IPv6 address has 18 quintillion of them: their network counts as one."""
    try:
        address = ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return str(address)
