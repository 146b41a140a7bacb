"""Mail by SMTP: through the relay a message names, or the exchange's own. A connection is kept for the next mail.

Nothing is handed over before DATA: what breaks off earlier has sent nothing, and a connection that the server closed
while it was idle is made again. A server that will not let us in (greeting, TLS, sign-in) is one that is down; what it
says of the sender, the recipients or the mail itself is its reply.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import cast

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException, SMTPServerDisconnected

from exchange import limits
from exchange.courier.addresses import Addresses
from exchange.courier.dial import NotReached, dial
from exchange.courier.dkim import Signer, read_signer
from exchange.courier.lane import Errand
from exchange.courier.mime import build
from exchange.courier.tls import Contexts, reason
from exchange.model.wire import EmailMessage, Loss, Lost, Relay, Reply

BOUNCES = "b+"
"""What the address begins with that bounces come back to; the delivery's reference follows."""


@dataclass(frozen=True, slots=True)
class MailHouse:
    """How the exchange itself sends: its relay, the domain whose mail reaches it, and its signature."""

    relay: Relay | None = None
    domain: str = ""
    signer: Signer | None = None

    def bounce_address(self, message: EmailMessage) -> str:
        """The envelope's sender: it says which mail came back, whatever the bounce quotes."""
        if message.bounce_to or not self.domain:
            return message.bounce_to or parseaddr(message.sender)[1]
        return f"{BOUNCES}{message.message_id.strip('<>').partition('@')[0]}@{self.domain}"


NO_MAIL_SERVER = "The exchange has no mail server of its own: mail_host is not set."


def mail_house(relay: Relay | None, domain: str, signed_domain: str, selector: str, key_file: Path | None) -> MailHouse:
    """From settings. Raises `BadKey`."""
    if not signed_domain or key_file is None:
        return MailHouse(relay, domain)
    return MailHouse(relay, domain, read_signer(signed_domain, selector, key_file))


@dataclass(slots=True)
class _Kept:
    client: SMTP
    timer: asyncio.TimerHandle


class SmtpLane:
    """One idle connection per relay at most; mails that go at the same time have one each."""

    def __init__(self, addresses: Addresses, house: MailHouse, now: Callable[[], int]) -> None:
        """`now` is epoch ms."""
        self._addresses = addresses
        self._house = house
        self._now = now
        self._contexts = Contexts()
        self._kept: dict[Relay, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, message: EmailMessage, errand: Errand) -> Reply | Lost:
        relay = message.relay or self._house.relay
        if relay is None:
            return Lost(Loss.CONNECT, NO_MAIL_SERVER)
        content = self._content(message)
        kept = self._take(relay)
        if kept is not None:
            outcome = await self._through(kept, relay, message, content, errand)
            if errand.written or not _gone(outcome):
                return outcome
        try:
            client = await self._connect(relay)
        except NotReached as why:
            return why.lost
        return await self._through(client, relay, message, content, errand)

    async def reach(self, relay: Relay) -> Lost | None:
        """Sign in and leave again; why that is not possible, if it is not."""
        try:
            client = await self._connect(relay)
        except NotReached as why:
            return why.lost
        await _quit(client)
        return None

    async def close(self) -> None:
        for relay in list(self._kept):
            client = self._take(relay)
            if client is not None:
                await _quit(client)
        await asyncio.gather(*self._closing)

    def _content(self, message: EmailMessage) -> bytes:
        now = self._now()
        content = build(message, now)
        signer = self._house.signer
        return signer.sign(content, now) if signer is not None and signer.signs_for(message.sender) else content

    async def _through(
        self, client: SMTP, relay: Relay, message: EmailMessage, content: bytes, errand: Errand
    ) -> Reply | Lost:
        """Send over this connection, and keep it when it is sound afterwards."""
        errand.peer = _peer(client)
        sound = False
        try:
            outcome = await _transact(client, self._house.bounce_address(message), message.to, content, errand)
            sound = isinstance(outcome, Reply) and client.is_connected
            if isinstance(outcome, Reply) and outcome.status != 250:
                sound = sound and await _reset(client)
        finally:
            if sound:
                self._keep(relay, client)
            else:
                _drop(client)
        return outcome

    async def _connect(self, relay: Relay) -> SMTP:
        """A connection that is signed in; the courier's deadline is its only one. Raises `NotReached`."""
        context = self._context(relay)
        made = await dial(relay.host, relay.port, self._addresses)
        client = SMTP(
            hostname=relay.host,
            sock=made,
            local_hostname=self._house.domain or "localhost",
            timeout=None,
            use_tls=relay.security == "tls",
            start_tls=False,  # step by step, so that a failure leaves us the connection to end
            tls_context=context,
        )
        connected = False
        try:
            await client.connect()
            await _sign_in(client, relay)
            connected = True
        except (SMTPException, OSError, ValueError) as error:
            raise NotReached(_refused(relay.host, error)) from None
        finally:
            if not connected:
                _drop(client)
        return client

    def _context(self, relay: Relay) -> ssl.SSLContext | None:
        if relay.security == "plain":
            return None
        try:
            return self._contexts.of(relay.ca_file)
        except (OSError, ssl.SSLError):
            raise NotReached(Lost(Loss.TLS, f"The authorities of {relay.host} could not be read.")) from None

    def _keep(self, relay: Relay, client: SMTP) -> None:
        if relay in self._kept:
            self._close_later(client)
            return
        loop = asyncio.get_running_loop()
        timer = loop.call_later(limits.MAIL_IDLE_SECONDS, self._idle, relay)
        self._kept[relay] = _Kept(client, timer)

    def _take(self, relay: Relay) -> SMTP | None:
        kept = self._kept.pop(relay, None)
        if kept is None:
            return None
        kept.timer.cancel()
        return kept.client if kept.client.is_connected else None

    def _idle(self, relay: Relay) -> None:
        client = self._take(relay)
        if client is not None:
            self._close_later(client)

    def _close_later(self, client: SMTP) -> None:
        task = asyncio.get_running_loop().create_task(_quit(client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _sign_in(client: SMTP, relay: Relay) -> None:
    if relay.security == "starttls":
        await client.starttls()
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()
    if relay.user:
        await client.login(relay.user, relay.password)


async def _transact(client: SMTP, sender: str, to: tuple[str, ...], content: bytes, errand: Errand) -> Reply | Lost:
    """One mail. Taken for one recipient is taken: the others are told in the reply's text."""
    refused: list[SMTPRecipientRefused] = []
    try:
        await client.mail(sender, options=[f"SIZE={len(content)}"] if client.supports_extension("size") else [])
        for address in to:
            try:
                await client.rcpt(address)
            except SMTPRecipientRefused as error:
                refused.append(error)
                if error.code == 421:
                    return _reply(error)
        if len(refused) == len(to):
            return _reply(next((each for each in refused if each.code // 100 == 4), refused[0]))
        errand.mark()
        answer = await client.data(content)
    except SMTPResponseException as error:
        return _reply(error)
    except (SMTPServerDisconnected, OSError):
        return Lost(Loss.RESET if errand.written else Loss.CONNECT, "The mail server hung up.")
    told = "".join(f"; not for {each.recipient}: {each.code} {each.message}" for each in refused)
    return Reply(answer.code, {}, f"{answer.message}{told}".encode("utf-8", "replace"))


def _reply(error: SMTPResponseException) -> Reply | Lost:
    if error.code < 400:  # aiosmtplib's own mark for what is no reply
        return Lost(Loss.CONNECT, "The server does not speak SMTP.")
    return Reply(error.code, {}, str(error.message).encode("utf-8", "replace"))


def _gone(outcome: Reply | Lost) -> bool:
    """Whether a connection that had been idle was not there any more: closed, or said to be about to."""
    return isinstance(outcome, Lost) or outcome.status == 421


def _refused(host: str, error: Exception) -> Lost:
    """Why there is no connection to send over. Its text quotes codes, never what we sent."""
    secure = _tls_error(error)
    if secure is not None:
        return Lost(Loss.TLS, reason(secure))
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Lost(Loss.CONNECT, f"{host} refused to sign us in ({error.code}).")
    if isinstance(error, SMTPResponseException) and error.code >= 400:
        return Lost(Loss.CONNECT, f"{host} did not let us in ({error.code}).")
    if isinstance(error, SMTPException) and "STARTTLS" in str(error.message):
        return Lost(Loss.TLS, f"{host} offers no encryption, which its settings ask for.")
    return Lost(Loss.CONNECT, f"{host} is no mail server that we can speak to.")


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _peer(client: SMTP) -> str:
    address = client.get_transport_info("peername") or ("?", 0)
    secured: ssl.SSLObject | None = client.get_transport_info("ssl_object")
    return f"{address[0]}:{address[1]}" + (f" {secured.version()}" if secured is not None else "")


async def _reset(client: SMTP) -> bool:
    """Forget the mail that was refused. False when the connection is of no use any more."""
    try:
        await client.rset()
    except (SMTPException, OSError):
        return False
    return True


async def _quit(client: SMTP) -> None:
    try:
        await client.quit(timeout=limits.CONNECT_SECONDS)
    except (SMTPException, OSError):
        pass
    finally:
        _drop(client)


def _drop(client: SMTP) -> None:
    """At once: nobody waits for the other side's farewell."""
    if client.transport is not None:
        cast(asyncio.WriteTransport, client.transport).abort()
    client.close()
