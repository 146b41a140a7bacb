"""The addresses at which a contract's leads lie as CSV: made, changed and taken back by people, shown once."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from exchange.flows.by_hand import KEY_BYTES, LAST_CHARACTERS, audit_line, key_prefix
from exchange.flows.by_hand import revoke as revoke_key
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor
from exchange.model.lead import Mode
from exchange.storage.by_hand import exchange_key, grant_key, keys_of
from exchange.storage.database import Row
from exchange.storage.parties import KeyRow

KIND = "csv"
"""Of the keys that such addresses hold."""


class NoSuchAddress(Exception):
    """It is of another connection, or was taken back."""


class NewAddress(NamedTuple):
    """`url` is kept nowhere: whoever made it reads it now or never."""

    contract_id: str
    url: str


def address_url(base: str, secret: str) -> str:
    return f"{base.rstrip('/')}/c/{secret}.csv"


async def addresses_of(market: Market, connection: str) -> list[Row]:
    """Those in use of a connection's contracts, newest first. `party_id` is the contract; `made_by` the audit log's."""
    contracts = [each.id for each in market.deals.contracts.values() if each.connection == connection]
    return await market.db.read(keys_of, KIND, contracts)


async def make_address(market: Market, connection: str, contract_id: str, mode: Mode, actor: Actor) -> NewAddress:
    """One more for a contract of this connection. Raises `NoSuchAddress`."""
    contract = market.deals.contracts.get(contract_id)
    if contract is None or contract.connection != connection:
        raise NoSuchAddress(f"{connection} has no contract {contract_id[:80]}.")
    key, secret = _key(market, contract_id, mode.value)
    after = {"kind": KIND, "mode": mode.value, "last4": key.last4, "name": key.name}
    line = audit_line(market.ids, key.made_at, actor, "key.created", f"{KIND}:{contract_id}", after=after)
    await market.db.write(grant_key, key, line)
    await refresh(market)
    return NewAddress(contract_id, address_url(market.public_url, secret))


async def rotate_address(market: Market, connection: str, key_id: str, actor: Actor) -> NewAddress:
    """Another in its place: the old one leads nowhere from now on. Raises `NoSuchAddress`."""
    row = await _found(market, connection, key_id)
    contract_id = str(row["party_id"])
    key, secret = _key(market, contract_id, row["mode"])
    line = audit_line(
        market.ids,
        key.made_at,
        actor,
        "key.rotated",
        f"{KIND}:{contract_id}",
        before={"key": key_id, "last4": row["last4"]},
        after={"key": key.id, "last4": key.last4, "mode": key.mode},
    )
    if not await market.db.write(exchange_key, key_id, key, line):
        raise NoSuchAddress(_GONE)
    await refresh(market)
    return NewAddress(contract_id, address_url(market.public_url, secret))


async def revoke_address(market: Market, connection: str, key_id: str, actor: Actor) -> None:
    """Raises `NoSuchAddress`."""
    await _found(market, connection, key_id)
    if not await revoke_key(market.db, market.clock, market.ids, key_id, actor):
        raise NoSuchAddress(_GONE)
    await refresh(market)


_GONE = "That address was taken back already."


async def _found(market: Market, connection: str, key_id: str) -> Row:
    for row in await addresses_of(market, connection):
        if row["id"] == key_id:
            return row
    raise NoSuchAddress(_GONE)


def _key(market: Market, contract_id: str, mode: str) -> tuple[KeyRow, str]:
    now = market.clock.now()
    secret = key_prefix(KIND, Mode(mode)) + market.ids.token(KEY_BYTES)
    digest = sha256(secret.encode()).digest()
    last4 = secret[-LAST_CHARACTERS:]
    return KeyRow(market.ids.new("key", now), KIND, contract_id, mode, digest, last4, contract_id, now), secret
