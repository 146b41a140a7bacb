"""What nodes tell each other about sellers' pings and posts: counts by the hour, and what is worth remembering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.model.screen import Mark
from exchange.storage.database import Row, Tx

AT_ONCE = 2_000


async def add_counts(tx: Tx, counts: Mapping[tuple[str, int], tuple[int, int]]) -> None:
    """Pings and posts by seller and hour, on top of what others counted."""
    for (seller_id, hour), (pings, posts) in sorted(counts.items()):
        await tx.execute(
            """INSERT INTO harvest_hours (seller_id, hour, pings, posts) VALUES (:seller, :hour, :pings, :posts)
               ON CONFLICT (seller_id, hour) DO UPDATE
               SET pings = harvest_hours.pings + :pings, posts = harvest_hours.posts + :posts""",
            seller=seller_id,
            hour=hour,
            pings=pings,
            posts=posts,
        )


async def add_marks(tx: Tx, node: str, marks: Sequence[tuple[str, Mark]], now: int) -> None:
    """Each with its id; one that is there already is left."""
    await tx.execute_many(
        """INSERT INTO harvest_marks (id, node, noted_at, kind, seller_id, item_key, at, said, reason)
           VALUES (:id, :node, :now, :kind, :seller, :key, :at, :said, :reason) ON CONFLICT (id) DO NOTHING""",
        [
            {
                "id": mark_id,
                "node": node,
                "now": now,
                "kind": mark.kind,
                "seller": mark.seller_id,
                "key": mark.key,
                "at": mark.at,
                "said": mark.said,
                "reason": mark.reason,
            }
            for mark_id, mark in marks
        ],
    )


async def read_counts(tx: Tx, since_hour: int) -> list[Row]:
    return await tx.fetch("SELECT * FROM harvest_hours WHERE hour >= :since ORDER BY seller_id, hour", since=since_hour)


async def marks_since(tx: Tx, node: str, noted_at: int, after: str) -> list[Row]:
    """What other nodes noted since then, in their order; `after` is the id of the last one seen of that moment."""
    return await tx.fetch(
        """SELECT * FROM harvest_marks WHERE (noted_at, id) > (:noted, :after) AND node <> :node
           ORDER BY noted_at, id LIMIT :most""",
        noted=noted_at,
        after=after,
        node=node,
        most=AT_ONCE,
    )


async def forget_harvest(tx: Tx, before: int, before_hour: int) -> None:
    await tx.execute("DELETE FROM harvest_marks WHERE noted_at < :before", before=before)
    await tx.execute("DELETE FROM harvest_hours WHERE hour < :hour", hour=before_hour)
