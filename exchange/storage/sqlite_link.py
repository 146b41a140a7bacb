"""The exchange's end of the writer process: futures by number, one send per turn of the loop."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from exchange.limits import WRITER_QUEUE
from exchange.storage import parcel
from exchange.storage.database import StorageBusy, StorageError, StorageUnclear
from exchange.storage.sqlite_door import LEAVING_SECONDS, knock, let_go, make_door, spawn_writer


class WriterLink(asyncio.Protocol):
    """One writer process. `lost` is called once, when it is gone."""

    def __init__(self, lost: Callable[[WriterLink], None]) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self._inbox = parcel.Inbox()
        self._lost = lost
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports derive from nothing of asyncio's

    def send(self, frames: list[bytes], waiting: Mapping[int, asyncio.Future[Any]]) -> None:
        assert self._transport is not None
        self.waiting.update(waiting)
        self._transport.write(b"".join(frames))

    def data_received(self, data: bytes) -> None:
        self._inbox.add(data)
        for number, stored, blob in self._inbox.take():
            future = self.ready if number == parcel.READY else self.waiting.pop(number)
            if future.done():  # its caller was cancelled; the unit is stored all the same
                continue
            try:
                answer = parcel.unpack(blob)
            except Exception as failure:  # a result class may break in any way when it is rebuilt
                future.set_exception(StorageUnclear(f"the unit's answer cannot be read here: {failure}"))
                continue
            if stored:
                future.set_result(answer)
            else:
                future.set_exception(answer)

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.ready, *self.waiting.values()):
            if not future.done():
                future.set_exception(StorageUnclear("the writer process ended before it answered"))
        self.waiting.clear()
        self.closed.set_result(None)
        self._lost(self)

    def end(self) -> None:
        """Say that nothing more comes; the writer commits what it has, answers and leaves."""
        if self._transport is not None:
            self._transport.write_eof()


class Writer(Protocol):
    """A writer process to be reached, again when it died."""

    @property
    def process_id(self) -> int | None: ...

    async def reach(self) -> socket.socket:
        """Our end of a pair of sockets whose other end a writer has."""
        ...

    async def left(self) -> None:
        """Wait until it has gone, if it is to go with us."""
        ...


class OwnWriter:
    """A writer for this process alone, started by it and, when it died, started again."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def reach(self) -> socket.socket:
        await self.left()
        outside, inside = make_door()
        with outside, inside:  # nobody else comes through it: the writer leaves when our end is closed
            self._process = spawn_writer(inside, self._options)
            return knock(outside)

    async def left(self) -> None:
        if self._process is not None:
            await asyncio.get_running_loop().run_in_executor(None, let_go, self._process)


class SharedWriter:
    """The writer that a supervisor keeps running, for this process and others."""

    process_id: int | None = None

    def __init__(self, door: socket.socket) -> None:
        self._door = door

    async def reach(self) -> socket.socket:
        return knock(self._door)

    async def left(self) -> None:
        return


class WriterCalls:
    """Writes through a writer process, and through another when it died.

    Units that were not sent yet wait for the next writer; those that were get `StorageUnclear`.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._link: WriterLink | None = None
        self._starting: asyncio.Task[None] | None = None
        self._frames: list[bytes] = []
        self._unsent: dict[int, asyncio.Future[Any]] = {}
        self._number = parcel.READY
        self._closing = False

    @property
    def process_id(self) -> int | None:
        return self._writer.process_id

    async def start(self) -> None:
        """Reach the writer and wait until the file is open. Raises why it could not be."""
        self._begin()
        assert self._starting is not None
        await self._starting

    async def run(
        self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, first: bool = False
    ) -> Any:
        """Run a unit and hear its result once it is durable or, if it is but the `first` of its work, once it ran."""
        if self._closing:
            raise StorageError("the database is closed")
        link = self._link
        if len(self._unsent) + (len(link.waiting) if link is not None else 0) >= WRITER_QUEUE:
            raise StorageBusy(f"{WRITER_QUEUE} units of work wait for the database")
        blob = parcel.pack_unit(unit, args, kwargs)
        loop = asyncio.get_running_loop()
        self._number += 1
        self._unsent[self._number] = future = loop.create_future()
        self._frames.append(parcel.frame(self._number, not first, blob))
        if link is None:
            self._begin()
        elif len(self._frames) == 1:
            loop.call_soon(self._flush)
        return await future

    async def close(self) -> None:
        """Let the writer finish everything it was given, then leave."""
        self._closing = True
        if self._starting is not None:
            await asyncio.wait([self._starting])
        if self._link is not None:
            link = self._link
            self._flush()
            link.end()
            await asyncio.wait([link.closed], timeout=LEAVING_SECONDS)
        await self._writer.left()

    def _flush(self) -> None:
        if self._link is None or not self._frames:
            return
        self._link.send(self._frames, self._unsent)
        self._frames, self._unsent = [], {}

    def _begin(self) -> None:
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(self._start())
            self._starting.add_done_callback(self._started)

    async def _start(self) -> None:
        try:
            ours = await self._writer.reach()
        except OSError as error:
            raise StorageError(f"the writer process cannot be reached: {error}") from error
        loop = asyncio.get_running_loop()
        _, link = await loop.create_unix_connection(lambda: WriterLink(self._gone), sock=ours)
        await link.ready
        self._link = link

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._flush()
            return
        unsent, self._unsent, self._frames = self._unsent, {}, []
        for future in unsent.values():
            if not future.done():
                future.set_exception(StorageError(f"no writer process can be reached: {error}"))

    def _gone(self, link: WriterLink) -> None:
        if self._link is link:
            self._link = None
            if not self._closing:
                self._begin()
