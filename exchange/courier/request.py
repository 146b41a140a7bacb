"""A message as the bytes that leave: head and body in one piece, written by one call."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exchange import limits
from exchange.courier.url import Target, split_url
from exchange.model.wire import HttpMessage

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset(("host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"))
_UNFIT = re.compile(r"[^\t -~\x80-\xff]")
_BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS"))


class UnsendableMessage(ValueError):
    """The connector wrote a message that is no HTTP request. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a message begins with, up to its length. `lengthy`: the length follows, as the last header."""

    target: Target
    data: bytes
    lengthy: bool


class Heads:
    """Heads of messages that differ in nothing but the body, kept ready. Those with a query are never kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Head] = {}

    def encode(self, message: HttpMessage) -> tuple[Target, bytes]:
        """Where the message goes, and all its bytes. Raises BadUrl or UnsendableMessage."""
        key = (message.method, message.url, not message.body, *message.headers.items())
        head = self._known.get(key)
        if head is None:
            head = _head(message, split_url(message.url))
            if len(self._known) >= limits.HEADS_KEPT:
                self._known.clear()
            if "?" not in message.url:
                self._known[key] = head
        if head.lengthy:
            return head.target, b"%b%d\r\n\r\n%b" % (head.data, len(message.body), message.body)
        return head.target, head.data


def _head(message: HttpMessage, target: Target) -> Head:
    """Headers that frame a message are the courier's alone; the reply is asked for unpacked."""
    if message.method not in _METHODS:
        raise UnsendableMessage("method not allowed")
    lines = [f"{message.method} {target.path} HTTP/1.1\r\nHost: {target.authority}"]
    names = set()
    for name, value in message.headers.items():
        if _NAME.fullmatch(name) is None:
            raise UnsendableMessage("a header's name is not a token")
        if _UNFIT.search(value) is not None:
            raise UnsendableMessage("a header's value holds a control character, or one outside Latin-1")
        names.add(name.lower())
        lines.append(f"{name}: {value}")
    if not names.isdisjoint(_OURS):
        raise UnsendableMessage(f"header {', '.join(sorted(names & _OURS))} belongs to the courier")
    if "accept-encoding" not in names:
        lines.append("Accept-Encoding: identity")
    if "user-agent" not in names:
        lines.append("User-Agent: lead-exchange")
    lengthy = bool(message.body) or message.method not in _BODILESS
    lines.append("Content-Length: " if lengthy else "\r\n")
    return Head(target, "\r\n".join(lines).encode("latin-1"), lengthy)
