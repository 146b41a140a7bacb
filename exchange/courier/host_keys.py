"""The host key that an SFTP server shows: what its owner is asked about before it is pinned."""

from __future__ import annotations

import asyncio

import asyncssh

from exchange.courier.dial import NotReached
from exchange.courier.remote import SECONDS, Dial, RemoteDown
from exchange.model.wire import Loss, Lost


async def fingerprint(host: str, port: int, dial: Dial) -> str:
    """`SHA256:…` of the key this server shows. Nothing is told to it. Raises `RemoteDown`."""
    try:
        made = await dial(host, port)
    except NotReached as error:
        raise RemoteDown(error.lost) from None
    try:
        async with asyncio.timeout(SECONDS):
            key = await asyncssh.get_server_host_key(host, port, sock=made, config=None)
    except (OSError, TimeoutError, asyncssh.Error):
        key = None
    if key is None:
        raise RemoteDown(Lost(Loss.CONNECT, f"{host} does not speak SSH with us."))
    return str(key.get_fingerprint())
