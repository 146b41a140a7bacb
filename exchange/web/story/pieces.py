"""A reply cut at its values, so that each value on screen is the label of its button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.web.story.wire import pretty

_WORD_SIGNS = "_"


class Piece(NamedTuple):
    """`number` is that of the value, None for what stands between values."""

    text: str
    number: int | None


def pieces(body: str, values: Sequence[str]) -> tuple[Piece, ...]:
    """The pretty-printed body in order. A value that is written otherwise than it reads (an escape) is left in the
    text: its button in the list still chooses it."""
    text = pretty(body)
    cut: list[Piece] = []
    at = 0
    for number, value in enumerate(values):
        found = _find(text, value, at)
        if found < 0:
            continue
        if found > at:
            cut.append(Piece(text[at:found], None))
        cut.append(Piece(value, number))
        at = found + len(value)
    if at < len(text):
        cut.append(Piece(text[at:], None))
    return tuple(cut)


def _find(text: str, value: str, at: int) -> int:
    """Where the value stands as a whole word: inside a longer one it is not it."""
    found = text.find(value, at)
    while found >= 0:
        before = text[found - 1 : found]
        after = text[found + len(value) : found + len(value) + 1]
        if not (_in_word(before) or _in_word(after)):
            return found
        found = text.find(value, found + 1)
    return -1


def _in_word(character: str) -> bool:
    return character.isalnum() or (bool(character) and character in _WORD_SIGNS)
