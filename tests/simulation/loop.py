"""An event loop in which time jumps to the next thing that is due: hours pass in the time that the work takes."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from exchange.clock import SystemClock

START_MS = 1_795_000_000_000


class _Jumping(selectors.SelectSelector):
    """Never waits: what would have been waited for is added to the time."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.seconds += timeout
        return ready


class _AtOnce(ThreadPoolExecutor):
    """Does at once what would be left to a thread: the loop would jump ahead while it waits for one."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **named))
        except BaseException as error:
            done.set_exception(error)
        return done


class SimulatedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self.set_default_executor(_AtOnce(1))

    def time(self) -> float:
        return self._jumping.seconds


class LoopClock(SystemClock):
    """The clock of such a loop. It sleeps as the system's does: the loop makes that a jump."""

    def now(self) -> int:
        return START_MS + int(self.monotonic() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
