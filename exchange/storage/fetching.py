"""Deliveries that their buyers fetch: the log that a buyer pulls, and what lies at a contract's address.

A pulled delivery enters the log of its buyer when it is first returned: `sent_at` says when, and no two pages share a
moment. So a cursor has everything before it behind it, whatever is shelved, sent again or sold late.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

Cursor = tuple[int, str]
"""`sent_at` and id of the last delivery of a page."""

_OWN = "d.channel = 'pull' AND d.buyer_id = :buyer AND a.mode = :mode"
_FROM = "deliveries d JOIN attempts a ON a.id = d.attempt_id JOIN leads l ON l.id = d.lead_id"
_READY = "d.state = 'shelved' AND a.state IN ('pending', 'accepted') AND l.state NOT IN ('open', 'selling')"
"""A lead whose request is at work may still be sold otherwise."""


async def pulled(tx: Tx, buyer_id: str, mode: str, after: Cursor, limit: int) -> list[Row]:
    """What was returned to a buyer after a cursor, in that order."""
    return await tx.fetch(
        f"""SELECT d.attempt_id, d.lead_id, d.connection, d.contract_id, d.sent_at, d.state FROM {_FROM}
            WHERE {_OWN} AND d.state IN ('shelved', 'delivered', 'accepted') AND a.state IN ('pending', 'accepted')
                AND (d.sent_at > :at OR (d.sent_at = :at AND d.attempt_id > :id))
            ORDER BY d.sent_at, d.attempt_id LIMIT :limit""",
        buyer=buyer_id,
        mode=mode,
        at=after[0],
        id=after[1],
        limit=limit,
    )


async def never_returned(tx: Tx, buyer_id: str, mode: str, limit: int) -> list[Row]:
    """What a buyer was never given yet, the oldest first."""
    return await tx.fetch(
        f"""SELECT d.attempt_id FROM {_FROM} WHERE {_OWN} AND d.sent_at IS NULL AND {_READY}
            ORDER BY d.made_at, d.attempt_id LIMIT :limit""",
        buyer=buyer_id,
        mode=mode,
        limit=limit,
    )


async def enter(tx: Tx, buyer_id: str, mode: str, now: int, attempts: Sequence[str]) -> int:
    """Put these, if they still wait, at the end of the log: they are returned from now on."""
    await tx.fetch(f"SELECT id FROM buyers WHERE id = :buyer {tx.for_update}", buyer=buyer_id)
    rows = await tx.fetch(
        "SELECT MAX(sent_at) AS last FROM deliveries WHERE channel = 'pull' AND buyer_id = :buyer", buyer=buyer_id
    )
    those, params = listed("attempt", attempts)
    return await tx.execute(
        f"""UPDATE deliveries SET sent_at = :at WHERE attempt_id IN (SELECT d.attempt_id FROM {_FROM}
                WHERE {_OWN} AND d.sent_at IS NULL AND {_READY} AND d.attempt_id IN {those})""",
        buyer=buyer_id,
        mode=mode,
        at=max(now, (rows[0]["last"] or 0) + 1),
        **params,
    )


async def unacknowledged(tx: Tx, buyer_id: str, mode: str, upto: Cursor, limit: int) -> list[Row]:
    """What was returned up to a cursor, with it, and is not delivered yet."""
    return await tx.fetch(
        f"""SELECT d.attempt_id, d.connection, d.made_at FROM {_FROM}
            WHERE {_OWN} AND d.state IN ('shelved', 'expired')
                AND (d.sent_at < :at OR (d.sent_at = :at AND d.attempt_id <= :id))
            ORDER BY d.sent_at, d.attempt_id LIMIT :limit""",
        buyer=buyer_id,
        mode=mode,
        at=upto[0],
        id=upto[1],
        limit=limit,
    )


async def on_shelf(tx: Tx, contract_id: str, mode: str, limit: int) -> list[Row]:
    """What lies at a contract's address and was never fetched, the oldest first."""
    return await tx.fetch(
        f"""SELECT d.attempt_id, d.connection, d.made_at FROM {_FROM}
            WHERE d.contract_id = :contract AND a.mode = :mode AND {_READY}
            ORDER BY d.made_at, d.attempt_id LIMIT :limit""",
        contract=contract_id,
        mode=mode,
        limit=limit,
    )


async def fetched(tx: Tx, contract_id: str, mode: str, since: int, limit: int) -> list[Row]:
    """What was fetched from a contract's address of all that was sold since, the oldest first; the newest `limit`."""
    rows = await tx.fetch(
        f"""SELECT d.attempt_id, d.lead_id, d.made_at FROM {_FROM}
            WHERE d.contract_id = :contract AND a.mode = :mode AND a.state = 'accepted'
                AND d.state IN ('delivered', 'accepted') AND d.made_at >= :since
            ORDER BY d.made_at DESC, d.attempt_id DESC LIMIT :limit""",
        contract=contract_id,
        mode=mode,
        since=since,
        limit=limit,
    )
    return rows[::-1]
