"""The writer process: the one owner of a SQLite file. `python -m exchange.storage.sqlite_writer FD OPTIONS`.

The exchange's processes hand it sockets through a door (`sqlite_door`). It takes whatever waits on any of them, runs it
as one group, commits once and answers each on its own; the next group runs while one is brought to the disk. When the
door and all sockets are closed it leaves; what a process sent before it went is stored all the same.
"""

from __future__ import annotations

import gc
import json
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from exchange.handing import take
from exchange.limits import ANSWERS_UNREAD_BYTES, GROUP_UNITS
from exchange.storage import parcel
from exchange.storage.database import StorageError
from exchange.storage.file_lock import hold_file
from exchange.storage.sqlite_commits import Commits, Disk
from exchange.storage.sqlite_group import Answer, Stored, Synchronous, open_writing, run_packed

CHUNK_BYTES = 256 * 1024
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Wire:
    """One process's socket: what came from it and is not run, what is answered and not sent."""

    __slots__ = ("answers", "deaf", "inbox", "left", "more", "socket", "waiting", "watched")

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.inbox = parcel.Inbox()
        self.answers = bytearray()
        self.more = False  # whole units may be left in the inbox
        self.left = False  # nothing more comes
        self.deaf = False  # nobody hears the answers
        self.waiting = 0  # units taken and not answered
        self.watched = _READ

    @property
    def full(self) -> bool:
        """Its process does not read: no unit is taken from it until it does, and nobody else waits for it."""
        return len(self.answers) >= ANSWERS_UNREAD_BYTES

    @property
    def over(self) -> bool:
        return self.left and not self.more and not self.waiting and (self.deaf or not self.answers)

    def receive(self) -> None:
        """Take the bytes that are there."""
        try:
            data = self.socket.recv(CHUNK_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        self.inbox.add(data)
        self.left = not data
        self.more = True

    def units(self, most: int) -> list[tuple[int, bool, bytes]]:
        if not self.more or self.full:
            return []
        found = self.inbox.take(most)
        self.more = len(found) == most
        return found

    def send(self, told: bytes = b"") -> None:
        """Answer as far as that goes at once; the rest goes as the other end reads."""
        self.answers += told
        if self.deaf:
            self.answers.clear()
        if not self.answers:
            return
        try:
            del self.answers[: self.socket.send(self.answers)]
        except BlockingIOError:
            return
        except ConnectionError:  # gone: what it sent before is stored all the same
            self.deaf = True
            self.answers.clear()


class Opened(NamedTuple):
    """The file, opened for writing, and the disk that it waits for, if it does."""

    commits: Commits
    disk: Disk | None


class Hall:
    """The door, the wires of those who came in through it, and the file, opened for the first of them."""

    def __init__(self, door: socket.socket, open_file: Callable[[], Opened]) -> None:
        self._door: socket.socket | None = door
        self._open_file = open_file
        self._file: Opened | None = None
        self._wires: list[Wire] = []
        self._told: dict[Wire, list[bytes]] = {}
        self._selector = selectors.DefaultSelector()
        door.setblocking(False)
        self._selector.register(door, _READ)

    def serve(self) -> None:
        """Answer units until nobody is there and nobody can come."""
        while self._door is not None or self._wires or not (self._file is None or self._file.commits.idle):
            self._listen()
            self._work()
            self._look_after()

    def _listen(self) -> None:
        """Take bytes from everybody who sent some, and wait for some when nothing is to be done."""
        at_work = any(wire.more and not wire.full for wire in self._wires)
        for key, ready in self._selector.select(0 if at_work else None):
            wire: Wire | None = key.data
            if wire is None:
                if key.fileobj is self._door:
                    self._welcome()
                continue  # else the disk: it is asked after every unit
            if ready & _WRITE:
                wire.send()
            if ready & _READ and not wire.more:
                wire.receive()

    def _work(self) -> None:
        """Run what waits, as much of each as of the others, and answer what has reached the disk."""
        if self._file is None:
            return
        commits = self._file.commits
        most = max(1, GROUP_UNITS // max(1, len(self._wires)))
        taken = [(wire, unit) for wire in self._wires for unit in wire.units(most)]
        commits.hear()
        for wire, (number, durable, blob) in taken:
            wire.waiting += 1
            commits.run(partial(run_packed, blob), partial(self._tell, wire, number), first=not durable)
            commits.hear()
        commits.settle()
        self._send()
        if self._wires:
            self._wires.append(self._wires.pop(0))  # another one is first in the next group

    def _tell(self, wire: Wire, number: int, answer: Answer) -> None:
        wire.waiting -= 1
        self._told.setdefault(wire, []).append(_framed(number, answer))

    def _send(self) -> None:
        for wire, frames in self._told.items():
            wire.send(b"".join(frames))
        self._told.clear()

    def _look_after(self) -> None:
        """Watch each wire for what is waited for there; end those that are over."""
        for wire in [each for each in self._wires if each.over]:
            self._end(wire)
        for wire in self._wires:
            wanted = (0 if wire.left or wire.full else _READ) | (_WRITE if wire.answers else 0)
            if wanted != wire.watched:
                self._watch(wire, wanted)

    def _watch(self, wire: Wire, wanted: int) -> None:
        if not wanted:
            self._selector.unregister(wire.socket)
        elif wire.watched:
            self._selector.modify(wire.socket, wanted, wire)
        else:
            self._selector.register(wire.socket, wanted, wire)
        wire.watched = wanted

    def _welcome(self) -> None:
        """Somebody knocked, or nobody can any more."""
        assert self._door is not None
        try:
            end = take(self._door)
        except OSError:  # nobody is there any more, or there is no descriptor left: who knocked finds that out
            return
        if end is None:
            self._selector.unregister(self._door)
            self._door = None
            return
        wire = Wire(end)
        try:
            if self._file is None:
                self._file = self._open_file()
                if self._file.disk is not None:
                    self._selector.register(self._file.disk, _READ)
                gc.freeze()
        except StorageError as error:
            wire.send(parcel.frame(parcel.READY, False, parcel.pack_error(error)))
            end.close()
            return
        wire.send(parcel.frame(parcel.READY, True, parcel.pack(None)))
        self._selector.register(end, _READ, wire)
        self._wires.append(wire)

    def _end(self, wire: Wire) -> None:
        if wire.watched:
            self._selector.unregister(wire.socket)
        wire.socket.close()
        self._wires.remove(wire)


def _framed(number: int, answer: Answer) -> bytes:
    if isinstance(answer, Stored):
        return parcel.frame(number, True, answer.result)
    return parcel.frame(number, False, parcel.pack_error(answer.error))


def main(descriptor: int, options: dict[str, Any]) -> None:
    # A terminal's Ctrl-C and a service stop reach every process: the exchange ends first, its writer after it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    path = Path(options["path"])
    with ExitStack() as opened, socket.socket(fileno=descriptor) as door:

        def open_file() -> Opened:
            with ExitStack() as opening:
                if options["exclusive"]:
                    opening.enter_context(hold_file(path, wait_ms=options["lock_ms"]))
                synchronous: Synchronous = "NORMAL" if options["durable"] else "OFF"
                connection = opening.enter_context(
                    closing(open_writing(path, busy_ms=options["busy_ms"], synchronous=synchronous))
                )
                disk = opening.enter_context(closing(Disk(path))) if options["durable"] else None
                opened.push(opening.pop_all())
            return Opened(Commits(connection, disk), disk)

        Hall(door, open_file).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
