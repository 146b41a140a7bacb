"""Backups: taken while leads are sold, proved by opening the copy, and restored into a place of their own."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from exchange.clock import Clock
from exchange.flows.books import Proved, prove
from exchange.flows.by_hand import audit_line
from exchange.ids import Ids
from exchange.model.actor import SYSTEM, Actor
from exchange.model.audit import AuditLine
from exchange.model.watched import Parts
from exchange.storage.archive import SETTINGS_FILE, SUFFIX, Packed, pack, tree
from exchange.storage.audit import audit_of, record
from exchange.storage.database import Db
from exchange.storage.engine import is_postgres
from exchange.storage.migrate import read_applied
from exchange.storage.snapshot import member_of, take_snapshot
from exchange.storage.sqlite import open_sqlite

SUBJECT = "backup"
FAILED = "backup.failed"
_LINES = 50  # of which one tells of the last that was made
OLD_MS = 26 * 3_600_000  # a backup a day, and two hours for it


class Made(NamedTuple):
    """A finished backup; `proved` is None where the copy can only be opened by restoring it."""

    packed: Packed
    database_bytes: int
    proved: Proved | None


async def make_backup(db: Db, parts: Parts, folder: Path, version: str, actor: Actor, clock: Clock, ids: Ids) -> Made:
    """Write one more backup into a folder and note it in the audit log. Raises `StorageError` and `OSError`.

    A copy whose books are not sound is kept: it may be all there is. Whoever asked is told.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.now()
    target = folder / f"{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%dT%H%M%S}{SUFFIX}"
    if target.exists():
        raise FileExistsError(f"{target} was made in this very second")
    with tempfile.TemporaryDirectory(prefix=".under-way-", dir=folder) as name:
        copy = Path(name) / member_of(parts.address)
        await take_snapshot(parts.address, copy)
        proved = None if is_postgres(parts.address) else await prove_file(copy, now)
        facts = {"exchange": version, "made_at": now, "schema": max(await db.read(read_applied), default=0)}
        size = copy.stat().st_size
        packed = await asyncio.to_thread(pack, _members(parts, copy, folder), facts, target)
    after: dict[str, object] = {"file": target.name, "bytes": packed.bytes, "sha256": packed.sha256}
    if proved is not None:
        after["sound"] = proved.sound
    await db.write(record, audit_line(ids, clock.now(), actor, "backup.made", SUBJECT, after=after))
    return Made(packed, size, proved)


def _members(parts: Parts, copy: Path, folder: Path) -> Mapping[str, Path]:
    """By their names in a backup; those made before are in none."""
    members = {copy.name: copy}
    if parts.settings_file is not None:
        members[SETTINGS_FILE] = parts.settings_file
    if parts.config_dir is not None:
        members |= tree(parts.config_dir, "config")
    files = tree(parts.files_dir, "files")
    return members | {name: path for name, path in files.items() if folder.resolve() not in path.resolve().parents}


async def prove_file(file: Path, now: int) -> Proved:
    """Open a copied file and prove its books."""
    copy = await open_sqlite(file, process=False)
    try:
        return await prove(copy, now)
    finally:
        await copy.close()


async def last_backup(db: Db) -> AuditLine | None:
    lines = await db.read(audit_of, SYSTEM, SUBJECT, limit=_LINES)
    return next((line for line in lines if line.action == "backup.made"), None)


async def failed_backup(db: Db) -> AuditLine | None:
    """The last try, when it failed."""
    lines = await db.read(audit_of, SYSTEM, SUBJECT, limit=1)
    return lines[0] if lines and lines[0].action == FAILED else None


async def note_failed(db: Db, why: str, actor: Actor, clock: Clock, ids: Ids) -> None:
    """So that whoever runs the exchange hears of it: see the alert rule."""
    after: dict[str, object] = {"why": why[:300]}
    await db.write(record, audit_line(ids, clock.now(), actor, FAILED, SUBJECT, after=after))
