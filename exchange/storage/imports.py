"""Files of leads being imported: what was begun, how far it has come, and what of it was under way when it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from exchange.model.audit import AuditLine
from exchange.model.batch import Layout
from exchange.model.importing import ImportRow, Move
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.import_orders import drop_order
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed

_OPEN = """SELECT COUNT(*) AS found FROM imports WHERE campaign_id = :campaign AND mode = :mode AND held = 1
               AND source IS NULL AND state IN ('new', 'checking', 'checked', 'running', 'paused')"""


async def open_imports(tx: Tx, campaign_id: str, mode: str) -> int:
    """How many imports of a campaign are not over. Those of sources do not count: they are started as they come."""
    rows = await tx.fetch(_OPEN, campaign=campaign_id, mode=mode)
    return int(rows[0]["found"])


async def bring_import(tx: Tx, row: ImportRow, line: AuditLine, most_open: int) -> bool:
    """Note an import that waits to be started. False when so many of its campaign are not over that it may not."""
    if row.source is None:
        await _one_at_a_time(tx, row)
        if await open_imports(tx, row.campaign_id, row.mode) >= most_open:
            return False
    await begin_import(tx, row, line)
    return True


async def begin_once(tx: Tx, row: ImportRow, line: AuditLine) -> ImportRow | None:
    """Note an import that is started by that, unless the same file was started before: then returns that import."""
    if (earlier := await _started_before(tx, row)) is None:
        await begin_import(tx, row, line)
    return earlier


async def start_once(tx: Tx, row: ImportRow, move: Move, now: int, line: AuditLine, job: JobRow) -> ImportRow | bool:
    """`move_import`, unless the same file was started before: then returns that import, and changes nothing."""
    earlier = await _started_before(tx, row)
    return earlier if earlier is not None else await move_import(tx, row.id, move, now, line, job)


async def _started_before(tx: Tx, row: ImportRow) -> ImportRow | None:
    await _one_at_a_time(tx, row)
    found = await imports_of_file(tx, row.file_hash, row.campaign_id, row.mode)
    return next((each for each in found if each.id != row.id), None)


async def _one_at_a_time(tx: Tx, row: ImportRow) -> None:
    """Whoever brings or starts a file of the same campaign waits until this is written: what was counted holds."""
    if tx.for_update:
        await tx.fetch(f"SELECT id FROM campaigns WHERE id = :id AND current = 1 {tx.for_update}", id=row.campaign_id)


async def begin_import(tx: Tx, row: ImportRow, line: AuditLine) -> None:
    """Note an import."""
    layout = json.dumps(asdict(row.layout)) if row.layout is not None else None
    await tx.execute(
        """INSERT INTO imports (id, campaign_id, mode, file_name, file_hash, mapping, per_second, next_row,
               result_bytes, counts, state, made_at, changed_at, held, source, channel, layout, rows_total, wrapped,
               made_by, wanted, stop_percent, started_at, problem, sort, hours)
           VALUES (:id, :campaign, :mode, :file, :hash, :mapping, :rate, :next, 0, '{}', :state, :now, :now, :held,
               :source, :channel, :layout, :rows, :wrapped, :made_by, :wanted, :stop, :started, :problem, :sort,
               :hours)""",
        id=row.id,
        campaign=row.campaign_id,
        mode=row.mode,
        file=row.file_name,
        hash=row.file_hash,
        mapping=row.mapping,
        rate=row.per_second,
        next=row.next_row,
        state=row.state,
        now=row.made_at,
        held=int(row.held),
        source=row.source,
        channel=row.channel,
        layout=layout,
        rows=row.rows_total,
        wrapped=row.wrapped,
        made_by=row.made_by,
        wanted=row.wanted,
        stop=row.stop_percent,
        started=row.started_at,
        problem=row.problem,
        sort=row.sort,
        hours=row.hours,
    )
    await record(tx, line)


async def move_import(
    tx: Tx, import_id: str, move: Move, now: int, line: AuditLine | None = None, *jobs: JobRow
) -> bool:
    """Change its state if it is in one that allows it. False when it is not; then nothing is changed."""
    names, params = listed("after", move.after)
    touched = await tx.execute(
        f"""UPDATE imports SET state = COALESCE(:state, state), wanted = COALESCE(:wanted, wanted),
               per_second = COALESCE(:rate, per_second), stop_percent = COALESCE(:stop, stop_percent),
               mapping = COALESCE(:mapping, mapping), sort = COALESCE(:sort, sort),
               hours = COALESCE(:hours, hours), problem = NULL, changed_at = :now,
               started_at = CASE WHEN started_at IS NULL AND :state = 'running' THEN :now ELSE started_at END,
               report = CASE WHEN :mapping IS NULL THEN report ELSE NULL END
           WHERE id = :id AND state IN {names}""",
        id=import_id,
        state=move.state,
        wanted=move.wanted,
        rate=move.per_second,
        stop=move.stop_percent,
        mapping=move.mapping,
        sort=move.sort,
        hours=move.hours,
        now=now,
        **params,
    )
    if touched != 1:
        return False
    for job in jobs:
        await add_job(tx, job)
    if line is not None:
        await record(tx, line)
    return True


async def save_position(tx: Tx, row: ImportRow, now: int, jobs: Sequence[JobRow] = ()) -> str | None:
    """Note how far it has come, and queue what follows. Returns what is wanted of it meanwhile."""
    rows = await tx.fetch(
        """UPDATE imports SET next_row = :next, result_bytes = :bytes, counts = :counts, state = :state,
               payout_units = :payout, changed_at = :now WHERE id = :id RETURNING wanted""",
        id=row.id,
        next=row.next_row,
        bytes=row.result_bytes,
        counts=json.dumps(dict(row.counts), sort_keys=True),
        state=row.state,
        payout=row.payout_units,
        now=now,
    )
    for job in jobs if rows else ():
        await add_job(tx, job)
    return rows[0]["wanted"] if rows else None


async def obey(
    tx: Tx, import_id: str, wanted: str, state: str, problem: str | None, now: int, jobs: Sequence[JobRow] = ()
) -> bool:
    """It stopped as it was asked to. False when something else is wanted by now; then no job is queued either."""
    touched = await tx.execute(
        """UPDATE imports SET state = :state, problem = :problem, changed_at = :now
           WHERE id = :id AND wanted = :wanted AND state IN ('running', 'checking')""",
        id=import_id,
        wanted=wanted,
        state=state,
        problem=problem,
        now=now,
    )
    for job in jobs if touched == 1 else ():
        await add_job(tx, job)
    return touched == 1


async def save_check(tx: Tx, import_id: str, checked: int, report: Mapping[str, Any] | None, now: int) -> str | None:
    """How far a dry run has come; with its report it is over. Returns what is wanted of the import."""
    rows = await tx.fetch(
        """UPDATE imports SET checked = :checked, report = :report, changed_at = :now,
               state = CASE WHEN :over = 1 AND state = 'checking' THEN 'checked' ELSE state END
           WHERE id = :id RETURNING wanted""",
        id=import_id,
        checked=checked,
        report=json.dumps(report) if report is not None else None,
        over=int(report is not None),
        now=now,
    )
    return rows[0]["wanted"] if rows else None


async def note_problem(tx: Tx, import_id: str, problem: str) -> None:
    await tx.execute("UPDATE imports SET problem = :problem WHERE id = :id", id=import_id, problem=problem)


async def find_import(tx: Tx, import_id: str) -> ImportRow | None:
    rows = await tx.fetch("SELECT * FROM imports WHERE id = :id", id=import_id)
    return import_of(rows[0]) if rows else None


async def imports_of_file(tx: Tx, file_hash: bytes, campaign_id: str, mode: str) -> list[ImportRow]:
    """Earlier imports of the same bytes into the same campaign, of which rows were sold or tried, newest first."""
    rows = await tx.fetch(
        """SELECT * FROM imports WHERE file_hash = :hash AND campaign_id = :campaign AND mode = :mode
               AND started_at IS NOT NULL ORDER BY made_at DESC, id DESC LIMIT 20""",
        hash=file_hash,
        campaign=campaign_id,
        mode=mode,
    )
    return [import_of(row) for row in rows]


async def files_to_forget(tx: Tx, before: int, limit: int) -> list[str]:
    """Imports whose file and result were kept long enough."""
    rows = await tx.fetch(
        """SELECT id FROM imports WHERE held = 1 AND forgotten_at IS NULL AND changed_at < :before
               AND state NOT IN ('running', 'checking') ORDER BY changed_at LIMIT :limit""",
        before=before,
        limit=limit,
    )
    return [row["id"] for row in rows]


async def imports_with_files(tx: Tx, ids: Sequence[str]) -> frozenset[str]:
    """Which of these ids are of imports whose files are kept."""
    names, params = listed("id", ids)
    rows = await tx.fetch(f"SELECT id FROM imports WHERE forgotten_at IS NULL AND id IN {names}", **params)
    return frozenset(row["id"] for row in rows)


async def forget_file(tx: Tx, import_id: str, now: int) -> None:
    """The key goes with the file: a copy of it cannot be opened either. An import that was not over never will be."""
    await drop_order(tx, import_id)
    await tx.execute(
        """UPDATE imports SET forgotten_at = :now, wrapped = NULL,
               state = CASE WHEN state = 'done' THEN state ELSE 'cancelled' END WHERE id = :id""",
        id=import_id,
        now=now,
    )


async def import_under_way(tx: Tx, since: int) -> bool:
    """Whether a command's import has moved on since an instant: then requests under way may be its own."""
    rows = await tx.fetch(
        "SELECT id FROM imports WHERE state = 'running' AND held = 0 AND changed_at >= :since LIMIT 1", since=since
    )
    return bool(rows)


async def requests_under_way(tx: Tx, seller_id: str, endpoint: str, keys: Sequence[str]) -> list[Row]:
    """Requests that hold one of these keys and never got an answer, as recovery takes them up."""
    names, params = listed("key", keys)
    return await tx.fetch(
        f"""SELECT r.id, r.lead_id, r.campaign_id, r.seller_id, r.endpoint, r.mode, r.received_at, r.answer_format,
                k.wrapped
            FROM idempotency i JOIN requests r ON r.id = i.request_id LEFT JOIN data_keys k ON k.subject = r.id
            WHERE i.seller_id = :seller AND i.endpoint = :endpoint AND i.idempotency_key IN {names}
              AND r.status_code IS NULL ORDER BY r.received_at, r.id""",
        seller=seller_id,
        endpoint=endpoint,
        **params,
    )


async def taken_consumers(tx: Tx, scope: str, hashes: Sequence[bytes], now: int) -> set[bytes]:
    """Which of these consumers the exchange has sold or is selling."""
    if not hashes:
        return set()
    names, params = listed("hash", hashes)
    rows = await tx.fetch(
        f"SELECT hash FROM claims WHERE scope = :scope AND expires_at > :now AND hash IN {names}",
        scope=scope,
        now=now,
        **params,
    )
    return {bytes(row["hash"]) for row in rows}


def import_of(row: Row) -> ImportRow:
    layout = json.loads(row["layout"]) if row["layout"] is not None else None
    return ImportRow(
        row["id"],
        row["campaign_id"],
        row["mode"],
        row["file_name"],
        bytes(row["file_hash"]),
        row["mapping"],
        row["per_second"],
        row["made_at"],
        row["next_row"],
        row["result_bytes"],
        json.loads(row["counts"]),
        row["state"],
        row["changed_at"],
        bool(row["held"]),
        row["source"],
        row["channel"],
        Layout(**{**layout, "columns": tuple(layout["columns"])}) if layout is not None else None,
        row["rows_total"],
        bytes(row["wrapped"]) if row["wrapped"] is not None else None,
        row["made_by"],
        row["wanted"],
        row["stop_percent"],
        row["checked"],
        json.loads(row["report"]) if row["report"] is not None else None,
        row["problem"],
        row["payout_units"],
        row["started_at"],
        row["forgotten_at"],
        row["sort"],
        row["hours"],
    )


async def recorded_rounds(
    tx: Tx, vertical: str, currency: str, since: int, limit: int
) -> list[tuple[str | None, bytes]]:
    """The newest records of live requests about one vertical, each with its lead's state."""
    rows = await tx.fetch(
        """SELECT l.us_state, t.document FROM leads l JOIN trails t ON t.lead_id = l.id
           WHERE l.received_at >= :since AND l.vertical = :vertical AND l.mode = 'live' AND l.currency = :currency
           ORDER BY l.received_at DESC, l.id DESC LIMIT :limit""",
        vertical=vertical,
        currency=currency,
        since=since,
        limit=limit,
    )
    return [(row["us_state"], bytes(row["document"])) for row in rows]


async def imports_of_campaign(tx: Tx, campaign_id: str, mode: str, limit: int) -> list[ImportRow]:
    """What the exchange itself imports into a campaign, newest first."""
    rows = await tx.fetch(
        """SELECT * FROM imports WHERE campaign_id = :campaign AND mode = :mode AND held = 1
           ORDER BY made_at DESC, id DESC LIMIT :limit""",
        campaign=campaign_id,
        mode=mode,
        limit=limit,
    )
    return [import_of(row) for row in rows]


async def import_of_source(tx: Tx, source: str, file_hash: bytes) -> ImportRow | None:
    """The newest import of these bytes from a source, unless they were refused."""
    rows = await tx.fetch(
        """SELECT * FROM imports WHERE source = :source AND file_hash = :hash AND state <> 'refused'
           ORDER BY made_at DESC, id DESC LIMIT 1""",
        source=source,
        hash=file_hash,
    )
    return import_of(rows[0]) if rows else None


async def imports_of_source(tx: Tx, source: str, limit: int) -> list[ImportRow]:
    """What a source brought, newest first."""
    rows = await tx.fetch(
        "SELECT * FROM imports WHERE source = :source ORDER BY made_at DESC, id DESC LIMIT :limit",
        source=source,
        limit=limit,
    )
    return [import_of(row) for row in rows]
