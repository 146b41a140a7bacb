"""SFTP with a pinned host key: a server whose key is another one is not spoken to."""

from __future__ import annotations

import asyncio
import logging
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import cast

import asyncssh

from exchange.courier.dial import NotReached
from exchange.courier.remote import SECONDS, Dial, RemoteDown, RemoteFile, RemoteRefused, check_entries, is_name
from exchange.model.wire import Loss, Lost, Place

_BLOCK_BYTES = 64 * 1024
_BEYOND = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


class SftpFolder:
    """See `RemoteFolder`."""

    def __init__(self, client: asyncssh.SFTPClient, folder: PurePosixPath, peer: str) -> None:
        self._client, self._folder, self.peer = client, folder, peer

    async def files(self) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        seen = 0
        listing = cast("AsyncGenerator[asyncssh.SFTPName]", self._client.scandir(str(self._folder)))
        async with _told("list the folder"), aclosing(listing) as entries:
            async for entry in entries:
                seen += 1
                check_entries(seen)
                if is_name(name := str(entry.filename)) and _is_file(entry.attrs):
                    found.append(RemoteFile(name, entry.attrs.size or 0, str(entry.attrs.mtime or "")))
        return found

    async def read(self, name: str) -> AsyncGenerator[bytes]:
        with _failures(f"read {name}"):
            async with self._client.open(self._at(name), "rb") as file:
                while block := await asyncio.wait_for(file.read(_BLOCK_BYTES), SECONDS):
                    yield cast(bytes, block)

    async def write(self, name: str, content: AsyncIterator[bytes]) -> None:
        with _failures(f"write {name}"):
            async with self._client.open(self._at(name), "wb") as file:
                async for block in content:
                    await asyncio.wait_for(file.write(block), SECONDS)

    async def move(self, name: str, to: str) -> None:
        try:
            async with _told(f"move {name}"):
                await self._client.posix_rename(self._at(name), self._at(to))
        except RemoteRefused:  # not every server knows that; then what has the name must go first
            async with _told(f"move {name}"):
                with suppress(asyncssh.SFTPNoSuchFile):
                    await self._client.remove(self._at(to))
                await self._client.rename(self._at(name), self._at(to))

    async def make(self, folder: str) -> None:
        async with _told(f"make {folder}"):
            if not await self._client.isdir(self._at(folder)):
                await self._client.mkdir(self._at(folder))

    def _at(self, name: str) -> str:
        return str(self._folder / name)


def _is_file(attrs: asyncssh.SFTPAttrs) -> bool:
    if attrs.permissions is not None and stat.S_IFMT(attrs.permissions):
        return stat.S_ISREG(attrs.permissions)
    return attrs.type == asyncssh.FILEXFER_TYPE_REGULAR


@asynccontextmanager
async def _told(what: str) -> AsyncIterator[None]:
    with _failures(what):
        async with asyncio.timeout(SECONDS):
            yield


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """What goes wrong with one thing, as the courier's own."""
    try:
        yield
    except _BEYOND:
        raise RemoteDown(Lost(Loss.RESET, f"The line broke while we wanted to {what}.")) from None
    except asyncssh.SFTPError as error:
        raise RemoteRefused(
            f"The server does not let us {what}: {type(error).__name__.removeprefix('SFTP')}."
        ) from None
    except TimeoutError:
        raise RemoteDown(Lost(Loss.TIMEOUT, f"The server did not let us {what} in time.")) from None
    except (OSError, asyncssh.Error):
        raise RemoteDown(Lost(Loss.RESET, f"The line broke while we wanted to {what}.")) from None


@asynccontextmanager
async def open_sftp(place: Place, dial: Dial) -> AsyncIterator[SftpFolder]:
    try:
        made = await dial(place.host, place.port)
    except NotReached as error:
        raise RemoteDown(error.lost) from None
    asyncssh.set_log_level(logging.WARNING)  # it tells every step otherwise
    try:
        peer = str(made.getpeername()[0])
        connection = await _connected(place, made)
    except BaseException:
        made.close()  # before its library has taken the socket nobody else does, and twice does no harm
        raise
    async with connection:
        with _failures("speak SFTP"):
            async with asyncio.timeout(SECONDS):
                client = await connection.start_sftp_client()
        folder = PurePosixPath(place.folder or ".")
        yield SftpFolder(client, folder, peer)


async def _connected(place: Place, made: socket.socket) -> asyncssh.SSHClientConnection:
    try:
        key = await asyncio.to_thread(Path(place.key_file).read_bytes) if place.key_file else None
        pinned = (
            await asyncio.to_thread(Path(place.host_key).read_text) if place.host_key[:1] == "/" else place.host_key
        )
        options = asyncssh.SSHClientConnectionOptions(
            username=place.user,
            password=place.password or None,
            client_keys=[asyncssh.import_private_key(key)] if key is not None else None,
            client_host_keysign=False,
            agent_path=None,
            config=None,
            known_hosts=lambda _, __, ___: ([], [], []),
            client_factory=lambda: _Pinned(pinned),
            connect_timeout=SECONDS,
            login_timeout=SECONDS,
        )
        return await asyncssh.connect(place.host, place.port, sock=made, options=options)
    except asyncssh.HostKeyNotVerifiable:
        told = f"The host key of {place.host} is not the one that was pinned: nothing was sent to it."
        raise RemoteDown(Lost(Loss.TLS, told)) from None
    except asyncssh.PermissionDenied:
        raise RemoteDown(Lost(Loss.CONNECT, f"{place.host} does not let {place.user} in.")) from None
    except (asyncssh.KeyImportError, FileNotFoundError, PermissionError):
        named = " or ".join(path for path in (place.key_file, place.host_key) if path[:1] == "/")
        raise RemoteDown(Lost(Loss.CONNECT, f"The key {named} cannot be read.")) from None
    except TimeoutError:
        raise RemoteDown(Lost(Loss.TIMEOUT, f"{place.host} did not answer in time.")) from None
    except (OSError, asyncssh.Error):
        raise RemoteDown(Lost(Loss.CONNECT, f"{place.host} does not speak SSH with us.")) from None


class _Pinned(asyncssh.SSHClient):
    """Trusts one key: its SHA-256 fingerprint, the key as a line of known_hosts holds it, or what a file says it is."""

    def __init__(self, pinned: str) -> None:
        self._pinned = " ".join(pinned.split()[:2])

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        line = key.export_public_key().decode().split()
        return bool(self._pinned) and self._pinned in (key.get_fingerprint(), " ".join(line[:2]))
