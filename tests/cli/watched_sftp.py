"""An SFTP server that stops at a moment of a file's life, so that a test can end its client right there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "harbor", "files of a test"
MOMENTS = ("while it is written", "before the answer")


@dataclass
class Watched:
    """`root` is what its user sees. `stop_at` is one of `MOMENTS`, or empty; `reached` tells that it came."""

    root: Path
    fingerprint: str
    port: int = 0
    stop_at: str = ""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    _gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def at(self, moment: str) -> None:
        if moment == self.stop_at:
            self.reached.set()
            await self._gate.wait()

    def set_up(self, stop_at: str) -> None:
        self.stop_at = stop_at
        self.reached.clear()
        self._gate.clear()

    def go_on(self) -> None:
        self.stop_at = ""
        self._gate.set()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.root.iterdir())


@asynccontextmanager
async def watched_sftp(folder: Path) -> AsyncIterator[Watched]:
    root = folder / "in"
    root.mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")
    watched = Watched(root, key.get_fingerprint())

    class Doorman(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    class Folder(asyncssh.SFTPServer):
        async def write(self, file_obj: object, offset: int, data: bytes) -> int:
            half = len(data) // 2
            super().write(file_obj, offset, data[:half])
            await watched.at(MOMENTS[0])
            super().write(file_obj, offset + half, data[half:])
            return len(data)

        async def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
            done = super().posix_rename(oldpath, newpath)
            await watched.at(MOMENTS[1])
            return done

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Doorman,
        server_host_keys=[key],
        sftp_factory=lambda channel: Folder(channel, chroot=str(root).encode()),
        config=None,
    )
    watched.port = server.get_port()
    try:
        yield watched
    finally:
        watched.go_on()
        server.close()
        await server.wait_closed()
