"""The exchange's own SFTP drop: what is pushed here is imported, and its result lies here to be fetched.

Nothing of it is a real folder. An upload goes straight to where it is kept sealed; what is listed is made of the
source's imports. A file counts when it is closed, and then a good answer says that its import is durable; one whose
name says that it is unfinished counts when it gets its real name.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncssh
from asyncssh.stream import SSHServerStreamSession

from exchange import limits
from exchange.flows.market import Market
from exchange.intake.sftp_shelf import Inbox, Session, Shelf
from exchange.log import logger
from exchange.sources.document import Source
from exchange.sources.drop import InboxDocument

FAILURE_SECONDS = 1.0  # before a wrong password is told to be one
_SIZES_KEPT = 1_000

_LOG = logger(__name__)
_Serve = Callable[
    [asyncssh.SSHServerChannel[bytes], asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Coroutine[Any, Any, None]
]


@dataclass(frozen=True, slots=True)
class Listening:
    """Where files are taken, and the key that says to senders that it is us. Without one a new key is made."""

    host: str
    port: int
    key_file: Path


@asynccontextmanager
async def listening(market: Market, place: Listening) -> AsyncIterator[tuple[str, int]]:
    """Take files as long as this is open. Yields where: port 0 is any free one."""
    asyncssh.set_log_level(logging.WARNING)  # it tells every step otherwise
    key = await asyncio.to_thread(host_key, place.key_file)
    sizes: OrderedDict[tuple[str, str], int] = OrderedDict()
    hall = _Hall()

    def door() -> _Door:
        return _Door(market, hall, serve)

    async def serve(
        channel: asyncssh.SSHServerChannel[bytes], reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]
    ) -> None:
        source = source_of(market, str(channel.get_extra_info("username")))
        name = source.name if source is not None else ""
        await Session(Shelf(channel, Inbox(market, name, sizes, _SIZES_KEPT)), reader, writer).run()

    server = await asyncssh.listen(
        place.host,
        place.port,
        reuse_port=True,
        server_factory=door,
        server_host_keys=[key],
        allow_scp=False,
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        config=None,
        login_timeout=limits.SFTP_LOGIN_SECONDS,
        keepalive_interval=limits.SFTP_IDLE_SECONDS,
        server_version="LeadExchange",
    )
    try:
        host, port = server.sockets[0].getsockname()[:2]
        _LOG.info("Taking files", address=f"{host}:{port}")
        yield host, port
    finally:
        server.close()
        hall.close()
        await server.wait_closed()


def host_key(path: Path) -> asyncssh.SSHKey:
    """The key of the file; a new one, only its owner may read, when there is none."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with suppress(FileExistsError), os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    return asyncssh.import_private_key(path.read_bytes())


def source_of(market: Market, user: str) -> Source | None:
    """The drop of this user."""
    for source in market.sources.values():
        if isinstance(source.document, InboxDocument) and source.document.user == user:
            return source
    return None


class _Hall:
    """Who is connected. Strangers, who have not signed in, make room: they keep no user of a drop out."""

    def __init__(self) -> None:
        self._users: set[asyncssh.SSHServerConnection] = set()
        self._strangers: dict[asyncssh.SSHServerConnection, str] = {}  # the oldest first, with their addresses

    def enter(self, stranger: asyncssh.SSHServerConnection) -> None:
        peer = stranger.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        own = [each for each, whose in self._strangers.items() if whose == address]
        if len(own) >= limits.SFTP_STRANGERS:
            self._turn_away(own[0])
        elif len(self._users) + len(self._strangers) >= limits.SFTP_CONNECTIONS:
            if not self._strangers:
                stranger.abort()
                return
            self._turn_away(next(iter(self._strangers)))
        self._strangers[stranger] = address

    def sign_in(self, connection: asyncssh.SSHServerConnection) -> None:
        if self._strangers.pop(connection, None) is not None:
            self._users.add(connection)

    def leave(self, connection: asyncssh.SSHServerConnection) -> None:
        self._strangers.pop(connection, None)
        self._users.discard(connection)

    def close(self) -> None:
        for connection in (*self._users, *self._strangers):
            connection.abort()

    def _turn_away(self, stranger: asyncssh.SSHServerConnection) -> None:
        del self._strangers[stranger]
        stranger.abort()


class _Door(asyncssh.SSHServer):
    """Lets the users of drops in, for SFTP and nothing else."""

    def __init__(self, market: Market, hall: _Hall, serve: _Serve) -> None:
        self._market, self._hall, self._serve = market, hall, serve
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connection = connection
        self._hall.enter(connection)

    def auth_completed(self) -> None:
        if self._connection is not None:
            self._hall.sign_in(self._connection)

    def connection_lost(self, error: Exception | None) -> None:
        if self._connection is not None:
            self._hall.leave(self._connection)

    def session_requested(self) -> _SftpOnly:
        return _SftpOnly(self._serve)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        source = source_of(self._market, username)
        name = source.document.password if source is not None and isinstance(source.document, InboxDocument) else None
        wanted = source.secrets.get(name, "") if source is not None and name is not None else ""
        right = hmac.compare_digest(wanted.encode(), password.encode()) and bool(wanted)
        if not right:
            await self._market.clock.sleep(FAILURE_SECONDS)
        return right

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        source = source_of(self._market, username)
        if source is None or not isinstance(source.document, InboxDocument):
            return False
        return key.public_data in {_public_data(line) for line in source.document.keys}


class _SftpOnly(SSHServerStreamSession[bytes]):
    """A session of SFTP: no shell, no command. It is served by a handler of ours, in the place of asyncssh's own."""

    def __init__(self, serve: _Serve) -> None:
        super().__init__(None)
        self._serve = serve

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def session_started(self) -> None:
        assert self._chan is not None and self._conn is not None
        self._chan.set_encoding(None)
        self._encoding = None
        reader, writer = asyncssh.SSHReader(self, self._chan), asyncssh.SSHWriter(self, self._chan)
        self._conn.create_task(
            self._serve(cast(asyncssh.SSHServerChannel[bytes], self._chan), reader, writer), reader.logger
        )


def _public_data(line: str) -> bytes:
    try:
        return asyncssh.import_public_key(line).public_data
    except asyncssh.KeyImportError:
        return b""
