"""A message as the bytes that leave: head and body in one piece, written by one call."""

from __future__ import annotations

import re

from exchange.courier.url import Target
from exchange.model.wire import HttpMessage

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset(("host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"))
_BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS"))


class UnsendableMessage(ValueError):
    """The connector wrote a message that is no HTTP request. Nothing was sent."""


def encode(message: HttpMessage, target: Target) -> bytes:
    """Head and body. Headers that frame a message are the courier's alone; the reply is asked for unpacked."""
    if message.method not in _METHODS:
        raise UnsendableMessage("method not allowed")
    lines = [f"{message.method} {target.path} HTTP/1.1\r\nHost: {target.authority}\r\n"]
    names = set()
    for name, value in message.headers.items():
        if _NAME.fullmatch(name) is None:
            raise UnsendableMessage("a header's name is not a token")
        names.add(name.lower())
        lines.append(f"{name}: {value}\r\n")
    if not names.isdisjoint(_OURS):
        raise UnsendableMessage(f"header {', '.join(sorted(names & _OURS))} belongs to the courier")
    if "accept-encoding" not in names:
        lines.append("Accept-Encoding: identity\r\n")
    if "user-agent" not in names:
        lines.append("User-Agent: lead-exchange\r\n")
    if message.body or message.method not in _BODILESS:
        lines.append(f"Content-Length: {len(message.body)}\r\n")
    lines.append("\r\n")
    head = "".join(lines)
    breaks = len(lines) + 1  # one per piece, and one more in the first
    if head.count("\n") != breaks or head.count("\r") != breaks or "\0" in head:
        raise UnsendableMessage("a header's value holds a line break")
    try:
        return head.encode("latin-1") + message.body
    except UnicodeEncodeError:
        raise UnsendableMessage("a header's value holds a character outside Latin-1") from None
