"""How far a long command has come: a bar on a terminal, a line every five seconds anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from exchange.clock import Clock
from exchange.commands.terminal import Terminal, write

LINE_SECONDS = 5.0
BAR_CELLS = 24
FRAME_SECONDS = 0.1


class Progress(Protocol):
    def at(self, done: int, note: str = "") -> None:
        """`done` so far; the note says the rest: rate, counts."""
        ...


class _Drawn:
    """Draws one line again and again, or writes a new one now and then."""

    def __init__(self, terminal: Terminal, label: str, total: int | None, clock: Clock, moving: bool) -> None:
        self._terminal, self._label, self._total, self._clock, self._moving = terminal, label, total, clock, moving
        self._next = clock.monotonic() + (0.0 if moving else LINE_SECONDS)
        self._last: tuple[int, str] | None = None

    def at(self, done: int, note: str = "") -> None:
        self._last = (done, note)
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + (FRAME_SECONDS if self._moving else LINE_SECONDS)
        self._draw(done, note)

    def end(self) -> None:
        if self._moving and self._last is not None:
            self._draw(*self._last)
            sys.stderr.write("\n")
            sys.stderr.flush()

    def _draw(self, done: int, note: str) -> None:
        of = f"{done:,} / {self._total:,}" if self._total else f"{done:,}"
        if not self._moving:
            self._terminal.remark(f"  {self._label:<11} {of}   {note}".rstrip())
            return
        filled = BAR_CELLS * min(done, self._total) // self._total if self._total else 0
        bar = "█" * filled + "░" * (BAR_CELLS - filled)
        sys.stderr.write(f"\r  {self._label:<11} {bar}  {of}   {note}\x1b[K")
        sys.stderr.flush()


@contextmanager
def progress(terminal: Terminal, label: str, total: int | None, clock: Clock) -> Iterator[Progress]:
    drawn = _Drawn(terminal, label, total, clock, terminal.moving)
    try:
        yield drawn
    finally:
        drawn.end()


def finished(terminal: Terminal, label: str, text: str) -> None:
    """The line that stays when something is done."""
    if not terminal.json and not terminal.quiet:
        write(sys.stderr, [f"  {label:<11} {text}"])
