"""`exchange source`: where leads come from beside the API, looked at now, or paused."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.sources.document import Source
    from exchange.storage.sources import SourceState

_NAME = Annotated[str, typer.Argument(help="Its name, from the list.")]


def list_all(context: typer.Context) -> None:
    """Every source: its kind and campaign, the last poll and the next, new items, and what is wrong."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of, zone_of
    from exchange.storage.sources import SourceState, source_states

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_market(settings) as market:
        states = await market.db.read(source_states)
        sources = [(source, states.get(name, SourceState(name))) for name, source in sorted(market.sources.items())]
    lines = columns([_shown(source, state, zone) for source, state in sources]) or ["  There is no source."]
    terminal.result([_fields(source, state) for source, state in sources], lines)


def _shown(source: Source, state: SourceState, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        source.name,
        source.kind,
        source.campaign_id,
        "paused" if state.paused_at is not None else "down" if state.failures else "active",
        f"last {_moment(state.last_at, zone)}" if source.every_ms is not None else "is sent to",
        f"next {_moment(state.next_at, zone)}" if source.every_ms is not None and state.paused_at is None else "",
        f"{state.last_items} new, {state.items} in all",
        state.last_error or "",
    )


def _moment(at: int | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%d %b %H:%M:%S}" if at else "never"


def _fields(source: Source, state: SourceState) -> dict[str, object]:
    return {
        "source": source.name,
        "kind": source.kind,
        "campaign": source.campaign_id,
        "mode": source.mode.value,
        "paused": state.paused_at is not None,
        "last_at": state.last_at,
        "next_at": state.next_at if source.every_ms is not None else None,
        "new_items": state.last_items,
        "items": state.items,
        "failures": state.failures,
        "last_error": state.last_error,
    }


def poll(context: typer.Context, source: _NAME) -> None:
    """Look at a source now, whatever its time and however long it rests: `exchange serve` does it within a second."""
    from exchange.commands.opening import run

    run(_poll(context.obj, source))


async def _poll(terminal: Terminal, name: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.polls import CannotPoll, poll_now

    async with opened_market(settings_of(terminal)) as market:
        _require(market, name)
        try:
            await poll_now(market, name, operator())
        except CannotPoll as error:
            raise Stop(Exit.REFUSED, str(error)) from error
    terminal.result({"source": name, "polled": True}, [f"  {name} is polled as soon as the exchange runs."])


def pause(
    context: typer.Context,
    source: _NAME,
    resume: Annotated[bool, typer.Option("--resume", help="Let it go on.")] = False,
) -> None:
    """Look at a source no more, and take nothing from it, until it is resumed."""
    from exchange.commands.opening import run

    run(_pause(context.obj, source, not resume))


async def _pause(terminal: Terminal, name: str, paused: bool) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows import polls

    async with opened_market(settings_of(terminal)) as market:
        _require(market, name)
        await polls.pause(market, name, paused, operator())
    told = f"  {name} is paused." if paused else f"  {name} goes on."
    terminal.result({"source": name, "paused": paused}, [told])


def _require(market: Market, name: str) -> None:
    if name not in market.sources:
        raise Stop(Exit.FAILED, f"There is no source {name}.", sorted(market.sources))
