"""Replies that serve for a while, tokens above all: kept by what was asked, and fetched by one for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from exchange import limits
from exchange.clock import Clock
from exchange.model.wire import HttpMessage, Keeping, Reply

Place = tuple[object, ...]


def place_of(key: str, message: HttpMessage) -> Place:
    """The same question of the same buyer has one answer, with whatever secrets it is asked."""
    return (key, message.method, message.url, tuple(message.headers.items()), message.body, message.route)


class Tokens:
    """Used from one event loop. Nothing of it is stored: after a start each token is asked for again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[Place, tuple[Reply, float]] = {}
        self._waiting: dict[Place, list[Callable[[], None]]] = {}

    def find(self, place: Place, keeping: Keeping) -> Reply | None:
        """The reply that serves, if there is one. The very reply that was refused never serves again."""
        kept = self._kept.get(place)
        if kept is None:
            return None
        reply, until = kept
        if reply is keeping.stale or self._clock.monotonic() >= until:
            del self._kept[place]
            return None
        return reply

    def wait(self, place: Place, again: Callable[[], None]) -> bool:
        """True when somebody fetches it: `again` is called once that has ended. Else it is the caller's to fetch."""
        waiting = self._waiting.get(place)
        if waiting is None:
            self._waiting[place] = []
            return False
        waiting.append(again)
        return True

    def fetched(self, place: Place, reply: Reply | None, seconds: int) -> None:
        """Fetching has ended, with a reply that could be used or without one."""
        if reply is not None and 200 <= reply.status < 300:
            if len(self._kept) >= limits.TOKENS_KEPT:
                self._kept.clear()
            self._kept[place] = (reply, self._clock.monotonic() + seconds)
        loop = asyncio.get_running_loop()
        for again in self._waiting.pop(place, ()):
            loop.call_soon(again)
