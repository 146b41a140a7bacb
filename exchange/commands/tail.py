"""`exchange tail`: leads as they are answered."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal


def tail(
    context: typer.Context,
    seller: Annotated[str, typer.Option(help="Only of this seller; part of the name is enough.")] = "",
    status: Annotated[str, typer.Option(help="Only sold, unsold, rejected, duplicate, unclear …")] = "",
    last: Annotated[int, typer.Option(min=0, max=200, help="Begin with so many earlier leads.")] = 0,
    count: Annotated[int, typer.Option(min=0, help="End after so many leads; 0 goes on.")] = 0,
) -> None:
    """Show leads as they are answered, beside a running server. With --json one document a line."""
    from exchange.commands.lead_lines import STATES
    from exchange.commands.opening import run

    if status and status not in STATES:
        raise Stop(Exit.USAGE, f"--status is one of {', '.join(STATES)}.")
    run(_tail(context.obj, seller, status, last, count))


async def _tail(terminal: Terminal, seller: str, status: str, last: int, count: int) -> None:
    from exchange.commands.lead_lines import document, line, wanted
    from exchange.commands.opening import opened_market, settings_of, zone_of
    from exchange.flows.watch import watch

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    shown = 0
    async with opened_market(settings) as market:
        async for lead in watch(market, last):
            if wanted(lead, seller, status):
                terminal.result(document(lead), [line(terminal, lead, zone)])
                shown += 1
            if count and shown >= count:
                return
