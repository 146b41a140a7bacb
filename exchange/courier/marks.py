"""When each part of a message's way ended: name found, connected, secured, first byte heard.

Kept only where somebody looks at one message at a time. A lane without marks takes no times.
"""

from __future__ import annotations

from collections.abc import Callable

from exchange.model.wire import Timing

FOUND, CONNECTED, SECURED, HEARD = "found", "connected", "secured", "heard"


class Marks:
    """The moments of the message on its way, in seconds of `now`. The first of each name counts."""

    __slots__ = ("_at", "_now")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._at: dict[str, float] = {}

    def note(self, name: str) -> None:
        self._at.setdefault(name, self._now())

    def split(self, began: float) -> Timing:
        """The parts since `began`; forgets them. A connection that was kept has no first three."""
        at, self._at = self._at, {}
        ends = [began]
        parts: dict[str, float] = {}
        for name in (FOUND, CONNECTED, SECURED, HEARD):
            if name in at:
                parts[name] = (at[name] - ends[-1]) * 1000
                ends.append(at[name])
        return Timing(parts.get(FOUND), parts.get(CONNECTED), parts.get(SECURED), parts.get(HEARD))
