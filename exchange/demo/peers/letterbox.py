"""The mail server of buyers who take leads by mail: Cobalt Solar and Dune Auto. SMTP, encrypted, with a password.

What it took lies as files in its folder, the newest 200, each with the address it goes back to. At a port of its own it
takes the exchange's own mail, too, as a relay on the same machine does: what that brought lies in `own` below.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from exchange.demo.peers import HOST, Peer, Site
from exchange.demo.peers.certificates import make_authority

PORT = 8145
OWN_PORT, OWN = 8147, "own"
NAME = "letterbox"
USER, PASSWORD = "harbor", "a mail server of the demo"
KEPT = 200
_SUFFIX = ".eml"


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session  # slow to import

    certificate, key = make_authority(site.folder, site.clock.now()).issue("letterbox.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    class House:
        """Keeps every mail in its folder."""

        def __init__(self, folder: Path) -> None:
            self.folder = folder

        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            content = envelope.content
            assert isinstance(content, bytes)
            head = f"Return-Path: <{envelope.mail_from}>\r\n".encode()
            number = await asyncio.to_thread(_keep, self.folder, head + content)
            return f"250 2.0.0 queued as {number}"

    def lets_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        given = (getattr(data, "login", b""), getattr(data, "password", b""))
        return AuthResult(success=given == (USER.encode(), PASSWORD.encode()), handled=False)

    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of itself at every sign-in
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            House(site.folder),
            hostname="letterbox.example",
            tls_context=context,
            auth_required=True,
            authenticator=lets_in,
            loop=loop,
        ),
        HOST,
        site.ports[PORT],
    )
    (own := site.folder / OWN).mkdir(exist_ok=True)
    relay = await loop.create_server(
        lambda: SMTP(House(own), hostname="letterbox.example", loop=loop), HOST, site.ports[OWN_PORT]
    )
    try:
        yield {"letterbox": PASSWORD}
    finally:
        server.close()
        relay.close()


def letterbox() -> Peer:
    return Peer(NAME, (PORT, OWN_PORT), listening)


def mails(folder: Path) -> list[Path]:
    """The mails that lie there, oldest first."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _keep(folder: Path, content: bytes) -> int:
    """Returns the number it is kept under."""
    there = mails(folder)
    number = int(there[-1].stem) + 1 if there else 1
    (folder / f"{number:08d}{_SUFFIX}").write_bytes(content)
    for old in there[: max(len(there) + 1 - KEPT, 0)]:
        old.unlink(missing_ok=True)
    return number
