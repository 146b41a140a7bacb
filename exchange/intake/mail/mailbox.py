"""An IMAP mailbox: its mails are kept, and only then moved to another folder.

imaplib knows threads alone, so a mailbox is worked by one; its socket was opened by us, to a checked address.
"""

from __future__ import annotations

import asyncio
import imaplib
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from imap_tools import BaseMailBox, MailboxLoginError
from imap_tools.errors import ImapToolsError

from exchange import limits
from exchange.courier.dial import NotReached
from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.intake.dsn import hear_bounce
from exchange.intake.mail.answers import hear_answer
from exchange.intake.mail.items import items_of
from exchange.model.source import Item, Polled
from exchange.sources.document import Source
from exchange.sources.mail import MailboxDocument

CHANNEL = "imap"
_AT_ONCE = 20  # mails fetched, kept and moved together


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail by its number in the folder."""

    uid: str
    raw: bytes


class _Client(imaplib.IMAP4):
    """imaplib on a socket that is connected already."""

    def __init__(self, made: socket.socket, host: str, tls: ssl.SSLContext | None) -> None:
        self._made, self._tls = made, tls
        super().__init__(host)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._tls.wrap_socket(self._made, server_hostname=self.host) if self._tls is not None else self._made


class _Box(BaseMailBox):
    """imap-tools on that client."""

    def __init__(self, made: socket.socket, document: MailboxDocument) -> None:
        self._made, self._document = made, document
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        security = self._document.security
        context = ssl.create_default_context(cafile=self._document.ca_file or None)
        client = _Client(self._made, self._document.place[0], context if security == "tls" else None)
        if security == "starttls":
            client.starttls(context)
        return client


async def poll(market: Market, source: Source, cursor: str) -> AsyncIterator[Polled]:
    """Every mail of the folder, in parts. Those of a part are moved once it is durable."""
    document = source.document
    assert isinstance(document, MailboxDocument)
    box = await _opened(market, document, source.secrets[document.password])
    try:
        for uids in _parts(await _to_thread(_uids, box, document)):
            mails = await _to_thread(_fetch, box, uids)
            read = [(mail, await _read(mail, market, document)) for mail in mails]
            yield Polled(tuple(item for _, items in read for item in items), cursor)
            for mail, items in read:
                if not items:  # a machine wrote it, perhaps about a mail of ours
                    await hear_bounce(market, mail.raw)
            await _to_thread(_move, box, document, read)
    finally:
        await asyncio.to_thread(_close, box)


async def _read(mail: Fetched, market: Market, document: MailboxDocument) -> tuple[Item, ...]:
    """The leads of a mail; none when it answers a mail of ours, and is heard as that."""
    if await hear_answer(market, mail.raw):
        return ()
    return await asyncio.to_thread(_items, mail, market, document)


def _items(mail: Fetched, market: Market, document: MailboxDocument) -> tuple[Item, ...]:
    return items_of(mail.raw, CHANNEL, market.clock.now(), document.taught, document.senders)


async def _opened(market: Market, document: MailboxDocument, password: str) -> _Box:
    host, port = document.place
    try:
        made = await market.outside.dial(host, port)
    except NotReached as error:
        raise NotPolled(str(error)) from None
    made.setblocking(True)
    made.settimeout(limits.FETCH_SECONDS)
    try:
        box: _Box = await _to_thread(_sign_in, made, document, password)
        return box
    except NotPolled:
        made.close()
        raise


def _sign_in(made: socket.socket, document: MailboxDocument, password: str) -> _Box:
    box = _Box(made, document)
    try:
        box.login(document.user, password, initial_folder=None)
    except MailboxLoginError:
        box.client.shutdown()
        raise NotPolled("The mailbox did not accept the user and password.") from None
    except BaseException:
        box.client.shutdown()
        raise
    return box


async def _to_thread(work: Any, *arguments: Any) -> Any:
    """Its answer; what a mailbox does wrong becomes `NotPolled`, without a word of the mails."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except ssl.SSLCertVerificationError as error:
        raise NotPolled(f"The mail server's certificate is not good: {error.verify_message}.") from None
    except (ssl.SSLError, OSError) as error:
        raise NotPolled(f"The connection to the mail server broke ({type(error).__name__}).") from None
    except (ImapToolsError, imaplib.IMAP4.error) as error:
        raise NotPolled(f"The mail server refused what was asked ({type(error).__name__}).") from None


def _uids(box: _Box, document: MailboxDocument) -> list[str]:
    """The mails of the folder, the oldest first. The folders they go to are made."""
    for name in (document.done, document.failed):
        if not box.folder.exists(name):
            box.folder.create(name)
    box.folder.set(document.folder)
    return list(box.uids())


def _parts(uids: Sequence[str]) -> list[Sequence[str]]:
    return [uids[start : start + _AT_ONCE] for start in range(0, len(uids), _AT_ONCE)]


def _fetch(box: _Box, uids: Sequence[str]) -> list[Fetched]:
    """Their bytes; of one that is too large its beginning, so that it is refused by name and not read for ever."""
    _, parts = box.client.uid("FETCH", ",".join(uids), f"(UID BODY.PEEK[]<0.{limits.MAIL_BYTES + 1}>)")
    return [Fetched(_uid(part[0]), bytes(part[1])) for part in parts if isinstance(part, tuple)]


def _uid(head: bytes) -> str:
    words = head.decode("ascii", "replace").replace("(", " ").split()
    return words[words.index("UID") + 1]


def _move(box: _Box, document: MailboxDocument, read: Sequence[tuple[Fetched, Sequence[Item]]]) -> None:
    failed = [mail.uid for mail, items in read if any(item.fields is None for item in items)]
    done = [mail.uid for mail, _ in read if mail.uid not in failed]
    for uids, folder in ((done, document.done), (failed, document.failed)):
        if uids:
            box.move(uids, folder)


def _close(box: _Box) -> None:
    try:
        box.logout()
    except (OSError, ImapToolsError, imaplib.IMAP4.error):
        box.client.shutdown()
