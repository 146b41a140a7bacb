"""One worker of several, and one life of it after another: when it began, what it said, when it is to begin again."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

import orjson

from exchange.handing import hand
from exchange.rates import SharedRates

PAUSE_SECONDS = (0.0, 1.0, 5.0, 15.0)  # before what died again and again is started once more
LIVED_SECONDS = 60.0  # one that lived so long is started again at once
HEARD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Part:
    """What a worker is given when it parts from its supervisor.

    It is worker `number` of those that share `rates`; the `first` takes up what a stopped exchange left before anybody
    serves. Clients are handed in at `end`; they came to `address`. `door` leads to the writer of a SQLite file.
    """

    number: int
    rates: SharedRates
    first: bool
    end: socket.socket
    address: str
    door: socket.socket | None


class Lives:
    """When something that died may begin again."""

    def __init__(self) -> None:
        self.deaths = 0
        self.due = 0.0
        self._began = 0.0

    def begin(self, now: float) -> None:
        self._began = now

    def end(self, now: float) -> None:
        self.deaths = 1 if now - self._began > LIVED_SECONDS else self.deaths + 1
        self.due = now + PAUSE_SECONDS[min(self.deaths, len(PAUSE_SECONDS)) - 1]


class Worker:
    """A place for a process; `connections` it has, as far as it told."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.lives = Lives()
        self.process_id = 0
        self.end: socket.socket | None = None
        self.ready = False
        self.warnings: list[str] = []
        self.connections = 0
        self.asked_at = 0
        self._said = b""

    def begin(self, process_id: int, end: socket.socket, now: float) -> None:
        self.process_id, self.end, self._said = process_id, end, b""
        self.lives.begin(now)

    def ended(self, now: float) -> None:
        self.lives.end(now)
        self.process_id, self.ready, self.connections = 0, False, 0
        self.close()

    def close(self) -> None:
        """Hand nothing to it any more."""
        if self.end is not None:
            self.end.close()
            self.end = None

    def leave(self) -> None:
        """Forget a process that is another's."""
        self.process_id = 0
        self.close()

    def hear(self) -> bool:
        """What it says: that it is ready, or that connections ended. False when it says nothing any more."""
        assert self.end is not None
        try:
            said = self.end.recv(HEARD_BYTES)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if self.ready:
            self.connections -= len(said)
            return bool(said)
        self._said += said
        line, newline, rest = self._said.partition(b"\n")
        if newline:
            self.ready, self.warnings, self.connections = True, orjson.loads(line), -len(rest)
        return bool(said)

    def give(self, client: socket.socket, number: int) -> bool:
        """Hand a client to it. False when it takes none now."""
        if self.end is None or not self.ready:
            return False
        try:
            hand(self.end, client)
        except OSError:  # it does not read, is about to stop, or is gone
            return False
        self.connections += 1
        self.asked_at = number
        return True

    def tell(self, sign: int) -> None:
        if self.process_id:
            os.kill(self.process_id, sign)
