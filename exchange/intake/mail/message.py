"""The bytes of a mail as its parts: who it is from, its text, its pages and what is attached. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, NamedTuple

from exchange import limits
from exchange.intake.markup import text_of_page

_XML_KINDS = ("application/x-adf+xml", "application/adf+xml", "application/xml", "text/xml")
_XML_NAMES = (".adf", ".xml")
_TYPES = re.compile(rb"^content-type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_PARTS = f"The mail has more than {limits.MAIL_PARTS} parts, or they are nested too deep."
_AUTOMATIC = ("auto-replied", "auto-notified")


class Part(NamedTuple):
    """A document in a mail. `name` is the file's, empty for the mail's own body."""

    name: str
    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as far as leads are concerned. `key` is the same each time the message is seen.

    `sent_at` is epoch milliseconds, None when the mail does not say. `automatic` says that a machine answered.
    """

    key: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    sent_at: int | None
    text: str
    pages: tuple[str, ...]
    documents: tuple[Part, ...]
    automatic: bool = False

    @property
    def shown(self) -> str:
        """The text a person reads, and a taught format is matched against."""
        return self.text if self.text.strip() else "\n".join(text_of_page(page) for page in self.pages)


class BadMail(Exception):
    """The mail cannot be read; the sentence says why and holds nothing of it."""


class _Bounded(EmailPolicy):
    """No more of a header is looked at than a line may have: the library's time grows with the square of its length."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[: limits.MAIL_HEADER_CHARACTERS])


def read_mail(raw: bytes) -> Mail:
    """Every part of a mail within the limits. Raises `BadMail`."""
    if len(raw) > limits.MAIL_BYTES:
        raise BadMail(f"The mail is larger than {limits.MAIL_BYTES // 1024} KB.")
    if len(_TYPES.findall(raw)) > 2 * limits.MAIL_PARTS:  # before the library reads every one of them
        raise BadMail(_PARTS)
    try:
        message = BytesParser(policy=_Bounded()).parsebytes(raw)
        assert isinstance(message, EmailMessage), "as its policy makes them"
        return _mail(raw, message)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # The standard library's parser of headers fails in all these ways on hostile ones.
        raise BadMail(f"The mail is not written as mails are ({type(error).__name__}).") from None


def _mail(raw: bytes, message: EmailMessage) -> Mail:
    texts: list[str] = []
    pages: list[str] = []
    documents: list[Part] = []
    for part in _parts(message):
        kind, name = part.get_content_type(), str(part.get_filename() or "")[: limits.FIELD_NAME_CHARACTERS]
        if kind in _XML_KINDS or name.lower().endswith(_XML_NAMES):
            documents.append(Part(name, kind, _text(part)))
        elif kind == "text/html" and not name:
            pages.append(_text(part))
        elif kind == "text/plain" and not name:
            texts.append(_unwrapped(_text(part), part))
    return Mail(
        key=_key(raw, message),
        sender=next(iter(_addresses(message, "from")), ""),
        recipients=tuple(_addresses(message, "to", "cc", "delivered-to", "x-original-to")),
        subject=_one_line(message.get("subject", "")),
        sent_at=_sent_at(message),
        text="\n".join(texts),
        pages=tuple(pages),
        documents=tuple(documents),
        automatic=is_automatic(message),
    )


def is_automatic(message: EmailMessage) -> bool:
    """Whether a machine answered: an absence, or a report that a mail did not arrive."""
    if message.get_content_type() == "multipart/report" or str(message.get("return-path", "")).strip() == "<>":
        return True
    return str(message.get("auto-submitted", "")).partition(";")[0].strip().lower() in _AUTOMATIC


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The leaves, also of mails that are forwarded as attachments. Raises `BadMail` over the limits."""
    waiting: list[tuple[EmailMessage, int]] = [(message, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > limits.MAIL_PARTS or depth > limits.DEPTH:
            raise BadMail(_PARTS)
        if part.is_multipart():
            waiting += [(each, depth + 1) for each in reversed(list(part.iter_parts()))]
        elif part.get_content_maintype() != "multipart":
            yield part


def _text(part: EmailMessage) -> str:
    """The part's text, whatever charset it claims to have."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    for each in (charset, "utf-8"):
        try:
            return content.decode(each).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("cp1252", "replace").replace("\r\n", "\n")


def _unwrapped(text: str, part: EmailMessage) -> str:
    """Lines that a mail program broke for the width of a screen are joined again (RFC 3676)."""
    if str(part.get_param("format", "") or "").lower() != "flowed":
        return text
    lines: list[str] = []
    open_line: list[str] = []
    for line in text.split("\n"):
        open_line.append(line)
        if not line.endswith(" ") or (len(open_line) == 1 and line == "-- "):
            lines.append("".join(open_line))
            open_line = []
    return "\n".join([*lines, "".join(open_line)] if open_line else lines)


def _addresses(message: EmailMessage, *names: str) -> list[str]:
    found = getaddresses([str(value) for name in names for value in message.get_all(name, [])])
    return [address.strip().lower() for _, address in found if "@" in address]


def _key(raw: bytes, message: EmailMessage) -> str:
    """Its Message-ID; the hash of its bytes when it has none."""
    named = _one_line(message.get("message-id", ""))
    return named or f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _one_line(value: object) -> str:
    return " ".join(str(value).split())[: limits.FIELD_CHARACTERS]


def _sent_at(message: EmailMessage) -> int | None:
    try:
        at = parsedate_to_datetime(str(message.get("date", "")))
    except (ValueError, TypeError, IndexError):
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def first_instant(mail: Mail, received_at: int) -> int:
    """When the mail was written, as far as that can be: never after it was received."""
    return min(mail.sent_at, received_at) if mail.sent_at is not None else received_at


def utc(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
