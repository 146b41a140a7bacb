"""A provider of mailboxes: Fernway's form writes there, and the exchange fetches from there. IMAP, encrypted."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from exchange.demo.peers import HOST, Peer, Site
from exchange.demo.peers.certificates import make_authority

PORT = 8143
NAME = "mailroom"
USER, PASSWORD = "fernway", "a mailbox of the demo"


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    from pymap.backend.dict import DictBackend  # slow to import
    from pymap.imap import IMAPService

    certificate, key = make_authority(site.folder, site.clock.now()).issue("mailroom.example")
    arguments = Namespace(host=[HOST], port=str(site.ports[PORT]), cert=str(certificate), key=str(key), tls=True)
    arguments.proxy_protocol = arguments.passlib_cfg = arguments.inherited_sockets = None
    arguments.debug = arguments.demo_data = False
    arguments.demo_user, arguments.demo_password = USER, PASSWORD
    backend, config = await DictBackend.init(arguments)
    config.apply_context()
    async with AsyncExitStack() as stack:
        await backend.start(stack)
        await IMAPService(backend, config).start(stack)
        yield {"fernway_mailbox": PASSWORD}


def mailroom() -> Peer:
    return Peer(NAME, (PORT,), listening)


async def put(port: int, folder: Path, mail: bytes) -> None:
    """Put a mail into the box, as any program does."""

    def append() -> None:
        with imaplib.IMAP4(HOST, port) as client:
            client.starttls(ssl.create_default_context(cafile=str(folder / "ca.pem")))
            client.login(USER, PASSWORD)
            client.append("INBOX", "", "", mail)

    await asyncio.to_thread(append)
