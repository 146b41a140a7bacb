"""Suppression lists in the database: what there is, which file holds each, and what came or went since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.suppression import ListRow, LoadRow, Purpose, Scope
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job

_KEY_BYTES = 8
_LIST = """id, name, scope, party, purpose, us_state, kind, hash, file, before_file, row_count, folded, version,
    dated_at, changed_at, changed_by"""


class Change(NamedTuple):
    """One key that came to a list (`listed`) or went."""

    list_id: str
    version: int
    key: int
    listed: bool


class News(NamedTuple):
    """What is new in the lists since a version. `removed` are ids of lists that are gone."""

    version: int
    lists: tuple[ListRow, ...]
    removed: tuple[str, ...]
    changes: tuple[Change, ...]


class Swap(NamedTuple):
    """A list gets another file. It must still be on the file `expected`. Changes up to `folded` are in the new one."""

    list_id: str
    expected: str
    file: str
    rows: int
    hash: str
    dated_at: int
    folded: int
    at: int
    by: str


async def news_since(tx: Tx, seen: int) -> News | None:
    """None when nothing changed since `seen`."""
    version = await lists_version(tx)
    if version == seen:
        return None
    rows = await tx.fetch(f"SELECT {_LIST}, removed_at FROM suppression_lists WHERE version > :seen", seen=seen)
    changes = await tx.fetch(
        """SELECT list_id, version, item_key, listed FROM suppression_changes WHERE version > :seen
           ORDER BY version, list_id, item_key""",
        seen=seen,
    )
    return News(
        version,
        tuple(list_of(row) for row in rows if row["removed_at"] is None),
        tuple(row["id"] for row in rows if row["removed_at"] is not None),
        tuple(_change(row) for row in changes),
    )


async def lists_version(tx: Tx) -> int:
    rows = await tx.fetch("SELECT version FROM suppression_version WHERE one = 1")
    return int(rows[0]["version"])


async def all_lists(tx: Tx) -> list[ListRow]:
    rows = await tx.fetch(
        f"""SELECT {_LIST} FROM suppression_lists WHERE removed_at IS NULL ORDER BY scope, party, name, kind"""
    )
    return [list_of(row) for row in rows]


async def find_list(tx: Tx, scope: str, party: str, name: str, kind: str) -> ListRow | None:
    rows = await tx.fetch(
        f"""SELECT {_LIST} FROM suppression_lists WHERE removed_at IS NULL AND scope = :scope AND party = :party
               AND name = :name AND kind = :kind""",
        scope=scope,
        party=party,
        name=name,
        kind=kind,
    )
    return list_of(rows[0]) if rows else None


async def read_list(tx: Tx, list_id: str) -> ListRow | None:
    rows = await tx.fetch(f"SELECT {_LIST} FROM suppression_lists WHERE id = :id AND removed_at IS NULL", id=list_id)
    return list_of(rows[0]) if rows else None


async def ensure_list(tx: Tx, row: ListRow) -> ListRow:
    """The list of this name, made now if there was none."""
    found = await find_list(tx, row.scope.value, row.party, row.name, row.kind)
    if found is not None:
        return found
    version = await _next_version(tx)
    values = {**row._asdict(), "scope": row.scope.value, "purpose": row.purpose.value, "version": version}
    values["row_count"] = values.pop("rows")
    await tx.execute(
        f"""INSERT INTO suppression_lists ({_LIST}) VALUES (:id, :name, :scope, :party, :purpose, :us_state, :kind,
               :hash, :file, :before_file, :row_count, :folded, :version, :dated_at, :changed_at, :changed_by)""",
        **values,
    )
    return row._replace(version=version)


async def swap_file(tx: Tx, swap: Swap, line: AuditLine) -> ListRow | None:
    """Put a new file in force. None when the list was removed, or got another file meanwhile."""
    version = await _next_version(tx)
    rows = await tx.fetch(
        f"""UPDATE suppression_lists SET before_file = file, file = :file, row_count = :rows, hash = :hash,
               dated_at = :dated_at, folded = :folded, version = :version, changed_at = :at, changed_by = :by
           WHERE id = :list_id AND file = :expected AND removed_at IS NULL RETURNING {_LIST}""",
        version=version,
        **swap._asdict(),
    )
    if not rows:
        return None
    await tx.execute(
        "DELETE FROM suppression_changes WHERE list_id = :list AND version <= :folded",
        list=swap.list_id,
        folded=swap.folded,
    )
    await record(tx, line)
    return list_of(rows[0])


async def add_changes(tx: Tx, list_id: str, keys: Sequence[int], listed: bool, now: int, by: str) -> int:
    """Keys that come to a list, or go, at once. Returns the version they came with."""
    version = await _next_version(tx)
    await tx.execute_many(
        """INSERT INTO suppression_changes (list_id, version, item_key, listed)
           VALUES (:list, :version, :key, :listed) ON CONFLICT (list_id, version, item_key) DO NOTHING""",
        [
            {"list": list_id, "version": version, "key": key.to_bytes(_KEY_BYTES), "listed": int(listed)}
            for key in sorted(set(keys))
        ],
    )
    await tx.execute(
        "UPDATE suppression_lists SET version = :version, changed_at = :now, changed_by = :by WHERE id = :list",
        version=version,
        now=now,
        by=by,
        list=list_id,
    )
    return version


async def add_entries(tx: Tx, changes: Sequence[tuple[str, int]], listed: bool, now: int, line: AuditLine) -> None:
    """Single values, by list and key, with a line of the audit log."""
    for list_id, key in sorted(changes):
        await add_changes(tx, list_id, (key,), listed, now, line.actor.name)
    await record(tx, line)


async def changes_of(tx: Tx, list_id: str, until: int) -> list[Change]:
    """What came and went, oldest first, up to a version."""
    rows = await tx.fetch(
        """SELECT list_id, version, item_key, listed FROM suppression_changes
           WHERE list_id = :list AND version <= :until ORDER BY version, item_key""",
        list=list_id,
        until=until,
    )
    return [_change(row) for row in rows]


async def crowded_lists(tx: Tx, most: int) -> list[str]:
    """Lists with so many single changes that they should be folded into their file."""
    rows = await tx.fetch(
        "SELECT list_id FROM suppression_changes GROUP BY list_id HAVING COUNT(*) > :most ORDER BY list_id", most=most
    )
    return [row["list_id"] for row in rows]


async def remove_list(tx: Tx, list_id: str, now: int, line: AuditLine) -> ListRow | None:
    """The list is asked no more. Returns what it was."""
    version = await _next_version(tx)
    rows = await tx.fetch(
        f"""UPDATE suppression_lists SET removed_at = :now, version = :version WHERE id = :id AND removed_at IS NULL
           RETURNING {_LIST}""",
        id=list_id,
        now=now,
        version=version,
    )
    if not rows:
        return None
    await tx.execute("DELETE FROM suppression_changes WHERE list_id = :id", id=list_id)
    await record(tx, line)
    return list_of(rows[0])


async def begin_load(tx: Tx, load: LoadRow, jobs: Sequence[JobRow] = ()) -> None:
    values = {**load._asdict(), "problems": json.dumps(load.problems)}
    values["row_count"] = values.pop("rows")
    await tx.execute(
        """INSERT INTO suppression_loads (id, list_id, file_name, mode, state, rows_read, rows_wrong, row_count,
               problems, began_at, ended_at, made_by, options, wrapped)
           VALUES (:id, :list_id, :file_name, :mode, :state, :rows_read, :rows_wrong, :row_count, :problems,
               :began_at, :ended_at, :made_by, :options, :wrapped)""",
        **values,
    )
    for job in jobs:
        await add_job(tx, job)


async def note_load(tx: Tx, load: LoadRow) -> None:
    """How far it has come, or how it ended: then the key of its file is forgotten."""
    await tx.execute(
        """UPDATE suppression_loads SET state = :state, rows_read = :read, rows_wrong = :wrong, row_count = :rows,
               problems = :problems, ended_at = :ended, wrapped = CASE WHEN :over = 0 THEN wrapped END
           WHERE id = :id""",
        id=load.id,
        state=load.state,
        read=load.rows_read,
        wrong=load.rows_wrong,
        rows=load.rows,
        problems=json.dumps(load.problems),
        ended=load.ended_at,
        over=int(load.ended_at is not None),
    )


async def read_load(tx: Tx, load_id: str) -> LoadRow | None:
    rows = await tx.fetch("SELECT * FROM suppression_loads WHERE id = :id", id=load_id)
    return load_of(rows[0]) if rows else None


async def recent_loads(tx: Tx, list_ids: Sequence[str] | None, most: int = 50) -> list[LoadRow]:
    """Newest first: those of some lists, or of all."""
    rows = await tx.fetch("SELECT * FROM suppression_loads ORDER BY began_at DESC, id DESC LIMIT 500")
    loads = [load_of(row) for row in rows]
    return [each for each in loads if list_ids is None or each.list_id in list_ids][:most]


async def _next_version(tx: Tx) -> int:
    rows = await tx.fetch("UPDATE suppression_version SET version = version + 1 WHERE one = 1 RETURNING version")
    return int(rows[0]["version"])


def list_of(row: Row) -> ListRow:
    return ListRow(
        row["id"],
        row["name"],
        Scope(row["scope"]),
        row["party"],
        Purpose(row["purpose"]),
        row["us_state"],
        row["kind"],
        row["hash"],
        row["file"],
        row["before_file"],
        row["row_count"],
        row["folded"],
        row["version"],
        row["dated_at"],
        row["changed_at"],
        row["changed_by"],
    )


def load_of(row: Row) -> LoadRow:
    return LoadRow(
        row["id"],
        row["list_id"],
        row["file_name"],
        row["mode"],
        row["state"],
        row["rows_read"],
        row["rows_wrong"],
        row["row_count"],
        tuple(json.loads(row["problems"])),
        row["began_at"],
        row["ended_at"],
        row["made_by"],
        row["options"],
        bytes(row["wrapped"]) if row["wrapped"] is not None else None,
    )


def _change(row: Row) -> Change:
    return Change(row["list_id"], row["version"], int.from_bytes(bytes(row["item_key"])), bool(row["listed"]))
