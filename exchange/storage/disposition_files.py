"""Files of reports and of returns: kept sealed once they came, and noted when they were recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job

REPORTS, ASKS, DECISIONS = "reports", "asks", "decisions"
LOOK, RECORD = "look", "record"


class ToldRow(NamedTuple):
    """A row by its number, what became of it, and why in a sentence that names nobody."""

    number: int
    outcome: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of a buyer, or of an operator (no buyer). `columns` gives its columns their meaning; `sealed` is None once
    it was forgotten.

    `counts` is what became of its rows when it was recorded last; while a job is at it, of the `rows_done` of
    `rows_all`. `looked` is what a job found that would become of them, and `told` the first rows that are to be mended.
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
    wanted_at: int | None = None
    wanted_by: str | None = None
    rows_done: int = 0
    rows_all: int = 0
    kind: str = REPORTS
    aim: str = RECORD
    looked: Mapping[str, int] = field(default_factory=dict)
    told: tuple[ToldRow, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether a job is to record it, or is at it."""
        return self.wanted_at is not None


async def bring_file(tx: Tx, file: ReportFile, line: AuditLine) -> str:
    """Keep a file. Returns its id, or that of the same bytes that came before: those are one file."""
    rows = await tx.fetch(
        """INSERT INTO disposition_files (id, month, buyer_id, file_hash, name, columns, wrapped, sealed, counts,
               made_at, made_by, kind)
           VALUES (:id, :month, :buyer, :hash, :name, :columns, :wrapped, :sealed, '{}', :at, :by, :kind)
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
        kind=file.kind,
    )
    if rows[0]["id"] == file.id:
        await record(tx, line)
    return str(rows[0]["id"])


async def read_file(tx: Tx, buyers: tuple[str, ...] | None, file_id: str, kind: str = REPORTS) -> ReportFile | None:
    """A file of one of these buyers, of any when None, and of this kind."""
    rows = await tx.fetch("SELECT * FROM disposition_files WHERE id = :id AND kind = :kind", id=file_id, kind=kind)
    return _file(rows[0]) if rows and (buyers is None or rows[0]["buyer_id"] in buyers) else None


async def files_of(tx: Tx, buyer_id: str | None, most: int, kind: str = REPORTS) -> list[ReportFile]:
    """The files of one kind of a buyer, of all when None, the newest first; without what is in them."""
    whose = "AND buyer_id = :buyer" if buyer_id is not None else ""
    rows = await tx.fetch(
        f"""SELECT id, month, buyer_id, file_hash, name, columns, counts, made_at, made_by, recorded_at, recorded_by,
                wanted_at, wanted_by, rows_done, rows_all, kind, aim, looked, told, NULL AS wrapped, NULL AS sealed
            FROM disposition_files WHERE kind = :kind {whose} ORDER BY made_at DESC, id DESC LIMIT :most""",
        most=most,
        kind=kind,
        **({"buyer": buyer_id} if buyer_id is not None else {}),
    )
    return [_file(row) for row in rows]


async def set_file_columns(tx: Tx, file_id: str, columns: Mapping[str, str]) -> None:
    await tx.execute(
        "UPDATE disposition_files SET columns = :columns WHERE id = :id", id=file_id, columns=_text(columns)
    )


async def want_recording(tx: Tx, file_id: str, rows: int, job: JobRow, line: AuditLine, aim: str = RECORD) -> bool:
    """Leave the job that records a file, or looks at it. False when one waits or runs: then nothing changes.

    Looking leaves the counts of the last time it was recorded, and no line.
    """
    if not await add_job(tx, job):
        return False
    counts = ", counts = '{}'" if aim == RECORD else ""
    await tx.execute(
        f"""UPDATE disposition_files SET wanted_at = :at, wanted_by = :by, rows_done = 0, rows_all = :rows, aim = :aim,
               looked = '{{}}', told = '[]' {counts} WHERE id = :id""",
        id=file_id,
        at=line.at,
        by=line.actor.name,
        rows=rows,
        aim=aim,
    )
    if aim == RECORD:
        await record(tx, line)
    return True


async def note_progress(
    tx: Tx,
    file_id: str,
    rows_done: int,
    counts: Mapping[str, int],
    told: Sequence[ToldRow] = (),
    aim: str = RECORD,
) -> None:
    """How far its job has come."""
    column = "counts" if aim == RECORD else "looked"
    await tx.execute(
        f"UPDATE disposition_files SET rows_done = :done, {column} = :counts, told = :told WHERE id = :id",
        id=file_id,
        done=rows_done,
        counts=_text(counts),
        told=orjson.dumps([list(each) for each in told]).decode(),
    )


async def note_looked(tx: Tx, file_id: str, counts: Mapping[str, int], told: Sequence[ToldRow]) -> None:
    """What would become of its rows."""
    await tx.execute(
        """UPDATE disposition_files SET looked = :counts, told = :told, wanted_at = NULL, wanted_by = NULL,
               aim = :record WHERE id = :id""",
        id=file_id,
        counts=_text(counts),
        told=orjson.dumps([list(each) for each in told]).decode(),
        record=RECORD,
    )


async def note_recorded(
    tx: Tx, file_id: str, counts: Mapping[str, int], line: AuditLine, told: Sequence[ToldRow] = ()
) -> None:
    await tx.execute(
        """UPDATE disposition_files SET counts = :counts, recorded_at = :at, recorded_by = :by, wanted_at = NULL,
               wanted_by = NULL, told = :told WHERE id = :id""",
        id=file_id,
        counts=_text(counts),
        told=orjson.dumps([list(each) for each in told]).decode(),
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
        row["wanted_at"],
        row["wanted_by"],
        row["rows_done"],
        row["rows_all"],
        row["kind"],
        row["aim"],
        orjson.loads(row["looked"]),
        tuple(ToldRow(*each) for each in orjson.loads(row["told"])),
    )
