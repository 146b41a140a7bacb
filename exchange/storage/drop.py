"""Runs over California's deletion lists, and when the last one was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx


class DropRun(NamedTuple):
    """`counts` are rows by answer code."""

    id: str
    at: int
    file_name: str
    list_type: str
    rows: int
    erased: int
    counts: Mapping[str, int]
    actor: str


async def save_run(tx: Tx, run: DropRun, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO drop_runs (id, at, file_name, list_type, row_count, erased, counts, actor)
           VALUES (:id, :at, :file, :type, :rows, :erased, :counts, :actor)""",
        id=run.id,
        at=run.at,
        file=run.file_name,
        type=run.list_type,
        rows=run.rows,
        erased=run.erased,
        counts=json.dumps(run.counts),
        actor=run.actor,
    )
    await record(tx, line)


async def last_drop(tx: Tx) -> int | None:
    """When a deletion list was processed last; None: never."""
    rows = await tx.fetch("SELECT MAX(at) AS at FROM drop_runs")
    return int(rows[0]["at"]) if rows and rows[0]["at"] is not None else None
