"""FTP, in the clear or inside TLS: explicit, or from the first byte on port 990."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Literal, TypeVar

import aioftp
from aioftp.common import SSLSessionBoundContext, async_enterable

from exchange.courier.dial import NotReached
from exchange.courier.remote import SECONDS, Dial, RemoteDown, RemoteFile, RemoteRefused, check_entries, is_name
from exchange.courier.tls import Contexts, Unreadable, reason
from exchange.model.wire import Loss, Lost, Place

_IMPLICIT_PORT = 990
_BLOCK_BYTES = 64 * 1024
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Done = TypeVar("Done")


class _Client(aioftp.Client):
    """Dials its sockets. A connection for data goes to the address that commands go to, whatever the server says."""

    def __init__(self, place: Place, dial: Dial, context: ssl.SSLContext | None) -> None:
        implicit = context if place.port == _IMPLICIT_PORT else None
        super().__init__(socket_timeout=SECONDS, connection_timeout=SECONDS, ssl=implicit)
        self.peer = ""
        self._place, self._dial, self._context = place, dial, context
        self._opened: list[asyncio.StreamWriter] = []

    async def _open_connection(self, host: str, port: int) -> _Streams:
        made = await self._dial(self.peer or host, port)
        secure = self._context if self._stream is None and self.ssl is not None else None
        try:
            self.peer = self.peer or made.getpeername()[0]
            name = self._place.host if secure is not None else None
            reader, writer = await asyncio.open_connection(sock=made, ssl=secure, server_hostname=name)
        except BaseException:
            made.close()
            raise
        self._opened.append(writer)
        return reader, writer

    def end(self) -> None:
        """Close all at once: a connection inside TLS would wait for the server to say that it closes it too."""
        for writer in self._opened:
            writer.transport.abort()

    @async_enterable
    async def get_stream(
        self,
        command: str | None = None,
        expected_codes: str | tuple[str, ...] = (),
        wait_codes: str | tuple[str, ...] = (),
        censor_after: int | None = None,
        conn_type: Literal["I", "A", "E", "L"] = "I",
        offset: int = 0,
    ) -> aioftp.DataConnectionThrottleStreamIO:
        """A connection for data. Its TLS begins when the server has said that it begins to send, and not before."""
        reader, writer = await self.get_passive_connection(conn_type)
        await self.command(command, expected_codes, wait_codes, censor_after)
        if self._context is not None:
            await writer.start_tls(self._bound(self._context), server_hostname=self._place.host)
        return aioftp.DataConnectionThrottleStreamIO(
            self, reader, writer, throttles={"_": self.throttle}, timeout=self.socket_timeout
        )

    def _bound(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """The session of the commands for data too: servers demand it, so that nobody else takes the data."""
        commands: ssl.SSLObject | None = self.stream.writer.transport.get_extra_info("ssl_object")
        if commands is None or commands.session is None:
            return context
        return SSLSessionBoundContext(ssl.PROTOCOL_TLS_CLIENT, context=context, session=commands.session)


class FtpFolder:
    """See `RemoteFolder`."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    @property
    def peer(self) -> str:
        return self._client.peer

    async def files(self) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        seen = 0
        with _told("list the folder"):
            async for path, about in self._client.list():
                seen += 1
                check_entries(seen)
                if about.get("type") == "file" and is_name(path.name):
                    size = int(str(about.get("size", 0)))
                    found.append(RemoteFile(path.name, size, str(about.get("modify", ""))))
        return found

    async def read(self, name: str) -> AsyncGenerator[bytes]:
        with _told(f"read {name}"):
            async with self._client.download_stream(name) as stream:
                while block := await stream.read(_BLOCK_BYTES):
                    yield block

    async def write(self, name: str, content: AsyncIterator[bytes]) -> None:
        with _told(f"write {name}"):
            async with self._client.upload_stream(name) as stream:
                async for block in content:
                    await stream.write(block)

    async def move(self, name: str, to: str) -> None:
        try:
            await self._ask(f"move {name}", self._client.rename(name, to))
        except RemoteRefused:  # most servers put it in the place of another; some want that gone first
            await self._ask(f"move {name}", self._client.command(f"DELE {to}", "2xx"))
            await self._ask(f"move {name}", self._client.rename(name, to))

    async def make(self, folder: str) -> None:
        with suppress(RemoteRefused):  # it is there: what cannot be put into it is told then
            await self._ask(f"make {folder}", self._client.command(f"MKD {folder}", "257"))

    async def _ask(self, what: str, asked: Awaitable[Done]) -> Done:
        with _told(what):
            return await asked


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What goes wrong with one thing, as the courier's own."""
    try:
        yield
    except aioftp.StatusCodeError as error:
        code = str(error.received_codes[-1]) if error.received_codes else "no code"
        raise RemoteRefused(f"The server does not let us {what}: {code}.") from None
    except NotReached as error:
        raise RemoteDown(error.lost) from None
    except ssl.SSLError as error:
        raise RemoteDown(Lost(Loss.TLS, reason(error))) from None
    except TimeoutError:
        raise RemoteDown(Lost(Loss.TIMEOUT, f"The server did not let us {what} in time.")) from None
    except (OSError, EOFError, ValueError, aioftp.AIOFTPException):
        raise RemoteDown(Lost(Loss.RESET, f"The line broke while we wanted to {what}.")) from None


@asynccontextmanager
async def open_ftp(place: Place, dial: Dial) -> AsyncIterator[FtpFolder]:
    context = _context(place) if place.protocol == "ftps" else None
    client = _Client(place, dial, context)
    try:
        try:
            with _told("sign in"):
                await _sign_in(client, place, context)
        except RemoteRefused as error:
            raise RemoteDown(Lost(Loss.CONNECT, str(error))) from None
        yield FtpFolder(client)
        with suppress(OSError, EOFError, TimeoutError, aioftp.AIOFTPException):
            await client.quit()
    finally:
        client.end()


async def _sign_in(client: _Client, place: Place, context: ssl.SSLContext | None) -> None:
    await client.connect(place.host, place.port)
    if context is not None and client.ssl is None:
        await client.upgrade_to_tls(context)
    await client.login(place.user or "anonymous", place.password)
    if folder := place.folder.strip("/"):
        await client.change_directory(f"/{folder}" if place.folder.startswith("/") else folder)


def _context(place: Place) -> ssl.SSLContext:
    try:
        return Contexts().of(place.ca_file)
    except Unreadable:
        raise RemoteDown(Lost(Loss.TLS, f"{place.ca_file} cannot be read.")) from None
