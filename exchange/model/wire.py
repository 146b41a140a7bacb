"""What a connector says and hears: messages, replies, and the record of both.

Every ping makes a few of these: named tuples are as frozen as dataclasses and made in half the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_WAIT_DIGITS = 9  # of a Retry-After


class Route(NamedTuple):
    """How a message leaves: by a proxy (`http://host:port`), with a certificate, trusting some authorities only.

    `certificate` and `ca_file` are PEM files; the key may stand in the certificate's file, or in `key_file`.
    """

    proxy: str = ""
    proxy_user: str = ""
    proxy_password: str = ""
    certificate: str = ""
    key_file: str = ""
    ca_file: str = ""


class Keeping(NamedTuple):
    """An earlier reply to the same message may serve, if it is not older than `seconds`.

    `stale` is one that was used and refused: it must be asked anew, unless somebody else did so meanwhile.
    """

    seconds: int
    stale: Reply | None = None


class HttpMessage(NamedTuple):
    """One HTTP request a connector wants sent. `secrets` are the values the recorder masks wherever they occur.

    `delivers` says that this message hands the lead over: a loss before it is *failed*, from it on *unclear*.
    """

    method: str
    url: str
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b""
    delivers: bool = True
    secrets: tuple[str, ...] = ()
    route: Route | None = None
    keeps: Keeping | None = None

    @property
    def address(self) -> str:
        return self.url

    def shown(self) -> HttpMessage:
        """As the record tells it: for every kind of message a method, an address, headers and a body."""
        return self


class Attachment(NamedTuple):
    name: str
    content_type: str
    content: bytes


class Relay(NamedTuple):
    """A mail server that takes our mail. `security` is `tls`, `starttls` or `plain`."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    ca_file: str = ""  # its certificate comes from these authorities alone


class EmailMessage(NamedTuple):
    """One mail. Without a `relay` it goes through the exchange's own; `bounce_to` is the envelope's sender.

    `message_id` is the same on every try, so that a mail sent twice is one mail to whoever reads it.
    """

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    html: str = ""
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    relay: Relay | None = None
    bounce_to: str = ""
    delivers: bool = True
    secrets: tuple[str, ...] = ()
    unsubscribe: str = ""  # an address that ends mail of this kind by one POST (RFC 8058)

    @property
    def address(self) -> str:
        return f"mailto:{','.join(self.to)}"

    def shown(self) -> HttpMessage:
        """The text as it is read; an attachment is told by name and size."""
        headers = {
            "From": self.sender,
            "To": ", ".join(self.to),
            "Subject": self.subject,
            "Message-ID": self.message_id,
        }
        if self.reply_to:
            headers["Reply-To"] = self.reply_to
        if self.attachments:
            headers["Attached"] = ", ".join(f"{each.name} ({_size(each.content)})" for each in self.attachments)
        if self.relay is not None:
            headers["Relay"] = f"{self.relay.host}:{self.relay.port}"
        return HttpMessage(
            "MAIL", self.address, headers, self.text.encode(), self.delivers, _secrets(self.secrets, self.relay)
        )


class FaxMessage(NamedTuple):
    """One fax. What goes over the wire is `via`: a call of a fax provider, or a mail to a gateway."""

    to: str  # E.164
    pages: int
    pdf: bytes
    via: HttpMessage | EmailMessage

    @property
    def address(self) -> str:
        return f"fax:{self.to}"

    @property
    def delivers(self) -> bool:
        return self.via.delivers

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.via.secrets

    def shown(self) -> HttpMessage:
        """The page can be drawn again; the record says how large it was, and by whom it went."""
        via = self.via.shown()
        told = f"PDF, {self.pages} page{'s' if self.pages != 1 else ''}, {_size(self.pdf)}"
        return HttpMessage("FAX", self.address, {"Via": via.url}, told.encode(), via.delivers, via.secrets)


class PhoneAccount(NamedTuple):
    """The account with a telephone provider that calls and texts go through; `base` is the address of its API."""

    base: str
    user: str
    password: str


class PhoneMessage(NamedTuple):
    """A call to make or a text to send; `kind` is `call` or `sms`. It rings for `seconds`.

    `hooks` are our URLs by event: `answered`, where a call asks what to say, and `status`.
    """

    kind: str
    account: PhoneAccount
    to: str  # E.164, as the next
    sender: str
    text: str = ""
    hooks: Mapping[str, str] = _NO_HEADERS
    detect_machine: bool = False
    seconds: int = 25
    delivers: bool = True
    secrets: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"tel:{self.to}"

    def shown(self) -> HttpMessage:
        headers = {"From": self.sender, **{f"Hook-{name}": url for name, url in self.hooks.items()}}
        secrets = _secrets(self.secrets, self.account)
        return HttpMessage(self.kind.upper(), self.address, headers, self.text.encode(), self.delivers, secrets)


class Place(NamedTuple):
    """A folder on somebody's file server; `protocol` is `ftp`, `ftps` or `sftp`, `host_key` the pinned fingerprint."""

    protocol: str
    host: str
    port: int
    folder: str
    user: str = ""
    password: str = ""
    key_file: str = ""
    host_key: str = ""
    ca_file: str = ""


class FileMessage(NamedTuple):
    """A file to be put in a place under `name`; it is there whole, or under another name, or not at all."""

    place: Place
    name: str
    content: bytes
    delivers: bool = True
    secrets: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        place = self.place
        return f"{place.protocol}://{place.host}:{place.port}/{place.folder.strip('/')}/{self.name}"

    def shown(self) -> HttpMessage:
        """Without its content: a file may hold many leads, and the record belongs to one of them."""
        headers = {"User": self.place.user, "Size": _size(self.content)}
        secrets = _secrets(self.secrets, self.place)
        return HttpMessage("STORE", self.address, headers, b"", self.delivers, secrets)


Message = HttpMessage | EmailMessage | FaxMessage | PhoneMessage | FileMessage
"""Named tuples equal any tuple of the same values: compare messages of one kind only."""


def _secrets(named: tuple[str, ...], login: Relay | PhoneAccount | Place | None) -> tuple[str, ...]:
    """The password is one, whether or not the connector thought of it."""
    return (*named, login.password) if login is not None and login.password else named


def _size(content: bytes) -> str:
    return f"{len(content)} bytes" if len(content) < 1_024 else f"{round(len(content) / 1_024)} KB"


class Reply(NamedTuple):
    """An answer, complete and within limits. Of HTTP, header names are lower case and `body` is unpacked.

    Of mail and files, `status` is the code their protocol has, `body` the text beside it, and there are no headers.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def wait_ms(self) -> int | None:
        """How long its Retry-After asks to be left alone: seconds, or a date beside the reply's own. None without."""
        wait = self.headers.get("retry-after", "").strip()
        if wait.isascii() and wait.isdigit():
            return int(wait) * 1000 if len(wait) <= _WAIT_DIGITS else None
        try:
            until, now = (parsedate_to_datetime(text) for text in (wait, self.headers.get("date", "")))
            return max(round((until - now).total_seconds() * 1000), 0)
        except (ValueError, TypeError, OverflowError):  # no date, or one with a zone beside one without
            return None


class Loss(Enum):
    """Why no reply came. `sent` tells whether a byte of the request may have reached the buyer."""

    DNS = ("dns", False)
    REFUSED_ADDRESS = ("address_forbidden", False)
    CONNECT = ("connect_failed", False)
    TLS = ("tls_failed", False)
    BREAKER = ("breaker_open", False)
    POOL = ("pool_exhausted", False)
    DEADLINE_BEFORE = ("deadline_before_sending", False)
    TIMEOUT = ("timeout", True)
    RESET = ("connection_lost", True)
    TRUNCATED = ("truncated", True)
    TOO_LARGE = ("reply_too_large", True)
    NOT_HTTP = ("not_http", True)

    def __init__(self, slug: str, sent: bool) -> None:
        self.slug = slug
        self.sent = sent


class Lost(NamedTuple):
    """No reply: what happened, and one sentence for a person (it holds nothing personal)."""

    why: Loss
    detail: str = ""


class Timing(NamedTuple):
    """How long each part took, in milliseconds; None for what there was not: a kept connection is not made again."""

    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None


class WireRecord(NamedTuple):
    """One request and what came of it, as sent and received. Sealed before it is stored."""

    message: Message
    outcome: Reply | Lost
    started_ms: int  # since the lead's receipt
    took_ms: int
    peer: str = ""  # address and port connected to, and the TLS version if any
    timing: Timing | None = None  # of a test; nobody takes the times of a live lead's parts


class TextIn(NamedTuple):
    """A text that came in: its id, whom it is from (E.164), and the word that takes a consent back, if one does."""

    id: str
    sender: str
    stop: str = ""
