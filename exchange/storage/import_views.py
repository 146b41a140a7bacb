"""Imports as lists show them: filtered, the newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.importing import ImportRow
from exchange.storage.database import Tx
from exchange.storage.imports import import_of
from exchange.storage.rows import listed
from exchange.storage.spans import TOP, Span, stretch_of


@dataclass(frozen=True, slots=True)
class ImportFilter:
    """Which imports: empty leaves a filter out. `campaigns` None: of all; of none there are none."""

    mode: str = "live"
    states: tuple[str, ...] = ()
    campaigns: tuple[str, ...] | None = None
    channel: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


_ORDERS = {"made": "made_at"}


async def list_imports(tx: Tx, actor: Actor, wanted: ImportFilter) -> list[ImportRow]:
    """The newest first, for those who run the exchange; a seller finds those of its own campaigns."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    rows = await tx.fetch(
        f"""SELECT * FROM imports WHERE {" AND ".join([*where, *stretch.where])}
            ORDER BY {stretch.order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
        **stretch.params,
    )
    return [import_of(row) for row in rows]


async def count_imports(tx: Tx, actor: Actor, wanted: ImportFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT id FROM imports
            WHERE {" AND ".join([*where, *stretch.where])} LIMIT :most) AS counted""",
        most=most,
        **params,
        **stretch.params,
    )
    return int(rows[0]["found"])


def _where(actor: Actor, wanted: ImportFilter) -> tuple[list[str], dict[str, object]]:
    where, params = ["mode = :mode"], dict[str, object](mode=wanted.mode)
    if actor.role is Role.SELLER and actor.party_id:
        where.append("campaign_id IN (SELECT id FROM campaigns WHERE seller_id = :seller)")
        params["seller"] = actor.party_id
    elif actor.role is not Role.OPERATOR:
        where.append("1 = 0")
    if wanted.campaigns == ():
        where.append("1 = 0")
    for column, values in (("state", wanted.states), ("campaign_id", wanted.campaigns)):
        if values:
            names, found = listed(column, values)
            where.append(f"{column} IN {names}")
            params |= found
    for part, name, value in (
        ("channel = :channel", "channel", wanted.channel or None),
        ("made_at >= :since", "since", wanted.since),
        ("made_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return where, params
