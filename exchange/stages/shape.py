"""What makes two answers of one kind: what an unmapped answer is counted by. Pure."""

from __future__ import annotations

import re

from exchange.model.wire import Reply

_READ_BYTES = 4_096
_WORD = re.compile(r"[^\s<>\"'{}\[\]=&:,;|/]+")
_DIGIT = re.compile(r"[0-9]")
_BLANKS = re.compile(r"\s+")


def shape_of(reply: Reply) -> str:
    """The status and the words of the body: answers that differ only in numbers and ids have the same ones.

    The words may be a consumer's name that a buyer repeats: they are kept nowhere but as a keyed hash.
    """
    text = _WORD.sub(_constant, reply.body[:_READ_BYTES].decode("utf-8", "replace"))
    return f"{reply.status} {_BLANKS.sub(' ', text).strip().casefold()}"


def _constant(word: re.Match[str]) -> str:
    """Words with a digit are ids, amounts, times, phones and addresses: each answer has its own."""
    return "0" if _DIGIT.search(word[0]) else word[0]
