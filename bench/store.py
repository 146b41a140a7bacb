"""The bare program's durable rows: a SQLite writer in a child process, one commit for whatever waits."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import struct
from pathlib import Path

import orjson

ROWS_MOST = 256
LENGTH = struct.Struct("<I")


class Store:
    """`put` returns a future that is done once the row is on disk."""

    def __init__(self, path: Path) -> None:
        self._loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            write_for_ever(theirs, path)
        theirs.close()
        ours.setblocking(False)
        self._socket = ours
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._flying: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, row: str) -> asyncio.Future[None]:
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((row, done))
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._drain())
        return done

    async def _drain(self) -> None:
        """One batch under way at a time; what comes meanwhile is the next one."""
        while self._waiting:
            batch, self._waiting = self._waiting[:ROWS_MOST], self._waiting[ROWS_MOST:]
            body = orjson.dumps([row for row, _ in batch])
            await self._loop.sock_sendall(self._socket, LENGTH.pack(len(body)) + body)
            if await self._loop.sock_recv(self._socket, 1) != b"k":
                raise RuntimeError("the writer stopped")
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    def close(self) -> None:
        self._socket.close()
        os.waitpid(self.pid, 0)


def write_for_ever(wire: socket.socket, path: Path) -> None:
    """The child: reads batches, commits each with one fsync, answers. Ends with the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.execute("CREATE TABLE IF NOT EXISTS lead (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    stream = wire.makefile("rb")
    while len(head := stream.read(LENGTH.size)) == LENGTH.size:
        rows = orjson.loads(stream.read(LENGTH.unpack(head)[0]))
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT INTO lead (body) VALUES (?)", [(row,) for row in rows])
        base.execute("COMMIT")
        wire.sendall(b"k")
    base.close()
    os._exit(0)
