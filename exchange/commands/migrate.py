"""`exchange migrate`: bring a database to this program's schema."""

from __future__ import annotations

from typing import Annotated

import typer

from exchange.commands.terminal import Terminal


def migrate_database(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would run.")] = False,
) -> None:
    """Run the numbered migrations a database lacks. `exchange serve` does the same when it starts."""
    from exchange.commands.opening import run

    run(_migrate(context.obj, dry_run))


async def _migrate(terminal: Terminal, dry_run: bool) -> None:
    from exchange.clock import SystemClock
    from exchange.commands.opening import reached, require_parts, settings_of
    from exchange.storage.engine import open_database
    from exchange.storage.migrate import SchemaMismatch, migrate, schema_state

    settings = settings_of(terminal)
    require_parts(settings)
    with reached():
        db = await open_database(settings.database_url, process=False, size=2)
        try:
            state = await schema_state(db)
            if state.newer or state.altered:
                raise SchemaMismatch(state.sentence)
            ran = state.pending if dry_run else await migrate(db, SystemClock().now())
        finally:
            await db.close()
    numbers = ", ".join(f"{number:03d}" for number in ran)
    done = f"{'Would run' if dry_run else 'Ran'} {numbers}." if ran else "Nothing to run."
    last = max([*state.applied, *(() if dry_run else ran)], default=0)
    terminal.result({"ran": list(ran), "dry_run": dry_run, "schema": last}, [f"  {done} Schema {last:03d}."])
