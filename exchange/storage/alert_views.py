"""Alerts that are over as lists show them: filtered, the newest end first, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.alert import Alert
from exchange.storage.alerts import alert_of
from exchange.storage.database import Tx
from exchange.storage.spans import TOP, Span, stretch_of


@dataclass(frozen=True, slots=True)
class OverFilter:
    """Which alerts: empty leaves a filter out. `since` and `until` are of their end."""

    rule: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


_ORDERS = {"closed": "closed_at", "opened": "opened_at"}


async def list_over(tx: Tx, wanted: OverFilter) -> list[Alert]:
    where, params, order = _wanted(wanted)
    rows = await tx.fetch(
        f"SELECT * FROM alerts WHERE {where} ORDER BY {order} LIMIT :limit", limit=wanted.span.limit, **params
    )
    return [alert_of(row) for row in rows]


async def count_over(tx: Tx, wanted: OverFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params, _ = _wanted(wanted)
    rows = await tx.fetch(
        f"SELECT COUNT(*) AS found FROM (SELECT id FROM alerts WHERE {where} LIMIT :most) AS counted",
        most=most,
        **params,
    )
    return int(rows[0]["found"])


def _wanted(wanted: OverFilter) -> tuple[str, dict[str, object], str]:
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    where, params = ["closed_at IS NOT NULL", *stretch.where], dict(stretch.params)
    for part, name, value in (
        ("rule = :rule", "rule", wanted.rule or None),
        ("closed_at >= :since", "since", wanted.since),
        ("closed_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return " AND ".join(where), params, stretch.order
