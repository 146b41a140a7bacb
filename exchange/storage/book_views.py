"""Books that were laid beside ours as lists show them: filtered, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.storage.database import Tx
from exchange.storage.reconciliations import HEAD, BookFile, book_of
from exchange.storage.spans import TOP, Span, stretch_of

_ORDERS = {"came": "r.made_at"}
_OPEN = "FROM reconciliation_lines l WHERE l.reconciliation_id = r.id AND l.decided_at IS NULL"
STATES: Mapping[str, str] = MappingProxyType(
    {
        "to_decide": f"r.compared_at IS NOT NULL AND EXISTS (SELECT 1 {_OPEN})",
        "done": f"r.compared_at IS NOT NULL AND NOT EXISTS (SELECT 1 {_OPEN})",
        "not_compared": "r.compared_at IS NULL",
    }
)
"""How far a book has come, and what is true of it then."""


@dataclass(frozen=True, slots=True)
class BookFilter:
    """Which books: empty leaves a filter out. `party` is `buyer:ID` or `seller:ID`, `state` one of `STATES`."""

    party: str = ""
    state: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


async def list_books(tx: Tx, wanted: BookFilter) -> list[tuple[BookFile, int]]:
    """Each with how many of its differences wait for a decision; without what is in them."""
    where, params, order = _wanted(wanted)
    rows = await tx.fetch(
        f"""SELECT {HEAD}, (SELECT COUNT(*) {_OPEN}) AS waiting
            FROM reconciliations r WHERE {where} ORDER BY {order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
    )
    return [(book_of(row), row["waiting"]) for row in rows]


async def count_books(tx: Tx, wanted: BookFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, order = _wanted(wanted)
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT r.id FROM reconciliations r WHERE {where}
            ORDER BY {order} LIMIT :most) AS counted""",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


def _wanted(wanted: BookFilter) -> tuple[str, dict[str, object], str]:
    stretch = stretch_of(wanted.span, _ORDERS, "r.id")
    where, params = ["1 = 1", *stretch.where], dict(stretch.params)
    if wanted.state:
        where.append(STATES[wanted.state])
    for part, name, value in (
        ("r.party = :party", "party", wanted.party or None),
        ("r.made_at >= :since", "since", wanted.since),
        ("r.made_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order
