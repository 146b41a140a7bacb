"""A mail server on a real socket, by aiosmtpd: it keeps what it takes, and answers as a test tells it to."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

PASSWORD = b"s3cret"


@dataclass
class Taken:
    """One mail as it came."""

    sender: str
    to: list[str]
    content: bytes
    connection: int
    secure: bool

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """What is read, with the line ends of a program."""
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class MailServer:
    """`answers` says what a command gets instead of its usual answer: by its name, then in turn."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    silent_after_data: int = 0  # that many mails are taken in and never answered
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.WriteTransport] = field(default_factory=set)

    def hang_up(self) -> None:
        """On everybody, at once."""
        for transport in list(self.open):
            transport.abort()

    async def has(self, mails: int) -> None:
        """Once it took so many."""
        while len(self.taken) < mails:
            self.arrived.clear()
            await self.arrived.wait()

    def _next(self, command: str) -> str | None:
        waiting = self.answers.get(command, [])
        return waiting.pop(0) if waiting else None

    # What aiosmtpd calls

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._next("MAIL")
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._next("RCPT") or self._next(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert envelope.mail_from is not None and isinstance(envelope.content, bytes)
        number = int(getattr(server, "number", 0))
        taken = Taken(envelope.mail_from, list(envelope.rcpt_tos), envelope.content, number, session.ssl is not None)
        answer = self._next("DATA")
        if answer is None or answer.startswith("2"):
            self.taken.append(taken)
        self.arrived.set()
        if self.silent_after_data:
            self.silent_after_data -= 1
            await asyncio.Event().wait()
        return answer or f"250 2.0.0 queued as {len(self.taken)}"


def lets_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    """With the one password; anybody else is told so at once."""
    success = getattr(data, "password", None) == PASSWORD
    return AuthResult(success=success, handled=False)


class _Counted(SMTP):
    """Which connection it is, and its end known to the test."""

    def __init__(self, house: MailServer, **options: Any) -> None:
        super().__init__(house, hostname="mx.example", ident="test", **options)
        self.house = house
        house.connections += 1
        self.number = house.connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.house.open.add(cast(asyncio.WriteTransport, transport))
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.house.open.discard(cast(asyncio.WriteTransport, self.transport))
        super().connection_lost(error)


@asynccontextmanager
async def mail_server(
    answers: Mapping[str, list[str]] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    signs_in: bool = False,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Listens on 127.0.0.1. `tls` from the first byte, `starttls` when asked; `signs_in` wants the password."""
    loop = asyncio.get_running_loop()
    house = MailServer(answers=dict(answers or {}))
    options: dict[str, Any] = {"loop": loop, "tls_context": starttls}
    if signs_in:
        options |= {"authenticator": lets_in, "auth_required": tls is None, "auth_require_tls": tls is None}
    make: Callable[[], asyncio.Protocol] = lambda: _Counted(house, **options)  # noqa: E731
    server = await loop.create_server(make, "127.0.0.1", port, ssl=tls)
    house.port = server.sockets[0].getsockname()[1]
    try:
        yield house
    finally:
        server.close()
        house.hang_up()
        await server.wait_closed()
