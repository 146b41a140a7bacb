"""A mail as bytes: built by the standard library, which lets no value out of its header, and the same on every try."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage as Built
from email.utils import format_datetime

from exchange.model.wire import Attachment, EmailMessage

# Base64 and quoted-printable carry everything: nobody is asked for eight-bit mail.
_POLICY = policy.SMTP.clone(cte_type="7bit", max_line_length=78)


def build(message: EmailMessage, now: int) -> bytes:
    """Lines end in CRLF. `now` is epoch ms. Raises `ValueError` where a header holds a line break."""
    built = Built(policy=_POLICY)
    built["From"] = message.sender
    built["To"] = ", ".join(message.to)
    if message.reply_to:
        built["Reply-To"] = message.reply_to
    built["Subject"] = message.subject
    built["Date"] = format_datetime(datetime.fromtimestamp(now // 1000, UTC))
    built["Message-ID"] = message.message_id
    built["Auto-Submitted"] = "auto-generated"  # so that out-of-office replies stay away
    built.set_content(message.text)
    if message.html:
        built.add_alternative(message.html, subtype="html")
    for each in message.attachments:
        _attach(built, each)
    _mark_boundaries(built, message.message_id)
    return _way_out(message.unsubscribe) + built.as_bytes()


def _way_out(url: str) -> bytes:
    """Written as it is: the standard library would fold a long address into encoded words, which no reader opens."""
    if not url:
        return b""
    if not (url.isascii() and url.isprintable()) or "<" in url or ">" in url:
        raise ValueError("an address must be plain ASCII")
    return f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode()


def _attach(built: Built, each: Attachment) -> None:
    kind, _, rest = each.content_type.partition("/")
    params = {"charset": "utf-8"} if kind == "text" else {}
    built.add_attachment(each.content, maintype=kind, subtype=rest, filename=each.name, params=params)


def _mark_boundaries(built: Built, message_id: str) -> None:
    """From the Message-ID: a second try has the same bytes, and no randomness is drawn here."""
    for number, part in enumerate(built.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{hashlib.sha256(f'{number}:{message_id}'.encode()).hexdigest()[:40]}")
