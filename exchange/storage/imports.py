"""Files of leads being imported: what was begun, how far it has come, and what of it was under way when it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import. `next_row` is the first data row (from 1) not known to be done; `counts` those done by status.

    `result_bytes` is how much of the result file belongs to them. `mapping` and `per_second` are as they were given.
    """

    id: str
    campaign_id: str
    mode: str
    file_name: str
    file_hash: bytes
    mapping: str
    per_second: str
    made_at: int
    next_row: int = 1
    result_bytes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    state: str = "running"  # running | paused | done
    changed_at: int = 0


async def begin_import(tx: Tx, row: ImportRow, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO imports (id, campaign_id, mode, file_name, file_hash, mapping, per_second, next_row,
               result_bytes, counts, state, made_at, changed_at)
           VALUES (:id, :campaign, :mode, :file, :hash, :mapping, :rate, :next, 0, '{}', 'running', :now, :now)""",
        id=row.id,
        campaign=row.campaign_id,
        mode=row.mode,
        file=row.file_name,
        hash=row.file_hash,
        mapping=row.mapping,
        rate=row.per_second,
        next=row.next_row,
        now=row.made_at,
    )
    await record(tx, line)


async def save_position(
    tx: Tx, import_id: str, next_row: int, result_bytes: int, counts: Mapping[str, int], state: str, now: int
) -> None:
    await tx.execute(
        """UPDATE imports SET next_row = :next, result_bytes = :bytes, counts = :counts, state = :state,
               changed_at = :now WHERE id = :id""",
        id=import_id,
        next=next_row,
        bytes=result_bytes,
        counts=json.dumps(dict(counts), sort_keys=True),
        state=state,
        now=now,
    )


async def find_import(tx: Tx, import_id: str) -> ImportRow | None:
    rows = await tx.fetch("SELECT * FROM imports WHERE id = :id", id=import_id)
    return _import(rows[0]) if rows else None


async def imports_of_file(tx: Tx, file_hash: bytes, campaign_id: str, mode: str) -> list[ImportRow]:
    """Earlier imports of the same bytes into the same campaign, newest first."""
    rows = await tx.fetch(
        """SELECT * FROM imports WHERE file_hash = :hash AND campaign_id = :campaign AND mode = :mode
           ORDER BY made_at DESC, id DESC LIMIT 20""",
        hash=file_hash,
        campaign=campaign_id,
        mode=mode,
    )
    return [_import(row) for row in rows]


async def import_under_way(tx: Tx, since: int) -> bool:
    """Whether an import has moved on since an instant: then requests under way may be its own."""
    rows = await tx.fetch(
        "SELECT id FROM imports WHERE state = 'running' AND changed_at >= :since LIMIT 1", since=since
    )
    return bool(rows)


async def requests_under_way(tx: Tx, seller_id: str, endpoint: str, keys: Sequence[str]) -> list[Row]:
    """Requests that hold one of these keys and never got an answer, as recovery takes them up."""
    names, params = listed("key", keys)
    return await tx.fetch(
        f"""SELECT r.id, r.lead_id, r.campaign_id, r.seller_id, r.endpoint, r.mode, r.received_at, r.answer_format,
                k.wrapped
            FROM idempotency i JOIN requests r ON r.id = i.request_id LEFT JOIN data_keys k ON k.subject = r.id
            WHERE i.seller_id = :seller AND i.endpoint = :endpoint AND i.idempotency_key IN {names}
              AND r.status_code IS NULL ORDER BY r.received_at, r.id""",
        seller=seller_id,
        endpoint=endpoint,
        **params,
    )


async def taken_consumers(tx: Tx, scope: str, hashes: Sequence[bytes], now: int) -> set[bytes]:
    """Which of these consumers the exchange has sold or is selling."""
    if not hashes:
        return set()
    names, params = listed("hash", hashes)
    rows = await tx.fetch(
        f"SELECT hash FROM claims WHERE scope = :scope AND expires_at > :now AND hash IN {names}",
        scope=scope,
        now=now,
        **params,
    )
    return {bytes(row["hash"]) for row in rows}


def _import(row: Row) -> ImportRow:
    return ImportRow(
        row["id"],
        row["campaign_id"],
        row["mode"],
        row["file_name"],
        bytes(row["file_hash"]),
        row["mapping"],
        row["per_second"],
        row["made_at"],
        row["next_row"],
        row["result_bytes"],
        json.loads(row["counts"]),
        row["state"],
        row["changed_at"],
    )
