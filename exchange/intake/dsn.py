"""Mail that comes back: delivery status notifications (RFC 3464), and what older servers send in their place.

Whose mail it was is told by the address it came back to, which only that mail had; where bounces are read from a
mailbox without such addresses, by the Message-ID of what they quote. What answers by itself (out of office, a received
note) is no bounce.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from typing import Final

from exchange.courier.smtp import BOUNCES
from exchange.flows.bounces import Bounce, deliveries_about, take_bounce
from exchange.flows.market import Market

_BOUNCE_ADDRESS: Final = re.compile(
    rf"(?<![A-Za-z0-9_.+-]){re.escape(BOUNCES)}([A-Za-z0-9][A-Za-z0-9_.-]{{0,120}})@", re.IGNORECASE
)
_MESSAGE_ID: Final = re.compile(r"^Message-ID:\s*<([A-Za-z0-9][A-Za-z0-9_.-]{0,120})@", re.IGNORECASE | re.MULTILINE)
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE: Final = re.compile(r"(?<![\d.])(5\d\d|4\d\d)[ -](?=\D|\d\.\d)")
_SUBJECT: Final = re.compile(
    r"undeliver|delivery (status notification|failure|has failed|notification)|returned mail|failure notice"
    r"|mail delivery (failed|system)|message not delivered|could ?n.t be delivered|nicht zustellbar|unzustellbar",
    re.IGNORECASE,
)
_WAITS: Final = re.compile(
    r"delay|warning|will (continue|keep|be) (to )?(try|re-?tri)|has not (yet )?been delivered|still being retried",
    re.IGNORECASE,
)
_MACHINES: Final = re.compile(r"^(mailer-daemon|postmaster|mail delivery|microsoftexchange)", re.IGNORECASE)
_WHERE: Final = ("X-Original-To", "Delivered-To", "Envelope-To", "To", "X-Envelope-To")
_TEXT_CHARACTERS: Final = 65_536
_PARTS_MOST: Final = 50
_DETAIL_CHARACTERS: Final = 200
_GROUPS_MOST: Final = 50


async def hear_bounce(market: Market, content: bytes, recipients: Sequence[str] = ()) -> bool:
    """Take a mail that came in, if it is a bounce of one of ours. True when it was one, ours or not.

    `recipients` are those of the envelope, where they are known. The same bounce twice changes nothing.
    """
    bounce = read_bounce(content, recipients)
    if bounce is None:
        return False
    await take_bounce(market, bounce)
    return True


async def is_return_address(market: Market, address: str) -> bool:
    """Whether a mail of ours comes back here."""
    found = _BOUNCE_ADDRESS.match(address)
    return found is not None and bool(await deliveries_about(market, found[1]))


def read_bounce(content: bytes, recipients: Iterable[str] = ()) -> Bounce | None:
    """What a mail says of one that we sent; None when it is no bounce. Never raises, whatever arrives."""
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(content)
        if answers_by_itself(message):
            return None
        groups = _status_groups(message)
        addressed = _addressed(message, recipients)
        if not groups and not _is_old_style(message):
            return None
        quoted = _quoted(message)
        reference = addressed or _first(_MESSAGE_ID, quoted)
        if not reference:
            return None
        kind, detail = _told(groups) if groups else _guessed(message)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None  # the library reads nearly everything; the rest is nobody's bounce
    own_id = _text(message, "Message-ID") or hashlib.sha256(content).hexdigest()
    return Bounce(reference, kind, detail[:_DETAIL_CHARACTERS], own_id[:_DETAIL_CHARACTERS])


def answers_by_itself(message: Message) -> bool:
    """Whether the mail says of itself that a machine answered."""
    marks = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")
    return _text(message, "Precedence").lower() == "auto_reply" or any(message[name] is not None for name in marks)


def _is_old_style(message: Message) -> bool:
    """From a machine, or from nobody, and about a delivery."""
    sender = _text(message, "From").strip("\"' <")
    nobody = _text(message, "Return-Path") == "<>" or bool(_MACHINES.match(sender))
    failed = message["X-Failed-Recipients"] is not None
    return failed or (nobody and bool(_SUBJECT.search(_text(message, "Subject"))))


def _addressed(message: Message, recipients: Iterable[str]) -> str:
    headers = (_text(message, name) for name in _WHERE)
    return next((found[1] for text in (*recipients, *headers) if (found := _BOUNCE_ADDRESS.search(text))), "")


def _parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _PARTS_MOST:
            return
        yield part


def _status_groups(message: Message) -> list[Message]:
    """The parts of the notification that are about recipients."""
    for part in _parts(message):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            payload = part.get_payload()
            groups = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
            return [each for each in groups[:_GROUPS_MOST] if each["Action"] is not None]
    return []


def _told(groups: Sequence[Message]) -> tuple[str, str]:
    """The worst that is said of any recipient."""
    ranks = {"failed": 2, "delayed": 1}
    worst = max(groups, key=lambda group: ranks.get(_text(group, "Action").lower(), 0))
    action = _text(worst, "Action").lower()
    whom = _after_type(_text(worst, "Final-Recipient") or _text(worst, "Original-Recipient"))
    why = _after_type(_text(worst, "Diagnostic-Code"))
    code = _text(worst, "Status")
    told = " ".join(part for part in (code if code not in why else "", why) if part)
    return action if action in ranks else "delivered", ": ".join(part for part in (whom, told) if part)


def _guessed(message: Message) -> tuple[str, str]:
    """From the text of a notification without a machine's part."""
    text = _body(message)
    subject = _text(message, "Subject")
    codes = [found for pattern in (_STATUS, _REPLY_CODE) if (found := pattern.search(text)) is not None]
    found = min(codes, key=lambda code: code.start(), default=None)
    waits = _WAITS.search(subject) or (found is not None and found[0][0] == "4")
    line = text[found.start() :].split("\n", 1)[0] if found is not None else subject
    whom = _text(message, "X-Failed-Recipients")
    return "delayed" if waits else "failed", ": ".join(part for part in (whom, " ".join(line.split())) if part)


def _body(message: Message) -> str:
    """The first readable text."""
    for part in _parts(message):
        if part.get_content_type() == "text/plain":
            return _decoded(part)
    return ""


def _quoted(message: Message) -> str:
    """The headers of the mail that came back, as far as they came with it."""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                return f"Message-ID: {_text(inner[0], 'Message-ID')}"
        if kind in ("text/rfc822-headers", "message/rfc822-headers"):
            return _decoded(part)
    return _body(message)


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return content[:_TEXT_CHARACTERS].decode("utf-8", "replace").replace("\r\n", "\n")


def _text(message: Message, name: str) -> str:
    """A header as text of one line."""
    value = message[name]
    if value is None:
        return ""
    try:
        text = str(make_header(decode_header(str(value))))
    except (MessageError, LookupError, ValueError):
        text = str(value)
    return " ".join(text.split())


def _after_type(value: str) -> str:
    """`rfc822; a@b.example` → `a@b.example`."""
    return value.partition(";")[2].strip() or value


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found is not None else ""
