"""How a process keeps up: how long something held its loop, and whether the machine's clock was set."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

EVERY_SECONDS = 1.0
JUMP_MS = 5_000
HELD_MS = 500
_BEATS = 60


class Beat(NamedTuple):
    """What one beat found: for how long the loop was held, and by how much the clock was set, forward or back."""

    held_ms: int
    set_ms: int


class Pulse:
    """Beats every second. A beat that comes late says that nothing else ran in time either."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None
        self._held: deque[int] = deque(maxlen=_BEATS)

    @property
    def held_ms(self) -> int:
        """The longest of the last minute."""
        return max(self._held, default=0)

    def beat(self, now: int, monotonic: float) -> Beat:
        before, self._last = self._last, (now, monotonic)
        if before is None:
            return Beat(0, 0)
        passed_ms = (monotonic - before[1]) * 1000
        held_ms = max(round(passed_ms - EVERY_SECONDS * 1000), 0)
        self._held.append(held_ms)
        return Beat(held_ms, round(now - before[0] - passed_ms))
