"""Master keys: which one seals, a new one in its place, and what older ones sealed sealed anew, a while at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from exchange.clock import Clock
from exchange.flows.adverts import account_secret
from exchange.flows.by_hand import audit_line
from exchange.flows.form_sale import sent_secret
from exchange.flows.job_ends import ComeBack
from exchange.flows.jobs import RESEAL, job
from exchange.flows.market import Market
from exchange.flows.new_buyer import draft_secret
from exchange.flows.payout_files import file_secret
from exchange.flows.samples import reply_secret
from exchange.flows.second_factor import totp_secret
from exchange.flows.seller_terms import bank_secret, payer_secret
from exchange.flows.webhooks import secret_name
from exchange.log import logger
from exchange.model.actor import SYSTEM, Actor
from exchange.model.payout import Method
from exchange.storage.database import Db, Row
from exchange.storage.master_keys import (
    DATA_KEYS,
    SECRETS,
    MasterKeyRow,
    Place,
    Resealed,
    begin_again,
    begin_sealing,
    begin_with,
    end_sealing,
    read_master_keys,
    reseal,
    retire,
    sealed_after,
    sealed_by,
    sealed_by_others,
)
from exchange.vault import Vault, VaultError

_LOG = logger(__name__)
_AT_ONCE = 200  # rows in one unit: the writer has sales to store too
_TURN_MS = 20_000  # then other jobs have their turn
_PAUSE_SECONDS = 0.01
_FOLLOW_MS = 5_000  # by then every process has heard which key seals
_LATE_MS = 60_000  # and whoever had not has ended what it was at

_PLACES: Final = (*DATA_KEYS, *SECRETS)


class CannotRetire(Exception):
    """A master key is still needed; the sentence says by what."""


async def agree(db: Db, vault: Vault, clock: Clock) -> None:
    """Seal with the key that this exchange seals with. Raises `VaultError` when the keys here are not its keys."""
    rows = await db.read(read_master_keys)
    if not rows:
        first = MasterKeyRow(vault.current, vault.proof(vault.current), clock.now(), SYSTEM.name)
        await db.write(begin_with, first)
        rows = await db.read(read_master_keys)
    for row in rows:
        if row["number"] in vault.numbers and bytes(row["proof"]) != vault.proof(row["number"]):
            raise VaultError(
                f"master key {row['number']} or the index key here is not the one this database was made with:"
                " put the right key file back"
            )
    vault.seal_with(rows[0]["number"])


async def follow_key(market: Market) -> None:
    """Take up that another key seals now. A process without that key goes on with the one it has, and says so."""
    rows = await market.db.read(read_master_keys)
    if rows and rows[0]["number"] != market.vault.current:
        try:
            market.vault.seal_with(rows[0]["number"])
        except VaultError as error:
            _LOG.error("This process lacks the master key that seals now", exc_info=error)


async def rotate(market: Market, actor: Actor) -> bool:
    """Seal with the newest key here, and all that older ones sealed anew. False while that goes on from before."""
    number, now = max(market.vault.numbers), market.clock.now()
    row = MasterKeyRow(number, market.vault.proof(number), now, actor.name)
    again = job(market, RESEAL, RESEAL, {"number": number}, now + _FOLLOW_MS, now, RESEAL)
    line = audit_line(market.ids, now, actor, "master_key.rotated", f"master_key:{number}")
    if not await market.db.write(begin_sealing, row, again, line):
        return False
    market.vault.seal_with(number)
    return True


async def give_up(market: Market, number: int, actor: Actor) -> None:
    """Note that a master key is needed no more. Raises `CannotRetire`."""
    rows = {row["number"]: row for row in await market.db.read(read_master_keys)}
    newest = max(rows)
    if number >= newest:
        raise CannotRetire(f"Master key {number} is not one that was replaced: key {newest} seals what comes.")
    if rows[newest]["done_at"] is None:
        raise CannotRetire("What older keys sealed is still being sealed anew: see exchange key rotate --status.")
    if left := await market.db.read(sealed_by, number):
        raise CannotRetire(
            f"{left:,} values are sealed with master key {number}. A process that lacks key {newest} wrote them, or"
            " they cannot be opened: see the log."
        )
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "master_key.retired", f"master_key:{number}")
    await market.db.write(retire, number, now, line)


async def seal_anew(market: Market, payload: Mapping[str, object]) -> None:
    """One turn of the job. Where a turn ends, or its process, the next goes on."""
    number = int(str(payload["number"]))
    row = await _row(market, number)
    if row is None or row["done_at"] is not None:
        return
    if market.vault.current != number:
        await follow_key(market)
    if market.vault.current != number:  # a process that has the key takes the next turn
        raise ComeBack(market.clock.now() + _LATE_MS)
    place, after = row["place"], row["after_key"]
    until = market.clock.now() + _TURN_MS
    while place < len(_PLACES):
        if market.clock.now() >= until:
            raise ComeBack(market.clock.now())
        place, after = await _batch(market, number, place, after)
        await market.clock.sleep(_PAUSE_SECONDS)
    await _end(market, number)


async def _batch(market: Market, number: int, at: int, after: str) -> tuple[int, str]:
    """Seal some values of a place anew. Where to go on."""
    place = _PLACES[at]
    rows = await market.db.read(sealed_after, place, after, _AT_ONCE)
    changes, unreadable = _resealed(market.vault, place, rows)
    following = (at, rows[-1]["key"]) if len(rows) == _AT_ONCE else (at + 1, "")
    if rows:
        await market.db.write(reseal, place, changes, number, (*following, unreadable))
    return following


def _resealed(vault: Vault, place: Place, rows: list[Row]) -> tuple[list[Resealed], int]:
    changes: list[Resealed] = []
    unreadable = 0
    for row in rows:
        old = bytes(row["sealed"])
        try:
            new = vault.rewrap(old) if place in DATA_KEYS else vault.reseal_secret(secret_of(place, row["key"]), old)
        except VaultError as error:
            unreadable += 1
            _LOG.error("A value cannot be sealed anew", where=f"{place.table} {row['key']}", exc_info=error)
            continue
        if new != old:
            changes.append(Resealed(row["key"], old, new))
    return changes, unreadable


async def _end(market: Market, number: int) -> None:
    """All was gone through. What came meanwhile under an older key is looked for, and gone through again."""
    row = await _row(market, number)
    unreadable = row["unreadable"] if row else 0
    if await market.db.read(sealed_by_others, number) > unreadable:
        await market.db.write(begin_again, number)
        raise ComeBack(market.clock.now() + _LATE_MS)
    now = market.clock.now()
    after = {"unreadable": str(unreadable)}
    line = audit_line(market.ids, now, SYSTEM, "master_key.resealed", f"master_key:{number}", after=after)
    await market.db.write(end_sealing, number, now, line)


async def _row(market: Market, number: int) -> Row | None:
    return next((row for row in await market.db.read(read_master_keys) if row["number"] == number), None)


def secret_of(place: Place, key: str) -> str:
    """The name that a value was sealed as."""
    names: Mapping[str, Callable[[str], str]] = {
        "secrets": str,
        "webhook_endpoints": secret_name,
        "connection_samples": reply_secret,
        "buyer_drafts": draft_secret,
        "form_views": sent_secret,
        "seller_terms": lambda key: bank_secret(key.rpartition("/")[0]),
        "payer_accounts": lambda key: payer_secret(Method(key)),
        "payout_files": file_secret,
        "ad_accounts": account_secret,
        "users": totp_secret,
    }
    return names[place.table](key)
