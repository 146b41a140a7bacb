"""Settings of the exchange that its people set by a page."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx
from exchange.storage.touch import touch_market


class Chosen(NamedTuple):
    """One that was set: its text, when and by whom."""

    value: str
    changed_at: int
    changed_by: str


async def read_chosen(tx: Tx) -> dict[str, Chosen]:
    """By name, those that somebody set."""
    rows = await tx.fetch("SELECT name, value, changed_at, changed_by FROM house_settings ORDER BY name")
    return {row["name"]: Chosen(row["value"], row["changed_at"], row["changed_by"]) for row in rows}


async def write_chosen(tx: Tx, name: str, value: str | None, line: AuditLine) -> None:
    """Set one; None: it is as it comes again."""
    if value is None:
        await tx.execute("DELETE FROM house_settings WHERE name = :name", name=name)
    else:
        await tx.execute(
            """INSERT INTO house_settings (name, value, changed_at, changed_by) VALUES (:name, :value, :now, :who)
               ON CONFLICT (name) DO UPDATE SET value = :value, changed_at = :now, changed_by = :who""",
            name=name,
            value=value,
            now=line.at,
            who=line.actor.name,
        )
    await record(tx, line)
    await touch_market(tx)
