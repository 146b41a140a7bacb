"""Names as banks take them: accents fall away, and letters that have none get those they are written with."""

from __future__ import annotations

import re
import unicodedata

_OWN_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
)
_TOLD = re.compile(r"[A-Za-z0-9]")


def bare(text: str) -> str:
    """`Łódź Søren` as `Lodz Soren`. Letters of other scripts stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_OWN_LETTERS))
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def has_letters(name: str) -> bool:
    """Whether anything of a name is left in a file for a bank."""
    return _TOLD.search(bare(name)) is not None
