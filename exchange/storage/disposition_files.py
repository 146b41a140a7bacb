"""Files of reports: kept sealed once they came, and noted when they were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of a buyer. `columns` gives its columns their meaning; `sealed` is None once it was forgotten.

    `counts` is what became of its rows when it was recorded last.
    """

    id: str
    month: str
    buyer_id: str
    hash: bytes
    name: str
    columns: Mapping[str, str]
    wrapped: bytes | None
    sealed: bytes | None
    counts: Mapping[str, int]
    made_at: int
    made_by: str
    recorded_at: int | None = None
    recorded_by: str | None = None


async def bring_file(tx: Tx, file: ReportFile, line: AuditLine) -> str:
    """Keep a file. Returns its id, or that of the same bytes that came before: those are one file."""
    rows = await tx.fetch(
        """INSERT INTO disposition_files (id, month, buyer_id, file_hash, name, columns, wrapped, sealed, counts,
               made_at, made_by)
           VALUES (:id, :month, :buyer, :hash, :name, :columns, :wrapped, :sealed, '{}', :at, :by)
           ON CONFLICT (buyer_id, file_hash) DO UPDATE SET wrapped = :wrapped, sealed = :sealed
           RETURNING id""",
        id=file.id,
        month=file.month,
        buyer=file.buyer_id,
        hash=file.hash,
        name=file.name,
        columns=_text(file.columns),
        wrapped=file.wrapped,
        sealed=file.sealed,
        at=file.made_at,
        by=file.made_by,
    )
    if rows[0]["id"] == file.id:
        await record(tx, line)
    return str(rows[0]["id"])


async def read_file(tx: Tx, buyers: tuple[str, ...] | None, file_id: str) -> ReportFile | None:
    """A file of one of these buyers, of any when None."""
    rows = await tx.fetch("SELECT * FROM disposition_files WHERE id = :id", id=file_id)
    return _file(rows[0]) if rows and (buyers is None or rows[0]["buyer_id"] in buyers) else None


async def files_of(tx: Tx, buyer_id: str | None, most: int) -> list[ReportFile]:
    """The files of a buyer, of all when None, the newest first; without what is in them."""
    whose = "WHERE buyer_id = :buyer" if buyer_id is not None else ""
    rows = await tx.fetch(
        f"""SELECT id, month, buyer_id, file_hash, name, columns, counts, made_at, made_by, recorded_at, recorded_by,
                NULL AS wrapped, NULL AS sealed
            FROM disposition_files {whose} ORDER BY made_at DESC, id DESC LIMIT :most""",
        most=most,
        **({"buyer": buyer_id} if buyer_id is not None else {}),
    )
    return [_file(row) for row in rows]


async def set_file_columns(tx: Tx, file_id: str, columns: Mapping[str, str]) -> None:
    await tx.execute(
        "UPDATE disposition_files SET columns = :columns WHERE id = :id", id=file_id, columns=_text(columns)
    )


async def note_recorded(tx: Tx, file_id: str, counts: Mapping[str, int], line: AuditLine) -> None:
    await tx.execute(
        "UPDATE disposition_files SET counts = :counts, recorded_at = :at, recorded_by = :by WHERE id = :id",
        id=file_id,
        counts=_text(counts),
        at=line.at,
        by=line.actor.name,
    )
    await record(tx, line)


async def forget_report_files(tx: Tx, before: int) -> int:
    """Blank what is in files that came before an instant. That they came is never forgotten."""
    return await tx.execute(
        "UPDATE disposition_files SET wrapped = NULL, sealed = NULL WHERE sealed IS NOT NULL AND made_at < :before",
        before=before,
    )


def _text(value: Mapping[str, object]) -> str:
    return orjson.dumps(dict(value)).decode()


def _file(row: Row) -> ReportFile:
    return ReportFile(
        row["id"],
        row["month"],
        row["buyer_id"],
        bytes(row["file_hash"]),
        row["name"],
        orjson.loads(row["columns"]),
        bytes(row["wrapped"]) if row["wrapped"] is not None else None,
        bytes(row["sealed"]) if row["sealed"] is not None else None,
        orjson.loads(row["counts"]),
        row["made_at"],
        row["made_by"],
        row["recorded_at"],
        row["recorded_by"],
    )
