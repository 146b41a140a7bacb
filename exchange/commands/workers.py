"""Several serving processes on one port: started, watched, started again when one dies, and stopped together."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import TYPE_CHECKING

from exchange.commands.opening import clock_of, config_file, reached
from exchange.commands.serve import take_up, tell
from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.settings import Settings

PAUSE_SECONDS = (0.0, 1.0, 5.0, 15.0)  # before a process that died again and again is started once more
LIVED_SECONDS = 60.0  # one that lived so long is started again at once


async def supervise(terminal: Terminal, settings: Settings, count: int) -> None:
    """Run until SIGTERM or SIGINT. The children get it too, and end what they have at work."""
    from exchange.clock import SystemClock

    clock = SystemClock()
    began = clock.monotonic()
    warnings = await _prepare(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ready: asyncio.Queue[None] = asyncio.Queue()
    command = _command(terminal, settings, count)
    tasks = [asyncio.create_task(_keep_running(command, ready, stop)) for _ in range(count)]
    announced = asyncio.create_task(_announce(terminal, settings, count, ready, warnings, began))
    await asyncio.wait([asyncio.create_task(stop.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    announced.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


async def _prepare(settings: Settings) -> list[str]:
    """Once, before the children come: they find everything migrated and taken up. Returns what is to be warned of."""
    from exchange.bootstrap import open_market

    few = settings.model_copy(update={"postgres_connections": 2})
    with reached():
        async with open_market(few, clock=clock_of(settings)) as market:
            return await take_up(market, settings)


def _command(terminal: Terminal, settings: Settings, count: int) -> list[str]:
    file = config_file(terminal)
    where = ["--config", str(file)] if file is not None else []
    where += ["--data", str(terminal.data)] if terminal.data is not None else []
    listening = ["--host", settings.host, "--port", str(settings.port), "--part-of", str(count)]
    return [sys.executable, "-m", "exchange", *where, "serve", *listening]


async def _announce(
    terminal: Terminal, settings: Settings, count: int, ready: asyncio.Queue[None], warnings: list[str], began: float
) -> None:
    from exchange.clock import SystemClock

    for _ in range(count):
        await ready.get()
    tell(terminal, settings, count, warnings, SystemClock().monotonic() - began)


async def _keep_running(command: list[str], ready: asyncio.Queue[None], stop: asyncio.Event) -> None:
    """One child, again and again. A child that refuses to start at all ends everything with its exit code."""
    from exchange.clock import SystemClock

    clock = SystemClock()
    deaths = 0
    while not stop.is_set():
        began = clock.monotonic()
        child = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
        listened = await _one_life(child, ready, stop)
        if stop.is_set():
            return
        if not listened and child.returncode in (Exit.UNREACHABLE, Exit.REFUSED):
            raise Stop(Exit(child.returncode), "A worker could not start; it said why above.")
        deaths = 0 if clock.monotonic() - began > LIVED_SECONDS else deaths + 1
        pause = asyncio.ensure_future(clock.sleep(PAUSE_SECONDS[max(0, min(deaths, len(PAUSE_SECONDS)) - 1)]))
        await asyncio.wait([pause, stopped := asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        pause.cancel()


async def _one_life(child: Process, ready: asyncio.Queue[None], stop: asyncio.Event) -> bool:
    """Until the child ends, by itself or because all are to stop. True when it had listened."""
    assert child.stdout is not None
    listened = False
    stopping = asyncio.create_task(stop.wait())
    line = asyncio.create_task(child.stdout.readline())
    ended = asyncio.create_task(child.wait())
    while not ended.done():
        waiting = [task for task in (stopping, line, ended) if not task.done()]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if line.done() and not listened and line.result():
            listened = True
            ready.put_nowait(None)
        if stopping.done() and child.returncode is None:
            child.terminate()
            await ended
    for task in (stopping, line):
        task.cancel()
    return listened
