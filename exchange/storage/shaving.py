"""What may tell that a buyer shaves: what it takes of each seller, its duplicates, and what comes again of its returns.

People are found by the keyed hashes of phone and email that leads and sales keep, and by the duplicate search.

Without statistics both engines read by time or by vertical what a hash finds at once. So times are compared as sums
(`+ 0`), which no index serves, and a CROSS JOIN tells SQLite to begin with the few.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

ROWS_MOST = 5_000
_WAYS = ("phone_index", "email_index")
_NEVER_SENT = "(b.state = 'failed' AND b.reason IN ('cap_full', 'balance_short'))"
_BOUGHT = "(x.reversed_at IS NULL OR x.returned_at IS NOT NULL)"


async def taken_sums(tx: Tx, actor: Actor, vertical: str, first: int, recent: int) -> list[Row]:
    """Answered posts by buyer and seller, and how many were taken: since the day `recent`, and from `first` to it.

    Those with most posts first, at most `ROWS_MOST`.
    """
    return await _taken(tx, actor, vertical, first, recent, "post_days", ("buyer_id", "seller_id"))


async def taken_by_sub_id(tx: Tx, actor: Actor, vertical: str, first: int, recent: int) -> list[Row]:
    """The same by buyer, seller and sub id."""
    return await _taken(tx, actor, vertical, first, recent, "post_source_days", ("buyer_id", "seller_id", "sub_id"))


async def _taken(
    tx: Tx, actor: Actor, vertical: str, first: int, recent: int, table: str, groups: Sequence[str]
) -> list[Row]:
    if not _may(actor):
        return []
    names = ", ".join(groups)
    sums = ", ".join(
        f"CAST(SUM(CASE WHEN day {'>=' if when == 'now' else '<'} :recent THEN {name} ELSE 0 END) AS BIGINT) "
        f"AS {when}_{name}"
        for when in ("now", "before")
        for name in ("posts", "taken")
    )
    return await tx.fetch(
        f"""SELECT {names}, {sums} FROM {table} WHERE vertical = :vertical AND day >= :first
            GROUP BY {names} ORDER BY CAST(SUM(posts) AS BIGINT) DESC, {names} LIMIT :most""",
        vertical=vertical,
        first=first,
        recent=recent,
        most=ROWS_MOST,
    )


async def answered_posts(tx: Tx, actor: Actor, vertical: str, first: int) -> dict[str, int]:
    """Posts that each buyer said yes or no to, of leads since a day."""
    if not _may(actor):
        return {}
    rows = await tx.fetch(
        """SELECT buyer_id, CAST(SUM(posts) AS BIGINT) AS posts FROM post_days
           WHERE vertical = :vertical AND day >= :first GROUP BY buyer_id""",
        vertical=vertical,
        first=first,
    )
    return {row["buyer_id"]: row["posts"] for row in rows}


_SAID = """a.reason = 'duplicate_at_buyer' AND a.made_at >= :since AND a.state = 'rejected'
                AND l.received_at >= :since AND l.vertical = :vertical AND l.mode = 'live'"""


async def duplicate_counts(tx: Tx, actor: Actor, vertical: str, since: int) -> dict[str, int]:
    """How many live posts since then each buyer refused as a duplicate."""
    if not _may(actor):
        return {}
    rows = await tx.fetch(
        f"""SELECT a.buyer_id, COUNT(*) AS said FROM attempts a CROSS JOIN leads l
            WHERE l.id = a.lead_id AND {_SAID} GROUP BY a.buyer_id""",
        since=since,
        vertical=vertical,
    )
    return {row["buyer_id"]: row["said"] for row in rows}


def _earlier(way: str) -> str:
    """An earlier post to that buyer of a lead with the same phone or email.

    Counted lead by lead: as a join PostgreSQL without statistics reads all attempts, for each duplicate.
    """
    return f"""EXISTS (SELECT 1 FROM leads p WHERE p.{way} = l.{way} AND (SELECT COUNT(*) FROM attempts b
                   WHERE b.lead_id = p.id AND b.buyer_id = a.buyer_id AND b.id <> a.id AND b.made_at <= a.made_at
                   AND NOT {_NEVER_SENT}) > 0)"""


def _sold(way: str) -> str:
    return f"""EXISTS (SELECT 1 FROM sales x WHERE x.{way} = l.{way} AND x.buyer_id = a.buyer_id
                   AND x.accepted_at + 0 <= a.made_at)"""


def _came(way: str) -> str:
    return f"""EXISTS (SELECT 1 FROM leads p WHERE p.{way} = l.{way} AND p.id <> l.id
                   AND p.received_at + 0 <= l.received_at)"""


_OFFERED = " OR ".join(
    (
        "a.tries > 1",  # it heard of this very lead before
        """EXISTS (SELECT 1 FROM attempts b WHERE b.lead_id = a.lead_id AND b.buyer_id = a.buyer_id AND b.id <> a.id
                   AND b.made_at <= a.made_at AND NOT """
        + _NEVER_SENT
        + ")",
        """EXISTS (SELECT 1 FROM sightings s JOIN attempts b ON b.lead_id = s.same_as WHERE s.lead_id = a.lead_id
                   AND b.buyer_id = a.buyer_id AND b.made_at <= a.made_at AND NOT """
        + _NEVER_SENT
        + ")",
        *(_earlier(way) for way in _WAYS),
        *(_sold(way) for way in _WAYS),
    )
)
_CAME_BEFORE = " OR ".join(
    (
        # The time, which always holds, keeps PostgreSQL from reading all that ever came again at once.
        """EXISTS (SELECT 1 FROM sightings s WHERE s.lead_id = a.lead_id AND s.same_as IS NOT NULL
                   AND s.at <= a.made_at)""",
        *(_came(way) for way in _WAYS),
    )
)


async def duplicate_answers(tx: Tx, actor: Actor, vertical: str, since: int, buyer_id: str = "") -> list[Row]:
    """Live posts since then that a buyer refused as a duplicate, the newest first, at most `ROWS_MOST`.

    `offered`: we had posted or sold this consumer to that buyer before. `came_before`: it had come to us before.
    `named`: a phone or an email to look it up by is on record. Each 0 or 1.
    """
    if not _may(actor):
        return []
    only = "AND a.buyer_id = :buyer" if buyer_id else ""
    return await tx.fetch(
        f"""SELECT a.buyer_id, a.lead_id, l.seller_id, a.made_at AS at,
                CASE WHEN {_OFFERED} THEN 1 ELSE 0 END AS offered,
                CASE WHEN {_CAME_BEFORE} THEN 1 ELSE 0 END AS came_before,
                CASE WHEN l.phone_index IS NULL AND l.email_index IS NULL THEN 0 ELSE 1 END AS named
            FROM attempts a CROSS JOIN leads l
            WHERE l.id = a.lead_id AND {_SAID} {only}
            ORDER BY a.made_at DESC, a.lead_id LIMIT :most""",
        since=since,
        vertical=vertical,
        most=ROWS_MOST,
        **({"buyer": buyer_id} if buyer_id else {}),
    )


def _next_lead(way: str) -> str:
    """The first lead of another seller about this consumer."""
    return f"""(SELECT p.id FROM leads p WHERE p.{way} = COALESCE(l.{way}, s.{way}) AND p.seller_id <> r.seller_id
                AND p.received_at + 0 > r.asked_at AND p.received_at + 0 <= r.asked_at + :within AND p.mode = 'live'
                AND p.kind <> 'ping' ORDER BY p.received_at + 0, p.id LIMIT 1) AS came_by_{way}"""


def _next_sale(way: str) -> str:
    """The next sale of this consumer, of whichever lead."""
    return f"""(SELECT x.id FROM sales x WHERE x.{way} = COALESCE(l.{way}, s.{way}) AND x.id <> s.id
                AND x.accepted_at + 0 > r.asked_at AND x.accepted_at + 0 <= r.asked_at + :within AND x.mode = 'live'
                AND {_BOUGHT} ORDER BY x.accepted_at + 0, x.id LIMIT 1) AS sold_by_{way}"""


async def returned_again(
    tx: Tx, actor: Actor, vertical: str, since: int, within_ms: int, buyer_id: str = ""
) -> list[Row]:
    """Leads asked back since then and not declined, the newest first, at most `ROWS_MOST`, and what came within
    `within_ms` after: `came_by_*` the next lead of another seller, `sold_by_*` the next sale; ids or None."""
    if not _may(actor):
        return []
    only = "AND r.buyer_id = :buyer" if buyer_id else ""
    after = ", ".join(told(way) for told in (_next_lead, _next_sale) for way in _WAYS)
    return await tx.fetch(
        f"""SELECT r.buyer_id, r.lead_id, r.seller_id, r.asked_at AS at, {after}
            FROM return_requests r CROSS JOIN sales s CROSS JOIN leads l
            WHERE s.id = r.sale_id AND l.id = r.lead_id AND r.asked_at >= :since
                AND r.state <> 'declined' AND r.mode = 'live' AND l.vertical = :vertical {only}
            ORDER BY r.asked_at DESC, r.id LIMIT :most""",
        since=since,
        within=within_ms,
        vertical=vertical,
        most=ROWS_MOST,
        **({"buyer": buyer_id} if buyer_id else {}),
    )


async def leads_named(tx: Tx, ids: Sequence[str]) -> dict[str, Row]:
    """Seller and time of these leads."""
    if not ids:
        return {}
    names, params = listed("lead", ids)
    rows = await tx.fetch(f"SELECT id, seller_id, received_at AS at FROM leads WHERE id IN {names}", **params)
    return {row["id"]: row for row in rows}


async def sales_named(tx: Tx, ids: Sequence[str]) -> dict[str, Row]:
    """Lead, seller, buyer and time of these sales."""
    if not ids:
        return {}
    names, params = listed("sale", ids)
    rows = await tx.fetch(
        f"SELECT id, lead_id, seller_id, buyer_id, accepted_at AS at FROM sales WHERE id IN {names}", **params
    )
    return {row["id"]: row for row in rows}


def _may(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
