"""Revocations as a list shows them: filtered, the newest first, page by page, each with who was told. For operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.model.actor import Actor, Role
from exchange.model.revocation import NoticeRow, RevocationRow
from exchange.storage.database import Tx
from exchange.storage.revocations import notice_of, revocation_of
from exchange.storage.rows import listed
from exchange.storage.spans import TOP, Span, stretch_of

_ORDERS = {"heard": "r.heard_at", "due": "r.due_at"}
_OPEN = "SELECT n.revocation_id FROM revocation_notices n WHERE n.state IN ('waiting', 'sent', 'by_hand')"
STATES: Mapping[str, str] = MappingProxyType(
    {
        "open": f"r.id IN ({_OPEN})",
        "over": f"r.due_at < :now AND r.id IN ({_OPEN})",
        "told": f"r.id NOT IN ({_OPEN})",
    }
)
"""How far the word has come, and what is true of it then."""
EVERYTHING = "everything"
"""What is asked for to see those that are of no vertical alone."""


@dataclass(frozen=True, slots=True)
class RevocationFilter:
    """Which of them: empty leaves a filter out. `state` is one of `STATES`, `buyer_id` of who was told."""

    state: str = ""
    vertical: str = ""
    source: str = ""
    buyer_id: str = ""
    since: int | None = None
    until: int | None = None
    now: int = 0
    span: Span = TOP


async def revocations_shown(
    tx: Tx, actor: Actor, wanted: RevocationFilter
) -> list[tuple[RevocationRow, tuple[NoticeRow, ...]]]:
    """Each with a notice for every recipient, the oldest first."""
    where, params, order = _wanted(actor, wanted)
    rows = await tx.fetch(
        f"SELECT r.* FROM revocations r WHERE {where} ORDER BY {order} LIMIT :limit",
        limit=wanted.span.limit,
        **params,
    )
    found = [revocation_of(row) for row in rows]
    if not found:
        return []
    those, ids = listed("revocation", [each.id for each in found])
    notices = await tx.fetch(
        f"SELECT * FROM revocation_notices WHERE revocation_id IN {those} ORDER BY made_at, id", **ids
    )
    made = [notice_of(each) for each in notices]
    return [(row, tuple(each for each in made if each.revocation_id == row.id)) for row in found]


async def count_revocations(tx: Tx, actor: Actor, wanted: RevocationFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, order = _wanted(actor, wanted)
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT r.id FROM revocations r WHERE {where} ORDER BY {order}
            LIMIT :most) AS counted""",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


async def still_to_tell(tx: Tx) -> int:
    """Recipients that have not acknowledged."""
    rows = await tx.fetch(f"SELECT COUNT(*) AS waiting FROM ({_OPEN}) AS still")
    return int(rows[0]["waiting"])


def _wanted(actor: Actor, wanted: RevocationFilter) -> tuple[str, dict[str, object], str]:
    stretch = stretch_of(wanted.span, _ORDERS, "r.id")
    where, params = ["1 = 1", *stretch.where], dict(stretch.params)
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        where.append("1 = 0")
    if wanted.state:
        where.append(STATES[wanted.state])
        params |= {"now": wanted.now} if wanted.state == "over" else {}
    vertical = "" if wanted.vertical == EVERYTHING else wanted.vertical or None
    for part, name, value in (
        ("r.vertical = :vertical", "vertical", vertical),
        ("r.source = :source", "source", wanted.source or None),
        (
            "r.id IN (SELECT n.revocation_id FROM revocation_notices n WHERE n.buyer_id = :buyer)",
            "buyer",
            wanted.buyer_id or None,
        ),
        ("r.heard_at >= :since", "since", wanted.since),
        ("r.heard_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order
