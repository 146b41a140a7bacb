"""The hash chain over the books and the audit log: who edits history breaks it at the first edited row.

One sealer at a time gives waiting rows their place, so that sales never wait for each other. Each seal is
`SHA-256(hash before + newline + canonical JSON of the row)`; a transaction's JSON holds its postings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from enum import Enum

import orjson

from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

GENESIS = "0" * 64
SEALED_AT_ONCE = 500


class Chain(Enum):
    TRANSACTIONS = "transactions"
    AUDIT = "audit"
    STATEMENTS = "statements"
    PAYOUTS = "payouts"  # statements of sellers


async def seal(tx: Tx, chain: Chain, limit: int = SEALED_AT_ONCE) -> int:
    """Give up to `limit` waiting rows their place, oldest first. Returns how many: call again while it is `limit`."""
    rows = await tx.fetch(
        """INSERT INTO chain_heads (chain, position, hash) VALUES (:chain, 0, :genesis)
           ON CONFLICT (chain) DO UPDATE SET position = chain_heads.position RETURNING position, hash""",
        chain=chain.value,
        genesis=GENESIS,
    )
    position, digest = rows[0]["position"], rows[0]["hash"]
    waiting = await tx.fetch(
        "SELECT at, row_id FROM unsealed WHERE chain = :chain ORDER BY at, row_id LIMIT :limit",
        chain=chain.value,
        limit=limit,
    )
    if not waiting:
        return 0
    bodies = await row_bodies(tx, chain, [row["row_id"] for row in waiting])
    seals = []
    for row in waiting:
        position += 1
        digest = next_hash(digest, bodies.get(row["row_id"], ""))
        seals.append({"chain": chain.value, "position": position, "row": row["row_id"], "hash": digest})
    await tx.execute_many(
        "INSERT INTO seals (chain, position, row_id, hash) VALUES (:chain, :position, :row, :hash)", seals
    )
    await tx.execute_many(
        "DELETE FROM unsealed WHERE chain = :chain AND at = :at AND row_id = :row",
        [{"chain": chain.value, "at": row["at"], "row": row["row_id"]} for row in waiting],
    )
    await tx.execute(
        "UPDATE chain_heads SET position = :position, hash = :hash WHERE chain = :chain",
        chain=chain.value,
        position=position,
        hash=digest,
    )
    return len(waiting)


async def chain_head(tx: Tx, chain: Chain) -> tuple[int, str]:
    """The last seal's place and hash: whoever keeps a copy elsewhere can prove that nothing before it was changed."""
    rows = await tx.fetch("SELECT position, hash FROM chain_heads WHERE chain = :chain", chain=chain.value)
    return (rows[0]["position"], rows[0]["hash"]) if rows else (0, GENESIS)


def next_hash(before: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{body}".encode()).hexdigest()


async def row_bodies(tx: Tx, chain: Chain, row_ids: Sequence[str]) -> dict[str, str]:
    """The canonical JSON of these rows by id; a row that is gone is missing."""
    if chain is Chain.TRANSACTIONS:
        return (await booked_bodies(tx, row_ids))[0]
    names, params = listed("id", row_ids)
    if chain is Chain.AUDIT:
        rows = await tx.fetch(f"SELECT * FROM audit_lines WHERE id IN {names}", **params)
        return {row["id"]: canonical(row) for row in rows}
    what, table = (_PAYOUT, "payout_runs") if chain is Chain.PAYOUTS else ("*", "statements")
    rows = await tx.fetch(f"SELECT {what} FROM {table} WHERE number IN {names}", **params)
    return {row["number"]: canonical(row) for row in rows}


_PAYOUT = """id, seller_id, currency, previous_id, since_at, since_position, until_at, until_position, terms_version,
    party, due_at, carried_units, sold_units, sold_count, returned_units, returned_count, adjusted_units,
    adjusted_count, released_units, held_units, rounding_units, pay_units, carry_units, reserve_until, number,
    prepared_at, prepared_by, issued_at, issued_by"""
"""What of a run is its statement: not how far its payment is. The columns that a trigger keeps from being changed."""


async def booked_bodies(tx: Tx, references: Sequence[str]) -> tuple[dict[str, str], list[Row]]:
    """The canonical JSON of these transactions by reference, and all of their postings: each row is read once."""
    names, params = listed("id", references)
    rows = await tx.fetch(f"SELECT * FROM transactions WHERE reference IN {names}", **params)
    lines = await tx.fetch(f"SELECT * FROM postings WHERE reference IN {names} ORDER BY reference, line", **params)
    postings: dict[str, list[Row]] = {row["reference"]: [] for row in rows}
    for line in lines:
        postings.setdefault(line["reference"], []).append(dict(line))
    return {row["reference"]: canonical({**row, "postings": postings[row["reference"]]}) for row in rows}, lines


def canonical(row: Mapping[str, object]) -> str:
    """Sorted keys, no spaces, plain ASCII: the same text for the same row, for ever."""
    return ascii_json(row, sort_keys=True)


def ascii_json(content: object, *, sort_keys: bool = False) -> str:
    """As `json.dumps` writes it without spaces: hashes of years rest on it. Of plain ASCII orjson writes the same."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS if sort_keys else None).decode()
    if text.isascii() and "\x7f" not in text:
        return text
    return json.dumps(content, sort_keys=sort_keys, separators=(",", ":"))
