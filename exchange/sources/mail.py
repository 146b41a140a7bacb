"""Mail whose messages are leads: sent to an address of ours, or fetched from a mailbox."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from exchange import limits
from exchange.sources.document import PolledDocument, SecretName, SourceDocument
from exchange.sources.taught import TaughtFormat

_ADDRESS = re.compile(r"[^\s@<>,;:\"]{1,64}@[A-Za-z0-9.-]{1,253}")
_SENDER = re.compile(r"(?:[^\s@<>,;:\"]{1,64})?@[A-Za-z0-9.-]{1,253}")
_SERVER = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")


def _an_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("write an address such as solar@leads.exchange.example")
    return text.lower()


def _a_sender(text: str) -> str:
    if not _SENDER.fullmatch(text):
        raise ValueError("write an address, or @ and a domain for all of its addresses")
    return text.lower()


def _a_server(text: str) -> str:
    found = _SERVER.fullmatch(text)
    if found is None or not 0 < int(found[2]) < 65_536:
        raise ValueError("write the server and its port, such as imap.dealer.example:993")
    return text


Address = Annotated[str, AfterValidator(_an_address)]
Sender = Annotated[str, AfterValidator(_a_sender)]
Server = Annotated[str, AfterValidator(_a_server)]
Folder = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\"\\*%]+$")]


class MailDocument(SourceDocument):
    """`address` is the one of ours that its leads are sent to. Without `senders` anybody may send.

    `taught` are formats that were taught by marking values in a sample.
    """

    kind: Literal["mail"]
    address: Address
    senders: Annotated[tuple[Sender, ...], Field(max_length=200)] = ()
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = limits.MAILS_A_MINUTE
    taught: Annotated[tuple[TaughtFormat, ...], Field(max_length=50)] = ()

    def takes_from(self, sender: str) -> bool:
        """Whether an address may send."""
        return allowed(self.senders, sender)


class MailboxDocument(PolledDocument):
    """A folder of an IMAP mailbox. Read mails are moved to `done`, or to `failed` when no lead was found in them."""

    kind: Literal["mailbox"]
    server: Server
    security: Literal["tls", "starttls"] = "tls"  # a password is never sent in the clear
    user: Annotated[str, Field(min_length=1, max_length=255)]
    password: SecretName
    ca_file: Annotated[str, Field(max_length=500)] = ""  # of a server whose certificate no public authority gave
    folder: Folder = "INBOX"
    done: Folder = "Done"
    failed: Folder = "Failed"
    senders: Annotated[tuple[Sender, ...], Field(max_length=200)] = ()
    taught: Annotated[tuple[TaughtFormat, ...], Field(max_length=50)] = ()

    def secret_names(self) -> tuple[str, ...]:
        return (self.password,)

    @property
    def place(self) -> tuple[str, int]:
        """Its server's name and port."""
        host, _, port = self.server.rpartition(":")
        return host.strip("[]"), int(port)


def allowed(senders: tuple[str, ...], sender: str) -> bool:
    """Whether an address is among them, or its domain is. Among none everybody is."""
    address = sender.lower()
    return not senders or address in senders or f"@{address.rpartition('@')[2]}" in senders
