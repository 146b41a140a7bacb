"""A real IMAP server on loopback, and what lies in its folders."""

from __future__ import annotations

import imaplib
import ssl
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPService

from exchange.demo.peers import HOST, free_ports

USER, PASSWORD = "dealer", "open sesame"


@dataclass
class ImapServer:
    """Its methods speak IMAP as any client does; call them in a thread."""

    port: int
    ca_file: Path

    def append(self, *mails: bytes, folder: str = "INBOX") -> None:
        with self._client() as client:
            for mail in mails:
                client.append(folder, "", "", mail)

    def count(self, folder: str) -> int:
        with self._client() as client:
            told, found = client.select(folder, readonly=True)
            return int(found[0] or 0) if told == "OK" else 0

    def _client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4(HOST, self.port)
        client.starttls(ssl.create_default_context(cafile=str(self.ca_file)))
        client.login(USER, PASSWORD)
        return client


@asynccontextmanager
async def imap_server(folder: Path, port: int = 0) -> AsyncIterator[ImapServer]:
    authority = trustme.CA()
    issued = authority.issue_cert(HOST)
    ca_file, cert, key = folder / "ca.pem", folder / "imap.pem", folder / "imap.key"
    authority.cert_pem.write_to_path(ca_file)
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    real = port or free_ports([0])[0]
    arguments = Namespace(host=[HOST], port=str(real), cert=str(cert), key=str(key), tls=True, inherited_sockets=None)
    arguments.proxy_protocol = arguments.passlib_cfg = None
    arguments.debug = arguments.demo_data = False
    arguments.demo_user, arguments.demo_password = USER, PASSWORD
    backend, config = await DictBackend.init(arguments)
    config.apply_context()
    async with AsyncExitStack() as stack:
        await backend.start(stack)
        await IMAPService(backend, config).start(stack)
        yield ImapServer(real, ca_file)
