"""`exchange job`: work that gave up after too many tries, and putting it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.storage.database import Row

MOST = 10_000


def list_dead(
    context: typer.Context, kind: Annotated[str, typer.Option(help="Only jobs of this kind, such as notice.")] = ""
) -> None:
    """Jobs that were tried too often, with the last error of each, the oldest first."""
    from exchange.commands.opening import run

    run(_list(context.obj, kind))


async def _list(terminal: Terminal, kind: str) -> None:
    from exchange.commands.opening import opened_database, settings_of, zone_of

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_database(settings) as db:
        rows = await _dead(db, kind)
    shown = [
        (
            row["id"],
            row["kind"],
            row["queue"],
            f"{datetime.fromtimestamp(row['ended_at'] / 1000, zone):%d %b %H:%M:%S}",
            f"{row['attempts']} tries",
            row["last_error"] or "",
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  No job gave up."])


def replay(
    context: typer.Context,
    jobs: Annotated[list[str] | None, typer.Argument(help="Their ids, from the list.")] = None,
    kind: Annotated[str, typer.Option(help="All that gave up of this kind.")] = "",
) -> None:
    """Put jobs that gave up back, as if they were new."""
    from exchange.commands.opening import run

    if bool(jobs) == bool(kind):
        raise Stop(Exit.USAGE, "Say either the ids of jobs or --kind.")
    run(_replay(context.obj, jobs or [], kind))


async def _replay(terminal: Terminal, wanted: list[str], kind: str) -> None:
    from exchange.clock import SystemClock
    from exchange.commands.opening import opened_database, operator, settings_of
    from exchange.flows.replay import replay_dead
    from exchange.ids import SystemIds

    async with opened_database(settings_of(terminal)) as db:
        ids = wanted or [row["id"] for row in await _dead(db, kind)]
        count = len(ids)
        if ids:
            terminal.confirm(f"{count} jobs would be done again. Go on?", "Nothing was put back.")
        done = await replay_dead(db, SystemClock(), SystemIds(), ids, operator())
    kept = [each for each in ids if each not in set(done)]
    lines = [f"  Put back {len(done)} of {count} jobs.", *(f"  {each} is not dead, or waits already." for each in kept)]
    terminal.result({"put_back": done, "not_put_back": kept}, lines)
    if kept:
        raise Stop(Exit.SOME_FAILED)


async def _dead(db: Any, kind: str) -> list[Row]:
    from exchange.commands.opening import operator
    from exchange.storage.queues import dead_jobs_of

    rows: list[Row] = await db.read(dead_jobs_of, operator(), kind, MOST)
    return rows
