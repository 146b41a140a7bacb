"""`exchange data`: the tables of facts in use, how old they are, and newer ones taken into use."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.fields.table import Table

_HEADS = ("table", "version", "age", "rows", "from", "licence")


def show(context: typer.Context) -> None:
    """Every table: version, age, rows, where it came from and under which licence. An old one is marked."""
    if context.invoked_subcommand is None:
        from exchange.commands.opening import run

        run(_show(context.obj))


async def _show(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of

    async with opened_market(settings_of(terminal)) as market:
        today = datetime.fromtimestamp(market.clock.now() / 1000, UTC).date()
        tables = sorted(market.tables, key=lambda table: table.head.name)
    told = [(table, (today - date.fromisoformat(table.head.version)).days) for table in tables]
    lines = columns([_HEADS, *(_line(*each) for each in told)])
    terminal.result([_fields(*each) for each in told], lines)


def _is_old(table: Table, age: int) -> bool:
    from exchange.stages.tables import table_kinds

    return age > table_kinds()[table.head.name].stale_days


def _line(table: Table, age: int) -> tuple[str, ...]:
    head = table.head
    told = f"{age} days{' (old)' if _is_old(table, age) else ''}"
    origin = f"{head.source}, loaded by {table.loaded_by}" if table.loaded_by is not None else head.source
    return head.name, head.version, told, f"{table.rows:,}", origin, head.licence


def _fields(table: Table, age: int) -> dict[str, object]:
    return {
        **table.head._asdict(),
        "age_days": age,
        "old": _is_old(table, age),
        "rows": table.rows,
        "sha256": table.sha256,
        "loaded_by": table.loaded_by,
        "loaded_at": table.loaded_at,
    }


def update(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A table's file, plain or gzipped; its first lines say which it is.")],
    smaller: Annotated[bool, typer.Option("--smaller", help="It may have less than half the rows of before.")] = False,
) -> None:
    """Take a newer table into use on every node at once, without a restart. A file with a mistake changes nothing."""
    from exchange.commands.opening import run

    run(_update(context.obj, file, smaller))


async def _update(terminal: Terminal, file: Path, smaller: bool) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.fields.table import BadTable
    from exchange.flows.tables import update_table

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Stop(Exit.UNREACHABLE, f"{file} cannot be read: {error.strerror or error}.") from error
    async with opened_market(settings_of(terminal)) as market:
        try:
            table = await update_table(market, content, operator(), smaller=smaller)
        except BadTable as error:
            raise Stop(Exit.CHECK_FAILED, f"{file} cannot be used: {error}") from error
    head = table.head
    result = {**head._asdict(), "rows": table.rows, "sha256": table.sha256}
    terminal.result(result, [f"  {head.name} of {head.version} is in use: {table.rows:,} rows."])


def reset(
    context: typer.Context, table: Annotated[str, typer.Argument(help="Its name, from `exchange data`.")]
) -> None:
    """Go back to the table that came with the program."""
    from exchange.commands.opening import run

    run(_reset(context.obj, table))


async def _reset(terminal: Terminal, name: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.tables import reset_table
    from exchange.stages.tables import table_kinds

    if name not in table_kinds():
        raise Stop(Exit.USAGE, f"There is no table called {name}: there are {', '.join(sorted(table_kinds()))}.")
    async with opened_market(settings_of(terminal)) as market:
        dropped = await reset_table(market, name, operator())
        version = market.tables[name].head.version
    told = "is in use again" if dropped else "was in use already"
    terminal.result(
        {"table": name, "version": version, "dropped": dropped}, [f"  The packaged {name} of {version} {told}."]
    )
