"""Backups that people make by a page: ordered once, made by a job, looked at and taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from exchange import __version__
from exchange.flows.backups import SUBJECT, make_backup, note_failed
from exchange.flows.by_hand import audit_line
from exchange.flows.jobs import BACKUP, job
from exchange.flows.market import Market
from exchange.model.actor import Actor, Role
from exchange.storage.audit import record
from exchange.storage.database import StorageError
from exchange.storage.jobs import add_job, is_open

_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}\.backup")


async def order_backup(market: Market, actor: Actor) -> bool:
    """Have one made. False while one is being made already."""
    now = market.clock.now()
    return await market.db.write(add_job, job(market, BACKUP, BACKUP, {"by": actor.name}, now, now, BACKUP))


async def is_under_way(market: Market) -> bool:
    return await market.db.read(is_open, BACKUP)


async def back_up(market: Market, payload: Mapping[str, object]) -> None:
    """The job. What goes wrong is noted and not tried again: whoever asked sees it, and so does the alert."""
    actor = Actor(Role.OPERATOR, str(payload["by"]))
    assert market.backed_up is not None, "it was ordered where there is something to back up"
    try:
        await make_backup(
            market.db, market.backed_up, market.backup_dir.absolute(), __version__, actor, market.clock, market.ids
        )
    except OSError as error:
        await note_failed(market.db, f"{error.strerror or error}.", actor, market.clock, market.ids)
    except StorageError as error:
        await note_failed(market.db, str(error), actor, market.clock, market.ids)


def backup_file(market: Market, name: str) -> Path | None:
    """A backup by the name we gave it, when it lies in the folder of this node."""
    file = market.backup_dir.absolute() / name
    return file if _NAME.fullmatch(name) and file.is_file() and not file.is_symlink() else None


async def note_taken(market: Market, name: str, actor: Actor) -> None:
    """Somebody takes a backup away: everything is in it."""
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "backup.taken", f"{SUBJECT}:{name}", after={"file": name}, ip=actor.ip)
    await market.db.write(record, line)
