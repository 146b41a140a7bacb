"""Buyers that are being set up: what was typed so far, sealed, and at which step they are."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.storage.database import Row, Tx


@dataclass(frozen=True, slots=True)
class DraftRow:
    """`step` is the one to go on with; `sealed` holds what was typed at all of them."""

    id: str
    step: str
    sealed: bytes
    made_at: int
    changed_at: int
    made_by: str
    ended_at: int | None = None


async def put_draft(tx: Tx, draft: DraftRow) -> None:
    await tx.execute(
        """INSERT INTO buyer_drafts (id, step, sealed, made_at, changed_at, made_by, ended_at)
           VALUES (:id, :step, :sealed, :made, :changed, :by, :ended)
           ON CONFLICT (id) DO UPDATE SET step = :step, sealed = :sealed, changed_at = :changed,
               ended_at = :ended""",
        id=draft.id,
        step=draft.step,
        sealed=draft.sealed,
        made=draft.made_at,
        changed=draft.changed_at,
        by=draft.made_by,
        ended=draft.ended_at,
    )


async def read_draft(tx: Tx, draft_id: str) -> DraftRow | None:
    rows = await tx.fetch("SELECT * FROM buyer_drafts WHERE id = :id", id=draft_id)
    return _draft(rows[0]) if rows else None


async def open_drafts(tx: Tx) -> list[DraftRow]:
    """Those that are not live yet, the one changed last first."""
    rows = await tx.fetch(
        "SELECT * FROM buyer_drafts WHERE ended_at IS NULL ORDER BY changed_at DESC, id DESC LIMIT 100"
    )
    return [_draft(row) for row in rows]


def _draft(row: Row) -> DraftRow:
    return DraftRow(
        row["id"],
        row["step"],
        bytes(row["sealed"]),
        row["made_at"],
        row["changed_at"],
        row["made_by"],
        row["ended_at"],
    )
