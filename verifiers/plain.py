"""What of a vendor's answer may be told in clear: a short word that holds nothing of whom it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

CHARACTERS_MOST = 60
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,200}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,16}Z?)?")
_DIGITS = re.compile(r"[0-9](?:[ .()+-]{0,3}[0-9]){6,}")  # a phone, however it is written, or a longer id
_PRIVATE_CHARACTERS = 3  # what is shorter (a state, an age) tells of nobody


def told_plainly(text: str, private: Sequence[str]) -> str:
    """The text as it may stand in a timeline; empty when it repeats a value that was asked about, or looks like one."""
    text = " ".join(text.split())
    if len(text) > CHARACTERS_MOST or _EMAIL.search(text) or _DIGITS.search(_DATE.sub("", text)):
        return ""
    folded = text.casefold()
    for value in private:
        if len(value) >= _PRIVATE_CHARACTERS and value.casefold() in folded:
            return ""
    return text
