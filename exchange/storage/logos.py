"""Pictures that were the exchange's logo, by the hash of what they hold."""

from __future__ import annotations

from exchange.storage.database import Tx


async def keep_logo(tx: Tx, name: str, size: tuple[int, int], body: bytes, at: int, who: str) -> None:
    """Keep one; the same again is kept once."""
    await tx.execute(
        """INSERT INTO logos (name, width, height, body, made_at, made_by)
           VALUES (:name, :width, :height, :body, :at, :who) ON CONFLICT (name) DO NOTHING""",
        name=name,
        width=size[0],
        height=size[1],
        body=body,
        at=at,
        who=who,
    )


async def read_logo(tx: Tx, name: str) -> bytes | None:
    rows = await tx.fetch("SELECT body FROM logos WHERE name = :name", name=name)
    return bytes(rows[0]["body"]) if rows else None
