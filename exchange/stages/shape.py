"""What makes two answers of one kind: what an unmapped answer is counted by. Pure."""

from __future__ import annotations

import re
from hashlib import sha256

from exchange.model.wire import Reply

SHAPE_BYTES = 16
_READ_BYTES = 4_096
_VARIES = re.compile(r"[^\s<>\"'{}\[\]=&:,;|/]*[0-9][^\s<>\"'{}\[\]=&:,;|/]*")  # ids, amounts, times, phones, addresses
_BLANKS = re.compile(r"\s+")


def shape_of(reply: Reply) -> bytes:
    """A hash of the status and the words of the body: answers that differ only in numbers and ids have the same one."""
    text = _BLANKS.sub(" ", _VARIES.sub("0", reply.body[:_READ_BYTES].decode("utf-8", "replace"))).strip().casefold()
    return sha256(f"{reply.status} {text}".encode()).digest()[:SHAPE_BYTES]
