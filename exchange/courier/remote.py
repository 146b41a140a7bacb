"""Folders on other people's file servers: FTP, FTPS and SFTP behind one small face.

Each protocol's module is imported when it is first used; both are slow to import, and few exchanges use them.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from exchange import limits
from exchange.model.wire import Loss, Lost, Place

Dial = Callable[[str, int], Awaitable[socket.socket]]
"""A connected socket to a checked address. Raises `NotReached`."""

_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")
SECONDS = 30.0  # that one step may take: a connection, a listing, the next part of a file


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file in a folder. `changed` is what the server tells of its last change: to be compared, and nothing else."""

    name: str
    size: int
    changed: str


class RemoteDown(Exception):
    """Nobody is there, or nobody lets us in, or the line broke. `lost` says which, in a sentence."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.detail)
        self.lost = lost


class RemoteRefused(Exception):
    """The server said no to one thing. The sentence says to what."""


class RemoteFolder(Protocol):
    """A folder that is open. Names are of files in it, or `done/x.csv` of files in a folder below it.

    Every method raises `RemoteDown` when the line breaks, and `RemoteRefused` when the server says no.
    """

    @property
    def peer(self) -> str:
        """The address that is spoken to."""
        ...

    async def files(self) -> list[RemoteFile]:
        """The files of the folder, without those below it."""
        ...

    def read(self, name: str) -> AsyncGenerator[bytes]:
        """Its blocks. Whoever stops before the last closes it."""
        ...

    async def write(self, name: str, content: AsyncIterator[bytes]) -> None:
        """Under this name, whole or broken off: write to another name and `move`."""
        ...

    async def move(self, name: str, to: str) -> None:
        """Under another name, in the place of what has it."""
        ...

    async def make(self, folder: str) -> None:
        """A folder below; one that is there already is good."""
        ...


@asynccontextmanager
async def open_folder(place: Place, dial: Dial) -> AsyncIterator[RemoteFolder]:
    """Sign in and open the folder. Raises `RemoteDown` and `RemoteRefused`."""
    if place.protocol == "sftp":
        from exchange.courier.remote_sftp import open_sftp

        async with open_sftp(place, dial) as folder:
            yield folder
        return
    if place.protocol not in ("ftp", "ftps"):
        raise RemoteDown(Lost(Loss.REFUSED_ADDRESS, f"{place.protocol} is no protocol of file servers."))
    from exchange.courier.remote_ftp import open_ftp

    async with open_ftp(place, dial) as folder:
        yield folder


def check_entries(seen: int) -> None:
    """Raises `RemoteRefused` for a folder that holds more than is listed of one."""
    if seen > limits.FOLDER_ENTRIES:
        raise RemoteRefused(f"The folder holds more than {limits.FOLDER_ENTRIES:,} entries. Move old ones away.")


def is_name(name: str) -> bool:
    """Whether a listed name is one of a file that can be asked for by it: nothing that leads elsewhere."""
    return _NAME.fullmatch(name) is not None and name not in (".", "..") and name == name.strip()
