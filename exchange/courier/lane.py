"""Lanes beside HTTP: one for each other kind of message, each message sent by a task of its own.

A lane knows a protocol and nothing else. Deadlines, records, the breaker and what a loss means are the courier's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from exchange.courier.connection import Exchange
from exchange.model.wire import Loss, Lost, Reply

_LOG = logging.getLogger("exchange.courier")

Carried = TypeVar("Carried", contravariant=True)


class SideLane(Protocol[Carried]):
    """Sends messages of one kind. A server that refuses has replied; what cannot be reached or breaks off is lost."""

    async def send(self, message: Carried, errand: Errand) -> Reply | Lost:
        """The answer, or why there is none. The courier cancels what takes longer than `errand.seconds`."""
        ...

    async def close(self) -> None: ...


SideLanes = Mapping[type[Any], SideLane[Any]]
"""By the type of the message."""


class Errand:
    """One message on its way through a side lane, which sets `peer` once it is connected.

    A loss before `mark` is *failed*, from it on *unclear*; a message that was refused before it was never marked. What
    travels `over` an exchange of HTTP is handed over with it. The courier asks of an errand what it asks of an exchange
    over HTTP.
    """

    __slots__ = ("_ended", "_marked", "_on_outcome", "_task", "delivers", "over", "peer", "seconds")

    def __init__(self, delivers: bool, seconds: float, on_outcome: Callable[[Reply | Lost], None]) -> None:
        self.delivers = delivers
        self.seconds = seconds
        self.peer = ""
        self.over: Exchange | None = None
        self._marked = self._ended = False
        self._on_outcome = on_outcome
        self._task: asyncio.Task[None] | None = None

    def mark(self) -> None:
        """Called right before the byte that may hand the message over."""
        self._marked = True

    @property
    def written(self) -> bool:
        return self._marked or (self.over is not None and self.over.written)

    def start(self, lane: SideLane[Any], message: object, running: set[asyncio.Task[None]]) -> None:
        """Send it by a task, which is in `running` until it is over."""
        self._task = asyncio.get_running_loop().create_task(self._run(lane, message))
        running.add(self._task)
        self._task.add_done_callback(running.discard)

    def cut(self) -> Lost:
        """Take the message back, telling nobody, and say what its loss is when the deadline is the cause."""
        self._ended = True
        if self._task is not None:
            self._task.cancel()
        if self.written:
            return Lost(Loss.TIMEOUT, "It was handed over, and no answer came in time.")
        return Lost(Loss.DEADLINE_BEFORE, "It was not handed over in time.")

    async def _run(self, lane: SideLane[Any], message: object) -> None:
        outcome: Reply | Lost
        try:
            outcome = await lane.send(message, self)
        except Exception as error:  # never its text, which may quote the lead
            _LOG.error("the lane for %s failed: %s", type(message).__name__, type(error).__name__)
            outcome = Lost(Loss.CONNECT, f"The lane failed: {type(error).__name__}.")
        if self._ended:
            return
        self._ended = True
        if isinstance(outcome, Lost) and self.written and not outcome.why.sent:
            outcome = Lost(Loss.RESET, f"The connection broke after it was handed over. {outcome.detail}")
        self._on_outcome(outcome)
