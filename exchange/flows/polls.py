"""Sources that are looked at: when, how it went, and what an operator does about it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import cast

from exchange.flows.by_hand import audit_line
from exchange.flows.doors import NotPolled
from exchange.flows.job_ends import DestinationDown, Ended
from exchange.flows.jobs import POLL, job
from exchange.flows.market import Market
from exchange.flows.sources import store_items
from exchange.model.actor import Actor
from exchange.model.source import Polled
from exchange.model.work import JobRow
from exchange.sources.document import Source
from exchange.storage.sources import (
    Poll,
    SourceState,
    begin_polls,
    move_cursor,
    note_failed_poll,
    note_poll,
    poll_at_once,
    set_pause,
    source_state,
    source_states,
)


class CannotPoll(Exception):
    """Why a source is not polled now, as a sentence."""


async def plan_polls(market: Market) -> int:
    """The duty: queue every poll whose time has come. On any number of nodes each is queued once."""
    polled = [source for source in market.sources.values() if source.every_ms is not None]
    if not polled:
        return 0
    now = market.clock.now()
    states = await market.db.read(source_states)
    due = [
        Poll(source.name, now + (source.every_ms or 0), _job(market, source, now))
        for source in polled
        if _is_due(states.get(source.name, SourceState(source.name)), now)
    ]
    return await market.db.write(begin_polls, due, now) if due else 0


def _is_due(state: SourceState, now: int) -> bool:
    return state.next_at <= now and state.paused_at is None


def _job(market: Market, source: Source, now: int) -> JobRow:
    """One queue for each source, so that one poll of it runs at a time on any number of nodes."""
    payload: dict[str, object] = {"source": source.name}
    return job(market, f"source:{source.name}", POLL, payload, now, now, f"poll:{source.name}")


async def poll(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job: look at a source, and keep what it has."""
    name = str(payload["source"])
    source = market.sources.get(name)
    state = await market.db.read(source_state, name)
    if source is None or state.paused_at is not None:
        return Ended.UNASKED
    try:
        stored = await _look(market, source, state.cursor)
    except NotPolled as error:
        await market.db.write(note_failed_poll, name, error.detail, market.clock.now())
        raise DestinationDown(error.detail, error.after_ms) from None
    except Exception as error:
        await market.db.write(note_failed_poll, name, f"{type(error).__name__} in the exchange", market.clock.now())
        raise
    await market.db.write(note_poll, name, stored, market.clock.now())
    return None


async def _look(market: Market, source: Source, cursor: str) -> int:
    stored = 0
    found = cast(AsyncGenerator[Polled], market.doors.pollers[source.kind](market, source, cursor))
    async with aclosing(found):
        async for polled in found:
            stored += await store_items(market, source, polled.items)
            await market.db.write(move_cursor, source.name, polled.cursor)
    return stored


async def is_paused(market: Market, name: str) -> bool:
    """Whether an operator wants nothing from a source now."""
    return (await market.db.read(source_state, name)).paused_at is not None


async def poll_now(market: Market, name: str, actor: Actor) -> None:
    """Poll a source without waiting for its time. Raises `CannotPoll`."""
    source = market.sources.get(name)
    if source is None:
        raise CannotPoll(f"There is no source {name}.")
    if source.every_ms is None:
        raise CannotPoll(f"{name} is sent to; it is never polled.")
    now = market.clock.now()
    if await is_paused(market, name):
        raise CannotPoll(f"{name} is paused. Let it go on, and it is polled at once.")
    line = audit_line(market.ids, now, actor, "source.polled", f"source:{name}")
    planned = Poll(name, now + source.every_ms, _job(market, source, now))
    if not await market.db.write(poll_at_once, planned, now, line):
        raise CannotPoll(f"{name} is being polled just now.")


async def pause(market: Market, name: str, paused: bool, actor: Actor) -> bool:
    """Pause a source, or let it go on. False when there is none. What was kept is taken all the same."""
    if name not in market.sources:
        return False
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "source.paused" if paused else "source.resumed", f"source:{name}")
    await market.db.write(set_pause, name, now if paused else None, now, line)
    return True
