"""What makes two answers of one kind: what an unmapped answer is counted by. Pure."""

from __future__ import annotations

import re

from exchange.model.wire import Reply

_READ_BYTES = 4_096
_VARIES = re.compile(r"[^\s<>\"'{}\[\]=&:,;|/]*[0-9][^\s<>\"'{}\[\]=&:,;|/]*")  # ids, amounts, times, phones, addresses
_BLANKS = re.compile(r"\s+")


def shape_of(reply: Reply) -> str:
    """The status and the words of the body: answers that differ only in numbers and ids have the same ones.

    The words may be a consumer's name that a buyer repeats: they are kept nowhere but as a keyed hash.
    """
    text = _BLANKS.sub(" ", _VARIES.sub("0", reply.body[:_READ_BYTES].decode("utf-8", "replace"))).strip().casefold()
    return f"{reply.status} {text}"
