"""The exchange's own mail server: mails for the addresses of its sources, answers to and bounces of its own, no more.

A mail is answered with 250 only once its leads are durable. What cannot be kept is answered so that it comes again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from exchange import limits
from exchange.flows.market import Market
from exchange.flows.polls import is_paused
from exchange.flows.sources import store_items
from exchange.intake.dsn import hear_bounce, is_return_address
from exchange.intake.mail.answers import hear_answer, is_reply_address
from exchange.intake.mail.items import items_of
from exchange.log import logger
from exchange.rates import Bucket
from exchange.sources.document import Source
from exchange.sources.mail import MailDocument

CHANNEL = "email"
_KEPT = "250 2.0.0 Kept"
_UNKNOWN = "550 5.1.1 Nobody here has this address"
_FORBIDDEN = "550 5.7.1 This sender may not send here"
_LATER = "451 4.3.0 Not kept, please send it again"
_TOO_MANY = "451 4.7.1 Too many mails in a minute, please send it later"
_FULL = b"421 4.7.0 Too many connections, please come back later\r\n"
_CALLS: dict[str, int] = {"MAIL": 1_000, "RCPT": 10_000, "DATA": 1_000, "RSET": 1_000, "*": 50}

_LOG = logger(__name__)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where mail is taken. With a certificate and its key, senders may encrypt."""

    host: str
    port: int
    name: str
    certificate: Path | None = None
    key: Path | None = None

    def tls(self) -> ssl.SSLContext | None:
        if self.certificate is None or self.key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


class MailServer(SMTP):
    """One connection. Lines may be longer than the standard's: pages in mails are."""

    line_length_limit = limits.MAIL_LINE_BYTES


class Postman:
    """What is done with each mail; aiosmtpd calls its methods by their names."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._buckets: dict[str, tuple[int, Bucket]] = {}

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        source = self._source(address)
        if source is None:
            if not is_reply_address(self._market, address) and not await is_return_address(self._market, address):
                return _UNKNOWN
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 Known"
        if not _document(source).takes_from(envelope.mail_from or ""):
            return _FORBIDDEN
        if await is_paused(self._market, source.name):
            return _LATER
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content
        found = [self._source(address) for address in dict.fromkeys(envelope.rcpt_tos)]
        sources = {source.name: source for source in found if source is not None}
        if not isinstance(raw, bytes) or not envelope.rcpt_tos:
            return _UNKNOWN
        if not all(self._in_time(source) for source in sources.values()):
            return _TOO_MANY
        try:
            if any(source is None for source in found) and not await hear_answer(self._market, raw, envelope.rcpt_tos):
                await hear_bounce(self._market, raw, envelope.rcpt_tos)
            for source in sources.values():
                await self._keep(source, raw)
        except Exception as error:  # whatever it was, the mail is not lost: its sender has it, and sends it again
            _LOG.error("A mail was not kept", exc_info=error)
            return _LATER
        return _KEPT

    async def _keep(self, source: Source, raw: bytes) -> None:
        document = _document(source)
        now = self._market.clock.now()
        items = await asyncio.to_thread(items_of, raw, CHANNEL, now, document.taught, document.senders)
        await store_items(self._market, source, items)

    def _source(self, address: str) -> Source | None:
        wanted = address.lower()
        for source in self._market.sources.values():
            if isinstance(source.document, MailDocument) and source.document.address == wanted:
                return source
        return None

    def _in_time(self, source: Source) -> bool:
        """Whether its sender keeps to the rate of its source."""
        rate = _document(source).per_minute
        known = self._buckets.get(source.name)
        if known is None or known[0] != rate:
            known = self._buckets[source.name] = (rate, Bucket(rate / 60, rate))
        return known[1].take(self._market.clock.now())


def _document(source: Source) -> MailDocument:
    assert isinstance(source.document, MailDocument)
    return source.document


@asynccontextmanager
async def listening(market: Market, place: Listening) -> AsyncIterator[tuple[str, int]]:
    """Take mail as long as this is open. Yields where: port 0 is any free one."""
    postman, tls = Postman(market), place.tls()
    loop = asyncio.get_running_loop()
    open_now: set[asyncio.BaseTransport] = set()

    def connection() -> asyncio.Protocol:
        return _Counted(open_now, postman, place, tls)

    server = await loop.create_server(connection, place.host, place.port, reuse_port=True)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        _LOG.info("Taking mail", address=f"{host}:{port}")
        yield host, port
    finally:
        server.close()
        for transport in list(open_now):
            transport.close()


class _Counted(MailServer):
    """A connection that is turned away when there are too many."""

    def __init__(
        self, open_now: set[asyncio.BaseTransport], postman: Postman, place: Listening, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(
            postman,
            data_size_limit=limits.MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname=place.name,
            ident="Lead Exchange",
            tls_context=tls,
            timeout=limits.MAIL_SECONDS,
            command_call_limit=_CALLS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
        )
        self._open_now = open_now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self._open_now) >= limits.MAIL_CONNECTIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(_FULL)
            transport.close()
            return
        self._open_now.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is None:
            return
        self._open_now.discard(self.transport)
        super().connection_lost(error)
